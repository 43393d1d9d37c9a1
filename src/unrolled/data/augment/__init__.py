"""Random changes to sequences of a wearable sensor that leave their class as it is, drawn anew for every batch.

Each is a frozen dataclass and a pure function: ``a(X, rng)`` returns an array of X's shape and dtype, X (m, T, D)
stays as it was, and the same random state gives the same result. ``rnn.train(..., augment=a)`` calls it on every batch.

- Numbers change: `Jitter`, `Scale`, `Rotation`, `Mirror`, `MagnitudeWarp`.
- Time changes: `TimeWarp`, `Speed`, `Permutation`, `WindowSlice`.
- Two samples are mixed, and their targets with them: `Mixup`.
- Several together: `Compose`, `OneOf`, `Sometimes`; of some axes alone: `OnAxes`; `InUnits`, for data that were
  standardized, and `BeforeChannels`, for derived channels (`unrolled.data.channels`).

Units: where the data were standardized, a sigma is in standard deviations, and a rotation mixes axes that were
stretched differently, which no turn of a device does. ``InUnits(Rotation(), dataset.scaling)`` turns what was
measured.

Padding: sequences shorter than T that were filled up with zeros behind keep their own steps where only numbers
change; what then stands behind the last step is not zero any more, which training, told their ``lengths``, ignores.
Where time changes, padding is moved among the steps: these four are for sequences that all have T steps.

References
----------
T. T. Um, F. M. J. Pfister, D. Pichler, S. Endo, M. Lang, S. Hirche, U. Fietzek, D. Kulic, "Data augmentation of
wearable sensor data for Parkinson's disease monitoring using convolutional neural networks", ICMI 2017,
doi:10.1145/3136755.3136817.
"""

from unrolled.data.augment.combining import Augmentation, Compose, OnAxes, OneOf, Sometimes
from unrolled.data.augment.mixing import Mixup
from unrolled.data.augment.timing import Permutation, Speed, TimeWarp, WindowSlice
from unrolled.data.augment.units import BeforeChannels, InUnits
from unrolled.data.augment.values import Jitter, MagnitudeWarp, Mirror, Rotation, Scale

__all__ = [
    "Augmentation",
    "BeforeChannels",
    "Compose",
    "InUnits",
    "Jitter",
    "MagnitudeWarp",
    "Mirror",
    "Mixup",
    "OnAxes",
    "OneOf",
    "Permutation",
    "Rotation",
    "Scale",
    "Sometimes",
    "Speed",
    "TimeWarp",
    "WindowSlice",
]
