"""A long table of steps cut into continuous recordings, and text turned into numbers for it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unrolled._support.validation import whole_number
from unrolled.data.checks import FloatArray, IntArray, real_numbers, whole_numbers
from unrolled.data.errors import DataError
from unrolled.data.summary import Tally
from unrolled.data.windows.recordings import Recording

USUAL_STEPS = 5  # a step this many times as long as the usual one is a gap


def cut_recordings(
    signal: ArrayLike,
    label: ArrayLike,
    person: ArrayLike,
    time: ArrayLike | None = None,
    *,
    max_gap: float | None = None,
    min_steps: int = 1,
) -> list[Recording]:
    """Cut a table of steps, in the order they were recorded, into continuous recordings.

    A recording ends where the label or the person changes, where time runs back, and where it leaps ahead by
    more than `max_gap`. So nothing cut from one recording has two labels, two people or a hole in it.

    Parameters
    ----------
    signal : array, shape (N, D)
        A row a step.
    label, person : array, shape (N,)
        The movement (from 0) and the person at each step, as whole numbers.
    time : array, shape (N,), optional
        When each step was taken, in any unit. Without it only label and person end a recording.
    max_gap : float, optional
        The longest time between two steps of a recording, in the unit of `time`. Default: five times the
        median time between two steps.
    min_steps : int
        Shorter recordings are left out; how many is logged, to the logger "unrolled.data".

    Returns
    -------
    list of Recording
        In the order of the table. ``trial`` counts a person's recordings from 1, those left out included.

    Raises
    ------
    DataError
        If the arrays differ in length, a number is not finite, or a parameter is out of range.
    """
    signal = real_numbers(signal, "signal", ("row", "axis"))
    labels = whole_numbers(label, "label", len(signal), minimum=0)
    people = whole_numbers(person, "person", len(signal))
    times = None
    if time is not None:
        real_numbers(time, "time", ("row",))
        times = np.asarray(time, np.float64)  # float32 would not tell two nanoseconds apart
        if len(times) != len(signal):
            raise DataError(f"time has shape {times.shape}, expected ({len(signal)},): one number a row of signal")
    tally = Tally()
    recordings = cut_counted(signal, labels, people, times, max_gap, min_steps, tally)
    tally.keep("recordings", len(recordings))
    tally.report("cut_recordings")
    return recordings


def cut_counted(
    signal: FloatArray,
    label: IntArray,
    person: IntArray,
    time: FloatArray | None,
    max_gap: float | None,
    min_steps: int,
    tally: Tally,
) -> list[Recording]:
    """Do as `cut_recordings` does, with arrays that were checked, and count the recordings left out."""
    min_steps = whole_number(min_steps, "min_steps", 1, error=DataError)
    edges = np.concatenate([[0], _ends(label, person, time, max_gap), [len(signal)]])
    starts, stops = edges[:-1], edges[1:]
    filled = stops > starts  # a table without rows has no recording
    starts, stops = starts[filled], stops[filled]
    trials = _count_within(person[starts])
    # chosen before any is made: a damaged table can have a recording a row
    long = np.flatnonzero(stops - starts >= min_steps)
    tally.drop("recordings", f"shorter than {min_steps} steps", len(starts) - len(long))
    return [
        Recording(signal[starts[i] : stops[i]], int(label[starts[i]]), int(person[starts[i]]), int(trials[i]))
        for i in long
    ]


def _ends(label: IntArray, person: IntArray, time: FloatArray | None, max_gap: float | None) -> NDArray[np.intp]:
    """Return the rows with which a new recording begins, but for the first row."""
    if max_gap is not None and not (np.isfinite(max_gap) and max_gap > 0):
        raise DataError(f"max_gap is {max_gap}, expected a finite number greater than 0, or None")
    changes = (np.diff(label) != 0) | (np.diff(person) != 0)
    if time is not None:
        with np.errstate(over="ignore"):  # a leap beyond float64 is infinite, and ends a recording
            ahead = np.diff(time)
            usual = ahead[~changes & (ahead > 0)]
            if max_gap is None:
                max_gap = USUAL_STEPS * float(np.median(usual)) if len(usual) else np.inf
        changes |= (ahead < 0) | (ahead > max_gap)
    return np.flatnonzero(changes) + 1


def _count_within(person: IntArray) -> IntArray:
    """Count from 1, for each person alone, in the order given."""
    order = np.argsort(person, kind="stable")
    ordered = person[order]
    first = np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(person)]
    starts = np.flatnonzero(first)
    counts = np.empty(len(person), np.int64)
    counts[order] = np.arange(len(person)) - starts[np.cumsum(first) - 1] + 1
    return counts


def number_texts(texts: Sequence[str]) -> dict[str, int]:
    """Return numbers from 0 for different texts: in numerical order if all are whole numbers, else alphabetical."""
    if all(_is_whole(text) for text in texts):
        return {text: i for i, text in enumerate(sorted(texts, key=lambda text: (int(text), text)))}
    return {text: i for i, text in enumerate(sorted(texts))}


def number_people(texts: Sequence[str]) -> dict[str, int]:
    """Return a number for each person: their own if all are whole numbers, else 1, 2, ... in alphabetical order."""
    if all(_is_whole(text) for text in texts):
        return {text: int(text) for text in texts}
    return {text: number + 1 for text, number in number_texts(texts).items()}


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18  # int64 holds every number of 18 digits
