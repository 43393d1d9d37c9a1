"""What a pass through time leaves behind in a gated cell, a sample a column: each gate of a step is then one block.

A step of a cell with gates is one product and a dozen short elementwise calls. With samples as columns, as in the
report, every one of these calls runs over memory without gaps, which takes about half the time. Sequences of
different lengths are cut where the number of samples changes, so that within a run of steps there are no gaps either.
"""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

import numpy as np

from unrolled.rnn.arrays import Array

TOGETHER = 512
"""Columns, samples times steps, that a product of the weights' gradient takes together, and at most 16 steps."""


class Run:
    """Steps one after the other that have the same samples, the first k: a view of the trace's memory.

    Attributes
    ----------
    steps : slice
        Which of the T steps.
    k : int
        How many samples.
    column : ndarray, shape (n + 1, H + D + 1, k)
        ``column[t] = [A_t; X_{t+1}; 1]``, with A_t as the recurrence sees it; t counts from the run's first step.
    A : ndarray, shape (n + 1, H, k)
        The states; a view of ``column`` unless dropout masks the recurrence.
    keep : ndarray, shape (H, k), or None
        That mask.
    few : list of slice
        The run's steps, a few at a time, whose share of the weights' gradient is added up at once.
    """

    def __init__(self, steps: slice, k: int, arrays: dict[str, Array], H: int) -> None:
        self.steps, self.k, self.arrays = steps, k, arrays
        self.column = arrays["column"]
        self.A = arrays.get("A", self.column[:, :H])
        self.keep: Array | None = None
        n = len(self.column) - 1
        size = min(16, max(1, TOGETHER // k))
        self.few = [slice(max(0, stop - size), stop) for stop in range(n, 0, -size)][::-1]
        self.forth: list[tuple[Array, ...]] = []
        self.back: list[tuple[Array, ...]] = []

    def __getitem__(self, name: str) -> Array:
        """Give one of the cell's arrays, (n, rows, k)."""
        return self.arrays[name][:-1]

    def summed(self, few: slice, delta: slice, column: slice) -> Array:
        """Give the sum over a few steps and all samples of rows of delta times rows of the column."""
        a, b = self.arrays["delta"][few, delta], self.column[few, column]
        if self.k >= b.shape[1]:  # many samples: a product for each step moves less memory ...
            total: Array = a[0].dot(b[0].T)
            for delta_t, column_t in zip(a[1:], b[1:], strict=True):
                total += delta_t.dot(column_t.T)
            return total
        a, b = (x.transpose(1, 0, 2).reshape(x.shape[1], -1) for x in (a, b))
        return np.asarray(a.dot(b.T))  # ... than to put the steps side by side


class Columns:
    """Memory of one layer with gates: T steps, m samples, D inputs, H hidden units.

    Attributes
    ----------
    runs : list of Run
        The steps in order; one run where all samples have the same length.
    keeps_delta : bool
        As of :class:`Trace`; here delta is kept in any case.
    dA : ndarray, shape (T, m, H), or None
        If set before the backward pass, ``dA[t - 1]`` is filled with the report's dE/dA^(t).
    """

    def __init__(self, T: int, m: int, D: int, H: int, dtype: np.dtype[Any], rows: Mapping[str, int]) -> None:
        self.shape = T, m, D, H
        self.keeps_delta = True
        self.dA: Array | None = None
        self._dtype, self._rows, self._memory = dtype, {"column": H + D + 1, **rows}, dict[str, Array]()
        self._active: list[int] = [m] * T
        self._keep: Array | None = None
        self.runs = self._cut()

    def __getstate__(self) -> dict[str, Any]:
        """Copy and pickle the memory; the runs, which are views of it, are cut anew."""
        return {name: value for name, value in vars(self).items() if name != "runs"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.runs = self._cut()
        self._mask()

    def _cut(self) -> list[Run]:
        """Cut the memory into runs."""
        H, names = self.shape[3], dict(self._rows)
        if self._keep is not None:
            names["A"] = H
        lengths = [(k, len(list(steps))) for k, steps in groupby(self._active)]
        needed = sum((n + 1) * k for k, n in lengths)
        for name, rows in names.items():
            if name not in self._memory or self._memory[name].size < needed * rows:
                self._memory[name] = np.zeros(needed * rows, self._dtype)
        runs, t, used = [], 0, 0
        for k, n in lengths:
            if k == 0:  # steps that no sample has
                t += n
                continue
            size = (n + 1) * k
            arrays = {
                name: self._memory[name][used * rows : (used + size) * rows].reshape(n + 1, rows, k)
                for name, rows in names.items()
            }
            runs.append(Run(slice(t, t + n), k, arrays, H))
            t, used = t + n, used + size
        return runs

    def begin(self, X: Array, active: list[int] | None, keep: Array | None) -> None:
        """Take the input of a pass, who is active when, and the mask of the recurrence."""
        T, m, _, H = self.shape
        before, now = (self._active, self._keep is None), ([m] * T if active is None else active, keep is None)
        self._active, self._keep = now[0], keep
        if now != before:
            self.runs = self._cut()
        self._mask()
        for run in self.runs:
            run.column[:-1, H:-1] = X[run.steps, : run.k].transpose(0, 2, 1)
            run.column[:-1, -1] = 1
            run.column[-1, H:] = 0  # what comes after is the next run's

    def _mask(self) -> None:
        for run in self.runs:
            run.keep = None if self._keep is None else np.ascontiguousarray(self._keep[: run.k].T)

    def along(self) -> Iterator[Run]:
        """Give the runs in order, each beginning with the states the one before ended with, new samples with 0."""
        before: Run | None = None
        for run in self.runs:
            for now in self.states(run):
                now[0] = 0
            if before is not None:
                k = min(before.k, run.k)
                for now, then in zip(self.states(run), self.states(before), strict=True):
                    now[0, :, :k] = then[-1, :, :k]
            yield run
            before = run

    def states(self, run: Run) -> list[Array]:
        """Give what goes on from step to step, each (n + 1, H, k)."""
        return [run.A, run.column[:, : self.shape[3]]]

    def back(self, *ends: Array | None) -> Iterator[tuple[Any, ...]]:
        """Give the way back: the run, a few of its steps, and the gradients in the states (H, k), last steps first.

        ``ends`` are the gradients in each sample's last states, (m, H), None for zero. The caller takes them back
        in place.
        """
        m, H = self.shape[1::2]
        carried: list[Array] = [np.zeros((H, m), self._dtype) for _ in ends]
        for all_samples, end in zip(carried, ends, strict=True):
            if end is not None:
                all_samples[...] = end.T
        for run in reversed(self.runs):
            gradients = [np.ascontiguousarray(all_samples[:, : run.k]) for all_samples in carried]
            for few in reversed(run.few):
                yield run, few, *gradients
            for all_samples, gradient in zip(carried, gradients, strict=True):
                all_samples[:, : run.k] = gradient

    def nothing_before(self, run: Run, few: slice) -> None:
        """Set every delta before these steps to zero: nothing comes back so far."""
        run["delta"][: few.start] = 0
        for before in self.runs[: self.runs.index(run)]:
            before["delta"][...] = 0

    def block(self, n: int, to: int | None = None) -> slice:
        """Give the rows of a gate's block, counted from 0, or of several up to and with ``to``."""
        H = self.shape[3]
        return slice(n * H, (n + 1 if to is None else to + 1) * H)

    def whole(self, name: str, rows: slice = slice(None)) -> Array:
        """Give rows of the cell's arrays for all steps and samples, (T, m, rows), 0 where a sample has no step."""
        return self._put([run[name][:, rows] for run in self.runs])

    def _put(self, arrays: list[Array]) -> Array:
        T, m = self.shape[:2]
        if arrays[0].shape[::2] == (T, m):  # one run
            return np.asarray(arrays[0].transpose(0, 2, 1))
        whole = np.zeros((T, m, arrays[0].shape[1]), self._dtype)
        for run, array in zip(self.runs, arrays, strict=True):
            whole[run.steps, : run.k] = array.transpose(0, 2, 1)
        return whole

    @property
    def A(self) -> Array:
        """The hidden states, (T + 1, m, H): ``A[0]`` is zero, ``A[t]`` is the report's A_t."""
        return self.with_first([run.A for run in self.runs])

    def with_first(self, states: list[Array]) -> Array:
        """Give states (n + 1, H, k) of each run for all steps and samples, with what stands before the first."""
        if states[0].shape[::2] == (self.shape[0] + 1, self.shape[1]):  # one run
            return np.asarray(states[0].transpose(0, 2, 1))
        after = self._put([state[1:] for state in states])
        return np.concatenate([np.zeros_like(after[:1]), after])

    @property
    def X(self) -> Array:
        """The input, (T, m, D); ``X[t - 1]`` is the report's X_t."""
        return self.whole("column", slice(self.shape[3], -1))

    @property
    def delta(self) -> Array:
        """After the backward pass, the gradient in what goes into the nonlinearities, (T, m, rows)."""
        return self.whole("delta")

    def last(self) -> Array:
        """Give the state after each sample's last step, (m, H)."""
        last = np.empty(self.shape[1::2], self._dtype)
        for run in self.runs:
            last[: run.k] = run.A[-1].T
        return last
