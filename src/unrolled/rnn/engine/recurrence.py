"""What a cell need not write: all but its equations."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Generic

import numpy as np

from unrolled._support.validation import whole_number
from unrolled.rnn.arrays import Array, Parameters, ReadOnlyParameters, State
from unrolled.rnn.engine.rows import Rows
from unrolled.rnn.engine.trace import SomeTrace


class BaseCell(Generic[SomeTrace]):
    """What cells of one direction have in common, whatever their trace."""

    hidden: int
    gates: ClassVar[int] = 1
    causal: ClassVar[bool] = True
    further_states: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        """Refuse a number of units that is not a positive whole number."""
        object.__setattr__(self, "hidden", whole_number(self.hidden, f"{type(self).__name__}'s hidden", 1))

    @property
    def n_outputs(self) -> int:
        """H."""
        return self.hidden

    @property
    def state_names(self) -> tuple[str, ...]:
        """The names of what goes on from step to step: A, and what else."""
        return ("A", *self.further_states)

    def shapes(self, n_inputs: int) -> dict[str, tuple[int, ...]]:
        """Return the shape of each parameter for ``n_inputs`` = D features a step."""
        H, G = self.hidden, self.gates
        return {"W_ih": (G * H, n_inputs), "W_hh": (G * H, H), "b_h": (G * H,)}

    def initial_biases(self) -> dict[str, Array]:
        """Return what the biases begin at: 0."""
        return {name: np.zeros(shape) for name, shape in self.shapes(1).items() if len(shape) == 1}

    def trace(self, T: int, m: int, D: int, dtype: np.dtype[Any]) -> SomeTrace:
        """Allocate the memory of a pass over T steps of m samples with D inputs; it can be used again."""
        raise NotImplementedError(f"{type(self).__name__} has no method trace")

    def forward(self, parameters: ReadOnlyParameters, trace: SomeTrace) -> None:
        """Run the recurrence over what the trace was given, and fill it in; see :meth:`Cell.forward`."""
        raise NotImplementedError(f"{type(self).__name__} has no method forward")

    def backward(self, parameters: ReadOnlyParameters, trace: SomeTrace) -> Parameters:
        """Go back through time and return the gradient of each parameter; see :meth:`Cell.backward`."""
        raise NotImplementedError(f"{type(self).__name__} has no method backward")

    def dX(self, parameters: ReadOnlyParameters, trace: SomeTrace) -> Array:
        """Return the gradient in the inputs, (T, m, D), after a :meth:`backward` that wanted it."""
        return np.asarray(trace.delta @ parameters["W_ih"])

    def states(
        self, parameters: ReadOnlyParameters, steps: Iterable[Array], m: int, state: State | None = None
    ) -> Iterator[Array]:
        """Run the recurrence and hold no more than a step; see :meth:`Cell.states`."""
        trace: SomeTrace | None = None
        memory: State = {}
        for X in steps:
            if trace is None:
                trace = self.trace(1, m, X.shape[1], X.dtype)
                memory = {name: np.empty((m, self.hidden), X.dtype) for name in self.state_names}
                begin(state, **memory)
            trace.begin_forward(X[None], state=memory)
            self.forward(parameters, trace)
            for name, array in trace.final_state.items():
                memory[name][...] = array
            yield memory["A"]


class Recurrence(BaseCell[Rows]):
    """The base of a cell of one's own, whose step is written in rows: a sample a row.

    Such a cell is a frozen dataclass with a field ``hidden``, its ``gates`` and ``arrays``, and two methods that hold
    its equations, :meth:`forward` and :meth:`backward`. Weights have the names and shapes of PyTorch's, with a block of
    rows for each gate, unless it says otherwise in ``shapes``; biases begin at 0. Different lengths, both directions,
    depth, dropout, truncation, recording and streaming come with the trace.

    Attributes
    ----------
    gates : int
        G, how many blocks of H rows the weights have.
    arrays : mapping of str to int
        What the cell writes down at every step, and how many times H numbers each has.
    further_states : tuple of str
        What goes on from step to step besides A, such as an LSTM's C.

    See Also
    --------
    unrolled.rnn.engine.rows : The names by which a step's arrays are asked for.

    Examples
    --------
    A recurrence without a nonlinearity:

    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> from unrolled.rnn.engine import Recurrence
    >>> @dataclass(frozen=True)
    ... class Linear(Recurrence):
    ...     hidden: int
    ...
    ...     def forward(self, parameters, trace):
    ...         W_ih, W_hh, b_h = parameters["W_ih"], parameters["W_hh"], parameters["b_h"]
    ...         for segment in trace.forward_segments():
    ...             for X, seen, A in segment.steps("X", "seen", "A"):
    ...                 A[...] = X @ W_ih.T + seen @ W_hh.T + b_h
    ...
    ...     def backward(self, parameters, trace):
    ...         W_hh = parameters["W_hh"]
    ...         dW, dW_hh = np.zeros((self.hidden, trace.D + 1)), np.zeros_like(W_hh)
    ...         for chunk in trace.backward_chunks():
    ...             for delta, dA in chunk.steps("delta", "dA"):
    ...                 delta[...] = dA
    ...                 dA[...] = delta @ W_hh
    ...             dW += chunk.outer("delta", "inputs")
    ...             dW_hh += chunk.outer("delta", "seen")
    ...         return {"W_ih": dW[:, :-1], "W_hh": dW_hh, "b_h": dW[:, -1]}
    >>> net = rnn.ManyToOne([Linear(4), rnn.Bidirectional(Linear(3))], 2, 3, readout=rnn.Mean(), rng=0)
    >>> check = rnn.check_gradients(net, np.ones((3, 5, 2)), [0, 1, 2], lengths=[5, 2, 4])
    >>> check.worst[1] < 1e-12
    True
    """

    arrays: ClassVar[Mapping[str, int]] = {}

    def trace(self, T: int, m: int, D: int, dtype: np.dtype[Any]) -> Rows:
        """Allocate the memory of a pass over T steps of m samples with D inputs; it can be used again."""
        return Rows(T, m, D, self.hidden, dtype, self.arrays, self.gates, self.further_states)


def begin(state: State | None, **memory: Array) -> None:
    """Set the memory (m, H) of a recurrence that runs step by step to what it begins with, 0 unless it is given.

    ``state`` then holds that memory; see :meth:`unrolled.rnn.cells.CellOf.states`.
    """
    for name, array in memory.items():
        array[...] = 0 if state is None or name not in state else state[name]
        if state is not None:
            state[name] = array
