"""Sequences of different length as people have them: a list of arrays."""

from typing import Any

import numpy as np

from unrolled._support.validation import numeric
from unrolled.rnn.arrays import Array, IntArray


def is_ragged(X: Any) -> bool:
    """Tell whether X is a list of arrays, (L, D) or (L,), of which L differs."""
    if not isinstance(X, list | tuple) and not (isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1):
        return False
    return all(hasattr(each, "__len__") for each in X) and len({len(each) for each in X}) > 1


def stacked(X: Any, name: str) -> tuple[Array, IntArray]:
    """Return arrays as one, zeros behind those that are shorter, and how long each is.

    Parameters
    ----------
    X : sequence of N array_like, shape (L, D) or (L,)
    name : str
        What messages call it.

    Raises
    ------
    ValueError
        Naming the array that has no steps, or does not fit the first.
    """
    arrays = [numeric(each, f"{name}[{i}]") for i, each in enumerate(X)]
    for i, array in enumerate(arrays):
        if array.ndim not in (1, 2) or array.shape[1:] != arrays[0].shape[1:] or not array.size:
            raise ValueError(
                f"{name}[{i}] has shape {array.shape} and {name}[0] {arrays[0].shape}, expected (steps, D inputs) "
                "each, at least one step"
            )
    lengths: IntArray = np.array([len(array) for array in arrays], np.int64)
    together = np.zeros((len(arrays), int(lengths.max()), *arrays[0].shape[1:]), np.result_type(*arrays))
    for row, array in zip(together, arrays, strict=True):
        row[: len(array)] = array
    return together, lengths
