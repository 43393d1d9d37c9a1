import dataclasses
import logging
import os
import shutil
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest
from data.wisdm_files import (
    ACTIVITIES,
    LETTERS,
    READABLE,
    UNREADABLE,
    wisdm_2019_text,
    wisdm_v1_text,
    write_wisdm_2019,
    write_wisdm_v1,
)

from unrolled.data import DataError, Recording, load_wisdm, read_wisdm

NAMES_2019 = (  # of the letters A to S without N
    *("walking", "jogging", "stairs", "sitting", "standing", "typing", "teeth", "soup", "chips", "pasta"),
    *("drinking", "sandwich", "kicking", "catch", "dribbling", "writing", "clapping", "folding"),
)
GOOD = "1,Walking,100,1,2,3;\n"


def tables(recordings: list[Recording]) -> list[tuple[int, int, int, list[list[float]]]]:
    return [(r.label, r.person, r.trial, r.signal.tolist()) for r in recordings]


@pytest.fixture
def v1(tmp_path: Path) -> Path:
    path = tmp_path / "WISDM_ar_v1.1_raw.txt"
    write_wisdm_v1(path)
    return path


def test_readable_defects_are_read_and_others_dropped_and_counted(v1: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "unrolled.data"):
        recordings = read_wisdm(v1)
    first = recordings[0]
    assert (first.label, first.person, first.trial) == (1, 33, 1)
    assert first.signal.dtype == np.float32
    assert first.signal == pytest.approx(
        np.array(
            [
                [4.903325, 10.882658, -0.08172209],
                [-0.61291564, 18.496431, 3.0237172],
                [-1.18, 12.1, 7.2],
                [1.3756552, -2.4925237, 8.2e-4],
            ]
        )
    )
    assert [(r.person, r.label, len(r.signal)) for r in recordings[1:]] == [
        (person, label, 120) for person in (1, 2, 3) for label in range(6)
    ]
    assert [r.trial for r in recordings[1:7]] == [1, 2, 3, 4, 5, 6]
    reasons = [*UNREADABLE.values(), "repeated time"]
    line = next(message for message in caplog.messages if "records:" in message)
    assert f"records: {4 + 18 * 120} kept, {len(reasons)} dropped" in line
    assert all(f"{reasons.count(reason)} {reason}" in line for reason in reasons)
    assert caplog.records[0].levelno == logging.WARNING


@pytest.mark.parametrize(("record", "reason"), UNREADABLE.items())
def test_each_kind_of_defect_is_told_from_the_others(tmp_path: Path, record: str, reason: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(GOOD + "2" + GOOD + record)
    dataset = load_wisdm(path, window=1, test_people=[1])
    assert dataset.summary.dropped["records"] == {reason: 1}
    assert dataset.summary.kept["records"] == 2


def test_a_well_formed_file_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    text = wisdm_v1_text(people=(7, 9), steps=30)
    path.write_text(text)
    rows = [line.rstrip(";").split(",") for line in text.split()]
    recordings = read_wisdm(path)
    found = np.concatenate([r.signal for r in recordings])
    np.testing.assert_array_equal(found, np.array([row[3:] for row in rows], np.float32))
    assert [r.person for r in recordings for _ in r.signal] == [int(row[0]) for row in rows]
    assert [ACTIVITIES[r.label] for r in recordings for _ in r.signal] == [row[1] for row in rows]


@pytest.mark.parametrize("step", [0.25, 0.26, -0.05, 0.0])
def test_a_gap_in_time_ends_a_recording(tmp_path: Path, step: float) -> None:
    times = 10**9 + np.cumsum([50, 50, 50, step * 1000, 50, 50]).astype(int) * 10**6
    path = tmp_path / "a.txt"
    path.write_text("".join(f"1,Sitting,{time},{i},0,{i};\n" for i, time in enumerate(times)))
    whole = step == 0.25
    if step == 0:
        assert [len(r.signal) for r in read_wisdm(path)] == [5]  # dropped, as a repetition
        return
    lengths = [10] if whole else [3, 3]
    assert [len(r.signal) for r in read_wisdm(path)] == lengths
    assert [r.trial for r in read_wisdm(path)] == ([1] if whole else [1, 2])
    assert [len(r.signal) for r in read_wisdm(path, min_steps=4)] == ([10] if whole else [])
    assert [len(r.signal) for r in read_wisdm(path, max_gap=0.04)][:3] == [1, 1, 1]


def wave(person: int, letter: str, steps_ms: list[float]) -> str:
    """Return records of a movement at 1 Hz, with these times between them."""
    time = 10**9 + np.round(np.cumsum([0, *steps_ms]) * 1e6).astype(int)
    return "".join(f"{person},{letter},{t},{np.sin(2e-9 * np.pi * (t - time[0])):.6f},0,9.8;\n" for t in time)


@pytest.mark.parametrize(
    ("steps_ms", "how"),
    [
        ([50.354] * 200, ""),
        ([20.0] * 500, ", 1 resampled from 50 Hz by their time stamps"),
        ([40.0] * 250, ", 1 resampled from 25 Hz by their time stamps"),
        ([10.0] * 1000, ", 1 resampled from 100 Hz by their time stamps"),
        ([45.0, 55.0, 30.0, 70.0] * 50, ""),
        ([50.0] * 100 + [17.0, 34.0, 150.0] + [50.0] * 100, ", 1 resampled from uneven steps by their time stamps"),
    ],
)
def test_time_stamps_decide_the_rate(tmp_path: Path, steps_ms: list[float], how: str) -> None:
    path = tmp_path / "data_1701_accel_phone.txt"
    path.write_text(wave(1701, "A", steps_ms) + wave(1702, "A", [50.0] * 200))
    dataset = load_wisdm(path, window=180, stride=500, test_people=[1702], scale=False)
    assert dataset.rate == 20
    assert dataset.summary.counts()[1] == f"recordings: 2 kept, 0 dropped{how}"
    (x,) = dataset.train.X[:, :, 0]
    spectrum = np.abs(np.fft.rfft(x[:160] * np.hanning(160)))
    assert np.fft.rfftfreq(160, 1 / 20)[spectrum.argmax()] == 1.0
    np.testing.assert_allclose(x[5:], np.sin(2 * np.pi * np.arange(5, 180) / 20), atol=0.4 if not how else 0.03)


def test_the_smallest_input_at_another_rate(tmp_path: Path) -> None:
    path = tmp_path / "data_1701_accel_phone.txt"
    path.write_text("".join(f"1701,A,{20_000_000 * (i + 1)},0.{i},0.0,9.8;\n" for i in range(6)))
    (recording,) = read_wisdm(path)
    assert recording.rate == 20
    assert len(recording.signal) == 3  # 0, 50 and 100 ms
    np.testing.assert_allclose(recording.signal, [[0, 0, 9.8], [0.25, 0, 9.8], [0.5, 0, 9.8]], atol=1e-5)


def test_a_recording_ends_where_the_length_of_its_steps_changes(tmp_path: Path) -> None:
    path = tmp_path / "data_1701_accel_watch.txt"
    path.write_text(wave(1701, "A", [50.0] * 60 + [10.0] * 300 + [50.0] * 60))
    found = read_wisdm(path, device="watch")
    assert [len(r.signal) for r in found] == [60, 60, 61]
    assert [r.trial for r in found] == [1, 2, 3]


def test_the_published_people_at_other_rates(tmp_path: Path) -> None:
    """Windows of the real telephone at 25 Hz last ten seconds."""
    packed = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "wisdm2019_part.zip"
    if not packed.exists():
        pytest.skip("WISDM 2019 is not here: shared/data/wisdm2019_part.zip beside the project")
    with zipfile.ZipFile(packed) as archive:
        name = "wisdm-dataset/raw/phone/accel/data_1607_accel_phone.txt"
        content = archive.read(name)
    path = tmp_path / Path(name).name
    path.write_bytes(content)
    found = read_wisdm(path)
    rows = [line.split(",") for line in content.decode().replace("\n", "").split(";") if line]
    assert [LETTERS[r.label] for r in found] == sorted({row[1] for row in rows})
    for recording in found:
        letter = LETTERS[recording.label]
        time = [int(row[2]) * 1e-9 for row in rows if row[1] == letter]
        assert len(recording.signal) == pytest.approx((time[-1] - time[0]) * 20 + 1, abs=1)


def test_the_data_set(v1: Path) -> None:
    dataset = load_wisdm(v1, window=40, stride=20, test_people=[2], scale=False)
    assert dataset.classes == ACTIVITIES
    assert dataset.rate == 20
    assert len(dataset.train) == 2 * 6 * 5
    assert dataset.test.person is not None
    assert dataset.train.person is not None
    assert set(dataset.test.person) == {2}
    assert set(dataset.train.person) == {1, 3}
    assert np.bincount(dataset.test.y).tolist() == [5] * 6
    assert dataset.summary.kept["windows"] == 3 * 6 * 5
    assert dataset.summary.dropped["recordings"] == {"shorter than 40 steps": 1}
    assert "tested on people 2" in dataset.provenance
    scaled = load_wisdm(v1, window=40, stride=20, test_people=[2])
    assert scaled.train.X.mean(axis=(0, 1)) == pytest.approx(np.zeros(3), abs=1e-5)
    assert scaled.scaling is not None
    np.testing.assert_allclose(scaled.scaling.invert(scaled.test.X), dataset.test.X, atol=1e-4)


def test_file_folder_and_zip_are_the_same(v1: Path, tmp_path: Path) -> None:
    packed = tmp_path / "WISDM_ar_latest.zip"
    write_wisdm_v1(packed)
    outer = tmp_path / "outer"
    outer.mkdir()
    shutil.copytree(v1.parent, outer / "WISDM_ar_v1.1", ignore=lambda *_: ["outer", packed.name])
    renamed = shutil.copy(v1, tmp_path.parent / "mine.csv")
    expected = tables(read_wisdm(v1))
    for path in (packed, outer, outer / "WISDM_ar_v1.1", Path(renamed), str(v1)):
        assert tables(read_wisdm(path)) == expected


def test_2019(tmp_path: Path) -> None:
    folder = tmp_path / "wisdm-dataset"
    write_wisdm_2019(folder, people=(1600, 1601), steps=25)
    packed = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path, "wisdm-dataset"))
    for seed, (device, sensor) in enumerate(
        [("phone", "accel"), ("phone", "gyro"), ("watch", "accel"), ("watch", "gyro")]
    ):
        found = read_wisdm(folder, device=device, sensor=sensor)  # type: ignore[arg-type]
        assert [(r.person, r.label, r.trial) for r in found] == [
            (person, label, label + 1) for person in (1600, 1601) for label in range(18)
        ]
        rows = [line.rstrip(";").split(",") for line in wisdm_2019_text(1600, 25, LETTERS, seed).split()]
        values = np.array([row[3:] for row in rows], np.float32)
        np.testing.assert_array_equal(np.concatenate([r.signal for r in found[:18]]), values)
        for path in (packed, tmp_path, folder / "raw", folder / "raw" / device):
            assert tables(read_wisdm(path, device=device, sensor=sensor)) == tables(found)  # type: ignore[arg-type]
    outer = tmp_path / "outer" / "wisdm+smartphone+and+smartwatch.zip"
    outer.parent.mkdir()
    shutil.copy(packed, tmp_path / "wisdm-dataset.zip")
    with zipfile.ZipFile(outer, "w") as archive:
        archive.write(tmp_path / "wisdm-dataset.zip", "wisdm-dataset.zip")
    (tmp_path / "inner").mkdir()
    shutil.copy(packed, tmp_path / "inner" / "wisdm-dataset.zip")
    for path in (outer, outer.parent, tmp_path / "inner"):  # as downloaded, the folder with that, with the inner zip
        assert tables(read_wisdm(path, device="watch", sensor="gyro")) == tables(found)
    single = folder / "raw" / "watch" / "gyro" / "data_1601_gyro_watch.txt"
    assert tables(read_wisdm(single, device="watch", sensor="gyro")) == tables(found[18:])
    dataset = load_wisdm(packed, window=10, stride=5, test_people=[1601])
    assert dataset.classes == NAMES_2019
    assert dataset.rate == 20
    assert np.bincount(dataset.test.y).tolist() == [4] * 18


def test_a_split_by_person_is_the_default(v1: Path) -> None:
    dataset = load_wisdm(v1, window=40)
    assert dataset.train.person is not None
    assert dataset.test.person is not None
    assert not set(dataset.train.person) & set(dataset.test.person)
    again = load_wisdm(v1, window=40)
    np.testing.assert_array_equal(dataset.test.X, again.test.X)
    with pytest.raises(dataclasses.FrozenInstanceError):
        dataset.rate = None  # type: ignore[misc]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.txt: there is no record"),
        (b"\n;\n ;;\n", "a.txt: there is no record"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "a.txt, line 1: expected UTF-8 text"),
        (GOOD.encode() + b"1,Walking,200,1,\xff,3;\n", "a.txt, line 2: expected UTF-8 text"),
        (GOOD.encode("utf-16"), "a.txt, line 1: expected UTF-8 text"),
        (GOOD.encode("utf-16-le"), "a.txt, line 1: .* 0 of 3 records"),
        (b"user,activity,timestamp,x,y,z\n", "a.txt, line 1: unknown activity: 'user,activity"),
        (b"1,A,100,1,2,3;\n", "a.txt, line 1: unknown activity: '1,A,100,1,2,3'; 0 of 1 records can be read"),
        (GOOD.encode() + b"x;y;\n", "a.txt, line 2: not six fields: 'x'; 1 of 3 records can be read"),
        (b"1,Walking,100,1e99,2,3;\n", "a.txt, line 1: number out of range; 0 of 1"),
        (b"1,Walking,100," + b"1" * 1000 + b",2,3;\n", "a.txt, line 1: not a number"),
        (b"1,Walking,100,1,2,3", "a.txt: cannot divide by person"),
        (b"1 ,Walking,100,1,2,3", "a.txt, line 1: not a number"),
    ],
)
def test_refuses_files(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        load_wisdm(path, window=1)


def test_refuses_what_is_not_there(v1: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected a file, found none"):
        read_wisdm(tmp_path / "none")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DataError, match=r"empty: expected WISDM_ar_v1.1_raw.txt, or watch/gyro/data_1600"):
        read_wisdm(empty, device="watch", sensor="gyro")
    with pytest.raises(DataError, match="is not of watch and accel"):
        read_wisdm(v1, device="watch")
    with pytest.raises(DataError, match=r"device is 'ring', expected one of 'phone', 'watch'"):
        read_wisdm(v1, device="ring")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="unpack it first"):
        read_wisdm(shutil.copy(v1, tmp_path / "a.tar.gz"))
    (empty / "a").mkdir()
    (empty / "b").mkdir()
    for place in (empty / "a", empty / "b"):
        shutil.copy(v1, place)
    with pytest.raises(DataError, match="are the same file, expected it once"):
        read_wisdm(empty)


def test_max_bytes(v1: Path, tmp_path: Path) -> None:
    size = v1.stat().st_size
    packed = tmp_path / "a.zip"
    write_wisdm_v1(packed)
    for path in (v1, packed):
        assert read_wisdm(path, max_bytes=size)
        with pytest.raises(DataError, match=f"has {size} bytes, expected at most {size - 1}: raise max_bytes"):
            read_wisdm(path, max_bytes=size - 1)


def test_damaged_zips_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    write_wisdm_v1(path, people=(1, 2), steps=20)
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    messages = []
    for _ in range(60):
        damaged = bytearray(content)
        for place in rng.integers(0, len(content), 20):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged[: rng.integers(len(content) // 2, len(content) + 1)])
        try:
            read_wisdm(path)
        except DataError as error:
            messages.append(str(error))
    assert all(str(path) in message for message in messages)
    assert len(messages) > 30


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are of POSIX")
def test_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    os.mkfifo(path)
    raised: list[BaseException] = []

    def read() -> None:
        try:
            read_wisdm(path)
        except DataError as error:
            raised.append(error)

    reading = threading.Thread(target=read)
    reading.start()
    reading.join(20)
    if reading.is_alive():  # it waits for someone who writes
        os.close(os.open(path, os.O_WRONLY))
        reading.join()
        pytest.fail("it waited for the pipe")
    assert [str(error) for error in raised] == [f"{path}: expected a file, found a device"]


def test_a_zip_that_says_too_little_is_not_unpacked_further(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("WISDM_ar_v1.1_raw.txt", GOOD * 1000)
    content = path.read_bytes()
    size = (len(GOOD) * 1000).to_bytes(4, "little")
    assert content.count(size) == 2
    path.write_bytes(content.replace(size, (50).to_bytes(4, "little")))
    with pytest.raises(DataError, match="cannot be read"):
        read_wisdm(path, max_bytes=50)


def test_mutated_files_are_read_or_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    content = (READABLE + "".join(UNREADABLE) + wisdm_v1_text((1, 2), 5)).encode()
    path = tmp_path / "a.txt"
    read, messages = 0, []
    for _ in range(150):
        damaged = bytearray(content)
        for place in rng.integers(0, len(content), rng.integers(1, 60)):
            damaged[place] = rng.integers(128) if rng.random() < 0.99 else rng.integers(256)
        path.write_bytes(damaged[rng.integers(0, 200) : rng.integers(200, len(content))])
        try:
            read += len(load_wisdm(path, window=2, stride=1, split="trial").train) > 0
        except DataError as error:
            messages.append(str(error))
    assert all(str(path) in message for message in messages)
    assert read > 20
