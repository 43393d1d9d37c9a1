"""Rows of several tables, each with its label, its person and its table, made a data set."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unrolled.data.checks import FloatArray, IntArray
from unrolled.data.dataset import Dataset
from unrolled.data.errors import DataError
from unrolled.data.labels import class_names
from unrolled.data.loaders.csv_rows import Rows
from unrolled.data.summary import Tally
from unrolled.data.windows.assemble import Pipeline
from unrolled.data.windows.tables import Stamps, cut_counted, number_people, number_texts


@dataclass(frozen=True, eq=False)
class LabeledRows:
    """Rows in the order of their tables.

    Attributes
    ----------
    signal : array, shape (N, D)
        NaN for what is missing.
    time : array, shape (N,), or None
    label, person : array, shape (N,)
        Places in `labels` and `people`, which are the texts as they stand in the tables.
    session : array, shape (N,)
        The table, or the stretch of it, that a row is of: a recording ends with it.
    trial : array, shape (N,), or None
        The number of the trial, where the tables' names have it.
    place : callable
        Returns where row i stands, for messages.
    """

    signal: FloatArray
    time: NDArray[np.float64] | None
    label: IntArray
    labels: list[str]
    person: IntArray
    people: list[str]
    session: NDArray[np.integer[Any]]
    trial: IntArray | None
    place: Callable[[int], str]

    def subset(self, kept: NDArray[np.bool_]) -> "LabeledRows":
        """Return the rows of a mask."""
        rows = np.flatnonzero(kept)
        return replace(
            self,
            signal=self.signal[kept],
            time=None if self.time is None else self.time[kept],
            label=self.label[kept],
            person=self.person[kept],
            session=self.session[kept],
            trial=None if self.trial is None else self.trial[kept],
            place=lambda i: self.place(int(rows[i])),
        )


def join_rows(
    tables: list[Rows], where: list[str], labels: list[str] | None, people: list[str] | None, trials: list[str] | None
) -> LabeledRows:
    """Join tables; what is given for a whole table stands in the place of its column."""
    if len({rows.dated for rows in tables if rows.time is not None}) > 1:
        raise DataError(f"{where[0]}: some tables have dates as time and others numbers, expected the same in all")
    counts = np.array([len(rows.lines) for rows in tables])
    starts = np.cumsum(counts) - counts
    codes, names = [], []
    for given, kind in ((labels, "label"), (people, "person")):
        met: dict[str, int] = {}
        found = []
        for i, rows in enumerate(tables):
            texts = getattr(rows, kind) if given is None else [given[i]]
            number = np.array([met.setdefault(text, len(met)) for text in texts or ["1"]], np.int32)
            found.append(number[getattr(rows, f"{kind}_codes") if given is None else np.zeros(counts[i], np.int64)])
        codes.append(_joined(found))
        names.append(list(met))

    lines = [rows.lines for rows in tables]  # and no table, which would be held as long as this

    def place(row: int) -> str:
        table = int(np.searchsorted(starts, row, side="right")) - 1
        return f"{where[table]}, line {lines[table][row - starts[table]]}"

    return LabeledRows(
        _joined([rows.signal for rows in tables]),
        None if tables[0].time is None else _joined([rows.time for rows in tables]),
        codes[0],
        names[0],
        codes[1],
        names[1],
        np.arange(len(tables), dtype=np.int32).repeat(counts),
        None if trials is None else np.array(list(number_each(trials)), np.int64).repeat(counts),
        place,
    )


def _joined(arrays: list[Any]) -> Any:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def number_each(texts: list[str]) -> list[int]:
    """Return the number of each text, by `number_people`."""
    numbers = number_people(list(dict.fromkeys(texts)))
    return [numbers[text] for text in texts]


def dataset_of(
    rows: LabeledRows,
    stamps: Stamps,
    *,
    missing: str,
    unlabeled: Collection[str],
    classes: Sequence[str] | None,
    test_people: Collection[int | str] | None,
    pipeline: Callable[[list[int] | None], Pipeline],
    name: str,
    source: str,
) -> Dataset:
    """Complete, number, cut and divide; `pipeline` is asked with the numbers of the people to be tested on."""
    tally = Tally()
    rows = _completed(rows, missing, tally)
    is_none = np.array([text in unlabeled for text in rows.labels], bool)[rows.label]
    tally.drop("rows", "unlabeled", int(is_none.sum()), asked=set(unlabeled) != {""})
    tally.keep("rows", int((~is_none).sum()))
    present = [text for text in rows.labels if text not in unlabeled]
    numbers = number_texts(present) if classes is None else {text: i for i, text in enumerate(class_names(classes))}
    for code, text in enumerate(rows.labels):
        if text not in numbers and text not in unlabeled:
            where = rows.place(int(np.argmax(rows.label == code)))
            known = ", ".join(map(repr, list(numbers)[:20]))
            raise DataError(f"{where}: expected one of {known} as label, found {text[:60]!r}")
    people = number_people(rows.people)
    label = np.array([numbers.get(text, -1) for text in rows.labels], np.int32)[rows.label]
    person = np.array([people[text] for text in rows.people], np.int64)[rows.person]
    making = pipeline(None if test_people is None else _numbers_of(test_people, people))
    try:
        *cut, rate = cut_counted(
            rows.signal,
            label,
            person,
            replace(stamps, time=rows.time),
            making.least_steps,
            tally,
            session=rows.session,
            trial=rows.trial,
        )
    except DataError as error:
        raise DataError(f"{name}: {error}") from error
    del rows, label, person, is_none  # tables may be large, and windows are more than they: what is done with goes
    return making.dataset(cut.pop(), tuple(numbers), rate, source, name, tally)


def _completed(rows: LabeledRows, missing: str, tally: Tally) -> LabeledRows:
    """Return rows of which no cell is missing."""
    holes = np.isnan(rows.signal)
    if not holes.any():
        return rows
    if missing == "interpolate":
        signal = rows.signal.copy()
        changes = (np.diff(rows.session) != 0) | (np.diff(rows.label) != 0) | (np.diff(rows.person) != 0)
        edges = np.concatenate([[0], np.flatnonzero(changes) + 1, [len(signal)]])
        for start, stop in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            when = np.arange(stop - start) if rows.time is None else rows.time[start:stop]
            for axis in np.flatnonzero(holes[start:stop].any(axis=0)):
                hole = holes[start:stop, axis]
                if not hole.all():
                    values = signal[start:stop, axis]
                    values[hole] = np.interp(when[hole], when[~hole], values[~hole])
        left = np.isnan(signal)
        tally.change("values", "interpolated", int(holes.sum() - left.sum()))
        tally.keep("values", int(signal.size - left.sum()))
        rows, holes = replace(rows, signal=signal), left
    incomplete: NDArray[np.bool_] = np.asarray(holes.any(axis=1))
    tally.drop("rows", "with missing cells", int(incomplete.sum()), asked=missing == "drop")
    if rows.time is None:  # nothing else would tell that steps are missing there
        rows = replace(rows, session=rows.session + np.cumsum(incomplete))
    return rows.subset(~incomplete)


def _numbers_of(test_people: Collection[int | str], people: dict[str, int]) -> list[int]:
    """Return the numbers of people who are given as the tables have them."""
    if isinstance(test_people, str) or not isinstance(test_people, Collection):
        raise DataError(f"test_people is {test_people!r}, expected a tuple of people")
    held_out = []
    for each in test_people:
        same = [n for text, n in people.items() if text == str(each) or (_is_number(text) and n == each)]
        if not same:
            found = ", ".join(list(people)[:50])
            raise DataError(f"test_people has {each!r}, expected some and not all of {found}")
        held_out.append(same[0])
    return held_out


def _is_number(text: str) -> bool:
    return text[:1].isdigit()
