"""DataFrames are taken wherever a table is, and mean what the same columns in a mapping mean."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data.wisdm_files import write_csv

from unrolled.data import DataError, Dataset, cut_recordings, from_recordings, join_by_time, load_csv

pandas = pytest.importorskip("pandas", reason="pandas is not installed (pip install 'unrolled[pandas]')")

GIVEN: dict[str, Any] = {
    "signal": ["ax", "ay", "az"], "label": "what", "person": "who", "time": "time", "window": 30, "stride": 30,
    "test_people": ["bob"],
}  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_csv(tmp_path / "a.csv", steps=100)
    return tmp_path / "a.csv"


def same(one: Dataset, other: Dataset) -> None:
    assert (one.classes, one.rate, str(one.summary)) == (other.classes, other.rate, str(other.summary))
    for name in ("X", "y", "person", "trial"):
        for part in ("train", "test"):
            np.testing.assert_array_equal(getattr(getattr(one, part), name), getattr(getattr(other, part), name))


def test_a_frame_is_the_file_it_was_read_from(path: Path) -> None:
    frame = pandas.read_csv(path)
    expected = load_csv(path, **GIVEN)
    same(load_csv(frame, **GIVEN), expected)
    same(load_csv([part for _, part in frame.groupby("who")], **GIVEN), expected)
    same(load_csv(frame.astype({"what": "category", "who": "category"}), **GIVEN), expected)
    same(load_csv(frame.convert_dtypes(), **GIVEN), expected)


def test_dates_and_missing_cells_of_a_frame(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "unrolled.data")
    frame = pandas.read_csv(path)
    dated = frame.assign(time=pandas.to_datetime(frame["time"], unit="s"))
    same(load_csv(dated, **GIVEN), load_csv(path, **GIVEN))
    zoned = frame.assign(time=pandas.to_datetime(frame["time"], unit="s", utc=True))
    same(load_csv(zoned, **GIVEN), load_csv(path, **GIVEN))
    for kind in ("float64", "Float64"):
        holes = frame.copy()
        holes["ay"] = holes["ay"].astype(kind)
        holes.loc[7, "ay"] = pandas.NA if kind == "Float64" else np.nan
        with pytest.raises(DataError, match="the table has nan in column ay, row 7, expected finite numbers"):
            load_csv(holes, **GIVEN)
        filled = load_csv(holes, missing="interpolate", **GIVEN)
        assert filled.summary.changed["values"] == {"interpolated": 1}
    unlabeled = frame.copy()
    unlabeled.loc[:49, "what"] = None
    dropped = load_csv(unlabeled, **GIVEN).summary
    assert dropped is not None
    assert dropped.dropped["rows"] == {"unlabeled": 50}


def test_frames_of_two_sensors_and_columns_by_hand(path: Path) -> None:
    frame = pandas.read_csv(path)
    ann = frame[frame["who"] == "ann"]
    joined = join_by_time(ann[["time", "ax", "what"]], ann[["time", "ay"]], time="time")
    np.testing.assert_allclose(joined["ay"], ann["ay"])
    zoned = ann.assign(time=pandas.to_datetime(ann["time"], unit="s", utc=True))
    of_dates = join_by_time(zoned[["time", "ax", "what"]], zoned[["time", "ay"]], time="time")
    given: Any = {
        "signal": ["ax", "ay"],
        "label": "what",
        "time": "time",
        "split": "random",
        "window": 30,
        "stride": 30,
    }
    same(load_csv(of_dates, **given), load_csv(joined, **given))
    recordings = cut_recordings(ann[["ax", "ay"]], np.zeros(len(ann), int), np.ones(len(ann), int), time=ann["time"])
    assert [len(recording.signal) for recording in recordings] == [100, 100]
    parts = [(part[["ax", "ay"]], what, who) for (who, what), part in frame.groupby(["who", "what"])]
    assert len(from_recordings(parts, window=30, stride=30).train)


def test_a_column_that_is_not_there_is_told(path: Path) -> None:
    frame = pandas.read_csv(path)
    with pytest.raises(DataError, match="the table has no column aq, expected one of time, who, what, ax"):
        load_csv(frame, **(GIVEN | {"signal": ["aq"]}))
