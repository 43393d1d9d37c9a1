"""What a pass through time leaves behind in a cell without gates, a sample a row."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import chain, count, pairwise, repeat
from typing import Any

import numpy as np

from unrolled.rnn.arrays import Array

FEW = 16
"""Steps whose share of the weights' gradient is added up at once, still in the processor's cache (measured)."""


class Trace:
    """Memory of one layer: T steps, m samples, D inputs, H hidden units.

    Attributes
    ----------
    A : ndarray, shape (T + 1, m, H)
        The hidden states; ``A[0]`` is zero, ``A[t]`` is the report's A_t.
    seen : ndarray, shape (T + 1, m, H)
        The states as the recurrence sees them: A itself, or with dropout on the recurrence, A masked.
    inputs : ndarray, shape (T, m, D + 1)
        ``[X_t | 1]``, the input and the report's row of ones.
    step : ndarray, shape (m, H)
        What a step works in.
    keeps_delta : bool
        Whether somebody will look at ``delta`` after the backward pass, the layer below or the user. Where it is set
        to False, delta is overwritten every few steps.
    dA : ndarray, shape (T, m, H), or None
        If set before the backward pass, ``dA[t - 1]`` is filled with the report's dE/dA^(t).
    active : list of int, or None
        With sequences of different lengths, how many samples (the first ones) have a step at each t.
    keep : ndarray, shape (m, H), or None
        The mask of dropout on the recurrence, as it was given to the forward pass.
    """

    def __init__(self, T: int, m: int, D: int, H: int, dtype: np.dtype[Any]) -> None:
        self.A: Array = np.zeros((T + 1, m, H), dtype)
        self.seen = self.A
        self.inputs: Array = np.ones((T, m, D + 1), dtype)
        self.step: Array = np.empty((m, H), dtype)
        self.keeps_delta = True
        self.dA: Array | None = None
        self.active: list[int] | None = None
        self.keep: Array | None = None
        self._delta: Array = np.empty((0, m, H), dtype)
        self._masked: Array | None = None
        self._changes: list[int] = []
        self._views: dict[tuple[str, bool], tuple[Array, list[Array]]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Copy and pickle the arrays; views would come out as arrays of their own."""
        return {**vars(self), "_views": {}}

    @property
    def X(self) -> Array:
        """The input, (T, m, D); ``X[t - 1]`` is the report's X_t."""
        return self.inputs[:, :, :-1]

    @property
    def delta(self) -> Array:
        """After a backward pass with ``keeps_delta``, the gradient in what goes into the nonlinearity, (T, m, H).

        ``delta[t - 1]`` is the report's dE/dA^(t) * (1 - A_t^2).
        """
        return self._delta

    def begin(self, X: Array, W_x: Array, active: list[int] | None, keep: Array | None) -> None:
        """Take the input of a pass, who is active when, and the mask of the recurrence.

        In the place where A_t will stand is then ``[X_t | 1] W_x``, the part of step t that needs no step before it,
        for all t at once; and 0 where a sample has no step.
        """
        T, m, _ = self.inputs.shape
        self.X[...] = X
        np.dot(self.inputs.reshape(T * m, -1), W_x, self.A[1:].reshape(T * m, -1))
        self.active, self.keep = active, keep
        if active is not None:
            self._changes = (np.flatnonzero(np.diff(active)) + 1).tolist()
        self.rest(self.A[1:], slice(0, T))
        self.seen = self.A
        if keep is not None:
            if self._masked is None:
                self._masked = np.zeros_like(self.A)
            self.seen = self._masked
            self.rest(self.seen[1:], slice(0, T))

    def rest(self, array: Array, few: slice) -> None:
        """Set an array (n, m, H) of a few steps to zero where a sample has no step."""
        for start, stop, n in self._runs(few):
            array[start - few.start : stop - few.start, n:] = 0

    def forth(self) -> Iterable[tuple[int, Array, Array, Array]]:
        """Give the way forth: of each step t, A_{t-1} as the recurrence sees it, A_t, and ``step``.

        Only of the samples that have that step.
        """
        if self.active is None:
            return zip(count(1), self._each("seen")[:-1], self._each("A")[1:], repeat(self.step))
        return chain.from_iterable(
            zip(count(start + 1), self.seen[start:stop, :n], self.A[start + 1 : stop + 1, :n], repeat(self.step[:n]))
            for start, stop, n in self._runs(slice(0, len(self.inputs)))
            if n
        )

    def forth_in_columns(self) -> Iterable[tuple[int, Array, Array]]:
        """Give the way forth with samples as columns, as the report has them: of each step t, A_{t-1} and A_t."""
        if self.active is None:
            return zip(count(1), self._each("seen", columns=True)[:-1], self._each("A", columns=True)[1:])
        seen, A = self.seen.transpose(0, 2, 1), self.A.transpose(0, 2, 1)
        return chain.from_iterable(
            zip(count(start + 1), seen[start:stop, :, :n], A[start + 1 : stop + 1, :, :n])
            for start, stop, n in self._runs(slice(0, len(self.inputs)))
            if n
        )

    def back(self) -> Iterator[tuple[slice, Array, Iterable[tuple[int, Array, Array]]]]:
        """Give the way back, a few steps at a time, the last first.

        Yields which steps, their delta (n, m, H), to be written, and of each, the last first, t - 1, its part of
        that, and ``step``, the latter two only of the samples that have that step.
        """
        T = len(self.inputs)
        size = T if self.keeps_delta else min(T, FEW)
        if len(self._delta) != size:
            self._delta = np.zeros((size, *self.step.shape), self.step.dtype)
        each = self._each("_delta")
        for stop in range(T, 0, -FEW):
            few = slice(max(0, stop - FEW), stop)
            here = few if self.keeps_delta else slice(stop - few.start)
            if self.active is None:
                yield few, self._delta[here], zip(reversed(range(T)[few]), each[here][::-1], repeat(self.step))
            else:
                yield few, self._delta[here], self._back_in_runs(few, self._delta[here])

    def _back_in_runs(self, few: slice, deltas: Array) -> Iterator[tuple[int, Array, Array]]:
        for start, stop, n in reversed(self._runs(few)):
            delta = deltas[start - few.start : stop - few.start, :n]
            yield from zip(reversed(range(start, stop)), delta[::-1], repeat(self.step[:n]))

    def _runs(self, few: slice) -> list[tuple[int, int, int]]:
        """Give from where to where, of a few steps, how many samples have a step; none where lengths are alike."""
        if self.active is None:
            return []
        inside = slice(bisect_right(self._changes, few.start), bisect_left(self._changes, few.stop))
        edges = [few.start, *self._changes[inside], few.stop]
        return [(start, stop, self.active[start]) for start, stop in pairwise(edges)]

    def nothing_before(self, t: int) -> None:
        """Set every delta before ``delta[t]`` to zero: nothing comes back so far."""
        if self.keeps_delta:
            self._delta[:t] = 0
        if self.dA is not None:
            self.dA[:t] = 0

    def inward(self) -> Array:
        """Give delta in the order of the rows of W_ih: the gradient in ``W_ih X_t + b_h``, (T, m, H)."""
        return self.delta

    def last(self) -> Array:
        """Give the state after each sample's last step, (m, H)."""
        if self.active is None or self.active[-1] == len(self.step):
            return np.asarray(self.A[-1])
        m = np.arange(len(self.step))
        return np.asarray(self.A[np.count_nonzero(np.array(self.active)[:, None] > m, axis=0), m])

    def _each(self, name: str, columns: bool = False) -> list[Array]:
        """Give a view of an array's each step, a sample a row or a column; they are kept as long as the array is."""
        array, key = getattr(self, name), (name, columns)
        if key not in self._views or self._views[key][0] is not array:
            self._views[key] = array, [step.T for step in array] if columns else list(array)
        return self._views[key][1]

    def mask(self, t: int) -> None:
        """Let the recurrence see A_t through the mask; A_t itself stays whole."""
        np.multiply(self.A[t], np.asarray(self.keep), out=self.seen[t])
