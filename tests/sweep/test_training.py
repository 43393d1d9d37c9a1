"""`unrolled.sweep.train_network`: what a trial measures, and when it has diverged."""

import numpy as np
import pytest

from unrolled import rnn
from unrolled.sweep import training
from unrolled.sweep.samples import Part
from unrolled.sweep.training import parts_of, train_network


def part(scale: float) -> Part:
    X = np.ones((6, 5, 3), np.float32) * np.float32(scale)
    return Part(X, np.arange(6) % 3, lengths=None, person=None, n_classes=3)


def test_a_training_that_was_interrupted_is_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    trained = training._trained

    def interrupted(*given: object) -> object:
        net, history = trained(*given)  # type: ignore[arg-type]
        history.ended = "interrupted"
        return net, history

    monkeypatch.setattr(training, "_trained", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train_network({"hidden": 2, "epochs": 1}, part(1), part(1), np.random.default_rng(0))


def test_a_schedule_may_be_a_kind_that_needs_the_number_of_epochs() -> None:
    for given, expected in (({"epochs": 7}, 7), ({}, 50)):
        _, _, settings = parts_of({"schedule": rnn.Cosine, **given})
        assert settings["schedule"] == rnn.Cosine(expected)
    with pytest.raises(ValueError, match="schedule NoSchedule cannot be made of the point's settings"):
        parts_of({"schedule": NoSchedule, "epochs": 7})


class NoSchedule:
    """Needs nothing."""


def test_a_validation_loss_that_is_not_finite_is_a_divergence_and_not_a_result() -> None:
    point = {"cell": rnn.ReLU, "hidden": 4, "epochs": 2, "batch_size": 4}
    assert train_network(point, part(1), part(1), np.random.default_rng(0))["loss"] > 0
    with pytest.raises(rnn.DivergenceError, match=r"the validation loss became (nan|inf) at epoch 2, batch 2"):
        train_network(point, part(1), part(3e38), np.random.default_rng(0))
