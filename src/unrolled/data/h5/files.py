"""Data sets to and from HDF5, in the layout the course hands out: trX, trY, tstX, tstY."""

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from unrolled._support import hdf5
from unrolled._support.atomic_write import replacing
from unrolled._support.hdf5_writing import written
from unrolled.data.checks import real_numbers, target_numbers
from unrolled.data.dataset import Dataset, warn_of_leakage
from unrolled.data.errors import DataError
from unrolled.data.h5.layout import (
    OPTIONAL,
    Description,
    arrays_of,
    attributes_of,
    describe,
    errors_naming,
    is_ours,
    opened,
    write_attributes,
)
from unrolled.data.labels import label_columns, labels_from_zero
from unrolled.data.samples import Samples

GIB = 2**30


def load_h5(
    path: str | os.PathLike[str],
    *,
    classes: Sequence[str] | None = None,
    rate: float | None = None,
    first_label: int | None = None,
    max_bytes: int = 4 * GIB,
) -> Dataset:
    """Read a data set from an HDF5 file in the course layout, as it stands: nothing is scaled or shuffled.

    The file holds ``trX`` and ``tstX`` (N, T, D), and ``trY`` and ``tstY``, both one-hot (N, C) or both whole
    numbers (N,) or (N, 1), for any N, T, D and C. Files written by `save_h5` also hold class names, rate,
    provenance, scaling, channels, people, trials and lengths, and may have targets that are any numbers, float64
    (N,). Anything else in the file is left alone. Only data stored in the file itself is read: links and virtual or
    external data sets are refused.

    Parameters
    ----------
    path : str or path-like
        The file.
    classes : sequence of str, optional
        Class names in the order of the labels. Default: those in the file, else "class 1", "class 2", ...
    rate : float, optional
        Steps a second (Hz). Default: that in the file, else None.
    first_label : int, optional
        What whole-number labels count from, 0 or 1. None means 0, but labels of which none is 0 are refused
        unless `classes` is given, because they may well count from 1: pass 0 or 1 to say. One-hot labels
        ignore it.
    max_bytes : int
        The most that the data sets together may take in memory, whatever the file claims: series as float32 or
        wider, labels as stored and as int64.

    Returns
    -------
    Dataset
        X as float64 if the file has float64, else float32.

    Raises
    ------
    DataError
        If the file cannot be read or does not fit: the message names the file, the data set and the row. So too
        if a data set is not wholly written, or packed otherwise than by gzip, shuffle and fletcher32.

    See Also
    --------
    save_h5 : What writes such files.
    open_h5 : For files larger than memory.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import data
    >>> X, y = np.zeros((20, 30, 3)), np.arange(20) % 2
    >>> data.write_h5("course.h5", train=[(X, y)], test=[(X[:4], y[:4])], classes=["still", "moving"])
    >>> course = data.load_h5("course.h5")
    >>> course.train.X.shape, course.classes
    ((20, 30, 3), ('still', 'moving'))
    """
    path = Path(path)
    with errors_naming(path), opened(path) as file:
        as_it_stands = hdf5.as_it_stands(file)
        arrays = _read(file, max_bytes)
        ours = is_ours(file)
        described = describe(attributes_of(file) if ours else {}, path, classes, rate)
        hdf5.check_unchanged(file, as_it_stands)
        dataset = _dataset(arrays, described, first_label, ours=ours)
    warn_of_leakage(dataset, str(path))
    return dataset


def save_h5(path: str | os.PathLike[str], dataset: Dataset) -> None:
    """Write a data set in the course layout, so that `load_h5` gives back the same.

    Labels are written one-hot, targets that are numbers as they are. The file is written under another name beside
    `path` and renamed at the end.

    Parameters
    ----------
    path : str or path-like
        Replaced if it is there; its folder must be.
    dataset : Dataset
        What to write.

    Raises
    ------
    DataError
        If the file cannot be written, or a channel is one of one's own; an existing one is then as it was.

    See Also
    --------
    load_h5 : What reads it.
    write_h5 : For what is larger than memory.

    Examples
    --------
    >>> import numpy as np
    >>> part = Samples(np.zeros((2, 5, 1)), np.array([0, 1]))
    >>> save_h5("made.h5", Dataset(part, part, ("sit", "walk"), rate=50))
    >>> load_h5("made.h5").classes
    ('sit', 'walk')
    """
    path = Path(path)
    with errors_naming(path), replacing(path) as temporary, written(temporary) as writing:
        writing.do(lambda file: _write(file, dataset))


def _write(file: h5py.File, dataset: Dataset) -> None:
    n_classes = len(dataset.classes)
    for prefix, part in (("tr", dataset.train), ("tst", dataset.test)):
        Y = part.y if part.numbers else (part.y[:, np.newaxis] == np.arange(n_classes)).astype(np.uint8)
        for name, values in (
            ("X", part.X),
            ("Y", Y),
            ("Person", part.person),
            ("Trial", part.trial),
            ("Lengths", part.lengths),
        ):
            if values is not None:  # no time stamps: the same data give the same bytes
                file.create_dataset(prefix + name, data=values, track_times=False)
    write_attributes(file, dataset.classes, dataset.provenance, dataset.rate, dataset.scaling, dataset.channels)


def _read(file: h5py.File, max_bytes: int) -> dict[str, NDArray[Any]]:
    """Read the data sets by name, once all of them are known to be there, harmless and small enough."""
    ours = is_ours(file)
    datasets = arrays_of(file)
    if ours:
        datasets |= {name: hdf5.dataset(file, name) for name in OPTIONAL if name in file}
    size = sum(_bytes_needed(name, dataset) for name, dataset in datasets.items())
    if size > max_bytes:
        shapes = ", ".join(f"{name} {dataset.shape}" for name, dataset in datasets.items())
        raise DataError(f"{shapes} need {size} bytes, expected at most {max_bytes}: pass max_bytes to allow more")
    label_columns(datasets)
    return {name: hdf5.read(dataset, name) for name, dataset in datasets.items()}


def _bytes_needed(name: str, dataset: h5py.Dataset) -> int:
    """Return the bytes a data set takes in memory: series at least as float32, the others also as int64, one a row."""
    numbers, width = math.prod(map(int, dataset.shape)), int(dataset.dtype.itemsize)
    if name.endswith("X"):
        return numbers * max(width, 4)
    return numbers * width + 8 * int(dataset.shape[0] if dataset.shape else 1)


def _dataset(
    arrays: dict[str, NDArray[Any]], described: Description, first_label: int | None, *, ours: bool
) -> Dataset:
    """Make the data set of what was read."""
    X = {part: real_numbers(arrays[part + "X"], part + "X", ("row", "step", "axis")) for part in ("tr", "tst")}
    known = None if described.classes is None else len(described.classes)
    y: dict[str, NDArray[Any]]
    if described.numbers:
        y = {part: target_numbers(arrays[part + "Y"], part + "Y", len(arrays[part + "Y"])) for part in X}
        n_classes = 0
    else:
        y, n_classes = labels_from_zero(arrays, known, first_label, ours=ours)
    for part in ("tr", "tst"):
        if len(y[part]) != len(X[part]):
            raise DataError(f"{part}X has {len(X[part])} rows, {part}Y has {len(y[part])}: expected as many")
    train, test = (
        Samples(
            X[part],
            y[part],
            *(arrays.get(part + name) for name in ("Person", "Trial", "Lengths")),
            numbers=described.numbers,
        )
        for part in ("tr", "tst")
    )
    names = described.named(n_classes)
    return Dataset(
        train,
        test,
        names,
        described.rate,
        described.provenance,
        described.scaling,
        channels=described.channels,
    )
