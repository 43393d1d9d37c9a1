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
from collections.abc import Iterator, Mapping
from typing import Any, cast

import numpy as np

from unrolled.rnn.arrays import Array, IntArray, State
from unrolled.rnn.engine.column_steps import ColumnChunk, ColumnSegment
from unrolled.rnn.engine.memory import Blocks, Memory
from unrolled.rnn.engine.products import Product, padded, product_with
from unrolled.rnn.engine.segments import begins
from unrolled.rnn.engine.underflow import round_tiny


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

    def _cut(self) -> list[ColumnSegment]:
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
            pieces.append(ColumnSegment(self.H, self.D, span, arrays, self._blocks, self._state_blocks))
            used += size
        self._lay_out_delta(pieces, delta)
        return pieces

    def _lay_out_delta(self, segments: list[ColumnSegment], width: int) -> None:
        """Lay out memory for delta: of all steps if that is asked for, else of a chunk, for each to use anew."""
        shapes = [
            (segment.n_steps if self._whole else min(segment.n_steps, segment.chunk), width, segment.n_columns)
            for segment in segments
        ]
        sizes = [math.prod(shape) for shape in shapes]
        needed = sum(sizes) if self._whole else max(sizes)
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
        most: int = max(segment.n_columns for segment in self._segments)
        return most

    def product(self, W: Array) -> Product:
        """Return what writes ``W column``, W (rows, H + D + 1), to an array, to be called at each step in order."""
        if self._symbols is None:
            return product_with(W, self.most_columns)
        W_x = np.ascontiguousarray(W[:, self.H :])
        rest = product_with(np.concatenate([W[:, : self.H], W[:, -1:]], axis=1), self.most_columns)
        symbols = iter([x for segment in self._segments for x in cast("IntArray", segment.symbols)])

        def product(column: Array, out: Array) -> None:
            rest(column, out)
            np.add(out, W_x.take(next(symbols), axis=1), out)

        return product

    def forward_segments(self) -> Iterator[ColumnSegment]:
        """Iterate over segments of steps that have the same samples, in order.

        Each begins with the states the one before ended with, new samples with 0 or what they were given.
        """
        before: ColumnSegment | None = None
        for segment in self._segments:
            n_samples = segment.span.n_samples
            n = 0 if before is None else min(before.span.n_samples, n_samples)
            for name in self.state_names:
                states = segment.states(name)
                states[0] = 0
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
        whole = self._above.record or self._above.want_dX
        if whole != self._whole:
            self._whole = whole
            self._lay_out_delta(self._segments, self._rows["delta"])

    def backward_chunks(self) -> Iterator[ColumnChunk]:
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
                segment.arrays["delta"][...] = 0
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
                    segment.arrays["delta"][: steps.start] = 0
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
        if not self._whole and any(segment.is_delta(name) for segment in self._segments):
            raise ValueError(f"{name} was not kept, expected a backward pass that records, or wants dX")
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


def _in_columns(array: Any, n_columns: int) -> Any:
    """Return an array (..., n) with zeros behind it, (..., n_columns)."""
    whole = np.zeros((*array.shape[:-1], n_columns), array.dtype)
    whole[..., : array.shape[-1]] = array
    return whole
