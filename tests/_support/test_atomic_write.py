"""`unrolled._support.atomic_write`, which data files are written with."""

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from unrolled._support.atomic_write import LONGEST, hidden, remove_dead, replacing


def test_the_new_file_takes_the_place_of_the_old(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    with replacing(path) as temporary:
        assert temporary.parent == path.parent
        assert temporary.suffix == ".json"
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_after_an_error_the_old_file_stays(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")

    def fail() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half of the n")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_a_writer_that_deletes_the_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "a") as temporary:
        temporary.unlink()
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_permissions_are_those_of_any_new_file(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with replacing(tmp_path / "a.json") as temporary:
            temporary.write_text("{}")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.json").stat().st_mode) == 0o666 & ~umask


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    real = tmp_path / "elsewhere" / "real.txt"
    real.write_text("old")
    link = tmp_path / "link.txt"
    link.symlink_to(real)
    with replacing(link) as temporary:
        temporary.write_text("new")
    assert link.is_symlink()
    assert real.read_text() == "new"


def test_only_files_are_replaced(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="is not a regular file"), replacing(tmp_path):
        pass
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "missing" / "a"):
        pass


LEFT = ".unrolled-0123456789abcdef.json"
KILLED = """
import os, signal, sys
from unrolled._support.atomic_write import replacing
with replacing(sys.argv[1]) as temporary:
    print("open", flush=True)
    sys.stdin.read()
"""
locks = pytest.mark.skipif(sys.platform == "win32", reason="locks of POSIX")


@locks
def test_what_a_killed_writer_left_is_removed_and_what_a_living_one_writes_is_not(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", KILLED, str(tmp_path / "b.json")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, **pipes) as writer:  # type: ignore[call-overload]  # of pipes
        assert writer.stdout.readline() == b"open\n"
        (left,) = tmp_path.iterdir()
        with replacing(tmp_path / "a.json"):
            assert left.exists()
        assert left.exists()
        writer.kill()
        writer.wait()
    assert left.exists()
    with replacing(tmp_path / "a.json"):
        assert not left.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


@locks
def test_only_a_label_s_own_leavings_are_removed(tmp_path: Path) -> None:
    others = [".unrolled-0123.json", "unrolled-0123456789abcdef", ".unrolled-0123456789abcdeg", ".a-0123456789abcdef"]
    for name in [LEFT, ".unrolled-0123456789abcdef", *others]:
        (tmp_path / name).touch()
    (tmp_path / ".unrolled-fedcba9876543210").mkdir()
    remove_dead(tmp_path, "unrolled")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*others, ".unrolled-fedcba9876543210"])


@locks
def test_two_threads_of_one_process_do_not_take_each_other_s(tmp_path: Path) -> None:
    with replacing(tmp_path / "a.json") as one, replacing(tmp_path / "b.json") as other:
        one.write_text("a")
        other.write_text("b")
    assert (tmp_path / "a.json").read_text() + (tmp_path / "b.json").read_text() == "ab"


def test_a_file_written_anew_does_not_replace_one_that_came_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with replacing(path, anew=True) as temporary:
        temporary.write_text("first")

    def again() -> None:
        with replacing(path, anew=True) as temporary:
            temporary.write_text("second")

    with pytest.raises(FileExistsError):
        again()
    assert path.read_text() == "first"
    assert [left.name for left in tmp_path.iterdir()] == ["a.json"]


def test_names_may_be_as_long_as_the_file_system_has_them(tmp_path: Path) -> None:
    for name in ("n" * 240, "n" * 250 + ".json", "a." + "s" * 240, "\u00e4" * 120):
        path = tmp_path / name
        with replacing(path, label=name) as temporary:
            temporary.write_text("whole")
        assert path.read_text() == "whole"
        assert len(os.fsencode(hidden(path, ".lock").name)) <= LONGEST
    with pytest.raises(OSError, match="too long") as caught, replacing(tmp_path / ("n" * 256)):
        pass
    assert caught.value.filename == str(tmp_path / ("n" * 256))


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of POSIX")
def test_what_is_no_place_for_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("pool")
    (tmp_path / "pool").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    for name, number in (("loop", errno.ELOOP), ("pipe", None), ("loop/a", None)):
        with pytest.raises(OSError, match=str(tmp_path / name)) as caught, replacing(tmp_path / name):
            pass
        assert caught.value.errno == number
    assert len(list(tmp_path.iterdir())) == 3


def test_a_disk_that_is_full_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"

    def write() -> None:
        with replacing(path):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OSError, match=r"No space left on device: '.*a\.json'"):
        write()
    assert not list(tmp_path.iterdir())
