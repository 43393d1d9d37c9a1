"""The loss while the learning rate rises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unrolled.plots.figures import VERMILION, empty, thin

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from unrolled.rnn import LearningRates


def learning_rate(found: LearningRates, *, figure: Figure | None = None) -> Figure:
    """Draw a learning-rate range test: each batch's loss, the smoothed loss, and the rate it suggests.

    Parameters
    ----------
    found : LearningRates
        What :func:`unrolled.rnn.find_learning_rate` returns.
    figure : Figure, optional
        An empty figure to draw into, at the size it has. By default a new pyplot figure.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If nothing was measured, or the figure is not empty.

    See Also
    --------
    unrolled.rnn.find_learning_rate : The test.

    Examples
    --------
    >>> from unrolled import plots, rnn
    >>> figure = plots.learning_rate(rnn.LearningRates([0.1, 1.0, 10.0], [0.7, 0.4, 9.0], [0.7, 0.5, 3.0]))
    >>> figure.axes[0].get_xscale()
    'log'
    """
    from matplotlib import rcParams

    if not found.rates:
        raise ValueError("found has no rates, expected what rnn.find_learning_rate returns")
    figure = empty(figure, (rcParams["figure.figsize"][0], 0.75 * rcParams["figure.figsize"][1]))
    ax = figure.subplots()
    color = rcParams["text.color"]
    ax.plot(found.rates, found.loss, color=color, alpha=0.35, lw=thin(), label="each batch")
    ax.plot(found.rates, found.smoothed, color=VERMILION, label="smoothed")
    ax.axvline(found.suggestion, color=color, ls=":", lw=thin(), label=f"suggestion, {found.suggestion:.2g}")
    low, high = min(found.smoothed), max(found.smoothed)
    ax.set_ylim(low - 0.1 * (high - low or 1), high + 0.1 * (high - low or 1))  # single batches may be far above
    ax.set_xscale("log")
    ax.set_xlabel("learning rate")
    ax.set_ylabel("training loss")
    ax.legend()
    return figure
