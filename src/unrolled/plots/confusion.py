"""Which classes are taken for which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unrolled import metrics
from unrolled.plots.figures import empty, text_color

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

COLORS = "Blues"
MANY = 10
"""Matrices of more classes say nothing in cells that have none, or less than half a percent."""


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

    With more than ten classes, cells of nobody, or of less than half a percent, have no text, and percentages no
    percent sign.

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
        Color runs from 0 to 100 % of a class, or to the largest count or percentage of all samples.
    ax : Axes, optional
        Where to draw. By default a new pyplot figure of a size that fits the text.
    title : str, optional
        By default none.
    colorbar : bool, default True
        Whether to draw a color bar beside the matrix.

    Returns
    -------
    Axes
        Its ``images[0]`` is the matrix, its ``texts`` the cells' values, row by row.

    Raises
    ------
    ValueError
        As `metrics.confusion_matrix`, or if a label has no name in classes.

    See Also
    --------
    confusion_matrices : Of training and test data, for several networks.
    unrolled.metrics.confusion_matrix : The numbers.

    Examples
    --------
    >>> from unrolled import plots
    >>> ax = plots.confusion_matrix([0, 0, 1, 1], [0, 1, 1, 1], ["sitting", "walking"])
    >>> [text.get_text() for text in ax.texts]
    ['1', '1', '0', '2']
    """
    import matplotlib.pyplot as plt

    matrix = _matrix(y, predicted, classes, normalize)
    names = _names(classes, len(matrix))
    texts = _texts(matrix, normalize)
    if ax is None:
        em = plt.rcParams["font.size"] / 72  # inches
        side, room = len(names) * max(_cell(texts, names)), _room(names)
        size = (em * (side + room + (6 if colorbar else 0)), em * (side + room))
        ax = plt.figure(figsize=size, layout="constrained").add_subplot()
    image = _draw(ax, matrix, texts, names, _top(matrix, normalize))
    ax.set_xlabel("predicted class")
    ax.set_ylabel("true class")
    if title is not None:
        ax.set_title(title, loc="left")
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

    The panels of a column share one color scale, so that equal colors are equal counts from network to
    network: from 0 to the column's largest count, or to 100 % of a class, or to the largest percentage of all
    samples. Training and test data have a scale each, as they seldom have equally many samples. Of more than ten
    classes, the cells' texts are as `confusion_matrix` has them.

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
        color bars.

    Raises
    ------
    ValueError
        As `metrics.confusion_matrix`, with the network and the part; if a label has no name in classes; if
        results is empty or of another form; or if the figure is not empty.

    See Also
    --------
    confusion_matrix : One matrix.

    Examples
    --------
    >>> from unrolled import plots
    >>> training, test = ([0, 1, 1, 0], [0, 1, 1, 0]), ([0, 1], [1, 1])
    >>> figure = plots.confusion_matrices({"tanh": (training, test)}, ["sitting", "walking"])
    >>> figure.axes[1].get_title(loc="left")
    'test, accuracy 0.500'
    """
    from matplotlib import rcParams

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
    figure = empty(figure, (em * width, em * height))
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
    many = len(matrix) > MANY
    if normalize is None:
        return ["" if many and not count else str(count) for count in matrix.flat]
    if many:
        return ["" if part < 0.005 else f"{100 * part:.0f}" for part in matrix.flat]
    return [
        "<1%" if 0 < part < 0.005 else ">99%" if 0.995 <= part < 1 else f"{100 * part:.0f}%" for part in matrix.flat
    ]


def _draw(ax: Axes, matrix: NDArray[Any], texts: list[str], names: list[str], top: float) -> AxesImage:
    """Draw a matrix on a scale from 0 to top, each cell's text in black or white, what contrasts more."""
    image = ax.imshow(matrix, cmap=COLORS, vmin=0, vmax=top, interpolation="nearest", origin="upper", aspect="auto")
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
        color = text_color(image.to_rgba(matrix[row, column]))
        ax.text(column, row, text, ha="center", va="center", color=color)
    return image


def _colorbar(image: AxesImage, axes: list[Axes], normalize: metrics.Normalize | None, where: str) -> None:
    """Draw the scale of one or several matrices."""
    from matplotlib import rcParams
    from matplotlib.ticker import MaxNLocator, PercentFormatter

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
    """Return the end of the color scale."""
    return 1.0 if normalize in ("true", "predicted") else float(matrix.max())


def _cell(texts: list[str], names: list[str]) -> tuple[float, float]:
    """Return width and height, in font sizes, of cells that fit the texts and the names beside them."""
    lines = max(name.count("\n") + 1 for name in names)
    return max(0.6 * max(map(len, texts)) + 1.5, 1.5 * lines), max(2.0, 1.5 * lines)


def _room(names: list[str]) -> float:
    """Return the font sizes that class names and axis labels take beside a matrix."""
    return 0.6 * max(len(line) for name in names for line in name.split("\n")) + 4
