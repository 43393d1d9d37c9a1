"""One step of each cell, and its derivatives: the formulas of the library's cells, the complex step for any other's.

A step takes a cell's state S (m, s), everything that goes on, one after the other: A, or of an LSTM A and C; and its
input X (m, D). It returns the next state and, where they are wanted, dS_t / dS_{t-1} (m, s, s) and dS_t / dX_t
(m, s, D). Rows are samples; in the derivatives the row is what changes and the column what it changes with.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from unrolled.rnn import GRU, LSTM, ReLU, Tanh
from unrolled.rnn.arrays import Array, ReadOnlyParameters
from unrolled.rnn.cells import Cell

STEP = 1e-30
"""Of the complex step: nothing is subtracted, so nothing cancels."""

BLOCK = 4096
"""Samples that the complex step runs together."""


class Linearized(NamedTuple):
    """The next state and its derivatives.

    Attributes
    ----------
    S : ndarray, shape (m, s)
    dS : ndarray, shape (m, s, s)
        In the state before.
    dX : ndarray, shape (m, s, D)
        In the input.
    """

    S: Array
    dS: Array
    dX: Array


Weighted: TypeAlias = list[tuple[Array, Array]]


def _sum(terms: Weighted) -> Array:
    """Return the sum of ``diag(a) W`` over terms (a (m, H), W (H, K)): (m, H, K)."""
    (a, W), *others = terms
    total: Array = a[:, :, None] * W
    for a, W in others:
        total += a[:, :, None] * W
    return total


def _sigmoid(Z: Array) -> Array:
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * Z))


def _preactivation(p: ReadOnlyParameters, A: Array, X: Array) -> Array:
    return np.asarray(X @ p["W_ih"].T + A @ p["W_hh"].T + p["b_h"])


def tanh(p: ReadOnlyParameters, S: Array, X: Array, derivatives: bool) -> Linearized:
    """``A_t = tanh(Z_t)``, equation (1): ``dA_t / dA_{t-1} = diag(1 - A_t^2) W_hh``."""
    A = np.tanh(_preactivation(p, S, X))
    return _elementwise(p, A, 1 - A * A, derivatives)


def relu(p: ReadOnlyParameters, S: Array, X: Array, derivatives: bool) -> Linearized:
    """``A_t = max(0, Z_t)``: ``dA_t / dA_{t-1} = diag(A_t > 0) W_hh``."""
    A = np.maximum(_preactivation(p, S, X), 0)
    return _elementwise(p, A, (A > 0).astype(A.dtype), derivatives)


def _elementwise(p: ReadOnlyParameters, A: Array, slope: Array, derivatives: bool) -> Linearized:
    if not derivatives:
        return _alone(A)
    return Linearized(A, _sum([(slope, p["W_hh"])]), _sum([(slope, p["W_ih"])]))


def lstm(p: ReadOnlyParameters, S: Array, X: Array, derivatives: bool) -> Linearized:
    """``c_t = f c_{t-1} + i g``, ``A_t = o tanh(c_t)``, the equations (L1) to (L7) of the cell.

    With U for A_{t-1} or X_t and their weights W::

        dc_t / dU = diag(g i (1 - i)) W_i + diag(c_{t-1} f (1 - f)) W_f + diag(i (1 - g^2)) W_g
        dc_t / dc_{t-1} = diag(f)
        dA_t = diag(o (1 - tanh(c_t)^2)) dc_t + diag(tanh(c_t) o (1 - o)) W_o dU
    """
    H = S.shape[1] // 2
    A, C = S[:, :H], S[:, H:]
    Z = _preactivation(p, A, X)
    i, f, g, o = _sigmoid(Z[:, :H]), _sigmoid(Z[:, H : 2 * H]), np.tanh(Z[:, 2 * H : 3 * H]), _sigmoid(Z[:, 3 * H :])
    C_t = f * C + i * g
    tanh_C = np.tanh(C_t)
    S_t = np.concatenate([o * tanh_C, C_t], axis=1)
    if not derivatives:
        return _alone(S_t)
    dA_dC = o * (1 - tanh_C * tanh_C)
    of_gates = [g * i * (1 - i), C * f * (1 - f), i * (1 - g * g)]

    def of(W: Array) -> tuple[Array, Array]:
        """dA_t / dU and dc_t / dU."""
        W_i, W_f, W_g, W_o = np.split(W, 4)
        dC = _sum(list(zip(of_gates, (W_i, W_f, W_g), strict=True)))
        dA = _sum([(tanh_C * o * (1 - o), W_o)])
        dA += dA_dC[:, :, None] * dC
        return dA, dC

    dS: Array = np.zeros((len(S), 2 * H, 2 * H), S.dtype)
    dS[:, :H, :H], dS[:, H:, :H] = of(p["W_hh"])
    h = np.arange(H)
    dS[:, h, H + h], dS[:, H + h, H + h] = dA_dC * f, f
    return Linearized(S_t, dS, np.concatenate(of(p["W_ih"]), axis=1))


def gru(p: ReadOnlyParameters, S: Array, X: Array, derivatives: bool) -> Linearized:
    """``A_t = (1 - z) n + z A_{t-1}``, ``n = tanh(W_in X_t + b_n + r h)``, ``h = W_hn A_{t-1} + b_hn``: (G1) to (G7).

    ::

        dA_t / dA_{t-1} = diag(z) + diag((A_{t-1} - n) z (1 - z)) W_hz
                          + diag((1 - z) (1 - n^2)) [diag(r) W_hn + diag(h r (1 - r)) W_hr]

    and so in X_t, without the z alone and with W_in in place of ``diag(r) W_hn``.
    """
    H = S.shape[1]
    of_inputs = X @ p["W_ih"].T + p["b_h"]
    of_states = S @ p["W_hh"].T
    rz = _sigmoid(of_inputs[:, : 2 * H] + of_states[:, : 2 * H])
    r, z, h = rz[:, :H], rz[:, H:], of_states[:, 2 * H :] + p["b_hn"]
    n = np.tanh(of_inputs[:, 2 * H :] + r * h)
    A = n + z * (S - n)
    if not derivatives:
        return _alone(A)
    of_n = (1 - z) * (1 - n * n)
    of_r, of_z = of_n * h * r * (1 - r), (S - n) * z * (1 - z)
    (W_hr, W_hz, W_hn), (W_ir, W_iz, W_in) = np.split(p["W_hh"], 3), np.split(p["W_ih"], 3)
    dS = _sum([(of_z, W_hz), (of_n * r, W_hn), (of_r, W_hr)])
    h_h = np.arange(H)
    dS[:, h_h, h_h] += z
    return Linearized(A, dS, _sum([(of_z, W_iz), (of_n, W_in), (of_r, W_ir)]))


Formula: TypeAlias = Callable[[ReadOnlyParameters, Array, Array, bool], Linearized]

FORMULAS: dict[type, Formula] = {Tanh: tanh, ReLU: relu, LSTM: lstm, GRU: gru}
"""Of exactly these classes: a subclass may compute something else."""


def step_of(cell: Cell) -> Formula:
    """Return a cell's step: the library's by its formula, any other by its own forward pass and the complex step."""
    if type(cell) in FORMULAS:
        return FORMULAS[type(cell)]

    def other(p: ReadOnlyParameters, S: Array, X: Array, derivatives: bool) -> Linearized:
        if not derivatives:
            return _alone(_run(cell, p, S, X))
        m, s = S.shape
        n = s + X.shape[1]
        of_all: Array = np.empty((m, n, s))
        in_complex = {name: W.astype(np.complex128) for name, W in p.items()}
        steps = 1j * STEP * np.eye(n)
        size = max(1, BLOCK // n)
        for first in range(0, m, size):  # a sample becomes n, each with another number moved
            rows = slice(first, first + size)
            U = np.concatenate([S[rows], X[rows]], axis=1)[:, None] + steps
            moved = U.reshape(-1, n)
            S_t = _run(cell, in_complex, moved[:, :s], moved[:, s:])
            of_all[rows] = S_t.imag.reshape(-1, n, s) / STEP
        d = of_all.transpose(0, 2, 1)
        return Linearized(_run(cell, p, S, X), np.ascontiguousarray(d[:, :, :s]), np.ascontiguousarray(d[:, :, s:]))

    return other


def _run(cell: Cell, p: ReadOnlyParameters, S: Array, X: Array) -> Array:
    """Run one step of any cell, by its forward pass."""
    trace: Any = cell.trace(1, len(X), X.shape[1], S.dtype)
    pieces = np.split(S, len(cell.state_names), axis=1)
    trace.begin_forward(X[None], state=dict(zip(cell.state_names, pieces, strict=True)))
    cell.forward(p, trace)
    return np.concatenate([trace.final_state[name] for name in cell.state_names], axis=1)


def _alone(S: Array) -> Linearized:
    nothing: Array = np.empty((0, 0, 0))
    return Linearized(S, nothing, nothing)
