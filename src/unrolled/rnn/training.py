"""Mini-batch training: shuffle, step, look, stop."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol, TypeAlias

import numpy as np

from unrolled.rnn import inputs
from unrolled.rnn.arrays import Array, IntArray, Parameters
from unrolled.rnn.history import Curve, History
from unrolled.rnn.interrupt import interruptions
from unrolled.rnn.network import ManyToOne
from unrolled.rnn.optimizers import Optimizer
from unrolled.rnn.progress import Progress
from unrolled.rnn.threads import one_blas_thread


class HasXy(Protocol):
    """Samples with their labels, such as one part of an ``unrolled.data.Dataset``."""

    @property
    def X(self) -> Any:
        """Sequences, (N, T, D)."""
        ...

    @property
    def y(self) -> Any:
        """Labels, (N,) or (N, C)."""
        ...


Labelled: TypeAlias = HasXy | tuple[Any, Any]


@dataclass(frozen=True)
class EarlyStopping:
    """Stop when the validation loss has not fallen below its best for a while, and go back to that best.

    Parameters
    ----------
    patience : int, default 10
        Epochs without a new best before training stops.
    """

    patience: int = 10

    def __post_init__(self) -> None:
        """Refuse a patience that is not a positive whole number."""
        inputs.count(self.patience, "EarlyStopping's patience")


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
    samples : object with ``X`` and ``y``, or a pair (X, y)
        X (N, T, D); y integers (N,) or one-hot (N, C).
    optimizer : Optimizer
        Such as ``SGD(0.01)``.
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
    rng : None, int or numpy.random.Generator
        For the shuffling, from a stream of its own.
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
    if net.dtype.kind == "c":
        raise ValueError(f"net is {net.dtype}, expected float32 or float64: train net.astype(np.float64)")
    net.check_parameters()
    if isinstance(optimizer, type) or not (hasattr(optimizer, "start") and hasattr(optimizer, "update")):
        raise ValueError(f"optimizer is {optimizer!r}, expected one such as rnn.SGD(0.01)")
    if not (early_stopping is None or isinstance(early_stopping, EarlyStopping)):
        raise ValueError(f"early_stopping is {early_stopping!r}, expected one such as rnn.EarlyStopping(patience=10)")
    if not (on_epoch is None or callable(on_epoch)):
        raise ValueError(f"on_epoch is {on_epoch!r}, expected a function of epoch and history")
    batch_size, epochs = inputs.count(batch_size, "batch_size"), inputs.count(epochs, "epochs")
    evaluate_every = inputs.count(evaluate_every, "evaluate_every")
    X, y = _checked(net, samples, "training")
    held_out = {
        name: _checked(net, given, name)
        for name, given in (("validation", validation), ("test", test))
        if given is not None
    }
    if early_stopping is not None and "validation" not in held_out:
        raise ValueError("early_stopping was given without validation samples, whose loss it watches")
    shuffling = _stream(rng)

    watch = _Watch(
        net,
        held_out,
        History(
            validation=Curve() if "validation" in held_out else None,
            test=Curve() if "test" in held_out else None,
        ),
        early_stopping,
    )
    history = watch.history
    Y = inputs.one_hot(y, net.n_classes, net.dtype)
    state = optimizer.start(net.parameters)
    kept = _copies(net.parameters)  # the last parameters whose loss was finite
    n_batches = -(-len(X) // batch_size)

    def diverged(what: str, epoch: int, batch: int) -> NoReturn:
        _copy(kept, net.parameters)
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
                total = 0.0
                for batch in range(n_batches):
                    if interrupted():
                        history.ended = "interrupted"
                        return history
                    rows = order[batch * batch_size : (batch + 1) * batch_size]
                    loss, gradients = net.step(X[rows], Y[rows], threads)
                    if not math.isfinite(loss):
                        diverged(f"the training loss became {loss}", epoch, batch + 1)
                    _copy(net.parameters, kept)
                    optimizer.update(net.parameters, gradients, state)
                    total += loss * len(rows)
                    bar.step()
                if not all(np.isfinite(W).all() for W in net.parameters.values()):
                    diverged("the parameters became infinite or NaN", epoch, n_batches)
                history.loss.append(total / len(X))
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


class _Watch:
    """Measures the held-out samples, and remembers the best parameters for early stopping."""

    def __init__(
        self,
        net: ManyToOne,
        held_out: dict[str, tuple[Array, IntArray]],
        history: History,
        early_stopping: EarlyStopping | None,
    ) -> None:
        self.net, self.held_out, self.history, self.early_stopping = net, held_out, history, early_stopping
        self.best_loss = np.inf
        self.best = _copies(net.parameters)

    def look(self, epoch: int, due: bool) -> bool:
        """Measure what is to be measured after this epoch; tell whether to stop."""
        stop = False
        if self.early_stopping is not None:
            loss = self._measure(self.history.validation, "validation", epoch)
            if loss < self.best_loss:
                self.best_loss, self.history.best_epoch = loss, epoch
                _copy(self.net.parameters, self.best)
            stop = epoch - (self.history.best_epoch or 0) >= self.early_stopping.patience
        elif due:
            self._measure(self.history.validation, "validation", epoch)
        if due or stop:
            self._measure(self.history.test, "test", epoch)
        return stop

    def restore(self) -> None:
        """Give the network its best parameters, if early stopping has found any."""
        if self.history.best_epoch is not None:
            _copy(self.best, self.net.parameters)

    def _measure(self, curve: Curve | None, name: str, epoch: int) -> float:
        if curve is None:
            return np.inf
        loss, accuracy = self.net.evaluate(*self.held_out[name])
        curve.append(epoch, loss, accuracy)
        return loss


def _checked(net: ManyToOne, samples: Labelled, name: str) -> tuple[Array, IntArray]:
    if isinstance(samples, tuple | list) and len(samples) == 2:
        X, y = samples
    elif hasattr(samples, "X") and hasattr(samples, "y"):
        X, y = samples.X, samples.y
    else:
        found = (
            f"{type(samples).__name__} of {len(samples)}"
            if isinstance(samples, tuple | list)
            else type(samples).__name__
        )
        hint = "; of a Dataset, pass one part, such as its .train" if hasattr(samples, "train") else ""
        raise ValueError(f"{name} samples are a {found}, expected a pair (X, y) or an object with X and y{hint}")
    X = inputs.sequences(X, net.n_inputs, net.dtype, f"{name} X")
    return X, inputs.labels(y, net.n_classes, len(X), f"{name} y")


def _stream(rng: int | np.random.Generator | None) -> np.random.Generator:
    """Give a generator of its own for the shuffling, so that other draws from ``rng`` do not move it."""
    generator = np.random.default_rng(rng)
    try:
        return generator.spawn(1)[0]
    except TypeError:  # a bit generator that was not made from a SeedSequence
        return np.random.default_rng(generator.integers(2**63))


def _copies(parameters: Parameters) -> Parameters:
    return {name: W.copy() for name, W in parameters.items()}


def _copy(source: Parameters, target: Parameters) -> None:
    for name, W in source.items():
        np.copyto(target[name], W)
