"""Checkpoints: a training that was stopped goes on to the bit, and nothing is lost on the way."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from easy import easy, network
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sampled import sampled

import unrolled
from unrolled import rnn
from unrolled.rnn.training import checkpoint as checkpoints

Make = Callable[[], rnn.Network]


class Stop(Exception):
    """As if the power had failed."""


class Noise:
    """An augmentation that draws, and stops a training at a given call."""

    def __init__(self, until: int | None = None, pause: float = 0.0) -> None:
        self.until, self.pause, self.calls = until, pause, 0

    def __call__(self, X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        self.calls += 1
        time.sleep(self.pause)
        if self.calls == self.until:
            raise Stop
        return np.asarray(X + rng.normal(0, 0.1, X.shape).astype(X.dtype))

    def __repr__(self) -> str:
        return "Noise()"


def gated() -> rnn.ManyToOne:
    return rnn.ManyToOne([rnn.GRU(5), rnn.LSTM(4)], 3, 3, readout=rnn.Mean(), head=rnn.Softmax(), rng=0)


PLAIN: dict[str, Any] = {"optimizer": rnn.SGD(0.1), "batch_size": 16, "epochs": 4}
EVERYTHING: dict[str, Any] = {
    "optimizer": rnn.Adam(0.01),
    "batch_size": 16,
    "epochs": 6,
    "validation": easy(20, 1),
    "test": easy(20, 2),
    "evaluate_every": 2,
    "schedule": rnn.WarmUp(1, then=rnn.ReduceOnPlateau(patience=1)),
    "clip": rnn.ClipNorm(0.5),
    "dropout": rnn.Dropout(layers=0.2, recurrence=0.1),
    "early_stopping": rnn.EarlyStopping(3),
    "l2": 1e-3,
    "bptt_steps": 3,
}


def right(y: np.ndarray, scores: np.ndarray) -> float:
    return float((scores.argmax(1) == y).mean())


OPTIONS: dict[str, Any] = {
    "optimizer": rnn.Adam(0.01),
    "batch_size": 6,
    "accumulate": 3,
    "epochs": 5,
    "validation": easy(20, 1),
    "averaging": rnn.EMA(0.8),
    "freeze": ("W_ih", "b_o"),
    "metrics": {"right": right},
    "early_stopping": rnn.EarlyStopping(2, monitor="right", min_delta=0.01),
    "evaluate_training": True,
    "l2": 1e-3,
    "clip": rnn.ClipNorm(0.5),
    "dropout": rnn.Dropout(inputs=0.2),
}
MOMENTUM = {**PLAIN, "optimizer": rnn.SGD(0.05, momentum=0.9, nesterov=True), "validation": easy(20, 1)}
KINDS: dict[str, tuple[Make, dict[str, Any]]] = {
    "plain": (network, PLAIN),
    "momentum": (network, MOMENTUM),
    "RMSProp": (network, {**PLAIN, "optimizer": rnn.RMSProp(0.01), "clip": rnn.ClipValue(0.1)}),
    "AdamW": (network, {**PLAIN, "optimizer": rnn.AdamW(0.01), "schedule": rnn.StepDecay(2)}),
    "everything": (gated, EVERYTHING),
    "options": (network, OPTIONS),
    "SWA": (network, {**MOMENTUM, "averaging": rnn.SWA(2), "freeze": "W_hh"}),
}


def stopped(make: Make, how: dict[str, Any], path: Path, batch: int, every: int | None = None) -> None:
    """Train until the power fails before this batch, counted from 1 over all epochs."""
    with pytest.raises(Stop):
        rnn.train(
            make(), easy(), rng=3, checkpoint=path, checkpoint_every=every, augment=Noise(batch), progress=False, **how
        )


def resumed(path: Path, how: dict[str, Any], **others: Any) -> tuple[rnn.Network, rnn.History]:
    held_out = {name: how[name] for name in ("validation", "test", "metrics") if name in how}
    return rnn.resume(path, easy(), augment=Noise(), progress=False, **held_out, **others)


def undisturbed(make: Make, how: dict[str, Any]) -> tuple[rnn.Network, rnn.History]:
    net = make()
    return net, rnn.train(net, easy(), rng=3, augment=Noise(), progress=False, **how)


def assert_same(a: tuple[rnn.Network, rnn.History], b: tuple[rnn.Network, rnn.History]) -> None:
    for name, W in a[0].parameters.items():
        np.testing.assert_array_equal(b[0].parameters[name], W, strict=True)
    assert dataclasses.replace(a[1], seconds=0) == dataclasses.replace(b[1], seconds=0)


def test_what_stopped_within_its_first_epoch_may_end_with_that(tmp_path: Path) -> None:
    how = {**PLAIN, "epochs": 3}
    stopped(network, how, tmp_path / "run.h5", 3, every=1)
    assert_same(undisturbed(network, {**how, "epochs": 1}), resumed(tmp_path / "run.h5", how, epochs=1))


STOPS = [(1, None), (3, None), (3, 1), (5, 2), (8, 3), (9, 100), (16, 1)]


@pytest.mark.parametrize(("kind", "batch", "every"), sampled([(kind, *stop) for kind in KINDS for stop in STOPS], 3))
def test_goes_on_to_the_bit(kind: str, batch: int, every: int | None, tmp_path: Path) -> None:
    make, how = KINDS[kind]
    stopped(make, how, tmp_path / "run.h5", batch, every)
    assert_same(resumed(tmp_path / "run.h5", how), undisturbed(make, how))
    assert [path.name for path in tmp_path.iterdir()] == ["run.h5"]


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(1, 5))
@hypothesis_settings(max_examples=6)
def test_goes_on_to_the_bit_however_often_it_is_stopped(batches: list[int], every: int) -> None:
    make, how = KINDS["everything"]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.h5"
        stopped(make, how, path, batches[0], every)
        for batch in batches[1:]:
            try:
                rnn.resume(
                    path, easy(), validation=how["validation"], test=how["test"], augment=Noise(batch), progress=False
                )
            except Stop:
                continue
        assert_same(resumed(path, how), undisturbed(make, how))


def test_a_training_that_had_ended_is_given_back_as_it_ended(tmp_path: Path) -> None:
    how = {**EVERYTHING, "checkpoint": tmp_path / "run.h5"}
    ended = undisturbed(gated, how)
    again = resumed(tmp_path / "run.h5", EVERYTHING)
    assert_same(again, ended)
    saved = checkpoints.read(str(tmp_path / "run.h5"))[0]["state"]["history"]["seconds"]
    assert again[1].seconds >= saved > 0


def test_seconds_go_on_from_where_they_were(tmp_path: Path) -> None:
    with pytest.raises(Stop):
        rnn.train(
            network(),
            easy(),
            rng=3,
            checkpoint=tmp_path / "run.h5",
            checkpoint_every=1,
            augment=Noise(6, pause=0.05),
            progress=False,
            **PLAIN,
        )
    saved = checkpoints.read(str(tmp_path / "run.h5"))[0]["state"]["history"]["seconds"]
    assert saved > 0.2
    assert resumed(tmp_path / "run.h5", PLAIN)[1].seconds > saved


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_leaves_a_checkpoint_to_go_on_from(tmp_path: Path) -> None:
    class Presses(Noise):
        def __call__(self, X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
            augmented = super().__call__(X, rng)
            if self.calls == 6:
                os.kill(os.getpid(), signal.SIGINT)
            return augmented

    history = rnn.train(
        network(), easy(), rng=3, checkpoint=tmp_path / "run.h5", augment=Presses(), progress=False, **MOMENTUM
    )
    assert history.ended == "interrupted"
    assert_same(resumed(tmp_path / "run.h5", MOMENTUM), undisturbed(network, MOMENTUM))


def test_diverges_as_the_training_undisturbed_does(tmp_path: Path) -> None:
    how = {**PLAIN, "optimizer": rnn.AdamW(1.0, weight_decay=50), "epochs": 20}  # weights 49-fold a batch

    net = network()
    with pytest.raises(rnn.DivergenceError) as whole:
        rnn.train(net, easy(), rng=3, augment=Noise(), progress=False, **how)
    where = (whole.value.epoch - 1) * 4 + whole.value.batch
    assert where > 2
    stopped(network, how, tmp_path / "run.h5", where, 1)
    with pytest.raises(rnn.DivergenceError) as rest:
        resumed(tmp_path / "run.h5", how)
    assert str(whole.value) == str(rest.value)


@pytest.mark.parametrize("bits", [np.random.MT19937, np.random.Philox, np.random.SFC64, np.random.PCG64DXSM])
def test_any_of_numpys_generators_will_do(bits: Any, tmp_path: Path) -> None:
    how = {**PLAIN, "dropout": rnn.Dropout(inputs=0.2)}
    net, stops = network(), network()
    history = rnn.train(net, easy(), rng=np.random.Generator(bits(5)), augment=Noise(), progress=False, **how)
    path = tmp_path / "run.h5"
    with pytest.raises(Stop):
        rnn.train(
            stops,
            easy(),
            rng=np.random.Generator(bits(5)),
            augment=Noise(7),
            checkpoint=path,
            checkpoint_every=1,
            progress=False,
            **how,
        )
    assert_same(resumed(path, how), (net, history))


def test_trainings_in_several_threads_write_each_their_own(tmp_path: Path) -> None:
    def run(n: int) -> tuple[rnn.Network, rnn.History]:
        net, how = network(), {**PLAIN, "epochs": 8, "checkpoint": tmp_path / f"{n}.h5", "checkpoint_every": 1}
        return net, rnn.train(net, easy(), rng=3, augment=Noise(), progress=False, **how)

    with ThreadPoolExecutor(4) as pool:  # a checkpoint that is not written is a warning, and so an error here
        for trained in pool.map(run, range(4)):
            assert_same(trained, undisturbed(network, {**PLAIN, "epochs": 8}))


def test_the_rest_of_the_progress_is_shown(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    stopped(network, PLAIN, tmp_path / "run.h5", 9, 1)
    rnn.resume(tmp_path / "run.h5", easy(), augment=Noise())
    assert "16/16" in capfd.readouterr().err


REAL = Path(__file__).parents[3] / "data" / "shoulder_exercises.h5"


@pytest.mark.skipif(not REAL.is_file(), reason="the recordings that ship are not beside the tests")
def test_real_recordings(tmp_path: Path) -> None:
    from unrolled import data

    train, validation = data.load_shoulder_exercises().train.split(0.1, by="person", rng=0)
    train = train.subset(np.arange(0, len(train), 12))
    how: dict[str, Any] = {"optimizer": rnn.Adam(0.003), "epochs": 3, "early_stopping": rnn.EarlyStopping(2)}

    def fresh() -> rnn.ManyToOne:
        return rnn.ManyToOne(rnn.Tanh(12), 3, 7, rng=0)

    whole = fresh()
    history = rnn.train(whole, train, validation=validation, rng=1, progress=False, augment=Noise(), **how)
    with pytest.raises(Stop):
        rnn.train(
            fresh(),
            train,
            validation=validation,
            rng=1,
            progress=False,
            augment=Noise(10),
            checkpoint=tmp_path / "run.h5",
            checkpoint_every=4,
            **how,
        )
    assert_same(
        rnn.resume(tmp_path / "run.h5", train, validation=validation, augment=Noise(), progress=False), (whole, history)
    )


# ------------------------------------------------------------------- the door


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"samples": easy(60, 9)}, "the training samples are not those"),
        ({"samples": easy(59)}, "the training samples are not those"),
        ({"validation": easy(20, 9)}, "the validation samples are not those"),
        ({"validation": None}, "made with validation samples"),
        ({"test": easy(20, 2)}, "made without test samples"),
        ({"augment": None}, r"augment was 'Noise\(\)' when it was made and is None now"),
    ],
)
def test_what_differs_is_said(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = tmp_path / "run.h5"
    stopped(network, MOMENTUM, path, 6, 1)
    before = path.read_bytes()
    given = {"samples": easy(), "validation": MOMENTUM["validation"], "augment": Noise(), **change}
    with pytest.raises(rnn.CheckpointError, match=message) as caught:
        rnn.resume(path, progress=False, **given)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize("what", ["numpy", "unrolled"])
def test_another_version_is_refused(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped(network, PLAIN, tmp_path / "run.h5", 6, 1)
    monkeypatch.setattr({"numpy": np, "unrolled": unrolled}[what], "__version__", "0.0.9")
    with pytest.raises(rnn.CheckpointError, match=f"{what} was '.*' when it was made and is '0.0.9' now"):
        resumed(tmp_path / "run.h5", PLAIN)


def test_a_file_that_is_there_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "run.h5"
    path.write_text("a letter")
    net = network()
    with pytest.raises(FileExistsError, match=r"is there already: rnn\.resume goes on"):
        rnn.train(net, easy(), checkpoint=path, progress=False, **PLAIN)
    assert path.read_text() == "a letter"
    np.testing.assert_array_equal(net.parameters["W_hh"], network().parameters["W_hh"])


class Own:
    """An optimizer that no file can describe."""

    def start(self, parameters: Any) -> Any:  # noqa: ARG002 - an optimizer's
        return {}

    def update(self, parameters: Any, gradients: Any, state: Any, factor: float = 1.0) -> None:
        pass


@dataclasses.dataclass(frozen=True)
class Ramp:
    """A schedule with a field that no file can hold."""

    curve: Any

    def __call__(self, epoch: float, history: rnn.History) -> float:  # noqa: ARG002 - a schedule's
        return 1.0


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"optimizer": Own()}, ValueError, "Own.*which a file cannot hold.*a part is a dataclass, or has to_config"),
        ({"schedule": Ramp(abs)}, ValueError, "Ramp's curve is <built-in function abs>, which a file cannot hold"),
        ({"schedule": lambda epoch, history: 1.0}, ValueError, "<lambda>.*which a file cannot hold"),  # noqa: ARG005 - a schedule's
        ({"checkpoint_every": 0}, ValueError, "checkpoint_every is 0, expected a whole number"),
        ({"checkpoint": None, "checkpoint_every": 3}, ValueError, "checkpoint_every is 3 without a checkpoint"),
        ({"checkpoint": "missing/run.h5"}, FileNotFoundError, "there is no folder"),
    ],
)
def test_what_cannot_be_kept_is_said_before_anything_is_trained(
    change: dict[str, Any], error: type[Exception], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    net = network()
    with pytest.raises(error, match=message):
        rnn.train(net, easy(), progress=False, **{"checkpoint": "run.h5", **PLAIN, **change})
    np.testing.assert_array_equal(net.parameters["W_hh"], network().parameters["W_hh"])
    assert not list(tmp_path.iterdir())


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        rnn.resume(tmp_path / "none.h5", easy())
    with pytest.raises(rnn.StorageError, match="is a folder"):
        rnn.resume(tmp_path, easy())
    network().save(tmp_path / "net.h5")
    with pytest.raises(rnn.StorageError, match="format is 'unrolled network 3', expected 'unrolled checkpoint 3'"):
        rnn.resume(tmp_path / "net.h5", easy())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "run.h5"
    stopped(network, {**PLAIN, "epochs": 2}, path, 6, 1)
    return path.read_bytes()


@given(st.data())
@hypothesis_settings(max_examples=60)
def test_a_damaged_checkpoint_is_a_sentence_or_the_same_training(whole: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(whole) - 1))
    cut = data.draw(st.booleans())
    damaged = whole[:at] if cut else whole[:at] + bytes([data.draw(st.integers(0, 255))]) + whole[at + 1 :]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.h5"
        path.write_bytes(damaged)
        try:
            going_on = rnn.resume(path, easy(), augment=Noise(), progress=False)
        except rnn.StorageError:
            return
        assert_same(going_on, undisturbed(network, {**PLAIN, "epochs": 2}))  # the byte was none that counts


class Settingless:
    """Its repr is an address."""

    def __init__(self, size: float) -> None:
        self.size = size

    def __call__(self, X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return np.asarray(X + self.size * rng.normal(size=X.shape).astype(X.dtype))


@pytest.mark.parametrize(
    "augment",
    [Settingless(1.0), Settingless(1.0).__call__, lambda X, rng: X],  # noqa: ARG005 - an augmentation's
    ids=["object", "method", "lambda"],
)
def test_an_augmentation_that_another_could_be_taken_for_is_refused(augment: Any, tmp_path: Path) -> None:
    net = network()
    with pytest.raises(ValueError, match="whose settings cannot be told from its name"):
        rnn.train(net, easy(), augment=augment, checkpoint=tmp_path / "run.h5", progress=False, **PLAIN)
    assert not list(tmp_path.iterdir())
    rnn.train(net, easy(), augment=augment, progress=False, **PLAIN)  # without a checkpoint any will do


def test_only_its_own_leavings_are_cleared(tmp_path: Path) -> None:
    stopped(network, PLAIN, tmp_path / "run.h5", 6, 1)
    own = tmp_path / ".run.h5-0123456789abcdef.h5"
    others = [tmp_path / ".run.h5-2.h5-0123456789abcdef.h5", tmp_path / ".run-0123456789abcdef.h5"]
    for path in (own, *others):
        path.touch()
    resumed(tmp_path / "run.h5", PLAIN)
    assert sorted(tmp_path.iterdir()) == sorted([*others, tmp_path / "run.h5"])


BEGUN_AT_ONCE = """
import sys
import time
from pathlib import Path
from easy import easy
from unrolled import rnn

path, go = Path(sys.argv[1]), Path(sys.argv[2])
net = rnn.ManyToOne(rnn.Tanh(4), 3, 3, rng=0)
how = {"optimizer": rnn.SGD(0.1), "batch_size": 2, "progress": False}
print("ready", flush=True)
while not go.exists():
    time.sleep(0.001)
try:
    rnn.train(net, easy(), epochs=5, checkpoint=path, checkpoint_every=1, **how)
    print("trained")
except FileExistsError as error:
    print("refused")
"""


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="locks of POSIX")
def test_of_two_trainings_begun_at_once_at_one_path_one_goes_on(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for n in range(2):
        path, go = tmp_path / f"{n}.h5", tmp_path / f"go{n}"
        command = [sys.executable, "-c", BEGUN_AT_ONCE, str(path), str(go)]
        trainings = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        for training in trainings:
            assert training.stdout is not None
            assert training.stdout.readline() == "ready\n"
        go.touch()
        assert sorted(training.communicate()[0] for training in trainings) == ["refused\n", "trained\n"]
        go.unlink()
    assert sorted(left.name for left in tmp_path.iterdir()) == ["0.h5", "1.h5"]


@pytest.mark.skipif(sys.platform == "win32", reason="locks of POSIX")
def test_a_training_under_way_shares_its_checkpoint_with_nobody(tmp_path: Path) -> None:
    path = tmp_path / "run.h5"
    said = []

    def meanwhile(epoch: int, *_: object) -> None:
        living = list(tmp_path.glob(".run.h5*"))
        with pytest.raises(rnn.CheckpointError, match="is being written by a training that is under way"):
            resumed(path, PLAIN)
        path.rename(tmp_path / "away.h5")
        with pytest.raises(FileExistsError, match="is being written by a training that is under way"):
            rnn.train(network(), easy(), checkpoint=path, progress=False, **PLAIN)
        (tmp_path / "away.h5").rename(path)
        assert list(tmp_path.glob(".run.h5*")) == living
        said.append(epoch)

    rnn.train(network(), easy(), checkpoint=path, on_epoch=meanwhile, augment=Noise(), progress=False, **PLAIN)
    assert said
    assert list(tmp_path.iterdir()) == [path]
    resumed(path, PLAIN)  # and afterwards with everybody


def test_a_checkpoint_that_came_meanwhile_is_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.h5"
    described = checkpoints.made_of

    def slowly(*args: Any) -> Any:
        path.write_text("another's")
        return described(*args)

    monkeypatch.setattr(checkpoints, "made_of", slowly)
    with pytest.raises(FileExistsError, match=r"is there already: rnn\.resume goes on"):
        rnn.train(network(), easy(), checkpoint=path, progress=False, **PLAIN)
    assert path.read_text() == "another's"
    assert list(tmp_path.iterdir()) == [path]


def test_a_checkpoint_s_name_may_be_long(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 240)
    stopped(network, PLAIN, path, 6, 1)
    resumed(path, PLAIN)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="links of POSIX")
def test_a_loop_of_links_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "loop.h5").symlink_to("loop.h5")
    for use in (
        lambda path: rnn.train(network(), easy(), checkpoint=path, progress=False, **PLAIN),
        lambda path: resumed(path, PLAIN),
        lambda path: network().save(path),
        rnn.load,
    ):
        with pytest.raises(OSError, match=r"loop\.h5"):
            use(tmp_path / "loop.h5")
    assert [left.name for left in tmp_path.iterdir()] == ["loop.h5"]
