"""What a training leaves behind."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from unrolled._support.frames import frame
from unrolled._support.notebook import html_table
from unrolled.rnn.training.optimizers import State

SHOWN = 5
"""Of a longer training, so many of the first and of the last epochs are in a notebook's table."""

CURVES = ("training", "validation", "test")

Ending: TypeAlias = Literal["epochs", "early stopping", "stopped", "interrupted", "diverged"]


@dataclass
class Curve:
    """Loss and accuracy, or R^2, on held-out samples, at the epochs where they were measured.

    Attributes
    ----------
    epochs : list of int
        Counted from 1.
    loss, accuracy : list of float
        One of each for every entry of ``epochs``; of a network of numbers there is no accuracy.
    metrics : dict of list of float
        Those of the training, by their names; likewise.
    r2 : list of float, or None
        Likewise the coefficient of determination, of a network of numbers.

    See Also
    --------
    History : Has one for validation and one for test samples.
    """

    epochs: list[int] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    r2: list[float] | None = None

    def append(self, epoch: int, loss: float, score: float, metrics: Mapping[str, float] | None = None) -> None:
        """Add one measurement; the score is the accuracy, or R^2 where answers are numbers."""
        self.epochs.append(epoch)
        self.loss.append(loss)
        self.score[1].append(score)
        for name, value in (metrics or {}).items():
            self.metrics.setdefault(name, []).append(value)

    def drop_last(self) -> None:
        """Take the last measurement back."""
        del self.epochs[-1:]
        for values in self.columns().values():
            del values[-1:]

    def columns(self) -> dict[str, list[float]]:
        """Return everything that was measured, by name: loss, accuracy or R^2, and each metric."""
        name, score = self.score
        return {"loss": self.loss, name: score, **self.metrics}

    @property
    def score(self) -> tuple[str, list[float]]:
        """What is measured beside the loss, by its name: ``accuracy``, or ``r2`` where answers are numbers."""
        return ("accuracy", self.accuracy) if self.r2 is None else ("r2", self.r2)


@dataclass
class History:
    """What :func:`unrolled.rnn.train` measured on the way.

    Attributes
    ----------
    loss : list of float
        Training loss of each epoch: the mean over its samples, each as its batch was met, before the update.
    gradient_norm : list of float
        Mean over each epoch's batches of the global norm of the gradients, L2 included, before clipping.
    clipped : list of float
        Fraction of each epoch's batches whose gradients were clipped.
    validation, test : Curve or None
        Held-out loss, accuracy or R^2, and metrics, where such samples were given.
    training : Curve or None
        The same of the training samples after the epoch's last update, without dropout and augmentation, with
        ``evaluate_training``.
    best_epoch : int or None
        With early stopping, the epoch (from 1) with the best validation measure, whose parameters are kept.
    ended : str
        "epochs" (all were run), "early stopping", "stopped" (a callback returned True), "interrupted" (Ctrl-C) or
        "diverged".
    seconds : float
        Wall time of the training, evaluations included.
    state : dict or None
        The optimizer's, after the last update: what ``rnn.train(..., state=history.state)`` goes on with.

    See Also
    --------
    unrolled.plots.learning_curves : Draws it.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> X, y = np.random.default_rng(0).standard_normal((20, 5, 3)), np.arange(20) % 2
    >>> net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=2, rng=0)
    >>> history = rnn.train(
    ...     net, (X, y), test=(X, y), optimizer=rnn.SGD(0.1), epochs=10, evaluate_every=5, rng=0, progress=False
    ... )
    >>> len(history.loss), history.test.epochs, history.ended
    (10, [5, 10], 'epochs')
    """

    loss: list[float] = field(default_factory=list)
    gradient_norm: list[float] = field(default_factory=list)
    clipped: list[float] = field(default_factory=list)
    validation: Curve | None = None
    test: Curve | None = None
    best_epoch: int | None = None
    ended: Ending = "epochs"
    seconds: float = 0.0
    training: Curve | None = None
    state: State | None = field(default=None, repr=False, compare=False)

    def latest(self) -> str:
        """Return the last epoch's numbers in a line, and of each curve the last that were measured."""
        said = [f"epoch {len(self.loss)}, loss {self.loss[-1]:.3f}"]
        for name, curve in self.curves().items():
            if curve.epochs:
                said.append(f"{name} " + ", ".join(f"{what} {v[-1]:.3f}" for what, v in curve.columns().items()))
        return "; ".join(said)

    def curves(self) -> dict[str, Curve]:
        """Return the curves that there are, by name."""
        return {name: curve for name in CURVES if (curve := getattr(self, name)) is not None}

    def row(self, epoch: int) -> dict[str, float | None]:
        """Return an epoch's numbers by name, such as ``validation_loss``; None is what was not measured then."""
        row: dict[str, float | None] = {"epoch": epoch}
        for name in ("loss", "gradient_norm", "clipped"):
            values = getattr(self, name)
            row[name] = values[epoch - 1] if epoch <= len(values) else None
        for name, curve in self.curves().items():
            at = bisect_left(curve.epochs, epoch)
            measured = at < len(curve.epochs) and curve.epochs[at] == epoch
            for what, values in curve.columns().items():
                row[f"{name}_{what}"] = values[at] if measured else None
        return row

    def rows(self) -> list[dict[str, float | None]]:
        """Return every epoch's numbers, see :meth:`row`."""
        return [self.row(epoch) for epoch in range(1, len(self.loss) + 1)]

    def to_frame(self) -> Any:
        """Return a row for each epoch as a pandas DataFrame; the extra ``pandas`` has what it needs.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``epoch``; NaN is what was not measured then.

        Raises
        ------
        ImportError
            If pandas is not installed.

        Examples
        --------
        >>> from unrolled import rnn
        >>> history = rnn.History(loss=[0.7, 0.5], validation=rnn.Curve([2], [0.6], [0.8]))
        >>> history.to_frame()["validation_accuracy"].tolist()  # doctest: +SKIP
        [nan, 0.8]
        """
        return frame(self.rows(), "history.to_frame()").set_index("epoch")

    def _repr_html_(self) -> str:
        head = ["epoch", "loss", "gradient norm"]
        head += [f"{name} {what}" for name, curve in self.curves().items() for what in curve.columns()]
        rows: list[list[object]] = [[row[name.replace(" ", "_")] for name in head] for row in self.rows()]
        if len(rows) > 2 * SHOWN:
            rows[SHOWN:-SHOWN] = [["...", *[None] * (len(head) - 1)]]
        best = "" if self.best_epoch is None else f", best epoch {self.best_epoch}"
        return html_table(head, rows, f"ended: {self.ended}{best}; {self.seconds:.1f} s")
