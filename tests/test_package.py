import subprocess
import sys
from pathlib import Path

import pytest

import unrolled


def test_parts_come_with_the_package_when_they_are_used() -> None:
    code = (
        "import sys, unrolled; assert not [name for name in sys.modules if name.startswith('unrolled.')]\n"
        "print(unrolled.rnn.Tanh(2), unrolled.data.__name__, unrolled.metrics.accuracy([1], [1]))\n"
        "assert 'unrolled.plots' not in sys.modules; unrolled.plots; assert 'unrolled.plots' in sys.modules"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout == "Tanh(hidden=2) unrolled.data 1.0\n"


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'lstm'"):
        unrolled.lstm  # noqa: B018


def test_the_network_knows_nothing_of_files_of_data_or_of_plots() -> None:
    code = (
        "import sys, unrolled.rnn\n"
        "print([m for m in sys.modules if m.startswith(('unrolled.data', 'unrolled.plots', 'matplotlib'))])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout == "[]\n"


def test_dir_lists_the_parts() -> None:
    assert {"data", "dynamics", "metrics", "plots", "rnn", "sweep", "textbook", "__version__"} <= set(dir(unrolled))
    assert dir(unrolled) == sorted(set(dir(unrolled)))
    assert set(unrolled.__all__) <= set(dir(unrolled))


def test_the_examples_of_a_page_that_is_named_like_its_function_run_alone() -> None:
    root = Path(__file__).parents[1]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "src/unrolled/dynamics/curvature.py"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=root)
    assert "1 passed" in run.stdout, run.stdout
