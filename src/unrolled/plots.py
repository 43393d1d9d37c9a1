"""Learning curves and confusion matrices, as matplotlib figures.

Font sizes, line widths and backgrounds are rcParams', so a style sheet or ``rc_context`` restyles them. Two
things are not, because they carry meaning: the colour of a curve, from Okabe and Ito's palette, which the
colour-blind can tell apart (each curve has a line style of its own too), and the confusion matrices' colour
map, whose lightness alone orders the counts.
"""

import math
from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any, Protocol

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import ArrayLike, NDArray

from unrolled import metrics

__all__ = ["CurveLike", "HistoryLike", "confusion_matrices", "confusion_matrix", "learning_curves"]

# Black (or what the style writes in), vermilion and blue of Okabe and Ito, Color Universal Design (2008): of their
# threes the one that trichromats, protanopes, deuteranopes and tritanopes all tell apart best. And line and marker.
STYLES = {
    "training": (None, "-", "o"),
    "validation": ("#D55E00", "--", "s"),
    "test": ("#0072B2", "-.", "^"),
}
COLOURS = "Blues"


class CurveLike(Protocol):
    """Loss and accuracy at some epochs, as `unrolled.rnn.train` measures them on validation or test data."""

    @property
    def epochs(self) -> Sequence[int]:
        """Epoch numbers, from 1."""

    @property
    def loss(self) -> Sequence[float]:
        """The loss after each of these epochs."""

    @property
    def accuracy(self) -> Sequence[float]:
        """The accuracy after each of these epochs, 0 to 1."""


class HistoryLike(Protocol):
    """What a training leaves behind: `unrolled.rnn.History`, or anything with these attributes."""

    @property
    def loss(self) -> Sequence[float]:
        """Training loss of epochs 1, 2, ..."""

    @property
    def validation(self) -> CurveLike | None:
        """Validation loss and accuracy, if there was validation data."""

    @property
    def test(self) -> CurveLike | None:
        """Test loss and accuracy, if there was test data."""

    @property
    def best_epoch(self) -> int | None:
        """The epoch whose parameters early stopping restored."""


def learning_curves(
    histories: HistoryLike | Sequence[HistoryLike] | Mapping[str, HistoryLike],
    *,
    titles: str | Sequence[str] | None = None,
    figure: Figure | None = None,
) -> Figure:
    """Draw loss and accuracy over the epochs, a row for each network: the report's figures 1, 3 and 5.

    The left column has the training, validation and test loss, the right one the validation and test
    accuracy. A thin dotted line marks the epoch whose parameters early stopping restored. All panels share
    the epoch axis and all accuracy axes run from 0 to 1; each network has a loss axis of its own.

    Parameters
    ----------
    histories : HistoryLike, or sequence or mapping of HistoryLike
        One training, or several; a mapping's keys are the titles.
    titles : str or sequence of str, optional
        A title for each network, instead of the mapping's keys.
    figure : Figure, optional
        An empty figure to draw into, at the size it has; it gets constrained layout unless it has a layout
        already. By default a new pyplot figure, whose height grows with the number of networks.

    Returns
    -------
    Figure
        Its ``axes`` are loss and accuracy of the first network, then of the second, and so on.

    Raises
    ------
    ValueError
        If there is no history, one without an epoch, or one whose curve has lists of different lengths; if
        there is not one title for each; or if the figure is not empty.
    """
    names, rows = _named(histories, titles)
    width, height = rcParams["figure.figsize"]
    figure = _empty(figure, (1.5 * width, height * (0.2 + 0.45 * len(rows))))
    axes = figure.subplots(len(rows), 2, squeeze=False, sharex=True)
    for (left, right), name, history in zip(axes, names, rows, strict=True):
        left.set_title(name, loc="left")
        left.set_ylabel("loss")
        right.set_ylabel("accuracy")
        right.set_ylim(-0.03, 1.03)  # a marker at 0 or 1 is whole
        right.set_yticks(np.linspace(0, 1, 6))
        _curve(left, "training", range(1, len(history.loss) + 1), history.loss)
        for part, curve in (("validation", history.validation), ("test", history.test)):
            if curve is not None and len(curve.epochs):
                _curve(left, part, curve.epochs, curve.loss)
                _curve(right, part, curve.epochs, curve.accuracy)
        if not right.lines:
            right.text(0.5, 0.5, "not measured", ha="center", va="center", transform=right.transAxes)
        if history.best_epoch is not None:
            for ax in (left, right):
                _best(ax, history.best_epoch)
    for ax in axes[-1]:
        ax.set_xlabel("epoch")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
    figure.align_ylabels(list(axes.flat))
    seen = {line.get_label(): line for ax in axes.flat[::-1] for line in ax.lines}
    order = [label for label in (*STYLES, "best epoch") if label in seen]
    figure.legend([seen[label] for label in order], order, loc="outside upper center", ncols=len(order))
    return figure


def confusion_matrix(
    y: ArrayLike,
    predicted: ArrayLike,
    classes: Sequence[str] | None = None,
    *,
    normalize: metrics.Normalize | None = None,
    ax: Axes | None = None,
    title: str | None = None,
    colorbar: bool = True,
) -> Axes:
    """Draw one confusion matrix: rows are the true class, columns the predicted one.

    Parameters
    ----------
    y : array_like, shape (N,) or (N, C)
        True classes, integers or one-hot rows.
    predicted : array_like, shape (N,)
        Predicted classes, integers.
    classes : sequence of str, optional
        The C class names; by default their numbers.
    normalize : {"true", "predicted", "all"}, optional
        Show the percentage of the true class, of the predicted class or of all samples, instead of counts.
        Colour runs from 0 to 100 % of a class, or to the largest count or percentage of all samples.
    ax : Axes, optional
        Where to draw. By default a new pyplot figure of a size that fits the text.
    title : str, optional
        By default none.
    colorbar : bool, default True
        Whether to draw a colour bar beside the matrix.

    Returns
    -------
    Axes
        Its ``images[0]`` is the matrix, its ``texts`` the cells' values, row by row.

    Raises
    ------
    ValueError
        As `metrics.confusion_matrix`, or if a label has no name in classes.
    """
    matrix = _matrix(y, predicted, classes, normalize)
    names = _names(classes, len(matrix))
    texts = _texts(matrix, normalize)
    if ax is None:
        em = rcParams["font.size"] / 72  # inches
        side, room = len(names) * max(_cell(texts, names)), _room(names)
        size = (em * (side + room + (6 if colorbar else 0)), em * (side + room))
        ax = plt.figure(figsize=size, layout="constrained").add_subplot()
    image = _draw(ax, matrix, texts, names, _top(matrix, normalize))
    ax.set_xlabel("predicted class")
    ax.set_ylabel("true class")
    if title is not None:
        ax.set_title(title)
    if colorbar:
        _colorbar(image, [ax], normalize, "right")
    return ax


def confusion_matrices(
    results: Mapping[str, tuple[tuple[ArrayLike, ArrayLike], tuple[ArrayLike, ArrayLike]]],
    classes: Sequence[str] | None = None,
    *,
    normalize: metrics.Normalize | None = None,
    figure: Figure | None = None,
) -> Figure:
    """Draw confusion matrices on training and test data, a row for each network: figures 2, 4 and 6.

    The panels of a column share one colour scale, so that equal colours are equal counts from network to
    network: from 0 to the column's largest count, or to 100 % of a class, or to the largest percentage of all
    samples. Training and test data have a scale each, as they seldom have equally many samples.

    Parameters
    ----------
    results : mapping of str to ((y, predicted), (y, predicted))
        For each network's title the true and predicted classes of the training data, then of the test data,
        each as `metrics.confusion_matrix` takes them.
    classes : sequence of str, optional
        The C class names; by default their numbers.
    normalize : {"true", "predicted", "all"}, optional
        Show the percentage of the true class, of the predicted class or of all samples, instead of counts.
    figure : Figure, optional
        An empty figure to draw into, at the size it has; it gets constrained layout unless it has a layout
        already. By default a new pyplot figure of a size that fits the text.

    Returns
    -------
    Figure
        Its ``axes`` are training and test of the first network, then of the second, and so on; last come two
        colour bars.

    Raises
    ------
    ValueError
        As `metrics.confusion_matrix`, with the network and the part; if a label has no name in classes; if
        results is empty or of another form; or if the figure is not empty.
    """
    if not isinstance(results, Mapping) or not results:
        raise ValueError(f"results is a {type(results).__name__}, expected a mapping with at least one network")
    matrices, titles = [], []
    for name, result in results.items():
        for part, (y, predicted) in zip(("training", "test"), _two_pairs(name, result), strict=True):
            try:
                matrices.append(_matrix(y, predicted, classes, normalize))
            except ValueError as error:
                raise ValueError(f"results[{name!r}], {part} data: {error}") from None
            above = f"{name}\n" if name and part == "training" else ""
            titles.append(f"{above}{part}, accuracy {metrics.accuracy(y, predicted):.3f}")
    n_classes = max(map(len, matrices))
    matrices = [np.pad(each, (0, n_classes - len(each))) for each in matrices]  # unnamed, sizes may differ
    names = _names(classes, n_classes)
    texts = [_texts(matrix, normalize) for matrix in matrices]

    em = rcParams["font.size"] / 72  # inches; a panel is at least as wide as its title
    wide, high = _cell([text for panel in texts for text in panel], names)
    panel_width, panel_height = max(n_classes * wide, 18), n_classes * high + 4
    width, height = 2 * panel_width + _room(names), len(results) * panel_height + _room(names) + 4
    figure = _empty(figure, (em * width, em * height))
    axes = figure.subplots(len(results), 2, squeeze=False, sharex=True, sharey=True)
    for column in (0, 1):
        panels = matrices[column::2]
        top = max(_top(panel, normalize) for panel in panels)
        for row, ax in enumerate(axes[:, column]):
            image = _draw(ax, panels[row], texts[2 * row + column], names, top)
            ax.set_title(titles[2 * row + column], loc="left")
            ax.set_xlabel("predicted class")
            ax.set_ylabel("true class")
            ax.label_outer()
        _colorbar(image, list(axes[:, column]), normalize, "bottom")
    return figure


def _curve(ax: Axes, part: str, epochs: Sequence[int], values: Sequence[float]) -> None:
    """Draw one curve, with a marker at every point or at a dozen of many; a line of training needs none."""
    colour, line, marker = STYLES[part]
    colour = rcParams["text.color"] if colour is None else colour
    if part == "training" and len(epochs) > 1:
        marker = ""
    size = 0.8 * rcParams["lines.markersize"]
    every = math.ceil(len(epochs) / 12)
    ax.plot(epochs, values, color=colour, ls=line, marker=marker, ms=size, markevery=every, label=part)


def _best(ax: Axes, epoch: int) -> None:
    """Draw the thin line at the epoch that early stopping went back to."""
    thin = 0.6 * rcParams["lines.linewidth"]
    ax.axvline(epoch, color=rcParams["text.color"], ls=":", lw=thin, label="best epoch")


def _named(
    histories: HistoryLike | Sequence[HistoryLike] | Mapping[str, HistoryLike],
    titles: str | Sequence[str] | None,
) -> tuple[list[str], list[HistoryLike]]:
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


def _check(history: HistoryLike, where: str) -> None:
    """Raise a ValueError unless the history can be drawn."""
    missing = [name for name in ("loss", "validation", "test", "best_epoch") if not hasattr(history, name)]
    if missing:
        raise ValueError(f"{where} is a {type(history).__name__} without {missing[0]}, expected a training history")
    if not len(history.loss):
        raise ValueError(f"{where} has no training loss, expected at least one epoch")
    for part, curve in (("validation", history.validation), ("test", history.test)):
        if curve is not None and not len(curve.epochs) == len(curve.loss) == len(curve.accuracy):
            lengths = f"{len(curve.epochs)} epochs, {len(curve.loss)} losses, {len(curve.accuracy)} accuracies"
            raise ValueError(f"{where} has {lengths} in {part}, expected equally many")


def _two_pairs(name: str, result: Any) -> list[tuple[ArrayLike, ArrayLike]]:
    """Return (y, predicted) of training and of test, if that is what there is."""
    try:
        (y_train, predicted_train), (y_test, predicted_test) = result
    except (TypeError, ValueError):
        raise ValueError(
            f"results[{name!r}] is a {type(result).__name__} of another form, expected "
            "((y, predicted) of the training data, (y, predicted) of the test data)"
        ) from None
    return [(y_train, predicted_train), (y_test, predicted_test)]


def _matrix(
    y: ArrayLike, predicted: ArrayLike, classes: Sequence[str] | None, normalize: metrics.Normalize | None
) -> NDArray[Any]:
    """Count, with as many classes as there are names."""
    if isinstance(classes, str):
        raise ValueError(f"classes is the string {classes!r}, expected a sequence of class names")
    n_classes = None if classes is None else len(classes)
    return metrics.confusion_matrix(y, predicted, n_classes=n_classes, normalize=normalize)


def _names(classes: Sequence[str] | None, n_classes: int) -> list[str]:
    """Return tick labels: long names are broken into lines."""
    return [fill(str(name), 20) for name in (range(n_classes) if classes is None else classes)]


def _texts(matrix: NDArray[Any], normalize: metrics.Normalize | None) -> list[str]:
    """Return the cells' texts, row by row: counts, or percentages, where only none is 0% and all 100%."""
    if normalize is None:
        return [str(count) for count in matrix.flat]
    return [
        "<1%" if 0 < share < 0.005 else ">99%" if 0.995 <= share < 1 else f"{100 * share:.0f}%" for share in matrix.flat
    ]


def _draw(ax: Axes, matrix: NDArray[Any], texts: list[str], names: list[str], top: float) -> AxesImage:
    """Draw a matrix on a scale from 0 to top, each cell's text in black or white, what contrasts more."""
    image = ax.imshow(matrix, cmap=COLOURS, vmin=0, vmax=top, interpolation="nearest", origin="upper", aspect="auto")
    ax.grid(False)
    places = range(len(names))
    if any("\n" in name for name in names):
        ax.set_xticks(places, names, rotation=90)
    elif max(map(len, names)) > 3:
        ax.set_xticks(places, names, rotation=45, ha="right", rotation_mode="anchor")
    else:
        ax.set_xticks(places, names)
    ax.set_yticks(places, names)
    for cell, text in enumerate(texts):
        row, column = divmod(cell, len(names))
        colour = _text_colour(image.to_rgba(matrix[row, column]))
        ax.text(column, row, text, ha="center", va="center", color=colour)
    return image


def _text_colour(cell: Any) -> str:
    """Return black or white, by the cell's relative luminance as WCAG 2.1 has it.

    A contrast is (lighter + 0.05) / (darker + 0.05): black's and white's are alike, 4.6, on a luminance of 0.179.
    """
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in to_rgb(cell)]
    return "black" if np.dot([0.2126, 0.7152, 0.0722], linear) > 0.179 else "white"


def _colorbar(image: AxesImage, axes: list[Axes], normalize: metrics.Normalize | None, where: str) -> None:
    """Draw the scale of one or several matrices."""
    if normalize is None:
        label, form, ticks = "samples", None, MaxNLocator(nbins=5, integer=True)
    else:
        label = "share of all samples" if normalize == "all" else f"share of the {normalize} class"
        form, ticks = PercentFormatter(1), MaxNLocator(nbins=5)
    figure = axes[0].figure
    across = figure.bbox.height if where == "bottom" else figure.bbox.width
    pad = rcParams["font.size"] / 72 * figure.dpi / across  # one line of text
    figure.colorbar(image, ax=axes, location=where, label=label, format=form, ticks=ticks, pad=pad)


def _top(matrix: NDArray[Any], normalize: metrics.Normalize | None) -> float:
    """Return the end of the colour scale."""
    return 1.0 if normalize in ("true", "predicted") else float(matrix.max())


def _cell(texts: list[str], names: list[str]) -> tuple[float, float]:
    """Return width and height, in font sizes, of cells that fit the texts and the names beside them."""
    lines = max(name.count("\n") + 1 for name in names)
    return max(0.6 * max(map(len, texts)) + 1.5, 1.5 * lines), max(2.0, 1.5 * lines)


def _room(names: list[str]) -> float:
    """Return the font sizes that class names and axis labels take beside a matrix."""
    return 0.6 * max(len(line) for name in names for line in name.split("\n")) + 4


def _empty(figure: Figure | None, size: tuple[float, float]) -> Figure:
    """Return the figure given, if it is empty, or a new one of this size."""
    if figure is None:
        return plt.figure(figsize=size, layout="constrained")
    if figure.axes:
        raise ValueError(
            f"figure holds {len(figure.axes)} axes already, expected an empty one: figure.clear() empties it"
        )
    if figure.get_layout_engine() is None:
        figure.set_layout_engine("constrained")
    return figure
