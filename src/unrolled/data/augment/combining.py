"""Augmentations made of others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from unrolled._support.validation import checked_fields, real, refuse_masked
from unrolled.data.channels.channel import axis_numbers
from unrolled.data.checks import FloatArray, batch
from unrolled.data.errors import DataError
from unrolled.data.samples import Rng

Augmentation: TypeAlias = Callable[[FloatArray, np.random.Generator], FloatArray]
"""``f(X, rng)`` for X (m, T, D): an array of the same shape and dtype; X is not changed."""


def one_augmentation(value: Any, name: str, *, error: type[ValueError] = DataError) -> Augmentation:
    """Return value if it can be called, and is no class."""
    if isinstance(value, type) or not callable(value):
        raise error(f"{name} is {value!r}, expected a function of X (m, T, D) and rng, such as Jitter(0.05)")
    return cast(Augmentation, value)


def _several(value: Any, name: str, *, error: type[ValueError] = DataError) -> tuple[Augmentation, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise error(f"{name} are {value!r}, expected at least one augmentation, as a tuple or list")
    return tuple(one_augmentation(each, f"{name}[{i}]", error=error) for i, each in enumerate(value))


@dataclass(frozen=True)
@checked_fields(DataError, augmentations=_several)
class Compose:
    """Several augmentations, one after the other.

    Parameters
    ----------
    augmentations : sequence of callable
        At least one; kept as a tuple.

    Raises
    ------
    DataError
        If they are not as described; when called, where one of them does.

    See Also
    --------
    OneOf, Sometimes : Of several one, and one not always.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled.data.augment import Jitter, Scale
    >>> X = np.random.default_rng(0).normal(size=(8, 50, 3))
    >>> Compose([Jitter(0.05), Scale(0.1)])(X, 1).shape
    (8, 50, 3)
    """

    augmentations: Sequence[Augmentation]

    @property
    def moves_time(self) -> bool:
        """Whether it is for sequences that all have T steps alone, as its parts are."""
        return any(map(moves_time, self.augmentations))

    def __call__(self, X: FloatArray, rng: Rng) -> FloatArray:
        """Change a batch (m, T, D)."""
        X, stream = batch(X), np.random.default_rng(rng)
        for augmentation in self.augmentations:
            X = applied(augmentation, X, stream)
        return X

    def with_targets(self, X: FloatArray, Y: FloatArray, rng: Rng) -> tuple[FloatArray, FloatArray]:
        """Change a batch (m, T, D) and its targets (m, C), which those change that can."""
        X, stream = batch(X), np.random.default_rng(rng)
        for augmentation in self.augmentations:
            if hasattr(augmentation, "with_targets"):
                X, Y = augmentation.with_targets(X, Y, stream)
            else:
                X = applied(augmentation, X, stream)
        return X, Y


@dataclass(frozen=True)
@checked_fields(DataError, augmentations=_several)
class OneOf:
    """For each sample one of several augmentations, each as likely.

    Parameters
    ----------
    augmentations : sequence of callable
        At least one; kept as a tuple.

    Raises
    ------
    DataError
        If they are not as described; when called, where one of them does.

    See Also
    --------
    Compose : All of them, one after the other.
    Sometimes : One, not always.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled.data.augment import Jitter, Scale
    >>> X = np.random.default_rng(0).normal(size=(8, 50, 3))
    >>> OneOf([Jitter(0.05), Scale(0.1)])(X, 1).shape
    (8, 50, 3)
    """

    augmentations: Sequence[Augmentation]

    @property
    def moves_time(self) -> bool:
        """Whether it is for sequences that all have T steps alone, as its parts are."""
        return any(map(moves_time, self.augmentations))

    def __call__(self, X: FloatArray, rng: Rng) -> FloatArray:
        """Change a batch (m, T, D)."""
        X, stream = batch(X), np.random.default_rng(rng)
        drawn = stream.integers(len(self.augmentations), size=len(X))
        for i, augmentation in enumerate(self.augmentations):
            X = _where(drawn == i, augmentation, X, stream)
        return X


@dataclass(frozen=True)
@checked_fields(DataError, p=real(0, 1), augmentation=one_augmentation)
class Sometimes:
    """An augmentation of some samples, each taken with probability p; the others stay as they are.

    Parameters
    ----------
    p : float
        From 0 to 1.
    augmentation : callable

    Raises
    ------
    DataError
        If they are not as described; when called, where the augmentation does.

    See Also
    --------
    OneOf : One of several.
    Compose : All of several.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled.data.augment import Jitter
    >>> X = np.random.default_rng(0).normal(size=(8, 50, 3))
    >>> Sometimes(0.5, Jitter(0.05))(X, 1).shape
    (8, 50, 3)
    """

    p: float
    augmentation: Augmentation

    @property
    def moves_time(self) -> bool:
        """Whether it is for sequences that all have T steps alone, as its parts are."""
        return moves_time(self.augmentation)

    def __call__(self, X: FloatArray, rng: Rng) -> FloatArray:
        """Change a batch (m, T, D)."""
        X, stream = batch(X), np.random.default_rng(rng)
        return _where(stream.random(len(X)) < self.p, self.augmentation, X, stream)


@dataclass(frozen=True)
@checked_fields(DataError, augmentation=one_augmentation, axes=axis_numbers)
class OnAxes:
    """An augmentation of some of the axes; the others stay as they are.

    Parameters
    ----------
    augmentation : callable
        One, or several as a `Compose`.
    axes : sequence of int
        Which, in the order in which it is handed them; none twice; kept as a tuple.

    Raises
    ------
    DataError
        If they are not as described; when called, if there is no such axis, or where the augmentation does.

    See Also
    --------
    Compose : Several, for example each on axes of its own.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled.data import augment
    >>> change = augment.OnAxes(augment.Jitter(0.1), axes=(0, 1, 2))
    >>> change(np.zeros((1, 50, 6)), np.random.default_rng(0)).any(axis=1).tolist()
    [[True, True, True, False, False, False]]
    """

    augmentation: Augmentation
    axes: Sequence[int]

    @property
    def moves_time(self) -> bool:
        """Whether it is for sequences that all have T steps alone, as its parts are."""
        return moves_time(self.augmentation)

    def __call__(self, X: FloatArray, rng: Rng) -> FloatArray:
        """Change a batch (m, T, D)."""
        X = batch(X)
        if max(self.axes) >= X.shape[2]:
            raise DataError(f"axes are {self.axes}, expected numbers from 0 to {X.shape[2] - 1}, as X has")
        changed: FloatArray = X.copy()
        changed[:, :, self.axes] = applied(self.augmentation, X[:, :, self.axes], np.random.default_rng(rng))
        return changed


def moves_time(augmentation: Augmentation) -> bool:
    """Tell whether an augmentation says of itself that it moves steps in time."""
    return bool(getattr(augmentation, "moves_time", False))


def applied(augmentation: Augmentation, X: FloatArray, stream: np.random.Generator) -> FloatArray:
    """Return what an augmentation makes of a batch, of its shape and dtype."""
    given = augmentation(X, stream)
    refuse_masked(given, f"what {augmentation!r} gave", error=DataError)
    changed: FloatArray = np.asarray(given)
    if changed.shape != X.shape:
        raise DataError(f"{augmentation!r} gave an array of shape {changed.shape}, expected {X.shape} as it was handed")
    return changed.astype(X.dtype, copy=False)


def _where(
    taken: NDArray[np.bool_], augmentation: Augmentation, X: FloatArray, stream: np.random.Generator
) -> FloatArray:
    changed: FloatArray = X.copy()
    if taken.any():
        changed[taken] = applied(augmentation, X[taken], stream)
    return changed
