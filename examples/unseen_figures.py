"""People never seen: the pictures."""

from collections.abc import Mapping, Sequence

import numpy as np
import unseen_numbers as numbers
from matplotlib.figure import Figure
from unseen_training import Row

from unrolled import plots

MARKERS = "os^D"


def by_person(of: Mapping[str, numbers.Accuracy]) -> Figure:
    """Draw the accuracy of every person, in the order of the first recipe's."""
    first = next(iter(of.values()))
    order = sorted(first.people, key=first.people.__getitem__)
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    ax = figure.add_subplot()
    for (name, each), marker in zip(of.items(), MARKERS, strict=False):
        ax.plot(range(len(order)), [each.people[person] for person in order], marker, ms=5, label=name)
    ax.set_xticks(range(len(order)), [str(person) for person in order])
    ax.set(xlabel="person, left out", ylabel="accuracy")
    ax.grid(axis="y", alpha=0.3)
    figure.legend(loc="outside upper center", ncols=len(of))
    return figure


def confusion(rows: Sequence[Row], classes: Sequence[str], title: str) -> Figure:
    """Draw what windows of people left out were taken for, over all seeds, in percent of a class."""
    table = numbers.confusion(rows, len(classes))
    label, said = (np.repeat(each.ravel(), table.ravel()) for each in np.indices(table.shape))
    figure = Figure(figsize=(5.2, 4.4), layout="constrained")
    plots.confusion_matrix(label, said, classes, normalize="true", ax=figure.add_subplot(), title=title)
    return figure
