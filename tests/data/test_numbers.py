"""Targets that are numbers: what every method of a data set does with them."""

import dataclasses
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from unrolled import plots, rnn, sweep
from unrolled.data import DataError, Dataset, Samples, load_h5, open_h5, save_h5, write_h5
from unrolled.data.channels import Axes, Magnitude

Y = np.array([60, 61.5, 70, 80, 99.5, 100])


def part(y: np.ndarray = Y, people: int = 3, seed: int = 0) -> Samples:
    n = len(y)
    X = np.random.default_rng(seed).normal(size=(n, 20, 3))
    return Samples(X, y, np.arange(n) % people, np.arange(n), np.arange(n) % 5 + 16, numbers=True)


def pulse() -> Dataset:
    return Dataset(part(), part(Y[:4] + 1, seed=1), (), 10)


def test_targets_are_kept_as_float64() -> None:
    samples = Samples(np.zeros((3, 5, 1)), [1, 2, -(2**53)], numbers=True)  # type: ignore[arg-type]
    assert samples.y.dtype == np.float64
    assert samples.y.tolist() == [1, 2, -(2**53)]
    assert repr(part()) == "Samples(6 series of 16 to 20 steps x 3 axes, float64, 3 people, numbers from 60 to 100)"
    assert repr(part().subset([])).endswith("3 axes, float64, 0 people)")
    np.testing.assert_array_equal(part().subset([5, 1]).y, [100, 61.5])


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1.0, np.nan, 2.0], "y has nan at row 1, expected finite numbers"),
        ([1.0, 2.0, np.inf], "y has inf at row 2, expected finite numbers"),
        ([1.0, 2.0], r"y has shape \(2,\), expected \(3,\): one number a sample"),
        ([[1.0], [2.0], [3.0]], r"y has shape \(3, 1\), expected \(3,\)"),
        (["1", "2", "3"], "y has dtype <U1, expected real numbers"),
        ([True, False, True], "y has dtype bool, expected real numbers"),
    ],
)
def test_refuses_targets(y: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Samples(np.zeros((3, 5, 1)), y, numbers=True)  # type: ignore[arg-type]


def test_refuses_what_does_not_fit() -> None:
    labels = Samples(np.zeros((2, 20, 3)), np.array([0, 1]))
    with pytest.raises(DataError, match="train has numbers for y and test has labels, expected the same"):
        Dataset(part(), labels, ())
    with pytest.raises(DataError, match=r"classes are \('a', 'b'\), expected none, \(\): the targets are numbers"):
        Dataset(part(), part(), ("a", "b"))
    with pytest.raises(DataError, match=r"classes are \(\), expected at least one name: of targets that are n"):
        Dataset(labels, labels, ())
    with pytest.raises(DataError, match="numbers is 1, expected True or False"):
        Samples(np.zeros((2, 20, 3)), np.array([0, 1]), numbers=1)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"y has 0.5 at row 0, expected whole numbers"):
        Samples(np.zeros((2, 20, 3)), np.array([0.5, 1]))


def test_the_table_has_ranges_in_the_place_of_classes() -> None:
    assert (
        str(pulse().summary)
        == str(pulse())
        == (
            "series of 16 to 20 steps x 3 axes at 10 Hz, raw\n"
            "range of targets  training  people  seconds  test  people  seconds\n"
            "60 to 68                 2       2        3     2       2        3\n"
            "68 to 76                 1       1        2     1       1        2\n"
            "76 to 84                 1       1        2     1       1        2\n"
            "84 to 92                 0       0        0     0       0        0\n"
            "92 to 100                2       2        4     0       0        0\n"
            "all                      6       3       11     4       3        7"
        )
    )
    assert "targets: 60 to 68 (2 + 2), 68 to 76 (1 + 1), " in repr(pulse())
    same = part(np.full(6, 1e308))
    assert "1e+308 to 1e+308 (6 + 6)" in repr(Dataset(same, same, ()))
    far = part(np.array([-1.7e308, 1.7e308]))
    assert "(1 + 1)" in repr(Dataset(far, far, ()))


def test_a_split_draws_from_all_alike() -> None:
    rest, taken = part(np.arange(20.0)).split(0.25, rng=0)
    assert (len(rest), len(taken), taken.numbers) == (15, 5, True)
    assert sorted([*rest.y, *taken.y]) == list(range(20))
    rest, taken = part(np.arange(20.0), people=4).split(0.25, by="person", rng=0)
    assert taken.person is not None
    assert rest.person is not None
    assert len(np.unique(taken.person)) == 1
    assert not set(taken.person) & set(rest.person)
    with pytest.raises(DataError, match="cannot divide 1 samples: expected two or more"):
        part(Y[:1]).split(0.5)


def test_folds_channels_axes_and_scaling_leave_targets_alone() -> None:
    dataset = pulse().standardized().with_channels([Axes(), Magnitude()])
    np.testing.assert_array_equal(dataset.train.y, Y)
    assert dataset.train.numbers
    folds = list(dataset.folds())
    assert len(folds) == 3
    for fold in folds:
        assert fold.test.numbers
        assert sorted([*fold.train.y, *fold.test.y]) == sorted([*Y, *(Y[:4] + 1)])
        assert fold.scaling is not None
    assert pulse().select_axes([0]).train.X.shape == (6, 20, 1)
    with pytest.raises(DataError, match="the targets are numbers, expected labels: there are no classes to select"):
        pulse().select_classes(["sit"])


def test_leakage_is_of_series() -> None:
    assert not pulse().check_leakage()
    assert dataclasses.replace(pulse(), test=part()).check_leakage().windows == 6


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    dataset = pulse().standardized()
    save_h5(path, dataset)
    for found in (load_h5(path), open_h5(path)):
        assert found.classes == ()
        assert found.train.numbers
        assert found.train.y.dtype == np.float64
        np.testing.assert_array_equal(found.train.y, Y)
        np.testing.assert_array_equal(found.test.y, Y[:4] + 1)
        assert found.rate == 10
    with open_h5(path) as stored:
        assert "range of targets" in str(stored)
        assert repr(stored).startswith("StoredDataset(a.h5: 6 training and 4 test series of 16 to 20 steps")
    for read in (load_h5, open_h5):
        with pytest.raises(DataError, match=r"a.h5: classes are \['a'\], expected None: the targets are numbers"):
            read(path, classes=["a"])
    with pytest.raises(DataError, match=r"train block 0 y has 61.5 at row 1, expected whole numbers"):
        write_h5(path, [(dataset.train.X, dataset.train.y)], [], classes=["a"])


def test_a_target_that_is_no_number_is_named(tmp_path: Path) -> None:
    save_h5(tmp_path / "a.h5", pulse())
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["tstY"][2] = np.nan
    with pytest.raises(DataError, match="tstY has nan at row 2, expected finite numbers"):
        load_h5(tmp_path / "a.h5")


def test_a_network_trains_on_it_in_memory_and_from_a_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 10, 2))
    samples = Samples(X, 3 * X[:, -1, 0] + 2, np.arange(120) % 6, numbers=True)
    train, test = samples.split(0.25, by="person", rng=0)
    dataset = Dataset(train, test, ())
    save_h5(tmp_path / "a.h5", dataset)

    def trained(part: Any, validation: Any) -> rnn.History:
        net = rnn.ManyToOne(rnn.GRU(16), n_inputs=2, n_outputs=1, head=rnn.Linear(), rng=0)
        adam = rnn.Adam(0.02)
        return rnn.train(net, part, validation=validation, optimizer=adam, epochs=40, rng=0, progress=False)

    with open_h5(tmp_path / "a.h5") as stored:
        histories = [trained(dataset.train, dataset.test), trained(stored.train, stored.test)]
    for history in histories:
        assert history.validation is not None
        assert history.validation.r2 is not None
        assert history.validation.r2[0] < 0.5
        assert history.validation.r2[-1] > 0.8
    points = sweep.grid({"cell": [rnn.Tanh], "hidden": [3], "n_outputs": [1], "epochs": [1]})
    results = sweep.run(points, samples, folds=3, seeds=1, objective="r2", n_jobs=1, progress=False)
    assert [result.ended for result in results] == ["done"] * 3


def test_the_picture_has_a_window_of_each_range() -> None:
    figure = plots.dataset(pulse())
    *windows, table = figure.axes
    assert [ax.get_title(loc="left") for ax in windows][::4] == ["60 to 68", "92 to 100"]
    assert [len(ax.lines) for ax in windows] == [3, 3, 3, 0, 3]
    assert table.get_title(loc="left") == "series of each range of targets"
    assert sum(int(text.get_text()) for text in table.texts) == 10
