"""The mean of several answers, and several networks that are fed one step at a time."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from unrolled.rnn.answering import untied
from unrolled.rnn.arrays import Array
from unrolled.rnn.output.heads import Answers
from unrolled.rnn.sound import check_numbers
from unrolled.rnn.stream import Stream


class EnsembleStream:
    """An ensemble that is fed sequences as they happen; made by :meth:`Ensemble.stream`.

    Parameters
    ----------
    streams : sequence of Stream
        One of each network.
    dtype : dtype
        Of the answers.
    answers : {"class", "labels", "numbers"}

    See Also
    --------
    Stream : That of one network.

    Examples
    --------
    >>> from unrolled import rnn
    >>> nets = [rnn.ManyToMany(rnn.GRU(8), n_inputs=3, n_outputs=2, rng=seed) for seed in range(3)]
    >>> rnn.Ensemble(nets).stream().feed([0.1, 0.2, 0.3]).shape
    (2,)
    """

    def __init__(self, streams: Sequence[Stream], dtype: np.dtype[Any], answers: Answers) -> None:
        self._streams, self._dtype, self._answers = tuple(streams), dtype, answers

    def feed(self, x: Any) -> Array:
        """Take one step of the sequence, and return the mean of the answers as of now; see :meth:`Stream.feed`.

        Parameters
        ----------
        x : array_like, shape (D,), or a whole number
            Of several sequences (m, D), or whole numbers (m,).

        Returns
        -------
        ndarray, shape (C,)
            Of several sequences (m, C).

        Raises
        ------
        ValueError
            As :meth:`Stream.feed` does. What one network refuses, none is fed.
        """
        for stream in self._streams:
            stream._take(x)
        return averaged([stream._answer() for stream in self._streams], self._dtype, self._answers)

    def reset(self) -> None:
        """Begin anew, before the first step."""
        for stream in self._streams:
            stream.reset()

    def copy(self) -> "EnsembleStream":
        """Return another stream, which goes on from where this one stands; see :meth:`Stream.copy`."""
        return EnsembleStream([stream.copy() for stream in self._streams], self._dtype, self._answers)

    def __copy__(self) -> "EnsembleStream":
        return self.copy()

    def __deepcopy__(self, memo: object) -> "EnsembleStream":
        return self.copy()


def averaged(found: Sequence[Array], dtype: np.dtype[Any], answers: Answers) -> Array:
    """Return the mean of answers (..., C), rounded to a dtype; the most probable class stays the only one.

    Raises
    ------
    ValueError
        If the mean of numbers is beyond the dtype's range.
    """
    if len(found) == 1:
        return found[0]
    with np.errstate(over="ignore"):
        total = found[0].astype(np.float64)
        for each in found[1:]:
            total += each
        total /= len(found)
        mean = total.astype(dtype)
    if answers == "numbers":
        check_numbers(mean, 0)
    if answers == "class":
        C = mean.shape[-1]
        mean = untied(mean.reshape(-1, C), total.reshape(-1, C)).reshape(mean.shape)
    return mean
