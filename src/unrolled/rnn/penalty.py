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
    weights = {name: W for name, W in parameters.items() if W.ndim == 2}
    penalty = strength / 2 * sum(float(np.vdot(W, W)) for W in weights.values())
    return penalty, {name: W.dtype.type(strength) * W for name, W in weights.items()}


def add_l2(gradients: Parameters, parameters: ReadOnlyParameters, strength: float) -> None:
    """Add the penalty's gradient to the others, in place."""
    for name, W in parameters.items():
        if W.ndim == 2:
            gradients[name] += W.dtype.type(strength) * W
