"""Loss and accuracy over the epochs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from unrolled.plots.figures import BLUE, VERMILION, empty, log_axis, thin

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from unrolled.rnn import Curve, History

R2 = "$R^2$"
STYLES = {
    "training": (None, "-", "o"),
    "validation": (VERMILION, "--", "s"),
    "test": (BLUE, "-.", "^"),
}
"""Color, None for that of text; line; and marker."""
MARKED = 20
"""Curves of so many points at the most have a marker at each, if those of the other networks have too."""


def learning_curves(
    histories: History | Sequence[History] | Mapping[str, History],
    *,
    titles: str | Sequence[str] | None = None,
    gradient_norm: bool = False,
    figure: Figure | None = None,
) -> Figure:
    """Draw loss and accuracy over the epochs, a row for each network: the report's figures 1, 3 and 5.

    The left column has the training, validation and test loss, the right one the validation and test accuracy, or R^2
    where answers are numbers, with ``evaluate_training`` the training accuracy too, and each metric of the training has
    a column of its own. A thin dotted line marks the epoch whose parameters early stopping restored. All panels share
    the epoch axis and all accuracies one axis, as wide as they need; each network has a loss axis of its own.

    Parameters
    ----------
    histories : History, or sequence or mapping of History
        One training, or several; a mapping's keys are the titles.
    titles : str or sequence of str, optional
        A title for each network, instead of the mapping's keys.
    gradient_norm : bool, default False
        Draw a last column with the gradient's norm, the mean over each epoch's batches before clipping, on a
        logarithmic axis.
    figure : Figure, optional
        An empty figure to draw into, at the size it has; it gets constrained layout unless it has a layout
        already. By default a new pyplot figure, whose height grows with the number of networks.

    Returns
    -------
    Figure
        Its ``axes`` are loss and accuracy (and metrics, and gradient norm) of the first network, then of the second,
        and so on.

    Raises
    ------
    ValueError
        If there is no history, one without an epoch, or one whose curve has lists of different lengths; if
        there is not one title for each; or if the figure is not empty.

    See Also
    --------
    unrolled.rnn.train : Returns the history.

    Examples
    --------
    >>> from unrolled import plots, rnn
    >>> history = rnn.History(loss=[2.0, 1.4, 1.1], validation=rnn.Curve([1, 2, 3], [2.1, 1.6, 1.5], [0.3, 0.6, 0.7]))
    >>> figure = plots.learning_curves({"tanh, 50 hidden units": history})
    >>> [ax.get_ylabel() for ax in figure.axes]
    ['loss', 'accuracy']
    """
    from matplotlib import rcParams
    from matplotlib.ticker import MaxNLocator

    names, rows = _named(histories, titles)
    width, height = rcParams["figure.figsize"]
    metrics = list(dict.fromkeys(of for history in rows for _, curve in _curves(history) for of in curve.metrics))
    columns = 2 + len(metrics) + gradient_norm
    figure = empty(figure, (0.75 * columns * width, height * (0.2 + 0.45 * len(rows))))
    axes = figure.subplots(len(rows), columns, squeeze=False, sharex=True)
    reach, marked = _reach(rows), _marked(rows)
    for (left, right, *third), name, history in zip(axes, names, rows, strict=True):
        left.set_title(name, loc="left")
        left.set_ylabel("loss")
        of_numbers = any(_score(curve)[0] == R2 for _, curve in _curves(history))
        right.set_ylabel(R2 if of_numbers else "accuracy")
        if not of_numbers:
            right.set_ylim(reach)
        _curve(left, "training", range(1, len(history.loss) + 1), history.loss, marked)
        for part, curve in _curves(history):
            if len(curve.epochs):
                if part != "training":  # whose loss is drawn as it was met
                    _curve(left, part, curve.epochs, curve.loss, marked)
                _curve(right, part, curve.epochs, _score(curve)[1], marked)
                for of, values in curve.metrics.items():
                    _curve(third[metrics.index(of)], part, curve.epochs, values, marked)
        for ax, of in zip(third, metrics, strict=False):
            ax.set_ylabel(of)
        if not right.lines:
            right.text(0.5, 0.5, "not measured", ha="center", va="center", transform=right.transAxes)
        for ax in third[len(metrics) :]:
            ax.set_ylabel("gradient norm")
            _curve(ax, "training", range(1, len(history.gradient_norm) + 1), history.gradient_norm, marked)
            log_axis(ax, history.gradient_norm)
        if history.best_epoch is not None:
            for ax in (left, right, *third):
                _best(ax, history.best_epoch)
    for ax in axes[-1]:
        ax.set_xlabel("epoch")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
    figure.align_ylabels(list(axes.flat))
    seen = {line.get_label(): line for ax in axes.flat[::-1] for line in ax.lines}
    order = [label for label in (*STYLES, "best epoch") if label in seen]
    figure.legend([seen[label] for label in order], order, loc="outside upper center", ncols=len(order))
    return figure


def _curve(ax: Axes, part: str, epochs: Sequence[int], values: Sequence[float], marked: Collection[str]) -> None:
    """Draw one curve."""
    from matplotlib import rcParams

    color, line, marker = STYLES[part]
    color = rcParams["text.color"] if color is None else color
    size = 0.8 * rcParams["lines.markersize"]
    marker = marker if part in marked or len(epochs) == 1 else ""
    ax.plot(epochs, values, color=color, ls=line, marker=marker, ms=size, label=part)


def _marked(rows: Sequence[History]) -> set[str]:
    """Return the parts whose curves are short in every row; that of training is met at every epoch."""
    longest = {"training": max(len(history.loss) for history in rows)}
    for history in rows:
        for part, curve in _curves(history):
            longest[part] = max(longest.get(part, 0), len(curve.epochs))
    return {part for part, n in longest.items() if n <= MARKED}


def _reach(rows: Sequence[History]) -> tuple[float, float]:
    """Return the ends of the axis of all accuracies: of those measured, and at least 0.2 apart."""
    scores = [_score(curve) for history in rows for _, curve in _curves(history)]
    values = np.array([value for name, each in scores for value in each if name != R2 and np.isfinite(value)])
    if not len(values):
        return 0.0, 1.0
    middle, half = (values.max() + values.min()) / 2, max(0.1, 0.55 * np.ptp(values))
    return max(-0.03, middle - half), min(1.03, middle + half)  # a marker at 0 or 1 is whole


def _best(ax: Axes, epoch: int) -> None:
    """Draw the thin line at the epoch that early stopping went back to."""
    from matplotlib import rcParams

    ax.axvline(epoch, color=rcParams["text.color"], ls=":", lw=thin(), label="best epoch")


def _named(
    histories: History | Sequence[History] | Mapping[str, History],
    titles: str | Sequence[str] | None,
) -> tuple[list[str], list[History]]:
    """Return a title and a history for each network, checked."""
    if isinstance(histories, Mapping):
        rows, names = list(histories.values()), list(histories)
    else:
        rows = list(histories) if isinstance(histories, Sequence) else [histories]
        names = [""] * len(rows)
    if not rows:
        raise ValueError("histories is empty, expected the history of at least one network")
    if titles is not None:
        names = [titles] if isinstance(titles, str) else list(titles)
    if len(names) != len(rows):
        raise ValueError(f"titles has {len(names)} entries, expected {len(rows)}, one for each network")
    for n, history in enumerate(rows):
        _check(history, f"history {n}" + (f" ({names[n]!r})" if names[n] else ""))
    return names, rows


def _score(curve: Curve) -> tuple[str, list[float]]:
    """Return what was measured beside the loss, and what the axis calls it."""
    r2 = getattr(curve, "r2", None)
    return ("accuracy", curve.accuracy) if r2 is None else (R2, r2)


def _check(history: History, where: str) -> None:
    """Raise a ValueError unless the history can be drawn."""
    missing = [name for name in ("loss", "validation", "test", "best_epoch") if not hasattr(history, name)]
    if missing:
        raise ValueError(f"{where} is a {type(history).__name__} without {missing[0]}, expected a training history")
    if not len(history.loss):
        raise ValueError(f"{where} has no training loss, expected at least one epoch")
    for part, curve in _curves(history):
        if not len(curve.epochs) == len(curve.loss) == len(_score(curve)[1]):
            lengths = f"{len(curve.epochs)} epochs, {len(curve.loss)} losses, {len(_score(curve)[1])} accuracies"
            raise ValueError(f"{where} has {lengths} in {part}, expected equally many")
        for of, values in curve.metrics.items():
            if len(values) != len(curve.epochs):
                raise ValueError(
                    f"{where} has {len(curve.epochs)} epochs and {len(values)} of {of} in {part}, expected equally many"
                )


def _curves(history: History) -> list[tuple[str, Curve]]:
    """Return the curves that a history has, with their names."""
    return [(part, curve) for part in STYLES if (curve := getattr(history, part, None)) is not None]
