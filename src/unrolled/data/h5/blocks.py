"""A data set larger than memory, written block by block in the course layout."""

import contextlib
import os
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from unrolled._support.atomic_write import replacing
from unrolled._support.hdf5_writing import Writing, written
from unrolled.data.checks import hertz, real_numbers, whole_numbers
from unrolled.data.errors import DataError
from unrolled.data.h5.layout import errors_naming, write_attributes
from unrolled.data.labels import class_names

CHUNK_BYTES = 2**19
"""About the size of a chunk: read whole by `open_h5`, several to a block."""


def write_h5(
    path: str | os.PathLike[str],
    train: Iterable[tuple[Any, ...]],
    test: Iterable[tuple[Any, ...]],
    *,
    classes: Sequence[str],
    rate: float | None = None,
    provenance: str = "",
) -> None:
    """Write a data set that comes block by block, of which one is held at a time; for `open_h5` and `load_h5`.

    The layout is that of `save_h5`, with the series in chunks of some hundred kilobytes. The file is written
    under another name beside `path` and renamed at the end.

    Parameters
    ----------
    path : str or path-like
        Replaced if it is there; its folder must be.
    train, test : iterable of (X, y)
        Series (n, T, D), finite, and their labels (n,), whole numbers from 0; any n. T and D are the same in all
        blocks of a part, and D in both parts. The first block decides whether a part is float64 or float32.
    classes : sequence of str
        The name of label 0, 1, ...
    rate : float, optional
        Steps a second (Hz).
    provenance : str
        Source, selection and split, in words.

    Raises
    ------
    DataError
        If a block does not fit, naming the part and the block, or the file cannot be written. What `train` or
        `test` raise while they give their blocks is passed on. An existing file is then as it was.

    See Also
    --------
    open_h5 : What trains on it.

    Examples
    --------
    >>> import numpy as np
    >>> blocks = [(np.zeros((10, 5, 1)), np.arange(10) % 2) for _ in range(3)]
    >>> write_h5("made.h5", blocks, blocks[:1], classes=("sit", "walk"))
    """
    path = Path(path)
    names = class_names(classes)
    rate = None if rate is None else hertz(rate, "rate")
    given = {"tr": train, "tst": test}
    for part, blocks in zip(("train", "test"), given.values(), strict=True):
        if not hasattr(blocks, "__iter__") and not hasattr(blocks, "__getitem__"):
            raise DataError(
                f"{part} is {type(blocks).__name__}, expected an iterable of blocks (X, y), such as "
                f"[({part}.X, {part}.y)]; save_h5 writes a Dataset that is in memory"
            )
    with contextlib.ExitStack() as stack:
        with errors_naming(path):
            writing = stack.enter_context(written(stack.enter_context(replacing(path))))
        shapes = [_write_part(path, writing, prefix, blocks, len(names)) for prefix, blocks in given.items()]
        with errors_naming(path):
            if shapes[0][1] != shapes[1][1]:
                raise DataError(f"train has {shapes[0][1]} axes and test has {shapes[1][1]}")
            writing.do(lambda file: write_attributes(file, names, provenance, rate))
        done = stack.pop_all()
    with errors_naming(path), done:  # the file takes its name
        pass


def _write_part(
    path: Path, writing: Writing, prefix: str, blocks: Iterable[tuple[Any, ...]], n_classes: int
) -> tuple[int, int]:
    """Write the blocks in turn, and return T and D. What the iterable itself raises is not of the file, and passes."""
    part = "train" if prefix == "tr" else "test"
    n, shape, dtype = 0, (0, 0), np.dtype(np.float32)
    for number, block in enumerate(blocks):
        with errors_naming(path):
            name = f"{part} block {number}"
            X, y = _block(block, name, n_classes)
            if not len(X):
                continue
            if not n:
                shape, dtype = X.shape[1:], X.dtype
            if X.shape[1:] != shape:
                raise DataError(f"{name} has shape {X.shape}, expected (n, {shape[0]}, {shape[1]})")
            Y = (y[:, np.newaxis] == np.arange(n_classes)).astype(np.uint8)
            writing.do(partial(_append, prefix=prefix, n=n, X=_cast(X, dtype, name), Y=Y))
            n += len(X)
    if not n:
        raise DataError(f"{path}: {part} has no samples")
    return shape


def _append(file: h5py.File, prefix: str, n: int, X: NDArray[Any], Y: NDArray[np.uint8]) -> None:
    """Write a block behind the `n` rows there are."""
    rows = max(1, CHUNK_BYTES // X[0].nbytes)
    for name, values in ((prefix + "X", X), (prefix + "Y", Y)):
        shape = values.shape[1:]
        if not n:
            grows: dict[str, Any] = {"chunks": (rows, *shape), "maxshape": (None, *shape), "track_times": False}
            file.create_dataset(name, (0, *shape), values.dtype, **grows)
        file[name].resize(n + len(values), axis=0)
        file[name][n:] = values


def _cast(X: NDArray[Any], dtype: np.dtype[Any], name: str) -> NDArray[Any]:
    """Turn a block into the dtype of the first, in which it must still be finite."""
    with np.errstate(over="ignore"):  # what is beyond float32 becomes inf, and is refused
        cast = X.astype(dtype, copy=False)
    finite = np.isfinite(cast)
    if not finite.all():
        row, step, axis = np.argwhere(~finite)[0]
        raise DataError(
            f"{name} X has {X[row, step, axis]} at row {row}, step {step}, axis {axis}, expected numbers that "
            f"{dtype} holds, as the first block is: give that as float64 for more"
        )
    return cast


def _block(block: Any, name: str, n_classes: int) -> tuple[NDArray[Any], NDArray[np.int64]]:
    if not isinstance(block, tuple | list) or len(block) != 2:
        raise DataError(f"{name} is a {type(block).__name__}, expected (X, y)")
    X = real_numbers(block[0], f"{name} X", ("row", "step", "axis"))
    y = whole_numbers(block[1], f"{name} y", len(X), minimum=0)
    if len(y) and y.max() >= n_classes:
        row = int(y.argmax())
        raise DataError(
            f"{name} y has {y[row]} at row {row}, expected 0 to {n_classes - 1}: there are {n_classes} classes"
        )
    return X, y
