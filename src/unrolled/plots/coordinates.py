"""Parallel coordinates: every point of a search as a line through its settings to what it is worth."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from unrolled.plots.figures import logarithmic, numeric

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from unrolled.sweep import Results

COLORS = "viridis"
TICKS = 8
"""So many values at the most have ticks of their own."""
FAN = 0.05
"""How far the lines through one such value lie apart, the best on top, so that none hides another."""


def parallel_coordinates(results: Results, *, ax: Axes | None = None) -> Axes:
    """Draw each point as a line: an axis for each setting that varies, and last the mean of the objective.

    Numbers keep their distances, logarithmic where they are more than a factor of 20 apart; anything else is evenly
    spaced. Of a setting with few values, lines through the same value lie a little apart, the best on top. Color is
    the objective, light where it is high, or low of one that is best when low. A point of which no trial was
    measured, as when all diverge, is a dotted line that ends before the last axis.

    Parameters
    ----------
    results : Results
        Of :func:`unrolled.sweep.run` or :func:`unrolled.sweep.read`.
    ax : Axes, optional
        Where to draw. By default a new pyplot figure.

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
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    from unrolled.sweep.naming import describe, label
    from unrolled.sweep.results import name_of

    varying = results.varying()
    if not varying:
        raise ValueError("no setting varies between the points, expected at least one that does")
    standings = sorted(results.ranking(), key=lambda standing: bool(standing.values))  # those without a value first
    named, sign = name_of(results.objective), -1 if results.objective.startswith("-") else 1
    measured = sorted((each for each in standings if each.values), key=lambda each: sign * each.mean)
    if not measured:
        raise ValueError(f"none of {len(results)} trials measured {named!r}")
    means = [standing.mean for standing in measured]
    low, high = min(means), max(means)
    texts = {
        name: [fill(label(describe(value)), 20, break_on_hyphens=False) for value in values]
        for name, values in varying.items()
    }
    if ax is None:
        width, height = mpl.rcParams["figure.figsize"]
        inches = 0.6 * mpl.rcParams["font.size"] / 72 * 22  # for an axis and the longest line of text beside it
        ax = plt.figure(figsize=(max(width, inches * (len(varying) + 2)), height), layout="constrained").add_subplot()

    places = {name: _places(values) for name, values in varying.items()}
    colors = mpl.colormaps[COLORS if sign > 0 else COLORS + "_r"]
    scale = Normalize(low, high if high > low else low + 1e-9)
    for standing in [each for each in standings if not each.values] + measured:
        height_of = float(scale(standing.mean)) if standing.values else 0.0
        heights = []
        for name, values in varying.items():
            fan = FAN * (height_of - 0.5) if len(values) <= TICKS else 0.0
            heights.append(places[name][values.index(standing.point.get(name))] + fan)
        if standing.values:
            ax.plot(range(len(heights) + 1), [*heights, height_of], color=colors(height_of))
        else:
            ax.plot(range(len(heights)), heights, color=mpl.rcParams["text.color"], ls=":")
    for n, name in enumerate(varying):
        _ticks(ax, n, places[name], texts[name])
    _ticks(ax, len(varying), [0.0, 0.5, 1.0], [f"{value:.3g}" for value in (low, (low + high) / 2, high)])
    ax.set_xticks(range(len(varying) + 1), [*varying, f"mean {named}"])
    ax.set_xlim(-0.1, len(varying) + 0.35)
    ax.set_ylim(-0.06, 1.06)
    ax.set_yticks([])
    ax.grid(False)
    ax.spines[:].set_visible(False)
    ax.figure.colorbar(ScalarMappable(scale, colors), ax=ax, label=f"mean {named}")
    return ax


def _places(values: list[Any]) -> list[float]:
    """Return where values lie between the foot of an axis, 0, and its head, 1."""
    if numeric(values):
        numbers = np.log(values) if logarithmic(values) else np.asarray(values, float)
        return [float(place) for place in (numbers - numbers.min()) / np.ptp(numbers)]
    return [float(place) for place in np.linspace(0, 1, len(values))]


def _ticks(ax: Axes, x: float, places: list[float], names: list[str]) -> None:
    """Write values beside an axis of the picture; of many, the ends and the middle."""
    from matplotlib import rcParams

    shown = range(len(places)) if len(places) <= TICKS else (0, len(places) // 2, len(places) - 1)
    ax.vlines(x, 0, 1, color=rcParams["axes.edgecolor"], lw=rcParams["axes.linewidth"])
    for n in shown:
        paper = {"boxstyle": "round,pad=0.1", "fc": rcParams["axes.facecolor"], "ec": "none", "alpha": 0.8}
        ax.text(x + 0.03, places[n], names[n], ha="left", va="center", bbox=paper)
