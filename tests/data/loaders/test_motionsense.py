import logging
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from unrolled.data import (
    DataError,
    Dataset,
    Recording,
    Samples,
    cut_windows,
    load_motionsense,
    read_motionsense,
)
from unrolled.data.loaders import motionsense_files

MakeZip = Callable[[dict[str, str | bytes]], Path]
HEADER = (
    ",attitude.roll,attitude.pitch,attitude.yaw,gravity.x,gravity.y,gravity.z,rotationRate.x,rotationRate.y,"
    "rotationRate.z,userAcceleration.x,userAcceleration.y,userAcceleration.z\n"
)
ROW = "0,1,2,3,4,5,6,7,8,9,10,20,30\n"
CLASSES = ("downstairs", "jogging", "sitting", "standing", "upstairs", "walking")


def assert_equal(one: Samples, other: Samples) -> None:
    for name in ("X", "y", "person", "trial"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), strict=True)


# the imitation


def test_zip_and_folder_are_the_same(imitation: tuple[Path, Path]) -> None:
    root, packed = imitation
    sets = [
        load_motionsense(path, n_train=3, n_test=2, rng=5)
        for path in (packed, root, root / "A_DeviceMotion_data", str(packed))
    ]
    for dataset in sets[1:]:
        assert_equal(dataset.train, sets[0].train)
        assert_equal(dataset.test, sets[0].test)
        assert dataset.provenance == sets[0].provenance


def test_the_folder_may_have_any_name_and_be_zipped_from_inside(imitation: tuple[Path, Path], tmp_path: Path) -> None:
    root, _ = imitation
    renamed = tmp_path / "mine"
    shutil.copytree(root / "A_DeviceMotion_data", renamed)
    inside = Path(shutil.make_archive(str(tmp_path / "inside"), "zip", renamed))
    outside = Path(shutil.make_archive(str(tmp_path / "outside"), "zip", root.parent, root.name))
    expected = read_motionsense(root)
    for path in (renamed, inside, outside):
        found = read_motionsense(path)
        assert [(r.label, r.trial, r.person) for r in found] == [(r.label, r.trial, r.person) for r in expected]
        assert all((a.signal == b.signal).all() for a, b in zip(found, expected, strict=True))


def test_nothing_is_unpacked(imitation: tuple[Path, Path], tmp_path: Path) -> None:
    packed = shutil.copy(imitation[1], tmp_path / "a.zip")
    read_motionsense(packed)
    assert [file.name for file in tmp_path.iterdir()] == ["a.zip"]


def test_recordings_are_in_the_order_of_movement_trial_and_person(imitation: tuple[Path, Path]) -> None:
    recordings = read_motionsense(imitation[1])
    numbers = [(r.label, r.trial, r.person) for r in recordings]
    assert numbers == sorted(numbers)
    assert len(numbers) == 15 * 3
    assert numbers[:4] == [(0, 1, 1), (0, 1, 2), (0, 1, 21), (0, 2, 1)]
    assert numbers[-1] == (5, 15, 21)


def test_signals_are_made_of_the_right_columns(make_zip: MakeZip) -> None:
    path = make_zip({"A_DeviceMotion_data/wlk_7/sub_3.csv": HEADER + ROW})
    expected = {
        "acceleration": [14, 25, 36],
        "user_acceleration": [10, 20, 30],
        "gravity": [4, 5, 6],
        "rotation_rate": [7, 8, 9],
        "attitude": [1, 2, 3],
        "motion": [14, 25, 36, 7, 8, 9],
        "all": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30],
    }
    assert set(expected) == set(motionsense_files.SIGNALS)
    for signal, row in expected.items():
        (recording,) = read_motionsense(path, signal=signal)  # type: ignore[arg-type]
        assert recording.signal.tolist() == [row]
        assert recording.signal.dtype == np.float32
        assert (recording.label, recording.trial, recording.person) == (5, 7, 3)


def test_columns_are_found_by_name(make_zip: MakeZip) -> None:
    names, values = HEADER.strip().split(","), ROW.strip().split(",")
    order = np.random.default_rng(0).permutation(13)
    shuffled = "\ufeff" + "\r\n".join(",".join(cells[i] for i in order) for cells in (names, values)) + "\r\n"
    (recording,) = read_motionsense(make_zip({"sit_5/sub_1.csv": shuffled}), signal="motion")
    assert recording.signal.tolist() == [[14, 25, 36, 7, 8, 9]]


@pytest.mark.parametrize("split", ["trial", "person"])
def test_the_test_set_is_of_the_right_recordings(imitation: tuple[Path, Path], split: str) -> None:
    dataset = load_motionsense(imitation[1], split=split, n_train=None, n_test=None)  # type: ignore[arg-type]
    for part, testing in ((dataset.train, False), (dataset.test, True)):
        assert part.trial is not None
        assert part.person is not None
        found = part.trial > 10 if split == "trial" else part.person >= 21
        assert (found == testing).all()
    assert dataset.classes == CLASSES
    assert dataset.rate == 50.0
    assert len(dataset.train) + len(dataset.test) == len(cut_windows(read_motionsense(imitation[1])))
    assert "/" not in dataset.provenance.replace("10.1145/3302505", "")


def test_what_was_not_drawn_is_logged_without_a_warning(
    imitation: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "unrolled.data")
    dataset = load_motionsense(imitation[1], n_train=3, n_test=2)
    assert {record.levelno for record in caplog.records} == {logging.INFO}
    said = [record.getMessage() for record in caplog.records]
    assert said == [f"{imitation[1]}: {line}" for line in dataset.summary.counts()]
    assert any("not drawn" in line for line in said)


def test_the_draw(imitation: tuple[Path, Path]) -> None:
    def draw(n_train: int = 3, n_test: int = 2, rng: int | np.random.Generator = 0) -> Dataset:
        return load_motionsense(imitation[1], n_train=n_train, n_test=n_test, scale=False, rng=rng)

    def rows(samples: Samples) -> list[bytes]:
        return [x.tobytes() for x in samples.X]

    dataset = draw()
    assert np.bincount(dataset.train.y).tolist() == [3] * 6
    assert np.bincount(dataset.test.y).tolist() == [2] * 6
    assert len(set(rows(dataset.train))) == 18  # without replacement
    assert rows(draw(rng=np.random.default_rng(0)).train) == rows(dataset.train)
    assert rows(draw(rng=1).train) != rows(dataset.train)
    assert rows(draw(n_train=2).test) == rows(dataset.test)
    assert set(rows(draw(n_train=2).train)) < set(rows(dataset.train))


def test_scaling_is_measured_on_the_training_windows(imitation: tuple[Path, Path]) -> None:
    scaled = load_motionsense(imitation[1], n_train=3, n_test=2)
    raw = load_motionsense(imitation[1], n_train=3, n_test=2, scale=False)
    assert scaled.scaling is not None
    assert raw.scaling is None
    assert scaled.train.X.dtype == raw.train.X.dtype == np.float32
    np.testing.assert_allclose(scaled.scaling.mean, raw.train.X.mean(axis=(0, 1), dtype=float))
    np.testing.assert_allclose(scaled.train.X.std(axis=(0, 1), dtype=float), 1, rtol=1e-6)
    np.testing.assert_allclose(scaled.scaling.invert(scaled.test.X), raw.test.X, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_train": 500}, r"n_train is 500, but there are \d+ windows of downstairs to draw from"),
        ({"n_train": 1, "n_test": 100}, r"n_test is 100, but there are \d+ windows of downstairs"),
        ({"n_train": 0}, "n_train is 0, expected a whole number, 1 or more"),
        ({"n_test": 2.5}, "n_test is 2.5, expected a whole number"),
        ({"split": "random"}, "split is 'random', expected one of 'trial', 'person'"),
        ({"signal": "sound"}, "signal is 'sound', expected one of 'acceleration', 'user_acceleration'"),
        ({"window": 0}, "window is 0"),
        ({"max_bytes": 10_000}, "sub_.*csv has .* bytes, expected at most 625: raise max_bytes"),
        ({"max_bytes": 1_200_000}, "all of it has .* bytes, expected at most 1200000"),
    ],
)
def test_refuses_arguments(imitation: tuple[Path, Path], arguments: dict[str, object], message: str) -> None:
    for path in imitation:
        with pytest.raises(DataError, match=message):
            load_motionsense(path, **arguments)  # type: ignore[arg-type]


def test_more_than_one_class_is_not_needed_with_none(make_zip: MakeZip) -> None:
    rows = HEADER + ROW * 150
    path = make_zip({"wlk_7/sub_3.csv": rows, "wlk_15/sub_3.csv": rows.replace("9,10", "9,11")})
    assert len(load_motionsense(path, n_train=None, n_test=None).train) == 1
    with pytest.raises(DataError, match="test has no samples"):
        load_motionsense(path, n_train=None, n_test=None, split="person")


def test_a_recording_that_is_published_twice_is_dropped_and_counted(make_zip: MakeZip) -> None:
    rng = np.random.default_rng(0)
    one, other = (
        HEADER + "".join(",".join(f"{x:.6f}" for x in row) + "\n" for row in rng.normal(size=(160, 13)))
        for _ in range(2)
    )
    path = make_zip({"sit_5/sub_1.csv": one, "sit_13/sub_1.csv": one, "sit_14/sub_1.csv": other})
    dataset = load_motionsense(path, n_train=None, n_test=None)
    assert (len(dataset.train), len(dataset.test)) == (1, 1)
    assert dataset.summary.dropped["recordings"] == {"the same as another, value for value": 1}
    assert not dataset.check_leakage()


def test_the_published_twin_is_dropped(
    motionsense_zip: Path, motionsense: list[Recording], monkeypatch: pytest.MonkeyPatch
) -> None:
    some = [recording for recording in motionsense if recording.person <= 2]
    monkeypatch.setattr("unrolled.data.loaders.motionsense.read_motionsense", lambda *_, **__: some)
    dataset = load_motionsense(motionsense_zip, n_train=None, n_test=None)
    assert dataset.summary.kept["recordings"] == 29
    assert dataset.summary.dropped["recordings"] == {"the same as another, value for value": 1}
    assert not dataset.check_leakage()


# broken files

BAD_NUMBER = ROW.replace("10,", "1o,")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEADER + ROW * 3 + BAD_NUMBER + ROW, "line 5: expected a number in column 11, found '1o'"),
        (HEADER + ROW + ROW.replace(",20,", ",nan,") + ROW, "line 3: expected a number in column 12, found 'nan'"),
        (HEADER + "\n" + ROW + ROW.replace(",30", ",-inf"), "line 4: expected a number in column 13, found '-inf'"),
        (HEADER + ROW + ROW.replace(",30", ",-2e38"), "line 3: expected a number in column 13, found '-2e38'"),
        (HEADER + ROW + "1,2,3,4\n", "line 3: expected 13 columns, found 4"),
        (HEADER + ROW + "1,2,3,4", "line 3: expected 13 columns, found 4"),
        (HEADER + ROW.replace("\n", ",9\n") + ROW, "line 2: expected 13 columns, found 14"),
        (HEADER + ROW.replace("10,", "1_0,"), "could not convert string '1_0'"),
        (HEADER + ROW.replace("10,", ","), "line 2: expected a number in column 11, found ''"),
        (HEADER, "there is no row below the header"),
        (HEADER + "\n\n", "there is no row below the header"),
        ("", "line 1: expected one column gravity.x, found the columns"),
        (HEADER.replace("gravity.x", "gravity.w") + ROW, "line 1: expected one column gravity.x, found the columns"),
        (HEADER.replace("gravity.x", "gravity.y") + ROW, "line 1: expected one column gravity.x"),
        (HEADER.replace("gravity.z", "gravity.y") + ROW, "line 1: expected one column gravity.y"),
        (b"\xff\xfe\x00", "expected text: 'utf-8' codec"),
        ((HEADER + ROW + "\0" * 40).encode(), "line 3: expected 13 columns, found 1"),
    ],
)
def test_refuses_a_broken_recording(make_zip: MakeZip, content: str | bytes, message: str) -> None:
    path = make_zip({"dws_1/sub_1.csv": content})
    with pytest.raises(DataError, match=f"made.zip, dws_1/sub_1.csv.*{message}"):
        read_motionsense(path)


def test_a_bad_number_in_a_column_that_is_not_read_does_not_matter(make_zip: MakeZip) -> None:
    path = make_zip({"dws_1/sub_1.csv": HEADER + BAD_NUMBER})
    assert len(read_motionsense(path, signal="gravity")) == 1


def test_ignores_what_are_no_recordings(make_zip: MakeZip) -> None:
    good = "A_DeviceMotion_data/dws_1/sub_1.csv"
    names = [
        good,
        "B_Accelerometer_data/dws_1/sub_2.csv",
        "A_DeviceMotion_data/run_1/sub_2.csv",
        "A_DeviceMotion_data/dws_1/sub_2.csv.bak",
        "A_DeviceMotion_data/dws_1/sub_x.csv",
        "A_DeviceMotion_data/dws_1/sub_٣.csv",
    ]
    recordings = read_motionsense(make_zip(dict.fromkeys(names, HEADER + ROW)))
    assert [recording.person for recording in recordings] == [1]


def test_refuses_a_recording_that_is_there_twice(make_zip: MakeZip) -> None:
    path = make_zip({"dws_1/sub_1.csv": HEADER + ROW, "A_DeviceMotion_data/dws_1/sub_1.csv": HEADER + ROW})
    with pytest.raises(DataError, match=r"A_DeviceMotion_data/dws_1/sub_1.csv and dws_1/sub_1.csv are the same"):
        read_motionsense(path)


def test_refuses_paths_without_recordings(make_zip: MakeZip, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"made.zip: expected recordings A_DeviceMotion_data/dws_1/sub_1.csv"):
        read_motionsense(make_zip({"readme.txt": "hello"}))
    with pytest.raises(DataError, match="found none"):
        read_motionsense(tmp_path)
    with pytest.raises(DataError, match=r"expected A_DeviceMotion_data.zip or its unpacked folder, found none"):
        read_motionsense(tmp_path / "missing.zip")
    other = tmp_path / "other.zip"
    other.write_bytes(b"not a zip")
    with pytest.raises(DataError, match=r"other.zip: expected A_DeviceMotion_data.zip .*not a zip file"):
        read_motionsense(other)


def test_refuses_a_damaged_zip(make_zip: MakeZip) -> None:
    path = make_zip({"dws_1/sub_1.csv": HEADER + ROW * 50})
    with zipfile.ZipFile(path) as archive:
        start = 30 + len(archive.infolist()[0].filename)
    content = bytearray(path.read_bytes())
    content[start + 20 : start + 40] = b"\xff" * 20
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"dws_1/sub_1.csv: cannot be read"):
        read_motionsense(path)


def test_an_entry_that_lies_about_its_size_is_not_unpacked_beyond_it(make_zip: MakeZip) -> None:
    """A megabyte of rows that says it is 300 bytes: no more than those are ever held, and the checksum fails."""
    path = make_zip({"dws_1/sub_1.csv": HEADER + ROW * 40_000})
    content = path.read_bytes()
    size = struct.pack("<I", len(HEADER + ROW * 40_000))
    assert content.count(size) == 2  # in the entry's own header, and in the directory
    path.write_bytes(content.replace(size, struct.pack("<I", 300)))
    with pytest.raises(DataError, match=r"dws_1/sub_1.csv: cannot be read: Bad CRC-32"):
        read_motionsense(path)


# the real recordings


def test_the_real_recordings(motionsense: list[Recording]) -> None:
    assert len(motionsense) == 15 * 24
    assert sum(len(recording.signal) for recording in motionsense) == 1_412_865
    assert {recording.person for recording in motionsense} == set(range(1, 25))
    # standing and sitting, the acceleration is gravity: 1 g on average
    still = np.concatenate([r.signal for r in motionsense if r.label in (2, 3)])
    assert abs(np.median(np.linalg.norm(still, axis=1)) - 1) < 0.01


def test_the_real_windows(motionsense: list[Recording]) -> None:
    samples = cut_windows(motionsense)
    assert samples.trial is not None
    assert samples.person is not None
    for testing, train, test in (
        (samples.trial > 10, [1386, 1354, 3092, 2962, 1655, 3650], [265, 364, 1354, 1053, 338, 834]),
        (samples.person > 20, [1380, 1423, 3795, 3336, 1648, 3742], [271, 295, 651, 679, 345, 742]),
    ):
        assert np.bincount(samples.y[~testing]).tolist() == train
        assert np.bincount(samples.y[testing]).tolist() == test


@pytest.mark.parametrize("split", ["trial", "person"])
def test_loading_the_real_zip(
    motionsense_zip: Path, motionsense: list[Recording], monkeypatch: pytest.MonkeyPatch, split: str
) -> None:
    loader = "unrolled.data.loaders.motionsense.read_motionsense"
    monkeypatch.setattr(loader, lambda *_, **__: motionsense)  # already read: parsing takes seconds
    dataset = load_motionsense(motionsense_zip, split=split)  # type: ignore[arg-type]
    assert np.bincount(dataset.train.y).tolist() == [500] * 6
    assert np.bincount(dataset.test.y).tolist() == [100] * 6
    assert dataset.train.X.shape == (3000, 150, 3)
    np.testing.assert_allclose(dataset.train.X.mean(axis=(0, 1), dtype=float), 0, atol=1e-6)
    np.testing.assert_allclose(dataset.train.X.std(axis=(0, 1), dtype=float), 1, atol=1e-6)


def test_the_summary_counts_what_was_drawn_and_what_was_too_short(imitation: tuple[Path, Path]) -> None:
    dataset = load_motionsense(imitation[1], n_train=3, n_test=2, window=300)
    recordings = read_motionsense(imitation[1])
    short = sum(len(r.signal) < 300 for r in recordings)
    assert 0 < short < len(recordings)
    assert dataset.summary.kept == {"recordings": len(recordings) - short, "windows": 6 * (3 + 2)}
    assert dataset.summary.dropped == {
        "recordings": {"shorter than 300 steps": short},
        "windows": {"not drawn": len(cut_windows(recordings, 300)) - 30},
    }
