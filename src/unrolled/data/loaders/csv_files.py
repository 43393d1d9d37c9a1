"""Which tables are meant: a file, several, a folder with a pattern of names, or columns in memory."""

import io
import os
import re
import string
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from unrolled._support.validation import shown
from unrolled.data.errors import DataError
from unrolled.data.loaders.archive import downloaded
from unrolled.data.loaders.csv_form import Columns, Form
from unrolled.data.loaders.csv_rows import Rows, read_rows
from unrolled.data.loaders.frame_columns import cells_of, is_nothing, numbers_of
from unrolled.data.loaders.place import found_at, is_folder
from unrolled.data.loaders.text import opened

EXPECTED = "a folder or a zip of tables"
_ZIPS = re.compile(r"(?:[^/]+/)*[^/]+\.zip", re.IGNORECASE)
FIELDS = ("label", "person", "trial")


@dataclass(frozen=True)
class Table:
    """One table, and what its name says.

    Attributes
    ----------
    where : str
        For messages.
    rows : callable
        Reads it.
    label, person, trial : str or None
    """

    where: str
    rows: Callable[[Columns, Form], Rows]
    label: str | None = None
    person: str | None = None
    trial: str | None = None


def find_tables(source: Any, pattern: str | None, max_bytes: int) -> list[Table]:
    """Return the tables that `source` means, in the order of their names; see `load_csv`."""
    if _is_columns(source):
        return [Table("the table", lambda columns, form: _rows_of(source, columns, form))]
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        if pattern is not None:
            return _matching(path, pattern, max_bytes)
        if is_folder(path):
            return _matching(path, "{}.csv", max_bytes)
        if "*" in path.name and found_at(path) == "none":
            return _matching(path.parent, _braced(path.name), max_bytes)
        return [_file(path, max_bytes)]
    if not isinstance(source, Iterable) or isinstance(source, bytes):
        raise DataError(f"path is {shown(source)}, expected a file, a folder, a list of files, or a table")
    tables = []
    for i, each in enumerate(source):
        if _is_columns(each):
            tables.append(Table(f"table {i}", lambda columns, form, each=each: _rows_of(each, columns, form)))  # type: ignore[misc]
        else:
            tables.append(_file(Path(each), max_bytes, pattern))
    if not tables:
        raise DataError("path is an empty list, expected at least one file")
    return tables


def _file(path: Path, max_bytes: int, pattern: str | None = None) -> Table:
    named: dict[str, str] = {}
    if pattern is not None:
        match = re.search(rf"(?:^|/){_regex(pattern)}$", path.as_posix())
        if match is None:
            raise DataError(f"{path}: expected a name like {pattern!r}")
        named = match.groupdict()
    return _table(partial(opened, path, max_bytes), str(path), named)


def _table(open_file: Callable[[], Any], where: str, named: dict[str, str]) -> Table:
    def rows(columns: Columns, form: Form) -> Rows:
        with open_file() as file:
            return read_rows(file, where, columns, form)

    return Table(where, rows, **named)


def _matching(folder: Path, pattern: str, max_bytes: int) -> list[Table]:
    """Return the files of a folder or a zip whose whole name, or the end of it, is like the pattern."""
    name = re.compile(rf"(?:[^/]+/)*?{_regex(pattern)}")
    with downloaded(folder, name, _ZIPS, EXPECTED, max_bytes=max_bytes, max_member=max_bytes) as found:
        if not found:
            raise DataError(f"{folder}: there is no file like {pattern!r}")
        packed = not is_folder(folder)
        tables = []
        for member in found:
            open_file: Callable[[], Any] = partial(opened, folder / member.name, max_bytes)
            if packed:  # which can be read here only
                open_file = partial(io.BytesIO, member.read())
            tables.append(_table(open_file, member.where, member.match.groupdict()))
    return tables


def _braced(name: str) -> str:
    return name.replace("{", "{{").replace("}", "}}").replace("*", "{}")


def _regex(pattern: str) -> str:
    """Turn "{label}_{trial}/sub_{person}.csv" into a regular expression; {} stands for anything."""
    parts = []
    try:
        for text, field, spec, conversion in string.Formatter().parse(pattern):
            parts.append(re.escape(text))
            if field is None:
                continue
            if field not in ("", *FIELDS) or spec or conversion or f"(?P<{field}>" in "".join(parts):
                raise ValueError(f"{{{field}}} is not one of {{label}}, {{person}}, {{trial}} and {{}}, each once")
            parts.append(f"(?P<{field}>[^/]+)" if field else "[^/]*")
    except ValueError as error:
        raise DataError(
            f"pattern is {pattern!r}, expected {{label}}, {{person}}, {{trial}} or {{}} in it: {error}"
        ) from None
    return "".join(parts)


# tables in memory


def _is_columns(source: Any) -> bool:
    """Tell whether it is a mapping of columns, a pandas DataFrame, or anything else with columns by name."""
    return isinstance(source, Mapping) or (hasattr(source, "columns") and hasattr(source, "__getitem__"))


def _rows_of(table: Any, columns: Columns, form: Form) -> Rows:
    names = [str(name) for name in (table.keys() if isinstance(table, Mapping) else table.columns)]

    def column(name: Any) -> Any:
        if name not in names:
            raise DataError(f"the table has no column {name}, expected one of {', '.join(names[:20])}")
        return table[name]

    def numbers(name: Any) -> tuple[Any, bool]:
        try:
            return numbers_of(column(name))
        except DataError:
            raise
        except (TypeError, ValueError) as error:
            raise DataError(f"column {name} of the table: expected numbers: {error}") from None

    counts = {name: len(column(name)) for name in columns.all()}
    if len(set(counts.values())) > 1:
        found = ", ".join(f"{name} {count}" for name, count in list(counts.items())[:10])
        raise DataError(f"the columns of the table have different numbers of rows ({found}), expected one number")
    signal = np.stack([numbers(name)[0] for name in columns.signal], axis=1) if columns.signal else np.zeros((0, 0))
    n = len(signal)
    time, dated = (None, False) if columns.time is None else numbers(columns.time)
    wrong = ~np.isfinite(signal) & ~((form.missing != "refuse") & np.isnan(signal))
    if wrong.any():
        row, k = np.argwhere(wrong)[0]
        raise DataError(
            f"the table has {signal[row, k]} in column {columns.signal[k]}, row {row}, expected finite numbers: "
            "missing='drop' leaves such rows out, missing='interpolate' fills them"
        )
    if time is not None and not np.isfinite(time).all():
        raise DataError(
            f"the table has {time[~np.isfinite(time)][0]} in column {columns.time}, expected finite numbers"
        )
    coded = []
    for name in (columns.label, columns.person):
        texts = (
            []
            if name is None
            else ["" if is_nothing(value) else str(value).strip() for value in cells_of(column(name))]
        )
        met: dict[str, int] = {}
        coded.append((met, np.array([met.setdefault(text, len(met)) for text in texts] or np.zeros(n), np.int32)))
    (labels, label_codes), (people, person_codes) = coded
    if "" in people:
        raise DataError(f"the table has nothing in column {columns.person}, row {people['']}, expected a name")
    return Rows(
        signal.astype(np.float32),
        time,
        dated,
        list(labels),
        label_codes,
        list(people),
        person_codes,
        np.arange(n, dtype=np.int32),
    )


def numbered(values: Any, n: int, name: str) -> list[str]:
    """Return what is given for each of `n` tables, as text."""
    if len(values) != n:
        raise DataError(f"{name} has {len(values)} names, expected {n}: one a table")
    return [str(value) for value in values]
