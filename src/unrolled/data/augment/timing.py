"""Augmentations that change the time of a sequence and leave its numbers.

They are for sequences that all have T steps: zeros that fill up a shorter one would be moved among its steps. So they
say of themselves that they have ``moves_time``, and ``rnn.train`` refuses them for sequences of different lengths.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from unrolled._support.validation import checked_fields, real, whole
from unrolled.data.augment.splines import spline
from unrolled.data.checks import FloatArray, IntArray, batch
from unrolled.data.errors import DataError
from unrolled.data.samples import Rng


@dataclass(frozen=True)
@checked_fields(DataError, sigma=real(0), knots=whole(0))
class TimeWarp:
    """A movement now faster, now slower: ``X`` read at times that run smoothly and unevenly from first to last step.

    The speed at which time runs is ``exp(c(t))``, c the cubic spline through values ~ N(0, sigma^2) at ``knots + 2``
    places, evenly from the first step to the last; its integral, scaled to end at the last step, is where X is read,
    linearly between its steps. Speeds are so above 0 for any sigma, and no step overtakes another. All axes of a
    sample share one warp. (Um et al. 2017 draw speeds ~ N(1, sigma^2), which is the same to first order in sigma, for
    each axis by itself.)

    Parameters
    ----------
    sigma : float, default 0.2
        From 0 on; at 0.2, with 4 knots, nineteen of twenty speeds are between 0.7 and 1.4.
    knots : int, default 4
        Between the ends, from 0 on.

    Raises
    ------
    DataError
        If a setting is not as described; when called, if X is no floating-point array (m, T, D).

    See Also
    --------
    Speed : One factor at all times.
    Permutation, WindowSlice : Other changes of time.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(8, 50, 3))
    >>> TimeWarp(0.2)(X, 1).shape
    (8, 50, 3)
    """

    moves_time: ClassVar[bool] = True

    sigma: float = 0.2
    knots: int = 4

    def __call__(self, X: FloatArray, rng: Rng) -> FloatArray:
        """Change a batch (m, T, D)."""
        X = batch(X)
        return _read(X, self.times(len(X), X.shape[1], rng))

    def times(self, m: int, T: int, rng: Rng) -> NDArray[np.float64]:
        """Draw where m sequences of T steps are read: (m, T), each rising from 0 to T - 1."""
        values = self.sigma * np.random.default_rng(rng).standard_normal((m, self.knots + 2))
        curves = values @ spline(T, self.knots).T
        speed = np.exp(curves - curves.max(axis=1, keepdims=True))  # only ratios matter, and none overflows
        times = np.zeros((m, T))
        np.cumsum(speed[:, 1:] + speed[:, :-1], axis=1, out=times[:, 1:])
        times /= np.maximum(times[:, -1:], np.finfo(np.float64).tiny)  # a single step has no time to share
        times *= T - 1
        return times


@dataclass(frozen=True)
@checked_fields(DataError, segments=whole(1), min_length=whole(1))
class Permutation:
    """The parts of a window in another order: cut into segments, which are then shuffled (Um et al. 2017).

    The cuts are drawn uniformly in what the least lengths leave free, and every order of the segments is equally
    likely, the old one among them.

    Parameters
    ----------
    segments : int, default 4
        From 1 on.
    min_length : int, default 10
        The least steps a segment has, from 1 on.

    Raises
    ------
    DataError
        If a setting is not as described; when called, if X is no floating-point array (m, T, D) with T at least
        ``segments * min_length``.

    See Also
    --------
    WindowSlice, TimeWarp, Speed : Other changes of time.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(8, 50, 3))
    >>> Permutation(4)(X, 1).shape
    (8, 50, 3)
    """

    moves_time: ClassVar[bool] = True

    segments: int = 4
    min_length: int = 10

    def __call__(self, X: FloatArray, rng: Rng) -> FloatArray:
        """Change a batch (m, T, D)."""
        X = batch(X)
        steps = self.steps(len(X), X.shape[1], rng)
        return X[np.arange(len(X))[:, None], steps]

    def steps(self, m: int, T: int, rng: Rng) -> IntArray:
        """Draw which step stands where: (m, T), each row an order of 0, ..., T - 1."""
        free = T - self.segments * self.min_length
        if free < 0:
            raise DataError(
                f"X has {T} steps, expected at least {self.segments * self.min_length}: "
                f"{self.segments} segments of {self.min_length} steps or more"
            )
        stream = np.random.default_rng(rng)
        cuts = np.sort(stream.integers(0, free, (m, self.segments - 1), endpoint=True), axis=1)
        cuts += self.min_length * np.arange(1, self.segments)
        segment = (np.arange(T) >= cuts[:, :, None]).sum(axis=1)  # of each step, (m, T)
        places = stream.permuted(np.tile(np.arange(self.segments), (m, 1)), axis=1)
        # Sorted by its segment's new place; within a segment, a stable sort keeps time.
        return np.argsort(np.take_along_axis(places, segment, axis=1), axis=1, kind="stable")


@dataclass(frozen=True)
@checked_fields(DataError, fraction=real(maximum=1, above=0))
class WindowSlice:
    """A part of the window stretched back to its length: ``X`` read linearly from step s to step s + L - 1.

    L is `fraction` of T, rounded up; s is uniform on 0, ..., T - L.

    Parameters
    ----------
    fraction : float, default 0.9
        Above 0 and up to 1.

    Raises
    ------
    DataError
        If fraction is not as described; when called, if X is no floating-point array (m, T, D).

    See Also
    --------
    TimeWarp, Speed, Permutation : Other changes of time.

    References
    ----------
    A. Le Guennec, S. Malinowski, R. Tavenard, "Data augmentation for time series classification using convolutional
    neural networks", ECML/PKDD workshop on advanced analytics and learning on temporal data, 2016 (window slicing;
    Um et al. 2017 call it cropping).

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(8, 50, 3))
    >>> WindowSlice(0.9)(X, 1).shape
    (8, 50, 3)
    """

    moves_time: ClassVar[bool] = True

    fraction: float = 0.9

    def __call__(self, X: FloatArray, rng: Rng) -> FloatArray:
        """Change a batch (m, T, D)."""
        X = batch(X)
        return _read(X, self.times(len(X), X.shape[1], rng))

    def times(self, m: int, T: int, rng: Rng) -> NDArray[np.float64]:
        """Draw where m sequences of T steps are read: (m, T), each evenly over L steps."""
        L = int(np.ceil(self.fraction * T))
        start = np.random.default_rng(rng).integers(0, T - L, (m, 1), endpoint=True)
        times: NDArray[np.float64] = start + np.linspace(0, L - 1, T)
        return times


@dataclass(frozen=True)
@checked_fields(DataError, factor=real(1))
class Speed:
    """A movement done faster or slower, by one factor from first to last step: ``X`` read at ``s + f t``, linearly.

    The speed f is ``factor ** u``, u uniform between -1 and 1, one a sample; s is uniform in what that leaves. A
    slower movement is a part of the window, stretched. A faster one ends sooner than the window, and what is missing
    on either side is the window read backwards from its end, so that nothing jumps.

    Parameters
    ----------
    factor : float, default 1.25
        The most that a movement becomes faster, and slower, from 1 on.

    Raises
    ------
    DataError
        If factor is not as described; when called, if X is no floating-point array (m, T, D).

    See Also
    --------
    TimeWarp : Now faster, now slower, within the window.

    Examples
    --------
    >>> from unrolled.data import augment
    >>> augment.Speed(2.0).times(2, 5, rng=0).round(2).tolist()  # where a faster and a slower one are read
    [[0.03, 1.17, 2.38, 3.59, 3.2], [0.02, 0.74, 1.47, 2.2, 2.93]]
    """

    moves_time: ClassVar[bool] = True

    factor: float = 1.25

    def __call__(self, X: FloatArray, rng: Rng) -> FloatArray:
        """Change a batch (m, T, D)."""
        X = batch(X)
        return _read(X, self.times(len(X), X.shape[1], rng))

    def times(self, m: int, T: int, rng: Rng) -> NDArray[np.float64]:
        """Draw where m sequences of T steps are read: (m, T), each between 0 and T - 1."""
        stream = np.random.default_rng(rng)
        speed = self.factor ** stream.uniform(-1, 1, (m, 1))
        end = max(T - 1, 1)
        start = stream.random((m, 1)) * (1 - speed) * (T - 1)  # of faster ones before the window
        times: NDArray[np.float64] = np.abs((start + speed * np.arange(T) + end) % (2 * end) - end)  # back and forth
        return times


def _read(X: FloatArray, times: NDArray[np.float64]) -> FloatArray:
    """Read sequences (m, T, D) at times (m, T) from 0 to T - 1, linearly between steps."""
    m, T, _ = X.shape
    before = np.minimum(times.astype(np.int64), max(T - 2, 0))
    weight = (times - before).astype(X.dtype)[:, :, None]
    rows = np.arange(m)[:, None]
    read: FloatArray = (1 - weight) * X[rows, before] + weight * X[rows, np.minimum(before + 1, T - 1)]
    return read
