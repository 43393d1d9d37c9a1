"""Averages of the weights along a training, which often predict better than its last ones."""

from dataclasses import dataclass
from typing import Protocol

from unrolled._support.validation import checked_fields, real, whole
from unrolled.rnn.arrays import Parameters, ReadOnlyParameters


class Averaging(Protocol):
    """What :func:`unrolled.rnn.train` asks of an average of the weights.

    It remembers nothing but the average itself, so that a training that is resumed goes on alike.

    See Also
    --------
    EMA, SWA : Those of the library.
    """

    def update(self, average: Parameters, parameters: ReadOnlyParameters, n: int, n_batches: int) -> None:
        """Take the parameters after the ``n``-th update, counted from 1, into the average, in place.

        An epoch has ``n_batches`` updates. Before the first, the average is the initial parameters.
        """
        ...


@dataclass(frozen=True)
@checked_fields(decay=real(0, below=1))
class EMA:
    """Exponential moving average of the weights: ``average <- d average + (1 - d) W`` after every update.

    ``d = min(decay, n / (n + 9))`` after update n, so that the initial weights are forgotten as fast as the average
    becomes long.

    Parameters
    ----------
    decay : float, default 0.999
        From 0 to below 1; about ``1 / (1 - decay)`` updates are averaged.

    See Also
    --------
    SWA : Every epoch weighs alike.

    References
    ----------
    B. T. Polyak, A. B. Juditsky, "Acceleration of stochastic approximation by averaging", 1992; the bound on the decay
    is TensorFlow's.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> average = {"b_h": np.array([0.0])}
    >>> rnn.EMA(0.75).update(average, {"b_h": np.array([8.0])}, n=100, n_batches=10)
    >>> average["b_h"].tolist()
    [2.0]
    """

    decay: float = 0.999

    def update(self, average: Parameters, parameters: ReadOnlyParameters, n: int, n_batches: int) -> None:  # noqa: ARG002 - every average's
        """Take the parameters after the ``n``-th update into the average, in place."""
        weight = 1 - min(self.decay, n / (n + 9))
        for name, mean in average.items():
            mean += mean.dtype.type(weight) * (parameters[name] - mean)


@dataclass(frozen=True)
@checked_fields(start=whole(1))
class SWA:
    """Stochastic weight averaging: the mean of the weights at the ends of epochs, from one epoch on.

    Before that epoch has ended, the average is the weights themselves.

    Parameters
    ----------
    start : int
        The first epoch whose weights are averaged, counted from 1; commonly three quarters of all, with a learning rate
        that stays high from then on.

    See Also
    --------
    EMA : Averages every update.

    References
    ----------
    P. Izmailov et al., "Averaging weights leads to wider optima and better generalization", UAI 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> average, swa = {"b_h": np.array([0.0])}, rnn.SWA(start=3)
    >>> for epoch in (1, 2, 3, 4, 5):
    ...     swa.update(average, {"b_h": np.array([float(epoch)])}, n=10 * epoch, n_batches=10)
    >>> average["b_h"].tolist()  # of 3, 4 and 5
    [4.0]
    """

    start: int

    def update(self, average: Parameters, parameters: ReadOnlyParameters, n: int, n_batches: int) -> None:
        """Take the parameters after the ``n``-th update into the average, in place."""
        epoch, batch = divmod(n, n_batches)
        if batch and epoch >= self.start:
            return
        averaged = max(epoch - self.start + 1, 1)
        for name, mean in average.items():
            W = parameters[name]
            mean[...] = W if averaged == 1 else mean + (W - mean) / mean.dtype.type(averaged)
