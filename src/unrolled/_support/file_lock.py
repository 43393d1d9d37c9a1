"""A lock on an open file, which ends with the process that holds it, however that ends."""

import contextlib
import os
import weakref
from typing import Any

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
    try:
        import fcntl
    except ImportError:
        return None
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return None
    _held.add(file)
    return True


def unlock(file: Any) -> None:
    """Unlock a file, whoever else has its descriptor."""
    try:
        import fcntl
    except ImportError:
        return
    with contextlib.suppress(OSError):
        fcntl.flock(file.fileno(), fcntl.LOCK_UN)


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
