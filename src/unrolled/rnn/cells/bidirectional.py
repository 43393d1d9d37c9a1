"""A cell that reads each sequence forwards and another that reads it backwards, side by side."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import numpy as np

from unrolled._support.validation import implements
from unrolled.rnn.arrays import Array, Parameters, ReadOnlyParameters, State
from unrolled.rnn.cells.protocol import Cell, CellOf
from unrolled.rnn.engine.trace import Trace

REVERSE = "_reverse"
"""What stands behind the names of the direction that reads backwards."""

Value = TypeVar("Value")


class BidirectionalTrace:
    """The traces of the two directions.

    Attributes
    ----------
    forwards, backwards : Trace
        Of the two cells. The second's time runs the other way: its ``A[t]`` is its state after t steps of its own.
    A : ndarray, shape (T + 1, m, 2 H)
        The two states of each step side by side; ``A[0]`` is zero.
    """

    def __init__(self, forwards: Trace, backwards: Trace) -> None:
        self.forwards, self.backwards = forwards, backwards
        T, m, H = forwards.A.shape
        self.A: Array = np.zeros((T, m, 2 * H), forwards.A.dtype)

    def begin_forward(
        self,
        X: Array,
        batch_sizes: list[int] | None = None,
        recurrent_mask: Array | None = None,
        state: Mapping[str, Array] | None = None,
    ) -> None:
        """Take what a forward pass is given; see :meth:`Trace.begin_forward`."""
        forwards, backwards = _apart(state or {})
        masks = (None, None) if recurrent_mask is None else self._halves(recurrent_mask)
        self.forwards.begin_forward(X, batch_sizes, masks[0], forwards)
        self.backwards.begin_forward(X[::-1], None if batch_sizes is None else batch_sizes[::-1], masks[1], backwards)

    def begin_backward(
        self,
        dA_T: Array | None = None,
        dA: Array | None = None,
        *,
        bptt_steps: int | None = None,
        record: bool = False,
        want_dX: bool = False,
    ) -> None:
        """Take what a backward pass is given; see :meth:`Trace.begin_backward`. ``bptt_steps`` must be None."""
        if bptt_steps is not None:
            raise ValueError(
                f"bptt_steps is {bptt_steps}, expected None: truncation has no meaning in both directions of time"
            )
        ends = (None, None) if dA_T is None else self._halves(dA_T)
        all_steps = (None, None) if dA is None else self._halves(dA)
        self.forwards.begin_backward(ends[0], all_steps[0], record=record, want_dX=want_dX)
        reverse = None if all_steps[1] is None else all_steps[1][::-1]
        self.backwards.begin_backward(ends[1], reverse, record=record, want_dX=want_dX)

    def scale_back(self, factor: float) -> None:
        """Multiply what a backward pass has left; see :meth:`Trace.scale_back`."""
        self.forwards.scale_back(factor)
        self.backwards.scale_back(factor)

    def _halves(self, array: Array) -> tuple[Array, Array]:
        H = self.A.shape[2] // 2
        return array[..., :H], array[..., H:]

    def join(self) -> None:
        """Write the two directions' states side by side."""
        forwards, backwards = self._halves(self.A)
        forwards[1:], backwards[1:] = self.forwards.A[1:], self.backwards.A[:0:-1]

    @property
    def X(self) -> Array:
        """The input, (T, m, D)."""
        return self.forwards.X

    @property
    def A_T(self) -> Array:
        """Both directions' states after each sample's last step, (m, 2 H)."""
        return np.concatenate([self.forwards.A_T, self.backwards.A_T], axis=1)

    @property
    def final_state(self) -> State:
        """All that goes on from each direction's last step."""
        return _both(self.forwards.final_state, self.backwards.final_state)

    @property
    def dA(self) -> Array | None:
        """The two directions' gradients in the states of each step side by side, or None."""
        if self.forwards.dA is None or self.backwards.dA is None:
            return None
        return np.concatenate([self.forwards.dA, self.backwards.dA[::-1]], axis=2)

    @property
    def delta(self) -> Array:
        """The two directions' preactivation gradients of each step side by side."""
        return np.concatenate([self.forwards.delta, self.backwards.delta[::-1]], axis=2)

    @property
    def dstate(self) -> State:
        """The gradient in the state before each direction's first step."""
        return _both(self.forwards.dstate, self.backwards.dstate)


@dataclass(frozen=True)
class Bidirectional:
    """Two cells of a kind, one for each direction of time; a state is both of theirs.

    The last state, which ``readout=rnn.Last()`` reads, is that of each direction after it has read everything.
    Parameters are the cell's, and the cell's with ``_reverse`` behind the name for the other direction.

    Parameters
    ----------
    cell : Tanh, ReLU, LSTM or GRU
        H of its units for each direction.

    See Also
    --------
    Tanh, ReLU, LSTM, GRU : The cells it goes both ways with.

    References
    ----------
    M. Schuster, K. K. Paliwal, "Bidirectional recurrent neural networks", IEEE Transactions on Signal Processing
    45 (1997).

    Examples
    --------
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne(rnn.Bidirectional(rnn.GRU(50)), n_inputs=3, n_classes=7, rng=0)
    >>> net.parameters["W_ih_reverse"].shape, net.parameters["W_ho"].shape
    ((150, 3), (7, 100))
    """

    cell: Cell
    causal: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Refuse anything but a cell of one direction."""
        implements(self.cell, CellOf, "Bidirectional's cell", "rnn.GRU(50)")
        if not self.cell.causal:
            raise ValueError(f"Bidirectional's cell is {self.cell!r}, expected one of one direction, as rnn.GRU(50)")

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

    @property
    def state_names(self) -> tuple[str, ...]:
        """The names of what goes on from step to step, of both directions."""
        names = self.cell.state_names
        return (*names, *(name + REVERSE for name in names))

    def shapes(self, n_inputs: int) -> dict[str, tuple[int, ...]]:
        """Return the shape of each parameter for ``n_inputs`` = D features a step."""
        return _both(self.cell.shapes(n_inputs), self.cell.shapes(n_inputs))

    def initial_biases(self) -> dict[str, Array]:
        """Return what the biases begin at."""
        return _both(self.cell.initial_biases(), self.cell.initial_biases())

    def trace(self, T: int, m: int, D: int, dtype: np.dtype[Any]) -> BidirectionalTrace:
        """Allocate the memory of a pass over T steps of m samples with D inputs; it can be used again."""
        return BidirectionalTrace(self.cell.trace(T, m, D, dtype), self.cell.trace(T, m, D, dtype))

    def forward(self, parameters: ReadOnlyParameters, trace: BidirectionalTrace) -> None:
        """Run both recurrences over a batch of sequences; see :meth:`Cell.forward`."""
        forwards, backwards = _apart(parameters)
        self.cell.forward(forwards, trace.forwards)
        self.cell.forward(backwards, trace.backwards)
        trace.join()

    def backward(self, parameters: ReadOnlyParameters, trace: BidirectionalTrace) -> Parameters:
        """Go back through both directions' time; see :meth:`Cell.backward`."""
        forwards, backwards = _apart(parameters)
        return _both(
            self.cell.backward(forwards, trace.forwards),
            self.cell.backward(backwards, trace.backwards),
        )

    def dX(self, parameters: ReadOnlyParameters, trace: BidirectionalTrace) -> Array:
        """Return the gradient in the inputs, (T, m, D), after a :meth:`backward` that wanted it."""
        forwards, backwards = _apart(parameters)
        return self.cell.dX(forwards, trace.forwards) + self.cell.dX(backwards, trace.backwards)[::-1]

    def states(self, *_: object) -> Iterator[Array]:
        """Refuse: a state needs the whole future."""
        raise ValueError(f"{self} needs the whole sequence for a state, expected a cell of one direction of time")


def _both(forwards: Mapping[str, Value], backwards: Mapping[str, Value]) -> dict[str, Value]:
    return {**forwards, **{name + REVERSE: value for name, value in backwards.items()}}


def _apart(values: Mapping[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
    forwards = {name: value for name, value in values.items() if not name.endswith(REVERSE)}
    backwards = {name.removesuffix(REVERSE): value for name, value in values.items() if name.endswith(REVERSE)}
    return forwards, backwards
