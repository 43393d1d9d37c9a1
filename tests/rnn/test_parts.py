"""Parts of one's own in files: named by class, made of their fields again, and nothing else is imported or called."""

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from easy import easy, network

from unrolled import data, rnn
from unrolled.rnn import parts


@dataclass(frozen=True)
class Slow(rnn.Tanh):
    """A cell of one's own, with fields of every kind."""

    names: tuple[str, ...] = ("a", "é")
    table: Any = dataclasses.field(default_factory=lambda: np.arange(6.0).reshape(2, 3))
    inner: Any = dataclasses.field(default_factory=rnn.Constant)
    limit: float = float("inf")
    options: Any = dataclasses.field(default_factory=lambda: {"on": True, "seeds": [1, 2**100], "none": None})
    scale: Any = dataclasses.field(default_factory=lambda: np.float32(0.1))


@dataclass(frozen=True)
class Middle(rnn.Last):
    """A readout."""


@dataclass(frozen=True)
class Half(rnn.Softmax):
    """A head."""


@dataclass(frozen=True)
class Momentum:
    """An optimizer with a state of its own."""

    learning_rate: float
    mu: float = 0.9

    def start(self, parameters: Any) -> dict[str, dict[str, Any]]:
        return {
            "V": {name: np.zeros_like(W) for name, W in parameters.items()},
            "counts": {"n": np.zeros((), np.uint32), "seen": np.zeros(3, bool)},
        }

    def update(self, parameters: Any, gradients: Any, state: Any, factor: float = 1.0) -> None:
        state["counts"]["n"] += np.uint32(1)
        for name, W in parameters.items():
            V = state["V"][name]
            V *= W.dtype.type(self.mu)
            V += gradients[name]
            W -= W.dtype.type(factor * self.learning_rate / float(state["counts"]["n"])) * V


@dataclass(frozen=True)
class Saw:
    """A schedule."""

    teeth: tuple[float, ...]

    def __call__(self, epoch: float, history: rnn.History) -> float:  # noqa: ARG002 - a schedule's
        return self.teeth[int(epoch) % len(self.teeth)]


def halved(epoch: float, history: rnn.History) -> float:  # noqa: ARG001 - a schedule's
    return 0.5


class Signs:
    """A clipping that is no dataclass, and says itself what it is made of."""

    def __init__(self, most: float) -> None:
        self.most = most

    def to_config(self) -> dict[str, Any]:
        return {"most": self.most}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Signs":
        return cls(**config)

    def clip(self, gradients: Any, norm: float) -> bool:
        for gradient in gradients.values():
            np.clip(gradient, -self.most, self.most, out=gradient)
        return norm > self.most


@dataclass(frozen=True)
class Noise:
    """An augmentation."""

    sigma: float
    until: list[int] = dataclasses.field(default_factory=list, compare=False, repr=False)

    def to_config(self) -> dict[str, Any]:
        return {"sigma": self.sigma}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Noise":
        return cls(**config)

    def __call__(self, X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if self.until:
            self.until[0] -= 1
            if self.until[0] < 0:
                raise KeyboardInterrupt
        return np.asarray(X + rng.normal(0, self.sigma, X.shape).astype(X.dtype))


def of_ones_own() -> rnn.ManyToOne:
    return rnn.ManyToOne(
        [Slow(4), rnn.Bidirectional(Slow(3))], 3, 3, readout=Middle(), head=Half(label_smoothing=0.1), rng=0
    )


def test_cells_readouts_and_heads_of_ones_own_come_back(tmp_path: Path) -> None:
    net = of_ones_own()
    net.save(tmp_path / "net.h5")
    again = rnn.load(tmp_path / "net.h5", parts=[Slow, Middle, Half, rnn.Constant])
    assert [type(cell) for cell in again.cells] == [Slow, rnn.Bidirectional]
    first, wanted = again.cells[0], net.cells[0]
    assert isinstance(first, Slow)
    assert isinstance(wanted, Slow)
    np.testing.assert_array_equal(first.table, wanted.table, strict=True)
    assert first.scale == wanted.scale
    assert type(first.scale) is np.float32
    assert dataclasses.replace(first, table=0) == dataclasses.replace(wanted, table=0)
    assert (again.readout, again.head) == (net.readout, net.head)
    X = np.random.default_rng(0).standard_normal((4, 9, 3))
    np.testing.assert_array_equal(again.predict_proba(X), net.predict_proba(X))


def test_a_part_that_is_not_handed_over_is_named(tmp_path: Path) -> None:
    of_ones_own().save(tmp_path / "net.h5")
    with pytest.raises(rnn.StorageError, match=r"'rnn\.Constant' that is not known: .* parts=\[rnn\.Constant\]"):
        rnn.load(tmp_path / "net.h5", parts=[Slow, Middle, Half])
    with pytest.raises(rnn.StorageError, match=r"net\.h5: .*'Slow' that is not known: .* parts=\[Slow\]") as caught:
        rnn.load(tmp_path / "net.h5", parts=[Middle, Half, rnn.Constant])
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("schedule", [Saw((1.0, 0.5)), halved])
def test_a_training_of_ones_own_parts_goes_on_to_the_bit(schedule: Any, tmp_path: Path) -> None:
    how: dict[str, Any] = {
        "optimizer": Momentum(0.05),
        "schedule": schedule,
        "clip": Signs(0.5),
        "batch_size": 16,
        "epochs": 3,
        "progress": False,
    }
    whole = of_ones_own()
    history = rnn.train(whole, easy(), rng=3, augment=Noise(0.1), **how)
    with pytest.raises(KeyboardInterrupt):
        rnn.train(of_ones_own(), easy(), rng=3, augment=Noise(0.1, [6]), checkpoint=tmp_path / "run.h5", **how)
    mine: list[Any] = [Slow, Middle, Half, Momentum, Saw, Signs, halved]
    with pytest.raises(rnn.CheckpointError, match="augment was"):
        rnn.resume(tmp_path / "run.h5", easy(), augment=Noise(0.2), parts=mine, progress=False)
    with pytest.raises(rnn.StorageError, match=r"'Momentum' that is not known: .* parts=\[Momentum\]"):
        rnn.resume(tmp_path / "run.h5", easy(), augment=Noise(0.1), progress=False)
    net, again = rnn.resume(tmp_path / "run.h5", easy(), augment=Noise(0.1), parts=mine, progress=False)
    for name, W in whole.parameters.items():
        np.testing.assert_array_equal(net.parameters[name], W, strict=True)
    assert dataclasses.replace(again, seconds=0) == dataclasses.replace(history, seconds=0)


def test_an_augmentation_is_told_by_all_its_numbers(tmp_path: Path) -> None:
    def of(mean: float) -> data.augment.InUnits:
        return data.augment.InUnits(data.augment.Jitter(0.1), data.Scaling(np.full(3, mean), np.ones(3)))

    how: dict[str, Any] = {"optimizer": rnn.SGD(0.1), "epochs": 1, "progress": False}
    rnn.train(network(), easy(), augment=of(0.1), checkpoint=tmp_path / "run.h5", rng=0, **how)
    with pytest.raises(rnn.CheckpointError, match="augment was"):
        rnn.resume(tmp_path / "run.h5", easy(), augment=of(np.nextafter(0.1, 1)), progress=False)
    rnn.resume(tmp_path / "run.h5", easy(), augment=of(0.1), progress=False)


# ------------------------------------------------------- what cannot be written


@dataclass(frozen=True)
class Any_(rnn.Tanh):
    thing: Any = None


@dataclass(frozen=True)
class Forgets(rnn.Tanh):
    """What it is made of is not what it was given."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", self.hidden + 1)


class Refuses(rnn.Tanh):
    def __init__(self) -> None:
        super().__init__(3)


class Half_configured(rnn.Tanh):
    def to_config(self) -> dict[str, Any]:
        return {}


def another() -> type:
    @dataclass(frozen=True)
    class Any_(rnn.Tanh):
        pass

    return Any_


class Undescribed:
    hidden, n_outputs, gates, streams = 3, 3, 1, True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in ("to_config", "from_config"):
            raise AttributeError(name)
        return getattr(rnn.Tanh(3), name)


cyclic: list[Any] = []
cyclic.append(cyclic)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (
            Any_(3, lambda: 0),
            "Any_'s thing is <function .*lambda.*, which a file cannot hold: expected None, truth values",
        ),
        (Any_(3, np.tanh), "Any_'s thing is <ufunc 'tanh'>"),
        (Any_(3, int), "Any_'s thing is <class 'int'>"),
        (Any_(3, {1: 2}), r"Any_'s thing is \{1: 2\}"),
        (Any_(3, {"a": {3}}), r"Any_'s thing\['a'\] is \{3\}"),
        (Any_(3, 1j), "Any_'s thing is 1j"),
        (Any_(3, np.zeros(2, "c16")), "Any_'s thing is an array of complex128"),
        (Any_(3, np.zeros(10**5)), "Any_'s thing is an array of 100000 numbers, expected at most 65536"),
        (Any_(3, 2**200), r"Any_'s thing is \d+, which a file cannot hold: expected less than"),
        (Any_(3, cyclic), "Any_'s thing is nested more than 32 deep"),
        (Any_(3, another()(2)), "two different parts are named Any_"),
        (Forgets(3), r"Forgets\(hidden=4\) could not be read back from a file, since its fields make another"),
        (Refuses(), r"Refuses\(hidden=3\) could not be read back from a file: Refuses refuses its fields"),
        (Half_configured(3), "Half_configured has to_config, expected one that returns a dict, and from_config beside"),
        (
            Undescribed(),
            "Undescribed .*, which a file cannot hold: .*; a part is a dataclass, or has to_config and from",
        ),
    ],
)
def test_what_no_file_can_hold_is_said_before_anything_is_written(cell: Any, message: str, tmp_path: Path) -> None:
    net = rnn.ManyToOne(cell, 2, 3)
    with pytest.raises(ValueError, match=message):
        net.save(tmp_path / "net.h5")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (Slow, "parts is .*Slow'>, expected classes such as parts=.MGU."),
        ("Slow", "parts is 'Slow', expected classes"),
        (3, "parts is 3, expected classes"),
        ([Slow(3)], "parts holds Slow.*, expected classes such as parts=.MGU., not what they make"),
        ([Undescribed], "parts holds Undescribed, expected a dataclass or a class with from_config"),
        ([Any_, another()], "parts holds two different parts named Any_"),
    ],
)
def test_what_is_handed_over_must_be_classes(given: Any, message: str, tmp_path: Path) -> None:
    for load in (rnn.load, lambda path, parts: rnn.resume(path, easy(), parts=parts)):
        with pytest.raises(ValueError, match=message):
            load(tmp_path / "none.h5", parts=given)


def test_a_class_named_as_one_of_ours_is_not_taken_for_it(tmp_path: Path) -> None:
    Mine: Any = dataclass(frozen=True)(type("Tanh", (rnn.Tanh,), {"__module__": __name__}))
    rnn.ManyToOne([Mine(3), rnn.Tanh(3)], 2, 3).save(tmp_path / "net.h5")
    with pytest.raises(rnn.StorageError, match=r"part 'Tanh' that is not known"):
        rnn.load(tmp_path / "net.h5")
    again = rnn.load(tmp_path / "net.h5", parts=[Mine])
    assert [type(cell) for cell in again.cells] == [Mine, rnn.Tanh]


# ------------------------------------------------- descriptions that were made up


def called(*_: object, **__: object) -> None:
    raise AssertionError("a file made something be called")


KNOWN = {**parts.table(rnn.Tanh, rnn.Constant, Slow, Signs), "called": called}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (None, "None is not a part"),
        ({}, "is not a part"),
        ({"part": "os.system", "fields": {}}, "'os.system' that is not known"),
        ({"part": ["rnn.Tanh"], "fields": {}}, "that is not known"),
        ({"part": "called", "fields": {}}, "'called' that is not known"),
        ({"part": "called", "config": {}}, "'called' that is not known"),
        ({"part": "rnn.Tanh", "config": {"hidden": 3}}, "rnn.Tanh has fields and no from_config"),
        ({"part": "Signs", "config": [1]}, "describes no value"),
        ({"part": "Signs", "fields": {"most": 1}}, "'most' is missing or unknown"),
        ({"part": "Signs", "config": {"least": 1}}, "Signs refuses its fields"),
        (
            {"part": "rnn.Tanh", "fields": {"hidden": "3"}},
            "rnn.Tanh refuses its fields: .*'3', expected a whole number",
        ),
        ({"part": "rnn.Tanh", "fields": {"hidden": 2**200}}, "expected less than"),
        ({"part": "rnn.Tanh", "fields": {"hidden": {"part": "rnn.Tanh"}}}, "describes no value"),
        ({"part": "rnn.Tanh", "fields": {"hidden": 3}, "more": 1}, "describes no value"),
        ({"part": "rnn.Tanh", "fields": {"hidden": {"function": "rnn.Tanh"}}}, "'rnn.Tanh' that is not known"),
        ({"part": "rnn.Tanh", "fields": {"hidden": {"number": "1"}}}, "describes no value"),
        ({"part": "rnn.Tanh", "fields": {"hidden": {"tuple": 3}}}, "describes no value"),
        *(
            ({"part": "rnn.Tanh", "fields": {"hidden": {"array": numbers, "dtype": dtype, "shape": shape}}}, message)
            for numbers, dtype, shape, message in (
                ([1], "S2000000000", [1], "describes no array"),
                ([1], "float64", [2**62], r"has 1 numbers, expected shape \[4611686018427387904\]"),
                ([1], "float64", [-1], "describes no array"),
                ([1], "float64", [1.0], "describes no array"),
                ([], "float64", [2**63, 0] * 33, "describes no array"),
                (["1"], "float64", [1], "has other values"),
                ([1, "1"], "float64", [2], "has other values"),
                ([True], "int8", None, "has other values"),
                ([300], "int8", [1], "number out of range"),
                ({"0": 1}, "int8", [1], "describes no array"),
                ([0] * 70_000, "int8", [70_000], "has 70000 numbers"),
            )
        ),
    ],
)
def test_a_made_up_description_is_a_sentence(config: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        parts.from_config(json.loads(json.dumps(config)), KNOWN)
    assert len(str(caught.value)) < 400


def test_functions_are_handed_over_and_not_called() -> None:
    config = parts.to_config(Any_(3, called))
    assert parts.from_config(config, {"Any_": Any_, "called": called}) == Any_(3, called)
    check: Callable[[], Any] = lambda: parts.from_config(config, {"Any_": Any_})  # noqa: E731
    with pytest.raises(ValueError, match="'called' that is not known"):
        check()
