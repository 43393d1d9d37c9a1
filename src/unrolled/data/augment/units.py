"""Augmentations in the units of the sensor, of data that were scaled or derived from what it measured."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from unrolled._support.validation import checked_fields, instance, optional
from unrolled.data.augment.combining import Augmentation, applied, moves_time, one_augmentation
from unrolled.data.channels.combined import Channels
from unrolled.data.checks import FloatArray, batch
from unrolled.data.errors import DataError
from unrolled.data.samples import Rng
from unrolled.data.scaling import Scaling


def _scaling(value: Any, name: str, *, error: type[ValueError] = DataError) -> Scaling:
    if not isinstance(value, Scaling):
        raise error(f"{name} is {value!r}, expected a Scaling, such as dataset.scaling")
    return value


@dataclass(frozen=True)
@checked_fields(DataError, augmentation=one_augmentation, scaling=_scaling)
class InUnits:
    """An augmentation in the units of the sensor, of data that were standardized: scaling undone, and done again.

    Standardizing moves each axis to mean 0 and divides it by a standard deviation of its own. A rotation of that is
    none of the device: where gravity lay on one axis, it has been subtracted there, and does not turn with the
    others. ``InUnits(Rotation(), dataset.scaling)`` is the window as another way of wearing the device would have
    given it, standardized like all others. `Scale`, `MagnitudeWarp` and `Jitter` are then in the sensor's units, too.

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

    See Also
    --------
    BeforeChannels : Before channels are derived.
    Rotation : What needs the sensor's units.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled.data.augment import Rotation
    >>> X = np.random.default_rng(0).normal(size=(8, 50, 3))
    >>> InUnits(Rotation(), Scaling(np.zeros(3), np.ones(3)))(X, 1).shape
    (8, 50, 3)
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
        return self.scaling.apply(applied(self.augmentation, measured, np.random.default_rng(rng)))


@dataclass(frozen=True)
@checked_fields(
    DataError,
    augmentation=one_augmentation,
    channels=instance(Channels, "dataset.channels"),
    scaling=optional(_scaling),
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
    >>> movements = data.load_shoulder_exercises(scale=False).with_channels(channels).standardized()
    >>> turned = BeforeChannels(Compose([Rotation(0.5), Mirror(0.5)]), movements.channels, movements.scaling)
    >>> net = rnn.ManyToOne(rnn.LSTM(8), n_inputs=8, n_classes=len(movements.classes), readout=rnn.Mean(), rng=0)
    >>> adam = rnn.Adam(0.003)
    >>> history = rnn.train(net, movements.train, optimizer=adam, augment=turned, epochs=1, rng=0, progress=False)
    """

    augmentation: Augmentation
    channels: Channels
    scaling: Scaling | None = None

    def __post_init__(self) -> None:
        n = self.channels.n_outputs
        self.channels.measured(np.zeros(n))  # refused at the door, if the axes are not among them
        if self.scaling is not None and len(self.scaling.mean) != n:
            raise DataError(f"scaling is for {len(self.scaling.mean)} axes, expected {n} as the channels have outputs")

    @property
    def moves_time(self) -> bool:
        """Whether it is for sequences that all have T steps alone: as its parts, or if a channel reads all steps."""
        return moves_time(self.augmentation) or not self.channels.causal

    def __call__(self, X: FloatArray, rng: Rng) -> FloatArray:
        """Change a batch (m, T, D)."""
        X = batch(X)
        measured, scaling = self.channels.measured(X), self.scaling
        if scaling is not None:  # undone of the axes alone
            mean, std = (self.channels.measured(each).astype(np.float64) for each in (scaling.mean, scaling.std))
            measured = Scaling(mean, std).invert(measured)
        derived = self.channels(applied(self.augmentation, measured, np.random.default_rng(rng)))
        return derived if scaling is None else scaling.apply(derived)
