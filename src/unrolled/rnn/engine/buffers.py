"""Memory that is allocated once and used again."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Generic, TypeVar

Memory = TypeVar("Memory")


class Scratch(Generic[Memory]):
    """Pieces of memory between uses; whoever takes one has it alone until it is given back.

    So two threads, or a call within a call, never have the same piece.

    Parameters
    ----------
    size : int
        How many pieces to hold at most; the one unused longest goes first.
    """

    def __init__(self, size: int = 8) -> None:
        self._size, self._pieces, self._lock = size, list[tuple[Hashable, Memory]](), Lock()

    @contextmanager
    def take(self, key: Hashable, allocate: Callable[[], Memory]) -> Iterator[Memory]:
        """Take a piece of this key, or a new one; what it holds is what its last user left."""
        with self._lock:
            place = next((n for n, (of, _) in enumerate(self._pieces) if of == key), None)
            piece = None if place is None else self._pieces.pop(place)[1]
        if piece is None:
            piece = allocate()
        try:
            yield piece
        finally:
            with self._lock:
                self._pieces.append((key, piece))
                del self._pieces[: -self._size]
