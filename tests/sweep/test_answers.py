"""Searches over networks of numbers, and over those that answer at every step."""

from typing import Any

import numpy as np
import pytest

from unrolled import rnn, sweep
from unrolled.data.tasks import Task
from unrolled.sweep.samples import arrays_of


def test_a_search_over_networks_of_numbers_and_at_every_step() -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((24, 8, 2))
    points = sweep.grid(
        {"network": [rnn.ManyToMany], "n_outputs": [1], "cell": [rnn.Tanh, rnn.GRU], "hidden": [4], "epochs": [3]}
    )
    weights = (np.arange(8) > 3) * np.ones((24, 1))
    samples = Task(X, X.cumsum(1)[..., :1], weights)
    results = sweep.run(points, samples, folds=3, seeds=1, objective="-loss", n_jobs=1, progress=False)
    assert len(results) == 6
    assert all({"r2", "loss"} <= result.metrics.keys() and "accuracy" not in result.metrics for result in results)
    again = sweep.run(points, samples, folds=3, seeds=1, objective="r2", n_jobs=1, progress=False)
    assert again.best["cell"] in (rnn.Tanh, rnn.GRU)


def test_a_search_over_labels_at_every_step() -> None:
    X = np.random.default_rng(1).standard_normal((20, 8, 2))
    y = (X[..., 0] > 0).astype(int)
    points = sweep.grid({"network": [rnn.ManyToMany], "head": [rnn.Softmax()], "hidden": [4], "epochs": [2]})
    (result,) = sweep.run(points, (X[:15], y[:15]), validation=(X[15:], y[15:]), seeds=1, n_jobs=1, progress=False)
    assert 0 <= result.metrics["accuracy"] <= 1
    with pytest.raises(ValueError, match=r"network is .*Tanh.*, expected rnn.ManyToOne or rnn.ManyToMany"):
        sweep.run([{"network": rnn.Tanh}], (X, y), folds=2, n_jobs=1, progress=False)


def worst_recall(y: np.ndarray, scores: np.ndarray) -> float:
    """A metric of one's own."""
    return min(float((scores[y == label].argmax(-1) == label).mean()) for label in (0, 1))


def test_symbols_after_a_sample_s_end_are_none() -> None:
    X, y, lengths = np.array([[1, 0, 9], [3, 0, 2]]), np.array([0, 1]), np.array([2, 3])
    arrays, _ = arrays_of((X, y, lengths))
    assert arrays["X"].tolist() == [[1, 0, 0], [3, 0, 2]]


def test_a_search_over_symbols_by_a_metric_of_ones_own() -> None:
    X = np.random.default_rng(2).integers(0, 5, (30, 8))
    y = (X > 1).astype(int)
    X[20, 0] = 6  # in a sample of the validation alone; nobody has a 5
    kinds = {"network": [rnn.ManyToMany], "cell": [rnn.Tanh, rnn.GRU], "hidden": [4]}
    points = sweep.grid({**kinds, "head": [rnn.Softmax()], "epochs": [2], "metrics": {"recall": worst_recall}})
    given: dict[str, Any] = {"seeds": 1, "n_jobs": 1, "progress": False, "objective": "recall"}
    found = sweep.run(points, (X[:20], y[:20]), validation=(X[20:], y[20:]), **given)
    rows = sweep.run(points, (np.eye(7)[X[:20]], y[:20]), validation=(np.eye(7)[X[20:]], y[20:]), **given)
    for one, other in zip(found, rows, strict=True):
        assert one.metrics["recall"] == pytest.approx(other.metrics["recall"])
        assert one.metrics["loss"] == pytest.approx(other.metrics["loss"], rel=1e-5)
    net, _ = found.refit(found.best, (X, y), rng=0, progress=False)
    assert net.n_inputs == 7
    X[3, 5:] = -1
    lengths = np.where(np.arange(20) == 3, 5, 8)
    assert len(sweep.run(points, (X[:20], y[:20], lengths), folds=2, **given)) == 4
    with pytest.raises(ValueError, match=r"samples X has .* holds -1 at sample 3, step 5: expected symbols from 0 to"):
        sweep.run(points, (X[:20], y[:20]), folds=2, **given)
