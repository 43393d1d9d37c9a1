"""Channels of triads of axes (x, y, z) that do not depend on how the device was held."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unrolled._support.validation import checked_fields, optional
from unrolled.data.channels.channel import ALL, Channel, Step, a_channel
from unrolled.data.checks import FloatArray, IntArray
from unrolled.data.errors import DataError


@dataclass(frozen=True)
@checked_fields(DataError, of=a_channel)
class Magnitude:
    """The size of a triad at each step: ``|a_t|``, one output a triad. No turn of the device changes it.

    Parameters
    ----------
    of : Channel, default Axes()
        What it is taken of: a multiple of 3 outputs, the first three a triad, and so on.

    Raises
    ------
    DataError
        If of is not as described; when called, where it raises one.

    See Also
    --------
    Vertical, Horizontal : About the mean direction of the window.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled.data.channels import Jerk, Magnitude
    >>> Magnitude()(np.array([[[3.0, 0.0, 4.0], [0.0, 0.0, 2.0]]])).tolist()
    [[[5.0], [2.0]]]
    >>> Magnitude(Jerk()).names("xyz")
    ('magnitude(jerk(x), jerk(y), jerk(z))',)
    """

    of: Channel = ALL

    @property
    def causal(self) -> bool:
        """Whether a step depends on no later one: as what it is taken of."""
        return self.of.causal

    def names(self, axes: Sequence[str]) -> tuple[str, ...]:
        """Return a name for each triad."""
        return _names(self, "magnitude", self.of.names(axes))

    def __call__(self, X: FloatArray, lengths: IntArray | None = None) -> FloatArray:
        """Return the sizes (N, T, D / 3)."""
        return _size(_triads(self, self.of(X, lengths)))

    def stream(self, n_axes: int) -> Step:
        """Return a function of one step after the other that derives the same."""
        of = self.of.stream(n_axes)
        return lambda x: _size(_triads(self, of(x)))


@dataclass(frozen=True)
@checked_fields(DataError, of=a_channel, along=optional(a_channel))
class _AboutMean:
    """The settings of a channel about the mean direction of the whole window, and what both of them share."""

    causal: ClassVar[bool] = False

    of: Channel = ALL
    along: Channel | None = None

    def names(self, axes: Sequence[str]) -> tuple[str, ...]:
        """Return a name for each triad."""
        return _names(self, type(self).__name__.lower(), self.of.names(axes))

    def stream(self, n_axes: int) -> Step:
        """Raise a DataError: a stream has no mean of the whole window."""
        raise DataError(
            f"{self!r}, here of {n_axes} axes, needs the mean of the whole window, which a stream has not seen: "
            "expected causal channels, such as Magnitude(), Jerk() or LowPass(0.3, rate=50)"
        )

    def _parts(self, X: FloatArray, lengths: IntArray | None) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return triads A (N, T, k, 3), their v (N, T, k), and g (N, 1, k or 1, 3)."""
        of = self.of(X, lengths)
        along = of if self.along is None else self.along(X, lengths)
        A, g = _triads(self, of), _direction(_triads(self, along))
        if g.shape[2] not in (1, A.shape[2]):
            raise DataError(f"{self!r} has {A.shape[2]} triads along {g.shape[2]}, expected as many, or along one")
        return A, (A * g).sum(axis=-1), g


@dataclass(frozen=True)
class Vertical(_AboutMean):
    """What points along the window's mean direction: ``v_t = <a_t, g>``, ``g = m / |m|``, m the mean over the window.

    An accelerometer measures gravity as well as motion, and over some seconds motion comes to about nothing: g points
    upwards, however the device was carried. No turn of the device changes v. Where the mean is exactly zero there is
    no such direction: v is 0.

    Parameters
    ----------
    of : Channel, default Axes()
        What it is taken of: a multiple of 3 outputs, the first three a triad, and so on.
    along : Channel, optional
        What g is the mean direction of: as many triads as `of`, or one for all of them, such as acceleration's for
        the rotation rate. Default: `of` itself.

    Raises
    ------
    DataError
        If of or along is not as described; when called, where they raise one.

    See Also
    --------
    Horizontal : The size of what is left.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled.data.channels import Axes, Horizontal, Vertical
    >>> X = np.array([[[1.0, 0.0, 9.0], [-1.0, 0.0, 11.0]]])  # up is z
    >>> Vertical()(X).tolist(), Horizontal()(X).tolist()
    ([[[9.0], [11.0]]], [[[1.0], [1.0]]])
    >>> turning = Vertical(Axes((3, 4, 5)), along=Axes((0, 1, 2)))
    >>> turning.names(["ax", "ay", "az", "rx", "ry", "rz"])
    ('vertical(rx, ry, rz)',)
    """

    def __call__(self, X: FloatArray, lengths: IntArray | None = None) -> FloatArray:
        """Return v (N, T, D / 3)."""
        _, v, _ = self._parts(X, lengths)
        return v


@dataclass(frozen=True)
class Horizontal(_AboutMean):
    """The size of what lies across the window's mean direction: ``|a_t - v_t g|``, v and g as for `Vertical`.

    Where the mean is exactly zero, that is ``|a_t|``.

    Parameters
    ----------
    of, along
        As for `Vertical`.

    Raises
    ------
    DataError
        If of or along is not as described; when called, where they raise one.

    See Also
    --------
    Vertical : What lies along it, with an example of both.
    """

    def __call__(self, X: FloatArray, lengths: IntArray | None = None) -> FloatArray:
        """Return the sizes (N, T, D / 3)."""
        A, v, g = self._parts(X, lengths)
        return _size(A - v[..., np.newaxis] * g)


def _direction(A: FloatArray) -> FloatArray:
    """Return the direction of the mean of triads (N, T, k, 3), (N, 1, k, 3), and zeros where the mean is zero."""
    m = A.sum(axis=1, keepdims=True, dtype=np.float64)  # T times the mean: padding is 0, and adds nothing
    size = np.sqrt((m * m).sum(axis=-1, keepdims=True))
    g: FloatArray = np.divide(m, size, out=np.zeros_like(m), where=size > 0).astype(A.dtype)
    return g


def _size(A: FloatArray) -> FloatArray:
    size: FloatArray = np.sqrt((A * A).sum(axis=-1))
    return size


def _triads(channel: object, X: FloatArray) -> FloatArray:
    """Return X (..., 3 k) as (..., k, 3)."""
    _check_triads(channel, X.shape[-1])
    return X.reshape(*X.shape[:-1], -1, 3)


def _names(channel: object, what: str, of: Sequence[str]) -> tuple[str, ...]:
    _check_triads(channel, len(of))
    return tuple(f"{what}({', '.join(of[i : i + 3])})" for i in range(0, len(of), 3))


def _check_triads(channel: object, n: int) -> None:
    if n % 3:
        raise DataError(f"{channel!r} is taken of {n} axes, expected triads: a multiple of 3")
