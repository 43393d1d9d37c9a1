"""Long short-term memory, forward and backward through time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from unrolled._support.validation import checked_fields, real
from unrolled.rnn.arrays import Array, Parameters, ReadOnlyParameters, State
from unrolled.rnn.cells.logistic import halves, logistic_from_tanh
from unrolled.rnn.engine.columns import Columns
from unrolled.rnn.engine.products import padded, product_with
from unrolled.rnn.engine.recurrence import BaseCell, begin

BLOCKS = {
    "Z": ("gates", 0, 4),
    "oif": ("gates", 0, 3),
    "if": ("gates", 1, 3),
    "gC": ("gates", 3, 5),
    "o": ("gates", 0, 1),
    "i": ("gates", 1, 2),
    "f": ("gates", 2, 3),
    "g": ("gates", 3, 4),
    "dZ_oif": ("delta", 0, 3),
    "dZ_o": ("delta", 0, 1),
    "dZ_i": ("delta", 1, 2),
    "dZ_f": ("delta", 2, 3),
    "dZ_g": ("delta", 3, 4),
}
"""What is written together lies side by side: the three sigmoids' gates, and ``[i; f]`` and ``[g; C_{t-1}]``."""


class LSTMTrace(Columns):
    """The memory of an LSTM's pass: ``o``, ``i``, ``f``, ``g``, ``tanh_C`` (T, m, H), ``C`` (T + 1, m, H)."""

    def __init__(self, T: int, m: int, D: int, H: int, dtype: np.dtype[Any]) -> None:
        arrays = {"gates": 5, "tanh_C": 1, "delta": 4}
        super().__init__(T, m, D, H, dtype, arrays, BLOCKS, {"C": ("gates", 4, 5)})

    @property
    def C(self) -> Array:
        """The memory, (T + 1, m, H); ``C[0]`` is zero unless a state is given."""
        return self.states("C")

    @property
    def delta(self) -> Array:
        """After a backward pass, the preactivation gradient in the order i, f, g, o, (T, m, 4 H)."""
        return np.roll(self["delta"], -self.H, axis=2)


@dataclass(frozen=True)
@checked_fields(forget_bias=real())
class LSTM(BaseCell[LSTMTrace]):
    """Long short-term memory, with PyTorch's equations and order of gates.

    ::

        [Z_i; Z_f; Z_g; Z_o] = W_ih X_t + W_hh A_{t-1} + b_h    (L1)
        i_t = sigmoid(Z_i)                                      (L2)
        f_t = sigmoid(Z_f)                                      (L3)
        g_t = tanh(Z_g)                                         (L4)
        o_t = sigmoid(Z_o)                                      (L5)
        c_t = f_t * c_{t-1} + i_t * g_t                         (L6)
        A_t = o_t * tanh(c_t)                                   (L7)

    with ``c_0 = A_0 = 0``: the input gate i, the forget gate f, the candidate g and the output gate o. Parameters are
    ``W_ih`` (4 H, D), ``W_hh`` (4 H, H) and ``b_h`` (4 H,), blocks of rows in the order i, f, g, o; PyTorch has two
    biases, whose sum ``b_h`` is.

    Parameters
    ----------
    hidden : int
        H, the number of hidden units, at least 1.
    forget_bias : float, default 1
        What the forget gate's bias begins at: 1 lets the memory stay from the start.

    See Also
    --------
    unrolled.textbook.lstm_forward, unrolled.textbook.lstm_backward : The same equations, term by term.

    References
    ----------
    S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9 (1997); F. Gers et al., "Learning
    to forget", Neural Computation 12 (2000); R. Jozefowicz et al., ICML 2015, for the forget bias.

    Examples
    --------
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne(rnn.LSTM(50), n_inputs=3, n_classes=7, rng=0)
    >>> net.parameters["W_hh"].shape, net.parameters["b_h"][50:52].tolist()  # the forget gate's bias
    ((200, 50), [1.0, 1.0])
    """

    hidden: int
    forget_bias: float = 1.0
    gates: ClassVar[int] = 4
    further_states: ClassVar[tuple[str, ...]] = ("C",)

    def initial_biases(self) -> dict[str, Array]:
        """Return what the biases begin at: 0, but ``forget_bias`` for the forget gate."""
        return {"b_h": np.repeat([0.0, self.forget_bias, 0.0, 0.0], self.hidden)}

    def trace(self, T: int, m: int, D: int, dtype: np.dtype[Any]) -> LSTMTrace:
        """Allocate the memory of a pass over T steps of m samples with D inputs; it can be used again."""
        return LSTMTrace(T, m, D, self.hidden, dtype)

    def forward(self, parameters: ReadOnlyParameters, trace: LSTMTrace) -> None:
        """Run the recurrence over a batch of sequences; see :meth:`Cell.forward`."""
        H, W = self.hidden, _stacked(parameters, self.hidden)
        product, half = trace.product(W), halves(W.dtype)
        for segment in trace.forward_segments():
            P: Array = np.empty((2 * H, segment.n_columns), W.dtype)
            ig, fC = P[:H], P[H:]
            for column, Z, oif, i_f, gC, o, C, tanh_C, A in segment.steps(
                "column", "Z", "oif", "if", "gC", "o", "C", "tanh_C", "A"
            ):
                product(column, Z)  # (L1)
                _new_state(Z, oif, i_f, gC, o, P, ig, fC, C, tanh_C, A, half)

    def backward(self, parameters: ReadOnlyParameters, trace: LSTMTrace) -> Parameters:
        """Go back through time to the gradient of each parameter; see :meth:`Cell.backward`.

        ::

            dE/dc_t = dE/dA_t * o_t * (1 - tanh(c_t)^2) + dE/dc_{t+1} * f_{t+1}    (L8)
            dE/dZ_i = dE/dc_t * g_t * i_t * (1 - i_t)                              (L9)
            dE/dZ_f = dE/dc_t * c_{t-1} * f_t * (1 - f_t)                          (L10)
            dE/dZ_g = dE/dc_t * i_t * (1 - g_t^2)                                  (L11)
            dE/dZ_o = dE/dA_t * tanh(c_t) * o_t * (1 - o_t)                        (L12)
            dE/dA_{t-1} = W_hh^T delta_t                                           (L13)
            dE/dW_ih = sum over t of delta_t X_t^T                                 (L14)
            dE/dW_hh = sum over t of delta_t A_{t-1}^T                             (L15)
            dE/db_h = sum over t, and over the samples, of delta_t                 (L16)

        where delta_t is [dE/dZ_i; dE/dZ_f; dE/dZ_g; dE/dZ_o].
        """
        H, add, multiply, subtract = self.hidden, np.add, np.multiply, np.subtract
        W_hh = _inside(parameters["W_hh"], H)  # in memory blocks are in the order o, i, f, g
        back, dtype, one = product_with(W_hh.T, trace.most_columns), W_hh.dtype, np.ones((), W_hh.dtype)
        dW: Array = np.zeros((4 * H, H + trace.D + 1), dtype)
        for chunk in trace.backward_chunks():
            n = chunk.n_columns
            slope, step = np.empty((3 * H, n), dtype), np.empty((H, n), dtype)
            for oif, o, i, f, g, C_before, tanh_C, A, delta, dZ_oif, dZ_o, dZ_i, dZ_f, dZ_g, dA, dC in chunk.steps(
                *("oif", "o", "i", "f", "g", "C_before", "tanh_C", "A"),
                *("delta", "dZ_oif", "dZ_o", "dZ_i", "dZ_f", "dZ_g", "dA", "dC"),
            ):
                multiply(dA, A, dZ_o)  # dE/dA_t * tanh(c_t) * o_t, which is dE/dZ_o but for 1 - o_t
                multiply(dA, o, step)
                add(dC, step, dC)
                multiply(dZ_o, tanh_C, step)
                subtract(dC, step, dC)  # (L8)
                multiply(dC, i, step)
                multiply(step, g, dZ_i)  # dE/dc_t * g_t * i_t, which is dE/dZ_i but for 1 - i_t
                multiply(dZ_i, g, dZ_g)
                subtract(step, dZ_g, dZ_g)  # (L11)
                multiply(dC, f, dC)  # dE/dc_t * f_t, for (L8) of the step before
                multiply(dC, C_before, dZ_f)  # dE/dc_t * c_{t-1} * f_t, which is dE/dZ_f but for 1 - f_t
                subtract(one, oif, slope)  # 1 - s: the sigmoid's derivative is s (1 - s), and dZ has the s already
                multiply(dZ_oif, slope, dZ_oif)  # (L9), (L10), (L12)
                back(delta, dA)  # (L13)
            dW += chunk.outer("delta", "column")  # (L14), (L15), (L16) side by side
        dW = np.concatenate([dW[H:], dW[:H]])  # o, i, f, g to i, f, g, o
        return {"W_ih": dW[:, H:-1], "W_hh": dW[:, :H], "b_h": dW[:, -1]}

    def dX(self, parameters: ReadOnlyParameters, trace: LSTMTrace) -> Array:
        """Return the gradient in the inputs, (T, m, D), after a :meth:`backward`."""
        return np.asarray(trace["delta"] @ _inside(parameters["W_ih"], self.hidden))

    def states(
        self, parameters: ReadOnlyParameters, steps: Iterable[Array], m: int, state: State | None = None
    ) -> Iterator[Array]:
        """Run the recurrence and hold no more than a step; see :meth:`Cell.states`."""
        H, W = self.hidden, _stacked(parameters, self.hidden)
        half = halves(W.dtype)
        n = padded(m, W.dtype.itemsize)
        product = product_with(W, n)
        column: Array = np.zeros((W.shape[1], n), W.dtype)  # [A_t; X_{t+1}; 1]
        column[-1] = 1
        gates: Array = np.zeros((5 * H, n), W.dtype)
        P, tanh_C = np.empty((2 * H, n), W.dtype), np.empty((H, n), W.dtype)
        A, Z, oif, C, o = column[:H], gates[: 4 * H], gates[: 3 * H], gates[4 * H :], gates[:H]
        i_f, gC, ig, fC = gates[H : 3 * H], gates[3 * H :], P[:H], P[H:]
        begin(state, A=A[:, :m].T, C=C[:, :m].T)
        for X in steps:
            column[H:-1, :m] = X.T
            product(column, Z)  # (L1)
            _new_state(Z, oif, i_f, gC, o, P, ig, fC, C, tanh_C, A, half)
            yield A[:, :m].T


def _new_state(
    Z: Array,
    oif: Array,
    i_f: Array,
    gC: Array,
    o: Array,
    P: Array,
    ig: Array,
    fC: Array,
    C: Array,
    tanh_C: Array,
    A: Array,
    half: Array,
) -> None:
    """Do what follows the product at one step, in place; what is written together lies side by side."""
    np.tanh(Z, Z)  # (L4), and for the sigmoids, whose weights are halved (_stacked)
    logistic_from_tanh(oif, half)  # (L2), (L3), (L5)
    np.multiply(i_f, gC, P)  # i_t * g_t and f_t * c_{t-1}
    np.add(ig, fC, C)  # (L6)
    np.tanh(C, tanh_C)
    np.multiply(o, tanh_C, A)  # (L7)


def _inside(W: Array, H: int) -> Array:
    """Turn the rows' blocks from PyTorch's order i, f, g, o to o, i, f, g: the three sigmoids side by side."""
    return np.concatenate([W[-H:], W[:-H]])


def _stacked(parameters: ReadOnlyParameters, H: int) -> Array:
    """``[W_hh | W_ih | b_h]``, (4 H, H + D + 1), as the loop wants it: o, i, f, g, and half the sigmoids' rows."""
    W = np.concatenate([parameters["W_hh"], parameters["W_ih"], parameters["b_h"][:, None]], axis=1)
    W = _inside(W, H)
    W[: 3 * H] *= 0.5
    return W
