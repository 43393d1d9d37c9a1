"""The gated recurrent unit, forward and backward through time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from unrolled.rnn.arrays import Array, Parameters, ReadOnlyParameters
from unrolled.rnn.cells.logistic import logistic_of_minus
from unrolled.rnn.cells.trace import Trace
from unrolled.rnn.inputs import count


class GRUTrace(Trace):
    """As :class:`Trace`; delta has its blocks of H columns in the order r, z, h, n, where h is n's share of A_{t-1}.

    Attributes
    ----------
    gates : ndarray, shape (T, m, 3 H)
        r_t, z_t and ``W_hn A_{t-1} + b_hn``.
    n : ndarray, shape (T, m, H)
        The candidate state n_t.
    """

    def __init__(self, T: int, m: int, D: int, H: int, dtype: np.dtype[Any]) -> None:
        super().__init__(T, m, D, H, 4, dtype)
        self.gates: Array = np.zeros((T, m, 3 * H), dtype)
        self.n: Array = np.zeros((T, m, H), dtype)

    @property
    def r(self) -> Array:
        """The reset gate, (T, m, H)."""
        return self.gates[..., : self.step.shape[1]]

    @property
    def z(self) -> Array:
        """The update gate, (T, m, H)."""
        H = self.step.shape[1]
        return self.gates[..., H : 2 * H]

    def inward(self) -> Array:
        """Give delta in the order r, z, n."""
        H = self.step.shape[1]
        return np.concatenate([self.delta[..., : 2 * H], self.delta[..., 3 * H :]], axis=2)


@dataclass(frozen=True)
class GRU:
    """Gated recurrent unit, with PyTorch's equations and order of gates: the reset comes after the product.

    ``r, z = sigmoid(W_ih X_t + W_hh A_{t-1} + b_h)``, each with its own block of rows, and with the third blocks
    ``n = tanh(W_in X_t + b_n + r (W_hn A_{t-1} + b_hn))``; ``A_t = (1 - z) n + z A_{t-1}``; ``A_0 = 0``. Parameters
    are ``W_ih`` (3 H, D), ``W_hh`` (3 H, H) and ``b_h`` (3 H,), blocks of rows in the order r, z, n, and ``b_hn``
    (H,). PyTorch has two biases a gate; ``b_h`` is their sum for r and z, and b_n is the input's.

    Parameters
    ----------
    hidden : int
        H, the number of hidden units, at least 1.

    References
    ----------
    K. Cho et al., "Learning phrase representations using RNN encoder-decoder", EMNLP 2014, with the reset after
    the product as in version 3 of arXiv:1406.1078 and in cuDNN.
    """

    hidden: int
    gates: ClassVar[int] = 3
    streams: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Refuse a number of units that is not a positive whole number."""
        object.__setattr__(self, "hidden", count(self.hidden, "GRU's hidden"))

    @property
    def n_outputs(self) -> int:
        """H."""
        return self.hidden

    def shapes(self, n_inputs: int) -> dict[str, tuple[int, ...]]:
        """Give the shape of each parameter for ``n_inputs`` = D features a step."""
        H = self.hidden
        return {"W_ih": (3 * H, n_inputs), "W_hh": (3 * H, H), "b_h": (3 * H,), "b_hn": (H,)}

    def biases(self) -> dict[str, Array]:
        """Give what the biases begin at: 0."""
        return {"b_h": np.zeros(3 * self.hidden), "b_hn": np.zeros(self.hidden)}

    def trace(self, T: int, m: int, D: int, dtype: np.dtype[Any]) -> GRUTrace:
        """Allocate the memory of a pass over T steps of m samples with D inputs; it can be used again."""
        return GRUTrace(T, m, D, self.hidden, dtype)

    def forward(
        self,
        parameters: ReadOnlyParameters,
        X: Array,
        trace: GRUTrace,
        active: list[int] | None = None,
        keep: Array | None = None,
    ) -> None:
        """Run the recurrence over a batch of sequences; see :meth:`Cell.forward`."""
        H, (T, m, _) = self.hidden, trace.n.shape
        trace.begin(X, active, keep)
        W, W_n, one = *_stacked(parameters, H), np.ones(1, trace.rows.dtype)
        flat = trace.rows[:T].reshape(T * m, -1)
        np.dot(flat[:, H:], W_n, out=trace.n.reshape(T * m, H))  # n's share of the inputs, for all steps
        gates = trace.gates
        with np.errstate(over="ignore"):  # exp(-z) of a very negative z: the gate is then 0
            for t, (row, g, rz, r, z, h, n, A_before, step, A) in enumerate(
                zip(
                    trace.each_row(),
                    trace.each("gates", gates),
                    trace.each("rz", gates[..., : 2 * H]),
                    trace.each("r", gates[..., :H]),
                    trace.each("z", gates[..., H : 2 * H]),
                    trace.each("h", gates[..., 2 * H :]),
                    trace.each("n", trace.n),
                    trace.each(("A before", keep is None), trace.A[:-1]),
                    trace.over(trace.step),
                    trace.each_A(),
                    strict=True,
                ),
                1,
            ):
                row.dot(W, g)
                _new_state(rz, r, z, h, n, A_before, step, A, one)
                if keep is not None:
                    trace.mask(t)

    def backward(
        self,
        parameters: ReadOnlyParameters,
        trace: GRUTrace,
        dA_T: Array | None,
        dA: Array | None = None,
        window: int | None = None,
    ) -> Parameters:
        """Go back through time to the gradient of each parameter; see :meth:`Cell.backward`."""
        T, m, _ = trace.delta.shape
        H, K = self.hidden, trace.rows.shape[2]
        W_hh = parameters["W_hh"]
        _slopes(trace)  # every delta is dE/dA_t times what is known already
        trace.rest(trace.delta)
        back, step = trace.step, np.empty_like(trace.step)
        steps = list(
            zip(
                range(T),
                trace.each("delta", trace.delta.reshape(T, m, 4, H)),
                trace.each("delta rzh", trace.delta[..., : 3 * H]),
                trace.each("z", trace.gates[..., H : 2 * H]),
                trace.over(back),
                trace.over(back[:, None]),
                trace.over(step),
                strict=True,
            )
        )
        back[...] = 0 if dA_T is None else dA_T
        for t, delta, delta_rzh, z, active, active_four, tmp in reversed(steps):
            if dA is not None:
                back += dA[t]
            if trace.dA is not None:
                trace.dA[t] = back
            np.multiply(delta, active_four, delta)
            np.multiply(active, z, active)  # the direct way to dE/dA_{t-1} ...
            delta_rzh.dot(W_hh, tmp)  # ... and the one through the gates
            if trace.keep is not None:
                tmp *= trace.keep[: len(tmp)]
            np.add(active, tmp, active)
            if window is not None and (T - t) % window == 0:
                back[...] = 0  # truncated
            if t % 16 == 0 and dA is None and not np.count_nonzero(back):
                trace.nothing_before(t)
                break
        n = (T - t) * m
        delta, rows = trace.delta[t:].reshape(n, 4 * H), trace.rows[t:T].reshape(n, K)
        dW = delta[:, : 3 * H].T @ rows
        dW_n = delta[:, 3 * H :].T @ rows[:, H:]
        return {
            "W_ih": np.concatenate([dW[: 2 * H, H:-1], dW_n[:, :-1]]),
            "W_hh": dW[:, :H],
            "b_h": np.concatenate([dW[: 2 * H, -1], dW_n[:, -1]]),
            "b_hn": dW[2 * H :, -1],
        }

    def last(self, trace: GRUTrace) -> Array:
        """Give the state after each sample's last step, (m, H)."""
        return trace.last()

    def dX(self, parameters: ReadOnlyParameters, trace: GRUTrace) -> Array:
        """Give the gradient in the inputs, (T, m, D), after :meth:`backward`."""
        H, W = self.hidden, parameters["W_ih"]
        return np.asarray(trace.delta[..., : 2 * H] @ W[: 2 * H] + trace.delta[..., 3 * H :] @ W[2 * H :])

    def states(self, parameters: ReadOnlyParameters, steps: Iterable[Array], m: int) -> Iterator[Array]:
        """Run the recurrence and keep nothing; see :meth:`Cell.states`."""
        H = self.hidden
        W, W_n = (np.ascontiguousarray(part.T) for part in _stacked(parameters, H))
        one = np.ones(1, W.dtype)
        column: Array = np.ones((W.shape[1], m), W.dtype)  # [A_t; X_{t+1}; 1]
        A, g, n, step = column[:H], *(np.empty((k * H, m), W.dtype) for k in (3, 1, 1))
        A[...] = 0
        rz, r, z, h = g[: 2 * H], g[:H], g[H : 2 * H], g[2 * H :]
        for X in steps:
            column[H:-1] = X.T
            W.dot(column, g)
            W_n.dot(column[H:], n)
            with np.errstate(over="ignore"):
                _new_state(rz, r, z, h, n, A, step, A, one)
            yield A.T


def _new_state(
    rz: Array, r: Array, z: Array, h: Array, n: Array, A_before: Array, step: Array, A: Array, one: Array
) -> None:
    """Do what follows the product at one step, in place: ``rz`` are r and z side by side, n holds the input's share."""
    logistic_of_minus(rz, one)  # the weights have the minus in them
    np.multiply(r, h, step)
    np.add(n, step, n)
    np.tanh(n, n)
    np.subtract(A_before, n, step)
    np.multiply(z, step, step)
    np.add(n, step, A)


def _stacked(parameters: ReadOnlyParameters, H: int) -> tuple[Array, Array]:
    """Stack the weights as the loop wants them.

    ``[-W_r | -W_z | W_hn]`` for rows [A | X | 1], (H + D + 1, 3 H), and n's for rows [X | 1], (D + 1, H).
    """
    W_ih, W_hh, b, b_hn = (parameters[name] for name in ("W_ih", "W_hh", "b_h", "b_hn"))
    W = np.concatenate([W_hh.T, W_ih.T, b[None]])
    W[:, : 2 * H] *= -1
    W[H:-1, 2 * H :] = 0
    W[-1, 2 * H :] = b_hn
    return W, np.concatenate([W_ih[2 * H :].T, b[None, 2 * H :]])


def _slopes(trace: GRUTrace) -> None:
    """Fill delta with everything but dE/dA_t, all steps at once."""
    H = trace.step.shape[1]
    r, z, h = (trace.gates[..., k * H : (k + 1) * H] for k in range(3))
    d_r, d_z, d_h, d_n = (trace.delta[..., k * H : (k + 1) * H] for k in range(4))
    n = trace.n
    np.subtract(1, z, out=d_z)
    np.multiply(n, n, out=d_n)
    np.subtract(1, d_n, out=d_n)
    d_n *= d_z  # (1 - z) (1 - n^2)
    d_z *= z
    np.subtract(trace.A[:-1], n, out=d_h)
    d_z *= d_h  # (A_{t-1} - n) z (1 - z)
    np.multiply(d_n, r, out=d_h)
    np.subtract(1, r, out=d_r)
    d_r *= h
    d_r *= d_h  # dE/dn's share, times h r (1 - r)
