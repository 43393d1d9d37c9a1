"""Continuous recordings brought to another rate."""

import math
from collections.abc import Iterable
from fractions import Fraction

import numpy as np

from unrolled.data.checks import FloatArray, hertz
from unrolled.data.errors import DataError
from unrolled.data.windows.recordings import Recording

LARGEST = 1000  # of either number of the ratio: the filter's length, and with it the time, grows with it


def resample(recordings: Iterable[Recording], rate: float, new_rate: float) -> list[Recording]:
    """Bring recordings from one rate to another, each by itself, before windows are cut from them.

    What is too fast for the new rate is filtered out first, so that nothing is aliased
    (`scipy.signal.resample_poly`, with its Kaiser window). A straight line through the first and the last step
    is set aside while filtering, so that gravity leaves no jump at the ends.

    Parameters
    ----------
    recordings : iterable of Recording
        All at `rate`.
    rate, new_rate : float
        Steps a second (Hz), before and after. Their ratio must be one of whole numbers up to 1000.

    Returns
    -------
    list of Recording
        In the same order, with ``ceil(L * new_rate / rate)`` steps for L; dtype, label, person and trial stay.

    Raises
    ------
    DataError
        If a rate is not a finite number greater than 0, or the ratio is not one of such numbers.
    """
    exact = Fraction(hertz(new_rate, "new_rate")) / Fraction(hertz(rate, "rate"))
    ratio = exact.limit_denominator(LARGEST)
    up, down = ratio.numerator, ratio.denominator
    if not 0 < up <= LARGEST or not math.isclose(up / down, exact, rel_tol=1e-9):
        raise DataError(f"cannot bring {rate} Hz to {new_rate} Hz, expected a ratio of whole numbers up to {LARGEST}")
    with np.errstate(over="ignore", invalid="ignore"):  # Recording refuses what is no longer finite
        return [
            Recording(_resampled(recording, up, down), recording.label, recording.person, recording.trial)
            for recording in recordings
        ]


def _resampled(recording: Recording, up: int, down: int) -> FloatArray:
    signal = recording.signal
    if up == down or not len(signal):
        return signal
    from scipy.signal import resample_poly  # its import takes longer than that of all of unrolled

    start, slope = signal[0], (signal[-1] - signal[0]) / max(len(signal) - 1, 1)  # of the line, a step
    waves = resample_poly(signal - _line(start, slope, len(signal), 1), up, down, axis=0)
    return np.asarray(waves + _line(start, slope, len(waves), down / up), signal.dtype)


def _line(start: FloatArray, slope: FloatArray, steps: int, pace: float) -> FloatArray:
    return np.asarray(start + np.arange(steps)[:, np.newaxis] * pace * slope.astype(np.float64))
