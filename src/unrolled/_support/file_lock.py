"""A lock on an open file, which ends with the process that holds it, however that ends."""

import contextlib
import errno
import os
import weakref
from pathlib import Path
from typing import Any

RENAMES_LOCKED = os.name != "nt"
"""Whether a file that is open, as a locked one is, can be renamed and removed."""

_PLACE = 2**31 - 2
"""Windows locks bytes, which nobody else can read then: one behind the end, as far behind as its call can say."""

_held: "weakref.WeakSet[Any]" = weakref.WeakSet()


def lock(file: Any) -> bool | None:
    """Lock an open file without waiting, until it is closed or unlocked.

    Parameters
    ----------
    file : file object

    Returns
    -------
    bool or None
        False if another process, or another open file of this one, has the lock; None where the system or the file
        system has no locks.
    """
    if file in _held:
        return True
    try:
        _lock(file.fileno())
    except BlockingIOError:
        return False
    except (ImportError, OSError):  # a system or a file system without locks
        return None
    _held.add(file)
    return True


class Claim:
    """A name that one process at a time holds, by a locked file of that name, until it lets go or ends.

    Parameters
    ----------
    path : Path
        Of the file, which is there as long as the name is held; after a kill it may stay, and can be claimed.

    Raises
    ------
    BlockingIOError
        If another process, or another claim of this one, holds it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: Any = None
        while True:
            try:
                file, locked = _opened(path)
            except OSError:  # a folder that cannot be written to: nothing will be written there either
                return
            if locked is False:
                file.close()
                raise BlockingIOError(errno.EWOULDBLOCK, "another process holds it", os.fspath(path))
            if _is_at(file, path):
                self._file = file
                return
            file.close()  # who held it has just let go, and removed the file

    def release(self) -> None:
        """Let go."""
        if self._file is not None and not self._file.closed:
            try:
                self._path.unlink()  # while it is locked, so that it is nobody else's
            except PermissionError:  # Windows removes nothing that is open, and so not who claims it next
                self._file.close()
                with contextlib.suppress(OSError):
                    self._path.unlink()
            except OSError:
                pass
            self._file.close()


def _opened(path: Path) -> tuple[Any, bool | None]:
    """Create and lock a file, for reading where that will do: what is open for writing holds a file system up."""
    file: Any = open(os.open(path, os.O_RDONLY | os.O_CREAT, 0o666), "rb")  # noqa: PTH123, SIM115 - of a descriptor
    locked = lock(file)
    if locked is None:  # NFS locks what is open for writing alone
        file.close()
        file = path.open("ab")
        locked = lock(file)
    return file, locked


def _is_at(file: Any, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False


def unlock(file: Any) -> None:
    """Unlock a file, whoever else has its descriptor."""
    _held.discard(file)
    with contextlib.suppress(ImportError, OSError):
        _unlock(file.fileno())


def _lock(descriptor: int) -> None:
    """Lock without waiting, by whichever module the system has."""
    try:
        import fcntl
    except ImportError:
        _of_byte(descriptor, "LK_NBLCK")
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _unlock(descriptor: int) -> None:
    try:
        import fcntl
    except ImportError:
        _of_byte(descriptor, "LK_UNLCK")
    else:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _of_byte(descriptor: int, mode: str) -> None:
    """Lock or unlock as Windows does, at the place where the file stands."""
    import msvcrt  # ImportError where there is none

    windows: Any = msvcrt
    at = os.lseek(descriptor, 0, os.SEEK_CUR)
    os.lseek(descriptor, _PLACE, os.SEEK_SET)
    try:
        windows.locking(descriptor, getattr(windows, mode), 1)
    except PermissionError as error:
        raise BlockingIOError(errno.EWOULDBLOCK, os.strerror(errno.EWOULDBLOCK)) from error
    finally:
        os.lseek(descriptor, at, os.SEEK_SET)


def _leave_to_the_parent() -> None:
    """Close, in a process made by fork, what its parent locked: the lock is the parent's, and ends with it.

    A child that keeps the descriptor, such as a worker of a ``ProcessPoolExecutor``, keeps the lock after a parent
    that is killed. Closing one descriptor of several does not unlock.
    """
    for file in list(_held):
        file.close()
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_the_parent)
