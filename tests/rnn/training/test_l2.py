"""The squared weights in what is minimised."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled import rnn

CELLS: list[Any] = [rnn.Tanh(3), rnn.LSTM(3), [rnn.GRU(3), rnn.Bidirectional(rnn.GRU(2))]]


def network(cells: Any, dtype: type = np.float64) -> rnn.ManyToOne:
    net = rnn.ManyToOne(cells, 2, 3, rng=0, dtype=dtype)
    for n, W in enumerate(net.parameters.values()):
        if W.ndim == 1:
            W[...] = np.random.default_rng(n).normal(0, 1, W.shape)
    return net


def samples(n: int = 9) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.standard_normal((n, 4, 2)), rng.integers(0, 3, n)


@settings(max_examples=30)
@given(cells=st.sampled_from(CELLS), strength=st.just(0.0) | st.floats(1e-9, 1e3))
def test_the_gradient_is_that_of_central_differences(cells: Any, strength: float) -> None:
    """A parabola's central difference has no error but rounding. Biases are left out."""
    parameters = network(cells).parameters
    penalty, gradients = rnn.l2_penalty(parameters, strength)
    weights = [W for W in parameters.values() if W.ndim == 2]
    assert penalty == pytest.approx(strength / 2 * sum((W**2).sum() for W in weights), rel=1e-12)
    for name, W in parameters.items():
        assert (name in gradients) == name.startswith("W_")
        W[0] += 0.5
        above, _ = rnn.l2_penalty(parameters, strength)
        W[0] -= 1
        below, _ = rnn.l2_penalty(parameters, strength)
        W[0] += 0.5
        along = gradients[name][0].sum() if name in gradients else 0
        assert above - below == pytest.approx(along, rel=1e-9, abs=1e-9 * penalty)
        if name in gradients:
            np.testing.assert_allclose(gradients[name], strength * W, rtol=1e-12, atol=1e-300)


def test_keeps_the_dtype_and_gives_arrays_of_its_own() -> None:
    parameters = network(rnn.GRU(3), np.float32).parameters
    before = {name: W.copy() for name, W in parameters.items()}
    penalty, gradients = rnn.l2_penalty(parameters, 0.3)
    assert isinstance(penalty, float)
    for name, gradient in gradients.items():
        assert gradient.dtype == np.float32
        gradient[...] = 7
        np.testing.assert_array_equal(parameters[name], before[name])


@pytest.mark.parametrize("cells", CELLS)
def test_one_step_of_training_by_hand(cells: Any) -> None:
    """The gradient, its norm and the clipping have the penalty in them; the loss in the history has not."""
    net, (X, y) = network(cells), samples()
    loss, gradients = net.loss_and_gradients(X, y)
    for name, W in net.parameters.items():
        gradients[name] = gradients[name] + (0.25 * W if W.ndim == 2 else 0)
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients.values()))
    expected = {name: W - 0.5 * gradients[name] / norm * 0.1 for name, W in net.parameters.items()}
    history = rnn.train(
        net, (X, y), optimizer=rnn.SGD(0.5), batch_size=9, epochs=1, l2=0.25, clip=rnn.ClipNorm(0.1), progress=False
    )
    assert history.loss == [pytest.approx(loss, rel=1e-12)]
    assert history.gradient_norm == [pytest.approx(norm, rel=1e-12)]
    assert norm > 0.1
    for name, W in net.parameters.items():
        np.testing.assert_allclose(W, expected[name], rtol=1e-12, atol=1e-14)


def test_a_strong_penalty_makes_the_weights_vanish_and_leaves_the_biases() -> None:
    X, y = samples(30)[0], np.arange(30) % 6 // 3  # class 0 and 1 alike, class 2 never
    net = rnn.ManyToOne(rnn.Tanh(3), 2, 3, rng=0)
    rnn.train(net, (X, y), optimizer=rnn.SGD(0.5), epochs=200, l2=1, rng=0, progress=False)
    for name, W in net.parameters.items():
        if W.ndim == 2:
            assert np.abs(W).max() < 0.02, name
    assert net.parameters["b_o"] == pytest.approx([0, 0, -4.6], abs=0.2)  # -log(100), after a hundred units of time
    assert net.predict_proba(X)[:, :2] == pytest.approx(0.5, abs=0.01)


def test_no_penalty_is_none_and_one_is_another_result() -> None:
    nets = [network(rnn.GRU(3), np.float32) for _ in range(3)]
    for net, l2 in zip(nets, ({}, {"l2": 0}, {"l2": 0.1}), strict=True):
        rnn.train(net, samples(), optimizer=rnn.Adam(0.1), epochs=2, rng=0, progress=False, **l2)  # type: ignore[arg-type]
        assert net.dtype == np.float32
    for name, W in nets[0].parameters.items():
        np.testing.assert_array_equal(W, nets[1].parameters[name])
        assert not np.array_equal(W, nets[2].parameters[name])


@pytest.mark.parametrize("l2", [-0.1, np.nan, np.inf, "0.1", None, True])
def test_impossible_strengths_are_refused(l2: Any) -> None:
    net = network(rnn.GRU(3))
    with pytest.raises(ValueError, match=f"strength is {l2!r}, expected"):
        rnn.l2_penalty(net.parameters, l2)
    with pytest.raises(ValueError, match=f"l2 is {l2!r}, expected"):
        rnn.train(net, samples(), optimizer=rnn.SGD(0.1), l2=l2, progress=False)
