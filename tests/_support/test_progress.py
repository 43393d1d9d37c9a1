import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from unrolled._support import progress


def test_plain_lines_come_now_and_then_with_rate_and_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    clock = iter([0.0, 1.0, 2.5, 3.0, 5.0, 5.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    with progress.Progress(10, "batch") as bar:
        bar.step()  # after 1 s: nothing yet
        bar.step(4)  # after 2.5 s
        bar.say("epoch 1")
        bar.step()  # after 3 s: too soon for the next line
        bar.step(4)  # after 5 s
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "5/10 batch  2.0 batch/s  2 s left"
    assert lines[1:] == ["10/10 batch  2.0 batch/s  0 s left  epoch 1"] * 2


def test_nothing_done_is_no_division_by_zero(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with progress.Progress(10, "batch"):
        pass
    assert "0/10 batch" in capsys.readouterr().err


def test_hidden_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.Progress(10, "batch", shown=False) as bar:
        bar.step(10)
        bar.say("note")
    assert capsys.readouterr() == ("", "")


TRAINING = """
import sys
import numpy as np
from unrolled import rnn
if "plain" in sys.argv:
    sys.modules["tqdm"] = None
    import unrolled._support.progress as progress
    progress.EVERY = 0.0
if "none" in sys.argv:
    sys.stderr = None
if "closed" in sys.argv:
    sys.stderr.close()
y = np.arange(30) % 3
X = np.random.default_rng(0).normal(size=(30, 5, 2))
history = rnn.train(rnn.ManyToOne(rnn.Tanh(4), 2, 3, rng=0), (X, y), optimizer=rnn.SGD(0.01), epochs=20, rng=0)
print(history.ended, len(history.loss))
"""


def under_bash(command: str, **variables: str) -> tuple[str, int]:
    """What a command prints on standard output, and how it ends."""
    if not Path("/dev/full").exists() or not (bash := shutil.which("bash")):
        pytest.skip("neither /dev/full nor bash here")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), **variables}
    environment.pop("PYTHONUNBUFFERED", None)  # what could not be written is kept, as on any user's machine
    run = subprocess.run(
        [bash, "-c", command], env=environment, capture_output=True, text=True, timeout=90, check=False
    )
    return run.stdout, run.returncode


WHERE = ["2>/dev/full", "2>&-", "2> >(exec true)", "none", "closed"]


@pytest.mark.parametrize(
    ("where", "bar"),
    [
        pytest.param(where, bar, marks=[] if (n % 2 == 0) == (bar == "tqdm") else [pytest.mark.long])
        for n, where in enumerate(WHERE)
        for bar in ("tqdm", "plain")
    ],
)
def test_where_nothing_can_be_written_the_work_goes_on(bar: str, where: str) -> None:
    command = f'{shlex.quote(sys.executable)} -c "$TRAINING" {bar} {where}'
    assert under_bash(command, TRAINING=TRAINING) == ("epochs 20\n", 0)


SEARCH = """
import sys
import warnings
import searches
from unrolled import sweep
if __name__ == "__main__":
    if "warned" in sys.argv:
        warnings.warn("kept, where it cannot be written, until a process is started")
    results = sweep.run([{"a": 1}, {"a": 2}], searches.samples(), trial=searches.look, folds=2, seeds=1, n_jobs=2)
    print("epochs", 5 * len(results))
"""


@pytest.mark.parametrize("where", ["2>/dev/full", *(pytest.param(each, marks=pytest.mark.long) for each in WHERE[1:3])])
def test_so_does_a_search(where: str, tmp_path: Path) -> None:
    script = tmp_path / "search.py"
    script.write_text(SEARCH)
    assert under_bash(f"{shlex.quote(sys.executable)} {shlex.quote(str(script))} {where}") == ("epochs 20\n", 0)


def test_a_search_begins_after_a_warning_that_nobody_reads(tmp_path: Path) -> None:
    script = tmp_path / "search.py"
    script.write_text(SEARCH)
    said, _ = under_bash(f"{shlex.quote(sys.executable)} {shlex.quote(str(script))} warned 2>/dev/full")
    assert said == "epochs 20\n"
