"""Instruments: what a network does over time, and what the loss looks like where it stands.

A network is a dynamical system that is trained, and every array of it can be looked at. What is here stands on the
gradients of :mod:`unrolled.rnn`, which are written by hand, and on NumPy and SciPy alone. All of it works in float64,
whatever the network's dtype, and changes nothing.
"""

from unrolled.dynamics.curvature import Curvature, curvature
from unrolled.dynamics.hessian import Hessian, hessian_vector_product
from unrolled.dynamics.loss_slice import LossSlice, loss_slice

__all__ = [
    "Curvature",
    "Hessian",
    "LossSlice",
    "curvature",
    "hessian_vector_product",
    "loss_slice",
]
