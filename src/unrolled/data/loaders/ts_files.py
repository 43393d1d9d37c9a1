"""Reading one file of the UEA and UCR archive in its `.ts` layout: a header of tags, then a case a line."""

import codecs
import contextlib
import math
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from unrolled.data.checks import FloatArray
from unrolled.data.errors import DataError
from unrolled.data.labels import MAX_CLASSES
from unrolled.data.loaders.text import LARGEST, number

LONGEST_LINE = 2**26  # bytes; the longest published have a few million
A_CASE = 256  # bytes, about: what Python needs for a case besides its values
TAGS = (
    "problemname",
    "timestamps",
    "missing",
    "univariate",
    "dimensions",
    "equallength",
    "serieslength",
    "classlabel",
    "targetlabel",
)

Missing = Literal["refuse", "interpolate"]
Line = tuple[int, str]  # its number, from 1, and what stands on it


@dataclass(frozen=True)
class Header:
    """What stands above the cases.

    Attributes
    ----------
    problem : str
        The name of the problem, "" if it has none.
    classes : tuple of str
        The class labels declared, in their order.
    line : int
        Where they are.
    dimensions : int or None
        How many a case has, if that is said.
    equal_length : bool
        Whether all series are to have the same length.
    length : int or None
        Which, if that is said.
    """

    problem: str
    classes: tuple[str, ...]
    line: int
    dimensions: int | None
    equal_length: bool
    length: int | None


@dataclass(frozen=True)
class TsFile:
    """What one file holds: cases as float32 (L, D), all with the same D, each with its label.

    Attributes
    ----------
    header : Header
    cases : list of array
    labels : list of str
        Each one of ``header.classes``.
    interpolated : int
        How many values were missing and are interpolated.
    """

    header: Header
    cases: list[FloatArray]
    labels: list[str]
    interpolated: int


def read_ts(path: Path, missing: Missing, max_bytes: int) -> TsFile:
    """Read a file; parameters and errors are as of `load_ts`."""
    with contextlib.closing(_lines(path, max_bytes)) as lines:
        header = _header(lines, path)
        return _cases(lines, header, path, missing, max_bytes)


def _cases(lines: Iterator[Line], header: Header, path: Path, missing: Missing, max_bytes: int) -> TsFile:
    cases: list[FloatArray] = []
    labels: list[str] = []
    interpolated, first, size = 0, 0, 0
    declared = set(header.classes)
    for line, text in lines:
        where = f"{path}, line {line}"
        *dimensions, label = text.split(":")
        label = label.strip()
        if not dimensions:
            raise DataError(f"{where}: expected dimensions and a class label with ':' between, found {_short(text)}")
        if label not in declared:
            raise DataError(
                f"{where}: the class label is {_short(label)}, expected one of those declared on line {header.line}: "
                f"{_some(header.classes)}"
            )
        expected = header.dimensions or (cases[0].shape[1] if cases else None)
        if expected not in (None, len(dimensions)):
            source = "declared" if header.dimensions else f"on line {first}"
            raise DataError(f"{where}: there are {len(dimensions)} dimensions, expected {expected} as {source}")
        columns = []
        for d, cells in enumerate(dimensions, start=1):
            values, filled = _values(cells, f"{where}, dimension {d}", missing)
            interpolated += filled
            columns.append(values)
            if len(values) != len(columns[0]):
                raise DataError(
                    f"{where}: dimension {d} has {len(values)} values and dimension 1 has {len(columns[0])}, "
                    "expected as many in each"
                )
        length = header.length or (len(cases[0]) if cases else None)
        if header.equal_length and length not in (None, len(columns[0])):
            source = "declared" if header.length else f"on line {first}: equal lengths are declared"
            raise DataError(f"{where}: the series has {len(columns[0])} steps, expected {length} as {source}")
        first = first or line
        cases.append(np.stack(columns, axis=1, dtype=np.float32, casting="same_kind"))
        labels.append(label)
        size += cases[-1].nbytes + A_CASE
        if size > max_bytes:
            raise DataError(
                f"{where}: the series so far take {size} bytes, expected at most {max_bytes}: "
                "raise max_bytes to allow more"
            )
    if not cases:
        raise DataError(f"{path}: there is no case below @data")
    return TsFile(header, cases, labels, interpolated)


def _lines(path: Path, max_bytes: int) -> Generator[Line, None, None]:
    """Yield the lines that are neither empty nor comments, without ever holding the whole file."""
    if not path.is_file():
        raise DataError(
            f"{path}: " + ("expected a .ts file, found no file" if path.exists() else "there is no such file")
        )
    try:
        left = path.stat().st_size
        if left > max_bytes:
            raise DataError(f"{path}: it has {left} bytes, expected at most {max_bytes}: raise max_bytes to allow it")
        with path.open("rb") as file:
            line = 0
            while left > 0 and (raw := file.readline(min(left, LONGEST_LINE + 1))):
                line += 1  # of a file that grows, no more is read than was checked
                left -= len(raw)
                if len(raw) > LONGEST_LINE:
                    raise DataError(f"{path}, line {line}: expected at most {LONGEST_LINE} bytes in a line, found more")
                raw = raw.removeprefix(codecs.BOM_UTF8) if line == 1 else raw
                if raw.lstrip().startswith(b"#"):  # a comment may be in any encoding
                    continue
                try:
                    text = raw.decode("utf-8").strip()
                except UnicodeDecodeError as error:
                    raise DataError(f"{path}, line {line}: expected text: {error.reason} of UTF-8") from error
                if text:
                    yield line, text
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error}") from error


def _header(lines: Iterator[Line], path: Path) -> Header:
    """Read the tags down to @data. Those unknown here say nothing of the numbers and are passed over."""
    tags: dict[str, Line] = {}
    line = 0
    for line, text in lines:
        tag, value = [*text.split(maxsplit=1), ""][:2]
        if not tag.startswith("@"):
            raise DataError(f"{path}, line {line}: expected a tag such as @univariate, or @data, found {_short(text)}")
        name = tag[1:].lower()
        if name == "data" and value:
            raise DataError(f"{path}, line {line}: expected the cases below @data, found {_short(value)} beside it")
        if name == "data":
            return _understood(tags, path)
        name = "dimensions" if name == "dimension" else name
        if name in tags:
            raise DataError(f"{path}, line {line}: {tag} is there twice, expected it once")
        if name in TAGS:
            tags[name] = line, value
    raise DataError(f"{path}: " + ("there is no @data line" if line else "there is nothing but comments in it"))


def _understood(tags: dict[str, Line], path: Path) -> Header:
    if _flag(tags, "timestamps", path):
        raise DataError(
            f"{path}, line {tags['timestamps'][0]}: the values carry time stamps, expected steps at a steady rate"
        )
    if _flag(tags, "targetlabel", path):
        raise DataError(f"{path}, line {tags['targetlabel'][0]}: the targets are numbers, expected class labels")
    _flag(tags, "missing", path)  # what is missing is seen in the cases
    line, value = tags.get("classlabel", (0, ""))
    if not line:
        raise DataError(f"{path}: there is no line @classLabel true and the labels, above @data")
    has_labels, *classes = value.split() or [""]
    if has_labels.lower() != "true" or not classes:
        raise DataError(f"{path}, line {line}: @classLabel is {_short(value)}, expected true and the labels")
    if len(set(classes)) < len(classes):
        twice = next(label for label in classes if classes.count(label) > 1)
        raise DataError(f"{path}, line {line}: the label {_short(twice)} is declared twice, expected different labels")
    if len(classes) > MAX_CLASSES:
        raise DataError(f"{path}, line {line}: {len(classes)} labels are declared, expected at most {MAX_CLASSES}")
    univariate, dimensions = _flag(tags, "univariate", path), _count(tags, "dimensions", path)
    if univariate and dimensions not in (None, 1):
        raise DataError(
            f"{path}, line {tags['dimensions'][0]}: there are {dimensions} dimensions, but @univariate is true"
        )
    equal_length, length = _flag(tags, "equallength", path), _count(tags, "serieslength", path)
    equal_length = length is not None if equal_length is None else equal_length
    problem = tags.get("problemname", (0, ""))[1]
    return Header(problem, tuple(classes), line, 1 if univariate else dimensions, equal_length, length)


def _flag(tags: dict[str, Line], name: str, path: Path) -> bool | None:
    if name not in tags:
        return None
    line, value = tags[name]
    if value.lower() not in ("true", "false"):
        raise DataError(f"{path}, line {line}: @{name} is {_short(value)}, expected true or false")
    return value.lower() == "true"


def _count(tags: dict[str, Line], name: str, path: Path) -> int | None:
    if name not in tags:
        return None
    line, value = tags[name]
    if not re.fullmatch("[1-9][0-9]{0,8}", value):
        raise DataError(f"{path}, line {line}: @{name} is {_short(value)}, expected a whole number from 1 to 999999999")
    return int(value)


def _values(text: str, where: str, missing: Missing) -> tuple[NDArray[np.float64], int]:
    """Parse the values of one dimension, and say how many of them are interpolated."""
    cells = text.split(",")
    if "?" in text:
        cells = ["nan" if cell.strip() == "?" else cell for cell in cells]
    try:
        plain = text.isascii() and "_" not in text  # float() also takes 1_0 and the digits of other scripts
        values = np.array([float(cell) for cell in cells] if plain else [math.inf])
    except ValueError:
        values = np.array([math.inf])
    if (np.abs(values) > LARGEST).any():  # of NaN, False
        for place, cell in enumerate(cells, start=1):
            value = number(cell)
            if value is None or abs(value) > LARGEST:
                raise DataError(f"{where}: expected a finite number as value {place}, found {_short(cell)}")
    gaps = np.isnan(values)
    n = int(gaps.sum())
    if n:
        if missing == "refuse":
            raise DataError(
                f"{where}: value {int(gaps.argmax()) + 1} is missing, expected a number: "
                "missing='interpolate' fills such gaps from their neighbours"
            )
        if n == len(values):
            raise DataError(f"{where}: every value is missing, expected at least one to interpolate from")
        values[gaps] = np.interp(np.flatnonzero(gaps), np.flatnonzero(~gaps), values[~gaps])
    return values, n


def _short(text: str) -> str:
    return repr(text) if len(text) <= 60 else f"{text[:60]!r}..."


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(map(_short, names[:20])) + (", ..." if names[20:] else "")
