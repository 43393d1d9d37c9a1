"""L2 regularisation: a penalty on the size of the weights."""

import numpy as np

from unrolled.rnn.arrays import Parameters, ReadOnlyParameters
from unrolled.rnn.inputs import number


def l2_penalty(parameters: ReadOnlyParameters, strength: float) -> tuple[float, Parameters]:
    """Give ``strength / 2`` times the sum of all squared weights, and its gradient; biases are left out.

    Parameters
    ----------
    parameters : mapping of ndarray
        Those of two axes are weights.
    strength : float
        0 or more.

    Returns
    -------
    penalty : float
    gradients : dict of ndarray
        ``strength W``, for the weights alone.
    """
    if number(strength, "strength") < 0:
        raise ValueError(f"strength is {strength!r}, expected 0 or more")
    penalty = strength / 2 * sum(float(np.vdot(W, W)) for W in parameters.values() if W.ndim == 2)
    return penalty, _gradients(parameters, strength)


def add_l2(gradients: Parameters, parameters: ReadOnlyParameters, strength: float) -> None:
    """Add the penalty's gradient to the others, in place."""
    for name, gradient in _gradients(parameters, strength).items():
        gradients[name] += gradient


def _gradients(parameters: ReadOnlyParameters, strength: float) -> Parameters:
    return {name: W.dtype.type(strength) * W for name, W in parameters.items() if W.ndim == 2}
