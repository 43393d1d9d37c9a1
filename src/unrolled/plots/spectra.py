"""Eigenvalues in the complex plane, and Lyapunov exponents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from unrolled.plots.figures import color_of, empty, legend, new_axes, thin

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from unrolled.dynamics import LyapunovSpectrum

MARKERS = "osd^vP*"


def eigenvalues(values: Any, *, ax: Axes | None = None) -> Axes:
    """Draw eigenvalues in the complex plane with the unit circle: what lies outside it grows from step to step.

    Parameters
    ----------
    values : array_like of complex, or mapping of str to array_like
        Such as ``np.linalg.eigvals(net.parameters["W_hh"])``, or the ``eigenvalues`` of fixed points or Jacobians, of
        any shape; a mapping's keys are the legend.
    ax : Axes, optional
        Where to draw; by default a new pyplot figure.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there is none, or one is not finite.

    See Also
    --------
    unrolled.dynamics.jacobians, unrolled.dynamics.fixed_points : Whose eigenvalues these may be.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import plots, rnn
    >>> net = rnn.ManyToOne(rnn.Tanh(30), 3, 2, rng=0)
    >>> ax = plots.eigenvalues({"xavier": np.linalg.eigvals(net.parameters["W_hh"])})
    >>> ax.get_aspect()
    1.0
    """
    from matplotlib import rcParams
    from matplotlib.patches import Circle

    several = dict(values) if isinstance(values, Mapping) else {"": values}
    arrays = {name: np.asarray(each, np.complex128).reshape(-1) for name, each in several.items()}
    if not arrays or not all(len(each) for each in arrays.values()):
        raise ValueError("values are empty, expected at least one eigenvalue of each")
    if not all(np.isfinite(each).all() for each in arrays.values()):
        raise ValueError("values hold one that is not finite, expected finite numbers")
    ax = new_axes(ax)
    ax.add_patch(Circle((0, 0), 1, fill=False, ec=rcParams["text.color"], lw=thin(), ls=":"))
    for n, (name, each) in enumerate(arrays.items()):
        ax.scatter(
            each.real,
            each.imag,
            s=(0.8 * rcParams["lines.markersize"]) ** 2,
            marker=MARKERS[n % len(MARKERS)],
            fc="none",
            ec=color_of(n),
            lw=thin(),
            label=name,
        )
    reach = 1.08 * max(1.0, *(float(np.abs(each).max()) for each in arrays.values()))
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel="real part", ylabel="imaginary part")
    if len(arrays) > 1:
        legend(ax)
    return ax


def lyapunov_spectrum(
    spectra: LyapunovSpectrum | Mapping[str, LyapunovSpectrum], *, figure: Figure | None = None
) -> Figure:
    """Draw Lyapunov exponents with their standard errors, and how they have converged.

    Parameters
    ----------
    spectra : LyapunovSpectrum, or mapping of str to LyapunovSpectrum
        A mapping's keys are the legend.
    figure : Figure, optional
        An empty figure to draw into, at the size it has; by default a new pyplot figure.

    Returns
    -------
    Figure
        Its axes are the exponents, and the means over the first steps of at most eight of them.

    Raises
    ------
    ValueError
        If there is none, or the figure is not empty.

    See Also
    --------
    unrolled.dynamics.lyapunov_spectrum : What is drawn.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import dynamics, plots, rnn
    >>> net = rnn.ManyToOne(rnn.Tanh(8), 3, 2, rng=0)
    >>> X = np.random.default_rng(0).standard_normal((4, 50, 3))
    >>> figure = plots.lyapunov_spectrum(dynamics.lyapunov_spectrum(net, X))
    """
    from matplotlib import rcParams
    from matplotlib.ticker import MaxNLocator

    several = dict(spectra) if isinstance(spectra, Mapping) else {"": spectra}
    if not several:
        raise ValueError("spectra is empty, expected at least one")
    width, height = rcParams["figure.figsize"]
    figure = empty(figure, (1.6 * width, 0.85 * height))
    left, right = figure.subplots(1, 2)
    ink = rcParams["text.color"]
    for n, (name, spectrum) in enumerate(several.items()):
        index = np.arange(1, len(spectrum.exponents) + 1)
        left.errorbar(
            index, spectrum.exponents, np.nan_to_num(spectrum.standard_errors), color=color_of(n), lw=thin(),
            marker=MARKERS[n % len(MARKERS)], ms=0.6 * rcParams["lines.markersize"], label=name,
        )  # fmt: skip
        chosen = np.unique(np.linspace(0, len(index) - 1, min(8, len(index))).round().astype(int))
        steps = np.arange(1, len(spectrum.running) + 1)
        right.plot(steps, spectrum.running[:, chosen], color=color_of(n), lw=thin())
    for ax in (left, right):
        ax.axhline(0, color=ink, ls=":", lw=thin())
    left.set(xlabel="number of the exponent", ylabel="Lyapunov exponent (1 / step)")
    left.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    right.set(xlabel="steps", ylabel="mean so far", xscale="log")
    if len(several) > 1:
        legend(left)
    return figure
