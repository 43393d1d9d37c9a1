"""The report's recurrence, equation (1), and its back-propagation through time, section 2.3."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.linalg import blas

from unrolled._support.blas_threads import WORTH
from unrolled.rnn.arrays import Array, Parameters, ReadOnlyParameters, State
from unrolled.rnn.engine.recurrence import Recurrence, begin
from unrolled.rnn.engine.rows import Rows

GEMM = {"f": blas.sgemm, "d": blas.dgemm, "D": blas.zgemm}


@dataclass(frozen=True)
class Tanh(Recurrence):
    """Elman's recurrence ``A_t = tanh(W_ih X_t + W_hh A_{t-1} + b_h)``, with ``A_0 = 0``.

    Rows are samples here where the report has columns, so every product appears transposed. Parameters are
    ``W_ih`` (H, D), ``W_hh`` (H, H) and ``b_h`` (H,). Of a step, ``seen`` is A_{t-1}, ``inputs`` is [X_t | 1] and
    ``delta`` what is multiplied with them (``rnn/engine/rows.py`` has all names); the last argument of ``dot``,
    ``multiply`` and their like is where the result goes.

    Parameters
    ----------
    hidden : int
        H, the number of hidden units, at least 1.

    See Also
    --------
    ReLU : Another nonlinearity.
    LSTM, GRU : Cells with gates.
    unrolled.textbook.forward, unrolled.textbook.backward : The same equations as printed.

    References
    ----------
    Equation (1) and section 2.3 of the report; J. L. Elman, "Finding structure in time", Cognitive
    Science 14 (1990).

    Examples
    --------
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne(rnn.Tanh(50), n_inputs=3, n_classes=7, rng=0)
    >>> net.parameters["W_ih"].shape, net.parameters["W_hh"].shape, net.parameters["b_h"].shape
    ((50, 3), (50, 50), (50,))
    """

    hidden: int
    _f: ClassVar[Any] = np.tanh
    """Writes the nonlinearity of its first argument to the second."""

    def forward(self, parameters: ReadOnlyParameters, trace: Rows) -> None:
        """Run the recurrence over a batch of sequences; see :meth:`Cell.forward`."""
        # What does not depend on the step before is done for all steps at once, where A_t will stand ...
        W_x = np.concatenate([parameters["W_ih"].T, parameters["b_h"][None]])
        trace.times_inputs(W_x, trace["A"])
        # ... and the loop does what does.
        W_T, f = np.ascontiguousarray(parameters["W_hh"].T), self._f
        if trace.m * self.hidden < WORTH:  # for small batches one call instead of two, though other threads wait for it
            gemm, W = GEMM[W_T.dtype.char], W_T.T
            for segment in trace.forward_segments():
                for seen, A in segment.steps("seen.T", "A.T"):
                    gemm(1, W, seen, 1, A, 0, 0, True)  # A_t, which holds W_ih X_t + b_h, += W_hh A_{t-1}, in place
                    f(A, A)  # (1)
            return
        for segment in trace.forward_segments():
            step: Array = np.empty((segment.n_samples, self.hidden), W_T.dtype)
            for seen, A in segment.steps("seen", "A"):
                seen.dot(W_T, step)
                np.add(A, step, A)
                f(A, A)  # (1)

    def backward(self, parameters: ReadOnlyParameters, trace: Rows) -> Parameters:
        """Go back through time to the gradient of each parameter; see :meth:`Cell.backward`."""
        W_hh, multiply = parameters["W_hh"], np.multiply
        dW_hh: Array = np.zeros_like(W_hh)
        dW_x: Array = np.zeros((trace.D + 1, self.hidden), W_hh.dtype)
        for chunk in trace.backward_chunks():
            self._slope(chunk["A"], chunk["delta"])  # 1 - A_t^2
            # The last step first. dA is one array for all: it comes as dE/dA^(t), the first time as line 1 has it with
            # its 1 / m, and leaves as dE/dA^(t-1), which the report's line 3 calls t.
            for delta, dA in chunk.steps("delta", "dA"):
                multiply(delta, dA, delta)  # dE/dA^(t) * (1 - A_t^2)
                delta.dot(W_hh, dA)  # section 2.3, line 3, a row a sample: (W_hh^T delta)^T
            # The sums over these steps and over the samples. A_0 = 0 leaves t = 1 out of dE/dW_hh, as the report does,
            # unless a state is handed on.
            dW_hh += chunk.outer("delta", "seen")  # section 2.3, line 5; section 2.3, line 7
            dW_x += chunk.outer("inputs", "delta")  # section 2.3, line 4; section 2.3, line 6
        return {"W_ih": dW_x[:-1].T, "W_hh": dW_hh, "b_h": dW_x[-1]}

    def states(
        self, parameters: ReadOnlyParameters, steps: Iterable[Array], m: int, state: State | None = None
    ) -> Iterator[Array]:
        """Run the recurrence and hold no more than a step; see :meth:`Cell.states`."""
        # Nothing is summed over time here, so samples can be columns, as in the report: A is then one block.
        W = np.concatenate([parameters["W_hh"], parameters["W_ih"], parameters["b_h"][:, None]], axis=1)
        H, f = self.hidden, self._f
        column: Array = np.ones((W.shape[1], m), W.dtype)  # [A_t; X_{t+1}; 1]
        A, step = column[:H], np.empty((H, m), W.dtype)
        begin(state, A=A.T)
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
