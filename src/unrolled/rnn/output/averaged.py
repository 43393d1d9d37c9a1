"""The logits whose probabilities are the mean of those of several logits, without a logarithm of a rounded one."""

from collections.abc import Iterable, Sequence
from functools import reduce

import numpy as np

from unrolled.rnn.arrays import Array
from unrolled.rnn.output.heads import Head, Sigmoid, Softmax
from unrolled.rnn.output.numbers import Linear, Poisson

KNOWN = (Sigmoid, Softmax, Linear, Poisson)
"""Heads whose probabilities are known to be of which logits, to the exact class."""


def averaged_logits(head: Head, Z: Sequence[Array]) -> Array:
    """Compute logits such that ``head.probabilities`` of them is the mean of ``head.probabilities`` of each of Z.

    With P the mean over n::

        Sigmoid   log P - log(1 - P)
        Softmax   log P
        Linear    P
        Poisson   log P

    where ``log P`` is ``logsumexp(log Y_hat) - log n``, and ``log Y_hat`` is of the logits: the result is finite for
    any finite logits but the largest, also where all probabilities round to 0 or 1.

    Parameters
    ----------
    head : Sigmoid, Softmax, Linear or Poisson
    Z : sequence of ndarray, shape (..., C)
        Logits, at least of one.

    Returns
    -------
    ndarray of float64, shape (..., C)

    Raises
    ------
    ValueError
        If the head is another: which logits its probabilities are of is not known.

    See Also
    --------
    unrolled.rnn.Ensemble : Whose loss is of these logits.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> Z = averaged_logits(rnn.Sigmoid(), [np.array([0.0]), np.array([-800.0])])
    >>> rnn.sigmoid(Z).tolist()
    [0.25]
    """
    if type(head) not in KNOWN:
        raise ValueError(
            f"the head is {head!r}, of which no loss of a mean is known, expected one of "
            f"{', '.join(each.__name__ for each in KNOWN)}; of others, measure what predict returns"
        )
    logits = [each.astype(np.float64) for each in Z]
    if isinstance(head, Linear):
        return np.asarray(sum(logits) / len(logits))
    if isinstance(head, Softmax):
        return _log_mean_exp(each - np.logaddexp.reduce(each, -1, keepdims=True) for each in logits)
    if isinstance(head, Poisson):
        return _log_mean_exp(logits)
    log_P, log_1_P = (_log_mean_exp(-np.logaddexp(0, -sign * each) for each in logits) for sign in (1, -1))
    return np.asarray(log_P - log_1_P)


def _log_mean_exp(logarithms: Iterable[Array]) -> Array:
    each = list(logarithms)
    return np.asarray(reduce(np.logaddexp, each) - np.log(len(each)))
