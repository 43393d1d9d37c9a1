"""Reading the files of WISDM, both editions, from a folder or from a zip, with the defects they are known for."""

import array
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from unrolled.data._checks import FloatArray, IntArray, one_of
from unrolled.data.errors import DataError
from unrolled.data.summary import Tally

ACTIVITIES = {  # v1.1, as the file has them
    name: i for i, name in enumerate(("Walking", "Jogging", "Upstairs", "Downstairs", "Sitting", "Standing"))
}
ACTIVITIES_2019 = {  # the letter in the files, the name in activity_key.txt; there is no N
    "A": "walking",
    "B": "jogging",
    "C": "stairs",
    "D": "sitting",
    "E": "standing",
    "F": "typing",
    "G": "teeth",
    "H": "soup",
    "I": "chips",
    "J": "pasta",
    "K": "drinking",
    "L": "sandwich",
    "M": "kicking",
    "O": "catch",
    "P": "dribbling",
    "Q": "writing",
    "R": "clapping",
    "S": "folding",
}
DEVICES, SENSORS = ("phone", "watch"), ("accel", "gyro")
RAW = "WISDM_ar_v1.1_raw.txt"

_NUMBER = r"[-+]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][-+]?[0-9]{1,4})?"
_RECORD = re.compile(
    rf"\s*([0-9]{{1,9}}),\s*([A-Za-z]{{1,20}}),\s*([0-9]{{1,18}}),\s*({_NUMBER}),\s*({_NUMBER}),\s*({_NUMBER}),?\s*"
)


class Steps(NamedTuple):
    """The records of files, a row each, in the order of the files.

    Parameters
    ----------
    signal : array, shape (N, 3)
        float32; acceleration in m/s^2, gravity included, or rotation rate in rad/s.
    label, person : array, shape (N,)
    time : array, shape (N,)
        In seconds, from any origin.
    """

    signal: FloatArray
    label: IntArray
    person: IntArray
    time: NDArray[np.float64]


@dataclass(frozen=True)
class _File:
    """One file, in a folder or in a zip."""

    name: str
    size: int
    read: Callable[[], bytes]


def read_steps(path: Path, device: str, sensor: str, max_bytes: int, tally: Tally) -> tuple[Steps, tuple[str, ...]]:
    """Read every file of one device and sensor, all as one table; return the names of the classes too."""
    one_of(device, DEVICES, "device")
    one_of(sensor, SENSORS, "sensor")
    if path.is_dir():
        return _read(path, _in_folder(path), device, sensor, max_bytes, tally)
    if not path.is_file():
        raise DataError(f"{path}: there is no such file or folder")
    if path.suffix in (".gz", ".tgz", ".tar"):
        raise DataError(f"{path}: expected a text file, a zip or a folder: unpack it first")
    if not zipfile.is_zipfile(path):
        return _read(path, [_on_disk(path, path.name)], device, sensor, max_bytes, tally)
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
        raise DataError(f"{path}: expected WISDM as a text file, a zip or a folder: {error}") from error
    with archive:
        return _read(path, _in_zip(archive), device, sensor, max_bytes, tally)


def _read(
    path: Path, files: list[_File], device: str, sensor: str, max_bytes: int, tally: Tally
) -> tuple[Steps, tuple[str, ...]]:
    """Tell by the names which edition it is, and read what is asked for."""
    # in any folders, but none that climbs out (..), is absolute or has a drive
    of_2019 = re.compile(rf"(?:(?!\.\./)[^/\\:]+/)*data_[0-9]{{1,9}}_{sensor}_{device}\.txt")
    single = path.is_file() and len(files) == 1 and files[0].name == path.name  # of v1.1 it may have any name
    chosen = [file for file in files if of_2019.fullmatch(file.name)]
    activities, classes = {letter: i for i, letter in enumerate(ACTIVITIES_2019)}, tuple(ACTIVITIES_2019.values())
    if not chosen:
        chosen = files if single else [file for file in files if file.name.rpartition("/")[2] == RAW]
        activities, classes = ACTIVITIES, tuple(ACTIVITIES)
        if chosen and (device, sensor) != ("phone", "accel"):
            raise DataError(f"{path}: {chosen[0].name} is not of {device} and {sensor}, expected a file that is")
    if not chosen:
        raise DataError(
            f"{path}: expected {RAW}, or {device}/{sensor}/data_1600_{sensor}_{device}.txt and so on, found neither"
        )
    chosen.sort(key=lambda file: (file.name.rpartition("/")[2], file.name))
    for one, other in pairwise(chosen):
        if one.name.rpartition("/")[2] == other.name.rpartition("/")[2]:
            raise DataError(f"{path}: {one.name} and {other.name} are the same file, expected it once")
    size = sum(file.size for file in chosen)
    if size > max_bytes:
        raise DataError(f"{path}: {size} bytes to read, expected at most {max_bytes}: raise max_bytes to allow it")
    steps = []
    for file in chosen:
        name = str(path) if single else f"{path}, {file.name}"
        try:
            content = file.read()
        except Exception as error:  # a damaged or encrypted entry fails in as many ways as there are compressions
            raise DataError(f"{name}: cannot be read: {error}") from error
        steps.append(parse(content, name, activities, tally))
    return Steps(*(np.concatenate([getattr(each, name) for each in steps]) for name in Steps._fields)), classes


def _in_folder(path: Path) -> list[_File]:
    """List the text files where either edition has them: in the folder, or up to four folders down."""
    patterns = ("*.txt", "*/*.txt", "*/*/*.txt", "*/*/*/*.txt", "*/*/*/*/*.txt")
    files = [file for pattern in patterns for file in path.glob(pattern) if file.is_file()]
    return [_on_disk(file, file.relative_to(path).as_posix()) for file in files]


def _on_disk(path: Path, name: str) -> _File:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error}") from error

    def read() -> bytes:
        with path.open("rb") as file:
            return file.read(size)  # never more than the size that was checked

    return _File(name, size, read)


def _in_zip(archive: zipfile.ZipFile) -> list[_File]:
    def reader(entry: zipfile.ZipInfo) -> Callable[[], bytes]:
        def read() -> bytes:
            with archive.open(entry) as file:
                return file.read(entry.file_size)  # never unpacks more than the size that was checked

        return read

    return [_File(entry.filename, entry.file_size, reader(entry)) for entry in archive.infolist()]


def parse(content: bytes, name: str, activities: Mapping[str, int], tally: Tally) -> Steps:
    """Read the records of one file, ``person,activity,time,x,y,z;`` each, and count those that are dropped.

    Several records may share a line, a comma may stand before the semicolon, and spaces after the commas.
    A record that cannot be read is dropped and counted with the reason, and so is one without a time, and one
    with the time of the record before it. A file of which more than half is dropped as unreadable is refused.
    """
    numbers, values = array.array("q"), array.array("d")
    bad: dict[str, int] = {}
    first_bad = ""
    for line, record in _records(content, name):
        match = _RECORD.fullmatch(record)
        if match and match[2] in activities and (time := int(match[3])):
            numbers.extend((int(match[1]), activities[match[2]], time))
            values.extend((float(match[4]), float(match[5]), float(match[6])))
            continue
        reason = _reason(record, activities)
        bad[reason] = bad.get(reason, 0) + 1
        first_bad = first_bad or f"line {line}: {reason}: {record.strip()[:60]!r}"
    table = np.asarray(numbers).reshape(-1, 3)
    with np.errstate(over="ignore"):  # what is beyond float32 becomes inf, and is dropped
        signal = np.asarray(values).reshape(-1, 3).astype(np.float32)
    finite = np.asarray(np.isfinite(signal).all(axis=1))
    table, signal = table[finite], signal[finite]
    n_bad = sum(bad.values())
    if not n_bad + len(finite):
        raise DataError(f"{name}: there is no record, expected person,activity,time,x,y,z; and so on")
    if n_bad > len(table) or not len(table):
        raise DataError(
            f"{name}, {first_bad or 'line 1: number out of range'}; {len(table)} of {n_bad + len(finite)} records "
            "can be read, expected at least half, each as person,activity,time,x,y,z;"
        )
    repeated = np.concatenate([[False], (np.diff(table, axis=0) == 0).all(axis=1)])
    tally.keep("records", int((~repeated).sum()))
    for reason, n in bad.items():
        tally.drop("records", reason, n)
    tally.drop("records", "number out of range", int((~finite).sum()))
    tally.drop("records", "repeated time", int(repeated.sum()))
    person, label, time = table[~repeated].T
    return Steps(signal[~repeated], label, person, time * 1e-9)


def _records(content: bytes, name: str) -> Iterator[tuple[int, str]]:
    """Yield the number of the line and the text of each record that is not blank."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{name}, line {line}: expected text: {error}") from None
    for line, between in enumerate(io.StringIO(text), start=1):
        for record in between.split(";"):
            if record and not record.isspace():
                yield line, record


def _reason(record: str, activities: Mapping[str, int]) -> str:
    """Say why a record is dropped."""
    fields = [field.strip() for field in record.split(",", maxsplit=8)]
    if len(fields) == 7 and not fields[-1]:
        fields.pop()
    if not all(fields[:6]):
        return "empty field"
    if len(fields) != 6:
        return "not six fields"
    if fields[1] not in activities:
        return "unknown activity"
    if fields[2].strip("0") == "":
        return "zero time"
    return "not a number"
