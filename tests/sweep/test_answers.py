"""Searches over networks of numbers, and over those that answer at every step."""

import numpy as np
import pytest

from unrolled import rnn, sweep
from unrolled.data.tasks import Task


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
    with pytest.raises(ValueError, match="X are symbols"):
        sweep.run(points, (np.ones((20, 8), int), y), folds=2, n_jobs=1, progress=False)
