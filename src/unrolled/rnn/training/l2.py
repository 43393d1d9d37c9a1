"""L2 regularization: a penalty on the size of the weights."""

import numpy as np

from unrolled._support.validation import real_number
from unrolled.rnn.arrays import Parameters, ReadOnlyParameters


def l2_penalty(parameters: ReadOnlyParameters, strength: float) -> tuple[float, Parameters]:
    """Return ``strength / 2`` times the sum of all squared weights, and its gradient; biases are left out.

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

    See Also
    --------
    train : Its ``l2`` adds this to what is minimized.
    AdamW : Weights that decay apart from the gradient.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> penalty, gradients = rnn.l2_penalty({"W_hh": np.array([[3.0]]), "b_h": np.array([4.0])}, 0.5)
    >>> penalty, gradients["W_hh"].tolist(), "b_h" in gradients
    (2.25, [[1.5]], False)
    """
    strength = real_number(strength, "strength", 0)
    penalty = strength / 2 * sum(float(np.vdot(W, W)) for W in parameters.values() if W.ndim == 2)
    return penalty, _gradients(parameters, strength)


def add_l2(gradients: Parameters, parameters: ReadOnlyParameters, strength: float) -> None:
    """Add the penalty's gradient to the others, in place."""
    for name, gradient in _gradients(parameters, strength).items():
        gradients[name] += gradient


def _gradients(parameters: ReadOnlyParameters, strength: float) -> Parameters:
    return {name: W.dtype.type(strength) * W for name, W in parameters.items() if W.ndim == 2}
