"""The door for arrays of data: each check returns the array in the form wanted, or says what is wrong and where."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unrolled._support.validation import real_number, refuse_masked
from unrolled.data.errors import DataError

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.int64]


def real_numbers(values: ArrayLike, name: str, axes: tuple[str, ...]) -> FloatArray:
    """Return `values` as finite float64 (if they are that) or float32; `axes` names the dimensions."""
    array = _array(values, name)
    if array.dtype.kind not in "biuf":
        raise DataError(f"{name} has dtype {array.dtype}, expected real numbers")
    if array.ndim != len(axes):
        raise DataError(f"{name} has shape {array.shape}, expected {len(axes)} dimensions ({', '.join(axes)})")
    if 0 in array.shape[1:]:
        raise DataError(f"{name} has shape {array.shape}, expected at least one {axes[array.shape.index(0, 1)]}")
    with np.errstate(over="ignore"):  # a long double beyond float32 becomes inf, and is reported below
        double = array.dtype.kind == "f" and array.dtype.itemsize == 8  # in either byte order
        array = array.astype(np.float64 if double else np.float32, copy=False)
    finite = np.isfinite(array)
    if not finite.all():
        where = tuple(np.argwhere(~finite)[0])
        place = ", ".join(f"{axis} {index}" for axis, index in zip(axes, where, strict=True))
        raise DataError(f"{name} has {array[where]} at {place}, expected finite numbers")
    return array


def whole_numbers(values: ArrayLike, name: str, length: int, minimum: int | None = None) -> IntArray:
    """Return `values` as int64 (length,), or say which row is not a whole number or is below `minimum`."""
    array = _array(values, name)
    if array.dtype.kind not in "biuf":
        raise DataError(f"{name} has dtype {array.dtype}, expected whole numbers")
    if array.shape != (length,):
        raise DataError(f"{name} has shape {array.shape}, expected ({length},): one number a sample")
    with np.errstate(invalid="ignore"):  # casting NaN warns; it is found below as any other fraction is
        whole = array.astype(np.int64)
    wrong = whole != array
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(f"{name} has {array[row]} at row {row}, expected whole numbers")
    if minimum is not None and length and whole.min() < minimum:
        row = int(np.argmin(whole))
        raise DataError(f"{name} has {whole[row]} at row {row}, expected {minimum} or more")
    return whole


def target_numbers(values: ArrayLike, name: str, length: int) -> NDArray[np.float64]:
    """Return `values` as finite float64 (length,), or say which row is none."""
    array = _array(values, name)
    if array.dtype.kind not in "iuf":
        raise DataError(f"{name} has dtype {array.dtype}, expected real numbers")
    if array.shape != (length,):
        raise DataError(f"{name} has shape {array.shape}, expected ({length},): one number a sample")
    with np.errstate(over="ignore"):  # a long double beyond float64 becomes inf
        targets = array.astype(np.float64)
    wrong = ~np.isfinite(targets)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(f"{name} has {array[row]} at row {row}, expected finite numbers")
    return targets


def step_counts(values: ArrayLike, name: str, n: int, steps: int) -> IntArray:
    """Return the lengths (n,) of series as int64, or say which row is not a whole number from 1 to `steps`."""
    if _array(values, name).dtype.kind == "b":
        raise DataError(f"{name} are true or false, expected whole numbers of steps; of a mask (N, T), mask.sum(1)")
    counts = whole_numbers(values, name, n, minimum=1)
    if n and counts.max() > steps:
        row = int(np.argmax(counts))
        raise DataError(f"{name} has {counts[row]} at row {row}, expected 1 to {steps}, the steps of X")
    return counts


def hertz(value: Any, name: str, *, error: type[ValueError] = DataError) -> float:
    """Return a rate as a float, unless it is not a finite number of Hz above 0."""
    try:
        return real_number(value, name, above=0, error=error)
    except error:
        raise error(f"{name} is {value!r}, expected a finite number of Hz above 0") from None


def batch(X: FloatArray) -> FloatArray:
    """Return `X` if it is a batch of real sequences (m, T, D), T and D at least 1."""
    refuse_masked(X, "X", error=DataError)
    X = np.asarray(X)
    if X.dtype.kind != "f":
        raise DataError(f"X has dtype {X.dtype}, expected floating-point numbers")
    if X.ndim != 3 or 0 in X.shape[1:]:
        raise DataError(f"X has shape {X.shape}, expected (m samples, T steps, D axes)")
    return X


def _array(values: ArrayLike, name: str) -> NDArray[Any]:
    refuse_masked(values, name, error=DataError)
    try:
        return np.asarray(values)
    except (ValueError, TypeError) as error:  # ragged lists, objects that refuse to be arrays
        raise DataError(f"{name} cannot be made an array: {error}") from error
