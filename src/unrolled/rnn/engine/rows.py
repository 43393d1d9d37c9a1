"""The memory of a pass with a sample a row, for cells whose step is one product or written plainly.

A cell asks for a step's arrays by name, and gets them for the samples that have that step:

========================  ========================================================================================
``X``, ``inputs``         X_t (n, D), and ``[X_t | 1]`` with the report's row of ones
``A_before``, ``seen``    A_{t-1} (n, H), and as the recurrence's products see it, through the mask of dropout
``A``                     A_t, to be written
``C``, ``C_before``       likewise for every further state the cell has, such as C
any other                 the cell's own arrays (n, width H), written forward and read backward
``delta``                 backward: the preactivation gradient (n, G H), to be written
``dA``, ``dC``            backward: the gradient in A_t, to be replaced by that in A_{t-1}
``dseen``                 backward: where a cell writes the gradient in ``seen``, which is added to ``dA`` for it
========================  ========================================================================================

With ``.T`` behind the name an array comes transposed, as the report has it.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import repeat
from typing import Any

import numpy as np

from unrolled.rnn.arrays import Array, IntArray, State
from unrolled.rnn.engine.around import masked_forward
from unrolled.rnn.engine.memory import Memory
from unrolled.rnn.engine.segments import Span, begins, chunks
from unrolled.rnn.engine.symbols import sum_by_symbol, write_inputs
from unrolled.rnn.engine.underflow import round_tiny

CHUNK = 16
"""Steps whose sum of gradients in the weights is one product, still in the processor's cache (measured)."""

Names = tuple[str, ...]


class Rows(Memory):
    """Memory of one layer: T steps, m samples, D inputs, H hidden units.

    Parameters
    ----------
    T, m, D, H : int
    dtype : dtype
    arrays : mapping of str to int, optional
        What else a cell writes down at every step: a name, and how many times H numbers it has.
    gates : int, default 1
        G: delta has G H numbers.
    states : iterable of str, optional
        What goes on from step to step besides A, of H numbers.

    Attributes
    ----------
    A : ndarray, shape (T + 1, m, H)
        The hidden states; ``A[0]`` is zero unless a state is given, ``A[t]`` is the report's A_t.
    inputs : ndarray, shape (T, m, D + 1)
        ``[X_t | 1]``, the input and the report's row of ones. Of symbols it is written when somebody asks for it.
    dA, dstate
        As of :class:`Trace`.
    """

    def __init__(
        self,
        T: int,
        m: int,
        D: int,
        H: int,
        dtype: np.dtype[Any],
        arrays: Mapping[str, int] | None = None,
        gates: int = 1,
        states: Iterable[str] = (),
    ) -> None:
        super().__init__(T, m, D, H, dtype, states)
        self.A: Array = np.zeros((T + 1, m, H), dtype)
        self._inputs: Array = np.zeros((T, m, D + 1), dtype)
        self._inputs[:, :, -1] = 1
        self._symbols: IntArray | None = None
        self._rows_are_asked_for = False
        self._seen = self.A
        self._masked: Array | None = None
        self._states: dict[str, Array] = {"A": self.A}
        self._states |= {name: np.zeros((T + 1, m, H), dtype) for name in self.state_names[1:]}
        self._arrays: dict[str, Array] = {
            name: np.zeros((T, m, width * H), dtype) for name, width in (arrays or {}).items()
        }
        self._delta: Array = np.empty((0, m, gates * H), dtype)
        self._gradients: dict[str, Array] = {}
        self._views: dict[str, list[Array]] = {}
        self._chunks: list[RowChunk] = []

    def __getstate__(self) -> dict[str, Any]:
        """Copy and pickle the arrays; views would come out as arrays of their own."""
        return {**vars(self), "_views": {}, "_chunks": []}

    def __getitem__(self, name: str) -> Array:
        """Return an array by name for all steps and samples, (T, m, width), as steps have them."""
        if name == "delta":
            return self._delta
        if name in self._arrays:
            return self._arrays[name]
        if name == "inputs":
            return self.inputs
        if name == "X":
            return self.inputs[:, :, :-1]
        if name == "seen":
            return self._seen[:-1]
        if name in self._states:
            return self._states[name][1:]
        return self._states[name.removesuffix("_before")][:-1]

    @property
    def inputs(self) -> Array:
        """``[X_t | 1]``, (T, m, D + 1)."""
        if self._symbols is not None and not self._rows_are_asked_for:
            self._rows_are_asked_for = True  # from now on at the beginning of each pass: views of it are kept
            write_inputs(self._symbols, self._inputs[:, :, :-1])
        return self._inputs

    @property
    def X(self) -> Array:
        """The input, (T, m, D); ``X[t - 1]`` is the report's X_t."""
        return self["X"]

    @property
    def delta(self) -> Array:
        """After a backward pass that records or wants dX, the gradient in what goes into the nonlinearity, (T, m, G H).

        ``delta[t - 1]`` is the report's dE/dA^(t) * (1 - A_t^2).
        """
        return self._delta

    @property
    def A_T(self) -> Array:
        """The state after each sample's last step, (m, H)."""
        return self._final(self.A)

    @property
    def final_state(self) -> State:
        """All that goes on from a sample's last step."""
        return {name: self._final(states) for name, states in self._states.items()}

    def _final(self, states: Array) -> Array:
        sizes = self._batch_sizes
        if sizes is None or sizes[-1] == self.m:
            return np.asarray(states[-1])
        m = np.arange(self.m)
        return np.asarray(states[np.count_nonzero(np.array(sizes)[:, None] > m, axis=0), m])

    # ---------------------------------------------------------------- forward

    def begin_forward(
        self,
        X: Array,
        batch_sizes: list[int] | None = None,
        recurrent_mask: Array | None = None,
        state: Mapping[str, Array] | None = None,
    ) -> None:
        """Take what a forward pass is given; see :meth:`Trace.begin_forward`."""
        self._symbols = np.array(X, order="C") if X.ndim == 2 else None
        if self._symbols is None or self._rows_are_asked_for:
            write_inputs(X, self._inputs[:, :, :-1])
        self._batch_sizes, self._mask, self._state = batch_sizes, recurrent_mask, state or {}
        seen = self.A
        if recurrent_mask is not None:
            if self._masked is None:
                self._masked = np.zeros_like(self.A)
            seen = self._masked
        if seen is not self._seen:
            self._seen, self._views, self._chunks = seen, {}, []

    def times_inputs(self, W: Array, out: Array) -> None:
        """Write ``[X_t | 1] W`` of all steps and samples, W (D + 1, width), to ``out`` (T, m, width)."""
        if self._symbols is None:
            np.dot(self._inputs.reshape(-1, len(W)), W, out.reshape(-1, W.shape[1]))
        else:
            out[...] = (W + W[-1]).take(self._symbols, axis=0)

    def forward_segments(self) -> Iterator["RowSegment"]:
        """Iterate over segments of steps that have the same samples, in order."""
        self._set_first()
        for span in self._spans():
            if span.n_samples:
                yield RowSegment(self, span)

    def _set_first(self) -> None:
        """Set what stands before each sample's first step, and 0 where it has none."""
        spans = self._spans()
        for array in (*self._arrays.values(), *(states[1:] for states in self._states.values()), self._seen[1:]):
            self._clear(array, spans)
        for name, states in self._states.items():
            states[0] = 0
            if name in self._state:
                for start, new in begins(spans):
                    states[start, new] = self._state[name][new]
        if self._mask is not None:
            self._seen[0] = 0
            for start, new in begins(spans):
                np.multiply(self.A[start, new], self._mask[new], out=self._seen[start, new])

    @staticmethod
    def _clear(array: Array, spans: list[Span]) -> None:
        """Set an array of steps (n, m, width) to zero where a sample has no step."""
        for start, stop, n_samples in spans:
            array[start - spans[0].start : stop - spans[0].start, n_samples:] = 0

    def _each(self, name: str, span: Span) -> list[Array]:
        """Return a view of an array's each step; those of all samples are kept as long as the array is."""
        if span.n_samples == self.m:
            if name not in self._views:
                self._views[name] = list(self._turned(name))
            return self._views[name][span.start : span.stop]
        if name.endswith(".T"):
            return list(self._turned(name)[span.start : span.stop, :, : span.n_samples])
        return list(self[name][span.start : span.stop, : span.n_samples])

    def _turned(self, name: str) -> Array:
        return self[name[:-2]].transpose(0, 2, 1) if name.endswith(".T") else self[name]

    # --------------------------------------------------------------- backward

    def backward_chunks(self) -> Iterator["RowChunk"]:
        """Iterate over chunks of steps, the last ones first."""
        above = self._above
        whole = above.record or above.want_dX
        size = self.T if whole else min(self.T, CHUNK)
        if not self._gradients:
            names = [*(f"d{name}" for name in self.state_names), "dseen"]
            self._gradients = {name: np.zeros((self.m, self.H), self.dtype) for name in names}
        if len(self._delta) != size:
            self._delta = np.zeros((size, *self._delta.shape[1:]), self.dtype)
            self._views, self._chunks = {}, []
        if not self._chunks:
            self._chunks = [
                RowChunk(self, steps, steps if whole else slice(0, steps.stop - steps.start))
                for steps in chunks(self.T, CHUNK)
            ]
        gradients = [self._gradients[f"d{name}"] for name in self.state_names]
        for gradient in gradients:
            gradient[...] = 0
        if above.dA_T is not None:
            gradients[0][...] = above.dA_T
        for chunk in self._chunks:
            yield chunk
            for gradient in gradients:
                round_tiny(gradient)
            if above.dA is None and self._vanished(chunk.start, gradients):
                self._delta[: chunk.start] = 0
                break
        self.dstate = {name: self._gradients[f"d{name}"] for name in self.state_names}

    def _deltas(self) -> list[Array]:
        return [self._delta]

    def _vanished(self, t: int, gradients: list[Array]) -> bool:
        """Return whether nothing goes back to the first t steps."""
        n = self._n_samples_before(t)
        for gradient in gradients:  # noqa: SIM110 - a generator would take as long as the counting
            # The first number alone says so nearly always, and takes a tenth of the time.
            if n and (gradient.item(0) or np.count_nonzero(gradient[:n])):
                return False
        return True


class RowSegment:
    """Steps of a forward pass that have the same samples.

    Attributes
    ----------
    n_samples : int
        How many.
    """

    def __init__(self, trace: Rows, span: Span) -> None:
        self._trace, self._span, self.n_samples = trace, span, span.n_samples

    def steps(self, *names: str) -> Iterable[tuple[Array, ...]]:
        """Iterate over the steps in order: of each, the arrays of these names."""
        trace, span = self._trace, self._span
        steps = zip(*[trace._each(name, span) for name in names], strict=True)
        if trace._mask is None:
            return steps
        A, seen = (array[span.start + 1 : span.stop + 1, : span.n_samples] for array in (trace.A, trace._seen))
        return masked_forward(zip(steps, A, seen, strict=True), trace._mask[: span.n_samples])


class RowChunk:
    """A few steps of a backward pass, whose sum of gradients in the weights is one product.

    Attributes
    ----------
    start : int
        The first of them, counted from 0.
    """

    def __init__(self, trace: Rows, steps: slice, delta_steps: slice) -> None:
        self._trace, self._steps, self._delta_steps, self.start = trace, steps, delta_steps, steps.start
        self._arrays: dict[str, Array] = {}
        self._flat: dict[str, Array] = {}
        self._lists: dict[Names, list[Iterable[Array]]] = {}

    def __getitem__(self, name: str) -> Array:
        """Return an array by name for these steps and all samples, (n, m, width)."""
        if name not in self._arrays:
            self._arrays[name] = self._trace[name][self._delta_steps if name == "delta" else self._steps]
        return self._arrays[name]

    def steps(self, *names: str) -> Iterable[tuple[Array, ...]]:
        """Iterate over the steps, the last first: of each, the arrays of these names.

        Afterwards delta is zero where a sample has no step.
        """
        trace = self._trace
        if trace._batch_sizes is not None:
            return self._back_and_clear(names)
        if names not in self._lists:
            self._lists[names] = self._listed(names, Span(self.start, self._steps.stop, trace.m), trace._gradients)
        span = Span(self.start, self._steps.stop, trace.m)
        steps = zip(*self._lists[names], strict=False)
        return trace._around(steps, names, trace._gradients, trace._mask, span, columns=False)

    def _listed(self, names: Names, span: Span, gradients: Mapping[str, Array]) -> list[Iterable[Array]]:
        moved = self._delta_steps.start - self._steps.start
        of_delta = Span(span.start + moved, span.stop + moved, span.n_samples)
        return [
            repeat(gradients[name])
            if name in gradients
            else self._trace._each(name, of_delta if name.startswith("delta") else span)[::-1]
            for name in names
        ]

    def _back_and_clear(self, names: Names) -> Iterator[tuple[Array, ...]]:
        trace = self._trace
        spans = trace._spans(self.start, self._steps.stop)
        for span in reversed(spans):
            n = span.n_samples
            if n:
                gradients = {name: gradient[:n] for name, gradient in trace._gradients.items()}
                mask = None if trace._mask is None else trace._mask[:n]
                steps = zip(*self._listed(names, span, gradients), strict=False)
                yield from trace._around(steps, names, gradients, mask, span, columns=False)
        trace._clear(self["delta"], spans)

    def outer(self, left: str, right: str) -> Array:
        """Return the sum over these steps and all samples of ``left^T right``, the rows of two arrays."""
        if self._trace._symbols is not None and "inputs" in (left, right):
            return self._by_symbol(left).T if right == "inputs" else self._by_symbol(right)
        for name in (left, right):
            if name not in self._flat:
                array = self[name]
                self._flat[name] = array.reshape(-1, array.shape[2])  # a view: rows lie one after the other
        return np.asarray(self._flat[left].T.dot(self._flat[right]))

    def _by_symbol(self, name: str) -> Array:
        """Return the sum of ``inputs^T array``, (D + 1, width), of an array by name, without making the rows."""
        assert self._trace._symbols is not None
        array, symbols = self[name], self._trace._symbols[self._steps]
        of_symbols = sum_by_symbol(array.reshape(-1, array.shape[2]), symbols.reshape(-1), self._trace.D)
        return np.concatenate([of_symbols, of_symbols.sum(0, keepdims=True)])
