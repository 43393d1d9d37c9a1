"""The memory of a pass with a sample a column, for gated cells: each gate of a step is then one block.

A step of a cell with gates is one product and a dozen short elementwise calls. With samples as columns, as in the
report, every one of these calls runs over memory without gaps, which takes about half the time. Each segment of steps
that have the same samples has memory of its own, so that there are no gaps either where lengths differ. A product takes
a quarter less where the columns fill the processor's vectors: if few are missing, the segment has columns of zeros
beside its samples', whose states nobody reads and whose gradients are 0.

Names mean what they mean in :mod:`unrolled.rnn.engine.rows`, with arrays (rows, n) in place of (n, width), and:

==========  ==========================================================================================================
``column``  ``[A_{t-1}; X_t; 1]`` (H + D + 1, n), with A_{t-1} as the recurrence's products see it, for one product;
            of symbols ``[A_{t-1}; 1]``, and ``inputs`` are ``[1]``: the trace's products and sums know the symbols
==========  ==========================================================================================================
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import repeat
from typing import Any

import numpy as np

from unrolled.rnn.arrays import Array, IntArray, State
from unrolled.rnn.engine.around import masked_forward
from unrolled.rnn.engine.memory import Blocks, Memory
from unrolled.rnn.engine.products import Product, product_with
from unrolled.rnn.engine.segments import Span, begins, chunks
from unrolled.rnn.engine.symbols import sum_by_symbol, write_inputs
from unrolled.rnn.engine.underflow import round_tiny

COLUMNS = 512
"""Columns, samples times steps, that a product of the weights' gradient takes together, and at most 16 steps."""

VECTOR = 64
"""Bytes of the widest vectors of processors that there are."""

def padded(n: int, itemsize: int) -> int:
    """Return how many columns to have for n samples: as many as fill vectors, if that is an eighth more at most.

    Examples
    --------
    >>> [padded(n, 4) for n in (1, 10, 30, 32, 33, 100)]
    [1, 10, 32, 32, 33, 112]
    """
    columns = -(-n * itemsize // VECTOR) * VECTOR // itemsize
    return columns if 8 * columns <= 9 * n else n


class Columns(Memory):
    """Memory of one layer with gates: T steps, m samples, D inputs, H hidden units.

    Parameters
    ----------
    T, m, D, H : int
    dtype : dtype
    arrays : mapping of str to int
        What a cell writes down at every step: a name, and how many blocks of H rows it has. ``delta`` among them.
    blocks : mapping of str to (str, int, int), optional
        Names for some of an array's blocks: which array, from which block to which.
    states : mapping of str to (str, int, int), optional
        What goes on from step to step besides A, and in which block it stands: that of step t holds what step t is
        handed, so that it lies beside the gates it is multiplied with.
    """

    def __init__(
        self,
        T: int,
        m: int,
        D: int,
        H: int,
        dtype: np.dtype[Any],
        arrays: Mapping[str, int],
        blocks: Blocks | None = None,
        states: Blocks | None = None,
    ) -> None:
        super().__init__(T, m, D, H, dtype, states or {})
        self._rows = {name: width * H for name, width in arrays.items()}
        self._blocks, self._state_blocks = dict(blocks or {}), dict(states or {})
        self._memory: dict[str, Array] = {}
        self._layout: tuple[list[int] | None, bool, bool] = None, True, True
        self._whole = False
        self._symbols: IntArray | None = None
        self._segments = self._cut()

    def __getstate__(self) -> dict[str, Any]:
        """Copy and pickle the memory; the segments, which are views of it, are cut anew."""
        return {name: value for name, value in vars(self).items() if name != "_segments"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._segments = self._cut()
        self._hand_out()

    def _cut(self) -> list["ColumnSegment"]:
        """Cut the memory into segments."""
        rows = {"column": self.H + (self.D if self._symbols is None else 0) + 1, **self._rows}
        if self._mask is not None:
            rows["A"] = self.H  # apart from what the products see
        delta = rows.pop("delta")
        spans = [span for span in self._spans() if span.n_samples]
        columns = [padded(span.n_samples, self.dtype.itemsize) for span in spans]
        needed = sum((stop - start + 1) * n for (start, stop, _), n in zip(spans, columns, strict=True))
        for name, width in rows.items():
            if name not in self._memory or self._memory[name].size < needed * width:
                self._memory[name] = np.zeros(needed * width, self.dtype)
        pieces, used = [], 0
        for span, n in zip(spans, columns, strict=True):
            shape = span.stop - span.start + 1, n
            size = shape[0] * shape[1]
            arrays = {
                name: self._memory[name][used * width : (used + size) * width].reshape(shape[0], width, shape[1])
                for name, width in rows.items()
            }
            pieces.append(ColumnSegment(self, span, arrays))
            used += size
        self._lay_out_delta(pieces, delta)
        return pieces

    def _lay_out_delta(self, segments: list["ColumnSegment"], width: int) -> None:
        """Give segments memory for delta: that of all steps if it is asked for, else of a chunk, which each uses anew."""
        shapes = [
            (segment.n_steps if self._whole else min(segment.n_steps, segment.chunk), width, segment.n_columns)
            for segment in segments
        ]
        sizes = [math.prod(shape) for shape in shapes]
        needed = sum(sizes) if self._whole else max(sizes, default=0)
        if "delta" not in self._memory or self._memory["delta"].size < needed:
            self._memory["delta"] = np.zeros(needed, self.dtype)
        used = 0
        for segment, shape, size in zip(segments, shapes, sizes, strict=True):
            segment.take_delta(self._memory["delta"][used : used + size].reshape(shape), whole=self._whole)
            used += size if self._whole else 0

    # ---------------------------------------------------------------- forward

    def begin_forward(
        self,
        X: Array,
        batch_sizes: list[int] | None = None,
        recurrent_mask: Array | None = None,
        state: Mapping[str, Array] | None = None,
    ) -> None:
        """Take what a forward pass is given; see :meth:`Trace.begin_forward`."""
        self._batch_sizes, self._mask, self._state = batch_sizes, recurrent_mask, state or {}
        self._symbols = np.array(X, order="C") if X.ndim == 2 else None
        layout = batch_sizes, recurrent_mask is None, self._symbols is None
        if layout != self._layout:
            self._layout, self._segments = layout, self._cut()
        self._hand_out()
        H = self.H
        for segment in self._segments:
            column, (start, stop, n) = segment.arrays["column"], segment.span
            if self._symbols is None:
                column[:-1, H:-1, :n] = X[start:stop, :n].transpose(0, 2, 1)
                column[:-1, H:-1, n:] = 0
            column[:, -1] = 1

    def _hand_out(self) -> None:
        """Hand each segment its part of the mask and of the symbols."""
        for segment in self._segments:
            start, stop, n = segment.span
            segment.mask = None if self._mask is None else _in_columns(self._mask[:n].T, segment.n_columns)
            if self._symbols is not None:
                segment.take_symbols(_in_columns(self._symbols[start:stop, :n], segment.n_columns))

    @property
    def most_columns(self) -> int:
        """Of the step that has the most."""
        return max((segment.n_columns for segment in self._segments), default=0)

    def product(self, W: Array) -> Product:
        """Return what writes ``W column``, W (rows, H + D + 1), to an array, to be called at each step in order."""
        if self._symbols is None:
            return product_with(W, self.most_columns)
        W_x = np.ascontiguousarray(W[:, self.H :])
        rest = product_with(np.concatenate([W[:, : self.H], W[:, -1:]], axis=1), self.most_columns)
        symbols = iter([x for segment in self._segments for x in segment.each_symbols()])

        def product(column: Array, out: Array) -> None:
            rest(column, out)
            np.add(out, W_x.take(next(symbols), axis=1), out)

        return product

    def forward_segments(self) -> Iterator["ColumnSegment"]:
        """Iterate over segments of steps that have the same samples, in order.

        Each begins with the states the one before ended with, new samples with 0 or what they were given.
        """
        before: ColumnSegment | None = None
        for segment in self._segments:
            n_samples = segment.span.n_samples
            n = 0 if before is None else min(before.span.n_samples, n_samples)
            for name in self.state_names:
                states = segment.states(name)
                states[0, :, n:] = 0
                if name in self._state:
                    states[0, :, n:n_samples] = self._state[name][n:n_samples].T
                if before is not None:
                    states[0, :, :n] = before.states(name)[-1, :, :n]
            if segment.mask is not None:
                np.multiply(segment.states("A")[0], segment.mask, out=segment.arrays["column"][0, : self.H])
            yield segment
            before = segment

    # --------------------------------------------------------------- backward

    def begin_backward(
        self,
        dA_T: Array | None = None,
        dA: Array | None = None,
        *,
        bptt_steps: int | None = None,
        record: bool = False,
        want_dX: bool = False,
    ) -> None:
        """Take what a backward pass is given; see :meth:`Trace.begin_backward`."""
        super().begin_backward(dA_T, dA, bptt_steps=bptt_steps, record=record, want_dX=want_dX)
        if self._whole != (record or want_dX):
            self._whole = record or want_dX
            self._lay_out_delta(self._segments, self._rows["delta"])

    def backward_chunks(self) -> Iterator["ColumnChunk"]:
        """Iterate over chunks of steps, the last ones first."""
        above = self._above
        of_all: dict[str, Array] = {f"d{name}": np.zeros((self.H, self.m), self.dtype) for name in self.state_names}
        if above.dA_T is not None:
            of_all["dA"][...] = above.dA_T.T
        vanished = False
        for i in range(len(self._segments) - 1, -1, -1):
            segment = self._segments[i]
            n = segment.span.n_samples
            waiting = slice(n, self._n_samples_before(segment.span.start))  # samples that end before this segment
            if vanished:
                segment.clear_delta(segment.n_steps)
                continue
            gradients = segment.take_gradients(of_all)
            for steps in segment.chunks:
                yield ColumnChunk(self, segment, steps)
                for name in of_all:
                    round_tiny(gradients[name])
                if above.dA is None and not any(
                    np.count_nonzero(gradients[name]) or np.count_nonzero(gradient[:, waiting])
                    for name, gradient in of_all.items()
                ):
                    segment.clear_delta(steps.start)
                    vanished = True
                    break
            for name, gradient in of_all.items():
                gradient[:, :n] = gradients[name][:, :n]
        self.dstate = {name: of_all[f"d{name}"].T for name in self.state_names}

    def _deltas(self) -> list[Array]:
        return [segment["delta"] for segment in self._segments]

    # ------------------------------------------------ what can be looked at

    def __getitem__(self, name: str) -> Array:
        """Return an array by name for all steps and samples, (T, m, width), 0 where a sample has no step."""
        return self._gathered([segment[name] for segment in self._segments])

    def _gathered(self, arrays: list[Array]) -> Array:
        arrays = [array[..., : segment.span.n_samples] for array, segment in zip(arrays, self._segments, strict=True)]
        if arrays[0].shape[::2] == (self.T, self.m):  # one segment
            return np.asarray(arrays[0].transpose(0, 2, 1))
        whole = np.zeros((self.T, self.m, arrays[0].shape[1]), self.dtype)
        for (start, stop, n), array in zip([segment.span for segment in self._segments], arrays, strict=True):
            whole[start:stop, :n] = array.transpose(0, 2, 1)
        return whole

    def states(self, name: str) -> Array:
        """Return the states of this name, (T + 1, m, H), with what stands before each sample's first step."""
        pieces = [segment.states(name)[..., : segment.span.n_samples] for segment in self._segments]
        if pieces[0].shape[::2] == (self.T + 1, self.m):  # one segment
            return np.asarray(pieces[0].transpose(0, 2, 1))
        after = self._gathered([piece[1:] for piece in pieces])
        whole = np.concatenate([np.zeros_like(after[:1]), after])
        if name in self._state:
            for start, new in begins([segment.span for segment in self._segments]):
                whole[start, new] = self._state[name][new]
        return whole

    @property
    def A(self) -> Array:
        """The hidden states, (T + 1, m, H): ``A[0]`` is zero unless a state is given, ``A[t]`` is the report's A_t."""
        return self.states("A")

    @property
    def X(self) -> Array:
        """The input, (T, m, D); ``X[t - 1]`` is the report's X_t."""
        return self["X"]

    @property
    def delta(self) -> Array:
        """After a backward pass that records or wants dX, the gradient in what goes into the gates, (T, m, G H)."""
        return self["delta"]

    @property
    def A_T(self) -> Array:
        """The state after each sample's last step, (m, H)."""
        return self._final("A")

    @property
    def final_state(self) -> State:
        """All that goes on from a sample's last step."""
        return {name: self._final(name) for name in self.state_names}

    def _final(self, name: str) -> Array:
        final = np.empty((self.m, self.H), self.dtype)
        for segment in self._segments:
            n = segment.span.n_samples
            final[:n] = segment.states(name)[-1, :, :n].T
        return final


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

    def __init__(self, trace: Columns, span: Span, arrays: dict[str, Array]) -> None:
        self.span, self.arrays, self.n_columns = span, arrays, arrays["column"].shape[2]
        self.mask: Array | None = None
        self.symbols: IntArray | None = None
        self.n_steps, self.chunk = span.stop - span.start, min(16, max(1, COLUMNS // self.n_columns))
        self.chunks = chunks(self.n_steps, self.chunk)
        self._whole_delta = False
        self._H, self._D, self._blocks, self._state_blocks = trace.H, trace.D, trace._blocks, trace._state_blocks
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
        self._views = {name: views for name, views in self._views.items() if not self._is_delta(name)}
        self._pieces = {key: piece for key, piece in self._pieces.items() if not self._is_delta(key[1])}
        self._last_first = {}

    def clear_delta(self, stop: int) -> None:
        """Set delta to 0 before a step, if it is kept."""
        if self._whole_delta:
            self.arrays["delta"][:stop] = 0

    def _is_delta(self, name: str) -> bool:
        return name == "delta" or (name in self._blocks and self._blocks[name][0] == "delta")

    def _placed(self, name: str, steps: slice) -> slice:
        """Return where steps stand in an array by name."""
        return slice(0, steps.stop - steps.start) if self._is_delta(name) and not self._whole_delta else steps

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

    def each_symbols(self) -> Iterable[IntArray]:
        """Return the symbols of each step."""
        return () if self.symbols is None else self.symbols

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

    def __init__(self, trace: Columns, segment: ColumnSegment, steps: slice) -> None:
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


def _in_columns(array: Any, n_columns: int) -> Any:
    """Return an array (..., n) with zeros behind it, (..., n_columns)."""
    whole = np.zeros((*array.shape[:-1], n_columns), array.dtype)
    whole[..., : array.shape[-1]] = array
    return whole
