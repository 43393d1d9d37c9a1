from pathlib import Path

import numpy as np
import pytest
from data.wisdm_files import write_csv

from unrolled.data import DataError, Dataset, load_csv

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
    assert dataset.summary is not None
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
        (HEADER.encode() + b"1,2,,1,0\n", "a.csv, line 2: expected a name in column label, found nothing"),
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
        ({"signal": [1]}, "a column is 1, expected its name"),
        ({"signal": ["x", "x"]}, "column 'x' is asked for twice"),
        ({"label": "x"}, "column 'x' is asked for twice"),
        ({"delimiter": ", "}, "delimiter is ', ', expected a single character"),
        ({"classes": ["a", "c"]}, "mine.csv, line 12: expected one of 'a', 'c' in column label, found 'b'"),
        ({"classes": "ab"}, "classes is the string 'ab'"),
        ({"test_people": "1"}, "test_people is '1', expected a tuple"),
        ({"test_people": [3]}, "test_people has 3, expected some and not all of 1, 2"),
        ({"test_people": [1, 2]}, "test_people are"),
        ({"max_gap": -1.0}, "max_gap is -1.0"),
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
        with pytest.raises(DataError, match="expected a file, found none"):
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
