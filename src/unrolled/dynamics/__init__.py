"""Instruments: what a network does over time, and what the loss looks like where it stands.

A network is a dynamical system that is trained, and every array of it can be looked at. What is here stands on the
gradients of :mod:`unrolled.rnn`, which are written by hand, and on NumPy and SciPy alone. All of it works in float64,
whatever the network's dtype, and changes nothing.
"""

from unrolled.dynamics.curvature import Curvature, curvature
from unrolled.dynamics.fixed_points import FixedPoints, fixed_points
from unrolled.dynamics.gradient_profile import GradientProfile, gradient_profile
from unrolled.dynamics.hessian import Hessian, hessian_vector_product
from unrolled.dynamics.jacobians import Jacobians, jacobians
from unrolled.dynamics.loss_slice import LossSlice, loss_slice
from unrolled.dynamics.lyapunov import LyapunovSpectrum, kaplan_yorke_dimension, lyapunov_spectrum
from unrolled.dynamics.recorder import Record, Recorder
from unrolled.dynamics.system import System, states

__all__ = [
    "Curvature",
    "FixedPoints",
    "GradientProfile",
    "Hessian",
    "Jacobians",
    "LossSlice",
    "LyapunovSpectrum",
    "Record",
    "Recorder",
    "System",
    "curvature",
    "fixed_points",
    "gradient_profile",
    "hessian_vector_product",
    "jacobians",
    "kaplan_yorke_dimension",
    "loss_slice",
    "lyapunov_spectrum",
    "states",
]
