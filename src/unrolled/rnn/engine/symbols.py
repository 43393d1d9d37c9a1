"""Inputs that are symbols: a whole number stands for a row of D numbers, a one among zeros.

Such rows are not made where a cell leaves its products to the trace: that with W_ih is a look-up, and its gradient a
sum over the steps of each symbol, whatever D is.
"""

import numpy as np

from unrolled.rnn.arrays import Array, IntArray


def write_inputs(X: Array, out: Array) -> None:
    """Write inputs (..., D), or the rows that symbols (...) stand for, to ``out`` (..., D)."""
    if X.ndim == out.ndim:
        out[...] = X
        return
    out[...] = 0
    np.put_along_axis(out, X[..., None], 1, axis=-1)


def sum_by_symbol(rows: Array, symbols: IntArray, D: int) -> Array:
    """Return ``X^T rows``, (D, width), where X are the rows that symbols (n,) stand for: the sum of each one's rows.

    Examples
    --------
    >>> import numpy as np
    >>> sum_by_symbol(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.array([2, 0, 2]), 3)
    array([[3., 4.],
           [0., 0.],
           [6., 8.]])
    """
    from scipy.sparse import csc_array  # its import takes as long as all of unrolled.rnn

    n = len(symbols)
    one_hot = csc_array((np.ones(n, rows.dtype), symbols, np.arange(n + 1)), shape=(D, n))
    return np.asarray(one_hot @ rows)
