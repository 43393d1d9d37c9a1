"""The gates' nonlinearity, in place."""

import numpy as np

from unrolled.rnn.arrays import Array


def logistic_of_minus(Z: Array, one: Array) -> None:
    """Replace Z by ``1 / (1 + exp(Z))``, the logistic function of -Z, which is 0 where exp overflows.

    ``one`` is an array of a single 1 of Z's dtype. The caller ignores the overflow.
    """
    if Z.dtype.kind == "c":  # of complex numbers 1 / inf is not 0
        np.minimum(Z.real, 700, out=Z.real)
    np.exp(Z, Z)
    np.add(Z, one, Z)
    np.reciprocal(Z, Z)
