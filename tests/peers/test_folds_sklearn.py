"""Folds of whole groups equal scikit-learn's, wherever it leaves none empty."""

import warnings

import numpy as np
import pytest

from unrolled import sweep

peer = pytest.importorskip("sklearn.model_selection", reason="scikit-learn, the oracle, is not installed")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("seed", range(100))
def test_folds_of_groups(seed: int, named: bool) -> None:
    rng = np.random.default_rng(seed)
    n_groups, C = int(rng.integers(3, 15)), int(rng.integers(2, 6))
    k = int(rng.integers(2, n_groups + 1))
    size = int(rng.integers(n_groups, 200))
    groups = np.concatenate([np.arange(n_groups), rng.integers(0, n_groups, size)])
    y = rng.choice(C, len(groups), p=rng.dirichlet(np.ones(C)))
    if seed % 3 == 0:
        y = (groups * 7 % C) if seed % 2 else np.where(rng.random(len(y)) < 0.8, groups % C, y)
    if max(np.bincount(y)) < k:
        return
    theirs = [measured.tolist() for _, measured in peer.StratifiedGroupKFold(k).split(y, y, groups)]
    if not all(theirs):
        return
    names = np.array([f"person {n:02d}" for n in groups]) if named else groups
    assert [measured.tolist() for _, measured in sweep.group_folds(names, k, y)] == theirs


def test_most_of_the_cases_leave_no_fold_empty() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        splits = peer.StratifiedGroupKFold(3).split(np.zeros(6), [0, 1, 0, 1, 0, 1], [0, 0, 1, 1, 2, 2])
    assert [measured.tolist() for _, measured in splits] == [[0, 1], [2, 3], [4, 5]]
