"""The gated recurrent unit, forward and backward through time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from unrolled.rnn.arrays import Array, Parameters, ReadOnlyParameters, State
from unrolled.rnn.cells.logistic import halves, logistic_from_tanh
from unrolled.rnn.engine.columns import Columns
from unrolled.rnn.engine.products import padded, product_with
from unrolled.rnn.engine.recurrence import BaseCell, begin

BLOCKS = {
    "rz": ("gates", 0, 2),
    "r": ("gates", 0, 1),
    "z": ("gates", 1, 2),
    "h": ("gates", 2, 3),
    "delta_h": ("delta", 0, 3),
    "dZ_r": ("delta", 0, 1),
    "dZ_z": ("delta", 1, 2),
    "dh": ("delta", 2, 3),
    "dZ_n": ("delta", 3, 4),
}
"""What is written together lies side by side: r, z, and h; and of the gradients what goes back by W_hh."""


class GRUTrace(Columns):
    """The memory of a GRU's pass: ``r``, ``z``, ``h`` and ``n`` (T, m, H)."""

    def __init__(self, T: int, m: int, D: int, H: int, dtype: np.dtype[Any]) -> None:
        super().__init__(T, m, D, H, dtype, {"gates": 3, "n": 1, "delta": 4}, BLOCKS)

    @property
    def delta(self) -> Array:
        """After a backward pass, the preactivation gradient in the order r, z, n, (T, m, 3 H)."""
        delta, H = self["delta"], self.H
        return np.concatenate([delta[..., : 2 * H], delta[..., 3 * H :]], axis=2)


@dataclass(frozen=True)
class GRU(BaseCell[GRUTrace]):
    """Gated recurrent unit, with PyTorch's equations and order of gates: the reset comes after the product.

    ::

        [Z_r; Z_z; Z_n] = W_ih X_t + b_h           (G1)
        [U_r; U_z; U_n] = W_hh A_{t-1}             (G2)
        r_t = sigmoid(Z_r + U_r)                   (G3)
        z_t = sigmoid(Z_z + U_z)                   (G4)
        h_t = U_n + b_hn                           (G5)
        n_t = tanh(Z_n + r_t * h_t)                (G6)
        A_t = (1 - z_t) * n_t + z_t * A_{t-1}      (G7)

    with ``A_0 = 0``. Parameters are ``W_ih`` (3 H, D), ``W_hh`` (3 H, H) and ``b_h`` (3 H,), blocks of rows in the
    order r, z, n, and ``b_hn`` (H,). PyTorch has two biases a gate; ``b_h`` is their sum for r and z, and the input's
    for n.

    Parameters
    ----------
    hidden : int
        H, the number of hidden units, at least 1.

    See Also
    --------
    unrolled.textbook.gru_forward, unrolled.textbook.gru_backward : The same equations, term by term.

    References
    ----------
    K. Cho et al., "Learning phrase representations using RNN encoder-decoder", EMNLP 2014, with the reset after
    the product as in version 3 of arXiv:1406.1078 and in cuDNN.

    Examples
    --------
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne(rnn.GRU(50), n_inputs=3, n_classes=7, rng=0)
    >>> net.parameters["W_hh"].shape, net.parameters["b_hn"].shape
    ((150, 50), (50,))
    """

    hidden: int
    gates: ClassVar[int] = 3

    def shapes(self, n_inputs: int) -> dict[str, tuple[int, ...]]:
        """Return the shape of each parameter for ``n_inputs`` = D features a step."""
        return {**super().shapes(n_inputs), "b_hn": (self.hidden,)}

    def trace(self, T: int, m: int, D: int, dtype: np.dtype[Any]) -> GRUTrace:
        """Allocate the memory of a pass over T steps of m samples with D inputs; it can be used again."""
        return GRUTrace(T, m, D, self.hidden, dtype)

    def forward(self, parameters: ReadOnlyParameters, trace: GRUTrace) -> None:
        """Run the recurrence over a batch of sequences; see :meth:`Cell.forward`."""
        H = self.hidden
        W, W_n = _stacked(parameters, H)
        product, half = trace.product(W), halves(W.dtype)
        for segment in trace.forward_segments():
            segment.times_inputs(W_n, segment["n"])  # (G1), n's block, for all steps
            step: Array = np.empty((H, segment.n_columns), W.dtype)
            for column, gates, rz, r, z, h, n_t, A_before, A in segment.steps(
                "column", "gates", "rz", "r", "z", "h", "n", "A_before", "A"
            ):
                product(column, gates)  # (G1), (G2), (G5): (Z_r + U_r) / 2, (Z_z + U_z) / 2 and h_t
                _new_state(rz, r, z, h, n_t, A_before, step, A, half)

    def backward(self, parameters: ReadOnlyParameters, trace: GRUTrace) -> Parameters:
        """Go back through time to the gradient of each parameter; see :meth:`Cell.backward`.

        ::

            dE/dZ_n = dE/dA_t * (1 - z_t) * (1 - n_t^2)                         (G8)
            dE/dZ_z = dE/dA_t * (A_{t-1} - n_t) * z_t * (1 - z_t)               (G9)
            dE/dh_t = dE/dZ_n * r_t                                             (G10)
            dE/dZ_r = dE/dZ_n * h_t * r_t * (1 - r_t)                           (G11)
            dE/dA_{t-1} = dE/dA_t * z_t + W_hh^T [dE/dZ_r; dE/dZ_z; dE/dh_t]    (G12)
            dE/dW_ih = sum over t of delta_t X_t^T                              (G13)
            dE/dW_hh = sum over t of [dE/dZ_r; dE/dZ_z; dE/dh_t] A_{t-1}^T      (G14)
            dE/db_h = sum over t, and over the samples, of delta_t              (G15)
            dE/db_hn = sum over t, and over the samples, of dE/dh_t             (G16)

        where delta_t is [dE/dZ_r; dE/dZ_z; dE/dZ_n].
        """
        H, multiply, subtract = self.hidden, np.multiply, np.subtract
        W_hh = parameters["W_hh"]
        back, dtype, one = product_with(W_hh.T, trace.most_columns), W_hh.dtype, np.ones((), W_hh.dtype)
        K = H + trace.D + 1
        dW, dW_n = np.zeros((3 * H, K), dtype), np.zeros((H, K - H), dtype)
        for chunk in trace.backward_chunks():
            n = chunk.n_columns
            slope, step = np.empty((2 * H, n), dtype), np.empty((H, n), dtype)
            not_r, not_z = slope[:H], slope[H:]
            for rz, r, z, h, n_t, A_before, delta_h, dZ_r, dZ_z, dh, dZ_n, dA, dseen in chunk.steps(
                "rz", "r", "z", "h", "n", "A_before", "delta_h", "dZ_r", "dZ_z", "dh", "dZ_n", "dA", "dseen"
            ):
                subtract(one, rz, slope)  # 1 - r_t and 1 - z_t
                multiply(dA, not_z, step)
                multiply(n_t, n_t, dZ_n)
                multiply(step, dZ_n, dZ_n)
                subtract(step, dZ_n, dZ_n)  # (G8)
                subtract(A_before, n_t, dZ_z)
                multiply(dZ_z, z, dZ_z)
                multiply(dZ_z, step, dZ_z)  # (G9)
                multiply(dZ_n, r, dh)  # (G10)
                multiply(dh, h, dZ_r)
                multiply(dZ_r, not_r, dZ_r)  # (G11)
                multiply(dA, z, dA)  # (G12), the direct way ...
                back(delta_h, dseen)  # ... and the one through the gates, which is added to it
            dW += chunk.outer("delta_h", "column")  # (G14), (G16); and (G13), (G15) but for n's blocks ...
            dW_n += chunk.outer("dZ_n", "inputs")  # ... which are these
        return {
            "W_ih": np.concatenate([dW[: 2 * H, H:-1], dW_n[:, :-1]]),
            "W_hh": dW[:, :H],
            "b_h": np.concatenate([dW[: 2 * H, -1], dW_n[:, -1]]),
            "b_hn": dW[2 * H :, -1],
        }

    def dX(self, parameters: ReadOnlyParameters, trace: GRUTrace) -> Array:
        """Return the gradient in the inputs, (T, m, D), after a :meth:`backward`."""
        H, W, delta = self.hidden, parameters["W_ih"], trace["delta"]
        return np.asarray(delta[..., : 2 * H] @ W[: 2 * H] + delta[..., 3 * H :] @ W[2 * H :])

    def states(
        self, parameters: ReadOnlyParameters, steps: Iterable[Array], m: int, state: State | None = None
    ) -> Iterator[Array]:
        """Run the recurrence and hold no more than a step; see :meth:`Cell.states`."""
        H = self.hidden
        W, W_n = _stacked(parameters, H)
        half = halves(W.dtype)
        columns = padded(m, W.dtype.itemsize)
        product, product_n = product_with(W, columns), product_with(W_n, columns)
        column: Array = np.zeros((W.shape[1], columns), W.dtype)  # [A_t; X_{t+1}; 1]
        column[-1] = 1
        A, gates, n, step = column[:H], *(np.empty((blocks * H, columns), W.dtype) for blocks in (3, 1, 1))
        begin(state, A=A[:, :m].T)
        rz, r, z, h = gates[: 2 * H], gates[:H], gates[H : 2 * H], gates[2 * H :]
        for X in steps:
            column[H:-1, :m] = X.T
            product(column, gates)  # (G1), (G2), (G5)
            product_n(column[H:], n)  # (G1), n's block
            _new_state(rz, r, z, h, n, A, step, A, half)
            yield A[:, :m].T


def _new_state(
    rz: Array, r: Array, z: Array, h: Array, n: Array, A_before: Array, step: Array, A: Array, half: Array
) -> None:
    """Do what follows the product at one step, in place: ``rz`` are r and z side by side, n holds W_in X_t + b_n."""
    np.tanh(rz, rz)
    logistic_from_tanh(rz, half)  # (G3), (G4): the weights are halved (_stacked)
    np.multiply(r, h, step)
    np.add(n, step, n)
    np.tanh(n, n)  # (G6)
    np.subtract(A_before, n, step)
    np.multiply(z, step, step)
    np.add(n, step, A)  # (G7), as n_t + z_t * (A_{t-1} - n_t)


def _stacked(parameters: ReadOnlyParameters, H: int) -> tuple[Array, Array]:
    """Stack the weights as the loop wants them.

    ``[W_r / 2; W_z / 2; W_hn]`` for columns [A; X; 1], (3 H, H + D + 1), and n's for columns [X; 1], (H, D + 1).
    """
    W_ih, W_hh, b, b_hn = (parameters[name] for name in ("W_ih", "W_hh", "b_h", "b_hn"))
    W = np.concatenate([W_hh, W_ih, b[:, None]], axis=1)
    W_n = W[2 * H :, H:].copy()
    W[: 2 * H] *= 0.5
    W[2 * H :, H:] = 0
    W[2 * H :, -1] = b_hn
    return W, W_n
