"""`load_uci_har`, on an imitation of the published files."""

import functools
import logging
import re
import shutil
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from data.uci_har_files import (
    ACTIVITIES,
    ROOT,
    SERIES,
    Files,
    made_up_windows,
    published_number,
    uci_har_files,
    write_uci_har,
    zipped,
)

from unrolled.data import DataError, load_uci_har

Y = f"{ROOT}/train/y_train.txt"
SUBJECT = f"{ROOT}/test/subject_test.txt"
ACC = f"{ROOT}/train/Inertial Signals/total_acc_x_train.txt"
LABELS = f"{ROOT}/activity_labels.txt"


@functools.cache
def published() -> Files:
    return uci_har_files()


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_uci_har(tmp_path_factory.mktemp("uci") / "UCI HAR Dataset.zip", published())


def bad(folder: Path, changes: Files) -> Path:
    """Write a zip with some files changed, and only those that total acceleration needs."""
    needed = {name: content for name, content in published().items() if "body_" not in name}
    return write_uci_har(folder / "bad.zip", needed | changes)


@pytest.mark.parametrize(
    ("signal", "columns"),
    [
        ("total_acceleration", SERIES[:3]),
        ("body_acceleration", SERIES[3:6]),
        ("rotation_rate", SERIES[6:]),
        ("all", SERIES),
    ],
)
def test_the_windows_are_as_published(packed: Path, signal: str, columns: tuple[str, ...]) -> None:
    dataset = load_uci_har(packed, signal=signal, scale=False)  # type: ignore[arg-type]
    for name, part, n, people in (("train", dataset.train, 12, [1, 3, 5]), ("test", dataset.test, 6, [2, 4])):
        windows = made_up_windows(name, n)
        expected = np.stack([windows[column] for column in columns], axis=2).astype(np.float32)
        np.testing.assert_array_equal(part.X, expected, strict=True)
        assert part.y.tolist() == [row % 6 for row in range(n)]
        assert part.person is not None
        assert part.person.tolist() == np.repeat(people, n // len(people)).tolist()
        assert part.lengths is None
    assert dataset.classes == ACTIVITIES
    assert dataset.rate == 50.0
    assert dataset.scaling is None
    assert f"{signal.replace('_', ' ')}; windows of 128 steps every 64" in dataset.provenance
    assert "3 people for training and 2 for the test" in dataset.provenance
    assert dataset.summary.counts() == ["windows: 18 kept, 0 dropped"]


def test_zip_folder_and_zip_within_a_zip_are_the_same(packed: Path, tmp_path: Path) -> None:
    expected = load_uci_har(packed)
    folder = write_uci_har(tmp_path / "unpacked", published())
    renamed = tmp_path / "mine"
    shutil.copytree(folder / ROOT, renamed)
    twice = write_uci_har(tmp_path / "twice.zip", published(), twice=True)
    holding = tmp_path / "holding"
    holding.mkdir()
    shutil.copy(packed, holding)
    shutil.copy(packed, folder)  # beside what was unpacked from it
    inside = tmp_path / "inside.zip"
    inside.write_bytes(zipped({name.removeprefix(f"{ROOT}/"): content for name, content in published().items()}))
    before = sorted(tmp_path.rglob("*"))
    for path in (folder, folder / ROOT, renamed, twice, str(twice), holding, inside):
        found = load_uci_har(path)
        np.testing.assert_array_equal(found.train.X, expected.train.X)
        np.testing.assert_array_equal(found.test.X, expected.test.X)
        assert found.provenance == expected.provenance
    assert sorted(tmp_path.rglob("*")) == before  # nothing is unpacked


def test_scaling_is_measured_on_the_training_windows(packed: Path) -> None:
    raw, scaled = load_uci_har(packed, scale=False), load_uci_har(packed)
    assert scaled.scaling is not None
    np.testing.assert_allclose(scaled.scaling.mean, raw.train.X.mean(axis=(0, 1), dtype=float))
    np.testing.assert_allclose(scaled.train.X.std(axis=(0, 1), dtype=float), 1, rtol=1e-6)
    np.testing.assert_allclose(scaled.scaling.invert(scaled.test.X), raw.test.X, atol=1e-6)


def test_the_summary_is_logged(packed: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "unrolled.data"):
        load_uci_har(packed)
    assert caplog.messages == [f"{packed}: windows: 18 kept, 0 dropped"]


def with_line(name: str, line: int, text: str) -> Files:
    """One file with one line (from 1) put in the place of another."""
    lines = str(published()[name]).splitlines(keepends=True)
    lines[line - 1] = text
    return {name: "".join(lines)}


ROW = str(published()[ACC]).splitlines(keepends=True)[0]
WITH_X = ROW[:32] + "x".rjust(16) + ROW[48:]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (with_line(ACC, 5, ROW[16:]), "total_acc_x_train.txt, line 5: expected 128 numbers, found 127"),
        (with_line(ACC, 5, ROW[:-1] + " 1\n"), "total_acc_x_train.txt, line 5: expected 128 numbers, found 129"),
        (with_line(ACC, 5, "\n"), "total_acc_x_train.txt, line 5: expected 128 numbers, found 0"),
        (with_line(ACC, 3, WITH_X), "total_acc_x_train.txt, line 3: expected a finite number in column 3, found 'x'"),
        (with_line(ACC, 3, WITH_X.replace("x", "nan")), "line 3: expected a finite number in column 3, found 'nan'"),
        (with_line(ACC, 3, WITH_X.replace("x", "-inf")), "line 3: expected a finite number in column 3, found '-inf'"),
        (with_line(ACC, 3, WITH_X.replace("x", "1e39")), "line 3: expected a finite number in column 3, found '1e39'"),
        (with_line(ACC, 3, WITH_X.replace("x", "1_0")), "line 3: expected a finite number in column 3, found '1_0'"),
        (with_line(ACC, 12, ""), "total_acc_x_train.txt: it has 11 lines, expected 12 as in UCI HAR .*y_train.txt"),
        (with_line(ACC, 12, ROW + ROW), "total_acc_x_train.txt: it has 13 lines, expected 12 as in"),
        ({ACC: str(published()[ACC])[:-40]}, "total_acc_x_train.txt, line 12: expected 128 numbers, found 126"),
        ({ACC: ROW[:16] + "\n" + ROW * 11}, "total_acc_x_train.txt, line 1: expected 128 numbers, found 1"),
        ({ACC: (ROW[16:] + "\n") * 12}, "total_acc_x_train.txt, line 1: expected 128 numbers, found 127"),
        ({ACC: ""}, "total_acc_x_train.txt: the file is empty"),
        ({ACC: " \n\n"}, "total_acc_x_train.txt: the file is empty"),
        ({ACC: b"\xff\xfe" + ROW.encode("utf-16-le")}, "total_acc_x_train.txt: expected text: 'utf-8' codec"),
        ({ACC: bytes(999)}, "total_acc_x_train.txt, line 1: expected 128 numbers, found 1"),
        ({Y: "1\n" * 11}, r"subject_train.txt: it has 12 lines, expected 11 as in .*y_train.txt"),
        (with_line(Y, 4, "7\n"), "y_train.txt, line 4: expected a whole number from 1 to 6, found 7"),
        (with_line(Y, 4, "0\n"), "y_train.txt, line 4: expected a whole number from 1 to 6, found 0"),
        (with_line(Y, 4, "2.5\n"), "y_train.txt, line 4: expected a whole number from 1 to 6, found 2.5"),
        (with_line(Y, 4, "2 3\n"), "y_train.txt, line 4: expected 1 numbers, found 2"),
        (with_line(Y, 4, "SITTING\n"), "y_train.txt, line 4: expected a finite number in column 1, found 'SITTING'"),
        (with_line(SUBJECT, 6, "0\n"), "subject_test.txt, line 6: expected a whole number from 1 to 1000000, found 0"),
        (with_line(SUBJECT, 6, "1e300\n"), "subject_test.txt, line 6: expected a finite number in column 1"),
        (
            with_line(LABELS, 2, "3 SITTING\n"),
            "activity_labels.txt, line 2: expected the number 2 and a name, found '3 S",
        ),
        (with_line(LABELS, 2, "2\n"), "activity_labels.txt, line 2: expected the number 2 and a name, found '2'"),
        (with_line(LABELS, 2, "2 WALKING\n"), "activity_labels.txt, line 2: 'WALKING' is there twice"),
        (with_line(LABELS, 6, ""), "y_train.txt, line 6: expected a whole number from 1 to 5, found 6"),
        (
            {LABELS: "".join(f"{n} A{n}\n" for n in range(1, 70_000))},
            "activity_labels.txt, line 65537: expected at most 65536 classes",
        ),
        (with_line(SUBJECT, 3, "5\n"), "subject_test.txt, line 3: person 5 is in the training part too, expected oth"),
        ({LABELS: ""}, "activity_labels.txt, line 1: expected the number 1 and a name, found ''"),
        ({"UCI HAR Dataset.txt": "", f"copy/{Y}": ""}, r"y_train.txt and copy/.*y_train.txt are the same file"),
        ({"/etc/x": ""}, "an entry is named '/etc/x', expected names within the archive"),
        ({f"{ROOT}/../../{Y}": ""}, r"an entry is named 'UCI HAR Dataset/\.\./\.\./UCI"),
    ],
)
def test_refuses_files_that_are_not_as_published(tmp_path: Path, changes: Files, message: str) -> None:
    path = bad(tmp_path, changes)
    with pytest.raises(DataError, match=f"bad.zip(, |: ).*{message}"):
        load_uci_har(path)


@pytest.mark.parametrize("name", [Y, SUBJECT, ACC, LABELS])
def test_refuses_a_missing_file(tmp_path: Path, name: str) -> None:
    files = {other: content for other, content in published().items() if other != name}
    for path in (tmp_path / "bad.zip", tmp_path / "folder"):
        with pytest.raises(DataError, match=rf"(bad.zip|folder): there is no {re.escape(name)}$"):
            load_uci_har(write_uci_har(path, files))
    with pytest.raises(DataError, match=r"there is no .*activity_labels.txt, nor 10 other files of it"):
        load_uci_har(write_uci_har(tmp_path / "empty.zip", {}))


def test_refuses_what_is_no_archive(packed: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.zip"
    other.write_bytes(b"not a zip")
    with pytest.raises(DataError, match=r"other.zip: expected UCI HAR Dataset.zip or its unpacked folder"):
        load_uci_har(other)
    with pytest.raises(DataError, match=r"none.zip: expected UCI HAR Dataset.zip"):
        load_uci_har(tmp_path / "none.zip")
    with pytest.raises(DataError, match="signal is 'sound', expected one of 'total_acceleration'"):
        load_uci_har(packed, signal="sound")  # type: ignore[arg-type]
    other.write_bytes(zipped({f"{ROOT}.zip": b"not a zip"}))
    with pytest.raises(DataError, match=r"other.zip, UCI HAR Dataset.zip: expected UCI HAR Dataset.zip or its"):
        load_uci_har(other)
    other.write_bytes(zipped({f"{ROOT}.zip": packed.read_bytes()[:-9]}))
    with pytest.raises(DataError, match=r"other.zip, UCI HAR Dataset.zip: expected UCI HAR Dataset.zip or its"):
        load_uci_har(other)
    files = {**published(), f"/{ROOT}/x": ""}
    with pytest.raises(DataError, match=r"twice.zip, UCI HAR Dataset.zip: an entry is named '/UCI HAR Dataset/x'"):
        load_uci_har(write_uci_har(tmp_path / "twice.zip", files, twice=True))


def test_bombs_are_not_unpacked(packed: Path, tmp_path: Path) -> None:
    bomb = bad(tmp_path, {ACC: "0 " * 5_000_000})  # of a few kilobytes
    with pytest.raises(
        DataError, match=r"bad.zip: .*total_acc_x_train.txt has 10000000 bytes, expected at most 125000:"
    ):
        load_uci_har(bomb, max_bytes=1_000_000)
    with pytest.raises(DataError, match=r"all of it has \d+ bytes, expected at most 300000: raise max_bytes"):
        load_uci_har(packed, signal="all", max_bytes=300_000)
    twice = write_uci_har(tmp_path / "twice.zip", {**published(), ACC: "0 " * 5_000_000}, twice=True)
    with pytest.raises(
        DataError, match=r"twice.zip, UCI HAR Dataset.zip: .*has 10000000 bytes, expected at most 125000"
    ):
        load_uci_har(twice, max_bytes=1_000_000)

    lying = bomb.read_bytes()
    size = struct.pack("<I", 10_000_000)
    assert lying.count(size) == 2  # in the entry's own header, and in the directory
    bomb.write_bytes(lying.replace(size, struct.pack("<I", 300)))
    with pytest.raises(DataError, match=r"bad.zip, .*total_acc_x_train.txt: cannot be read: .*"):
        load_uci_har(bomb)


def test_refuses_a_damaged_entry(packed: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(packed) as archive:
        start = archive.getinfo(ACC).header_offset + 30 + len(ACC)
    content = bytearray(packed.read_bytes())
    content[start + 50 : start + 90] = b"\xff" * 40
    path = tmp_path / "bad.zip"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"bad.zip, .*total_acc_x_train.txt: cannot be read"):
        load_uci_har(path)
    assert len(load_uci_har(path, signal="rotation_rate").train) == 12  # it is not needed here


def test_the_imitation_writes_what_is_published() -> None:
    assert published_number(1.012817) == "  1.0128170e+000"
    assert published_number(-0.0123) == " -1.2300000e-002"
    assert len(ROW) == 128 * 16 + 1
    assert str(published()[LABELS]).startswith("1 WALKING\n2 WALKING_UPSTAIRS\n")
