"""Parallel coordinates: every point of a search as a line through its settings to what it is worth."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from unrolled.plots.figures import SEQUENTIAL, logarithmic, numeric, text_color, thin

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

    from unrolled.sweep import Results

TICKS = 8
"""So many values at the most have ticks of their own; of numbers with more, ticks are round ones."""
FAN = 0.05
"""How far the lines through one such value lie apart, the best on top, so that none hides another."""
FEW = 40
"""Of more lines than these, each is thin."""
LETTER, GAP, STRIP = 0.6, 12.0, 1.0
"""In font sizes: the width of a letter, the room between two columns of text, and the width of the last axis."""
LINE = 0.05
"""The height of a line of text, of that of a column."""


def parallel_coordinates(results: Results, *, ax: Axes | None = None) -> Axes:
    """Draw each point as a line: a column for each setting that varies, and last the mean of the objective.

    Numbers keep their distances, logarithmic where they are more than a factor of 20 apart; anything else is evenly
    spaced. A line ends at the left edge of a column and goes on, at the same height, at its right edge, so that what is
    written in the column can be read. Of a setting with few values, lines through the same value lie a little apart,
    the best on top. Color is the objective, as on the last axis: light where it is high, or low of one that is best
    when low. A point of which no trial was measured, as when all diverge, is a dotted line that ends before the last
    axis.

    Parameters
    ----------
    results : Results
        Of :func:`unrolled.sweep.run` or :func:`unrolled.sweep.read`.
    ax : Axes, optional
        Where to draw. By default a new pyplot figure of a size that fits the text.

    Returns
    -------
    Axes
        Its ``lines`` are the points: first those without a value, then from the worst to the best.

    Raises
    ------
    ValueError
        If no setting varies or nothing was measured.

    See Also
    --------
    landscape : Of two settings.
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
    >>> ax = plots.parallel_coordinates(sweep.Results(tuple(rows)))
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['learning_rate', 'hidden', 'mean accuracy']
    """
    import matplotlib as mpl
    import matplotlib.pyplot as plt
    from matplotlib.colors import Normalize

    from unrolled.sweep.results import name_of

    varying = results.varying()
    if not varying:
        raise ValueError("no setting varies between the points, expected at least one that does")
    standings = sorted(results.ranking(), key=lambda standing: bool(standing.values))  # those without a value first
    named, sign = name_of(results.objective), -1 if results.objective.startswith("-") else 1
    measured = sorted((each for each in standings if each.values), key=lambda each: sign * each.mean)
    if not measured:
        raise ValueError(f"none of {len(results)} trials measured {named!r}")
    low, high = min(standing.mean for standing in measured), max(standing.mean for standing in measured)
    high = high if high > low else low + 1e-9
    scale = Normalize(low, high)
    places = {name: _place(values) for name, values in varying.items()}
    ticks = {name: _ticks(values, places[name]) for name, values in varying.items()}
    widths = [LETTER * max(len(line) for text, _ in each for line in text.split("\n")) + 1 for each in ticks.values()]
    names = [*varying, f"mean {named}"]
    edges = _edges([*widths, STRIP], names)
    whole = edges[-1][1] + LETTER * 6  # the last axis has its numbers at the right
    if ax is None:
        width, height = mpl.rcParams["figure.figsize"]
        size = (max(width, 1.05 * whole * mpl.rcParams["font.size"] / 72), height)
        ax = plt.figure(figsize=size, layout="constrained").add_subplot()

    colors = _colors(ax, sign)
    line_width = mpl.rcParams["lines.linewidth"] if len(standings) <= FEW else thin()
    for standing in [each for each in standings if not each.values] + measured:
        worth = float(scale(standing.mean)) if standing.values else 0.0
        heights = []
        for name, values in varying.items():
            n = values.index(standing.point.get(name))
            heights.append(places[name](values[n], n) + (FAN * (worth - 0.5) if len(values) <= TICKS else 0.0))
        if standing.values:
            ax.plot(*_broken(edges, [*heights, worth]), color=colors(worth), lw=line_width)
        else:
            to_nowhere = (edges[-2][1] + GAP / 3,) * 2
            line = _broken([*edges[:-1], to_nowhere], [*heights, heights[-1]])
            ax.plot(*line, color=mpl.rcParams["text.color"], ls=":", lw=line_width)
    for (left, right), of_name in zip(edges[:-1], ticks.values(), strict=True):
        ax.axvspan(left, right, color=mpl.rcParams["text.color"], alpha=0.06, lw=0)
        for text, height in of_name:
            ax.text((left + right) / 2, height, text, ha="center", va="center")
    _objective(ax, edges[-1], low, high, colors)
    ax.set_xticks([(left + right) / 2 for left, right in edges], names)
    ax.tick_params(axis="x", length=0)
    ax.set_xlim(0, whole)
    ax.set_ylim(-0.06, 1.06)
    ax.set_yticks([])
    ax.grid(False)
    ax.spines[:].set_visible(False)
    return ax


def _colors(ax: Axes, sign: int) -> Colormap:
    """Return the map of colors, without those that a line on this background would not be seen in."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    dark = text_color(ax.get_facecolor()) == "white"
    return ListedColormap(colormaps[SEQUENTIAL](np.linspace(*((0.25, 1.0) if dark else (0.0, 0.92)), 256))[::sign])


def _edges(widths: list[float], names: list[str]) -> list[tuple[float, float]]:
    """Return where each column begins and ends, in font sizes, so that the names below them have room too."""
    middle, edges = max(widths[0], LETTER * len(names[0])) / 2, []
    for n, width in enumerate(widths):
        edges.append((middle - width / 2, middle + width / 2))
        if n + 1 < len(widths):
            between = (len(names[n]) + len(names[n + 1])) / 2 * LETTER + 2
            middle += max((width + widths[n + 1]) / 2 + GAP, between)
    return edges


def _broken(edges: list[tuple[float, float]], heights: list[float]) -> tuple[list[float], list[float]]:
    """Return a line from column to column, and nothing within them."""
    x: list[float] = []
    y: list[float] = []
    for (here, low), (there, high) in pairwise(zip(edges, heights, strict=True)):
        x += [here[1], there[0], np.nan]
        y += [low, high, np.nan]
    return x[:-1], y[:-1]


def _place(values: list[Any]) -> Callable[[Any, int], float]:
    """Return what gives a value, the n-th, its place between the foot of a column, 0, and its head, 1."""
    if not numeric(values):
        return lambda _, n: n / (len(values) - 1)
    form: Callable[[Any], Any] = np.log if logarithmic(values) else float
    low, high = form(values[0]), form(values[-1])
    return lambda value, _: float((form(value) - low) / (high - low))


def _ticks(values: list[Any], place: Callable[[Any, int], float]) -> list[tuple[str, float]]:
    """Return what is written in a column, and at which heights: no two less than a line apart."""
    from matplotlib.ticker import LogLocator, MaxNLocator

    from unrolled.sweep.naming import describe, label

    if numeric(values) and len(values) > TICKS:
        locator = LogLocator(subs=(1.0, 2.0, 5.0)) if logarithmic(values) else MaxNLocator(5)
        shown = [float(each) for each in locator.tick_values(values[0], values[-1]) if values[0] <= each <= values[-1]]
    else:
        shown = values
    ticks: list[tuple[str, float]] = []
    for n, value in enumerate(shown):
        text, height = fill(label(describe(value)), 20, break_on_hyphens=False), place(value, n)
        if not ticks or not numeric(values) or height - ticks[-1][1] > LINE:
            ticks.append((text, height))
    return ticks


def _objective(ax: Axes, edges: tuple[float, float], low: float, high: float, colors: Colormap) -> None:
    """Draw the last axis: the scale of colors, with round numbers at its right."""
    from matplotlib.ticker import MaxNLocator

    shades = np.linspace(0, 1, 256)[:, None]
    ax.imshow(shades, cmap=colors, vmin=0, vmax=1, extent=(*edges, 0, 1), origin="lower", aspect="auto", zorder=3)
    for value in MaxNLocator(5).tick_values(low, high):
        if low <= value <= high:
            ax.text(edges[1] + 0.5, (value - low) / (high - low), f"{value:g}", ha="left", va="center")
