"""The networks of an ensemble are those that are trained one by one."""

import dataclasses

import numpy as np
import pytest
import searches

from unrolled import rnn, sweep
from unrolled._support.blas_threads import undivided
from unrolled.sweep import ensembles

POINT = {"hidden": 3, "epochs": 2, "clip": rnn.ClipNorm(1.0)}


def test_side_by_side_as_one_by_one() -> None:
    train = searches.samples()
    ensemble, histories = sweep.train_ensemble(POINT, train, seeds=3, n_jobs=2, progress=False)
    assert len(ensemble) == len(histories) == 3
    for seed, (net, history) in enumerate(zip(ensemble, histories, strict=True)):
        with undivided():
            alone, expected = sweep.Results(()).refit(POINT, train, rng=seed, progress=False)
        assert history.loss == expected.loss
        for name, W in alone.parameters.items():
            np.testing.assert_array_equal(net.parameters[name], W, strict=True)
    (one,), _ = sweep.train_ensemble(POINT, train, seeds=[2], n_jobs=1, progress=False)
    assert (one.parameters["W_ih"] == ensemble[2].parameters["W_ih"]).all()


def test_what_is_wrong_with_a_point_is_told() -> None:
    train = searches.samples()
    with pytest.raises(ValueError, match="'hiden' is unknown"):
        sweep.train_ensemble({"hiden": 3}, train, seeds=2, n_jobs=1, progress=False)
    with pytest.raises(ValueError, match="seeds is 0"):
        sweep.train_ensemble(POINT, train, seeds=0, n_jobs=1, progress=False)
    with pytest.raises(ValueError, match="early_stopping"):
        sweep.train_ensemble({**POINT, "early_stopping": rnn.EarlyStopping(2)}, train, n_jobs=1, progress=False)


def test_a_training_that_was_interrupted_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    net, history = sweep.Results(()).refit(POINT, searches.samples(), rng=0, progress=False)
    stopped = dataclasses.replace(history, ended="interrupted")
    monkeypatch.setattr(ensembles, "refitted", lambda *_: (net, stopped))
    with pytest.raises(KeyboardInterrupt):
        sweep.train_ensemble(POINT, searches.samples(), n_jobs=1, progress=False)
