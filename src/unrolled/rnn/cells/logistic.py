"""The gates' nonlinearity, in place."""

import numpy as np

from unrolled.rnn.arrays import Array


def logistic_of_minus(Z: Array, one: Array) -> None:
    """Replace Z by ``1 / (1 + exp(Z))``, the logistic function of -Z, which is 0 where exp overflows.

    ``one`` is ones of Z's shape and dtype: adding a whole array is quicker than adding a number. The caller ignores
    the overflow.
    """
    if Z.dtype.kind == "c":  # of complex numbers 1 / inf is not 0
        np.minimum(Z.real, 700, out=Z.real)
    np.exp(Z, Z)
    np.add(Z, one, Z)
    np.reciprocal(Z, Z)
