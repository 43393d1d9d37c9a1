"""Samples that come piece by piece: what a training and a prediction ask of them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeGuard, runtime_checkable

import numpy as np

from unrolled.rnn.arrays import Array


@runtime_checkable
class Source(Protocol):
    """Samples that come batch by batch, each ``(X, y)`` or ``(X, y, lengths)``: those of a file larger than memory."""

    def __len__(self) -> int:
        """Return N, how many there are."""
        ...

    def batches(self, batch_size: int, rng: np.random.Generator, start: int = 0) -> Iterable[tuple[Any, ...]]:
        """Yield every sample once, shuffled, in batches of this size but for the last, from batch ``start`` on.

        The order, and the state ``rng`` is left in after an epoch, depend on the state ``rng`` had alone.
        """
        ...

    def blocks(self, size: int) -> Iterable[tuple[Any, ...]]:
        """Yield every sample once, unshuffled, at most so many at a time."""
        ...

    def fingerprint(self) -> str:
        """Return a name that samples of other content do not have."""
        ...


BLOCK = 1024
"""Samples measured or predicted at a time of those that are not in memory."""


def is_source(X: Any, lengths: Any = None, name: str = "source") -> TypeGuard[Source]:
    """Return whether X is a source; then ``lengths``, which its batches have, must be None."""
    if not hasattr(X, "batches") or not isinstance(X, Source) or isinstance(X, type):  # hasattr is the quick answer
        return False
    if lengths is not None:
        raise ValueError("lengths were given beside a source, whose batches have them: expected None")
    if len(X) < 1:
        raise ValueError(f"{name}: there are no samples, expected at least one")
    return True


def joined_blocks(blocks: Sequence[Array]) -> Array:
    """Return what was found of one block after the other as one array, (N, ...).

    Raises
    ------
    ValueError
        If the answers are at every step, and blocks have different numbers of steps.
    """
    if len({block.shape[1:] for block in blocks}) > 1:
        steps = sorted({block.shape[1] for block in blocks})
        raise ValueError(
            f"the blocks of the source have {', '.join(map(str, steps[:5]))} steps, expected the same number in each "
            "for answers at every step: pad them to one, with lengths"
        )
    return np.concatenate(blocks)


def unlabeled(source: Source) -> Iterator[tuple[Any, Any]]:
    """Yield X and lengths (or None) of every block of a source."""
    for given in source.blocks(BLOCK):
        X, _, lengths = (*given, None)[:3]
        yield X, lengths
