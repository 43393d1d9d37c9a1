"""Channels along time, of every axis by itself: differences and filters, which look at no later step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unrolled._support.validation import checked_fields, real, whole
from unrolled.data.channels.channel import ALL, Channel, Step, a_channel, without_padding
from unrolled.data.checks import FloatArray, IntArray
from unrolled.data.errors import DataError


@dataclass(frozen=True)
@checked_fields(DataError, of=a_channel)
class Jerk:
    """First differences: ``a_t - a_(t-1)``, and 0 at the first step. In units a step, not a second.

    Parameters
    ----------
    of : Channel, default Axes()
        What it is taken of.

    Raises
    ------
    DataError
        If of is not as described; when called, where it raises one.

    See Also
    --------
    HighPass : What changes fast.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled.data.channels import Jerk
    >>> Jerk()(np.array([[[1.0], [4.0], [2.0]]])).tolist()
    [[[0.0], [3.0], [-2.0]]]
    """

    of: Channel = ALL

    @property
    def causal(self) -> bool:
        """Whether a step depends on no later one: as what it is taken of."""
        return self.of.causal

    def names(self, axes: Sequence[str]) -> tuple[str, ...]:
        """Return a name for each output of what it is taken of."""
        return tuple(f"jerk({name})" for name in self.of.names(axes))

    def __call__(self, X: FloatArray, lengths: IntArray | None = None) -> FloatArray:
        """Return the differences, as many as what it is taken of has outputs."""
        A = self.of(X, lengths)
        differences = np.zeros_like(A)
        np.subtract(A[:, 1:], A[:, :-1], out=differences[:, 1:])
        return without_padding(differences, lengths)

    def stream(self, n_axes: int) -> Step:
        """Return a function of one step after the other that derives the same."""
        of, before = self.of.stream(n_axes), list[FloatArray]()

        def step(x: FloatArray) -> FloatArray:
            a = of(x)
            difference: FloatArray = a - (before.pop() if before else a)
            before.append(a.copy())
            return difference

        return step


LOWEST = 1e-6
"""A cutoff's least share of the rate: a filter that remembers for a million steps."""


@dataclass(frozen=True)
@checked_fields(DataError, cutoff=real(above=0), rate=real(above=0), of=a_channel, order=whole(1, 8))
class _Butterworth:
    """The settings of a filter, and what both of them share."""

    cutoff: float
    rate: float
    of: Channel = ALL
    order: int = 2

    def __post_init__(self) -> None:
        if not self.cutoff < self.rate / 2:
            raise DataError(
                f"{type(self).__name__}' cutoff is {self.cutoff:g}, expected below {self.rate / 2:g}: half of its rate"
            )
        if self.cutoff < LOWEST * self.rate:
            raise DataError(
                f"{type(self).__name__}' cutoff is {self.cutoff:g}, expected at least {LOWEST * self.rate:g}: "
                f"{LOWEST:g} of its rate, below which float64 cannot tell a filter from none"
            )

    @property
    def causal(self) -> bool:
        """Whether a step depends on no later one: as what it is taken of."""
        return self.of.causal


@dataclass(frozen=True)
class LowPass(_Butterworth):
    """What changes slowly, of acceleration gravity: a Butterworth filter that looks at no later step.

    It begins as if the first step had always been measured. A step comes late by about ``order / (2 pi cutoff)``
    seconds (of order 2: 0.22 / cutoff).

    Parameters
    ----------
    cutoff : float
        In Hz, below half the rate and at least a millionth of it: what changes as fast is reduced to 0.71 of its
        size. 0.3 is usual for gravity.
    rate : float
        Steps a second (Hz), such as ``dataset.rate``.
    of : Channel, default Axes()
        What it is taken of.
    order : int, default 2
        From 1 to 8: the higher, the sharper, and the later.

    Raises
    ------
    DataError
        If a setting is not as described; when called, where of raises one.

    See Also
    --------
    HighPass : What is left.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled.data.channels import LowPass
    >>> steady = np.full((1, 100, 1), 9.81)
    >>> bool(np.allclose(LowPass(0.3, rate=50)(steady), steady))
    True
    """

    def names(self, axes: Sequence[str]) -> tuple[str, ...]:
        """Return a name for each output of what it is taken of."""
        return tuple(f"below {self.cutoff:g} Hz({name})" for name in self.of.names(axes))

    def __call__(self, X: FloatArray, lengths: IntArray | None = None) -> FloatArray:
        """Return what is filtered, as many as what it is taken of has outputs."""
        return without_padding(_Filter(self)(self.of(X, lengths)), lengths)

    def stream(self, n_axes: int) -> Step:
        """Return a function of one step after the other that derives the same."""
        of, low = self.of.stream(n_axes), _Filter(self)
        return lambda x: low(of(x)[:, np.newaxis])[:, 0]


@dataclass(frozen=True)
class HighPass(_Butterworth):
    """What changes fast, of acceleration motion: what `LowPass` takes away, so that both add up to what there was.

    Parameters
    ----------
    cutoff, rate, of, order
        As for `LowPass`.

    Raises
    ------
    DataError
        If a setting is not as described; when called, where of raises one.

    See Also
    --------
    LowPass : What is left.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled.data.channels import HighPass
    >>> bool(np.allclose(HighPass(0.3, rate=50)(np.full((1, 100, 1), 9.81)), 0))
    True
    """

    def names(self, axes: Sequence[str]) -> tuple[str, ...]:
        """Return a name for each output of what it is taken of."""
        return tuple(f"above {self.cutoff:g} Hz({name})" for name in self.of.names(axes))

    def __call__(self, X: FloatArray, lengths: IntArray | None = None) -> FloatArray:
        """Return what is filtered, as many as what it is taken of has outputs."""
        A = self.of(X, lengths)
        return without_padding(A - _Filter(self)(A), lengths)

    def stream(self, n_axes: int) -> Step:
        """Return a function of one step after the other that derives the same."""
        of, low = self.of.stream(n_axes), _Filter(self)

        def step(x: FloatArray) -> FloatArray:
            a = of(x)
            return a - low(a[:, np.newaxis])[:, 0]

        return step


class _Filter:
    """A low-pass filter in float64, of signals (m, T, n) that come in one or several pieces."""

    def __init__(self, how: _Butterworth) -> None:
        from scipy.signal import butter  # its import takes longer than that of all of unrolled.data

        self._sections: NDArray[np.float64] = butter(how.order, how.cutoff, fs=how.rate, output="sos")
        self._state: NDArray[np.float64] | None = None

    def __call__(self, A: FloatArray) -> FloatArray:
        """Return the next steps of what is filtered, of A's dtype."""
        from scipy.signal import sosfilt, sosfilt_zi

        if self._state is None:
            steady: NDArray[Any] = sosfilt_zi(self._sections)  # (sections, 2)
            self._state = steady[:, np.newaxis, :, np.newaxis] * A[np.newaxis, :, :1, :].astype(np.float64)
        filtered, self._state = sosfilt(self._sections, A.astype(np.float64), axis=1, zi=self._state)
        return np.asarray(filtered, A.dtype)
