"""How much of the loss's gradient reaches each step: the memory that learning has."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from unrolled._support.validation import real_number
from unrolled.dynamics.hessian import real_network
from unrolled.rnn import GRU, LSTM, Bidirectional, Network
from unrolled.rnn.arrays import Array, IntArray
from unrolled.rnn.cells.bidirectional import REVERSE

GATES = {LSTM: "ifgo", GRU: "rzn"}
"""The names of the blocks of a cell's preactivation gradient, in their order."""


@dataclass(frozen=True)
class GradientProfile:
    """The norms of the gradients in what a network computes, by step and sample.

    Steps are those of the cells: behind a ``Stack`` stacked ones. The gradients are those of E, the mean loss of the
    batch, as the report has them; those of a sample's own loss are m times as long.

    Attributes
    ----------
    norms : dict of ndarray, shape (T, m)
        ``norms[name][t - 1, i]`` at step t of sample i, NaN after its last step. Names are "A" for dE/dA^(t), "C" for
        an LSTM's dE/dc_t, and "delta" for the gradient in what goes into the nonlinearity: of each gate apart
        ("delta_i"; LSTM i, f, g, o; GRU r, z, n). Behind them the layer and direction, as in ``net.parameters``:
        "A_l1", "A_reverse".
    lengths : ndarray of int, shape (m,)
        How many steps each sample has.
    y : ndarray of int, shape (m,), or None
        Labels; None where a sample has no one class: numbers, several labels, or an answer at every step.
    loss, gradient_norm : float
        E, and the norm of its gradient in all parameters.

    See Also
    --------
    gradient_profile : Makes it, with an example.
    """

    norms: dict[str, Array]
    lengths: IntArray
    y: IntArray | None
    loss: float
    gradient_norm: float

    @property
    def last_layer(self) -> str:
        """The name of dE/dA of the last layer (its forward direction)."""
        return [name for name in self.norms if name.startswith("A") and not name.endswith(REVERSE)][-1]

    def from_end(self, name: str | None = None) -> Array:
        """Return the norms counted back from each sample's last step, (T, m): row n is n steps before it.

        Parameters
        ----------
        name : str, optional
            One of ``norms``; by default the last layer's A.
        """
        name = self.last_layer if name is None else name
        if name not in self.norms:
            raise ValueError(f"name is {name!r}, expected one of {', '.join(self.norms)}")
        norms = self.norms[name]
        T, m = norms.shape
        t = self.lengths - 1 - np.arange(T)[:, None]
        return np.where(t < 0, np.nan, norms[np.maximum(t, 0), np.arange(m)])

    def of_batch(self, name: str | None = None) -> Array:
        """Return the norm over the whole batch of each step's gradient, counted back from the last, (T,)."""
        return np.asarray(np.sqrt(np.nansum(self.from_end(name) ** 2, axis=1)))

    def memory(self, fraction: float = 0.01, name: str | None = None) -> IntArray:
        """Return after how many steps back less than a fraction of the last step's gradient is left, (m,).

        Parameters
        ----------
        fraction : float, default 0.01
            Of the norm at the sample's last step.
        name : str, optional
            One of ``norms``; by default the last layer's A.

        Returns
        -------
        ndarray of int
            The number of the first step, counted back, that has less; a sample's length where none has.
        """
        fraction = real_number(fraction, "fraction", above=0)
        norms = self.from_end(name)
        less = norms < fraction * norms[0]
        return np.where(less.any(0), less.argmax(0), self.lengths)

    def quantiles(self, q: Any = (0.05, 0.5, 0.95), name: str | None = None, label: int | None = None) -> Array:
        """Return quantiles over samples, counted back from their last steps, (number of q, T).

        Parameters
        ----------
        q : array_like, default (0.05, 0.5, 0.95)
        name : str, optional
            One of ``norms``; by default the last layer's A.
        label : int, optional
            Of the samples of this class alone.

        Raises
        ------
        ValueError
            If there is no such sample, or samples have no class.
        """
        norms = self.from_end(name)
        if label is not None:
            if self.y is None:
                raise ValueError(f"label is {label!r}, expected None: of these samples none has one class")
            norms = norms[:, self.y == label]
            if not norms.size:
                known = np.unique(self.y).tolist()
                raise ValueError(f"label is {label!r}, expected one that samples have: {known}")
        some = np.isfinite(norms).any(1)
        found: Array = np.full((np.size(q), len(norms)), np.nan)
        found[:, some] = np.nanquantile(norms[some], np.atleast_1d(q), axis=1)
        return found

    def __str__(self) -> str:
        longest = int(self.lengths.max())
        steps = np.unique(np.linspace(0, longest - 1, 5).round().astype(int)).tolist()
        heads = "".join(f"{'T' if n == 0 else f'T - {n}':>11}" for n in steps)
        rows = [f"{'median norm at step':<20}{heads}{'memory (1 %)':>14}"]
        for name in self.norms:
            (median,) = self.quantiles(0.5, name)
            memory = int(np.median(self.memory(0.01, name)))
            rows.append(f"{name:<20}{''.join(f'{median[n]:>11.1e}' for n in steps)}{memory:>14}")
        return "\n".join(rows)


def gradient_profile(net: Network, X: Any, y: Any, lengths: Any = None) -> GradientProfile:
    """Compute the norms of dE/dA^(t), and of each gate's gradient, by step and sample.

    Parameters
    ----------
    net : ManyToOne or ManyToMany
        In float64 whatever its dtype; it is not changed.
    X : array_like, shape (m, T, D)
    y : array_like, shape (m,) or (m, C)
        As for :meth:`unrolled.rnn.ManyToOne.loss_and_gradients`: labels, rows or numbers; of a network of many to many
        those of every step.
    lengths : array_like of int, shape (m,), optional

    Returns
    -------
    GradientProfile
        ``print`` it for a table.

    Raises
    ------
    ValueError
        As :meth:`unrolled.rnn.ManyToOne.loss_and_gradients` does.

    See Also
    --------
    jacobians : What makes the gradient longer or shorter at each step.
    unrolled.plots.gradient_profile : A picture of it.

    References
    ----------
    Section 2.3 of the report, line 3; S. Hochreiter, Y. Bengio, P. Frasconi, J. Schmidhuber, "Gradient flow in
    recurrent nets: the difficulty of learning long-term dependencies" (2001).

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import dynamics, rnn
    >>> net = rnn.ManyToOne(rnn.LSTM(4), n_inputs=3, n_classes=2, rng=0)
    >>> profile = dynamics.gradient_profile(net, np.ones((5, 30, 3)), [0, 1, 1, 0, 1])
    >>> list(profile.norms)
    ['A', 'C', 'delta_i', 'delta_f', 'delta_g', 'delta_o']
    >>> profile.memory(0.1).shape
    (5,)
    """
    real = real_network(net)
    forward = real.forward(X, lengths)
    T, m = forward.batch.n_steps, forward.batch.X.shape[1]
    backward = real.backward(forward, y)
    there = forward.batch.lengths
    steps = np.full(m, T) if there is None else np.asarray(forward.batch.unsort(there), np.int64)
    asked = real._targets(y, (m, T), None if there is None else steps)
    labels = asked.y if asked.are_labels and asked.y.ndim == 1 else None
    over = np.arange(T)[:, None] >= steps
    norms: dict[str, Array] = {}
    for n, (cell, trace) in enumerate(zip(real.cells, forward.traces, strict=True)):
        for name, gradients in _of_layer(cell, trace):
            base = name.removesuffix(REVERSE)
            full = base + (f"_l{n}" if n else "") + name[len(base) :]
            norms[full] = np.linalg.norm(forward.batch.unpack(gradients), axis=2)
            norms[full][over] = np.nan
    gradient_norm = float(np.sqrt(sum((g**2).sum() for g in backward.gradients.values())))
    return GradientProfile(norms, steps, labels, float(backward.loss), gradient_norm)


def _of_layer(cell: Any, trace: Any) -> Iterator[tuple[str, Array]]:
    """Yield the name and the gradients (T, m, width) of everything that a layer's backward pass has recorded."""
    if isinstance(cell, Bidirectional):
        yield from _of_layer(cell.cell, trace.forwards)
        for name, gradients in _of_layer(cell.cell, trace.backwards):
            yield name + REVERSE, gradients[::-1]  # its time runs the other way
        return
    yield "A", trace.dA
    if type(cell) is LSTM:
        yield "C", _dC(trace)
    delta = trace.delta
    if cell.gates == 1:
        yield "delta", delta
        return
    names = GATES.get(type(cell), [str(n) for n in range(cell.gates)])
    for gate, block in zip(names, np.split(delta, cell.gates, axis=2), strict=True):
        yield f"delta_{gate}", block


def _dC(trace: Any) -> Array:
    """Return dE/dc_t of every step, by (L8) of the LSTM's backward pass."""
    from_A: Array = trace.dA * trace.o * (1 - trace.tanh_C**2)
    dC = np.empty_like(from_A)
    after: Array = np.zeros_like(from_A[0])
    for t in range(len(dC) - 1, -1, -1):
        dC[t] = from_A[t] + after
        after = dC[t] * trace.f[t]
    return dC
