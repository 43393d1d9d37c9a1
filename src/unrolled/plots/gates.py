"""The gates of one sequence over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from unrolled._support.validation import whole_number
from unrolled.plots.figures import DIVERGING, SEQUENTIAL, empty
from unrolled.rnn import GRU, LSTM, Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GATES = {
    LSTM: {
        "i": "input gate i",
        "f": "forget gate f",
        "o": "output gate o",
        "g": "candidate g",
        "C": "memory c",
        "A": "state A",
    },
    GRU: {"r": "reset gate r", "z": "update gate z", "n": "candidate n", "A": "state A"},
}
BETWEEN_0_AND_1 = ("i", "f", "o", "r", "z")


def gates(net: Network, x: Any, *, layer: int = 0, figure: Figure | None = None) -> Figure:
    """Draw what the gates and the state of each unit of an LSTM or GRU do over one sequence.

    A panel for each gate, a row for each unit, in the same order in all: by how open the gate that keeps the memory
    (f, or z) is on average, the longest memory on top.

    Parameters
    ----------
    net : ManyToOne or ManyToMany
    x : array_like, shape (T, D)
        One sequence.
    layer : int, default 0
        Which layer, an LSTM or GRU of one direction.
    figure : Figure, optional
        An empty figure to draw into, at the size it has; by default a new pyplot figure.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If x is not one sequence, the layer has no gates, or the figure is not empty.

    See Also
    --------
    unrolled.rnn.ManyToOne.forward : Where every gate is to be had.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import plots, rnn
    >>> net = rnn.ManyToOne(rnn.GRU(8), 3, 2, rng=0)
    >>> figure = plots.gates(net, np.random.default_rng(0).standard_normal((40, 3)))
    >>> [ax.get_title(loc="left") for ax in figure.axes[:4]]
    ['reset gate r', 'update gate z', 'candidate n', 'state A']
    """
    from matplotlib import rcParams

    if not isinstance(net, Network):
        raise ValueError(f"net is {net!r}, expected a network such as rnn.ManyToOne(...)")
    layer = whole_number(layer, "layer", 0, len(net.cells) - 1)
    cell = net.cells[layer]
    if type(cell) not in GATES:
        raise ValueError(f"layer {layer} is {cell}, expected an LSTM or GRU, which has gates")
    array = np.asarray(x)
    if array.ndim != 2:
        raise ValueError(f"x has shape {array.shape}, expected (T, D), one sequence")
    trace: Any = net.forward(array[None]).traces[layer]
    names = {**GATES[type(cell)], "A": "state A"}
    values = {name: np.array(getattr(trace, name))[-len(array) :, 0] for name in names}
    order = np.argsort(-values["f" if "f" in values else "z"].mean(0), kind="stable")
    width, height = rcParams["figure.figsize"]
    figure = empty(figure, (1.3 * width, 0.33 * height * len(names)))
    axes = figure.subplots(len(names), 1, sharex=True)
    for ax, (name, title) in zip(axes, names.items(), strict=True):
        gate = name in BETWEEN_0_AND_1
        reach = 1.0 if name != "C" else max(1.0, float(np.abs(values[name]).max()))
        image = ax.imshow(
            values[name][:, order].T, aspect="auto", interpolation="nearest", origin="upper",
            extent=(0.5, len(array) + 0.5, cell.hidden + 0.5, 0.5), cmap=SEQUENTIAL if gate else DIVERGING,
            vmin=0.0 if gate else -reach, vmax=reach,
        )  # fmt: skip
        ax.set_title(title, loc="left")
        ax.set_ylabel("unit")
        ax.set_yticks([])
        figure.colorbar(image, ax=ax)
    axes[-1].set_xlabel("step")
    return figure
