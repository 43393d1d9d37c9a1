"""What a notebook shows of what stands at the end of a cell."""

import re
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from easy import easy, network

from unrolled import metrics, plots, rnn, sweep
from unrolled._support.notebook import html_table
from unrolled.sweep.results import Result, Results


def cells(shown: Any) -> list[list[str]]:
    """The rows of the table an object has in a notebook."""
    html = shown._repr_html_()
    return [re.findall(r"<t[hd]>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", html)]


def test_what_is_in_a_table_is_text() -> None:
    html = html_table(["<a>", "b"], [["<script>", np.nan], ["x & y", None], ["z", 1 / 3]], "<i>")
    assert "<script>" not in html
    assert "<i>" not in html
    assert html.count("<td></td>") == 2
    assert "x &amp; y" in html
    assert "0.3333" in html


def test_a_history_has_a_row_for_each_epoch_and_of_many_the_ends() -> None:
    history = rnn.train(
        network(), easy(), validation=easy(20, 1), test=easy(20, 2), evaluate_every=2, optimizer=rnn.SGD(0.1), epochs=4,
        early_stopping=rnn.EarlyStopping(4), rng=0, progress=False,
    )  # fmt: skip
    assert history.validation is not None
    head, *rows = cells(history)
    assert head == [
        "epoch",
        "loss",
        "gradient norm",
        *(f"{p} {w}" for p in ("validation", "test") for w in ("loss", "accuracy")),
    ]
    assert [row[0] for row in rows] == ["1", "2", "3", "4"]
    assert float(rows[2][1]) == pytest.approx(history.loss[2], rel=1e-3)
    assert float(rows[2][3]) == pytest.approx(history.validation.loss[2], rel=1e-3)
    assert rows[2][5:] == ["", ""]  # not measured then
    assert f"best epoch {history.best_epoch}" in history._repr_html_()
    long = rnn.History(loss=[1.0] * 100, gradient_norm=[1.0] * 100)
    assert [row[0] for row in cells(long)[1:]] == [*"12345", "...", "96", "97", "98", "99", "100"]
    assert len(cells(rnn.History())) == 1
    assert cells(rnn.History(loss=[0.5])) == [["epoch", "loss", "gradient norm"], ["1", "0.5", ""]]


def test_a_gradient_check_has_a_row_for_each_parameter_and_its_verdict() -> None:
    check = rnn.check_gradients(network(), *easy(4))
    head, *rows = cells(check)
    assert head == ["parameter", "entries", "central", "complex step"]
    assert [row[0] for row in rows] == list(network().parameters)
    assert "passed (expected" in check._repr_html_()
    assert str(check).splitlines()[-1] in check._repr_html_()


def test_class_scores_have_a_row_for_each_class_and_the_mean() -> None:
    scores = metrics.class_scores([0, 0, 1, 2], [0, 1, 1, 2])
    head, *rows = cells(scores)
    assert head == ["class", "precision", "recall", "f1", "support"]
    assert rows[0] == ["0", "1", "0.5", "0.6667", "2"]
    assert [row[0] for row in rows] == ["0", "1", "2", "mean"]
    assert rows[-1][-1] == "4"


def test_results_have_a_row_for_each_point_best_first() -> None:
    rows = [
        Result({"hidden": hidden, "cell": "Tanh"}, seed, 0, "done", {"accuracy": hidden / 100 + seed / 1000}, "")
        for hidden in range(10, 40)
        for seed in (0, 1)
    ]
    results = Results(tuple(rows), "accuracy")
    head, *shown = cells(results)
    assert head == ["", "hidden", "accuracy", "spread", "measured"]
    assert len(shown) == 20
    assert shown[0][:3] == ["1", "39", "0.3905"]
    assert "the first 20 of 30 points" in results._repr_html_()
    assert isinstance(results, sweep.Results)


def test_a_figure_at_the_end_of_a_cell_appears_once(monkeypatch: pytest.MonkeyPatch) -> None:
    history = rnn.History([1.0, 0.5], [1.0, 1.0])
    plt.close("all")
    with plt.rc_context({"backend": "agg"}):
        plots.learning_curves(history)
        assert len(plt.get_fignums()) == 1  # a script's plt.show() shows it
        plt.close("all")
        monkeypatch.setattr(matplotlib, "get_backend", lambda: "module://matplotlib_inline.backend_inline")
        figure = plots.learning_curves(history)
        assert not plt.get_fignums()  # the notebook shows what is returned, and nothing besides
        figure.canvas.draw()


def test_a_network_has_a_row_for_each_parameter_and_says_so_in_text_too() -> None:
    net = rnn.ManyToOne([rnn.Bidirectional(rnn.LSTM(4)), rnn.Tanh(3)], 2, 5, readout=rnn.Mean(), rng=0)
    head, *shown = cells(net)
    assert head == ["layer", "reads", "returns", "parameters", "shape", "numbers"]
    assert [row[3] for row in shown] == list(net.parameters)
    assert [row[4] for row in shown] == [str(W.shape) for W in net.parameters.values()]
    first = {row[0]: row[1:3] for row in shown if row[0]}
    assert list(first.values()) == [["2", "8"], ["8", "3"], ["3", "5"]]
    assert list(first)[1:] == ["Tanh(hidden=3)", "Mean() to Sigmoid()"]
    lines = net.summary().splitlines()
    assert len(lines) == 2 + len(net.parameters)
    assert lines[-1] == f"{sum(W.size for W in net.parameters.values()):,} numbers, float32"
    assert lines[-1] in net._repr_html_()
