"""What a standard problem of sequences returns."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unrolled.data.errors import DataError
from unrolled.data.samples import Rng


@dataclass(frozen=True, eq=False, repr=False)
class Task:
    """N sequences and what is asked of each.

    ``rnn.train(net, task)`` takes it as it is. ``X, y = task`` unpacks it; where only some steps are asked,
    ``X, y, sample_weight = task`` does, so that weights are never dropped unseen.

    Parameters
    ----------
    X : array
        The inputs: float64 (N, T, D), or int64 (N, T) of symbols counted from 0 (``np.eye(D)[X]`` makes one-hot rows).
    y : array
        The targets: float64 (N,) or (N, T, K) where numbers are asked, int64 (N,) or (N, T) where labels are.
    sample_weight : array, shape (N, T), optional
        float64, 1 where an answer is asked and 0 elsewhere. None: every answer counts alike.

    See Also
    --------
    adding, temporal_order, copy_memory, flip_flop, sine_generation : Make them.

    Examples
    --------
    >>> from unrolled import data
    >>> task = data.tasks.flip_flop(200, T=64, rng=0)
    >>> len(task), task.X.shape, task.y.shape
    (200, (200, 64, 3), (200, 64, 3))
    >>> X, y = task
    """

    X: NDArray[Any]
    y: NDArray[Any]
    sample_weight: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.X)

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return (array for _, array in self._arrays())

    def __repr__(self) -> str:
        return f"Task({', '.join(f'{name} {array.shape} {array.dtype}' for name, array in self._arrays())})"

    def _arrays(self) -> Iterator[tuple[str, NDArray[Any]]]:
        for field in fields(self):
            array = getattr(self, field.name)
            if array is not None:
                yield field.name, array


def generator(rng: Rng) -> np.random.Generator:
    """Return the generator itself, or a new one from a seed, or from the system's entropy if ``rng`` is None."""
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError):
        raise DataError(f"rng is {rng!r}, expected None, a whole number from 0 or a numpy.random.Generator") from None
