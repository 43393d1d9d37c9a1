"""Which points are best, and the table that says so."""

import re

import numpy as np
import pytest

from unrolled import rnn, sweep
from unrolled.sweep import Result, Results
from unrolled.sweep.samples import Part
from unrolled.sweep.training import train_network


def results(objective: str = "accuracy") -> Results:
    """Point a=1 is good but diverges once, a=2 is best of those that never do, a=4 always diverges."""
    measured: dict[int, list[float | None]] = {
        1: [0.9, 0.9, None],
        2: [0.6, 0.7, 0.8],
        3: [0.5, 0.5, 0.5],
        4: [None, None, None],
    }
    return Results(
        tuple(
            Result(
                {"a": a, "clip": None, "b": 7}, seed, 0, *(("diverged", {}) if v is None else ("done", {"accuracy": v}))
            )
            for a, values in measured.items()
            for seed, v in enumerate(values)
        ),
        objective,
    )


def test_a_point_that_diverges_for_a_seed_ranks_after_those_that_never_do() -> None:
    ranking = results().ranking()
    assert [standing.point["a"] for standing in ranking] == [2, 3, 1, 4]
    assert ranking[0].mean == pytest.approx(0.7)
    assert ranking[0].spread == pytest.approx(np.std([0.6, 0.7, 0.8], ddof=1))
    assert (len(ranking[2].values), ranking[2].trials) == (2, 3)
    assert np.isnan(ranking[3].mean)
    assert results().best["a"] == 2
    assert [standing.point["a"] for standing in results("-accuracy").ranking()] == [3, 2, 1, 4]


def test_points_of_which_nothing_was_measured_come_last_in_their_order() -> None:
    ended = [(3, None), (1, None), (5, 0.5), (2, None), (4, 0.25)]
    rows = tuple(Result({"a": a}, 0, 0, "done", {} if value is None else {"loss": value}) for a, value in ended)
    for objective, order in (("loss", [5, 4, 3, 1, 2]), ("-loss", [4, 5, 3, 1, 2])):
        assert [standing.point["a"] for standing in Results(rows, objective).ranking()] == order


def test_seconds_do_not_count_when_results_are_compared() -> None:
    one, other = (Result({"a": 1}, 0, 0, "done", {"accuracy": 0.5}, seconds=s) for s in (1.0, 2.0))
    assert one == other
    assert one != Result({"a": 1}, 0, 0, "done", {"accuracy": np.nextafter(0.5, 1)})


def test_the_ranking_table_has_what_varies() -> None:
    lines = results().table(2).splitlines()
    assert lines[0] == "|  | a | accuracy | spread | measured |"
    assert lines[2:] == ["| 1 | 2 | 0.7000 | 0.1000 | 3 of 3 |", "| 2 | 3 | 0.5000 | 0.0000 | 3 of 3 |"]
    assert results().table().splitlines()[-1] == "| 4 | 4 | - | - | 0 of 3 |"


def test_a_notebook_shows_what_cannot_be_ranked() -> None:
    assert "<td>3 of 3</td>" in results()._repr_html_()
    nothing = Results((Result({"a": 1}, 0, 0, "lost", {}), Result({"a": 2}, 0, 0, "lost", {})))
    assert "<td>0 of 1</td>" in nothing._repr_html_()
    assert "<tbody></tbody>" in Results(())._repr_html_()
    many = Results(tuple(Result({"a": a}, 0, 0, "done", {"accuracy": -float(a)}) for a in range(21)))
    places = re.findall(r"<tr><th>(\d+)</th><td>(\d+)</td>", many._repr_html_())
    assert places == [(str(a + 1), str(a)) for a in range(20)]
    assert "<p>the first 20 of 21 points</p>" in many._repr_html_()
    odd: list[Result] = [Result({"a": 1}, 0, 0, "done", {"accuracy": [1]})]  # from a table
    odd += [Result({"a": object()}, 0, 0, "done", {"accuracy": 0.5})]
    for row in odd:
        shown = Results((row,))._repr_html_()
        assert "<td>1</td>" in shown.replace("th>", "td>")
        assert "There is no ranking: " in shown


def test_some_of_the_results() -> None:
    some = results().where({"a": 2, "clip": None})
    assert [row.point["a"] for row in some] == [2, 2, 2]
    assert some.varying() == {}
    with pytest.raises(ValueError, match=r"no point has \{'a': 5\}"):
        results().where({"a": 5})
    clipped = Results((Result({"clip": rnn.ClipNorm(1.0)}, 0, 0, "done", {}), Result({"clip": None}, 0, 0, "done", {})))
    assert len(clipped.where({"clip": rnn.ClipNorm(1.0)})) == 1


def test_what_varies_is_ascending_if_it_is_numbers() -> None:
    points = [{"a": a, "b": b} for a, b in ((3, "x"), (0.5, "w"), (3, None))]
    rows = tuple(Result(point, 0, 0, "done", {}) for point in points)
    assert Results(rows).varying() == {"a": [0.5, 3], "b": ["x", "w", None]}
    assert isinstance(sweep.Results(rows)[1:], tuple)


def test_numpy_numbers_are_numbers() -> None:
    rows = [
        Result({"a": np.float32(a), "n": np.int64(n)}, 0, 0, "done", {"accuracy": a}) for a, n in ((2, 9), (0.5, 3))
    ]
    varying = Results(tuple(rows)).varying()
    assert varying == {"a": [0.5, 2.0], "n": [3, 9]}
    assert {type(value) for values in varying.values() for value in values} == {float, int}


@pytest.mark.parametrize("value", ["high", [0.5, 0.6], {"a": 1}])
def test_what_is_no_number_does_not_rank(value: object) -> None:
    found = Results((Result({"a": 1}, 0, 0, "done", {"loss": 1.0, "curve": value}),), "curve")
    with pytest.raises(ValueError, match=f"'curve' was measured as a {type(value).__name__}, expected a number"):
        found.table()
    assert Results(found.rows, "-loss").best == {"a": 1}


def test_refit_is_the_trial_and_a_frame_has_its_rows() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((40, 6, 2)), np.arange(40) % 3
    part = Part(X, y, None, None, 3)
    point = {"cell": rnn.GRU, "hidden": 4, "epochs": 3, "learning_rate": 0.2, "freeze": ("b_h",)}
    measured = train_network(point, part, part, np.random.default_rng(5))
    results = Results((Result(point, 5, 0, "done", measured),))
    net, history = results.refit(results.best, (X, y), rng=5, progress=False)
    assert net.evaluate(X, y) == (measured["loss"], measured["accuracy"])
    assert history.loss[-1] == measured["training_loss"]
    pytest.importorskip("pandas")
    frame = results.to_frame()
    assert frame["hidden"].tolist() == [4]
    assert frame["accuracy"].tolist() == [measured["accuracy"]]
