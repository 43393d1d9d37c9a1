"""How the learning rate changes over a training: what it is multiplied by, before every batch."""

import math
from dataclasses import dataclass
from typing import Protocol

from unrolled._support.validation import checked_fields, part, real, whole
from unrolled.rnn.training.history import History


class Schedule(Protocol):
    """What :func:`unrolled.rnn.train` asks of a schedule: a function, or an object that is called.

    It remembers nothing between calls, so that a training that is resumed goes on alike.

    See Also
    --------
    Constant, StepDecay, Cosine, WarmUp, ReduceOnPlateau : Those of the library.
    """

    def __call__(self, epoch: float, history: History, /) -> float:
        """Return what the learning rate is multiplied by, 0 or more.

        ``epoch`` counts what is behind, batches as fractions, so that it is 0 at the first batch and 1.5 in the
        middle of the second epoch. ``history`` is that of the completed epochs.
        """
        ...


@dataclass(frozen=True)
class Constant:
    """The learning rate stays what it is.

    See Also
    --------
    WarmUp : By default it rises to this.

    Examples
    --------
    >>> from unrolled import rnn
    >>> rnn.Constant()(7.5, rnn.History())
    1.0
    """

    def __call__(self, epoch: float, history: History) -> float:  # noqa: ARG002 - every schedule's
        """Return 1."""
        return 1.0


@dataclass(frozen=True)
@checked_fields(every=whole(1), factor=real(above=0))
class StepDecay:
    """The learning rate is multiplied by ``factor`` after every so many epochs.

    Parameters
    ----------
    every : int
        Epochs.
    factor : float, default 0.1
        Above 0.

    See Also
    --------
    Cosine : Falls at every batch.
    ReduceOnPlateau : Falls when the loss no longer does.

    Examples
    --------
    >>> from unrolled import rnn
    >>> [rnn.StepDecay(2, 0.5)(epoch, rnn.History()) for epoch in (0, 1.9, 2, 4)]
    [1.0, 1.0, 0.5, 0.25]
    """

    every: int
    factor: float = 0.1

    def __call__(self, epoch: float, history: History) -> float:  # noqa: ARG002 - every schedule's
        """Return ``factor`` to the power of how many times ``every`` epochs are behind."""
        return float(self.factor ** math.floor(epoch / self.every))


@dataclass(frozen=True)
@checked_fields(epochs=whole(1), floor=real(0, 1))
class Cosine:
    """The learning rate falls to ``floor`` times itself along half a cosine, and stays there.

    Parameters
    ----------
    epochs : int
        Until it is there: the epochs of the training.
    floor : float, default 0
        From 0 to 1.

    See Also
    --------
    WarmUp : A rise before the fall.

    References
    ----------
    I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, without restarts.

    Examples
    --------
    >>> from unrolled import rnn
    >>> [rnn.Cosine(10)(epoch, rnn.History()) for epoch in (0, 5, 10, 11)]
    [1.0, 0.5, 0.0, 0.0]
    """

    epochs: int
    floor: float = 0.0

    def __call__(self, epoch: float, history: History) -> float:  # noqa: ARG002 - every schedule's
        """Return ``floor + (1 - floor) (1 + cos(pi epoch / epochs)) / 2``."""
        done = min(epoch / self.epochs, 1.0)
        return self.floor + (1 - self.floor) * (1 + math.cos(math.pi * done)) / 2


@dataclass(frozen=True)
@checked_fields(epochs=real(above=0), then=part(Schedule, "rnn.Cosine(50)"), start=real(0, 1))
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

    See Also
    --------
    Cosine : The usual fall after it.

    Examples
    --------
    >>> from unrolled import rnn
    >>> schedule = rnn.WarmUp(4, then=rnn.StepDecay(10), start=0.2)
    >>> [schedule(epoch, rnn.History()) for epoch in (0, 2, 4, 10)]
    [0.2, 0.6000000000000001, 1.0, 0.1]
    """

    epochs: float
    then: Schedule = Constant()
    start: float = 0.1

    def __call__(self, epoch: float, history: History) -> float:
        """Return the line's height times what ``then`` returns."""
        return (self.start + (1 - self.start) * min(epoch / self.epochs, 1.0)) * self.then(epoch, history)


@dataclass(frozen=True)
@checked_fields(factor=real(above=0, below=1), patience=whole(0), threshold=real(0, below=1))
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

    See Also
    --------
    EarlyStopping : Ends the training then.

    Examples
    --------
    >>> from unrolled import rnn
    >>> still = rnn.History(loss=[0.7, 0.7, 0.7, 0.7])
    >>> rnn.ReduceOnPlateau(0.5, patience=2)(4.0, still)
    0.5
    """

    factor: float = 0.1
    patience: int = 10
    threshold: float = 1e-4

    def __call__(self, epoch: float, history: History) -> float:  # noqa: ARG002 - every schedule's
        """Return ``factor`` to the power of how often it has fallen."""
        best, since, falls = math.inf, 0, 0
        for loss in history.loss if history.validation is None else history.validation.loss:
            if loss < best * (1 - self.threshold):
                best, since = loss, 0
            else:
                since += 1
            if since > self.patience:
                since, falls = 0, falls + 1
        return float(self.factor**falls)
