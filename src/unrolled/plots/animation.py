"""States as they move, and the gradient on its way back through time, as GIFs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from unrolled._support.validation import one_of, whole_number
from unrolled.plots.figures import SEQUENTIAL, class_name, color_of, legend, log_axis, thin
from unrolled.plots.state_space import Plane, _checked, _some

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Draw: TypeAlias = Callable[[int], None]
"""Draws a step into a figure, in place of the one before."""

TRAIL = 12
"""Steps that a state's trail is long."""

FAINT = 1e-4
"""What is smaller, beside the largest of its step, is drawn as nothing."""


def animate(
    path: str | PathLike[str],
    steps: Any,
    y: Any = None,
    *,
    kind: str = "states",
    classes: Sequence[str] | None = None,
    most: int = 60,
    every: int = 1,
    frames_per_second: int = 20,
    dpi: int = 80,
) -> str:
    """Write a GIF of states as they move, or of the gradient as it runs back through time.

    Parameters
    ----------
    path : path-like
        The file, such as ``states.gif``; one that stands there is replaced.
    steps : array_like, shape (T, m, n)
        States, such as ``dynamics.states(net, X)``, or gradients, such as ``net.backward(net.forward(X), y).dA``.
    y : array_like of int, shape (m,), optional
        Labels, by which states are colored and the rows of gradients are sorted.
    kind : {"states", "gradients"}, default "states"
        States in their first two principal components, each with a trail; or dE/dA^(t) of every sample and unit as an
        image, from the last step to the first, beside the largest of that step, above the norm of each step.
    classes : sequence of str, optional
        Names for the classes.
    most : int, default 60
        So many samples at most.
    every : int, default 1
        Draw every so-manieth step.
    frames_per_second : int, default 20
    dpi : int, default 80

    Returns
    -------
    str
        The path.

    Raises
    ------
    ValueError
        If steps have another shape, or labels do not fit them.
    OSError
        If the file cannot be written.

    See Also
    --------
    state_space : All of it in one picture.
    gradient_profile : The norms.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import dynamics, plots, rnn
    >>> net = rnn.ManyToOne(rnn.Tanh(8), 3, 2, rng=0)
    >>> X = np.random.default_rng(0).standard_normal((6, 5, 3))
    >>> plots.animate("states.gif", dynamics.states(net, X), [0, 1, 0, 1, 0, 1])
    'states.gif'
    """
    import matplotlib.pyplot as plt
    from matplotlib.animation import PillowWriter

    one_of(kind, ("states", "gradients"), "kind")
    S, labels = _checked(steps, y)
    some = _some(labels, whole_number(most, "most", 1))
    S, labels = S[:, some], labels[some]
    writer = PillowWriter(fps=whole_number(frames_per_second, "frames_per_second", 1))
    if kind == "states":
        figure, draw = _states(S, labels, y is not None, classes)
        order = range(0, len(S), whole_number(every, "every", 1))
    else:
        figure, draw = _gradients(S, labels)
        order = range(len(S) - 1, -1, -whole_number(every, "every", 1))
    try:
        draw(order[0])
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # the same for all frames, which are drawn several times as fast then
        with writer.saving(figure, fspath(path), dpi):
            for t in order:
                draw(t)
                writer.grab_frame()
    finally:
        plt.close(figure)
    return fspath(path)


def _states(S: NDArray[Any], labels: NDArray[Any], named: bool, classes: Sequence[str] | None) -> tuple[Figure, Draw]:
    import matplotlib.pyplot as plt

    plane = Plane.of(S)
    at = plane.project(S)
    figure = plt.figure(layout="constrained")
    ax = figure.add_subplot()
    dots = ax.scatter(
        at[0, :, 0],
        at[0, :, 1],
        c=[color_of(label) for label in labels.tolist()],
        s=(0.7 * plt.rcParams["lines.markersize"]) ** 2,
        zorder=3,
    )
    trails = [ax.plot([], [], color=color_of(label), lw=thin(), alpha=0.5)[0] for label in labels.tolist()]
    low, high = at.min((0, 1)), at.max((0, 1))
    room = 0.05 * (high - low) + 1e-12
    ax.set(xlim=(low[0] - room[0], high[0] + room[0]), ylim=(low[1] - room[1], high[1] + room[1]))
    ax.set(xlabel="first principal component", ylabel="second")
    title = ax.set_title("", loc="left")
    if named:
        for label in np.unique(labels).tolist():
            ax.plot([], [], "o", color=color_of(label), label=class_name(label, classes))
        legend(ax, beside=True)  # where a frame before has it too

    def draw(t: int) -> None:
        dots.set_offsets(at[t])
        for i, trail in enumerate(trails):
            trail.set_data(*at[max(0, t - TRAIL) : t + 1, i].T)
        title.set_text(f"step {t}")

    return figure, draw


def _gradients(dA: NDArray[Any], labels: NDArray[Any]) -> tuple[Figure, Draw]:
    import matplotlib.pyplot as plt
    from matplotlib.colors import LogNorm

    sizes = np.abs(dA[:, np.argsort(labels, kind="stable")])
    largest = sizes.max((1, 2), keepdims=True)
    sizes = np.maximum(sizes / np.where(largest > 0, largest, 1), FAINT)
    norms = np.linalg.norm(dA, axis=(1, 2))
    norms = np.where(norms > 0, norms, np.nan)
    T, m, H = dA.shape
    figure = plt.figure(layout="constrained")
    above, below = figure.subplots(2, 1, height_ratios=[3, 1])
    image = above.imshow(
        sizes[-1], norm=LogNorm(FAINT, 1), cmap=SEQUENTIAL, aspect="auto", interpolation="nearest",
        extent=(0.5, H + 0.5, m + 0.5, 0.5),
    )  # fmt: skip
    above.set(xlabel="unit", ylabel="sample")
    figure.colorbar(image, ax=above, label="|dE/dA| / its largest", extend="min")
    title = above.set_title("", loc="left")
    below.plot(np.arange(1, T + 1), norms, color=color_of(5), lw=thin())
    (seen,) = below.plot([], [], color=color_of(1))
    (now,) = below.plot([], [], "o", color=color_of(1))
    below.set(xlabel="step", ylabel="norm of dE/dA")
    log_axis(below, norms)

    def draw(t: int) -> None:
        image.set_data(sizes[t])
        seen.set_data(np.arange(t + 1, T + 1), norms[t:])
        now.set_data([t + 1], [norms[t]])
        title.set_text(f"dE/dA at step {t + 1} of {T}")

    return figure, draw
