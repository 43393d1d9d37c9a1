"""How often a classifier is right, and how sure it was of it."""

from collections.abc import Sequence
from typing import overload

import numpy as np
from numpy.typing import ArrayLike

from unrolled._support.validation import numeric, whole_number
from unrolled.metrics.labels import check_sums, given_probabilities, pair, truth


def accuracy(y: ArrayLike, predicted: ArrayLike) -> float:
    """Return the fraction of the samples whose predicted class is the true one.

    Parameters
    ----------
    y : array_like, shape (N,) or (N, C)
        True classes, integers or one-hot rows.
    predicted : array_like, shape (N,)
        Predicted classes, integers.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If either is empty, of the wrong shape, or holds what is not a class, with the row; or if the lengths
        differ.

    See Also
    --------
    top_k_accuracy : Whether the true class is among the likeliest.
    confusion_matrix : Which classes are taken for which.

    Examples
    --------
    >>> accuracy([0, 1, 2, 2], [0, 1, 1, 2])
    0.75
    """
    true, guess, _ = pair(y, predicted, None)
    return float(np.mean(true == guess))


@overload
def top_k_accuracy(y: ArrayLike, scores: ArrayLike, k: int = 1) -> float: ...
@overload
def top_k_accuracy(y: ArrayLike, scores: ArrayLike, k: Sequence[int]) -> tuple[float, ...]: ...
def top_k_accuracy(y: ArrayLike, scores: ArrayLike, k: int | Sequence[int] = 1) -> float | tuple[float, ...]:
    """Return the fraction of the samples whose true class is among the k classes with the highest scores.

    Parameters
    ----------
    y : array_like, shape (N,) or (N, C)
        True classes, integers or one-hot rows.
    scores : array_like, shape (N, C)
        Probabilities or logits. Infinite ones are ranked like any other, NaN is refused.
    k : int or sequence of int, default 1
        How many classes count as the network's answer, 1 to C.

    Returns
    -------
    float, or tuple of float
        One number for an integer k, a tuple in the order of k for a sequence.

    Raises
    ------
    ValueError
        If an array is empty, of the wrong shape or holds what is not a class or a score, with the row; if the
        lengths differ; or if k is not a whole number from 1 to C.

    Notes
    -----
    Ties: classes with equal scores are ranked by their number, lowest first, as ``argmax`` does. So exactly k
    classes are the answer to each sample, never more: a network that gives all classes one score gets k/C on
    balanced data, not 1, and ``top_k_accuracy(y, scores, 1) == accuracy(y, scores.argmax(1))`` always. Where
    no two classes tie this equals scikit-learn's ``top_k_accuracy_score``, which ranks ties the other way
    round, highest number first, unlike argmax.

    Top-1, 2 and 3 are the measures of the report's section 3.

    See Also
    --------
    accuracy : The same for predicted classes.

    Examples
    --------
    >>> top_k_accuracy([0, 2], [[0.5, 0.3, 0.2], [0.6, 0.3, 0.1]], k=(1, 2, 3))
    (0.5, 0.5, 1.0)
    """
    values = numeric(scores, "scores")
    if values.ndim != 2 or values.size == 0:
        raise ValueError(f"scores has shape {values.shape}, expected C scores for each of N samples, (N, C)")
    n_classes = values.shape[1]
    if np.isnan(values).any():
        row, column = np.argwhere(np.isnan(values))[0]
        raise ValueError(f"scores holds nan in row {row}, class {column}, expected numbers to rank")
    true, _ = truth(y, n_classes)
    if len(true) != len(values):
        raise ValueError(f"y has {len(true)} rows and scores has {len(values)}, expected as many")
    several = k if isinstance(k, Sequence | np.ndarray) else None
    ks = [whole_number(each, "k", 1, n_classes) for each in ([k] if several is None else several)]

    score = np.take_along_axis(values, true[:, None], axis=1)
    earlier = np.arange(n_classes) < true[:, None]
    rank = ((values > score) | ((values == score) & earlier)).sum(1)  # 0 where argmax finds the true class
    fractions = tuple(float(np.mean(rank < each)) for each in ks)
    return fractions[0] if several is None else fractions


def log_loss(y: ArrayLike, probabilities: ArrayLike) -> float:
    """Return the mean negative logarithm of the probability that the true class was given.

    Parameters
    ----------
    y : array_like, shape (N,) or (N, C)
        True classes, integers or one-hot rows.
    probabilities : array_like, shape (N, C)
        Of each class, as of a network whose head is ``rnn.Softmax()``: each row adds up to 1.

    Returns
    -------
    float
        0 or more; infinite nowhere, as probabilities are held off 0 by the resolution of their dtype.

    Raises
    ------
    ValueError
        If an array is empty, of the wrong shape or holds what is not a class or a probability, with the row; if the
        lengths differ; or if a row does not add up to 1.

    See Also
    --------
    unrolled.rnn.categorical_cross_entropy : The same from logits, as networks are trained on it.

    Notes
    -----
    As scikit-learn's ``log_loss``, which also clips to ``finfo(dtype).eps``.

    Examples
    --------
    >>> round(log_loss([0, 1], [[0.9, 0.1], [0.5, 0.5]]), 4)
    0.3993
    """
    true, values = given_probabilities(y, probabilities)
    check_sums(values)
    eps = float(np.finfo(values.dtype).eps)
    given = np.take_along_axis(values, true[:, None], axis=1).clip(eps, 1 - eps)
    return float(-np.log(given.astype(np.float64)).mean())
