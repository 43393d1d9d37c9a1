"""WISDM by people never seen: the example's functions, on a small imitation of the files."""

import argparse
import json
from pathlib import Path

import numpy as np
import pytest
import wisdm as example
from data.wisdm_files import write_wisdm_2019
from matplotlib import pyplot as plt

from unrolled import data


@pytest.fixture(scope="module")
def movements(tmp_path_factory: pytest.TempPathFactory) -> data.Dataset:
    folder = tmp_path_factory.mktemp("wisdm") / "wisdm-dataset"
    write_wisdm_2019(folder, people=(1600, 1601, 1602, 1603, 1604), steps=500, letters="ABC")
    return example.load(folder)


@pytest.mark.long
def test_everyone_is_tested_on_once_a_seed_and_the_page_says_how_well(movements: data.Dataset, tmp_path: Path) -> None:
    samples = example.everyone(movements)
    assert samples.person is not None
    tasks = [example.Task(fold, 2, seed, 1) for seed in (0, 1) for fold in (0, 1)]
    out = np.array([example.left_out(samples.person, task) for task in tasks])
    assert (out.reshape(2, 2, -1).sum(axis=1) == 1).all()
    assert all(len(np.unique(samples.person[each])) in (2, 3) for each in out)
    ticks: list[int] = []
    results = [example.train(task, movements, lambda: ticks.append(1)) for task in tasks]
    assert len(ticks) == 4
    assert example.train(tasks[1], movements, lambda: None) == results[1]
    found = example.answers(results)
    for each in found.values():
        assert sorted(each.by_person()) == [1600, 1601, 1602, 1603, 1604]
        assert len(each.y) == len(samples)
        assert each.top() == sorted(each.top())
        assert each.top()[0] == each.right.mean()
    given = argparse.Namespace(out=tmp_path, epochs=1, folds=2)
    text = example.write(results, movements, given)
    assert (tmp_path / "wisdm.md").read_text() == text
    top = np.mean([each.top() for each in found.values()], axis=0)
    assert f"| mean | {top[0]:.3f} | {top[1]:.3f} | {top[2]:.3f} |" in text
    assert "| chance | 0.056 | 0.111 | 0.167 |" in text
    assert f"| 1603 | {(samples.person == 1603).sum()} | " in text
    assert len(json.loads((tmp_path / "wisdm.json").read_text())) == 2
    assert {path.name for path in tmp_path.iterdir()} == {
        "wisdm.md", "wisdm.json", "wisdm_confusion.png", "wisdm_people.png",
    }  # fmt: skip
    plt.close("all")
