"""A few thousand descriptions that nobody wrote: each is refused in one sentence, or is a right one."""

import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

import numpy as np
import pytest
from fuzz.formats import Enough, load_checkpoint, write_checkpoint, write_network
from fuzz.hdf5_files import arrays
from fuzz.values import other_value

from unrolled import rnn
from unrolled.rnn import storage
from unrolled.rnn.training import checkpoint
from unrolled.rnn.training import resume as resuming

Read = tuple[dict[str, Any], dict[str, Any]]


def made_up(read: Read, change: Callable[[dict[str, Any]], Any]) -> Read:
    """Return a file's content with its description changed, as it would be read."""
    return storage.parse(json.dumps(change(read[0]))), read[1]


def outcome(load: Callable[[], object]) -> str:
    try:
        load()
    except ValueError as error:
        said = str(error)
    else:
        return "loaded"
    assert len(said) < 700
    assert "\n" not in said
    return "refused"


@pytest.fixture(scope="module", params=[0, 1], ids=["ended", "in the middle"])
def saved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Read]:
    folder = tmp_path_factory.mktemp("saved")
    write_checkpoint(folder, request.param)
    return folder / "run.h5", checkpoint.read(str(folder / "run.h5"))


@pytest.fixture(scope="module", params=[0, 1], ids=["many parts", "plain"])
def network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Read]:
    folder = tmp_path_factory.mktemp("network")
    write_network(folder, request.param)
    return folder / "net.h5", storage.read(folder / "net.h5", storage.FORMAT, "a network")


def test_checkpoints(saved: tuple[Path, Read]) -> None:
    path, read = saved
    tally = {"refused": 0, "loaded": 0}
    with mock.patch.object(checkpoint.Checkpoint, "write"):
        for seed in range(500):
            rng = Random(seed)

            def load(rng: Random = rng) -> object:
                changed = made_up(read, lambda description: other_value(description, rng))
                with mock.patch.object(resuming, "read", return_value=changed):
                    return load_checkpoint(path)

            tally[outcome(load)] += 1
    assert tally["refused"] > 260
    assert tally["loaded"] > 6  # another learning rate, say, is as good as the one that was


def test_networks(network: tuple[Path, Read]) -> None:
    path, read = network
    tally = {"refused": 0, "loaded": 0}
    for seed in range(500):
        rng = Random(seed)

        def load(rng: Random = rng) -> object:
            changed = made_up(read, lambda description: other_value(description, rng))
            with mock.patch.object(storage, "read", return_value=changed):
                return rnn.load(path)

        tally[outcome(load)] += 1
    assert tally["refused"] > 330


def put(value: Any, *keys: str) -> Callable[[dict[str, Any]], Any]:
    """Return what puts a value at a place in a description."""

    def change(description: Any) -> Any:
        if not keys:
            return value
        return {**description, keys[0]: put(value, *keys[1:])(description.get(keys[0]))}

    return change


STATE = ("state", "streams", "shuffling", "state")
SEED = ("state", "streams", "shuffling", "seed")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put("test", *STATE, "bit_generator"), "shuffling draws from 'test', expected one of MT19937, PCG64"),
        (put(["PCG64"], *STATE, "bit_generator"), r"shuffling draws from \['PCG64'\], expected one of"),
        (put(2**128, *STATE, "state", "state"), "state is .*, expected a whole number from 0 to"),
        (put([0] * 1001, *SEED, "entropy"), "entropy .*, expected at most 1000 whole numbers"),
        (put(7, *SEED, "entropy"), "entropy 7, expected at most 1000 whole numbers"),
        (put(2, *STATE, "has_uint32"), "has_uint32 is 2, expected a whole number from 0 to 1"),
        (put(float("inf"), "state", "position", "epoch"), "the number Infinity, expected finite ones"),
        (put({"number": "inf"}, "state", "position", "epoch"), "epoch is .*, expected a whole number from 0 to 3"),
        (put("inf", "state", "position", "epoch"), "epoch is 'inf', expected a whole number from 0 to 3"),
        (put(1_000_000, "state", "position", "batch"), "batch is 1000000, expected a whole number from 0 to 2"),
        (put(2, "state", "position", "batch"), "it is at batch 2 after the last epoch"),
        (put(-1, "settings", "bptt_steps"), "-1, expected a whole number"),
        (put(10**400, "settings", "epochs"), "epochs is 1000.*, expected a whole number from 0 to"),
        (put(10**9, "settings", "epochs"), "done is True after 3 of 1000000000 epochs"),
        (put(0, "settings", "batch_size"), "batch_size is 0, expected a whole number, 1 or more"),
        (put(False, "state", "done"), "done is False after 3 of 3 epochs"),
        (put([1.0], "state", "history", "loss"), r"history's loss is \[1.0\], expected 3 numbers"),
        (put([[], 1, 2], "state", "history", "loss"), r"history's loss is \[\], expected a finite number"),
        (put([3, 2, 1], "state", "history", "validation", "epochs"), "an epoch of validation is 2, expected .* 4"),
        (put(None, "state", "history", "validation"), "its history has validation None"),
        (put(7, "state", "history", "best_epoch"), "best_epoch is 7, expected a whole number from 1 to 3"),
        (put("diverging", "state", "history", "ended"), "ended is 'diverging', expected one of epochs"),
        (put({}, "made_of"), "it was made of {}, expected unrolled, numpy"),
        (put("S" * 2000, "made_of", "numpy"), "numpy was 'SSS.*SS... when it was made"),
        (put(0, "checkpoint_every"), "checkpoint_every is 0, expected a whole number, 1 or more"),
        (put(1, "more"), "it is described by"),
    ],
)
def test_what_was_let_in_once(
    change: Callable[[dict[str, Any]], Any], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_checkpoint(tmp_path, 0)
    read = checkpoint.read(str(tmp_path / "run.h5"))
    monkeypatch.setattr(resuming, "read", lambda _: made_up(read, change))
    with pytest.raises(ValueError, match=message) as caught:
        load_checkpoint(tmp_path / "run.h5")
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize("bits", [np.random.MT19937, np.random.Philox, np.random.SFC64, np.random.PCG64DXSM])
@pytest.mark.parametrize("key", ["pos", "buffer_pos"])
def test_a_generator_does_not_read_beyond_its_memory(
    bits: Any, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples, _ = arrays(0)
    rnn.train(
        rnn.ManyToOne(rnn.Tanh(2), 2, 3, rng=0),
        samples,
        optimizer=rnn.SGD(0.1),
        epochs=1,
        rng=np.random.Generator(bits(5)),
        checkpoint=tmp_path / "run.h5",
        progress=False,
    )
    description, groups = checkpoint.read(str(tmp_path / "run.h5"))
    state = description["state"]["streams"]["dropping"]["state"]
    where = state if key in state else state["state"]
    if key not in where:
        pytest.skip("it has no place to read from")
    for place in (-1, 10**6):
        where[key] = place
        monkeypatch.setattr(resuming, "read", lambda _: (description, groups))
        with pytest.raises(rnn.StorageError, match=f"{key} is {place}, expected a whole number from 0 to"):
            rnn.resume(tmp_path / "run.h5", samples, progress=False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda groups: groups["optimizer M"].pop("b_o"), "optimizer M has the arrays"),
        (lambda groups: groups.pop("optimizer M"), "its optimizer has"),
        (lambda groups: groups.pop("best"), r"best has the arrays \[\]"),
        (lambda groups: groups.update(more={}), "it has the groups"),
        (lambda groups: groups["kept"].update(b_o=np.zeros(3)), "kept/b_o is float64 of shape"),
        (lambda groups: groups["kept"].update(b_o=np.zeros(1, np.float32)), "kept/b_o is float32 of shape"),
        (lambda groups: groups["optimizer updates"].update(t=np.array(-1)), "updates/t is array.-1., expected 9"),
        (lambda groups: groups["optimizer updates"].update(t=np.array(2**63 - 1)), "expected 9, as many as were made"),
    ],
)
def test_arrays_that_do_not_belong_to_the_training(
    change: Callable[[dict[str, Any]], object], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_checkpoint(tmp_path, 0)
    description, groups = checkpoint.read(str(tmp_path / "run.h5"))
    change(groups)
    monkeypatch.setattr(resuming, "read", lambda _: (description, groups))
    with pytest.raises(rnn.StorageError, match=message):
        load_checkpoint(tmp_path / "run.h5")


def test_losses_that_are_not_finite_come_back(tmp_path: Path) -> None:
    """A held-out loss may be infinite, and the best one is so until one is measured."""
    samples, others = arrays(0)
    net = rnn.ManyToOne(rnn.Tanh(2), 2, 3, rng=0)
    how: dict[str, Any] = {"optimizer": rnn.SGD(0.1), "epochs": 1, "validation": others, "progress": False}
    with mock.patch("unrolled.rnn.training.samples.InMemory.measure", return_value=(float("inf"), 0.0)):
        history = rnn.train(net, samples, checkpoint=tmp_path / "run.h5", **how)
    assert history.validation is not None
    assert history.validation.loss == [np.inf]
    again = rnn.resume(tmp_path / "run.h5", samples, validation=others, progress=False)[1]
    assert dataclasses.replace(again, seconds=0) == dataclasses.replace(history, seconds=0)


def test_a_training_that_a_callback_stopped_is_at_its_end(tmp_path: Path) -> None:
    samples, _ = arrays(0)
    net = rnn.ManyToOne(rnn.Tanh(2), 2, 3, rng=0)
    how: dict[str, Any] = {"optimizer": rnn.SGD(0.1), "batch_size": 2, "epochs": 3, "progress": False}
    history = rnn.train(net, samples, checkpoint=tmp_path / "run.h5", on_batch=lambda n, *_: n == 6, **how)
    assert history.ended == "stopped"
    again, same = rnn.resume(tmp_path / "run.h5", samples, progress=False)
    assert dataclasses.replace(same, seconds=0) == dataclasses.replace(history, seconds=0)
    for name, W in net.parameters.items():
        np.testing.assert_array_equal(again.parameters[name], W, strict=True)


class Spawns:
    """An augmentation that spawns a generator of its own for every batch, and loses power at one."""

    def __init__(self, until: int | None = None) -> None:
        self.until, self.calls = until, 0

    def __call__(self, X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        self.calls += 1
        if self.calls == self.until:
            raise Enough
        return np.asarray(X + rng.spawn(2)[1].normal(0, 0.1, X.shape).astype(X.dtype))

    def __repr__(self) -> str:
        return "Spawns()"


@pytest.mark.parametrize("rng", [5, 2**130, [1, 2**40, 3]], ids=["small", "large", "several"])
def test_an_augmentation_that_spawns_goes_on_as_if_undisturbed(rng: Any, tmp_path: Path) -> None:
    samples, _ = arrays(0)
    how: dict[str, Any] = {"optimizer": rnn.SGD(0.1), "batch_size": 3, "epochs": 3, "progress": False}

    def train(augment: Spawns, **others: Any) -> tuple[rnn.ManyToOne, rnn.History]:
        net = rnn.ManyToOne(rnn.Tanh(2), 2, 3, rng=0)
        return net, rnn.train(net, samples, rng=np.random.default_rng(rng), augment=augment, **how, **others)

    whole, history = train(Spawns())
    with pytest.raises(Enough):
        train(Spawns(6), checkpoint=tmp_path / "run.h5", checkpoint_every=1)
    net, again = rnn.resume(tmp_path / "run.h5", samples, augment=Spawns(), progress=False)
    assert again.loss == history.loss
    for name, W in whole.parameters.items():
        np.testing.assert_array_equal(net.parameters[name], W, strict=True)


class Spawning:
    """Samples whose order is drawn from a generator that the training's has spawned."""

    def __len__(self) -> int:
        return 7

    def batches(self, batch_size: int, rng: np.random.Generator, start: int = 0) -> Iterator[tuple[Any, ...]]:
        train, _ = arrays(0)
        order = rng.spawn(1)[0].permutation(len(self))
        for first in range(start * batch_size, len(order), batch_size):
            yield train.X[order[first : first + batch_size]], train.y[order[first : first + batch_size]]

    def blocks(self, size: int) -> Iterator[tuple[Any, ...]]:  # noqa: ARG002 - the signature of a source
        train, _ = arrays(0)
        yield train.X, train.y

    def fingerprint(self) -> str:
        return "spawning"


def test_samples_that_spawn_go_on_as_if_undisturbed(tmp_path: Path) -> None:
    how: dict[str, Any] = {"optimizer": rnn.SGD(0.1), "batch_size": 3, "epochs": 3, "progress": False, "rng": 1}
    nets = [rnn.ManyToOne(rnn.Tanh(2), 2, 3, rng=0) for _ in range(2)]
    history = rnn.train(nets[0], Spawning(), **how)

    def lose_power(batch: int, *_: object) -> None:
        if batch == 5:
            raise Enough

    with pytest.raises(Enough):
        rnn.train(nets[1], Spawning(), checkpoint=tmp_path / "run.h5", checkpoint_every=1, on_batch=lose_power, **how)
    net, again = rnn.resume(tmp_path / "run.h5", Spawning(), progress=False)
    assert again.loss == history.loss
    np.testing.assert_array_equal(net.parameters["W_hh"], nets[0].parameters["W_hh"], strict=True)


def test_an_augmentation_with_a_generator_of_its_own_is_refused(tmp_path: Path) -> None:
    augment = Spawns()
    augment.rng = np.random.default_rng(0)  # type: ignore[attr-defined]  # whose state no checkpoint would hold
    with pytest.raises(ValueError, match="which holds a Generator of its own"):
        rnn.train(
            rnn.ManyToOne(rnn.Tanh(2), 2, 3, rng=0),
            arrays(0)[0],
            optimizer=rnn.SGD(0.1),
            augment=augment,
            checkpoint=tmp_path / "run.h5",
            progress=False,
        )
    assert not list(tmp_path.iterdir())
