"""Whether probabilities mean what they say, and how they are made to."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unrolled._support.validation import one_of, real_number, whole_number
from unrolled.metrics.labels import FloatArray, IntArray, check_sums, given_probabilities, probability_rows

Head = Literal["softmax", "sigmoid"]

LARGEST_TEMPERATURE = 100.0
"""And its inverse the smallest: where more sharpening, or less, is always better, the search ends there."""

ROUNDING = 1e-12
"""By so much of it two losses may differ that are the same."""


@dataclass(frozen=True, eq=False)
class Reliability:
    """How often a network is right where it is how sure; made by `reliability`.

    Attributes
    ----------
    edges : ndarray, shape (bins + 1,), float64
        Of the bins of confidence, evenly from 0 to 1; a bin has its upper edge and not its lower one.
    confidence : ndarray, shape (bins,), float64
        Mean probability of the likeliest class among the samples of a bin, nan where there are none.
    accuracy : ndarray, shape (bins,), float64
        Fraction of them for which it is the true class, nan where there are none.
    support : ndarray, shape (bins,), int64
        How many samples of a bin there are.

    See Also
    --------
    reliability : Makes it, with an example.
    """

    edges: FloatArray
    confidence: FloatArray
    accuracy: FloatArray
    support: IntArray

    @property
    def expected_error(self) -> float:
        """The expected calibration error: how far accuracy is from confidence, in the mean over the samples."""
        apart = np.nan_to_num(np.abs(self.accuracy - self.confidence))
        return float((apart * self.support).sum() / self.support.sum())


def reliability(y: ArrayLike, probabilities: ArrayLike, *, bins: int = 15) -> Reliability:
    """Measure how often a network is right where it is how sure.

    Parameters
    ----------
    y : array_like, shape (N,) or (N, C)
        True classes, integers or one-hot rows.
    probabilities : array_like, shape (N, C)
        Of each class; rows need not add up to 1, as those of ``rnn.Sigmoid()`` do not. How sure a network is of a
        sample is the largest of its row.
    bins : int, default 15
        Into how many bins of equal width confidence is divided.

    Returns
    -------
    Reliability

    Raises
    ------
    ValueError
        If an array is empty, of the wrong shape or holds what is not a class or a probability, with the row; if the
        lengths differ; or if bins is no whole number from 1.

    See Also
    --------
    unrolled.plots.reliability : It drawn.
    expected_calibration_error : It as one number.

    Examples
    --------
    >>> from unrolled import metrics
    >>> found = metrics.reliability([0, 1, 1], [[0.9, 0.1], [0.6, 0.4], [0.3, 0.7]], bins=2)
    >>> found.confidence.round(3).tolist(), found.accuracy.round(3).tolist(), found.support.tolist()
    ([nan, 0.733], [nan, 0.667], [0, 3])
    """
    bins = whole_number(bins, "bins", 1, 2**20)
    true, values = given_probabilities(y, probabilities)
    sure = values.max(axis=1).astype(np.float64)
    right = values.argmax(axis=1) == true
    edges = np.linspace(0, 1, bins + 1)
    of = np.digitize(sure, edges[1:], right=True)
    support = np.bincount(of, minlength=bins).astype(np.int64)
    with np.errstate(invalid="ignore"):  # 0 / 0: nan where there are none
        confidence, accuracy = (np.bincount(of, weights, minlength=bins) / support for weights in (sure, right))
    return Reliability(edges, confidence, accuracy, support)


def expected_calibration_error(y: ArrayLike, probabilities: ArrayLike, *, bins: int = 15) -> float:
    """Return how far a network's confidence is from how often it is right, in the mean over the samples.

    ``sum_b n_b / N |accuracy_b - confidence_b|``, over bins b of confidence. 0 for a network that is right in 7 of 10
    cases where it says 0.7. It depends on the bins, and is above 0 by chance where they hold few samples: compare only
    what was measured alike.

    Parameters
    ----------
    y, probabilities, bins
        As for `reliability`.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ValueError
        As `reliability`.

    See Also
    --------
    reliability : Each bin by itself.
    fit_temperature : What lowers it.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural networks", ICML 2017, section 2.

    Examples
    --------
    >>> from unrolled import metrics
    >>> round(metrics.expected_calibration_error([0, 1], [[0.9, 0.1], [0.9, 0.1]]), 3)  # half of them, not 0.9
    0.4
    """
    return reliability(y, probabilities, bins=bins).expected_error


def fit_temperature(y: ArrayLike, probabilities: ArrayLike, *, head: Head = "softmax") -> float:
    """Return the temperature by which a network's logits are divided for the least loss on these samples.

    Fit it on validation samples, which were not trained on; then `tempered` makes probabilities of it. Classes keep
    their order, and so does every accuracy: one number cannot overfit much.

    Parameters
    ----------
    y : array_like, shape (N,) or (N, C)
        True classes, integers or one-hot rows.
    probabilities : array_like, shape (N, C)
        Of each class, as of ``net.predict_proba``; their logits follow from them.
    head : {"softmax", "sigmoid"}, default "softmax"
        Where they are from, and with it which loss: categorical cross-entropy of rows that add up to 1, or binary
        cross-entropy of each class.

    Returns
    -------
    float
        Above 1 for a network that is surer than it should be; from 0.01 to 100, an end where no loss is least: a
        network that is never wrong can always be surer. 1 where nothing is better.

    Raises
    ------
    ValueError
        As `reliability`; or if head is none of these, or rows do not add up to 1 for "softmax".

    See Also
    --------
    tempered : Probabilities at a temperature.
    expected_calibration_error : What is to become small.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural networks", ICML 2017, section 4.2.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import metrics
    >>> y, says = [0, 0, 0, 1], np.full((4, 2), [0.99, 0.01])  # right in three of four cases
    >>> T = metrics.fit_temperature(y, says)
    >>> round(T, 2), metrics.tempered(says, T)[0].round(3).tolist()
    (4.18, [0.75, 0.25])
    """
    from scipy.optimize import minimize_scalar

    true, values = given_probabilities(y, probabilities)
    Z = _logits(values, head)
    targets = np.arange(Z.shape[1]) == true[:, np.newaxis]
    of = _categorical if head == "softmax" else _binary

    def loss(log_T: float) -> float:
        return of(Z * np.exp(-log_T), targets)

    limit = np.log(LARGEST_TEMPERATURE)
    # The loss is convex in 1 / T, and so has one minimum in log T as well.
    found = minimize_scalar(loss, bounds=(-limit, limit), method="bounded", options={"xatol": 1e-8}).x
    return float(np.exp(found)) if loss(found) < (1 - ROUNDING) * loss(0.0) else 1.0


def tempered(probabilities: ArrayLike, temperature: float, *, head: Head = "softmax") -> NDArray[Any]:
    """Return the probabilities of a network whose logits are divided by a temperature.

    Parameters
    ----------
    probabilities : array_like, shape (N, C)
        Of each class, as of ``net.predict_proba``.
    temperature : float
        Above 0, such as `fit_temperature` finds it; 1 changes nothing.
    head : {"softmax", "sigmoid"}, default "softmax"
        Where they are from.

    Returns
    -------
    ndarray, shape (N, C)
        Of the same dtype.

    Raises
    ------
    ValueError
        If probabilities, temperature or head are not as described.

    See Also
    --------
    fit_temperature : The one that fits validation samples.

    Examples
    --------
    >>> from unrolled import metrics
    >>> metrics.tempered([[0.8, 0.2]], 2.0).round(3).tolist()
    [[0.667, 0.333]]
    """
    temperature = real_number(temperature, "temperature", above=0)
    values = probability_rows(probabilities)
    Z = _logits(values, head) / temperature
    if head == "softmax":
        return np.exp(Z - _log_sum(Z)).astype(values.dtype)
    return np.exp(-np.logaddexp(0, -Z)).astype(values.dtype)


def _logits(values: NDArray[Any], head: str) -> FloatArray:
    """Return logits (N, C) of probabilities, those of a softmax up to a constant a row; 0 and 1 are held apart."""
    one_of(head, ("softmax", "sigmoid"), "head")
    kind = np.finfo(values.dtype)
    p = values.clip(kind.tiny, 1 - kind.epsneg).astype(np.float64)
    if head == "softmax":
        check_sums(values, ', or head="sigmoid"')
        return np.asarray(np.log(p))
    return np.asarray(np.log(p) - np.log1p(-p))


def _categorical(Z: FloatArray, targets: NDArray[np.bool_]) -> float:
    """Return the loss of a softmax."""
    return float(np.mean(_log_sum(Z)[:, 0] - Z[targets]))


def _binary(Z: FloatArray, targets: NDArray[np.bool_]) -> float:
    """Return the loss of sigmoids, of one class in the mean: the temperature of the least is the same."""
    return float(np.logaddexp(0, np.where(targets, -Z, Z)).mean())


def _log_sum(Z: FloatArray) -> FloatArray:
    """Return log sum exp over each row, (N, 1)."""
    most = Z.max(axis=1, keepdims=True)
    return np.asarray(most + np.log(np.exp(Z - most).sum(axis=1, keepdims=True)))
