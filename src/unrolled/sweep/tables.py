"""Results on disk: JSON lines, one object a trial, appended as trials end and never rewritten."""

import contextlib
import json
import os
import weakref
from pathlib import Path
from types import TracebackType
from typing import Any

from unrolled.sweep.results import Result, Results

FIELDS = ("key", "data", "trial", "point", "seed", "fold", "split", "ended", "metrics", "what", "seconds", "version")
BEGINNING = b'{"key": "'


class TableError(ValueError):
    """A table of results that cannot be read or continued: the message names the file and the line."""


class Table:
    """A table of results that is open for more; a context manager, and only one at a time for each file.

    Parameters
    ----------
    path : Path
        It is created if it is not there. Half a line at its end, what a power cut may leave, is cut off.

    Attributes
    ----------
    lines : dict of str to dict
        What it held, by key; of two lines with one key the later.
    """

    def __init__(self, path: Path) -> None:
        if not path.parent.is_dir():
            raise FileNotFoundError(f"cannot write the table '{path}': there is no folder {path.parent.resolve()}")
        self.path = path
        self._file = path.open("ab+", buffering=0)
        try:
            _lock(self._file, path)
            self._file.seek(0)
            self.lines, end, whole = _parsed(self._file.read(), path)
            self._file.truncate(end)
            if not whole:
                self._write(b"\n")
        except BaseException:
            self._close()
            raise
        _open.add(self)

    def __enter__(self) -> "Table":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        if not self._file.closed:
            _unlock(self._file)
            self._file.close()

    def append(self, line: dict[str, Any]) -> None:
        """Add one line, which is on the disk when this returns; if it cannot be written whole, nothing is."""
        self._write(json.dumps(line, allow_nan=False).encode() + b"\n")
        self.lines[line["key"]] = line

    def _write(self, line: bytes) -> None:
        end = self._file.seek(0, os.SEEK_END)
        try:
            written = self._file.write(line)
            if written != len(line):
                raise OSError(f"{self.path}: only {written} of {len(line)} bytes could be written")
            os.fsync(self._file.fileno())
        except BaseException:
            with contextlib.suppress(OSError):
                self._file.truncate(end)
            raise


_open: "weakref.WeakSet[Table]" = weakref.WeakSet()


def _leave_to_the_parent() -> None:
    """Close, in a process made by fork, the tables of its parent: the lock is the parent's, and ends with it.

    A child that keeps the descriptor, such as a worker of a ``ProcessPoolExecutor``, keeps the lock after a parent
    that is killed. Closing one descriptor of several does not unlock.
    """
    for table in list(_open):
        table._file.close()
    _open.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_the_parent)


def read(path: str | os.PathLike[str], *, objective: str = "accuracy") -> Results:
    """Read a table that :func:`unrolled.sweep.run` wrote, also while the search goes on.

    A table may hold several searches of the same samples, such as the rungs of :func:`halving`. It is refused if their
    results are not to be put together: those of several trials, or on other folds.

    Parameters
    ----------
    path : path-like
    objective : str, default "accuracy"
        As for :class:`Results`.

    Returns
    -------
    Results
        Of points whose settings are what stands in the table: functions and dataclasses as their descriptions.

    Raises
    ------
    TableError
        A ValueError that names file and line: not a table, or damaged elsewhere than at its very end; or a
        table of several trials or several foldings.
    FileNotFoundError
        If there is no such file.
    """
    lines, _, _ = _parsed(Path(path).read_bytes(), Path(path))
    trials: set[str] = set()
    splits: dict[int, set[str]] = {}
    for line in lines.values():
        trials.add(line["trial"])
        splits.setdefault(line["fold"], set()).add(line["split"])
    if len(trials) > 1:
        raise TableError(
            f"{path}: it holds results of the trials {' and '.join(sorted(trials))}, expected those of one; give each "
            "a table of its own"
        )
    for fold, of in splits.items():
        if len(of) > 1:
            raise TableError(
                f"{path}: its results on fold {fold} are on {len(of)} different parts of the samples, expected one "
                "folding; give each a table of its own"
            )
    return Results(tuple(result_of(line) for line in lines.values()), objective)


def result_of(line: dict[str, Any], point: dict[str, Any] | None = None) -> Result:
    """Give the result that stands in a line, of a point as it was handed over or else as it is described."""
    return Result(
        line["point"] if point is None else point,
        line["seed"],
        line["fold"],
        line["ended"],
        line["metrics"],
        line["what"],
        line["seconds"],
    )


def _parsed(content: bytes, path: Path) -> tuple[dict[str, dict[str, Any]], int, bool]:
    """Give the lines by key, where the last whole one ends, and whether it ends with a line feed."""
    lines: dict[str, dict[str, Any]] = {}
    end = 0
    for number, text in enumerate(content.splitlines(keepends=True), 1):
        last = not text.endswith(b"\n")
        try:
            line = json.loads(text)
        except ValueError:
            line = None
        if not (isinstance(line, dict) and set(FIELDS) <= set(line)):
            ours = text.startswith(BEGINNING) or BEGINNING.startswith(text.rstrip(b"\0"))
            if last and line is None and ours and (lines or number == 1):
                return lines, end, True
            raise TableError(
                f"{path}, line {number}: expected the result of a trial, found {text[:40].decode(errors='replace')!r}"
            )
        lines[line["key"]] = line
        end += len(text)
        if last:
            return lines, end, False
    return lines, end, True


def _lock(file: Any, path: Path) -> None:
    """Refuse a table that another search has open, where the system can tell."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise TableError(f"{path}: another search is writing to it, expected a table of its own for each") from None
    except OSError:  # a file system without locks
        return


def _unlock(file: Any) -> None:
    """Unlock, whoever else has the descriptor."""
    try:
        import fcntl
    except ImportError:
        return
    with contextlib.suppress(OSError):
        fcntl.flock(file.fileno(), fcntl.LOCK_UN)
