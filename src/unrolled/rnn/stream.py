"""One sample at a time, in constant memory."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from unrolled._support.validation import numeric
from unrolled.rnn.arrays import Array

if TYPE_CHECKING:
    from unrolled.rnn.network import ManyToOne


class Stream:
    """A network that is fed a sequence as it happens; made by :meth:`ManyToOne.stream`.

    It has the parameters the network had when it was made. It holds generators, so it cannot be copied or pickled.
    """

    def __init__(self, net: "ManyToOne") -> None:
        self._x: Array = np.empty((1, net.n_inputs), net.dtype)
        self._t, self._longest = 0, net.readout.longest
        parameters = {name: W.copy() for name, W in net.parameters.items()}
        steps = self._inputs()
        for cell, own in zip(net.cells, net.layers.own(parameters), strict=True):
            steps = cell.states(own, steps, 1)
        self._states = steps
        W, b, head = parameters["W_ho"].T.copy(), parameters["b_o"], net.head
        self._read = net.readout.along(lambda A: head.probabilities(A @ W + b))

    def _inputs(self) -> Iterator[Array]:
        while True:
            yield self._x

    def feed(self, x: Any) -> Array:
        """Take one step of the sequence, and give the probabilities of the classes as of now.

        Parameters
        ----------
        x : array_like, shape (D,)

        Returns
        -------
        Y_hat : ndarray, shape (C,)
            What ``predict_proba`` gives for all steps so far.

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
