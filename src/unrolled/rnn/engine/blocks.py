"""Any number of sequences, in blocks of bounded memory that several threads share."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from unrolled._support.blas_threads import WORTH, map_threads, one_blas_thread, split_batch
from unrolled.rnn import inputs
from unrolled.rnn.arrays import Array, IntArray
from unrolled.rnn.engine.packing import align
from unrolled.rnn.passes import Reading

if TYPE_CHECKING:
    from unrolled.rnn.network import ManyToOne

BLOCK = 256
"""Samples predicted at a time: bounds the memory of a prediction."""


def blocks(
    net: "ManyToOne", X: Array, lengths: IntArray | None, function: Callable[[Reading, slice], Array]
) -> list[Array]:
    """Call a function on what the head reads of each block of samples, in the caller's order.

    Parameters
    ----------
    net : ManyToOne
    X : ndarray, shape (N, T, D)
        Rounded to the network's dtype here, block by block, and checked to be finite.
    lengths : ndarray of int, shape (N,), or None
    function : callable
        Called with a :class:`Reading` and the samples it is of.
    """
    net.check_parameters()
    at_once = lengths is None and all(cell.streams for cell in net.cells)

    def block(part: slice) -> Array:
        rounded = inputs.rounded(X[part], net.dtype, first=part.start)
        if at_once:  # nothing need be kept
            batch = align(rounded, None)
            steps: Any = batch.X
            for cell, own in zip(net.cells, net.layers.own(net.parameters), strict=True):
                steps = cell.states(own, steps, len(rounded))
            with np.errstate(over="ignore", invalid="ignore"):  # as Cell.states asks
                gathered = net.readout.gather(steps, batch)
            return function(net._read(*gathered), part)
        batch = align(rounded, None if lengths is None else lengths[part])
        with net._memory(batch) as traces:
            reading = net._forward(batch, traces)
            return function(Reading(*(batch.unsorted(a, axis=1) for a in vars(reading).values())), part)

    if len(X) <= BLOCK and len(X) * net._width < 2 * WORTH:
        return [block(slice(0, len(X)))]
    with one_blas_thread() as threads:
        size = min(BLOCK, -(-len(X) // len(split_batch(len(X), net._width, threads))))
        parts = [slice(n, min(n + size, len(X))) for n in range(0, len(X), size)]
        return map_threads(block, parts, threads)
