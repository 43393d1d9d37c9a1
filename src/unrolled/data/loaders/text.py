"""Text files: their bytes within bounds, their text, and the numbers in their columns, or the line at fault."""

import codecs
import contextlib
import io
import math
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unrolled.data.checks import IntArray
from unrolled.data.errors import DataError
from unrolled.data.loaders.place import found_at

PIECE = 2**16
LONGEST_NUMBER = 1000  # characters, blanks before it included
LARGEST = float(np.finfo(np.float32).max)
_PLAIN = re.compile(
    r"[-+0-9.eEnaif]+", re.ASCII | re.IGNORECASE
)  # float() also takes 1_0 and the digits of other scripts


def read_file(path: Path, max_bytes: int) -> bytes:
    """Return the bytes of a file, if it is one and has at most `max_bytes`."""
    if (what := found_at(path)) != "a file":  # no folder, and no device that never ends
        raise DataError(f"{path}: expected a file, found {what}")
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            # a byte more than it says it has, to see that it has not grown beyond what is allowed
            content = file.read(min(size, max_bytes) + 1)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    if max(size, len(content)) > max_bytes:
        raise DataError(
            f"{path}: has {max(size, len(content))} bytes, expected at most {max_bytes}: raise max_bytes to allow it"
        )
    return content


@contextlib.contextmanager
def opened(path: Path, max_bytes: int) -> Iterator[io.BufferedReader]:
    """Open a file to read it piece by piece, if it is one and has at most `max_bytes`, then and to its end."""
    if (what := found_at(path)) != "a file":
        raise DataError(f"{path}: expected a file, found {what}")
    try:
        with path.open("rb") as file:
            bounded = _Bounded(file, path, max_bytes)
            bounded.check(os.fstat(file.fileno()).st_size)
            yield io.BufferedReader(bounded, PIECE)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error}") from error


class _Bounded(io.RawIOBase):
    """A file of which no more is read than is allowed, however it grows."""

    def __init__(self, file: io.BufferedReader, path: Path, max_bytes: int) -> None:
        self._file, self._path, self._most, self._read = file, path, max_bytes, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        n = self._file.readinto(buffer)
        self._read += n
        self.check(self._read)
        return n

    def check(self, size: int) -> None:
        if size > self._most:
            raise DataError(
                f"{self._path}: has {size} bytes, expected at most {self._most}: raise max_bytes to allow it"
            )


def text_lines(file: io.BytesIO | io.BufferedReader, where: str) -> Iterator[str]:
    """Yield the lines of a file, of which a piece at a time is held."""
    read = 0
    try:
        for text in io.TextIOWrapper(file, "utf-8-sig", newline=None):
            read += 1
            yield text
    except UnicodeDecodeError as error:  # in the piece behind the lines that were read
        line = read + 1 + bytes(error.object)[: error.start].count(b"\n")
        raise DataError(f"{where}, line {line}: expected UTF-8 text: {error.reason}") from None


def decode(content: bytes, name: str) -> str:
    """Return UTF-8 text, with or without a mark of it, or say on which line it is none."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{name}, line {line}: expected UTF-8 text: {error}") from None


def number(cell: str) -> float | None:
    """Return the number that a cell holds, NaN and inf included, or None if it holds none."""
    cell = cell.strip()
    try:
        return float(cell) if _PLAIN.fullmatch(cell) else None
    except ValueError:
        return None


def short(text: str) -> str:
    """Return a text as messages show it, cut where it is long."""
    return repr(text) if len(text) <= 60 else f"{text[:60]!r}..."


def lines_of(content: bytes, where: str, comments: tuple[bytes, ...]) -> Iterator[tuple[int, str]]:
    """Yield the number, from 1, and the text of each line that is neither empty nor a comment.

    A comment may be in any encoding; everything else is UTF-8, with or without a mark of it.
    """
    for line, raw in enumerate(io.BytesIO(content), start=1):
        raw = raw.removeprefix(codecs.BOM_UTF8) if line == 1 else raw
        if raw.lstrip().startswith(comments):
            continue
        try:
            text = raw.decode("utf-8").strip()
        except UnicodeDecodeError as error:
            raise DataError(f"{where}, line {line}: expected text: {error.reason} of UTF-8") from error
        if text:
            yield line, text


def table(text: str, where: str, n_columns: int) -> NDArray[np.float64]:
    """Parse lines of numbers separated by blanks, as many on each; lines at the end may be empty.

    Parameters
    ----------
    text : str
        What the file holds.
    where : str
        The file's name, for messages.
    n_columns : int
        How many numbers stand on a line.

    Returns
    -------
    ndarray, shape (lines, n_columns)
        Finite, and within float32's range. Row i is line i + 1.

    Raises
    ------
    DataError
        If there is no line, or on one there are not as many numbers: the message names file and line.
    """
    text = text.rstrip()
    if not text:
        raise DataError(f"{where}: the file is empty")
    longest = max(map(len, text.splitlines()))
    if longest > n_columns * LONGEST_NUMBER:
        line = next(i for i, each in enumerate(text.splitlines(), start=1) if len(each) == longest)
        raise DataError(f"{where}, line {line}: expected {n_columns} numbers, found {longest} characters")
    try:
        values = np.loadtxt(io.StringIO(text), comments=None, ndmin=2)
    except ValueError as error:
        raise DataError(_complaint(text, where, n_columns) or f"{where}: {error}") from error
    fine = values.shape == (text.count("\n") + 1, n_columns) and (np.abs(values) <= LARGEST).all()  # NaN is not
    if not fine:
        raise DataError(_complaint(text, where, n_columns) or f"{where}: its lines are not as published")
    return values


def column(text: str, where: str, highest: int) -> IntArray:
    """Parse lines of one whole number each, from 1 to `highest`, into int64; errors are as of `table`."""
    values: NDArray[Any] = table(text, where, 1)[:, 0]
    wrong = (values != np.floor(values)) | (values < 1) | (values > highest)
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(f"{where}, line {row + 1}: expected a whole number from 1 to {highest}, found {values[row]:g}")
    return values.astype(np.int64)


def _complaint(text: str, where: str, n_columns: int) -> str:
    """Describe what is wrong with the first bad line; slow, so only once something is known to be wrong."""
    for line, cells in enumerate((line.split() for line in text.split("\n")), start=1):
        if len(cells) != n_columns:
            return f"{where}, line {line}: expected {n_columns} numbers, found {len(cells)}"
        for place, cell in enumerate(cells, start=1):
            value = number(cell)
            if value is None or not math.isfinite(value) or abs(value) > LARGEST:
                return f"{where}, line {line}: expected a finite number in column {place}, found {cell[:40]!r}"
    return ""
