"""From logits to probabilities."""

import numpy as np

from unrolled.rnn.arrays import Array


def sigmoid(Z: Array) -> Array:
    """Logistic function ``1 / (1 + exp(-Z))``, equation (2), one probability a class.

    The probabilities of a row need not sum to 1 (section 2.2 of the report). No logit overflows, and
    the small end keeps its relative precision: ``sigmoid(-50)`` is ``exp(-50)``, not 0.

    Parameters
    ----------
    Z : ndarray of float or complex, any shape
        Logits. Complex ones are for the complex-step check: the sign is taken of the real part.

    Returns
    -------
    ndarray, same shape and dtype
    """
    negative = Z.real < 0
    e = np.exp(np.where(negative, Z, -Z))  # exp(-|Z|), analytic on either side of zero
    return np.asarray(np.where(negative, e, 1) / (1 + e))
