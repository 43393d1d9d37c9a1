"""The figure that is drawn into, and what can be read on it.

Matplotlib takes longer to import than all of the library, so each function imports what it needs of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def empty(figure: Figure | None, size: tuple[float, float]) -> Figure:
    """Return the figure given, if it is empty, or a new one of this size.

    A notebook's inline backend shows every figure that pyplot knows at the end of a cell, and the one that the cell's
    last line returns: so that it appears once, pyplot does not know of it there.
    """
    import matplotlib
    import matplotlib.pyplot as plt

    if figure is None:
        if "inline" in matplotlib.get_backend():
            return matplotlib.figure.Figure(figsize=size, layout="constrained")
        return plt.figure(figsize=size, layout="constrained")
    if figure.axes:
        raise ValueError(
            f"figure holds {len(figure.axes)} axes already, expected an empty one: figure.clear() empties it"
        )
    if figure.get_layout_engine() is None:
        figure.set_layout_engine("constrained")
    return figure


def text_color(cell: Any) -> str:
    """Return black or white, by the cell's relative luminance as WCAG 2.1 has it.

    A contrast is (lighter + 0.05) / (darker + 0.05): black's and white's are alike, 4.6, on a luminance of 0.179.
    """
    from matplotlib.colors import to_rgb

    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in to_rgb(cell)]
    return "black" if np.dot([0.2126, 0.7152, 0.0722], linear) > 0.179 else "white"


def logarithmic(values: Sequence[Any]) -> bool:
    """Tell whether numbers are better seen on a logarithmic axis: all above 0, and more than a factor of 20 apart."""
    return numeric(values) and min(values) > 0 and max(values) > 20 * min(values)


def numeric(values: Sequence[Any]) -> bool:
    """Tell whether all values are numbers, Python's or NumPy's."""
    plain = (value.item() if isinstance(value, np.generic) else value for value in values)
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in plain)


COLORS = BLUE, VERMILION, *_ = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
"""Of Okabe and Ito, Color Universal Design (2008), but black, which is for what is not one of several.

Of their threes, black (or what the style writes in), vermilion and blue is the one that trichromats, protanopes,
deuteranopes and tritanopes all tell apart best.
"""
SEQUENTIAL, DIVERGING = "viridis", "RdBu_r"
"""Color maps: of numbers from low to high, and of those around 0."""


def thin() -> float:
    """Return the width of a line that is not one of the curves."""
    from matplotlib import rcParams

    return 0.6 * float(rcParams["lines.linewidth"])


def color_of(n: int) -> str:
    """Return the color of the n-th of several, from 0; beyond seven they begin again."""
    return COLORS[n % len(COLORS)]


def class_name(label: int, classes: Sequence[str] | None) -> str:
    """Return what a class is called: its name, or without names its number.

    Raises
    ------
    ValueError
        If there are fewer names than that.
    """
    if classes is None:
        return str(label)
    if label >= len(classes):
        raise ValueError(f"classes has {len(classes)} names, expected one for label {label}, too")
    return str(classes[label])


def new_axes(ax: Axes | None) -> Axes:
    """Return the axes given, or those of a new pyplot figure."""
    import matplotlib.pyplot as plt

    return plt.figure(layout="constrained").add_subplot() if ax is None else ax


def legend(ax: Axes, title: str | None = None, beside: bool = False) -> None:
    """Draw the legend of what has a name: within the axes where it is short, and at their right where it is not."""
    handles, _ = ax.get_legend_handles_labels()
    if len(handles) > 4 or (handles and beside):
        ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0, title=title)
    elif handles:
        ax.legend(loc="best", title=title)


def log_axis(ax: Axes, values: Any) -> None:
    """Make the vertical axis logarithmic, with numbers written out where they are within three powers of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    ax.set_yscale("log")
    shown = np.asarray(values)[np.isfinite(values)]
    shown = shown[shown > 0]
    if len(shown) and shown.max() < 1e3 * shown.min() and 1e-3 < shown.max() < 1e5:
        ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        ax.yaxis.set_minor_formatter(NullFormatter())


def alike(values: Any, digits: int) -> list[str]:
    """Write numbers with equally many decimals: so many that the range of the finite ones has so many digits.

    Of one that is not finite the text is empty.
    """
    numbers = np.asarray(values, float).reshape(-1)
    finite = numbers[np.isfinite(numbers)]
    if not finite.size:
        return [""] * len(numbers)
    span = float(np.ptp(finite)) or float(np.abs(finite).max()) or 1.0
    decimals = digits - 1 - int(np.floor(np.log10(span)))
    large = np.abs(finite).max() >= 1e6 or decimals > 6
    form = f".{digits}e" if large else f".{max(decimals, 0)}f"
    return [f"{value:{form}}" if np.isfinite(value) else "" for value in numbers.tolist()]
