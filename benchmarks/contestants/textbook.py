"""Back-propagation through time as a textbook has it: float64, a step at a time, a gradient at a time."""

import numpy as np
from work import LEARNING_RATE, Array, Parameters, Work

from contestants import Predictor, Trainer, nothing

CELLS = ("tanh",)


def versions() -> dict[str, str]:
    """Give nothing new: it is NumPy."""
    return {}


def wake() -> None:
    """Start the BLAS."""
    np.ones((64, 64)) @ np.ones((64, 64))


def forward(p: Parameters, X: Array) -> tuple[list[Array], Array]:
    """Give A_0, ..., A_T and the probabilities."""
    m, T, _ = X.shape
    A = [np.zeros((m, len(p["W_hh"])))]
    for t in range(T):
        A.append(np.tanh(X[:, t] @ p["W_ih"].T + A[t] @ p["W_hh"].T + p["b_h"]))
    Z = A[T] @ p["W_ho"].T + p["b_o"]
    return A, 1 / (1 + np.exp(-Z))


def loss_and_gradients(p: Parameters, X: Array, Y: Array) -> tuple[float, Parameters]:
    """Give the loss of a batch and its gradients."""
    m, T, _ = X.shape
    A, Y_hat = forward(p, X)
    loss = -(Y * np.log(Y_hat) + (1 - Y) * np.log(1 - Y_hat)).sum() / m
    dZ = (Y_hat - Y) / m
    g = {name: np.zeros_like(W) for name, W in p.items()}
    g["W_ho"] = dZ.T @ A[T]
    g["b_o"] = dZ.sum(axis=0)
    dA = dZ @ p["W_ho"]
    for t in reversed(range(T)):
        delta = dA * (1 - A[t + 1] ** 2)
        g["W_ih"] += delta.T @ X[:, t]
        g["W_hh"] += delta.T @ A[t]
        g["b_h"] += delta.sum(axis=0)
        dA = delta @ p["W_hh"]
    return float(loss), g


def trainer(work: Work) -> Trainer:
    """Train in float64."""
    X, Y, p = work.X.astype(np.float64), work.Y.astype(np.float64), dict[str, Array]()

    def begin() -> None:
        p.update({name: W.astype(np.float64) for name, W in work.parameters.items()})

    def run() -> float:
        loss, g = loss_and_gradients(p, X, Y)
        for name in p:
            p[name] -= LEARNING_RATE * g[name]
        return loss

    return Trainer(begin, run, lambda: {name: W.copy() for name, W in p.items()})


def predictor(work: Work) -> Predictor:
    """Predict in float64."""
    X = work.X.astype(np.float64)
    p = {name: W.astype(np.float64) for name, W in work.parameters.items()}
    return Predictor(nothing, lambda: forward(p, X)[1])


TRAINERS = {"": trainer}
PREDICTORS = {"": predictor}
