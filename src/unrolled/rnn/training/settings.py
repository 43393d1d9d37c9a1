"""How a network is trained: everything :func:`unrolled.rnn.train` is told but for network and samples."""

from dataclasses import dataclass
from typing import Any

from unrolled._support.validation import checked_fields, instance, optional, part, real, whole
from unrolled.rnn.dropout import Dropout
from unrolled.rnn.network import ManyToOne
from unrolled.rnn.parts import CLIPPINGS, DROPOUTS, OPTIMIZERS, SCHEDULES, STOPPINGS, build, describe
from unrolled.rnn.training.augmentation import Augmentation
from unrolled.rnn.training.clipping import Clipping
from unrolled.rnn.training.early_stopping import EarlyStopping
from unrolled.rnn.training.optimizers import Optimizer
from unrolled.rnn.training.schedules import Schedule

PARTS = {
    "optimizer": OPTIMIZERS,
    "early_stopping": STOPPINGS,
    "schedule": SCHEDULES,
    "clip": CLIPPINGS,
    "dropout": DROPOUTS,
}
NUMBERS = ("batch_size", "epochs", "evaluate_every", "l2", "bptt_steps")


@dataclass(frozen=True)
@checked_fields(
    named_class=False,  # which is not what users call
    optimizer=part(Optimizer, "rnn.SGD(0.01)"),
    batch_size=whole(1),
    epochs=whole(1),
    evaluate_every=whole(1),
    early_stopping=optional(instance(EarlyStopping, "rnn.EarlyStopping(patience=10)")),
    schedule=optional(part(Schedule, "rnn.Cosine(50)")),
    clip=optional(part(Clipping, "rnn.ClipNorm(1.0)")),
    dropout=optional(instance(Dropout, "rnn.Dropout(layers=0.2)")),
    augment=optional(part(Augmentation, "data.augment.Jitter(0.05), or a function of X (m, T, D) and a generator")),
    l2=real(0),
    bptt_steps=optional(whole(1)),
)
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
    bptt_steps: int | None = None

    def check_network(self, net: ManyToOne) -> None:
        """Raise a ValueError unless a network can be trained so."""
        if net.dtype.kind == "c":
            raise ValueError(
                f"the network's dtype is {net.dtype}, expected float32 or float64: train net.astype(np.float64)"
            )
        net._window(self.bptt_steps)

    def described(self) -> dict[str, Any]:
        """Return everything but the augmentation as values that JSON can hold.

        Raises
        ------
        ValueError
            If a part is none of this library's.
        """
        parts = {name: getattr(self, name) for name in PARTS}
        return {
            **{name: None if value is None else describe(value, PARTS[name]) for name, value in parts.items()},
            **{name: getattr(self, name) for name in NUMBERS},
        }

    @classmethod
    def of(cls, description: dict[str, Any], augment: Augmentation | None) -> "Settings":
        """Make the settings that :meth:`described` described."""
        parts: dict[str, Any] = {
            name: None if description[name] is None else build(description[name], PARTS[name]) for name in PARTS
        }
        return cls(augment=augment, **parts, **{name: description[name] for name in NUMBERS})
