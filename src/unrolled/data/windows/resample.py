"""Continuous recordings brought to another rate."""

import dataclasses
import functools
import math
from collections.abc import Iterable
from fractions import Fraction

import numpy as np

from unrolled.data.checks import FloatArray, hertz
from unrolled.data.errors import DataError
from unrolled.data.windows.recordings import Recording

TOLERANCE = 0.02
"""Rates that differ by less than this share count as one: a window of them lasts what it says, to a fiftieth."""
LARGEST = 1000  # of either number of the ratio: the filter's length, and with it the time, grows with it


def resample(recordings: Iterable[Recording], rate: float | None, new_rate: float) -> list[Recording]:
    """Bring recordings from one rate to another, each by itself, before windows are cut from them.

    What is too fast for the new rate is filtered out first, so that nothing is aliased
    (`scipy.signal.resample_poly`, with its Kaiser window). A straight line through the first and the last step
    is set aside while filtering, so that gravity leaves no jump at the ends.

    Parameters
    ----------
    recordings : iterable of Recording
    rate : float or None
        Steps a second (Hz), before. None: what each recording says.
    new_rate : float
        Steps a second (Hz), after. The ratio of the two must be one of whole numbers up to 1000.

    Returns
    -------
    list of Recording
        In the same order, with ``ceil(L * new_rate / rate)`` steps for L; dtype, label, person and trial stay.

    Raises
    ------
    DataError
        If a rate is not a finite number above 0, the ratio is not one of such numbers, a recording does not say
        its rate where `rate` is None, or says another.

    See Also
    --------
    cut_windows : What comes next.
    load_csv : Resamples by ``new_rate``.

    Examples
    --------
    >>> import numpy as np
    >>> resample([Recording(np.zeros((100, 3)), label=0, person=1, trial=1)], 50, 20)
    [Recording(40 steps x 3 axes at 20 Hz, label 0, person 1, trial 1)]
    """
    new_rate = hertz(new_rate, "new_rate")
    rate = None if rate is None else hertz(rate, "rate")
    resampled = []
    for i, recording in enumerate(recordings):
        if rate is None and recording.rate is None:
            raise DataError(f"rate is None and recording {i} does not say at what rate it is, expected either")
        if rate is not None and recording.rate is not None and contradicts(recording.rate, rate):
            raise DataError(f"recording {i} is at {recording.rate:g} Hz, expected rate={rate:g}")
        before = recording.rate if rate is None else rate
        assert before is not None
        up, down = _ratio(before, new_rate)
        with np.errstate(over="ignore", invalid="ignore"):  # Recording refuses what is no longer finite
            signal = _resampled(recording.signal, up, down)
        resampled.append(dataclasses.replace(recording, signal=signal, rate=new_rate))
    return resampled


def contradicts(one: float, other: float) -> bool:
    """Tell whether two rates differ by more than `TOLERANCE`."""
    return abs(one / other - 1) > TOLERANCE


def decimate(signal: FloatArray, down: int) -> FloatArray:
    """Leave one of `down` steps of a signal (L, D), after what is too fast for that was filtered out."""
    return _filtered(signal, 1, down) if down > 1 else signal


@functools.lru_cache
def _ratio(rate: float, new_rate: float) -> tuple[int, int]:
    exact = Fraction(new_rate) / Fraction(rate)
    ratio = exact.limit_denominator(LARGEST)
    up, down = ratio.numerator, ratio.denominator
    if not 0 < up <= LARGEST or not math.isclose(up / down, exact, rel_tol=1e-9):
        raise DataError(f"cannot bring {rate} Hz to {new_rate} Hz, expected a ratio of whole numbers up to {LARGEST}")
    return up, down


def _resampled(signal: FloatArray, up: int, down: int) -> FloatArray:
    return signal if up == down or not len(signal) else np.asarray(_filtered(signal, up, down), signal.dtype)


def _filtered(signal: FloatArray, up: int, down: int) -> FloatArray:
    from scipy.signal import resample_poly  # its import takes longer than that of all of unrolled

    start, slope = signal[0], (signal[-1] - signal[0]) / max(len(signal) - 1, 1)  # of the line, a step
    waves = resample_poly(signal - _line(start, slope, len(signal), 1), up, down, axis=0)
    return np.asarray(waves + _line(start, slope, len(waves), down / up))


def _line(start: FloatArray, slope: FloatArray, steps: int, pace: float) -> FloatArray:
    return np.asarray(start + np.arange(steps)[:, np.newaxis] * pace * slope.astype(np.float64))
