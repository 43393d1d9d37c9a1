"""Every public name has its page in the reference, and a docstring with See Also and an Example that runs."""

import importlib
import importlib.util
import inspect
import re
from typing import Any

import pytest
from documentation.pages import DOCS

ROOMS = {
    "rnn": "rnn",
    "data": "data",
    "data.augment": "augment",
    "data.channels": "channels",
    "data.tasks": "tasks",
    "metrics": "metrics",
    "plots": "plots",
    "sweep": "sweep",
    "dynamics": "dynamics",
    **({"sklearn": "sklearn"} if importlib.util.find_spec("sklearn") else {}),
    "textbook": "textbook",
}
"""Where public names are, and the reference's page that lists them; of an extra, where it is installed."""

NO_EXAMPLE = {
    "an error, raised and not made": "data.DataError rnn.CheckpointWarning rnn.DivergenceError sweep.TableError "
    "sweep.TrialError",
    "a protocol: the how-to pages on parts of one's own show one that meets it": "data.channels.Channel "
    "rnn.Augmentation rnn.Averaging rnn.Cell rnn.Clipping rnn.Head rnn.Optimizer rnn.Readout rnn.Schedule",
}
"""Names without an Example, by the reason."""

MADE_BY = {
    "rnn.CellCheck": "rnn.check_cell",
    "rnn.Curve": "rnn.History",
    "rnn.GradientCheck": "rnn.check_gradients",
    "rnn.Masks": "rnn.Dropout",
    "rnn.Network": "rnn.ManyToMany",
    "data.Leakage": "data.Dataset",
    "data.StoredDataset": "data.open_h5",
    "data.StoredSamples": "data.open_h5",
    "data.channels.Horizontal": "data.channels.Vertical",
    "metrics.ClassScores": "metrics.class_scores",
    "metrics.Reliability": "metrics.reliability",
    "sweep.Part": "sweep.train_network",
    "sweep.Result": "sweep.Results",
    "sweep.Standing": "sweep.Results",
    "dynamics.Curvature": "dynamics.curvature",
    "dynamics.FixedPoints": "dynamics.fixed_points",
    "dynamics.GradientProfile": "dynamics.gradient_profile",
    "dynamics.Jacobians": "dynamics.jacobians",
    "dynamics.LossSlice": "dynamics.loss_slice",
    "dynamics.LyapunovSpectrum": "dynamics.lyapunov_spectrum",
    "dynamics.Record": "dynamics.Recorder",
}
"""What nobody makes but the library: its example is that of what makes it, or shows both."""

ALIASES = {"data.augment.Augmentation", "metrics.Normalize", "sweep.Point"}
"""Names for types, which have no docstring of their own; the reference says what they are."""


def public(room: str) -> list[str]:
    module = importlib.import_module(f"unrolled.{room}")
    names = getattr(module, "__all__", None)
    if names is None:
        names = [name for name, each in vars(module).items() if inspect.isfunction(each) and not name.startswith("_")]
    return [name for name in names if not inspect.ismodule(getattr(module, name))]


def listed(room: str) -> list[str]:
    page = (DOCS / "reference" / f"{ROOMS[room]}.rst").read_text(encoding="utf-8")
    return re.findall(r"^(?:   |\.\. py:data:: )(\w+)$", page, re.MULTILINE)


def docstring(name: str) -> str:
    room, _, last = name.rpartition(".")
    each: Any = getattr(importlib.import_module(f"unrolled.{room}"), last)
    return inspect.getdoc(getattr(each, "__origin__", each)) or ""


EVERY = [f"{room}.{name}" for room in ROOMS for name in public(room) if f"{room}.{name}" not in ALIASES]


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_name_is_on_its_page_once(room: str) -> None:
    assert sorted(listed(room)) == sorted(public(room))


@pytest.mark.parametrize("name", EVERY)
def test_every_public_name_has_an_example(name: str) -> None:
    excepted = name in " ".join(NO_EXAMPLE.values()).split()
    example = MADE_BY.get(name, name)
    assert (">>>" in docstring(example)) != excepted
    assert name == example or example.rpartition(".")[2] in docstring(name).partition("See Also")[2]


@pytest.mark.parametrize("name", EVERY)
def test_every_public_name_says_what_to_see_also(name: str) -> None:
    assert "See Also\n--------\n" in docstring(name)


def test_the_exceptions_are_names_there_are() -> None:
    assert {*" ".join(NO_EXAMPLE.values()).split(), *MADE_BY} <= set(EVERY)
