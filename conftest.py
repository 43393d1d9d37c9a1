"""What every test shares, those in docstrings too."""

import importlib
import os
import signal
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

import unrolled

# The same examples every time: a failure is seen by whoever looks next. HYPOTHESIS_PROFILE=random explores.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("random", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


def pytest_collection() -> None:
    """Import every room before pytest imports one of its pages.

    It would put the module ``dynamics.curvature`` in the place of the function of that name.
    """
    for room in unrolled.__all__:
        importlib.import_module(f"unrolled.{room}")


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C as in a terminal: a suite that runs in the background begins with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def an_example_leaves_nothing_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run each docstring's example in a folder of its own, and close what it drew."""
    if not isinstance(request.node, pytest.DoctestItem):
        yield
        return
    request.getfixturevalue("monkeypatch").chdir(request.getfixturevalue("tmp_path"))
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
