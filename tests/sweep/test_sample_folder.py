"""The folder in which a search's samples lie: written, read, and removed, also after a search that was killed."""

import os
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import searches

from unrolled import sweep
from unrolled.sweep import sample_folder, trials

SAMPLES = searches.samples()
ARRAYS = {"X": SAMPLES.X[:4], "y": SAMPLES.y[:4]}


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def search() -> None:
    sweep.run([{"a": 1}], SAMPLES, trial=searches.look, folds=2, seeds=1, n_jobs=1, progress=False)


def test_what_killed_searches_left_goes_and_what_living_ones_have_stays(temporary: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("only POSIX systems have locks that end with a process")
    code = (
        "import time\nimport numpy as np\nfrom unrolled.sweep.sample_folder import sample_folder\n"
        "with sample_folder({'X': np.zeros((1, 1, 1))}, 2, [], None) as folder:"
        "\n    print(folder.folder, flush=True)\n    time.sleep(60)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    environment["TMPDIR"] = str(temporary)
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout is not None
            folder = Path(other.stdout.readline().strip())
            assert folder.parent == temporary  # it has begun
            with sample_folder.sample_folder(ARRAYS, 3, [], None) as ours:
                search()
                assert Path(ours.folder).is_dir()  # another search of this very process
            assert folder.is_dir()
        finally:
            other.kill()
    assert folder.is_dir()
    search()
    assert list(temporary.iterdir()) == []


@pytest.mark.usefixtures("temporary")
def test_workers_of_another_user_may_read_it_and_tell_their_signs() -> None:
    if sys.platform == "win32":
        pytest.skip("POSIX systems have modes")
    with sample_folder.sample_folder(ARRAYS, 3, [], None) as ours:
        assert stat.S_IMODE(Path(ours.folder).stat().st_mode) == 0o755
        assert stat.S_IMODE((Path(ours.folder) / "signs").stat().st_mode) == 0o1777


def test_what_is_not_known_to_be_dead_stays(temporary: Path, tmp_path: Path) -> None:
    young, old, file = (temporary / f"unrolled-samples-{name}" for name in ("young", "old", "file"))
    elsewhere = tmp_path / "elsewhere"
    for folder in (young, old, elsewhere):
        folder.mkdir()
    (elsewhere / "owner").touch()
    link = temporary / "unrolled-samples-link"
    link.symlink_to(elsewhere)
    file.touch()
    hours_ago = time.time() - 2 * sample_folder.YOUNG
    os.utime(old, (hours_ago, hours_ago))
    search()
    assert not sample_folder._dead(link, without_locks=True)
    assert not sample_folder._dead(file, without_locks=True)
    assert young.is_dir()
    assert not old.exists()
    assert file.is_file()
    assert link.is_symlink()
    assert (elsewhere / "owner").is_file()


def test_without_locks_only_the_leavings_beside_a_table_are_known(
    temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample_folder, "lock", lambda _: None)
    beside, elsewhere = tmp_path / ".t.jsonl.samples-old", temporary / "unrolled-samples-old"
    for folder in (beside, elsewhere):
        folder.mkdir()
        (folder / "owner").touch()
    for table in (None, tmp_path / "t.jsonl"):
        with sample_folder.sample_folder(ARRAYS, 3, [], table):
            assert elsewhere.is_dir()
            assert beside.is_dir() == (table is None)


def test_a_trial_that_is_to_be_heard_of_touches_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_folder, "BEAT", 0.01)
    with sample_folder.sample_folder(ARRAYS, 3, [(np.arange(2), np.arange(2, 4))], tmp_path / "t") as folder:
        for heard in (False, True):
            point = {"signs": str(folder.signs), "patience": 60 if heard else 0.2}
            job = trials.Job("key", beats, point, 0, 0, folder, "beats", heard=heard)
            found = trials.work(job)
            assert found.get("metrics") == {"beats": heard}, found


def beats(point: Any, *_: object) -> dict[str, bool]:
    """Tell whether a file is touched, and again."""
    times: set[int] = set()
    until = time.monotonic() + point["patience"]
    while len(times) < 3 and time.monotonic() < until:
        times |= {path.stat().st_mtime_ns for path in Path(point["signs"]).iterdir()}
        time.sleep(0.002)
    return {"beats": len(times) == 3}


def test_a_folder_that_cannot_be_written_is_named(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(OSError, match=r"cannot write the samples of the search to .*unrolled-samples-.*No space left"):
        search()
    assert list(temporary.iterdir()) == []


def test_the_table_may_have_a_long_name(tmp_path: Path) -> None:
    table = tmp_path / f"{'t' * 240}.jsonl"
    settings = {"trial": searches.look, "folds": 2, "seeds": 1, "n_jobs": 1, "progress": False}
    assert len(sweep.run([{"a": 1}], SAMPLES, table=table, **settings)) == 2  # type: ignore[arg-type]
    assert [path.name for path in tmp_path.iterdir()] == [table.name]
