"""What each remedy is worth: the example, on small made-up recordings, and once on MotionSense."""

import os
from pathlib import Path

import beyond_the_report as example
import numpy as np
import pytest

from unrolled import data

MOTIONSENSE = Path(
    os.environ.get("UNROLLED_MOTIONSENSE", Path(__file__).parents[3] / "shared/data/A_DeviceMotion_data.zip")
)


def made_up(n: int = 120, T: int = 12) -> data.Dataset:
    """Six classes that a single sensor tells apart, of ten people with four trials each."""
    rng = np.random.default_rng(0)

    def part(n: int) -> data.Samples:
        y = np.arange(n) % 6
        X = 0.1 * rng.standard_normal((n, T, 3)) + y[:, None, None]
        return data.Samples(X.astype(np.float32), y, np.arange(n) // 12, np.arange(n) % 4)

    return data.Dataset(part(n), part(60), tuple("abcdef"), 50.0, "made up")


def test_each_recipe_is_named_once_and_begins_with_the_reports() -> None:
    recipes = example.recipes()
    names = [recipe.name for recipe in recipes]
    assert len(set(names)) == len(names) >= 12
    assert names[0] == "the report's network"
    assert not recipes[0].scaled
    assert all(recipe.scaled for recipe in recipes[1:])


@pytest.mark.parametrize("split", ["trial", "people"])
def test_every_recipe_trains_and_the_page_has_a_row_for_each(split: str) -> None:
    ticks: list[int] = []
    results = [
        example.train(example.Task(recipe, split, seed, 2), {split: made_up()}, lambda: ticks.append(1))
        for recipe in example.recipes()
        for seed in (0, 1)
    ]
    assert len(ticks) == 2 * len(results)
    assert all(0 <= result["test"][0] <= result["test"][1] <= result["test"][2] <= 1 for result in results)
    assert results[0] == {
        **example.train(example.Task(example.recipes()[0], split, 0, 2), {split: made_up()}, lambda: None),
        "seconds": results[0]["seconds"],
    }
    names = [recipe.name for recipe in example.recipes()]
    text = example.page(results, names, [split], 2)
    assert all(f"| {name} | " in text for name in names)
    assert "Chosen by validation accuracy: **" in text
    figure = example.draw(results, names, [split])
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == names


def test_a_draw_takes_as_many_of_each_class() -> None:
    samples = example.drawn(made_up().train, 7, 0)
    assert np.bincount(samples.y).tolist() == [7] * 6


@pytest.mark.long
@pytest.mark.skipif(not MOTIONSENSE.exists(), reason="MotionSense is not in ../shared/data")
def test_motionsense_comes_with_enough_windows_for_validation_apart() -> None:
    movements = example.load(MOTIONSENSE, "trial")
    rest, held_out = movements.train.split(0.1, by="trial", rng=0)
    assert np.bincount(rest.y).min() >= 500
    assert np.bincount(held_out.y).min() >= 100
    assert len(movements.test) == 600
