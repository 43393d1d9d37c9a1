"""How far predicted numbers are from the true ones."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from unrolled._support.validation import numeric
from unrolled.metrics.labels import FloatArray


def mean_squared_error(y: ArrayLike, predicted: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    """Compute the mean of the squared differences.

    Every number counts the same.

    Parameters
    ----------
    y, predicted : array_like, shape (N,), (N, K) or (N, T, K)
        True and predicted numbers.
    sample_weight : array_like, shape (N,), or (N, T) beside (N, T, K), optional
        How much each sample, or each step, counts; 0 for not at all.

    Returns
    -------
    float
        0 or more.

    Raises
    ------
    ValueError
        If an array is empty or holds what is not a finite number, with the place; if the shapes differ; or if weights
        are negative or all 0.

    See Also
    --------
    root_mean_squared_error : In the units of y.

    Examples
    --------
    >>> mean_squared_error([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0])
    0.375
    """
    true, guess, weight = _pair(y, predicted, sample_weight)
    return float(_squared_error(true, guess, weight).mean())


def root_mean_squared_error(y: ArrayLike, predicted: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    """Compute the root of the mean squared difference, in the units of y.

    Of K numbers it is the mean of the K roots, as scikit-learn has it.

    Parameters
    ----------
    y, predicted : array_like, shape (N,), (N, K) or (N, T, K)
        True and predicted numbers.
    sample_weight : array_like, shape (N,), or (N, T) beside (N, T, K), optional
        How much each sample, or each step, counts; 0 for not at all.

    Returns
    -------
    float
        0 or more.

    Raises
    ------
    ValueError
        If an array is empty or holds what is not a finite number, with the place; if the shapes differ; or if weights
        are negative or all 0.

    See Also
    --------
    normalized_root_mean_squared_error : In units of the spread of y.

    Examples
    --------
    >>> round(root_mean_squared_error([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0]), 4)
    0.6124
    """
    true, guess, weight = _pair(y, predicted, sample_weight)
    return float(np.sqrt(_squared_error(true, guess, weight)).mean())


def normalized_root_mean_squared_error(
    y: ArrayLike, predicted: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    """Compute the root mean squared difference in units of the standard deviation of y.

    The NRMSE of the literature on echo-state networks: always predicting the mean of y scores 1. Of K numbers it is the
    mean of the K quotients.

    Parameters
    ----------
    y, predicted : array_like, shape (N,), (N, K) or (N, T, K)
        True and predicted numbers.
    sample_weight : array_like, shape (N,), or (N, T) beside (N, T, K), optional
        How much each sample, or each step, counts; 0 for not at all.

    Returns
    -------
    float
        0 or more.

    Raises
    ------
    ValueError
        If an array is empty or holds what is not a finite number, with the place; if the shapes differ; or if weights
        are negative or all 0.
        Or if y does not vary.

    See Also
    --------
    r2_score : Of one number, 1 minus the square of this.

    Examples
    --------
    >>> y = [3.0, -0.5, 2.0, 7.0]
    >>> round(normalized_root_mean_squared_error(y, [2.5, 0.0, 2.0, 8.0]), 4)
    0.2267
    >>> normalized_root_mean_squared_error(y, 4 * [2.875])
    1.0
    """
    true, guess, weight = _pair(y, predicted, sample_weight)
    spread = np.ptp(true if weight is None else true[weight > 0], axis=0)
    if not spread.all():
        raise ValueError(f"y is constant in output {spread.argmin()}, expected numbers that vary, to normalize by")
    return float(np.sqrt(_squared_error(true, guess, weight) / _variance(true, weight)).mean())


def mean_absolute_error(y: ArrayLike, predicted: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    """Compute the mean of the absolute differences.

    Every number counts the same.

    Parameters
    ----------
    y, predicted : array_like, shape (N,), (N, K) or (N, T, K)
        True and predicted numbers.
    sample_weight : array_like, shape (N,), or (N, T) beside (N, T, K), optional
        How much each sample, or each step, counts; 0 for not at all.

    Returns
    -------
    float
        0 or more.

    Raises
    ------
    ValueError
        If an array is empty or holds what is not a finite number, with the place; if the shapes differ; or if weights
        are negative or all 0.

    See Also
    --------
    mean_squared_error : Where large differences count more.

    Examples
    --------
    >>> mean_absolute_error([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0])
    0.5
    """
    true, guess, weight = _pair(y, predicted, sample_weight)
    return float(np.average(np.abs(true - guess), axis=0, weights=weight).mean())


def r2_score(y: ArrayLike, predicted: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    """Compute the coefficient of determination: 1 minus the squared error as a fraction of the variance of y.

    Always predicting the mean of y scores 0; what is worse, less. Of K numbers it is the mean of the K scores. Where y
    does not vary, the score is 1.0 if the prediction is exact and else 0.0, as scikit-learn has it.

    Parameters
    ----------
    y, predicted : array_like, shape (N,), (N, K) or (N, T, K)
        True and predicted numbers.
    sample_weight : array_like, shape (N,), or (N, T) beside (N, T, K), optional
        How much each sample, or each step, counts; 0 for not at all.

    Returns
    -------
    float
        1 or less.

    Raises
    ------
    ValueError
        If an array is empty or holds what is not a finite number, with the place; if the shapes differ; or if weights
        are negative or all 0.

    See Also
    --------
    normalized_root_mean_squared_error : Of one number, the root of 1 minus this.

    Examples
    --------
    >>> round(r2_score([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0]), 4)
    0.9486
    """
    true, guess, weight = _pair(y, predicted, sample_weight)
    error, variance = _squared_error(true, guess, weight), _variance(true, weight)
    ratio = np.divide(error, variance, out=np.where(error == 0, 0.0, 1.0), where=variance != 0)
    return float((1 - ratio).mean())


def _squared_error(true: FloatArray, guess: FloatArray, weight: FloatArray | None) -> FloatArray:
    """Return the mean squared difference of each output, (K,)."""
    return np.asarray(np.average(np.square(true - guess), axis=0, weights=weight))


def _variance(true: FloatArray, weight: FloatArray | None) -> FloatArray:
    """Return the variance of each output, (K,)."""
    return np.asarray(np.average(np.square(true - np.average(true, axis=0, weights=weight)), axis=0, weights=weight))


def _pair(y: Any, predicted: Any, sample_weight: Any) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    """Return true and predicted numbers as (M, K), a row for each sample or step, and the rows' weights, (M,)."""
    true, guess = _numbers(y, "y"), _numbers(predicted, "predicted")
    if true.shape != guess.shape:
        raise ValueError(f"y has shape {true.shape} and predicted has {guess.shape}, expected the same")
    weight = None
    if sample_weight is not None:
        weight = _numbers(sample_weight, "sample_weight")
        shapes = [true.shape[:1], true.shape[:2]] if true.ndim == 3 else [true.shape[:1]]
        if weight.shape not in shapes:
            raise ValueError(
                f"sample_weight has shape {weight.shape}, expected {' or '.join(map(str, shapes))} beside y of shape "
                f"{true.shape}"
            )
        if weight.min() < 0 or not weight.any():
            raise ValueError("sample_weight holds a negative number or only zeros, expected 0 or more and not all 0")
        if true.ndim == 3:
            weight = np.broadcast_to(weight.reshape(len(true), -1), true.shape[:2]).reshape(-1)
    columns = true.shape[-1] if true.ndim > 1 else 1
    return true.reshape(-1, columns), guess.reshape(-1, columns), weight


def _numbers(values: Any, name: str) -> FloatArray:
    """Return values as float64, if there are any and all are finite."""
    array = numeric(values, name)
    if not 1 <= array.ndim <= 3 or array.size == 0:
        raise ValueError(f"{name} has shape {array.shape}, expected numbers (N,), (N, K) or (N, T, K), N > 0")
    bad = np.argwhere(~np.isfinite(array))
    if bad.size:
        place = tuple(bad[0].tolist())
        raise ValueError(f"{name} holds {array[place]} at {list(place)}, expected finite numbers")
    return np.asarray(array, np.float64)
