"""Cross-entropies from logits, with their gradients."""

import numpy as np

from unrolled.rnn.arrays import Array


def binary_cross_entropy(Z: Array, Y: Array, weights: Array | None = None) -> tuple[Array, Array]:
    """Compute the multi-category binary cross-entropy, equation (3): summed over the classes, averaged over the batch.

    With ``Y_hat = sigmoid(Z)``, equation (3) is ``-sum_i Y_i log Y_hat_i + (1 - Y_i) log(1 - Y_hat_i)``.
    As ``-log(sigmoid(Z))`` is ``log(1 + exp(-Z))`` and ``-log(1 - sigmoid(Z))`` is Z more, that is
    ``max(Z, 0) - Y Z + log(1 + exp(-|Z|))``: no logarithm of a rounded probability is ever taken, and
    the loss is finite and exact for any finite logit.

    Parameters
    ----------
    Z : ndarray, shape (..., m, C)
        Logits, ``W_ho A_T + b_o``.
    Y : ndarray, shape (..., m, C)
        Targets in [0, 1]; one-hot rows for the report's task.
    weights : ndarray, shape (..., m), optional
        What each row weighs in the sum; by default 1 / m.

    Returns
    -------
    E : scalar of Z's dtype (of whole numbers, float64)
    dZ : ndarray, shape (..., m, C)
        ``(Y_hat - Y) / m``, the first line of section 2.3 and its 1/m. Written as
        ``(1 - Y) sigmoid(Z) - Y sigmoid(-Z)``, which is the same without the cancellation near Y = 1.

    Raises
    ------
    ValueError
        If the shapes differ.

    See Also
    --------
    Sigmoid : The head with this loss.
    categorical_cross_entropy : That of probabilities that sum to 1.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> E, dZ = rnn.binary_cross_entropy(np.zeros((1, 2)), np.array([[0.0, 1.0]]))
    >>> round(float(E), 6), dZ.tolist()  # 2 log 2
    (1.386294, [[0.5, -0.5]])
    """
    Z, Y, w = floats(Z, Y, weights)
    negative = Z.real < 0
    e = np.exp(
        np.where(negative, Z, -Z)
    )  # exp(-|Z|) never overflows; the sign is the real part's, for the complex step
    E = (w * (np.where(negative, 0, Z) - Y * Z + np.log1p(e))).sum()  # (3)
    small, large = e / (1 + e), 1 / (1 + e)
    # The derivative of (3) times the sigmoid's, s (1 - s), is Y_hat - Y.
    dZ = w * ((1 - Y) * np.where(negative, small, large) - Y * np.where(negative, large, small))
    return E, dZ


def categorical_cross_entropy(Z: Array, Y: Array, weights: Array | None = None) -> tuple[Array, Array]:
    """Compute the cross-entropy of a softmax, averaged over the batch.

    With ``Y_hat = softmax(Z)`` and rows of Y that sum to 1, ``-sum_i Y_i log Y_hat_i`` is
    ``log(sum_i exp(Z_i)) - sum_i Y_i Z_i``, computed with the largest logit taken off each row, so that its term
    in the sum is 1 and the logarithm keeps what the others add, however small.

    Parameters
    ----------
    Z : ndarray, shape (..., m, C)
        Logits.
    Y : ndarray, shape (..., m, C)
        Targets in [0, 1], rows that sum to 1.
    weights : ndarray, shape (..., m), optional
        What each row weighs in the sum; by default 1 / m.

    Returns
    -------
    E : scalar of Z's dtype (of whole numbers, float64)
    dZ : ndarray, shape (..., m, C)
        ``(Y_hat - Y) / m``, written as ``(1 - Y) Y_hat - Y (1 - Y_hat)`` with 1 - Y_hat the sum of the others, which
        is the same without the cancellation near Y = 1.

    Raises
    ------
    ValueError
        If the shapes differ.

    See Also
    --------
    Softmax : The head with this loss.
    binary_cross_entropy : The report's loss.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> E, dZ = rnn.categorical_cross_entropy(np.zeros((1, 4)), np.array([[0.0, 1.0, 0.0, 0.0]]))
    >>> round(float(E), 6), dZ.tolist()  # log 4
    (1.386294, [[0.25, -0.75, 0.25, 0.25]])
    """
    Z, Y, w = floats(Z, Y, weights)
    largest = Z.real.argmax(-1)[..., None]
    Z = Z - np.take_along_axis(Z.real, largest, -1)
    e = np.exp(Z)
    others = e @ (1 - np.eye(Z.shape[-1], dtype=e.dtype))  # the sum of all but each
    total = e + others
    top, lesser = (np.take_along_axis(of, largest, -1) for of in (Z, others))  # top is 0, but for the complex step
    log_sum = top + np.log1p(lesser * np.exp(-top))
    E = (w * (log_sum - (Y * Z).sum(-1, keepdims=True))).sum()
    return E, w * ((1 - Y) * (e / total) - Y * (others / total))


def floats(Z: Array, Y: Array, weights: Array | None) -> tuple[Array, Array, Array]:
    """Return Z and Y of one shape, whole numbers as float64, and what each row weighs as (..., m, 1)."""
    Z, Y = np.asarray(Z), np.asarray(Y)
    if Z.dtype.kind in "biu":
        Z = Z.astype(np.float64)
    if Z.shape != Y.shape:
        raise ValueError(f"Z has shape {Z.shape} and Y {Y.shape}, expected the same: Y has a row of C targets a sample")
    if weights is None:
        return Z, Y, np.full((*Z.shape[:-1], 1), 1 / Z.shape[-2], Z.real.dtype)
    if weights.shape != Z.shape[:-1]:
        raise ValueError(f"weights have shape {weights.shape}, expected {Z.shape[:-1]}, one for each row of Z")
    return Z, Y, weights[..., None]
