"""A lock on an open file: one has it, until it is closed, unlocked or gone."""

import sys
from pathlib import Path

import pytest

from unrolled._support.file_lock import lock, unlock

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="only POSIX systems have these locks")


def test_one_has_it_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    with path.open("rb") as one, path.open("rb") as other:
        assert lock(one) is True
        assert lock(one) is True  # it has it already
        assert lock(other) is False
        unlock(one)
        assert lock(other) is True
    with path.open("rb") as next_one:
        assert lock(next_one) is True


def test_where_there_are_none_nobody_can_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with (tmp_path / "file").open("wb") as file:
        assert lock(file) is None
        unlock(file)
