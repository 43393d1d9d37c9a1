"""The proof: the backward pass against the report's own formulas and two numerical gradients."""

import copy
import pickle
from collections.abc import Callable

import numpy as np
import pytest
from differences import relative_difference
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled import rnn, textbook
from unrolled.rnn.engine.packing import pack
from unrolled.rnn.initializers import Initializer

INITIALIZERS = [rnn.uniform(-0.1, 0.1), rnn.xavier_normal, rnn.xavier_uniform]
shapes = st.fixed_dictionaries(
    {
        "m": st.integers(1, 5),
        "T": st.integers(1, 12),
        "D": st.integers(1, 4),
        "H": st.integers(1, 6),
        "C": st.integers(2, 6),
    }
)
seeds = st.integers(0, 2**32 - 1)


def problem(
    m: int, T: int, D: int, H: int, C: int, seed: int, initializer: Initializer = rnn.xavier_normal
) -> tuple[rnn.ManyToOne, np.ndarray, np.ndarray]:
    """A float64 network with biases off zero, and a batch."""
    rng = np.random.default_rng(seed)
    net = rnn.ManyToOne(rnn.Tanh(H), D, C, initializer=initializer, rng=rng, dtype=np.float64)
    for name in ("b_h", "b_o"):
        net.parameters[name][...] = rng.normal(0, 0.1, net.parameters[name].shape)
    return net, rng.standard_normal((m, T, D)), rng.integers(0, C, m)


def assert_proved(check: rnn.GradientCheck) -> None:
    assert all(error <= 1e-6 for error in check.central.values()), f"\n{check}"
    assert all(error <= 1e-12 for error in check.complex_step.values()), f"\n{check}"


@settings(max_examples=40)
@given(shape=shapes, seed=seeds, initializer=st.sampled_from(INITIALIZERS))
def test_every_entry_of_every_parameter(shape: dict[str, int], seed: int, initializer: Initializer) -> None:
    net, X, y = problem(**shape, seed=seed, initializer=initializer)
    check = rnn.check_gradients(net, X, y)
    assert_proved(check)
    assert check.entries == {name: W.size for name, W in net.parameters.items()}


@pytest.mark.parametrize("initializer", INITIALIZERS, ids=["uniform", "xavier_normal", "xavier_uniform"])
@pytest.mark.parametrize("T", [1, 2, 50, 150])
def test_the_reports_network(T: int, initializer: Initializer) -> None:
    """Fifty hidden units, three sensors, six movements, up to 150 steps."""
    net, X, y = problem(m=4, T=T, D=3, H=50, C=6, seed=T, initializer=initializer)
    assert_proved(rnn.check_gradients(net, X, y, entries=25))


@pytest.mark.parametrize("m", [1, 30])
def test_batches_of_one_and_of_thirty(m: int) -> None:
    net, X, y = problem(m=m, T=10, D=3, H=8, C=6, seed=m)
    assert_proved(rnn.check_gradients(net, X, y, entries=40))


@settings(max_examples=60)
@given(shape=shapes, seed=seeds)
def test_equals_the_reports_formulas_term_by_term(shape: dict[str, int], seed: int) -> None:
    net, X, y = problem(**shape, seed=seed, initializer=rnn.xavier_normal)
    loss, gradients = net.loss_and_gradients(X, y)
    expected_loss, expected = textbook.loss_and_gradients(net.parameters, X, np.eye(shape["C"])[y])
    assert loss == pytest.approx(expected_loss, rel=1e-13)
    for name, gradient in gradients.items():
        assert relative_difference(gradient, expected[name]) <= 1e-12, name


@pytest.mark.parametrize(("m", "H"), [(1, 1), (10, 50), (30, 100)])
def test_float32_equals_the_reports_formulas_to_rounding(m: int, H: int) -> None:
    net, X, y = problem(m=m, T=150, D=3, H=H, C=6, seed=0)
    net = net.astype(np.float32)
    X = X.astype(np.float32)
    loss, gradients = net.loss_and_gradients(X, y)
    expected_loss, expected = textbook.loss_and_gradients(net.parameters, X, np.eye(6)[y])
    assert loss == pytest.approx(expected_loss, rel=1e-5)
    for name, gradient in gradients.items():
        assert gradient.dtype == np.float32
        assert relative_difference(gradient, expected[name]) <= 2e-5, name


def test_gradient_in_the_inputs_is_delta_times_W_ih() -> None:
    net, X, y = problem(m=2, T=5, D=3, H=4, C=3, seed=0)
    backward = net.backward(net.forward(X), y)
    dX = (backward.delta @ net.parameters["W_ih"]).transpose(1, 0, 2)
    complex_net = net.astype(np.complex128)
    for index in np.ndindex(X.shape):
        moved = X.astype(np.complex128)
        moved[index] += 1e-30j
        batch = pack(moved, None)
        reading = complex_net._forward(batch, complex_net.layers.traces(5, 2, complex_net.dtype))
        loss, _ = rnn.binary_cross_entropy(reading.Z[0], np.eye(3)[y])
        assert dX[index] == pytest.approx(loss.imag / 1e-30, rel=1e-11, abs=1e-15)


def test_the_trace_holds_every_state_and_every_delta_of_the_report() -> None:
    net, X, y = problem(m=3, T=6, D=2, H=4, C=3, seed=1)
    forward = net.forward(X)
    backward = net.backward(forward, y)
    p = net.parameters
    assert forward.A.shape == (7, 3, 4)
    assert not forward.A[0].any()
    for t in range(1, 7):
        expected = np.tanh(X[:, t - 1] @ p["W_ih"].T + forward.A[t - 1] @ p["W_hh"].T + p["b_h"])
        np.testing.assert_allclose(forward.A[t], expected, rtol=1e-13)
        np.testing.assert_allclose(backward.delta[t - 1], backward.dA[t - 1] * (1 - forward.A[t] ** 2), rtol=1e-13)
    np.testing.assert_allclose(backward.dA[5], (forward.Y_hat - np.eye(3)[y]) / 3 @ p["W_ho"], rtol=1e-13)
    for t in range(1, 6):
        np.testing.assert_allclose(backward.dA[t - 1], backward.delta[t] @ p["W_hh"], rtol=1e-12, atol=1e-16)


def test_looking_twice_gives_the_same_and_changes_nothing() -> None:
    net, X, y = problem(m=3, T=6, D=2, H=4, C=3, seed=1)
    forward = net.forward(X)
    first, second = net.backward(forward, y), net.backward(forward, y)
    np.testing.assert_array_equal(first.dA, second.dA)
    np.testing.assert_array_equal(first.gradients["W_hh"], second.gradients["W_hh"])


def test_gradients_that_vanish_to_zero_are_those_of_the_full_way_back() -> None:
    """Ninety steps of weights near zero: float32 underflows to zero, and the way back may end there."""
    net, X, y = problem(m=3, T=90, D=3, H=5, C=3, seed=0, initializer=rnn.uniform(-0.01, 0.01))
    net, X = net.astype(np.float32), X.astype(np.float32)
    loss, gradients = net.loss_and_gradients(X, y)
    _, expected = textbook.loss_and_gradients(net.parameters, X, np.eye(3)[y])
    backward = net.backward(net.forward(X), y)
    assert not backward.delta[:48].any()
    assert backward.delta[-3:].any()
    assert net.loss_and_gradients(X, y)[0] == loss
    for name, gradient in gradients.items():
        assert relative_difference(gradient, expected[name]) <= 2e-5, name


def test_check_leaves_the_network_alone_and_prints_a_row_a_parameter() -> None:
    net, X, y = problem(m=2, T=3, D=2, H=3, C=2, seed=0)
    net = net.astype(np.float32)
    before = {name: W.copy() for name, W in net.parameters.items()}
    check = rnn.check_gradients(net, X, y, entries=2)
    for name, W in net.parameters.items():
        assert W.dtype == np.float32
        np.testing.assert_array_equal(W, before[name])
    assert [line.split()[0] for line in str(check).splitlines()[1:-1]] == list(net.parameters)
    assert str(check).splitlines()[-1].startswith("passed (")
    assert check.worst == (max(check.central.values()), max(check.complex_step.values()))


def test_check_finds_a_wrong_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    net, X, y = problem(m=2, T=3, D=2, H=3, C=2, seed=0)
    right = rnn.ManyToOne.loss_and_gradients

    def wrong(net: rnn.ManyToOne, *given: object, **settings: object) -> tuple[float, dict[str, np.ndarray]]:
        loss, gradients = right(net, *given, **settings)  # type: ignore[arg-type]
        gradients["W_hh"][0, 0] *= 1.001
        return loss, gradients

    monkeypatch.setattr(rnn.ManyToOne, "loss_and_gradients", wrong)
    check = rnn.check_gradients(net, X, y)
    assert check.complex_step["W_hh"] > 1e-6
    assert check.complex_step["W_ih"] < 1e-12


def test_check_does_not_lose_a_nan(monkeypatch: pytest.MonkeyPatch) -> None:
    net, X, y = problem(m=2, T=3, D=2, H=3, C=2, seed=0)
    right = rnn.ManyToOne.loss_and_gradients

    def wrong(net: rnn.ManyToOne, *given: object, **settings: object) -> tuple[float, dict[str, np.ndarray]]:
        loss, gradients = right(net, *given, **settings)  # type: ignore[arg-type]
        gradients["W_ho"] *= np.nan
        return loss, gradients

    monkeypatch.setattr(rnn.ManyToOne, "loss_and_gradients", wrong)
    assert np.isnan(rnn.check_gradients(net, X, y).worst).all()


@pytest.mark.parametrize("scale", [1e-3, 30.0, 100.0])
def test_check_holds_for_inputs_of_any_size(scale: float) -> None:
    net, X, y = problem(m=3, T=20, D=3, H=5, C=4, seed=0)
    assert rnn.check_gradients(net, X * scale, y).worst[0] <= 1e-6


@pytest.mark.parametrize("entries", [0, -1, 2.5])
def test_check_refuses_an_impossible_number_of_entries(entries: object) -> None:
    net, X, y = problem(m=2, T=3, D=2, H=3, C=2, seed=0)
    with pytest.raises(ValueError, match="entries is"):
        rnn.check_gradients(net, X, y, entries=entries)  # type: ignore[arg-type]


@pytest.mark.parametrize("again", [copy.deepcopy, lambda trace: pickle.loads(pickle.dumps(trace))])
def test_a_copied_forward_pass_goes_back_like_the_first(again: Callable[[rnn.Forward], rnn.Forward]) -> None:
    net, X, y = problem(m=3, T=6, D=2, H=4, C=3, seed=1)
    forward = net.forward(X)
    gradients = net.backward(forward, y).gradients
    for name, gradient in net.backward(again(forward), y).gradients.items():
        np.testing.assert_array_equal(gradient, gradients[name])
