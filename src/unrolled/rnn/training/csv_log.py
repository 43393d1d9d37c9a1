"""The history as a table of text, written epoch by epoch: what a callback may be."""

import csv
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from unrolled._support.atomic_write import replacing
from unrolled.rnn.network import Network
from unrolled.rnn.training.history import History


@dataclass(frozen=True)
class CSVLog:
    """Append a row to a CSV file after each epoch, when handed to :func:`unrolled.rnn.train` as ``on_epoch``.

    Parameters
    ----------
    path : path-like
        Overwritten at the first epoch of a training; one that is resumed goes on with it, and rows beyond its
        checkpoint are written anew.

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
        """Write the epoch's row; all rows at the first epoch, and where the file does not end with the one before."""
        row, path = history.row(epoch), Path(self.path)
        if epoch > 1 and _last_epoch(path) == epoch - 1:
            with path.open("a", encoding="utf-8", newline="") as file:
                csv.DictWriter(file, row, lineterminator="\n").writerow(row)
            return
        # At a kill a log may be further than the checkpoint that the training goes on from.
        with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, row, lineterminator="\n")
            writer.writeheader()
            writer.writerows(history.row(each) for each in range(1, epoch + 1))


def _last_epoch(path: Path) -> int | None:
    """Return the epoch of a log's last row, or None if there is none or it is not whole."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    first = text.splitlines()[-1].partition(",")[0] if text.endswith("\n") else ""
    return int(first) if first.isdecimal() else None
