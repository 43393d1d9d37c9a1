"""Seven shoulder exercises of ten people with a smartwatch: the recordings that come with the library.

Burns et al., Shoulder Physiotherapy Exercise Recognition: Machine Learning the Inertial Signals from a
Smartwatch, Physiological Measurement 39 (2018), arXiv:1802.01489. How the file was made: data/README.md.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Literal

import h5py
import numpy as np

from unrolled._support.validation import one_of
from unrolled.data.dataset import Dataset
from unrolled.data.errors import DataError
from unrolled.data.summary import Tally
from unrolled.data.windows.assemble import Pipeline
from unrolled.data.windows.divide import ByPeople
from unrolled.data.windows.recordings import Recording

EXERCISES = (
    "pendulum",
    "abduction",
    "forward elevation",
    "internal rotation",
    "external rotation",
    "trapezius extension",
    "upright row",
)
RATE = 50.0  # Hz
FILE = "shoulder_exercises.h5"

Signal = Literal["acceleration", "rotation_rate", "all"]
COLUMNS = {"acceleration": slice(0, 3), "rotation_rate": slice(3, 6), "all": slice(0, 6)}


def load_shoulder_exercises(
    *,
    signal: Signal = "acceleration",
    test_people: Collection[int] = (8, 9),
    window: int = 150,
    stride: int = 75,
    scale: bool = True,
) -> Dataset:
    """Load the shoulder exercises as windows of equal length, trained on some people and tested on others.

    The recordings of 1 and 2, 3 and 4, 5 and 6, 7 and 10, and 8 and 9 keep time with each other, as if these
    people had done the exercises two by two (data/README.md has the figures). Someone whose partner is in
    the training set is easier to recognize, so a fair test set is made of whole pairs. The default, 8 and 9,
    leaves 2419 training and 627 test windows, near the 3000 and 600 of the report.

    Parameters
    ----------
    signal : {"acceleration", "rotation_rate", "all"}
        Acceleration with gravity (3 axes, in g), rotation rate (3, rad/s), or both in this order (6).
    test_people : collection of int
        The people (1 to 10) held out as the test set; everyone else is for training.
    window, stride : int
        Length of a window and distance between the starts of neighbors, in steps of 1/50 s.
    scale : bool
        Bring each axis to mean 0 and standard deviation 1, as measured on the training windows.

    Returns
    -------
    Dataset
        float32, with person and trial numbers, at 50 Hz; seven classes. ``summary`` says how many recordings
        were shorter than a window.

    Raises
    ------
    DataError
        If the file is missing, or `test_people` are not some, and not all, of the ten.

    See Also
    --------
    read_shoulder_exercises : The recordings, not cut.

    Examples
    --------
    >>> print(load_shoulder_exercises())
    series of 150 steps x 3 axes at 50 Hz, standardized
    class                training  people  seconds  test  people  seconds
    pendulum                  253       8      759    74       2      222
    abduction                 393       8     1179   109       2      327
    forward elevation         400       8     1200   108       2      324
    internal rotation         376       8     1128    91       2      273
    external rotation         384       8     1152    88       2      264
    trapezius extension       303       8      909    76       2      228
    upright row               310       8      930    81       2      243
    all                      2419       8     7257   627       2     1881
    recordings: 140 kept, 0 dropped
    windows: 3046 kept, 0 dropped
    """
    pipeline = Pipeline(ByPeople(test_people), window, stride, scale=scale)
    return pipeline.dataset(
        read_shoulder_exercises(signal=signal),
        EXERCISES,
        RATE,
        f"Shoulder exercises (Burns et al. 2018, arXiv:1802.01489), {signal.replace('_', ' ')}",
        FILE,
        Tally(),
    )


def read_shoulder_exercises(*, signal: Signal = "acceleration") -> list[Recording]:
    """Read the continuous recordings: ten people, seven exercises, left and right arm.

    Parameters
    ----------
    signal : {"acceleration", "rotation_rate", "all"}
        As for `load_shoulder_exercises`.

    Returns
    -------
    list of Recording
        140 of them, float32 at 50 Hz, in the order of person, exercise and side. ``trial`` is 1 to 14 within a person:
        two for each exercise, the odd one with the left arm, the even one with the right.

    Raises
    ------
    DataError
        If the file is missing or damaged.

    See Also
    --------
    load_shoulder_exercises : Windows of them.

    Examples
    --------
    >>> read_shoulder_exercises()[0]
    Recording(1489 steps x 3 axes at 50 Hz, label 0, person 1, trial 1)
    """
    one_of(signal, tuple(COLUMNS), "signal", error=DataError)
    path = _find()
    try:
        with h5py.File(path, "r") as file:
            steps = file["signal"][:, COLUMNS[signal]] * np.float32(file["signal"].attrs["unit"])
            table = file["recordings"][...]
    except Exception as error:  # on damage h5py raises OSError, RuntimeError, KeyError, ...
        raise DataError(f"{path}: damaged, expected the file as shipped: {error}") from error
    return [
        Recording(steps[start:stop], int(label), int(person), 2 * int(label) + 1 + int(side), RATE)
        for start, stop, label, person, side in table
    ]


def _find() -> Path:
    """Return where the file is: inside the package when installed, in the folder data of a checkout."""
    package = Path(__file__).resolve().parents[1]
    places = [package / FILE, package.parents[2] / "data" / FILE]
    for place in places:
        if place.is_file():
            return place
    raise DataError(
        f"{FILE} is missing, expected at {' or '.join(map(str, places))}: "
        "reinstall unrolled, or in a checkout run data/make_shoulder_exercises.py"
    )
