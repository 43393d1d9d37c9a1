"""Which classes are taken for which, and what follows of it for each class."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, overload

import numpy as np
from numpy.typing import ArrayLike

from unrolled._support.notebook import html_table
from unrolled._support.validation import one_of
from unrolled.metrics.labels import FloatArray, IntArray, pair

Normalize = Literal["true", "predicted", "all"]


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
        C, up to 65,536. By default the columns of a one-hot y, or one more than the largest label in y and predicted.
    normalize : {"true", "predicted", "all"}, optional
        Divide by the samples of each true class (rows add up to 1, the diagonal is recall), of each predicted
        class (columns add up to 1, the diagonal is precision), or by N. By default counts are returned.

    Returns
    -------
    ndarray, shape (C, C)
        int64 counts, or float64 fractions. The row (column) of a class that is never true (predicted) is zero.

    Raises
    ------
    ValueError
        If an array is empty, of the wrong shape, or holds what is not one of C classes, with the row; if the
        lengths differ; or if n_classes or normalize is none of the above.

    See Also
    --------
    class_scores : Precision, recall and F1, from these counts.
    unrolled.plots.confusion_matrix : Draws it.

    Examples
    --------
    >>> confusion_matrix([0, 0, 1, 2], [0, 1, 1, 1])
    array([[1, 1, 0],
           [0, 1, 0],
           [0, 1, 0]])
    """
    if normalize is not None:
        one_of(normalize, ("true", "predicted", "all"), "normalize")
    true, guess, C = pair(y, predicted, n_classes)
    cells = np.bincount(true * C + guess, minlength=C * C)
    counts: IntArray = cells.reshape(C, C).astype(np.int64)
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
        The fraction of the samples predicted as the class that is of it.
    recall : ndarray, shape (C,), float64
        The fraction of the samples of the class that is predicted as it.
    f1 : ndarray, shape (C,), float64
        Their harmonic mean.
    support : ndarray, shape (C,), int64
        How many samples of the class there are.

    See Also
    --------
    class_scores : Makes it, with an example.
    """

    precision: FloatArray
    recall: FloatArray
    f1: FloatArray
    support: IntArray

    def __str__(self) -> str:
        return self.table()

    def _repr_html_(self) -> str:
        columns = (self.precision, self.recall, self.f1)
        rows = [[c, *(float(column[c]) for column in columns), n] for c, n in enumerate(self.support.tolist())]
        mean = ["mean", *(float(column.mean()) for column in columns), int(self.support.sum())]
        return html_table(["class", "precision", "recall", "f1", "support"], [*rows, mean])

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
    """Compute precision, recall and F1 of each class.

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

    See Also
    --------
    confusion_matrix : The counts that they are computed from.

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
