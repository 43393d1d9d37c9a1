"""Equation (3) from logits, against fifty decimal digits."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled import rnn


def exact(z: float, y: int) -> Decimal:
    """-log sigmoid(z) for y = 1, -log(1 - sigmoid(z)) for y = 0: softplus of -z, of z."""
    with localcontext() as context:
        context.prec = 60
        x = Decimal(z) * (1 - 2 * y)
        e = (-abs(x)).exp()
        return max(x, Decimal(0)) + ((1 + e).ln() if e > Decimal(10) ** -40 else e)


logits = st.one_of(
    st.floats(-1e4, 1e4, width=32),
    st.floats(-100, 100, width=32),
    st.sampled_from([0.0, 1e4, -1e4, 88.5, -103.9, 709.5]),
)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(max_examples=150)
@given(z=logits, y=st.integers(0, 1))
def test_loss_is_finite_and_exact_at_any_logit(dtype: type, z: float, y: int) -> None:
    z = float(dtype(z))
    loss, _ = rnn.binary_cross_entropy(np.array([[z]], dtype), np.array([[y]], dtype))
    assert loss.dtype == dtype
    assert np.isfinite(loss)
    info = np.finfo(dtype)
    assert float(loss) == pytest.approx(float(exact(z, y)), rel=4 * float(info.eps), abs=float(info.tiny))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(max_examples=150)
@given(z=logits, y=st.integers(0, 1))
def test_gradient_is_finite_and_exact_at_any_logit(dtype: type, z: float, y: int) -> None:
    """Also where Y_hat rounds to Y, and the difference of the two would be 0."""
    z = float(dtype(z))
    _, dZ = rnn.binary_cross_entropy(np.array([[z]], dtype), np.array([[y]], dtype))
    with localcontext() as context:
        context.prec = 60
        x = Decimal(z) * (1 - 2 * y)  # the gradient is +-sigmoid(x)
        expected = float((1 - 2 * y) / (1 + (-x).exp()))
    info = np.finfo(dtype)
    assert float(dZ[0, 0]) == pytest.approx(expected, rel=6 * float(info.eps), abs=float(info.tiny))


def test_summed_over_classes_and_averaged_over_the_batch() -> None:
    rng = np.random.default_rng(0)
    Z, Y = rng.standard_normal((4, 6)), np.eye(6)[[0, 3, 5, 5]]
    Y_hat = 1 / (1 + np.exp(-Z))
    loss, dZ = rnn.binary_cross_entropy(Z, Y)
    assert loss == pytest.approx(-(Y * np.log(Y_hat) + (1 - Y) * np.log(1 - Y_hat)).sum() / 4, rel=1e-14)
    np.testing.assert_allclose(dZ, (Y_hat - Y) / 4, rtol=1e-13)


def test_loss_is_smallest_at_the_truth() -> None:
    """Section 2.2: any deviation from the one-hot row costs."""
    Y = np.eye(3)[[1]]
    at_truth, _ = rnn.binary_cross_entropy(np.where(Y == 1, 50.0, -50.0), Y)
    for wrong in np.ndindex(2, 2, 2):
        if wrong != (0, 1, 0):
            loss, _ = rnn.binary_cross_entropy(np.where(np.array([wrong]) == 1, 50.0, -50.0), Y)
            assert loss > at_truth + 49


@settings(max_examples=100)
@given(z=st.floats(-1e4, 1e4))
def test_sigmoid_is_symmetric_and_keeps_small_probabilities(z: float) -> None:
    value, mirrored = rnn.sigmoid(np.array([z, -z]))
    assert value + mirrored == pytest.approx(1, abs=1e-15)
    if -700 < z < -1:
        assert value == pytest.approx(np.exp(z) / (1 + np.exp(z)), rel=1e-14)


def test_complex_step_through_the_loss_is_its_gradient() -> None:
    Z = np.array([[-900.0, -3.0, 0.0, 1e-3, 40.0, 900.0]])
    for label in range(6):
        Y = np.eye(6)[[label]]
        _, dZ = rnn.binary_cross_entropy(Z, Y)
        for c in range(6):
            moved = Z.astype(np.complex128)
            moved[0, c] += 1e-200j if abs(Z[0, c]) < 800 else 1e-30j
            loss, _ = rnn.binary_cross_entropy(moved, Y)
            assert loss.imag / moved[0, c].imag == pytest.approx(dZ[0, c], rel=1e-13, abs=1e-300)


def test_targets_of_another_shape_are_not_broadcast() -> None:
    with pytest.raises(ValueError, match=r"Z has shape \(3, 3\) and Y \(3,\), expected the same"):
        rnn.binary_cross_entropy(np.zeros((3, 3)), np.array([0, 1, 2]))
