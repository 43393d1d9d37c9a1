"""What a training is handed: labeled sequences, in memory or batch by batch."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np

from unrolled.rnn import inputs
from unrolled.rnn.arrays import Array, IntArray
from unrolled.rnn.measures import joined
from unrolled.rnn.network import Network
from unrolled.rnn.source import BLOCK, Source, is_source, joined_blocks
from unrolled.rnn.targets import Targets


class Batch(NamedTuple):
    """What a network is trained on at a time.

    Attributes
    ----------
    X : ndarray, shape (m, T, D), of the network's dtype, or symbols (m, T)
    Y : ndarray, shape (m, C) or (m, T, C), of the network's dtype
        Rows: one-hot, or numbers.
    lengths : ndarray of int, shape (m,), or None
    weights : ndarray, shape (m,) or (m, T), or None
        What each answer counts.
    goes_on : ndarray of int, shape (m,), or None
        Where samples are windows that go on: which sample of the batch before each of them was.
    """

    X: Array
    Y: Array
    lengths: IntArray | None = None
    weights: Array | None = None
    goes_on: IntArray | None = None


class HasXy(Protocol):
    """Samples with their targets, such as one part of an ``unrolled.data.Dataset``, or an ``unrolled.data.tasks.Task``.

    ``lengths`` and ``sample_weight`` may stand beside.
    """

    @property
    def X(self) -> Any:
        """Sequences, (N, T, D), or of symbols (N, T)."""
        ...

    @property
    def y(self) -> Any:
        """Targets, as for :meth:`Network.loss_and_gradients`."""
        ...


LabeledSamples: TypeAlias = HasXy | Source | tuple[Any, Any] | tuple[Any, Any, Any] | tuple[Any, Any, Any, Any]


@dataclass(frozen=True)
class InMemory:
    """Samples that are known to be right for a network: X (N, T, D) of its dtype, or symbols, and what is asked."""

    X: Array
    targets: Targets
    lengths: IntArray | None

    def __len__(self) -> int:
        return len(self.X)

    @cached_property
    def Y(self) -> Array:
        """One-hot rows of labels (N,), made once."""
        return self.targets.rows(self.X.dtype if self.X.ndim == 3 else np.dtype(np.float64))

    def batches(
        self, batch_size: int, rng: np.random.Generator, start: int = 0, *, dtype: np.dtype[Any]
    ) -> Iterator[Batch]:
        """Yield the batches of an epoch, its samples shuffled; see :meth:`Source.batches`."""
        order = rng.permutation(len(self.X))  # the shuffling, anew in each epoch
        made_once = self.targets.are_labels and self.targets.y.ndim == 1 and self.X.dtype == dtype
        for first in range(start * batch_size, len(order), batch_size):
            rows = order[first : first + batch_size]
            some = self.targets.of(rows)
            Y = self.Y[rows] if made_once else some.rows(dtype)
            yield Batch(self.X[rows], Y, None if self.lengths is None else self.lengths[rows], some.weights)

    def n_windows(self, steps: int) -> int:
        """Return into how many windows of so many steps the longest sample falls."""
        longest = self.X.shape[1] if self.lengths is None else int(self.lengths.max())
        return -(-longest // steps)

    def windows(
        self, batch_size: int, steps: int, rng: np.random.Generator, start: int = 0, *, dtype: np.dtype[Any]
    ) -> Iterator[Batch]:
        """Yield the windows of so many steps of each batch of samples, one after the other; some may have no samples.

        A sample that has ended is left out; ``goes_on`` says where in the window before those that go on were.
        """
        order, n_windows = rng.permutation(len(self.X)), self.n_windows(steps)
        for number in range(start, -(-len(order) // batch_size) * n_windows):
            first, n = number // n_windows * batch_size, number % n_windows * steps
            rows = order[first : first + batch_size]
            lengths = np.full(len(rows), self.X.shape[1]) if self.lengths is None else self.lengths[rows]
            before, there = lengths > n - steps, lengths > n
            some, window = self.targets.of(rows[there]), slice(n, min(n + steps, int(lengths.max())))
            left = np.minimum(lengths[there] - n, steps)
            yield Batch(
                self.X[rows[there], window],
                Targets(some.y[:, window], some.width).rows(dtype),
                None if (left == left.max(initial=0)).all() else left,
                None if some.weights is None else some.weights[:, window],
                None if n == 0 else np.flatnonzero(there[before]),
            )

    def measure(self, net: Network) -> tuple[float, float]:
        """Return the loss and the accuracy, or R^2."""
        return net.measure(self.X, self.targets, self.lengths).scores

    def scores(self, net: Network) -> tuple[Array, Array]:
        """Return the targets and what a network says of them: probabilities, or numbers."""
        said = net.predict if net.answers == "numbers" else net.predict_proba
        return self.targets.y, said(self.X, self.lengths)

    def counts(self) -> IntArray:
        """Return how many answers of each class count, (C,): those that are asked, of a weight above 0."""
        if not self.targets.are_labels:
            raise ValueError("the head's class_weights are 'balanced', expected labels for y: rows have no one class")
        y, weights = self.targets.y, self.targets.weights
        asked = np.ones(y.shape, bool) if weights is None else weights > 0
        if y.ndim == 2 and self.lengths is not None:
            asked &= np.arange(y.shape[1]) < self.lengths[:, None]
        return np.bincount(y[asked], minlength=self.targets.width)

    def fingerprint(self) -> str:
        """Return a digest of all numbers."""
        y = self.targets.y
        shape = (*y.shape, self.targets.width) if self.targets.are_labels else y.shape
        digest = hashlib.sha256(repr((self.X.shape, self.X.dtype.str, shape)).encode())
        for array in (self.X, y, self.lengths, self.targets.weights):
            if array is not None:
                digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


@dataclass(frozen=True)
class FromSource:
    """Samples that come batch by batch, each batch checked as it comes."""

    net: Network
    source: Source
    name: str

    def __len__(self) -> int:
        return len(self.source)

    def batches(
        self, batch_size: int, rng: np.random.Generator, start: int = 0, *, dtype: np.dtype[Any]
    ) -> Iterator[Batch]:
        """Yield the batches of an epoch, see :meth:`Source.batches`."""
        for given in self.source.batches(batch_size, rng, start):
            batch = _in_memory(self.net, given, f"{self.name} batch's")
            yield Batch(batch.X, batch.targets.rows(dtype), batch.lengths, batch.targets.weights)

    def measure(self, net: Network) -> tuple[float, float]:
        """Return the loss and the accuracy, or R^2, measured block by block."""
        parts = [net.measure(block.X, block.targets, block.lengths) for block in self._blocks(net)]
        if net.answers == "numbers":
            return joined(parts).scores
        total, amount = np.zeros(2), 0.0
        for part in parts:
            total += np.multiply(part.scores, part.amount)
            amount += part.amount
        return float(total[0] / amount), float(total[1] / amount)

    def scores(self, net: Network) -> tuple[Array, Array]:
        """Return the targets and what a network says of them, block by block."""
        targets, scores = zip(*(block.scores(net) for block in self._blocks(net)), strict=True)
        return joined_blocks(targets), joined_blocks(scores)

    def counts(self) -> IntArray:
        """Return how many answers of each class count, (C,), counted block by block."""
        return np.asarray(sum(block.counts() for block in self._blocks(self.net)))

    def fingerprint(self) -> str:
        """Return the source's."""
        return self.source.fingerprint()

    def _blocks(self, net: Network) -> Iterator[InMemory]:
        return (_in_memory(net, given, f"{self.name} block's") for given in self.source.blocks(BLOCK))


def check_samples(net: Network, samples: LabeledSamples, name: str, sample_weight: Any = None) -> InMemory | FromSource:
    """Check samples at the door of a training; those that come batch by batch will be as they come.

    Raises
    ------
    ValueError
        Naming what was found, what was expected and where.
    """
    if not is_source(samples, name=name):
        return _in_memory(net, samples, name, sample_weight)
    if sample_weight is not None:
        raise ValueError(f"sample_weight was given beside {name} samples that come batch by batch, expected None")
    return FromSource(net, samples, name)


def check_held_out(
    net: Network, validation: LabeledSamples | None, test: LabeledSamples | None
) -> dict[str, InMemory | FromSource]:
    """Check the samples that are measured and never trained on, those that are given, under their names."""
    given = {"validation": validation, "test": test}
    return {name: check_samples(net, samples, name) for name, samples in given.items() if samples is not None}


def _in_memory(net: Network, samples: Any, name: str, sample_weight: Any = None) -> InMemory:
    X: Any
    if isinstance(samples, tuple | list) and len(samples) in (2, 3, 4):
        X, y, lengths, weights = (*samples, None, None)[:4]
        _refuse_weights(lengths, X, name)
    elif not isinstance(samples, tuple) and hasattr(samples, "X") and hasattr(samples, "y"):
        X, y = samples.X, samples.y
        lengths, weights = getattr(samples, "lengths", None), getattr(samples, "sample_weight", None)
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
    if sample_weight is not None and weights is not None:
        raise ValueError(f"sample_weight was given, and {name} samples have some: expected them once")
    weights = sample_weight if weights is None else weights
    X, lengths = inputs.padded(X, lengths, net.n_inputs, name)
    X = inputs.rounded(X, net.dtype, f"{name} X")
    targets = net._targets(y, X.shape, lengths, weights, name)
    return InMemory(np.asarray(X), targets, lengths)


def _refuse_weights(lengths: Any, X: Any, name: str) -> None:
    """Raise a ValueError if what stands third looks like weights, which stand fourth."""
    if lengths is None:
        return
    third = np.asarray(lengths)
    of_samples = third.ndim == 1
    whole_floats = third.dtype.kind == "f" and (not of_samples or bool((third == np.floor(third)).all()))
    ones = of_samples and third.dtype.kind in "iu" and np.shape(X)[1:2] > (1,) and bool((third == 1).all())
    if whole_floats or ones or (third.dtype.kind in "iub" and third.ndim == 2):
        found = "all 1" if ones else f"{third.dtype} numbers" + ("" if of_samples else f" of shape {third.shape}")
        raise ValueError(
            f"{name} samples are a tuple whose third are {found}, as weights of samples would be, which stand fourth, "
            "as in (X, y, None, sample_weight): expected lengths (N,), whole numbers of steps"
        )
