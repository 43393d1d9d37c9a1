"""How windows are divided in a training and a test part."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from unrolled._support.validation import one_of, real_number, whole_number
from unrolled.data.errors import DataError
from unrolled.data.samples import Rng, Samples

Split = Literal["person", "trial", "random"]
UNITS = {"person": "people", "trial": "recordings", "random": "windows drawn at random"}


class Division(Protocol):
    """A way to divide windows in a training and a test part; not every window need be in either."""

    def __call__(self, samples: Samples) -> tuple[Samples, Samples]:
        """Return the training and the test part."""
        ...

    def words(self) -> str:
        """Return what it does, for the provenance of a data set."""
        ...


@dataclass(frozen=True)
class ByShare:
    """About `test_share` of the windows are for testing, drawn by `Samples.split`."""

    split: Split
    test_share: float
    rng: Rng

    def __post_init__(self) -> None:
        one_of(self.split, tuple(UNITS), "split", error=DataError)
        real_number(self.test_share, "test_share", above=0, below=1, error=DataError)

    def __call__(self, samples: Samples) -> tuple[Samples, Samples]:
        """Return the training and the test part."""
        return samples.split(self.test_share, by=None if self.split == "random" else self.split, rng=self.rng)

    def words(self) -> str:
        """Return what it does."""
        return f"tested on {self.test_share:g} of the windows, divided by {UNITS[self.split]}"


@dataclass(frozen=True)
class ByPeople:
    """All windows of some people are for testing."""

    people: Collection[int]

    def __post_init__(self) -> None:
        if isinstance(self.people, str) or not isinstance(self.people, Collection):
            raise DataError(f"test_people is {self.people!r}, expected a tuple of people")
        for person in self.people:
            whole_number(person, "a person in test_people", error=DataError)

    def __call__(self, samples: Samples) -> tuple[Samples, Samples]:
        """Return the training and the test part."""
        assert samples.person is not None  # every window of a recording has one
        testing = sorted(set(map(int, self.people)))
        everyone = np.unique(samples.person).tolist()
        if not testing or not set(testing) < set(everyone):
            raise DataError(f"test_people are {testing}, expected some and not all of {everyone}")
        chosen = np.isin(samples.person, testing)
        return samples.subset(~chosen), samples.subset(chosen)

    def words(self) -> str:
        """Return what it does."""
        return f"tested on people {', '.join(map(str, sorted(set(self.people))))}"


def division(split: Split, test_share: float, test_people: Collection[int] | None, rng: Rng) -> Division:
    """Return the division that the parameters of `from_recordings` ask for."""
    by_share = ByShare(split, test_share, rng)
    if test_people is None:
        return by_share
    by_people = ByPeople(test_people)
    if split != "person":
        raise DataError(f"test_people are given and split is {split!r}, expected 'person' for them")
    return by_people
