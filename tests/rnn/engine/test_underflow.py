"""Gradients that vanish on their way back: they end at zero, not among the numbers that make a processor slow."""

import numpy as np
import pytest
from differences import relative_difference
from hypothesis import given
from hypothesis import strategies as st

from unrolled import data, rnn, textbook
from unrolled.rnn.cells import tanh
from unrolled.rnn.engine.underflow import round_tiny

GRAINS = {np.float32: 2.0**-63, np.float64: 2.0**-959}
"""Half of the multiples that are left: the most a number is moved by."""

exponents = st.lists(st.floats(-1, 1).filter(lambda x: abs(x) > 0.5) | st.just(0.0), min_size=1, max_size=9)


@pytest.mark.parametrize("dtype", GRAINS)
@given(mantissas=exponents, exponent=st.integers(-1070, 1000))
def test_rounding(dtype: type[np.floating], mantissas: list[float], exponent: int) -> None:
    """Nothing moves by more than half a grain, what is left is a grain or more, and large numbers stay as they are."""
    grain = GRAINS[dtype]
    with np.errstate(over="ignore"):
        before = np.ldexp(np.array(mantissas), exponent // (8 if dtype is np.float32 else 1)).astype(dtype)
    after = before.copy()
    round_tiny(after)
    assert after.dtype == dtype
    assert (np.abs(after.astype(float) - before) <= np.maximum(grain, np.abs(before) * np.finfo(dtype).eps)).all()
    assert ((after == 0) | (np.abs(after) >= grain)).all()
    large = np.abs(before) > grain * 8 / float(np.finfo(dtype).eps) ** 2
    assert (after[large] == before[large]).all()


def test_what_is_not_finite_is_not_hidden() -> None:
    gradient = np.array([np.inf, -np.inf, np.nan], np.float32)
    round_tiny(gradient)
    np.testing.assert_array_equal(gradient, [np.inf, -np.inf, np.nan])


def forgetful(cell: rnn.cells.Cell) -> tuple[rnn.ManyToOne, np.ndarray, np.ndarray]:
    """A network of short memory, and real recordings."""
    samples = data.load_shoulder_exercises(scale=False).train
    net = rnn.ManyToOne(cell, 3, 7, rng=0)
    for name, W in net.parameters.items():
        if name.startswith("W_hh"):
            W *= 0.3
        if name == "b_h" and isinstance(cell, rnn.GRU):
            W[cell.hidden : 2 * cell.hidden] = -2  # z: little stays
    return net, samples.X[::40], samples.y[::40]


@pytest.mark.parametrize(
    "cell", [rnn.Tanh(30), rnn.LSTM(20, forget_bias=-2), rnn.GRU(20), rnn.Bidirectional(rnn.Tanh(20))]
)
def test_no_slow_numbers_on_real_recordings(cell: rnn.cells.Cell) -> None:
    net, X, y = forgetful(cell)
    backward = net.backward(net.forward(X), y)
    smallest = np.finfo(np.float32).tiny
    whole = net.astype(np.float64)
    exact = whole.backward(whole.forward(X), y)
    slow = (exact.dA != 0) & (np.abs(exact.dA) < smallest)
    assert slow.any(), "a network whose gradients vanish is what this test is about"
    assert not ((backward.dA != 0) & (np.abs(backward.dA) < smallest)).any()
    for name, gradient in backward.gradients.items():
        assert relative_difference(gradient, exact.gradients[name]) < 1e-3, name


def test_the_reports_gradients_where_they_vanish() -> None:
    net, X, y = forgetful(rnn.Tanh(30))
    loss, gradients = net.loss_and_gradients(X, y)
    plain = textbook.loss_and_gradients(net.parameters, X, np.eye(7)[y])
    assert loss == pytest.approx(plain[0], rel=1e-4)
    for name, gradient in gradients.items():
        assert relative_difference(gradient, plain[1][name]) < 1e-3, name


@pytest.mark.parametrize("T", [1, 15, 16, 17, 40])
@pytest.mark.parametrize("cell", [rnn.Tanh(5), rnn.ReLU(5)])
def test_deltas_that_nobody_looks_at_give_the_same_gradients(cell: rnn.Tanh, T: int) -> None:
    rng = np.random.default_rng(T)
    net = rnn.ManyToOne(cell, 3, 4, rng=rng)
    X, y = rng.standard_normal((6, T, 3)), rng.integers(0, 4, 6)
    looked_at = net.backward(net.forward(X), y)
    assert looked_at.delta.shape == (T, 6, 5)
    _, gradients = net.loss_and_gradients(X, y)
    for name, gradient in gradients.items():
        np.testing.assert_array_equal(gradient, looked_at.gradients[name])


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_small_batches_and_large_ones_take_the_same_steps(dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    net = rnn.ManyToOne(rnn.Tanh(9), 3, 4, rng=rng).astype(dtype)
    X, lengths = rng.standard_normal((7, 30, 3)), rng.integers(1, 31, 7)
    masks = rnn.Dropout(recurrence=0.3).draw(7, net.widths, rng, net.dtype)
    y = rng.integers(0, 4, 7)
    ways = []
    for worth in (1, 10**9):
        monkeypatch.setattr(tanh, "WORTH", worth)
        ways.append(net.loss_and_gradients(X, y, lengths, masks=masks))
    (loss, gradients), (other, others) = ways
    eps = float(np.finfo(dtype).eps)
    assert loss == pytest.approx(other, rel=20 * eps)
    for name, gradient in gradients.items():
        assert relative_difference(gradient, others[name]) < 100 * eps, name
