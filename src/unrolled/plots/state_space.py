"""States in the plane where they vary most, and what rules them there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unrolled.plots.figures import class_name, color_of, legend, new_axes, thin

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from unrolled.dynamics import FixedPoints


@dataclass(frozen=True)
class Plane:
    """The two directions along which states vary most.

    Attributes
    ----------
    mean : ndarray, shape (n,)
    axes : ndarray, shape (2, n)
        Orthonormal; of one-dimensional states the second is 0.
    fractions : ndarray, shape (2,)
        Of the variance along each.
    """

    mean: NDArray[Any]
    axes: NDArray[Any]
    fractions: NDArray[Any]

    @classmethod
    def of(cls, states: NDArray[Any]) -> Plane:
        """Return the plane of states (..., n)."""
        rows = states.reshape(-1, states.shape[-1]).astype(np.float64)
        mean = rows.mean(0)
        values, vectors = np.linalg.eigh(np.cov(rows, rowvar=False).reshape(rows.shape[1], -1))
        axes = np.zeros((2, rows.shape[1]))
        n = min(2, rows.shape[1])
        axes[:n] = vectors[:, ::-1][:, :n].T
        axes *= np.where(axes.sum(1, keepdims=True) < 0, -1, 1)  # of two signs always the same
        fractions = np.zeros(2)
        fractions[:n] = values[::-1][:n] / max(float(values.sum()), np.finfo(float).tiny)
        return cls(mean, axes, fractions)

    def project(self, states: NDArray[Any]) -> NDArray[Any]:
        """Return states (..., n) in the plane, (..., 2)."""
        return np.asarray((states - self.mean) @ self.axes.T)


def state_space(
    states: Any,
    y: Any = None,
    *,
    points: FixedPoints | None = None,
    modes: bool = True,
    classes: Sequence[str] | None = None,
    most: int = 40,
    ax: Axes | None = None,
) -> Axes:
    """Draw trajectories of the state in their first two principal components, with fixed points among them.

    Parameters
    ----------
    states : array_like, shape (T + 1, m, n)
        Such as ``dynamics.states(net, X)`` or ``net.forward(X).A``.
    y : array_like of int, shape (m,), optional
        Labels, by which trajectories are colored.
    points : FixedPoints, optional
        Stable ones are filled, saddles are not; those that are only slow are small circles.
    modes : bool, default True
        Draw the growing modes of each fixed point that is not stable, or the slowest of one that is, as lines
        through it.
    classes : sequence of str, optional
        Names for the classes.
    most : int, default 40
        So many trajectories are drawn at most, the same number of each class as far as there are so many.
    ax : Axes, optional
        Where to draw; by default a new pyplot figure.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If states have another shape, or labels or points do not fit them.

    See Also
    --------
    unrolled.dynamics.states, unrolled.dynamics.fixed_points : What is drawn.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import dynamics, plots, rnn
    >>> net = rnn.ManyToOne(rnn.Tanh(8), 3, 2, rng=0)
    >>> states = dynamics.states(net, np.random.default_rng(0).standard_normal((6, 20, 3)))
    >>> points = dynamics.fixed_points(net, starts=states)
    >>> ax = plots.state_space(states, [0, 1, 0, 1, 0, 1], points=points)
    """
    from matplotlib import rcParams

    S, labels = _checked(states, y)
    if points is not None and points.states.shape[1] != S.shape[2]:
        raise ValueError(f"points have {points.states.shape[1]} numbers each, expected {S.shape[2]} as the states have")
    plane = Plane.of(S)
    ax = new_axes(ax)
    ink, size = rcParams["text.color"], rcParams["lines.markersize"]
    some = _some(labels, most)
    for label in np.unique(labels[some]).tolist() if y is not None else ():
        name = class_name(label, classes)
        ax.plot([], [], color=color_of(label), marker="o", ms=0.5 * size, ls="", label=name)
    for i in some:
        path, color = plane.project(S[:, i]), color_of(int(labels[i]))
        ax.plot(*path.T, color=color, lw=thin(), alpha=0.6)
        ax.plot(*path[-1], color=color, marker="o", ms=0.5 * size, ls="")
    reach = float(np.ptp(plane.project(S), axis=(0, 1)).max())
    if points is not None and len(points):
        _points(ax, points, plane, modes, 0.08 * reach, ink, size)
    ax.set_xlabel(f"first principal component ({plane.fractions[0]:.0%} of variance)")
    ax.set_ylabel(f"second ({plane.fractions[1]:.0%})")
    legend(ax)
    return ax


def _points(ax: Axes, points: FixedPoints, plane: Plane, modes: bool, reach: float, ink: Any, size: float) -> None:
    """Draw fixed and slow points, and modes of them as lines through them."""
    paper = ax.get_facecolor()
    named: set[str] = set()
    for k, kind in enumerate(points.kinds):
        fixed = bool(points.is_fixed[k])
        at = plane.project(points.states[k])
        if modes and fixed:
            for j in range(max(1, int(points.n_unstable[k]))):
                mode = plane.axes @ points.modes[k, :, j].real
                ends = np.stack([at - reach * mode, at + reach * mode])
                ax.plot(*ends.T, color=ink, lw=thin(), alpha=0.8, zorder=3)
        name = kind if fixed else "slow"
        marker, fill = {"stable": ("o", ink), "saddle": ("X", paper), "unstable": ("s", paper)}[kind]
        if not fixed:
            marker, fill = "o", "none"
        ax.plot(
            *at, marker=marker, ls="", mec=ink, mew=1 if fixed else 0.5, ms=(1.2 if fixed else 0.5) * size, mfc=fill,
            zorder=4 if fixed else 2, label=None if name in named else name,
        )  # fmt: skip
        named.add(name)


def _checked(states: Any, y: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    S = np.asarray(states)
    if S.ndim != 3 or S.dtype.kind != "f" or not S.size or S.shape[0] * S.shape[1] < 2:
        raise ValueError(f"states have shape {S.shape}, expected real numbers (T + 1, m, n), two states or more")
    if not np.isfinite(S).all():
        raise ValueError("states hold one that is infinite or NaN, expected finite numbers")
    labels = np.zeros(S.shape[1], int) if y is None else np.asarray(y)
    if labels.shape != S.shape[1:2] or labels.dtype.kind not in "iu" or (labels < 0).any():
        raise ValueError(f"y has shape {labels.shape} and dtype {labels.dtype}, expected {S.shape[1]} labels from 0")
    return S, labels


def _some(labels: NDArray[Any], most: int) -> list[int]:
    """Return which samples are drawn: from the first on, of each class in turn."""
    rank = np.empty(len(labels), int)
    for label in np.unique(labels):
        of = np.flatnonzero(labels == label)
        rank[of] = np.arange(len(of))
    return [int(i) for i in np.sort(np.lexsort((labels, rank))[:most])]
