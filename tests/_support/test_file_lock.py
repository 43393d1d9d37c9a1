"""A lock on an open file: one has it until it is closed, unlocked or gone; on Windows too, whose module is imitated."""

import errno
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from unrolled import rnn
from unrolled._support import file_lock
from unrolled._support.file_lock import Claim, lock, unlock

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="locks of POSIX, and an imitation that stands on them")


def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no fcntl, and a msvcrt that does what Microsoft says: a byte is locked where the file stands."""
    import fcntl

    fake: Any = ModuleType("msvcrt")
    fake.LK_UNLCK, fake.LK_LOCK, fake.LK_NBLCK = 0, 1, 2

    def locking(descriptor: int, mode: int, n: int) -> None:
        place = os.lseek(descriptor, 0, os.SEEK_CUR)
        assert (mode in (fake.LK_UNLCK, fake.LK_NBLCK), n) == (True, 1)
        assert os.fstat(descriptor).st_size < place < 2**31 - 1  # whoever reads the file reads no locked byte
        if mode == fake.LK_UNLCK:
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES)) from None

    fake.locking = locking
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", fake)


@pytest.fixture(params=["fcntl", "msvcrt"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each of the two modules that lock."""
    if request.param == "msvcrt":
        windows(monkeypatch)
    return str(request.param)


def test_one_has_it_at_a_time(tmp_path: Path, system: str) -> None:  # noqa: ARG001 - the module that locks
    path = tmp_path / "file"
    path.write_bytes(b"0123")
    with path.open("rb") as one, path.open("r+b") as other:
        assert one.read(2) == b"01"
        assert lock(one) is True
        assert lock(one) is True  # it has it already
        assert lock(other) is False
        assert (one.read(), other.read()) == (b"23", b"0123")  # where they stood
        unlock(one)
        assert lock(other) is True
        assert lock(one) is False
    with path.open("rb") as next_one:
        assert lock(next_one) is True


def test_where_there_are_none_nobody_can_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", None)
    with (tmp_path / "file").open("wb") as file:
        assert lock(file) is None
        unlock(file)


def test_a_name_is_one_claim_s_until_it_is_released(tmp_path: Path, system: str) -> None:  # noqa: ARG001
    path = tmp_path / ".run.h5.lock"
    claim = Claim(path)
    with pytest.raises(BlockingIOError):
        Claim(path)
    claim.release()
    assert not path.exists()
    Claim(path).release()
    claim.release()  # again, which is nothing


def test_what_is_open_is_removed_after_it_is_closed_where_it_must_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows(monkeypatch)
    path, unlink = tmp_path / ".run.h5.lock", Path.unlink
    claim = Claim(path)

    def as_windows_does(self: Path, missing_ok: bool = False) -> None:
        if not claim._file.closed:
            raise PermissionError(errno.EACCES, "it is open", os.fspath(self))
        unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", as_windows_does)
    claim.release()
    assert not path.exists()


def test_of_two_trainings_on_windows_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    windows(monkeypatch)
    for module in ("unrolled._support.atomic_write", "unrolled.sweep.sample_folder"):
        monkeypatch.setattr(f"{module}.RENAMES_LOCKED", False)
    X, y = np.zeros((4, 3, 1), np.float32), np.arange(4) % 2
    refused: list[str] = []

    def begin(**given: Any) -> rnn.History:
        net = rnn.ManyToOne(rnn.Tanh(2), 1, 2, rng=0)
        return rnn.train(net, (X, y), optimizer=rnn.SGD(0.1), epochs=2, rng=0, progress=False, **given)

    def another(*_: object) -> None:
        for again in (
            lambda: begin(checkpoint=tmp_path / "run.h5"),
            lambda: rnn.resume(tmp_path / "run.h5", (X, y), progress=False),
        ):
            with pytest.raises((FileExistsError, rnn.CheckpointError)) as caught:
                again()
            refused.append(str(caught.value))

    begin(checkpoint=tmp_path / "run.h5", on_epoch=another)
    assert ["is there already" in refused[0], "by a training that is under way" in refused[1]] == [True, True]
    assert [path.name for path in tmp_path.iterdir()] == ["run.h5"]


def test_this_system_says_whether_a_locked_file_can_be_renamed(tmp_path: Path) -> None:
    with (tmp_path / "a").open("wb") as file:
        lock(file)
        (tmp_path / "a").rename(tmp_path / "b")
    assert file_lock.RENAMES_LOCKED
