"""Time stamps: where a recording ends by them, at what rate it was taken, and how it is brought to another.

Stamps decide, not what a data set says of itself: recordings of one device differ in rate, and many change it on
the way. Within `TOLERANCE` of the stated rate and without a step missing, a recording stays as it is; any other
is read at even times by `on_grid`.
"""

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from unrolled._support.validation import whole_number
from unrolled.data.checks import FloatArray
from unrolled.data.errors import DataError
from unrolled.data.summary import Tally
from unrolled.data.windows.recordings import Recording
from unrolled.data.windows.resample import TOLERANCE, contradicts, decimate

TimeUnit = Literal["s", "ms", "us", "ns"]
UNITS: dict[str, float] = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
USUAL_STEPS = 5  # a step this many times as long as the usual one is a gap
CONTEXT = 9  # steps before and after, by which a change of the steps' length is noticed
CHANGE = 1.4  # by this factor
FASTEST = 100.0  # times the stated rate: stamps that are closer are no times
LONGEST = 100  # steps on the grid for each step recorded: more would be invented, not measured

Times = NDArray[np.float64]


class Piece(NamedTuple):
    """An uninterrupted stretch of a recording, with its times in seconds if they are known."""

    signal: FloatArray
    time: Times | None
    label: int
    person: int
    trial: int


def in_seconds(time: Times, unit: str | None, rate: float | None) -> Times:
    """Return time stamps in seconds.

    Without a unit it is the one of `UNITS` in which the median step is nearest to `rate`, or without that makes a
    rate from 1 to 1000 Hz.
    """
    if unit is None:
        with np.errstate(over="ignore"):
            steps = np.diff(time)
        steps = steps[(steps > 0) & np.isfinite(steps)]
        usual = float(np.median(steps)) if len(steps) else 1.0
        if rate is None:  # the longest step that is not over a second, but for rounding
            unit = next((name for name, factor in UNITS.items() if usual * factor < 1.001), "ns")
        else:
            unit = min(UNITS, key=lambda name: abs(math.log(usual) + math.log(UNITS[name] * rate)))
    return np.asarray(time * UNITS[unit], np.float64)


def breaks(time: Times, changes: NDArray[np.bool_], max_gap: float | None) -> NDArray[np.bool_]:
    """Return after which rows, of all but the last, a recording ends.

    Parameters
    ----------
    time : array, shape (N,)
        In seconds.
    changes : array of bool, shape (N - 1,)
        After which rows it ends anyway.
    max_gap : float, optional
        The longest time within a recording; default `USUAL_STEPS` median steps.

    Raises
    ------
    DataError
        If most stamps are the same as the one before: they are too coarse to measure a gap or a rate by.
    """
    with np.errstate(over="ignore"):  # a leap beyond float64 is infinite, and ends a recording
        steps = np.diff(time)
    usual = steps[~changes & (steps >= 0)]
    with np.errstate(over="ignore"):
        median = float(np.median(usual)) if len(usual) else 0.0
        gap = USUAL_STEPS * median if max_gap is None else max_gap
    if len(usual) > 1 and median == 0:
        raise DataError(
            f"time: {int((usual == 0).sum())} of {len(usual)} steps have the time of the step before, so that neither "
            "gaps nor a rate can be seen: pass finer time stamps, or no time"
        )
    ends: NDArray[np.bool_] = changes | (steps <= 0) | ~np.isfinite(steps)
    ends |= steps > gap
    edges = np.flatnonzero(np.concatenate([[True], ends, [True]]))  # a recording's rows are edges[i] to edges[i + 1]
    long = np.flatnonzero(np.diff(edges) > 2 * CONTEXT)
    for start, stop in zip(edges[long], edges[long + 1], strict=True):
        ends[start + _changes_of_step(steps[start : stop - 1])] = True
    return ends


def _changes_of_step(steps: Times) -> NDArray[np.intp]:
    """Return the rows, counted within a recording of at least 2 * CONTEXT steps, after which their length changes."""
    if steps.max() <= CHANGE * steps.min():
        return np.zeros(0, np.intp)
    from scipy.ndimage import median_filter, uniform_filter1d  # their import takes longer than unrolled.data's

    middle = CONTEXT // 2
    first = np.arange(CONTEXT, len(steps) - CONTEXT + 1)  # the first step after a change there
    slower, faster = np.ones((2, len(first)), bool)
    # by the median, which a missing step does not move, and by the mean, which uneven stamps do not move
    for usual in (median_filter(steps, CONTEXT, mode="nearest"), uniform_filter1d(steps, CONTEXT, mode="nearest")):
        before, after = usual[first - middle - 1], usual[first + middle]
        slower &= after > CHANGE * before
        faster &= before > CHANGE * after
    changed = slower | faster
    edges = np.flatnonzero(np.diff(np.concatenate([[False], changed, [False]]).astype(np.int8)))
    return np.asarray(first[(edges[::2] + edges[1::2] - 1) // 2] - 1, np.intp)  # the middle of each run


def rate_of(time: Times) -> float:
    """Return the rate of a stretch, in Hz, by the mean of its usual steps; NaN for fewer than two steps."""
    if len(time) < 2:
        return math.nan
    steps = np.diff(time)
    median = np.sort(steps)[(len(steps) - 1) // 2]  # one of them
    return float(1 / steps[np.abs(steps - median) <= median / 2].mean())  # a step missed is no slower rate


def common_rate(pieces: list[Piece]) -> float | None:
    """Return the rate that most of the time was recorded at, a whole number where that is within a thousandth."""
    timed = [piece.time for piece in pieces if piece.time is not None and len(piece.time) > 1]
    if not timed:
        return None
    rates, weights = np.array([rate_of(time) for time in timed]), np.array([len(time) for time in timed])
    order = np.argsort(rates, kind="stable")
    middle = np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)
    rate = float(rates[order[middle]])
    whole = float(round(rate))
    return whole if whole and abs(rate / whole - 1) < 1e-3 else float(f"{rate:.6g}")


def is_steady(time: Times, rate: float) -> bool:
    """Tell whether stamps are those of a steady `rate`: none is half a step from where it should be."""
    if len(time) < 2:
        return True
    step = float(time[-1] - time[0]) / (len(time) - 1)
    even = time[0] + step * np.arange(len(time))
    return not contradicts(1 / step, rate) and bool(np.abs(time - even).max() <= step / 2)


def steps_at(time: Times, rate: float) -> int:
    """Return how many steps a stretch has once it is brought to a rate."""
    return int(float(time[-1] - time[0]) * rate + 1e-6) + 1


def on_grid(signal: FloatArray, time: Times, rate: float) -> FloatArray:
    """Read a signal (L, D) at even times, from the first stamp to the last, in its dtype.

    Between two stamps it is a cubic that does not overshoot (`scipy.interpolate.PchipInterpolator`). What was
    recorded faster is read on a finer grid first and filtered before steps are left out, so that nothing is aliased.
    """
    from scipy.interpolate import PchipInterpolator  # its import takes longer than that of all of unrolled.data

    down = max(1, math.ceil(rate_of(time) / rate - TOLERANCE))
    n = (steps_at(time, rate) - 1) * down + 1
    fine = PchipInterpolator(time - time[0], signal.astype(np.float64))(np.arange(n) / (rate * down))
    return np.asarray(decimate(fine, down), signal.dtype)


def at_one_rate(
    pieces: list[Piece],
    rate: float | None,
    *,
    fixed: bool,
    min_steps: Callable[[float | None], int],
    tally: Tally,
) -> tuple[list[Recording], float | None]:
    """Return the pieces as recordings at one rate, and that rate; count what became of them.

    Parameters
    ----------
    pieces : list of Piece
    rate : float or None
        The rate that is stated. None: what the time stamps say.
    fixed : bool
        Bring all to `rate`, whatever most are at; otherwise that they contradict it is an error.
    min_steps : callable
        Returns how many steps a recording must have, given the rate.
    tally : Tally
    """
    found = common_rate(pieces)
    if rate is not None and found is not None and not fixed and contradicts(found, rate):
        raise DataError(
            f"rate is {rate:g}, but the time stamps are of {found:g} Hz: leave rate out and pass new_rate to resample, "
            "or say the time_unit"
        )
    rate = found if rate is None else rate
    least = whole_number(min_steps(rate), "min_steps", 1, error=DataError)
    recordings = []
    for piece in pieces:
        signal, time = piece.signal, piece.time
        if rate is not None and time is not None and not is_steady(time, rate):
            here, n = rate_of(time), steps_at(time, rate)
            if here > FASTEST * rate or n > LONGEST * len(time):
                tally.drop("recordings", f"at a rate by their time stamps far from {rate:g} Hz")
                continue
            if n >= least:
                signal = on_grid(signal, time, rate)
                other = f"from {round(here)} Hz" if contradicts(here, rate) else "from uneven steps"
                tally.change("recordings", f"resampled {other} by their time stamps")
            else:
                signal = signal[:0]
        if len(signal) < least:
            tally.drop("recordings", f"shorter than {least} steps")
            continue
        recordings.append(Recording(signal, piece.label, piece.person, piece.trial, rate))
    return recordings, rate
