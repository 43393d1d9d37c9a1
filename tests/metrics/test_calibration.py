"""Calibration: by hand, as a network that knows its chances has it, and what is refused."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unrolled import metrics, rnn


def drawn(n: int = 20_000, C: int = 4, seed: int = 0, dtype: str = "float64") -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, and classes that are drawn with them."""
    rng = np.random.default_rng(seed)
    P = rnn.softmax(2 * rng.normal(size=(n, C)))
    y = (rng.random((n, 1)) > P.cumsum(1)).sum(1)
    return y, P.astype(dtype)


def test_bins_by_hand() -> None:
    says = np.array([[0.9, 0.1], [0.8, 0.2], [0.5, 0.5], [0.25, 0.75], [0.45, 0.55], [1.0, 0.0]])
    found = metrics.reliability([0, 1, 0, 1, 0, 0], says, bins=4)
    assert found.edges.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert found.support.tolist() == [0, 1, 2, 3]  # upper edges belong to their bin
    np.testing.assert_allclose(found.confidence, [np.nan, 0.5, 0.65, 0.9])
    np.testing.assert_allclose(found.accuracy, [np.nan, 1, 0.5, 2 / 3])
    by_hand = (1 * 0.5 + 2 * 0.15 + 3 * (0.9 - 2 / 3)) / 6
    assert metrics.expected_calibration_error([0, 1, 0, 1, 0, 0], says, bins=4) == pytest.approx(by_hand)
    assert metrics.expected_calibration_error(np.eye(2)[[0, 1, 0, 1, 0, 0]], says, bins=4) == pytest.approx(by_hand)


def test_a_single_class_and_as_many_bins_as_may_be() -> None:
    found = metrics.reliability([0], [[1.0]], bins=2**20)
    assert found.support[-1] == found.support.sum() == 1
    with pytest.raises(ValueError, match="bins is 1048577, expected a whole number from 1 to 1048576"):
        metrics.reliability([0], [[1.0]], bins=2**20 + 1)


@given(st.integers(1, 40), st.integers(2, 5), st.integers(1, 30), st.integers(0, 2**32))
def test_it_is_a_mean_over_bins_of_what_is_in_them(n: int, C: int, bins: int, seed: int) -> None:
    y, P = drawn(n, C, seed)
    found = metrics.reliability(y, P, bins=bins)
    assert found.support.sum() == n
    there = found.support > 0
    np.testing.assert_allclose((found.accuracy * found.support)[there].sum() / n, metrics.accuracy(y, P.argmax(1)))
    assert (found.confidence[there] > found.edges[:-1][there] - 1e-12).all()
    assert (found.confidence[there] <= found.edges[1:][there] + 1e-12).all()
    error = metrics.expected_calibration_error(y, P, bins=bins)
    assert 0 <= error <= 1
    if bins == 1:
        assert error == pytest.approx(abs(np.mean(P.argmax(1) == y) - P.max(1).mean()))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_temperature_undoes_what_made_a_network_too_sure(dtype: str) -> None:
    y, P = drawn(dtype=dtype)
    assert metrics.fit_temperature(y, P) == pytest.approx(1, abs=0.03)
    assert metrics.expected_calibration_error(y, P) < 0.02
    too_sure = metrics.tempered(P, 0.4)
    assert too_sure.dtype == dtype
    assert metrics.expected_calibration_error(y, too_sure) > 0.15
    T = metrics.fit_temperature(y, too_sure)
    np.testing.assert_allclose(T, 2.5, rtol=0.03)
    assert metrics.expected_calibration_error(y, metrics.tempered(too_sure, T)) < 0.02
    np.testing.assert_allclose(metrics.tempered(too_sure, 2.5), P, atol=2e-3 if dtype == "float32" else 1e-12)


def test_the_temperature_in_closed_form() -> None:
    """A network that always says one thing is to say how often that is so."""
    for says in (0.9, 0.99, 0.999999):
        T = metrics.fit_temperature([0, 0, 0, 1], np.full((4, 2), [says, 1 - says]))
        assert pytest.approx(np.log(says / (1 - says)) / np.log(3), rel=1e-7) == T


@pytest.mark.parametrize("n", range(2, 30))
def test_where_nothing_is_better_it_is_1(n: int) -> None:
    y, calibrated = [0] * (n - 1) + [1], [[1 - 1 / n, 1 / n]] * n
    assert metrics.fit_temperature(y, calibrated) == 1.0
    assert metrics.fit_temperature(y, [[0.5, 0.5]] * n) == 1.0


def test_a_row_is_tempered_by_itself() -> None:
    P = np.array([[1 - 1e-9, 1e-9], [0.5, 0.5]])  # whose logits are 2e5 and 7e3 at that temperature
    np.testing.assert_allclose(metrics.tempered(P, 1e-4), [[1.0, 0.0], [0.5, 0.5]], atol=1e-12)


def test_no_other_temperature_has_a_smaller_loss() -> None:
    y, P = drawn(300, seed=3)
    y[:40] = (y[:40] + 1) % 4
    T = metrics.fit_temperature(y, P)
    assert 1.1 < T < 3
    loss = metrics.log_loss(y, metrics.tempered(P, T))
    for other in (T * 0.999, T * 1.001, 0.1, 1.0, 10.0):
        assert metrics.log_loss(y, metrics.tempered(P, other)) >= loss


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_of_a_sigmoid_head_it_is_the_loss_the_network_was_trained_on(dtype: Any) -> None:
    rng = np.random.default_rng(0)
    Z = (3 * rng.normal(size=(400, 3))).astype(dtype)
    y = np.argmax(Z + 3 * rng.normal(size=Z.shape), axis=1)
    P = rnn.sigmoid(Z)

    def loss(T: float) -> float:
        Y = np.eye(3)[y]
        return float(-(Y * np.log(rnn.sigmoid(Z / T)) + (1 - Y) * np.log(rnn.sigmoid(-Z / T))).sum(1).mean())

    T = metrics.fit_temperature(y, P, head="sigmoid")
    assert loss(T) <= min(loss(T * 0.99), loss(T * 1.01), loss(1.0))
    tempered = metrics.tempered(P, T, head="sigmoid")
    np.testing.assert_allclose(tempered, rnn.sigmoid(Z / T), rtol=1e-3 if dtype == np.float32 else 1e-9)
    assert tempered.dtype == dtype


@given(st.floats(0.05, 20), st.sampled_from(["softmax", "sigmoid"]), st.integers(0, 2**32))
def test_classes_keep_their_order_at_any_temperature(T: float, head: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    Z = rng.normal(size=(20, 4))
    P = rnn.softmax(Z) if head == "softmax" else rnn.sigmoid(Z)
    tempered = metrics.tempered(P, T, head=head)
    np.testing.assert_array_equal(tempered.argsort(1), P.argsort(1))
    if head == "softmax":
        np.testing.assert_allclose(tempered.sum(1), 1)
    np.testing.assert_allclose(metrics.tempered(P, 1.0, head=head), P)


@pytest.mark.parametrize("head", ["softmax", "sigmoid"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_probabilities_of_0_and_1_stay_finite(head: Any, dtype: str) -> None:
    P = np.eye(3, dtype=dtype)[[0, 1, 2, 0]]
    tempered = metrics.tempered(P, 5.0, head=head)
    assert np.isfinite(tempered).all()
    assert (tempered.argmax(1) == [0, 1, 2, 0]).all()
    assert 0.01 <= metrics.fit_temperature([0, 1, 2, 0], P, head=head) <= 1  # never wrong
    assert metrics.fit_temperature([1, 1, 2, 0], P, head=head) > 10  # sure, and wrong


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.reliability([0], [[0.5, 1.5]]), "probabilities hold 1.5 in row 0, class 1"),
        (lambda: metrics.reliability([0], [0.5]), "probabilities have shape (1,), expected those of C classes"),
        (lambda: metrics.reliability([0, 1], [[0.5, 0.5]]), "y has 2 rows and probabilities have 1, expected as many"),
        (lambda: metrics.reliability([0], [[0.5, 0.5]], bins=0), "bins is 0, expected a whole number from 1"),
        (
            lambda: metrics.fit_temperature([0], [[0.5, 0.9]]),
            'probabilities of row 0 add up to 1.4, expected 1, as of rnn.Softmax(), or head="sigmoid"',
        ),
        (
            lambda: metrics.fit_temperature([0], [[0.5, 0.5]], head="linear"),  # type: ignore[arg-type] # the test
            "head is 'linear', expected one of 'softmax', 'sigmoid'",
        ),
        (lambda: metrics.tempered([[0.5, 0.5]], 0), "temperature is 0, expected a finite number above 0"),
        (lambda: metrics.tempered([[0.5, 0.6]], 2), "probabilities of row 0 add up to 1.1"),
    ],
)
def test_what_makes_no_sense_is_refused(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
