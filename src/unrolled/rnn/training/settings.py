"""How a network is trained: everything :func:`unrolled.rnn.train` is told but for network and samples."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from unrolled.rnn import inputs
from unrolled.rnn.arrays import Array
from unrolled.rnn.dropout import Dropout
from unrolled.rnn.parts import CLIPPINGS, DROPOUTS, OPTIMIZERS, SCHEDULES, STOPPINGS, build, describe
from unrolled.rnn.training.clipping import Clipping
from unrolled.rnn.training.early_stopping import EarlyStopping
from unrolled.rnn.training.optimizers import Optimizer
from unrolled.rnn.training.schedules import Schedule

Augmentation: TypeAlias = Callable[[Array, np.random.Generator], Array]

PARTS = {
    "optimizer": OPTIMIZERS,
    "early_stopping": STOPPINGS,
    "schedule": SCHEDULES,
    "clip": CLIPPINGS,
    "dropout": DROPOUTS,
}
NUMBERS = ("batch_size", "epochs", "evaluate_every", "l2", "window")


@dataclass(frozen=True)
class Settings:
    """The keywords of :func:`unrolled.rnn.train` of the same names, known to be right on their own."""

    optimizer: Optimizer
    batch_size: int
    epochs: int
    evaluate_every: int = 1
    early_stopping: EarlyStopping | None = None
    schedule: Schedule | None = None
    clip: Clipping | None = None
    dropout: Dropout | None = None
    augment: Augmentation | None = None
    l2: float = 0.0
    window: int | None = None

    def __post_init__(self) -> None:
        """Raise a ValueError unless every part of a training is of its kind."""
        optimizer, schedule, clip = self.optimizer, self.schedule, self.clip
        if isinstance(optimizer, type) or not (hasattr(optimizer, "start") and hasattr(optimizer, "update")):
            raise ValueError(f"optimizer is {optimizer!r}, expected one such as rnn.SGD(0.01)")
        if not (self.early_stopping is None or isinstance(self.early_stopping, EarlyStopping)):
            raise ValueError(
                f"early_stopping is {self.early_stopping!r}, expected one such as rnn.EarlyStopping(patience=10)"
            )
        if not (schedule is None or (callable(schedule) and not isinstance(schedule, type))):
            raise ValueError(f"schedule is {schedule!r}, expected one such as rnn.Cosine(50)")
        if not (clip is None or (hasattr(clip, "clip") and not isinstance(clip, type))):
            raise ValueError(f"clip is {clip!r}, expected one such as rnn.ClipNorm(1.0)")
        if not (self.dropout is None or isinstance(self.dropout, Dropout)):
            raise ValueError(f"dropout is {self.dropout!r}, expected one such as rnn.Dropout(layers=0.2)")
        if not (self.augment is None or (callable(self.augment) and not isinstance(self.augment, type))):
            raise ValueError(f"augment is {self.augment!r}, expected a function of X (m, T, D) and a random generator")
        for name in ("batch_size", "epochs", "evaluate_every"):
            object.__setattr__(self, name, inputs.count(getattr(self, name), name))
        object.__setattr__(self, "l2", inputs.number(self.l2, "l2"))
        if self.l2 < 0:
            raise ValueError(f"l2 is {self.l2!r}, expected 0 or more")

    def described(self) -> dict[str, Any]:
        """Give everything but the augmentation as values that JSON can hold.

        Raises
        ------
        ValueError
            If a part is none of this library's.
        """
        parts = {name: getattr(self, name) for name in PARTS}
        return {
            **{name: None if part is None else describe(part, PARTS[name]) for name, part in parts.items()},
            **{name: getattr(self, name) for name in NUMBERS},
        }

    @classmethod
    def of(cls, description: dict[str, Any], augment: Augmentation | None) -> "Settings":
        """Make the settings that :meth:`described` described."""
        parts: dict[str, Any] = {
            name: None if description[name] is None else build(description[name], PARTS[name]) for name in PARTS
        }
        return cls(augment=augment, **parts, **{name: description[name] for name in NUMBERS})
