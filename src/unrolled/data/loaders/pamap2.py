"""PAMAP2: eighteen activities of nine people with three inertial sensors, at hand, chest and ankle.

Reiss and Stricker, Introducing a New Benchmarked Dataset for Activity Monitoring, ISWC 2012. The recordings are at
https://doi.org/10.24432/C5NW2H (CC BY 4.0), file PAMAP2_Dataset.zip.
"""

import os
from collections.abc import Collection, Sequence
from typing import Literal

from unrolled._support.validation import one_of
from unrolled.data.dataset import Dataset
from unrolled.data.errors import DataError
from unrolled.data.loaders.sensor_tables import SensorTables
from unrolled.data.samples import Rng
from unrolled.data.windows.divide import Split

ACTIVITIES = {
    "1": "lying",
    "2": "sitting",
    "3": "standing",
    "4": "walking",
    "5": "running",
    "6": "cycling",
    "7": "Nordic walking",
    "9": "watching TV",
    "10": "computer work",
    "11": "car driving",
    "12": "ascending stairs",
    "13": "descending stairs",
    "16": "vacuum cleaning",
    "17": "ironing",
    "18": "folding laundry",
    "19": "house cleaning",
    "20": "playing soccer",
    "24": "rope jumping",
}
PLACES = {"hand": 3, "chest": 20, "ankle": 37}  # the first of 17 columns: temperature, and then
SIGNALS = {"acceleration": 1, "rotation_rate": 7, "magnetic_field": 10}  # x, of three
PAMAP2 = SensorTables(
    "PAMAP2 (Reiss and Stricker 2012, doi:10.24432/C5NW2H)",
    100.0,
    ACTIVITIES,
    1,
    {(at, of): range(first + x, first + x + 3) for at, first in PLACES.items() for of, x in SIGNALS.items()},
)

Place = Literal["hand", "chest", "ankle"]
Signal = Literal["acceleration", "rotation_rate", "magnetic_field"]


def load_pamap2(
    path: str | os.PathLike[str],
    *,
    place: Place | Sequence[Place] = "hand",
    signal: Signal | Sequence[Signal] = "acceleration",
    part: Literal["Protocol", "Optional"] = "Protocol",
    split: Split = "person",
    test_share: float = 0.2,
    test_people: Collection[int] | None = None,
    window: int = 512,
    stride: int = 256,
    new_rate: float | None = None,
    scale: bool = True,
    rng: Rng = 0,
    max_bytes: int = 2**31,
) -> Dataset:
    """Load PAMAP2 as windows of equal length.

    Values that a wireless sensor lost are interpolated within a recording, and counted. What is between activities
    (activity 0) is left out.

    Parameters
    ----------
    path : str or path-like
        PAMAP2_Dataset.zip, the zip as downloaded that holds it, or an unpacked folder. A zip is read in place.
    place : {"hand", "chest", "ankle"}, or several
        Where the sensor was.
    signal : {"acceleration", "rotation_rate", "magnetic_field"}, or several
        Acceleration up to 16 g with gravity (3 axes, m/s^2), rotation rate (3, rad/s), magnetic field (3, microtesla),
        of each place in turn.
    part : {"Protocol", "Optional"}
        Which folder.
    window, stride : int
        In steps of 1/100 s. The default is the publication's 5.12 seconds, half of them shared by neighbors.
    split, test_share, test_people, new_rate, scale, rng
        As for `from_recordings`. People are 101 to 109.
    max_bytes : int
        The most that the files may have, unpacked; the published ones have 1.7 GB.

    Returns
    -------
    Dataset
        float32, with person and trial numbers, at 100 Hz or `new_rate`; the classes are the 18 activities in the
        order of their numbers, whichever `part` has.

    Raises
    ------
    DataError
        As `load_csv`.

    See Also
    --------
    load_csv : What reads the files.

    Examples
    --------
    >>> load_pamap2("PAMAP2_Dataset.zip", place=["chest", "ankle"])  # doctest: +SKIP
    """
    one_of(part, ("Protocol", "Optional"), "part", error=DataError)
    return PAMAP2.load(
        path,
        place,
        signal,
        pattern=f"{part}/subject{{person}}.dat",
        time=0,
        time_unit="s",
        missing="interpolate",
        split=split,
        test_share=test_share,
        test_people=test_people,
        window=window,
        stride=stride,
        new_rate=new_rate,
        scale=scale,
        rng=rng,
        max_bytes=max_bytes,
    )
