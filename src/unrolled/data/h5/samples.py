"""One part of an open HDF5 file: samples that are read in batches, in an order that is shuffled."""

import functools
import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from unrolled._support.validation import whole_number
from unrolled.data.checks import FloatArray, IntArray
from unrolled.data.errors import DataError
from unrolled.data.h5.series import PIECE, SCALING_BYTES, StoredSeries
from unrolled.data.h5.shuffling import INDEX_BYTES, Filling, Layout, fillings

BLOCK_BYTES = 2**20
"""About what is read at a time: long enough for a disk, short enough to mix well."""

T = TypeVar("T")


@dataclass(frozen=True, eq=False, repr=False)
class StoredSamples:
    """One part of an open file: series that stay there, and their labels.

    ``rnn.train`` and ``net.predict_proba`` take it in the place of arrays.

    Parameters
    ----------
    X : StoredSeries
        (N, T, D); ``X[:100]`` reads the first hundred.
    y : array of int64, shape (N,)
        Labels from 0, in memory; or with `numbers` targets, float64.
    lengths : array of int64, shape (N,), optional
        Steps of each series, in memory.
    memory : int
        The most bytes that series read from the file take at a time.
    read_ahead : bool
        Whether a thread reads while what was read before is used.
    numbers : bool
        Whether y are numbers, and not labels.

    See Also
    --------
    open_h5 : What returns them.
    Samples : Those in memory.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import data
    >>> blocks = [(np.zeros((20, 30, 3)), np.arange(20) % 2)]
    >>> data.write_h5("parts.h5", blocks, blocks, classes=["still", "moving"])
    >>> with data.open_h5("parts.h5") as movements:
    ...     [len(y) for X, y in movements.train.batches(8, np.random.default_rng(0))]
    [8, 8, 4]
    """

    X: StoredSeries
    y: NDArray[Any]
    lengths: IntArray | None
    memory: int
    read_ahead: bool
    numbers: bool = False

    def __len__(self) -> int:
        return len(self.y)

    def __repr__(self) -> str:
        return f"StoredSamples({self.X!r})"

    def batches(self, batch_size: int, rng: np.random.Generator, start: int = 0) -> Iterator[tuple[Any, ...]]:
        """Yield every sample once, in batches: blocks of rows in random order, and the rows of a buffer of blocks.

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
        y : array of int64, or float64 numbers, shape (m,)
        lengths : array of int64, shape (m,)
            If the file has them.

        Raises
        ------
        DataError
            If the file cannot be read, a number is not finite, or `memory` is too small for the file's chunks.
        """
        size = whole_number(batch_size, "batch_size", 1, error=DataError)
        skip = whole_number(start, "start", 0, error=DataError) * size
        layout = self._layout(size)
        key: list[int] = rng.integers(2**63, size=2).tolist()
        batch, rows, filled = self._empty(size), np.empty(size, np.int64), 0
        for X, where, places in _in_turn(self._fills(layout, key, skip), ahead=self.read_ahead):
            while len(places):
                chosen, places = places[: size - filled], places[size - filled :]
                upto = filled + len(chosen)
                np.take(X, chosen, axis=0, out=batch[filled:upto], mode="clip")  # "raise" would copy once more
                rows[filled:upto] = where[chosen]
                filled = upto
                if filled == size:
                    yield self._labeled(batch, rows)
                    batch, filled = self._empty(size), 0
        if filled:
            yield self._labeled(batch[:filled], rows[:filled])

    def blocks(self, size: int) -> Iterator[tuple[Any, ...]]:
        """Yield every sample once, in the file's order, at most `size` at a time; each as `batches` does."""
        size = whole_number(size, "size", 1, error=DataError)
        layout = self._layout()
        jobs = (functools.partial(self._read, rows) for rows in layout.every())
        for X, rows in _in_turn(jobs, ahead=self.read_ahead):
            for n in range(0, len(X), size):
                yield self._labeled(X[n : n + size], slice(rows.start + n, rows.start + n + len(X[n : n + size])))

    def fingerprint(self) -> str:
        """Return a digest of all numbers, and of what the order of an epoch depends on besides the seed.

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
        """Yield jobs that fill two buffers by turns."""
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

    def _labeled(self, X: FloatArray, rows: IntArray | slice) -> tuple[Any, ...]:
        if self.lengths is None:
            return X, self.y[rows]
        lengths = self.lengths[rows]
        X[np.arange(X.shape[1]) >= lengths[:, np.newaxis]] = 0  # what stands in the file behind a last step is no data
        return X, self.y[rows], lengths


def _in_turn(jobs: Iterable[Callable[[], T]], *, ahead: bool) -> Iterator[T]:
    """Yield the results of jobs in turn; with `ahead`, each is done while the result before it is in use."""
    if not ahead:
        yield from (job() for job in jobs)
        return
    with ThreadPoolExecutor(1, "unrolled read-ahead") as pool:  # waits for the job under way, whatever happens
        coming: Future[T] | None = None
        for job in jobs:
            result = None if coming is None else [coming.result()]
            coming = pool.submit(job)
            if result is not None:
                yield result.pop()
        if coming is not None:
            yield coming.result()
