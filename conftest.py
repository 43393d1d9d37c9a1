"""What every test shares, those in docstrings too."""

import os
import signal
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

# The same examples every time: a failure is seen by whoever looks next. HYPOTHESIS_PROFILE=random explores.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("random", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


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
