"""Metrics of numbers: values worked out by hand, laws, and errors that say what and where."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unrolled import metrics

ALL: list[Callable[..., float]] = [
    metrics.mean_squared_error,
    metrics.root_mean_squared_error,
    metrics.normalized_root_mean_squared_error,
    metrics.mean_absolute_error,
    metrics.r2_score,
]
BEST = {metrics.r2_score: 1.0}
Y = np.array([[1.0, 10.0], [2.0, 30.0], [3.0, 20.0], [6.0, 20.0]])


def test_by_hand() -> None:
    y, predicted = [0.0, 2.0, 4.0], [1.0, 2.0, 1.0]
    assert metrics.mean_squared_error(y, predicted) == pytest.approx(10 / 3)
    assert metrics.root_mean_squared_error(y, predicted) == pytest.approx(np.sqrt(10 / 3))
    assert metrics.mean_absolute_error(y, predicted) == pytest.approx(4 / 3)
    assert metrics.r2_score(y, predicted) == pytest.approx(1 - 10 / 8)
    assert metrics.normalized_root_mean_squared_error(y, predicted) == pytest.approx(np.sqrt(10 / 8))


def test_of_several_numbers_it_is_the_mean_over_them() -> None:
    predicted = Y + np.array([[1.0, 2.0], [0.0, -2.0], [-1.0, 5.0], [0.5, 0.0]])
    for measure in ALL:
        each = [measure(Y[:, k], predicted[:, k]) for k in (0, 1)]
        assert measure(Y, predicted) == pytest.approx(np.mean(each), rel=1e-14)
        steps = Y.reshape(2, 2, 2), predicted.reshape(2, 2, 2)
        assert measure(*steps) == pytest.approx(measure(Y, predicted), rel=1e-14)


def test_a_weight_is_that_of_a_row() -> None:
    weight = [1.0, 0.0, 2.0, 0.5]
    for measure in ALL:
        each = [measure(Y[:, k], np.sqrt(Y[:, k]), sample_weight=weight) for k in (0, 1)]
        assert measure(Y, np.sqrt(Y), sample_weight=weight) == pytest.approx(np.mean(each), rel=1e-14)
    with pytest.raises(
        ValueError, match=r"sample_weight has shape \(4, 2\), expected \(4,\) beside y of shape \(4, 2\)"
    ):
        metrics.mean_squared_error(Y, Y, sample_weight=Y)


def test_constant_truth() -> None:
    assert metrics.r2_score([2.0, 2.0], [2.0, 2.0]) == 1.0
    assert metrics.r2_score([2.0, 2.0], [2.0, 3.0]) == 0.0
    with pytest.raises(ValueError, match="y is constant in output 1, expected numbers that vary, to normalize by"):
        metrics.normalized_root_mean_squared_error([[0.2, 0.1], [0.3, 0.1]], np.zeros((2, 2)))
    with pytest.raises(ValueError, match="y is constant in output 0"):
        metrics.normalized_root_mean_squared_error([1.0, 1.0, 5.0], [1.0, 1.0, 1.0], sample_weight=[1, 1, 0])


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9), st.integers(0, 3)), min_size=3, max_size=20))
def test_a_weight_is_a_number_of_times(rows: list[tuple[float, float, int]]) -> None:
    y, predicted, times = (np.array(column, float) for column in zip(*rows, strict=True))
    repeated = np.repeat([y, predicted], times.astype(int), axis=1)
    if not times.any():
        return
    for measure in ALL:
        if np.ptp(repeated[0]) < 1e-3 and measure in (metrics.r2_score, metrics.normalized_root_mean_squared_error):
            continue
        weighted = measure(y, predicted, sample_weight=times)
        assert weighted == pytest.approx(measure(*repeated), rel=1e-9, abs=1e-9)


def test_weights_of_steps() -> None:
    y, predicted = Y.reshape(2, 2, 2), Y.reshape(2, 2, 2) + np.arange(8).reshape(2, 2, 2)
    last = np.array([[0, 1], [0, 1]])
    for measure in ALL:
        assert measure(y, predicted, sample_weight=last) == pytest.approx(measure(y[:, 1], predicted[:, 1]), rel=1e-14)
        first = measure(y, predicted, sample_weight=[1, 0])
        assert first == pytest.approx(measure(y[:1], predicted[:1]), rel=1e-14)


@pytest.mark.parametrize("measure", ALL)
def test_what_is_right_is_best(measure: Callable[..., float]) -> None:
    assert measure(Y, Y) == BEST.get(measure, 0.0)
    assert type(measure(Y.astype(np.float32), Y.astype(int))) is float


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], []), "y has shape (0,), expected numbers (N,), (N, K) or (N, T, K), N > 0"),
        ((1.0, 1.0), "y has shape (), expected numbers (N,), (N, K) or (N, T, K), N > 0"),
        ((np.ones((2, 2, 2, 1)),) * 2, "y has shape (2, 2, 2, 1), expected numbers (N,), (N, K) or (N, T, K), N > 0"),
        (([1.0, 2.0], [1.0]), "y has shape (2,) and predicted has (1,), expected the same"),
        (([1.0, 2.0], [[1.0], [2.0]]), "y has shape (2,) and predicted has (2, 1), expected the same"),
        (([1.0, np.inf], [1.0, 2.0]), "y holds inf at [1], expected finite numbers"),
        (([[1.0, 2.0]], [[1.0, np.nan]]), "predicted holds nan at [0, 1], expected finite numbers"),
        ((["a"], [1.0]), "y holds <U1 values, expected real numbers"),
        ((np.ma.masked_equal([1.0, 2.0], 2.0), [1.0, 2.0]), "y is masked in places, expected numbers"),
    ],
)
@pytest.mark.parametrize("measure", ALL)
def test_what_cannot_be_measured_is_told(measure: Callable[..., float], arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        measure(*arguments)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1.0], "sample_weight has shape (1,), expected (2,) or (2, 3) beside y of shape (2, 3, 1)"),
        ([1.0, -1.0], "sample_weight holds a negative number or only zeros"),
        ([0.0, 0.0], "sample_weight holds a negative number or only zeros"),
        ([1.0, np.nan], "sample_weight holds nan at [1]"),
    ],
)
def test_what_does_not_weigh_is_told(weight: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        metrics.mean_squared_error(np.zeros((2, 3, 1)), np.zeros((2, 3, 1)), sample_weight=weight)
