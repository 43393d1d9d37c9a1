"""A training under way: the loop over epochs and batches, and everything it is in the middle of."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

import numpy as np

from unrolled._support.blas_threads import one_blas_thread
from unrolled._support.interrupt import interruptions
from unrolled._support.progress import Progress
from unrolled._support.validation import real_number
from unrolled.rnn.arrays import Array, IntArray, Parameters
from unrolled.rnn.network import ManyToOne
from unrolled.rnn.training.augmentation import augmented, refuse_moved_padding
from unrolled.rnn.training.clipping import global_norm
from unrolled.rnn.training.history import Curve, History
from unrolled.rnn.training.l2 import add_l2
from unrolled.rnn.training.samples import Checked, Streamed
from unrolled.rnn.training.settings import Settings
from unrolled.rnn.training.watch import Watch, copies, put


class DivergenceError(ArithmeticError):
    """The loss, the gradient's norm or a parameter became infinite or NaN.

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


@dataclass
class Streams:
    """A stream of random numbers for each purpose, so that one does not move the other."""

    shuffling: np.random.Generator
    dropping: np.random.Generator
    augmenting: np.random.Generator

    @classmethod
    def of(cls, rng: int | np.random.Generator | None) -> "Streams":
        """Make them from one."""
        generator = np.random.default_rng(rng)
        try:
            return cls(*generator.spawn(3))
        except TypeError:  # a bit generator that was not made from a SeedSequence
            return cls(*(np.random.default_rng(generator.integers(2**63)) for _ in range(3)))


@dataclass
class Position:
    """Where a training stands: ``batch`` batches into the epoch after ``epoch`` whole ones, and that epoch's sums."""

    epoch: int = 0
    batch: int = 0
    loss: float = 0.0
    norm: float = 0.0
    clipped: int = 0


class Keeper(Protocol):
    """What a run tells as it goes, for checkpoints."""

    def look(self, run: "Run", *, between: bool) -> None:
        """Keep the run if it is due: ``between`` two batches of an epoch, or after an epoch."""
        ...

    def end(self, run: "Run") -> None:
        """Keep the run, which goes no further."""
        ...


class Run:
    """A training from its beginning, or from where a checkpoint put it, to its end.

    Attributes
    ----------
    net, settings, training, held_out, streams
        As given.
    history, watch, at, state
        The history so far, the held-out samples and the best, the position, the optimizer's state.
    kept : dict of ndarray
        The last parameters whose loss was finite.
    shuffled : dict
        The state the shuffling's stream had when the epoch under way began.
    done : bool
        Whether nothing is left to train.
    """

    def __init__(
        self,
        net: ManyToOne,
        settings: Settings,
        training: Checked | Streamed,
        held_out: dict[str, Checked | Streamed],
        streams: Streams,
    ) -> None:
        self.net, self.settings, self.training, self.streams = net, settings, training, streams
        validation, test = (Curve() if name in held_out else None for name in ("validation", "test"))
        self.history = History(validation=validation, test=test)
        self.watch = Watch(net, held_out, self.history, settings.early_stopping)
        self.state = settings.optimizer.start(net.parameters)
        self.kept = copies(net.parameters)
        self.at = Position()
        self.shuffled = streams.shuffling.bit_generator.state
        self.done = False
        if isinstance(training, Checked):
            refuse_moved_padding(settings.augment, training.lengths, training.X.shape[1])
        self.n_batches = -(-len(training) // settings.batch_size)

    def go(self, keeper: Keeper | None, progress: bool, on_epoch: Callable[[int, History], object] | None) -> History:
        """Train to the end; see :func:`unrolled.rnn.train`."""
        at, history, epochs = self.at, self.history, self.settings.epochs
        begun = time.perf_counter() - history.seconds
        done = at.epoch * self.n_batches + at.batch
        with (
            np.errstate(over="ignore", invalid="ignore"),  # divergence has a sentence of its own
            interruptions() as interrupted,
            one_blas_thread() as threads,
            Progress(epochs * self.n_batches, "batch", shown=progress and not self.done, done=done) as bar,
        ):
            try:
                while not self.done:
                    batches = self.training.batches(self.settings.batch_size, self.streams.shuffling, at.batch)
                    for X, Y, lengths in batches:
                        if interrupted():
                            history.ended, history.seconds = "interrupted", time.perf_counter() - begun
                            if keeper is not None:
                                keeper.end(self)
                            return history
                        self._batch(X, Y, lengths, threads)
                        bar.step()
                        if keeper is not None and at.batch < self.n_batches:
                            history.seconds = time.perf_counter() - begun
                            keeper.look(self, between=True)
                    self._epoch_is_over(bar)
                    if on_epoch is not None:
                        on_epoch(at.epoch, history)
                    history.seconds = time.perf_counter() - begun
                    if keeper is not None:
                        (keeper.end(self) if self.done else keeper.look(self, between=False))
            finally:  # whatever ended it: the user keeps the best
                self.watch.restore()
                history.seconds = time.perf_counter() - begun
        return history

    def _batch(self, X: Array, Y: Array, lengths: IntArray | None, threads: int) -> None:
        net, how, at, streams = self.net, self.settings, self.at, self.streams
        if how.augment is not None:
            X = augmented(how.augment, X, lengths, streams.augmenting)
        masks = None if how.dropout is None else how.dropout.draw(len(X), net.widths, streams.dropping, net.dtype)
        loss, gradients = net.step(X, Y, threads, lengths=lengths, masks=masks, window=how.bptt_steps)
        if not math.isfinite(loss):
            self._diverged(f"the training loss became {loss}", at.batch + 1)
        put(net.parameters, self.kept)
        if how.l2:
            add_l2(gradients, net.parameters, how.l2)
        norm = global_norm(gradients)
        if not math.isfinite(norm):
            self._diverged(f"the gradient's norm became {norm}", at.batch + 1)
        if how.clip is not None:
            at.clipped += how.clip.clip(gradients, norm)
        self._update(gradients)
        at.batch, at.loss, at.norm = at.batch + 1, at.loss + loss * len(X), at.norm + norm

    def _update(self, gradients: Parameters) -> None:
        net, how, at = self.net, self.settings, self.at
        if how.schedule is None:
            how.optimizer.update(net.parameters, gradients, self.state)
            return
        factor = real_number(how.schedule(at.epoch + at.batch / self.n_batches, self.history), "schedule's factor", 0)
        how.optimizer.update(net.parameters, gradients, self.state, factor)

    def _epoch_is_over(self, bar: Progress) -> None:
        """Write the epoch into the history, measure what is to be measured, and see whether another one follows."""
        at, history, how = self.at, self.history, self.settings
        if not all(np.isfinite(W).all() for W in self.net.parameters.values()):
            self._diverged("the parameters became infinite or NaN", self.n_batches)
        history.loss.append(at.loss / len(self.training))
        history.gradient_norm.append(at.norm / self.n_batches)
        history.clipped.append(at.clipped / self.n_batches)
        bar.say(f"epoch {at.epoch + 1}, loss {history.loss[-1]:.3f}")
        at.epoch, at.batch, at.loss, at.norm, at.clipped = at.epoch + 1, 0, 0.0, 0.0, 0
        self.shuffled = self.streams.shuffling.bit_generator.state
        stop = self.watch.look(at.epoch, at.epoch % how.evaluate_every == 0 or at.epoch == how.epochs)
        if stop:
            history.ended = "early stopping"
        self.done = stop or at.epoch == how.epochs

    def _diverged(self, what: str, batch: int) -> NoReturn:
        put(self.kept, self.net.parameters)
        self.history.ended = "diverged"
        raise DivergenceError(what, self.at.epoch + 1, batch, self.history)
