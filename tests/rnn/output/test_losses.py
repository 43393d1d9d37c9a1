"""Both cross-entropies from logits, against fifty decimal digits."""

from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

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


# --------------------------------------------------------------------- categorical


def exact_categorical(z: list[float], y: list[float]) -> tuple[Decimal, list[Decimal]]:
    """``-sum_i y_i log softmax(z)_i``, and ``softmax(z) - y``."""
    with localcontext() as context:
        context.prec = 60
        x = [Decimal(value) - Decimal(max(z)) for value in z]
        e = [max(value, Decimal(-90_000)).exp() for value in x]
        total = sum(e, Decimal(0))
        loss = sum((Decimal(share) * (total.ln() - value) for share, value in zip(y, x, strict=True)), Decimal(0))
        return loss, [part / total - Decimal(share) for part, share in zip(e, y, strict=True)]


rows_of_logits = st.integers(2, 6).flatmap(lambda C: st.lists(logits, min_size=C, max_size=C))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(max_examples=80)
@given(z=rows_of_logits, label=st.integers(0, 5), smoothing=st.sampled_from([0.0, 0.0, 0.1, 0.5]))
def test_categorical_loss_and_gradient_are_finite_and_exact_at_any_logit(
    dtype: type, z: list[float], label: int, smoothing: float
) -> None:
    Z: np.ndarray = np.array([z], dtype)
    C = len(z)
    Y = rnn.Softmax(label_smoothing=smoothing).targets(np.eye(C, dtype=dtype)[[label % C]])
    loss, dZ = rnn.categorical_cross_entropy(Z, Y)
    assert loss.dtype == dZ.dtype == dtype
    assert np.isfinite(loss)
    assert loss >= 0
    expected, gradient = exact_categorical(Z[0].tolist(), Y[0].tolist())
    eps = float(np.finfo(dtype).eps)
    assert float(loss) == pytest.approx(float(expected), rel=2 * C * eps, abs=2 * C * eps)
    for c in range(C):
        # What should be 0 is so to the last bit of 1; the gradient in a logit whose target is 0 keeps all its digits.
        # But for those that the difference of two large logits has lost already.
        abs_ = 4 * eps if Y[0, c] else float(np.finfo(dtype).tiny)
        rel = (2 * C + float(Z.max()) - float(Z[0, c])) * eps
        assert float(dZ[0, c]) == pytest.approx(float(gradient[c]), rel=rel, abs=abs_), c


@settings(max_examples=40)
@given(z=rows_of_logits, label=st.integers(0, 5), shift=st.floats(-1e4, 1e4))
def test_categorical_loss_does_not_know_what_is_added_to_all_logits(z: list[float], label: int, shift: float) -> None:
    Y = np.eye(len(z))[[label % len(z)]]
    (loss, dZ), (moved, moved_dZ) = (rnn.categorical_cross_entropy(np.array([z]) + by, Y) for by in (0, shift))
    assert loss == pytest.approx(moved, rel=1e-11, abs=1e-11)
    np.testing.assert_allclose(dZ, moved_dZ, atol=1e-11)
    assert dZ.sum() == pytest.approx(0, abs=1e-15)


@settings(max_examples=40)
@given(z=st.tuples(st.floats(-100, 100), st.floats(-100, 100)), label=st.integers(0, 1))
def test_of_two_classes_the_softmax_is_a_sigmoid_of_the_difference(z: tuple[float, float], label: int) -> None:
    loss, dZ = rnn.categorical_cross_entropy(np.array([z]), np.eye(2)[[label]])
    expected, slope = rnn.binary_cross_entropy(np.array([[z[1] - z[0]]]), np.array([[float(label)]]))
    assert loss == pytest.approx(expected, rel=1e-14, abs=1e-15)
    np.testing.assert_allclose(dZ, [[-slope[0, 0], slope[0, 0]]], atol=1e-15)


def test_categorical_loss_is_averaged_over_the_batch() -> None:
    rng = np.random.default_rng(0)
    Z, Y = rng.standard_normal((4, 6)), rng.dirichlet(np.ones(6), 4)
    Y_hat = np.exp(Z) / np.exp(Z).sum(1, keepdims=True)
    loss, dZ = rnn.categorical_cross_entropy(Z, Y)
    assert loss == pytest.approx(-(Y * np.log(Y_hat)).sum() / 4, rel=1e-14)
    np.testing.assert_allclose(dZ, (Y_hat - Y) / 4, rtol=1e-12)
    at_truth, nothing = rnn.categorical_cross_entropy(np.log(Y), Y)
    assert at_truth == pytest.approx(-(Y * np.log(Y)).sum() / 4, rel=1e-14)  # no loss is below the entropy of Y
    np.testing.assert_allclose(nothing, 0, atol=1e-16)
    assert loss > at_truth


def test_complex_step_through_the_categorical_loss_is_its_gradient() -> None:
    Z = np.array([[-900.0, -3.0, 0.0, 1e-3, 4.0, 3.9]])
    for Y in (*np.eye(6)[:, None], np.full((1, 6), 1 / 6)):
        _, dZ = rnn.categorical_cross_entropy(Z, Y)
        for c in range(6):
            moved = Z.astype(np.complex128)
            moved[0, c] += 1e-30j
            loss, _ = rnn.categorical_cross_entropy(moved, Y)
            assert loss.imag / 1e-30 == pytest.approx(dZ[0, c], rel=1e-12, abs=1e-15)


LOSSES: list[Callable[..., Any]] = [rnn.binary_cross_entropy, rnn.categorical_cross_entropy]


@pytest.mark.parametrize("function", LOSSES)
@settings(max_examples=20)
@given(shape=st.lists(st.integers(1, 4), min_size=1, max_size=3), C=st.integers(2, 5), seed=st.integers(0, 999))
def test_weights_are_of_each_row(function: Callable[..., Any], shape: list[int], C: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    Z, Y, w = rng.normal(0, 5, (*shape, C)), rng.dirichlet(np.ones(C), shape), rng.uniform(0, 2, shape)
    loss, dZ = function(Z, Y, w)
    total = 0.0
    for index in np.ndindex(*shape):
        of_row, slope = function(Z[index][None], Y[index][None])
        total += w[index] * of_row
        np.testing.assert_allclose(dZ[index], w[index] * slope[0], rtol=1e-13, atol=1e-16)
    assert loss == pytest.approx(total, rel=1e-12)
    assert function(Z, Y)[0] == pytest.approx(function(Z, Y, np.full(shape, 1 / shape[-1]))[0], rel=1e-13)


@pytest.mark.parametrize("function", LOSSES)
def test_weights_and_targets_of_another_shape_are_refused(function: Callable[..., Any]) -> None:
    Z = np.zeros((3, 4))
    with pytest.raises(ValueError, match=r"Z has shape \(3, 4\) and Y \(4,\), expected the same"):
        function(Z, np.ones(4))
    for weights in (np.ones(4), np.ones((3, 1)), np.ones((3, 4)), np.ones(())):
        with pytest.raises(ValueError, match=r"weights have shape .*, expected \(3,\), one for each row of Z"):
            function(Z, Z, weights)


def test_categorical_loss_and_gradient_keep_what_is_small() -> None:
    loss, dZ = rnn.categorical_cross_entropy(np.array([[50.0, 0.0]]), np.array([[1.0, 0.0]]))
    assert loss == pytest.approx(np.exp(-50), rel=1e-13)
    np.testing.assert_allclose(dZ, [[-np.exp(-50), np.exp(-50)]], rtol=1e-13)
