"""The report's recurrence, equation (1), and its back-propagation through time, section 2.3."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from unrolled.rnn.arrays import Array, Parameters, ReadOnlyParameters
from unrolled.rnn.inputs import count


class TanhTrace:
    """What a pass through time leaves behind: T steps, m samples, D inputs, H hidden units.

    State, input and the report's row of ones stand side by side in ``rows``, so that a step is one product with
    ``[W_hh | W_ih | b_h]``, and the gradient of all three is one product too.

    Attributes
    ----------
    rows : ndarray, shape (T + 1, m, H + D + 1)
        ``rows[t] = [A_t | X_{t+1} | 1]``.
    A : ndarray, shape (T + 1, m, H)
        The hidden states, a view of ``rows``; ``A[0]`` is zero, ``A[t]`` is the report's A_t.
    X : ndarray, shape (T, m, D)
        The input, a view of ``rows``; ``X[t - 1]`` is the report's X_t.
    delta : ndarray, shape (T, m, H)
        After the backward pass, ``delta[t - 1]`` is the report's dE/dA^(t) * (1 - A_t^2).
    """

    def __init__(self, T: int, m: int, D: int, H: int, dtype: np.dtype[Any]) -> None:
        self.rows: Array = np.empty((T + 1, m, H + D + 1), dtype)
        self.rows[0, :, :H] = 0  # A_0
        self.rows[T, :, H:] = 0  # there is no X_{T+1}
        self.rows[:T, :, -1] = 1
        self.delta: Array = np.zeros((T, m, H), dtype)
        self._views()

    def _views(self) -> None:
        _, m, H = self.delta.shape
        self.A, self.X = self.rows[:, :, :H], self.rows[:-1, :, H:-1]
        # What the loops use: memory for one step, and a view for every step.
        self.step: Array = np.empty((m, H), self.delta.dtype)
        self.each_row, self.each_A, self.each_delta = list(self.rows), list(self.A), list(self.delta)

    def __getstate__(self) -> tuple[Array, Array]:
        """Copy and pickle the two arrays; views would come out as arrays of their own."""
        return self.rows, self.delta

    def __setstate__(self, state: tuple[Array, Array]) -> None:
        self.rows, self.delta = state
        self._views()


@dataclass(frozen=True)
class Tanh:
    """Elman's recurrence ``A_t = tanh(W_ih X_t + W_hh A_{t-1} + b_h)``, with ``A_0 = 0``.

    Rows are samples here where the report has columns, so every product appears transposed.

    Parameters
    ----------
    hidden : int
        H, the number of hidden units, at least 1.

    References
    ----------
    Equation (1) and section 2.3 of the report; J. L. Elman, "Finding structure in time", Cognitive
    Science 14 (1990).
    """

    hidden: int

    def __post_init__(self) -> None:
        """Refuse a number of units that is not a positive whole number."""
        object.__setattr__(self, "hidden", count(self.hidden, "Tanh's hidden"))

    def shapes(self, n_inputs: int) -> dict[str, tuple[int, ...]]:
        """Give the shape of each parameter for ``n_inputs`` = D features a step."""
        H = self.hidden
        return {"W_ih": (H, n_inputs), "W_hh": (H, H), "b_h": (H,)}

    def trace(self, T: int, m: int, D: int, dtype: np.dtype[Any]) -> TanhTrace:
        """Allocate the memory of a pass over T steps of m samples with D inputs; it can be used again."""
        return TanhTrace(T, m, D, self.hidden, dtype)

    def forward(self, parameters: ReadOnlyParameters, X: Array, trace: TanhTrace) -> None:
        """Run the recurrence over a batch of sequences.

        Parameters
        ----------
        parameters : mapping
            ``W_ih`` (H, D), ``W_hh`` (H, H) and ``b_h`` (H,).
        X : ndarray, shape (T, m, D)
            Time first.
        trace : TanhTrace
            For these T, m and D, of the parameters' dtype; ``X`` and ``A`` are filled in.
        """
        trace.X[...] = X
        W, step, tanh = stacked(parameters), trace.step, np.tanh
        for row, A in zip(trace.each_row, trace.each_A[1:], strict=False):  # the last row feeds nothing
            row.dot(W, step)
            tanh(step, A)  # (1)

    def states(self, parameters: ReadOnlyParameters, X: Array) -> Iterator[Array]:
        """Run the recurrence and keep nothing: yields A_1, A_2, ..., each (m, H), valid until the next."""
        T, m, D = X.shape
        H = self.hidden
        # Nothing is summed over time here, so samples can be columns, as in the report: A is then one block.
        column: Array = np.ones((H + D + 1, m), X.dtype)  # [A_t; X_{t+1}; 1]
        A, step = column[:H], np.empty((H, m), X.dtype)
        A[...] = 0
        W, tanh = np.ascontiguousarray(stacked(parameters).T), np.tanh
        for t in range(T):
            column[H:-1] = X[t].T
            W.dot(column, step)
            tanh(step, A)  # (1)
            yield A.T

    def backward(self, parameters: ReadOnlyParameters, trace: TanhTrace, dA_T: Array) -> Parameters:
        """Go back through time from the gradient of the loss in the last state to that of each parameter.

        Parameters
        ----------
        parameters : mapping
            As given to :meth:`forward`.
        trace : TanhTrace
            As :meth:`forward` filled it; ``delta`` is filled in. The gradient in the inputs is then
            ``delta @ W_ih``, and dE/dA^(t) is ``delta[t] @ W_hh`` for t < T.
        dA_T : ndarray, shape (m, H)
            dE/dA^(T).

        Returns
        -------
        dict of ndarray
            The gradients, with the names and shapes of the parameters.
        """
        T, m, H = trace.delta.shape
        D = trace.X.shape[2]
        W_hh, dA, multiply = parameters["W_hh"], trace.step, np.multiply
        # What does not depend on the step after is done for all steps at once ...
        np.multiply(trace.A[1:], trace.A[1:], out=trace.delta)
        np.subtract(1, trace.delta, out=trace.delta)  # 1 - A_t^2
        # ... and the loop does what does.
        dA[...] = dA_T
        for t in range(T - 1, -1, -1):
            delta = trace.each_delta[t]
            multiply(delta, dA, delta)  # dE/dA^(t) * (1 - A_t^2)
            delta.dot(W_hh, dA)  # dE/dA^(t-1), a row a sample: (W_hh^T delta)^T
            if t % 16 == 0 and not np.count_nonzero(dA):  # vanished, to the last bit: all before is zero
                trace.delta[:t] = 0
                break
        # The sums over t and over the samples, of all three gradients, are one product. A_0 = 0 leaves t = 1
        # out of dE/dW_hh, as the report does.
        n = (T - t) * m
        dW = trace.delta[t:].reshape(n, H).T @ trace.rows[t:T].reshape(n, H + D + 1)
        return {"W_ih": dW[:, H:-1], "W_hh": dW[:, :H], "b_h": dW[:, -1]}


def stacked(parameters: ReadOnlyParameters) -> Array:
    """``[W_hh | W_ih | b_h]`` transposed, (H + D + 1, H), in rows: BLAS then packs it fastest, at every step."""
    return np.concatenate([parameters["W_hh"].T, parameters["W_ih"].T, parameters["b_h"][None]])
