"""Writing a file so that a reader finds the old one or the new one, never half of either."""

import contextlib
import errno
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from unrolled._support.file_lock import RENAMES_LOCKED, lock

LONGEST = 255
"""Bytes of a file's name."""
LONGEST_SUFFIX = 16


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str], label: str = "unrolled", *, anew: bool = False) -> Iterator[Path]:
    """Yield a temporary path to write to, which takes the place of `path` once the block has ended well.

    The temporary file lies in the same folder, because a rename is atomic only within a file system, and
    keeps the suffix of `path`, from which some writers tell the format. It is created with the permissions
    any new file gets here. If the block raises, the temporary file is deleted and `path` is as it was. What
    processes that were killed have left in that folder is removed first: see :func:`remove_dead`.

    Parameters
    ----------
    path : str or path-like
        The file to write. A symbolic link is followed: the file it points to is replaced, the link stays.
    label : str
        The temporary file is ``.label-`` and a random number, so that what a killed process left can be told.
    anew : bool, default False
        Refuse to replace a file that is there by the end of the block.

    Yields
    ------
    Path
        An empty file of its own, to be overwritten.

    Raises
    ------
    FileExistsError
        If there is a file, and it is to be written anew.
    OSError
        If the folder is missing or not writable, or `path` is there and is no regular file. It names `path`.

    Examples
    --------
    >>> with replacing("results.json") as temporary:
    ...     written = temporary.write_text("{}")
    >>> Path("results.json").read_text()
    '{}'
    """
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), os.fspath(path))
    if target.exists() and not target.is_file():
        raise OSError(f"cannot write '{path}': it is there and is not a regular file")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"cannot write '{path}': there is no folder {target.parent}")
    remove_dead(target.parent, label)
    suffix = target.suffix if len(os.fsencode(target.suffix)) <= LONGEST_SUFFIX else ""
    temporary = target.with_name(f"{_beginning(label)}-{secrets.token_hex(8)}{suffix}")
    try:
        with temporary.open("xb") as alive:
            if not RENAMES_LOCKED or lock(alive) is None:  # else until it has its name, or the process ends
                alive.close()
            yield temporary
            with temporary.open("r+b") as written:
                os.fsync(written.fileno())
            _take_place(temporary, target, anew)
    except BaseException as error:  # Ctrl-C too must leave no litter, at whatever moment it comes
        with contextlib.suppress(OSError):
            temporary.unlink()
        if not isinstance(error, OSError):
            raise
        if error.errno is None or error.filename == os.fspath(path):
            raise
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error
    _sync_folder(target.parent)


def remove_dead(folder: Path, label: str) -> None:
    """Remove the temporary files of a label whose writers have been killed; the system has unlocked those.

    Where there are no locks, or none that a file keeps until it has its name, nothing can be told and nothing is
    removed.
    """
    ours = re.compile(re.escape(_beginning(label)) + r"-[0-9a-f]{16}(\..*)?", re.DOTALL)
    with contextlib.suppress(OSError):
        for left in folder.iterdir():
            if ours.fullmatch(left.name):
                _remove_if_dead(left)


def hidden(path: Path, suffix: str) -> Path:
    """Return the name of a hidden file beside another one, no longer than a name may be."""
    return path.with_name(f"{_beginning(path.name)}{suffix}")


def _beginning(label: str) -> str:
    """Return what the names of a label's files begin with; of a long one its digest."""
    fits = len(os.fsencode(label)) + 1 + 17 + LONGEST_SUFFIX <= LONGEST
    return f".{label}" if fits else f".{hashlib.sha256(os.fsencode(label)).hexdigest()}"


def _remove_if_dead(path: Path) -> None:
    with contextlib.suppress(OSError), path.open("r+b") as left:
        if RENAMES_LOCKED and lock(left) and path.is_file():
            path.unlink()


def _take_place(temporary: Path, target: Path, anew: bool) -> None:
    """Rename; a file that was begun anew must not be there yet, which a hard link says and does at once."""
    if not anew:
        temporary.replace(target)
        return
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(target)) from None
        temporary.replace(target)
    else:
        temporary.unlink()


def _sync_folder(folder: Path) -> None:
    """Make the rename last through a power cut, where the system lets a folder be opened and synced."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
