"""Recordings of movements, as labeled series ready for training.

A `Dataset` has a training and a test part, each a `Samples`: X (N, T, D) and labels y (N,), and `lengths` (N,)
where the series differ in length. The ways to one:

- `load_shoulder_exercises`: the recordings that come with the library;
- `load_motionsense`, `load_wisdm`, `load_uci_har`, `load_pamap2`, `load_mhealth`: recordings of the field, from the
  files as published;
- `load_ts`: any data set of the UEA and UCR archive, in its `.ts` layout;
- `load_csv`: tables of one's own, `join_by_time` two of them; `from_recordings`: arrays of one's own, `pad` those of
  different lengths;
- `load_h5` and `save_h5`: HDF5 files in the course layout (trX, trY, tstX, tstY).

Files larger than memory: `open_h5` gives a `StoredDataset`, whose parts are trained on as they are read, and
`write_h5` writes one block by block.

Continuous recordings all go the same way, and each step of it can be taken alone: recordings (`Recording`;
`cut_recordings` cuts them from a long table, `resample` changes their rate) become windows of equal length
(`cut_windows`), which are divided (`Samples.split`, `Samples.folds`) and scaled by what is measured on the
training part (``Dataset(...).standardized()``). `Dataset.select_axes` and `Dataset.select_classes` keep a part,
and a `Summary` says what was dropped on the way. What cannot be used is refused with a `DataError` that says
what was found, what was expected, and where. `augment` has the random changes of sequences to train on, and
`channels` what is derived from the axes (`Dataset.with_channels`).

`tasks` has the field's standard problems, drawn anew from a seed, and `forecasting_windows` cuts samples from long
series whose own future is the target.
"""

from unrolled.data import augment, channels, tasks
from unrolled.data.dataset import Dataset
from unrolled.data.errors import DataError
from unrolled.data.h5.blocks import write_h5
from unrolled.data.h5.files import load_h5, save_h5
from unrolled.data.h5.samples import StoredSamples
from unrolled.data.h5.stored import StoredDataset, open_h5
from unrolled.data.leakage import Leakage
from unrolled.data.loaders.csv_table import load_csv
from unrolled.data.loaders.join import join_by_time
from unrolled.data.loaders.mhealth import load_mhealth
from unrolled.data.loaders.motionsense import load_motionsense
from unrolled.data.loaders.motionsense_files import read_motionsense
from unrolled.data.loaders.pamap2 import load_pamap2
from unrolled.data.loaders.shoulder import load_shoulder_exercises, read_shoulder_exercises
from unrolled.data.loaders.ts import load_ts
from unrolled.data.loaders.uci_har import load_uci_har
from unrolled.data.loaders.wisdm import load_wisdm, read_wisdm
from unrolled.data.padding import pad
from unrolled.data.samples import Samples
from unrolled.data.scaling import Scaling
from unrolled.data.summary import Summary
from unrolled.data.windows.assemble import from_recordings
from unrolled.data.windows.forecasting import forecasting_windows
from unrolled.data.windows.recordings import Recording, cut_windows
from unrolled.data.windows.resample import resample
from unrolled.data.windows.tables import cut_recordings

__all__ = [
    "DataError",
    "Dataset",
    "Leakage",
    "Recording",
    "Samples",
    "Scaling",
    "StoredDataset",
    "StoredSamples",
    "Summary",
    "augment",
    "channels",
    "cut_recordings",
    "cut_windows",
    "forecasting_windows",
    "from_recordings",
    "join_by_time",
    "load_csv",
    "load_h5",
    "load_mhealth",
    "load_motionsense",
    "load_pamap2",
    "load_shoulder_exercises",
    "load_ts",
    "load_uci_har",
    "load_wisdm",
    "open_h5",
    "pad",
    "read_motionsense",
    "read_shoulder_exercises",
    "read_wisdm",
    "resample",
    "save_h5",
    "tasks",
    "write_h5",
]
