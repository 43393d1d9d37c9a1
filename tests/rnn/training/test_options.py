"""What people expect of a training: metrics, frozen parameters, averages, going on, range tests, logs."""

import csv
import dataclasses
import math
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from easy import easy, network, same_parameters

from unrolled import rnn

HOW: dict[str, Any] = {"optimizer": rnn.Adam(0.01), "batch_size": 16, "rng": 0, "progress": False}


def right(y: np.ndarray, scores: np.ndarray) -> float:
    return float((scores.argmax(1) == y).mean())


def worst(y: np.ndarray, scores: np.ndarray) -> Any:
    return np.float32(scores[np.arange(len(y)), y].min())


def trained(net: rnn.ManyToOne | None = None, samples: Any = None, **how: Any) -> tuple[rnn.ManyToOne, rnn.History]:
    net = net or network()
    return net, rnn.train(net, easy() if samples is None else samples, **{**HOW, "epochs": 4, **how})


class Blocks:
    """A source, batch by batch, of samples in memory."""

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        self.X, self.y = X, y

    def __len__(self) -> int:
        return len(self.X)

    def batches(self, batch_size: int, rng: np.random.Generator, start: int = 0) -> Iterator[tuple[Any, Any]]:
        order = rng.permutation(len(self.X))
        for first in range(start * batch_size, len(order), batch_size):
            yield self.X[order[first : first + batch_size]], self.y[order[first : first + batch_size]]

    def blocks(self, size: int) -> Iterator[tuple[Any, Any]]:  # noqa: ARG002 - small on purpose
        for first in range(0, len(self.X), 7):
            yield self.X[first : first + 7], self.y[first : first + 7]

    def fingerprint(self) -> str:
        return "of these samples"


# ---------------------------------------------------------------- metrics


@pytest.mark.parametrize("kind", [tuple, Blocks])
def test_metrics_are_measured_with_loss_and_accuracy_and_change_nothing(kind: Any) -> None:
    validation = easy(20, 1)
    given = validation if kind is tuple else Blocks(*validation)
    net, history = trained(
        validation=given, test=easy(20, 2), metrics={"right": right, "worst": worst}, evaluate_training=True
    )
    plain, alone = trained(validation=given, test=easy(20, 2))
    assert same_parameters(net, plain)
    assert history.loss == alone.loss
    assert history.validation is not None
    assert alone.validation is not None
    assert history.training is not None
    assert history.validation.loss == alone.validation.loss
    assert history.validation.metrics["right"] == pytest.approx(history.validation.accuracy)
    assert history.validation.metrics["worst"][-1] == worst(validation[1], net.predict_proba(validation[0]))
    assert history.training.loss[-1] == net.evaluate(*easy())[0]
    assert list(history.training.metrics) == ["right", "worst"]
    assert history.training.epochs == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([right], "metrics are .*, expected functions by their names"),
        ({"loss": right}, "a metric is named 'loss', expected a name that is none of epochs, loss"),
        ({1: right}, "a metric is named 1"),
        ({"f1": 3}, "the metric f1 is 3, expected a function of y"),
        ({"f1": lambda _, scores: scores}, "the metric f1 returned .*, expected a number"),
    ],
)
def test_what_is_no_metric_is_refused(given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trained(validation=easy(20, 1), metrics=given)


# ---------------------------------------------------------------- early stopping


@pytest.mark.parametrize(
    ("stopping", "values", "best"),
    [
        ({"monitor": "loss"}, [3.0, 2.0, 2.5, 1.9, 2.0, 2.0], 4),
        ({"monitor": "loss", "min_delta": 0.5}, [3.0, 2.0, 2.5, 1.9, 2.0, 2.0], 2),
        ({"monitor": "accuracy"}, [0.1, 0.5, 0.4, 0.6, 0.6, 0.5], 4),
        ({"monitor": "accuracy", "min_delta": 0.2}, [0.1, 0.5, 0.4, 0.6, 0.6, 0.5], 2),
        ({"monitor": "m"}, [0.1, math.nan, 0.4, 0.6, 0.6, 0.5], 4),
        ({"monitor": "m", "mode": "min"}, [0.1, 0.5, 0.4, 0.6, 0.6, 0.5], 1),
        ({"monitor": "loss", "mode": "max"}, [1.0, 2.0, 1.0, 1.0, 1.0, 1.0], 2),
    ],
)
def test_early_stopping_watches_what_it_is_told(stopping: dict[str, Any], values: list[float], best: int) -> None:
    left = iter(values)

    def measure(_: object) -> tuple[float, float]:
        value = next(left)
        of_metric.append(value)
        return (value, 0.5) if stopping["monitor"] == "loss" else (1.0, value)

    of_metric: list[float] = []
    weights: list[np.ndarray] = []
    with mock.patch("unrolled.rnn.training.samples.InMemory.measure", side_effect=measure):
        net, history = trained(
            validation=easy(20, 1),
            epochs=6,
            metrics={"m": lambda *_: of_metric[-1]},
            early_stopping=rnn.EarlyStopping(3, **stopping),
            on_epoch=lambda _e, _h, seen: weights.append(seen.parameters["W_hh"].copy()),
        )
    assert history.best_epoch == best
    assert len(history.loss) == min(best + 3, 6)
    np.testing.assert_array_equal(net.parameters["W_hh"], weights[best - 1])


def test_what_is_not_measured_cannot_be_watched() -> None:
    with pytest.raises(ValueError, match="watches 'f1', expected one of loss, accuracy, r2, right; others"):
        trained(validation=easy(20, 1), metrics={"right": right}, early_stopping=rnn.EarlyStopping(monitor="f1"))
    with pytest.raises(ValueError, match="EarlyStopping's monitor is 3, expected 'loss', 'accuracy' or"):
        rnn.EarlyStopping(monitor=3)  # type: ignore[arg-type]


def test_a_validation_loss_that_is_nan_says_so() -> None:
    with (
        mock.patch("unrolled.rnn.training.samples.InMemory.measure", side_effect=[(1.0, 0.5), (math.nan, 0.5)]),
        pytest.raises(rnn.DivergenceError, match="the validation loss became nan at epoch 2, batch 4"),
    ):
        trained(validation=easy(20, 1), averaging=rnn.EMA())


# ---------------------------------------------------------------- what is shown


def test_the_bar_says_what_was_measured(capsys: pytest.CaptureFixture[str]) -> None:
    _, history = trained(validation=easy(20, 1), metrics={"right": right}, epochs=2, verbose=2)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert history.validation is not None
    assert lines[1].startswith(f"epoch 2, loss {history.loss[1]:.3f}; validation loss {history.validation.loss[1]:.3f}")
    assert f", accuracy {history.validation.accuracy[1]:.3f}, right {history.validation.accuracy[1]:.3f}; " in lines[1]
    assert lines[1].endswith(" s")
    trained(verbose=0)
    trained(progress=True, verbose=0)
    assert capsys.readouterr().err == ""
    with mock.patch.dict(sys.modules, tqdm=None):
        trained(verbose=1, validation=easy(20, 1))
    assert "validation loss" in capsys.readouterr().err
    with pytest.raises(ValueError, match="verbose is 3, expected a whole number from 0 to 2"):
        trained(verbose=3)


def test_a_log_has_a_row_for_each_epoch_also_of_a_training_that_goes_on(tmp_path: Path) -> None:
    log, run = rnn.CSVLog(tmp_path / "log.csv"), tmp_path / "run.h5"
    held_out: dict[str, Any] = {"validation": easy(20, 1), "metrics": {"right": right}}
    trained(**held_out, epochs=3, evaluate_every=2, on_epoch=log, checkpoint=run)
    _, history = rnn.resume(run, easy(), **held_out, epochs=5, on_epoch=log, progress=False)
    with (tmp_path / "log.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == [1, 2, 3, 4, 5]
    assert [float(row["loss"]) for row in rows] == history.loss
    assert rows[0]["validation_right"] == ""
    assert history.validation is not None
    assert float(rows[4]["validation_right"]) == history.validation.metrics["right"][-1]


@pytest.mark.parametrize("left", ["all", "torn", "none"])
def test_a_log_that_is_further_than_the_checkpoint_is_written_anew_from_there(tmp_path: Path, left: str) -> None:
    path, run = tmp_path / "log.csv", tmp_path / "run.h5"

    def killed(epoch: int, history: rnn.History, net: Any) -> None:
        rnn.CSVLog(path)(epoch, history, net)
        if epoch == 3:  # before the checkpoint of this epoch is written
            raise KeyError

    with pytest.raises(KeyError):
        trained(epochs=5, on_epoch=killed, checkpoint=run)
    path.write_text({"all": path.read_text(), "torn": path.read_text()[:-9], "none": ""}[left])
    rnn.resume(run, easy(), on_epoch=rnn.CSVLog(path), progress=False)
    whole = tmp_path / "whole.csv"
    trained(epochs=5, on_epoch=rnn.CSVLog(whole))
    assert path.read_text() == whole.read_text()


def test_a_history_is_a_frame() -> None:
    pytest.importorskip("pandas")
    _, history = trained(validation=easy(20, 1), metrics={"right": right}, epochs=3, evaluate_every=2)
    frame = history.to_frame()
    assert frame.index.tolist() == [1, 2, 3]
    assert frame["loss"].tolist() == history.loss
    assert np.isnan(frame["validation_right"][1])
    assert history.validation is not None
    assert frame["validation_right"][2] == history.validation.metrics["right"][0]


def test_a_frame_without_pandas_says_how_it_is_had() -> None:
    said = re.escape("history.to_frame() needs pandas, which is not installed: pip install 'unrolled[pandas]'")
    with mock.patch.dict(sys.modules, pandas=None), pytest.raises(ImportError, match=said):
        rnn.History(loss=[1.0]).to_frame()


# ---------------------------------------------------------------- what is trained, and how


def test_frozen_parameters_stay_and_count_nowhere() -> None:
    net, history = trained(freeze=("W_ih", "b_h"), optimizer=rnn.AdamW(0.01), l2=0.1)
    before = network().parameters
    moved = {name for name, W in net.parameters.items() if (before[name] != W).any()}
    assert moved == {"W_hh", "W_ho", "b_o"}
    assert history.state is not None
    assert {name for arrays in history.state.values() for name in arrays} - {"t"} <= moved | {"n"}
    X, y = easy()
    _, first = trained(freeze="W_hh", epochs=1, batch_size=60)
    gradients = network().loss_and_gradients(X, y)[1]
    norm = math.sqrt(sum(float((g.astype(float) ** 2).sum()) for name, g in gradients.items() if name != "W_hh"))
    assert first.gradient_norm[0] == pytest.approx(norm, rel=1e-5)


@pytest.mark.parametrize(
    ("freeze", "message"),
    [
        (("W_xy",), r"freeze names 'W_xy', expected some of the network's W_ih, W_hh, b_h, W_ho, b_o"),
        (("W_ih", "W_hh", "b_h", "W_ho", "b_o"), "freeze names all of them"),
        (3, "freeze is 3, expected names of parameters"),
    ],
)
def test_what_cannot_be_frozen(freeze: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trained(freeze=freeze)


@pytest.mark.parametrize("dropout", [None, rnn.Dropout(0.2, 0.3)])
def test_accumulated_gradients_are_those_of_the_whole_batch(dropout: rnn.Dropout | None) -> None:
    how: dict[str, Any] = {"dropout": dropout, "optimizer": rnn.SGD(0.1)}
    whole, history = trained(network(dtype=np.float64), batch_size=20, **how)
    pieces, of_pieces = trained(network(dtype=np.float64), batch_size=7, accumulate=3, **how)
    other, _ = trained(network(dtype=np.float64), batch_size=21, **how)
    for name, W in pieces.parameters.items():
        np.testing.assert_allclose(W, other.parameters[name], rtol=0, atol=1e-12)
    assert not same_parameters(pieces, whole)
    assert len(of_pieces.loss) == len(history.loss)


def test_exponential_average() -> None:
    seen: list[np.ndarray] = [network().parameters["W_hh"].copy()]
    net, history = trained(
        averaging=rnn.EMA(0.8), validation=easy(20, 1), epochs=3,
        on_batch=lambda _n, _h, trained: seen.append(trained.parameters["W_hh"].copy()),
    )  # fmt: skip
    mean = seen[0]
    for n, W in enumerate(seen[1:], 1):
        d = min(0.8, n / (n + 9))
        mean = d * mean + (1 - d) * W
    np.testing.assert_allclose(net.parameters["W_hh"], mean, rtol=0, atol=1e-6)
    assert history.validation is not None
    assert history.validation.loss[-1] == net.evaluate(*easy(20, 1))[0]
    _, plain = trained(epochs=3)
    assert history.loss == plain.loss  # what is trained is not the average


def test_stochastic_weight_averaging() -> None:
    seen: list[np.ndarray] = []
    net, _ = trained(
        averaging=rnn.SWA(3), epochs=6, on_epoch=lambda *args: seen.append(args[2].parameters["W_ih"].copy())
    )
    np.testing.assert_allclose(net.parameters["W_ih"], np.mean(seen[2:], axis=0), rtol=0, atol=1e-6)
    before, _ = trained(averaging=rnn.SWA(3), epochs=2)
    plain, _ = trained(epochs=2)
    assert same_parameters(before, plain)


# ---------------------------------------------------------------- going on


def test_resume_for_more_epochs_is_the_longer_training_to_the_bit(tmp_path: Path) -> None:
    how: dict[str, Any] = {"averaging": rnn.SWA(2), "dropout": rnn.Dropout(0.2), "accumulate": 2}
    trained(**how, epochs=3, checkpoint=tmp_path / "run.h5")
    net, history = rnn.resume(tmp_path / "run.h5", easy(), epochs=7, progress=False)
    whole, at_once = trained(**how, epochs=7)
    assert same_parameters(net, whole)
    assert dataclasses.replace(history, seconds=0) == dataclasses.replace(at_once, seconds=0)
    again, _ = rnn.resume(tmp_path / "run.h5", easy(), progress=False)  # the file knows of them
    assert same_parameters(again, whole)
    with pytest.raises(ValueError, match="epochs is 7, expected more than the 7 that are trained already"):
        rnn.resume(tmp_path / "run.h5", easy(), epochs=7, progress=False)


def test_what_was_measured_at_a_last_epoch_is_taken_back_where_more_follow(tmp_path: Path) -> None:
    held_out: dict[str, Any] = {"validation": easy(20, 1), "test": easy(20, 2), "metrics": {"right": right}}
    how: dict[str, Any] = {
        **held_out,
        "evaluate_every": 2,
        "schedule": rnn.ReduceOnPlateau(0.5, patience=0, threshold=0.9),
    }
    trained(**how, epochs=3, checkpoint=tmp_path / "run.h5")
    net, history = rnn.resume(tmp_path / "run.h5", easy(), **held_out, epochs=7, progress=False)
    whole, at_once = trained(**how, epochs=7)
    assert history.validation == at_once.validation
    assert history.test == at_once.test
    assert same_parameters(net, whole)


def test_resume_for_more_epochs_after_a_stop_or_early_stopping(tmp_path: Path) -> None:
    trained(epochs=9, checkpoint=tmp_path / "run.h5", on_epoch=lambda epoch, *_: epoch == 2)
    net, history = rnn.resume(tmp_path / "run.h5", easy(), epochs=4, progress=False)
    assert (history.ended, len(history.loss)) == ("epochs", 4)
    assert same_parameters(net, trained(epochs=4)[0])
    with mock.patch("unrolled.rnn.training.samples.InMemory.measure", return_value=(1.0, 0.5)):
        trained(epochs=9, checkpoint=tmp_path / "early.h5", validation=easy(20, 1), early_stopping=rnn.EarlyStopping(2))
    with pytest.raises(ValueError, match="epochs is 12, but early stopping ended the training at epoch 3"):
        rnn.resume(tmp_path / "early.h5", easy(), validation=easy(20, 1), epochs=12, progress=False)


def test_the_optimizers_state_goes_on(tmp_path: Path) -> None:
    samples = (np.tile(easy(1)[0], (16, 1, 1)), np.tile(easy(1)[1], 16))  # the order makes no difference
    net, first = trained(samples=samples, epochs=3)
    _, second = trained(net, samples, epochs=3, state=first.state, checkpoint=tmp_path / "run.h5")
    whole, at_once = trained(samples=samples, epochs=6)
    assert same_parameters(net, whole)
    assert first.loss + second.loss == at_once.loss
    anew, _ = trained(samples=samples, epochs=3)
    trained(anew, samples, epochs=3)
    assert not same_parameters(anew, whole)


def test_a_state_that_does_not_fit_is_refused() -> None:
    state = trained()[1].state
    with pytest.raises(ValueError, match=r"state has \[.*\], expected \[\]: the history.state of the same optimizer"):
        trained(optimizer=rnn.SGD(0.1), state=state)
    with pytest.raises(ValueError, match="state has 3, expected"):
        trained(state=3)
    with pytest.raises(ValueError, match=r"state's .* expected float32 of shape"):
        trained(rnn.ManyToOne(rnn.Tanh(7), 3, 3, rng=0), state=state)


def test_what_verbose_is_told() -> None:
    with pytest.raises(ValueError, match="verbose is 'auto', expected a whole number from 0 to 2"):
        trained(verbose="auto")
    with pytest.raises(ValueError, match=r"verbose is 1\.5, expected"):
        trained(verbose=1.5)


class Uneven(Blocks):
    """A source whose second block has fewer steps than the first."""

    def blocks(self, size: int) -> Iterator[tuple[Any, Any]]:  # noqa: ARG002 - the signature of a source
        yield self.X[:7], self.y[:7]
        yield self.X[7:, :3], self.y[7:, :3]


def test_blocks_of_different_steps_are_told_and_a_source_is_not_evaluated() -> None:
    X, y = np.zeros((9, 5, 3)), np.zeros((9, 5), int)
    net, source = rnn.ManyToMany(rnn.Tanh(2), 3, 3, rng=0), Uneven(X, y)
    message = "the blocks of the source have 3, 5 steps, expected the same number in each"
    with pytest.raises(ValueError, match=message):
        net.predict(source)
    with pytest.raises(ValueError, match=message):
        rnn.train(net, (X, y), optimizer=rnn.SGD(0.1), validation=source, metrics={"one": lambda *_: 1}, epochs=1)
    with pytest.raises(ValueError, match=r"X is a source, expected arrays: of one, net.predict, or the validation"):
        net.evaluate(source, y)


# ---------------------------------------------------------------- class weights


@pytest.mark.parametrize("head", [rnn.Softmax, rnn.Sigmoid])
@pytest.mark.parametrize("kind", [tuple, Blocks])
def test_balanced_class_weights_become_numbers(head: Any, kind: Any, tmp_path: Path) -> None:
    X, y = easy()
    y[:40] = 0
    samples: Any = (X, y) if kind is tuple else Blocks(X, y)
    counts = np.bincount(y)
    net = rnn.ManyToOne(rnn.Tanh(6), 3, 3, head=head(class_weights="balanced"), rng=0)
    assert net.predict(X).shape == (60,)
    with pytest.raises(ValueError, match=r"class_weights are 'balanced', expected numbers: rnn.train makes them"):
        net.loss(X, y)
    trained(net, samples, checkpoint=tmp_path / "run.h5")
    assert net.head.class_weights == pytest.approx(tuple(60 / (3 * counts)))
    same, _ = trained(rnn.ManyToOne(rnn.Tanh(6), 3, 3, head=head(class_weights=60 / (3 * counts)), rng=0), (X, y))
    assert same_parameters(net, same)
    again, _ = rnn.resume(tmp_path / "run.h5", samples, progress=False)
    assert again.head == net.head


def test_balanced_class_weights_count_what_is_asked() -> None:
    X, y = np.zeros((2, 4, 3)), np.array([[0, 0, 1, 2], [0, 0, 1, 1]])
    weights = np.array([[0, 0, 1, 2], [0, 1, 1, 1.0]])  # of five steps one of class 0, three of 1, one of 2
    net = rnn.ManyToMany(rnn.Tanh(2), 3, 3, head=rnn.Softmax(class_weights="balanced"), rng=0)
    trained(net, (X, y, None, weights))  # type: ignore[arg-type]
    assert net.head.class_weights == pytest.approx((5 / 3, 5 / 9, 5 / 3))


def test_a_training_that_is_refused_leaves_balanced_class_weights(tmp_path: Path) -> None:
    net = rnn.ManyToOne(rnn.Tanh(6), 3, 3, head=rnn.Softmax(class_weights="balanced"), rng=0)
    path = tmp_path / "run.h5"
    path.touch()
    with pytest.raises(FileExistsError):
        trained(net, checkpoint=path)
    with pytest.raises(ValueError, match=r"the history\.state of the same"):
        trained(net, state={"none": 1})
    assert net.head == rnn.Softmax(class_weights="balanced")


def test_class_weights_by_class(tmp_path: Path) -> None:
    net = rnn.ManyToOne(rnn.Tanh(6), 3, 3, head=rnn.Softmax(class_weights={2: 3}), rng=0)
    assert net.head == rnn.Softmax(class_weights=(1, 1, 3))
    net.save(tmp_path / "net.h5")
    assert rnn.load(tmp_path / "net.h5").head == net.head
    with pytest.raises(ValueError, match="head has class_weights of class 3, expected classes from 0 to 2"):
        rnn.ManyToOne(rnn.Tanh(6), 3, 3, head=rnn.Softmax(class_weights={3: 3}))
    with pytest.raises(ValueError, match="are 'equal', expected 'balanced', a number for each class, or a dict"):
        rnn.Softmax(class_weights="equal")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"class_weights\[0\] is 0"):
        rnn.Sigmoid(class_weights={0: 0})


# ---------------------------------------------------------------- range test


def test_the_range_test_raises_the_rate_and_leaves_the_network_alone() -> None:
    net = network()
    found = rnn.find_learning_rate(net, easy(), optimizer=rnn.SGD(1.0), start=1e-4, end=1e3, steps=40, rng=0)
    assert same_parameters(net, network())
    assert found.rates[0] == 1e-4
    np.testing.assert_allclose(np.diff(np.log(found.rates)), math.log(1e7) / 39)
    assert len(found.rates) < 40  # the loss has become too large
    assert found.smoothed[-1] > 4 * min(found.smoothed)
    assert found.loss[0] == pytest.approx(found.smoothed[0])
    assert found.suggestion == pytest.approx(found.rates[int(np.argmin(found.smoothed))] / 10)
    whole = rnn.find_learning_rate(net, easy(), optimizer=rnn.Adam(), start=1e-5, end=1e-3, steps=10, rng=0)
    assert whole.rates[-1] == pytest.approx(1e-3)
    rates = iter(found.rates)  # its first batches are those of a training at these rates
    how: dict[str, Any] = {"optimizer": rnn.SGD(1.0), "batch_size": 30, "epochs": 1}
    _, history = trained(**how, schedule=lambda *_: next(rates))
    assert history.loss[0] == pytest.approx(sum(found.loss[:2]) / 2, rel=1e-12)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"end": 1e-6}, "end is 1e-06, expected a finite number above 1e-05"),
        ({"steps": 1}, "steps is 1, expected a whole number, 2 or more"),
        ({"epochs": 3}, "epochs is not for a range test"),
        ({"validation": 3}, "validation is not for a range test"),
    ],
)
def test_range_tests_that_make_no_sense(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rnn.find_learning_rate(network(), easy(), **{"optimizer": rnn.SGD(0.1), **settings})
