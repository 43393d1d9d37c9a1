"""Long short-term memory, forward and backward through time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from unrolled.rnn.arrays import Array, Parameters, ReadOnlyParameters
from unrolled.rnn.cells.logistic import logistic_of_minus
from unrolled.rnn.engine.columns import Columns, Run
from unrolled.rnn.engine.underflow import round_tiny
from unrolled.rnn.inputs import count, number


class LSTMTrace(Columns):
    """As :class:`Columns`; delta has its blocks in the order o, i, f, g, as the gates have them inside.

    ``gates`` holds o_t, i_t, f_t, g_t and, beside g_t, c_{t-1}, so that i_t g_t and f_t c_{t-1} are one product of
    two blocks.
    """

    def __init__(self, T: int, m: int, D: int, H: int, dtype: np.dtype[Any]) -> None:
        super().__init__(T, m, D, H, dtype, {"gates": 5 * H, "tanh_C": H, "delta": 4 * H})

    def states(self, run: Run) -> list[Array]:
        """Give A and c."""
        return [*super().states(run), run.arrays["gates"][:, 4 * self.shape[3] :]]

    @property
    def o(self) -> Array:
        """The output gate, (T, m, H)."""
        return self.whole("gates", self.block(0))

    @property
    def i(self) -> Array:
        """The input gate, (T, m, H)."""
        return self.whole("gates", self.block(1))

    @property
    def f(self) -> Array:
        """The forget gate, (T, m, H)."""
        return self.whole("gates", self.block(2))

    @property
    def g(self) -> Array:
        """What may be remembered, (T, m, H)."""
        return self.whole("gates", self.block(3))

    @property
    def C(self) -> Array:
        """The memory, (T + 1, m, H); ``C[0]`` is zero."""
        return self.with_first([self.states(run)[-1] for run in self.runs])

    @property
    def tanh_C(self) -> Array:
        """tanh(c_t), (T, m, H)."""
        return self.whole("tanh_C")

    def inward(self) -> Array:
        """Give delta in the order i, f, g, o."""
        return np.roll(self.delta, -self.shape[3], axis=2)


@dataclass(frozen=True)
class LSTM:
    """Long short-term memory, with PyTorch's equations and order of gates.

    ``i, f, o = sigmoid(W_ih X_t + W_hh A_{t-1} + b_h)``, ``g = tanh(...)`` likewise, each with its own block of rows;
    ``c_t = f c_{t-1} + i g``; ``A_t = o tanh(c_t)``; ``c_0 = A_0 = 0``. Parameters are ``W_ih`` (4 H, D),
    ``W_hh`` (4 H, H) and ``b_h`` (4 H,), blocks of rows in the order i, f, g, o; PyTorch has two biases, whose
    sum ``b_h`` is.

    Parameters
    ----------
    hidden : int
        H, the number of hidden units, at least 1.
    forget_bias : float, default 1
        What the forget gate's bias begins at: 1 lets the memory stay from the start.

    References
    ----------
    S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9 (1997); F. Gers et al., "Learning
    to forget", Neural Computation 12 (2000); R. Jozefowicz et al., ICML 2015, for the forget bias.
    """

    hidden: int
    forget_bias: float = 1.0
    gates: ClassVar[int] = 4
    streams: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Refuse settings that are not numbers of their kind."""
        object.__setattr__(self, "hidden", count(self.hidden, "LSTM's hidden"))
        object.__setattr__(self, "forget_bias", number(self.forget_bias, "LSTM's forget_bias"))

    @property
    def n_outputs(self) -> int:
        """H."""
        return self.hidden

    def shapes(self, n_inputs: int) -> dict[str, tuple[int, ...]]:
        """Give the shape of each parameter for ``n_inputs`` = D features a step."""
        H = self.hidden
        return {"W_ih": (4 * H, n_inputs), "W_hh": (4 * H, H), "b_h": (4 * H,)}

    def biases(self) -> dict[str, Array]:
        """Give what the biases begin at: 0, but ``forget_bias`` for the forget gate."""
        return {"b_h": np.repeat([0.0, self.forget_bias, 0.0, 0.0], self.hidden)}

    def trace(self, T: int, m: int, D: int, dtype: np.dtype[Any]) -> LSTMTrace:
        """Allocate the memory of a pass over T steps of m samples with D inputs; it can be used again."""
        return LSTMTrace(T, m, D, self.hidden, dtype)

    def forward(
        self,
        parameters: ReadOnlyParameters,
        X: Array,
        trace: LSTMTrace,
        active: list[int] | None = None,
        keep: Array | None = None,
    ) -> None:
        """Run the recurrence over a batch of sequences; see :meth:`Cell.forward`."""
        H, block = self.hidden, trace.block
        W = _stacked(parameters, H)
        trace.begin(X, active, keep)
        with np.errstate(over="ignore"):  # exp(-z) of a very negative z: the gate is then 0
            for run in trace.along():
                if not run.forth:
                    c = trace.states(run)[-1]
                    parts = (run["gates"][:, block(*n)] for n in ((0, 3), (0, 2), (3,), (1, 2), (3, 4), (0,)))
                    after = c[1:], run["tanh_C"], run.A[1:], run.column[1:, :H]
                    run.forth = list(zip(run.column[:-1], *parts, *after, strict=True))
                one, P = np.ones((3 * H, run.k), W.dtype), np.empty((2 * H, run.k), W.dtype)
                ig, fc = P[:H], P[H:]
                for column, z, oif, g, i_f, g_c, o, c, tanh_c, A, seen in run.forth:
                    W.dot(column, z)
                    _new_state(oif, g, i_f, g_c, o, P, ig, fc, c, tanh_c, A, one)
                    if run.keep is not None:
                        np.multiply(A, run.keep, seen)

    def backward(
        self,
        parameters: ReadOnlyParameters,
        trace: LSTMTrace,
        dA_T: Array | None,
        dA: Array | None = None,
        window: int | None = None,
    ) -> Parameters:
        """Go back through time to the gradient of each parameter; see :meth:`Cell.backward`."""
        H, block = self.hidden, trace.block
        T = trace.shape[0]
        W_hh = np.ascontiguousarray(_inside(parameters["W_hh"], H).T)
        dW: Array = np.zeros((4 * H, trace.runs[0].column.shape[1]), W_hh.dtype)
        for run, few, back, dc in trace.back(dA_T, None):
            if not run.back:
                c_before, delta = trace.states(run)[-1][:-1], run["delta"]
                gates = (run["gates"][:, block(*n)] for n in ((0, 2), (0,), (1,), (2,), (3,)))
                deltas = (delta[:, block(*n)] for n in ((0, 2), (0,), (1,), (2,), (3,)))
                run.back = list(zip(*gates, c_before, run["tanh_C"], run.A[1:], delta, *deltas, strict=True))
            above = None if dA is None else np.ascontiguousarray(dA[run.steps, : run.k][few].transpose(0, 2, 1))
            one, rest = np.ones((3 * H, run.k), W_hh.dtype), np.empty((3 * H, run.k), W_hh.dtype)
            step = np.empty_like(back)
            for t in range(few.stop - 1, few.start - 1, -1):
                oif, o, i, f, g, c_before, tanh_c, A, delta, d_oif, d_o, d_i, d_f, d_g = run.back[t]
                if above is not None:
                    np.add(back, above[t - few.start], back)
                if trace.dA is not None:
                    trace.dA[run.steps.start + t, : run.k] = back.T
                # dE/dc_t takes dE/dA_t o (1 - tanh(c)^2) from above, where A_t = o tanh(c_t).
                np.multiply(back, A, d_o)
                np.multiply(back, o, step)
                np.add(dc, step, dc)
                np.multiply(d_o, tanh_c, step)
                np.subtract(dc, step, dc)
                # c_t = f c_{t-1} + i g hands it on to all four.
                np.multiply(dc, i, step)
                np.multiply(step, g, d_i)
                np.multiply(d_i, g, d_g)
                np.subtract(step, d_g, d_g)  # tanh' = 1 - g^2
                np.multiply(dc, f, dc)  # dE/dc_{t-1}
                np.multiply(dc, c_before, d_f)
                np.subtract(one, oif, rest)
                np.multiply(d_oif, rest, d_oif)  # sigmoid' = s (1 - s), of which s is in d_oif
                W_hh.dot(delta, back)  # dE/dA_{t-1}
                if run.keep is not None:
                    np.multiply(back, run.keep, back)
                if window is not None and (T - run.steps.start - t) % window == 0:
                    back[...] = dc[...] = 0  # truncated
            dW += run.summed(few, block(0, 3), slice(None))
            round_tiny(back)
            round_tiny(dc)
            if dA is None and not np.count_nonzero(back) and not np.count_nonzero(dc):
                trace.nothing_before(run, few)
                break
        dW = np.roll(dW, -H, axis=0)  # o, i, f, g to i, f, g, o
        return {"W_ih": dW[:, H:-1], "W_hh": dW[:, :H], "b_h": dW[:, -1]}

    def dX(self, parameters: ReadOnlyParameters, trace: LSTMTrace) -> Array:
        """Give the gradient in the inputs, (T, m, D), after :meth:`backward`."""
        return np.asarray(trace.delta @ _inside(parameters["W_ih"], self.hidden))

    def states(self, parameters: ReadOnlyParameters, steps: Iterable[Array], m: int) -> Iterator[Array]:
        """Run the recurrence and keep nothing; see :meth:`Cell.states`."""
        H, W = self.hidden, _stacked(parameters, self.hidden)
        one: Array = np.ones((3 * H, m), W.dtype)
        column: Array = np.ones((W.shape[1], m), W.dtype)  # [A_t; X_{t+1}; 1]
        gates: Array = np.zeros((5 * H, m), W.dtype)
        P, tanh_c = np.empty((2 * H, m), W.dtype), np.empty((H, m), W.dtype)
        A, z, oif, g, c, o = column[:H], gates[: 4 * H], gates[: 3 * H], gates[3 * H : 4 * H], gates[4 * H :], gates[:H]
        i_f, g_c, ig, fc = gates[H : 3 * H], gates[3 * H :], P[:H], P[H:]
        A[...] = 0
        for X in steps:
            column[H:-1] = X.T
            W.dot(column, z)
            _new_state(oif, g, i_f, g_c, o, P, ig, fc, c, tanh_c, A, one)
            yield A.T


def _new_state(
    oif: Array,
    g: Array,
    i_f: Array,
    g_c: Array,
    o: Array,
    P: Array,
    ig: Array,
    fc: Array,
    c: Array,
    tanh_c: Array,
    A: Array,
    one: Array,
) -> None:
    """Do what follows the product at one step, in place; what is written together lies side by side."""
    logistic_of_minus(oif, one)  # the weights have the minus in them
    np.tanh(g, g)
    np.multiply(i_f, g_c, P)  # i_t g_t and f_t c_{t-1}
    np.add(ig, fc, c)
    np.tanh(c, tanh_c)
    np.multiply(o, tanh_c, A)


def _inside(W: Array, H: int) -> Array:
    """Turn the rows' blocks from PyTorch's order i, f, g, o to o, i, f, g: the three sigmoids side by side."""
    return np.roll(W, H, axis=0)


def _stacked(parameters: ReadOnlyParameters, H: int) -> Array:
    """``[W_hh | W_ih | b_h]``, (4 H, H + D + 1), as the loop wants it: o, i, f, g, and the sigmoids' share negative."""
    W = np.concatenate([parameters["W_hh"], parameters["W_ih"], parameters["b_h"][:, None]], axis=1)
    W = _inside(W, H)
    np.negative(W[: 3 * H], W[: 3 * H])
    return W
