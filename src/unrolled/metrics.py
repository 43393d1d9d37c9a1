"""How well a classifier did: accuracy, top-k accuracy, confusion matrices, scores per class.

Everywhere, the truth ``y`` is integer labels (N,) or one-hot rows (N, C), ``predicted`` is integer labels
(N,), and ``scores`` (N, C) are probabilities or logits: larger for what the network thinks likelier.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unrolled._support.validation import numeric

__all__ = ["ClassScores", "accuracy", "class_scores", "confusion_matrix", "top_k_accuracy"]

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
Normalize = Literal["true", "predicted", "all"]


MOST_CLASSES = 2**16
"""A label beyond, where nothing says how many classes there are, is a mistake, and its matrix would fill the memory."""


def accuracy(y: ArrayLike, predicted: ArrayLike) -> float:
    """Share of the samples whose predicted class is the true one.

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

    Examples
    --------
    >>> accuracy([0, 1, 2, 2], [0, 1, 1, 2])
    0.75
    """
    true, guess, _ = _pair(y, predicted, None)
    return float(np.mean(true == guess))


@overload
def top_k_accuracy(y: ArrayLike, scores: ArrayLike, k: int = 1) -> float: ...
@overload
def top_k_accuracy(y: ArrayLike, scores: ArrayLike, k: Sequence[int]) -> tuple[float, ...]: ...
def top_k_accuracy(y: ArrayLike, scores: ArrayLike, k: int | Sequence[int] = 1) -> float | tuple[float, ...]:
    """Share of the samples whose true class is among the k classes with the highest scores.

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
    true, _ = _truth(y, n_classes)
    if len(true) != len(values):
        raise ValueError(f"y has {len(true)} rows and scores has {len(values)}, expected as many")
    several = k if isinstance(k, Sequence | np.ndarray) else None
    ks = [_count(each, "k", n_classes) for each in ([k] if several is None else several)]

    own = np.take_along_axis(values, true[:, None], axis=1)
    earlier = np.arange(n_classes) < true[:, None]
    place = ((values > own) | ((values == own) & earlier)).sum(1)  # 0 where argmax finds the true class
    shares = tuple(float(np.mean(place < each)) for each in ks)
    return shares[0] if several is None else shares


@overload
def confusion_matrix(
    y: ArrayLike, predicted: ArrayLike, *, n_classes: int | None = None, normalize: None = None
) -> IntArray: ...
@overload
def confusion_matrix(
    y: ArrayLike, predicted: ArrayLike, *, n_classes: int | None = None, normalize: Normalize
) -> FloatArray: ...
@overload
def confusion_matrix(
    y: ArrayLike, predicted: ArrayLike, *, n_classes: int | None = None, normalize: Normalize | None
) -> IntArray | FloatArray: ...
def confusion_matrix(
    y: ArrayLike, predicted: ArrayLike, *, n_classes: int | None = None, normalize: Normalize | None = None
) -> IntArray | FloatArray:
    """Count how often each class was taken for each: rows are the true class, columns the predicted one.

    Parameters
    ----------
    y : array_like, shape (N,) or (N, C)
        True classes, integers or one-hot rows.
    predicted : array_like, shape (N,)
        Predicted classes, integers.
    n_classes : int, optional
        C. By default the columns of a one-hot y, or one more than the largest label in y and predicted.
    normalize : {"true", "predicted", "all"}, optional
        Divide by the samples of each true class (rows add up to 1, the diagonal is recall), of each predicted
        class (columns add up to 1, the diagonal is precision), or by N. By default counts are returned.

    Returns
    -------
    ndarray, shape (C, C)
        int64 counts, or float64 shares. The row (column) of a class that is never true (predicted) is zero.

    Raises
    ------
    ValueError
        If an array is empty, of the wrong shape, or holds what is not one of C classes, with the row; if the
        lengths differ; or if n_classes or normalize is none of the above.

    Examples
    --------
    >>> confusion_matrix([0, 0, 1, 2], [0, 1, 1, 1])
    array([[1, 1, 0],
           [0, 1, 0],
           [0, 1, 0]])
    """
    if normalize not in (None, "true", "predicted", "all"):
        raise ValueError(f"normalize is {normalize!r}, expected None, 'true', 'predicted' or 'all'")
    true, guess, C = _pair(y, predicted, n_classes)
    cells = np.bincount(true * C + guess, minlength=C * C)
    counts: IntArray = cells.reshape(C, C).astype(np.int64, copy=False)
    if normalize is None:
        return counts
    axis = {"true": 1, "predicted": 0, "all": None}[normalize]
    return _ratio(counts, counts.sum(axis=axis, keepdims=True))


@dataclass(frozen=True, eq=False)
class ClassScores:
    """Precision, recall and F1 of each class; ``str()`` of it is a small table.

    Attributes
    ----------
    precision : ndarray, shape (C,), float64
        Of the samples predicted as the class, the share that is of it.
    recall : ndarray, shape (C,), float64
        Of the samples of the class, the share predicted as it.
    f1 : ndarray, shape (C,), float64
        Their harmonic mean.
    support : ndarray, shape (C,), int64
        How many samples of the class there are.
    """

    precision: FloatArray
    recall: FloatArray
    f1: FloatArray
    support: IntArray

    def __str__(self) -> str:
        return self.table()

    def table(self, classes: Sequence[str] | None = None) -> str:
        """Write the scores as lines of text.

        Parameters
        ----------
        classes : sequence of str, optional
            The C class names; by default their numbers.

        Returns
        -------
        str
            A line for each class, and one with the mean over the classes (each counts the same) and N.

        Raises
        ------
        ValueError
            If there are not C names.
        """
        C = len(self.support)
        names = [str(c) for c in range(C)] if classes is None else [str(name) for name in classes]
        if isinstance(classes, str) or len(names) != C:
            raise ValueError(f"classes is {classes!r}, expected {C} names, one for each class")
        width = max(len(name) for name in [*names, "class"])
        lines = [f"{'class':<{width}}  precision  recall     f1  support"]
        columns = (self.precision, self.recall, self.f1)
        rows = [(names[c], *(column[c] for column in columns), self.support[c]) for c in range(C)]
        rows.append(("mean", *(column.mean() for column in columns), self.support.sum()))
        lines += [f"{name:<{width}}  {p:9.3f}  {r:6.3f}  {f:5.3f}  {n:7d}" for name, p, r, f, n in rows]
        return "\n".join(lines)


def class_scores(y: ArrayLike, predicted: ArrayLike, *, n_classes: int | None = None) -> ClassScores:
    """Precision, recall and F1 of each class.

    With a class's true positives tp, false positives fp and false negatives fn: precision = tp / (tp + fp),
    recall = tp / (tp + fn), F1 = 2 tp / (2 tp + fp + fn). Where the divisor is zero (a class never predicted,
    never true, or neither) the score is 0.0, without a warning: scikit-learn's ``zero_division=0``.

    Parameters
    ----------
    y : array_like, shape (N,) or (N, C)
        True classes, integers or one-hot rows.
    predicted : array_like, shape (N,)
        Predicted classes, integers.
    n_classes : int, optional
        C. By default the columns of a one-hot y, or one more than the largest label in y and predicted.

    Returns
    -------
    ClassScores
        Arrays of shape (C,).

    Raises
    ------
    ValueError
        As `confusion_matrix`.

    References
    ----------
    C. J. van Rijsbergen, Information Retrieval, 2nd ed., Butterworths 1979, chapter 7.

    Examples
    --------
    >>> print(class_scores([0, 0, 1, 1], [0, 1, 1, 1]).table(["sitting", "walking"]))
    class    precision  recall     f1  support
    sitting      1.000   0.500  0.667        2
    walking      0.667   1.000  0.800        2
    mean         0.833   0.750  0.733        4
    """
    counts = confusion_matrix(y, predicted, n_classes=n_classes)
    right, guessed, support = counts.diagonal(), counts.sum(0), counts.sum(1)
    return ClassScores(
        precision=_ratio(right, guessed),
        recall=_ratio(right, support),
        f1=_ratio(2 * right, guessed + support),
        support=support,
    )


def _ratio(part: IntArray, whole: IntArray) -> FloatArray:
    """Return ``part / whole``, and 0.0 where whole is 0."""
    return np.divide(part, whole, out=np.zeros(part.shape), where=whole != 0)


def _pair(y: ArrayLike, predicted: ArrayLike, n_classes: int | None) -> tuple[IntArray, IntArray, int]:
    """Return true and predicted classes (N,), both checked, and C."""
    if n_classes is not None:
        n_classes = _count(n_classes, "n_classes")
    true, n_classes = _truth(y, n_classes)
    guess = numeric(predicted, "predicted")
    if guess.ndim != 1:
        raise ValueError(f"predicted has shape {guess.shape}, expected classes (N,), as in scores.argmax(1)")
    guess = _integers(guess, "predicted", n_classes)
    if len(guess) != len(true):
        raise ValueError(f"y has {len(true)} rows and predicted has {len(guess)}, expected as many")
    return true, guess, n_classes or int(max(true.max(), guess.max())) + 1


def _truth(y: ArrayLike, n_classes: int | None) -> tuple[IntArray, int | None]:
    """Return true classes (N,) from integers or one-hot rows, checked, and C where it is known."""
    true = numeric(y, "y")
    if true.ndim == 1:
        return _integers(true, "y", n_classes), n_classes
    if true.ndim != 2 or true.size == 0:
        raise ValueError(f"y has shape {true.shape}, expected integers (N,) or one-hot rows (N, C), N > 0")
    if n_classes is not None and true.shape[1] != n_classes:
        raise ValueError(f"y has shape {true.shape}, expected {n_classes} columns, one for each class")
    bad = np.flatnonzero(((true != 0) & (true != 1)).any(1) | (np.count_nonzero(true, axis=1) != 1))
    if bad.size:
        raise ValueError(f"y is not one-hot in row {bad[0]}: {true[bad[0]]}, expected one 1 among zeros")
    return np.asarray(true.argmax(1), np.int64), true.shape[1]


def _integers(labels: NDArray[Any], name: str, n_classes: int | None) -> IntArray:
    """Return labels (N,) as int64, if there are any and each is a class."""
    if labels.size == 0:
        raise ValueError(f"{name} is empty, expected at least one label")
    last = (MOST_CLASSES if n_classes is None else n_classes) - 1
    bad = np.flatnonzero(~((labels >= 0) & (labels <= last) & (labels == np.floor(labels))))
    if bad.size:
        row = bad[0]
        raise ValueError(f"{name} holds {labels[row]} in row {row}, expected whole numbers from 0 to {last}")
    return labels.astype(np.int64)


def _count(value: Any, name: str, most: int = 2**31) -> int:
    """Return ``value`` as an int, if it is a whole number from 1 to ``most``."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 1 <= value <= most:
        raise ValueError(f"{name} is {value!r}, expected a whole number from 1 to {most}")
    return int(value)
