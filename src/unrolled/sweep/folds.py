"""Cross-validation: who is measured on, while the others are trained on."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from unrolled._support.validation import numeric
from unrolled.rnn.arrays import IntArray
from unrolled.rnn.inputs import count

Fold: TypeAlias = tuple[IntArray, IntArray]
"""Rows that are trained on, and rows that are measured on."""


def group_folds(groups: Any, k: int | None = None) -> list[Fold]:
    """Keep whole groups, such as people, together: each is measured on once, by networks that never met it.

    Parameters
    ----------
    groups : array_like of int, shape (N,)
        The group of each sample, such as ``samples.person``.
    k : int, optional
        How many folds, from 2 to the number of groups; by default one for each group. The largest group goes first,
        each to the fold that has the fewest samples yet, so nothing is drawn.

    Returns
    -------
    list of (ndarray of int64, ndarray of int64)
        For each fold the rows that are trained on and the rows that are measured on, ascending.

    Raises
    ------
    ValueError
        If there are fewer than two groups or than k.
    """
    found = numeric(groups, "groups")
    if found.ndim != 1 or not found.size:
        raise ValueError(f"groups have shape {found.shape}, expected the group of each of N samples, (N,)")
    names, of, sizes = np.unique(found, return_inverse=True, return_counts=True)
    k = len(names) if k is None else count(k, "k")
    if not 2 <= k <= len(names):
        raise ValueError(f"k is {k} with {len(names)} groups, expected at least 2 folds and a group for each")
    totals, fold_of = np.zeros(k, np.int64), np.zeros(len(names), np.int64)
    for group in np.argsort(-sizes, kind="stable"):
        fold_of[group] = totals.argmin()
        totals[fold_of[group]] += sizes[group]
    return _folds(fold_of[of.reshape(-1)], k)


def stratified_folds(y: Any, k: int, rng: int | np.random.Generator | None = None) -> list[Fold]:
    """Deal the samples of each class out evenly.

    Windows cut with overlap then share steps across folds: for those take :func:`group_folds`.

    Parameters
    ----------
    y : array_like of int, shape (N,)
        Labels.
    k : int
        How many folds, from 2 to the number of samples.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from.

    Returns
    -------
    list of (ndarray of int64, ndarray of int64)
        As :func:`group_folds`.

    Raises
    ------
    ValueError
        If y is not (N,), or k is out of range.
    """
    labels, k, generator = numeric(y, "y"), count(k, "k"), np.random.default_rng(rng)
    if labels.ndim != 1:
        raise ValueError(f"y has shape {labels.shape}, expected labels (N,)")
    if not 2 <= k <= len(labels):
        raise ValueError(f"k is {k} with {len(labels)} samples, expected 2 folds or more and a sample for each")
    shuffled = generator.permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    fold_of = np.empty(len(labels), np.int64)
    fold_of[by_class] = np.arange(len(labels)) % k
    return _folds(fold_of, k)


def checked_folds(folds: Sequence[Any], n_samples: int) -> list[Fold]:
    """Check folds that were handed over, or raise a ValueError."""
    checked = []
    for n, fold in enumerate(folds):
        try:
            training, validation = (np.asarray(rows) for rows in fold)
        except (TypeError, ValueError):
            raise ValueError(f"folds[{n}] is no pair, expected (rows to train on, rows to measure on)") from None
        for name, rows in (("train on", training), ("measure on", validation)):
            if rows.ndim != 1 or rows.dtype.kind not in "iu" or not rows.size:
                raise ValueError(
                    f"folds[{n}]: the rows to {name} have shape {rows.shape}, dtype {rows.dtype}; expected row numbers"
                )
            if rows.min() < 0 or rows.max() >= n_samples:
                raise ValueError(
                    f"folds[{n}]: the rows to {name} go from {rows.min()} to {rows.max()}, expected 0 to "
                    f"{n_samples - 1}"
                )
        if np.intersect1d(training, validation).size:
            raise ValueError(f"folds[{n}] measures on rows it trains on, expected none in common")
        checked.append((training.astype(np.int64), validation.astype(np.int64)))
    if not checked:
        raise ValueError("folds are empty, expected at least one")
    return checked


def _folds(fold_of: IntArray, k: int) -> list[Fold]:
    return [(np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)) for fold in range(k)]
