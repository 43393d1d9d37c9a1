"""Sequences in the forms that users of scikit-learn, aeon and sktime have them in, as one array and lengths."""

from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.validation import check_array, validate_data

from unrolled._support.validation import refuse_masked
from unrolled.rnn.arrays import Array, IntArray

FLOATS = [np.float64, np.float32]


def sequences(estimator: Any, X: Any, *, reset: bool) -> tuple[Array, IntArray | None]:
    """Return X as (N, T, D) and its lengths (N,), or None where all sequences have T steps.

    Parameters
    ----------
    estimator : RecurrentClassifier or its kin
        Its ``time_axis`` is that of X where X has three axes; it is given ``n_features_in_``, ``n_inputs_`` and, of a
        table, ``feature_names_in_``.
    X : array_like or sequence of array_like
        (N, T, D); (N, T), one series a sample, sparse or not; a sequence of N arrays (T,) or (T, D) whose T may
        differ; a DataFrame with a column for each step, or one whose cells are series, with a column for each of the D.
    reset : bool
        Whether to take the number of features from X, rather than hold X to it.

    Raises
    ------
    ValueError
        If X is none of these, is not finite, is masked in places, or has another number of features than what was
        fitted.
    """
    refuse_masked(X, "X")
    given = _of_cells(X, estimator.time_axis) if _has_cells(X) else X.toarray() if issparse(X) else X
    if _is_ragged(given):
        return _padded(estimator, [np.asarray(each) for each in given], reset)
    if isinstance(given, list | tuple) and len(given) and hasattr(given[0], "shape"):
        given = np.stack([np.asarray(each) for each in given])
    given = given if hasattr(given, "ndim") else np.asarray(given)
    if given.ndim == 3:
        array = check_array(given, allow_nd=True, dtype=FLOATS, estimator=estimator, input_name="X")
        array = array.transpose(0, 2, 1) if estimator.time_axis == 2 else array
        _check_inputs(estimator, array.shape[2], reset, array.shape[2])
        return array, None
    if not reset and estimator.n_features_in_ == estimator.n_inputs_ == 1:  # of series of any length
        return check_array(given, dtype=FLOATS, estimator=estimator, input_name="X")[:, :, None], None
    array = validate_data(estimator, given, reset=reset, dtype=FLOATS)
    _check_inputs(estimator, 1, reset, array.shape[1])
    return array[:, :, None], None


def _check_inputs(estimator: Any, D: int, reset: bool, n_features: int) -> None:
    """Take D from what is fitted, or hold what is predicted to it, in scikit-learn's words."""
    if reset:
        estimator.n_inputs_, estimator.n_features_in_ = D, n_features
    elif estimator.n_inputs_ != D:
        name = type(estimator).__name__
        raise ValueError(f"X has {D} features, but {name} is expecting {estimator.n_inputs_} features as input")


def _has_cells(X: Any) -> bool:
    """Return whether X is a DataFrame whose cells are series, sktime's and aeon's nested form."""
    return hasattr(X, "iloc") and X.ndim == 2 and X.size > 0 and np.ndim(X.iloc[0, 0]) == 1


def _of_cells(X: Any, time_axis: int) -> list[Array]:
    """Return an array for each row of such a table, (T, D), or (D, T) where time is the last axis."""
    return [np.stack([np.asarray(cell) for cell in row], axis=2 - time_axis) for row in X.itertuples(index=False)]


def _is_ragged(X: Any) -> bool:
    """Return whether X is a sequence of sequences of different shapes."""
    if not (isinstance(X, list | tuple) or (isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1)):
        return False
    if not all(np.iterable(each) and not isinstance(each, str) for each in X):
        return False
    return len({getattr(each, "shape", (len(each),)) for each in X}) > 1


def _padded(estimator: Any, series: list[Array], reset: bool) -> tuple[Array, IntArray]:
    """Return series of different lengths padded by zeros, and their lengths."""
    name = type(estimator).__name__
    across = estimator.time_axis == 2
    found = [each[:, None] if each.ndim == 1 else each.T if across else each for each in series]
    for n, each in enumerate(found):
        if each.ndim != 2 or not len(each) or each.shape[1] != found[0].shape[1]:
            raise ValueError(
                f"series {n} of X has shape {series[n].shape}, but {name} expects (T,) or (T, D) with one D, here "
                f"{found[0].shape[-1]}, and T at least 1"
            )
    lengths = np.array([len(each) for each in found])
    dtype = np.float32 if all(each.dtype == np.float32 for each in found) else np.float64
    X = np.zeros((len(found), lengths.max(), found[0].shape[1]), dtype)
    for row, each in zip(X, found, strict=True):
        row[: len(each)] = check_array(each, dtype=np.float64, estimator=estimator, input_name="X")
    _check_inputs(estimator, X.shape[2], reset, X.shape[2])
    return X, lengths
