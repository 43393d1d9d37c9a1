"""UCI HAR: six activities of 30 people with a telephone at the waist.

Anguita, Ghio, Oneto, Parra and Reyes-Ortiz, A Public Domain Dataset for Human Activity Recognition Using
Smartphones, ESANN 2013. The recordings are at https://doi.org/10.24432/C54S4K, file UCI HAR Dataset.zip.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np

from unrolled._support.validation import one_of
from unrolled.data.checks import IntArray
from unrolled.data.dataset import Dataset, warn_of_leakage
from unrolled.data.errors import DataError
from unrolled.data.labels import MAX_CLASSES
from unrolled.data.loaders.archive import Member, downloaded
from unrolled.data.loaders.place import is_folder
from unrolled.data.loaders.text import column, table
from unrolled.data.samples import Samples
from unrolled.data.summary import Tally

RATE = 50.0  # Hz
STEPS = 128
EXPECTED = "UCI HAR Dataset.zip or its unpacked folder"
_ZIPS = re.compile(r"(?:[^/\\:]+/)*(?:UCI HAR Dataset|human\+activity\+recognition[^/]*)\.zip")
MOST_PEOPLE = 1_000_000

Signal = Literal["total_acceleration", "body_acceleration", "rotation_rate", "all"]
SIGNALS = {  # how the files of its three axes are called
    "total_acceleration": ("total_acc",),
    "body_acceleration": ("body_acc",),
    "rotation_rate": ("body_gyro",),
    "all": ("total_acc", "body_acc", "body_gyro"),
}


def load_uci_har(
    path: str | os.PathLike[str],
    *,
    signal: Signal = "total_acceleration",
    scale: bool = True,
    max_bytes: int = 2**30,
) -> Dataset:
    """Load UCI HAR: windows of 128 steps, as published and in the published split, no person in both parts.

    The windows are those of the folders "Inertial Signals"; the 561 features of X_train.txt are not read.

    Parameters
    ----------
    path : str or path-like
        UCI HAR Dataset.zip, or the zip of the archive that holds this zip, or the unpacked folder, or the
        folder that one is in. A zip is read in place: nothing is written to disk.
    signal : str
        "total_acceleration" (3 axes, in g, with gravity), "body_acceleration" (3, g, gravity filtered out),
        "rotation_rate" (3, rad/s), or "all" (9, in this order).
    scale : bool
        Bring each axis to mean 0 and standard deviation 1, as measured on the training windows.
    max_bytes : int
        The most that the files read may have together, unpacked; a single one at most an eighth of it. The
        published ones are about 200 MB, the largest 15 MB.

    Returns
    -------
    Dataset
        float32, with person numbers, at 50 Hz; classes in the order of activity_labels.txt and with its
        names: WALKING, WALKING_UPSTAIRS, WALKING_DOWNSTAIRS, SITTING, STANDING, LAYING, as labels 0 to 5.
        ``summary`` counts windows; it is also logged, to the logger "unrolled.data".

    Raises
    ------
    DataError
        If a file is missing, too large, damaged or not as published, or a person is in both parts: the message
        names file and line.

    See Also
    --------
    load_motionsense, load_wisdm, load_pamap2, load_mhealth : Other recordings of the field.

    Examples
    --------
    >>> load_uci_har("UCI HAR Dataset.zip", signal="all")  # doctest: +SKIP
    """
    one_of(signal, tuple(SIGNALS), "signal", error=DataError)
    path = Path(path)
    series = [f"{name}_{axis}" for name in SIGNALS[signal] for axis in "xyz"]
    with _files(path, _names(series), max_bytes) as files:
        classes = _activities(files["activity_labels.txt"])
        (train, person), (test, test_person) = (_part(files, part, series, len(classes)) for part in ("train", "test"))
        _refuse_common(person, test_person, files["test/subject_test.txt"])
    tally = Tally()
    tally.keep("windows", len(train) + len(test))
    dataset = Dataset(
        train,
        test,
        classes,
        RATE,
        f"UCI HAR (Anguita et al. 2013, doi:10.24432/C54S4K), {signal.replace('_', ' ')}; windows of {STEPS} "
        f"steps every {STEPS // 2}; its own split, {len(np.unique(person))} people for training and "
        f"{len(np.unique(test_person))} for the test",
        summary=tally.report(str(path)),
    )
    warn_of_leakage(dataset, str(path))
    return dataset.standardized() if scale else dataset


def _names(series: list[str]) -> list[str]:
    """Return the names of the files to read, from the folder UCI HAR Dataset on."""
    return ["activity_labels.txt"] + [
        f"{part}/{name}_{part}.txt"
        for part in ("train", "test")
        for name in ("y", "subject", *(f"Inertial Signals/{one}" for one in series))
    ]


@contextlib.contextmanager
def _files(path: Path, names: list[str], max_bytes: int) -> Iterator[dict[str, Member]]:
    """Find each of the files, once, in a folder, in a zip, or in the zip within either."""
    # at the top or in a folder UCI HAR Dataset, which may be in others
    inside = re.compile(rf"(?:(?:[^/\\:]+/)*UCI HAR Dataset/)?({'|'.join(map(re.escape, names))})")
    folder = path / "UCI HAR Dataset"
    root, most = folder if is_folder(folder) else path, max_bytes // 8
    with downloaded(root, inside, _ZIPS, EXPECTED, max_bytes=max_bytes, max_member=most) as found:
        yield _each_once(path, found, names)


def _each_once(path: Path | str, found: list[Member], names: list[str]) -> dict[str, Member]:
    files: dict[str, Member] = {}
    for member in found:
        name = member.match[1]
        if name in files:
            raise DataError(f"{path}: {files[name].name} and {member.name} are the same file, expected it once")
        files[name] = member
    missing = [name for name in names if name not in files]
    if missing:
        others = f", nor {len(missing) - 1} other files of it" if missing[1:] else ""
        raise DataError(f"{path}: there is no UCI HAR Dataset/{missing[0]}{others}")
    return files


def _activities(file: Member) -> tuple[str, ...]:
    """Read the names of the classes: lines of a number, from 1, and a name."""
    names: dict[str, int] = {}
    for line, text in enumerate(file.text().rstrip().split("\n"), start=1):
        cells = text.split()
        if len(cells) != 2 or cells[0] != str(line):
            raise DataError(f"{file.where}, line {line}: expected the number {line} and a name, found {text[:60]!r}")
        if cells[1] in names:
            raise DataError(f"{file.where}, line {line}: {cells[1]!r} is there twice, expected different names")
        if line > MAX_CLASSES:
            raise DataError(f"{file.where}, line {line}: expected at most {MAX_CLASSES} classes")
        names[cells[1]] = line
    return tuple(names)


def _part(files: dict[str, Member], part: str, series: list[str], n_classes: int) -> tuple[Samples, IntArray]:
    """Read the training or the test part, and whose each window is."""
    labels, people = (files[f"{part}/{name}_{part}.txt"] for name in ("y", "subject"))
    y = column(labels.text(), labels.where, n_classes) - 1
    person = column(people.text(), people.where, MOST_PEOPLE)
    _as_many(len(person), people, len(y), labels)
    axes = []
    for name in series:
        file = files[f"{part}/Inertial Signals/{name}_{part}.txt"]
        windows = table(file.text(), file.where, STEPS)
        _as_many(len(windows), file, len(y), labels)
        axes.append(windows.astype(np.float32))
    return Samples(np.stack(axes, axis=2), y, person), person


def _refuse_common(train: IntArray, test: IntArray, file: Member) -> None:
    common = np.isin(test, train)
    if common.any():
        row = int(common.argmax())
        raise DataError(
            f"{file.where}, line {row + 1}: person {test[row]} is in the training part too, expected others"
        )


def _as_many(n: int, file: Member, expected: int, labels: Member) -> None:
    if n != expected:
        raise DataError(f"{file.where}: it has {n} lines, expected {expected} as in {labels.name}")
