"""The history as a table of text, written epoch by epoch: what a callback may be."""

import csv
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from unrolled.rnn.network import Network
from unrolled.rnn.training.history import History


@dataclass(frozen=True)
class CSVLog:
    """Append a row to a CSV file after each epoch, when handed to :func:`unrolled.rnn.train` as ``on_epoch``.

    Parameters
    ----------
    path : path-like
        Overwritten at the first epoch of a training; one that is resumed goes on with it.

    See Also
    --------
    History.to_frame : The same when the training is over.

    Examples
    --------
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> X, y = np.random.default_rng(0).standard_normal((20, 5, 3)), np.arange(20) % 2
    >>> net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=2, rng=0)
    >>> log = rnn.CSVLog("log.csv")
    >>> _ = rnn.train(net, (X, y), optimizer=rnn.SGD(0.1), epochs=2, rng=0, progress=False, on_epoch=log)
    >>> lines = Path("log.csv").read_text().splitlines()
    >>> lines[0], len(lines)
    ('epoch,loss,gradient_norm,clipped', 3)
    """

    path: str | PathLike[str]

    def __call__(self, epoch: int, history: History, net: Network) -> None:  # noqa: ARG002 - every callback's
        """Write the epoch's row, before the first one the names of the columns."""
        row = history.row(epoch)
        with Path(self.path).open("w" if epoch == 1 else "a", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, row, lineterminator="\n")
            if epoch == 1:
                writer.writeheader()
            writer.writerow(row)
