"""The learning-rate range test: the loss while the learning rate rises from batch to batch."""

from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from unrolled._support.blas_threads import one_blas_thread
from unrolled._support.validation import real_number, shown, whole_number
from unrolled.rnn.network import Network
from unrolled.rnn.output.class_weights import BALANCED, balanced
from unrolled.rnn.training.history import History
from unrolled.rnn.training.loop import DivergenceError, Generators, Run
from unrolled.rnn.training.optimizers import Optimizer
from unrolled.rnn.training.samples import LabeledSamples, check_samples
from unrolled.rnn.training.settings import Settings

MEMORY = 0.9
"""Of the smoothed loss: what remains of it at the next batch."""

DIVERGED = 4.0
"""The test ends where the smoothed loss is so many times its lowest."""

TAKEN = ("clip", "dropout", "augment", "l2", "bptt_steps", "accumulate", "freeze")
"""Settings of a training that make a difference to a batch."""


@dataclass(frozen=True)
class LearningRates:
    """What :func:`find_learning_rate` measured.

    Attributes
    ----------
    rates : list of float
        The learning rate of each batch, rising.
    loss : list of float
        Of each batch, before its update.
    smoothed : list of float
        The loss's exponential moving average, corrected for its beginning.

    See Also
    --------
    unrolled.plots.learning_rate : Draws it.

    Examples
    --------
    >>> from unrolled import rnn
    >>> rnn.LearningRates(rates=[0.1, 1.0, 10.0], loss=[0.7, 0.4, 9.0], smoothed=[0.7, 0.5, 3.0]).suggestion
    0.1
    """

    rates: list[float]
    loss: list[float]
    smoothed: list[float]

    @property
    def suggestion(self) -> float:
        """A tenth of the rate at which the smoothed loss was lowest: at that rate itself it is about to rise."""
        return self.rates[int(np.argmin(self.smoothed))] / 10


@dataclass(frozen=True)
class _Rise:
    """The schedule: ``first`` times ``factor`` to the power of how many batches are behind."""

    first: float
    factor: float
    n_batches: int

    def __call__(self, epoch: float, history: History) -> float:  # noqa: ARG002 - every schedule's
        return float(self.first * self.factor ** round(epoch * self.n_batches))


def find_learning_rate(
    net: Network,
    samples: LabeledSamples,
    *,
    optimizer: Optimizer,
    start: float = 1e-5,
    end: float = 10.0,
    steps: int = 100,
    batch_size: int = 30,
    rng: int | np.random.Generator | None = None,
    **settings: Any,
) -> LearningRates:
    """Train a copy of a network while the learning rate rises, and return the loss at each rate.

    The rate rises by the same factor at each batch. The test ends before ``end`` where the smoothed loss is four times
    its lowest, or the loss is not finite.

    Parameters
    ----------
    net : Network
        Left as it is.
    samples : as for :func:`unrolled.rnn.train`
    optimizer : Optimizer
        One with a ``learning_rate``, which makes no difference.
    start, end : float
        The first and the last learning rate, above 0.
    steps : int, default 100
        Batches from the one to the other, at least 2.
    batch_size, rng, **settings
        As for :func:`unrolled.rnn.train`: ``clip``, ``dropout``, ``augment``, ``l2``, ``bptt_steps``, ``accumulate``,
        ``freeze``.

    Returns
    -------
    LearningRates

    Raises
    ------
    ValueError
        If samples or settings are not as described, or the loss is not finite at the first batch.

    See Also
    --------
    unrolled.plots.learning_rate : Draws it.
    train : What it is for.

    References
    ----------
    L. N. Smith, "Cyclical learning rates for training neural networks", WACV 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 60)
    >>> X = rng.standard_normal((60, 10, 3)) + y[:, None, None]
    >>> net = rnn.ManyToOne(rnn.Tanh(8), n_inputs=3, n_classes=2, rng=0)
    >>> found = rnn.find_learning_rate(net, (X, y), optimizer=rnn.SGD(0.01), rng=0)
    >>> 0.01 < found.suggestion < 1
    True
    """
    if not isinstance(net, Network):
        raise ValueError(f"net is {net!r}, expected a network such as rnn.ManyToOne(...)")
    start = real_number(start, "start", above=0)
    end, steps = real_number(end, "end", above=start), whole_number(steps, "steps", 2)
    wrong = sorted(settings.keys() - set(TAKEN))
    if wrong:
        raise ValueError(f"{wrong[0]} is not for a range test, expected settings such as {', '.join(TAKEN)}")
    if not hasattr(optimizer, "learning_rate"):
        raise ValueError(f"optimizer is {shown(optimizer)}, expected one with a learning_rate, such as rnn.SGD(0.01)")
    factor = (end / start) ** (1 / (steps - 1))
    how = Settings(optimizer=optimizer, batch_size=batch_size, epochs=steps, **settings)
    twin = net.with_parameters({name: W.copy() for name, W in net.parameters.items()})
    how.check_network(twin)
    training = check_samples(twin, samples, "training")
    if twin.head.class_weights == BALANCED:
        twin.head = balanced(twin.head, training.counts())
    rise = _Rise(start / optimizer.learning_rate, factor, -(-len(training) // how.update_size))
    run = Run(twin, replace(how, schedule=rise), training, {}, Generators.drawn(rng))
    found, average = LearningRates([], [], []), 0.0
    with np.errstate(over="ignore", invalid="ignore"), one_blas_thread() as threads:
        try:
            for n, _ in enumerate(islice(run.batches(threads), steps)):
                average = MEMORY * average + (1 - MEMORY) * run.batch_loss
                found.rates.append(start * factor**n)
                found.loss.append(run.batch_loss)
                found.smoothed.append(average / (1 - MEMORY ** (n + 1)))
                if found.smoothed[-1] > DIVERGED * min(found.smoothed):
                    break
        except DivergenceError as error:
            if not found.loss:
                raise ValueError(f"{error.what} at the first batch, with a learning rate of {start:g}") from None
    return found
