"""What networks say along the way: numbers over time, forecasts in closed loop, classes step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unrolled._support.validation import numeric, real_number
from unrolled.plots.figures import BLUE, SEQUENTIAL, VERMILION, empty, thin

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def over_time(
    y: ArrayLike,
    predicted: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    figure: Figure | None = None,
) -> Figure:
    """Draw the targets of one recording and what a network predicts, over its steps, a panel for each number.

    Parameters
    ----------
    y, predicted : array_like, shape (T,) or (T, K)
        NaN is left out.
    names : sequence of str, optional
        One for each of the K numbers.
    figure : Figure, optional
        An empty figure to draw into.

    Returns
    -------
    Figure
        With K axes.

    Raises
    ------
    ValueError
        If the shapes differ, there is no step, there is not one name for each, or the figure is not empty.

    See Also
    --------
    forecast : In closed loop.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import plots
    >>> t = np.arange(100) / 10
    >>> figure = plots.over_time(np.sin(t), np.sin(t + 0.1))
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['target', 'predicted']
    """
    from matplotlib import rcParams

    true, said = _series(y, "y"), _series(predicted, "predicted")
    if true.shape != said.shape:
        raise ValueError(f"y has shape {np.shape(y)} and predicted has {np.shape(predicted)}, expected the same")
    labels = _names(names, true.shape[1])
    width, height = rcParams["figure.figsize"]
    figure = empty(figure, (1.4 * width, height * (0.25 + 0.4 * true.shape[1])))
    axes = figure.subplots(true.shape[1], 1, squeeze=False, sharex=True)[:, 0]
    for ax, label, of_true, of_said in zip(axes, labels, true.T, said.T, strict=True):
        ax.plot(np.arange(1, len(of_true) + 1), of_true, color=BLUE, label="target")
        ax.plot(np.arange(1, len(of_said) + 1), of_said, color=VERMILION, ls="--", label="predicted")
        ax.set_ylabel(label)
    axes[-1].set_xlabel("step")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


def valid_steps(truth: ArrayLike, said: ArrayLike, *, tolerance: float = 0.4) -> int:
    """Count the steps of a forecast before it leaves the truth: its error exceeds a part of the truth's spread.

    The error of a step is the distance from the truth, divided by the root of the mean squared distance of the truth
    from its mean, over all its numbers.

    Parameters
    ----------
    truth, said : array_like, shape (T,) or (T, K)
    tolerance : float, default 0.4
        From which error on the forecast has left the truth.

    Returns
    -------
    int
        From 0 to T; NaN has left it.

    Raises
    ------
    ValueError
        If the shapes differ, or the truth does not vary.

    See Also
    --------
    forecast : Marks that moment.

    References
    ----------
    J. Pathak et al., "Model-free prediction of large spatiotemporally chaotic systems from data", Physical Review
    Letters 120 (2018), for the valid time with 0.4.

    Examples
    --------
    >>> from unrolled import plots
    >>> plots.valid_steps([0, 1, 0, 1, 0], [0, 1, 0.1, 0.2, 0])
    3
    """
    tolerance = real_number(tolerance, "tolerance", above=0)
    true, guess = _series(truth, "truth"), _series(said, "said")
    if true.shape != guess.shape:
        raise ValueError(f"truth has shape {np.shape(truth)} and said has {np.shape(said)}, expected the same")
    spread = np.sqrt(np.square(true - true.mean(0)).sum(1).mean())
    if not spread > 0:
        raise ValueError("truth does not vary, expected numbers that do")
    left = ~(np.linalg.norm(true - guess, axis=1) <= tolerance * spread)
    return int(left.argmax()) if left.any() else len(left)


def forecast(
    truth: ArrayLike,
    said: ArrayLike,
    *,
    past: ArrayLike | None = None,
    tolerance: float = 0.4,
    names: Sequence[str] | None = None,
    figure: Figure | None = None,
) -> Figure:
    """Draw a forecast in closed loop beside the truth, with a line where it leaves it.

    Parameters
    ----------
    truth, said : array_like, shape (T,) or (T, K)
        What came, and what was said, such as one row of ``rnn.generate``.
    past : array_like, shape (P,) or (P, K), optional
        What the network had heard, drawn before step 1.
    tolerance : float, default 0.4
        As for :func:`valid_steps`.
    names : sequence of str, optional
        One for each of the K numbers.
    figure : Figure, optional
        An empty figure to draw into.

    Returns
    -------
    Figure
        With K axes.

    Raises
    ------
    ValueError
        As :func:`valid_steps` and :func:`over_time` do, or if the past has another number of columns.

    See Also
    --------
    valid_steps : The moment it leaves the truth.
    unrolled.rnn.generate : Makes such forecasts.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import plots
    >>> t = np.arange(60) / 5
    >>> figure = plots.forecast(np.sin(t[20:]), np.sin(1.1 * t[20:] - 0.4), past=np.sin(t[:20]))
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['past', 'truth', 'forecast', 'leaves the truth after step 22']
    """
    from matplotlib import rcParams

    valid = valid_steps(truth, said, tolerance=tolerance)
    figure = over_time(truth, said, names=names, figure=figure)
    before = None if past is None else _series(past, "past")
    ink = rcParams["text.color"]
    for n, ax in enumerate(figure.axes):
        ax.lines[0].set(label="truth", linewidth=2.5 * rcParams["lines.linewidth"], alpha=0.6)  # seen beneath the other
        ax.lines[1].set_label("forecast")
        if before is not None:
            if before.shape[1] != len(figure.axes):
                raise ValueError(f"past has {before.shape[1]} columns, expected {len(figure.axes)} as truth has")
            joined = np.append(before[:, n], np.asarray(ax.lines[0].get_ydata())[:1])
            ax.plot(np.arange(1 - len(before), 2), joined, color=ink, alpha=0.5, label="past", zorder=1.9)
        if valid < len(np.asarray(truth)):
            after = f"leaves the truth after step {valid}"
            ax.axvline(valid + 0.5, color=ink, ls=":", lw=thin(), label=after)
    for legend in list(figure.legends):
        legend.remove()
    lines = sorted(figure.axes[0].lines, key=lambda line: line.get_label() != "past")
    figure.legend(lines, [str(line.get_label()) for line in lines], loc="outside upper center", ncols=len(lines))
    return figure


def confusion_over_time(
    y: ArrayLike,
    predicted: ArrayLike,
    classes: Sequence[str] | None = None,
    *,
    lengths: ArrayLike | None = None,
    figure: Figure | None = None,
) -> Figure:
    """Draw how often each class is recognized at each step, and the accuracy of the steps above it.

    Where no sample has a class at a step, its place is empty.

    Parameters
    ----------
    y, predicted : array_like of int, shape (N, T)
        Labels, and what the network says; a step where the prediction is -1, after a sample's end, is left out.
    classes : sequence of str, optional
        The classes' names.
    lengths : array_like of int, shape (N,), optional
        How many steps each sample has.
    figure : Figure, optional
        An empty figure to draw into.

    Returns
    -------
    Figure
        With the accuracy's axes, those of the classes, and the color bar's.

    Raises
    ------
    ValueError
        If the shapes differ or are not (N, T), or there are fewer names than classes.

    See Also
    --------
    confusion_matrix : Which classes are taken for which, over all steps: of ``y.ravel()``.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import plots
    >>> y = np.array([[0, 0, 1, 1], [1, 1, 0, 0]])
    >>> figure = plots.confusion_over_time(y, [[1, 0, 1, 1], [1, 1, 0, -1]], ["rest", "move"])
    >>> figure.axes[0].lines[0].get_ydata().tolist()
    [0.5, 1.0, 1.0, 1.0]
    """
    from matplotlib import rcParams

    true, said = numeric(y, "y"), numeric(predicted, "predicted")
    if true.ndim != 2 or true.shape != said.shape or not true.size:
        raise ValueError(f"y has shape {true.shape} and predicted has {said.shape}, expected both (N, T)")
    n_steps = np.full(len(true), true.shape[1]) if lengths is None else numeric(lengths, "lengths")
    there = (np.arange(true.shape[1]) < n_steps[:, None]) & (said >= 0)
    C = int(true[there].max(initial=0)) + 1
    labels = [str(n) for n in range(C)] if classes is None else [str(name) for name in classes]
    if len(labels) < C:
        raise ValueError(f"classes has {len(labels)} names, expected {C}, one for each label")
    right = (true == said) & there
    of_class = np.array([_ratio(right & (true == n), there & (true == n)) for n in range(len(labels))])
    width, height = rcParams["figure.figsize"]
    figure = empty(figure, (1.4 * width, height * (0.6 + 0.06 * len(labels))))
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[1, max(1.0, 0.25 * len(labels))])
    steps = np.arange(1, true.shape[1] + 1)
    above.plot(steps, _ratio(right, there), color=BLUE)
    above.set_ylabel("accuracy")
    above.set_ylim(-0.03, 1.03)
    image = below.imshow(
        of_class,
        aspect="auto",
        vmin=0,
        vmax=1,
        cmap=SEQUENTIAL,
        extent=(0.5, len(steps) + 0.5, len(labels) - 0.5, -0.5),
    )
    below.set_yticks(range(len(labels)), labels)
    below.set_xlabel("step")
    figure.colorbar(image, ax=[above, below], label="recognized")
    return figure


def _ratio(part: NDArray[np.bool_], whole: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return a part's fraction of the whole at each step, NaN where there is none."""
    n = whole.sum(0)
    return np.asarray(np.divide(part.sum(0), n, out=np.full(len(n), np.nan), where=n > 0))


def _series(values: Any, name: str) -> NDArray[np.float64]:
    """Return numbers over time as (T, K)."""
    array = numeric(values, name).astype(np.float64)
    if array.ndim not in (1, 2) or not array.size:
        hint = "; of several recordings, one of them" if array.ndim == 3 else ""
        raise ValueError(f"{name} has shape {array.shape}, expected (T,) or (T, K){hint}")
    return array if array.ndim == 2 else array[:, None]


def _names(names: Sequence[str] | None, K: int) -> list[str]:
    if names is None:
        return ["y"] if K == 1 else [f"y[{n}]" for n in range(K)]
    if isinstance(names, str) or len(names) != K:
        raise ValueError(f"names are {names!r}, expected {K}, one for each number")
    return [str(name) for name in names]
