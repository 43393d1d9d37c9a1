"""People never seen: from the rows of the trainings to accuracies of people, their differences, and recordings."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from unseen_training import Row


class Accuracy(NamedTuple):
    """Of a recipe on some splits.

    Attributes
    ----------
    people : dict of float
        By person, the mean over seeds of the share of the windows that is right.
    seeds : list of float
        Of each seed, the mean over its people.
    right : float
        The share of all windows that is right, the mean over seeds.
    training : float or None
        The same of the windows that were trained on; an ensemble has none.
    seconds : float or None
        Of one core, to train once.
    parameters : int or None
    """

    people: dict[int, float]
    seeds: list[float]
    right: float
    training: float | None
    seconds: float | None
    parameters: int | None

    @property
    def mean(self) -> float:
        """The mean over people."""
        return float(np.mean([*self.people.values()]))


def chosen(
    rows: Sequence[Row], data: str, recipe: str, splits: Collection[str], seeds: Collection[int] | None = None
) -> list[Row]:
    """Return the rows of a recipe on some splits, of the seeds that all of these splits have."""
    of = [row for row in rows if row["data"] == data and row["recipe"] == recipe and row["split"] in splits]
    found = [{row["seed"] for row in of if row["split"] == split} for split in splits]
    whole = set.intersection(*found) if found else set()
    return [row for row in of if row["seed"] in whole and (seeds is None or row["seed"] in seeds)]


def accuracy(rows: Sequence[Row]) -> Accuracy:
    """Return what rows of one recipe say of people."""
    right: dict[tuple[int, int], int] = defaultdict(int)
    windows: dict[tuple[int, int], int] = defaultdict(int)
    for row in rows:
        for person, label, _, *said in row["counts"]:
            right[row["seed"], person] += said[label]
            windows[row["seed"], person] += sum(said)
    each = {key: right[key] / windows[key] for key in right}
    numbers = sorted({seed for seed, _ in each})
    people = sorted({person for _, person in each})
    return Accuracy(
        {p: float(np.mean([each[seed, p] for seed in numbers])) for p in people},
        [float(np.mean([each[seed, p] for p in people])) for seed in numbers],
        float(np.mean([sum(right[s, p] for p in people) / sum(windows[s, p] for p in people) for s in numbers])),
        _mean(rows, "training"),
        _mean(rows, "seconds"),
        rows[0].get("parameters"),
    )


def _mean(rows: Sequence[Row], name: str) -> float | None:
    return float(np.mean([row[name] for row in rows])) if name in rows[0] else None


class Paired(NamedTuple):
    """Of two recipes, over people."""

    difference: float
    ahead: int
    behind: int
    p: float


def paired(one: Accuracy, other: Accuracy) -> Paired:
    """Compare two recipes on the same people, by Wilcoxon's signed ranks."""
    d = np.array([one.people[person] - other.people[person] for person in one.people])
    p = float(stats.wilcoxon(d).pvalue) if d.any() else 1.0
    return Paired(float(d.mean()), int((d > 0).sum()), int((d < 0).sum()), p)


def confusion(rows: Sequence[Row], n: int) -> NDArray[np.int64]:
    """Count windows by their class and what they were taken for, over all rows."""
    table = np.zeros((n, n), np.int64)
    for row in rows:
        for _, label, _, *said in row["counts"]:
            table[label] += said
    return table


class Recording(NamedTuple):
    """A recording of somebody left out."""

    person: int
    label: int
    trial: int
    said: NDArray[np.int64]

    def share(self, label: int) -> float:
        """Return the share of its windows, over all rows, that was taken for a class."""
        return float(self.said[label] / self.said.sum())


def recordings(rows: Sequence[Row]) -> list[Recording]:
    """Return every recording that was left out, with what its windows were taken for, over all rows."""
    found: dict[tuple[int, int, int], Any] = {}
    for row in rows:
        for person, label, trial, *said in row["counts"]:
            key = person, label, trial
            found[key] = found.get(key, 0) + np.array(said, np.int64)
    return [Recording(*key, said) for key, said in sorted(found.items())]


def taken_for(rows: Sequence[Row], one: int, other: int, least: float = 0.5) -> list[Recording]:
    """Return the recordings of two classes of which more than a share of the windows was taken for the other."""
    swap = {one: other, other: one}
    return [each for each in recordings(rows) if each.label in swap and each.share(swap[each.label]) > least]
