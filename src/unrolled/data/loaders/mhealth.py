"""MHEALTH: twelve activities of ten people with sensors at chest, left ankle and right arm.

Banos et al., mHealthDroid: a novel framework for agile development of mobile health applications, IWAAL 2014. The
recordings are at https://doi.org/10.24432/C5TW22 (CC BY 4.0), file MHEALTHDATASET.zip.
"""

import dataclasses
import os
from collections.abc import Collection, Sequence
from typing import Literal

from unrolled._support.validation import one_of
from unrolled.data.dataset import Dataset
from unrolled.data.errors import DataError
from unrolled.data.loaders.csv_table import load_csv
from unrolled.data.samples import Rng
from unrolled.data.windows.divide import Split

RATE = 50.0  # Hz
ACTIVITIES = (  # numbers 1 to 12 in the last column; 0 is anything else
    *("standing", "sitting", "lying", "walking", "climbing stairs", "waist bends", "arm elevation", "knees bending"),
    *("cycling", "jogging", "running", "jumping"),
)
LABEL = 23
SIGNALS = {  # the columns of the file
    ("chest", "acceleration"): range(3),
    ("ankle", "acceleration"): range(5, 8),
    ("ankle", "rotation_rate"): range(8, 11),
    ("ankle", "magnetic_field"): range(11, 14),
    ("arm", "acceleration"): range(14, 17),
    ("arm", "rotation_rate"): range(17, 20),
    ("arm", "magnetic_field"): range(20, 23),
}

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
    places, signals = ([given] if isinstance(given, str) else list(given) for given in (place, signal))
    columns: list[int] = []
    for where in places:
        for what in signals:
            known = [of for at, of in SIGNALS if at == where]
            one_of(where, ("chest", "ankle", "arm"), "place", error=DataError)
            one_of(what, known, f"signal of the {where}", error=DataError)
            columns.extend(SIGNALS[where, what])
    dataset = load_csv(
        path,
        pattern="mHealth_subject{person}.log",
        signal=columns,
        label=LABEL,
        rate=RATE,
        delimiter=" ",
        header=False,
        unlabeled=("0",),
        classes=tuple(str(i + 1) for i in range(len(ACTIVITIES))),
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
    source = f"MHEALTH (Banos et al. 2014, doi:10.24432/C5TW22), {', '.join(places)}, {', '.join(signals)}"
    how = dataset.provenance.partition(";")[2]
    return dataclasses.replace(dataset, classes=ACTIVITIES, provenance=f"{source};{how}")
