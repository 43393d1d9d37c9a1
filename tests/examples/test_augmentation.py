"""What each augmentation is worth: the example's functions, on small made-up recordings and the shipped ones."""

import json
import pickle
from pathlib import Path

import augmentation as example
import beyond_the_report
import numpy as np
import pytest
from matplotlib import pyplot as plt

from unrolled import data


def made_up(n: int = 120, T: int = 40) -> data.Dataset:
    """Three classes that a single axis tells apart, of ten people to train on and five others."""
    rng = np.random.default_rng(0)

    def part(n: int, first: int) -> data.Samples:
        y = np.arange(n) % 3
        X = 0.3 * rng.standard_normal((n, T, 3)) + np.array([1, 0, 0.5]) * y[:, None, None]
        return data.Samples(X.astype(np.float32), y, first + np.arange(n) // 12, np.arange(n) % 4)

    return data.Dataset(part(n, 0), part(60, 20), tuple("abc"), 50.0, "made up")


def test_every_augmentation_trains_and_the_page_compares_it_with_none() -> None:
    movements = made_up()
    ticks: list[int] = []
    work = pickle.loads(pickle.dumps(example.tasks(2, 2)))
    results = [example.train(task, movements, lambda: ticks.append(1)) for task in work]
    assert len(ticks) == 2 * len(work) == 4 * (1 + len(example.AUGMENTATIONS))
    by = {(result["name"], result["seed"]): result for result in results}
    again = example.train(work[0], movements, lambda: None)
    assert {**again, "seconds": 0} == {**results[0], "seconds": 0}
    assert json.loads(json.dumps(results))[2]["augmentation"] == "Jitter(sigma=0.05)"

    text = example.page(results, "made up", 2)
    rows = {
        row[0]: row[1:]
        for row in ([cell.strip() for cell in line.split("|")[1:-1]] for line in text.split("\n"))
        if row
    }
    for name in example.AUGMENTATIONS:
        differences = [by[name, seed]["test"][0] - by[example.NONE, seed]["test"][0] for seed in (0, 1)]
        assert rows[name][5].startswith(f"{np.mean(differences):+.3f} ± ")
        assert rows[name][6] == f"{sum(d > 0 for d in differences)} of 2"
    assert rows[example.NONE][5:7] == ["", ""]
    assert len({len(row) for row in rows.values()}) == 1
    assert "Chosen by validation accuracy: **" in text


def test_without_augmentation_it_is_the_training_of_beyond_the_report() -> None:
    movements = made_up()
    result = example.train(example.Task(example.NONE, None, 1, 3), movements, lambda: None)
    theirs = beyond_the_report.train(
        beyond_the_report.Task(example.RECIPE, "people", 1, 3), {"people": movements}, lambda: None
    )
    assert result["test"] == theirs["test"]
    assert result["validation"] == theirs["validation"]


def test_the_interval_is_students() -> None:
    assert example.interval([1.0, 2.0, 3.0, 4.0, 5.0]) == " ± 1.963"  # 2.776 * 1.5811 / sqrt(5)
    assert example.interval([1.0]) == ""


def test_the_figure_has_a_panel_for_each_with_the_window_behind() -> None:
    movements = example.load(None)
    assert movements.scaling is None
    assert movements.train.person is not None
    assert movements.test.person is not None
    assert not np.isin(movements.test.person, movements.train.person).any()
    window = movements.train.X[0]
    figure = example.draw(window, 50.0)
    assert [ax.get_title(loc="left") for ax in figure.axes] == list(example.AUGMENTATIONS)
    for ax in figure.axes:
        drawn = np.array([line.get_ydata() for line in ax.lines])
        np.testing.assert_array_equal(drawn[:3].T, window)
        assert np.abs(drawn[3:] - drawn[:3]).max() > 0.01
    plt.close(figure)


def test_a_file_that_is_not_there_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "sys.argv", ["augmentation.py", "--data", str(tmp_path / "no.zip"), "--out", str(tmp_path / "o")]
    )
    with pytest.raises(SystemExit, match=r"augmentation: .*no\.zip"):
        example.main()
    assert not (tmp_path / "o").exists()
