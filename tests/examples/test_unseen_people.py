"""People never seen: the study's trainings, numbers and page, on made-up people; and the committed page."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import unseen_numbers as numbers
import unseen_page
import unseen_people as example
import unseen_windows as windows
from unseen_recipes import BASELINE, FULL, RECIPES, ROCKET, side_by_side
from unseen_training import Key, Task, train
from unseen_verdicts import verdicts

from unrolled import data, rnn

RESULTS = Path(__file__).resolve().parents[2] / "examples" / "results" / "unseen_people"


def made_up() -> windows.Source:
    """Six classes of windows of twelve steps, by six people."""
    rng = np.random.default_rng(0)
    y, person = np.arange(72) % 6, np.arange(72) // 12
    X = 0.1 * rng.standard_normal((72, 12, 3)) + rng.standard_normal((6, 1, 3))[y]
    samples = data.Samples(X.astype(np.float32), y, person, np.arange(72) % 2)
    return windows.Source(samples, unseen_page.MOVEMENTS, ((0, 1), (2, 3), (4, 5)), {})


@pytest.mark.parametrize("recipe", [BASELINE.name, FULL.name])
def test_a_training_is_tested_on_the_people_left_out_and_on_all_their_windows(recipe: str, tmp_path: Path) -> None:
    shared = {windows.MOTIONSENSE: made_up()}
    task = Task(Key(windows.MOTIONSENSE, "fold 2", recipe, 0), 2, tmp_path)
    row = train(task, shared, lambda: None)
    assert {person for person, *_ in row["counts"]} == {2, 3}
    assert sum(sum(said) for _, _, _, *said in row["counts"]) == 24
    again = train(task, shared, lambda: None)
    assert again["counts"] == row["counts"]
    assert json.loads(json.dumps(row)) == row


def test_steps_side_by_side_are_those_of_a_stack() -> None:
    X = np.random.default_rng(0).standard_normal((4, 12, 2)).astype(np.float32)
    net = rnn.ManyToOne([rnn.Stack(3), rnn.LSTM(4)], 2, 3, rng=0)
    plain = rnn.ManyToOne.from_parameters(net.parameters, rnn.LSTM(4), 6, 3)
    np.testing.assert_array_equal(net.predict_proba(X), plain.predict_proba(side_by_side(X, 3)))


def row(recipe: str, split: str, seed: int, counts: list[list[int]], **others: Any) -> dict[str, Any]:
    return {"data": windows.MOTIONSENSE, "split": split, "recipe": recipe, "seed": seed, "counts": counts, **others}


def test_people_count_alike_and_only_seeds_that_all_folds_have() -> None:
    rows = [
        row("a", "fold 1", 0, [[1, 0, 1, 9, 1], [2, 1, 1, 1, 1]], training=0.5, seconds=2.0),
        row("a", "fold 2", 0, [[3, 0, 1, 1, 0]], training=1.0, seconds=4.0),
        row("a", "fold 1", 1, [[1, 0, 1, 10, 0], [2, 1, 1, 0, 2]], training=0.5, seconds=2.0),
    ]
    found = numbers.accuracy(numbers.chosen(rows, windows.MOTIONSENSE, "a", ["fold 1", "fold 2"]))
    assert found.people == {1: 0.9, 2: 0.5, 3: 1.0}
    assert found.mean == pytest.approx(0.8)
    assert found.right == pytest.approx(11 / 13)
    assert (found.training, found.seconds, found.parameters) == (0.75, 3.0, None)
    whole = numbers.accuracy(numbers.chosen(rows, windows.MOTIONSENSE, "a", ["fold 1"]))
    assert whole.seeds == pytest.approx([0.7, 1.0])
    it = numbers.paired(whole, found._replace(people={1: 1.0, 2: 0.5}))
    assert (it.ahead, it.behind) == (1, 1)


def test_recordings_that_are_taken_for_the_other_way_are_found() -> None:
    counts = [[9, 0, 2, 0, 0, 0, 0, 30, 2], [9, 4, 3, 31, 0, 0, 0, 0, 0], [1, 0, 1, 30, 0, 0, 0, 1, 0]]
    rows = [row(name, "fold 1", 0, counts, training=1.0) for name in (FULL.name, ROCKET)]
    assert [each[:3] for each in numbers.taken_for(rows, 0, 4)] == [(9, 0, 2), (9, 4, 3)]
    assert verdicts(rows)["person 9"][0] == "as foretold if true"


def test_the_committed_page_is_what_the_committed_results_say() -> None:
    rows = example.read(RESULTS / "results.json")
    assert {each["recipe"].removesuffix(", ensemble") for each in rows} <= {*RECIPES, ROCKET}
    assert unseen_page.page(rows) == (RESULTS / "unseen_people.md").read_text(encoding="utf-8")
