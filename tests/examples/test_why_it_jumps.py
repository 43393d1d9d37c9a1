"""Why it jumps: what is counted, on histories made for it; and the whole, small."""

import json
from pathlib import Path

import jump_claim
import jump_measures
import jump_numbers
import jump_remedies
import numpy as np
import pytest
import reproduce_report
import why_it_jumps as example
from matplotlib import image

from unrolled import data, dynamics, rnn


def made_up(n: int = 90, T: int = 12) -> data.Dataset:
    """Six classes told apart by the mean of an axis."""
    rng = np.random.default_rng(0)

    def part(n: int) -> data.Samples:
        y = np.arange(n) % 6
        X = rng.normal(0, 0.5, (n, T, 3)) + y[:, None, None] / 3
        return data.Samples(X.astype(np.float32), y)

    classes = ("downstairs", "jogging", "sitting", "standing", "upstairs", "walking")
    return data.Dataset(part(n), part(30), classes, 50.0, "made for a test", None)


def test_a_jump_begins_once_and_is_measured_from_the_lowest_loss_before() -> None:
    assert jump_claim.jumps([3.0, 2.0, 2.2, 2.3, 2.05, 1.9, 2.1]) == [3, 7]
    assert jump_claim.jumps([3.0, 2.0, 2.09]) == []
    assert jump_claim.jumps([3.0, 2.0, 2.09], margin=0.02) == [3]
    assert jump_claim.jumps([1.0]) == []


def test_moments_and_jumps_are_counted_from_both_sides() -> None:
    loss = [3.0, 2.0, 1.9, 2.5, 2.6, 1.8, 1.7, 1.6, 1.5, 1.4]  # a jump begins at epoch 4
    before = [e in (3, 8) for e in range(1, 11)]
    counts = jump_claim.count([(loss, before)])
    assert (counts.jumps, counts.preceded) == (1, 1)
    assert (counts.sharp, counts.followed) == (2, 1)  # what is seen at epoch 8 is followed by none
    assert (counts.calm, counts.calm_followed) == (6, 1)  # epoch 2 was calm; the last two are not known yet
    assert counts.preceded_by_chance == pytest.approx(1 - (8 * 7) / (10 * 9), abs=0.05)
    never = jump_claim.count([(loss, [e == 4 for e in range(1, 11)])])
    assert (never.preceded, never.followed) == (0, 0)


def test_chance_is_shuffled_within_each_training() -> None:
    calm = ([2.0, 1.9, 1.8, 1.7, 1.6], [True] * 5)  # always sharp, and never a jump
    jumping = ([2.0, 1.0, 1.9, 1.8, 1.7], [False] * 5)
    counts = jump_claim.count([calm, jumping])
    assert (counts.jumps, counts.preceded, counts.preceded_by_chance, counts.p) == (1, 0, 0, 1)


def test_a_few_products_come_close_to_the_exact_sharpness() -> None:
    movements = made_up()
    X, y = jump_measures.chosen(movements)
    net = rnn.ManyToOne(rnn.Tanh(8), 3, 6, rng=0)
    rnn.train(net, movements.train, optimizer=rnn.SGD(0.1), epochs=5, rng=0, progress=False)
    exact = dynamics.curvature(net, X, y, smallest=False).sharpness
    measure = jump_measures.Sharpness(X, y)
    once, twice = measure(net), measure(net)
    assert 0.8 * exact < once < 1.001 * exact
    assert abs(twice - exact) <= abs(once - exact) + 1e-3 * exact  # it goes on from the last eigenvector


def test_samples_are_of_all_classes_and_measuring_changes_nothing() -> None:
    shared = {"made up": made_up(300)}
    _, y = jump_measures.chosen(shared["made up"])
    assert np.bincount(y).tolist() == [25] * 6
    recipe = reproduce_report.Recipe("b", 50, 0.01, 30, 2, 0)
    row = jump_measures.train(jump_measures.Task("made up", recipe, 1), shared, lambda: None)
    plain = reproduce_report.train(recipe, shared["made up"], lambda: None)
    assert row["loss"] == plain.history.loss
    assert row["at"] == [1]


def test_pairs_differ_in_the_hidden_units_alone() -> None:
    rows = [
        {"data": "d", "part": "a", "learning_rate": 0.1, "batch_size": 10, "seed": seed, "hidden": hidden}
        for seed, hidden in ((0, 50), (0, 100), (1, 50))
    ]
    narrow, wide = jump_numbers.wide_and_narrow(rows)
    assert [(a["seed"], a["hidden"], b["hidden"]) for a, b in zip(narrow, wide, strict=True)] == [(0, 50, 100)]


def test_largest_jumps_are_of_different_trainings_and_those_of_one_network_come_first() -> None:
    def row(part: str, losses: list[float], seed: int = 0) -> jump_numbers.Row:
        return {"part": part, "loss": losses, "recorded": 9, "seed": seed, "hidden": 50, "batch_size": 30}

    found = jump_numbers.largest_jumps(
        [row("a", [2, 1, 9]), row("b", [2, 1, 1.2, 1, 1.5]), row("b", [2, 1, 3], 1), row("b", [2, 1])], 3
    )
    assert [(r["part"], r["seed"], epoch) for r, epoch in found] == [("b", 1, 3), ("b", 0, 5), ("a", 0, 3)]


@pytest.mark.long
def test_the_whole_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = {"motionsense": made_up()}
    ticks: list[int] = []
    batches = example.tasks(list(shared), 1, 2, 2)
    assert [len(batch) for batch in batches] == [13, len(jump_measures.REMEDIES)]
    for batch in batches:
        rows = [jump_measures.train(task, shared, lambda: ticks.append(1)) for task in batch]
        for row in rows:
            example.add(tmp_path / "trainings.jsonl", row)
    rows = example.read(tmp_path / "trainings.jsonl")
    assert len({example.key(row) for row in rows}) == len(rows) == 13 + len(jump_measures.REMEDIES)
    assert len(ticks) == 2 * len(rows)
    monkeypatch.setattr(jump_measures, "SAMPLES", 30)
    around = jump_measures.around(example.look(rows[-1] | {"remedy": ""}, 2), shared, lambda: None)
    assert set(around["places"]) == {"before", "peak", "after"}
    assert around["at"] == sorted(around["at"])
    example.add(tmp_path / "jumps.jsonl", around)
    page = example.write(shared, tmp_path)
    assert page == (tmp_path / "why_it_jumps.md").read_text()
    for prediction in jump_claim.PREDICTIONS:
        assert page.count(f"| {prediction.name} | ") == 2
    assert "nan" not in page.replace("MotionSense", "")
    for name in ("why_it_jumps", "sharp_and_reach", "batch_by_batch_motionsense", "slices_motionsense"):
        assert image.imread(tmp_path / f"{name}.png")[..., :3].std() > 0.01
    with (tmp_path / "trainings.jsonl").open("a") as table:
        table.write(json.dumps(rows[0])[:40])  # a power cut
    assert len(example.read(tmp_path / "trainings.jsonl")) == len(rows)


def test_a_seed_has_both_data_sets_before_the_next_begins() -> None:
    batches = example.tasks(["motionsense", "shoulder"], 2, 2, 2)
    assert [(batch[0].data, batch[0].recipe.seed, batch[0].remedy != "") for batch in batches] == [
        (name, seed, remedied)
        for seed in range(2)
        for name, remedied in (("motionsense", False), ("shoulder", False), ("motionsense", True))
    ]


def test_rises_are_counted_batch_by_batch_from_both_sides() -> None:
    def seen(loss: list[float], sharp: list[int]) -> jump_numbers.Row:
        sharpness = [1000.0 if n in sharp else 1.0 for n in range(len(loss))]  # 2 / eta is 200
        return {"remedy": "", "learning_rate": 0.01, "sample_loss": loss, "sharpness": sharpness}

    loss = [2.0, 2.0, 2.0, 3.0, 2.9, 2.9, 2.9, 2.9]  # one rise, from 2 to 3
    found = jump_numbers.rises([seen(loss, [1, 5])])
    assert (found.rises, found.preceded) == (1, 1)
    assert found.by_chance == pytest.approx(4 / 6)  # of six intervals, those after 1, 2, 5 and 6 have a sharp one
    assert (found.sharp, found.followed, found.calm, found.calm_followed) == (2, 1, 4, 1)
    assert jump_numbers.rises([seen(loss, [4])]).preceded == 0
    assert jump_numbers.rises([seen([1.0, 2.0, 3.0], [0])]).rises == 0  # too short to tell


def test_minima_of_a_slice_are_those_within_it() -> None:
    assert jump_numbers.minima([3.0, 2.0, 1.0]) == 0
    assert jump_numbers.minima([3.0, 1.0, 2.0, 0.5, 4.0]) == 2


def test_a_remedy_acts_where_the_account_says_or_in_part_or_not() -> None:
    def came_to(jumps: float, sharp: float, arrives: float) -> jump_numbers.Remedied:
        return jump_numbers.Remedied(5, jumps, sharp, 1e-9, arrives, 1.0, 2.5, 0.4)

    none = came_to(1.4, 0.12, 0.04)
    assert jump_remedies._acts("a tenth of the rate", none, came_to(0.2, 0.02, 0.3)).startswith(
        "- a tenth of the rate: yes: fewer jumps (1.4 to 0.2), a sharpness above 2 / eta less often (12% to 2%)"
    )
    part = jump_remedies._acts("GRU", none, came_to(0.0, 0.3, 0.5))
    assert "in part: a gradient that reaches further (above 0.01 in 4% to 50%), fewer jumps" in part
    assert "but expected a sharpness above 2 / eta less often (12% to 30%)" in part
    assert jump_remedies._acts("LSTM", none, came_to(2.0, 0.3, 0.01)).startswith("- LSTM: no: expected a gradient")
