"""What traces in rows and in columns share: what a pass is given, and what is done around its steps."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np

from unrolled.rnn.arrays import Array, State
from unrolled.rnn.engine.around import added_backward, backward
from unrolled.rnn.engine.segments import Span, segments

Item = TypeVar("Item")

Blocks = Mapping[str, tuple[str, int, int]]
"""Names for parts of arrays: which array, and from which block of H numbers to which."""


class FromAbove(NamedTuple):
    """What a backward pass is given; see :meth:`Trace.begin_backward`."""

    dA_T: Array | None = None
    dA: Array | None = None
    bptt_steps: int | None = None
    record: bool = False
    want_dX: bool = False


class Memory:
    """What traces in rows and in columns share: what a pass is given, and arrays by name."""

    def __init__(self, T: int, m: int, D: int, H: int, dtype: np.dtype[Any], states: Iterable[str]) -> None:
        self.T, self.m, self.D, self.H, self.dtype = T, m, D, H, dtype
        self.state_names = ("A", *states)
        self.dA: Array | None = None
        self.dstate: State = {}
        self._batch_sizes: list[int] | None = None
        self._mask: Array | None = None
        self._state: Mapping[str, Array] = {}
        self._above = FromAbove()

    def __getitem__(self, name: str) -> Array:
        """Return an array by name for all steps and samples, (T, m, width)."""
        raise NotImplementedError

    def __getattr__(self, name: str) -> Array:
        """Return an array of the cell by name, for whoever wants to look."""
        if not name.startswith("_"):
            try:
                return self[name]
            except KeyError:
                pass
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

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
        self._above = FromAbove(dA_T, dA, bptt_steps, record, want_dX)
        self.dA = np.zeros((self.T, self.m, self.H), self.dtype) if record else None
        self.dstate = {}

    def scale_back(self, factor: float) -> None:
        """Multiply what a backward pass has left; see :meth:`Trace.scale_back`."""
        recorded = [] if self.dA is None else [self.dA, *self._deltas()]
        for gradient in (*self.dstate.values(), *recorded):
            gradient *= gradient.real.dtype.type(factor)

    def _deltas(self) -> list[Array]:
        """Return the memory of delta, in pieces."""
        raise NotImplementedError

    def _spans(self, start: int = 0, stop: int | None = None) -> list[Span]:
        """Cut steps where the number of samples changes."""
        stop = self.T if stop is None else stop
        return [Span(start, stop, self.m)] if self._batch_sizes is None else segments(self._batch_sizes, start, stop)

    def _n_samples_before(self, t: int) -> int:
        """Return how many samples have a step among the first t."""
        return self.m if self._batch_sizes is None else max(self._batch_sizes[:t], default=0)

    def _around(
        self,
        steps: Iterable[Item],
        names: tuple[str, ...],
        gradients: Mapping[str, Array],
        mask: Array | None,
        span: Span,
        *,
        columns: bool,
    ) -> Iterable[Item]:
        """Go back through steps of the same samples, the last first; they are returned as they are if that is all.

        Parameters
        ----------
        steps : iterable
            Of each step the arrays of these names.
        names : tuple of str
            ``dseen`` among them: the cell has two ways from A_t to A_{t-1}.
        gradients, mask
            As for :func:`backward`.
        span : Span
            Which steps.
        columns : bool
            Whether samples are columns.
        """
        above, bptt_steps = self._above, self._above.bptt_steps
        if above.dA is None and bptt_steps is None and mask is None and not above.record:
            return added_backward(steps, gradients["dseen"], gradients["dA"]) if "dseen" in names else steps
        start, stop, n = span
        from_above, record = (None if dA is None else dA[start:stop, :n] for dA in (above.dA, self.dA))
        if columns:
            if from_above is not None:
                padded = np.zeros((stop - start, *gradients["dA"].shape), self.dtype)
                padded[..., :n] = from_above.transpose(0, 2, 1)
                from_above = padded
            record = None if record is None else record.transpose(0, 2, 1)
        return backward(
            steps,
            gradients,
            "dseen" if "dseen" in names else "dA",
            above=None if from_above is None else from_above[::-1],
            record=None if record is None else record[::-1],
            mask=mask,
            cut=None
            if bptt_steps is None
            else [self._cut_at(t, bptt_steps, columns) for t in range(start, stop)[::-1]],
        )

    def _cut_at(self, t: int, bptt_steps: int, columns: bool) -> tuple[slice, ...] | None:
        """Return which samples' gradients go no further back than step t, if any: those that have a step before."""
        if (self.T - t) % bptt_steps:
            return None
        before = slice(0 if t == 0 else self.m if self._batch_sizes is None else self._batch_sizes[t - 1])
        return (slice(None), before) if columns else (before,)
