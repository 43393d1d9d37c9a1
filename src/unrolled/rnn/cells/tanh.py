"""The report's recurrence, equation (1), and its back-propagation through time, section 2.3."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from unrolled.rnn.arrays import Array, Parameters, ReadOnlyParameters
from unrolled.rnn.cells.trace import Trace
from unrolled.rnn.inputs import count


@dataclass(frozen=True)
class Tanh:
    """Elman's recurrence ``A_t = tanh(W_ih X_t + W_hh A_{t-1} + b_h)``, with ``A_0 = 0``.

    Rows are samples here where the report has columns, so every product appears transposed. Parameters are
    ``W_ih`` (H, D), ``W_hh`` (H, H) and ``b_h`` (H,).

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
    gates: ClassVar[int] = 1
    streams: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Refuse a number of units that is not a positive whole number."""
        object.__setattr__(self, "hidden", count(self.hidden, f"{type(self).__name__}'s hidden"))

    @property
    def n_outputs(self) -> int:
        """H."""
        return self.hidden

    def shapes(self, n_inputs: int) -> dict[str, tuple[int, ...]]:
        """Give the shape of each parameter for ``n_inputs`` = D features a step."""
        H = self.hidden
        return {"W_ih": (H, n_inputs), "W_hh": (H, H), "b_h": (H,)}

    def biases(self) -> dict[str, Array]:
        """Give what the biases begin at: 0."""
        return {"b_h": np.zeros(self.hidden)}

    def trace(self, T: int, m: int, D: int, dtype: np.dtype[Any]) -> Trace:
        """Allocate the memory of a pass over T steps of m samples with D inputs; it can be used again."""
        return Trace(T, m, D, self.hidden, dtype)

    def forward(
        self,
        parameters: ReadOnlyParameters,
        X: Array,
        trace: Trace,
        active: list[int] | None = None,
        keep: Array | None = None,
    ) -> None:
        """Run the recurrence over a batch of sequences; see :meth:`Cell.forward`."""
        trace.begin(X, active, keep)
        W, f = stacked(parameters), self._f
        for t, (row, step, A) in enumerate(
            zip(trace.each_row(), trace.over(trace.step), trace.each_A(), strict=True), 1
        ):
            row.dot(W, step)
            f(step, A)  # (1)
            if keep is not None:
                trace.mask(t)

    def backward(
        self,
        parameters: ReadOnlyParameters,
        trace: Trace,
        dA_T: Array | None,
        dA: Array | None = None,
        window: int | None = None,
    ) -> Parameters:
        """Go back through time to the gradient of each parameter; see :meth:`Cell.backward`.

        The gradient in the inputs is then ``delta @ W_ih``.
        """
        T, m, H = trace.delta.shape
        K = trace.rows.shape[2]
        D = K - H - 1
        W_hh, back, multiply = parameters["W_hh"], trace.step, np.multiply
        # What does not depend on the step after is done for all steps at once ...
        self._slope(trace.A[1:], trace.delta)  # 1 - A_t^2
        trace.rest(trace.delta)
        steps = list(zip(range(T), trace.each("delta", trace.delta), trace.over(back), strict=True))
        # ... and the loop does what does. In ``back`` is dE/dA^(t).
        back[...] = 0 if dA_T is None else dA_T
        for t, delta, active in reversed(steps):
            if dA is not None:
                back += dA[t]
            if trace.dA is not None:
                trace.dA[t] = back
            multiply(delta, active, delta)  # dE/dA^(t) * (1 - A_t^2)
            delta.dot(W_hh, active)  # dE/dA^(t-1), a row a sample: (W_hh^T delta)^T
            if trace.keep is not None:
                active *= trace.keep[: len(active)]
            if window is not None and (T - t) % window == 0:
                back[...] = 0  # truncated
            if t % 16 == 0 and dA is None and not np.count_nonzero(back):
                trace.nothing_before(t)  # vanished, to the last bit
                break
        # The sums over t and over the samples, of all three gradients, are one product. A_0 = 0 leaves t = 1
        # out of dE/dW_hh, as the report does.
        n = (T - t) * m
        dW = trace.delta[t:].reshape(n, H).T @ trace.rows[t:T].reshape(n, K)
        return {"W_ih": dW[:, H : H + D], "W_hh": dW[:, :H], "b_h": dW[:, -1]}

    def dX(self, parameters: ReadOnlyParameters, trace: Trace) -> Array:
        """Give the gradient in the inputs, (T, m, D), after :meth:`backward`."""
        return np.asarray(trace.delta @ parameters["W_ih"])

    def states(self, parameters: ReadOnlyParameters, steps: Iterable[Array], m: int) -> Iterator[Array]:
        """Run the recurrence and keep nothing; see :meth:`Cell.states`."""
        # Nothing is summed over time here, so samples can be columns, as in the report: A is then one block.
        W, H, f = np.ascontiguousarray(stacked(parameters).T), self.hidden, self._f
        column: Array = np.ones((W.shape[1], m), W.dtype)  # [A_t; X_{t+1}; 1]
        A, step = column[:H], np.empty((H, m), W.dtype)
        A[...] = 0
        for X in steps:
            column[H:-1] = X.T
            W.dot(column, step)
            f(step, A)  # (1)
            yield A.T

    @staticmethod
    def _f(Z: Array, A: Array) -> None:
        """Write the nonlinearity of Z to A."""
        np.tanh(Z, A)

    @staticmethod
    def _slope(A: Array, out: Array) -> None:
        """Write the nonlinearity's slope, in terms of its value, to ``out``."""
        np.multiply(A, A, out=out)
        np.subtract(1, out, out=out)


def stacked(parameters: ReadOnlyParameters) -> Array:
    """``[W_hh | W_ih | b_h]`` transposed, (H + D + 1, H), in rows: BLAS then packs it fastest, at every step."""
    return np.concatenate([parameters["W_hh"].T, parameters["W_ih"].T, parameters["b_h"][None]])
