"""From the states of the last layer to what the head reads: the last one, their mean, or every one.

``read`` returns R (K, m, H), K times at which the head reads, and how much the loss at each weighs, (K, m); a
sample's weights sum to 1. ``backward`` takes the gradient in R to that in the last state and in every state.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from unrolled._support.validation import checked_fields, optional, sample_weights
from unrolled.rnn.arrays import Array
from unrolled.rnn.engine.packing import Packed

Read = Callable[[Array], Array]


class Readout(Protocol):
    """What a network asks of a readout.

    See Also
    --------
    Last, Mean, Max, MeanMax, Attention, EveryStep : Those of the library.
    LearnedReadout : One with parameters of its own.
    """

    @property
    def longest(self) -> int | None:
        """How many steps a sequence may have, or None for any number."""
        ...

    def width(self, H: int) -> int:
        """Return W, how many numbers the head reads at a time, of states of H numbers: a multiple of H."""
        ...

    def read(self, A: Array, A_T: Array, batch: Packed) -> tuple[Array, Array]:
        """Return R (K, m, W) and the weights (K, m) from the states A (T + 1, m, H) and the last ones A_T (m, H)."""
        ...

    def gather(self, states: Iterable[Array], batch: Packed) -> tuple[Array, Array]:
        """Do what :meth:`read` does, with states that come one by one, for sequences of one length."""
        ...

    def backward(self, dR: Array, A: Array, batch: Packed) -> tuple[Array | None, Array | None]:
        """Return the gradients in the last states (m, H) and in all states (T, m, H), None for zero.

        From that in R, and the states A (T + 1, m, H) that were read.
        """
        ...

    def so_far(self, predict: Read) -> Read:
        """Return a function that is called with each state in turn, and returns the probabilities as of then.

        ``predict`` takes features (m, W) to probabilities (m, C).
        """
        ...


@dataclass(frozen=True)
class Last:
    """The head reads each sample's last state, as in the report.

    See Also
    --------
    Mean, Max, MeanMax, EveryStep : Other readouts.

    Examples
    --------
    >>> from unrolled import rnn
    >>> rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=2, rng=0).readout
    Last()
    """

    longest: ClassVar[int | None] = None

    def width(self, H: int) -> int:
        """See :meth:`Readout.width`."""
        return H

    def read(self, A: Array, A_T: Array, batch: Packed) -> tuple[Array, Array]:  # noqa: ARG002 - the protocol's
        """See :meth:`Readout.read`; K = 1."""
        return A_T[None], np.ones((1, len(A_T)), A_T.real.dtype)

    def gather(self, states: Iterable[Array], batch: Packed) -> tuple[Array, Array]:
        """See :meth:`Readout.gather`."""
        (A_T,) = deque(states, maxlen=1)
        return self.read(A_T, A_T, batch)

    def backward(self, dR: Array, A: Array, batch: Packed) -> tuple[Array | None, Array | None]:  # noqa: ARG002
        """See :meth:`Readout.backward`."""
        return dR[0], None

    def so_far(self, predict: Read) -> Read:
        """See :meth:`Readout.so_far`."""
        return predict


@dataclass(frozen=True)
class Mean:
    """The head reads the mean of each sample's states, over its steps.

    See Also
    --------
    Last, Max, MeanMax, EveryStep : Other readouts.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=2, readout=rnn.Mean(), rng=0)
    >>> forward = net.forward(np.ones((1, 10, 3)))
    >>> Z = forward.A[1:].mean(axis=0) @ net.parameters["W_ho"].T + net.parameters["b_o"]
    >>> bool(np.allclose(forward.logits, Z))
    True
    """

    longest: ClassVar[int | None] = None

    def width(self, H: int) -> int:
        """See :meth:`Readout.width`."""
        return H

    def read(self, A: Array, A_T: Array, batch: Packed) -> tuple[Array, Array]:
        """See :meth:`Readout.read`; K = 1."""
        T, m = len(A) - 1, len(A_T)
        if batch.lengths is None:
            R = A[1:].mean(0)
        else:
            R = np.einsum("tm,tmh->mh", _step_weights(batch, np.ones(T), A_T.real.dtype), A[1:])
        return R[None], np.ones((1, m), A_T.real.dtype)

    def gather(self, states: Iterable[Array], batch: Packed) -> tuple[Array, Array]:
        """See :meth:`Readout.gather`."""
        T, m = batch.X.shape[:2]
        states = iter(states)
        total = next(states).copy()
        for A in states:
            total += A
        return total[None] / total.real.dtype.type(T), np.ones((1, m), total.real.dtype)

    def backward(self, dR: Array, A: Array, batch: Packed) -> tuple[None, Array]:
        """See :meth:`Readout.backward`."""
        T = len(A) - 1
        if batch.lengths is None:
            return None, np.broadcast_to(dR[0] / dR.real.dtype.type(T), (T, *dR.shape[1:]))
        return None, _step_weights(batch, np.ones(T), dR.real.dtype)[:, :, None] * dR[0]

    def so_far(self, predict: Read) -> Read:
        """See :meth:`Readout.so_far`."""
        return _MeanSoFar(predict)


@dataclass(frozen=True)
@checked_fields(weights=optional(sample_weights))
class EveryStep:
    """The head reads every state, and the loss is a weighted sum over the steps: the report's intermediary outputs.

    What the network predicts is the mean, with the same weights, of the probabilities it gives on the way.

    Parameters
    ----------
    weights : sequence of float, optional
        One for each step, from the first on, none below 0; they are divided by their sum. Of a sample of length L
        the first L count, and if they are all 0, its last step. All alike by default. Sequences may not have more
        steps than there are weights.

    See Also
    --------
    Last, Mean, Max, MeanMax : Other readouts.

    References
    ----------
    C.-Y. Lee et al., "Deeply-supervised nets", AISTATS 2015, over time in place of depth.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=2, readout=rnn.EveryStep(), rng=0)
    >>> net.forward(np.ones((5, 10, 3))).logits.shape  # at each of 10 steps
    (10, 5, 2)
    """

    weights: tuple[float, ...] | None = None

    @property
    def longest(self) -> int | None:
        """As many steps as there are weights."""
        return None if self.weights is None else len(self.weights)

    def width(self, H: int) -> int:
        """See :meth:`Readout.width`."""
        return H

    def read(self, A: Array, A_T: Array, batch: Packed) -> tuple[Array, Array]:  # noqa: ARG002 - the protocol's
        """See :meth:`Readout.read`; K = T."""
        return A[1:], self._step_weights(batch, A.real.dtype)

    def gather(self, states: Iterable[Array], batch: Packed) -> tuple[Array, Array]:
        """See :meth:`Readout.gather`."""
        R = np.stack([A.copy() for A in states])
        return R, self._step_weights(batch, R.real.dtype)

    def backward(self, dR: Array, A: Array, batch: Packed) -> tuple[Array | None, Array | None]:  # noqa: ARG002
        """See :meth:`Readout.backward`."""
        return None, dR

    def so_far(self, predict: Read) -> Read:
        """See :meth:`Readout.so_far`."""
        return _WeightedSoFar(predict, self.weights)

    def _step_weights(self, batch: Packed, dtype: np.dtype[Any]) -> Array:
        T = len(batch.X)
        longest = T if batch.lengths is None else int(batch.lengths[0])
        if self.longest is not None and longest > self.longest:
            raise ValueError(f"a sequence has {longest} steps, expected at most {self.longest}, as EveryStep's weights")
        return _step_weights(batch, np.ones(T) if self.weights is None else np.resize(self.weights, T), dtype)


class _MeanSoFar:
    """What the mean of the states says, state by state."""

    def __init__(self, predict: Read) -> None:
        self._predict, self._t = predict, 0
        self._total: Any = 0

    def __call__(self, A: Array) -> Array:
        self._total, self._t = self._total + A, self._t + 1
        return self._predict(self._total / A.real.dtype.type(self._t))


class _WeightedSoFar:
    """The weighted mean of what every state says, state by state."""

    def __init__(self, predict: Read, weights: tuple[float, ...] | None) -> None:
        self._predict, self._weights = predict, weights
        self._total: Any = 0
        self._sum, self._t = 0.0, 0

    def __call__(self, A: Array) -> Array:
        weight = 1.0 if self._weights is None else self._weights[self._t]
        Y_hat, self._t = self._predict(A), self._t + 1
        if weight:
            self._total = self._total + Y_hat.real.dtype.type(weight) * Y_hat
            self._sum += weight
        return np.asarray(Y_hat if self._sum == 0 else self._total / Y_hat.real.dtype.type(self._sum))


@dataclass(frozen=True)
class EachStep:
    """The head reads every state, and each is an answer of its own: a network of many to many."""

    longest: ClassVar[int | None] = None

    def width(self, H: int) -> int:
        """See :meth:`Readout.width`."""
        return H

    def read(self, A: Array, A_T: Array, batch: Packed) -> tuple[Array, Array]:  # noqa: ARG002 - the protocol's
        """See :meth:`Readout.read`; K = T, and the weights are 1 where a sample has a step."""
        if batch.lengths is None:
            return A[1:], np.ones((len(A) - 1, A.shape[1]), A.real.dtype)
        return A[1:], (batch.step_numbers() >= 0).astype(A.real.dtype)

    def gather(self, states: Iterable[Array], batch: Packed) -> tuple[Array, Array]:  # noqa: ARG002 - the protocol's
        """See :meth:`Readout.gather`."""
        R = np.stack([A.copy() for A in states])
        return R, np.ones(R.shape[:2], R.real.dtype)

    def backward(self, dR: Array, A: Array, batch: Packed) -> tuple[Array | None, Array | None]:  # noqa: ARG002
        """See :meth:`Readout.backward`."""
        return None, dR

    def so_far(self, predict: Read) -> Read:
        """See :meth:`Readout.so_far`."""
        return predict


def _step_weights(batch: Packed, weights: Array, dtype: np.dtype[Any]) -> Array:
    """Return each step's weight in each sample, (T, m), columns summing to 1, from one weight for each step."""
    step = batch.step_numbers()
    of_steps = np.where(step < 0, 0.0, weights[np.maximum(step, 0)])
    total = of_steps.sum(0)
    of_steps[-1, total == 0] = 1
    return np.asarray(of_steps / np.where(total == 0, 1, total), dtype)
