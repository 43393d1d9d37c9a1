"""Sequences of different lengths in one batch: sorted, and moved so that they end together.

Longest first and ends aligned, the samples that have a step at time t are always the first ones. So each step
works on a leading block of the batch, no step of a loop is computed for padding, and no mask is needed.
"""

from dataclasses import dataclass

import numpy as np

from unrolled.rnn.arrays import Array, IntArray


@dataclass(frozen=True)
class Packed:
    """A batch as the cells want it.

    Attributes
    ----------
    X : ndarray, shape (T, m, D), or whole numbers (T, m)
        Time first; the longest sample first, and each sample's last step at T. Whole numbers are symbols, each of
        which stands for a row of D numbers, a one among zeros.
    sorted_indices : ndarray of int, shape (m,), or None
        ``X[:, i]`` is the caller's sample ``sorted_indices[i]``. None where all are of length T and nothing was moved.
    lengths : ndarray of int, shape (m,), or None
        Of ``X[:, i]``.
    batch_sizes : list of int, or None
        How many samples, the first ones, have a step at each t.
    n_steps : int
        The caller's T, of which padding common to all may have been left out.
    """

    X: Array
    sorted_indices: IntArray | None = None
    lengths: IntArray | None = None
    batch_sizes: list[int] | None = None
    n_steps: int = 0

    def step_numbers(self) -> IntArray:
        """Return the number of each sample's step at each t, from 0, below 0 before its first, (T, m)."""
        T, m = self.X.shape[:2]
        lengths = np.full(m, T) if self.lengths is None else self.lengths
        return np.asarray(np.arange(T)[:, None] - (T - lengths))

    def sort(self, rows: Array) -> Array:
        """Put the caller's rows (m, ...) into the order of the batch."""
        return rows if self.sorted_indices is None else rows[self.sorted_indices]

    def unsort(self, rows: Array, axis: int = 0) -> Array:
        """Put rows in the order of the batch into the caller's."""
        return rows if self.sorted_indices is None else np.take(rows, np.argsort(self.sorted_indices), axis)

    def pack_steps(self, steps: Array) -> Array:
        """Put the caller's array (m, T, ...) in the order and the time of the batch, (T, m, ...), 0 without a step."""
        if self.sorted_indices is None or self.lengths is None:
            return np.asarray(steps.swapaxes(0, 1))
        return _ends_together(steps, len(self.X), self.sorted_indices, self.lengths)

    def unpack(self, steps: Array) -> Array:
        """Put an array (T, m, ...), or (T + 1, m, ...) with what stands before the first step, as the caller has it.

        Each sample begins at its first step again; after its last one stand zeros.
        """
        if self.lengths is None:
            return steps
        T = len(self.X)
        before = len(steps) - T  # 1 for states, which have A_0
        t = np.arange(before + self.n_steps)[:, None]
        of_sample = np.minimum(t + (T - self.lengths), len(steps) - 1)
        moved = steps[of_sample, np.arange(len(self.lengths))]
        moved[t >= self.lengths + before] = 0
        return self.unsort(moved, axis=1)


def pack(X: Array, lengths: IntArray | None) -> Packed:
    """Sort and move a batch.

    Parameters
    ----------
    X : ndarray, shape (m, T, D), or whole numbers (m, T)
        The steps of a sample from its length on are padding; they are not read.
    lengths : ndarray of int, shape (m,), or None
        From 1 to T; None for T, all of them.
    """
    T = X.shape[1]
    if lengths is None or (lengths == T).all():
        return Packed(X.swapaxes(0, 1), n_steps=T)
    order = np.argsort(-lengths, kind="stable")
    lengths = lengths[order]
    eighth = -(-T // 8)  # padding common to all is cut off in eighths, so that memory is needed for few sizes
    longest = min(T, -(-int(lengths[0]) // eighth) * eighth)
    moved = _ends_together(X, longest, order, lengths)
    batch_sizes = np.searchsorted(np.sort(longest - lengths), np.arange(longest), side="right").tolist()
    return Packed(moved, order, lengths, batch_sizes, T)


def _ends_together(steps: Array, T: int, order: IntArray, lengths: IntArray) -> Array:
    """Return an array (m, ., ...) time first, samples in an order, each with so many steps that end at T."""
    moved = np.zeros((T, len(steps), *steps.shape[2:]), steps.dtype)
    for i, (n, L) in enumerate(zip(order.tolist(), lengths.tolist(), strict=True)):
        moved[T - L :, i] = steps[n, :L]
    return moved
