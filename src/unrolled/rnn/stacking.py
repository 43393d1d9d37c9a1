"""Consecutive steps stacked into one, in front of the cells: a batch is reshaped where it is packed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from unrolled._support.validation import checked_fields, whole
from unrolled.rnn.arrays import Array, IntArray
from unrolled.rnn.engine.packing import Packed, pack


@dataclass(frozen=True)
@checked_fields(k=whole(1))
class Stack:
    """Stack k consecutive steps into one, in front of the cells of a :class:`ManyToOne`.

    X (T, m, D) becomes (ceil(T / k), m, k D): the new step s holds the steps s k to s k + k - 1, the oldest first. A
    last block that is not full is filled with zeros, and so is a sample's last block behind its last step; lengths L
    become ceil(L / k). A k-th of the steps takes about a k-th of the time, and gradients have a shorter way back.

    Parameters
    ----------
    k : int
        How many steps, 1 or more; 1 is the same as no Stack.

    See Also
    --------
    ManyToOne : Takes it as the first of its cells.
    Bidirectional : Another way to read a sequence.

    Notes
    -----
    What users hand over and are handed in the place of inputs has single steps: X, ``lengths``, ``forward.X``,
    ``backward.dX``, what ``rnn.train``'s ``augment`` sees, and ``stream.feed``. Whatever the cells see counts stacked
    ones: states (``forward.A`` has ceil(T / k) + 1), ``dA`` and ``delta``, ``bptt_steps``, the weights of
    ``EveryStep``, and ``net.widths``, whose first is k D: ``Dropout(inputs=...)`` draws for each number of a block.
    A state that is handed on begins a new block.

    A sequence answers once for its blocks, so a ManyToMany takes no Stack.

    References
    ----------
    H. Sak, A. Senior, K. Rao, F. Beaufays, "Fast and accurate recurrent neural network acoustic models for speech
    recognition", Interspeech 2015: stacked frames.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne([rnn.Stack(3), rnn.LSTM(8)], n_inputs=2, n_classes=4, rng=0)
    >>> net.parameters["W_ih"].shape
    (32, 6)
    >>> net.forward(np.ones((5, 100, 2))).A.shape  # 34 steps, and the state before them
    (35, 5, 8)
    """

    k: int

    def n_steps(self, T: int) -> int:
        """Return ceil(T / k), how many steps T become."""
        return -(-T // self.k)

    def pack(self, X: Array, lengths: IntArray | None, D: int, dtype: np.dtype[Any]) -> Packed:
        """Stack, sort and move a batch.

        Parameters
        ----------
        X : ndarray, shape (m, T, D), or symbols (m, T)
            What stands behind a sample's last step is not read.
        lengths : ndarray of int, shape (m,), or None
            Of single steps.
        D : int
            How many symbols there are.
        dtype : dtype
            Of the rows that symbols become.

        Returns
        -------
        Packed
            Of stacked steps; with k = 1 as :func:`unrolled.rnn.engine.packing.pack` returns it, else a
            :class:`Stacked`.
        """
        if self.k == 1:
            return pack(X, lengths)
        if X.ndim == 2:
            X = np.eye(D, dtype=dtype)[X]
        m, T, D = X.shape
        whole_steps = self.n_steps(T) * self.k
        if lengths is not None or whole_steps > T:
            filled: Array = np.zeros((m, whole_steps, D), X.dtype)
            filled[:, :T] = X
            if lengths is not None:
                filled[np.arange(whole_steps) >= lengths[:, None]] = 0
            X = filled
        blocks = X.reshape(m, whole_steps // self.k, self.k * D)
        batch = pack(blocks, None if lengths is None else -(-lengths // self.k))
        return Stacked(**vars(batch), k=self.k, n_single=T, single_lengths=lengths)


@dataclass(frozen=True)
class Stacked(Packed):
    """A batch of stacked steps.

    Attributes
    ----------
    k : int
        How many steps are one.
    n_single : int
        The caller's T.
    single_lengths : ndarray of int, shape (m,), or None
        How many single steps each of the caller's samples has.
    """

    k: int = 1
    n_single: int = 0
    single_lengths: IntArray | None = None


def unpack_inputs(batch: Packed, inputs: Array) -> Array:
    """Put inputs of a batch, or the gradient in them, as the caller has them: single steps (T, m, D).

    Behind a sample's last step stand zeros: what is passed there counts nothing.
    """
    unpacked = batch.unpack(inputs)
    if not isinstance(batch, Stacked):
        return unpacked
    S, m, width = unpacked.shape
    apart = unpacked.reshape(S, m, batch.k, width // batch.k).swapaxes(1, 2).reshape(S * batch.k, m, -1)
    apart = apart[: batch.n_single]
    if batch.single_lengths is not None:
        apart[np.arange(batch.n_single)[:, None] >= batch.single_lengths] = 0
    return np.asarray(apart)


def without_stack(cells: Sequence[Any]) -> tuple[Stack, tuple[Any, ...]]:
    """Return the Stack in front of the cells, that of one step where there is none, and the others.

    Raises
    ------
    ValueError
        If a Stack stands elsewhere, or alone.
    """
    first, others = (cells[0], tuple(cells[1:])) if cells and isinstance(cells[0], Stack) else (Stack(1), tuple(cells))
    for n, each in enumerate(others, len(cells) - len(others)):
        if isinstance(each, Stack):
            raise ValueError(f"cell {n} is {each!r}, expected at most one Stack, in front of the cells")
    if not others and cells:
        raise ValueError(f"cell is {first!r} alone, expected cells behind it, as [{first!r}, rnn.LSTM(64)]")
    return first, others
