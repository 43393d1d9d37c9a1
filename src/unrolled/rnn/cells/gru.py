"""The gated recurrent unit, forward and backward through time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from unrolled.rnn.arrays import Array, Parameters, ReadOnlyParameters
from unrolled.rnn.cells.logistic import logistic_of_minus
from unrolled.rnn.engine.columns import Columns
from unrolled.rnn.engine.underflow import round_tiny
from unrolled.rnn.inputs import count


class GRUTrace(Columns):
    """As :class:`Columns`; delta has its blocks in the order r, z, h, n, where h is n's share of A_{t-1}.

    ``gates`` holds r_t, z_t and h_t = ``W_hn A_{t-1} + b_hn``.
    """

    def __init__(self, T: int, m: int, D: int, H: int, dtype: np.dtype[Any]) -> None:
        super().__init__(T, m, D, H, dtype, {"gates": 3 * H, "n": H, "delta": 4 * H})

    @property
    def r(self) -> Array:
        """The reset gate, (T, m, H)."""
        return self.whole("gates", self.block(0))

    @property
    def z(self) -> Array:
        """The update gate, (T, m, H)."""
        return self.whole("gates", self.block(1))

    @property
    def n(self) -> Array:
        """The candidate state n_t, (T, m, H)."""
        return self.whole("n")

    def inward(self) -> Array:
        """Give delta in the order r, z, n."""
        delta = self.delta
        return np.concatenate([delta[..., self.block(0, 1)], delta[..., self.block(3)]], axis=2)


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
        H, block = self.hidden, trace.block
        W, W_n = _stacked(parameters, H)
        trace.begin(X, active, keep)
        with np.errstate(over="ignore"):  # exp(-z) of a very negative z: the gate is then 0
            for run in trace.along():
                np.matmul(W_n, run.column[:-1, H:], out=run["n"])  # n's share of the inputs, for all steps
                if not run.forth:
                    gates = run["gates"]
                    parts = (gates[:, block(*blocks)] for blocks in ((0, 1), (0,), (1,), (2,)))
                    states = run["n"], run.A[:-1], run.A[1:], run.column[1:, :H]
                    run.forth = list(zip(run.column[:-1], gates, *parts, *states, strict=True))
                one: Array = np.ones((2 * H, run.k), W.dtype)
                step: Array = np.empty((H, run.k), W.dtype)
                for column, g, rz, r, z, h, n, A_before, A, seen in run.forth:
                    W.dot(column, g)
                    _new_state(rz, r, z, h, n, A_before, step, A, one)
                    if run.keep is not None:
                        np.multiply(A, run.keep, seen)

    def backward(
        self,
        parameters: ReadOnlyParameters,
        trace: GRUTrace,
        dA_T: Array | None,
        dA: Array | None = None,
        window: int | None = None,
    ) -> Parameters:
        """Go back through time to the gradient of each parameter; see :meth:`Cell.backward`."""
        H, block = self.hidden, trace.block
        T = trace.shape[0]
        W_hh = np.ascontiguousarray(parameters["W_hh"].T)
        K = trace.runs[0].column.shape[1]
        dW, dW_n = np.zeros((3 * H, K), W_hh.dtype), np.zeros((H, K - H), W_hh.dtype)
        for run, few, back in trace.back(dA_T):
            if not run.back:
                gates = (run["gates"][:, block(*blocks)] for blocks in ((0, 1), (0,), (1,), (2,)))
                deltas = (run["delta"][:, block(*blocks)] for blocks in ((0, 2), (0,), (1,), (2,), (3,)))
                run.back = list(zip(*gates, run["n"], run.A[:-1], *deltas, strict=True))
            above = None if dA is None else np.ascontiguousarray(dA[run.steps, : run.k][few].transpose(0, 2, 1))
            one, rest = np.ones((2 * H, run.k), W_hh.dtype), np.empty((2 * H, run.k), W_hh.dtype)
            not_r, not_z, step = rest[:H], rest[H:], np.empty_like(back)
            for t in range(few.stop - 1, few.start - 1, -1):
                rz, r, z, h, n, A_before, delta_rzh, d_r, d_z, d_h, d_n = run.back[t]
                if above is not None:
                    np.add(back, above[t - few.start], back)
                if trace.dA is not None:
                    trace.dA[run.steps.start + t, : run.k] = back.T
                # A_t = (1 - z) n + z A_{t-1}, where tanh' = 1 - n^2 and sigmoid' = z (1 - z):
                np.subtract(one, rz, rest)
                np.multiply(back, not_z, step)
                np.multiply(n, n, d_n)
                np.multiply(step, d_n, d_n)
                np.subtract(step, d_n, d_n)
                np.subtract(A_before, n, d_z)
                np.multiply(d_z, z, d_z)
                np.multiply(d_z, step, d_z)
                # n = tanh(... + r h):
                np.multiply(d_n, r, d_h)
                np.multiply(d_h, h, d_r)
                np.multiply(d_r, not_r, d_r)
                np.multiply(back, z, back)  # the direct way to dE/dA_{t-1} ...
                W_hh.dot(delta_rzh, step)  # ... and the one through the gates
                if run.keep is not None:
                    np.multiply(step, run.keep, step)
                np.add(back, step, back)
                if window is not None and (T - run.steps.start - t) % window == 0:
                    back[...] = 0  # truncated
            dW += run.summed(few, block(0, 2), slice(None))
            dW_n += run.summed(few, block(3), slice(H, None))
            round_tiny(back)
            if dA is None and not np.count_nonzero(back):
                trace.nothing_before(run, few)
                break
        return {
            "W_ih": np.concatenate([dW[: 2 * H, H:-1], dW_n[:, :-1]]),
            "W_hh": dW[:, :H],
            "b_h": np.concatenate([dW[: 2 * H, -1], dW_n[:, -1]]),
            "b_hn": dW[2 * H :, -1],
        }

    def dX(self, parameters: ReadOnlyParameters, trace: GRUTrace) -> Array:
        """Give the gradient in the inputs, (T, m, D), after :meth:`backward`."""
        H, W = self.hidden, parameters["W_ih"]
        return np.asarray(trace.delta[..., : 2 * H] @ W[: 2 * H] + trace.delta[..., 3 * H :] @ W[2 * H :])

    def states(self, parameters: ReadOnlyParameters, steps: Iterable[Array], m: int) -> Iterator[Array]:
        """Run the recurrence and keep nothing; see :meth:`Cell.states`."""
        H = self.hidden
        W, W_n = _stacked(parameters, H)
        one: Array = np.ones((2 * H, m), W.dtype)
        column: Array = np.ones((W.shape[1], m), W.dtype)  # [A_t; X_{t+1}; 1]
        A, g, n, step = column[:H], *(np.empty((blocks * H, m), W.dtype) for blocks in (3, 1, 1))
        A[...] = 0
        rz, r, z, h = g[: 2 * H], g[:H], g[H : 2 * H], g[2 * H :]
        for X in steps:
            column[H:-1] = X.T
            W.dot(column, g)
            W_n.dot(column[H:], n)
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

    ``[-W_r; -W_z; W_hn]`` for columns [A; X; 1], (3 H, H + D + 1), and n's for columns [X; 1], (H, D + 1).
    """
    W_ih, W_hh, b, b_hn = (parameters[name] for name in ("W_ih", "W_hh", "b_h", "b_hn"))
    W = np.concatenate([W_hh, W_ih, b[:, None]], axis=1)
    W_n = W[2 * H :, H:].copy()
    W[: 2 * H] *= -1
    W[2 * H :, H:-1] = 0
    W[2 * H :, -1] = b_hn
    return W, W_n
