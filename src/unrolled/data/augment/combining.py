"""Augmentations made of others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from unrolled._support.validation import checked_fields, instance, optional, real
from unrolled.data.channels.channel import axis_numbers
from unrolled.data.channels.combined import Channels
from unrolled.data.checks import FloatArray, batch
from unrolled.data.errors import DataError
from unrolled.data.samples import Rng
from unrolled.data.scaling import Scaling

Augmentation: TypeAlias = Callable[[FloatArray, np.random.Generator], FloatArray]
"""``f(X, rng)`` for X (m, T, D): an array of the same shape and dtype; X is not changed."""


def _one(value: Any, name: str, *, error: type[ValueError] = DataError) -> Augmentation:
    if isinstance(value, type) or not callable(value):
        raise error(f"{name} is {value!r}, expected a function of X (m, T, D) and rng, such as Jitter(0.05)")
    return cast(Augmentation, value)


def _several(value: Any, name: str, *, error: type[ValueError] = DataError) -> tuple[Augmentation, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise error(f"{name} are {value!r}, expected at least one augmentation, as a tuple or list")
    return tuple(_one(each, f"{name}[{i}]", error=error) for i, each in enumerate(value))


def _scaling(value: Any, name: str, *, error: type[ValueError] = DataError) -> Scaling:
    if not isinstance(value, Scaling):
        raise error(f"{name} is {value!r}, expected a Scaling, such as dataset.scaling")
    return value


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
            X = _applied(augmentation, X, stream)
        return X

    def with_targets(self, X: FloatArray, Y: FloatArray, rng: Rng) -> tuple[FloatArray, FloatArray]:
        """Change a batch (m, T, D) and its targets (m, C), which those change that can."""
        X, stream = batch(X), np.random.default_rng(rng)
        for augmentation in self.augmentations:
            if hasattr(augmentation, "with_targets"):
                X, Y = augmentation.with_targets(X, Y, stream)
            else:
                X = _applied(augmentation, X, stream)
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
@checked_fields(DataError, p=real(0, 1), augmentation=_one)
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
@checked_fields(DataError, augmentation=_one, scaling=_scaling)
class InUnits:
    """An augmentation in the units of the sensor, of data that were standardised: scaling undone, and done again.

    Standardising moves each axis to mean 0 and divides it by a standard deviation of its own. A rotation of that is
    none of the device: where gravity lay on one axis, it has been subtracted there, and does not turn with the
    others. ``InUnits(Rotation(), dataset.scaling)`` is the window as another way of wearing the device would have
    given it, standardised like all others. `Scale`, `MagnitudeWarp` and `Jitter` are then in the sensor's units, too.

    Parameters
    ----------
    augmentation : callable
        One, or several as a `Compose`.
    scaling : Scaling
        That of the data, such as ``dataset.scaling``.

    Raises
    ------
    DataError
        If they are not as described; when called, if X has another number of axes than the scaling, or where the
        augmentation does.
    """

    augmentation: Augmentation
    scaling: Scaling

    @property
    def moves_time(self) -> bool:
        """Whether it is for sequences that all have T steps alone, as its parts are."""
        return moves_time(self.augmentation)

    def __call__(self, X: FloatArray, rng: Rng) -> FloatArray:
        """Change a batch (m, T, D)."""
        measured = self.scaling.invert(batch(X))
        return self.scaling.apply(_applied(self.augmentation, measured, np.random.default_rng(rng)))


@dataclass(frozen=True)
@checked_fields(DataError, augmentation=_one, axes=axis_numbers)
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
        changed[:, :, self.axes] = _applied(self.augmentation, X[:, :, self.axes], np.random.default_rng(rng))
        return changed


@dataclass(frozen=True)
@checked_fields(
    DataError, augmentation=_one, channels=instance(Channels, "dataset.channels"), scaling=optional(_scaling)
)
class BeforeChannels:
    """An augmentation of what was measured, from which the channels are derived anew, and scaled as all others.

    A rotation of the device turns the axes and leaves their magnitude: of channels, no rotation can be made. So the
    scaling is undone, the axes alone are changed, in the sensor's units, and what the network is fed with is derived
    from them as for every other window.

    Parameters
    ----------
    augmentation : callable
        Of the axes that were measured; one, or several as a `Compose`.
    channels : Channels
        Those of the data, ``dataset.channels``; the axes themselves are among them (``Axes()``).
    scaling : Scaling, optional
        That of the data, ``dataset.scaling``. Default: they are in the sensor's units.

    Raises
    ------
    DataError
        If they are not as described; when called, if X has another number of axes than the channels have outputs,
        or where the augmentation does.

    See Also
    --------
    InUnits : Of data without channels.
    unrolled.data.Dataset.with_channels : Channels of a data set.

    Examples
    --------
    Movements of people never seen: axes that are turned and mirrored, and channels that do not mind.

    >>> from unrolled import data, rnn
    >>> from unrolled.data.augment import BeforeChannels, Compose, Mirror, Rotation
    >>> from unrolled.data.channels import Axes, Horizontal, Jerk, Magnitude, Vertical
    >>> channels = [Axes(), Magnitude(), Vertical(), Horizontal(), Magnitude(Jerk()), Jerk(Vertical())]
    >>> movements = data.load_shoulder_exercises(scale=False).with_channels(channels).standardised()
    >>> turned = BeforeChannels(Compose([Rotation(0.5), Mirror(0.5)]), movements.channels, movements.scaling)
    >>> net = rnn.ManyToOne(rnn.LSTM(8), n_inputs=8, n_classes=len(movements.classes), readout=rnn.Mean(), rng=0)
    >>> adam = rnn.Adam(0.003)
    >>> history = rnn.train(net, movements.train, optimizer=adam, augment=turned, epochs=1, rng=0, progress=False)
    """

    augmentation: Augmentation
    channels: Channels
    scaling: Scaling | None = None

    def __post_init__(self) -> None:
        self.channels.measured(np.zeros(self.channels.n_outputs))  # refused at the door, if the axes are not there

    @property
    def moves_time(self) -> bool:
        """Whether it is for sequences that all have T steps alone: as its parts, or if a channel reads all steps."""
        return moves_time(self.augmentation) or not self.channels.causal

    def __call__(self, X: FloatArray, rng: Rng) -> FloatArray:
        """Change a batch (m, T, D)."""
        X = batch(X)
        measured = self.channels.measured(X if self.scaling is None else self.scaling.invert(X))
        derived = self.channels(_applied(self.augmentation, measured, np.random.default_rng(rng)))
        return derived if self.scaling is None else self.scaling.apply(derived)


def moves_time(augmentation: Augmentation) -> bool:
    """Tell whether an augmentation says of itself that it moves steps in time."""
    return bool(getattr(augmentation, "moves_time", False))


def _applied(augmentation: Augmentation, X: FloatArray, stream: np.random.Generator) -> FloatArray:
    changed: FloatArray = np.asarray(augmentation(X, stream))
    if changed.shape != X.shape:
        raise DataError(f"{augmentation!r} gave an array of shape {changed.shape}, expected {X.shape} as it was handed")
    return changed.astype(X.dtype, copy=False)


def _where(
    taken: NDArray[np.bool_], augmentation: Augmentation, X: FloatArray, stream: np.random.Generator
) -> FloatArray:
    changed: FloatArray = X.copy()
    if taken.any():
        changed[taken] = _applied(augmentation, X[taken], stream)
    return changed
