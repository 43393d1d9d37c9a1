"""Readouts with parameters of their own: what a network asks of them, and one, attention over time."""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from unrolled.rnn.arrays import Array, Parameters, ReadOnlyParameters
from unrolled.rnn.engine.packing import Packed
from unrolled.rnn.output.readouts import Read, Readout


class LearnedReadout(Readout, Protocol):
    """What a network asks of a readout with parameters, beside what it asks of every :class:`Readout`.

    See Also
    --------
    Attention : That of the library.

    Examples
    --------
    >>> from unrolled import rnn
    >>> readout: rnn.LearnedReadout = rnn.Attention()
    >>> readout.shapes(50)
    {'w_a': (50,)}
    """

    def shapes(self, H: int) -> dict[str, tuple[int, ...]]:
        """Return the shape of each parameter, of states of H numbers, by names that no cell has.

        What is flat begins at 0; what is not is drawn as the other weights are.
        """
        ...

    def with_parameters(self, parameters: ReadOnlyParameters) -> Readout:
        """Return a readout that reads with the network's parameters, not copied; this one stays without."""
        ...

    def gradients(self, dR: Array, A: Array, batch: Packed) -> Parameters:
        """Return the gradient in each parameter, from what :meth:`Readout.backward` takes; of one with parameters."""
        ...


def shapes(readout: Readout, H: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a readout's parameters; most have none."""
    return dict(readout.shapes(H)) if hasattr(readout, "shapes") else {}


def reader(readout: Readout, parameters: ReadOnlyParameters) -> Readout:
    """Return the readout that reads with these parameters: itself, if it has none."""
    found: Readout = readout.with_parameters(parameters) if hasattr(readout, "with_parameters") else readout
    return found


def gradients(reader: Readout, dR: Array, A: Array, batch: Packed) -> Parameters:
    """Return the gradients in the parameters that a readout reads with."""
    return dict(reader.gradients(dR, A, batch)) if hasattr(reader, "gradients") else {}


@dataclass(frozen=True)
class Attention:
    """The head reads a mean of each sample's states, each weighted by what a score that is learned says of it.

    ::

        s_t = w_a . A_t                                             (P5)
        a_t = exp(s_t) / sum over u of exp(s_u)                     (P6)
        R = sum over t of a_t A_t                                   (P7)
        dE/ds_t = a_t (dE/dR . A_t - dE/dR . R)                     (P8)
        dE/dA_t = a_t dE/dR + dE/ds_t w_a                           (P9)
        dE/dw_a = sum over t, and samples, of dE/ds_t A_t           (P10)

    The parameter ``w_a`` (H,) begins at 0, where all steps count alike, as with :class:`Mean`. A sample's steps alone
    have weights. Where dropout leaves out a unit of the last layer, the head does not read it; the score does.

    See Also
    --------
    Mean, Max, MeanMax : Readouts without parameters.

    References
    ----------
    Z. Lin et al., "A structured self-attentive sentence embedding", ICLR 2017; C. Raffel, D. P. W. Ellis,
    "Feed-forward networks with attention can solve some long-term memory problems", arXiv:1512.08756, with a score
    that is linear.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne(rnn.GRU(4), n_inputs=3, n_classes=2, readout=rnn.Attention(), rng=0)
    >>> net.parameters["w_a"].tolist()
    [0.0, 0.0, 0.0, 0.0]
    >>> net.parameters["w_a"][:] = 1, 2, 3, 4
    >>> A = net.forward(np.random.default_rng(0).normal(size=(1, 10, 3))).A[1:, 0]
    >>> a = np.exp(A @ net.parameters["w_a"])
    >>> a.shape, bool((a / a.sum() > 0).all())
    ((10,), True)
    """

    longest: ClassVar[int | None] = None
    _w_a: ClassVar[Array | None] = None
    """What :meth:`with_parameters` was given."""

    def width(self, H: int) -> int:
        """See :meth:`Readout.width`."""
        return H

    def shapes(self, H: int) -> dict[str, tuple[int, ...]]:
        """See :meth:`LearnedReadout.shapes`."""
        return {"w_a": (H,)}

    def with_parameters(self, parameters: ReadOnlyParameters) -> "Attention":
        """See :meth:`LearnedReadout.with_parameters`."""
        twin = copy(self)
        object.__setattr__(twin, "_w_a", parameters["w_a"])
        return twin

    @property
    def w_a(self) -> Array:
        """The weights of the score, (H,)."""
        if self._w_a is None:
            raise ValueError("Attention() has no w_a, expected what with_parameters returns")
        return self._w_a

    def read(self, A: Array, A_T: Array, batch: Packed) -> tuple[Array, Array]:
        """See :meth:`Readout.read`; K = 1."""
        R = np.einsum("tm,tmh->mh", self._weights(A, batch), A[1:])  # (P7)
        return R[None], np.ones((1, len(A_T)), A_T.real.dtype)

    def gather(self, states: Iterable[Array], batch: Packed) -> tuple[Array, Array]:  # noqa: ARG002 - the protocol's
        """See :meth:`Readout.gather`."""
        so_far = _Running(self.w_a)
        for A in states:
            so_far.add(A)
        R = so_far.R
        return R[None], np.ones((1, len(R)), R.real.dtype)

    def backward(self, dR: Array, A: Array, batch: Packed) -> tuple[None, Array]:
        """See :meth:`Readout.backward`."""
        a, dS = self._scores_back(dR, A, batch)
        dA = a[:, :, None] * dR[0]
        dA += dS[:, :, None] * self.w_a
        return None, dA  # (P9)

    def gradients(self, dR: Array, A: Array, batch: Packed) -> Parameters:
        """See :meth:`LearnedReadout.gradients`."""
        _, dS = self._scores_back(dR, A, batch)
        return {"w_a": np.einsum("tm,tmh->h", dS, A[1:])}  # (P10)

    def so_far(self, predict: Read) -> Read:
        """See :meth:`Readout.so_far`."""
        return _AttentionSoFar(predict, self.w_a)

    def _weights(self, A: Array, batch: Packed) -> Array:
        """Return a, (T, m), 0 where a sample has no step."""
        S = A[1:] @ self.w_a  # (P5)
        if batch.lengths is not None:
            S = np.where(batch.step_numbers() >= 0, S, -np.inf)
        E = np.exp(S - S.real.max(0))
        return np.asarray(E / E.sum(0))  # (P6)

    def _scores_back(self, dR: Array, A: Array, batch: Packed) -> tuple[Array, Array]:
        """Return a and dE/ds, (T, m)."""
        a = self._weights(A, batch)
        of_steps = np.einsum("mh,tmh->tm", dR[0], A[1:])
        return a, a * (of_steps - (a * of_steps).sum(0))  # (P8)


class _Running:
    """The weighted mean of the states up to now, in the memory of one: sums, divided by the largest weight so far."""

    def __init__(self, w_a: Array) -> None:
        self._w_a = w_a
        self._largest: Any = None
        self._total: Any = 0
        self._sum: Any = 0

    @property
    def R(self) -> Array:
        """What the head reads."""
        return np.asarray(self._total / self._sum)

    def add(self, A: Array) -> None:
        """Take the states of one step, (m, H)."""
        s = A @ self._w_a
        largest = s.real if self._largest is None else np.maximum(self._largest, s.real)
        if self._largest is not None:
            smaller = np.exp(self._largest - largest)
            self._total, self._sum = self._total * smaller[:, None], self._sum * smaller[:, None]
        e = np.exp(s - largest)[:, None]
        self._total, self._sum, self._largest = self._total + e * A, self._sum + e, largest


class _AttentionSoFar(_Running):
    """What the weighted mean of the states says, state by state."""

    def __init__(self, predict: Read, w_a: Array) -> None:
        super().__init__(w_a)
        self._predict = predict

    def __call__(self, A: Array) -> Array:
        self.add(A)
        return self._predict(self.R)
