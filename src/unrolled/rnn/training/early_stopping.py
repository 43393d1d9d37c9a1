"""When to stop before the last epoch, and the parameters that were best until then."""

from dataclasses import dataclass

import numpy as np

from unrolled._support.validation import checked_fields, whole
from unrolled.rnn.arrays import Parameters, ReadOnlyParameters


@dataclass(frozen=True)
@checked_fields(patience=whole(1))
class EarlyStopping:
    """Stop when the validation loss has not fallen below its best for a while, and go back to that best.

    Parameters
    ----------
    patience : int, default 10
        Epochs without a new best before training stops.

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


class Best:
    """The lowest validation loss of a training so far, and the parameters that had it.

    Attributes
    ----------
    loss : float
        Infinite before the first.
    parameters : dict of ndarray
        Copies.
    """

    def __init__(self, parameters: ReadOnlyParameters) -> None:
        self.loss, self.parameters = np.inf, copied(parameters)

    def update(self, loss: float, parameters: ReadOnlyParameters) -> bool:
        """Take over parameters whose loss is lower than any before; return whether it was."""
        if not loss < self.loss:
            return False
        self.loss = loss
        overwrite(self.parameters, parameters)
        return True


def copied(parameters: ReadOnlyParameters) -> Parameters:
    """Return a copy of every array."""
    return {name: W.copy() for name, W in parameters.items()}


def overwrite(target: Parameters, source: ReadOnlyParameters) -> None:
    """Overwrite every array of ``target`` by that of ``source``."""
    for name, W in source.items():
        np.copyto(target[name], W)
