"""A long table of steps cut into continuous recordings, and text turned into numbers for it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unrolled._support.validation import one_of, real_number
from unrolled.data.checks import FloatArray, IntArray, hertz, real_numbers, whole_numbers
from unrolled.data.errors import DataError
from unrolled.data.summary import Tally
from unrolled.data.windows.recordings import Recording
from unrolled.data.windows.stamps import UNITS, Piece, TimeUnit, at_one_rate, breaks, in_seconds


def cut_recordings(
    signal: ArrayLike,
    label: ArrayLike,
    person: ArrayLike,
    time: ArrayLike | None = None,
    *,
    time_unit: TimeUnit | None = None,
    rate: float | None = None,
    max_gap: float | None = None,
    min_steps: int = 1,
) -> list[Recording]:
    """Cut a table of steps, in the order they were recorded, into continuous recordings at one rate.

    A recording ends where the label or the person changes, where time stands still, runs back or leaps ahead by
    more than `max_gap`, and where the length of the steps changes for good. So nothing cut from one recording has
    two labels, two people or a hole in it.

    The time stamps say at what rate each was taken. Recordings whose rate differs from the common one by more than
    2 %, or whose steps are uneven, are read at even times, filtered first where that takes steps out.

    Parameters
    ----------
    signal : array, shape (N, D)
        A row a step.
    label, person : array, shape (N,)
        The movement (from 0) and the person at each step, as whole numbers.
    time : array, shape (N,), optional
        When each step was taken. Without it only label and person end a recording.
    time_unit : {"s", "ms", "us", "ns"}, optional
        Of `time` and `max_gap`. Default: the one that goes with `rate`, or without that makes a rate from 1 to
        1000 Hz.
    rate : float, optional
        Steps a second (Hz). Default: what the time stamps say, for most of the time.
    max_gap : float, optional
        The longest time between two steps of a recording, in the unit of `time`. Default: five times the
        median time between two steps.
    min_steps : int
        Shorter recordings are left out.

    Returns
    -------
    list of Recording
        In the order of the table, with their rate if it is known. ``trial`` counts a person's recordings from 1,
        those left out included. How many were left out and resampled is logged, to the logger "unrolled.data".

    Raises
    ------
    DataError
        If the arrays differ in length, a number is not finite, a parameter is out of range, `rate` contradicts the
        time stamps, or most of these are the same as the one before.

    See Also
    --------
    from_recordings : What makes a data set of them.
    load_csv : Both, from files.

    Examples
    --------
    >>> import numpy as np
    >>> label = [0] * 50 + [1] * 50
    >>> cut_recordings(np.zeros((100, 3)), label, np.ones(100), np.arange(100) * 20, time_unit="ms")
    [Recording(50 steps x 3 axes at 50 Hz, label 0, person 1, trial 1), \
Recording(50 steps x 3 axes at 50 Hz, label 1, person 1, trial 2)]
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
    stamps = Stamps(times, time_unit, max_gap, None if rate is None else hertz(rate, "rate"))
    recordings, _ = cut_counted(signal, labels, people, stamps, lambda _: min_steps, tally)
    tally.keep("recordings", len(recordings))
    tally.report("cut_recordings")
    return recordings


@dataclass(frozen=True)
class Stamps:
    """When the rows of a table were taken, if that is known, and what is said about their rate.

    Parameters
    ----------
    time, time_unit, max_gap, rate
        As for `cut_recordings`.
    fixed : bool
        Bring every recording to `rate`, whatever the rate of most is; otherwise a `rate` that they contradict is
        an error.
    """

    time: NDArray[np.float64] | None
    time_unit: str | None
    max_gap: float | None
    rate: float | None
    fixed: bool = False

    def __post_init__(self) -> None:
        if self.time_unit is not None:
            one_of(self.time_unit, tuple(UNITS), "time_unit", error=DataError)
        if self.max_gap is not None:
            real_number(self.max_gap, "max_gap", above=0, error=DataError)

    def ends(self, changes: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.float64] | None]:
        """Return after which rows a recording ends, given where it does anyway, and the times in seconds."""
        if self.time is None:
            return changes, None
        seconds = in_seconds(self.time, self.time_unit, self.rate)
        gap = self.max_gap
        if gap is not None and self.time_unit is not None:
            gap *= UNITS[self.time_unit]
        elif gap is not None:
            with np.errstate(over="ignore", invalid="ignore"):
                span = float(self.time.max() - self.time.min()) if len(self.time) else 0.0
                gap *= float(seconds.max() - seconds.min()) / span if span else 1.0
        return breaks(seconds, changes, gap), seconds


def cut_counted(
    signal: FloatArray,
    label: NDArray[np.integer[Any]],
    person: IntArray,
    stamps: Stamps,
    min_steps: Callable[[float | None], int],
    tally: Tally,
    *,
    session: NDArray[np.integer[Any]] | None = None,
    trial: IntArray | None = None,
) -> tuple[list[Recording], float | None]:
    """Do as `cut_recordings` does, with arrays that were checked, and count what becomes of the recordings.

    Returns their rate too; `min_steps` is asked with it. A recording ends with its `session`, rows with a label
    below 0 are of none, and `trial` (N,) stands for the count.
    """
    changes = (np.diff(label) != 0) | (np.diff(person) != 0)
    ends, seconds = stamps.ends(changes if session is None else changes | (np.diff(session) != 0))
    edges = np.concatenate([[0], np.flatnonzero(ends) + 1, [len(signal)]])
    starts, stops = edges[:-1], edges[1:]
    starts, stops = starts[stops > starts], stops[stops > starts]  # a table without rows has no recording
    known = label[starts] >= 0
    starts, stops = starts[known], stops[known]
    trials = _count_within(person[starts]) if trial is None else trial[starts]
    pieces = [
        Piece(
            signal[start:stop],
            None if seconds is None else seconds[start:stop],
            int(label[start]),
            int(person[start]),
            int(number),
        )
        for start, stop, number in zip(starts.tolist(), stops.tolist(), trials.tolist(), strict=True)
    ]
    return at_one_rate(pieces, stamps.rate, fixed=stamps.fixed, min_steps=min_steps, tally=tally)


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
    """Return numbers from 0 for different texts: in numerical order if all are numbers, else alphabetical."""
    if all(_NUMBER.fullmatch(text) for text in texts):
        return {text: i for i, text in enumerate(sorted(texts, key=lambda text: (float(text), text)))}
    return {text: i for i, text in enumerate(sorted(texts))}


def number_people(texts: Sequence[str]) -> dict[str, int]:
    """Return a number for each person: their own if all are whole numbers, else 1, 2, ... in alphabetical order.

    Names that are all numbers, but not all whole, are in numerical order.
    """
    if all(_WHOLE.fullmatch(text) for text in texts):
        return {text: int(text.partition(".")[0]) for text in texts}
    return {text: number + 1 for text, number in number_texts(texts).items()}


_WHOLE = re.compile(r"[0-9]{1,18}(?:\.0*)?", re.ASCII)  # int64 holds every number of 18 digits; "2.0" is 2
_NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{0,18})?", re.ASCII)
