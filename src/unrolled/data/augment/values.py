"""Augmentations that change the numbers of a sequence and leave its time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unrolled._support.validation import checked_fields, real, whole
from unrolled.data.augment.splines import spline
from unrolled.data.channels.channel import axis_numbers
from unrolled.data.checks import FloatArray, batch
from unrolled.data.errors import DataError
from unrolled.data.samples import Rng


@dataclass(frozen=True)
@checked_fields(DataError, sigma=real(0))
class Jitter:
    """Noise of the sensor: ``X + e``, every e ~ N(0, sigma^2) by itself (Um et al. 2017).

    Parameters
    ----------
    sigma : float, default 0.05
        In X's units, from 0 on.

    Raises
    ------
    DataError
        If sigma is not as described; when called, if X is no floating-point array (m, T, D).

    See Also
    --------
    Scale, MagnitudeWarp : Changes that are smooth in time.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(8, 50, 3))
    >>> Jitter(0.05)(X, 1).shape
    (8, 50, 3)
    """

    sigma: float = 0.05

    def __call__(self, X: FloatArray, rng: Rng) -> FloatArray:
        """Change a batch (m, T, D)."""
        X = batch(X)
        return X + (self.sigma * np.random.default_rng(rng).standard_normal(X.shape)).astype(X.dtype)


@dataclass(frozen=True)
@checked_fields(DataError, sigma=real(0))
class Scale:
    """Stronger or weaker movement: ``X * s``, one s ~ N(1, sigma^2) for each axis of a sample (Um et al. 2017).

    Parameters
    ----------
    sigma : float, default 0.1
        From 0 on. A factor may be negative where sigma is large.

    Raises
    ------
    DataError
        If sigma is not as described; when called, if X is no floating-point array (m, T, D).

    See Also
    --------
    MagnitudeWarp : A factor that changes in time.
    Jitter : Noise.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(8, 50, 3))
    >>> Scale(0.1)(X, 1).shape
    (8, 50, 3)
    """

    sigma: float = 0.1

    def __call__(self, X: FloatArray, rng: Rng) -> FloatArray:
        """Change a batch (m, T, D)."""
        X = batch(X)
        m, _, D = X.shape
        return X * (1 + self.sigma * np.random.default_rng(rng).standard_normal((m, 1, D))).astype(X.dtype)


@dataclass(frozen=True)
@checked_fields(DataError, sigma=real(0), knots=whole(0))
class MagnitudeWarp:
    """Strength that changes along the way: ``X[:, t] * c(t)``, a smooth curve c for each axis (Um et al. 2017).

    Each c is the cubic spline through values ~ N(1, sigma^2) at ``knots + 2`` places, evenly from the first of the T
    steps to the last.

    Parameters
    ----------
    sigma : float, default 0.2
        From 0 on.
    knots : int, default 4
        Between the ends, from 0 on. More of them bend the curve more often.

    Raises
    ------
    DataError
        If a setting is not as described; when called, if X is no floating-point array (m, T, D).

    See Also
    --------
    Scale : One factor at all times.
    TimeWarp : Time is changed as smoothly.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(8, 50, 3))
    >>> MagnitudeWarp(0.2)(X, 1).shape
    (8, 50, 3)
    """

    sigma: float = 0.2
    knots: int = 4

    def __call__(self, X: FloatArray, rng: Rng) -> FloatArray:
        """Change a batch (m, T, D)."""
        X = batch(X)
        m, T, D = X.shape
        values = 1 + self.sigma * np.random.default_rng(rng).standard_normal((m, self.knots + 2, D))
        curves: FloatArray = np.matmul(spline(T, self.knots), values).astype(X.dtype)
        return X * curves


def _triad_numbers(value: Any, name: str, *, error: type[ValueError] = DataError) -> tuple[int, ...]:
    return axis_numbers(value, name, error=error) if not isinstance(value, tuple | list) or value else ()


@dataclass(frozen=True)
@checked_fields(DataError, p=real(0, 1), pseudovectors=_triad_numbers)
class Mirror:
    """The movement as in a mirror, such as of the other side of the body: each axis of a sample, with probability p.

    The axes are triads (x, y, z), and all triads of a device are mirrored alike. A vector, such as an acceleration,
    changes its sign along the axes that are mirrored, ``M x`` with M = diag(+-1, +-1, +-1). A pseudovector, such as a
    rotation rate, which says how something turns, becomes ``det(M) M x``: mirrored along x, it changes its sign along
    y and z. Sizes stay.

    X is in the units it was measured in, or all axes are scaled and not moved. For standardized data, see `InUnits`.

    Parameters
    ----------
    p : float, default 0.5
        From 0 to 1.
    pseudovectors : sequence of int, default none
        Which triads are, counted from 0, none twice; kept as a tuple. Of acceleration, then rotation rate: ``(1,)``.

    Raises
    ------
    DataError
        If a setting is not as described; when called, if X is no floating-point array (m, T, D) with D a multiple
        of 3, or has no such triad.

    See Also
    --------
    Rotation : What a turn of the device does.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled.data import augment
    >>> X = np.array([[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]])  # an acceleration and a rotation rate
    >>> augment.Mirror(1.0, pseudovectors=(1,))(X, np.random.default_rng(0)).tolist()  # a point reflection
    [[[-1.0, -2.0, -3.0, 4.0, 5.0, 6.0]]]
    """

    p: float = 0.5
    pseudovectors: Sequence[int] = ()

    def __call__(self, X: FloatArray, rng: Rng) -> FloatArray:
        """Change a batch (m, T, D)."""
        X = batch(X)
        m, _, D = X.shape
        triads = D // 3
        if D % 3 or max(self.pseudovectors, default=-1) >= triads:
            raise DataError(f"X has {D} axes, expected triads: {self!r} mirrors x, y and z of each")
        M = np.where(np.random.default_rng(rng).random((m, 3)) < self.p, -1, 1)
        signs = np.repeat(M[:, np.newaxis], triads, axis=1)  # (m, triads, 3)
        signs[:, list(self.pseudovectors)] *= M.prod(axis=1)[:, np.newaxis, np.newaxis]
        return X * signs.reshape(m, 1, D).astype(X.dtype)


@dataclass(frozen=True)
@checked_fields(DataError, max_angle=real(maximum=math.pi, above=0))
class Rotation:
    """Another way to wear the device: ``R x`` for every triad x of axes, one random rotation R a sample.

    The axes are triads (x, y, z), such as acceleration and then rotation rate; all triads of a device, at all steps,
    turn by the same R, so lengths and the angles between them stay. R is uniform among all rotations by up to
    `max_angle` (Haar's measure): the axis of rotation is uniform on the sphere, the angle's density proportional to
    ``1 - cos(angle)``. With the default, that is every rotation alike. (Um et al. 2017 draw the angle uniformly, which
    prefers small turns.)

    X is in the units it was measured in, or all axes are scaled alike and not moved. For standardized data, see
    `InUnits`: their axes have been moved and stretched each by itself.

    Parameters
    ----------
    max_angle : float, default pi
        In radians, above 0 and up to pi.

    Raises
    ------
    DataError
        If max_angle is not as described; when called, if X is no floating-point array (m, T, D) with D a multiple
        of 3.

    See Also
    --------
    Mirror : A reflection.
    InUnits : Turns what was measured, of standardized data.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(8, 50, 3))
    >>> Rotation()(X, 1).shape
    (8, 50, 3)
    """

    max_angle: float = math.pi

    def __call__(self, X: FloatArray, rng: Rng) -> FloatArray:
        """Change a batch (m, T, D)."""
        X = batch(X)
        m, T, D = X.shape
        if D % 3:
            raise DataError(f"X has {D} axes, expected a multiple of 3: Rotation turns triads")
        R = self.draw(m, rng).astype(X.dtype)
        turned: FloatArray = np.matmul(X.reshape(m, T * D // 3, 3), R.swapaxes(1, 2)).reshape(X.shape)  # rows: x^T R^T
        return turned

    def draw(self, m: int, rng: Rng) -> NDArray[np.float64]:
        """Draw m rotation matrices (m, 3, 3)."""
        from scipy.spatial.transform import Rotation as Turns  # its import takes longer than that of unrolled.data

        stream = np.random.default_rng(rng)
        axes = stream.standard_normal((m, 3))
        # The angle by its inverse distribution; 1 - cos = 2 sin^2(angle / 2), summed by midpoints.
        angles = np.linspace(0, self.max_angle, 1025)
        below = np.concatenate([[0], np.cumsum(np.sin((angles[:-1] + angles[1:]) / 4) ** 2)])
        angle = np.interp(stream.random(m) * below[-1], below, angles)
        if not m:
            return np.zeros((0, 3, 3))  # SciPy 1.11 knows no rotation of none
        R: NDArray[np.float64] = Turns.from_rotvec(
            angle[:, None] * axes / np.linalg.norm(axes, axis=1, keepdims=True)
        ).as_matrix()
        return R
