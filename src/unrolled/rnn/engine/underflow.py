"""Gradients that vanish, held away from the smallest numbers there are.

On its way back a gradient may shrink without end. Below the smallest normal number of its dtype (1.2e-38 in float32)
processors work with it many times as slowly, and a training whose gradients vanish would spend most of its time on
numbers that change nothing (``benchmarks/vanishing.py``). Some frameworks switch the processor to "flush to zero";
NumPy has no such switch.

So what is tiny is rounded, and tiny means: beside the largest gradient that enters a layer's way back. That is brought
near 1 by a power of two, which changes no digit, and what the layer sums up is brought back by the same power.
"""

import math
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, TypeAlias

import numpy as np

from unrolled.rnn.arrays import Array, Parameters

GoBack: TypeAlias = Callable[[Array | None, Array | None], tuple[Parameters, Array | None]]
"""From the gradients in the last states and in all states to those in the parameters and in the inputs."""

ROOM = 40
"""How many powers of two less a gradient is made larger by where it grows out of the numbers there are."""


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


def near_one(go_back: GoBack, dA_T: Array | None, dA: Array | None, power: int) -> tuple[Parameters, Array | None, int]:
    """Go back through a layer with the largest of the gradients that enter it near 1.

    Parameters
    ----------
    go_back : callable
        The layer's way back, which multiplies what it returns by what it is handed.
    dA_T, dA : ndarray or None
        The gradients that enter, times ``2.0**power``.
    power : int

    Returns
    -------
    gradients : dict of ndarray
        In the layer's parameters.
    dX : ndarray or None
        In its inputs, times two to the power that follows.
    power : int
    """
    to_one = _power_to_one([dA_T, dA], power)
    for more in (to_one, max(to_one - ROOM, -power), -power):
        if power + more <= 0:
            gradients, dX = go_back(times(dA_T, more), times(dA, more))
            break
        with np.errstate(over="ignore", invalid="ignore"):
            gradients, dX = go_back(times(dA_T, more), times(dA, more))
            if _are_finite([*gradients.values(), dX]):
                break
        # It grows by so much on its way that, made larger, it leaves the numbers there are.
    power += more
    if power:
        gradients = {name: times(gradient, -power) for name, gradient in gradients.items()}
    return gradients, dX, power


def times(gradient: Array | None, power: int) -> Any:
    """Return a gradient times ``2.0**power``: a copy, or itself where that is 1 or where it is no array."""
    if power == 0 or not isinstance(gradient, np.ndarray):
        return gradient
    each = _each(gradient)
    product = each * _power_of_two(each.dtype, power)
    return product if each is gradient else np.broadcast_to(product, gradient.shape)


@cache
def _power_of_two(dtype: np.dtype[Any], power: int) -> Any:
    return np.ldexp(np.ones((), dtype).real, power)


def _power_to_one(gradients: Iterable[Array | None], power: int) -> int:
    """Return the power of two that brings the largest real part near 1, and leaves each power one that there is."""
    largest, most = 0.0, 0
    for gradient in gradients:
        if gradient is not None:
            largest = max(largest, _largest(_each(gradient).real))
            most = _most(gradient.dtype)
    to_one = min(max(-math.frexp(largest)[1], -most), most)  # 0 where the largest is 0, infinite or NaN
    return min(max(power + to_one, -most), most) - power


def _largest(gradient: Array) -> float:
    return float(max(gradient.max(), -gradient.min()))  # without memory for as many numbers


@cache
def _most(dtype: np.dtype[Any]) -> int:
    return int(np.finfo(dtype).maxexp) - 2


def _each(gradient: Array) -> Array:
    """Return a gradient, or its first step where all steps are the same memory."""
    return gradient[:1] if gradient.ndim == 3 and gradient.strides[0] == 0 else gradient


def _are_finite(gradients: Iterable[Any]) -> bool:
    """Return whether all numbers are finite; what is no array, another is to find fault with."""
    for gradient in gradients:
        if isinstance(gradient, np.ndarray):
            flat = gradient.ravel("K")
            if not math.isfinite(flat.dot(flat).real) and not np.isfinite(flat).all():  # the first is faster
                return False
    return True
