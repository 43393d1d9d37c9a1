"""A change of any one statement, call, slice or operator of the backward passes and of the engine is found.

Some mutants are drawn here; ``make mutants`` tries all of them, and a thousand of the library's.
"""

import ast
import os
import subprocess
import sys
from itertools import count
from pathlib import Path
from time import process_time, sleep

import numpy as np
import pytest
from mutation import battery, forking, making, pages
from mutation.equivalents import equivalents
from mutation.operators import Page, page

from unrolled import rnn

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork a process")

as_equivalents_are_written = pytest.mark.skipif(
    sys.version_info < (3, 11),
    reason="ast.unparse of Python 3.10 writes tuples otherwise than equivalents.txt has them",
)

SOURCE = '''
def halves(values, *, first=True):
    """Return one half of them."""
    if not values:
        raise ValueError("there are 0 values, expected 2 or more")
    n = len(values) // 2
    total[...] = np.add(a, b, out=c)
    return values[:n] if first else values[n:]
'''


def changes(source: str) -> set[str]:
    return {f"{mutant.change}: {mutant.before} -> {mutant.after}" for mutant in Page("some.py", source).mutants}


def test_every_kind_of_change_is_made() -> None:
    assert changes(SOURCE) == {
        "door condition: if not values -> if True",
        "door condition: if not values -> if False",
        "door as it is: if not values -> if values",
        "arithmetic: len(values) // 2 -> len(values) * 2",
        "constant: len(values) // 2 -> len(values) // 3",
        "delete: total[...] = np.add(a, b, out=c) -> ",
        "call: np.add(a, b, out=c) -> np.subtract(a, b, out=c)",
        "without out: np.add(a, b, out=c) -> np.add(a, b)",
        "condition: values[:n] if first else values[n:] -> values[:n]",
        "condition: values[:n] if first else values[n:] -> values[n:]",
        "slice: values[:n] -> values[:]",
        "slice: values[:n] -> values[:n - 1]",
        "slice: values[n:] -> values[:]",
        "slice: values[n:] -> values[n + 1:]",
    }


def test_names_survive_moved_and_reformatted_lines() -> None:
    moved = SOURCE.replace("def halves", "import numpy as np\n\n\ndef halves").replace(
        "np.add(a, b, out=c)", "np.add(a,\n b, out=c)"
    )
    assert changes(moved) == changes(SOURCE)


def test_a_mutant_reaches_whoever_holds_the_function() -> None:
    """However it is wrapped: static methods, methods of subclasses, generators under a decorator."""
    slope = next(each for each in page("rnn/cells/tanh.py").mutants if each.function == "Tanh._slope")
    held = rnn.Tanh(3)._slope

    def check() -> str:
        out = np.zeros(1)
        held(np.array([0.5]), out)
        return f"{out[0]}"

    assert check() == "0.75"
    assert forking.outcome(slope, check, 10) == (forking.KILLED, "1.0")  # 1 - out, of zeros
    assert check() == "0.75"


def test_what_does_not_end_is_ended() -> None:
    mutant = page("rnn/cells/tanh.py").mutants[0]

    def check() -> str:
        while True:
            pass

    assert forking.outcome(mutant, check, 0.2)[0] == forking.TIMED_OUT


def test_what_waits_is_ended_and_what_only_waits_for_a_processor_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    mutant = page("rnn/cells/tanh.py").mutants[0]
    clock = count(0.0, 10.0)

    def sleeps() -> str:
        sleep(1000)
        return ""

    monkeypatch.setattr(forking, "monotonic", lambda: next(clock))
    assert forking.outcome(mutant, sleeps, 2) == (forking.TIMED_OUT, "the clock")

    def busy() -> str:
        until = process_time() + 0.5
        while process_time() < until:
            pass
        return "done"

    monkeypatch.setattr(forking.Waits, "_runs", lambda _: True)
    assert forking.outcome(mutant, busy, 2) == (forking.KILLED, "done")


def test_another_process_has_the_mutant_too(tmp_path: Path) -> None:
    mutant = next(each for each in page("rnn/cells/tanh.py").mutants if each.function == "Tanh._slope")
    forking.lay_out(mutant, tmp_path)
    code = "from unrolled.rnn.cells import tanh; print(tanh.__file__)"
    run = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert run.stdout.strip() == str(tmp_path / "unrolled" / "rnn" / "cells" / "tanh.py"), run.stderr
    assert "np.multiply(A, A, out=out)" not in ast.unparse(ast.parse(Path(run.stdout.strip()).read_text()))


@pytest.mark.long
def test_what_the_battery_takes_for_right_is_right() -> None:
    assert [said for said, right in battery.proof() if not right] == []


@pytest.mark.long
@as_equivalents_are_written
def test_mutants_of_the_pages_are_killed() -> None:
    command = [sys.executable, "-m", "mutation.pages", "--part", "0/64"]
    run = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, (
        f"{run.stdout}{run.stderr}\nKill them by a situation of tests/mutation/situations.py or alone.py, "
        "or name them, with the reason, in tests/mutation/equivalents.txt"
    )


def test_every_page_is_there() -> None:
    """A new file of the rooms is covered without a list."""
    covered = {mutant.file for mutant in pages.mutants()}
    assert {"rnn/cells/tanh.py", "rnn/cells/lstm.py", "rnn/engine/rows.py", "rnn/network.py"} <= covered
    assert {type(cell).__name__ for cell in making.recurrences()} >= {"Tanh", "ReLU", "LSTM", "GRU"}


@as_equivalents_are_written
def test_no_equivalent_is_out_of_date() -> None:
    """Each is a mutant of today's source. Where a line was changed: name its mutant anew, if it is equivalent still."""
    files = {name.split(" ")[0] for name in equivalents()}
    today = {f"{mutant}" for file in files for mutant in page(file).mutants}
    assert [name for name in equivalents() if name not in today] == []
    assert all(equivalents().values())
