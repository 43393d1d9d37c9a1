"""MHEALTH: twelve activities of ten people with sensors at chest, left ankle and right arm.

Banos et al., mHealthDroid: a novel framework for agile development of mobile health applications, IWAAL 2014. The
recordings are at https://doi.org/10.24432/C5TW22 (CC BY 4.0), file MHEALTHDATASET.zip.
"""

import os
from collections.abc import Collection, Sequence
from typing import Literal

from unrolled.data.dataset import Dataset
from unrolled.data.loaders.sensor_tables import SensorTables
from unrolled.data.samples import Rng
from unrolled.data.windows.divide import Split

ACTIVITIES = (
    *("standing", "sitting", "lying", "walking", "climbing stairs", "waist bends", "arm elevation", "knees bending"),
    *("cycling", "jogging", "running", "jumping"),
)
MHEALTH = SensorTables(
    "MHEALTH (Banos et al. 2014, doi:10.24432/C5TW22)",
    50.0,
    {str(number): name for number, name in enumerate(ACTIVITIES, start=1)},
    23,
    {
        ("chest", "acceleration"): range(3),
        ("ankle", "acceleration"): range(5, 8),
        ("ankle", "rotation_rate"): range(8, 11),
        ("ankle", "magnetic_field"): range(11, 14),
        ("arm", "acceleration"): range(14, 17),
        ("arm", "rotation_rate"): range(17, 20),
        ("arm", "magnetic_field"): range(20, 23),
    },
)

Place = Literal["chest", "ankle", "arm"]
Signal = Literal["acceleration", "rotation_rate", "magnetic_field"]


def load_mhealth(
    path: str | os.PathLike[str],
    *,
    place: Place | Sequence[Place] = "arm",
    signal: Signal | Sequence[Signal] = "acceleration",
    split: Split = "person",
    test_share: float = 0.2,
    test_people: Collection[int] | None = None,
    window: int = 250,
    stride: int = 125,
    new_rate: float | None = None,
    scale: bool = True,
    rng: Rng = 0,
    max_bytes: int = 2**30,
) -> Dataset:
    """Load MHEALTH as windows of equal length. What is between activities (0) is left out.

    Parameters
    ----------
    path : str or path-like
        MHEALTHDATASET.zip, the zip as downloaded that holds it, or an unpacked folder. A zip is read in place.
    place : {"chest", "ankle", "arm"}, or several
        Where the sensor was: chest, left ankle, right lower arm.
    signal : {"acceleration", "rotation_rate", "magnetic_field"}, or several
        Acceleration (3 axes, m/s^2), rotation rate (3, deg/s), magnetic field (3, local units), of each place in turn;
        of the chest there is the first alone.
    window, stride : int
        In steps of 1/50 s. The default is five seconds, half of them shared by neighbors.
    split, test_share, test_people, new_rate, scale, rng
        As for `from_recordings`. People are 1 to 10.
    max_bytes : int
        The most that the files may have, unpacked.

    Returns
    -------
    Dataset
        float32, with person and trial numbers, at 50 Hz or `new_rate`; twelve classes.

    Raises
    ------
    DataError
        As `load_csv`.

    See Also
    --------
    load_csv : What reads the files.

    Examples
    --------
    >>> load_mhealth("MHEALTHDATASET.zip", place=["chest", "ankle"])  # doctest: +SKIP
    """
    return MHEALTH.load(
        path,
        place,
        signal,
        pattern="mHealth_subject{person}.log",
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
