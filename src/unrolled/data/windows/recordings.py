"""Continuous recordings and the windows cut from them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from unrolled._support.validation import checked_fields, optional, whole, whole_number
from unrolled.data.checks import FloatArray, hertz, real_numbers
from unrolled.data.errors import DataError
from unrolled.data.samples import Samples
from unrolled.data.summary import Tally


@dataclass(frozen=True, eq=False, repr=False)
@checked_fields(DataError, label=whole(0), person=whole(), trial=whole(), rate=optional(hertz))
class Recording:
    """One uninterrupted recording of one movement by one person.

    Parameters
    ----------
    signal : array, shape (L, D)
        L steps of D axes at a steady rate, finite. float64 is kept, anything else becomes float32.
    label : int
        The movement, from 0.
    person : int
        Who moved.
    trial : int
        Which of the person's trials this is; person and trial together name the recording.

    rate : float, optional
        Steps a second (Hz), if known.

    Raises
    ------
    DataError
        If the signal has another rank, no axes, or a number that is not finite; if a number is no whole one,
        or the label below 0.

    See Also
    --------
    cut_windows, from_recordings : What is made of recordings.

    Examples
    --------
    >>> import numpy as np
    >>> Recording(np.zeros((500, 3)), label=0, person=1, trial=1, rate=50)
    Recording(500 steps x 3 axes at 50 Hz, label 0, person 1, trial 1)
    """

    signal: FloatArray
    label: int
    person: int
    trial: int
    rate: float | None = None

    def __post_init__(self) -> None:
        name = f"the signal of person {self.person}, trial {self.trial}"
        object.__setattr__(self, "signal", real_numbers(self.signal, name, ("row", "axis")))

    def __repr__(self) -> str:
        steps, axes = self.signal.shape
        whose = f"label {self.label}, person {self.person}, trial {self.trial}"
        rate = "" if self.rate is None else f" at {self.rate:g} Hz"
        return f"Recording({steps} steps x {axes} axes{rate}, {whose})"


def cut_windows(recordings: Iterable[Recording], length: int = 150, stride: int = 75) -> Samples:
    """Cut windows of `length` steps, one every `stride` steps, out of each recording by itself.

    No window straddles two recordings. A recording of L steps gives ``(L - length) // stride + 1`` windows,
    none if it is shorter than `length`; steps left over at its end are not used.

    Parameters
    ----------
    recordings : iterable of Recording
        At least one; all with the same number of axes D.
    length, stride : int
        In steps, at least 1. A stride below `length` makes neighboring windows overlap.

    How many recordings were too short is logged, to the logger "unrolled.data".

    Returns
    -------
    Samples
        X (N, length, D) in the order of the recordings and of time, with the label, person and trial of the
        recording each window came from. N is 0 if every recording is too short.

    Raises
    ------
    DataError
        If there are no recordings, they differ in D, or `length` or `stride` is below 1.

    See Also
    --------
    from_recordings : The same, divided and scaled.

    Examples
    --------
    >>> import numpy as np
    >>> cut_windows([Recording(np.zeros((500, 3)), label=0, person=1, trial=1)], length=100, stride=50)
    Samples(9 series of 100 steps x 3 axes, float64, 1 people)
    """
    recordings = list(recordings)
    samples = windows_of(recordings, length, stride)
    tally = Tally()
    count_windows(recordings, length, len(samples), tally)
    tally.report("cut_windows")
    return samples


def windows_of(recordings: Sequence[Recording], length: int, stride: int) -> Samples:
    """Do as `cut_windows` does, for a caller who counts."""
    length, stride = (
        whole_number(length, "length", 1, error=DataError),
        whole_number(stride, "stride", 1, error=DataError),
    )
    if not recordings:
        raise DataError("there are no recordings to cut windows from")
    axes = recordings[0].signal.shape[1]
    for i, recording in enumerate(recordings):
        if recording.signal.shape[1] != axes:
            raise DataError(f"recording {i} has {recording.signal.shape[1]} axes, expected {axes} as in recording 0")
    windows = [_windows(recording.signal, length, stride) for recording in recordings]
    numbers = np.array([(r.label, r.person, r.trial) for r in recordings], np.int64)
    y, person, trial = numbers.repeat([len(w) for w in windows], axis=0).T
    # concatenate alone would keep the memory order of the views, time innermost
    return Samples(np.ascontiguousarray(np.concatenate(windows)), y, person, trial)


def count_windows(recordings: Sequence[Recording], length: int, n_windows: int, tally: Tally) -> None:
    """Count the windows that were kept, and the recordings too short for a window of `length` steps."""
    long = sum(len(recording.signal) >= length for recording in recordings)
    tally.keep("recordings", long)
    tally.drop("recordings", f"shorter than {length} steps", len(recordings) - long)
    tally.keep("windows", n_windows)


def _windows(signal: FloatArray, length: int, stride: int) -> FloatArray:
    """View the windows of one signal, shape (n, length, D)."""
    if len(signal) < length:
        return np.empty((0, length, signal.shape[1]), signal.dtype)
    windows: FloatArray = sliding_window_view(signal, length, axis=0)[::stride].swapaxes(1, 2)
    return windows
