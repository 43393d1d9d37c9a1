"""Data sets larger than memory: an HDF5 file that is trained on and predicted from as it is read."""

import dataclasses
import functools
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import numpy as np

from unrolled._support import hdf5
from unrolled.data.checks import FloatArray, IntArray, step_counts, whole_number
from unrolled.data.dataset import class_names
from unrolled.data.errors import DataError
from unrolled.data.h5.ahead import in_turn
from unrolled.data.h5.layout import REQUIRED, attributes_of, errors_naming, is_ours, opened
from unrolled.data.h5.series import PIECE, SCALING_BYTES, StoredSeries, chunks_to_check, new_lock, unpacking_bytes
from unrolled.data.h5.shuffling import INDEX_BYTES, Filling, Layout, fillings
from unrolled.data.labels import label_columns, labels_from_zero
from unrolled.data.scaling import Scaling

MIB = 2**20
BLOCK_BYTES = MIB
"""About what is read at a time: long enough for a disk, short enough to mix well."""
WHOLE_NUMBER_BYTES = 18
"""What reading a label or a length takes besides itself: as stored, as int64, and two comparisons."""


@dataclass(frozen=True, eq=False, repr=False)
class StoredSamples:
    """One part of an open file: series that stay there, and their labels.

    ``rnn.train`` and ``net.predict_proba`` take it in the place of arrays.

    Parameters
    ----------
    X : StoredSeries
        (N, T, D); ``X[:100]`` reads the first hundred.
    y : array of int64, shape (N,)
        Labels from 0, in memory.
    lengths : array of int64, shape (N,), optional
        Steps of each series, in memory.
    memory : int
        The most bytes that series read from the file take at a time.
    read_ahead : bool
        Whether a thread reads while what was read before is used.
    """

    X: StoredSeries
    y: IntArray
    lengths: IntArray | None
    memory: int
    read_ahead: bool

    def __len__(self) -> int:
        return len(self.y)

    def __repr__(self) -> str:
        return f"StoredSamples({self.X!r})"

    def batches(self, batch_size: int, rng: np.random.Generator, start: int = 0) -> Iterator[tuple[Any, ...]]:
        """Give every sample once, in batches: blocks of rows in random order, and the rows of a buffer of blocks.

        The order depends on the state of `rng`, on the file's chunks, `memory` and `batch_size`; not on
        `read_ahead`. Two numbers are drawn from `rng`, before anything is read.

        Parameters
        ----------
        batch_size : int
            Samples a batch; the last batch holds what is left.
        rng : numpy.random.Generator
        start : int
            How many batches to leave out at the beginning. A buffer that only they come from is not read.

        Yields
        ------
        X : array, shape (m, T, D)
        y : array of int64, shape (m,)
        lengths : array of int64, shape (m,)
            If the file has them.

        Raises
        ------
        DataError
            If the file cannot be read, a number is not finite, or `memory` is too small for the file's chunks.
        """
        size = whole_number(batch_size, "batch_size", 1)
        skip = whole_number(start, "start", 0) * size
        layout = self._layout(size)
        key: list[int] = rng.integers(2**63, size=2).tolist()
        batch, rows, filled = self._empty(size), np.empty(size, np.int64), 0
        for X, where, places in in_turn(self._fills(layout, key, skip), ahead=self.read_ahead):
            while len(places):
                chosen, places = places[: size - filled], places[size - filled :]
                upto = filled + len(chosen)
                np.take(X, chosen, axis=0, out=batch[filled:upto], mode="clip")  # "raise" would copy once more
                rows[filled:upto] = where[chosen]
                filled = upto
                if filled == size:
                    yield self._labelled(batch, rows)
                    batch, filled = self._empty(size), 0
        if filled:
            yield self._labelled(batch[:filled], rows[:filled])

    def blocks(self, size: int) -> Iterator[tuple[Any, ...]]:
        """Give every sample once, in the file's order, at most `size` at a time; each as `batches` does."""
        size = whole_number(size, "size", 1)
        layout = self._layout()
        jobs = (functools.partial(self._read, rows) for rows in layout.every())
        for X, rows in in_turn(jobs, ahead=self.read_ahead):
            for n in range(0, len(X), size):
                yield self._labelled(X[n : n + size], slice(rows.start + n, rows.start + n + len(X[n : n + size])))

    def fingerprint(self) -> str:
        """Give a digest of all numbers, and of what the order of an epoch depends on besides the seed.

        The whole file is read for it, when it is first asked for.
        """
        return self._digest

    @functools.cached_property
    def _digest(self) -> str:
        digest = hashlib.sha256(repr((self.X.shape, self.X.dtype.str, self._layout())).encode())
        for X, *_ in self.blocks(len(self)):
            digest.update(X.data)
        for array in (self.y, self.lengths):
            if array is not None:
                digest.update(array.data)
        return digest.hexdigest()

    def _layout(self, batch_size: int = 0) -> Layout:
        """Divide the rows so that two buffers, two batches, and what reading and scaling take, fit the memory."""
        X = self.X
        wanted = min(BLOCK_BYTES, self.memory // 32) // X.row_bytes
        block = min(max(X.band, wanted // X.band * X.band), len(self))
        row = X.shape[1] * X.shape[2]
        scaled = max(row, min(PIECE, block * row))  # counted without a scaling too, so that the order is the same
        fixed = block * X.overhead + 2 * batch_size * X.row_bytes + SCALING_BYTES * scaled
        blocks = (self.memory - fixed) // (2 * block * (X.row_bytes + INDEX_BYTES))
        if blocks < 2 and blocks * block < len(self):
            needed = fixed + 4 * block * (X.row_bytes + INDEX_BYTES)
            raise DataError(
                f"{X.path}: {X.name} is read {block} rows of {X.row_bytes} bytes at a time"
                f"{' because of its chunks' if block == X.band > 1 else ''}, which with batches of {batch_size} "
                f"needs {needed} bytes, but memory leaves {self.memory}: open_h5 with more, or write the file anew "
                "by data.write_h5"
            )
        return Layout(len(self), block, blocks)

    def _fills(
        self, layout: Layout, key: list[int], skip: int
    ) -> Iterator[Callable[[], tuple[FloatArray, IntArray, IntArray]]]:
        """Give jobs that fill two buffers by turns."""
        buffers: list[FloatArray] = []
        for number, filling in enumerate(fillings(layout, key, skip)):
            if number < 2:
                buffers.append(self._empty(layout.most))
            yield functools.partial(self._fill, buffers[number % 2], filling)

    def _fill(self, buffer: FloatArray, filling: Filling) -> tuple[FloatArray, IntArray, IntArray]:
        n = 0
        for rows in filling.parts:
            self.X.read_into(buffer[n : n + len(rows)], rows)
            n += len(rows)
        return buffer[:n], filling.rows(), filling.places()

    def _read(self, rows: range) -> tuple[FloatArray, range]:
        X = self._empty(len(rows))
        self.X.read_into(X, rows)
        return X, rows

    def _empty(self, n: int) -> FloatArray:
        return np.empty((n, *self.X.shape[1:]), self.X.dtype)

    def _labelled(self, X: FloatArray, rows: IntArray | slice) -> tuple[Any, ...]:
        y = self.y[rows]
        return (X, y) if self.lengths is None else (X, y, self.lengths[rows])


@dataclass(frozen=True, eq=False, repr=False)
class StoredDataset:
    """An HDF5 file in the course layout, open for reading; made by `open_h5`. Leaving its with block closes it.

    Parameters
    ----------
    train, test : StoredSamples
    classes : tuple of str
        The name of label 0, 1, ...
    rate : float or None
        Steps a second (Hz), if known.
    provenance : str
        Source, selection and split, in words.
    scaling : Scaling or None
        The standardisation that both parts are given with; ``scaling.invert(X)`` gives raw units again.
    """

    train: StoredSamples
    test: StoredSamples
    classes: tuple[str, ...]
    rate: float | None
    provenance: str
    scaling: Scaling | None

    def __enter__(self) -> "StoredDataset":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"StoredDataset(train {self.train!r}, test {self.test!r}; classes: {', '.join(self.classes)})"

    def close(self) -> None:
        """Close the file, once a reading under way is through; labels stay, series cannot be read any more."""
        with self.train.X.lock:
            if self.train.X.dataset:
                self.train.X.dataset.file.close()

    def standardised(self) -> "StoredDataset":
        """Return the same open file, each axis given with mean 0 and standard deviation 1, measured on `train` alone.

        The training part is read once for it, and nothing is written: series are scaled as they are read.

        Raises
        ------
        DataError
            If it is standardised already, or cannot be read.
        """
        if self.scaling is not None:
            raise DataError("the data set is standardised already, expected one in raw units")
        scaling = Scaling.fit_blocks(self._steps())
        train, test = (dataclasses.replace(part, X=part.X.scaled(scaling)) for part in (self.train, self.test))
        return dataclasses.replace(self, train=train, test=test, scaling=scaling)

    def _steps(self) -> Iterator[FloatArray]:
        """Give all steps of the training part that are not padding, (n, D) at a time."""
        _, t, d = self.train.X.shape
        numbers = min(PIECE, self.train.memory // 64)  # each is in float64 four times meanwhile
        for X, _, *lengths in self.train.blocks(max(1, numbers // (t * d))):
            yield X[np.arange(t) < lengths[0][:, np.newaxis]] if lengths else X.reshape(-1, d)


def open_h5(
    path: str | os.PathLike[str],
    *,
    classes: Sequence[str] | None = None,
    rate: float | None = None,
    first_label: int | None = None,
    memory: int = 256 * MIB,
    read_ahead: bool = True,
) -> StoredDataset:
    """Open a file in the course layout to train on and predict from it as it is read: it may be larger than memory.

    The layout is that of `load_h5`, and so is what is refused. Labels are read at once; series when they are
    needed, and only then are they checked to be finite numbers.

    Parameters
    ----------
    path : str or path-like
        The file, which must stay as it is while it is open.
    classes, rate, first_label
        As for `load_h5`.
    memory : int
        The most bytes that labels and series read take at a time: a buffer that batches are drawn from, a buffer
        that is read ahead, the block being read with the chunk it is unpacked from, and batches; or a slice and
        that chunk. The few megabytes of Python and HDF5, and what a training takes for itself, come on top. The
        order of an epoch depends on it.
    read_ahead : bool
        Read the next buffer in a thread while batches are drawn from the one before. The result is the same
        without.

    Returns
    -------
    StoredDataset
        To be used in a with statement, or closed by ``close()``.

    Raises
    ------
    DataError
        If the file cannot be read or does not fit: the message names the file and the data set.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import data, rnn
    >>> X, y = np.zeros((20, 30, 3)), np.arange(20) % 2
    >>> data.write_h5("movements.h5", train=[(X, y), (X, y)], test=[(X, y)], classes=["still", "moving"])
    >>> net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=2, rng=0)
    >>> with data.open_h5("movements.h5") as movements:
    ...     history = rnn.train(net, movements.train, optimizer=rnn.SGD(0.01), epochs=2, rng=0, progress=False)
    ...     net.predict_proba(movements.test).shape
    (20, 2)
    """
    path = Path(path)
    memory = whole_number(memory, "memory", 1)
    if not isinstance(read_ahead, bool):
        raise DataError(f"read_ahead is {read_ahead!r}, expected True or False")
    with errors_naming(path):
        file = opened(path)
        try:
            return _dataset(file, path, classes, rate, first_label, memory, read_ahead)
        except BaseException:
            file.close()
            raise


def _dataset(
    file: h5py.File,
    path: Path,
    classes: Sequence[str] | None,
    rate: float | None,
    first_label: int | None,
    memory: int,
    read_ahead: bool,
) -> StoredDataset:
    ours = is_ours(file)
    attributes = attributes_of(file) if ours else {}
    missing = [name for name in REQUIRED if name not in file]
    if missing:
        raise DataError(f"{', '.join(missing)} missing: expected {', '.join(REQUIRED)}")
    datasets = {name: hdf5.dataset(file, name) for name in REQUIRED}
    n = {part: _series_fit(datasets, part) for part in ("tr", "tst")}
    if datasets["trX"].shape[2] != datasets["tstX"].shape[2]:
        raise DataError(
            f"trX has shape {datasets['trX'].shape} and tstX {datasets['tstX'].shape}: expected as many axes"
        )
    with_lengths = {part: ours and part + "Lengths" in file for part in ("tr", "tst")}
    left = memory - sum(8 * n[part] * (1 + with_lengths[part]) for part in n)
    labels = {name: datasets[name] for name in ("trY", "tstY")}
    lengths = {part + "Lengths": hdf5.dataset(file, part + "Lengths") for part in n if with_lengths[part]}
    one_hot = label_columns(labels) > 1
    meanwhile = max(
        unpacking_bytes(dataset) + (0 if one_hot and name in labels else WHOLE_NUMBER_BYTES * len(dataset))
        for name, dataset in (labels | lengths).items()
    )
    if left <= meanwhile:
        besides = f", and {meanwhile} more while they are read" if meanwhile else ""
        raise DataError(
            f"the labels of {sum(n.values())} series need {memory - left} bytes{besides}, but memory is {memory}"
        )
    if isinstance(classes, str):
        raise DataError(f"classes is the string {classes!r}, expected a sequence of names")
    if classes is None and "classes" in attributes:
        classes = tuple(attributes["classes"])
    known = None if classes is None else len(class_names(tuple(classes)))
    for name, dataset in labels.items():
        hdf5.check_chunks(dataset, name)
    y, n_classes = labels_from_zero(labels, known, first_label, ours=ours)
    names = tuple(f"class {i + 1}" for i in range(n_classes)) if classes is None else class_names(tuple(classes))
    if rate is None and "rate" in attributes:
        rate = float(attributes["rate"])
    if rate is not None and not (np.isfinite(rate) and rate > 0):
        raise DataError(f"rate is {rate}, expected a finite number of Hz greater than 0, or None")
    scaling = None
    if "scaling_mean" in attributes:
        scaling = Scaling(attributes["scaling_mean"], attributes["scaling_std"])
        if len(scaling.mean) != datasets["trX"].shape[2]:
            raise DataError(f"scaling is for {len(scaling.mean)} axes, but trX has shape {datasets['trX'].shape}")
    lock = new_lock()
    parts = {}
    for part in ("tr", "tst"):
        X = datasets[part + "X"]
        counts = _lengths(lengths[part + "Lengths"], part + "Lengths", X.shape) if with_lengths[part] else None
        series = StoredSeries(path, X, part + "X", lock, left, counts, None, chunks_to_check(X, part + "X"))
        parts[part] = StoredSamples(series, y[part], counts, left, read_ahead)
    provenance = attributes.get("provenance", f"{path.name}, an HDF5 file in the course layout")
    return StoredDataset(parts["tr"], parts["tst"], names, rate, provenance, scaling)


def _series_fit(datasets: dict[str, h5py.Dataset], part: str) -> int:
    """Return how many series a part has, or say why its X and Y do not fit together."""
    X, Y = datasets[part + "X"], datasets[part + "Y"]
    if X.ndim != 3:
        raise DataError(f"{part}X has shape {X.shape}, expected 3 dimensions (row, step, axis)")
    if len(Y.shape) < 1 or len(X) != len(Y):
        raise DataError(f"{part}X has shape {X.shape} and {part}Y {Y.shape}: expected as many rows")
    return len(X)


def _lengths(dataset: h5py.Dataset, name: str, shape: tuple[int, ...]) -> IntArray:
    if dataset.shape != shape[:1]:
        raise DataError(f"{name} has shape {dataset.shape}, expected {shape[:1]}: one number a sample")
    return step_counts(hdf5.read(dataset, name), name, shape[0], shape[1])
