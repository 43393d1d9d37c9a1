from pathlib import Path
from typing import Any

import numpy as np
import pytest
from easy import easy, network, same_parameters

from unrolled import dynamics, rnn

HOW: dict[str, Any] = {"optimizer": rnn.Adam(0.02), "batch_size": 25, "rng": 3, "progress": False}
X, Y = easy(20, 5)


def same(a: dynamics.Record, b: dynamics.Record) -> bool:
    arrays = [
        (getattr(a, name), getattr(b, name))
        for name in (
            "at",
            "loss",
            "gradient_norm",
            "sharpness",
            "spectral_radius",
            "jacobian_radius",
            "memory",
            "profile",
        )
    ]
    arrays += [(a.others[name], b.others[name]) for name in a.others]
    return a.others.keys() == b.others.keys() and all(np.array_equal(one, two, equal_nan=True) for one, two in arrays)


def test_what_is_recorded_is_what_the_instruments_measure_and_the_training_is_the_same() -> None:
    net, unseen, kept = network(), network(), []
    recorder = dynamics.Recorder(
        X, Y, every=2, measures={"largest weight": lambda net: np.abs(net.parameters["W_hh"]).max()}
    )

    def both(epoch: int, history: rnn.History, net: rnn.ManyToOne) -> None:
        recorder(epoch, history, net)
        kept.append(net.copy())

    rnn.train(net, easy(), epochs=5, on_epoch=both, **HOW)
    rnn.train(unseen, easy(), epochs=5, **HOW)
    assert same_parameters(net, unseen)
    record = recorder.record
    assert record.at.tolist() == [2, 4]
    for k, then in enumerate((kept[1], kept[3])):
        W = then.parameters["W_hh"].astype(float)
        found = dynamics.curvature(then, X, Y, smallest=False)
        profile = dynamics.gradient_profile(then, X, Y)
        assert record.sharpness[k] == found.sharpness
        assert record.gradient_norm[k] == pytest.approx(found.gradient_norm)
        assert record.loss[k] == pytest.approx(then.loss(X, Y), rel=1e-5)
        assert record.spectral_radius[k] == pytest.approx(np.abs(np.linalg.eigvals(W)).max())
        assert (record.profile[k] == profile.of_batch()).all()
        assert record.memory[k] == np.median(profile.memory())
        assert record.others["largest weight"][k] == np.abs(then.parameters["W_hh"]).max()
        radii = dynamics.jacobians(then, X).spectral_radius()
        assert radii.min() <= record.jacobian_radius[k] <= radii.max()
    assert "sharpness" in str(record)
    assert len(str(record).splitlines()) == 3


@pytest.mark.parametrize("cell", [rnn.LSTM(3), [rnn.GRU(3), rnn.ReLU(2)], rnn.Bidirectional(rnn.Tanh(2))], ids=str)
def test_every_network_can_be_recorded(cell: Any) -> None:
    net = rnn.ManyToOne(cell, 3, 3, rng=0)
    recorder = dynamics.Recorder(X, Y, [8] * 10 + [3] * 10, sharpness=False)
    rnn.train(net, easy(), epochs=1, on_epoch=recorder, **HOW)
    record = recorder.record
    assert np.isnan(record.sharpness).all()
    assert np.isfinite(record.profile).all()
    assert np.isnan(record.jacobian_radius[0]) == isinstance(cell, rnn.Bidirectional)
    assert np.isnan(record.spectral_radius[0]) == (not isinstance(cell, list))


def test_answers_at_every_step_and_numbers_can_be_recorded() -> None:
    rng = np.random.default_rng(0)
    asked: list[tuple[rnn.Network, np.ndarray]] = [
        (rnn.ManyToMany(rnn.GRU(3), n_inputs=3, n_classes=3, rng=0), rng.integers(0, 3, X.shape[:2])),
        (rnn.ManyToOne(rnn.Tanh(3), n_inputs=3, n_outputs=2, head=rnn.Linear(), rng=0), X[:, 0, :2]),
    ]
    for net, y in asked:
        recorder = dynamics.Recorder(X, y)
        rnn.train(net, (X, y), epochs=1, on_epoch=recorder, **HOW)
        record = recorder.record
        assert record.sharpness[0] == dynamics.curvature(net, X, y, smallest=False).sharpness
        assert record.loss[0] == pytest.approx(net.loss(X, y), rel=1e-5)
        assert np.isfinite(record.profile).all()


def test_batches_can_be_recorded_too() -> None:
    recorder = dynamics.Recorder(X, Y, every=2, sharpness=False)
    rnn.train(network(), easy(), epochs=2, on_batch=recorder, **HOW)
    assert recorder.record.at.tolist() == [2, 4, 6]


def test_a_training_that_is_killed_and_resumed_is_recorded_as_if_undisturbed(tmp_path: Path) -> None:
    path, checkpoint = tmp_path / "record.h5", tmp_path / "run.h5"
    measures = {"norm": lambda net: float(np.linalg.norm(net.parameters["W_hh"]))}
    undisturbed = dynamics.Recorder(X, Y, measures=measures)
    rnn.train(network(), easy(), epochs=5, on_epoch=undisturbed, **HOW)

    recorder = dynamics.Recorder(X, Y, measures=measures, path=path)

    def kill(epoch: int, history: rnn.History, net: rnn.ManyToOne) -> None:
        recorder(epoch, history, net)
        if epoch == 3:
            raise RuntimeError("killed: after the record of this epoch, before its checkpoint")

    with pytest.raises(RuntimeError, match="killed"):
        rnn.train(network(), easy(), epochs=5, on_epoch=kill, checkpoint=checkpoint, **HOW)
    again = dynamics.Recorder.load(path, X, Y, measures=measures)
    assert again.record.at.tolist() == [1, 2, 3]
    assert same(again.record, recorder.record)
    rnn.resume(checkpoint, easy(), on_epoch=again, progress=False)
    assert again.record.at.tolist() == [1, 2, 3, 4, 5]
    assert same(again.record, undisturbed.record)
    assert same(dynamics.Recorder.load(path, X, Y, measures=measures).record, undisturbed.record)


def test_files_are_not_mixed_up(tmp_path: Path) -> None:
    path = tmp_path / "record.h5"
    recorder = dynamics.Recorder(X, Y, sharpness=False, path=path)
    rnn.train(network(), easy(), epochs=1, on_epoch=recorder, **HOW)
    with pytest.raises(FileExistsError, match="exists already: Recorder"):
        dynamics.Recorder(X, Y, path=path)
    with pytest.raises(ValueError, match="recorded on other samples"):
        dynamics.Recorder.load(path, X, np.roll(Y, 1))
    with pytest.raises(ValueError, match=r"has the measures \[\], expected those given: \['norm'\]"):
        dynamics.Recorder.load(path, X, Y, measures={"norm": lambda net: 0.0})  # noqa: ARG005
    network().save(tmp_path / "net.h5")
    with pytest.raises(rnn.StorageError, match="not a record"):
        dynamics.Recorder.load(tmp_path / "net.h5", X, Y)
    with pytest.raises(FileNotFoundError):
        dynamics.Recorder.load(tmp_path / "none.h5", X, Y)


def test_bad_input_is_stopped_at_the_door(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="every is 0, expected a whole number, 1 or more"):
        dynamics.Recorder(X, Y, every=0)
    with pytest.raises(ValueError, match="measures has 'loss'"):
        dynamics.Recorder(X, Y, measures={"loss": lambda net: 0.0})  # noqa: ARG005
    with pytest.raises(ValueError, match="nothing has been recorded"):
        dynamics.Recorder(X, Y).save(tmp_path / "record.h5")
    assert dynamics.Recorder(X, Y).record.profile.shape == (0, 0)


def test_masked_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="X is masked in places"):
        dynamics.Recorder(np.ma.masked_less(X, 0), Y)
    with pytest.raises(ValueError, match="y is masked in places"):
        dynamics.Recorder(X, np.ma.masked_equal(Y, 0))
