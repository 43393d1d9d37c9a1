"""What a training is handed: sequences with their labels, and their lengths where they differ."""

from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np

from unrolled.rnn import inputs
from unrolled.rnn.arrays import Array, IntArray
from unrolled.rnn.network import ManyToOne


class HasXy(Protocol):
    """Samples with their labels, such as one part of an ``unrolled.data.Dataset``; ``lengths`` may stand beside."""

    @property
    def X(self) -> Any:
        """Sequences, (N, T, D)."""
        ...

    @property
    def y(self) -> Any:
        """Labels, (N,) or (N, C)."""
        ...


Labelled: TypeAlias = HasXy | tuple[Any, Any] | tuple[Any, Any, Any]


@dataclass(frozen=True)
class Checked:
    """Samples that are known to be right for a network: X (N, T, D) of its dtype, y (N,), lengths (N,) or None."""

    X: Array
    y: IntArray
    lengths: IntArray | None

    def __len__(self) -> int:
        return len(self.X)

    def lengths_of(self, rows: IntArray) -> IntArray | None:
        """Give the lengths of some samples."""
        return None if self.lengths is None else self.lengths[rows]


def checked(net: ManyToOne, samples: Labelled, name: str) -> Checked:
    """Check samples at the door of a training.

    Raises
    ------
    ValueError
        Naming what was found, what was expected and where.
    """
    X: Any
    if isinstance(samples, tuple | list) and len(samples) in (2, 3):
        X, y, lengths = (*samples, None)[:3]
    elif not isinstance(samples, tuple) and hasattr(samples, "X") and hasattr(samples, "y"):
        X, y, lengths = samples.X, samples.y, getattr(samples, "lengths", None)
    else:
        found = (
            f"{type(samples).__name__} of {len(samples)}"
            if isinstance(samples, tuple | list)
            else type(samples).__name__
        )
        hint = "; of a Dataset, pass one part, such as its .train" if hasattr(samples, "train") else ""
        raise ValueError(
            f"{name} samples are a {found}, expected (X, y), (X, y, lengths) or an object with X and y{hint}"
        )
    X = inputs.shaped(X, net.n_inputs, f"{name} X")
    if lengths is not None:
        lengths = inputs.lengths(lengths, len(X), X.shape[1], f"{name} lengths")
        X = inputs.unpadded(X, lengths)
    X = inputs.rounded(X, net.dtype, f"{name} X")
    return Checked(np.asarray(X), inputs.labels(y, net.n_classes, len(X), f"{name} y"), lengths)
