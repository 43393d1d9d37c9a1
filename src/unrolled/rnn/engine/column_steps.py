"""The steps of a pass with a sample a column: those that have the same samples, and the chunks of a way back."""

from collections.abc import Iterable, Mapping
from itertools import repeat

import numpy as np

from unrolled.rnn.arrays import Array, IntArray
from unrolled.rnn.engine.around import masked_forward
from unrolled.rnn.engine.memory import Blocks, Memory
from unrolled.rnn.engine.segments import Span, chunks
from unrolled.rnn.engine.symbols import sum_by_symbol, write_inputs

COLUMNS = 512
"""Columns, samples times steps, that a product of the weights' gradient takes together, and at most 16 steps."""


class ColumnSegment:
    """Steps one after the other that have the same samples: a view of the trace's memory.

    Attributes
    ----------
    span : Span
        Which steps of how many samples.
    n_columns : int
        How many columns there are for them.
    arrays : dict of ndarray, shape (steps + 1, rows, n_columns)
        The memory.
    mask : ndarray, shape (H, n_columns), or None
        That of the recurrence.
    symbols : ndarray of int, shape (steps, n_columns), or None
        Where they are the inputs.
    chunks : list of slice
        The steps, counted from the segment's first, in chunks, the last ones first.
    gradients : dict of ndarray, shape (H, n_columns)
        Those that go back from step to step, and ``dseen``.
    """

    _whole_delta: bool

    def __init__(
        self, H: int, D: int, span: Span, arrays: dict[str, Array], blocks: Blocks, state_blocks: Blocks
    ) -> None:
        self.span, self.arrays, self.n_columns = span, arrays, arrays["column"].shape[2]
        self.mask: Array | None = None
        self.symbols: IntArray | None = None
        self.n_steps, self.chunk = span.stop - span.start, min(16, max(1, COLUMNS // self.n_columns))
        self.chunks = chunks(self.n_steps, self.chunk)
        self._H, self._D, self._blocks, self._state_blocks = H, D, blocks, state_blocks
        self._views: dict[str, list[Array]] = {}
        self._pieces: dict[tuple[int, str], Array] = {}
        self._last_first: dict[tuple[int, tuple[str, ...]], list[Iterable[Array]]] = {}
        self.gradients: dict[str, Array] = {}

    def __getitem__(self, name: str) -> Array:
        """Return an array by name for these steps, (steps, rows, n_columns)."""
        if name in self._blocks:
            array, start, stop = self._blocks[name]
            return self._steps(array)[:, start * self._H : stop * self._H]
        if name == "inputs":
            return self.arrays["column"][:-1, self._H :]
        if name == "X":
            return self.arrays["column"][:-1, self._H : -1] if self.symbols is None else self._one_hot(self.symbols)
        if name == "seen_after":
            return self.arrays["column"][1:, : self._H]
        if name == "seen":
            return self.arrays["column"][:-1, : self._H]
        if name == "A" or name in self._state_blocks:
            return self.states(name)[1:]
        if name in self.arrays:
            return self._steps(name)
        return self.states(name.removesuffix("_before"))[:-1]

    def _steps(self, array: str) -> Array:
        return self.arrays[array] if array == "delta" else self.arrays[array][:-1]

    def take_delta(self, delta: Array, whole: bool) -> None:
        """Take memory for delta, of all steps or of a chunk; views of the one before are let go."""
        self.arrays["delta"], self._whole_delta = delta, whole
        self._views = {name: views for name, views in self._views.items() if not self.is_delta(name)}
        self._pieces = {key: piece for key, piece in self._pieces.items() if not self.is_delta(key[1])}
        self._last_first = {}

    def is_delta(self, name: str) -> bool:
        """Tell whether a name is that of delta or of a part of it."""
        return name == "delta" or (name in self._blocks and self._blocks[name][0] == "delta")

    def _placed(self, name: str, steps: slice) -> slice:
        """Return where steps stand in an array by name."""
        return slice(0, steps.stop - steps.start) if self.is_delta(name) and not self._whole_delta else steps

    def take_symbols(self, symbols: IntArray) -> None:
        """Take the symbols of a pass; the rows they stand for, if anybody asked for them, were those of another."""
        self.symbols = symbols
        self._views.pop("X", None)
        self._pieces = {key: piece for key, piece in self._pieces.items() if key[1] != "X"}
        self._last_first = {key: views for key, views in self._last_first.items() if "X" not in key[1]}

    def _one_hot(self, symbols: IntArray) -> Array:
        X: Array = np.empty((*symbols.shape, self._D), self.arrays["column"].dtype)
        write_inputs(symbols, X)
        return np.asarray(X.transpose(0, 2, 1))

    def states(self, name: str) -> Array:
        """Return the states of this name, (steps + 1, H, n_columns)."""
        if name == "A":
            return self.arrays["A"] if self.mask is not None else self.arrays["column"][:, : self._H]
        array, start, stop = self._state_blocks[name]
        return self.arrays[array][:, start * self._H : stop * self._H]

    def times_inputs(self, W: Array, out: Array) -> None:
        """Write ``W [X_t; 1]`` of all steps, W (rows, D + 1), to ``out`` (steps, rows, n_columns)."""
        if self.symbols is None:
            np.matmul(W, self["inputs"], out=out)
        else:
            out[...] = (W + W[:, -1:]).take(self.symbols, axis=1).transpose(1, 0, 2)

    def each(self, name: str) -> list[Array]:
        """Return a view of an array's each step."""
        if name not in self._views:
            self._views[name] = list(self[name])
        return self._views[name]

    def take_gradients(self, of_all: Mapping[str, Array]) -> dict[str, Array]:
        """Take the gradients that reach these steps, of these samples, and return the memory they are in."""
        if not self.gradients:
            names = [*of_all, "dseen"]
            self.gradients = {name: np.zeros((self._H, self.n_columns), of_all["dA"].dtype) for name in names}
        n = self.span.n_samples
        for name, gradient in of_all.items():
            self.gradients[name][:, :n] = gradient[:, :n]
        return self.gradients

    def piece(self, name: str, steps: slice) -> Array:
        """Return a view of an array by name for some steps; it is made once."""
        key = steps.start, name
        if key not in self._pieces:
            self._pieces[key] = self[name][self._placed(name, steps)]
        return self._pieces[key]

    def last_first(self, names: tuple[str, ...], steps: slice) -> list[Iterable[Array]]:
        """Return views of arrays' each step, the last first, and gradients without end; they are made once."""
        key = steps.start, names
        if key not in self._last_first:
            self._last_first[key] = [
                repeat(self.gradients[name])
                if name in self.gradients
                else self.each(name)[self._placed(name, steps)][::-1]
                for name in names
            ]
        return self._last_first[key]

    def steps(self, *names: str) -> Iterable[tuple[Array, ...]]:
        """Iterate over the steps in order: of each, the arrays of these names."""
        steps = zip(*[self.each(name) for name in names], strict=True)
        if self.mask is None:
            return steps
        return masked_forward(zip(steps, self.each("A"), self.each("seen_after"), strict=True), self.mask)


class ColumnChunk:
    """A few steps of a backward pass that have the same samples.

    Attributes
    ----------
    n_columns : int
    """

    def __init__(self, trace: Memory, segment: ColumnSegment, steps: slice) -> None:
        self.n_columns = segment.n_columns
        self._trace, self._segment, self._steps = trace, segment, steps

    def __getitem__(self, name: str) -> Array:
        """Return an array by name for these steps, (steps, rows, n_columns)."""
        return self._segment.piece(name, self._steps)

    def steps(self, *names: str) -> Iterable[tuple[Array, ...]]:
        """Iterate over the steps, the last first: of each, the arrays of these names."""
        segment = self._segment
        first = segment.span.start
        span = Span(first + self._steps.start, first + self._steps.stop, segment.span.n_samples)
        steps = zip(*segment.last_first(names, self._steps), strict=False)  # gradients are the same at every step
        return self._trace._around(steps, names, segment.gradients, segment.mask, span, columns=True)

    def outer(self, left: str, right: str) -> Array:
        """Return the sum over these steps and all samples of ``left right^T``, the columns of two arrays."""
        total = self._outer(left, right)
        if self._segment.symbols is None or right not in ("column", "inputs"):
            return total
        rows, symbols = self[left].transpose(0, 2, 1), self._segment.symbols[self._steps]
        of_symbols = sum_by_symbol(rows.reshape(-1, rows.shape[2]), symbols.reshape(-1), self._trace.D)
        return np.concatenate([total[:, :-1], of_symbols.T, total[:, -1:]], axis=1)

    def _outer(self, left: str, right: str) -> Array:
        a, b = self[left], self[right]
        if self.n_columns >= b.shape[1]:  # many samples: a product for each step moves less memory ...
            total: Array = a[0].dot(b[0].T)
            for left_t, right_t in zip(a[1:], b[1:], strict=True):
                total += left_t.dot(right_t.T)
            return total
        a, b = (x.transpose(1, 0, 2).reshape(x.shape[1], -1) for x in (a, b))
        return np.asarray(a.dot(b.T))  # ... than to lay the steps side by side
