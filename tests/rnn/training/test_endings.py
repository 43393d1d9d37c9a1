"""How often a checkpoint is written, and what a training ends with where something is not finite."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from easy import easy, network

from unrolled import rnn
from unrolled.rnn.training import resume as resuming
from unrolled.rnn.training.checkpoint import Checkpoint
from unrolled.rnn.training.loop import Run
from unrolled.rnn.training.train import finish

PLAIN: dict[str, Any] = {"optimizer": rnn.SGD(0.1), "batch_size": 16, "rng": 0, "progress": False}  # 4 batches an epoch


@pytest.mark.parametrize(
    ("every", "written"),
    [(None, [4, 8, 12]), (1, list(range(1, 13))), (3, [3, 6, 9, 12]), (5, [5, 10, 12]), (100, [12])],
)
def test_a_checkpoint_is_written_as_often_as_asked_and_at_the_end(
    every: int | None, written: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    write = Checkpoint.write

    def noted(self: Checkpoint, run: Run, **how: Any) -> None:
        seen.append(run.at.epoch * run.n_batches + run.at.batch)
        write(self, run, **how)

    monkeypatch.setattr(Checkpoint, "write", noted)
    rnn.train(network(), easy(), checkpoint=tmp_path / "run.h5", checkpoint_every=every, epochs=3, **PLAIN)
    assert seen == [0, *written]


class Stop(Exception):
    """As if the power had failed."""


class Explosion:
    """An augmentation after which the loss of a ReLU network is not finite, from a given call on."""

    def __init__(self, at: int | None) -> None:
        self.at, self.calls = at, 0

    def __call__(self, X: np.ndarray, rng: np.random.Generator) -> np.ndarray:  # noqa: ARG002
        self.calls += 1
        return np.full_like(X, 1e38) if self.calls == self.at else X

    def __repr__(self) -> str:
        return "Explosion()"


def test_what_is_kept_when_the_batch_after_a_resume_diverges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def relu() -> rnn.ManyToOne:
        return rnn.ManyToOne(rnn.ReLU(6), 3, 3, rng=0)

    whole = relu()
    with pytest.raises(rnn.DivergenceError) as undisturbed:
        rnn.train(whole, easy(), augment=Explosion(6), epochs=3, **PLAIN)

    def lose_power(batch: int, *_: object) -> None:
        if batch == 6:
            raise Stop

    path = tmp_path / "run.h5"
    runs: list[Run] = []

    def noted(run: Run, *others: Any) -> rnn.History:
        runs.append(run)
        return finish(run, *others)

    monkeypatch.setattr(resuming, "finish", noted)
    how: dict[str, Any] = {"checkpoint": path, "checkpoint_every": 1, "on_batch": lose_power}
    with pytest.raises(Stop):
        rnn.train(relu(), easy(), augment=Explosion(None), epochs=3, **how, **PLAIN)
    with pytest.raises(rnn.DivergenceError) as resumed:
        rnn.resume(path, easy(), augment=Explosion(1), progress=False)
    assert str(resumed.value) == str(undisturbed.value)
    for name, W in whole.parameters.items():
        np.testing.assert_array_equal(runs[0].net.parameters[name], W)


class OneInfinite:
    """An optimizer that makes one entry of one parameter infinite."""

    def __init__(self, name: str) -> None:
        self.name = name

    def start(self, parameters: Any) -> Any:  # noqa: ARG002 - an optimizer's
        return {}

    def update(self, parameters: Any, gradients: Any, state: Any, factor: float = 1.0) -> None:  # noqa: ARG002
        parameters[self.name].flat[-1] = np.inf


@pytest.mark.parametrize("name", ["W_ih", "W_hh", "b_h", "W_ho", "b_o"])
def test_one_parameter_alone_that_is_infinite_is_a_divergence(name: str) -> None:
    net = network()
    with pytest.raises(rnn.DivergenceError, match="the parameters became infinite or NaN at epoch 1"):
        rnn.train(net, easy(), epochs=2, **{**PLAIN, "optimizer": OneInfinite(name), "batch_size": 60})
    for of, W in net.parameters.items():
        np.testing.assert_array_equal(W, network().parameters[of])


def test_two_classes_are_enough_and_one_is_not() -> None:
    X, y = easy()
    net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=2, rng=0)
    rnn.train(net, (X, (y > 0).astype(int)), **{**PLAIN, "optimizer": rnn.Adam(0.02)})
    assert net.evaluate(X, y > 0)[1] > 0.9
    with pytest.raises(ValueError, match="n_classes is 1"):
        rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=1)


@pytest.mark.parametrize("patience", [1, 3])
def test_a_validation_loss_that_is_nan_from_the_start_is_a_divergence_whatever_the_patience(patience: int) -> None:
    X, y = easy()
    net = rnn.ManyToOne(rnn.ReLU(6), 3, 3, rng=0)
    how: dict[str, Any] = {"early_stopping": rnn.EarlyStopping(patience), "epochs": 20}
    with pytest.raises(rnn.DivergenceError, match="the validation loss became nan at epoch 1") as raised:
        rnn.train(net, (X, y), validation=(np.sign(X) * np.float32(3e38), y), **how, **PLAIN)
    assert (raised.value.history.ended, raised.value.history.best_epoch) == ("diverged", None)
    assert all(np.isfinite(W).all() for W in net.parameters.values())
