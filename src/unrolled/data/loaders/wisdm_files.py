"""Reading the files of WISDM, both editions, from a folder or from a zip, with the defects they are known for."""

import array
import io
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from unrolled._support.validation import one_of
from unrolled.data.checks import FloatArray, IntArray
from unrolled.data.errors import DataError
from unrolled.data.loaders.archive import Member, downloaded
from unrolled.data.loaders.place import is_folder, is_zip
from unrolled.data.loaders.text import decode, read_file
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
EXPECTED = "WISDM as a text file, a zip or a folder"

_ZIPS = re.compile(r"(?:[^/]+/)*wisdm[^/]*\.zip", re.IGNORECASE)
_BETWEEN = re.compile("[^;]+")
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


def read_steps(path: Path, device: str, sensor: str, max_bytes: int, tally: Tally) -> tuple[Steps, tuple[str, ...]]:
    """Read every file of one device and sensor, all as one table; return the names of the classes too."""
    one_of(device, DEVICES, "device", error=DataError)
    one_of(sensor, SENSORS, "sensor", error=DataError)
    of_2019 = rf"data_[0-9]{{1,9}}_{sensor}_{device}\.txt"
    if is_folder(path) or is_zip(path):
        either = re.compile(rf"(?:[^/]+/)*({of_2019}|{re.escape(RAW)})")
        with downloaded(path, either, _ZIPS, EXPECTED, max_bytes=max_bytes, max_member=max_bytes) as found:
            published = _one_edition(found, f"{device}/{sensor}/data_1600_{sensor}_{device}.txt", path)
            first = published[0].match[1]
            parts = [(member.where, member.read()) for member in published]
    else:
        if path.suffix in (".gz", ".tgz", ".tar"):
            raise DataError(f"{path}: expected {EXPECTED}: unpack it first")
        first = path.name  # of v1.1 it may be any
        parts = [(str(path), read_file(path, max_bytes))]
    if re.fullmatch(of_2019, first):
        activities, classes = {letter: i for i, letter in enumerate(ACTIVITIES_2019)}, tuple(ACTIVITIES_2019.values())
    elif (device, sensor) == ("phone", "accel"):
        activities, classes = ACTIVITIES, tuple(ACTIVITIES)
    else:
        raise DataError(f"{path}: {first} is not of {device} and {sensor}, expected a file that is")
    steps = [parse(content, name, activities, tally) for name, content in parts]
    return Steps(*(np.concatenate([getattr(each, name) for each in steps]) for name in Steps._fields)), classes


def _one_edition(found: list[Member], example: str, path: Path) -> list[Member]:
    """Return the files of the 2019 edition in the order of the people, or else the one of v1.1."""
    published = [member for member in found if member.match[1] != RAW] or found
    if not published:
        raise DataError(f"{path}: expected {RAW}, or {example} and so on, found neither")
    published.sort(key=lambda member: member.match[1])
    for one, other in pairwise(published):
        if one.match[1] == other.match[1]:
            raise DataError(f"{path}: {one.name} and {other.name} are the same file, expected it once")
    return published


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
    if not content.isascii():
        decode(content, name)  # says on which line it is no text
    for line, between in enumerate(io.TextIOWrapper(io.BytesIO(content), "utf-8-sig"), start=1):
        for record in _BETWEEN.finditer(between):  # one at a time: a file may be a single line
            if not record[0].isspace():
                yield line, record[0]


def _reason(record: str, activities: Mapping[str, int]) -> str:
    """Name the reason why a record is dropped."""
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
