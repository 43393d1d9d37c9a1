"""Names of classes; and labels as files have them, one-hot or from 0 or 1, turned into whole numbers from 0."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unrolled._support.validation import whole_number
from unrolled.data.checks import IntArray, whole_numbers
from unrolled.data.errors import DataError

PIECE_BYTES = 2**20  # of one-hot labels, looked at at a time
MAX_CLASSES = 65536  # more than any movement study has: a label beyond is a mistake


def class_names(value: Any, name: str = "classes", *, error: type[ValueError] = DataError) -> tuple[str, ...]:
    """Return `value` as a tuple, unless they are not different, non-empty strings."""
    if isinstance(value, str):
        raise error(f"{name} is the string {value!r}, expected a sequence of names")
    listed = tuple(value) if isinstance(value, Iterable) else ()
    if not all(isinstance(each, str) for each in listed):
        raise error(f"{name} are {value!r}, expected a tuple of names")
    listed = tuple(map(str, listed))  # of NumPy's texts too
    if not listed or "" in listed:
        raise error(f"{name} are {value!r}, expected at least one name and none empty")
    if len(set(listed)) < len(listed):
        twice = Counter(listed).most_common(1)[0][0]
        raise error(f"{name} have {twice!r} twice, expected different names")
    return listed


def names_or_none(value: Any, name: str, *, error: type[ValueError] = DataError) -> tuple[str, ...]:
    """Return the names of classes, or () where there are none: `Dataset` knows whether that is right."""
    return () if isinstance(value, tuple | list) and not value else class_names(value, name, error=error)


def labels_from_zero(
    arrays: Mapping[str, NDArray[Any]], known: int | None, first_label: int | None, *, ours: bool
) -> tuple[dict[str, IntArray], int]:
    """Return the labels of both parts as whole numbers from 0, and how many classes there are.

    Data sets of an HDF5 file will do for arrays: they are read a piece at a time.
    """
    trY, tstY = arrays["trY"], arrays["tstY"]
    columns = label_columns(arrays)
    # a single column is whole numbers, but in our own files one-hot labels of a single class
    if trY.ndim == tstY.ndim == 2 and (columns > 1 or ours):
        if known not in (None, columns):
            raise DataError(f"trY has {columns} columns and there are {known} class names, expected one for each")
        return {"tr": _from_one_hot(trY, "trY"), "tst": _from_one_hot(tstY, "tstY")}, columns

    first = 0 if first_label is None else whole_number(first_label, "first_label", 0, error=DataError)
    y = {
        "tr": whole_numbers(trY[...].reshape(-1), "trY", len(trY), minimum=first),
        "tst": whole_numbers(tstY[...].reshape(-1), "tstY", len(tstY), minimum=first),
    }
    lowest = int(min(labels.min() for labels in y.values()))
    highest = int(max(labels.max() for labels in y.values()))
    if first_label is None and known is None and lowest > 0:
        raise DataError(
            f"the labels run from {lowest} to {highest} and none is 0: "
            "pass first_label=1 if they count from 1, first_label=0 if class 0 is merely absent"
        )
    n_classes = highest + 1 - first if known is None else known
    if highest >= first + n_classes:
        raise DataError(
            f"the labels run from {lowest} to {highest}, expected {first} to {first + n_classes - 1} for "
            f"{known} class names: first_label says what they count from"
        )
    if n_classes > MAX_CLASSES:
        raise DataError(f"the labels run up to {highest}, expected at most {MAX_CLASSES} classes")
    return {part: labels - first for part, labels in y.items()}, n_classes


def label_columns(arrays: Mapping[str, NDArray[Any]]) -> int:
    """Return how many columns the labels of both parts have, of which nothing is read for it."""
    trY, tstY = arrays["trY"], arrays["tstY"]
    for name, Y in (("trY", trY), ("tstY", tstY)):
        if len(Y.shape) not in (1, 2):
            raise DataError(f"{name} has shape {Y.shape}, expected (N, C) one-hot, or (N,) or (N, 1) whole numbers")
    columns = [Y.shape[1] if len(Y.shape) == 2 else 1 for Y in (trY, tstY)]
    if columns[0] != columns[1]:
        raise DataError(f"trY has shape {trY.shape} and tstY {tstY.shape}, expected the same number of columns")
    if columns[0] > MAX_CLASSES:
        raise DataError(f"trY has shape {trY.shape}, expected at most {MAX_CLASSES} classes")
    return int(columns[0])


def _from_one_hot(Y: NDArray[Any], name: str) -> IntArray:
    labels = np.empty(len(Y), np.int64)
    rows = max(1, PIECE_BYTES // (Y.shape[1] * Y.dtype.itemsize))
    for first in range(0, len(Y), rows):
        piece = Y[first : first + rows]
        wrong = ((piece == 1).sum(axis=1) != 1) | ((piece != 0).sum(axis=1) != 1)
        if wrong.any():
            row = int(wrong.argmax())
            total = piece[row].sum()
            raise DataError(
                f"{name} row {first + row} sums to {total}, expected one-hot: a single 1, every other number 0"
            )
        labels[first : first + rows] = piece.argmax(axis=1)
    return labels
