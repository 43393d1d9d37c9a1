"""Cross-validation: who is measured on, while the others are trained on."""

import warnings
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from unrolled._support.validation import numeric, refuse_masked, whole_number
from unrolled.rnn.arrays import IntArray

Fold: TypeAlias = tuple[IntArray, IntArray]
"""Rows that are trained on, and rows that are measured on."""


def group_folds(groups: Any, k: int | None = None, y: Any = None) -> list[Fold]:
    """Keep whole groups, such as people, together: each is measured on once, by networks that never met it.

    Parameters
    ----------
    groups : array_like of int or str, shape (N,)
        The group of each sample, such as ``samples.person``.
    k : int, optional
        How many folds, from 2 to the number of groups; by default one for each group.
    y : array_like of int, shape (N,), optional
        Labels: the folds are then as alike in their classes as whole groups let them be. Without, they are as alike in
        size.

    Returns
    -------
    list of (ndarray of int64, ndarray of int64)
        For each fold the rows that are trained on and the rows that are measured on, ascending.

    Raises
    ------
    ValueError
        If there are fewer than two groups or than k, or y has not one label for each sample.

    Warns
    -----
    UserWarning
        If the samples that a fold trains on, or measures on, lack a class.

    See Also
    --------
    stratified_folds : Where there are no groups.

    Notes
    -----
    Nothing is drawn. Without labels the largest group goes first, each to the fold that has the fewest samples yet.
    With labels this is scikit-learn's ``StratifiedGroupKFold`` without shuffling: the group whose classes are most
    unlike in number goes first, each to the fold with which the classes are spread most evenly over the folds, and
    among such folds to the smallest; only that no fold stays empty.

    Examples
    --------
    >>> folds = group_folds(["ann", "ann", "bob", "bob", "cem", "cem", "dan", "dan"], 2, y=[0, 1, 0, 0, 1, 1, 0, 1])
    >>> [measured.tolist() for _, measured in folds]
    [[0, 1, 2, 3], [4, 5, 6, 7]]
    """
    refuse_masked(groups, "groups")
    array = np.asarray(groups)
    named = array.dtype.kind in "SU" or (array.dtype.kind == "O" and all(isinstance(each, str) for each in array.flat))
    found = array.astype(str) if named else numeric(groups, "groups")
    if found.ndim != 1 or not found.size:
        raise ValueError(f"groups have shape {found.shape}, expected the group of each of N samples, (N,)")
    names, of = np.unique(found, return_inverse=True)
    of = of.reshape(-1)
    k = len(names) if k is None else whole_number(k, "k", 1)
    if not 2 <= k <= len(names):
        raise ValueError(f"k is {k} with {len(names)} groups, expected at least 2 folds and a group for each")
    if y is None:
        return _folds(_even(np.bincount(of), k)[of], k)
    labels = numeric(y, "y")
    if labels.shape != found.shape:
        raise ValueError(f"y has shape {labels.shape}, expected a label for each of {len(found)} samples")
    classes, label_of = np.unique(labels, return_inverse=True)
    counts = np.zeros((len(names), len(classes)))
    np.add.at(counts, (of, label_of.reshape(-1)), 1)
    fold_of = _stratified(counts, k)
    _warn_of_missing(counts, fold_of, k, classes)
    return _folds(fold_of[of], k)


def stratified_folds(y: Any, k: int, rng: int | np.random.Generator | None = None) -> list[Fold]:
    """Deal the samples of each class out evenly.

    Windows cut with overlap then have steps in common across folds: for those take :func:`group_folds`.

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

    See Also
    --------
    group_folds : Whole groups, such as people.

    Examples
    --------
    >>> folds = stratified_folds([0, 0, 1, 1, 0, 1], 3, rng=0)
    >>> [len(measured) for _, measured in folds]
    [2, 2, 2]
    """
    labels, k, generator = numeric(y, "y"), whole_number(k, "k", 1), np.random.default_rng(rng)
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


def _even(sizes: IntArray, k: int) -> IntArray:
    """Return the fold of each group, so that folds are as alike in size as may be."""
    totals, fold_of = np.zeros(k, np.int64), np.zeros(len(sizes), np.int64)
    for group in np.argsort(-sizes, kind="stable"):
        fold_of[group] = totals.argmin()
        totals[fold_of[group]] += sizes[group]
    return fold_of


def _stratified(counts: Any, k: int) -> IntArray:
    """Return the fold of each group from how many samples of each class it has, (groups, classes)."""
    fold_of = np.zeros(len(counts), np.int64)
    in_fold, of_class = np.zeros((k, counts.shape[1])), counts.sum(0)
    for done, group in enumerate(np.argsort(-np.std(counts, axis=1), kind="stable")):
        empty = np.flatnonzero(in_fold.sum(1) == 0)
        best, unevenness, size = 0, np.inf, np.inf
        for fold in empty.tolist() if len(empty) == len(counts) - done else range(k):  # no fold stays empty
            with_it = in_fold.copy()
            with_it[fold] += counts[group]
            value, before = np.std(with_it / of_class, axis=0).mean(), in_fold[fold].sum()
            if value < unevenness or (np.isclose(value, unevenness) and before < size):
                best, unevenness, size = fold, value, before
        fold_of[group] = best
        in_fold[best] += counts[group]
    return fold_of


def _warn_of_missing(counts: Any, fold_of: IntArray, k: int, classes: Any) -> None:
    for fold in range(k):
        for what, groups in (("measures on", fold_of == fold), ("trains on", fold_of != fold)):
            missing = classes[counts[groups].sum(0) == 0]
            if missing.size:
                warnings.warn(
                    f"fold {fold} of {k} {what} no sample of class {', '.join(map(str, missing))}, as groups stay "
                    "whole; with fewer folds it may",
                    stacklevel=3,
                )
                return


def _folds(fold_of: IntArray, k: int) -> list[Fold]:
    return [(np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)) for fold in range(k)]
