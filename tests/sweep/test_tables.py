"""The table on the disk: what is in it is never run again, what is cut off is known, what is damaged is told."""

import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import searches
from hypothesis import given
from hypothesis import strategies as st

from unrolled import __version__, sweep
from unrolled.sweep.tables import DEEPEST, Table, TableError, _plain

SAMPLES = searches.samples()
POINTS = searches.POINTS[:2]
DEEP: Any = 0.5
for _ in range(200):
    DEEP = [DEEP]


def run(points: Any = POINTS, samples: Any = SAMPLES, **settings: Any) -> sweep.Results:
    given_: dict[str, Any] = {"folds": 2, "seeds": 2, "n_jobs": 1, "progress": False}
    return sweep.run(points, samples, **(given_ | settings))


@pytest.fixture(scope="module")
def plain() -> sweep.Results:
    return run()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("table") / "t.jsonl"
    run(table=path)
    return path.read_bytes()


def test_a_line_is_json_and_says_all_that_a_trial_was(written: bytes, plain: sweep.Results) -> None:
    lines = [json.loads(line) for line in written.splitlines()]
    assert len(lines) == len(plain) == 8
    assert len({line["key"] for line in lines}) == 8
    assert len({line["data"] for line in lines}) == 1
    for line, row in zip(lines, plain, strict=True):
        assert (line["seed"], line["fold"], line["metrics"]) == (row.seed, row.fold, row.metrics)
        assert line["trial"] == "unrolled.sweep.training.train_network"
        assert line["seconds"] > 0
    assert lines[4]["point"] == {"learning_rate": 0.01, "clip": "ClipNorm(limit=1.0)", "hidden": 5, "epochs": 2}


def test_what_is_in_the_table_is_not_run_again(tmp_path: Path, plain: sweep.Results) -> None:
    table = tmp_path / "t.jsonl"
    run(POINTS[:1], table=table)
    seen = searches.LikeMPI()
    assert run(table=table, n_jobs=None, executor=seen) == plain
    assert len(seen.calls) == 4
    before = table.read_bytes()
    assert run(table=table, n_jobs=None, executor=seen) == plain
    assert len(seen.calls) == 4
    assert table.read_bytes() == before
    more = run(table=table, seeds=3)
    assert [row for row in more if row.seed < 2] == list(plain)
    assert len(table.read_bytes().splitlines()) == 12


def test_other_folds_are_other_trials(tmp_path: Path) -> None:
    table = tmp_path / "t.jsonl"
    run(table=table)
    run(table=table, folds=3)
    assert len(table.read_bytes().splitlines()) == 8 + 12


def test_what_is_not_to_be_averaged_is_not_read_together(tmp_path: Path) -> None:
    folds, trials = tmp_path / "folds.jsonl", tmp_path / "trials.jsonl"
    points = sweep.grid({"a": [1, 2]})
    rows = sweep.group_folds(SAMPLES.person, 3)
    run(points, trial=searches.look, folds=rows[:2], table=folds)
    run(points, trial=searches.look, folds=rows, table=folds)
    assert len(sweep.read(folds)) == 12  # one fold more of the same folding
    run(points, trial=searches.look, folds=2, table=folds)
    with pytest.raises(
        TableError, match=r"folds\.jsonl: its results on fold 0 are on 2 different parts of the samples"
    ):
        sweep.read(folds)
    run([{"a": 0}], trial=searches.look, table=trials)
    run([{"a": 0}], trial=searches.unsteady, table=trials)
    with pytest.raises(TableError, match=r"results of 2 trials, searches\.look and searches\.unsteady, expected"):
        sweep.read(trials)
    third = json.loads(trials.read_bytes().splitlines()[0]) | {"key": "another", "trial": "searches.zeroth"}
    trials.write_bytes(trials.read_bytes() + json.dumps(third).encode() + b"\n")
    with pytest.raises(TableError, match=r"results of 3 trials, searches\.look and searches\.unsteady, expected"):
        sweep.read(trials)


def test_a_table_reads_back_with_descriptions_for_settings(tmp_path: Path, plain: sweep.Results) -> None:
    table = tmp_path / "t.jsonl"
    run(table=table)
    back = sweep.read(table, objective="-loss")
    assert [row.metrics for row in back] == [row.metrics for row in plain]
    assert back[4].point["clip"] == "ClipNorm(limit=1.0)"
    assert back.objective == "-loss"
    with pytest.raises(FileNotFoundError):
        sweep.read(tmp_path / "none.jsonl")


@given(where=st.floats(0, 1) | st.floats(0, 0.01), zeros=st.integers(0, 3))
def test_a_power_cut_anywhere_costs_no_whole_line(
    written: bytes, tmp_path_factory: pytest.TempPathFactory, where: float, zeros: int
) -> None:
    path = tmp_path_factory.mktemp("cut") / "t.jsonl"
    cut = round(where * len(written))
    path.write_bytes(written[:cut] + zeros * b"\0")
    whole = written[:cut].count(b"\n")
    if not whole and cut + zeros > 0 and cut <= len(b'{"key": "'):  # which may be anybody's
        with pytest.raises(TableError, match=r"t\.jsonl, line 1: expected the result of a trial"):
            Table(path)
        assert path.read_bytes() == written[:cut] + zeros * b"\0"
        return
    with Table(path) as table:
        complete = written[cut : cut + 1] == b"\n"  # all of a line but its line feed
        assert len(table.lines) == whole + complete
        table.append(json.loads(written.splitlines()[-1]))
    lines = path.read_bytes()
    kept = written.splitlines(keepends=True)
    assert lines == b"".join(kept[: whole + complete]) + kept[-1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"my thesis\n", "t.jsonl, line 1: expected the result of a trial, found 'my thesis'"),
        (b"my thesis", "t.jsonl, line 1: expected the result of a trial, found 'my thesis'"),
        (b"{}\n", "t.jsonl, line 1: expected the result of a trial"),
        (b"[1, 2]", "t.jsonl, line 1: expected the result of a trial"),
        (b"\0\0\0", "t.jsonl, line 1: expected the result of a trial, found '\\x00\\x00\\x00'"),
        (b"{", "t.jsonl, line 1: expected the result of a trial, found '{'"),
        (b'{"key": "value", "other": [1, 2', "t.jsonl, line 1: expected the result of a trial"),
        (b'{"key": "value"}', "t.jsonl, line 1: expected the result of a trial"),
        (b"[" * 100_000 + b"\n", "t.jsonl, line 1: expected the result of a trial, found '[[[["),
        (b"\xff\xfe\n", "t.jsonl, line 1: expected the result of a trial"),
    ],
)
def test_what_is_no_table_is_told_and_not_touched(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(content)
    with pytest.raises(TableError, match=re.escape(message)):
        run(table=path)
    with pytest.raises(TableError, match=re.escape(message)):
        sweep.read(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("metrics", None),
        ("metrics", "none"),
        ("metrics", [0.5]),
        ("metrics", {"accuracy": float("nan")}),
        ("metrics", {"accuracy": 10**400}),
        ("metrics", {"deep": DEEP}),
        ("point", [1]),
        ("point", {"deep": DEEP}),
        ("key", 3),
        ("seed", "0"),
        ("seed", True),
        ("seed", -1),
        ("fold", 0.5),
        ("fold", None),
        ("split", {}),
        ("ended", "begun"),
        ("what", None),
        ("seconds", "1"),
        ("seconds", float("inf")),
        ("seconds", 10**400),
        ("version", None),
        ("version", "0" * 101),
    ],
)
def test_a_line_that_no_search_writes_is_told_and_nothing_is_lost(
    name: str, value: Any, whole: bool, written: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "t.jsonl"
    lines = written.splitlines(keepends=True)
    changed = json.dumps({**json.loads(lines[-1]), name: value}).encode() + whole * b"\n"
    content = b"".join([*lines[:-1], changed])
    path.write_bytes(content)
    message = r"t\.jsonl, line 8: expected the result of a trial"
    with pytest.raises(TableError, match=message):
        run(table=path)
    with pytest.raises(TableError, match=message):
        sweep.read(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("end", "fine"), [(b"\r\n", True), (b"\r", False), (b"\x0b", False), (b" ", False), (b"", False), (b", ", False)]
)
def test_other_ends_of_lines_lose_nothing(end: bytes, fine: bool, written: bytes, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    content = written.replace(b"\n", end)
    path.write_bytes(content)
    if fine:
        assert len(sweep.read(path)) == 8
        assert len(run(table=path, seeds=3)) == 12
        assert path.read_bytes().startswith(content)
        return
    with pytest.raises(TableError, match=r"t\.jsonl, line 1: expected the result of a trial"):
        run(table=path)
    assert path.read_bytes() == content


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    folder, loop = tmp_path / "folder", tmp_path / "loop"
    folder.mkdir()
    for path in [folder] + ([_fifo(tmp_path / "pipe")] if hasattr(os, "mkfifo") else []):
        with pytest.raises(TableError, match=rf"{path.name}: it is there and is not a regular file"):
            run(table=path)
    if sys.platform != "win32":
        loop.symlink_to(loop)
        with pytest.raises(OSError, match="loop"):
            run(table=loop)


def _fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


def test_damage_in_the_middle_names_its_line(written: bytes, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    lines = written.splitlines(keepends=True)
    damaged = b"".join([*lines[:2], lines[2][:50] + b"\n", *lines[3:]])
    path.write_bytes(damaged)
    with pytest.raises(TableError, match=r"t\.jsonl, line 3: expected the result of a trial"):
        run(table=path)
    assert path.read_bytes() == damaged


def test_a_table_of_other_data_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    run(table=path)
    before = path.read_bytes()
    with pytest.raises(TableError, match=r"t\.jsonl: it holds results on other data"):
        run(samples=searches.samples(seed=1), table=path)
    assert path.read_bytes() == before


def test_a_table_of_another_version_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    run(table=path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[3]["version"] = "0.0.9"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    before = path.read_bytes()
    message = f"t.jsonl: it holds results of unrolled 0.0.9, and this is {__version__}, whose numbers may be others"
    with pytest.raises(TableError, match=re.escape(message)):
        run(table=path)
    assert path.read_bytes() == before


def test_a_table_without_its_folder_and_one_in_use_are_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        run(table=tmp_path / "none" / "t.jsonl")
    if sys.platform != "win32":
        path = tmp_path / "t.jsonl"
        with Table(path), pytest.raises(TableError, match="another search is writing to it"):
            run(table=path)


@pytest.fixture
def forking() -> Iterator[ProcessPoolExecutor]:
    """A pool of the standard library whose processes are forks, and so inherit what is open."""
    if not hasattr(os, "fork"):
        pytest.skip("only POSIX systems fork")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
            yield pool


def test_forked_workers_keep_no_table_locked(
    forking: ProcessPoolExecutor, tmp_path: Path, plain: sweep.Results
) -> None:
    table = tmp_path / "t.jsonl"
    assert run(table=table, n_jobs=None, executor=forking) == plain
    assert run(table=table, n_jobs=None, executor=forking) == plain
    points = [{"learning_rate": rate, "hidden": 3} for rate in (0.01, 0.03, 0.1, 0.3)]
    how: dict[str, Any] = {
        "min_resources": 1,
        "max_resources": 2,
        "factor": 2,
        "folds": 2,
        "seeds": 1,
        "progress": False,
    }
    rungs = sweep.halving(points, SAMPLES, executor=forking, table=tmp_path / "h.jsonl", **how)
    assert [len(rung) for rung in rungs] == [8, 4]


def test_forked_workers_of_a_search_that_was_killed_keep_no_table_locked(tmp_path: Path) -> None:
    if not hasattr(os, "fork"):
        pytest.skip("only POSIX systems fork")
    code = (
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from unrolled.sweep.tables import Table\n"
        "with Table(Path(sys.argv[1])):\n"
        "    if os.fork() == 0:\n"  # the child says that it is there: it has let go of the table by then
        "        print(os.getpid(), flush=True)\n"
        "    time.sleep(60)\n"
    )
    table = tmp_path / "t.jsonl"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen([sys.executable, "-c", code, str(table)], env=environment, stdout=subprocess.PIPE) as killed:
        assert killed.stdout is not None
        child = int(killed.stdout.readline())
        try:
            with pytest.raises(TableError, match="another search is writing to it"):
                Table(table)
            killed.kill()
            killed.wait()
            with Table(table) as mine:
                assert mine.lines == {}
        finally:
            os.kill(child, signal.SIGKILL)


def test_a_line_that_cannot_be_written_whole_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.jsonl"
    run(POINTS[:1], table=path)
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device", descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match=r"cannot write the table '.*t\.jsonl': .*No space left"):
            run(table=path)
    assert path.read_bytes() == before
    assert len(run(table=path)) == 8


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_interrupted_write_leaves_the_line_before(
    error: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Table(tmp_path / "t.jsonl") as table:
        table._write(b"a line\n")

        def sync(_: int) -> None:
            raise error

        monkeypatch.setattr(os, "fsync", sync)
        with pytest.raises(error):
            table._write(b"another\n")
    assert (tmp_path / "t.jsonl").read_bytes() == b"a line\n"


def test_of_a_long_line_that_is_none_the_beginning_is_shown(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_bytes(b"x" * 10_000 + b"\n")
    with pytest.raises(TableError, match=r"line 1: expected the result of a trial, found 'x{40}'$"):
        sweep.read(tmp_path / "t.jsonl")


def test_a_search_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    table, marker = tmp_path / "t.jsonl", tmp_path / "marker"
    points = [{**point, "marker": str(marker) if n == 1 else None} for n, point in enumerate(searches.POINTS)]
    code = (
        "import searches; from unrolled import sweep\n"
        f"points = [{{**point, 'marker': {str(marker)!r} if n == 1 else None}}\n"
        "          for n, point in enumerate(searches.POINTS)]\n"
        "sweep.run(points, searches.samples(), trial=searches.fragile, folds=2, seeds=2, n_jobs=1,\n"
        f"          table={str(table)!r})"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    killed = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, timeout=60, check=False)
    assert killed.returncode == -9, killed.stderr.decode()
    assert len(sweep.read(table)) == 4
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".t.jsonl.samples-")]
    assert run(points, table=table, trial=searches.fragile) == run(points, trial=searches.fragile)
    assert len(table.read_bytes().splitlines()) == 16
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["marker", "t.jsonl"]  # and what was left is cleared


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_ctrl_c_leaves_the_table_whole_and_the_same_call_goes_on(n_jobs: int, tmp_path: Path) -> None:
    table, marker, until = tmp_path / "t.jsonl", tmp_path / "marker", tmp_path / "until"
    points = [  # the second presses Ctrl-C; the last two do not end before the search does
        {**point, "marker": str(marker) * (n == 1), "until": str(until) * (n > 1), "search": os.getpid()}
        for n, point in enumerate(searches.POINTS)
    ]
    with pytest.raises(KeyboardInterrupt, match=r"of 16 trials are done and are in .*t\.jsonl; the same call goes on"):
        run(points, trial=searches.pressing, n_jobs=n_jobs, table=table)
    done = len(sweep.read(table))
    assert 3 <= done <= 8
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["marker", "t.jsonl"]
    until.touch()
    again = run(points, trial=searches.pressing, table=table)
    assert (searches.numbers(again) == searches.numbers(run(searches.POINTS))).all()
    assert len(table.read_bytes().splitlines()) == 16


def test_a_write_that_stops_in_the_middle_is_told_and_taken_back(tmp_path: Path) -> None:
    class Short:
        """A file that takes three bytes at a time."""

        def __init__(self, file: Any) -> None:
            self.file = file

        def __getattr__(self, name: str) -> Any:
            return getattr(self.file, name)

        def write(self, line: bytes) -> int:
            written: int = self.file.write(line[:3])
            return written

    with Table(tmp_path / "t.jsonl") as table:
        table._write(b"a line\n")
        file = table._file
        table._file = Short(file)  # type: ignore[assignment]
        with pytest.raises(OSError, match=r"cannot write the table .*: only 3 of 8 bytes could be written"):
            table._write(b"another\n")
        table._file = file
    assert (tmp_path / "t.jsonl").read_bytes() == b"a line\n"


@pytest.mark.parametrize("inside", [list, dict])
def test_how_deep_a_line_may_be(inside: type) -> None:
    value: Any = 0.5
    for _ in range(DEEPEST):
        value = [value] if inside is list else {"a": value}
    assert _plain(value)
    assert not _plain([value])
