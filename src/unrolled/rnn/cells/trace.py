"""What a pass through time leaves behind in a cell without gates, a sample a row."""

from typing import Any

import numpy as np

from unrolled.rnn.arrays import Array


class Trace:
    """Memory of one layer: T steps, m samples, D inputs, H hidden units.

    State, input and the report's row of ones stand side by side in ``rows``, so that a step is one product with
    ``[W_hh | W_ih | b_h]``, and the gradient of all three is one product too.

    Attributes
    ----------
    rows : ndarray, shape (T + 1, m, H + D + 1)
        ``rows[t] = [A_t | X_{t+1} | 1]``; A_t is what the recurrence sees of it, so with dropout on the
        recurrence it is masked.
    A : ndarray, shape (T + 1, m, H)
        The hidden states; ``A[0]`` is zero, ``A[t]`` is the report's A_t. A view of ``rows`` unless masked.
    X : ndarray, shape (T, m, D)
        The input, a view of ``rows``; ``X[t - 1]`` is the report's X_t.
    delta : ndarray, shape (T, m, H)
        After the backward pass, the gradient in what goes into the nonlinearity at each step: ``delta[t - 1]`` is the
        report's dE/dA^(t) * (1 - A_t^2).
    dA : ndarray, shape (T, m, H), or None
        If set before the backward pass, ``dA[t - 1]`` is filled with the report's dE/dA^(t).
    active : list of int, or None
        With sequences of different lengths, how many samples (the first ones) have a step at each t.
    keep : ndarray, shape (m, H), or None
        The mask of dropout on the recurrence, as it was given to the forward pass.
    """

    def __init__(self, T: int, m: int, D: int, H: int, dtype: np.dtype[Any]) -> None:
        self.rows: Array = np.empty((T + 1, m, H + D + 1), dtype)
        self.rows[0] = 0  # A_0
        self.rows[T, :, H:] = 0  # there is no X_{T+1}
        self.rows[:T, :, -1] = 1
        self.delta: Array = np.zeros((T, m, H), dtype)
        self.step: Array = np.empty((m, H), dtype)
        self.dA: Array | None = None
        self.active: list[int] | None = None
        self.keep: Array | None = None
        self._own: Array | None = None
        self._views: dict[Any, list[Array]] = {}
        self._idle: list[tuple[int, slice]] = []

    def __getstate__(self) -> dict[str, Any]:
        """Copy and pickle the arrays; views would come out as arrays of their own."""
        return {**vars(self), "_views": {}}

    @property
    def A(self) -> Array:
        """The hidden states, (T + 1, m, H)."""
        return self.rows[:, :, : self.step.shape[1]] if self.keep is None or self._own is None else self._own

    @property
    def X(self) -> Array:
        """The input, (T, m, D)."""
        return self.rows[:-1, :, self.step.shape[1] : -1]

    def begin(self, X: Array, active: list[int] | None, keep: Array | None) -> None:
        """Take the input of a pass, who is active when, and the mask of the recurrence."""
        self.X[...] = X
        self.active, self.keep, self._idle = active, keep, _idle(active, len(self.step))
        if keep is not None and self._own is None:
            self._own = np.zeros((len(self.rows), *self.step.shape), self.rows.dtype)
        self.rest(self.rows[1:, :, : self.step.shape[1]])  # who has no step yet has A_0 = 0 behind it
        if keep is not None:
            self.rest(self.A[1:])

    def rest(self, array: Array) -> None:
        """Set an array (T, m, ...) to zero where a sample has no step."""
        for i, steps in self._idle:
            array[steps, i] = 0

    def nothing_before(self, t: int) -> None:
        """Set every delta before ``delta[t]`` to zero: nothing comes back so far."""
        self.delta[:t] = 0
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

    def each(self, name: Any, array: Array) -> list[Array]:
        """Give a view of an array for each step, of the active samples; ``name`` finds it again next time."""
        if name not in self._views:
            self._views[name] = list(array)
        views, m = self._views[name], len(self.step)
        if self.active is None:
            return views
        return [view if n == m else view[:n] for view, n in zip(views, self.active, strict=True)]

    def each_row(self) -> list[Array]:
        """Give [A_t | X_{t+1} | 1] for t = 0 to T - 1."""
        return self.each("rows", self.rows[:-1])

    def each_A(self) -> list[Array]:
        """Give A_t for t = 1 to T, the place where the cell writes it."""
        return self.each(("A", self.keep is None), self.A[1:])

    def over(self, buffer: Array) -> list[Array]:
        """Give the same memory for each step, of the active samples."""
        return [buffer] * len(self.delta) if self.active is None else [buffer[:n] for n in self.active]

    def mask(self, t: int) -> None:
        """Let the recurrence see A_t through the mask; A_t itself stays whole."""
        np.multiply(self.A[t], np.asarray(self.keep), out=self.rows[t, :, : self.step.shape[1]])


def _idle(active: list[int] | None, m: int) -> list[tuple[int, slice]]:
    """Give the samples that have fewer steps than the longest, each with the steps it has not."""
    if active is None:
        return []
    T, grows = len(active), active[0] <= active[-1]
    # of sample i, the steps t with active[t] <= i: the first ones where the numbers grow, and else the last ones
    n = np.searchsorted(active if grows else active[::-1], np.arange(m), side="right").tolist()
    return [(i, slice(0, n[i]) if grows else slice(T - n[i], T)) for i in range(m) if n[i]]
