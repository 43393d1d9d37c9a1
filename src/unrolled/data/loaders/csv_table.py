"""A data set from a table of one's own in a CSV file."""

import array
import csv
import io
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unrolled.data.checks import FloatArray, IntArray, hertz
from unrolled.data.dataset import Dataset, class_names
from unrolled.data.errors import DataError
from unrolled.data.loaders.text import decode, number, read_file
from unrolled.data.samples import Rng
from unrolled.data.summary import Tally
from unrolled.data.windows.assemble import Pipeline
from unrolled.data.windows.divide import Split, division
from unrolled.data.windows.stamps import TimeUnit
from unrolled.data.windows.tables import Stamps, cut_counted, number_people, number_texts

MOST_NAMES = 1000  # a column with more different names than this is no label


def load_csv(
    path: str | os.PathLike[str],
    *,
    signal: Sequence[str],
    label: str,
    person: str | None = None,
    time: str | None = None,
    time_unit: TimeUnit | None = None,
    max_gap: float | None = None,
    delimiter: str = ",",
    classes: Sequence[str] | None = None,
    rate: float | None = None,
    split: Split = "person",
    test_share: float = 0.2,
    test_people: Collection[int | str] | None = None,
    window: int = 150,
    stride: int = 75,
    new_rate: float | None = None,
    scale: bool = True,
    rng: Rng = 0,
    max_bytes: int = 2**30,
) -> Dataset:
    """Load a table in a CSV file, a row a step, as windows of equal length.

    The first line names the columns; rows follow in the order they were recorded. A recording ends where the
    label or the person changes, where time runs back, and where it leaps ahead by more than `max_gap`; windows
    are cut from each recording by itself. Blank lines are passed over; anything else that is no row of numbers
    and names is refused, with the line.

    Parameters
    ----------
    path : str or path-like
        The file, UTF-8.
    signal : sequence of str
        The columns with the axes of the signal, in this order: finite numbers.
    label : str
        The column with the movement, as a name or a number; what stands there becomes the name of the class.
    person : str, optional
        The column with the person, as a name or a number. Whole numbers are kept; names are numbered from 1 in
        alphabetical order. Default: all is of person 1, and `split` must then be "trial" or "random".
    time : str, optional
        The column with the time of each step, in any unit. Without it only label and person end a recording.
    max_gap : float, optional
        In the unit of `time`. Default: five times the median time between two steps.
    delimiter : str
        What stands between two columns.
    classes : sequence of str, optional
        The names in the label column, in the order of the labels 0, 1, ... Default: those there are, in
        numerical order if all are whole numbers, else in alphabetical order.
    test_people : collection of int or str, optional
        As the person column has them; otherwise as for `from_recordings`.
    rate, split, test_share, window, stride, new_rate, scale, rng
        As for `from_recordings`.
    max_bytes : int
        The most that the file may have.

    Returns
    -------
    Dataset
        float32, with person and trial numbers; ``trial`` counts a person's recordings from 1. ``summary`` counts
        rows, recordings and windows, kept and dropped; it is also logged, to the logger "unrolled.data".

    Raises
    ------
    DataError
        If the file cannot be read or a row does not fit (the message names file and line), a parameter does
        not, or there is too little to divide.
    """
    path = Path(path)
    columns = _Columns(signal, label, person, time)
    if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n ':
        raise DataError(f"delimiter is {delimiter!r}, expected a single character, and no quote, blank or line end")
    table = _parse(decode(read_file(path, max_bytes), str(path)), str(path), columns, delimiter)
    numbers = number_texts(list(table.labels)) if classes is None else _numbered(classes)
    for name, code in table.labels.items():
        if name not in numbers:
            known = ", ".join(map(repr, numbers))
            line = table.lines[np.argmax(table.label == code)]
            raise DataError(f"{path}, line {line}: expected one of {known} in column {label}, found {name!r}")
    people = number_people(list(table.people))
    held_out = None if test_people is None else _numbers_of(test_people, people)
    pipeline = Pipeline(division(split, test_share, held_out, rng), window, stride, new_rate, scale)
    tally = Tally()
    tally.keep("rows", len(table.signal))
    stamps = Stamps(table.time, time_unit, max_gap, None if rate is None else hertz(rate, "rate"))
    recordings, rate = cut_counted(
        table.signal,
        np.array([numbers[name] for name in table.labels])[table.label],
        np.array([people[name] for name in table.people])[table.person],
        stamps,
        pipeline.least_steps,
        tally,
    )
    return pipeline.dataset(recordings, tuple(numbers), rate, path.name, str(path), tally)


def _numbered(classes: Sequence[str]) -> dict[str, int]:
    return {name: i for i, name in enumerate(class_names(classes))}


def _numbers_of(test_people: Collection[int | str], people: dict[str, int]) -> list[int]:
    """Return the numbers of people who are given as the file has them."""
    if isinstance(test_people, str) or not isinstance(test_people, Collection):
        raise DataError(f"test_people is {test_people!r}, expected a tuple of people")
    held_out = []
    for each in test_people:
        same = [n for text, n in people.items() if text == str(each) or (text.isdigit() and n == int(text) == each)]
        if not same:
            found = ", ".join(list(people)[:50])
            raise DataError(f"test_people has {each!r}, expected some and not all of {found}")
        held_out.append(same[0])
    return held_out


@dataclass(frozen=True)
class _Columns:
    """The names of the columns that are wanted."""

    signal: Sequence[str]
    label: str
    person: str | None
    time: str | None

    def __post_init__(self) -> None:
        if isinstance(self.signal, str) or not self.signal:
            raise DataError(f"signal is {self.signal!r}, expected a list of column names, at least one")
        names = self.all()
        for name in names:
            if not isinstance(name, str):
                raise DataError(f"a column is {name!r}, expected its name")
            if names.count(name) > 1:
                raise DataError(f"column {name!r} is asked for twice, expected different columns")

    def all(self) -> list[str]:
        """Return every name: the signal's, the time's, the label's, the person's."""
        return [*self.numbers(), self.label, *([] if self.person is None else [self.person])]

    def numbers(self) -> list[str]:
        """Return the names of the columns with numbers: the signal's, the time's."""
        return [*self.signal, *([] if self.time is None else [self.time])]


@dataclass(frozen=True, eq=False)
class _Table:
    """The rows of a file; texts are numbered in the order they were met."""

    signal: FloatArray
    time: NDArray[np.float64] | None
    label: IntArray
    labels: dict[str, int]
    person: IntArray
    people: dict[str, int]
    lines: IntArray


def _rows(text: str, name: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line and the cells of every row that is not blank."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if row and (len(row) > 1 or row[0].strip()):
                yield reader.line_num, row
    except csv.Error as error:
        raise DataError(f"{name}, line {reader.line_num}: not a row of a CSV file: {error}") from None


def _parse(text: str, name: str, columns: _Columns, delimiter: str) -> _Table:
    rows = _rows(text, name, delimiter)
    first, header = next(rows, (1, []))
    header = [cell.strip() for cell in header]
    for column in columns.all():
        if header.count(column) != 1:
            found = ", ".join(header[:20])[:200] or "nothing"
            raise DataError(f"{name}, line {first}: expected one column {column}, found the columns {found}")
    number_places = [header.index(column) for column in columns.numbers()]
    label_place = header.index(columns.label)
    person_place = None if columns.person is None else header.index(columns.person)
    numbers, labels, people, lines = array.array("d"), array.array("q"), array.array("q"), array.array("q")
    label_numbers: dict[str, int] = {}
    person_numbers: dict[str, int] = {} if person_place is not None else {"1": 0}
    for line, row in rows:
        if len(row) != len(header):
            raise DataError(f"{name}, line {line}: expected {len(header)} columns, found {len(row)}")
        numbers.extend([_number(row[place], name, line, header[place]) for place in number_places])
        labels.append(label_numbers.setdefault(row[label_place].strip(), len(label_numbers)))
        whose = "1" if person_place is None else row[person_place].strip()
        people.append(person_numbers.setdefault(whose, len(person_numbers)))
        lines.append(line)
        if "" in label_numbers or "" in person_numbers:
            empty = columns.label if "" in label_numbers else columns.person
            raise DataError(f"{name}, line {line}: expected a name in column {empty}, found nothing")
        if len(label_numbers) > MOST_NAMES:
            raise DataError(f"{name}, line {line}: column {columns.label} has over {MOST_NAMES} different names")
    if not lines:
        raise DataError(f"{name}: there is no row below the header")
    values = np.asarray(numbers).reshape(len(lines), -1)
    with np.errstate(over="ignore"):  # what is beyond float32 becomes inf, and is refused
        signal = values[:, : len(columns.signal)].astype(np.float32)
    finite = np.isfinite(values)
    finite[:, : len(columns.signal)] = np.isfinite(signal)
    if not finite.all():
        row_number, k = np.unravel_index(int(finite.argmin()), finite.shape)
        raise DataError(
            f"{name}, line {lines[row_number]}: expected a finite number in column {columns.numbers()[k]}, "
            f"found {values[row_number, k]}"
        )
    time = None if columns.time is None else values[:, -1].copy()
    return _Table(
        signal,
        time,
        np.asarray(labels),
        label_numbers,
        np.asarray(people),
        person_numbers,
        np.asarray(lines),
    )


def _number(cell: str, name: str, line: int, column: str) -> float:
    value = number(cell)
    if value is None:
        raise DataError(f"{name}, line {line}: expected a number in column {column}, found {cell[:60]!r}")
    return value
