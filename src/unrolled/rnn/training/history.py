"""What a training leaves behind."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from unrolled._support.notebook import html_table

SHOWN = 5
"""Of a longer training, so many of the first and of the last epochs are in a notebook's table."""

Ending: TypeAlias = Literal["epochs", "early stopping", "stopped", "interrupted", "diverged"]


@dataclass
class Curve:
    """Loss and accuracy on held-out samples, at the epochs where they were measured.

    Attributes
    ----------
    epochs : list of int
        Counted from 1.
    loss, accuracy : list of float
        One of each for every entry of ``epochs``.

    See Also
    --------
    History : Has one for validation and one for test samples.
    """

    epochs: list[int] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)

    def append(self, epoch: int, loss: float, accuracy: float) -> None:
        """Add one measurement."""
        self.epochs.append(epoch)
        self.loss.append(loss)
        self.accuracy.append(accuracy)


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
        Held-out loss and accuracy, where such samples were given.
    best_epoch : int or None
        With early stopping, the epoch (from 1) with the lowest validation loss, whose parameters are kept.
    ended : str
        "epochs" (all were run), "early stopping", "stopped" (a callback returned True), "interrupted" (Ctrl-C) or
        "diverged".
    seconds : float
        Wall time of the training, evaluations included.

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

    def _repr_html_(self) -> str:
        curves = {name: curve for name in ("validation", "test") if (curve := getattr(self, name)) is not None}
        measured = {name: {e: n for n, e in enumerate(curve.epochs)} for name, curve in curves.items()}
        rows: list[list[object]] = []
        n = len(self.loss)
        for epoch in range(1, n + 1):
            if n > 2 * SHOWN and SHOWN < epoch <= n - SHOWN:
                if epoch == SHOWN + 1:
                    rows.append(["...", *[None] * (2 + 2 * len(curves))])
                continue
            norm = self.gradient_norm[epoch - 1] if len(self.gradient_norm) == n else None
            row: list[object] = [epoch, self.loss[epoch - 1], norm]
            for name, curve in curves.items():
                at = measured[name].get(epoch)
                row += [None, None] if at is None else [curve.loss[at], curve.accuracy[at]]
            rows.append(row)
        head = ["epoch", "loss", "gradient norm"]
        head += [f"{name} {what}" for name in curves for what in ("loss", "accuracy")]
        best = "" if self.best_epoch is None else f", best epoch {self.best_epoch}"
        return html_table(head, rows, f"ended: {self.ended}{best}; {self.seconds:.1f} s")
