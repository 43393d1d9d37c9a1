import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled.data import DataError, Recording, resample


def tone(hertz: float, rate: float, seconds: float = 20) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(0, seconds, 1 / rate))[:, np.newaxis]


@pytest.mark.parametrize(("rate", "new_rate"), [(50, 20), (20, 50), (100, 50), (50, 30), (20.5, 20)])
def test_a_slow_tone_stays_the_same_tone(rate: float, new_rate: float) -> None:
    (found,) = resample([Recording(9.81 + tone(1.3, rate), 0, 1, 1)], rate, new_rate)
    expected = 9.81 + tone(1.3, new_rate)
    n = min(len(found.signal), len(expected))
    inner = slice(int(2 * new_rate), n - int(2 * new_rate))
    np.testing.assert_allclose(found.signal[inner], expected[inner], atol=2e-2)
    assert np.abs(found.signal - 9.81).max() < 1.3  # and gravity leaves no jump at the ends


def test_what_is_too_fast_is_filtered_out_and_not_aliased() -> None:
    fast = Recording(tone(18, 50), 0, 1, 1)  # at 20 Hz it would come back as 2 Hz
    (found,) = resample([fast], 50, 20)
    assert np.abs(found.signal[40:-40]).max() < 0.02
    assert np.abs(fast.signal[::5]).max() > 0.9


@settings(max_examples=40)
@given(st.integers(0, 50), st.integers(1, 3), st.sampled_from([(20, 50), (50, 20), (20, 20), (1, 7)]))
def test_length_dtype_and_labels(steps: int, axes: int, rates: tuple[int, int]) -> None:
    rate, new_rate = rates
    for dtype in (np.float32, np.float64):
        recording = Recording(np.full((steps, axes), 9.81, dtype), 2, 3, 4)
        (found,) = resample([recording], rate, new_rate)
        assert found.signal.shape == (math.ceil(steps * new_rate / rate), axes)
        assert found.signal.dtype == dtype
        assert (found.label, found.person, found.trial) == (2, 3, 4)
        np.testing.assert_allclose(found.signal, 9.81, rtol=1e-5)  # what is constant stays so, to the ends


def test_what_leaves_the_range_is_refused() -> None:
    with pytest.raises(DataError, match="person 1, trial 1 has"):
        resample([Recording(np.array([[3e38], [-3e38]], np.float32), 0, 1, 1)], 20, 50)


def test_refuses() -> None:
    recording = Recording(np.zeros((5, 1)), 0, 1, 1)
    for rate, new_rate, message in (
        (0.0, 20.0, "rate is 0.0, expected a finite number of Hz above 0"),
        (20.0, float("inf"), "new_rate is inf"),
        (20.0, float("nan"), "new_rate is nan"),
        (20.0, np.pi, "cannot bring 20.0 Hz to 3.14.* Hz, expected a ratio of whole numbers up to 1000"),
        (1.0, 5000.0, "expected a ratio of whole numbers up to 1000"),
        (5000.0, 1.0, "expected a ratio of whole numbers up to 1000"),
    ):
        with pytest.raises(DataError, match=message):
            resample([recording], rate, new_rate)
