"""What a network asks of a layer; Tanh, ReLU, LSTM, GRU and Bidirectional are such."""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import numpy as np

from unrolled.rnn.arrays import Array, Parameters, ReadOnlyParameters


class Cell(Protocol):
    """A map of a sequence to a sequence, with an explicit backward."""

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
    def streams(self) -> bool:
        """Whether a state needs nothing of the future."""
        ...

    def shapes(self, n_inputs: int) -> dict[str, tuple[int, ...]]:
        """Give the shape of each parameter for ``n_inputs`` = D features a step."""
        ...

    def biases(self) -> dict[str, Array]:
        """Give what the biases begin at."""
        ...

    def trace(self, T: int, m: int, D: int, dtype: np.dtype[Any]) -> Any:
        """Allocate the memory of a pass over T steps of m samples with D inputs; it can be used again."""
        ...

    def forward(
        self,
        parameters: ReadOnlyParameters,
        X: Array,
        trace: Any,
        active: list[int] | None = None,
        keep: Array | None = None,
    ) -> None:
        """Run the recurrence over a batch of sequences.

        Parameters
        ----------
        parameters : mapping
            As :meth:`shapes` has them.
        X : ndarray, shape (T, m, D)
            Time first.
        trace
            For these T, m and D, of the parameters' dtype; it is filled in.
        active : list of int, optional
            How many samples, the first ones, have a step at each t. From step to step it only grows, or only
            shrinks; a sample has A_t = 0 where it has no step, before it begins and after it has ended.
        keep : ndarray, shape (m, n_outputs), optional
            Dropout on the recurrence: A_t is multiplied by it on its way into the products of step t + 1.
        """
        ...

    def backward(
        self,
        parameters: ReadOnlyParameters,
        trace: Any,
        dA_T: Array | None,
        dA: Array | None = None,
        window: int | None = None,
    ) -> Parameters:
        """Go back through time to the gradient of each parameter.

        Parameters
        ----------
        parameters : mapping
            As given to :meth:`forward`.
        trace
            As :meth:`forward` filled it; ``delta`` is filled in, unless the trace's ``keeps_delta`` is set to False.
        dA_T : ndarray, shape (m, n_outputs), optional
            The gradient of the loss in each sample's last state.
        dA : ndarray, shape (T, m, n_outputs), optional
            The gradient that comes into every state from above, 0 where a sample has no step.
        window : int, optional
            Truncated back-propagation: windows of so many steps, counted from the last, and nothing goes
            back from one to the one before.

        Returns
        -------
        dict of ndarray
            The gradients, with the names and shapes of the parameters.
        """
        ...

    def dX(self, parameters: ReadOnlyParameters, trace: Any) -> Array:
        """Give the gradient in the inputs, (T, m, D), after a :meth:`backward` that kept delta."""
        ...

    def states(self, parameters: ReadOnlyParameters, steps: Iterable[Array], m: int) -> Iterator[Array]:
        """Run the recurrence and keep nothing: for X_1, X_2, ..., each (m, D), yields A_1, A_2, ..., each (m, H).

        What is yielded is valid until the next. While it takes a state the caller ignores overflow, since exp(-z) of
        a very negative z means a gate of 0, and what NumPy reports as invalid: of finite numbers a product is not, but
        a BLAS may say so of what it computes beside a small matrix and throws away.
        """
        ...
