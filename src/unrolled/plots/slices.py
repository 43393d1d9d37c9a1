"""The loss along a line, or on a plane, of the parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unrolled.plots.figures import SEQUENTIAL, color_of, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from unrolled.dynamics import LossSlice

LABELS = {
    "gradient": "along the gradient",
    "curvature": "along the first eigenvector",
    "random": "along a random direction",
    "given": "along the direction given",
}


def loss_slice(found: LossSlice, *, log: bool = False, ax: Axes | None = None) -> Axes:
    """Draw a slice of the loss: a curve along one direction, a map with contours over two.

    The network itself is the marker in the middle.

    Parameters
    ----------
    found : LossSlice
        Of :func:`unrolled.dynamics.loss_slice`.
    log : bool, default False
        Whether the loss's axis, or its colors, are logarithmic.
    ax : Axes, optional
        Where to draw; by default a new pyplot figure.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If no loss is finite.

    See Also
    --------
    unrolled.dynamics.loss_slice : What is drawn.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import dynamics, plots, rnn
    >>> net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=2, rng=0)
    >>> plane = dynamics.loss_slice(net, np.ones((5, 10, 3)), [0, 1, 1, 0, 1], ("gradient", "random"), n=7)
    >>> plots.loss_slice(plane).get_ylabel()
    'along a random direction'
    """
    from matplotlib import rcParams
    from matplotlib.colors import LogNorm, Normalize

    finite = found.losses[np.isfinite(found.losses)]
    if not len(finite):
        raise ValueError("no loss of the slice is finite, expected at least one")
    ax = new_axes(ax)
    ink, size = rcParams["text.color"], rcParams["lines.markersize"]
    if found.losses.ndim == 1:
        ax.plot(found.steps, np.where(np.isfinite(found.losses), found.losses, np.nan), color=color_of(0))
        ax.plot(0, found.loss, color=ink, marker="o", ms=size, ls="")
        ax.set(xlabel=f"step {LABELS[found.names[0]]}", ylabel="loss", yscale="log" if log else "linear")
        return ax
    kind = LogNorm if log else Normalize
    norm = kind(float(finite.min()), float(finite.max()))
    losses = np.ma.masked_invalid(found.losses.T)
    at = found.steps
    image = ax.pcolormesh(at, at, losses, norm=norm, cmap=SEQUENTIAL + "_r", shading="gouraud", rasterized=True)
    levels = np.unique(np.quantile(finite, np.linspace(0.05, 0.95, 9)))
    if len(levels) > 1:
        ax.contour(at, at, losses, levels=levels, colors=ink, linewidths=0.4 * rcParams["lines.linewidth"])
    ax.plot(0, 0, color="white", mec="black", marker="o", ms=size, ls="")
    ax.set(xlabel=LABELS[found.names[0]], ylabel=LABELS[found.names[1]], aspect="equal")
    if ax.figure is not None:
        ax.figure.colorbar(image, ax=ax, label="loss")
    return ax
