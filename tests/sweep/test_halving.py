"""Successive halving: who goes on, on how much, and what it costs to go on after an interruption."""

import re
from pathlib import Path
from typing import Any

import pytest
import searches

from unrolled import sweep

SAMPLES = searches.samples()


def run(points: Any, **settings: Any) -> list[sweep.Results]:
    given: dict[str, Any] = {
        "min_resources": 1,
        "max_resources": 9,
        "trial": searches.look,
        "folds": 2,
        "seeds": 1,
        "n_jobs": 1,
        "progress": False,
    }
    return sweep.halving(points, SAMPLES, **(given | settings))


def shape(rungs: list[sweep.Results], budget: str = "epochs") -> list[tuple[int, int]]:
    return [(len(rung.standings()), rung[0].point[budget]) for rung in rungs]


def test_the_best_third_goes_on_with_three_times_as_much() -> None:
    rungs = run(sweep.grid({"a": [5, 2, 9, 1, 8, 3, 7, 4, 6]}))
    assert shape(rungs) == [(9, 1), (3, 3), (1, 9)]
    assert [point.point["a"] for point in rungs[1].ranking()] == [9, 8, 7]
    assert rungs[-1].best == {"a": 9, "epochs": 9}
    lowest = run(sweep.grid({"a": [5, 2, 9, 1, 8, 3, 7, 4, 6]}), objective="-accuracy")
    assert [point.point["a"] for point in lowest[1].ranking()] == [1, 2, 3]


def test_sizes_that_do_not_divide_are_rounded_up_and_the_last_rung_has_the_most() -> None:
    points = sweep.grid({"a": list(range(10))})
    assert shape(run(points, min_resources=2, max_resources=7, factor=2, resource="b"), "b") == [
        (10, 2),
        (5, 4),
        (3, 7),
    ]
    assert shape(run(points, min_resources=4, max_resources=4)) == [(10, 4)]
    assert shape(run(points[:1], min_resources=1, max_resources=4, factor=4)) == [(1, 1), (1, 4)]


def test_one_rung_and_validation_samples_of_their_own() -> None:
    assert shape(run(sweep.grid({"a": [1, 2]}), max_resources=1)) == [(2, 1)]
    others = searches.samples(seed=1)
    rungs = run(sweep.grid({"a": [1, 2]}), max_resources=3, folds=None, validation=others)
    assert {row.metrics["validation"] for rung in rungs for row in rung} == {float(others.X.sum())}


def test_it_goes_on_from_its_table(tmp_path: Path) -> None:
    points = [{"learning_rate": rate, "hidden": 4} for rate in (0.01, 0.03, 0.1, 0.3)]
    table = tmp_path / "t.jsonl"
    settings: dict[str, Any] = {"trial": sweep.train_network, "max_resources": 4, "factor": 2, "objective": "-loss"}
    whole = run(points, **settings)
    sweep.run([{**point, "epochs": 1} for point in points], SAMPLES, folds=2, seeds=1, n_jobs=1, table=table)
    executor = searches.LikeMPI()
    assert run(points, **settings, table=table, executor=executor, n_jobs=None) == whole
    assert len(executor.calls) == 2 * (2 + 1)
    assert {row.metrics["epochs"] for row in whole[-1]} == {4}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"min_resources": 5, "max_resources": 4},
            "min_resources is 5 and max_resources 4, expected the first to be no larger",
        ),
        ({"factor": 1}, "factor is 1, expected a finite number above 1"),
        ({"resource": "a"}, "points[0] has a 1, which halving sets itself"),
        ({"max_resources": 1.5}, "max_resources is 1.5, expected a whole number"),
    ],
)
def test_what_cannot_be_halved_is_told(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        run(sweep.grid({"a": [1, 2]}), **settings)
