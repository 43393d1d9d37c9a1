"""Data sets larger than memory: an HDF5 file that is trained on and predicted from as it is read."""

import dataclasses
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from unrolled._support import hdf5
from unrolled._support.validation import whole_number
from unrolled.data.channels.combined import Channels
from unrolled.data.checks import FloatArray, IntArray, step_counts, target_numbers
from unrolled.data.errors import DataError
from unrolled.data.h5.layout import arrays_of, attributes_of, describe, errors_naming, is_ours, opened
from unrolled.data.h5.samples import StoredSamples
from unrolled.data.h5.series import PIECE, StoredSeries, chunks_to_check, unpacking_bytes
from unrolled.data.labels import label_columns, labels_from_zero
from unrolled.data.leakage import Leakage, find_leakage
from unrolled.data.scaling import Scaling
from unrolled.data.table import table_of

MIB = 2**20
WHOLE_NUMBER_BYTES = 18
"""What reading a label or a length takes besides itself: as stored, as int64, and two comparisons."""


@dataclass(frozen=True, eq=False, repr=False)
class StoredDataset:
    """An HDF5 file in the course layout, open for reading; made by `open_h5`. Leaving its with block closes it.

    Parameters
    ----------
    train, test : StoredSamples
    classes : tuple of str
        The name of label 0, 1, ...; none where the targets are numbers.
    rate : float or None
        Steps a second (Hz), if known.
    provenance : str
        Source, selection and split, in words.
    scaling : Scaling or None
        The standardization that both parts are given with; ``scaling.invert(X)`` gives raw units again.
    channels : Channels or None
        What the axes were derived by, before any scaling.

    See Also
    --------
    Dataset : What is in memory.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import data
    >>> blocks = [(np.random.default_rng(i).normal(size=(20, 30, 3)), np.arange(20) % 2) for i in range(3)]
    >>> data.write_h5("kept.h5", blocks[:2], blocks[2:], classes=["still", "moving"], rate=50)
    >>> with data.open_h5("kept.h5") as movements:
    ...     print(movements)
    ...     bool(movements.check_leakage())
    series of 30 steps x 3 axes at 50 Hz, raw
    class   training  seconds  test  seconds
    still         20       12    10        6
    moving        20       12    10        6
    all           40       24    20       12
    False
    """

    train: StoredSamples
    test: StoredSamples
    classes: tuple[str, ...]
    rate: float | None
    provenance: str
    scaling: Scaling | None
    channels: Channels | None = None

    def __enter__(self) -> "StoredDataset":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"StoredDataset({self.train.X.path.name}: {table_of(self).brief})"

    def __str__(self) -> str:
        return str(table_of(self))

    def _repr_html_(self) -> str:
        return table_of(self).html()

    def close(self) -> None:
        """Close the file, once a reading under way is through; labels stay, series cannot be read any more."""
        with self.train.X.lock:
            if self.train.X.dataset:
                self.train.X.dataset.file.close()

    def check_leakage(self) -> Leakage:
        """Find out what the training and the test part share: series, and steps of overlapping ones.

        The whole file is read for it, a block at a time. Whose series they are is not known here: the people and
        trials of what is returned are none.

        Raises
        ------
        DataError
            If it cannot be read.

        See Also
        --------
        Dataset.check_leakage : In memory, with people and trials.
        """
        return find_leakage(self.train, self.test)

    def standardized(self) -> "StoredDataset":
        """Return the same open file, each axis given with mean 0 and standard deviation 1, measured on `train` alone.

        The training part is read once for it, and nothing is written: series are scaled as they are read.

        Raises
        ------
        DataError
            If it is standardized already, or cannot be read.
        """
        if self.scaling is not None:
            raise DataError("the data set is standardized already, expected one in raw units")
        scaling = Scaling.fit_blocks(self._steps())
        train, test = (dataclasses.replace(part, X=part.X.scaled(scaling)) for part in (self.train, self.test))
        return dataclasses.replace(self, train=train, test=test, scaling=scaling)

    def _steps(self) -> Iterator[FloatArray]:
        """Yield all steps of the training part that are not padding, (n, D) at a time."""
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
    needed, and only then are they checked to be finite numbers. Nobody is warned if both parts have the same series,
    as `load_h5` warns, for that all of the file must be read: ``check_leakage()`` of what is returned finds out.

    Parameters
    ----------
    path : str or path-like
        The file, which must stay as it is while it is open: what is read after it was cut off or written to is a
        DataError.
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

    See Also
    --------
    write_h5 : What writes such files block by block.
    load_h5 : Reads all of a file at once.

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
    memory = whole_number(memory, "memory", 1, error=DataError)
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
    as_it_stands = hdf5.as_it_stands(file)
    ours = is_ours(file)
    described = describe(attributes_of(file) if ours else {}, path, classes, rate)
    datasets = arrays_of(file)
    n = {part: _series_fit(datasets, part) for part in ("tr", "tst")}
    axes = datasets["trX"].shape[2]
    if axes != datasets["tstX"].shape[2]:
        raise DataError(
            f"trX has shape {datasets['trX'].shape} and tstX {datasets['tstX'].shape}: expected as many axes"
        )
    if described.scaling is not None and len(described.scaling.mean) != axes:
        raise DataError(f"scaling is for {len(described.scaling.mean)} axes, but trX has shape {datasets['trX'].shape}")
    if described.channels is not None and described.channels.n_outputs != axes:
        raise DataError(
            f"channels have {described.channels.n_outputs} outputs, but trX has shape {datasets['trX'].shape}"
        )
    labels = {name: datasets[name] for name in ("trY", "tstY")}
    there = [part for part in n if ours and part + "Lengths" in file]
    lengths = {part + "Lengths": hdf5.dataset(file, part + "Lengths") for part in there}
    left = memory - 8 * (sum(n.values()) + sum(n[part] for part in there))
    _fit_memory(labels, lengths, sum(n.values()), left, memory)
    for name, dataset in labels.items():
        hdf5.check_chunks(dataset, name)
    known = None if described.classes is None else len(described.classes)
    y: dict[str, NDArray[Any]]
    if described.numbers:
        y = {part: target_numbers(hdf5.read(datasets[part + "Y"], part + "Y"), part + "Y", n[part]) for part in n}
        n_classes = 0
    else:
        y, n_classes = labels_from_zero(labels, known, first_label, ours=ours)
    lock = threading.RLock()  # of the file
    parts = {}
    for part in n:
        X = datasets[part + "X"]
        counts = _lengths(lengths[part + "Lengths"], part + "Lengths", X.shape) if part in there else None
        series = StoredSeries(
            path, X, part + "X", lock, left, counts, None, chunks_to_check(X, part + "X"), as_it_stands
        )
        parts[part] = StoredSamples(series, y[part], counts, left, read_ahead, described.numbers)
    names = described.named(n_classes)
    return StoredDataset(
        parts["tr"],
        parts["tst"],
        names,
        described.rate,
        described.provenance,
        described.scaling,
        described.channels,
    )


def _fit_memory(
    labels: dict[str, h5py.Dataset], lengths: dict[str, h5py.Dataset], n: int, left: int, memory: int
) -> None:
    """Refuse labels and lengths that, with what reading them takes meanwhile, do not fit the memory."""
    one_hot = label_columns(labels) > 1
    meanwhile = max(
        unpacking_bytes(dataset) + (0 if one_hot and name in labels else WHOLE_NUMBER_BYTES * len(dataset))
        for name, dataset in (labels | lengths).items()
    )
    if left <= meanwhile:
        besides = f", and {meanwhile} more while they are read" if meanwhile else ""
        raise DataError(f"the labels of {n} series need {memory - left} bytes{besides}, but memory is {memory}")


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
