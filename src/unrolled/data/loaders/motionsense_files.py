"""Reading the continuous recordings of MotionSense, from the zip as published or from its unpacked folder."""

import io
import os
import re
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np

from unrolled._support.validation import one_of
from unrolled.data.checks import FloatArray
from unrolled.data.errors import DataError
from unrolled.data.loaders.archive import Member, downloaded
from unrolled.data.loaders.place import is_folder
from unrolled.data.windows.recordings import Recording

MOVEMENTS = {  # the code in the folders' names, in the order of the labels
    "dws": "downstairs",
    "jog": "jogging",
    "sit": "sitting",
    "std": "standing",
    "ups": "upstairs",
    "wlk": "walking",
}

RATE = 50.0  # Hz

Signal = Literal["acceleration", "user_acceleration", "gravity", "rotation_rate", "attitude", "motion", "all"]

LARGEST = 1e38  # the sum of two is finite in float32

Axes = list[tuple[str, ...]]  # each axis of a signal is the sum of the columns named
_USER: Axes = [(f"userAcceleration.{axis}",) for axis in "xyz"]
_GRAVITY: Axes = [(f"gravity.{axis}",) for axis in "xyz"]
_ROTATION: Axes = [(f"rotationRate.{axis}",) for axis in "xyz"]
_ATTITUDE: Axes = [(f"attitude.{angle}",) for angle in ("roll", "pitch", "yaw")]
_TOTAL: Axes = [user + gravity for user, gravity in zip(_USER, _GRAVITY, strict=True)]
SIGNALS: dict[str, Axes] = {
    "acceleration": _TOTAL,
    "user_acceleration": _USER,
    "gravity": _GRAVITY,
    "rotation_rate": _ROTATION,
    "attitude": _ATTITUDE,
    "motion": _TOTAL + _ROTATION,
    "all": _ATTITUDE + _GRAVITY + _ROTATION + _USER,
}


def read_motionsense(
    path: str | os.PathLike[str], *, signal: Signal = "acceleration", max_bytes: int = 2**30
) -> list[Recording]:
    """Read the continuous recordings of MotionSense.

    Parameters
    ----------
    path : str or path-like
        The zip, its unpacked folder, or the folder or zip that one is in.
    signal : str
        As for `load_motionsense`.
    max_bytes : int
        The most that the recordings together may have, unpacked; a single one at most a sixteenth of it. The
        published ones are 216 MB, the largest 2.5 MB.

    Returns
    -------
    list of Recording
        float32 at 50 Hz, in the order of movement, trial and person.

    Raises
    ------
    DataError
        If there are no recordings, or one is there twice, is too large or is not as published: the message
        names file and line.

    See Also
    --------
    load_motionsense : Windows of them.

    Examples
    --------
    >>> read_motionsense("A_DeviceMotion_data.zip")  # doctest: +SKIP
    """
    one_of(signal, tuple(SIGNALS), "signal", error=DataError)
    path = Path(path)
    folder = path / "A_DeviceMotion_data"
    root = folder if is_folder(folder) else path
    expected = "A_DeviceMotion_data.zip or its unpacked folder"
    with downloaded(root, _NAME, _ZIPS, expected, max_bytes=max_bytes, max_member=max_bytes // 16) as found:
        if not found:
            raise DataError(f"{path}: expected recordings A_DeviceMotion_data/dws_1/sub_1.csv and so on, found none")
        files = sorted(found, key=_numbers)  # stable: by name where the numbers are the same
        for one, other in pairwise(files):
            if _numbers(one) == _numbers(other):
                raise DataError(f"{path}: {one.name} and {other.name} are the same recording, expected it once")
        recordings = []
        for file in files:
            label, trial, person = _numbers(file)
            recordings.append(Recording(_signal(file, SIGNALS[signal]), label, person, trial, RATE))
        return recordings


# <movement>_<trial>/sub_<person>.csv, at the top or in a folder A_DeviceMotion_data, which may be in others;
# other files are not recordings.
_NAME = re.compile(
    rf"(?:(?:[^/\\:]+/)*A_DeviceMotion_data/)?({'|'.join(MOVEMENTS)})_([0-9]{{1,9}})/sub_([0-9]{{1,9}})\.csv"
)

_ZIPS = re.compile(r"(?:[^/\\:]+/)*A_DeviceMotion_data\.zip")


def _numbers(file: Member) -> tuple[int, int, int]:
    """Return the numbers of movement, trial and person in a file's name."""
    movement, trial, person = file.match.groups()
    return list(MOVEMENTS).index(movement), int(trial), int(person)


def _signal(file: Member, axes: Axes) -> FloatArray:
    """Parse one CSV file into float32 (L, D); columns are found by name."""
    name = file.where
    head, _, body = file.text().partition("\n")
    header = head.rstrip("\r").split(",")
    wanted = sorted({column for axis in axes for column in axis})
    for column in wanted:
        if header.count(column) != 1:
            raise DataError(f"{name}, line 1: expected one column {column}, found the columns {', '.join(header)}")
    if not body.strip():
        raise DataError(f"{name}: there is no row below the header")
    places = [header.index(column) for column in wanted]
    try:
        table = np.loadtxt(io.StringIO(body), delimiter=",", comments=None, usecols=places, ndmin=2)
    except ValueError as error:
        raise DataError(_complaint(body, name, len(header), places) or f"{name}: {error}") from error
    if not (np.abs(table) <= LARGEST).all() or body.count(",") != len(table) * (len(header) - 1):
        raise DataError(_complaint(body, name, len(header), places) or f"{name}: its lines are not as published")
    return np.stack(
        [table[:, [wanted.index(column) for column in axis]].sum(axis=1) for axis in axes],
        axis=1,
        dtype=np.float32,
    )


def _complaint(body: str, name: str, n_columns: int, places: list[int]) -> str:
    """Describe what is wrong with the first bad line; slow, so only once something is known to be wrong."""
    for line, text in enumerate(body.split("\n"), start=2):
        cells = text.rstrip("\r").split(",")
        if cells == [""]:
            continue
        if len(cells) != n_columns:
            return f"{name}, line {line}: expected {n_columns} columns, found {len(cells)}"
        for place in places:
            try:
                fine = abs(float(cells[place])) <= LARGEST
            except ValueError:
                fine = False
            if not fine:
                return f"{name}, line {line}: expected a number in column {place + 1}, found {cells[place]!r}"
    return ""
