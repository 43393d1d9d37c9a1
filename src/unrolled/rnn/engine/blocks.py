"""Any number of samples, in blocks of bounded memory that several threads work on."""

from collections.abc import Callable

from unrolled._support.blas_threads import WORTH, map_threads, one_blas_thread, split_batch
from unrolled.rnn.arrays import Array

BLOCK = 256
"""Samples predicted at a time: bounds the memory of a prediction."""


def map_blocks(function: Callable[[slice], Array], n_samples: int, hidden: int) -> list[Array]:
    """Call a function on each block of samples; outcomes in order.

    Parameters
    ----------
    function : callable
        Called with which samples.
    n_samples : int
    hidden : int
        What a step computes of a sample: blocks are divided among threads where that is worth it.
    """
    if n_samples <= BLOCK and n_samples * hidden < 2 * WORTH:
        return [function(slice(0, n_samples))]
    with one_blas_thread() as threads:
        size = min(BLOCK, -(-n_samples // len(split_batch(n_samples, hidden, threads))))
        parts = [slice(n, min(n + size, n_samples)) for n in range(0, n_samples, size)]
        return map_threads(function, parts, threads)
