"""The plain versions: the report's equations as they are printed, which the library's must equal."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def report_bptt(parameters: dict[str, Array], X: Array, Y: Array) -> tuple[float, dict[str, Array]]:
    """Loss and gradients by equations (1) to (3) and section 2.3, term by term, in float64.

    Columns are samples, the biases are the column that meets a row of ones, and every step has its own
    product, as in the report. X is (m, T, D), Y one-hot (m, C).
    """
    p = {name: np.asarray(W, np.float64) for name, W in parameters.items()}
    W_ih = np.column_stack([p["W_ih"], p["b_h"]])
    W_hh = p["W_hh"]
    W_ho = np.column_stack([p["W_ho"], p["b_o"]])
    m, T, _ = X.shape
    ones = np.ones((1, m))
    X_t = {t: np.vstack([X[:, t - 1].T.astype(np.float64), ones]) for t in range(1, T + 1)}
    Yc = Y.T.astype(np.float64)

    A = {0: np.zeros((len(W_hh), m))}
    for t in range(1, T + 1):
        A[t] = np.tanh(W_ih @ X_t[t] + W_hh @ A[t - 1])  # (1)
    A_ext = np.vstack([A[T], ones])
    Y_pred = 1 / (1 + np.exp(-W_ho @ A_ext))  # (2)
    E = -(Yc * np.log(Y_pred) + (1 - Yc) * np.log(1 - Y_pred)).sum() / m  # (3)

    dA = {T: W_ho[:, :-1].T @ (Y_pred - Yc)}
    dW_ho = 1 / m * (Y_pred - Yc) @ A_ext.T
    for t in range(T - 1, 0, -1):
        dA[t] = W_hh.T @ (dA[t + 1] * (1 - A[t + 1] ** 2))
    dW_ih = sum(1 / m * (dA[t] * (1 - A[t] ** 2)) @ X_t[t].T for t in range(1, T + 1))
    dW_hh = sum((1 / m * (dA[t] * (1 - A[t] ** 2)) @ A[t - 1].T for t in range(2, T + 1)), np.zeros_like(W_hh))
    return float(E), {
        "W_ih": dW_ih[:, :-1],
        "W_hh": dW_hh,
        "b_h": dW_ih[:, -1],
        "W_ho": dW_ho[:, :-1],
        "b_o": dW_ho[:, -1],
    }


def relative_difference(a: Any, b: Any) -> float:
    """Largest difference over largest entry; 0 for two all-zero arrays."""
    a, b = np.asarray(a), np.asarray(b)
    scale = max(np.abs(a).max(initial=0), np.abs(b).max(initial=0))
    return 0.0 if scale == 0 else float(np.abs(a - b).max() / scale)
