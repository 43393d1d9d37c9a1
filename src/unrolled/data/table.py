"""What a data set holds, as a table that one looks at before training."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from unrolled._support.notebook import html_table
from unrolled.data.checks import IntArray
from unrolled.data.samples import steps

MOST = 60  # classes that the table has rows for
FIRST = 12  # classes that one line names
RANGES = 5  # of targets that are numbers


@dataclass(frozen=True)
class Table:
    """A title and rows of cells; ``str()`` of it, and what a notebook shows, is the table, ``brief`` a line.

    Parameters
    ----------
    title : str
        What all series are.
    head : tuple of str
        The columns' names.
    rows : tuple of tuple of str
        A row for each class, and a last one of all.
    left_out : int
        How many classes there are beyond those that have rows.
    brief : str
        The same in a line.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: int
    brief: str

    def __str__(self) -> str:
        shown = [self.head, *self._shown()]
        widths = [max(len(row[i]) for row in shown) for i in range(len(self.head))]
        lines = ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in shown]
        return "\n".join([self.title, *lines])

    def html(self, note: str = "") -> str:
        """Return the table for a notebook, the title and a note beneath."""
        return html_table(self.head, self._shown(), "; ".join(filter(None, [self.title, note])))

    def _shown(self) -> list[tuple[str, ...]]:
        rows = [(row[0] if len(row[0]) <= 30 else f"{row[0][:29]}~", *row[1:]) for row in self.rows]
        if self.left_out:
            rows.insert(-1, (f"... and {self.left_out} more", *[""] * (len(self.head) - 1)))
        return rows


def table_of(dataset: Any) -> Table:
    """Return how many series, people and seconds of each class either part has.

    Seconds are of the series, so that what overlapping windows share counts more than once.

    Parameters
    ----------
    dataset : Dataset or StoredDataset
    """
    names, labels = classes_of(dataset)
    parts = dataset.train, dataset.test
    train, test = (_counts(part, of, len(names), dataset.rate) for part, of in zip(parts, labels, strict=True))
    head = ["range of targets" if dataset.train.numbers else "class"]
    head += ["training", *list(train)[1:], "test", *list(test)[1:]]
    shown = min(len(names), MOST)
    columns = [column[:shown] + column[-1:] for column in [*train.values(), *test.values()]]
    rows = tuple(zip([*names[:shown], "all"], *columns, strict=True))
    return Table(_title(dataset), tuple(head), rows, len(names) - shown, _brief(dataset, names, train, test))


def classes_of(dataset: Any) -> tuple[tuple[str, ...], tuple[IntArray, IntArray]]:
    """Return the names of the classes and the labels of both parts; of numbers, the ranges that they fall in.

    The ranges are five of equal width, from the lowest number of both parts to the highest.
    """
    y = dataset.train.y, dataset.test.y
    if not dataset.train.numbers:
        return dataset.classes, y
    lowest, highest = min(map(np.min, y)), max(map(np.max, y))
    place = np.linspace(0, 1, RANGES + 1) if lowest < highest else np.array([0, 1])
    edges = (1 - place) * lowest + place * highest
    names = tuple(f"{low:.4g} to {high:.4g}" for low, high in itertools.pairwise(edges))
    return names, (np.digitize(y[0], edges[1:-1]), np.digitize(y[1], edges[1:-1]))


def _counts(part: Any, labels: IntArray, n_classes: int, rate: float | None) -> dict[str, list[str]]:
    """Return series, people and seconds of each class, and last of all, as they are shown."""
    lengths = np.full(len(part), part.X.shape[1]) if part.lengths is None else part.lengths
    counts: dict[str, list[Any]] = {"series": [*np.bincount(labels, minlength=n_classes), len(part)]}
    if getattr(part, "person", None) is not None:
        people, who = np.unique(part.person, return_inverse=True)
        pairs = np.unique(labels * len(people) + who.reshape(-1))
        counts["people"] = [*np.bincount(pairs // len(people), minlength=n_classes), len(people)]
    with np.errstate(over="ignore"):  # a rate may be any number above 0
        time = np.append(np.bincount(labels, lengths, n_classes), lengths.sum()) / (rate or 1)
    counts["steps" if rate is None else "seconds"] = [f"{n:.0f}" if n < 1e9 else f"{n:.3g}" for n in time]
    return {name: [str(n) for n in column] for name, column in counts.items()}


def _title(dataset: Any, *, named: bool = False) -> str:
    """Return what all series are; `named`: with the names of channels."""
    rate = "" if dataset.rate is None else f" at {dataset.rate:g} Hz"
    raw = "raw" if dataset.scaling is None else "standardized"
    axes = "axes" if dataset.channels is None else f"channels ({dataset.channels})" if named else "channels"
    return f"series of {steps(dataset.train, dataset.test)} steps x {dataset.train.X.shape[2]} {axes}{rate}, {raw}"


def _brief(dataset: Any, names: Sequence[str], train: Mapping[str, list[str]], test: Mapping[str, list[str]]) -> str:
    said = [f"{train['series'][-1]} training and {test['series'][-1]} test {_title(dataset, named=True)}"]
    said += [f"{train[of][-1]} and {test[of][-1]} {of}" for of in ("people", "seconds") if of in train and of in test]
    each = [f"{name} ({train['series'][i]} + {test['series'][i]})" for i, name in enumerate(names[:FIRST])]
    each += [f"... {len(names) - FIRST} more"] if len(names) > FIRST else []
    said.append(f"{'targets' if dataset.train.numbers else 'classes'}: {', '.join(each)}")
    return "; ".join(said)
