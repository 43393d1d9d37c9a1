"""Series that stay in an HDF5 file: what is asked for is read, checked and scaled."""

import dataclasses
import functools
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from unrolled._support import hdf5
from unrolled.data.checks import FloatArray, IntArray
from unrolled.data.errors import DataError
from unrolled.data.h5.layout import errors_naming
from unrolled.data.scaling import Scaling

PIECE = 2**14
"""About how many numbers are scaled at a time, in float64."""
SCALING_BYTES = 24
"""What scaling takes for each of them: twice in float64, once as given."""


@dataclass(frozen=True, eq=False, repr=False)
class StoredSeries:
    """N series of T steps with D axes in a file, read as they are asked for: ``X[5]``, ``X[:100]``, ``X[::10]``.

    Numbers are float64 if the file has float64, else float32. ``np.asarray`` reads them all. What would take
    more than `memory` bytes is refused: the rows, and what reading, unpacking and scaling them takes meanwhile.

    Parameters
    ----------
    path : Path
        Of the file, for messages.
    dataset : h5py.Dataset
        (N, T, D), real numbers.
    name : str
        Of the data set, for messages.
    lock : threading.RLock
        Held while the file is read: one thread reads at a time.
    memory : int
        Bytes.
    lengths : array, shape (N,), optional
        Steps of each series. What stands after them is given as 0 by a scaled series.
    scaling : Scaling, optional
        Applied to what is read.
    unchecked : dict of int to list
        The packed chunks that were not read yet, under the number of their band of rows.
    opened : (int, int), optional
        The file as it stood before anything of it was read (:func:`unrolled._support.hdf5.as_it_stands`).
    """

    path: Path
    dataset: h5py.Dataset
    name: str
    lock: Any  # threading.RLock is a function before Python 3.13
    memory: int
    lengths: IntArray | None = None
    scaling: Scaling | None = None
    unchecked: dict[int, list[Any]] = field(default_factory=dict)
    opened: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        _ = self.shape, self.dtype  # known while the file is open, and for ever

    @functools.cached_property
    def shape(self) -> tuple[int, int, int]:
        """(N, T, D)."""
        n, t, d = self._open().shape
        return int(n), int(t), int(d)

    @functools.cached_property
    def dtype(self) -> np.dtype[Any]:
        """float64 if the file has that, else float32."""
        stored = self._open().dtype
        return np.dtype(np.float64 if stored.kind == "f" and stored.itemsize == 8 else np.float32)

    @property
    def ndim(self) -> int:
        """3."""
        return 3

    @property
    def row_bytes(self) -> int:
        """Bytes a series takes in memory."""
        return self.shape[1] * self.shape[2] * self.dtype.itemsize

    @property
    def band(self) -> int:
        """Rows that are best read together, since they share chunks."""
        chunks = self._open().chunks
        return 1 if chunks is None else min(int(chunks[0]), self.shape[0])

    @property
    def overhead(self) -> int:
        """Bytes a row of a band takes while it is read, besides itself."""
        return -(-unpacking_bytes(self._open()) // self.band) + self._turned_row

    @property
    def _turned_row(self) -> int:
        """Bytes a row takes as stored, if it is not of our dtype and so has to be turned into it."""
        dataset = self._open()
        return 0 if self._direct(dataset) else int(self.shape[1] * self.shape[2] * dataset.dtype.itemsize)

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        n, t, d = self.shape
        scaled = "" if self.scaling is None else ", standardized"
        return f"StoredSeries({n} series of {t} steps x {d} axes, {self.dtype}{scaled}, in {self.path.name})"

    def __getitem__(self, key: int | slice) -> FloatArray:
        n = len(self)
        if isinstance(key, slice):
            rows = range(n)[key]
            return self._read(rows) if rows.step > 0 else self._read(rows[::-1])[::-1]
        if isinstance(key, bool) or not isinstance(key, int | np.integer):
            raise DataError(f"{self.name}[{key!r}]: expected a row or a slice of rows; what it gives is an array")
        if not -n <= key < n:
            raise IndexError(f"{self.name}[{key}]: expected a row from {-n} to {n - 1}")
        row: FloatArray = self._read(range(int(key) % n, int(key) % n + 1))[0]
        return row

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError(f"{self.name} is in a file, so that an array of it is always a copy")
        return self[:].astype(dtype or self.dtype, copy=False)

    def scaled(self, scaling: Scaling) -> "StoredSeries":
        """Return the same series, with this scaling applied to what is read."""
        return dataclasses.replace(self, scaling=scaling)

    def read_into(self, out: FloatArray, rows: range) -> None:
        """Read rows, of step 1 or more, into `out` (rows, T, D), check that they are finite, and scale them.

        Raises
        ------
        DataError
            If they cannot be read or are not finite. It names the file, and the row.
        """
        where = np.s_[rows.start : rows.stop : rows.step]
        with self.lock:
            dataset = self._open()
            with errors_naming(self.path), np.errstate(over="ignore"):  # what is beyond float32 is found below
                self._unpack(dataset, rows)
                if self._direct(dataset):
                    dataset.read_direct(out, where)
                else:
                    out[...] = dataset[where]
                if self.opened is not None:
                    hdf5.check_unchanged(dataset.file, self.opened)
        self._check(out, rows)
        if self.scaling is not None:
            step = max(1, PIECE // max(1, out[0].size))
            for n in range(0, len(out), step):
                out[n : n + step] = self.scaling.apply(out[n : n + step])
            if self.lengths is not None:
                lengths = self.lengths[where]
                out[np.arange(out.shape[1]) >= lengths[:, np.newaxis]] = 0

    def _read(self, rows: range) -> FloatArray:
        lasting = len(rows) * self.row_bytes
        meanwhile = 0 if not len(rows) else len(rows) * self._turned_row + unpacking_bytes(self._open())
        if self.scaling is not None:
            row = self.shape[1] * self.shape[2]
            meanwhile += SCALING_BYTES * max(row, min(PIECE, len(rows) * row))
        if lasting + meanwhile > self.memory:
            besides = f", and {meanwhile} more while they are read," if meanwhile else ","
            raise DataError(
                f"{self.path}: {len(rows)} rows of {self.name} need {lasting} bytes{besides} "
                f"expected at most memory={self.memory}: take a slice, or open_h5 with more"
            )
        out: FloatArray = np.empty((len(rows), *self.shape[1:]), self.dtype)
        if len(rows):
            self.read_into(out, rows)
        return out

    def _unpack(self, dataset: h5py.Dataset, rows: range) -> None:
        """Check the chunks that are read for the first time, as `hdf5.read` does."""
        if not self.unchecked:
            return
        for band in range(rows[0] // self.band, rows[-1] // self.band + 1):
            hdf5.check_unpacking(dataset, self.name, self.unchecked.get(band, ()))
            self.unchecked.pop(band, None)  # only now: what was refused once is looked at again

    def _check(self, out: FloatArray, rows: range) -> None:
        if np.isfinite(out.min()) and np.isfinite(out.max()):  # NaN passes through both
            return
        row, step, axis = np.argwhere(~np.isfinite(out))[0]
        raise DataError(
            f"{self.path}: {self.name} has {out[row, step, axis]} at row {rows[row]}, step {step}, axis {axis}, "
            "expected finite numbers"
        )

    def _direct(self, dataset: h5py.Dataset) -> bool:
        """Tell whether HDF5 can read into memory of our dtype, with at most a turn of bytes."""
        return bool(dataset.dtype.newbyteorder("=") == self.dtype)

    def _open(self) -> h5py.Dataset:
        if not self.dataset:
            raise DataError(f"{self.path} was closed: read {self.name} within its with block, or before close()")
        return self.dataset


def unpacking_bytes(dataset: h5py.Dataset) -> int:
    """Return the bytes that a chunk with filters takes while it is checked: packed, unpacked in pieces, and in one."""
    if dataset.chunks is None or not dataset.id.get_create_plist().get_nfilters():
        return 0
    return 3 * math.prod(map(int, dataset.chunks)) * int(dataset.dtype.itemsize)


def chunks_to_check(dataset: h5py.Dataset, name: str) -> dict[int, list[Any]]:
    """Check the chunks that are not packed, and give those that are, under the number of their band of rows."""
    bands: dict[int, list[Any]] = {}
    if dataset.chunks is None:
        return bands
    listed = hdf5.chunks(dataset, name)
    if not hdf5.packed(dataset):
        hdf5.check_unpacking(dataset, name, listed)
        return bands
    for chunk in listed:
        bands.setdefault(chunk.chunk_offset[0] // dataset.chunks[0], []).append(chunk)
    return bands
