"""Sequences of different lengths in one batch: sorted, and moved so that they end together.

Longest first and ends aligned, the samples that have a step at time t are always the first ones. So each step
works on a leading block of the batch, no step of a loop is computed for padding, and no mask is needed.
"""

from dataclasses import dataclass

import numpy as np

from unrolled.rnn.arrays import Array, IntArray


@dataclass(frozen=True)
class Aligned:
    """A batch as the cells want it.

    Attributes
    ----------
    X : ndarray, shape (T, m, D)
        Time first; the longest sample first, and each sample's last step at T.
    order : ndarray of int, shape (m,), or None
        ``X[:, i]`` is the caller's sample ``order[i]``. None where all are of length T and nothing was moved.
    lengths : ndarray of int, shape (m,), or None
        Of ``X[:, i]``.
    active : list of int, or None
        How many samples, the first ones, have a step at each t.
    steps : int
        The caller's T, of which padding common to all may have been left out.
    """

    X: Array
    order: IntArray | None = None
    lengths: IntArray | None = None
    active: list[int] | None = None
    steps: int = 0

    def own_steps(self) -> IntArray:
        """Give each sample's own step at each t, from 0, below 0 before its first, (T, m)."""
        T, m, _ = self.X.shape
        lengths = np.full(m, T) if self.lengths is None else self.lengths
        return np.asarray(np.arange(T)[:, None] - (T - lengths))

    def sorted(self, rows: Array) -> Array:
        """Put the caller's rows (m, ...) into the order of the batch."""
        return rows if self.order is None else rows[self.order]

    def unsorted(self, rows: Array, axis: int = 0) -> Array:
        """Put rows in the order of the batch into the caller's."""
        return rows if self.order is None else np.take(rows, np.argsort(self.order), axis)

    def unmoved(self, steps: Array) -> Array:
        """Put an array (T, m, ...), or (T + 1, m, ...) with what stands before the first step, as the caller has it.

        Each sample begins at its first step again; after its last one stand zeros.
        """
        if self.lengths is None:
            return steps
        T = len(self.X)
        before = len(steps) - T  # 1 for states, which have A_0
        t = np.arange(before + self.steps)[:, None]
        of_sample = np.minimum(t + (T - self.lengths), len(steps) - 1)
        moved = steps[of_sample, np.arange(len(self.lengths))]
        moved[t >= self.lengths + before] = 0
        return self.unsorted(moved, axis=1)


def align(X: Array, lengths: IntArray | None) -> Aligned:
    """Sort and move a batch.

    Parameters
    ----------
    X : ndarray, shape (m, T, D)
        The steps of a sample from its length on are padding; they are not read.
    lengths : ndarray of int, shape (m,), or None
        From 1 to T; None for T, all of them.
    """
    T = X.shape[1]
    if lengths is None or (lengths == T).all():
        return Aligned(X.transpose(1, 0, 2), steps=T)
    order = np.argsort(-lengths, kind="stable")
    lengths = lengths[order]
    eighth = -(-T // 8)  # padding common to all is cut off in eighths, so that memory is needed for few sizes
    longest = min(T, -(-int(lengths[0]) // eighth) * eighth)
    moved = np.zeros((longest, *X.shape[::2]), X.dtype)
    for i, (n, L) in enumerate(zip(order.tolist(), lengths.tolist(), strict=True)):
        moved[longest - L :, i] = X[n, :L]
    active = np.searchsorted(np.sort(longest - lengths), np.arange(longest), side="right").tolist()
    return Aligned(moved, order, lengths, active, T)
