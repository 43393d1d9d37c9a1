"""The main job, small: a course file, two epochs."""

import json
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from matplotlib import image

from unrolled import data

pytestmark = pytest.mark.long

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def course_file(path: Path, classes: tuple[str, ...] = ("one", "two", "three")) -> Path:
    """Classes told apart by the mean of an axis, in the course file's layout."""
    rng = np.random.default_rng(0)

    def part(n: int) -> data.Samples:
        y = np.arange(n) % len(classes)
        X = rng.normal(0, 0.5, (n, 12, 3))
        X[np.arange(n), :, y] += 1
        return data.Samples(X.astype(np.float32), y)

    data.save_h5(path, data.Dataset(part(90), part(30), classes, 50.0, "made for a test", None))
    return path


def reproduce(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(EXAMPLES / "reproduce_report.py"), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[Path, str]]:
    """What one process gives, and what two give."""
    folder = tmp_path_factory.mktemp("report")
    file = course_file(folder / "course.h5")
    done = {}
    for jobs in (1, 2):
        run = reproduce("--data", file, "--jobs", jobs, "--out", folder / str(jobs), "--epochs", 2)
        assert run.returncode == 0, run.stderr
        done[jobs] = folder / str(jobs), run.stdout
    return done


def test_the_number_of_processes_changes_nothing(outcomes: dict[int, tuple[Path, str]]) -> None:
    records = [json.loads((folder / "results.json").read_text()) for folder, _ in outcomes.values()]
    for record in records:
        for network in record["networks"]:
            del network["history"]["seconds"]
    assert records[0] == records[1]
    assert (outcomes[1][0] / "results.md").read_text() == (outcomes[2][0] / "results.md").read_text()


def test_thirteen_trainings_six_figures_and_a_page(outcomes: dict[int, tuple[Path, str]]) -> None:
    folder, printed = outcomes[2]
    record = json.loads((folder / "results.json").read_text())
    assert [n["part"] for n in record["networks"]] == ["a"] * 8 + ["b"] * 3 + ["c"] * 2
    for network in record["networks"]:
        top = network["test_top_1_2_3"]
        assert 0 <= top[0] <= top[1] <= top[2] == 1
        assert np.sum(network["test_confusion"]) == 30
        assert np.trace(network["test_confusion"]) / 30 == pytest.approx(top[0])
        assert len(network["history"]["loss"]) == 2
        assert network["history"]["training"]["epochs"] == [2]
    for n in range(1, 7):
        picture = image.imread(folder / f"figure{n}.png")
        assert picture[..., :3].std() > 0.01
    page = (folder / "results.md").read_text()
    assert page.count("Found again") + page.count("Not found") == len(record["observations"]) == 6
    assert "0.475 / 0.648 / 0.818" in page
    assert printed.startswith(page[:200])
    assert sorted(p.name for p in folder.iterdir()) == [
        *(f"figure{n}.png" for n in range(1, 7)),
        "results.json",
        "results.md",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "nowhere.h5"], "nowhere.h5"),
        (["--data", "nowhere.zip"], "nowhere.zip"),
        (["--data", __file__], "test_reproduce_report.py"),
        (["--jobs", "0"], "--jobs"),
        (["--epochs", "-1"], "--epochs"),
        (["--seeds", "0"], "--seeds"),
    ],
)
def test_wrong_arguments_are_told_in_a_line(arguments: list[str], message: str, tmp_path: Path) -> None:
    run = reproduce(*arguments, "--out", tmp_path / "out")
    assert run.returncode != 0
    assert message in run.stderr
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "out").exists()


def test_several_seeds_are_counted_and_all_drawn(outcomes: dict[int, tuple[Path, str]], tmp_path: Path) -> None:
    file = course_file(tmp_path / "course.h5")
    run = reproduce("--data", file, "--out", tmp_path / "out", "--epochs", 2, "--seeds", 2)
    assert run.returncode == 0, run.stderr
    record = json.loads((tmp_path / "out" / "results.json").read_text())
    assert [n["seed"] for n in record["networks"]] == [0] * 13 + [1] * 13
    alone = json.loads((outcomes[1][0] / "results.json").read_text())
    for here, there in zip(record["networks"], alone["networks"], strict=False):  # the first seed is as if alone
        assert here["history"]["loss"] == there["history"]["loss"]
    for several, one in zip(record["observations"], alone["observations"], strict=True):
        assert several["seeds"] == [0, 1]
        assert (several["found"][0], several["evidence"][0]) == (one["found"][0], one["evidence"][0])
    page = (tmp_path / "out" / "results.md").read_text()
    assert page.count(" seeds.**") == 6
    assert page.count("  - Seed 1, ") == 6
    assert "2 seeds (0 to 1) a network" in page


def test_two_classes_and_a_path_with_spaces(tmp_path: Path) -> None:
    file = course_file(tmp_path / "data-Mini Project 2", ("yes", "no"))  # and without a suffix
    run = reproduce("--data", file, "--out", tmp_path / "a folder", "--epochs", 1)
    assert run.returncode == 0, run.stderr
    assert json.loads((tmp_path / "a folder" / "results.json").read_text())["networks"][0]["test_top_1_2_3"][1:] == [
        1,
        1,
    ]


def test_data_that_cannot_be_trained_on_are_told_in_a_line(tmp_path: Path) -> None:
    file = course_file(tmp_path / "course.h5")
    with h5py.File(file, "r+") as opened:
        X = opened["trX"][...].astype(np.float64)
        X[3, 4, 2] = 1e300
        del opened["trX"]
        opened["trX"] = X
    run = reproduce("--data", file, "--out", tmp_path / "out", "--epochs", 1)
    assert run.returncode != 0
    assert "1e+300 at sample" in run.stderr.splitlines()[-1]
    assert "Traceback" not in run.stderr
