"""The rugged landscape: its measures on made-up results whose answers are known, and a whole search in small."""

import math
import re
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
import rugged_landscape as example
import searches

from unrolled import rnn, sweep
from unrolled.sweep import Result, Results

GRID = {
    "learning_rate": [0.01, 0.1, 1.0],
    "hidden": [3, 5],
    "initializer": [rnn.xavier_normal, {"W_hh": rnn.orthogonal}],
    "clip": [None, rnn.ClipNorm(1.0)],
    "batch_size": 10,
    "epochs": 1,
}


def made_up(measure: Any, seeds: int = 3) -> Results:
    rows = []
    for point in sweep.grid(GRID):
        for seed in range(seeds):
            accuracy = measure(point, seed)
            ended: Any = "diverged" if accuracy is None else "done"
            rows.append(Result(point, seed, 0, ended, {} if accuracy is None else {"accuracy": float(accuracy)}))
    return Results(tuple(rows))


def test_neighbors_are_one_step_apart_in_one_ordered_setting() -> None:
    pairs = example.neighbors(made_up(lambda point, seed: point["hidden"] + seed))
    assert len(pairs) == 4 * (2 * 2 + 3 * 1)  # under each remedy: two steps of three rates, one of two sizes
    for one, other in pairs:
        assert [name for name in GRID if one.point[name] != other.point[name]] in (["learning_rate"], ["hidden"])


def test_noise_alone_has_a_ruggedness_of_one_and_a_smooth_slope_more() -> None:
    rng = np.random.default_rng(0)
    noise = [example.roughness(made_up(lambda point, seed: 0.1 * rng.standard_normal())) for _ in range(40)]  # noqa: ARG005
    assert np.mean([each.steps for each in noise]) / np.mean([each.expected for each in noise]) == pytest.approx(1, 0.1)
    assert np.mean([each.spread for each in noise]) == pytest.approx(0.1, rel=0.05)

    def slope(point: dict[str, Any], seed: int) -> float:
        return math.log10(point["learning_rate"]) + 0.01 * seed

    steep = example.roughness(made_up(slope))
    assert steep.steps == pytest.approx(4 * 4 * 1 / 28)  # 16 of 28 pairs are a step of a rate, and differ by 1
    assert steep.spread == pytest.approx(0.01)
    assert steep.ratio == pytest.approx(steep.steps / (2 * 0.01 / math.sqrt(3 * math.pi)))
    assert (steep.best, steep.near, steep.diverged) == pytest.approx((0.01, 1 / 3, 0))


def test_variance_is_divided_exactly() -> None:
    def measure(point: dict[str, Any], seed: int) -> float:
        rate, clipped = math.log10(point["learning_rate"]), point["clip"] is not None
        return rate + 2 * clipped + (1 if point["hidden"] == 5 and clipped else 0) + 0.5 * (seed - 1)

    found = example.shares(made_up(measure))
    total = 2 / 3 + 1.25**2 + 0.25**2 + 0.25**2 + 0.25 * 2 / 3
    expected = {
        "learning_rate": 2 / 3,
        "hidden": 0.25**2,
        "initializer": 0,
        "clip": 1.25**2,
        "settings together": 0.25**2,
        "seeds": 0.25 * 2 / 3,
    }
    assert list(found) == list(expected)
    np.testing.assert_allclose(list(found.values()), np.array(list(expected.values())) / total, atol=1e-12)
    assert sum(found.values()) == pytest.approx(1)
    with pytest.raises(ValueError, match="no full grid"):
        example.shares(Results(made_up(measure)[:-1]))


def test_the_remedy_that_smooths_is_named() -> None:
    rng = np.random.default_rng(0)

    def measure(point: dict[str, Any], seed: int) -> float | None:  # noqa: ARG001 - every measure's
        if point["clip"] is None:
            return None if point["learning_rate"] == 1.0 else float(0.3 + 0.1 * rng.standard_normal())
        return float(0.6 + 0.01 * rng.standard_normal())

    results = made_up(measure)
    text = example.page(results, "Made up")
    assert "The smallest steps between neighbors are under **clip ClipNorm(limit=1.0)**" in text
    assert re.search(
        r"- clip ClipNorm\(limit=1\.0\) instead of none \*\*smooths\*\* the space; met: neighbors differ less \(from "
        r".*, seeds differ less \(from .*, more points are nearly best \(from \d+% to \d+%\); the best accuracy goes",
        text,
    )
    assert "by all three conditions: **clip ClipNorm(limit=1.0)**" in text
    assert "16.7% of the trainings diverged" in text
    found = example.remedies(results)
    assert set(found) > {"initializer xavier_normal", "clip none", "initializer W_hh: orthogonal, clip none"}
    assert found["clip none"].diverged == pytest.approx(1 / 3)
    assert found["clip ClipNorm(limit=1.0)"].near == 1


def test_a_remedy_that_fails_a_condition_does_not_smooth_and_the_condition_is_named() -> None:
    def measure(point: dict[str, Any], seed: int) -> float:
        rate, clipped = math.log10(point["learning_rate"]), point["clip"] is not None
        return (0.5 + 0.2 * rate + 0.01 * seed) if clipped else (0.3 + 0.01 * rate + 0.02 * seed)

    results = made_up(measure)
    found = example.remedies(results)
    assert found["clip none"].near == 0  # each is as good as the best without clipping, and none as the best of all
    assert found["clip ClipNorm(limit=1.0)"].near == pytest.approx(1 / 3)
    said = example.verdict("clip", found["clip none"], found["clip ClipNorm(limit=1.0)"])
    assert said == (
        "clip **does not smooth** the space; not met: neighbors differ less (from 0.006 to 0.114); met: seeds differ "
        "less (from 0.020 to 0.010), more points are nearly best (from 0% to 33%); the best accuracy goes from 0.320 "
        "to 0.510."
    )
    assert f"- clip ClipNorm(limit=1.0) instead of none {said.removeprefix('clip ')}" in example.page(results, "")
    assert "by all three conditions: **none**." in example.page(results, "")
    same = example.verdict("clip", found["clip none"], found["clip none"])
    assert "does not smooth" in same
    assert "; met:" not in same


@pytest.mark.long
def test_a_whole_search_in_small_and_its_page(tmp_path: Path) -> None:
    samples = searches.samples(60)
    training, validation = samples.split(0.3, by="person", rng=0)
    settings: dict[str, Any] = {"seeds": 2, "n_jobs": 1, "table": tmp_path / "t.jsonl", "progress": False}
    results = example.search(training, validation, GRID, **settings)
    assert len(results) == 24 * 2
    assert results[0].point["hidden"] == 5
    assert example.search(training, validation, GRID, **settings) == results
    before = plt.get_fignums()
    text = example.write(results, "Made up", tmp_path)
    assert (tmp_path / "rugged_landscape.md").read_text(encoding="utf-8") == text
    for name in re.findall(r"\((\w+\.png)\)", text):
        assert plt.imread(tmp_path / name).std() > 0
    assert len(re.findall(r"\.png\)", text)) == 3
    assert plt.get_fignums() == before


def test_shoulder_exercises_hold_out_a_whole_pair_and_no_test_person() -> None:
    training, validation, source = example.load(None, 70)
    assert set(np.asarray(validation.person)) == {7, 10}
    assert set(np.asarray(training.person)) == {1, 2, 3, 4, 5, 6}
    assert np.bincount(training.y).tolist() == 7 * [10]
    assert source.startswith("Shoulder exercises, 70 training windows of 6 people")
