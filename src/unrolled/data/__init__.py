"""Recordings of movements, as labelled series of equal length ready for training.

A `Dataset` has a training and a test part, each a `Samples`: X (N, T, D) and labels y (N,). There are three
ways to one:

- `load_shoulder_exercises`: the recordings that come with the library;
- `load_motionsense`: the MotionSense recordings, from the zip as published;
- `load_h5` and `save_h5`: HDF5 files in the course layout (trX, trY, tstX, tstY).

Files larger than memory: `open_h5` gives a `StoredDataset`, whose parts are trained on as they are read, and
`write_h5` writes one block by block.

For recordings of one's own: `cut_windows` makes `Samples` of a list of `Recording`, `Samples.split` divides
them, and ``Dataset(...).standardised()`` scales them by what is measured on the training part. What cannot be
used is refused with a `DataError` that says what was found, what was expected, and where.
"""

from unrolled.data.dataset import Dataset
from unrolled.data.errors import DataError
from unrolled.data.h5 import load_h5, save_h5
from unrolled.data.motionsense import load_motionsense
from unrolled.data.motionsense_files import read_motionsense
from unrolled.data.recordings import Recording, cut_windows
from unrolled.data.samples import Samples
from unrolled.data.scaling import Scaling
from unrolled.data.shoulder import load_shoulder_exercises, read_shoulder_exercises
from unrolled.data.stored import StoredDataset, StoredSamples, open_h5
from unrolled.data.writing import write_h5

__all__ = [
    "DataError",
    "Dataset",
    "Recording",
    "Samples",
    "Scaling",
    "StoredDataset",
    "StoredSamples",
    "cut_windows",
    "load_h5",
    "load_motionsense",
    "load_shoulder_exercises",
    "open_h5",
    "read_motionsense",
    "read_shoulder_exercises",
    "save_h5",
    "write_h5",
]
