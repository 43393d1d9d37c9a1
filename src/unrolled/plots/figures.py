"""The figure that is drawn into, and what can be read on it.

Matplotlib takes longer to import than all of the library, so each function imports what it needs of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
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
