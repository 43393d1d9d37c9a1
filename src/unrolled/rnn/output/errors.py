"""Losses of numbers, with their gradients: squared, absolute and Huber's errors, and Poisson's."""

import numpy as np

from unrolled.rnn.arrays import Array
from unrolled.rnn.output.losses import floats


def squared_error(Z: Array, Y: Array, weights: Array | None = None) -> tuple[Array, Array]:
    """Compute the mean squared error: the mean over the K numbers of a row, averaged over the batch.

    ::

        E = sum over the rows of w sum_k (Z_k - Y_k)^2 / K    (E1)
        dE/dZ_k = w 2 (Z_k - Y_k) / K                         (E2)

    Parameters
    ----------
    Z : ndarray, shape (..., m, K)
        What the network says.
    Y : ndarray, shape (..., m, K)
        Targets.
    weights : ndarray, shape (..., m), optional
        w, what each row weighs in the sum; by default 1 / m.

    Returns
    -------
    E : scalar of Z's dtype (of whole numbers, float64)
    dZ : ndarray, shape (..., m, K)

    Raises
    ------
    ValueError
        If the shapes differ.

    See Also
    --------
    Linear : The head with this loss.
    unrolled.metrics.mean_squared_error : The same number, of predictions.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> E, dZ = rnn.squared_error(np.array([[3.0, 1.0]]), np.array([[1.0, 1.0]]))
    >>> float(E), dZ.tolist()
    (2.0, [[2.0, 0.0]])
    """
    Z, Y, w = floats(Z, Y, weights)
    w = w / w.dtype.type(Z.shape[-1])
    error = Z - Y
    return (w * error * error).sum(), w * 2 * error  # (E1), (E2)


def absolute_error(Z: Array, Y: Array, weights: Array | None = None) -> tuple[Array, Array]:
    """Compute the mean absolute error: the mean over the K numbers of a row, averaged over the batch.

    ::

        E = sum over the rows of w sum_k |Z_k - Y_k| / K    (E3)
        dE/dZ_k = w sign(Z_k - Y_k) / K                     (E4)

    Parameters
    ----------
    Z, Y, weights
        As for :func:`squared_error`.

    Returns
    -------
    E : scalar of Z's dtype (of whole numbers, float64)
    dZ : ndarray, shape (..., m, K)
        0 where Z is Y.

    Raises
    ------
    ValueError
        If the shapes differ.

    See Also
    --------
    Linear : Has it as ``loss="absolute"``.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> E, dZ = rnn.absolute_error(np.array([[3.0, 1.0]]), np.array([[1.0, 1.0]]))
    >>> float(E), dZ.tolist()
    (1.0, [[0.5, 0.0]])
    """
    Z, Y, w = floats(Z, Y, weights)
    w = w / w.dtype.type(Z.shape[-1])
    error = Z - Y
    sign = np.sign(error.real)  # the real part's, for the complex step
    return (w * sign * error).sum(), w * sign  # (E3), (E4)


def huber_loss(Z: Array, Y: Array, weights: Array | None = None, delta: float = 1.0) -> tuple[Array, Array]:
    """Compute Huber's loss: squared where the error is small, absolute where it is large.

    ::

        h(e) = e^2 / 2 if |e| <= delta, else delta (|e| - delta / 2)    (E5)
        E = sum over the rows of w sum_k h(Z_k - Y_k) / K               (E6)
        dE/dZ_k = w max(-delta, min(delta, Z_k - Y_k)) / K              (E7)

    Parameters
    ----------
    Z, Y, weights
        As for :func:`squared_error`.
    delta : float, default 1
        From which error on it is the absolute one.

    Returns
    -------
    E : scalar of Z's dtype (of whole numbers, float64)
    dZ : ndarray, shape (..., m, K)

    Raises
    ------
    ValueError
        If the shapes differ.

    See Also
    --------
    Linear : Has it as ``loss="huber"``.

    References
    ----------
    P. J. Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35 (1964).

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> E, dZ = rnn.huber_loss(np.array([[3.0, 1.0]]), np.array([[1.0, 0.5]]))
    >>> float(E), dZ.tolist()
    (0.8125, [[0.5, 0.25]])
    """
    Z, Y, w = floats(Z, Y, weights)
    w, delta = w / w.dtype.type(Z.shape[-1]), w.dtype.type(delta)
    error = Z - Y
    sign, small = np.sign(error.real), np.abs(error.real) <= delta
    h = np.where(small, error * error / 2, delta * (sign * error - delta / 2))  # (E5)
    return (w * h).sum(), w * np.where(small, error, delta * sign)  # (E6), (E7)


def poisson_loss(Z: Array, Y: Array, weights: Array | None = None) -> tuple[Array, Array]:
    """Compute the negative log-likelihood of counts whose mean is exp(Z), but for log Y!, which no weight changes.

    ::

        E = sum over the rows of w sum_k (exp(Z_k) - Y_k Z_k) / K    (E8)
        dE/dZ_k = w (exp(Z_k) - Y_k) / K                             (E9)

    Parameters
    ----------
    Z, Y, weights
        As for :func:`squared_error`; Y are counts, 0 or more.

    Returns
    -------
    E : scalar of Z's dtype (of whole numbers, float64)
    dZ : ndarray, shape (..., m, K)

    Raises
    ------
    ValueError
        If the shapes differ.

    See Also
    --------
    Poisson : The head with this loss.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> E, dZ = rnn.poisson_loss(np.zeros((1, 1)), np.array([[3.0]]))
    >>> float(E), dZ.tolist()
    (1.0, [[-2.0]])
    """
    Z, Y, w = floats(Z, Y, weights)
    w = w / w.dtype.type(Z.shape[-1])
    mean = np.exp(Z)
    return (w * (mean - Y * Z)).sum(), w * (mean - Y)  # (E8), (E9)
