"""Multi-category binary cross-entropy, equation (3), from logits."""

import numpy as np

from unrolled.rnn.arrays import Array


def binary_cross_entropy(Z: Array, Y: Array) -> tuple[Array, Array]:
    """Loss and its gradient: summed over the classes, averaged over the batch.

    With ``Y_hat = sigmoid(Z)``, equation (3) is ``-sum_i Y_i log Y_hat_i + (1 - Y_i) log(1 - Y_hat_i)``.
    That is ``max(Z, 0) - Y Z + log(1 + exp(-|Z|))``: no logarithm of a rounded probability is ever taken, and
    the loss is finite and exact for any finite logit.

    Parameters
    ----------
    Z : ndarray, shape (m, C)
        Logits, ``W_ho A_T + b_o``.
    Y : ndarray, shape (m, C)
        Targets in [0, 1]; one-hot rows for the report's task.

    Returns
    -------
    E : scalar of Z's dtype
    dZ : ndarray, shape (m, C)
        ``(Y_hat - Y) / m``, the first line of section 2.3 and its 1/m. Written as
        ``(1 - Y) sigmoid(Z) - Y sigmoid(-Z)``, which is the same without the cancellation near Y = 1.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if Z.shape != Y.shape:
        raise ValueError(f"Z has shape {Z.shape} and Y {Y.shape}, expected the same: Y has a row of C targets a sample")
    m = Z.dtype.type(len(Z))
    negative = Z.real < 0
    e = np.exp(
        np.where(negative, Z, -Z)
    )  # exp(-|Z|) never overflows; the sign is the real part's, for the complex step
    E = (np.where(negative, 0, Z) - Y * Z + np.log1p(e)).sum() / m
    small, large = e / (1 + e), 1 / (1 + e)
    dZ = ((1 - Y) * np.where(negative, small, large) - Y * np.where(negative, large, small)) / m
    return E, dZ
