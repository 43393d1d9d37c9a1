"""A data set as one looks at it before training: a window of each class, and who has which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unrolled.data import Dataset
from unrolled.data.table import classes_of
from unrolled.plots.figures import color_of, empty, text_color

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 4  # of windows
LINES = ("-", "--", "-.", ":")
MOST_CLASSES = 24  # whose windows are drawn


def dataset(dataset: Dataset, *, rng: int | np.random.Generator = 0, figure: Figure | None = None) -> Figure:
    """Draw a window of each class, and below how many windows each person has of each class.

    Windows are of the training part, or of the test part where that has none of a class; all have the same axes, and
    padding is not drawn. In the counts, people who are tested on are marked; where nobody is named, the rows are the
    two parts. Of targets that are numbers, five ranges of equal width take the place of classes.

    Parameters
    ----------
    dataset : Dataset
        Of more than 24 classes the first 24 have their windows drawn; all are counted.
    rng : int or numpy.random.Generator
        Where the windows are drawn from.
    figure : Figure, optional
        An empty figure to draw into, at the size it has; it gets constrained layout unless it has a layout
        already. By default a new pyplot figure.

    Returns
    -------
    Figure
        Its ``axes`` are those of the windows, class by class, then that of the counts.

    Raises
    ------
    ValueError
        If it is not a `Dataset`, or the figure is not empty.

    See Also
    --------
    unrolled.data.Dataset : As text, ``print(dataset)`` has the counts of each part.

    Examples
    --------
    >>> from unrolled import data, plots
    >>> figure = plots.dataset(data.load_shoulder_exercises())
    >>> figure.axes[0].get_title(loc="left"), len(figure.axes)
    ('pendulum', 8)
    """
    from matplotlib import rcParams

    if not isinstance(dataset, Dataset):
        raise ValueError(f"dataset is a {type(dataset).__name__}, expected a Dataset, such as data.load_csv returns")
    classes, labels = classes_of(dataset)
    names = classes[:MOST_CLASSES]
    counts, rows = _counts(dataset, len(classes), labels)
    em = rcParams["font.size"] / 72  # inches
    columns = min(COLUMNS, len(names))
    lines = -(-len(names) // columns)
    heights = [15.0 * lines + 2, 1.7 * len(rows) + 0.4 * max(map(len, classes)) + 4]
    width = max(17 * columns, 3.6 * len(classes) + 10, 30)
    figure = empty(figure, (em * width, em * sum(heights)))
    grid = figure.add_gridspec(2, 1, height_ratios=heights)
    _windows(figure, grid[0].subgridspec(lines, columns), columns, dataset, names, labels, np.random.default_rng(rng))
    _table(figure.add_subplot(grid[1]), counts, rows, classes)
    if dataset.train.numbers:
        figure.axes[-1].set_title("series of each range of targets", loc="left")
    return figure


def _windows(
    figure: Figure,
    grid: Any,
    columns: int,
    dataset: Dataset,
    names: tuple[str, ...],
    labels: tuple[NDArray[np.int64], NDArray[np.int64]],
    rng: np.random.Generator,
) -> None:
    first: Axes | None = None
    unit, scale = ("step", 1.0) if dataset.rate is None else ("time (s)", 1 / dataset.rate)
    n_axes = dataset.train.X.shape[2]
    axis_names = [f"axis {d}" for d in range(n_axes)] if dataset.channels is None else list(dataset.channels.names)
    for label, name in enumerate(names):
        ax = figure.add_subplot(grid[divmod(label, columns)], sharex=first, sharey=first)
        first = first or ax
        ax.set_title(name, loc="left")
        parts = zip((dataset.train, dataset.test), (np.flatnonzero(of == label) for of in labels), strict=True)
        part, rows = next(((part, rows) for part, rows in parts if len(rows)), (None, None))
        if part is not None and rows is not None:
            row = int(rng.choice(rows))
            length = part.X.shape[1] if part.lengths is None else int(part.lengths[row])
            for d, series in enumerate(part.X[row, :length].T):
                ax.plot(np.arange(length) * scale, series, LINES[d % 4], color=color_of(d))
        lowest = label + columns >= len(names)
        ax.tick_params(labelbottom=lowest, labelleft=label % columns == 0)
        if lowest:
            ax.set_xlabel(unit)
        if label % columns == 0:
            ax.set_ylabel("as measured" if dataset.scaling is None else "standardized")
    assert first is not None
    if n_axes <= 9:
        handles = first.get_lines()
        figure.legend(handles, axis_names, loc="outside upper right", ncols=min(n_axes, 5))


def _counts(
    dataset: Dataset, n: int, labels: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> tuple[NDArray[np.int64], list[str]]:
    """Return how many windows of each class each person has, and what the rows are called."""
    counts, rows = [], []
    for part, of, name in zip((dataset.train, dataset.test), labels, ("training", "test"), strict=True):
        groups = [None] if part.person is None else np.unique(part.person).tolist()
        for who in groups:
            own = of if who is None or part.person is None else of[part.person == who]
            counts.append(np.bincount(own, minlength=n))
            rows.append(name if who is None else f"{who}{', test' if name == 'test' else ''}")
    return np.array(counts), rows


def _table(ax: Axes, counts: NDArray[np.int64], rows: list[str], classes: tuple[str, ...]) -> None:
    """Draw counts as a map with its numbers."""
    image = ax.imshow(counts, cmap="Blues", aspect="auto", vmin=0, vmax=max(1, counts.max()))
    if counts.size <= 1200:
        for (i, j), n in np.ndenumerate(counts):
            color = text_color(image.cmap(image.norm(n)))
            ax.text(j, i, str(n), ha="center", va="center", color=color, fontsize="small")
    if max(map(len, classes)) > 4:
        ax.set_xticks(range(len(classes)), classes, rotation=45, ha="right", rotation_mode="anchor")
    else:
        ax.set_xticks(range(len(classes)), classes)
    ax.set_yticks(range(len(rows)), rows)
    ax.set_title("series of each class", loc="left")
    named = any(row.split(",")[0].lstrip("-").isdigit() for row in rows)
    ax.set_ylabel("person" if named else "part")
