"""Gradients that vanish, held away from the smallest numbers there are.

On its way back a gradient may shrink without end. Below the smallest normal number of its dtype (1.2e-38 in float32)
processors work with it many times as slowly, and a training whose gradients vanish would spend most of its time on
numbers that change nothing (``benchmarks/vanishing.py``). Some frameworks switch the processor to "flush to zero";
NumPy has no such switch.
"""

from functools import cache
from typing import Any

import numpy as np

from unrolled.rnn.arrays import Array


def round_tiny(gradient: Array) -> None:
    """Round to whole multiples of about 2e-19 (float32; 4e-289 in float64), in place, so that less than half is 0.

    A number changes by at most half a multiple or by its own last place, and from 6e-5 (1e-257) up not at all. What is
    left has a distance of 64 powers of two from the numbers that are slow, for the next few steps to use up. Of
    complex numbers, which are for checks, the real part is rounded alone.
    """
    large = _large(gradient.dtype)
    np.add(gradient, large, gradient)
    np.subtract(gradient, large, gradient)


@cache
def _large(dtype: np.dtype[Any]) -> Array:
    """Return a number so large that, added and subtracted again, it takes with it all that is too small beside it."""
    numbers = np.finfo(dtype)
    return np.array(numbers.tiny / numbers.eps * 2.0**64, numbers.dtype)
