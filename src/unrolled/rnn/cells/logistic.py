"""The gates' nonlinearity, in place."""

from typing import Any

import numpy as np

from unrolled.rnn.arrays import Array


def halves(dtype: np.dtype[Any]) -> Array:
    """Return one half, for :func:`logistic_from_tanh`: as an array, which NumPy is quicker with than with a number."""
    return np.array(0.5, dtype)


def logistic_from_tanh(tanh_half: Array, half: Array) -> None:
    """Replace ``tanh(Z / 2)`` by the logistic function of Z, ``1 / (1 + exp(-Z)) = 1 / 2 + tanh(Z / 2) / 2``.

    So one call of tanh does for all gates, and for an LSTM's candidate beside them, and nothing overflows. Next to 0,
    where the function falls like exp(Z), it is rounded to multiples of half the distance of numbers below 1, 3e-8 in
    float32: a gate that is less open is shut.
    """
    np.multiply(tanh_half, half, tanh_half)
    np.add(tanh_half, half, tanh_half)
