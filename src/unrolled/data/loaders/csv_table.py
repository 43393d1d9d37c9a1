"""A data set from tables of one's own: CSV files, or columns in memory."""

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unrolled._support.validation import shown
from unrolled.data.checks import hertz
from unrolled.data.dataset import Dataset
from unrolled.data.errors import DataError
from unrolled.data.loaders.csv_files import Table, find_tables, numbered
from unrolled.data.loaders.csv_form import Column, Columns, Form, MissingCells
from unrolled.data.loaders.labeled_rows import dataset_of, join_rows
from unrolled.data.samples import Rng
from unrolled.data.windows.assemble import Pipeline
from unrolled.data.windows.divide import Split, division
from unrolled.data.windows.stamps import TimeUnit
from unrolled.data.windows.tables import Stamps


def load_csv(
    path: str | os.PathLike[str] | Sequence[Any] | Any,
    *,
    signal: Sequence[Column],
    label: Column | Sequence[Any] | NDArray[Any] | None = None,
    person: Column | Sequence[Any] | NDArray[Any] | None = None,
    time: Column | None = None,
    pattern: str | None = None,
    time_unit: TimeUnit | None = None,
    max_gap: float | None = None,
    delimiter: str = ",",
    decimal: str = ".",
    header: bool = True,
    skip_lines: int = 0,
    units_row: bool = False,
    missing: MissingCells = "refuse",
    unlabeled: Collection[str] = ("",),
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
    """Load tables, a row a step, as windows of equal length.

    Rows stand in the order they were recorded. A recording ends with its table, where the label or the person
    changes, where time stands still, runs back or leaps ahead by more than `max_gap`, and where the length of the
    steps changes; windows are cut from each recording by itself. With `time`, the time stamps decide the rate: what
    was recorded at another, or unevenly, is read at even times. Blank lines are passed over; anything else that is
    no row is refused, with the line.

    Parameters
    ----------
    path : str, path-like, list, or table
        A file, UTF-8; a list of files; a folder or a zip, of which every .csv is read, or what `pattern` says; a
        name with ``*`` in its last part. Or columns in memory: a pandas DataFrame, a mapping of names to arrays, or
        a list of such.
    signal : sequence of str or int
        The columns with the axes of the signal, in this order: finite numbers. Names, blanks around them left
        aside; or places from 0.
    label : str, int, or sequence of str
        The column with the movement, as a name or a number; what stands there becomes the name of the class. Or
        the movement of each file of a list. Left out where `pattern` has it.
    person : str, int, or sequence of str, optional
        The same for the person. Whole numbers are kept; names are numbered from 1 in alphabetical order. Default:
        all is of person 1, and `split` must then be "trial" or "random".
    time : str or int, optional
        The column with the time of each step: numbers, or ISO dates and times. Without it only label, person and
        the end of a file end a recording.
    pattern : str, optional
        How the files of a folder or a zip are called: "{label}_{trial}/sub_{person}.csv" says where in a name the
        label, the person and the number of the trial stand; {} stands for anything. What stands first is as long as
        it can be.
    time_unit : {"s", "ms", "us", "ns"}, optional
        Of `time` and `max_gap`. Default: as for `cut_recordings`.
    max_gap : float, optional
        In the unit of `time`, in seconds for dates. Default: five times the median time between two steps.
    delimiter : str
        What stands between two columns; a blank stands for any blanks.
    decimal : {".", ","}
        What stands before the decimals.
    header : bool
        Whether the first line names the columns. Without, they are asked for by place, from 0.
    skip_lines : int
        Lines before the header.
    units_row : bool
        Whether the line below the header has units, and is passed over.
    missing : {"refuse", "drop", "interpolate"}
        What becomes of empty cells and NaN in the signal: "drop" leaves such rows out, and "interpolate" draws a
        straight line from neighbor to neighbor within a recording.
    unlabeled : collection of str
        Labels that stand for none, such as "0": their rows are dropped, and end a recording.
    classes : sequence of str, optional
        The names in the label column, in the order of the labels 0, 1, ... Default: those there are, in
        numerical order if all are numbers, else in alphabetical order.
    test_people : collection of int or str, optional
        As the person column has them; otherwise as for `from_recordings`.
    rate, split, test_share, window, stride, new_rate, scale, rng
        As for `from_recordings`.
    max_bytes : int
        The most that a file, or all files of a folder or a zip, may have.

    Returns
    -------
    Dataset
        float32, with person and trial numbers; ``trial`` is the one in the files' names, or counts a person's
        recordings from 1. ``summary`` counts rows, recordings and windows, kept, dropped and resampled; it is also
        logged, to the logger "unrolled.data".

    Raises
    ------
    DataError
        If a file cannot be read or a row does not fit (the message names file and line), a parameter does
        not, or there is too little to divide.

    Notes
    -----
    A file is read a piece at a time, in time and memory that grow as it does: with windows that overlap by half, less
    than three times its size is held at most, the data set included (``python benchmarks/loaders.py --megabytes 31``:
    2.8 times; ``--megabytes 200``: 2.4 times). Of a zip, each table is held whole meanwhile.

    See Also
    --------
    from_recordings : The same from arrays.
    join_by_time : Tables of two sensors as one.

    Examples
    --------
    >>> import numpy as np
    >>> table = {"x": np.sin(np.arange(400.0)), "what": ["nod"] * 200 + ["wave"] * 200, "who": [1, 2] * 200}
    >>> table["who"] = [1] * 100 + [2] * 100 + [1] * 100 + [2] * 100
    >>> load_csv(table, signal=["x"], label="what", person="who", rate=50, window=50, stride=50, test_people=[2])
    Dataset(4 training and 4 test series of 50 steps x 1 axes at 50 Hz, standardized; \
1 and 1 people; 4 and 4 seconds; classes: nod (2 + 2), wave (2 + 2))

    Public sets of the kind, one call each:

    - Opportunity: ``load_csv("OpportunityUCIDataset/dataset", pattern="S{person}-{}.dat", delimiter=" ",
      header=False, signal=range(1, 46), label=243, time=0, time_unit="ms", unlabeled=["0"], missing="interpolate")``.
    - HAPT, whose labels.txt says which lines are of which activity: with ``labels = np.loadtxt("labels.txt",
      dtype=int)`` and the arrays of the files in a mapping ``signal``, ``load_csv([dict(zip("xyz", signal[e, u][first
      - 1 : last].T)) for e, u, _, first, last in labels], signal=["x", "y", "z"], label=labels[:, 2],
      person=labels[:, 1], rate=50)``.
    - UniMiB SHAR, windows of 151 steps in rows of 453 numbers: with ``windows = loadmat("acc_data.mat")["acc_data"]
      .reshape(-1, 3, 151)`` and ``labels`` of acc_labels.mat, ``load_csv([dict(zip("xyz", each)) for each in windows],
      signal=["x", "y", "z"], label=labels[:, 0], person=labels[:, 1], rate=50, window=151, stride=151)``.
    """
    form = Form(delimiter, decimal, header, skip_lines, units_row, missing)
    if isinstance(signal, str) or not len(signal):
        raise DataError(f"signal is {signal!r}, expected a list of column names, at least one")
    if isinstance(unlabeled, str):
        raise DataError(f"unlabeled is {unlabeled!r}, expected a list of labels, such as [{unlabeled!r}]")
    if max_gap is not None and time is None:
        raise DataError(f"max_gap is {max_gap} without time, expected the column whose gaps end a recording")
    columns = Columns(tuple(signal), _column(label), _column(person), time)
    tables = find_tables(path, pattern, max_bytes)
    labels, people = _given(label, tables, "label"), _given(person, tables, "person")
    if columns.label is None and labels is None:
        raise DataError("label is None, expected a column, a name for each file, or {label} in pattern")
    read = [table.rows(columns, form) for table in tables]
    rows = join_rows(read, [table.where for table in tables], labels, people, _given(None, tables, "trial"))
    name = tables[0].where if len(tables) == 1 else str(path) if isinstance(path, str | os.PathLike) else "the tables"
    dated = read[0].dated
    del read
    return dataset_of(
        rows,
        Stamps(None, "s" if dated else time_unit, max_gap, None if rate is None else hertz(rate, "rate")),
        missing=missing,
        unlabeled=tuple(map(str, unlabeled)),
        classes=classes,
        test_people=test_people,
        pipeline=lambda held_out: Pipeline(division(split, test_share, held_out, rng), window, stride, new_rate, scale),
        name=name,
        source=Path(name).name,
    )


def _column(given: Any) -> Column | None:
    """Return the column that is asked for, if one is."""
    return given if isinstance(given, str | int) and not isinstance(given, bool) else None


def _given(given: Any, tables: list[Table], kind: str) -> list[str] | None:
    """Return what is given for each table, by the caller or by its name."""
    if given is not None and _column(given) is None:
        if isinstance(given, bytes) or not isinstance(given, Sequence | np.ndarray):
            raise DataError(f"{kind} is {shown(given)}, expected a column, or a list of names, one a file")
        return numbered(given, len(tables), kind)
    named = [getattr(table, kind) for table in tables]
    if given is not None or None in named:
        return None
    return [str(text) for text in named]
