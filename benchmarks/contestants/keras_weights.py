"""Our parameters as Keras' lists of weights, and back.

Keras' matrices are ours transposed. Its LSTM has our order of gates; its GRU has z before r, and a second row of
biases for the recurrent side, of which we have the n's alone.
"""

import numpy as np
from work import Array, Parameters

NAMES = ("W_ih", "W_hh", "b_h", "W_ho", "b_o")


def to_keras(parameters: Parameters, cell: str) -> list[Array]:
    """Return Keras' list."""
    weights = [parameters[name].T for name in NAMES]
    if cell == "gru":
        W_ih, W_hh, b_h = (swapped(W) for W in weights[:3])
        recurrent = np.zeros_like(b_h)
        recurrent[-len(parameters["b_hn"]) :] = parameters["b_hn"]
        weights[:3] = W_ih, W_hh, np.stack([b_h, recurrent])
    return weights


def from_keras(weights: list[Array], cell: str) -> Parameters:
    """Return ours."""
    parameters = {name: W.T for name, W in zip(NAMES, weights, strict=True)}
    if cell == "gru":
        W_ih, W_hh, (b_h, recurrent) = weights[:3]
        n = 2 * len(W_hh)
        b_h[:n] += recurrent[:n]  # so that a second bias that did not stay zero shows
        parameters |= {"W_ih": swapped(W_ih).T, "W_hh": swapped(W_hh).T, "b_h": swapped(b_h), "b_hn": recurrent[n:]}
    return parameters


def swapped(W: Array) -> Array:
    """Exchange the first two of three blocks of columns."""
    r, z, n = np.split(W, 3, axis=-1)
    return np.concatenate([z, r, n], axis=-1)


def ours_alone(hidden: int) -> Array:
    """Return what to multiply a GRU's biases by to keep at zero those we do not have."""
    kept = np.ones((2, 3 * hidden), np.float32)
    kept[1, : 2 * hidden] = 0
    return kept
