"""A training and a test part with what is known about them."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from unrolled._support.validation import checked_fields, instance, optional, whole_number
from unrolled.data.channels.channel import Channel
from unrolled.data.channels.combined import Channels
from unrolled.data.checks import hertz
from unrolled.data.errors import DataError
from unrolled.data.labels import class_names, names_or_none
from unrolled.data.leakage import Leakage, find_leakage
from unrolled.data.samples import Samples, joined
from unrolled.data.scaling import Scaling
from unrolled.data.summary import Summary, logger
from unrolled.data.table import Table, table_of


def _summary(value: Any, name: str, *, error: type[ValueError] = DataError) -> Summary:
    return Summary() if value is None else instance(Summary, "one of the library")(value, name, error=error)


@dataclass(frozen=True, eq=False, repr=False)
@checked_fields(
    DataError,
    classes=names_or_none,
    summary=_summary,
    rate=optional(hertz),
    channels=optional(instance(Channels, "that of dataset.with_channels")),
)
class Dataset:
    """Recordings ready for training: two parts, the names of the classes, and where it all comes from.

    Parameters
    ----------
    train, test : Samples
        Neither is empty; both have the same number of axes D, and labels for y, or both ``numbers``.
    classes : tuple of str
        The name of label 0, 1, ...; no name twice. None, (), where y are numbers.
    rate : float, optional
        Steps a second (Hz), if known.
    provenance : str
        Source, selection and split, in words.
    scaling : Scaling, optional
        The standardization already applied to both parts; ``scaling.invert(X)`` gives raw units again.
    summary : Summary, optional
        What was kept and what was dropped, and why, on the way from the files to here, which `save_h5` does not
        write. There always is one afterwards: it also has the table that ``print(dataset)`` shows.
    channels : Channels, optional
        What the axes of both parts were derived by, before any scaling; see `with_channels`.

    Raises
    ------
    DataError
        If a part is empty, the parts differ in D, a label has no class name, or a name, the rate or the
        scaling or the channels do not fit.

    See Also
    --------
    Samples : A part.
    from_recordings, load_csv : What makes one of recordings of one's own.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.random.default_rng(0).normal(size=(6, 50, 3)), np.array([0, 1, 0, 1, 0, 1])
    >>> dataset = Dataset(Samples(X[:4], y[:4]), Samples(X[4:], y[4:]), ("sit", "walk"), rate=50)
    >>> dataset
    Dataset(4 training and 2 test series of 50 steps x 3 axes at 50 Hz, raw; 4 and 2 seconds; \
classes: sit (2 + 1), walk (2 + 1))
    >>> print(dataset)  # dataset.summary the same
    series of 50 steps x 3 axes at 50 Hz, raw
    class  training  seconds  test  seconds
    sit           2        2     1        1
    walk          2        2     1        1
    all           4        4     2        2

    Numbers to be predicted, such as a pulse, have no classes; where they lie is shown instead:

    >>> pulse = np.array([60, 70.5, 80, 100])
    >>> print(Dataset(Samples(X[:4], pulse, numbers=True), Samples(X[4:], pulse[:2], numbers=True), classes=()))
    series of 50 steps x 3 axes, raw
    range of targets  training  steps  test  steps
    60 to 68                 1     50     1     50
    68 to 76                 1     50     1     50
    76 to 84                 1     50     0      0
    84 to 92                 0      0     0      0
    92 to 100                1     50     0      0
    all                      4    200     2    100
    """

    train: Samples
    test: Samples
    classes: tuple[str, ...]
    rate: float | None = None
    provenance: str = ""
    scaling: Scaling | None = None
    summary: Summary = field(default_factory=Summary)
    channels: Channels | None = None

    def __post_init__(self) -> None:
        d = self.train.X.shape[2]
        if self.test.X.shape[2] != d:
            raise DataError(f"train has {d} axes and test has {self.test.X.shape[2]}, expected the same number")
        for name, part in (("train", self.train), ("test", self.test)):
            if not len(part):
                raise DataError(f"{name} has no samples")
        if self.train.numbers or self.test.numbers:
            self._check_numbers()
        elif not self.classes:
            raise DataError("classes are (), expected at least one name: of targets that are numbers, numbers=True")
        for name, part in (("train", self.train), ("test", self.test)):
            if self.classes and part.y.max() >= len(self.classes):
                row = int(part.y.argmax())
                raise DataError(
                    f"{name} has label {part.y[row]} at row {row}, expected 0 to {len(self.classes) - 1}: "
                    f"there are {len(self.classes)} classes"
                )
        if self.scaling is not None and self.scaling.mean.shape != (d,):
            raise DataError(f"scaling is for {len(self.scaling.mean)} axes, expected {d} as in train")
        if self.channels is not None and self.channels.n_outputs != d:
            raise DataError(f"channels have {self.channels.n_outputs} outputs, expected {d} as in train")
        object.__setattr__(self, "summary", dataclasses.replace(self.summary, table=table_of(self)))

    def _check_numbers(self) -> None:
        if not (self.train.numbers and self.test.numbers):
            kinds = ["numbers" if part.numbers else "labels" for part in (self.train, self.test)]
            raise DataError(f"train has {kinds[0]} for y and test has {kinds[1]}, expected the same")
        if self.classes:
            raise DataError(f"classes are {self.classes!r}, expected none, (): the targets are numbers")

    def __repr__(self) -> str:
        return f"Dataset({self._table.brief})"

    def __str__(self) -> str:
        return str(self.summary)

    def _repr_html_(self) -> str:
        return self.summary._repr_html_()

    @property
    def _table(self) -> Table:
        assert self.summary.table is not None
        return self.summary.table

    def standardized(self) -> "Dataset":
        """Return the data set with each axis at mean 0 and standard deviation 1, measured on `train` alone.

        Padding is not measured, and stays zero.

        Raises
        ------
        DataError
            If it is standardized already.
        """
        if self.scaling is not None:
            raise DataError("the data set is standardized already, expected one in raw units")
        scaling = Scaling.fit(self.train.X, self.train.lengths)
        train, test = (dataclasses.replace(part, X=scaling.apply(part.X)) for part in (self.train, self.test))
        return dataclasses.replace(self, train=train, test=test, scaling=scaling)

    def with_channels(self, channels: Sequence[Channel]) -> "Dataset":
        """Return the data set with what is derived from its axes, in the sensor's units, in place of them.

        Where it is standardized, that is undone first, and the channels are standardized anew, by what is measured
        on `train` alone.

        Parameters
        ----------
        channels : sequence of Channel
            Those of `unrolled.data.channels`, side by side in this order. ``Axes()`` among them keeps the axes.

        Returns
        -------
        Dataset
            Its ``channels`` say what each axis is now, and so does a file that `save_h5` writes of it.

        Raises
        ------
        DataError
            If it has channels already, if one does not fit these axes, or if a filter is for another rate.

        See Also
        --------
        unrolled.data.augment.BeforeChannels : Random changes of the axes, before the channels are derived anew.

        Examples
        --------
        >>> from unrolled import data
        >>> from unrolled.data.channels import Axes, Magnitude, Vertical
        >>> movements = data.load_shoulder_exercises().with_channels([Axes(), Magnitude(), Vertical()])
        >>> movements.train.X.shape[2], movements.channels.names[3]
        (5, 'magnitude(axis 0, axis 1, axis 2)')
        """
        if self.channels is not None:
            raise DataError(f"the data set has channels already ({self.channels}), expected one of measured axes")
        derived = Channels(channels, self.train.X.shape[2])
        derived.check_rate(self.rate)
        train, test = (part.with_channels(derived) for part in self._in_units())
        dataset = dataclasses.replace(self, train=train, test=test, scaling=None, channels=derived)
        return dataset if self.scaling is None else dataset.standardized()

    def select_axes(self, axes: Sequence[int]) -> "Dataset":
        """Return the data set with these axes alone, in this order; a scaling goes along.

        Parameters
        ----------
        axes : sequence of int
            Which of the D axes, from 0; at least one, none twice.

        Raises
        ------
        DataError
            If there is no such axis, one is named twice, or they are channels: select before they are derived.
        """
        if self.channels is not None:
            raise DataError(
                f"the axes are channels ({self.channels}), expected axes as measured: select them first, or name the "
                "channels wanted in with_channels"
            )
        d = self.train.X.shape[2]
        chosen = [whole_number(axis, "an axis", 0, error=DataError) for axis in axes]
        if not chosen or max(chosen) >= d or len(set(chosen)) < len(chosen):
            raise DataError(f"axes are {chosen}, expected different numbers from 0 to {d - 1}, at least one")
        train, test = (dataclasses.replace(part, X=part.X.take(chosen, axis=2)) for part in (self.train, self.test))
        scaling = self.scaling and Scaling(self.scaling.mean[chosen], self.scaling.std[chosen])
        return dataclasses.replace(self, train=train, test=test, scaling=scaling)

    def select_classes(self, names: Sequence[str]) -> "Dataset":
        """Return the data set with the samples of these classes alone, labeled 0, 1, ... in this order.

        A scaling stays as it is, measured on all classes: to measure it on those kept, load with
        ``scale=False``, select, and then call `standardized`.

        Parameters
        ----------
        names : sequence of str
            Which of the classes; at least one, none twice.

        Raises
        ------
        DataError
            If there is no such class, one is named twice, or a part has no sample of any of them; or if the targets
            are numbers.
        """
        if self.train.numbers:
            raise DataError("the targets are numbers, expected labels: there are no classes to select")
        kept = class_names(names, "names")
        if unknown := [name for name in kept if name not in self.classes]:
            raise DataError(f"there is no class {unknown[0]!r}, expected some of {', '.join(self.classes)}")
        number = np.full(len(self.classes), -1)
        number[[self.classes.index(name) for name in kept]] = np.arange(len(kept))
        train, test = (part.subset(number[part.y] >= 0) for part in (self.train, self.test))
        train, test = (dataclasses.replace(part, y=number[part.y]) for part in (train, test))
        before = len(self.train) + len(self.test)
        left_out = before - len(train) - len(test)
        summary = self.summary if self.summary.kept else Summary({"windows": before})
        what = "windows" if "windows" in summary.kept else "series"
        summary += Summary({what: -left_out}, {what: {"of a class not selected": left_out}} if left_out else {})
        return dataclasses.replace(self, train=train, test=test, classes=kept, summary=summary)

    def check_leakage(self) -> Leakage:
        """Find out what the training and the test part share: windows, steps of overlapping windows, people, trials.

        Values are compared to the bit, padding left aside. Whoever loads a data set is warned of shared windows
        and steps, through the logger "unrolled.data".

        Returns
        -------
        Leakage
            True if any step is in both parts; as text it says what was found.

        See Also
        --------
        Samples.split : Parts that share no person or no trial.

        Examples
        --------
        >>> import numpy as np
        >>> recording = np.random.default_rng(0).normal(size=(40, 3))
        >>> windows = np.stack([recording[:30], recording[10:]])
        >>> part = Samples(windows, [0, 1])
        >>> print(Dataset(part.subset([0]), part.subset([1]), ("sit", "walk")).check_leakage())
        of 1 test series 0 are in the training part too, value for value, and 1 others share steps with it; both \
parts have 0 people and 0 trials
        """
        return find_leakage(self.train, self.test)

    def folds(self, *, by: Literal["person", "trial"] = "person") -> Iterator["Dataset"]:
        """Leave one person, or one trial, of both parts out at a time: tested on that one, trained on all others.

        Whatever the split was, training and test part are put together first. Where they are standardized, each
        fold is so anew, by what is measured on its own training part.

        Parameters
        ----------
        by : {"person", "trial"}
            What is left out, as in `Samples.split`.

        Returns
        -------
        iterator of Dataset
            In rising order of the person or trial.

        Raises
        ------
        DataError
            If there are no person or trial numbers, fewer than two people or trials, or the parts differ in T.
        """
        everything = joined(*self._in_units())
        folds = (
            dataclasses.replace(
                self,
                train=train,
                test=test,
                scaling=None,
                provenance=f"{self.provenance}; a fold: tested on one {by} left out".removeprefix("; "),
            )
            for train, test in everything.folds(by=by)
        )
        return folds if self.scaling is None else (fold.standardized() for fold in folds)

    def _in_units(self) -> tuple[Samples, Samples]:
        """Return both parts with the scaling undone."""
        if self.scaling is None:
            return self.train, self.test
        train, test = (dataclasses.replace(part, X=self.scaling.invert(part.X)) for part in (self.train, self.test))
        return train, test


def warn_of_leakage(dataset: Dataset, name: str) -> None:
    """Log a warning if the parts share windows or steps; `name` says which data set it is."""
    if found := dataset.check_leakage():
        logger.warning("%s: scores will be too good: %s", name, found)
