"""From continuous recordings to a data set: windows, a training and a test part, scaling."""

import itertools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from unrolled._support.validation import whole_number
from unrolled.data.checks import hertz
from unrolled.data.dataset import Dataset, class_names
from unrolled.data.errors import DataError
from unrolled.data.labels import MAX_CLASSES
from unrolled.data.samples import Rng
from unrolled.data.summary import Tally, logger
from unrolled.data.windows.divide import Division, Split, division
from unrolled.data.windows.recordings import Recording, count_windows, windows_of
from unrolled.data.windows.resample import resample


def from_recordings(
    recordings: Iterable[Recording] | Iterable[tuple[ArrayLike, str | int, int]],
    *,
    classes: Sequence[str] | None = None,
    rate: float | None = None,
    split: Split = "person",
    test_share: float = 0.2,
    test_people: Collection[int] | None = None,
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
    recordings : iterable of (signal, label, person), or of Recording
        ``signal`` is (L, D), L steps of D axes at a steady rate: an uninterrupted recording of one movement by
        one person. ``label`` is the name of the movement, or a whole number from 0; either all are names or all
        are numbers. ``person`` is a whole number. Recordings may differ in L, not in D.
    classes : sequence of str, optional
        The names of label 0, 1, ... Default: the names among the labels in alphabetical order; for labels
        that are numbers "class 1", "class 2", ...
    rate : float, optional
        Steps a second (Hz), if known.
    split : {"person", "trial", "random"}
        What is in one part alone. "person": all windows of a person; this is how well it works for people
        never seen. "trial": all windows of a recording. "random": a window, drawn from each class alike.
        Windows that overlap (`stride` below `window`) then share steps across the parts, and a random split
        of them leaks: scores on such a test set are too good.
    test_share : float
        About this share of the windows is for testing, between 0 and 1 exclusive; see `Samples.split`.
    test_people : collection of int, optional
        The people who are for testing, with `split` "person". `test_share` and `rng` then mean nothing.
    window, stride : int
        Length of a window and distance between the starts of neighbours, in steps. A recording shorter than
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
    """
    pipeline = Pipeline(division(split, test_share, test_people, rng), window, stride, new_rate, scale)
    listed, names = _as_recordings(recordings, classes)
    source = provenance or "Recordings of one's own"
    return pipeline.dataset(listed, names, rate, source, source, Tally())


@dataclass(frozen=True)
class Pipeline:
    """The one way from continuous recordings to a data set: resampled, cut into windows, divided, scaled.

    Parameters
    ----------
    divide : Division
        What makes a training and a test part of the windows.
    window, stride, new_rate, scale
        As for `from_recordings`.
    """

    divide: Division
    window: int
    stride: int
    new_rate: float | None = None
    scale: bool = True

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
                if rate is None:
                    raise DataError(f"new_rate is {self.new_rate} and rate is None, expected both")
                recordings, rate = resample(recordings, rate, self.new_rate), float(self.new_rate)
            samples = windows_of(recordings, self.window, self.stride)
            if not len(samples):
                raise DataError(f"window is {self.window} steps, longer than every recording")
            train, test = self.divide(samples)
            kept = len(train) + len(test)
            count_windows(recordings, self.window, kept, tally)
            tally.drop("windows", "not drawn", len(samples) - kept, asked=True)
            dataset = Dataset(
                train,
                test,
                classes,
                rate,
                f"{provenance}; windows of {self.window} steps every {self.stride}; {self.divide.words()}",
                summary=tally.report(name),
            )
            _warn_of_classes_never_trained_on(dataset, name)
            return dataset.standardised() if self.scale else dataset
        except DataError as error:
            raise DataError(f"{name}: {error}") from error


def _warn_of_classes_never_trained_on(dataset: Dataset, name: str) -> None:
    missing = np.setdiff1d(dataset.test.y, dataset.train.y)
    if len(missing):
        names = ", ".join(dataset.classes[label] for label in missing)
        logger.warning("%s: %s is in the test part and not in the training part", name, names)


def _as_recordings(
    given: Iterable[Recording] | Iterable[tuple[ArrayLike, str | int, int]], classes: Sequence[str] | None
) -> tuple[list[Recording], tuple[str, ...]]:
    """Return recordings with whole-number labels, and the names of the classes."""
    everything = list(given)
    if all(isinstance(each, Recording) for each in everything):
        recordings = [each for each in everything if isinstance(each, Recording)]
        return recordings, _names([recording.label for recording in recordings], classes)
    parts: list[tuple[Any, Any, Any]] = []
    each: Any
    for i, each in enumerate(everything):
        try:
            signal, label, person = each
        except (TypeError, ValueError):
            raise DataError(
                f"recording {i} is a {type(each).__name__}, expected (signal, label, person) like the others"
            ) from None
        parts.append((signal, label, person))
    labels = [label for _, label, _ in parts]
    named = [isinstance(label, str) for label in labels]
    if any(named) and not all(named):
        i = named.index(not named[0])
        raise DataError(f"recording {i} has label {labels[i]!r} and recording 0 {labels[0]!r}: expected one kind")
    all_named = bool(named) and all(named)
    known = sorted(set(labels)) if all_named and classes is None else classes
    numbers = {name: i for i, name in enumerate(_names([], known))}
    trials: dict[int, itertools.count[int]] = {}
    recordings = []
    for i, (signal, label, person) in enumerate(parts):
        try:
            if all_named and label not in numbers:
                raise DataError(f"label is {label!r}, expected one of {', '.join(map(repr, numbers))}")
            whose = whole_number(person, "person", error=DataError)
            trial = next(trials.setdefault(whose, itertools.count(1)))
            recordings.append(Recording(signal, numbers[label] if all_named else label, whose, trial))
        except DataError as error:
            raise DataError(f"recording {i}: {error}") from error
    return recordings, _names([recording.label for recording in recordings], known)


def _names(labels: Sequence[int], classes: Sequence[str] | None) -> tuple[str, ...]:
    """Return `classes` as a tuple, or names for labels that have none."""
    if classes is not None:
        return class_names(classes)
    highest = max(labels, default=0)
    if highest >= MAX_CLASSES:
        raise DataError(f"the labels run up to {highest}, expected at most {MAX_CLASSES} classes")
    return tuple(f"class {i + 1}" for i in range(highest + 1))
