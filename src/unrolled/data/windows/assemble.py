"""From continuous recordings to a data set: windows, a training and a test part, scaling."""

import hashlib
import itertools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from unrolled._support.validation import whole_number
from unrolled.data.checks import FloatArray, hertz, real_numbers
from unrolled.data.dataset import Dataset, warn_of_leakage
from unrolled.data.errors import DataError
from unrolled.data.labels import MAX_CLASSES, class_names
from unrolled.data.samples import Rng
from unrolled.data.summary import Tally, logger
from unrolled.data.windows.divide import Division, Split, division
from unrolled.data.windows.people import numbers_of_people, people_by_number
from unrolled.data.windows.recordings import Recording, count_windows, windows_of
from unrolled.data.windows.resample import contradicts, resample
from unrolled.data.windows.stamps import Piece, at_one_rate
from unrolled.data.windows.tables import Stamps, number_texts


def from_recordings(
    recordings: Iterable[Recording] | Iterable[tuple[Any, ...]],
    *,
    classes: Sequence[str] | None = None,
    rate: float | None = None,
    split: Split = "person",
    test_share: float = 0.2,
    test_people: Collection[int | str] | None = None,
    window: int = 150,
    stride: int = 75,
    new_rate: float | None = None,
    scale: bool = True,
    rng: Rng = 0,
    provenance: str = "",
) -> Dataset:
    """Make a data set of recordings of one's own.

    Each recording is cut into windows by itself, the windows are divided in two, and the axes are scaled by
    what is measured on the training part.

    Parameters
    ----------
    recordings : iterable of (signal, label, person), of (signal, label, person, time), or of Recording
        ``signal`` is (L, D), L steps of D axes at a steady rate: an uninterrupted recording of one movement by
        one person. ``label`` is the name of the movement, or a whole number from 0; either all are names or all
        are numbers. ``person`` is a whole number, or all are names, numbered from 1 in alphabetical order.
        Recordings may differ in L, not in D. ``time`` (L,) says when each step was taken: as in
        `cut_recordings`, it decides the rate, and where a recording is cut.
    classes : sequence of str, optional
        The names of label 0, 1, ... Default: the names among the labels in alphabetical order, in
        numerical order if all are numbers as text; for labels that are numbers "class 1", "class 2", ...
    rate : float, optional
        Steps a second (Hz). Default: what the recordings or their time stamps say.
    split : {"person", "trial", "random"}
        What is in one part alone. "person": all windows of a person; this is how well it works for people
        never seen. "trial": all windows of a recording. "random": a window, drawn from each class alike.
        Windows that overlap (`stride` below `window`) then share steps across the parts, and a random split
        of them leaks: scores on such a test set are too good.
    test_share : float
        About this share of the windows is for testing, between 0 and 1 exclusive; see `Samples.split`.
    test_people : collection of int or str, optional
        The people who are for testing, by number or by name, with `split` "person". `test_share` and `rng` then mean
        nothing.
    window, stride : int
        Length of a window and distance between the starts of neighbors, in steps. A recording shorter than
        a window is dropped.
    new_rate : float, optional
        Bring the recordings to this rate (Hz) first, by `resample`; window and stride are in its steps. Needs
        `rate`.
    scale : bool
        Bring each axis to mean 0 and standard deviation 1, as measured on the training windows.
    rng : None, int or numpy.random.Generator
        Where the split comes from.
    provenance : str
        Where the recordings come from, in words; how they were cut and divided is added.

    Returns
    -------
    Dataset
        With person and trial numbers; trials of recordings given as tuples count from 1 for each person.
        ``summary`` says how many recordings and windows were kept and dropped; it is also logged, to the
        logger "unrolled.data", and so is a warning if a class is to be tested that is never trained on.

    Raises
    ------
    DataError
        If a recording, a label, a name or a parameter does not fit (the message names the recording by its
        place), or there is too little to divide.

    See Also
    --------
    load_csv : The same from files.
    cut_recordings : Recordings from a table of steps.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> given = [(rng.normal(size=(200, 3)), name, who) for who in ("ann", "bob") for name in ("sit", "walk")]
    >>> from_recordings(given, rate=50, window=100, stride=100, test_people=["bob"])
    Dataset(4 training and 4 test series of 100 steps x 3 axes at 50 Hz, standardized; \
1 and 1 people; 8 and 8 seconds; classes: sit (2 + 2), walk (2 + 2))
    """
    everything = list(recordings)
    held_out = None if test_people is None else people_by_number(test_people, everything)
    pipeline = Pipeline(division(split, test_share, held_out, rng), window, stride, new_rate, scale)
    tally = Tally()
    listed, names, rate = _as_recordings(everything, classes, None if rate is None else hertz(rate, "rate"), tally)
    source = provenance or "Recordings of one's own"
    return pipeline.dataset(listed, names, rate, source, source, tally)


@dataclass(frozen=True)
class Pipeline:
    """The one way from continuous recordings to a data set: resampled, cut into windows, divided, scaled.

    Parameters
    ----------
    divide : Division
        What makes a training and a test part of the windows.
    window, stride, new_rate, scale
        As for `from_recordings`.
    drop_twins : bool
        Leave out a recording that is, value for value, the same as one before it. They are warned of otherwise.
    """

    divide: Division
    window: int
    stride: int
    new_rate: float | None = None
    scale: bool = True
    drop_twins: bool = False

    def __post_init__(self) -> None:
        whole_number(self.window, "window", 1, error=DataError)
        whole_number(self.stride, "stride", 1, error=DataError)
        if self.new_rate is not None:
            hertz(self.new_rate, "new_rate")

    def least_steps(self, rate: float | None) -> int:
        """Return how many steps a recording at `rate` must have for a window, about, and never too many."""
        if self.new_rate is None or rate is None or not rate > 0:
            return self.window
        return max(1, int((self.window - 1) * (rate / self.new_rate)))

    def dataset(
        self,
        recordings: Sequence[Recording],
        classes: tuple[str, ...],
        rate: float | None,
        provenance: str,
        name: str,
        tally: Tally,
    ) -> Dataset:
        """Return the data set; `name` is for messages, and `tally` goes on with what the reader counted."""
        if not recordings:
            dropped = str(tally.summary()).replace("\n", "; ")
            raise DataError(f"{name}: there are no recordings to cut windows from{f' ({dropped})' if dropped else ''}")
        try:
            if self.new_rate is not None:
                if rate is None and recordings[0].rate is None:
                    raise DataError(f"new_rate is {self.new_rate} and rate is None, expected both")
                recordings, rate = resample(recordings, rate, self.new_rate), float(self.new_rate)
            rate = _agreed_rate(recordings, rate)
            recordings = self._without_twins(recordings, name, tally)
            samples = windows_of(recordings, self.window, self.stride)
            if not len(samples):
                raise DataError(f"window is {self.window} steps, longer than every recording")
            train, test = self.divide(samples)
            kept = len(train) + len(test)
            count_windows(recordings, self.window, kept, tally)
            tally.drop("windows", "not drawn", len(samples) - kept, asked=True)
            del samples, recordings  # windows are more than what they are cut from
            dataset = Dataset(
                train,
                test,
                classes,
                rate,
                f"{provenance}; windows of {self.window} steps every {self.stride}; {self.divide.words()}",
                summary=tally.report(name),
            )
            _warn_of_classes_never_trained_on(dataset, name)
            warn_of_leakage(dataset, name)
            return dataset.standardized() if self.scale else dataset
        except DataError as error:
            raise DataError(f"{name}: {error}") from error

    def _without_twins(self, recordings: Sequence[Recording], name: str, tally: Tally) -> Sequence[Recording]:
        """Drop or warn of the recordings that are the same as one before them."""
        seen: dict[bytes, Recording] = {}
        twins: list[int] = []
        for i, recording in enumerate(recordings):
            if len(recording.signal) >= self.window:
                key = hashlib.sha256(np.ascontiguousarray(recording.signal).data).digest()
                if seen.setdefault(key, recording) is not recording:
                    twins.append(i)
                    if len(twins) == 1:
                        first = f"person {recording.person}, trial {recording.trial} and {seen[key]!r}"
        if twins and not self.drop_twins:
            logger.warning("%s: %d recordings are the same as another, value for value: %s", name, len(twins), first)
        if not twins or not self.drop_twins:
            return recordings
        tally.drop("recordings", "the same as another, value for value", len(twins))
        return [recording for i, recording in enumerate(recordings) if i not in set(twins)]


def _agreed_rate(recordings: Sequence[Recording], rate: float | None) -> float | None:
    """Return `rate`, or that of the recordings, unless these have several."""
    rates = [recording.rate for recording in recordings if recording.rate is not None]
    if rate is None:
        rate = rates[0] if rates else None
    for other in rates:
        if rate is not None and contradicts(other, rate):
            raise DataError(f"there are recordings at {rate:g} and {other:g} Hz: pass new_rate to bring them to one")
    return rate


def _warn_of_classes_never_trained_on(dataset: Dataset, name: str) -> None:
    missing = np.setdiff1d(dataset.test.y, dataset.train.y)
    if len(missing):
        names = ", ".join(dataset.classes[label] for label in missing)
        logger.warning("%s: %s is in the test part and not in the training part", name, names)


def _as_recordings(
    everything: list[Any], classes: Sequence[str] | None, rate: float | None, tally: Tally
) -> tuple[list[Recording], tuple[str, ...], float | None]:
    """Return recordings with whole-number labels, the names of the classes, and the rate."""
    if all(isinstance(each, Recording) for each in everything):
        return everything, _names([recording.label for recording in everything], classes), rate
    parts: list[tuple[Any, ...]] = []
    for i, each in enumerate(everything):
        parts.append(tuple(each) if isinstance(each, tuple | list) else ())
        if len(parts[-1]) not in (3, 4):
            raise DataError(
                f"recording {i} is a {type(each).__name__}, expected (signal, label, person) like the others, or with "
                "the time of each step as a fourth"
            )
    labels = [part[1] for part in parts]
    named = [isinstance(label, str) for label in labels]
    if any(named) and not all(named):
        i = named.index(not named[0])
        raise DataError(f"recording {i} has label {labels[i]!r} and recording 0 {labels[0]!r}: expected one kind")
    all_named = bool(named) and all(named)
    known = list(number_texts(sorted(set(labels)))) if all_named and classes is None else classes
    numbers = {name: i for i, name in enumerate(_names([], known))}
    trials: dict[int, itertools.count[int]] = {}
    people = numbers_of_people([part[2] for part in parts])
    pieces: list[Piece] = []
    for i, ((signal, label, _, *time), person) in enumerate(zip(parts, people, strict=True)):
        try:
            if all_named and label not in numbers:
                raise DataError(f"label is {label!r}, expected one of {', '.join(map(repr, numbers))}")
            trial = next(trials.setdefault(person, itertools.count(1)))
            recording = Recording(signal, numbers[label] if all_named else label, person, trial)
            stretches = [(recording.signal, None)] if not time else _stretches(recording.signal, time[0], rate)
            for n, (stretch, seconds) in enumerate(stretches):
                trial = next(trials[person]) if n else trial
                pieces.append(Piece(stretch, seconds, recording.label, person, trial))
        except DataError as error:
            raise DataError(f"recording {i}: {error}") from error
    names = _names([piece.label for piece in pieces], known)
    if all(piece.time is None for piece in pieces):
        recordings = [Recording(piece.signal, piece.label, piece.person, piece.trial) for piece in pieces]
        return recordings, names, rate
    recordings, rate = at_one_rate(pieces, rate, fixed=False, min_steps=lambda _: 1, tally=tally)
    return recordings, names, rate


def _stretches(signal: FloatArray, time: ArrayLike, rate: float | None) -> list[tuple[FloatArray, Any]]:
    """Return where a recording is cut by its time stamps, and these in seconds."""
    if np.shape(time) != (len(signal),):
        raise DataError(f"time has shape {np.shape(time)}, expected ({len(signal)},): one number a row of signal")
    real_numbers(time, "time", ("row",))
    stamps = Stamps(np.asarray(time, np.float64), None, None, rate)
    ends, seconds = stamps.ends(np.zeros(max(len(signal) - 1, 0), bool))
    assert seconds is not None
    rows = np.flatnonzero(ends) + 1
    return list(zip(np.split(signal, rows), np.split(seconds, rows), strict=True))


def _names(labels: Sequence[int], classes: Sequence[str] | None) -> tuple[str, ...]:
    """Return `classes` as a tuple, or names for labels that have none."""
    if classes is not None:
        return class_names(classes)
    highest = max(labels, default=0)
    if highest >= MAX_CLASSES:
        raise DataError(f"the labels run up to {highest}, expected at most {MAX_CLASSES} classes")
    return tuple(f"class {i + 1}" for i in range(highest + 1))
