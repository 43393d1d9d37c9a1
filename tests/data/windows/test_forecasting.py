"""Windows for forecasting, against a loop."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unrolled import data
from unrolled.data import DataError


def by_hand(series: list[np.ndarray], past: int, ahead: int, step: int, targets: str) -> tuple[np.ndarray, np.ndarray]:
    X, y = [], []
    for each in series:
        for s in range(0, len(each), step):
            if s + past + ahead > len(each):
                break
            X.append([each[s + i] for i in range(past)])
            if targets == "last":
                y.append(each[s + past - 1 + ahead])
            elif targets == "horizon":
                y.append([each[s + past - 1 + j] for j in range(1, ahead + 1)])
            else:
                y.append([each[s + i + ahead] for i in range(past)])
    return np.array(X), np.array(y)


@given(
    lengths=st.lists(st.integers(0, 30), min_size=1, max_size=4),
    K=st.integers(1, 3),
    past=st.integers(1, 8),
    ahead=st.integers(1, 8),
    step=st.integers(1, 9),
    targets=st.sampled_from(["last", "horizon", "every_step"]),
    dtype=st.sampled_from(["f4", "f8", ">f8", "i4"]),
)
def test_windows_are_those_of_a_loop_and_none_crosses_two_series(
    lengths: list[int], K: int, past: int, ahead: int, step: int, targets: Any, dtype: str
) -> None:
    numbers = np.arange(sum(lengths) * K).reshape(-1, K).astype(dtype)
    series = np.split(numbers, np.cumsum(lengths)[:-1])
    if max(lengths) < past + ahead:
        with pytest.raises(DataError, match=f"series has {max(lengths)} steps, expected {past + ahead} or more"):
            data.forecasting_windows(series, past, ahead, step, targets=targets)
        return
    X, y = data.forecasting_windows(series, past, ahead, step, targets=targets)
    wanted_X, wanted_y = by_hand(series, past, ahead, step, targets)
    np.testing.assert_array_equal(X, wanted_X)
    np.testing.assert_array_equal(y, wanted_y)
    assert X.dtype == y.dtype == (np.float64 if "f8" in dtype else np.float32)
    assert len(X) == sum(max((n - past - ahead) // step + 1, 0) for n in lengths)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1000,), (1000, 2)])
def test_of_one_series_nothing_is_copied(dtype: type, shape: tuple[int, ...]) -> None:
    series: np.ndarray = np.zeros(shape, dtype)
    X, y = data.forecasting_windows(series, 100, 5)
    assert X.shape == (896, 100, 1 if len(shape) == 1 else 2)
    for array in (X, y):
        assert np.shares_memory(array, series)
        assert not array.flags.writeable


def test_one_series_is_one_however_it_is_written() -> None:
    wanted = data.forecasting_windows(np.arange(6.0), 2, 1)
    for series in ([0, 1, 2, 3, 4, 5.0], tuple(range(6)), [[i] for i in range(6)], [np.arange(6.0)], np.arange(6)):
        for array, other in zip(data.forecasting_windows(series, 2, 1), wanted, strict=True):
            np.testing.assert_array_equal(array, other)


@pytest.mark.parametrize(
    ("series", "message"),
    [
        ([], "series is empty, expected an array"),
        (np.zeros((2, 9, 1)), r"series has shape \(2, 9, 1\), expected .*; for several series, a list of them"),
        (np.zeros((9, 0)), r"series has shape \(9, 0\), expected \(n,\) or \(n, K\), K at least 1"),
        (3.0, r"series has shape \(\), expected"),
        (np.array(["a"] * 9), "series holds <U1 values, expected real numbers"),
        ([[1.0, 2.0], [3.0]], "series is ragged"),
        ([np.zeros(9), np.zeros((9, 2))], "series 1 has 2 columns, expected 1 as in series 0"),
        ([np.zeros(9), np.array([0, np.nan] * 5)], r"series 1 has \[?nan\]? at step 1, expected finite numbers"),
        (np.full(9, 1e300).astype(np.longdouble), r"series has \[?inf\]? at step 0, expected finite numbers"),
        (np.zeros(2), "series has 2 steps, expected 3 or more: 2 of past and 1 ahead"),
    ],
)
def test_series_that_cannot_be_used_are_refused(series: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        data.forecasting_windows(series, 2, 1)


@pytest.mark.parametrize("name", ["past", "ahead", "step"])
@pytest.mark.parametrize("value", [0, 1.5, True, None])
def test_settings_out_of_range_are_refused(name: str, value: Any) -> None:
    with pytest.raises(DataError, match=f"{name} is {value}, expected a whole number, 1 or more"):
        data.forecasting_windows(np.zeros(9), **{"past": 2, "ahead": 1, name: value})


def test_targets_are_one_of_three() -> None:
    with pytest.raises(DataError, match="targets is 'all', expected one of 'last', 'horizon', 'every_step'"):
        data.forecasting_windows(np.zeros(9), 2, 1, targets="all")  # type: ignore[arg-type]
