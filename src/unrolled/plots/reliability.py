"""Whether a network is right as often as it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from unrolled import metrics
from unrolled.plots.figures import BLUE, VERMILION, empty

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def reliability(
    results: Mapping[str, tuple[ArrayLike, ArrayLike]] | tuple[ArrayLike, ArrayLike],
    *,
    bins: int = 15,
    figure: Figure | None = None,
) -> Figure:
    """Draw how often networks are right where they are how sure, a column for each, and how often they are so.

    A bar is the accuracy of the samples whose confidence, the probability of the likeliest class, is in its bin; a
    hatched box goes from there, up or down, to their mean confidence. Probabilities that mean what they say have bars
    up to the diagonal, and no boxes. Below is how many of the samples a bin has.

    Parameters
    ----------
    results : mapping of str to (y, probabilities), or one (y, probabilities)
        As `metrics.reliability` takes them; a mapping's keys are the titles.
    bins : int, default 15
        Into how many bins of equal width confidence is divided.
    figure : Figure, optional
        An empty figure to draw into, at the size it has; it gets constrained layout unless it has a layout
        already. By default a new pyplot figure.

    Returns
    -------
    Figure
        Its ``axes`` are those of accuracy, one for each network, then those of the number of samples.

    Raises
    ------
    ValueError
        As `metrics.reliability`, with the network; if results is empty or of another form; or if the figure is not
        empty.

    See Also
    --------
    unrolled.metrics.expected_calibration_error : The number in the title.
    unrolled.metrics.fit_temperature : What makes it smaller.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import metrics, plots
    >>> y, says = np.arange(100) % 4 // 3, np.full((100, 2), [0.95, 0.05])
    >>> T = metrics.fit_temperature(y, says)
    >>> figure = plots.reliability({"as trained": (y, says), "tempered": (y, metrics.tempered(says, T))})
    """
    from matplotlib import rcParams

    named = _named(results)
    found = {}
    for name, (y, probabilities) in named.items():
        try:
            found[name] = metrics.reliability(y, probabilities, bins=bins)
        except ValueError as error:
            raise ValueError(f"results[{name!r}]: {error}" if isinstance(results, Mapping) else str(error)) from None
    width, height = rcParams["figure.figsize"]
    figure = empty(figure, (width * (0.1 + 0.6 * len(found)), 1.15 * height))
    axes = figure.subplots(2, len(found), squeeze=False, sharex=True, sharey="row", height_ratios=(3, 1))
    for (upper, lower), (name, measured) in zip(axes.T, found.items(), strict=True):
        _accuracy(upper, measured)
        _support(lower, measured)
        title = f"expected calibration error {measured.expected_error:.3f}"
        upper.set_title(f"{name}\n{title}" if name else title, loc="left")
    axes[0, 0].set_ylabel("accuracy")
    axes[1, 0].set_ylabel("samples")
    figure.align_ylabels(list(axes[:, 0]))
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _accuracy(ax: Axes, measured: metrics.Reliability) -> None:
    """Draw accuracy over confidence."""
    from matplotlib import rcParams

    there = measured.support > 0
    left, width = measured.edges[:-1][there], np.diff(measured.edges)[there]
    accuracy, confidence = measured.accuracy[there], measured.confidence[there]
    ax.bar(left, accuracy, width, align="edge", color=BLUE, edgecolor=rcParams["axes.facecolor"], label="accuracy")
    ax.bar(
        left,
        confidence - accuracy,
        width,
        bottom=accuracy,
        align="edge",
        fill=False,
        edgecolor=VERMILION,
        hatch="//",
        label="confidence",
    )
    ax.plot([0, 1], [0, 1], ls="--", color=rcParams["text.color"], label="equal")
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    ax.set_xticks(np.linspace(0, 1, 6))


def _support(ax: Axes, measured: metrics.Reliability) -> None:
    """Draw how many samples there are in each bin."""
    from matplotlib import rcParams
    from matplotlib.ticker import PercentFormatter

    fractions = measured.support / measured.support.sum()
    edge = rcParams["axes.facecolor"]
    ax.bar(measured.edges[:-1], fractions, np.diff(measured.edges), align="edge", color="0.5", edgecolor=edge)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set_xlabel("confidence")


def _named(results: Any) -> dict[str, tuple[ArrayLike, ArrayLike]]:
    """Return (y, probabilities) under each network's title."""
    named = dict(results) if isinstance(results, Mapping) else {"": results}
    if not named:
        raise ValueError("results is empty, expected at least one network")
    for name, result in named.items():
        if not isinstance(result, tuple | list) or len(result) != 2:
            where = f"results[{name!r}]" if isinstance(results, Mapping) else "results"
            raise ValueError(f"{where} is a {type(result).__name__}, expected (y, probabilities)")
    return named
