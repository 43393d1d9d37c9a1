"""Pipes, devices, circles of links and names too long, as a file or among a folder's: named, never waited for."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from unrolled import data, rnn, sweep

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of POSIX")

LOADERS: dict[str, Callable[[Path], object]] = {
    "load_csv": lambda path: data.load_csv(path, signal=["x"], label="what", person="who"),
    "load_csv with a pattern": lambda path: data.load_csv(path, pattern="{label}.csv", signal=["x"]),
    "load_csv of several": lambda path: data.load_csv([path], signal=["x"], label="what", person="who"),
    "load_motionsense": data.load_motionsense,
    "read_motionsense": data.read_motionsense,
    "load_wisdm": data.load_wisdm,
    "read_wisdm": data.read_wisdm,
    "load_uci_har": data.load_uci_har,
    "load_pamap2": data.load_pamap2,
    "load_mhealth": data.load_mhealth,
    "load_ts": data.load_ts,
    "load_ts of two files": lambda path: data.load_ts(path, path),
    "load_h5": data.load_h5,
    "open_h5": data.open_h5,
}
OTHERS: dict[str, Callable[[Path], object]] = {
    "rnn.load": rnn.load,
    "rnn.resume": lambda path: rnn.resume(path, ([[[1.0]]], [0]), progress=False),
    "sweep.read": sweep.read,
}
FILES = {
    "load_csv": "a.csv",
    "load_csv with a pattern": "a.csv",
    "load_motionsense": "A_DeviceMotion_data/dws_1/sub_1.csv",
    "read_motionsense": "A_DeviceMotion_data/dws_1/sub_1.csv",
    "load_wisdm": "WISDM_ar_v1.1_raw.txt",
    "read_wisdm": "raw/phone/accel/data_1600_accel_phone.txt",
    "load_uci_har": "UCI HAR Dataset/activity_labels.txt",
    "load_pamap2": "Protocol/subject101.dat",
    "load_mhealth": "mHealth_subject1.log",
    "load_ts": "A_TRAIN.ts",
}


@pytest.fixture(autouse=True)
def impatient() -> Iterator[None]:
    """Let nobody wait for a pipe."""

    def too_long(*_: object) -> None:
        raise AssertionError("it waits")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def places(folder: Path) -> list[Path]:
    os.mkfifo(folder / "pipe")
    os.mkfifo(folder / "pipe.zip")
    (folder / "loop").symlink_to("pool")
    (folder / "pool").symlink_to("loop")
    (folder / "device").symlink_to("/dev/zero")
    names = ["pipe", "pipe.zip", "loop", "loop/a", "device", "missing", "n" * 240, "n" * 300]
    return [folder / name for name in names]


@pytest.mark.parametrize("name", [*LOADERS, *OTHERS])
def test_what_is_no_file_is_named_in_the_sentence(name: str, tmp_path: Path) -> None:
    for path in places(tmp_path):
        error: Any = data.DataError if name in LOADERS else (OSError, ValueError)
        with pytest.raises(error) as caught:
            (LOADERS | OTHERS)[name](path)
        assert str(path) in str(caught.value)
        if "pipe" in path.name and name in LOADERS:
            assert "found a" in str(caught.value), caught.value
    if name in LOADERS:
        with pytest.raises(data.DataError):
            LOADERS[name](Path("a\0b"))


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("what", ["a device", "a symbolic link"])
def test_what_is_no_file_in_a_folder_too(name: str, what: str, tmp_path: Path) -> None:
    file = tmp_path / FILES[name]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.symlink_to(file.name) if what == "a symbolic link" else os.mkfifo(file)
    if name == "load_ts":
        (tmp_path / "A_TEST.ts").write_text("@data\n1:a\n")
    with pytest.raises(data.DataError, match=rf"{file.name}.*: expected a file, found {what}"):
        LOADERS[name](tmp_path)


def test_a_name_may_be_as_long_as_the_file_system_has_them(tmp_path: Path) -> None:
    path = tmp_path / f"{'n' * 240}.csv"
    path.write_text("x,what,who\n" + "1.5,a,1\n2.5,a,1\n" * 3 + "1.5,a,2\n2.5,a,2\n" * 3)
    dataset = data.load_csv(path, signal=["x"], label="what", person="who", window=2, stride=1, test_people=[2])
    assert len(dataset.train) == len(dataset.test) == 5
    with pytest.raises(data.DataError, match=r"n{240}"):
        data.load_csv(path, signal=["y"], label="what", person="who")


def test_a_path_is_no_table_to_join(tmp_path: Path) -> None:
    with pytest.raises(data.DataError, match=r"the first table is .*, expected a mapping or a frame of columns"):
        data.join_by_time(tmp_path / "a.csv", {"t": [0, 1]}, time="t")  # type: ignore[arg-type]
