"""Smooth random curves: cubic splines through random knots."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


@lru_cache(maxsize=64)
def spline(T: int, knots: int) -> NDArray[np.float64]:
    """Return the matrix (T, knots + 2) that takes the values at the knots to those at all steps.

    A cubic spline through given places depends linearly on the values there, so one matrix serves every curve. The
    knots stand evenly over the steps, one on the first, one on the last, and ``knots`` between them.
    """
    from scipy.interpolate import CubicSpline  # its import takes longer than that of all of unrolled.data

    places = np.linspace(0, 1, knots + 2)
    matrix: NDArray[np.float64] = CubicSpline(places, np.eye(knots + 2))(np.linspace(0, 1, T))
    matrix.setflags(write=False)  # it is shared by all who ask
    return matrix
