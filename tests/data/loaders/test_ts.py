"""`load_ts`, on files that imitate the archive's."""

import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
from data.ts_files import made_up_cases, ts_line, ts_text, write_ts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unrolled import rnn
from unrolled.data import DataError, Samples, load_ts
from unrolled.data.loaders.ts_files import read_ts

CLASSES = ("a", "b", "c")


def write_both(
    folder: Path, lengths: tuple[list[int], list[int]] = ([5, 5, 5, 5], [5, 5, 5]), d: int = 2
) -> tuple[Path, Path]:
    paths = folder / "MadeUp_TRAIN.ts", folder / "MadeUp_TEST.ts"
    for seed, (path, own) in enumerate(zip(paths, lengths, strict=True)):
        write_ts(path, *made_up_cases(own, d, seed=seed), tags={"equalLength": "false", "seriesLength": None})
    return paths


@pytest.mark.parametrize("d", [1, 3])
def test_equal_lengths(tmp_path: Path, d: int) -> None:
    dataset = load_ts(*write_both(tmp_path, d=d), scale=False)
    for seed, (part, n) in enumerate(((dataset.train, 4), (dataset.test, 3))):
        np.testing.assert_array_equal(part.X, np.stack(made_up_cases([5] * n, d, seed=seed)[0]), strict=True)
        assert part.y.tolist() == [0, 1, 2, 0][:n]
        assert part.lengths is None
    assert dataset.classes == CLASSES
    assert dataset.rate is None
    assert dataset.scaling is None
    assert dataset.provenance.startswith("MadeUp (the UEA and UCR archive's layout), its own split: MadeUp_TRAIN.ts")
    assert dataset.summary.counts() == ["series: 7 kept, 0 dropped", f"values: {7 * 5 * d} kept, 0 dropped"]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.tuples(*[st.lists(st.integers(1, 6), min_size=1, max_size=5)] * 2), st.integers(1, 3))
def test_any_lengths(tmp_path: Path, lengths: tuple[list[int], list[int]], d: int) -> None:
    dataset = load_ts(*write_both(tmp_path, lengths, d), scale=False)
    longest = max(map(max, lengths))
    for seed, (part, own) in enumerate(zip((dataset.train, dataset.test), lengths, strict=True)):
        assert part.X.shape == (len(own), longest, d)
        if {*lengths[0], *lengths[1]} == {longest}:
            assert part.lengths is None
        else:
            assert part.lengths is not None
            assert part.lengths.tolist() == own
        for x, case, length in zip(part.X, made_up_cases(own, d, seed=seed)[0], own, strict=True):
            np.testing.assert_array_equal(x[:length], case)
            assert not x[length:].any()


def test_scaled_as_measured_on_the_steps_of_the_training_part(tmp_path: Path) -> None:
    paths = write_both(tmp_path, ([3, 9, 4, 6], [7, 2, 9]))
    raw, scaled = load_ts(*paths, scale=False, rate=10), load_ts(*paths, rate=10)
    steps = np.concatenate(made_up_cases([3, 9, 4, 6])[0]).astype(np.float64)
    assert scaled.scaling is not None
    assert scaled.rate == 10
    np.testing.assert_allclose(scaled.scaling.mean, steps.mean(axis=0))
    np.testing.assert_allclose(scaled.scaling.std, steps.std(axis=0))
    np.testing.assert_array_equal(scaled.test.X[0, :7], scaled.scaling.apply(raw.test.X[0, :7]))
    assert not scaled.test.X[0, 7:].any()
    assert "4 training and 3 test series of 2 to 9 steps x 2 axes at 10 Hz" in repr(scaled)


def test_the_looser_spellings_of_the_archive(tmp_path: Path) -> None:
    """Tags in any case, "@dimension", Windows line ends, a byte order mark, comments in Latin-1, empty lines."""
    text = (
        "#Gar\xeda\r\n@PROBLEMNAME two words\r\n@timestamps FALSE\r\n@missing false\r\n@univariate false\r\n\r\n"
        "@dimension 2\r\n@equallength true\r\n@serieslength 3\r\n@classlabel True\t1.0 2.0\r\n@madeUp what\r\n"
        "@DATA\r\n 1, -2.5e-1,+3 :4,5,6:1.0 \r\n\r\n# between cases\r\n7,8,9:0,0,0:2.0"
    )
    path = tmp_path / "a.ts"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode("latin-1"))
    dataset = load_ts(path, str(path), scale=False)
    assert dataset.train.X.tolist() == [[[1, 4], [-0.25, 5], [3, 6]], [[7, 0], [8, 0], [9, 0]]]
    assert dataset.train.y.tolist() == [0, 1]
    assert dataset.classes == ("1.0", "2.0")
    assert dataset.provenance.startswith("two words (")


def test_the_test_part_may_declare_fewer_labels_and_in_another_order(tmp_path: Path) -> None:
    train, test = write_both(tmp_path)
    write_ts(test, *made_up_cases([5, 5], classes=("c", "b")), classes=("c", "b"))
    assert load_ts(train, test).test.y.tolist() == [2, 1]


# missing values

GAPS = "?,1,?,NaN,4,?:0,0,0,0,0,0:a\n"


def test_missing_values_are_interpolated_if_asked_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    train, test = write_both(tmp_path, ([6], [6]))
    train.write_text(train.read_text() + GAPS)
    with pytest.raises(DataError, match=r"TRAIN.ts, line 13, dimension 1: value 1 is missing, .*missing='interpolate'"):
        load_ts(train, test)
    with caplog.at_level(logging.INFO, "unrolled.data"):
        dataset = load_ts(train, test, missing="interpolate", scale=False)
    assert dataset.train.X[1].tolist() == [[1, 0], [1, 0], [2, 0], [3, 0], [4, 0], [4, 0]]
    assert dataset.summary.counts() == ["series: 3 kept, 0 dropped", "values: 36 kept, 0 dropped, 4 interpolated"]
    assert any("values: 24 kept, 0 dropped, 4 interpolated" in message for message in caplog.messages)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.none() | st.integers(-99, 99), min_size=6, max_size=6), min_size=1, max_size=3))
def test_what_is_not_missing_stays(tmp_path: Path, columns: list[list[int | None]]) -> None:
    case = np.array(columns, float).T
    there = np.flatnonzero(~np.isnan(case).all(axis=1))
    written, case = case, case[: there[-1] + 1] if len(there) else case  # what is missing at the end is not of it
    path = write_ts(tmp_path / "a.ts", [written], ["a"])
    if np.isnan(case).all(axis=0).any():
        with pytest.raises(DataError, match=r"a.ts, line \d+, dimension \d: every value is missing"):
            load_ts(path, path, missing="interpolate")
        return
    dataset = load_ts(path, path, missing="interpolate", scale=False)
    filled, given = dataset.train.X[0], ~np.isnan(case)
    np.testing.assert_array_equal(filled[given], case[given])
    assert (filled >= np.nanmin(case, axis=0)).all()
    assert (filled <= np.nanmax(case, axis=0)).all()
    assert dataset.summary.kept["values"] == 2 * given.size


def test_what_is_missing_at_the_end_is_padding(tmp_path: Path) -> None:
    path = tmp_path / "a.ts"
    head = "@problemName x\n@univariate true\n@equalLength true\n@seriesLength 5\n@classLabel true a b\n@data\n"
    path.write_text(head + "1,2,?,?,?:a\n1,2,3,4,5:b\n")
    dataset = load_ts(path, path, scale=False)
    assert dataset.train.lengths is not None
    assert dataset.train.lengths.tolist() == [2, 5]
    assert dataset.train.X[:, :, 0].tolist() == [[1, 2, 0, 0, 0], [1, 2, 3, 4, 5]]
    assert "2 that end before their last, missing values" in str(dataset.summary)
    path.write_text(head + "1,?,3,?,?:a\n")
    with pytest.raises(DataError, match="dimension 1: value 2 is missing"):
        load_ts(path, path)


# the archive's other forms


def test_comments_with_percent_signs_and_a_problem_named_twice(tmp_path: Path) -> None:
    path = tmp_path / "a.ts"
    path.write_text("%a comment\n@problemName x\n@problemName y\n@univariate true\n@classLabel true a\n@data\n1,2:a\n")
    assert load_ts(path, path).provenance.startswith("x (")


def test_a_zip_or_a_folder_with_one_pair_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "MadeUp").mkdir()
    train, test = write_both(tmp_path / "MadeUp")
    (tmp_path / "MadeUp" / "MadeUp_TRAIN.arff").write_text("%")
    packed = Path(shutil.make_archive(str(tmp_path / "MadeUp"), "zip", tmp_path / "MadeUp"))
    expected = load_ts(train, test)
    for path in (packed, tmp_path / "MadeUp", tmp_path):
        found = load_ts(path)
        np.testing.assert_array_equal(found.train.X, expected.train.X)
        assert found.provenance == expected.provenance
    with pytest.raises(DataError, match=r"MadeUp.zip: expected a .ts or .tsv file, found a folder or a zip"):
        load_ts(packed, packed)
    with pytest.raises(DataError, match=r"TRAIN.ts: expected a zip or a folder, or the test file as second"):
        load_ts(train)
    shutil.copy(train, tmp_path / "Other_TRAIN.ts")
    with pytest.raises(DataError, match=r"expected one X_TRAIN.ts and one X_TEST.ts, found MadeUp/MadeUp_TEST.ts, "):
        load_ts(tmp_path)


def test_tsv_of_the_ucr_archive(tmp_path: Path) -> None:
    (tmp_path / "Made_TRAIN.tsv").write_text("10\t1\t2.5\t-3e-1\n2\t4\t5\tNaN\n")
    (tmp_path / "Made_TEST.tsv").write_text("2\t7\t8\t9\n")
    for dataset in (
        load_ts(tmp_path / "Made_TRAIN.tsv", tmp_path / "Made_TEST.tsv", scale=False),
        load_ts(tmp_path, scale=False),
    ):
        assert dataset.classes == ("2", "10")
        assert dataset.train.y.tolist() == [1, 0]
        assert dataset.test.y.tolist() == [0]
        np.testing.assert_array_equal(dataset.train.X[:, :, 0], np.array([[1, 2.5, -0.3], [4, 5, 0]], np.float32))
        assert dataset.train.lengths is not None
        assert dataset.train.lengths.tolist() == [3, 2]
    (tmp_path / "Made_TEST.tsv").write_text("3\t7\t8\t9\n")
    with pytest.raises(DataError, match="the label '3' is declared, expected only labels"):
        load_ts(tmp_path)
    (tmp_path / "Made_TEST.tsv").write_text("3,7,8,9\n")
    with pytest.raises(DataError, match="line 1: expected a label and values with tabs between, found '3,7,8,9'"):
        load_ts(tmp_path)


def test_parts_of_other_lengths_and_one_file_given_twice_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    train = write_ts(tmp_path / "A_TRAIN.ts", *made_up_cases([150, 150], d=1))
    test = write_ts(tmp_path / "A_TEST.ts", *made_up_cases([24], d=1))
    with pytest.raises(DataError, match=r"its series have 24 steps and those of A_TRAIN.ts 150.* both declare eq"):
        load_ts(train, test)
    load_ts(train, train)
    assert "scores will be too good: of 2 test series 2 are in the training part too" in caplog.text


def test_cases_of_one_step_are_read_many_at_a_time(tmp_path: Path) -> None:
    """A million of them take seconds: the numbers of a whole block of lines are one array, not an array a case."""
    content = b"@problemName x\n@univariate true\n@classLabel true a b\n@data\n" + b"1.5:a\n-2:b\n" * 10_000
    blocks = read_ts(content, "a.ts", "refuse", 2**20).cases.blocks
    assert sum(map(len, blocks)) == 20_000
    assert len(blocks) == 1
    path = tmp_path / "a.ts"
    path.write_bytes(content)
    assert load_ts(path, path, scale=False).train.X.shape == (20_000, 1, 1)


# targets that are numbers

NUMBERS = {"classLabel": "false", "targetLabel": "true"}


def test_targets_that_are_numbers(tmp_path: Path) -> None:
    """As published: @classLabel false may be there or not, and a target is in any form of a number."""
    cases, _ = made_up_cases([5, 3, 4], seed=1)
    train = write_ts(tmp_path / "Made_TRAIN.ts", cases, ["19.38", "-2", " 7.5e-1 "], tags=NUMBERS)
    test = write_ts(tmp_path / "Made_TEST.ts", cases[:2], ["0", "1e30"], tags=NUMBERS | {"classLabel": None})
    dataset = load_ts(train, test, scale=False)
    assert (dataset.classes, dataset.train.numbers, dataset.test.numbers) == ((), True, True)
    np.testing.assert_array_equal(dataset.train.y, [19.38, -2, 0.75], strict=True)
    np.testing.assert_array_equal(dataset.test.y, [0, 1e30], strict=True)
    np.testing.assert_array_equal(dataset.train.X[1, :3], cases[1])
    assert dataset.train.lengths is not None
    assert dataset.train.lengths.tolist() == [5, 3, 4]
    np.testing.assert_array_equal(load_ts(tmp_path).train.y, dataset.train.y)  # not scaled either
    net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=2, n_outputs=1, head=rnn.Linear(), rng=0)
    history = rnn.train(net, dataset.train, optimizer=rnn.Adam(0.1), epochs=9, rng=0, progress=False)
    assert history.loss[-1] < history.loss[0]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,2,3:4,5,6:", "the target is '', expected a finite number"),
        ("1,2,3:4,5,6:?", r"the target is '\?', expected a finite number"),
        ("1,2,3:4,5,6:NaN", "the target is 'NaN', expected a finite number"),
        ("1,2,3:4,5,6:inf", "the target is 'inf', expected a finite number"),
        ("1,2,3:4,5,6:1e39", "the target is '1e39', expected a finite number"),
        ("1,2,3:4,5,6:1_0", "the target is '1_0', expected a finite number"),
        ("1,2,3:4,5,6:a", "the target is 'a', expected a finite number"),
        ("1,2,3:4,5,6:1,5", "the target is '1,5', expected a finite number"),
        ("1,2,3:4,5,6:" + "x" * 999, r"the target is 'x{60}'\.\.\., expected a finite number"),
        ("1,2,3:5", "there are 1 dimensions, expected 2 as declared"),
        ("1,2,3", "expected dimensions and a target with ':' between, found '1,2,3'"),
    ],
)
def test_refuses_a_target(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "bad.ts"
    path.write_text(ts_text(*made_up_cases([3], classes=("2.5",)), CLASSES, tags=NUMBERS) + line + "\n1,2,3:4,5,6:7\n")
    with pytest.raises(DataError, match=f"bad.ts, line 15: {message}"):
        load_ts(path, path)


def test_refuses_numbers_beside_class_labels(tmp_path: Path) -> None:
    numbers = write_ts(tmp_path / "a.ts", *made_up_cases([3], classes=("2.5",)), tags=NUMBERS)
    labels = write_ts(tmp_path / "b.ts", *made_up_cases([3]))
    with pytest.raises(DataError, match=r"b.ts: its targets are class labels and those of .*a.ts numbers"):
        load_ts(numbers, labels)
    with pytest.raises(DataError, match=r"a.ts: its targets are numbers and those of .*b.ts class labels"):
        load_ts(labels, numbers)


# what is refused

HEAD = ts_text(*made_up_cases([3], d=2), classes=CLASSES)  # ends with a case, on line 13
TAGS = HEAD[: HEAD.index("@data\n")]
LINE = "1,2,3:4,5,6:a\n"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,2,x:4,5,6:a", "dimension 1: expected a finite number as value 3, found 'x'"),
        ("1,2,3:4,5,1_0:a", "dimension 2: expected a finite number as value 3, found '1_0'"),
        ("1,2,3:4,5,٣:a", "dimension 2: expected a finite number as value 3, found '٣'"),
        ("1,2,3:4,,6:a", "dimension 2: expected a finite number as value 2, found ''"),
        ("1,2,3:4,5,6,:a", "dimension 2 has 4 values and dimension 1 has 3"),
        ("1,2,3:inf,5,6:a", "dimension 2: expected a finite number as value 1, found 'inf'"),
        ("1,2,3:1e39,5,6:a", "dimension 2: expected a finite number as value 1, found '1e39'"),
        ("1,2,3:1?,5,6:a", r"dimension 2: expected a finite number as value 1, found '1\?'"),
        ("(0,1),(1,2):1,2:a", "dimension 2 has 2 values and dimension 1 has 4"),
        ("1,2,3:4,nan,6:a", "dimension 2: value 2 is missing"),
        ("1,2,3:a", "there are 1 dimensions, expected 2 as declared"),
        ("1,2,3:1,2,3:1,2,3:a", "there are 3 dimensions, expected 2 as declared"),
        ("1,2,3:4,5:a", "dimension 2 has 2 values and dimension 1 has 3, expected as many in each"),
        ("1,2:4,5:a", "the series has 2 steps, expected 3 as declared"),
        ("1,2,3:4,5,6:d", "the class label is 'd', expected one of those declared on line 11: 'a', 'b', 'c'"),
        ("1,2,3:4,5,6:", "the class label is '', expected one of those declared"),
        ("1,2,3:4,5,6", "the class label is '4,5,6', expected one of those declared"),
        ("1,2,3", "expected dimensions and a class label with ':' between, found '1,2,3'"),
        ("1,2,3:4,5," + "7" * 999 + ":a", r"value 3, found '7{60}'\.\.\."),
        ("\0\0\0", r"expected dimensions .* found '\\x00\\x00\\x00'"),
    ],
)
def test_refuses_a_case(tmp_path: Path, line: str, message: str) -> None:
    train, _ = write_both(tmp_path)
    path = tmp_path / "bad.ts"
    path.write_text(HEAD + LINE + line + "\n" + LINE, encoding="utf-8")
    for order in ((path, train), (train, path)):
        with pytest.raises(DataError, match=f"bad.ts, line 15(,|:).*{message}"):
            load_ts(*order)


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ({"timeStamps": "true"}, "line 5: the values carry time stamps, expected steps at a steady rate"),
        ({"timeStamps": "maybe"}, "line 5: @timestamps is 'maybe', expected true or false"),
        ({"missing": ""}, "line 6: @missing is '', expected true or false"),
        ({"univariate": "true"}, "line 8: there are 2 dimensions, but @univariate is true"),
        ({"dimensions": "0"}, "line 8: @dimensions is '0', expected a whole number from 1"),
        ({"dimensions": "9" * 4300}, r"line 8: @dimensions is '9{60}'\.\.\., expected a whole number"),
        ({"dimensions": "999999999"}, "line 13: there are 2 dimensions, expected 999999999 as declared"),
        ({"seriesLength": "999999999"}, "line 13: the series has 3 steps, expected 999999999 as declared"),
        ({"seriesLength": None, "equalLength": "true"}, "line 13: the series has 4 steps, expected 3 as on line 12"),
        ({"dimensions": None, "equalLength": "false"}, "line 14: there are 1 dimensions, expected 2 as on line 12"),
        ({"classLabel": None}, "there is no line @classLabel true"),
        ({"classLabel": "true"}, "line 11: @classLabel is 'true', expected true and the labels"),
        ({"classLabel": "false"}, "line 11: @classLabel is 'false', expected true and the labels"),
        ({"classLabel": ""}, "line 11: @classLabel is '', expected true and the labels"),
        ({"classLabel": "true a b a"}, "line 11: the label 'a' is declared twice"),
        ({"targetLabel": "true"}, "line 11: @classLabel is 'true a b c' and @targetLabel is true on line 12"),
        ({"targetLabel": "true", "classLabel": "true"}, "line 11: @classLabel is 'true' and @targetLabel is true on"),
        ({"targetLabel": "true a b"}, "line 12: @targetlabel is 'true a b', expected true or false"),
        ({"targetLabel": "false", "classLabel": "false"}, "line 11: @classLabel is 'false', .* @targetLabel true for"),
        ({"@univariate": None, "UNIVARIATE": "true"}, "line 12: @UNIVARIATE is there twice"),
        ({"x\njunk": ""}, "line 13: expected a tag such as @univariate, or @data, found 'junk'"),
    ],
)
def test_refuses_a_header(tmp_path: Path, tags: dict[str, str | None], message: str) -> None:
    whole = {"seriesLength": "3", "equalLength": "true", "classLabel": None} | {"classLabel": "true a b c"}
    cases = [np.ones((3, 2)), np.ones((4, 2)), np.ones((3, 1))]
    text = ts_text(cases, ["a"] * 3, CLASSES, tags=whole | tags)
    path = tmp_path / "bad.ts"
    path.write_text(text)
    with pytest.raises(DataError, match=f"bad.ts(, |: ){message}"):
        load_ts(path, path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "bad.ts: there is nothing but comments in it"),
        (b"# nothing but\n\n", "bad.ts: there is nothing but comments in it"),
        (TAGS.encode() + b"@data 1,2:a\n", "bad.ts, line 12: expected the cases below @data, found '1,2:a' beside it"),
        (TAGS.encode(), "bad.ts: there is no @data line"),
        ((TAGS + "@data\n").encode(), "bad.ts: there is no case below @data"),
        (HEAD.encode("utf-16"), "bad.ts, line 1: expected text: invalid start byte of UTF-8"),
        (HEAD.encode() + "1,2,3:4,5,6:\xe9".encode("latin-1"), "bad.ts, line 14: expected text"),
        ((TAGS + "\u00a0\n@data\n").encode(), "bad.ts: there is no case"),
        (b"PK\3\4" + bytes(99), r"bad.ts, line 1: expected a tag such as @univariate, or @data, found 'PK"),
        (np.random.default_rng(0).bytes(9999), r"bad.ts, line \d+: expected"),
    ],
)
def test_refuses_a_file(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.ts"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        load_ts(path, path)


def test_refuses_what_is_no_file_or_too_large(tmp_path: Path) -> None:
    train, test = write_both(tmp_path, ([3, 3], [3, 500]))
    with pytest.raises(DataError, match=r"none.ts: expected a file, found none"):
        load_ts(train, tmp_path / "none.ts")
    with pytest.raises(DataError, match=r"expected a .ts or .tsv file, found a folder or a zip: pass it alone"):
        load_ts(tmp_path, test)
    with pytest.raises(DataError, match="missing is 'drop', expected one of 'refuse', 'interpolate'"):
        load_ts(train, test, missing="drop")  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"TRAIN.ts: has \d+ bytes, expected at most 99: raise max_bytes"):
        load_ts(train, test, max_bytes=99)
    # a single long series among short ones
    write_ts(train, *made_up_cases([1] * 400, d=1))
    write_ts(test, *made_up_cases([500], d=1), tags={"equalLength": "false", "seriesLength": None})
    with pytest.raises(DataError, match=r"padded to 500 steps, the series need 802000 bytes, expected at most 200000"):
        load_ts(train, test, max_bytes=200_000)
    one = ts_text([np.ones((1, 1))], ["a"], CLASSES, tags={"seriesLength": None})
    train.write_text(one.replace("1.0:a", ",".join("1" * 30_000) + ":a"))
    with pytest.raises(
        DataError, match=r"TRAIN.ts, line \d+: the series so far take 120024 bytes, expected at most 65000"
    ):
        load_ts(train, test, max_bytes=65_000)


def test_refuses_parts_that_do_not_fit(tmp_path: Path) -> None:
    train, test = write_both(tmp_path)
    write_ts(test, *made_up_cases([5, 5], d=3))
    with pytest.raises(DataError, match=r"TEST.ts: the series have 3 dimensions, expected 2 as in MadeUp_TRAIN.ts"):
        load_ts(train, test)
    write_ts(test, *made_up_cases([5, 5]), classes=("a", "b", "c", "d"))
    with pytest.raises(
        DataError, match=r"TEST.ts, line 11: the label 'd' is declared, expected only .*MadeUp_TRAIN.ts"
    ):
        load_ts(train, test)


def test_a_file_cut_anywhere_or_with_any_byte_changed_is_loaded_or_refused(tmp_path: Path) -> None:
    train, test = write_both(tmp_path, ([3, 2], [3]))
    content = train.read_bytes()
    rng = np.random.default_rng(0)
    bad = tmp_path / "bad.ts"
    messages = []
    for n in range(300):
        changed = bytearray(content)
        if n % 3:
            changed[rng.integers(len(content))] = rng.integers(256)
        else:
            del changed[rng.integers(len(content)) :]
        bad.write_bytes(changed)
        try:
            dataset = load_ts(bad, test, scale=False)
        except DataError as error:
            messages.append(str(error))
        else:
            assert np.isfinite(dataset.train.X).all()
    assert 100 < len(messages) < 300
    assert all("bad.ts" in message for message in messages)


# from file to network


def test_a_network_learns_from_series_of_different_lengths(tmp_path: Path) -> None:
    """Which class it is shows in the sign of the first dimension's slope, whatever the length."""
    rng = np.random.default_rng(1)

    def cases(n: int) -> tuple[list[np.ndarray], list[str]]:
        labels = ["up" if i % 2 else "down" for i in range(n)]
        slopes = [0.5 if label == "up" else -0.5 for label in labels]
        lengths = rng.integers(3, 12, n)
        made = [
            np.stack([slope * np.arange(length), rng.normal(size=length)], axis=1)
            for slope, length in zip(slopes, lengths, strict=True)
        ]
        return made, labels

    paths = tmp_path / "Slopes_TRAIN.ts", tmp_path / "Slopes_TEST.ts"
    for path, n in zip(paths, (60, 30), strict=True):
        write_ts(path, *cases(n), classes=("up", "down"))
    dataset = load_ts(*paths)
    train, validation = dataset.train.split(0.2, rng=0)
    assert train.lengths is not None
    net = rnn.ManyToOne(rnn.Tanh(8), n_inputs=2, n_classes=2, rng=0)
    history = rnn.train(net, train, validation=validation, optimizer=rnn.Adam(0.02), batch_size=16, epochs=10, rng=0)
    assert history.loss[-1] < 0.5 * history.loss[0]

    test: Samples = dataset.test
    assert test.lengths is not None
    together = net.predict_proba(test.X, test.lengths)
    for n, length in enumerate(test.lengths.tolist()):
        np.testing.assert_allclose(together[n], net.predict_proba(test.X[n : n + 1, :length])[0], rtol=1e-5, atol=1e-6)
    assert np.mean(together.argmax(1) == test.y) > 0.9


def test_the_imitation_writes_what_is_published() -> None:
    text = ts_text([np.array([[1, 2.5], [np.nan, 4]])], ["b"], CLASSES)
    assert text.endswith(
        "@problemName MadeUp\n@timeStamps false\n@missing true\n@univariate false\n@dimensions 2\n@equalLength true\n"
        "@seriesLength 2\n@classLabel true a b c\n@data\n1.0,?:2.5,4.0:b\n"
    )
    assert ts_line(np.array([[1.0]]), "x") == "1.0:x\n"


def test_a_pair_may_have_twice_the_bytes_of_one_file(tmp_path: Path) -> None:
    paths = write_both(tmp_path)
    largest = max(path.stat().st_size for path in paths)
    assert load_ts(tmp_path, max_bytes=largest).train.X.shape == (4, 5, 2)
