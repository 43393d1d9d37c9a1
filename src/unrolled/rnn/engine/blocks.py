"""Any number of samples, in blocks of bounded memory that several threads work on."""

from collections.abc import Callable

from unrolled._support.blas_threads import WORTH, map_threads, one_blas_thread, split_batch
from unrolled.rnn.arrays import Array

BLOCK = 256
"""Samples predicted at a time, at most."""

BLOCK_BYTES = 2**25
"""Bytes that the arrays of a block may have; what is computed on the way, and the block before, take as many again."""


def samples_at_a_time(bytes_of_sample: int) -> int:
    """Return how many samples of so many bytes a block has: at least one.

    Examples
    --------
    >>> samples_at_a_time(1000), samples_at_a_time(2**20), samples_at_a_time(2**30)
    (256, 32, 1)
    """
    return max(1, min(BLOCK, BLOCK_BYTES // max(1, bytes_of_sample)))


def map_blocks(function: Callable[[slice], Array], n_samples: int, hidden: int, most: int = BLOCK) -> list[Array]:
    """Call a function on each block of samples; outcomes in order.

    Parameters
    ----------
    function : callable
        Called with which samples.
    n_samples : int
    hidden : int
        What a step computes of a sample: blocks are divided among threads where that is worth it.
    most : int
        Samples of a block.
    """
    if n_samples <= most and n_samples * hidden < 2 * WORTH:
        return [function(slice(0, n_samples))]
    with one_blas_thread() as threads:
        size = min(most, -(-n_samples // len(split_batch(n_samples, hidden, threads))))
        parts = [slice(n, min(n + size, n_samples)) for n in range(0, n_samples, size)]
        return map_threads(function, parts, threads)
