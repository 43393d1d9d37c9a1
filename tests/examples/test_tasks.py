"""The standard problems: the plain network's gradient, what the page says of made-up tables, and all of it in small."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
import task_forecasts as forecasts
import task_letters as letters
import task_page
import task_problems as problems
import tasks
from task_plain import Plain

from unrolled import rnn


def test_the_plain_networks_gradient_is_that_of_its_loss() -> None:
    rng = np.random.default_rng(0)
    net = Plain(5, 4, rng)
    net.p = {name: rng.standard_normal(W.shape) for name, W in net.p.items()}
    net.h, given = np.zeros(4), ([1, 0, 3, 3, 2], [0, 3, 3, 2, 4])
    _, gradients = net.loss_and_gradients(*given)
    for name, W in net.p.items():
        for place in [(0,) * W.ndim, tuple(n - 1 for n in W.shape)]:
            losses = []
            for side in (1e-6, -1e-6):
                before, W[place] = W[place], W[place] + side
                net.h = np.zeros(4)
                losses.append(net.loss_and_gradients(*given)[0])
                W[place] = before
            assert (losses[0] - losses[1]) / 2e-6 == pytest.approx(gradients[name][place], rel=1e-6, abs=1e-8)
    ours = rnn.ManyToMany(rnn.Tanh(4), 5, 5, head=rnn.Softmax(), dtype=np.float64)
    names = {"W_ih": "Wxh", "W_hh": "Whh", "b_h": "bh", "W_ho": "Why", "b_o": "by"}
    ours.parameters.update({name: net.p[theirs] for name, theirs in names.items()})
    text = [1, 0, 3, 3, 2, 4]
    net.h = np.zeros(4)
    assert net.bits(text) == pytest.approx(ours.loss([text[:-1]], [text[1:]]) / np.log(2))


def test_a_training_that_diverges_is_an_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch)
    monkeypatch.setattr(rnn, "Adam", lambda _: rnn.SGD(1e30))
    outcome = problems.adding(0, rnn.ReLU(5), T=20)
    assert outcome["diverged"].startswith("the training loss became")
    assert np.isfinite(outcome["value"])
    row = {"problem": "adding, T = 150", "network": "ReLU", "seed": 0, "seconds": 1.0, **outcome}
    others = [{**row, "seed": 1}, {key: value for key, value in row.items() if key != "diverged"} | {"value": 0.5}]
    text = task_page.page([row, *others], None, {})
    assert f"- adding, T = 150, ReLU, seed 0: {outcome['diverged']}. It is not in the mean" in text
    assert "| 0.5000 | 0.5000 to 0.5000; 2 of 3 diverged |" in text
    assert "| all 1 diverged |" in task_page.page([row], None, {})


def test_gates_begin_with_the_memories_that_are_asked_for() -> None:
    for cell in (rnn.GRU(200), rnn.LSTM(200)):
        net = rnn.ManyToOne(cell, n_inputs=2, n_outputs=1, rng=0)
        problems.remember(net, 101, seed=0)
        held = np.exp(net.parameters["b_h"][200:400])
        assert 1 <= held.min() < 3
        assert 97 < held.max() <= 100
        if isinstance(cell, rnn.LSTM):
            np.testing.assert_allclose(np.exp(-net.parameters["b_h"][:200]), held, rtol=1e-5)


def made_up(values: dict[tuple[str, str], list[float]]) -> list[dict[str, Any]]:
    return [
        {"problem": problem, "network": network, "seed": seed, "value": value, "seconds": 1.0}
        for (problem, network), each in values.items()
        for seed, value in enumerate(each)
    ]


def test_a_goal_is_met_or_missed_by_the_numbers() -> None:
    rows = made_up(
        {
            ("adding, T = 150", "GRU"): [0.001, 0.009],
            ("adding, T = 150", "LSTM"): [0.001, 0.011],
            ("adding, T = 150", "ReLU, identity-started"): [0.1, 0.2],
            ("NARMA-10", "reservoirpy"): [0.2, 0.4],
            ("NARMA-10", "reservoir, then gradients"): [0.1, 0.5],
            ("Lorenz", "reservoirpy"): [5.0, 6.0],
            ("Lorenz", "reservoir, then gradients"): [5.0, 5.9],
            ("Mackey-Glass", "reservoir, then gradients"): [0.1, 0.1],
            ("flip-flop", "GRU"): [0.9951, 1.0],
        }
    )
    text = task_page.page(rows, None, {"reservoirpy": "No module"})
    said = {line.split(" | ")[0][2:] + line.split(" | ")[1]: line for line in text.splitlines() if line[:2] == "| "}
    assert said["adding, T = 150GRU"].endswith("| 0.0050 | 0.0010 to 0.0090 | below 0.01 with every seed | met |")
    assert said["adding, T = 150LSTM"].endswith("| **missed** |")
    assert said["adding, T = 150ReLU, identity-started"].endswith("| 0.1000 to 0.2000 |  |  |")
    assert said["NARMA-10reservoir, then gradients"].endswith("| met |")
    assert said["Lorenzreservoir, then gradients"].endswith("| **missed** |")
    assert said["Mackey-Glassreservoir, then gradients"].endswith("| nothing to compare with |")
    assert said["flip-flopGRU"].endswith("| met |")
    assert "Left out: reservoirpy (No module)." in text
    assert "have not been measured yet" in text
    fast = {"letters a second": {"GRU": 300.0, "PyTorch's GRU": 100.0, "LSTM": 200.0, "PyTorch's LSTM": 100.0}}
    text = task_page.page(rows, {**fast, "machine": "M", "cores": 2}, {})
    assert "The GRU is 3.0 times as fast as PyTorch's; the goal was 3 times: met." in text
    assert "The LSTM is 2.0 times as fast as PyTorch's; the goal was 3 times: **missed**." in text


def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make everything small."""
    monkeypatch.setattr(problems, "ADDED", 40)
    monkeypatch.setattr(problems, "FLIPPED", 40)
    for name, value in {"UNITS": 20, "DRAWS": 2, "TRAINING": 300, "VALIDATION": 100, "TEST": 300}.items():
        monkeypatch.setattr(forecasts, name, value)
    for name, value in {"WASHOUT": 20, "WARM": 20, "ITERATIONS": 2, "WINDOW": 60, "FORGETTING": 20}.items():
        monkeypatch.setattr(forecasts, name, value)
    for name, value in {"SIZE": 3000, "TESTED": 300, "HIDDEN": 8, "ROWS": 4, "STEPS": 10}.items():
        monkeypatch.setattr(letters, name, value)
    letters.text.cache_clear()


@pytest.mark.long
def test_all_of_it_in_small_goes_on_where_it_was_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch)
    monkeypatch.setattr(forecasts, "lorenz", shorter(forecasts.lorenz))
    work = [each for each in tasks.everything() if "T = 400" not in each.problem]
    absent = tasks.missing(work)
    work, table = [each for each in work if each.needs not in absent], tmp_path / "tasks.jsonl"
    tasks.train(work[:3], 1, table)
    whole = table.read_text()
    table.write_text(whole[:-20])  # killed while it wrote
    tasks.train(work, 1, table)
    rows = tasks.read(table)
    assert {(row["problem"], row["network"]) for row in rows} == {(each.problem, each.network) for each in work}
    assert len(rows) == len(work)
    again = {row["network"]: row for row in map(json.loads, whole.splitlines())}
    for row in rows:
        assert np.isfinite(row["value"])
        if row["network"] in again and row["problem"] == again[row["network"]]["problem"]:
            assert row["value"] == again[row["network"]]["value"]
    before = plt.get_fignums()
    text = tasks.write(tmp_path, absent)
    assert plt.get_fignums() == before
    for name in re.findall(r"\((\w+\.png)\)", text):
        assert plt.imread(tmp_path / name).std() > 0
    assert len(re.findall(r"\.png\)", text)) == 3
    letters.text.cache_clear()


def shorter(make: Callable[[int], forecasts.ClosedLoop]) -> Callable[[int], forecasts.ClosedLoop]:
    def made(seed: int) -> forecasts.ClosedLoop:
        problem = make(seed)
        problem.steps = 60
        return problem

    return made


def test_updates_that_are_timed_are_those_of_a_training(monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch)
    X, y = letters.rows()
    assert X.shape == y.shape == (4, 749)
    np.testing.assert_array_equal(X[:, 1:], y[:, :-1])
    for as_rows in (False, True):
        assert letters.seconds(letters.of_ours(rnn.GRU, as_rows=as_rows), n=2) > 0
    assert letters.seconds(letters.of_plain(), n=2) > 0
    spent = letters.profile(letters.of_ours(rnn.GRU), n=2)
    assert sum(share for _, share in spent) == pytest.approx(1)
    assert "rnn/cells/gru.py, forward" in dict(spent)
    speeds = {"letters a second": {"GRU": 3.0}, "profile": {"GRU": spent[:2]}, "machine": "M", "cores": 2}
    assert f"| `{spent[0][0]}` | {spent[0][1]:.0%} |" in task_page.page([], speeds, {})
    letters.text.cache_clear()


@pytest.mark.parametrize("cell", [rnn.GRU, rnn.LSTM])
def test_the_network_in_torch_is_the_same(cell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    small(monkeypatch)
    theirs, ours = letters.InTorch(cell, 3), letters.network(cell, 3)
    X, _ = (each[:, :10] for each in letters.rows())
    Z, _ = theirs.logits(torch.from_numpy(np.ascontiguousarray(X)))
    np.testing.assert_allclose(Z.detach().numpy(), ours.forward(X).logits.swapaxes(0, 1), atol=1e-5)
    codes = letters.text()[1]
    bits = ours.evaluate(codes[None, :-1], codes[None, 1:])[0] / np.log(2)
    assert theirs.bits(codes) == pytest.approx(bits, rel=1e-5)
    letters.text.cache_clear()
