"""WISDM: movements of many people with a telephone in the pocket or a watch on the wrist, in two editions.

v1.1: six activities of 36 people. Kwapisz, Weiss and Moore, Activity Recognition using Cell Phone
Accelerometers, SensorKDD 2010, https://www.cis.fordham.edu/wisdm/dataset.php.

2019: eighteen activities of 51 people. Weiss, Yoneda and Hayajneh, Smartphone and Smartwatch-Based Biometrics
Using Activities of Daily Living, IEEE Access 7 (2019), doi:10.1109/ACCESS.2019.2940729,
https://archive.ics.uci.edu/dataset/507.
"""

import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Literal

from unrolled.data.dataset import Dataset
from unrolled.data.loaders.wisdm_files import ACTIVITIES, read_steps
from unrolled.data.samples import Rng
from unrolled.data.summary import Tally
from unrolled.data.windows.assemble import Pipeline
from unrolled.data.windows.divide import Split, division
from unrolled.data.windows.recordings import Recording
from unrolled.data.windows.tables import Stamps, cut_counted

RATE = 20.0  # Hz

Device = Literal["phone", "watch"]
Sensor = Literal["accel", "gyro"]


def load_wisdm(
    path: str | os.PathLike[str],
    *,
    device: Device = "phone",
    sensor: Sensor = "accel",
    split: Split = "person",
    test_share: float = 0.2,
    test_people: Collection[int] | None = None,
    window: int = 200,
    stride: int = 100,
    new_rate: float | None = None,
    scale: bool = True,
    rng: Rng = 0,
    max_gap: float = 0.25,
    max_bytes: int = 2**30,
) -> Dataset:
    """Load WISDM, v1.1 or 2019, as windows of equal length; what is at `path` tells which edition it is.

    Parameters
    ----------
    path : str or path-like
        v1.1: WISDM_ar_v1.1_raw.txt (under any name), or a folder or a zip with it. 2019: the folder
        wisdm-dataset or the zip of it, the zip as downloaded that holds this zip, the folder with either, or one
        file such as data_1600_accel_phone.txt. A zip is read in place.
    device : {"phone", "watch"}
        Of v1.1 there is the telephone alone.
    sensor : {"accel", "gyro"}
        Acceleration with gravity (3 axes, m/s^2), or rotation rate (3, rad/s). Of v1.1 there is the first alone.
    split, test_share, test_people, new_rate, scale, rng
        As for `from_recordings`. People are 1 to 36 in v1.1, and 1600 to 1650 in 2019.
    window, stride : int
        Length of a window and distance between the starts of neighbors, in steps of 1/20 s. The default is
        the ten seconds of the publications, with half of it shared by neighbors.
    max_gap, max_bytes
        As for `read_wisdm`.

    Returns
    -------
    Dataset
        float32, with person and trial numbers, at 20 Hz or `new_rate`. Classes of v1.1: Walking, Jogging, Upstairs,
        Downstairs, Sitting, Standing; of 2019 the eighteen names of activity_key.txt, in its order.
        ``summary`` counts records, recordings and windows, kept and dropped; it is also logged, to the logger
        "unrolled.data".

    Raises
    ------
    DataError
        If the files cannot be read (the message names file and line), a parameter does not fit, or there is
        too little to divide.

    See Also
    --------
    read_wisdm : The recordings, not cut.

    Examples
    --------
    >>> load_wisdm("wisdm-dataset.zip")  # doctest: +SKIP
    """
    pipeline = Pipeline(division(split, test_share, test_people, rng), window, stride, new_rate, scale)
    tally = Tally()
    recordings, classes = _read(path, device, sensor, max_gap, pipeline.least_steps, max_bytes, tally)
    if classes == tuple(ACTIVITIES):
        source = "WISDM v1.1 (Kwapisz et al. 2010), phone accel"
    else:
        source = f"WISDM 2019 (Weiss et al. 2019, doi:10.1109/ACCESS.2019.2940729), {device} {sensor}"
    return pipeline.dataset(recordings, classes, RATE, source, str(path), tally)


def read_wisdm(
    path: str | os.PathLike[str],
    *,
    device: Device = "phone",
    sensor: Sensor = "accel",
    max_gap: float = 0.25,
    min_steps: int = 1,
    max_bytes: int = 2**30,
) -> list[Recording]:
    """Read the continuous recordings of WISDM, v1.1 or 2019.

    Not all is at the 20 Hz that the publications say: by their time stamps some people's telephones were at 25 or
    50 Hz, and many watches switch between 20 and 100 Hz. Time stamps decide: what differs from 20 Hz by more than
    2 %, or is uneven, is read at even times of 1/20 s, filtered first where it was faster; how much is logged.

    The published files have defects, above all v1.1: several records on a line, a comma before the
    semicolon, empty fields, times of zero, and records repeated. A record that cannot be read, that has a time
    of zero, or that has the time of the record before it is dropped; how many and why is logged, to the logger
    "unrolled.data".

    Parameters
    ----------
    path, device, sensor
        As for `load_wisdm`.
    max_gap : float
        In seconds. A recording ends where the person or the activity changes, where time stands still, runs back or
        leaps ahead by more than this, and where the length of its steps changes.
    min_steps : int
        Shorter recordings are left out.
    max_bytes : int
        The most that the files read may have together, unpacked. Those of v1.1 have 50 MB, those of 2019 about
        250 MB for a device and sensor.

    Returns
    -------
    list of Recording
        float32 at 20 Hz, in the order of the files. ``label`` counts the classes of `load_wisdm`; ``trial`` counts a
        person's recordings from 1.

    Raises
    ------
    DataError
        If there is nothing to read, a file is too large or is no text, or more than half of its records cannot
        be read: the message names the file and the first such line.

    See Also
    --------
    load_wisdm : Windows of them.

    Examples
    --------
    >>> read_wisdm("wisdm-dataset.zip")  # doctest: +SKIP
    """
    tally = Tally()
    recordings, _ = _read(path, device, sensor, max_gap, lambda _: min_steps, max_bytes, tally)
    tally.keep("recordings", len(recordings))
    tally.report(str(path))
    return recordings


def _read(
    path: str | os.PathLike[str],
    device: str,
    sensor: str,
    max_gap: float,
    min_steps: Callable[[float | None], int],
    max_bytes: int,
    tally: Tally,
) -> tuple[list[Recording], tuple[str, ...]]:
    steps, classes = read_steps(Path(path), device, sensor, max_bytes, tally)
    stamps = Stamps(steps.time, "s", max_gap, RATE, fixed=True)
    recordings, _ = cut_counted(steps.signal, steps.label, steps.person, stamps, min_steps, tally)
    return recordings, classes
