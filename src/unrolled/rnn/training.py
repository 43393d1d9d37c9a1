"""Mini-batch training: shuffle, step, look, stop."""

import math
import time
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from unrolled.rnn import inputs
from unrolled.rnn.clipping import Clipping, global_norm
from unrolled.rnn.dropout import Dropout
from unrolled.rnn.history import Curve, History
from unrolled.rnn.interrupt import interruptions
from unrolled.rnn.network import ManyToOne
from unrolled.rnn.optimizers import Optimizer
from unrolled.rnn.penalty import l2_penalty
from unrolled.rnn.progress import Progress
from unrolled.rnn.samples import Labelled, checked
from unrolled.rnn.schedules import Schedule
from unrolled.rnn.stopping import EarlyStopping, Watch, copies, put
from unrolled.rnn.threads import one_blas_thread


class DivergenceError(ArithmeticError):
    """The loss, or a parameter, became infinite or NaN.

    The network keeps the last parameters that had a finite loss; with early stopping, the best.

    Attributes
    ----------
    epoch, batch : int
        Where, both counted from 1.
    history : History
        Of the epochs that were completed.
    """

    def __init__(self, what: str, epoch: int, batch: int, history: History) -> None:
        kept = (
            "last ones with a finite loss"
            if history.best_epoch is None
            else f"best ones, of epoch {history.best_epoch},"
        )
        super().__init__(
            f"{what} at epoch {epoch}, batch {batch}; of the parameters, the {kept} are kept. "
            "A smaller learning rate is the usual remedy"
        )
        self.what, self.epoch, self.batch, self.history = what, epoch, batch, history

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as it was made, so that it crosses from one process to another."""
        return DivergenceError, (self.what, self.epoch, self.batch, self.history)


def train(
    net: ManyToOne,
    samples: Labelled,
    *,
    optimizer: Optimizer,
    batch_size: int = 30,
    epochs: int = 50,
    validation: Labelled | None = None,
    test: Labelled | None = None,
    evaluate_every: int = 1,
    early_stopping: EarlyStopping | None = None,
    schedule: Schedule | None = None,
    clip: Clipping | None = None,
    dropout: Dropout | None = None,
    l2: float = 0.0,
    window: int | None = None,
    rng: int | np.random.Generator | None = None,
    progress: bool = True,
    on_epoch: Callable[[int, History], object] | None = None,
) -> History:
    """Train a network in place, by mini-batches drawn without replacement and shuffled anew each epoch.

    Ctrl-C ends the training after the batch under way: history, and the best parameters with early
    stopping or else the latest, are kept and returned. A second Ctrl-C interrupts at once.

    Where threadpoolctl is installed (the extra ``threads``), BLAS is held to one thread meanwhile, and large
    batches are divided among as many threads as BLAS had: see :mod:`unrolled.rnn.threads`.

    Parameters
    ----------
    net : ManyToOne
        Its parameters are changed.
    samples : object with ``X`` and ``y``, or a tuple (X, y) or (X, y, lengths)
        X (N, T, D); y integers (N,) or one-hot (N, C). Sequences of different lengths have ``lengths`` (N,) too;
        what stands in X after a sample's last step is not read.
    optimizer : Optimizer
        Such as ``SGD(0.01)`` or ``Adam(0.003)``.
    batch_size : int, default 30
        Samples a batch; the last batch of an epoch holds what is left.
    epochs : int, default 50
        At most this many.
    validation, test : as ``samples``, optional
        Measured, never trained on. Early stopping looks at ``validation`` alone.
    evaluate_every : int, default 1
        Measure them after every so many epochs (the report's figures: 10) and after the last.
        With early stopping, ``validation`` is measured after every epoch.
    early_stopping : EarlyStopping, optional
        Needs ``validation``.
    schedule : callable, optional
        What the learning rate is multiplied by, such as ``Cosine(epochs)``; asked before every batch.
    clip : ClipNorm or ClipValue, optional
        Holds the gradients to a size.
    dropout : Dropout, optional
        Leaves out a share of the numbers of each sequence.
    l2 : float, default 0
        Adds ``l2 / 2`` times the sum of all squared weights (not biases) to what is minimised; not to the losses
        in the history, which stay comparable.
    window : int, optional
        Truncated back-propagation, see :meth:`ManyToOne.loss_and_gradients`.
    rng : None, int or numpy.random.Generator
        For the shuffling and the dropout, from a stream of its own for each.
    progress : bool, default True
        Show a progress bar with rate and remaining time on standard error (tqdm where it is installed,
        plain lines where not); False is silent.
    on_epoch : callable, optional
        Called as ``on_epoch(epoch, history)`` after each epoch, counted from 1.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        If samples or settings are not as described; nothing has been trained then.
    DivergenceError
        If the loss becomes infinite or NaN.
    """
    if not isinstance(net, ManyToOne):
        raise ValueError(f"net is {net!r}, expected a network such as rnn.ManyToOne(...)")
    net.check_parameters()
    if net.dtype.kind == "c":
        raise ValueError(f"net is {net.dtype}, expected float32 or float64: train net.astype(np.float64)")
    _check_parts(optimizer, early_stopping, schedule, clip, dropout, on_epoch)
    batch_size, epochs = inputs.count(batch_size, "batch_size"), inputs.count(epochs, "epochs")
    evaluate_every, window = inputs.count(evaluate_every, "evaluate_every"), net._window(window)
    if inputs.number(l2, "l2") < 0:
        raise ValueError(f"l2 is {l2!r}, expected 0 or more")
    training = checked(net, samples, "training")
    held_out = {
        name: checked(net, given, name)
        for name, given in (("validation", validation), ("test", test))
        if given is not None
    }
    if early_stopping is not None and "validation" not in held_out:
        raise ValueError("early_stopping was given without validation samples, whose loss it watches")
    shuffling, dropping = _streams(rng)

    watch = Watch(
        net,
        held_out,
        History(
            validation=Curve() if "validation" in held_out else None,
            test=Curve() if "test" in held_out else None,
        ),
        early_stopping,
    )
    history = watch.history
    X, Y = training.X, inputs.one_hot(training.y, net.n_classes, net.dtype)
    state = optimizer.start(net.parameters)
    kept = copies(net.parameters)  # the last parameters whose loss was finite
    n_batches = -(-len(X) // batch_size)

    def diverged(what: str, epoch: int, batch: int) -> NoReturn:
        put(kept, net.parameters)
        history.ended = "diverged"
        raise DivergenceError(what, epoch, batch, history)

    begun = time.perf_counter()
    with (
        np.errstate(over="ignore", invalid="ignore"),  # divergence has a sentence of its own
        interruptions() as interrupted,
        one_blas_thread() as threads,
        Progress(epochs * n_batches, "batch", shown=progress) as bar,
    ):
        try:
            for epoch in range(1, epochs + 1):
                order = shuffling.permutation(len(X))
                total, norms, clipped = 0.0, 0.0, 0
                for batch in range(n_batches):
                    if interrupted():
                        history.ended = "interrupted"
                        return history
                    rows = order[batch * batch_size : (batch + 1) * batch_size]
                    masks = None if dropout is None else dropout.draw(len(rows), net.widths, dropping, net.dtype)
                    loss, gradients = net.step(
                        X[rows], Y[rows], threads, lengths=training.lengths_of(rows), masks=masks, window=window
                    )
                    if not math.isfinite(loss):
                        diverged(f"the training loss became {loss}", epoch, batch + 1)
                    if l2:
                        for name, gradient in l2_penalty(net.parameters, l2)[1].items():
                            gradients[name] = gradients[name] + gradient
                    norm = global_norm(gradients)
                    if not math.isfinite(norm):
                        diverged(f"the gradient's norm became {norm}", epoch, batch + 1)
                    if clip is not None:
                        clipped += clip.clip(gradients, norm)
                    put(net.parameters, kept)
                    if schedule is None:
                        optimizer.update(net.parameters, gradients, state)
                    else:
                        factor = inputs.number(schedule(epoch - 1 + batch / n_batches, history), "schedule's factor")
                        if factor < 0:
                            raise ValueError(f"schedule's factor is {factor} at epoch {epoch}, expected 0 or more")
                        optimizer.update(net.parameters, gradients, state, factor)
                    total, norms = total + loss * len(rows), norms + norm
                    bar.step()
                if not all(np.isfinite(W).all() for W in net.parameters.values()):
                    diverged("the parameters became infinite or NaN", epoch, n_batches)
                history.loss.append(total / len(X))
                history.gradient_norm.append(norms / n_batches)
                history.clipped.append(clipped / n_batches)
                bar.say(f"epoch {epoch}, loss {history.loss[-1]:.3f}")
                due = epoch % evaluate_every == 0 or epoch == epochs
                stop = watch.look(epoch, due)
                if on_epoch is not None:
                    on_epoch(epoch, history)
                if stop:
                    history.ended = "early stopping"
                    break
        finally:  # whatever ended it: the user keeps the best
            watch.restore()
            history.seconds = time.perf_counter() - begun
    return history


def _check_parts(optimizer: Any, early_stopping: Any, schedule: Any, clip: Any, dropout: Any, on_epoch: Any) -> None:
    """Raise a ValueError unless every part of a training is of its kind."""
    if isinstance(optimizer, type) or not (hasattr(optimizer, "start") and hasattr(optimizer, "update")):
        raise ValueError(f"optimizer is {optimizer!r}, expected one such as rnn.SGD(0.01)")
    if not (early_stopping is None or isinstance(early_stopping, EarlyStopping)):
        raise ValueError(f"early_stopping is {early_stopping!r}, expected one such as rnn.EarlyStopping(patience=10)")
    if not (schedule is None or (callable(schedule) and not isinstance(schedule, type))):
        raise ValueError(f"schedule is {schedule!r}, expected one such as rnn.Cosine(50)")
    if not (clip is None or (hasattr(clip, "clip") and not isinstance(clip, type))):
        raise ValueError(f"clip is {clip!r}, expected one such as rnn.ClipNorm(1.0)")
    if not (dropout is None or isinstance(dropout, Dropout)):
        raise ValueError(f"dropout is {dropout!r}, expected one such as rnn.Dropout(layers=0.2)")
    if not (on_epoch is None or callable(on_epoch)):
        raise ValueError(f"on_epoch is {on_epoch!r}, expected a function of epoch and history")


def _streams(rng: int | np.random.Generator | None) -> tuple[np.random.Generator, np.random.Generator]:
    """Give generators of their own for shuffling and dropout, so that one does not move the other."""
    generator = np.random.default_rng(rng)
    try:
        shuffling, dropping = generator.spawn(2)
    except TypeError:  # a bit generator that was not made from a SeedSequence
        shuffling, dropping = (np.random.default_rng(generator.integers(2**63)) for _ in range(2))
    return shuffling, dropping
