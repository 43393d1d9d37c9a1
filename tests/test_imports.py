"""Imports go one way, room by room and file by file, and what is heavy is imported only when it is used.

Every import of ``src/unrolled`` counts, those within functions and those for the type checker too; only those of the
package itself, for its version, do not.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import unrolled

SOURCE = Path(unrolled.__file__).parent

GROUND = ("arrays", "dropout", "initializers", "inputs", "ragged", "source", "storage")
"""The files of rnn that stand beside the engine and below the cells; its others stand on both."""

RNN = ("rnn.ground", "rnn.engine", "rnn.cells", "rnn.output", "rnn")
LIBRARY = (*RNN, "rnn.training", "rnn.__init__")
ARROWS: dict[str, tuple[str, ...]] = {
    "textbook": (),
    "_support": (),
    "metrics": ("_support",),
    "data": ("_support",),
    "data.windows": ("_support", "data"),
    "data.h5": ("_support", "data"),
    "data.loaders": ("_support", "data", "data.windows", "data.h5"),
    "data.augment": ("_support", "data"),
    "data.tasks": ("_support", "data"),
    "data.__init__": ("data", "data.windows", "data.h5", "data.loaders", "data.augment", "data.tasks"),
    "rnn.ground": ("_support",),
    "rnn.engine": ("_support", "rnn.ground"),
    "rnn.cells": ("_support", "rnn.ground", "rnn.engine"),
    "rnn.output": ("_support", "rnn.ground", "rnn.engine"),
    "rnn": ("_support", "rnn.ground", "rnn.engine", "rnn.cells", "rnn.output"),
    "rnn.training": ("_support", *RNN),
    "rnn.exchange": ("_support", *RNN),
    "rnn.__init__": (*RNN, "rnn.training", "rnn.exchange"),
    "dynamics": ("_support", *LIBRARY),
    "sweep": ("_support", *LIBRARY),
    "sklearn": ("_support", *LIBRARY),
    "plots": (
        "_support",
        "metrics",
        "data.__init__",
        "data",
        *RNN,
        "rnn.training",
        "rnn.__init__",
        "sweep",
        "dynamics",
    ),
}
"""What each room may know beside itself. An ``__init__`` of rnn and data is a list of names, for rooms further on."""

AGAINST: set[tuple[str, str]] = set()
"""Imports that go the wrong way and are still to be turned: a list that only becomes shorter."""

HEAVY = ("scipy.signal", "scipy.integrate", "scipy.stats", "scipy.interpolate", "scipy.spatial", "matplotlib")


def module(path: Path) -> str:
    """The name of a file's module within the package; of a package, with its ``__init__``."""
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts)


FILES = {module(path): path for path in SOURCE.rglob("*.py") if path != SOURCE / "__init__.py"}


def room(name: str) -> str:
    """The room a module is in."""
    parts = name.split(".")
    if name in ARROWS or len(parts) == 1:
        return name
    if parts[0] == "rnn" and len(parts) == 2:
        return "rnn.ground" if parts[1] in GROUND else "rnn"
    inside = ".".join(parts[:2])
    return inside if inside in ARROWS and len(parts) > 2 else parts[0]


def imported(source: str, name: str = "") -> Iterator[str]:
    """The absolute names that a module imports, each as long as it is written."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name} imports relatively, expected whole names"
            yield from (f"{node.module}.{each.name}" for each in node.names)


def known(source: str, name: str = "") -> set[str]:
    """The modules of the package that a module imports."""
    found = set()
    for each in imported(source, name):
        whole = each.split(".")[1:] if each.startswith("unrolled.") else []
        for end in range(len(whole), 0, -1):  # unrolled.rnn.arrays.Array: a module, and a name in it
            inside = ".".join(whole[:end])
            if inside in FILES or f"{inside}.__init__" in FILES:
                found.add(inside if inside in FILES else f"{inside}.__init__")
                break
    return found - {name}


EDGES = {name: known(path.read_text(encoding="utf-8"), name) for name, path in FILES.items()}


def test_what_is_an_import() -> None:
    source = (
        "import numpy as np\nfrom unrolled import __version__, rnn\nfrom unrolled.rnn.arrays import Array\n"
        "if TYPE_CHECKING:\n    from unrolled.sweep import Results\n"
        "def f():\n    import unrolled.metrics\n"
    )
    assert known(source) == {"rnn.__init__", "rnn.arrays", "sweep.__init__", "metrics.__init__"}
    with pytest.raises(AssertionError, match="relatively"):
        known("from . import arrays")
    rooms = {
        "rnn.inputs": "rnn.ground",
        "rnn.network": "rnn",
        "rnn.__init__": "rnn.__init__",
        "metrics.confusion": "metrics",
    }
    rooms |= {"rnn.cells.tanh": "rnn.cells", "rnn.cells.__init__": "rnn.cells", "sweep.__init__": "sweep"}
    rooms |= {"data.samples": "data", "data.h5.__init__": "data.h5", "_support.progress": "_support"}
    assert {name: room(name) for name in rooms} == rooms


def test_the_rooms_stand_on_each_other_without_a_circle() -> None:
    assert list(TopologicalSorter(ARROWS).static_order())
    assert {room(name) for name in FILES} <= set(ARROWS), "a room that the table of arrows does not have"


def test_imports_go_from_room_to_room_as_they_are_drawn() -> None:
    wrong = {
        (name, other)
        for name, others in EDGES.items()
        for other in others
        if room(other) != room(name) and room(other) not in ARROWS[room(name)]
    }
    assert not wrong - AGAINST, "imports against the arrows"


def test_no_file_imports_itself_in_a_circle() -> None:
    graph = {name: {other for other in others if (name, other) not in AGAINST} for name, others in EDGES.items()}
    assert list(TopologicalSorter(graph).static_order())  # raises CycleError with the circle


def test_what_was_turned_leaves_the_list() -> None:
    assert all(other in EDGES.get(name, ()) for name, other in AGAINST), "remove from AGAINST what is turned"


def test_the_textbook_imports_numpy_alone() -> None:
    names = {each.split(".")[0] for each in imported(FILES["textbook"].read_text(encoding="utf-8"))}
    assert "numpy" in names
    assert names - {"numpy"} <= sys.stdlib_module_names


def test_the_parts_come_without_what_is_heavy() -> None:
    code = (
        "import sys\nfrom unrolled import data, dynamics, metrics, plots, rnn, sweep, textbook\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout == "[]\n"
