"""How the learning rate goes over a training: what it is multiplied by.

A schedule is any ``f(epoch, history) -> float``. ``epoch`` counts what is behind, batches as fractions, so that it
is 0 at the first batch and 1.5 in the middle of the second epoch. ``history`` is that of the completed epochs.
Nothing is remembered between calls.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from unrolled.rnn.inputs import count, number
from unrolled.rnn.training.history import History

Schedule: TypeAlias = Callable[[float, History], float]


@dataclass(frozen=True)
class Constant:
    """The learning rate stays what it is."""

    def __call__(self, epoch: float, history: History) -> float:  # noqa: ARG002 - every schedule's
        """Give 1."""
        return 1.0


@dataclass(frozen=True)
class Step:
    """The learning rate is multiplied by ``factor`` after every so many epochs.

    Parameters
    ----------
    every : int
        Epochs.
    factor : float, default 0.1
        Above 0.
    """

    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        """Refuse settings that are not numbers of their kind."""
        count(self.every, "Step's every")
        number(self.factor, "Step's factor", above=0)

    def __call__(self, epoch: float, history: History) -> float:  # noqa: ARG002 - every schedule's
        """Give ``factor`` to the power of how many times ``every`` epochs are behind."""
        return float(self.factor ** math.floor(epoch / self.every))


@dataclass(frozen=True)
class Cosine:
    """The learning rate falls to ``floor`` times itself along half a cosine, and stays there.

    Parameters
    ----------
    epochs : int
        Until it is there: the epochs of the training.
    floor : float, default 0
        From 0 to 1.

    References
    ----------
    I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, without restarts.
    """

    epochs: int
    floor: float = 0.0

    def __post_init__(self) -> None:
        """Refuse settings that are not numbers of their kind."""
        count(self.epochs, "Cosine's epochs")
        if not 0 <= number(self.floor, "Cosine's floor") <= 1:
            raise ValueError(f"Cosine's floor is {self.floor!r}, expected a number from 0 to 1")

    def __call__(self, epoch: float, history: History) -> float:  # noqa: ARG002 - every schedule's
        """Give ``floor + (1 - floor) (1 + cos(pi epoch / epochs)) / 2``."""
        done = min(epoch / self.epochs, 1.0)
        return self.floor + (1 - self.floor) * (1 + math.cos(math.pi * done)) / 2


@dataclass(frozen=True)
class WarmUp:
    """The learning rate rises along a line from ``start`` times itself, on top of another schedule.

    Parameters
    ----------
    epochs : float
        Until it has risen, above 0.
    then : schedule, default Constant()
        Multiplied with; its own epochs count from the first too, not from the end of the rise.
    start : float, default 0.1
        From 0 to 1. At 0 the first batch changes nothing.
    """

    epochs: float
    then: Schedule = Constant()
    start: float = 0.1

    def __post_init__(self) -> None:
        """Refuse settings that are not numbers of their kind."""
        number(self.epochs, "WarmUp's epochs", above=0)
        if not 0 <= number(self.start, "WarmUp's start") <= 1:
            raise ValueError(f"WarmUp's start is {self.start!r}, expected a number from 0 to 1")
        if isinstance(self.then, type) or not callable(self.then):
            raise ValueError(f"WarmUp's then is {self.then!r}, expected a schedule such as rnn.Cosine(50)")

    def __call__(self, epoch: float, history: History) -> float:
        """Give the line's height times what ``then`` gives."""
        return (self.start + (1 - self.start) * min(epoch / self.epochs, 1.0)) * self.then(epoch, history)


@dataclass(frozen=True)
class ReduceOnPlateau:
    """The learning rate is multiplied by ``factor`` whenever the loss has not fallen for a while.

    The loss is the validation loss, where there is one, and else the training loss. One that is not below
    ``(1 - threshold)`` times the best counts as not fallen.

    Parameters
    ----------
    factor : float, default 0.1
        Between 0 and 1.
    patience : int, default 10
        Measurements without a new best that are borne; one more, and the rate falls and the count begins anew.
    threshold : float, default 1e-4
        From 0 to below 1.
    """

    factor: float = 0.1
    patience: int = 10
    threshold: float = 1e-4

    def __post_init__(self) -> None:
        """Refuse settings that are not numbers of their kind."""
        if not 0 < number(self.factor, "ReduceOnPlateau's factor") < 1:
            raise ValueError(f"ReduceOnPlateau's factor is {self.factor!r}, expected a number between 0 and 1")
        if isinstance(self.patience, bool) or self.patience != 0:
            count(self.patience, "ReduceOnPlateau's patience")
        if not 0 <= number(self.threshold, "ReduceOnPlateau's threshold") < 1:
            raise ValueError(f"ReduceOnPlateau's threshold is {self.threshold!r}, expected a number from 0 to below 1")

    def __call__(self, epoch: float, history: History) -> float:  # noqa: ARG002 - every schedule's
        """Give ``factor`` to the power of how often it has fallen."""
        best, since, falls = math.inf, 0, 0
        for loss in history.loss if history.validation is None else history.validation.loss:
            if loss < best * (1 - self.threshold):
                best, since = loss, 0
            else:
                since += 1
            if since > self.patience:
                since, falls = 0, falls + 1
        return float(self.factor**falls)
