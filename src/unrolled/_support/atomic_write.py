"""Writing a file so that a reader finds the old one or the new one, never half of either."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str], label: str = "unrolled") -> Iterator[Path]:
    """Yield a temporary path to write to, which takes the place of `path` once the block has ended well.

    The temporary file lies in the same folder, because a rename is atomic only within a file system, and
    keeps the suffix of `path`, from which some writers tell the format. It is created with the permissions
    any new file gets here. If the block raises, the temporary file is deleted and `path` is as it was.

    Parameters
    ----------
    path : str or path-like
        The file to write. A symbolic link is followed: the file it points to is replaced, the link stays.
    label : str
        The temporary file is ``.label-`` and a random number, so that what a killed process left can be told.

    Yields
    ------
    Path
        An empty file of its own, to be overwritten.

    Raises
    ------
    OSError
        If the folder is missing or not writable, or `path` is there and is no regular file.

    Examples
    --------
    >>> with replacing("results.json") as temporary:
    ...     written = temporary.write_text("{}")
    >>> Path("results.json").read_text()
    '{}'
    """
    target = Path(path).resolve()
    if target.exists() and not target.is_file():
        raise OSError(f"cannot write '{path}': it is there and is not a regular file")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"cannot write '{path}': there is no folder {target.parent}")
    temporary = target.with_name(f".{label}-{secrets.token_hex(8)}{target.suffix}")
    temporary.open("xb").close()
    try:
        yield temporary
        with temporary.open("r+b") as written:
            os.fsync(written.fileno())
        temporary.replace(target)
    except BaseException:  # Ctrl-C too must leave no litter
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make the rename last through a power cut, where the system lets a folder be opened and synced."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
