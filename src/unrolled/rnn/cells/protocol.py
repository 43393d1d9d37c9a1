"""What a network asks of a layer; Tanh, ReLU, LSTM, GRU and Bidirectional are such."""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol, TypeAlias

import numpy as np

from unrolled.rnn.arrays import Array, Parameters, ReadOnlyParameters, State
from unrolled.rnn.engine.trace import SomeTrace


class CellOf(Protocol[SomeTrace]):
    """A map of a sequence to a sequence, with an explicit backward, and a trace of its own kind.

    See Also
    --------
    Tanh, ReLU, LSTM, GRU, Bidirectional : Those of the library.
    check_cell : Tries everything that a network relies on.
    """

    @property
    def hidden(self) -> int:
        """H, the number of hidden units (of each direction)."""
        ...

    @property
    def n_outputs(self) -> int:
        """How many numbers a state has for the layer above: H, or 2 H in both directions."""
        ...

    @property
    def gates(self) -> int:
        """G, how many blocks of H rows the weights of a direction have."""
        ...

    @property
    def causal(self) -> bool:
        """Whether a state needs nothing of the future."""
        ...

    @property
    def state_names(self) -> tuple[str, ...]:
        """The names of what goes on from step to step, each (m, H)."""
        ...

    def shapes(self, n_inputs: int) -> dict[str, tuple[int, ...]]:
        """Return the shape of each parameter for ``n_inputs`` = D features a step."""
        ...

    def initial_biases(self) -> dict[str, Array]:
        """Return what the biases begin at."""
        ...

    def trace(self, T: int, m: int, D: int, dtype: np.dtype[Any]) -> SomeTrace:
        """Allocate the memory of a pass over T steps of m samples with D inputs; it can be used again."""
        ...

    def forward(self, parameters: ReadOnlyParameters, trace: SomeTrace) -> None:
        """Run the recurrence over what :meth:`Trace.begin_forward` was given.

        Parameters
        ----------
        parameters : mapping of ndarray
            As :meth:`shapes` has them.
        trace
            Of the parameters' dtype; it is filled in.
        """
        ...

    def backward(self, parameters: ReadOnlyParameters, trace: SomeTrace) -> Parameters:
        """Go back through time from what :meth:`Trace.begin_backward` was given.

        Parameters
        ----------
        parameters : mapping of ndarray
            As given to :meth:`forward`.
        trace
            As :meth:`forward` filled it.

        Returns
        -------
        dict of ndarray
            The gradients, with the names and shapes of the parameters.
        """
        ...

    def dX(self, parameters: ReadOnlyParameters, trace: SomeTrace) -> Array:
        """Return the gradient in the inputs, (T, m, D), after a :meth:`backward` that wanted it."""
        ...

    def states(
        self, parameters: ReadOnlyParameters, steps: Iterable[Array], m: int, state: State | None = None
    ) -> Iterator[Array]:
        """Run the recurrence and hold no more than a step.

        Parameters
        ----------
        parameters : mapping of ndarray
        steps : iterable of ndarray, shape (m, D)
            X_1, X_2, ...
        m : int
            Samples.
        state : dict of ndarray, shape (m, H), optional
            What stands before X_1, by ``state_names``; 0 by default. Once a step was taken it holds, instead of these
            arrays, views of the memory of the recurrence: what goes on, to be read, and set, between steps.

        Yields
        ------
        ndarray, shape (m, H)
            A_1, A_2, ..., each valid until the next.

        Notes
        -----
        While it takes a state the caller ignores overflow, since what became of it is looked at afterwards, and what
        NumPy reports as invalid: of finite numbers a product is not, but a BLAS may say so of what it computes beside a
        small matrix and throws away.
        """
        ...


Cell: TypeAlias = CellOf[Any]
"""A cell, whatever its trace."""
