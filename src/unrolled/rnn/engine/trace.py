"""What a network asks of the memory that a pass through time fills in."""

from collections.abc import Mapping
from typing import Protocol, TypeVar

from unrolled.rnn.arrays import Array, State


class Trace(Protocol):
    """What a network asks of the memory of a layer's pass; it can be used for one pass after the other.

    Where lengths differ, samples come sorted and end together, or, for a cell that reads backwards, begin together.
    """

    @property
    def X(self) -> Array:
        """The input, (T, m, D)."""
        ...

    @property
    def A(self) -> Array:
        """The states, (T + 1, m, n_outputs), ``A[0]`` before the first step; 0 where a sample has no step."""
        ...

    @property
    def A_T(self) -> Array:
        """The state after each sample's last step, (m, n_outputs)."""
        ...

    @property
    def final_state(self) -> State:
        """Everything that goes on to a next step, after each sample's last step: ``A`` and what else the cell has."""
        ...

    @property
    def dA(self) -> Array | None:
        """Of a backward pass that records, dE/dA^(t) of every step, (T, m, n_outputs); else None."""
        ...

    @property
    def delta(self) -> Array:
        """Of a backward pass that records, the preactivation gradient, (T, m, G H): that in ``W_ih X_t + b_h``."""
        ...

    @property
    def dstate(self) -> State:
        """Of a backward pass, the gradient in the state before each sample's first step."""
        ...

    def begin_forward(
        self,
        X: Array,
        batch_sizes: list[int] | None = None,
        recurrent_mask: Array | None = None,
        state: Mapping[str, Array] | None = None,
    ) -> None:
        """Take what a forward pass is given.

        Parameters
        ----------
        X : ndarray, shape (T, m, D)
        batch_sizes : list of int, optional
            How many samples, the first ones, have a step at each t. From step to step it only grows, or only shrinks.
        recurrent_mask : ndarray, shape (m, n_outputs), optional
            Dropout on the recurrence: A_t is multiplied by it on its way into the products of step t + 1.
        state : mapping of ndarray, shape (m, H), optional
            What stands before each sample's first step, named as in ``final_state``; 0 where it is not given.
        """
        ...

    def begin_backward(
        self,
        dA_T: Array | None = None,
        dA: Array | None = None,
        *,
        bptt_steps: int | None = None,
        record: bool = False,
        want_dX: bool = False,
    ) -> None:
        """Take what a backward pass is given.

        Parameters
        ----------
        dA_T : ndarray, shape (m, n_outputs), optional
            The gradient of the loss in each sample's last state.
        dA : ndarray, shape (T, m, n_outputs), optional
            The gradient that comes into every state from above, 0 where a sample has no step.
        bptt_steps : int, optional
            Truncated back-propagation: every so many steps, counted from the last, nothing goes back further.
        record : bool
            Whether ``dA`` and ``delta`` of every step are wanted afterwards.
        want_dX : bool
            Whether the gradient in the inputs is, by the cell's ``dX``.
        """
        ...

    def scale_back(self, factor: float) -> None:
        """Multiply what a backward pass has left by a power of two: ``dstate``, and what it recorded."""
        ...


SomeTrace = TypeVar("SomeTrace", bound=Trace)
"""The kind of trace a cell has."""
