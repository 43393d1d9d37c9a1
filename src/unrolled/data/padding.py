"""Series of different lengths as one array, padded behind."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from unrolled.data.checks import FloatArray, IntArray, real_numbers
from unrolled.data.errors import DataError


def is_ragged(series: Any) -> bool:
    """Return whether it is a list of arrays of different lengths."""
    if not isinstance(series, list | tuple) or not all(hasattr(each, "__len__") for each in series):
        return False
    return len({len(each) for each in series}) > 1


def pad(series: Iterable[ArrayLike] | ArrayLike, *, nan: bool = False) -> tuple[FloatArray, IntArray]:
    """Pad series of different lengths with zeros behind, to one array and their lengths.

    Parameters
    ----------
    series : sequence of array, shape (L, D) or (L,)
        At least one; all with the same D. Or with ``nan`` an array (N, T, D).
    nan : bool
        Take steps at the end of a series whose axes are all NaN for padding that is there already.

    Returns
    -------
    X : array, shape (N, T, D)
        T is the greatest length. float64 if any series is, else float32.
    lengths : array of int64, shape (N,)

    Raises
    ------
    DataError
        If there is no series, one has another D or no steps, or a number is not finite: the message names the series.

    See Also
    --------
    Samples : Takes both.

    Examples
    --------
    >>> X, lengths = pad([[[1, 2]], [[3, 4], [5, 6]]])
    >>> X.tolist(), lengths.tolist()
    ([[[1.0, 2.0], [0.0, 0.0]], [[3.0, 4.0], [5.0, 6.0]]], [1, 2])
    """
    if isinstance(series, str | bytes) or not isinstance(series, Iterable):
        raise DataError(f"series is a {type(series).__name__}, expected a list of arrays (L, D)")
    found: list[FloatArray] = []
    for i, each in enumerate(series):
        try:
            values = np.asanyarray(each)
        except (ValueError, TypeError) as error:
            raise DataError(f"series {i} cannot be made an array: {error}") from error
        values = values[:, np.newaxis] if values.ndim == 1 else values
        if nan and values.ndim == 2 and values.dtype.kind == "f":
            there = np.flatnonzero(~np.isnan(values).all(axis=1))
            values = values[: there[-1] + 1] if len(there) else values[:0]
        array = real_numbers(values, f"series {i}", ("step", "axis"))
        if not len(array):
            raise DataError(f"series {i} has no steps, expected at least one")
        if found and array.shape[1] != found[0].shape[1]:
            raise DataError(f"series {i} has {array.shape[1]} axes, expected {found[0].shape[1]} as series 0")
        found.append(array)
    if not found:
        raise DataError("there are no series to pad")
    lengths: IntArray = np.array([len(array) for array in found], np.int64)
    X: FloatArray = np.zeros((len(found), int(lengths.max()), found[0].shape[1]), np.result_type(*found))
    for x, array in zip(X, found, strict=True):
        x[: len(array)] = array
    return X, lengths
