"""What a training is handed: labeled sequences, in memory or batch by batch."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np

from unrolled.rnn import inputs
from unrolled.rnn.arrays import Array, IntArray
from unrolled.rnn.network import ManyToOne
from unrolled.rnn.source import BLOCK, Source, is_source

Batch: TypeAlias = tuple[Array, Array, IntArray | None]
"""X (m, T, D) and one-hot Y (m, C), of the network's dtype, and lengths (m,) or None."""


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


LabeledSamples: TypeAlias = HasXy | Source | tuple[Any, Any] | tuple[Any, Any, Any]


@dataclass(frozen=True)
class InMemory:
    """Samples that are known to be right for a network: X (N, T, D) of its dtype, y (N,), lengths (N,) or None."""

    X: Array
    y: IntArray
    lengths: IntArray | None
    Y: Array

    def __len__(self) -> int:
        return len(self.X)

    def batches(self, batch_size: int, rng: np.random.Generator, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch, see :meth:`Source.batches`."""
        order = rng.permutation(len(self.X))
        for first in range(start * batch_size, len(order), batch_size):
            rows = order[first : first + batch_size]
            yield self.X[rows], self.Y[rows], None if self.lengths is None else self.lengths[rows]

    def measure(self, net: ManyToOne) -> tuple[float, float]:
        """Return the loss and the accuracy."""
        return net.measure(self.X, self.y, self.lengths)

    def scores(self, net: ManyToOne) -> tuple[IntArray, Array]:
        """Return the labels and a network's probabilities."""
        return self.y, net.predict_proba(self.X, self.lengths)

    def counts(self) -> IntArray:
        """Return how many samples each class has, (C,)."""
        return np.bincount(self.y, minlength=self.Y.shape[1])

    def fingerprint(self) -> str:
        """Return a digest of all numbers."""
        digest = hashlib.sha256(repr((self.X.shape, self.X.dtype.str, self.Y.shape)).encode())
        for array in (self.X, self.y, self.lengths):
            if array is not None:
                digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


@dataclass(frozen=True)
class FromSource:
    """Samples that come batch by batch, each batch checked as it comes."""

    net: ManyToOne
    source: Source
    name: str

    def __len__(self) -> int:
        return len(self.source)

    def batches(self, batch_size: int, rng: np.random.Generator, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch, see :meth:`Source.batches`."""
        for given in self.source.batches(batch_size, rng, start):
            batch = _in_memory(self.net, given, f"{self.name} batch's")
            yield batch.X, batch.Y, batch.lengths

    def measure(self, net: ManyToOne) -> tuple[float, float]:
        """Return the loss and the accuracy, measured block by block."""
        total = np.zeros(2)
        for block in self._blocks(net):
            total += np.multiply(block.measure(net), len(block))
        return float(total[0] / len(self)), float(total[1] / len(self))

    def scores(self, net: ManyToOne) -> tuple[IntArray, Array]:
        """Return the labels and a network's probabilities, computed block by block."""
        labels, scores = zip(*(block.scores(net) for block in self._blocks(net)), strict=True)
        return np.concatenate(labels), np.concatenate(scores)

    def counts(self) -> IntArray:
        """Return how many samples each class has, (C,), counted block by block."""
        return np.asarray(sum(block.counts() for block in self._blocks(self.net)))

    def fingerprint(self) -> str:
        """Return the source's."""
        return self.source.fingerprint()

    def _blocks(self, net: ManyToOne) -> Iterator[InMemory]:
        return (_in_memory(net, given, f"{self.name} block's") for given in self.source.blocks(BLOCK))


def check_samples(net: ManyToOne, samples: LabeledSamples, name: str) -> InMemory | FromSource:
    """Check samples at the door of a training; those that come batch by batch will be as they come.

    Raises
    ------
    ValueError
        Naming what was found, what was expected and where.
    """
    return FromSource(net, samples, name) if is_source(samples, name=name) else _in_memory(net, samples, name)


def check_held_out(
    net: ManyToOne, validation: LabeledSamples | None, test: LabeledSamples | None
) -> dict[str, InMemory | FromSource]:
    """Check the samples that are measured and never trained on, those that are given, under their names."""
    given = {"validation": validation, "test": test}
    return {name: check_samples(net, samples, name) for name, samples in given.items() if samples is not None}


def _in_memory(net: ManyToOne, samples: Any, name: str) -> InMemory:
    X: Any
    if isinstance(samples, tuple | list) and len(samples) in (2, 3):
        X, y, lengths = (*samples, None)[:3]
        _refuse_weights(lengths, X, name)
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
    X, lengths = inputs.padded(X, lengths, net.n_inputs, name)
    X = inputs.rounded(X, net.dtype, f"{name} X")
    labels = inputs.labels(y, net.n_classes, len(X), f"{name} y")
    return InMemory(np.asarray(X), labels, lengths, inputs.one_hot(labels, net.n_classes, net.dtype))


def _refuse_weights(lengths: Any, X: Any, name: str) -> None:
    """Raise a ValueError if what stands third looks like a weight for each sample, as elsewhere it is."""
    if lengths is None or np.ndim(lengths) != 1 or np.ndim(X) != 3:
        return
    third = np.asarray(lengths)
    whole_floats = third.dtype.kind == "f" and bool((third == np.floor(third)).all())
    if whole_floats or (third.dtype.kind in "iu" and np.shape(X)[1] > 1 and bool((third == 1).all())):
        found = f"{third.dtype} numbers" if whole_floats else "all 1"
        raise ValueError(
            f"{name} samples are a tuple whose third are {found}, as weights of samples would be, which are not taken: "
            "expected lengths (N,), whole numbers of steps"
        )
