"""The report's recurrence, equation (1), and its back-propagation through time, section 2.3."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.linalg import blas

from unrolled._support.blas_threads import WORTH
from unrolled.rnn.arrays import Array, Parameters, ReadOnlyParameters
from unrolled.rnn.engine.rows import Trace
from unrolled.rnn.engine.underflow import round_tiny
from unrolled.rnn.inputs import count

GEMM = {"f": blas.sgemm, "d": blas.dgemm, "D": blas.zgemm}


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
    _f: ClassVar[Any] = np.tanh
    """Writes the nonlinearity of its first argument to the second."""

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
        # What does not depend on the step before is done for all steps at once, where A_t will stand ...
        trace.begin(X, np.concatenate([parameters["W_ih"].T, parameters["b_h"][None]]), active, keep)
        # ... and the loop does what does.
        W, f = np.ascontiguousarray(parameters["W_hh"].T), self._f
        if trace.step.size < WORTH:  # one call instead of two, which keeps other threads waiting meanwhile
            gemm, W = GEMM[W.dtype.char], W.T
            for t, before, A in trace.forth_in_columns():
                gemm(1, W, before, 1, A, 0, 0, 1)  # A_t, which holds the input's share, += W_hh A_{t-1}
                f(A, A)  # (1)
                if keep is not None:
                    trace.mask(t)
        else:
            for t, before, A, step in trace.forth():
                before.dot(W, step)
                np.add(A, step, A)
                f(A, A)  # (1)
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
        T, _, H = trace.A[1:].shape
        W_hh, back, multiply, each_dA, keep = parameters["W_hh"], trace.step, np.multiply, trace.dA, trace.keep
        dW_hh: Array = np.zeros((H, H), W_hh.dtype)
        dW_x: Array = np.zeros((trace.inputs.shape[2], H), W_hh.dtype)
        back[...] = 0 if dA_T is None else dA_T  # dE/dA^(t)
        for few, deltas, steps in trace.back():
            # What does not depend on the step after is done for a few steps at once ...
            self._slope(trace.A[1:][few], deltas)  # 1 - A_t^2
            # ... and the loop does what does ...
            for t, delta, active in steps:
                if dA is not None:
                    back += dA[t]
                if each_dA is not None:
                    each_dA[t] = back
                multiply(delta, active, delta)  # dE/dA^(t) * (1 - A_t^2)
                delta.dot(W_hh, active)  # section 2.3, line 3, a row a sample: (W_hh^T delta)^T
                if keep is not None:
                    active *= keep[: len(active)]
                if window is not None and (T - t) % window == 0:
                    back[...] = 0  # truncated
            # ... and the sums over these steps and over the samples are one product. A_0 = 0 leaves t = 1 out of
            # dE/dW_hh, as the report does.
            trace.rest(deltas, few)
            rows = deltas.reshape(-1, H)
            dW_hh += rows.T.dot(trace.seen[:-1][few].reshape(-1, H))  # section 2.3, lines 5, 7
            dW_x += trace.inputs[few].reshape(len(rows), -1).T.dot(rows)  # section 2.3, lines 4, 6
            round_tiny(back)
            if dA is None and not np.count_nonzero(back):
                trace.nothing_before(few.start)  # vanished
                break
        return {"W_ih": dW_x[:-1].T, "W_hh": dW_hh, "b_h": dW_x[-1]}

    def dX(self, parameters: ReadOnlyParameters, trace: Trace) -> Array:
        """Give the gradient in the inputs, (T, m, D), after :meth:`backward`."""
        return np.asarray(trace.delta @ parameters["W_ih"])

    def states(self, parameters: ReadOnlyParameters, steps: Iterable[Array], m: int) -> Iterator[Array]:
        """Run the recurrence and keep nothing; see :meth:`Cell.states`."""
        # Nothing is summed over time here, so samples can be columns, as in the report: A is then one block.
        W = np.concatenate([parameters["W_hh"], parameters["W_ih"], parameters["b_h"][:, None]], axis=1)
        H, f = self.hidden, self._f
        column: Array = np.ones((W.shape[1], m), W.dtype)  # [A_t; X_{t+1}; 1]
        A, step = column[:H], np.empty((H, m), W.dtype)
        A[...] = 0
        for X in steps:
            column[H:-1] = X.T
            W.dot(column, step)
            f(step, A)  # (1)
            yield A.T

    @staticmethod
    def _slope(A: Array, out: Array) -> None:
        """Write the nonlinearity's slope, in terms of its value, to ``out``."""
        np.multiply(A, A, out=out)
        np.subtract(1, out, out=out)
