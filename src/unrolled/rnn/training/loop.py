"""A training under way: the loop over epochs and batches, and everything it is in the middle of."""

import math
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from unrolled._support.validation import real_number
from unrolled.rnn.arrays import Array, IntArray, Parameters
from unrolled.rnn.dropout import Masks
from unrolled.rnn.inputs import check_gradients_fit
from unrolled.rnn.network import ManyToOne
from unrolled.rnn.training.augmentation import augmented, refuse_moved_padding
from unrolled.rnn.training.clipping import global_norm
from unrolled.rnn.training.early_stopping import Best, copied, overwrite
from unrolled.rnn.training.history import Curve, History
from unrolled.rnn.training.l2 import add_l2
from unrolled.rnn.training.samples import FromSource, InMemory
from unrolled.rnn.training.settings import Settings


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
class Generators:
    """A generator of random numbers for each purpose, so that what one draws does not move the others."""

    shuffling: np.random.Generator
    dropping: np.random.Generator
    augmenting: np.random.Generator

    @classmethod
    def drawn(cls, rng: int | np.random.Generator | None) -> "Generators":
        """Seed each with 128 bits that are drawn from one, so that nothing but what it would draw next decides."""
        seeds = np.random.default_rng(rng).integers(2**64, size=(3, 2), dtype=np.uint64)
        return cls(*(np.random.default_rng(seed) for seed in seeds.tolist()))


@dataclass(frozen=True)
class Drawn:
    """How far a generator is: its state, and what it was seeded with, which knows how many others it has spawned."""

    state: Any
    seed: Any

    @classmethod
    def so_far(cls, generator: np.random.Generator) -> "Drawn":
        """Note it; what the generator draws and spawns later makes no difference."""
        return cls(generator.bit_generator.state, copy(generator.bit_generator.seed_seq))


@dataclass
class Position:
    """Where a training stands: ``batch`` batches into the epoch after ``epoch`` whole ones, and that epoch's sums."""

    epoch: int = 0
    batch: int = 0
    loss: float = 0.0
    norm: float = 0.0
    clipped: int = 0


class Run:
    """A training from its beginning, or from where a checkpoint put it, to its end.

    Attributes
    ----------
    net, settings, training, held_out, generators
        As given.
    history : History
        So far.
    at : Position
        Where it stands.
    state : dict
        The optimizer's.
    best : Best
        For early stopping.
    last_finite : dict of ndarray
        The last parameters whose loss was finite.
    epoch_began : Drawn
        Where the shuffling's generator was when the epoch under way began.
    done : bool
        Whether nothing is left to train.
    """

    def __init__(
        self,
        net: ManyToOne,
        settings: Settings,
        training: InMemory | FromSource,
        held_out: dict[str, InMemory | FromSource],
        generators: Generators,
    ) -> None:
        self.net, self.settings, self.training, self.held_out = net, settings, training, held_out
        self.generators, self.epoch_began = generators, Drawn.so_far(generators.shuffling)
        validation, test = (Curve() if name in held_out else None for name in ("validation", "test"))
        self.history = History(validation=validation, test=test)
        self.at, self.done = Position(), False
        self.n_batches = -(-len(training) // settings.batch_size)
        self.state = settings.optimizer.start(net.parameters)
        self.best, self.last_finite = Best(net.parameters), copied(net.parameters)
        if isinstance(training, InMemory):
            refuse_moved_padding(settings.augment, training.lengths, training.X.shape[1])

    def batches(self, threads: int) -> Iterator[None]:
        """Train, and yield after every batch; after the last of an epoch, once the epoch is in the history."""
        net, how, at = self.net, self.settings, self.at
        while not self.done:
            for X, Y, lengths in self.training.batches(how.batch_size, self.generators.shuffling, at.batch):
                X, Y, masks = self._drawn(X, Y, lengths)
                loss, gradients = net.step(X, Y, threads, lengths=lengths, masks=masks, bptt_steps=how.bptt_steps)
                norm = self._prepare(gradients, loss)
                how.optimizer.update(net.parameters, gradients, self.state, self._factor())
                at.batch, at.loss, at.norm = at.batch + 1, at.loss + loss * len(X), at.norm + norm
                if at.batch < self.n_batches:
                    yield
            self._end_epoch()
            yield

    def stop(self) -> None:
        """End the training here, unless it has ended anyway."""
        if not self.done:
            self.done, self.history.ended = True, "stopped"

    def restore_best(self) -> None:
        """Set the network's parameters to the best, if early stopping has found any."""
        if self.history.best_epoch is not None:
            overwrite(self.net.parameters, self.best.parameters)

    def _drawn(self, X: Array, Y: Array, lengths: IntArray | None) -> tuple[Array, Array, Masks | None]:
        """Return the batch and its targets as the augmentation changes them, and dropout's masks for it."""
        net, how, generators = self.net, self.settings, self.generators
        if how.augment is not None:
            X, Y = augmented(how.augment, X, Y, lengths, generators.augmenting)
        if how.dropout is None:
            return X, Y, None
        return X, Y, how.dropout.draw(len(X), net.widths, generators.dropping, net.dtype)

    def _prepare(self, gradients: Parameters, loss: float) -> float:
        """Add L2's gradient to the others and clip them; return their norm before clipping."""
        net, how = self.net, self.settings
        if not math.isfinite(loss):
            self._diverged(f"the training loss became {loss}", self.at.batch + 1)
        overwrite(self.last_finite, net.parameters)
        if how.l2:
            add_l2(gradients, net.parameters, how.l2)
        norm = global_norm(gradients)
        if not math.isfinite(norm):
            self._diverged(f"the gradient's norm became {norm}", self.at.batch + 1)
        if how.clip is not None:
            self.at.clipped += bool(how.clip.clip(gradients, norm))
            check_gradients_fit(gradients, net.parameters, "after clipping")
        return norm

    def _factor(self) -> float:
        """Return what the schedule multiplies the learning rate by."""
        if self.settings.schedule is None:
            return 1.0
        epoch = self.at.epoch + self.at.batch / self.n_batches
        return real_number(self.settings.schedule(epoch, self.history), "schedule's factor", 0)

    def _end_epoch(self) -> None:
        """Write the epoch into the history, measure what is to be measured, and see whether another one follows."""
        at, history, how = self.at, self.history, self.settings
        if not all(np.isfinite(W).all() for W in self.net.parameters.values()):
            self._diverged("the parameters became infinite or NaN", self.n_batches)
        history.loss.append(at.loss / len(self.training))
        history.gradient_norm.append(at.norm / self.n_batches)
        history.clipped.append(at.clipped / self.n_batches)
        at.epoch, at.batch, at.loss, at.norm, at.clipped = at.epoch + 1, 0, 0.0, 0.0, 0
        self.epoch_began = Drawn.so_far(self.generators.shuffling)
        due = at.epoch % how.evaluate_every == 0 or at.epoch == how.epochs
        if due or how.early_stopping is not None:
            self._measure("validation", history.validation)
        if self._stops():
            due, history.ended = True, "early stopping"
        if due:
            self._measure("test", history.test)
        self.done = history.ended == "early stopping" or at.epoch == how.epochs

    def _measure(self, name: str, curve: Curve | None) -> None:
        if curve is not None:
            curve.append(self.at.epoch, *self.held_out[name].measure(self.net))

    def _stops(self) -> bool:
        """Return whether early stopping ends the training, once it has been shown the validation loss."""
        stopping, history = self.settings.early_stopping, self.history
        if stopping is None or history.validation is None:
            return False
        if self.best.update(history.validation.loss[-1], self.net.parameters):
            history.best_epoch = self.at.epoch
        return self.at.epoch - (history.best_epoch or 0) >= stopping.patience

    def _diverged(self, what: str, batch: int) -> NoReturn:
        overwrite(self.net.parameters, self.last_finite)
        self.history.ended = "diverged"
        raise DivergenceError(what, self.at.epoch + 1, batch, self.history)
