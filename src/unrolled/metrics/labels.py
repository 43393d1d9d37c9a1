"""What is measured, at the door: true and predicted classes, checked."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unrolled._support.validation import numeric, whole_number

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

MOST_CLASSES = 2**16
"""A label beyond is a mistake, and its matrix would fill the memory."""


def pair(y: ArrayLike, predicted: ArrayLike, n_classes: int | None) -> tuple[IntArray, IntArray, int]:
    """Return true and predicted classes (N,), both checked, and C."""
    if n_classes is not None:
        n_classes = whole_number(n_classes, "n_classes", 1, MOST_CLASSES)
    true, n_classes = truth(y, n_classes)
    guess = numeric(predicted, "predicted")
    if guess.ndim != 1:
        raise ValueError(f"predicted has shape {guess.shape}, expected classes (N,), as in scores.argmax(1)")
    guess = _integers(guess, "predicted", n_classes)
    if len(guess) != len(true):
        raise ValueError(f"y has {len(true)} rows and predicted has {len(guess)}, expected as many")
    return true, guess, n_classes or int(max(true.max(), guess.max())) + 1


def truth(y: ArrayLike, n_classes: int | None) -> tuple[IntArray, int | None]:
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


def probability_rows(probabilities: ArrayLike) -> NDArray[Any]:
    """Return probabilities (N, C) as floating-point numbers, checked; rows need not add up to 1."""
    values = numeric(probabilities, "probabilities")
    if values.ndim != 2 or values.size == 0:
        raise ValueError(f"probabilities have shape {values.shape}, expected those of C classes for N samples, (N, C)")
    if values.dtype.kind != "f":
        values = values.astype(np.float64)
    bad = np.argwhere(~((values >= 0) & (values <= 1)))
    if bad.size:
        row, column = bad[0]
        raise ValueError(
            f"probabilities hold {values[row, column]} in row {row}, class {column}, expected numbers from 0 to 1"
        )
    return values


def given_probabilities(y: ArrayLike, probabilities: ArrayLike) -> tuple[IntArray, NDArray[Any]]:
    """Return true classes (N,) and probabilities (N, C), both checked; rows need not add up to 1."""
    values = probability_rows(probabilities)
    true, _ = truth(y, values.shape[1])
    if len(true) != len(values):
        raise ValueError(f"y has {len(true)} rows and probabilities have {len(values)}, expected as many")
    return true, values


def check_sums(values: NDArray[Any], hint: str = "") -> None:
    """Raise a ValueError unless each row of probabilities adds up to 1; `hint` ends its message."""
    sums = values.sum(1, dtype=np.float64)
    uneven = np.flatnonzero(np.abs(sums - 1) > float(np.finfo(values.dtype).eps) ** 0.5)
    if uneven.size:
        row = uneven[0]
        raise ValueError(f"probabilities of row {row} add up to {sums[row]:.6g}, expected 1, as of rnn.Softmax(){hint}")


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
