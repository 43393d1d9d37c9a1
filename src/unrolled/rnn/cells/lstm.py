"""Long short-term memory, forward and backward through time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from unrolled.rnn.arrays import Array, Parameters, ReadOnlyParameters
from unrolled.rnn.cells.logistic import logistic_of_minus
from unrolled.rnn.cells.tanh import stacked
from unrolled.rnn.cells.trace import Trace
from unrolled.rnn.inputs import count, number


class LSTMTrace(Trace):
    """As :class:`Trace`; delta and gates have their blocks of H columns in the order o, i, f, g.

    Attributes
    ----------
    gates : ndarray, shape (T, m, 4 H)
        o_t, i_t, f_t and g_t.
    C : ndarray, shape (T + 1, m, H)
        The memory; ``C[0]`` is zero.
    tanh_C : ndarray, shape (T, m, H)
        tanh(c_t).
    """

    def __init__(self, T: int, m: int, D: int, H: int, dtype: np.dtype[Any]) -> None:
        super().__init__(T, m, D, H, 4, dtype)
        self.gates: Array = np.zeros((T, m, 4 * H), dtype)
        self.C: Array = np.zeros((T + 1, m, H), dtype)
        self.tanh_C: Array = np.zeros((T, m, H), dtype)
        self.slope: Array = np.empty((T, m, H), dtype)

    @property
    def i(self) -> Array:
        """The input gate, (T, m, H)."""
        return self.block(1, self.gates)

    @property
    def f(self) -> Array:
        """The forget gate, (T, m, H)."""
        return self.block(2, self.gates)

    @property
    def g(self) -> Array:
        """What may be remembered, (T, m, H)."""
        return self.block(3, self.gates)

    @property
    def o(self) -> Array:
        """The output gate, (T, m, H)."""
        return self.block(0, self.gates)

    def inward(self) -> Array:
        """Give delta in the order i, f, g, o."""
        return np.roll(self.delta, -self.step.shape[1], axis=2)

    def block(self, n: int, of: Array) -> Array:
        """Give one of the four blocks of columns."""
        H = self.step.shape[1]
        return of[..., n * H : (n + 1) * H]


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
        H = self.hidden
        trace.begin(X, active, keep)
        trace.rest(trace.C[1:])  # who has no step yet has c_0 = 0 behind it
        W, one = _stacked(parameters, H), np.ones(1, trace.rows.dtype)
        gates, block = trace.gates, trace.block
        with np.errstate(over="ignore"):  # exp(-z) of a very negative z: the gate is then 0
            for t, (row, z, oif, g, o, i, f, c_before, c, tanh_c, step, A) in enumerate(
                zip(
                    trace.each_row(),
                    trace.each("gates", gates),
                    trace.each("oif", gates[..., : 3 * H]),
                    trace.each("g", block(3, gates)),
                    trace.each("o", block(0, gates)),
                    trace.each("i", block(1, gates)),
                    trace.each("f", block(2, gates)),
                    trace.each("C before", trace.C[:-1]),
                    trace.each("C", trace.C[1:]),
                    trace.each("tanh C", trace.tanh_C),
                    trace.over(trace.step),
                    trace.each_A(),
                    strict=True,
                ),
                1,
            ):
                row.dot(W, z)
                _new_state(oif, o, i, f, g, c_before, c, tanh_c, step, A, one)
                if keep is not None:
                    trace.mask(t)

    def backward(
        self,
        parameters: ReadOnlyParameters,
        trace: LSTMTrace,
        dA_T: Array | None,
        dA: Array | None = None,
        window: int | None = None,
    ) -> Parameters:
        """Go back through time to the gradient of each parameter; see :meth:`Cell.backward`."""
        T, m, _ = trace.delta.shape
        H, K = self.hidden, trace.rows.shape[2]
        W_hh = np.ascontiguousarray(_inside(parameters["W_hh"], H))
        # Every gate's delta is dE/dA_t (gate o) or dE/dc_t (the others) times what is known already.
        _slopes(trace)
        trace.rest(trace.delta)
        back, dc, step = trace.step, np.zeros_like(trace.step), np.empty_like(trace.step)
        steps = list(
            zip(
                range(T),
                trace.each("delta", trace.delta),
                trace.each("delta o", trace.block(0, trace.delta)),
                trace.each("delta ifg", trace.delta.reshape(T, m, 4, H)[:, :, 1:]),
                trace.each("slope", trace.slope),
                trace.each("f", trace.block(2, trace.gates)),
                trace.over(back),
                trace.over(dc),
                trace.over(dc[:, None]),
                trace.over(step),
                strict=True,
            )
        )
        back[...] = 0 if dA_T is None else dA_T
        for t, delta, delta_o, delta_ifg, slope, f, active, dc_active, dc_thrice, tmp in reversed(steps):
            if dA is not None:
                back += dA[t]
            if trace.dA is not None:
                trace.dA[t] = back
            np.multiply(active, slope, tmp)
            np.add(dc_active, tmp, dc_active)  # dE/dc_t
            np.multiply(delta_o, active, delta_o)
            np.multiply(delta_ifg, dc_thrice, delta_ifg)
            np.multiply(dc_active, f, dc_active)  # its way to dE/dc_{t-1}
            delta.dot(W_hh, active)  # dE/dA_{t-1}
            if trace.keep is not None:
                active *= trace.keep[: len(active)]
            if window is not None and (T - t) % window == 0:
                back[...] = dc[...] = 0  # truncated
            if t % 16 == 0 and dA is None and not np.count_nonzero(back) and not np.count_nonzero(dc):
                trace.nothing_before(t)
                break
        n = (T - t) * m
        dW = trace.delta[t:].reshape(n, 4 * H).T @ trace.rows[t:T].reshape(n, K)
        dW = np.roll(dW, -H, axis=0)  # o, i, f, g to i, f, g, o
        return {"W_ih": dW[:, H:-1], "W_hh": dW[:, :H], "b_h": dW[:, -1]}

    def last(self, trace: LSTMTrace) -> Array:
        """Give the state after each sample's last step, (m, H)."""
        return trace.last()

    def dX(self, parameters: ReadOnlyParameters, trace: LSTMTrace) -> Array:
        """Give the gradient in the inputs, (T, m, D), after :meth:`backward`."""
        return np.asarray(trace.delta @ _inside(parameters["W_ih"], self.hidden))

    def states(self, parameters: ReadOnlyParameters, steps: Iterable[Array], m: int) -> Iterator[Array]:
        """Run the recurrence and keep nothing; see :meth:`Cell.states`."""
        H, W = self.hidden, np.ascontiguousarray(_stacked(parameters, self.hidden).T)
        one = np.ones(1, W.dtype)
        column: Array = np.ones((W.shape[1], m), W.dtype)  # [A_t; X_{t+1}; 1]
        A, z, c, step = column[:H], np.empty((4 * H, m), W.dtype), np.zeros((H, m), W.dtype), np.empty((H, m), W.dtype)
        A[...] = 0
        oif, o, i, f, g = z[: 3 * H], z[:H], z[H : 2 * H], z[2 * H : 3 * H], z[3 * H :]
        for X in steps:
            column[H:-1] = X.T
            W.dot(column, z)
            with np.errstate(over="ignore"):
                _new_state(oif, o, i, f, g, c, c, step, step, A, one)
            yield A.T


def _new_state(
    oif: Array,
    o: Array,
    i: Array,
    f: Array,
    g: Array,
    c_before: Array,
    c: Array,
    tanh_c: Array,
    step: Array,
    A: Array,
    one: Array,
) -> None:
    """Do what follows the product at one step, in place: ``oif`` are the three gates side by side."""
    logistic_of_minus(oif, one)  # the weights have the minus in them
    np.tanh(g, g)
    np.multiply(f, c_before, c)
    np.multiply(i, g, step)
    np.add(c, step, c)
    np.tanh(c, tanh_c)
    np.multiply(o, tanh_c, A)


def _inside(W: Array, H: int) -> Array:
    """Turn the rows' blocks from PyTorch's order i, f, g, o to o, i, f, g: the three sigmoids side by side."""
    return np.roll(W, H, axis=0)


def _stacked(parameters: ReadOnlyParameters, H: int) -> Array:
    """Stack the weights as the loop wants them: o, i, f, g, and the sigmoids' share of the opposite sign."""
    W = _inside(stacked(parameters).T, H).T
    return np.ascontiguousarray(np.concatenate([-W[:, : 3 * H], W[:, 3 * H :]], axis=1))


def _slopes(trace: LSTMTrace) -> None:
    """Fill delta with everything but dE/dA_t and dE/dc_t, and slope with dc_t/dA_t, all steps at once."""
    o, i, _, g = (trace.block(n, trace.gates) for n in range(4))
    d_o, d_i, d_f, d_g = (trace.block(n, trace.delta) for n in range(4))
    H = trace.step.shape[1]
    oif, d_oif = trace.gates[..., : 3 * H], trace.delta[..., : 3 * H]
    np.multiply(oif, oif, out=d_oif)
    np.subtract(oif, d_oif, out=d_oif)  # sigmoid' = s - s^2
    d_o *= trace.tanh_C
    d_i *= g
    d_f *= trace.C[:-1]
    np.multiply(g, g, out=d_g)
    np.subtract(1, d_g, out=d_g)
    d_g *= i
    np.multiply(trace.tanh_C, trace.tanh_C, out=trace.slope)
    np.subtract(1, trace.slope, out=trace.slope)
    trace.slope *= o
