"""A data set as leave-one-out folds, at another rate, and with what was left out told."""

import logging
from pathlib import Path

import numpy as np
import pytest

from unrolled.data import (
    DataError,
    Dataset,
    Recording,
    Samples,
    Scaling,
    cut_recordings,
    cut_windows,
    from_recordings,
    load_motionsense,
)


def recordings(people: int = 4, length: int = 60) -> list[tuple[np.ndarray, str, int]]:
    rng = np.random.default_rng(0)
    return [(who + rng.normal(size=(length, 3)), label, who) for who in range(people) for label in ("nod", "wave")]


@pytest.mark.parametrize("scale", [True, False])
def test_everyone_of_both_parts_is_tested_on_once_and_scaling_is_the_others(scale: bool) -> None:
    dataset = from_recordings(recordings(), window=20, stride=10, scale=scale, rate=50)
    raw = from_recordings(recordings(), window=20, stride=10, scale=False)
    people = []
    for fold in dataset.folds():
        assert fold.train.person is not None
        assert fold.test.person is not None
        (who,) = set(fold.test.person.tolist())
        people.append(who)
        assert set(fold.train.person.tolist()) == set(range(4)) - {who}
        assert len(fold.train) + len(fold.test) == len(raw.train) + len(raw.test)
        everything = np.concatenate([part.X[part.person != who] for part in (raw.train, raw.test)])
        if scale:
            expected = Scaling.fit(everything)
            assert fold.scaling is not None
            np.testing.assert_allclose(fold.scaling.mean, expected.mean, rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(fold.train.X.mean((0, 1)), 0, atol=1e-5)
        else:
            assert fold.scaling is None
            np.testing.assert_array_equal(np.sort(fold.train.X, axis=None), np.sort(everything, axis=None))
        assert fold.classes == dataset.classes
        assert fold.rate == 50
        assert fold.provenance.endswith("a fold: tested on one person left out")
    assert people == [0, 1, 2, 3]


def test_folds_of_different_lengths_keep_them_and_parts_must_fit() -> None:
    X = np.ones((4, 6, 2))
    part = Samples(X, [0, 1, 0, 1], person=np.array([1, 1, 2, 2]), lengths=np.array([6, 3, 2, 6]))  # type: ignore[arg-type]  # lists are taken
    whole = Samples(X, [0, 1, 0, 1], person=np.array([3, 3, 3, 3]))  # type: ignore[arg-type]  # lists are taken
    folds = list(Dataset(part, whole, ("a", "b")).folds())
    assert [fold.test.lengths.tolist() for fold in folds if fold.test.lengths is not None] == [
        [6, 3],
        [2, 6],
        [6, 6, 6, 6],
    ]
    with pytest.raises(DataError, match="as many steps and axes"):
        Dataset(part, Samples(X[:, :5], whole.y, whole.person), ("a", "b")).folds()
    with pytest.raises(DataError, match="carry no person numbers"):
        Dataset(part, Samples(X, whole.y), ("a", "b")).folds()


def test_another_rate_comes_before_the_windows() -> None:
    dataset = from_recordings(recordings(), rate=50, new_rate=25, window=20, stride=10)
    assert dataset.rate == 25
    assert len(dataset.train) + len(dataset.test) == 8 * 2  # of 30 steps each
    assert dataset.classes == ("nod", "wave")
    with pytest.raises(DataError, match="new_rate is 25 and rate is None, expected both"):
        from_recordings(recordings(), new_rate=25)
    with pytest.raises(DataError, match="new_rate is -1, expected a finite number of Hz"):
        from_recordings(recordings(), rate=50, new_rate=-1)


def test_a_loader_brings_recordings_to_another_rate(imitation: tuple[Path, Path]) -> None:
    dataset = load_motionsense(imitation[1], new_rate=20, window=60, stride=30, n_train=2, n_test=1)
    assert dataset.rate == 20
    assert dataset.train.X.shape == (12, 60, 3)
    assert dataset.classes[1] == "jogging"


def test_classes_left_out_are_in_the_summary() -> None:
    dataset = from_recordings(recordings(), window=20, stride=10)
    before = dataset.summary.kept["windows"]
    chosen = dataset.select_classes(["wave"])
    assert chosen.summary.kept["windows"] == before // 2 == len(chosen.train) + len(chosen.test)
    assert chosen.summary.dropped["windows"] == {"of a class not selected": before // 2}


def test_what_is_cut_by_hand_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "unrolled.data")
    cut_recordings(np.ones((12, 1)), [0] * 9 + [1] * 3, [1] * 12, min_steps=5)
    cut_windows([Recording(np.ones((9, 1)), 0, 1, 1), Recording(np.ones((3, 1)), 1, 1, 2)], 4, 4)
    assert [record.getMessage() for record in caplog.records] == [
        "cut_recordings: recordings: 1 kept, 1 dropped (1 shorter than 5 steps)",
        "cut_windows: recordings: 1 kept, 1 dropped (1 shorter than 4 steps)",
        "cut_windows: windows: 2 kept, 0 dropped",
    ]
