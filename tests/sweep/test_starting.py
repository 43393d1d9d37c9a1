"""Workers that can never start: one sentence, an error, and no table of lost trials."""

import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from unrolled.sweep import starting

SEARCH = """
import searches
from unrolled import rnn, sweep


def trial(point, training, validation, rng):
    return {"accuracy": 0.5}


def search(**settings):
    points = sweep.grid({"a": [1, 2, 3]})
    given = {"trial": trial, "folds": 2, "seeds": 2, "n_jobs": 2, "table": "t.jsonl", "progress": False}
    return sweep.run(points, searches.samples(), **(given | settings))

"""
CLASS = "import dataclasses\n@dataclasses.dataclass(frozen=True)\nclass Twice(rnn.ClipNorm):\n    pass\n"


def python(tmp_path: Path, code: str, how: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    script = tmp_path / "script.py"
    script.write_text(code)
    arguments = {"script": [str(script)], "heredoc": ["-"], "-c": ["-c", code]}[how]
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        cwd=tmp_path,
        input=code if how == "heredoc" else "",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    ("how", "call", "message"),
    [
        ("script", "search()", "worker processes cannot start, or cannot import the trial __main__.trial (Broken"),
        pytest.param(
            "script",
            "sweep.halving([{'a': 1}, {'a': 2}], searches.samples(), min_resources=1, max_resources=2, folds=2,"
            " trial=trial)",
            'a script keeps its search under if __name__ == "__main__":; n_jobs=1 runs the trials in this process',
            marks=pytest.mark.long,
        ),
        (
            "script",
            "if __name__ == '__main__':\n    def inner(*given):\n        return {}\n    search(trial=inner)",
            "worker processes cannot start, or cannot import the trial __main__.inner",
        ),
        ("heredoc", "search()", "cannot import the main script, which is defined in a notebook, at a prompt or in a"),
        pytest.param(
            "heredoc",
            "search(trial=searches.unsteady)",
            "worker processes cannot import the main script",
            marks=pytest.mark.long,
        ),
        pytest.param(
            "-c",
            "search()",
            "worker processes cannot import trial, which is defined in a notebook, at a prompt or in",
            marks=pytest.mark.long,
        ),
        pytest.param(
            "-c",
            f"{CLASS}search(trial=searches.unsteady, points=[{{'clip': Twice(1.0)}}])",
            "worker processes cannot import Twice, which is defined in a notebook",
            marks=pytest.mark.long,
        ),
    ],
)
def test_workers_that_cannot_start_are_told_once(how: str, call: str, message: str, tmp_path: Path) -> None:
    code = SEARCH.replace("**settings):", "points=sweep.grid({'a': [1, 2, 3]}), **settings):").replace(
        '    points = sweep.grid({"a": [1, 2, 3]})\n', ""
    )
    run = python(tmp_path, code + call, how)
    assert run.returncode == 1
    assert message in run.stderr
    assert run.stderr.count("Traceback") == 1  # the search's own
    assert len(run.stderr.splitlines()) < 20
    table = tmp_path / "t.jsonl"
    assert not table.exists() or not table.read_bytes()


@pytest.mark.parametrize(
    ("how", "call"),
    [
        ("script", "if __name__ == '__main__':\n    print(len(search()))"),
        pytest.param("script", "print(len(search(n_jobs=1)))", marks=pytest.mark.long),
        ("heredoc", "print(len(search(n_jobs=1)))"),
        pytest.param("-c", "print(len(search(trial=searches.look)))", marks=pytest.mark.long),
    ],
)
def test_those_that_can_do(how: str, call: str, tmp_path: Path) -> None:
    run = python(tmp_path, SEARCH + call, how)
    assert (run.stdout, run.stderr, run.returncode) == ("12\n", "", 0)


def test_only_a_worker_that_would_begin_workers_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    starting.end_if_imported(None, 2)  # this process is no worker
    monkeypatch.setattr(multiprocessing.current_process(), "_inheriting", True, raising=False)
    starting.end_if_imported(None, 1)
    with ThreadPoolExecutor(1) as executor:
        starting.end_if_imported(executor, None)
    for n_jobs in (2, None):
        with pytest.raises(SystemExit):
            starting.end_if_imported(None, n_jobs)
