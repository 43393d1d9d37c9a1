"""Rules that turn gradients into updates; tests/peers has PyTorch's answers."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled import rnn


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sgd_takes_the_reports_step_in_place_and_in_the_parameters_dtype(dtype: type) -> None:
    W: np.ndarray = np.array([[1.0, -2.0]], dtype)
    G: np.ndarray = np.array([[0.5, 4.0]], dtype)
    parameters, gradients = {"W": W}, {"W": G}
    sgd = rnn.SGD(0.1)
    sgd.update(parameters, gradients, sgd.start(parameters))
    assert parameters["W"] is W
    assert W.dtype == dtype
    np.testing.assert_allclose(W, [[0.95, -2.4]], rtol=1e-6)
    np.testing.assert_array_equal(gradients["W"], np.array([[0.5, 4.0]], dtype))


@pytest.mark.parametrize("rate", [0.0, -0.1, np.nan, np.inf])
def test_sgd_refuses_a_rate_that_cannot_be(rate: float) -> None:
    with pytest.raises(ValueError, match="expected a finite number above 0"):
        rnn.SGD(rate)


OPTIMIZERS = [
    rnn.SGD(0.1),
    rnn.SGD(0.1, momentum=0.9),
    rnn.SGD(0.1, momentum=0.9, nesterov=True),
    rnn.RMSProp(0.1),
    rnn.Adam(0.1),
    rnn.AdamW(0.1),
]


def arrays(dtype: type = np.float64, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {"W": rng.standard_normal((2, 3)).astype(dtype), "b": rng.standard_normal(2).astype(dtype)}


def run(optimizer: rnn.Optimizer, dtype: type = np.float64, n: int = 20) -> dict[str, np.ndarray]:
    parameters = arrays(dtype)
    state = optimizer.start(parameters)
    for seed in range(1, n + 1):
        optimizer.update(parameters, arrays(dtype, seed), state, factor=0.5 + seed % 3)
    return parameters


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_all_work_in_place_and_stay_in_float32(optimizer: rnn.Optimizer) -> None:
    parameters, gradients = arrays(np.float32), arrays(np.float32, 1)
    the_same, before = dict(parameters), arrays(np.float32, 1)
    state = optimizer.start(parameters)
    remembered = {name: dict(of) for name, of in state.items()}
    for _ in range(3):
        optimizer.update(parameters, gradients, state)
    for name, W in parameters.items():
        assert W is the_same[name]
        assert W.dtype == np.float32
        assert not np.array_equal(W, arrays(np.float32)[name])
        np.testing.assert_array_equal(gradients[name], before[name])
    for name, of in state.items():
        if name == "updates":
            assert of["t"] == 3
        else:
            assert set(of) == set(parameters)
            for parameter, V in of.items():
                assert V is remembered[name][parameter]
                assert V.shape == parameters[parameter].shape
                assert V.dtype == np.float32
    exact = run(optimizer)
    for name, W in run(optimizer, np.float32).items():
        np.testing.assert_allclose(W, exact[name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_two_trainings_with_one_optimizer_know_nothing_of_each_other(optimizer: rnn.Optimizer) -> None:
    first, second = run(optimizer), run(optimizer)
    for name, W in first.items():
        np.testing.assert_array_equal(W, second[name])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@settings(max_examples=15)
@given(factor=st.floats(1e-3, 1e3))
def test_a_factor_is_another_rate(optimizer: rnn.SGD, factor: float) -> None:
    """Also in the middle of a training: what is remembered does not know the rate."""
    usual, other = arrays(), arrays()
    changed = dataclasses.replace(optimizer, learning_rate=factor * optimizer.learning_rate)
    state, others = optimizer.start(usual), changed.start(other)
    for seed in range(1, 6):
        gradients = arrays(seed=seed)
        if seed == 3:  # at the usual rate, then at the other again
            optimizer.update(usual, gradients, state)
            optimizer.update(other, gradients, others)
        else:
            optimizer.update(usual, gradients, state, factor)
            changed.update(other, gradients, others)
    for name, W in usual.items():
        np.testing.assert_allclose(W, other[name], rtol=1e-12, atol=1e-12 * factor)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_factor_of_0_moves_nothing_but_is_remembered(optimizer: rnn.Optimizer) -> None:
    parameters = arrays()
    state = optimizer.start(parameters)
    optimizer.update(parameters, arrays(seed=1), state, 0.0)
    for name, W in parameters.items():
        np.testing.assert_array_equal(W, arrays()[name])
    assert all(V.any() for of in state.values() for V in of.values())


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_all_find_the_bottom_of_a_bowl(optimizer: rnn.Optimizer) -> None:
    """A hundred times as steep one way as the other; the rate falls along a cosine."""
    steepness = np.array([10.0, 0.1])
    parameters = {"b": np.array([1.0, -1.0])}
    state, cosine = optimizer.start(parameters), rnn.Cosine(1000)
    for n in range(1000):
        gradient = {"b": steepness * parameters["b"]}
        optimizer.update(parameters, gradient, state, cosine(n, rnn.History()))
    assert np.abs(parameters["b"]).max() < 0.01


def one(optimizer: rnn.Optimizer, gradients: list[float], W: float = 1.0) -> list[float]:
    """Give where a single parameter goes."""
    parameters, way = {"b": np.array([W])}, []
    state = optimizer.start(parameters)
    for gradient in gradients:
        optimizer.update(parameters, {"b": np.array([gradient])}, state)
        way.append(parameters["b"].item())
    return way


def test_steps_by_hand() -> None:
    assert one(rnn.SGD(0.1, momentum=0.5), [2, 2, 0]) == pytest.approx([0.8, 0.5, 0.35])
    assert one(rnn.SGD(0.1, momentum=0.5, nesterov=True), [2, 2, 0]) == pytest.approx([0.7, 0.35, 0.275])
    assert one(rnn.RMSProp(0.1, decay=0.75, epsilon=1), [4, 0]) == pytest.approx([1 - 0.4 / 3] * 2)
    # After one gradient, and after many alike, both of Adam's means are the gradient's own.
    for size in (1e-3, 4, -4, 1e3):
        alike = one(rnn.Adam(0.1, epsilon=1e-30), [size] * 5)
        assert alike == pytest.approx([1 - 0.1 * n * np.sign(size) for n in range(1, 6)])
    assert one(rnn.Adam(0.1, epsilon=4), [4]) == pytest.approx([1 - 0.1 * 4 / 8])
    # Without a gradient only the decay is left.
    assert one(rnn.AdamW(0.1, weight_decay=0.5), [0, 0, 0]) == pytest.approx([0.95, 0.95**2, 0.95**3])
    assert one(rnn.AdamW(0.1, weight_decay=0), [3, -1, 2]) == one(rnn.Adam(0.1), [3, -1, 2])
    assert one(rnn.AdamW(0.1, weight_decay=0.5, epsilon=1e-30), [7]) == pytest.approx([0.95 - 0.1])


@pytest.mark.parametrize("optimizer", OPTIMIZERS[1:])
@pytest.mark.parametrize("size", [1e-15, 1e15])
def test_tiny_and_huge_gradients_give_finite_parameters_in_float32(optimizer: rnn.Optimizer, size: float) -> None:
    parameters = arrays(np.float32)
    state = optimizer.start(parameters)
    for _ in range(3):
        optimizer.update(parameters, {name: np.full_like(W, size) for name, W in parameters.items()}, state)
    assert all(np.isfinite(W).all() for W in parameters.values())


RATE: dict[str, list[Any]] = {"learning_rate": [0, -0.1, np.nan, np.inf, "0.1", None, True]}
FRACTION: list[Any] = [1, -0.1, np.nan, "0.9", None, True]
ADAM: dict[str, list[Any]] = {
    **RATE,
    "beta_1": FRACTION,
    "beta_2": FRACTION,
    "epsilon": [0, -1e-8, np.nan, np.inf, None],
}
REFUSED: dict[Any, dict[str, list[Any]]] = {
    rnn.SGD: {**RATE, "momentum": FRACTION},
    rnn.RMSProp: {**RATE, "decay": FRACTION, "epsilon": [0, -1e-8, np.nan, np.inf, None]},
    rnn.Adam: ADAM,
    rnn.AdamW: {**ADAM, "weight_decay": [-0.01, np.nan, np.inf, "0.01", None, True]},
}


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [(kind, name, value) for kind, names in REFUSED.items() for name, values in names.items() for value in values],
)
def test_impossible_settings_are_refused_with_their_name(kind: Any, name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{kind.__name__}'s {name} is {value!r}, expected"):
        kind(**{"learning_rate": 0.1, name: value})


def test_nesterov_needs_momentum() -> None:
    with pytest.raises(ValueError, match="SGD's nesterov is True with momentum 0"):
        rnn.SGD(0.1, nesterov=True)
    with pytest.raises(ValueError, match="SGD's nesterov is 1, expected True or False"):
        rnn.SGD(0.1, 0.9, nesterov=1)  # type: ignore[arg-type]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_all_train(optimizer: rnn.Optimizer) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 40)
    X = rng.normal(0, 0.3, (40, 6, 3))
    X[np.arange(40), :, y] += 1
    net = rnn.ManyToOne(rnn.GRU(5), 3, 3, head=rnn.Softmax(), rng=0)
    history = rnn.train(net, (X, y), optimizer=optimizer, batch_size=10, epochs=20, rng=0, progress=False)
    assert history.loss[-1] < 0.3 * history.loss[0]
    assert net.dtype == np.float32
    assert net.evaluate(X, y)[1] == 1
