"""When to stop before the last epoch, and the parameters that were best until then."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from unrolled._support.validation import checked_fields, choice, real, shown, whole
from unrolled.rnn.arrays import Parameters, ReadOnlyParameters

Mode = Literal["auto", "min", "max"]


def _name(value: Any, name: str, *, error: type[ValueError] = ValueError) -> str:
    if not isinstance(value, str) or not value:
        raise error(f"{name} is {shown(value)}, expected 'loss', 'accuracy' or the name of a metric")
    return value


@dataclass(frozen=True)
@checked_fields(patience=whole(1), monitor=_name, min_delta=real(0), mode=choice("auto", "min", "max"))
class EarlyStopping:
    """Stop when a validation measure, by default the loss, has had no new best for a while, and go back to that best.

    Parameters
    ----------
    patience : int, default 10
        Epochs without a new best before training stops.
    monitor : str, default "loss"
        What is watched on the validation samples: "loss", "accuracy" ("r2" where answers are numbers), or one of the
        ``metrics`` of the training. One that is NaN is never a new best.
    min_delta : float, default 0
        A new best must be better than the last one by more than this.
    mode : {"auto", "min", "max"}
        Whether the lowest or the highest is best; "auto" is the lowest of the loss and the highest of all else.

    See Also
    --------
    ReduceOnPlateau : Smaller steps instead.
    History : Its ``best_epoch`` is the epoch that was gone back to.

    References
    ----------
    L. Prechelt, "Early stopping - but when?", in "Neural Networks: Tricks of the Trade", 1998.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> X, y = np.random.default_rng(0).standard_normal((20, 5, 3)), np.arange(20) % 2
    >>> net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=2, rng=0)
    >>> history = rnn.train(
    ...     net, (X[:10], y[:10]), validation=(X[10:], y[10:]), optimizer=rnn.SGD(0.5), epochs=100,
    ...     early_stopping=rnn.EarlyStopping(patience=3), rng=0, progress=False,
    ... )
    >>> history.ended, len(history.loss) - history.best_epoch
    ('early stopping', 3)
    """

    patience: int = 10
    monitor: str = "loss"
    min_delta: float = 0.0
    mode: Mode = "auto"

    @property
    def sign(self) -> int:
        """1 where the lowest is best, -1 where the highest is."""
        return 1 if self.mode == "min" or (self.mode == "auto" and self.monitor == "loss") else -1


class Best:
    """The best validation measure of a training so far, and the parameters that had it.

    Attributes
    ----------
    value : float
        The lowest; of a measure that is to be high its negative. Infinite before the first.
    parameters : dict of ndarray
        Copies.
    """

    def __init__(self, parameters: ReadOnlyParameters) -> None:
        self.value, self.parameters = np.inf, copied(parameters)

    def update(self, value: float, parameters: ReadOnlyParameters, min_delta: float = 0.0) -> bool:
        """Take over parameters whose value is lower than any before by more than this; return whether it was."""
        if not value < self.value - min_delta:
            return False
        self.value = value
        overwrite(self.parameters, parameters)
        return True


def copied(parameters: ReadOnlyParameters) -> Parameters:
    """Return a copy of every array."""
    return {name: W.copy() for name, W in parameters.items()}


def overwrite(target: Parameters, source: ReadOnlyParameters) -> None:
    """Overwrite every array of ``target`` by that of ``source``."""
    for name, W in source.items():
        np.copyto(target[name], W)
