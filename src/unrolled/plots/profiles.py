"""How much of the gradient reaches each step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from unrolled.plots.figures import class_name, color_of, legend, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from unrolled.dynamics import GradientProfile

LINES = ("-", "--", "-.", ":")
FLOOR = 1e-30
"""Gradients below that are not drawn: an axis over 300 powers of ten shows nothing."""


def gradient_profile(
    profiles: GradientProfile | Mapping[str, GradientProfile],
    *,
    name: str | None = None,
    q: tuple[float, float, float] = (0.05, 0.5, 0.95),
    by_class: bool = False,
    classes: list[str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the norm of dE/dA^(t) over the steps, one network or several, on a logarithmic axis.

    A line is the median over samples, the band around it what lies between two other quantiles. Time runs to the
    right, and learning from right to left: the last step stands at the right edge.

    Parameters
    ----------
    profiles : GradientProfile, or mapping of str to GradientProfile
        A mapping's keys are the legend.
    name : str, optional
        Which of its norms, such as "A_l1", "C" or "delta_f"; by default A of the last layer.
    q : tuple of float, default (0.05, 0.5, 0.95)
        The band's lower edge, the line and the band's upper edge.
    by_class : bool, default False
        Draw a line for each class of one network instead, without bands.
    classes : list of str, optional
        Names for the classes.
    ax : Axes, optional
        Where to draw; by default a new pyplot figure.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there is no profile or no such norm, classes are asked of several, or of samples that have none, or there are
        fewer names than classes.

    See Also
    --------
    unrolled.dynamics.gradient_profile : What is drawn.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import dynamics, plots, rnn
    >>> X, y = np.random.default_rng(0).standard_normal((10, 40, 3)), np.arange(10) % 2
    >>> nets = {"tanh": rnn.ManyToOne(rnn.Tanh(8), 3, 2, rng=0), "GRU": rnn.ManyToOne(rnn.GRU(8), 3, 2, rng=0)}
    >>> profiles = {name: dynamics.gradient_profile(net, X, y) for name, net in nets.items()}
    >>> plots.gradient_profile(profiles).get_yscale()
    'log'
    """
    several = dict(profiles) if isinstance(profiles, Mapping) else {"": profiles}
    if not several:
        raise ValueError("profiles is empty, expected the gradient profile of at least one network")
    if by_class and len(several) > 1:
        raise ValueError(f"by_class was asked of {len(several)} networks, expected one")
    ax = new_axes(ax)
    drawn: list[tuple[str, Any]] = []
    for title, profile in several.items():
        if by_class:
            if profile.y is None:
                raise ValueError("by_class is True, expected False: of these samples none has one class")
            labels = np.unique(profile.y).tolist()
            names = [class_name(label, classes) for label in labels]
            drawn += [(each, profile.quantiles(q[1], name, label)) for each, label in zip(names, labels, strict=True)]
        else:
            drawn.append((title, profile.quantiles(q, name)))
    for n, (title, quantiles) in enumerate(drawn):
        before = np.arange(quantiles.shape[1])
        line = quantiles[len(quantiles) // 2]
        line = np.where(line < FLOOR, np.nan, line)
        ax.plot(before, line, color=color_of(n), ls=LINES[n % len(LINES)], label=title)
        if len(quantiles) == 3:
            low, _, high = np.maximum(quantiles, FLOOR)
            ax.fill_between(before, low, high, color=color_of(n), alpha=0.15, lw=0)
    shown = name if name is not None else next(iter(several.values())).last_layer
    ax.set_yscale("log")
    ax.margins(x=0.01)
    ax.invert_xaxis()
    ax.set_xlabel("steps before the last")
    ax.set_ylabel(f"norm of {_symbol(shown)}")
    if len(drawn) > 1:
        legend(ax, "class" if by_class else f"median; band: {q[0]:.0%} to {q[2]:.0%} of samples")
    return ax


def _symbol(name: str) -> str:
    """Return how the gradient of this name is written."""
    kind, _, of = name.partition("_")
    where = f" ({of.replace('_', ' ')})" if of else ""
    return {"A": "dE/dA", "C": "dE/dc"}.get(kind, kind) + where
