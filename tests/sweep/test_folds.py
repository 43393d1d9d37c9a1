"""Folds: of whole groups, of classes, and those that cannot be."""

import re
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import searches
from hypothesis import given
from hypothesis import strategies as st

from unrolled import sweep


@given(groups=st.lists(st.integers(0, 9), min_size=2, max_size=60), k=st.integers(2, 10))
def test_group_folds_measure_each_sample_once_and_keep_groups_together(groups: list[int], k: int) -> None:
    if k > len(set(groups)):
        with pytest.raises(ValueError, match=f"k is {k} with {len(set(groups))} groups"):
            sweep.group_folds(groups, k)
        return
    folds = sweep.group_folds(groups, k)
    assert len(folds) == k
    assert sorted(np.concatenate([measured for _, measured in folds])) == list(range(len(groups)))
    for training, measured in folds:
        assert len(measured)
        assert sorted([*training, *measured]) == list(range(len(groups)))
        assert not set(np.array(groups)[training]) & set(np.array(groups)[measured])
    sizes = [len(measured) for _, measured in folds]
    assert max(sizes) - min(sizes) <= max(np.bincount(groups))


def test_labels_are_dealt_out_as_evenly_as_whole_groups_let_them_be() -> None:
    people = ["ann", "ann", "bob", "bob", "cem", "cem", "dan", "dan"]
    y = [0, 0, 1, 1, 0, 0, 1, 1]
    assert [measured.tolist() for _, measured in sweep.group_folds(people, 2)] == [[0, 1, 4, 5], [2, 3, 6, 7]]
    folds = sweep.group_folds(people, 2, y)
    assert [sorted(np.array(y)[measured].tolist()) for _, measured in folds] == 2 * [[0, 0, 1, 1]]
    for names in (np.array(people), np.array(people, object), [ord(name[0]) for name in people]):
        again = sweep.group_folds(names, 2, y)
        assert [(a.tolist(), b.tolist()) for a, b in again] == [(a.tolist(), b.tolist()) for a, b in folds]


@pytest.mark.filterwarnings("ignore:fold 0 of 2 measures on no sample of class 0")
def test_each_class_is_dealt_out_by_itself() -> None:
    """Unevenness is that of each class, in the mean; over all numbers at once Ann would be with Bob."""
    people, y = ["ann", "bob", "bob", "cy"], [0, 1, 1, 1]
    assert [measured.tolist() for _, measured in sweep.group_folds(people, 2, y)] == [[1, 2], [0, 3]]


@given(
    groups=st.lists(st.integers(0, 9), min_size=2, max_size=40),
    k=st.integers(2, 10),
    y=st.lists(st.integers(0, 3), min_size=40, max_size=40),
)
def test_no_fold_is_empty_and_a_missing_class_is_warned_of(groups: list[int], k: int, y: list[int]) -> None:
    k, labels = min(k, len(set(groups))), np.array(y[: len(groups)])
    if k < 2:
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        folds = sweep.group_folds(groups, k, labels)
    assert all(len(measured) for _, measured in folds)
    assert sorted(np.concatenate([measured for _, measured in folds])) == list(range(len(groups)))
    lacking = any(set(labels[rows]) != set(labels) for fold in folds for rows in fold)
    assert [
        bool(re.search(r"fold \d of \d+ (measures|trains) on no sample of class \d", str(w.message))) for w in caught
    ] == ([True] if lacking else [])


def test_a_search_folds_people_by_class() -> None:
    samples = searches.samples()
    y = np.asarray(samples.person) % 3  # each person does one thing only
    bare = SimpleNamespace(X=samples.X, y=y, person=samples.person)
    results = sweep.run([{"a": 1}], bare, trial=searches.look, folds=2, seeds=1, n_jobs=1, progress=False)
    assert all({who % 3 for who in row.metrics["people"]} == {0, 1, 2} for row in results)
    with pytest.warns(UserWarning, match="measures on no sample of class"):
        sweep.run([{"a": 1}], bare, trial=searches.look, folds=3, seeds=1, n_jobs=1, progress=False)


def test_one_person_at_a_time() -> None:
    folds = sweep.group_folds([7, 7, 3, 7, 3, 5])
    assert [measured.tolist() for _, measured in folds] == [[0, 1, 3], [2, 4], [5]]


@given(y=st.lists(st.integers(0, 3), min_size=2, max_size=60), k=st.integers(2, 5), seed=st.integers(0, 9))
def test_stratified_folds_hold_as_many_of_each_class(y: list[int], k: int, seed: int) -> None:
    if k > len(y):
        with pytest.raises(ValueError, match=f"k is {k} with {len(y)} samples"):
            sweep.stratified_folds(y, k, seed)
        return
    folds = sweep.stratified_folds(y, k, seed)
    assert sorted(np.concatenate([measured for _, measured in folds])) == list(range(len(y)))
    for label_ in set(y):
        counts = [int(np.sum(np.array(y)[measured] == label_)) for _, measured in folds]
        assert max(counts) - min(counts) <= 1
    again = sweep.stratified_folds(y, k, seed)
    assert all((a == b).all() for (_, a), (_, b) in zip(folds, again, strict=True))


def test_what_cannot_be_folded_is_told() -> None:
    with pytest.raises(ValueError, match=r"groups have shape \(2, 2\)"):
        sweep.group_folds([[1, 2], [3, 4]])
    with pytest.raises(ValueError, match=r"y has shape \(2,\), expected a label for each of 3 samples"):
        sweep.group_folds([1, 2, 3], 2, [0, 1])
    with pytest.raises(ValueError, match="groups holds object values, expected real numbers"):
        sweep.group_folds(np.array(["ann", 3], object))
    with pytest.raises(ValueError, match=r"y has shape \(2, 2\), expected labels"):
        sweep.stratified_folds([[1, 0], [0, 1]], 2)
    with pytest.raises(ValueError, match=r"^k is 0"):
        sweep.stratified_folds([1, 0], 0)
