"""The order of an epoch over rows that lie in a file: blocks shuffled, and the rows of several blocks among them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from unrolled.data.checks import IntArray

INDEX_BYTES = 24
"""What a row in a buffer takes besides itself, for its number in the file and its place in the order."""


@dataclass(frozen=True)
class Layout:
    """How rows are divided.

    Attributes
    ----------
    n : int
        Rows in the file.
    block : int
        Rows read at a time; the last block may be shorter.
    blocks : int
        Blocks a buffer.
    """

    n: int
    block: int
    blocks: int

    @property
    def most(self) -> int:
        """The most rows a buffer has."""
        return min(self.n, self.block * self.blocks)

    def rows(self, number: int) -> range:
        """Return the rows of a block."""
        return range(number * self.block, min(self.n, (number + 1) * self.block))

    def every(self) -> Iterator[range]:
        """Iterate over the rows of all blocks, in the file's order."""
        return map(self.rows, range(-(-self.n // self.block)))


@dataclass(frozen=True)
class Filling:
    """What a buffer is filled with, and in which order it is emptied.

    Attributes
    ----------
    parts : list of range
        The blocks' rows, in the order in which they stand in the buffer.
    key : list of int
        What the order within the buffer is drawn from.
    skipped : int
        How many rows of that order have been used before.
    """

    parts: list[range]
    key: list[int]
    skipped: int

    def rows(self) -> IntArray:
        """Return each place's row in the file."""
        return np.concatenate([np.arange(part.start, part.stop) for part in self.parts])

    def places(self) -> IntArray:
        """Return the places in the order in which they are to be used."""
        order = np.random.default_rng(self.key).permutation(sum(map(len, self.parts)))
        return order[self.skipped :]


def fillings(layout: Layout, key: list[int], skip: int = 0) -> Iterator[Filling]:
    """Yield the buffers of an epoch whose order is drawn from `key`, but for its first `skip` rows."""
    order = np.random.default_rng(key).permutation(-(-layout.n // layout.block))
    for number, first in enumerate(range(0, len(order), layout.blocks)):
        parts = [layout.rows(block) for block in order[first : first + layout.blocks].tolist()]
        size = sum(map(len, parts))
        if skip < size:
            yield Filling(parts, [*key, number], skip)
        skip = max(0, skip - size)
