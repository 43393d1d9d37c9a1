"""Memory that is allocated once and used again."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any, Generic, TypeVar

import numpy as np

Memory = TypeVar("Memory")

MOST_BYTES = 2**28
"""Bytes that are held between uses, beside the piece that was used last."""


class Scratch(Generic[Memory]):
    """Pieces of memory between uses; whoever takes one has it alone until it is given back.

    So two threads, or a call within a call, never have the same piece.

    Parameters
    ----------
    size : int
        How many pieces to hold at most; the one unused longest goes first.
    most_bytes : int
        How many bytes all pieces may have together, but for the one given back last, which is held whatever its size:
        a training needs it again at once.
    """

    def __init__(self, size: int = 8, most_bytes: int = MOST_BYTES) -> None:
        self._size, self._most_bytes, self._lock = size, most_bytes, Lock()
        self._pieces = list[tuple[Hashable, Memory, int]]()

    @contextmanager
    def take(self, key: Hashable, allocate: Callable[[], Memory]) -> Iterator[Memory]:
        """Take a piece of this key, or a new one; what it holds is what its last user left."""
        with self._lock:
            place = next((n for n, (of, _, _) in enumerate(self._pieces) if of == key), None)
            found = None if place is None else self._pieces.pop(place)
        if found is None:
            piece = allocate()
            size = n_bytes(piece)
        else:
            _, piece, size = found
        try:
            yield piece
        finally:
            with self._lock:
                self._pieces.append((key, piece, size))
                del self._pieces[: -self._size]
                while len(self._pieces) > 1 and sum(each[2] for each in self._pieces) > self._most_bytes:
                    del self._pieces[0]

    def release(self) -> None:
        """Let go of all pieces that nobody has."""
        with self._lock:
            self._pieces.clear()


def n_bytes(held: Any) -> int:
    """Return how many bytes the arrays have that an object holds, in lists, mappings and attributes.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled.rnn.engine.buffers import n_bytes
    >>> A = np.zeros((10, 4))
    >>> n_bytes({"A": A, "its first rows": [A[0], A[1]]})
    320
    """
    seen, waiting, total = set[int](), [held], 0
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, np.ndarray):
            if each.base is None:
                total += each.nbytes
            else:
                waiting.append(each.base)
        elif isinstance(each, Mapping):
            waiting += each.values()
        elif isinstance(each, (list, tuple)):
            waiting += each
        elif hasattr(each, "__dict__") and not callable(each):
            waiting += vars(each).values()
    return total
