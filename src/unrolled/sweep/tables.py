"""Results on disk: JSON lines, one object a trial, appended as trials end and never rewritten."""

import contextlib
import json
import os
import re
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from unrolled._support.file_lock import lock, unlock
from unrolled.sweep.results import ENDINGS, Result, Results

KINDS: dict[str, type | tuple[type, ...]] = {
    "key": str,
    "data": str,
    "trial": str,
    "point": dict,
    "seed": int,
    "fold": int,
    "split": str,
    "ended": str,
    "metrics": dict,
    "what": str,
    "seconds": (int, float),
    "version": str,
}
"""What a line holds, in this order."""

LONGEST = 100
"""So many characters at the most are in a name that a message may show."""

BEGINNING = b'{"key": "'
HEAD = re.compile(rb'\{"key": "[0-9a-f]{20}", "data": "')
HALF = re.compile(rb'\{"key": "[0-9a-f]{0,20}(?:(?<=[0-9a-f]{20})[^\x00-\x1f]*)?')
"""How a line of ours begins, and one that was not written to its end."""

DEEPEST = 20
"""So many levels of lists and mappings at the most within a point or what was measured."""


class TableError(ValueError):
    """A table of results that cannot be read or continued: the message names the file and the line.

    See Also
    --------
    read : Reads a table.
    """


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

    Raises
    ------
    TableError
        If it holds anything but results of trials, or another search has it open; the file is as it was then.
    OSError
        If it cannot be opened, read or written.
    """

    def __init__(self, path: Path) -> None:
        if not path.parent.is_dir():
            raise FileNotFoundError(f"cannot write the table '{path}': there is no folder {path.parent.resolve()}")
        if path.exists() and not path.is_file():
            raise TableError(f"{path}: it is there and is not a regular file, expected a table of results or no file")
        self.path = path
        self._file = path.open("ab+", buffering=0)
        try:
            if lock(self._file) is False:
                raise TableError(f"{path}: another search is writing to it, expected a table of its own for each")
            self._file.seek(0)
            self.lines, end, whole = _parsed(self._file.read(), path)
            self._file.truncate(end)
            if not whole:
                self._write(b"\n")
        except BaseException:
            self._close()
            raise

    def __enter__(self) -> "Table":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        unlock(self._file)
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
                raise OSError(f"only {written} of {len(line)} bytes could be written")
            os.fsync(self._file.fileno())
        except BaseException as error:
            with contextlib.suppress(OSError):
                self._file.truncate(end)
            if isinstance(error, OSError):
                raise OSError(error.errno, f"cannot write the table '{self.path}': {error}") from error
            raise


def read(path: str | os.PathLike[str], *, objective: str = "accuracy") -> Results:
    """Read a table that :func:`unrolled.sweep.run` wrote, also while the search goes on.

    A table may hold several searches of the same samples, such as the rungs of :func:`halving`. It is refused if their
    results are not to be averaged: those of several trials, or on other folds.

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

    See Also
    --------
    run : Writes the table.

    Examples
    --------
    >>> from unrolled import data, sweep
    >>> train = data.load_shoulder_exercises().train
    >>> settings = {"folds": 2, "seeds": 1, "n_jobs": 1, "progress": False}
    >>> found = sweep.run([{"hidden": 4, "epochs": 1}], train, table="search.jsonl", **settings)
    >>> sweep.read("search.jsonl") == found
    True
    """
    path = Path(path)
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise TableError(f"{path}: it is no regular file, expected a table of results")
    lines, _, _ = _parsed(path.read_bytes(), path)
    trials: set[str] = set()
    splits: dict[int, set[str]] = {}
    for line in lines.values():
        trials.add(line["trial"])
        splits.setdefault(line["fold"], set()).add(line["split"])
    if len(trials) > 1:
        shown = [name if len(name) <= LONGEST else f"...{name[-LONGEST:]}" for name in sorted(trials)[:2]]
        raise TableError(
            f"{path}: it holds results of {len(trials)} trials, {' and '.join(shown)}, expected those of one; give "
            "each a table of its own"
        )
    for fold, of in splits.items():
        if len(of) > 1:
            raise TableError(
                f"{path}: its results on fold {fold} are on {len(of)} different parts of the samples, expected one "
                "folding; give each a table of its own"
            )
    return Results(tuple(result_of(line) for line in lines.values()), objective)


def result_of(line: dict[str, Any], point: dict[str, Any] | None = None) -> Result:
    """Return the result that stands in a line, of a point as it was handed over or else as it is described."""
    return Result(
        line["point"] if point is None else point,
        line["seed"],
        line["fold"],
        line["ended"],
        line["metrics"],
        line["what"],
        float(line["seconds"]),
    )


def _parsed(content: bytes, path: Path) -> tuple[dict[str, dict[str, Any]], int, bool]:
    """Return the lines by key, where the last whole one ends, and whether it ends with a line feed."""
    lines: dict[str, dict[str, Any]] = {}
    end = 0
    *texts, tail = content.split(b"\n")  # and at nothing else: what ends lines otherwise is not ours
    for number, text in enumerate(texts, 1):
        line = _line(text)
        if line is None:
            raise _no_result(path, number, text)
        lines[line["key"]] = line
        end += len(text) + 1
    written = tail.rstrip(b"\0")
    line = _line(written)
    if line is not None:  # whole, but for the line feed
        lines[line["key"]] = line
        return lines, end + len(written), False
    if tail and not _cut_off(written, first=not lines):
        raise _no_result(path, len(texts) + 1, tail)
    return lines, end, True


def _no_result(path: Path, number: int, text: bytes) -> TableError:
    found = ascii(text[:40].decode(errors="replace"))
    return TableError(f"{path}, line {number}: expected the result of a trial, found {found}")


def _cut_off(text: bytes, *, first: bool) -> bool:
    """Tell whether a line is one of ours that was not written to its end, and nothing that anybody could miss."""
    if BEGINNING.startswith(text):
        return not first  # which may be the beginning of anything
    if not HALF.fullmatch(text) or HEAD.search(text, 1):
        return False
    try:
        json.JSONDecoder().raw_decode(text.decode())
    except ValueError:
        return True
    except RecursionError:
        pass
    return False  # whole, and no result, or with something behind it


def _line(text: bytes) -> dict[str, Any] | None:
    """Return the result of a trial that stands in a line; None of anything else."""
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return None
    fine = (
        isinstance(line, dict)
        and all(isinstance(line.get(name), kind) and line[name] is not True for name, kind in KINDS.items())
        and all(line[name] >= 0 for name in ("seed", "fold", "seconds"))
        and all(len(line[name]) <= LONGEST for name in ("key", "data", "split", "version"))
        and line["ended"] in ENDINGS
        and all(_plain(line[name]) for name in ("point", "metrics", "seed", "fold", "seconds"))
    )
    return line if fine else None


def _plain(value: Any, levels: int = DEEPEST) -> bool:
    """Tell whether numbers are finite, and lists and mappings lie no deeper in each other than a search writes them."""
    if isinstance(value, dict | list):
        inside = value.values() if isinstance(value, dict) else value
        return levels > 0 and all(_plain(each, levels - 1) for each in inside)
    return not isinstance(value, int | float) or -sys.float_info.max <= value <= sys.float_info.max
