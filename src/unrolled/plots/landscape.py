"""The landscape of a search: what is measured over two of its settings, and how far the seeds are apart."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unrolled.plots.figures import SEQUENTIAL, alike, empty, logarithmic, numeric, text_color

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

    from unrolled.sweep import Results, Standing

SPREAD = "cividis"
"""The color map of the spread, another than that of the mean."""
LISTED = 4
"""So many values of a setting at the most are named in the note."""
WRITTEN = 200
"""So many cells at the most have their numbers written in them."""
MANY = 20
"""Of a number with more values than these, a heat map has no cells that were not searched: it would be too wide."""


def landscape(results: Results, x: str, y: str, *, figure: Figure | None = None) -> Figure:
    """Draw the objective of a search over two of its settings: its mean, and its spread over seeds and folds.

    A search on a grid is a heat map, a cell for each pair of values, evenly spaced. Where half of the pairs or more
    were not searched, as in a random search, each point is a marker instead, if one of the settings is a number at
    least; where that has more than 20 values, also if any pair was not. Numbers keep their distances then,
    logarithmic where they are more than a factor of 20 apart; anything else is evenly spaced. Light is high, or low
    of an objective that is best when low.

    If points differ in other settings too, a cell is the mean over all of them, and its spread is the root mean
    square of theirs: ``results.where({...})`` picks some. What the spread is of, and what is averaged over, stands
    below the panels. Each panel's colors run from its lowest number to its highest. A cell of which no trial was
    measured is hatched; one of which some were not, as those that diverged, says how many were.

    Parameters
    ----------
    results : Results
        Of :func:`unrolled.sweep.run` or :func:`unrolled.sweep.read`.
    x, y : str
        Two settings that vary.
    figure : Figure, optional
        An empty figure to draw into, at the size it has; it gets constrained layout unless it has a layout
        already. By default a new pyplot figure of a size that fits the text.

    Returns
    -------
    Figure
        Its first two ``axes`` are the mean and the spread; then come their color bars.

    Raises
    ------
    ValueError
        If x or y is not a setting that varies, both are the same, nothing was measured, or the figure is not empty.

    See Also
    --------
    parallel_coordinates : Of more than two settings.
    unrolled.sweep.run : Returns results.

    Examples
    --------
    >>> from unrolled import plots, sweep
    >>> points = sweep.grid({"learning_rate": [0.01, 0.1], "hidden": [25, 50]})
    >>> rows = [
    ...     sweep.Result(point, seed, 0, "done", {"accuracy": 0.5 + point["learning_rate"] + seed / 50})
    ...     for point in points
    ...     for seed in (0, 1)
    ... ]
    >>> figure = plots.landscape(sweep.Results(tuple(rows)), "learning_rate", "hidden")
    >>> [ax.get_title(loc="left") for ax in figure.axes[:2]]
    ['mean accuracy', 'spread']
    """
    from matplotlib import rcParams

    from unrolled.sweep.results import name_of

    columns, rows = _values(results, x, y)
    standings = results.standings()
    if not any(standing.values for standing in standings):
        raise ValueError(f"none of {len(results)} trials measured {name_of(results.objective)!r}")
    light_is_low = results.objective.startswith("-")
    named = name_of(results.objective)
    panels = [(f"mean {named}", SEQUENTIAL + ("_r" if light_is_low else "")), ("spread", SPREAD)]
    cells = _cells(standings, x, y, columns, rows)
    if _sparse(cells, columns, rows):
        width, height = rcParams["figure.figsize"]
        figure = empty(figure, (2 * width, height))
        for panel, (ax, (title, colors)) in enumerate(zip(figure.subplots(1, 2, sharey=True), panels, strict=True)):
            _scatter(ax, standings, (x, columns), (y, rows), panel, title, colors)
            _axes(ax, (x, columns), (y, rows))
        _note(figure, results, x, y, averaged=False)
        return figure
    em = rcParams["font.size"] / 72  # inches
    size = (2 * em * (6 * len(columns) + 14), em * (3.2 * len(rows) + 13))
    figure = empty(figure, size)
    for panel, (ax, (title, colors)) in enumerate(
        zip(figure.subplots(1, 2, sharex=True, sharey=True), panels, strict=True)
    ):
        _heat(ax, cells, columns, rows, panel, title, colors)
        ax.set_xlabel(x)
        ax.set_ylabel(y)
        ax.label_outer()
    _note(figure, results, x, y, averaged=True)
    return figure


Cells = dict[tuple[int, int], tuple[float, float, int, int]]
"""By column and row: mean, spread, how many trials were measured, and of how many."""
Axis = tuple[str, list[Any]]
"""A setting's name and its values."""


def _note(figure: Figure, results: Results, x: str, y: str, averaged: bool) -> None:
    """Write below the panels what the spread is of, and which other settings there are."""
    from matplotlib import rcParams

    from unrolled.sweep.naming import describe, label

    over = [("seed", len({row.seed for row in results})), ("fold", len({row.fold for row in results}))]
    several = " and ".join(f"{n} {what}s" for what, n in over if n > 1)
    said = [f"spread: standard deviation over {several}" if several else "no spread: one seed, one fold"]
    others = {name: values for name, values in results.varying().items() if name not in (x, y)}
    texts = [
        f"{name} ({', '.join(label(describe(value)) for value in values)})"
        if len(values) <= LISTED
        else f"{name} ({len(values)} values)"
        for name, values in others.items()
    ]
    if texts:
        said.append(("a cell is the mean over " if averaged else "points differ in these too: ") + ", ".join(texts))
    wide = int(figure.get_figwidth() * 72 / (0.6 * rcParams["font.size"]))  # letters
    figure.supxlabel(fill("; ".join(said), wide), fontsize="medium")


def _values(results: Results, x: str, y: str) -> tuple[list[Any], list[Any]]:
    varying = results.varying()
    for what, name in (("x", x), ("y", y)):
        if name not in varying:
            raise ValueError(f"{what} is {name!r}, expected a setting that varies: {', '.join(varying) or 'none does'}")
    if x == y:
        raise ValueError(f"x and y are both {x!r}, expected two settings")
    return varying[x], varying[y]


def _cells(standings: Sequence[Standing], x: str, y: str, columns: list[Any], rows: list[Any]) -> Cells:
    gathered: dict[tuple[int, int], list[Standing]] = {}
    for standing in standings:
        place = columns.index(standing.point.get(x)), rows.index(standing.point.get(y))
        gathered.setdefault(place, []).append(standing)
    cells = {}
    for place, inside in gathered.items():
        means = [standing.mean for standing in inside if standing.values]
        squares = [standing.spread**2 for standing in inside if len(standing.values) > 1]
        cells[place] = (
            float(np.mean(means)) if means else np.nan,
            float(np.sqrt(np.mean(squares))) if squares else np.nan,
            sum(len(standing.values) for standing in inside),
            sum(standing.trials for standing in inside),
        )
    return cells


def _sparse(cells: Cells, columns: list[Any], rows: list[Any]) -> bool:
    """Tell whether the points are better seen as markers than as cells; there are axes of numbers to put them on."""
    numbers = [len(values) for values in (columns, rows) if numeric(values)]
    pairs = len(columns) * len(rows)
    return bool(numbers) and (2 * len(cells) <= pairs or (len(cells) < pairs and max(numbers) > MANY))


def _heat(ax: Axes, cells: Cells, columns: list[Any], rows: list[Any], panel: int, title: str, colors: str) -> None:
    """Draw one panel of the heat map: 0 is the means, 1 the spreads."""
    from matplotlib import rcParams
    from matplotlib.patches import Rectangle

    from unrolled.sweep.naming import describe, label

    shown: NDArray[Any] = np.full((len(rows), len(columns)), np.nan)
    for (column, row), cell in cells.items():
        shown[row, column] = cell[panel]
    image = ax.imshow(shown, cmap=colors, interpolation="nearest", origin="lower", aspect="auto", norm=_scale(shown))
    ax.grid(False)
    ax.set_title(title, loc="left")
    names = [label(describe(value)) for value in columns]
    slanted = max(map(len, names)) > 6
    ax.set_xticks(range(len(columns)), names, rotation=45 if slanted else 0, ha="right" if slanted else "center")
    ax.set_yticks(range(len(rows)), [label(describe(value)) for value in rows])
    texts = np.reshape(alike(shown, 2), shown.shape)
    for column in range(len(columns)):
        for row in range(len(rows)):
            _, _, measured, trials = cells.get((column, row), (0, 0, 0, 0))
            value = shown[row, column]
            if not np.isfinite(value):
                ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, hatch="///", lw=0))
            if len(columns) * len(rows) > WRITTEN:
                continue
            text = str(texts[row, column])
            if measured < trials and panel == 0:
                text += f"\n{measured} of {trials}"
            color = text_color(image.to_rgba(value)) if np.isfinite(value) else rcParams["text.color"]
            paper = None if np.isfinite(value) else {"fc": rcParams["axes.facecolor"], "ec": "none", "pad": 1}
            ax.text(column, row, text.strip(), ha="center", va="center", color=color, bbox=paper)
    ax.figure.colorbar(image, ax=ax)


def _scatter(ax: Axes, standings: Sequence[Standing], x: Axis, y: Axis, panel: int, title: str, colors: str) -> None:
    """Draw one panel of markers: 0 is the means, 1 the spreads. What was not measured is a cross."""
    from matplotlib import rcParams

    values = np.array([standing.spread if panel else standing.mean for standing in standings])
    places = np.array([[_place(standing, *axis) for axis in (x, y)] for standing in standings])
    fine = np.isfinite(values)
    size = 3 * rcParams["lines.markersize"] ** 2
    edge = rcParams["text.color"]
    marks = ax.scatter(
        places[fine, 0],
        places[fine, 1],
        c=values[fine],
        s=size,
        cmap=colors,
        edgecolors=edge,
        linewidths=0.5,
        norm=_scale(values),
    )
    ax.scatter(places[~fine, 0], places[~fine, 1], s=size, marker="x", color=edge)
    ax.set_title(title, loc="left")
    ax.figure.colorbar(marks, ax=ax)


def _scale(values: NDArray[Any]) -> Normalize:
    """Return the color scale, from the lowest number to the highest."""
    from matplotlib.colors import Normalize

    finite = values[np.isfinite(values)]
    if not finite.size:
        return Normalize(0, 1)
    low, high = float(finite.min()), float(finite.max())
    return Normalize(low, high if high > low else low + 1e-9)


def _place(standing: Standing, name: str, values: list[Any]) -> float:
    """Return where a point lies on an axis: at its number, or else at the number of its value."""
    value: Any = standing.point.get(name)
    return float(value) if numeric(values) else float(values.index(value))


def _axes(ax: Axes, x: Axis, y: Axis) -> None:
    from unrolled.sweep.naming import describe, label

    for (name, values), axis, scaled in ((x, ax.xaxis, ax.set_xscale), (y, ax.yaxis, ax.set_yscale)):
        axis.set_label_text(name)
        if logarithmic(values):
            scaled("log")
        elif not numeric(values):
            axis.set_ticks(range(len(values)), [label(describe(value)) for value in values])
    if not numeric(x[1]):
        ax.set_xlim(-0.5, len(x[1]) - 0.5)
    if not numeric(y[1]):
        ax.set_ylim(-0.5, len(y[1]) - 0.5)
    ax.label_outer()
