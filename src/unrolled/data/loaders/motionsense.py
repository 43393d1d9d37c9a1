"""MotionSense: six movements of 24 people with a telephone in the trouser pocket.

Malekzadeh, Clegg, Cavallaro and Haddadi, Mobile Sensor Data Anonymization, IoTDI 2019,
doi:10.1145/3302505.3310068.
The recordings are at https://github.com/mmalekzadeh/motion-sense, folder data, file A_DeviceMotion_data.zip.
"""

import os
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from unrolled._support.validation import one_of, whole_number
from unrolled.data.checks import IntArray
from unrolled.data.dataset import Dataset
from unrolled.data.errors import DataError
from unrolled.data.loaders.motionsense_files import MOVEMENTS, RATE, Signal, read_motionsense
from unrolled.data.samples import Rng, Samples
from unrolled.data.summary import Tally
from unrolled.data.windows.assemble import Pipeline

LAST_LONG_TRIAL = 10  # trials 1 to 9 are long, 11 to 16 are short
FIRST_TEST_PERSON = 21


def load_motionsense(
    path: str | os.PathLike[str],
    *,
    split: Literal["trial", "person"] = "trial",
    signal: Signal = "acceleration",
    n_train: int | None = 500,
    n_test: int | None = 100,
    window: int = 150,
    stride: int = 75,
    new_rate: float | None = None,
    scale: bool = True,
    rng: Rng = 0,
    max_bytes: int = 2**30,
) -> Dataset:
    """Load MotionSense as windows of equal length, as many of each movement.

    One recording is published twice (sit_5/sub_1.csv and sit_13/sub_1.csv): the second is dropped, and counted.

    Parameters
    ----------
    path : str or path-like
        A_DeviceMotion_data.zip as published, or its unpacked folder, or the folder or zip that one is in.
        A zip is read in place: nothing is written to disk.
    split : {"trial", "person"}
        What the test set is: "trial" the trials numbered over 10, of everyone (the short ones); "person"
        every trial of persons 21 to 24. Either way no recording is in both parts.
    signal : str
        "acceleration" (3 axes, in g: userAcceleration + gravity, what an accelerometer measures),
        "user_acceleration" (3, g), "gravity" (3, g), "rotation_rate" (3, rad/s), "attitude" (3, rad: roll,
        pitch, yaw), "motion" (6: acceleration, then rotation rate), or "all" (the 12 columns as published).
    n_train, n_test : int or None
        Windows of each movement, drawn at random without replacement; None takes all there are.
    window, stride : int
        Length of a window and distance between the starts of neighbors, in steps of 1/50 s, or of `new_rate`.
    new_rate : float, optional
        Bring the recordings to this rate (Hz) first, by `resample`.
    scale : bool
        Bring each axis to mean 0 and standard deviation 1, as measured on the training windows.
    rng : None, int or numpy.random.Generator
        Where the draw comes from. The draw depends on it and on the recordings, not on the order of the
        files; a larger draw with the same seed contains the smaller.
    max_bytes : int
        As for `read_motionsense`.

    Returns
    -------
    Dataset
        float32, with person and trial numbers, at 50 Hz or `new_rate`; classes downstairs, jogging, sitting, standing,
        upstairs, walking, as labels 0 to 5. ``summary`` says how many windows were drawn and how many not,
        and how many recordings were shorter than a window; it is also logged, to the logger "unrolled.data".

    Raises
    ------
    DataError
        If the recordings cannot be read (the message names file and line), or there are fewer windows of a
        movement than asked for.

    See Also
    --------
    read_motionsense : The recordings, not cut.

    Examples
    --------
    >>> load_motionsense("A_DeviceMotion_data.zip")  # doctest: +SKIP
    """
    pipeline = Pipeline(Drawn(split, n_train, n_test, rng), window, stride, new_rate, scale, drop_twins=True)
    return pipeline.dataset(
        read_motionsense(path, signal=signal, max_bytes=max_bytes),
        tuple(MOVEMENTS.values()),
        RATE,
        f"MotionSense (Malekzadeh et al. 2019, doi:10.1145/3302505.3310068), {signal.replace('_', ' ')}",
        str(path),
        Tally(),
    )


@dataclass(frozen=True)
class Drawn:
    """As many windows of each movement, drawn from the recordings of either part."""

    split: Literal["trial", "person"]
    n_train: int | None
    n_test: int | None
    rng: Rng

    def __post_init__(self) -> None:
        one_of(self.split, ("trial", "person"), "split", error=DataError)
        for n, name in ((self.n_train, "n_train"), (self.n_test, "n_test")):
            if n is not None:
                whole_number(n, name, 1, error=DataError)

    def __call__(self, samples: Samples) -> tuple[Samples, Samples]:
        """Return the training and the test part."""
        assert samples.person is not None  # every window of a recording has both
        assert samples.trial is not None
        testing = samples.trial > LAST_LONG_TRIAL if self.split == "trial" else samples.person >= FIRST_TEST_PERSON
        generator = np.random.default_rng(self.rng)
        train = _draw(samples.y, ~testing, self.n_train, "n_train", generator)
        test = _draw(samples.y, testing, self.n_test, "n_test", generator)
        return samples.subset(train), samples.subset(test)

    def words(self) -> str:
        """Return what it does."""
        return (
            f"{self.n_train or 'all'} training and {self.n_test or 'all'} test windows a movement; "
            f"tested on {'trials over 10' if self.split == 'trial' else 'people 21 to 24'}"
        )


def _draw(y: IntArray, members: NDArray[np.bool_], n: int | None, name: str, rng: np.random.Generator) -> IntArray:
    """Choose `n` of the `members` of each class; return their places in rising order."""
    chosen = []
    for label, movement in enumerate(MOVEMENTS.values()):
        pool = np.flatnonzero(members & (y == label))
        if n is not None and len(pool) < n:
            raise DataError(f"{name} is {n}, but there are {len(pool)} windows of {movement} to draw from")
        # the whole pool is shuffled whatever n is: n_train does not change which test windows are drawn
        chosen.append(rng.permutation(pool)[:n])
    return np.sort(np.concatenate(chosen))
