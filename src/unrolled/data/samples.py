"""Labeled series, of equal length or padded to it, and how they are divided in two."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from unrolled._support.validation import one_of, real_number, refuse_masked
from unrolled.data.channels.channel import Channel
from unrolled.data.channels.combined import Channels
from unrolled.data.checks import FloatArray, IntArray, real_numbers, step_counts, target_numbers, whole_numbers
from unrolled.data.errors import DataError
from unrolled.data.padding import is_ragged, pad

Rng = int | np.random.Generator | None


@dataclass(frozen=True, eq=False, repr=False)
class Samples:
    """N series of T steps with D axes, each with its label, or with a number that is to be predicted.

    Parameters
    ----------
    X : array, shape (N, T, D)
        The series, finite. float64 is kept, anything else becomes float32. Of a list of series of different lengths,
        (L, D) each, `pad` makes X and `lengths`. Where `lengths` are given, what
        stands behind a series' last step is padding: zeros are put there, whatever it was.
    y : array, shape (N,)
        The label of each, a whole number from 0; kept as int64. Or with `numbers` the target of each, any finite
        number; kept as float64.
    person : array, shape (N,), optional
        Whose movement it is, as whole numbers; kept as int64.
    trial : array, shape (N,), optional
        Which of the person's trials it was cut from; kept as int64.
    lengths : array, shape (N,), optional
        How many steps of each are its own, whole numbers from 1 to T; kept as int64. None: all T of every one.
    numbers : bool
        Whether y are numbers, for networks with ``n_outputs=1``, and not labels.

    Raises
    ------
    DataError
        If a shape, a dtype or a value does not fit: the message names the array and the row.

    See Also
    --------
    Dataset : A training and a test part.
    pad : Series of different lengths as X and lengths.

    Examples
    --------
    >>> import numpy as np
    >>> Samples(np.zeros((4, 50, 3)), np.array([0, 1, 0, 1]), person=np.array([1, 1, 2, 2]))
    Samples(4 series of 50 steps x 3 axes, float64, 2 people)
    >>> Samples(np.zeros((2, 50, 3)), np.array([61.5, 72]), numbers=True)
    Samples(2 series of 50 steps x 3 axes, float64, numbers from 61.5 to 72)
    """

    X: FloatArray
    y: NDArray[Any]
    person: IntArray | None = None
    trial: IntArray | None = None
    lengths: IntArray | None = None
    numbers: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        if self.lengths is None and is_ragged(self.X):
            X, lengths = pad(self.X)
            object.__setattr__(self, "lengths", lengths)
        else:
            X = real_numbers(self.X, "X", ("row", "step", "axis"))
        object.__setattr__(self, "X", X)
        if not isinstance(self.numbers, bool):
            raise DataError(f"numbers is {self.numbers!r}, expected True or False")
        y = target_numbers(self.y, "y", len(X)) if self.numbers else whole_numbers(self.y, "y", len(X), minimum=0)
        object.__setattr__(self, "y", y)
        for name, numbers in (("person", self.person), ("trial", self.trial)):
            if numbers is not None:
                object.__setattr__(self, name, whole_numbers(numbers, name, len(X)))
        if self.lengths is not None:
            lengths = step_counts(self.lengths, "lengths", len(X), X.shape[1])
            object.__setattr__(self, "lengths", lengths)
            padding = np.arange(X.shape[1]) >= lengths[:, np.newaxis]
            if X[padding].any():  # else X is as it should be, and no copy is made
                object.__setattr__(self, "X", np.where(padding[:, :, np.newaxis], X.dtype.type(0), X))

    def __len__(self) -> int:
        return len(self.X)

    def __repr__(self) -> str:
        n, _, d = self.X.shape
        people = "" if self.person is None else f", {len(np.unique(self.person))} people"
        what = f", numbers from {self.y.min():g} to {self.y.max():g}" if self.numbers and n else ""
        return f"Samples({n} series of {steps(self)} steps x {d} axes, {self.X.dtype}{people}{what})"

    def subset(self, indices: Sequence[int] | NDArray[np.integer] | NDArray[np.bool_]) -> "Samples":
        """Return the samples at `indices` (whole numbers, or a mask of length N), in that order.

        Raises
        ------
        DataError
            If an index is out of range or a mask has another length.
        """
        refuse_masked(indices, "indices", error=DataError)
        chosen = np.asarray(indices)
        if chosen.size == 0 and chosen.dtype.kind == "f":  # an empty list is an empty choice
            chosen = chosen.astype(np.int64)
        if chosen.ndim != 1 or chosen.dtype.kind not in "biu":
            raise DataError(f"indices have shape {chosen.shape} and dtype {chosen.dtype}, expected indices or a mask")
        try:
            return Samples(
                self.X[chosen],
                self.y[chosen],
                None if self.person is None else self.person[chosen],
                None if self.trial is None else self.trial[chosen],
                None if self.lengths is None else self.lengths[chosen],
                numbers=self.numbers,
            )
        except IndexError as error:
            raise DataError(f"indices do not fit {len(self)} samples: {error}") from error

    def with_channels(self, channels: Channels | Sequence[Channel]) -> "Samples":
        """Return the samples with what is derived from their axes, which are in the sensor's units.

        Parameters
        ----------
        channels : sequence of Channel
            Those of `unrolled.data.channels`, such as ``[Axes(), Magnitude()]``.

        Returns
        -------
        Samples
            X (N, T, n outputs), of the same dtype; padding is not read, and stays zero.

        Raises
        ------
        DataError
            If a channel does not fit these axes.

        See Also
        --------
        Dataset.with_channels : Of both parts, scaled anew.
        """
        if not isinstance(channels, Channels):
            channels = Channels(channels, self.X.shape[2])
        return dataclasses.replace(self, X=channels(self.X, self.lengths))

    def split(
        self, fraction: float, *, by: Literal["person", "trial"] | None = None, rng: Rng = None
    ) -> tuple["Samples", "Samples"]:
        """Divide the samples in two at random: the rest, and about `fraction` of them.

        Parameters
        ----------
        fraction : float
            Share of the second part, between 0 and 1 exclusive.
        by : {None, "person", "trial"}
            None draws from each class alike (stratified): the second part holds `fraction` of every class,
            rounded, and each part at least one sample of a class that has two. Windows cut with overlap then
            share steps across the parts: such a split leaks, and scores on the second part are too good.
            "person" and "trial" move whole people, or whole trials (one person's samples with one trial
            number; without people, all with one trial number), so that no group is in both parts: in random
            order, a group moves if that brings the counts of the classes nearer to `fraction`. Where `y` are numbers
            there are no classes: all samples count as of one.
        rng : None, int or numpy.random.Generator
            Where the randomness comes from. The same seed gives the same parts.

        Returns
        -------
        rest, part : Samples
            In both, samples stay in the order they had.

        Raises
        ------
        DataError
            If `fraction` is out of range, or there is too little to divide: no class of two samples, a single
            sample or group, or no person or trial numbers.

        See Also
        --------
        folds : Everyone left out once.
        Dataset.check_leakage : What two parts share nevertheless.

        Examples
        --------
        >>> import numpy as np
        >>> samples = Samples(np.zeros((8, 5, 1)), np.arange(8) % 2, person=np.arange(8) // 2)
        >>> rest, part = samples.split(0.25, by="person", rng=0)
        >>> len(rest), len(part), np.unique(part.person)
        (6, 2, array([2]))
        """
        fraction = real_number(fraction, "fraction", above=0, below=1, error=DataError)
        generator = np.random.default_rng(rng)
        if self.numbers and len(self) < 2:
            raise DataError(f"cannot divide {len(self)} samples: expected two or more")
        y = np.zeros(len(self), np.int64) if self.numbers else self.y
        if by is None:
            taken = _draw_from_classes(y, fraction, generator)
        else:
            taken = _draw_groups(y, self._groups(by), by, fraction, generator)
        return self.subset(~taken), self.subset(taken)

    def folds(self, *, by: Literal["person", "trial"] = "person") -> Iterator[tuple["Samples", "Samples"]]:
        """Leave one person, or one trial, out at a time: everyone is tested on once, and never trained on then.

        Parameters
        ----------
        by : {"person", "trial"}
            What is left out, as in `split`.

        Returns
        -------
        iterator of (rest, part)
            In rising order of the person or trial that `part` is all of; in both, samples stay in the order
            they had. Scale by what is measured on `rest` alone: ``Dataset(rest, part, classes).standardized()``.

        Raises
        ------
        DataError
            If there are no person or trial numbers, or fewer than two people or trials.
        """
        groups = self._groups(by)
        n_groups = groups.max(initial=-1) + 1
        if n_groups < 2:
            raise DataError(f"cannot leave one {by} out: expected at least 2, found {n_groups}")
        return ((self.subset(groups != group), self.subset(groups == group)) for group in range(n_groups))

    def _groups(self, by: str) -> IntArray:
        """Return the number of its group for every sample, groups numbered from 0."""
        one_of(by, ("person", "trial"), "by", error=DataError)
        numbers = self.person if by == "person" else self.trial
        if numbers is None:
            raise DataError(f"by is {by!r}, but these samples carry no {by} numbers")
        if by == "trial" and self.person is not None:
            pairs = np.stack([self.person, numbers], axis=1)
            return np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1)
        return np.unique(numbers, return_inverse=True)[1].reshape(-1)


def joined(one: Samples, other: Samples) -> Samples:
    """Put two parts together; person, trial and lengths are kept where both have them."""
    if one.X.shape[1:] != other.X.shape[1:]:
        raise DataError(f"the parts have shapes {one.X.shape} and {other.X.shape}, expected as many steps and axes")
    beside: dict[str, IntArray | None] = {}
    for name in ("person", "trial", "lengths"):
        a, b = getattr(one, name), getattr(other, name)
        beside[name] = None if a is None or b is None else np.concatenate([a, b])
    if (one.lengths is None) != (other.lengths is None):
        whole = [np.full(len(part), part.X.shape[1]) if part.lengths is None else part.lengths for part in (one, other)]
        beside["lengths"] = np.concatenate(whole)
    y = np.concatenate([one.y, other.y])
    return Samples(np.concatenate([one.X, other.X]), y, **beside, numbers=one.numbers)


def steps(*parts: Any) -> str:
    """Describe how many steps the series have: "150", or "7 to 29" where they differ."""
    counts: set[int] = set()
    for part in parts:
        counts.update([part.X.shape[1]] if part.lengths is None or not len(part) else part.lengths.tolist())
    return f"{min(counts)}" if len(counts) == 1 else f"{min(counts)} to {max(counts)}"


def _draw_from_classes(y: IntArray, fraction: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    taken = np.zeros(len(y), bool)
    for label in np.unique(y):
        members = rng.permutation(np.flatnonzero(y == label))
        wanted = min(max(round(fraction * len(members)), 1), len(members) - 1)
        taken[members[:wanted]] = True
    if not taken.any():
        raise DataError(f"cannot divide {len(y)} samples: no class has two or more")
    return taken


def _draw_groups(
    y: IntArray, groups: IntArray, by: str, fraction: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    n_groups = groups.max(initial=-1) + 1
    if n_groups < 2:
        others = '"trial" or "random"' if by == "person" else '"random"'
        raise DataError(
            f"cannot divide by {by}: expected at least 2 groups, found {n_groups}: say whose each is with {by}=, or "
            f"divide otherwise with split={others}"
        )
    present, labels = np.unique(y, return_inverse=True)
    counts = np.zeros((n_groups, len(present)))  # of each class in each group
    np.add.at(counts, (groups, labels), 1)
    missing = fraction * counts.sum(axis=0)  # what the second part still wants of each class
    chosen: list[int] = []
    for group in rng.permutation(n_groups):
        after = missing - counts[group]
        if np.abs(after).sum() < np.abs(missing).sum() and len(chosen) < n_groups - 1:
            missing = after
            chosen.append(group)
    if not chosen:  # every group is too large for so small a fraction: the smallest is the nearest
        chosen.append(int(counts.sum(axis=1).argmin()))
    taken: NDArray[np.bool_] = np.isin(groups, chosen)
    return taken
