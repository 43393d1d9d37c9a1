"""Readouts of the largest that each unit says over the steps: alone, and beside the mean."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from unrolled.rnn.arrays import Array, IntArray
from unrolled.rnn.engine.packing import Packed
from unrolled.rnn.output.readouts import Mean, Read


@dataclass(frozen=True)
class Max:
    """The head reads the largest value of each unit, over the steps of each sample.

    ::

        R = max over t of A_t                                       (P1)
        dE/dA_t = dE/dR where A_t is the largest, 0 elsewhere       (P2)

    unit by unit; of equals the first.

    See Also
    --------
    Last, Mean, MeanMax, EveryStep : Other readouts.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=2, readout=rnn.Max(), rng=0)
    >>> forward = net.forward(np.random.default_rng(0).normal(size=(1, 10, 3)))
    >>> Z = forward.A[1:].max(axis=0) @ net.parameters["W_ho"].T + net.parameters["b_o"]
    >>> bool(np.allclose(forward.logits, Z))
    True
    """

    longest: ClassVar[int | None] = None

    def width(self, H: int) -> int:
        """See :meth:`Readout.width`."""
        return H

    def read(self, A: Array, A_T: Array, batch: Packed) -> tuple[Array, Array]:
        """See :meth:`Readout.read`; K = 1."""
        if batch.lengths is None and A.dtype.kind != "c":
            R = A[1:].max(0)
        else:
            R = np.take_along_axis(A[1:], _first_largest(A, batch)[None], 0)[0]  # (P1)
        return R[None], np.ones((1, len(A_T)), A_T.real.dtype)

    def gather(self, states: Iterable[Array], batch: Packed) -> tuple[Array, Array]:  # noqa: ARG002 - the protocol's
        """See :meth:`Readout.gather`."""
        states = iter(states)
        largest = next(states).copy()
        for A in states:
            np.maximum(largest, A, out=largest)
        return largest[None], np.ones((1, len(largest)), largest.real.dtype)

    def backward(self, dR: Array, A: Array, batch: Packed) -> tuple[None, Array]:
        """See :meth:`Readout.backward`."""
        dA = np.zeros((len(A) - 1, *dR.shape[1:]), dR.dtype)
        np.put_along_axis(dA, _first_largest(A, batch)[None], dR, 0)  # (P2)
        return None, dA

    def so_far(self, predict: Read) -> Read:
        """See :meth:`Readout.so_far`."""
        return _MaxSoFar(predict)


@dataclass(frozen=True)
class MeanMax:
    """The head reads the mean of each sample's states and, beside it, the largest value of each unit.

    ::

        R = [mean over t of A_t; max over t of A_t]                             (P3)
        dE/dA_t = dE/dR_mean / T + dE/dR_max where A_t is the largest           (P4)

    Twice as many numbers as a state has: ``W_ho`` is (C, 2 H). Where dropout leaves out a unit of the last layer, it
    is left out of both.

    See Also
    --------
    Mean, Max : Either alone.

    References
    ----------
    J. Howard, S. Ruder, "Universal language model fine-tuning for text classification", ACL 2018, beside the last
    state there.

    Examples
    --------
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne(rnn.GRU(4), n_inputs=3, n_classes=2, readout=rnn.MeanMax(), rng=0)
    >>> net.parameters["W_ho"].shape
    (2, 8)
    """

    longest: ClassVar[int | None] = None

    def width(self, H: int) -> int:
        """See :meth:`Readout.width`."""
        return 2 * H

    def read(self, A: Array, A_T: Array, batch: Packed) -> tuple[Array, Array]:
        """See :meth:`Readout.read`; K = 1."""
        mean, weights = Mean().read(A, A_T, batch)
        return np.concatenate([mean, Max().read(A, A_T, batch)[0]], axis=2), weights  # (P3)

    def gather(self, states: Iterable[Array], batch: Packed) -> tuple[Array, Array]:
        """See :meth:`Readout.gather`."""
        states = iter(states)
        total = next(states).copy()
        largest = total.copy()
        for A in states:
            total += A
            np.maximum(largest, A, out=largest)
        mean = total / total.real.dtype.type(len(batch.X))
        return np.concatenate([mean, largest], axis=1)[None], np.ones((1, len(total)), total.real.dtype)

    def backward(self, dR: Array, A: Array, batch: Packed) -> tuple[None, Array]:
        """See :meth:`Readout.backward`."""
        H = A.shape[2]
        _, of_mean = Mean().backward(dR[..., :H], A, batch)
        _, of_max = Max().backward(dR[..., H:], A, batch)
        return None, np.add(of_max, of_mean, out=of_max)  # (P4)

    def so_far(self, predict: Read) -> Read:
        """See :meth:`Readout.so_far`."""
        return _MeanMaxSoFar(predict)


def _first_largest(A: Array, batch: Packed) -> IntArray:
    """Return the step at which each unit of each sample is the largest, (m, H); of complex numbers the real part."""
    S = A[1:].real
    if batch.lengths is not None:
        S = np.where(batch.step_numbers()[:, :, None] >= 0, S, -np.inf)
    return np.asarray(S.argmax(0))


class _MaxSoFar:
    """What the largest of the states says, state by state."""

    def __init__(self, predict: Read) -> None:
        self._predict = predict
        self._largest: Any = -np.inf

    def __call__(self, A: Array) -> Array:
        self._largest = np.maximum(self._largest, A)  # NaN, if one was ever there
        return self._predict(self._largest)


class _MeanMaxSoFar:
    """What the mean of the states and the largest of them say, state by state."""

    def __init__(self, predict: Read) -> None:
        self._predict, self._t = predict, 0
        self._total: Any = 0
        self._largest: Any = -np.inf

    def __call__(self, A: Array) -> Array:
        self._total, self._t = self._total + A, self._t + 1
        self._largest = np.maximum(self._largest, A)  # NaN, if one was ever there
        return self._predict(np.concatenate([self._total / A.real.dtype.type(self._t), self._largest], axis=-1))
