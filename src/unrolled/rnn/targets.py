"""The door for what is asked of a network: labels, rows of numbers, and how much each answer counts."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from unrolled._support.validation import numeric
from unrolled.rnn import inputs
from unrolled.rnn.arrays import Array, IntArray
from unrolled.rnn.output.heads import Answers

LARGEST = np.finfo(np.float64).max


@dataclass(frozen=True)
class Targets:
    """What is asked of N samples, or of each of their T steps, known to be right for a network.

    Attributes
    ----------
    y : ndarray
        Labels, int64, (N,) or (N, T); or rows of numbers, (N, C) or (N, T, C).
    width : int
        C.
    weights : ndarray of float64, shape (N,) or (N, T), or None
        What each answer counts, as ``y`` has answers; 0 where a sample has no step. None: all alike.
    """

    y: Array
    width: int
    weights: Array | None = None

    @property
    def are_labels(self) -> bool:
        """Whether y are labels, and not rows."""
        return self.y.dtype.kind == "i"

    def of(self, samples: Any) -> "Targets":
        """Return those of some samples."""
        return Targets(self.y[samples], self.width, None if self.weights is None else self.weights[samples])

    def rows(self, dtype: np.dtype[Any]) -> Array:
        """Return rows of numbers, (N, C) or (N, T, C); of labels one-hot ones."""
        if not self.are_labels:
            return self.y.astype(dtype, copy=False)
        return inputs.one_hot(self.y.reshape(-1), self.width, dtype).reshape(*self.y.shape, self.width)

    def labels(self) -> IntArray:
        """Return the labels; of rows the place of the largest number."""
        return self.y if self.are_labels else np.asarray(self.y.argmax(-1), np.int64)


def checked(
    y: Any,
    sample_weight: Any,
    answers: Answers,
    width: int,
    shape: tuple[int, ...],
    lengths: IntArray | None = None,
    name: str = "",
    *,
    soft: bool = False,
    lowest: float | None = None,
) -> Targets:
    """Check targets and their weights.

    Parameters
    ----------
    y, sample_weight
        As users hand them over.
    answers : {"class", "labels", "numbers"}
        What the network answers with.
    width : int
        C, how many classes, labels or numbers an answer has.
    shape : tuple of int
        (N,) for an answer a sample, (N, T) for one a step.
    lengths : ndarray of int, shape (N,), optional
        What stands in y after a sample's last step is not read.
    name : str
        What messages put before "y" and "sample_weight".
    soft : bool
        Whether the class is told by probabilities that sum to 1.
    lowest : float, optional
        Below which there is no number.

    Raises
    ------
    ValueError
        Naming what was found, what was expected and where.
    """
    what = f"{name} y".strip()
    array = numeric(y, what)
    there = _there(shape, lengths)
    if answers == "class" and soft:
        found = _rows(array, width, shape, there, what, "of probabilities", short=False)
        _refuse(found, (found < 0) | (found > 1), shape, what, "probabilities from 0 to 1")
        wrong = np.abs(found.sum(-1) - 1) > 1e-5
        _refuse(found, wrong if there is None else wrong & there, shape, what, "probabilities that sum to 1")
    elif answers == "class":
        found = _classes(array, width, shape, there, what)
    elif answers == "labels":
        found = _rows(array, width, shape, there, what, "of 0 and 1", short=False)
        _refuse(found, (found < 0) | (found > 1), shape, what, "numbers from 0 to 1, 1 for each label there is")
    else:
        found = _rows(array, width, shape, there, what, "of numbers", short=width == 1)
        if lowest is not None:
            _refuse(found, found < lowest, shape, what, f"numbers from {lowest:g}, as the head has them")
    return Targets(found, width, _weights(sample_weight, shape, there, f"{name} sample_weight".strip()))


def _there(shape: tuple[int, ...], lengths: IntArray | None) -> Array | None:
    """Return which steps the samples have, (N, T), or None where all."""
    if lengths is None or len(shape) == 1 or (lengths == shape[1]).all():
        return None
    return np.asarray(np.arange(shape[1]) < lengths[:, None])


def _axes(shape: tuple[int, ...], more: str = "") -> str:
    names = ", ".join((*("NT"[: len(shape)]), *([more] if more else [])))
    return f"({names},)" if len(shape) == 1 and not more else f"({names})"


def _classes(y: Array, C: int, shape: tuple[int, ...], there: Array | None, name: str) -> Array:
    """Return labels, of which the rows are one-hot."""
    if len(shape) == 2:  # of one axis the check of labels says what is wrong
        if y.shape not in (shape, (*shape, C)):
            raise ValueError(
                f"{name} has shape {y.shape}, expected a label for each step, (N, T) = {shape}, or a row, "
                f"(N, T, C) = {(*shape, C)}"
            )
        if there is not None:
            y = np.where(there if y.ndim == 2 else there[..., None], y, y.dtype.type(0))
            if y.ndim == 3:
                y[~there, 0] = 1
    if len(shape) == 1:
        return inputs.labels(y, C, shape[0], name)
    rows = y.reshape(-1, *y.shape[2:])
    return inputs.labels(rows, C, len(rows), name, steps=shape[1]).reshape(shape)


def _rows(y: Array, C: int, shape: tuple[int, ...], there: Array | None, name: str, kind: str, *, short: bool) -> Array:
    """Return rows of finite numbers; of one number each, with or without an axis for it."""
    if short and y.shape == shape:
        y = y[..., None]
    if y.shape != (*shape, C):
        without = f", or {_axes(shape)} = {shape}" if short else ""
        hint = f"; each sample has {C} numbers" if not short and y.shape == shape else ""
        raise ValueError(
            f"{name} has shape {y.shape}, expected rows {kind}, {_axes(shape, 'K')} = {(*shape, C)}{without}{hint}"
        )
    if there is not None:
        y = np.where(there[..., None], y, y.dtype.type(0))
    found = y.astype(np.float64) if y.dtype.kind in "biu" else y
    _refuse(found, ~np.isfinite(found), shape, name, "finite numbers")
    return np.asarray(found)


def _refuse(y: Array, wrong: Array, shape: tuple[int, ...], name: str, expected: str) -> None:
    if wrong.any():
        at = np.argwhere(wrong)[0]
        where = f"sample {at[0]}" + (f", step {at[1]}" if len(shape) == 2 else "")
        raise ValueError(f"{name} holds {y[tuple(at)]} at {where}, expected {expected}")


def _weights(given: Any, shape: tuple[int, ...], there: Array | None, name: str) -> Array | None:
    """Return what each answer counts, or None."""
    if given is None:
        return None
    array = numeric(given, name)
    if array.shape not in (shape, shape[:1]):
        wanted = f"(N,) = {shape[:1]}" + (f" or (N, T) = {shape}" if len(shape) == 2 else ", one for each sample")
        raise ValueError(f"{name} has shape {array.shape}, expected {wanted}")
    weights = array.astype(np.float64)
    _refuse(weights, ~(np.isfinite(weights) & (weights >= 0)), array.shape, name, "finite numbers, 0 or more")
    if array.shape != shape:
        weights = np.broadcast_to(weights[:, None], shape)
    if there is not None:
        weights = np.where(there, weights, 0.0)
    if not weights.any():
        raise ValueError(f"{name} are all 0, expected a number above 0 where an answer is asked")
    if weights.max() > LARGEST / weights.size:
        raise ValueError(f"{name} holds {weights.max():g}, expected numbers whose sum is finite")
    return np.asarray(weights)
