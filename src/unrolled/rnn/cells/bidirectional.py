"""A cell that reads each sequence forwards and another that reads it backwards, side by side."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from unrolled.rnn.arrays import Array, Parameters, ReadOnlyParameters
from unrolled.rnn.cells.protocol import Cell


class BidirectionalTrace:
    """The traces of the two directions.

    Attributes
    ----------
    forwards, backwards : Trace
        Of the two cells. The second's time runs the other way: its ``A[t]`` is its state after t steps of its own.
    A : ndarray, shape (T + 1, m, 2 H)
        The two states of each step side by side; ``A[0]`` is zero.
    """

    def __init__(self, forwards: Any, backwards: Any) -> None:
        self.forwards, self.backwards = forwards, backwards
        T, m, H = forwards.A.shape
        self.A: Array = np.zeros((T, m, 2 * H), forwards.A.dtype)

    @property
    def X(self) -> Array:
        """The input, (T, m, D)."""
        return np.asarray(self.forwards.X)

    def last(self) -> Array:
        """Give both directions' states after each sample's last step, (m, 2 H)."""
        return np.concatenate([self.forwards.last(), self.backwards.last()], axis=1)

    def inward(self) -> Array:
        """Give the gradients in the two directions' ``W_ih X_t + b_h`` of each step side by side."""
        return np.concatenate([self.forwards.inward(), self.backwards.inward()[::-1]], axis=2)

    @property
    def keeps_delta(self) -> bool:
        """Whether somebody will look at the two directions' delta."""
        return bool(self.forwards.keeps_delta)

    @keeps_delta.setter
    def keeps_delta(self, wanted: bool) -> None:
        self.forwards.keeps_delta = self.backwards.keeps_delta = wanted

    @property
    def dA(self) -> Array | None:
        """The two directions' gradients in the states of each step side by side, or None."""
        if self.forwards.dA is None:
            return None
        return np.concatenate([self.forwards.dA, self.backwards.dA[::-1]], axis=2)

    @dA.setter
    def dA(self, memory: Array | None) -> None:
        H = self.A.shape[2] // 2
        self.forwards.dA = None if memory is None else np.ascontiguousarray(memory[..., :H])
        self.backwards.dA = None if memory is None else np.ascontiguousarray(memory[..., H:])


@dataclass(frozen=True)
class Bidirectional:
    """Two cells of a kind, one for each direction of time; a state is both of theirs.

    The last state, which ``readout=rnn.Last()`` reads, is that of each direction after it has read everything.
    Parameters are the cell's, and the cell's with ``_reverse`` behind the name for the other direction.

    Parameters
    ----------
    cell : Tanh, ReLU, LSTM or GRU
        H of its units for each direction.

    References
    ----------
    M. Schuster, K. K. Paliwal, "Bidirectional recurrent neural networks", IEEE Transactions on Signal Processing
    45 (1997).
    """

    cell: Cell
    streams: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Refuse anything but a cell of one direction."""
        if isinstance(self.cell, type) or not getattr(self.cell, "streams", False):
            raise ValueError(f"Bidirectional's cell is {self.cell!r}, expected one such as rnn.GRU(50)")

    @property
    def hidden(self) -> int:
        """H, of each direction."""
        return self.cell.hidden

    @property
    def n_outputs(self) -> int:
        """2 H."""
        return 2 * self.cell.n_outputs

    @property
    def gates(self) -> int:
        """G, of the cell."""
        return self.cell.gates

    def shapes(self, n_inputs: int) -> dict[str, tuple[int, ...]]:
        """Give the shape of each parameter for ``n_inputs`` = D features a step."""
        return _both(self.cell.shapes(n_inputs), self.cell.shapes(n_inputs))

    def biases(self) -> dict[str, Array]:
        """Give what the biases begin at."""
        return _both(self.cell.biases(), self.cell.biases())

    def trace(self, T: int, m: int, D: int, dtype: np.dtype[Any]) -> BidirectionalTrace:
        """Allocate the memory of a pass over T steps of m samples with D inputs; it can be used again."""
        return BidirectionalTrace(self.cell.trace(T, m, D, dtype), self.cell.trace(T, m, D, dtype))

    def forward(
        self,
        parameters: ReadOnlyParameters,
        X: Array,
        trace: BidirectionalTrace,
        active: list[int] | None = None,
        keep: Array | None = None,
    ) -> None:
        """Run both recurrences over a batch of sequences; see :meth:`Cell.forward`."""
        H = self.cell.hidden
        there, back = _apart(parameters)
        keeps = (None, None) if keep is None else (keep[:, :H], keep[:, H:])
        self.cell.forward(there, X, trace.forwards, active, keeps[0])
        self.cell.forward(back, X[::-1], trace.backwards, None if active is None else active[::-1], keeps[1])
        trace.A[1:, :, :H] = trace.forwards.A[1:]
        trace.A[1:, :, H:] = trace.backwards.A[:0:-1]

    def backward(
        self,
        parameters: ReadOnlyParameters,
        trace: BidirectionalTrace,
        dA_T: Array | None,
        dA: Array | None = None,
        window: int | None = None,
    ) -> Parameters:
        """Go back through both directions' time; see :meth:`Cell.backward`. ``window`` must be None."""
        if window is not None:
            raise ValueError(f"window is {window}, expected None: truncation has no meaning in both directions of time")
        H = self.cell.hidden
        there, back = _apart(parameters)
        ends = (None, None) if dA_T is None else (dA_T[:, :H], dA_T[:, H:])
        all_along = (None, None) if dA is None else (dA[..., :H], dA[::-1, :, H:])
        return _both(
            self.cell.backward(there, trace.forwards, ends[0], all_along[0]),
            self.cell.backward(back, trace.backwards, ends[1], all_along[1]),
        )

    def dX(self, parameters: ReadOnlyParameters, trace: BidirectionalTrace) -> Array:
        """Give the gradient in the inputs, (T, m, D), after :meth:`backward`."""
        there, back = _apart(parameters)
        return self.cell.dX(there, trace.forwards) + self.cell.dX(back, trace.backwards)[::-1]

    def states(self, *_: object) -> Iterator[Array]:
        """Refuse: a state needs the whole future."""
        raise ValueError(f"{self} needs the whole sequence to give a state, expected a cell of one direction of time")


REVERSE = "_reverse"


def _both(there: dict[str, Any], back: dict[str, Any]) -> dict[str, Any]:
    return {**there, **{name + REVERSE: value for name, value in back.items()}}


def _apart(parameters: ReadOnlyParameters) -> tuple[Parameters, Parameters]:
    there = {name: W for name, W in parameters.items() if not name.endswith(REVERSE)}
    back = {name.removesuffix(REVERSE): W for name, W in parameters.items() if name.endswith(REVERSE)}
    return there, back
