"""Reading the rows of one text table: which columns, which cells, and the line at fault.

Numbers are read by NumPy's own reader, `numpy.loadtxt`, a block of lines at a time. A block that it refuses is read
cell by cell, which finds what is wrong, or what is missing.
"""

import csv
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unrolled.data.checks import FloatArray
from unrolled.data.errors import DataError
from unrolled.data.loaders.csv_form import Column, Columns, Form, find_columns
from unrolled.data.loaders.iso_times import has_zone, iso_seconds
from unrolled.data.loaders.text import LARGEST, number, short, text_lines

BLOCK = 2**12  # rows that are read at a time
MOST_NAMES = 1000  # a column with more different names than this is no label
LONGEST = 2**20  # characters of a line; a table of movements has some hundred


@dataclass(eq=False)
class Rows:
    """The rows of one table.

    Attributes
    ----------
    signal : array, shape (N, D)
        float32; NaN for what is missing, if that is let in.
    time : array of float64, shape (N,), or None
        As it stands there, or in seconds where `dated`.
    label, person : list of str
        What stands in the columns, each text once; `label_codes`, `person_codes` (N,) say which.
    lines : array, shape (N,)
        Where each row stands in its file.
    """

    signal: FloatArray
    time: NDArray[np.float64] | None
    dated: bool
    label: list[str]
    label_codes: NDArray[np.int32]
    person: list[str]
    person_codes: NDArray[np.int32]
    lines: NDArray[np.int32]


def read_rows(file: io.BytesIO | io.BufferedReader, where: str, columns: Columns, form: Form) -> Rows:
    """Read a table; `where` is its name, for messages."""
    lines = _lines(file, where, form)
    names, found_on = find_columns(lines, where, columns, form)
    reader = _Reader(where, columns, form, names)
    if form.units_row:
        next(lines, None)
    while block := list(islice(lines, BLOCK)):
        reader.read(block)
    if not reader.lines:
        raise DataError(f"{where}: there is no row below the header" if found_on else f"{where}: there is no row")
    return reader.rows()


def _lines(file: io.BytesIO | io.BufferedReader, where: str, form: Form) -> Iterator[tuple[int, str]]:
    """Yield the number of a row's last line and its text, blank lines left out."""
    unquoted = form.delimiter == " "
    start = ""
    for line, text in enumerate(text_lines(file, where), start=1):
        if line <= form.skip_lines or not (start or text.strip()):
            continue
        text = start + text
        if len(text) > LONGEST:
            raise DataError(f"{where}, line {line}: expected at most {LONGEST} characters in a row, found more")
        if not unquoted and text.count('"') % 2:  # a quoted cell goes on in the next line
            start = text
            continue
        start = ""
        yield line, text.rstrip("\n")
    if start:
        raise DataError(f"{where}, line {line}: not a row of a CSV file: a quote is open at its end")


class _Reader:
    """Reads blocks of lines, and joins them in the end."""

    def __init__(self, where: str, columns: Columns, form: Form, places: dict[Column, int]) -> None:
        self.where, self.columns, self.form, self.places = where, columns, form, places
        self.n = places.get("")
        self.numbers = [*columns.signal, *([] if columns.time is None else [columns.time])]
        self.lines: list[NDArray[np.int32]] = []
        self.values: list[NDArray[np.float32]] = []
        self.times: list[NDArray[np.float64]] = []
        self.dated: bool | None = None
        self.zoned = False
        self.first: int | None = None
        self.met: list[dict[str, int]] = [{} for _ in columns.texts()]
        self.codes: list[list[NDArray[np.int32]]] = [[] for _ in columns.texts()]

    def read(self, block: list[tuple[int, str]]) -> None:
        """Read one block."""
        if self.first is None:
            self.first = block[0][0]
        if self.n is None:
            self.n = len(self._cells(*block[0]))
            if max(self.places.values()) >= self.n:
                raise DataError(
                    f"{self.where}, line {block[0][0]}: there are {self.n} columns, expected one in place "
                    f"{max(self.places.values())}, counted from 0"
                )
        if self.dated is None:
            self.dated = self._is_dated(*block[0])
        for line, text in block:
            self._check_width(line, text)
        numbers, texts = self._fast([text for _, text in block]) or self._slow(block)
        signal = numbers[:, : len(self.columns.signal)]
        with np.errstate(over="ignore"):
            values = signal.astype(np.float32)
        if not np.isfinite(numbers).all() or not np.isfinite(values).all():
            self._check_finite(block, numbers)
        self.values.append(values)
        self.lines.append(np.array([line for line, _ in block], np.int32))
        if self.columns.time is not None:
            self.times.append(numbers[:, -1].copy())
        for met, codes, column in zip(self.met, self.codes, texts, strict=True):
            codes.append(np.array([met.setdefault(text, len(met)) for text in column], np.int32))
        if self.columns.label is not None and len(self.met[0]) > MOST_NAMES:
            line = block[int(np.argmax(self.codes[0][-1] >= MOST_NAMES))][0]
            raise DataError(
                f"{self.where}, line {line}: column {self.columns.label} has over {MOST_NAMES} different names"
            )

    def rows(self) -> Rows:
        """Return all that was read."""
        texts = [list(met) for met in self.met]
        lines = _drained(self.lines)
        codes = [_drained(each) for each in self.codes]
        if self.columns.label is None:
            texts.insert(0, [])
            codes.insert(0, np.zeros(len(lines), np.int32))
        if self.columns.person is None:
            texts.append([])
            codes.append(np.zeros(len(lines), np.int32))
        time = _drained(self.times) if self.times else None
        signal = _drained(self.values)
        return Rows(signal, time, bool(self.dated), texts[0], codes[0], texts[1], codes[1], lines)

    def _fast(self, texts: list[str]) -> tuple[NDArray[np.float64], list[list[str]]] | None:
        """Read a block by NumPy's reader; None if there is anything that it does not take."""
        if self.form.decimal == ",":
            texts = [_COMMA.sub(".", text) for text in texts]
        wanted = [*self.numbers, *self.columns.texts()]
        kinds: list[Any] = [np.float64] * len(self.numbers) + [object] * len(self.columns.texts())
        if self.dated:
            kinds[len(self.columns.signal)] = object
        try:
            table = np.loadtxt(
                texts,
                dtype=np.dtype([(f"c{i}", kind) for i, kind in enumerate(kinds)]),
                comments=None,
                delimiter=None if self.form.delimiter == " " else self.form.delimiter,
                usecols=[self.places[column] for column in wanted],
                quotechar=None if self.form.delimiter == " " else '"',
                ndmin=1,
            )
        except ValueError:
            return None
        if len(table) != len(texts):
            return None
        numbers = np.empty((len(texts), len(self.numbers)))
        for i in range(len(self.numbers)):
            column = table[f"c{i}"]
            if kinds[i] is object:
                dates = iso_seconds(column.tolist(), zoned=self.zoned)
                if dates is None:
                    return None
                column = dates
            numbers[:, i] = column
        names = [[text.strip() for text in table[f"c{i}"].tolist()] for i in range(len(self.numbers), len(kinds))]
        if any("" in column for column in names[1 if self.columns.label is not None else 0 :]):
            return None
        return numbers, names

    def _slow(self, block: list[tuple[int, str]]) -> tuple[NDArray[np.float64], list[list[str]]]:
        """Read a block cell by cell, and name the first that is wrong."""
        numbers = np.empty((len(block), len(self.numbers)))
        names: list[list[str]] = [[] for _ in self.columns.texts()]
        for i, (line, text) in enumerate(block):
            cells = self._cells(line, text)
            for k, column in enumerate(self.numbers):
                numbers[i, k] = self._number(cells[self.places[column]], line, column)
            for found, column in zip(names, self.columns.texts(), strict=True):
                found.append(cells[self.places[column]].strip())
                if not found[-1] and column == self.columns.person:
                    raise DataError(f"{self.where}, line {line}: expected a name in column {column}, found nothing")
        return numbers, names

    def _cells(self, line: int, text: str) -> list[str]:
        try:
            return self.form.cells(text)
        except csv.Error as error:
            raise DataError(f"{self.where}, line {line}: not a row of a CSV file: {error}") from None

    def _check_width(self, line: int, text: str) -> None:
        delimiter = self.form.delimiter
        if delimiter != " " and '"' not in text and text.count(delimiter) + 1 == self.n:
            return
        n = len(self._cells(line, text))
        if n != self.n:
            raise DataError(f"{self.where}, line {line}: expected {self.n} columns, found {n}")

    def _is_dated(self, line: int, text: str) -> bool:
        if self.columns.time is None:
            return False
        cells = self._cells(line, text)
        place = self.places[self.columns.time]
        if place >= len(cells) or number(cells[place]) is not None:
            return False
        self.zoned = has_zone(cells[place])
        return iso_seconds([cells[place]], zoned=self.zoned) is not None

    def _number(self, cell: str, line: int, column: Column) -> float:
        if self.dated and column == self.columns.time:
            dates = iso_seconds([cell], zoned=self.zoned)
            if dates is None:
                zone = f", {'with' if self.zoned else 'without'} a time zone, as in line {self.first}"
                raise DataError(
                    f"{self.where}, line {line}: expected an ISO time in column {column}"
                    f"{zone if has_zone(cell) is not self.zoned else ''}, found {short(cell)}"
                )
            return float(dates[0])
        plain = cell.replace(",", ".") if self.form.decimal == "," else cell
        value = number(plain)
        if value is not None:
            return value
        if not cell.strip() and column != self.columns.time and self.form.missing != "refuse":
            return math.nan
        hint = self._what_to_pass(cell, line, is_time=column == self.columns.time)
        raise DataError(f"{self.where}, line {line}: expected a number in column {column}, found {short(cell)}{hint}")

    def _what_to_pass(self, cell: str, line: int, *, is_time: bool) -> str:
        """Return which parameter of `load_csv` would read a cell that is no number, if one is likely to."""
        if not cell.strip():
            return "" if is_time else ": missing='drop' leaves such rows out, missing='interpolate' fills them"
        if self.form.decimal == "." and number(cell.replace(",", ".", 1)) is not None:
            return ": pass decimal=','"
        if is_time and _CLOCK.search(cell):
            return ", or an ISO time such as 2020-02-01 10:00:00.25"
        if not is_time and iso_seconds([cell], zoned=has_zone(cell)) is not None:
            return ": an ISO time, which time= takes"
        may_have_units = line == self.first and self.form.header and not self.form.units_row
        return ": pass units_row=True if that line has the units" if may_have_units else ""

    def _check_finite(self, block: list[tuple[int, str]], numbers: NDArray[np.float64]) -> None:
        wrong = ~np.isfinite(numbers) | (np.abs(numbers) > LARGEST)
        if self.columns.time is not None:
            wrong[:, -1] = ~np.isfinite(numbers[:, -1])
        if self.form.missing != "refuse":
            wrong[:, : len(self.columns.signal)] &= ~np.isnan(numbers[:, : len(self.columns.signal)])
        if wrong.any():
            row, k = np.unravel_index(int(wrong.argmax()), wrong.shape)
            raise DataError(
                f"{self.where}, line {block[row][0]}: expected a finite number in column {self.numbers[k]}, "
                f"found {numbers[row, k]}"
            )


def _drained(blocks: list[Any]) -> Any:
    """Join blocks, and let them go."""
    joined = np.concatenate(blocks)
    blocks.clear()
    return joined


_CLOCK = re.compile(r"\d[-:./]\d+[-:./]\d")
_COMMA = re.compile(r"(?<=\d),(?=\d)|(?<![\w,]),(?=\d)")
