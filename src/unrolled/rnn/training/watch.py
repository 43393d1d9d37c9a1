"""Watching held-out samples during a training, and keeping the best parameters."""

import numpy as np

from unrolled.rnn.arrays import Parameters
from unrolled.rnn.network import ManyToOne
from unrolled.rnn.training.early_stopping import EarlyStopping
from unrolled.rnn.training.history import Curve, History
from unrolled.rnn.training.samples import Checked, Streamed


class Watch:
    """Measures the held-out samples, and remembers the best parameters for early stopping."""

    def __init__(
        self,
        net: ManyToOne,
        held_out: dict[str, Checked | Streamed],
        history: History,
        early_stopping: EarlyStopping | None,
    ) -> None:
        self.net, self.held_out, self.history, self.early_stopping = net, held_out, history, early_stopping
        self.best_loss = np.inf
        self.best = copies(net.parameters)

    def look(self, epoch: int, due: bool) -> bool:
        """Measure what is to be measured after this epoch; tell whether to stop."""
        stop = False
        if self.early_stopping is not None:
            loss = self._measure(self.history.validation, "validation", epoch)
            if loss < self.best_loss:
                self.best_loss, self.history.best_epoch = loss, epoch
                put(self.net.parameters, self.best)
            stop = epoch - (self.history.best_epoch or 0) >= self.early_stopping.patience
        elif due:
            self._measure(self.history.validation, "validation", epoch)
        if due or stop:
            self._measure(self.history.test, "test", epoch)
        return stop

    def restore(self) -> None:
        """Give the network its best parameters, if early stopping has found any."""
        if self.history.best_epoch is not None:
            put(self.best, self.net.parameters)

    def _measure(self, curve: Curve | None, name: str, epoch: int) -> float:
        if curve is None:
            return np.inf
        loss, accuracy = self.held_out[name].measure(self.net)
        curve.append(epoch, loss, accuracy)
        return loss


def copies(parameters: Parameters) -> Parameters:
    """Copy every array."""
    return {name: W.copy() for name, W in parameters.items()}


def put(source: Parameters, target: Parameters) -> None:
    """Overwrite every array."""
    for name, W in source.items():
        np.copyto(target[name], W)
