import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data.wisdm_files import write_csv

from unrolled.data import DataError, Dataset, join_by_time, load_csv
from unrolled.data.loaders.text import opened

HEADER = "x,y,label,person,t\n"
ROWS = "".join(f"{i}.5,{-i},{'ab'[i // 10 % 2]},{i // 20 + 1},{i * 0.1:.1f}\n" for i in range(40))


def load(path: Path, **options: object) -> Dataset:
    given = {"signal": ["x", "y"], "label": "label", "person": "person", "time": "t", "window": 5, "stride": 5}
    return load_csv(path, **{**given, **options})  # type: ignore[arg-type]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "mine.csv"
    path.write_text(HEADER + ROWS)
    return path


def test_a_table_becomes_windows(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    write_csv(path, steps=100)
    dataset = load_csv(
        path,
        signal=("ax", "az"),
        label="what",
        person="who",
        time="time",
        rate=50,
        window=30,
        stride=10,
        test_people=("bob",),
        scale=False,
    )
    assert dataset.classes == ("nod", "wave")
    assert dataset.rate == 50
    assert len(dataset.train) == 2 * 2 * 8
    assert dataset.test.y.tolist() == [0] * 8 + [1] * 8
    assert dataset.test.person is not None
    assert dataset.test.trial is not None
    assert dataset.test.person.tolist() == [2] * 16  # ann, bob, cy
    assert dataset.test.trial.tolist() == [1] * 8 + [2] * 8
    rows = [line.split(",") for line in path.read_text().splitlines()[1:]]
    values = np.array([[row[3], row[5]] for row in rows[200:300]], np.float32)  # bob's nodding
    np.testing.assert_array_equal(dataset.test.X[:8], [values[i : i + 30] for i in range(0, 80, 10)])
    assert dataset.summary.kept == {"rows": 600, "recordings": 6, "windows": 48}
    assert dataset.provenance.startswith("mine.csv; windows of 30 steps every 10; tested on people 2")
    semicolons = tmp_path / "semicolons.csv"
    write_csv(semicolons, steps=100, delimiter=";")
    other = load_csv(
        semicolons, signal=["ax", "az"], label="what", person="who", delimiter=";", window=30, stride=10, scale=False
    )
    assert len(other.train) + len(other.test) == 48


def test_columns_are_found_by_name_and_blank_lines_passed_over(table: Path, tmp_path: Path) -> None:
    rows = [line.split(",") for line in (HEADER + ROWS).split()]
    shuffled = tmp_path / "b.csv"
    text = "\r\n\r\n".join(",".join([r[4], f'"{r[2]}"', r[1], f" {r[3]} ", r[0]]) for r in rows)
    shuffled.write_bytes(("\ufeff" + text).encode())
    one, other = load(table), load(shuffled)
    np.testing.assert_array_equal(one.train.X, other.train.X)
    np.testing.assert_array_equal(one.test.y, other.test.y)
    assert other.classes == ("a", "b")


def test_a_gap_ends_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    times = [*range(10), *range(15, 25), *range(20, 30)]  # a leap of 6, then one back
    path.write_text(HEADER + "".join(f"{i},0,a,1,{time}\n" for i, time in enumerate(times)))

    def starts(**options: object) -> list[float]:
        dataset = load(path, split="random", window=8, stride=4, scale=False, **options)
        return sorted([*dataset.train.X[:, 0, 0], *dataset.test.X[:, 0, 0]])

    assert starts() == [0, 10, 20]  # 6 is more than five usual steps
    assert starts(max_gap=6) == [0, 4, 8, 9.5, 11, 20]  # read at even times across the leap
    assert starts(time=None) == [0, 4, 8, 12, 16, 20]


def test_labels_and_people_as_they_stand_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        HEADER + "".join(f"1,2,{label},{who},{i}\n" for who in (30, 7) for label in (10, 9) for i in range(5))
    )
    dataset = load(path, test_people=[7])
    assert dataset.classes == ("9", "10")  # in numerical order
    assert dataset.test.person is not None
    assert dataset.train.person is not None
    assert (set(dataset.test.person), set(dataset.train.person)) == ({7}, {30})
    assert dataset.test.y.tolist() == [1, 0]
    assert load(path, test_people=["7"], classes=["10", "8", "9"]).test.y.tolist() == [0, 2]
    alone = load(path, person=None, split="trial", test_share=0.5)
    assert alone.train.person is not None
    assert set(alone.train.person) == {1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.csv, line 1: expected one column x, found the columns nothing"),
        (b"\n \n", "a.csv, line 1: expected one column x"),
        (b"x;y;label;person;t\n", "a.csv, line 1: expected one column x, found the columns x;y;label;person;t"),
        (b"x,y,label,t\n1,2,a,0\n", "a.csv, line 1: expected one column person, found the columns x, y, label, t"),
        (b"x,x,y,label,person,t\n", "a.csv, line 1: expected one column x"),
        (HEADER.encode(), "a.csv: there is no row below the header"),
        (HEADER.encode() + b"1,2,a,1\n", "a.csv, line 2: expected 5 columns, found 4"),
        (HEADER.encode() + b"1,2,a,1,0\n\n1,2,a,1,0,9\n", "a.csv, line 4: expected 5 columns, found 6"),
        (HEADER.encode() + b"1,two,a,1,0\n", "a.csv, line 2: expected a number in column y, found 'two'"),
        (HEADER.encode() + b"1,,a,1,0\n", "a.csv, line 2: expected a number in column y, found ''"),
        (HEADER.encode() + b"1,1_000,a,1,0\n", "a.csv, line 2: expected a number in column y, found '1_000'"),
        (HEADER.encode() + "1,\u0661\u0662,a,1,0\n".encode(), "a.csv, line 2: expected a number in column y, found '"),
        (HEADER.encode() + b"1,2,a,1,noon\n", "a.csv, line 2: expected a number in column t, found 'noon'"),
        (
            HEADER.encode() + b"1,2,a,1,0\n1,nan,a,1,0\n",
            "a.csv, line 3: expected a finite number in column y, found nan",
        ),
        (HEADER.encode() + b"1e99,2,a,1,0\n", "a.csv, line 2: expected a finite number in column x, found 1e\\+99"),
        (HEADER.encode() + b"1,2,a,1,inf\n", "a.csv, line 2: expected a finite number in column t, found inf"),
        (HEADER.encode() + b"1,2,,1,0\n", r"a.csv: there are no recordings .*1 unlabeled"),
        (HEADER.encode() + b"1,2,a, ,0\n", "a.csv, line 2: expected a name in column person, found nothing"),
        (HEADER.encode() + b'1,2,"a,1,0\n1,2,b,1,0\n', "a.csv, line 3: not a row of a CSV file"),
        (HEADER.encode() + b'1,2,"a"b,1,0\n', "a.csv, line 2: not a row of a CSV file"),
        (HEADER.encode() + b"1,2,\xff,1,0\n", "a.csv, line 2: expected UTF-8 text"),
        (HEADER.encode("utf-16"), "a.csv, line 1: expected UTF-8 text"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "a.csv, line 1: expected UTF-8 text"),
        (HEADER.encode() + b"".join(b"1,2,%d,1,0\n" % i for i in range(1002)), "a.csv, line 1002: column label has"),
        (HEADER.encode() + b"1,2,a,1,0\n1,2,a,1,1\n", r"a.csv: there are no recordings .*1 shorter than 5 steps"),
        (HEADER.encode() + b"".join(b"1,2,a,1,%d\n" % i for i in range(5)), "a.csv: cannot divide by person"),
    ],
)
def test_refuses_files(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        load(path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"signal": "x"}, "signal is 'x', expected a list of column names"),
        ({"signal": []}, "signal is"),
        ({"signal": [1.5]}, "a column is 1.5, expected its name"),
        ({"signal": ["x", "x"]}, "column 'x' is asked for twice"),
        ({"label": "x"}, "column 'x' is asked for twice"),
        ({"delimiter": ", "}, "delimiter is ', ', expected a single character"),
        ({"classes": ["a", "c"]}, "mine.csv, line 12: expected one of 'a', 'c' as label, found 'b'"),
        ({"classes": "ab"}, "classes is the string 'ab'"),
        ({"test_people": "1"}, "test_people is '1', expected a tuple"),
        ({"test_people": [3]}, "test_people has 3, expected some and not all of 1, 2"),
        ({"test_people": [1, 2]}, "test_people are"),
        ({"max_gap": -1.0}, "max_gap is -1.0"),
        ({"max_gap": 1.0, "time": None}, "max_gap is 1.0 without time, expected the column"),
        ({"unlabeled": "none"}, "unlabeled is 'none', expected a list of labels"),
        ({"signal": [-1]}, "a column is -1, expected its place, counted from 0"),
        ({"window": 0}, "window is 0, expected a whole number, 1 or more"),
        ({"split": "people"}, "split is 'people'"),
        ({"max_bytes": 100}, "mine.csv: has [0-9]+ bytes, expected at most 100: raise max_bytes"),
        ({"rate": -1.0}, "rate is -1.0"),
    ],
)
def test_refuses_parameters(table: Path, options: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        load(table, **options)


def test_refuses_what_is_no_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.csv", Path("a\0b")):
        with pytest.raises(DataError, match=r"expected a file, found none|there is no file like"):
            load(path)


def test_mutated_files_are_read_or_refused(table: Path) -> None:
    content = table.read_bytes()
    rng = np.random.default_rng(0)
    read, messages = 0, []
    for _ in range(200):
        damaged = bytearray(content)
        for place in rng.integers(0, len(content), rng.integers(1, 4)):
            damaged[place] = rng.integers(256) if rng.random() < 0.5 else ord(rng.choice(list('0123456789abe.,-\n"')))
        table.write_bytes(damaged)
        try:
            read += len(load(table, window=2).train) > 0
        except DataError as error:
            messages.append(str(error))
    assert all(str(table) in message for message in messages)
    assert 20 < read < 180


# tables as people have them


def rows_of(n: int = 40, seed: int = 0) -> np.ndarray:
    steps: np.ndarray = np.random.default_rng(seed).normal(size=(n, 2)).round(4)
    return steps


def text_of(steps: np.ndarray, *, head: str = "x,y\n", delimiter: str = ",", decimal: str = ".") -> str:
    lines = [delimiter.join(str(value).replace(".", decimal) for value in row) for row in steps.tolist()]
    return head + "\n".join(lines) + "\n"


XY: dict[str, Any] = {"signal": ["x", "y"], "window": 10, "stride": 10, "scale": False}


def test_a_folder_a_list_and_a_pattern_of_files(tmp_path: Path) -> None:
    whose: list[tuple[str, int, str]] = [("sit", 3, "7"), ("walk", 4, "7"), ("sit", 3, "11"), ("walk", 4, "11")]
    paths = []
    for seed, (label, trial, person) in enumerate(whose):
        path = tmp_path / f"{label}_{trial}" / f"sub_{person}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text_of(rows_of(seed=seed)))
        paths.append(path)
    (tmp_path / "sit_3" / "readme.txt").write_text("-")
    pattern = "{label}_{trial}/sub_{person}.csv"
    packed = Path(shutil.make_archive(str(tmp_path.parent / "packed"), "zip", tmp_path))
    for dataset in (
        load_csv(tmp_path, pattern=pattern, test_people=[7], **XY),
        load_csv(packed, pattern=pattern, test_people=["7"], **XY),
        load_csv(paths, pattern=pattern, test_people=[7], **XY),
    ):
        assert dataset.classes == ("sit", "walk")
        assert dataset.test.person is not None
        assert dataset.test.trial is not None
        assert set(zip(dataset.test.y, dataset.test.person, dataset.test.trial, strict=True)) == {(0, 7, 3), (1, 7, 4)}
        assert len(dataset.train) == len(dataset.test) == 8
    given = load_csv(paths, label=["sit", "walk"] * 2, person=[7, 7, 11, 11], test_people=[7], **XY)
    np.testing.assert_array_equal(given.test.X[:4].reshape(40, 2), rows_of(seed=0).astype(np.float32))
    np.testing.assert_array_equal(
        load_csv(str(tmp_path / "sit_3" / "*.csv"), label=["sit"] * 2, split="trial", **XY).train.X.shape[1:], (10, 2)
    )
    with pytest.raises(DataError, match="label has 1 names, expected 4: one a table"):
        load_csv(paths, label=["sit"], **XY)
    with pytest.raises(DataError, match="label is None, expected a column, a name for each file, or"):
        load_csv(paths, **XY)
    with pytest.raises(DataError, match=r"pattern is '\{who\}.csv', expected"):
        load_csv(tmp_path, pattern="{who}.csv", **XY)
    with pytest.raises(DataError, match=r"there is no file like '\{label\}.txt.csv'"):
        load_csv(tmp_path, pattern="{label}.txt.csv", **XY)


@pytest.mark.parametrize(
    ("head", "delimiter", "decimal", "options"),
    [
        ("x;y\n", ";", ".", {"delimiter": ";"}),
        ("x;y\n", ";", ",", {"delimiter": ";", "decimal": ","}),
        ("made by hand\n\nx,y\n", ",", ".", {"skip_lines": 1}),
        ("x,y\nm/s^2,m/s^2\n", ",", ".", {"units_row": True}),
        ("", ",", ".", {"header": False, "signal": [0, 1]}),
        ("", "  ", ".", {"header": False, "signal": [0, 1], "delimiter": " "}),
        ("x\ty\n", "\t", ".", {"delimiter": "\t"}),
        (" x , y \n", ",", ".", {}),
    ],
)
def test_the_forms_that_tables_have(
    tmp_path: Path, head: str, delimiter: str, decimal: str, options: dict[str, Any]
) -> None:
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for seed, path in enumerate(paths):
        path.write_text(text_of(rows_of(seed=seed), head=head, delimiter=delimiter, decimal=decimal))
    dataset = load_csv(paths, label=["a", "b"], person=["bob", "ann"], test_people=["ann"], **{**XY, **options})
    np.testing.assert_array_equal(dataset.train.X.reshape(40, 2), rows_of(seed=0).astype(np.float32))
    np.testing.assert_array_equal(dataset.test.X.reshape(40, 2), rows_of(seed=1).astype(np.float32))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("x;y\n1;2\n", "found the columns x;y: pass delimiter=';'"),
        ("x,y\ng,g\n1,2\n", "line 2: expected a number in column x, found 'g': pass units_row=True"),
        ('x,y\n"1,5","2,5"\n', "found '1,5': pass decimal=','"),
        ("x y\n1 2\n", "found the columns x y: pass delimiter=' '"),
        ("x\ty\n1\t2\n", r"found the columns x\ty: pass delimiter='\\t'"),
        (
            "made by A\n\nversion 2\nx,y\n1,2\n",
            "found the columns made by A: pass skip_lines=3 if line 4 is",
        ),
        ("0.5,1.5,sit\n1,2,sit\n", "found the columns 0.5, 1.5, sit: pass header=False, and columns by place, if"),
        ("x,z\n1,2\n", "line 1: expected one column y, found the columns x, z$"),
        ("x,y\n2020-01-01T10:00:00.5,1\n", "found '2020-01-01T10:00:00.5': an ISO time, which time= takes"),
        ("x,y\n1,\n", "line 2: expected a number in column y, found '': missing='drop' leaves such rows out"),
        (",".join(f"column{i}" for i in range(3000)) + ",Y,xx\n", "expected one column x, found the columns Y, xx|xx"),
    ],
)
def test_messages_say_what_to_pass(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=message) as raised:
        load_csv([path], label=["a"], split="random", **XY)
    assert len(str(raised.value)) < 300 + len(str(path))


@pytest.mark.parametrize("stamp", ["01.02.2020 10:00:05.25", "2/1/2020 10:00", "10:00:05"])
def test_a_time_in_another_form_is_told_what_form_is_read(tmp_path: Path, stamp: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"t,x,y,l\n{stamp},1,2,a\n")
    expected = f"expected a number in column t, found '{stamp}', or an ISO time such as 2020-02-01 10:00:00.25"
    with pytest.raises(DataError, match=f"line 2: {expected}"):
        load_csv(path, label="l", time="t", split="random", **XY)


def test_only_the_line_below_the_header_may_have_the_units(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,y\n1,2\n-,2\n")
    with pytest.raises(DataError, match=r"line 3: expected a number in column x, found '-'$"):
        load_csv([path], label=["a"], split="random", **XY)


@pytest.mark.parametrize(
    ("stamp", "rate"),
    [
        (lambda i: f"2020-03-01T12:00:{i // 50:02}.{i % 50 * 20:03}", 50),
        (lambda i: f"2020-03-01 12:00:{i // 50:02}.{i % 50 * 20:03}Z", 50),
        (lambda i: f"2020-03-01T12:00:{i // 50:02}.{i % 50 * 20:03}000+01:00", 50),
        (lambda i: 1_600_000_000 + i * 0.02, 50),
        (lambda i: 1_600_000_000_000 + i * 20, 50),
        (lambda i: 1_600_000_000_000_000 + i * 20_000, 50),
        (lambda i: 1_600_000_000_000_000_000 + i * 20_000_000, 50),
    ],
)
def test_times_as_dates_and_since_the_epoch(tmp_path: Path, stamp: Callable[[int], object], rate: float) -> None:
    path = tmp_path / "a.csv"
    path.write_text("t,x,y,l\n" + "".join(f"{stamp(i)},{i},0,{'ab'[i // 100]}\n" for i in range(200)))
    dataset = load_csv(path, label="l", time="t", split="random", **XY)
    assert dataset.rate == rate
    assert len(dataset.train) + len(dataset.test) == 20


@pytest.mark.parametrize(
    ("stamp", "said"),
    [
        ("now", "found 'now'"),
        ("today", "found 'today'"),
        ("3000-01-01", "found '3000-01-01'"),  # NumPy would count it as a time in 1831
        ("2020-03-01T12:00:01", "with a time zone, as in line 2, found '2020-03-01T12:00:01'"),
    ],
)
def test_what_is_no_time_or_of_another_kind_than_the_first_is_refused(tmp_path: Path, stamp: str, said: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"t,x,y,l\n2020-03-01T12:00:00Z,0,0,a\n{stamp},1,0,a\n")
    with pytest.raises(DataError, match=f"line 3: expected an ISO time in column t.*{said}"):
        load_csv(path, label="l", time="t", split="random", **XY)
    path.write_text(f"t,x,y,l\n{stamp.split('T')[0]},0,0,a\n2020-03-01T12:00:00+02:00,1,0,a\n")
    with pytest.raises(DataError, match=r"line [23]: expected"):
        load_csv(path, label="l", time="t", split="random", **XY)


def test_missing_cells_are_dropped_or_interpolated_if_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    lines = [f"{i},{i},{'a' if i < 40 else 'b'}" for i in range(80)]
    lines[5], lines[6] = ",5,a", "nan,6,a"
    path.write_text("x,y,l\n" + "\n".join(lines) + "\n")
    with pytest.raises(DataError, match=r"a.csv, line 7: expected a number in column x, found ''"):
        load_csv(path, label="l", split="random", **XY)
    filled = load_csv(path, label="l", split="random", missing="interpolate", **XY)
    rows = np.concatenate([filled.train.X, filled.test.X]).reshape(-1, 2)
    assert sorted(rows[:, 0]) == list(range(80))
    assert filled.summary.changed["values"] == {"interpolated": 2}
    dropped = load_csv(path, label="l", split="random", missing="drop", **XY)
    assert dropped.summary.dropped["rows"] == {"with missing cells": 2}
    assert len(dropped.train) + len(dropped.test) == 7  # no window goes across the hole


def test_rows_without_a_label_are_of_no_recording(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    lines = [f"{i},0,{0 if 20 <= i < 25 else '' if 60 <= i < 65 else 1 + i // 50}" for i in range(100)]
    path.write_text("x,y,l\n" + "\n".join(lines) + "\n")
    dataset = load_csv(path, label="l", split="random", unlabeled=["0", ""], **XY)
    assert dataset.classes == ("1", "2")
    assert dataset.summary.kept == {"rows": 90, "recordings": 4, "windows": 8}


def test_labels_that_are_numbers_are_ordered_as_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,y,l,p\n" + "".join(f"{i},0,{n}.0,{n}.0\n" for n in (10, 2, 1) for i in range(20)))
    dataset = load_csv(path, label="l", person="p", test_people=[10], **XY)
    assert dataset.classes == ("1.0", "2.0", "10.0")
    assert dataset.test.person is not None
    assert set(dataset.test.person.tolist()) == {10}


class Frame:
    """What `load_csv` uses of a pandas DataFrame."""

    def __init__(self, table: dict[str, Any]) -> None:
        self.table, self.columns = table, list(table)

    def __getitem__(self, name: str) -> Any:
        return self.table[name]


def test_columns_in_memory() -> None:
    n = 80
    table = {
        "x": np.arange(n),
        "y": np.zeros(n),
        "l": ["a"] * 40 + ["b"] * 40,
        "t": np.datetime64("2020-01-01") + np.arange(n) * np.timedelta64(40, "ms"),
    }
    for given in (table, Frame(table), [table]):
        dataset = load_csv(given, label="l", time="t", split="random", **XY)
        assert dataset.rate == 25
        assert len(dataset.train) + len(dataset.test) == 8
    with pytest.raises(DataError, match=r"different numbers of rows \(x 80, y 80, l 79\), expected one number"):
        load_csv({**table, "l": ["a"] * 79}, label="l", **XY)
    with pytest.raises(DataError, match="the table has no column z, expected one of x, y, l, t"):
        load_csv(table, label="z", **XY)
    with pytest.raises(DataError, match="the table has nan in column x, row 3, expected finite numbers"):
        load_csv({**table, "x": np.where(np.arange(n) == 3, np.nan, 1)}, label="l", **XY)


def test_two_sensors_are_joined_by_time() -> None:
    fast, slow = np.arange(0, 4, 0.02), np.arange(0.5, 3.5, 0.04)
    one = {"t": fast, "x": np.sin(fast), "l": np.array(["a"] * 100 + ["b"] * 100)}
    joined = join_by_time(one, {"t": slow, "x": np.cos(slow), "z": slow}, time="t")
    assert list(joined) == ["t", "x", "l", "x_2", "z"]
    assert joined["t"][0] == pytest.approx(0.5)
    assert joined["t"][-1] <= slow[-1]
    np.testing.assert_allclose(joined["x_2"], np.cos(joined["t"]), atol=1e-3)
    dataset = load_csv(joined, signal=["x", "x_2"], label="l", time="t", split="random", window=10, stride=10)
    assert dataset.rate == 50
    with pytest.raises(DataError, match="the two tables have no time in common"):
        join_by_time(one, {"t": slow + 100, "z": slow}, time="t")
    with pytest.raises(DataError, match=r"the second table has no column t, expected one of u"):
        join_by_time(one, {"u": slow}, time="t")


def test_the_line_of_a_byte_that_is_no_text_is_found_in_a_large_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_csv(path, steps=20_000)
    content = path.read_bytes()
    for line in (2, 3_000, 19_999):
        at = len(b"\n".join(content.split(b"\n")[: line - 1])) + 3
        path.write_bytes(content[:at] + b"\xff" + content[at + 1 :])
        with pytest.raises(DataError, match=rf"a.csv, line {line}: expected UTF-8 text: invalid start byte"):
            load_csv(path, signal=["ax"], label="what", person="who")


def test_of_a_file_that_grows_no_more_is_read_than_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"1\n" * 100)
    with opened(path, 200) as file:
        assert len(file.read()) == 200
    with opened(path, 200) as file, path.open("ab") as more:
        more.write(b"1\n" * 100_000)
        more.flush()
        with pytest.raises(DataError, match=r"a.csv: has \d+ bytes, expected at most 200: raise max_bytes"):
            file.read()


PEAK = """
import sys
from pathlib import Path
from unrolled import data

def status(name):
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith(name))

before = status("VmRSS")
data.load_csv(sys.argv[1], signal=["ax", "ay", "az"], label="what", person="who", time="time")
print((status("VmHWM") - before) / Path(sys.argv[1]).stat().st_size)
"""


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="it tells how much memory a process has held")
def test_a_load_holds_less_than_three_times_the_file(tmp_path: Path) -> None:
    """Whatever is held, in a process of its own, and modules that it is the first to import."""
    path = tmp_path / "a.csv"
    with path.open("w") as file:
        file.write("time,who,what,ax,ay,az,note\n")
        rows = [f"{x:.6f},{-x:.6f},{2 * x:.6f},-\n" for x in np.random.default_rng(0).normal(size=700)]
        for n in range(1000):
            file.writelines(f"{14 * n + i / 50:.2f},p{n // 250},{('nod', 'wave')[n % 2]},{rows[i]}" for i in range(700))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", PEAK, str(path)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert float(run.stdout) < 3, f"{float(run.stdout):.2f} times {path.stat().st_size / 1e6:.0f} MB"


def test_rows_are_read_by_numpy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    write_csv(path, steps=1_000)
    monkeypatch.setattr("unrolled.data.loaders.csv_rows._Reader._slow", lambda *_: pytest.fail("cell by cell"))
    assert load_csv(path, signal=["ax", "ay", "az"], label="what", person="who", time="time")


def test_the_name_of_a_person_is_asked_for_where_labels_are_those_of_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,person\n1,ann\n2,\n")
    with pytest.raises(DataError, match=r"a\.csv, line 3: expected a name in column person, found nothing"):
        load_csv([tmp_path / "a.csv"], label=["walk"], signal=["x"], person="person", window=1)


def test_columns_like_the_missing_one_are_named_first_whatever_their_case(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("zz,ACCELERATION_x\n1,2\n")
    with pytest.raises(DataError, match="expected one column acc, found the columns ACCELERATION_x, zz"):
        load_csv(tmp_path / "a.csv", label="acc", signal=["zz"], window=1)


@pytest.mark.parametrize("given", [True, 0.5, b"label"])
def test_what_is_no_column_is_told(table: Path, given: Any) -> None:
    with pytest.raises(DataError, match=f"^label is {given!r}, expected a column, or a list of names, one a file"):
        load(table, label=given)
