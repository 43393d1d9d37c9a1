"""What both parts have is found, and nobody is left unwarned."""

import dataclasses
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unrolled import data
from unrolled.data import DataError, Dataset, Samples, from_recordings, open_h5, save_h5


def walk(seed: int, steps: int = 400) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(steps, 3))


def windows(seed: int, stride: int, n: int, length: int = 40) -> np.ndarray:
    steps = walk(seed, stride * (n - 1) + length)
    return np.stack([steps[i * stride : i * stride + length] for i in range(n)])


def found(train: Samples, test: Samples) -> tuple[int, int]:
    leakage = Dataset(train, test, ("a", "b")).check_leakage()
    assert bool(leakage) == (leakage.windows + leakage.overlapping > 0)
    assert leakage.n_test == len(test)
    return leakage.windows, leakage.overlapping


def part(X: np.ndarray, **numbers: object) -> Samples:
    return Samples(X, np.zeros(len(X), int), **numbers)  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_windows_and_overlapping_ones_are_counted(dtype: type) -> None:
    one: np.ndarray = windows(0, 40, 6).astype(dtype)
    other: np.ndarray = windows(1, 40, 5).astype(dtype)
    assert found(part(one), part(other)) == (0, 0)
    other[[1, 3]] = one[[5, 0]]
    assert found(part(one), part(other)) == (2, 0)
    overlapping: np.ndarray = windows(2, 20, 8).astype(dtype)
    assert found(part(overlapping[::2]), part(overlapping[1::2])) == (0, 4)
    far: np.ndarray = windows(2, 25, 2).astype(dtype)  # fifteen steps in both
    assert found(part(far[:1]), part(far[1:])) == (0, 0)
    both = Dataset(part(overlapping[::2]), part(overlapping[1::2]), ("a",)).standardized()
    assert both.check_leakage().overlapping == 4


def test_series_that_stand_still_and_padding_are_no_overlap() -> None:
    still = np.zeros((4, 40, 3))
    still[:, :10] = windows(0, 40, 4)[:, :10]
    assert found(part(still[:2]), part(still[2:])) == (0, 0)
    assert found(part(np.zeros((1, 40, 1))), part(-np.zeros((1, 40, 1)))) == (1, 0)
    X, lengths = np.zeros((2, 60, 3)), np.array([40, 60])
    X[0, :40] = X[1, :40] = windows(1, 40, 1)[0]
    X[1, 40:] = walk(2, 20)
    assert found(part(X[:1], lengths=lengths[:1]), part(X[1:], lengths=lengths[1:])) == (0, 1)


def test_people_and_trials_in_both_parts_are_named() -> None:
    X = windows(0, 40, 4)
    numbers = {"person": np.array([1, 1, 2, 3]), "trial": np.array([1, 2, 1, 1])}
    one, other = part(X, **numbers), part(X + 1, **numbers)
    leakage = Dataset(one.subset([0, 2]), other.subset([1, 2, 3]), ("a",)).check_leakage()
    assert not leakage
    assert leakage.people == (1, 2)
    assert leakage.trials == ((2, 1),)
    assert "both parts have 2 people and 1 trials" in str(leakage)
    alone = dataclasses.replace(one, person=None)
    assert Dataset(alone, alone, ("a",)).check_leakage().trials == ((0, 1), (0, 2))
    assert Dataset(part(X), part(X), ("a",)).check_leakage().people == ()


def test_a_recording_given_twice_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    signal = walk(0)
    given = [(signal, "a", 1), (walk(1), "b", 1), (signal, "a", 2), (walk(2), "b", 2)]
    with caplog.at_level(logging.WARNING, "unrolled.data"):
        from_recordings(given, test_people=[2])
    assert "1 recordings are the same as another, value for value: person 2, trial 1" in caplog.text
    assert "scores will be too good: of 8 test series 4 are in the training part too" in caplog.text
    caplog.clear()
    from_recordings([*given[:2], *given[3:]], test_people=[2])
    assert not caplog.records


def test_a_random_split_of_overlapping_windows_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "unrolled.data"):
        from_recordings([(walk(0), "a", 1), (walk(1), "b", 1)], split="random")
    assert "others share steps with it" in caplog.text


@pytest.mark.parametrize(
    "make",
    [
        lambda X: Samples(X, np.arange(2)),
        lambda X: Samples(list(X), np.arange(2)),  # type: ignore[arg-type] # a list of masked arrays loses its masks
        lambda X: data.Recording(X[0], 0, 1, 1),
        lambda X: data.cut_recordings(X[0], [0] * 5, [0] * 5),
        lambda X: Samples(np.zeros(X.shape), np.ma.masked_array([0, 1], [True, False])),
        lambda X: Samples(np.zeros(X.shape), np.ma.masked_array([0, 1], [True, False]), numbers=True),
        lambda X: Samples(X.data, [0, 1]).subset(np.ma.masked_array([0, 1], [True, False])),  # type: ignore[arg-type]
        data.Scaling.fit,
        lambda X: data.Scaling.fit_blocks([X]),
        data.Scaling(np.zeros(3), np.ones(3)).apply,
        data.Scaling(np.zeros(3), np.ones(3)).invert,
        data.channels.Magnitude(),
        lambda X: data.channels.Channels([data.channels.Axes()], 3)(X),
        lambda X: data.augment.Jitter(0.1)(X, 0),
        lambda X: data.augment.Compose([data.augment.Rotation()])(X, 0),
        lambda X: data.augment.Compose([lambda *_: X])(np.zeros(X.shape), 0),
        lambda X: data.augment.OneOf([lambda *_: X])(np.zeros(X.shape), 0),
        lambda X: data.augment.Mixup().with_targets(np.zeros(X.shape), X[:, 2], 0),
        lambda X: data.channels.Channels([data.channels.Axes()], 3).stream()(X[0, 2]),
        lambda X: data.forecasting_windows(X[0], 2, 1),
        lambda X: data.pad([*X]),
        lambda X: data.from_recordings([(X[0], "a", 1), (X[1], "b", 2)]),
        lambda X: data.join_by_time({"t": [0, 1, 2, 3, 4], "x": X[0, :, 1]}, {"t": [0, 4], "y": [1, 2]}, time="t"),
    ],
)
def test_masked_arrays_are_refused(make: object) -> None:
    X = np.ma.masked_array(np.zeros((2, 5, 3)), np.zeros((2, 5, 3), bool))
    X[0, 2, 1] = np.ma.masked
    with pytest.raises(DataError, match="is masked in places, expected numbers throughout"):
        make(X)  # type: ignore[operator]


def test_what_is_masked_in_a_table_is_missing() -> None:
    x = np.ma.masked_array(np.arange(40.0), np.arange(40) == 7)
    label = np.ma.masked_array(["nod"] * 20 + ["wave"] * 20, np.arange(40) >= 38)
    given: dict[str, Any] = {"signal": ["x"], "label": "what", "window": 5, "stride": 5, "split": "random"}
    with pytest.raises(DataError, match="the table has nan in column x, row 7, expected finite numbers"):
        data.load_csv({"x": x, "what": label}, **given)
    dataset = data.load_csv({"x": x, "what": label}, missing="drop", **given)
    assert dataset.summary.dropped["rows"] == {"unlabeled": 2, "with missing cells": 1}
    with pytest.raises(DataError, match="the table has nan in column t, expected finite numbers"):
        data.load_csv({"x": x.data, "what": label, "t": x}, time="t", **given)


def test_a_mask_that_masks_nothing_does_not_matter() -> None:
    samples = Samples(np.ma.masked_array(np.ones((2, 5, 3)), False), np.arange(2))
    assert type(samples.X) is np.ndarray


@pytest.mark.parametrize("padded", [False, True])
def test_an_open_file_finds_what_is_found_in_memory(tmp_path: Path, padded: bool) -> None:
    """Read a few rows at a time: the same series, and overlapping ones, are found across blocks."""
    rng = np.random.default_rng(1)
    recording = rng.normal(size=(2000, 3))
    windows = np.stack([recording[i : i + 40] for i in range(0, 1960, 20)])  # neighbors share 20 steps
    train, test = windows[::2], np.concatenate([windows[1:20:2], windows[[0, 50]], rng.normal(size=(5, 40, 3))])

    def part(X: np.ndarray) -> Samples:
        return Samples(X, np.zeros(len(X), np.int64), lengths=np.full(len(X), 40) if padded else None)

    dataset = Dataset(part(train), part(test), ("a",))
    save_h5(tmp_path / "a.h5", dataset)
    expected = dataset.check_leakage()
    assert (expected.windows, expected.overlapping, expected.n_test) == (2, 10, 17)
    with open_h5(tmp_path / "a.h5", memory=200_000) as opened:
        assert opened.check_leakage() == expected
        assert opened.standardized().check_leakage() == expected
        assert str(opened) == str(dataset)
