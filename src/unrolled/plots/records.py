"""What a training's network was like along the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from unrolled.plots.figures import SEQUENTIAL, color_of, empty, log_axis, thin
from unrolled.plots.profiles import FLOOR

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from unrolled.dynamics import Record
    from unrolled.rnn import History


def recorded(
    record: Record,
    history: History | None = None,
    *,
    learning_rate: float | None = None,
    every: str = "epoch",
    figure: Figure | None = None,
) -> Figure:
    """Draw what a training's network was like along the way, under its loss.

    From the top: the loss; the norm of the gradient; the sharpness, and the line 2 / learning rate above which plain
    descent is not stable; spectral radii, with the line 1; the recorder's own measures; and the norm of dE/dA^(t) of
    every step, light where it is large.

    Parameters
    ----------
    record : Record
        Of :class:`unrolled.dynamics.Recorder`.
    history : History, optional
        Of the same training: its training loss is drawn too.
    learning_rate : float, optional
        For the line in the panel of sharpness.
    every : str, default "epoch"
        What the record counts.
    figure : Figure, optional
        An empty figure to draw into, at the size it has; by default a new pyplot figure.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If nothing was recorded, or the figure is not empty.

    See Also
    --------
    unrolled.plots.learning_curves : Loss and accuracy alone.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import dynamics, plots, rnn
    >>> X, y = np.random.default_rng(0).standard_normal((20, 8, 2)), np.arange(20) % 2
    >>> net, recorder = rnn.ManyToOne(rnn.Tanh(4), 2, 2, rng=0), dynamics.Recorder(X, y)
    >>> history = rnn.train(net, (X, y), optimizer=rnn.SGD(0.1), epochs=3, on_epoch=recorder, rng=0, progress=False)
    >>> figure = plots.recorded(recorder.record, history, learning_rate=0.1)
    """
    if not len(record.at):
        raise ValueError("the record is empty, expected at least one measurement")
    from matplotlib import rcParams
    from matplotlib.colors import LogNorm

    has_sharpness = bool(np.isfinite(record.sharpness).any())
    n_panels = 3 + has_sharpness + len(record.others) + 1
    width, height = rcParams["figure.figsize"]
    figure = empty(figure, (1.2 * width, 0.36 * height * n_panels))
    axes = list(figure.subplots(n_panels, 1, sharex=True, height_ratios=[1] * (n_panels - 1) + [1.6]))
    ink = rcParams["text.color"]
    panels = iter(axes)

    ax = next(panels)
    if history is not None and every == "epoch":
        ax.plot(range(1, len(history.loss) + 1), history.loss, color=ink, label="training,\nas batches were met")
    _line(ax, record.at, record.loss, 0, "recorded samples")
    ax.set_ylabel("loss")

    ax = next(panels)
    _line(ax, record.at, record.gradient_norm, 0)
    ax.set_ylabel("gradient\nnorm")
    log_axis(ax, record.gradient_norm)

    if has_sharpness:
        ax = next(panels)
        _line(ax, record.at, np.where(record.sharpness > 0, record.sharpness, np.nan), 1, "sharpness")
        log_axis(ax, record.sharpness)
        ax.set_ylabel("sharpness")
        if learning_rate is not None:
            ax.axhline(2 / learning_rate, color=ink, ls=":", lw=thin(), label="2 / learning rate")

    ax = next(panels)
    if np.isfinite(record.spectral_radius).any():
        _line(ax, record.at, record.spectral_radius, 2, "of W_hh")
    if np.isfinite(record.jacobian_radius).any():
        _line(ax, record.at, record.jacobian_radius, 3, "of the Jacobian,\nmean")
    ax.axhline(1, color=ink, ls=":", lw=thin())
    ax.set_ylabel("spectral\nradius")

    for n, (name, values) in enumerate(record.others.items()):
        ax = next(panels)
        _line(ax, record.at, values, 4 + n)
        ax.set_ylabel(name)

    ax = next(panels)
    profile = np.maximum(record.profile, FLOOR)
    high = float(profile.max())
    image = ax.pcolormesh(
        record.at,
        np.arange(profile.shape[1]),
        profile.T,
        norm=LogNorm(max(float(profile.min()), 1e-12 * high), high),
        shading="nearest",
        cmap=SEQUENTIAL,
        rasterized=True,
    )
    ax.set_ylabel("steps before\nthe last")
    ax.set_xlabel(every)
    figure.colorbar(image, cax=ax.inset_axes((1.02, 0, 0.03, 1)), label="norm of dE/dA", extend="min")
    for ax in axes:
        if len(ax.get_legend_handles_labels()[0]) > 1:  # beside the panel, where the color bar is further down
            ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0)
    figure.align_ylabels(axes)
    return figure


def _line(ax: Axes, x: Any, y: Any, n: int, label: str | None = None) -> None:
    from matplotlib import rcParams

    marker = "o" if len(x) <= 60 else ""
    ax.plot(x, y, color=color_of(n), marker=marker, ms=0.5 * rcParams["lines.markersize"], label=label)
