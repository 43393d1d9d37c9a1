"""How BLAS is fed: the same product of a step takes a third less one way than the other.

OpenBLAS copies what it multiplies so that it lies as its kernels want it. For a step of a network that takes about as
long as the product itself, and at every step it copies the same weights. With AVX-512 it has kernels that take small
products as they lie: one a little too large for them is done in pieces. And columns that do not fill the processor's
vectors take as long as if they did, or longer: if few are missing, they are there, and empty. What is done depends on
the processor and on sizes alone, and is the same at every run.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

import numpy as np

from unrolled.rnn.arrays import Array

Product: TypeAlias = Callable[[Array, Array], Any]
"""Multiplies its first argument from the left, and writes to its second."""

SMALL = 1_000_000
"""Multiplications up to which OpenBLAS's kernels for AVX-512 copy nothing."""

MOST_PIECES = 5
"""Pieces that are worth it (measured): more take longer than copying."""


VECTOR = 64
"""Bytes of the widest vectors of processors that there are."""

SPARE = 8
"""Of so many samples' columns one may be empty, so that columns fill vectors."""


def padded(n: int, itemsize: int) -> int:
    """Return how many columns to have for n samples: as many as fill vectors, if few of them are empty.

    Examples
    --------
    >>> [padded(n, 4) for n in (1, 10, 30, 32, 33, 100)]
    [1, 10, 32, 32, 33, 112]
    """
    columns = -(-n * itemsize // VECTOR) * VECTOR // itemsize
    return columns if columns - n <= n // SPARE else n


def product_with(W: Array, n_columns: int) -> Product:
    """Return what writes ``W columns``, W (rows, K), of columns (K, n) to an array (rows, n), n at most ``n_columns``.

    Examples
    --------
    >>> import numpy as np
    >>> product, out = product_with(np.array([[1.0, 2.0], [3.0, 4.0]]), 1), np.empty((2, 1))
    >>> _ = product(np.array([[1.0], [1.0]]), out)
    >>> out.tolist()
    [[3.0], [7.0]]
    """
    rows, K = W.shape
    pieces = n_pieces(rows, K * n_columns)
    if pieces == 1:
        return np.asfortranarray(W).dot  # which BLAS's kernels prefer a little where nothing is copied
    apart = np.ascontiguousarray(W).reshape(pieces, -1, K)

    def product(columns: Array, out: Array) -> None:
        np.matmul(apart, columns, out.reshape(pieces, -1, out.shape[1]))

    return product


def n_pieces(rows: int, of_a_row: int) -> int:
    """Return in how many pieces of as many rows to do a product that takes so many multiplications a row."""
    if rows * of_a_row <= SMALL or not has_avx512():
        return 1
    fitting = (
        pieces for pieces in range(2, MOST_PIECES + 1) if rows % pieces == 0 and rows // pieces * of_a_row <= SMALL
    )
    return next(fitting, 1)


@cache
def has_avx512() -> bool:
    """Tell whether NumPy finds the processor to have AVX-512."""
    config: Any = np.show_config(mode="dicts")
    found = config.get("SIMD Extensions", {}).get("found", [])
    return any(name in found for name in ("X86_V4", "AVX512_SKX"))
