"""One sample at a time, in constant memory."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from unrolled._support.validation import numeric
from unrolled.rnn.arrays import Array


class Stream:
    """A network that is fed a sequence as it happens; made by :meth:`ManyToOne.stream`.

    It has the parameters the network had when it was made. It holds generators, so it cannot be copied or pickled.

    Parameters
    ----------
    n_inputs : int
        D.
    dtype : dtype
    states : callable
        From X_1, X_2, ..., each (1, D), to the last layer's states, each (1, H).
    read : callable
        Called with each state in turn; returns the probabilities as of then, (1, C).
    longest : int, optional
        How many steps the readout can read.
    """

    def __init__(
        self,
        n_inputs: int,
        dtype: np.dtype[Any],
        states: Callable[[Iterable[Array]], Iterable[Array]],
        read: Callable[[Array], Array],
        longest: int | None = None,
    ) -> None:
        self._x: Array = np.empty((1, n_inputs), dtype)
        self._t, self._longest = 0, longest
        self._states, self._read = iter(states(self._inputs())), read

    def _inputs(self) -> Iterator[Array]:
        while True:
            yield self._x

    def feed(self, x: Any) -> Array:
        """Take one step of the sequence, and return the probabilities of the classes as of now.

        Parameters
        ----------
        x : array_like, shape (D,)

        Returns
        -------
        Y_hat : ndarray, shape (C,)
            What ``predict_proba`` returns for all steps so far.

        Raises
        ------
        ValueError
            If x has another shape, or is not finite; the stream is then as it was before.
        """
        if self._longest is not None and self._t >= self._longest:
            raise ValueError(f"the stream has had {self._t} steps, expected no more: EveryStep has no more weights")
        given = numeric(x, "x")
        if given.shape != self._x.shape[1:]:
            raise ValueError(f"x has shape {given.shape}, expected D = {self._x.shape[1]} numbers, one step")
        with np.errstate(over="ignore"):
            rounded = given.astype(self._x.dtype, copy=False)
        if not np.isfinite(rounded).all():
            raise ValueError(f"x holds {given.tolist()}, expected finite numbers")
        self._x[0], self._t = rounded, self._t + 1
        with np.errstate(over="ignore", invalid="ignore"):  # as Cell.states asks
            A = next(self._states)
        return np.asarray(self._read(A)[0])
