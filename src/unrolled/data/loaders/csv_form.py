"""How a text table is written, and where the columns that are wanted stand in it."""

import contextlib
import csv
import difflib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from unrolled._support.validation import checked_fields, choice, whole
from unrolled.data.errors import DataError
from unrolled.data.loaders.text import number

Column = str | int
PREAMBLE = 50  # lines in which a header is looked for, once it is not where it should be
MissingCells = Literal["refuse", "drop", "interpolate"]


@dataclass(frozen=True)
@checked_fields(DataError, skip_lines=whole(0), missing=choice("refuse", "drop", "interpolate"))
class Form:
    """How a table is written; the parameters mean what they mean to `load_csv`."""

    delimiter: str = ","
    decimal: str = "."
    header: bool = True
    skip_lines: int = 0
    units_row: bool = False
    missing: MissingCells = "refuse"

    def __post_init__(self) -> None:
        if not isinstance(self.delimiter, str) or len(self.delimiter) != 1 or self.delimiter in '"\r\n':
            raise DataError(f"delimiter is {self.delimiter!r}, expected a single character, and no quote or line end")
        if self.decimal not in (".", ","):
            raise DataError(f"decimal is {self.decimal!r}, expected '.' or ','")
        if self.decimal == self.delimiter:
            raise DataError("decimal and delimiter are both ',', expected different ones")

    def cells(self, line: str) -> list[str]:
        """Return the cells of a line; csv.Error if it is none."""
        if self.delimiter == " ":
            return line.split()
        return next(csv.reader([line], delimiter=self.delimiter, strict=True), [])


@dataclass(frozen=True)
class Columns:
    """The columns that are wanted: names, or places from 0 where there is no header."""

    signal: tuple[Column, ...]
    label: Column | None = None
    person: Column | None = None
    time: Column | None = None

    def __post_init__(self) -> None:
        names = self.all()
        for name in names:
            if isinstance(name, bool) or not isinstance(name, str | int):
                raise DataError(f"a column is {name!r}, expected its name, or its place from 0 without a header")
            if isinstance(name, int) and name < 0:
                raise DataError(f"a column is {name}, expected its place, counted from 0")
            if names.count(name) > 1:
                raise DataError(f"column {name!r} is asked for twice, expected different columns")

    def texts(self) -> list[Column]:
        """Return the columns with names: the label's, the person's."""
        return [column for column in (self.label, self.person) if column is not None]

    def all(self) -> list[Column]:
        """Return every column: the signal's, the time's, those with names."""
        return [*self.signal, *([] if self.time is None else [self.time]), *self.texts()]


def find_columns(
    lines: Iterator[tuple[int, str]], where: str, columns: Columns, form: Form
) -> tuple[dict[Column, int], bool]:
    """Return where the columns that are wanted stand, and whether a line said so."""
    wanted = columns.all()
    if not form.header:
        if odd := [column for column in wanted if not isinstance(column, int)]:
            raise DataError(f"column {odd[0]!r} is asked for by name, expected a place from 0: header is False")
        return {column: int(column) for column in wanted}, False
    line, text = next(lines, (form.skip_lines + 1, ""))
    try:
        names = [name.strip() for name in form.cells(text)]
    except csv.Error as error:
        raise DataError(f"{where}, line {line}: not a row of a CSV file: {error}") from None
    places: dict[Column, int] = {}
    for column in wanted:
        if isinstance(column, int):
            places[column] = column
            continue
        if names.count(column.strip()) != 1:
            raise DataError(
                f"{where}, line {line}: expected one column {column}, found the columns "
                f"{_nearest(column, names)}{_what_to_pass(column.strip(), text, names, lines, form)}"
            )
        places[column] = names.index(column.strip())
    if len(set(places.values())) < len(places):
        raise DataError("a column is asked for twice, by name and by place, expected different columns")
    places[""] = len(names)  # how many there are
    return places, True


def _nearest(column: str, names: Sequence[str]) -> str:
    """Return names as a message shows them, those like the one that is missing first."""
    near = difflib.get_close_matches(column, names[:1000], n=5, cutoff=0.5)
    listed = dict.fromkeys([*near, *(name for name in names if column.lower() in name.lower()), *names])
    shown = [name if len(name) <= 60 else f"{name[:60]}..." for name in list(listed)[:12]]
    return (", ".join(shown) or "nothing") + (f" and {len(listed) - 12} more" if len(listed) > 12 else "")


def _what_to_pass(column: str, text: str, names: Sequence[str], below: Iterator[tuple[int, str]], form: Form) -> str:
    """Return which parameter of `load_csv` would read a file whose header has no such column, if one is likely to."""
    for other, name in ((";", "';'"), ("\t", r"'\t'"), (",", "','"), (" ", "' '")):
        if other != form.delimiter and text.count(other) > text.count(form.delimiter):
            there = column in (each.strip(' "') for each in text.split(other))
            if there or (len(names) == 1 and other != " "):
                return f": pass delimiter={name}"
    if 2 * sum(number(name) is not None for name in names) >= max(2, len(names)):
        return ": pass header=False, and columns by place, if that line is a row"
    for line, later in itertools.islice(below, PREAMBLE):
        with contextlib.suppress(csv.Error):
            if column in map(str.strip, form.cells(later)):
                return f": pass skip_lines={line - 1} if line {line} is the header"
    return ""
