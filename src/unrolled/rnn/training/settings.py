"""How a network is trained: everything :func:`unrolled.rnn.train` is told but for network and samples."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from unrolled._support.validation import (
    checked_fields,
    flag,
    instance,
    optional,
    part,
    real,
    shown,
    whole,
    whole_number,
)
from unrolled.rnn.arrays import Parameters
from unrolled.rnn.dropout import Dropout
from unrolled.rnn.network import Network
from unrolled.rnn.parts import Known, from_config, to_config
from unrolled.rnn.training.augmentation import Augmentation
from unrolled.rnn.training.averaging import Averaging
from unrolled.rnn.training.clipping import Clipping
from unrolled.rnn.training.early_stopping import EarlyStopping
from unrolled.rnn.training.measuring import Metric, checked_metrics
from unrolled.rnn.training.optimizers import Optimizer
from unrolled.rnn.training.schedules import Schedule

PARTS = ("optimizer", "early_stopping", "schedule", "clip", "dropout", "averaging")
LARGEST = 2**63 - 1
"""Of a whole number in a file."""

NUMBERS = ("batch_size", "epochs", "evaluate_every", "l2", "bptt_steps", "accumulate")
OTHERS = ("freeze", "evaluate_training", "stateful")


def _names(value: Any, name: str, *, error: type[ValueError] = ValueError) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, tuple | list) or not all(isinstance(each, str) for each in names):
        raise error(f'{name} is {shown(value)}, expected names of parameters, such as ("W_ih", "b_h")')
    return tuple(names)


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
    accumulate=whole(1),
    freeze=_names,
    averaging=optional(part(Averaging, "rnn.EMA(0.999)")),
    metrics=checked_metrics,
    evaluate_training=flag,
    stateful=flag,
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
    accumulate: int = 1
    freeze: tuple[str, ...] = ()
    averaging: Averaging | None = None
    metrics: Mapping[str, Metric] | None = None
    evaluate_training: bool = False
    stateful: bool = False

    def __post_init__(self) -> None:
        """Refuse to watch what is not measured."""
        if self.early_stopping is not None:
            measures = ("loss", "accuracy", "r2", *(self.metrics or ()))
            if self.early_stopping.monitor not in measures:
                raise ValueError(
                    f"early_stopping watches {shown(self.early_stopping.monitor)}, expected one of "
                    f"{', '.join(measures)}; others are named in metrics"
                )

    @property
    def update_size(self) -> int:
        """Samples an update."""
        return self.batch_size * self.accumulate

    def check_network(self, net: Network) -> None:
        """Raise a ValueError unless a network can be trained so."""
        if net.dtype.kind == "c":
            raise ValueError(
                f"the network's dtype is {net.dtype}, expected float32 or float64: train net.astype(np.float64)"
            )
        net._checked_bptt_steps(self.bptt_steps)
        self._check_measures(net)
        if self.stateful:
            net._check_causal("stateful training")
            if net.answers_once:
                raise ValueError(f"stateful is True, expected rnn.ManyToMany for it: {type(net).__name__} answers once")
            if self.bptt_steps is None or self.accumulate > 1:
                found = "without bptt_steps" if self.bptt_steps is None else f"with accumulate {self.accumulate}"
                raise ValueError(f"stateful is True {found}, expected the steps of a window, such as 50, and no pieces")
        unknown = [name for name in self.freeze if name not in net.parameters]
        if unknown or not self.trained(net):
            what = f"names {shown(unknown[0])}" if unknown else "names all of them"
            raise ValueError(f"freeze {what}, expected some of the network's {', '.join(net.parameters)}")

    def _check_measures(self, net: Network) -> None:
        """Refuse to watch accuracy where answers are numbers, and R^2 where they are not."""
        score, other = ("r2", "accuracy") if net.answers == "numbers" else ("accuracy", "r2")
        if self.early_stopping is not None and self.early_stopping.monitor == other:
            measures = ", ".join(("loss", score, *(self.metrics or ())))
            raise ValueError(f"early_stopping watches {other!r}, expected of this network one of {measures}")

    def trained(self, net: Network) -> Parameters:
        """Return the parameters that are not frozen, themselves."""
        if not self.freeze:
            return net.parameters
        return {name: W for name, W in net.parameters.items() if name not in self.freeze}

    def to_config(self) -> dict[str, Any]:
        """Return everything but the augmentation and the metrics as values that JSON can hold.

        Raises
        ------
        ValueError
            If a file cannot hold a part: names the part and the field.
        """
        parts = {name: getattr(self, name) for name in PARTS}
        return {
            **{name: None if value is None else to_config(value) for name, value in parts.items()},
            **{name: getattr(self, name) for name in NUMBERS},
            "freeze": list(self.freeze),
            "evaluate_training": self.evaluate_training,
            "stateful": self.stateful,
        }

    @classmethod
    def from_config(
        cls, config: Any, known: Known, augment: Augmentation | None, metrics: Mapping[str, Metric] | None
    ) -> "Settings":
        """Make the settings that :meth:`to_config` described.

        Raises
        ------
        ValueError
            If it is no such description, or names a part that is not known.
        """
        if not isinstance(config, dict) or config.keys() != {*PARTS, *NUMBERS, *OTHERS}:
            raise ValueError(f"the settings are {shown(config)}, expected {', '.join((*PARTS, *NUMBERS, *OTHERS))}")
        parts: dict[str, Any] = {
            name: None if config[name] is None else from_config(config[name], known) for name in PARTS
        }
        numbers = {name: config[name] for name in NUMBERS}
        for name, value in numbers.items():
            if isinstance(value, int):
                whole_number(value, name, 0, LARGEST)
        others = {name: config[name] for name in OTHERS}
        return cls(augment=augment, metrics=metrics, **parts, **numbers, **others)
