"""Inputs that are symbols: a whole number stands for a row of D numbers, a one among zeros."""

import numpy as np

from unrolled.rnn.arrays import Array


def write_inputs(X: Array, out: Array) -> None:
    """Write inputs (..., D), or the rows that symbols (...) stand for, to ``out`` (..., D)."""
    if X.ndim == out.ndim:
        out[...] = X
        return
    out[...] = 0
    np.put_along_axis(out, X[..., None], 1, axis=-1)
