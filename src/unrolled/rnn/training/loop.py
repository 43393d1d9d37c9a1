"""A training under way: the loop over epochs and batches, and everything it is in the middle of."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import numpy as np

from unrolled._support.validation import real_number
from unrolled.rnn.arrays import Array, IntArray, Parameters, State
from unrolled.rnn.dropout import Masks
from unrolled.rnn.inputs import check_gradients_fit
from unrolled.rnn.network import Network
from unrolled.rnn.training.accumulation import accumulated
from unrolled.rnn.training.augmentation import augmented, refuse_misfit, refuse_moved_padding
from unrolled.rnn.training.clipping import global_norm
from unrolled.rnn.training.early_stopping import Best, copied, overwrite
from unrolled.rnn.training.history import Curve, History
from unrolled.rnn.training.l2 import add_l2
from unrolled.rnn.training.measuring import measured
from unrolled.rnn.training.samples import Batch, FromSource, InMemory
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

    See Also
    --------
    train : Raises it.
    ClipNorm : What often helps.
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
    amount: float = 0.0
    """How much the answers of these batches counted together."""


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
    trained : dict of ndarray
        The parameters that are not frozen, the network's own.
    state : dict
        The optimizer's.
    average : dict of ndarray
        Of the weights; without averaging, the network's parameters themselves.
    batch_loss : float
        Of the last batch.
    carried : dict of ndarray
        Of a stateful training, the states after the last window.
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
        net: Network,
        settings: Settings,
        training: InMemory | FromSource,
        held_out: dict[str, InMemory | FromSource],
        generators: Generators,
    ) -> None:
        self.net, self.settings, self.training = net, settings, training
        self.held_out = {**held_out, **({"training": training} if settings.evaluate_training else {})}
        self.generators, self.epoch_began = generators, Drawn.so_far(generators.shuffling)
        self.history, of_numbers = History(), net.answers == "numbers"
        for name in self.held_out:
            curve = Curve(metrics={each: [] for each in settings.metrics or ()}, r2=[] if of_numbers else None)
            setattr(self.history, name, curve)
        self.at, self.done = Position(), False
        self.n_batches = -(-len(training) // settings.update_size)
        self.carried: State = {}
        if settings.stateful:
            if not isinstance(training, InMemory):
                raise ValueError("stateful is True, expected training samples in memory for it")
            self.n_batches *= training.n_windows(settings.bptt_steps or 1)
        self.trained, self.batch_loss = settings.trained(net), 0.0
        self.average = net.parameters if settings.averaging is None else copied(net.parameters)
        self.state = settings.optimizer.start(self.trained)
        self.best, self.last_finite = Best(net.parameters), copied(net.parameters)
        if isinstance(training, InMemory):
            refuse_moved_padding(settings.augment, training.lengths, training.X.shape[1])
            refuse_misfit(settings.augment, training.X, not net.answers_once)

    def batches(self, threads: int) -> Iterator[None]:
        """Train, and yield after every batch; after the last of an epoch, once the epoch is in the history."""
        how, at = self.settings, self.at
        while not self.done:
            for batch in self._batches():
                if len(batch.X):
                    X, Y, masks = self._drawn(batch.X, batch.Y, batch.lengths)
                    loss, gradients = self._step(batch._replace(X=X, Y=Y), masks, threads)
                    norm = self._prepare(gradients, loss)
                    how.optimizer.update(self.trained, gradients, self.state, self._factor())
                    amount = self.net.amount(X.shape, batch.lengths, batch.weights)
                    at.loss, at.norm, at.amount = at.loss + loss * amount, at.norm + norm, at.amount + amount
                at.batch += 1
                self._take_average()
                if at.batch < self.n_batches:
                    yield
            self._end_epoch()
            yield

    def _batches(self) -> Iterator[Batch]:
        """Return the batches that are left of the epoch."""
        how, rng, start, dtype = self.settings, self.generators.shuffling, self.at.batch, self.net.dtype
        if how.stateful and isinstance(self.training, InMemory):
            return self.training.windows(how.update_size, how.bptt_steps or 1, rng, start, dtype=dtype)
        return self.training.batches(how.update_size, rng, start, dtype=dtype)

    def stop(self) -> None:
        """End the training here, unless it has ended anyway."""
        if not self.done:
            self.done, self.history.ended = True, "stopped"

    def go_on(self, epochs: int) -> None:
        """Train until there are so many epochs, where a run ended before.

        Raises
        ------
        ValueError
            If it ended early, or has as many epochs already.
        """
        if self.history.ended == "early stopping":
            raise ValueError(f"epochs is {epochs}, but early stopping ended the training at epoch {self.at.epoch}")
        if epochs < self.at.epoch + bool(self.at.batch) or (self.done and epochs == self.at.epoch):
            raise ValueError(f"epochs is {epochs}, expected more than the {self.at.epoch} that are trained already")
        if self.done and self.at.epoch % self.settings.evaluate_every:
            self._forget_the_last_measurement()
        self.settings = replace(self.settings, epochs=epochs)
        self.done, self.history.ended = self.at.epoch == epochs, "epochs"

    def _forget_the_last_measurement(self) -> None:
        """Take back what was measured because the epoch was the last one, as it no longer is."""
        history = self.history
        every_epoch = self.settings.early_stopping is not None
        for curve in (history.training, history.test, None if every_epoch else history.validation):
            if curve is not None and curve.epochs[-1:] == [self.at.epoch]:
                curve.drop_last()

    def restore_best(self) -> None:
        """Set the network's parameters to the best, if early stopping has found any, or else to their average."""
        best = self.average if self.history.best_epoch is None else self.best.parameters
        overwrite(self.net.parameters, best)

    def _drawn(self, X: Array, Y: Array, lengths: IntArray | None) -> tuple[Array, Array, Masks | None]:
        """Return the batch and its targets as the augmentation changes them, and dropout's masks for it."""
        net, how, generators = self.net, self.settings, self.generators
        if how.augment is not None:
            X, Y = augmented(how.augment, X, Y, lengths, generators.augmenting)
        if how.dropout is None:
            return X, Y, None
        return X, Y, how.dropout.draw(len(X), net.widths, generators.dropping, net.dtype)

    def _step(self, batch: Batch, masks: Masks | None, threads: int) -> tuple[float, Parameters]:
        """Return a batch's loss and its gradient in what is trained, piece by piece where gradients accumulate.

        A window of a stateful training begins where the one before has ended.
        """
        X, Y, lengths, weights, goes_on = batch
        net, how = self.net, self.settings
        state = None if goes_on is None else {name: A[goes_on] for name, A in self.carried.items()}
        self.carried = {}

        def of(rows: slice) -> tuple[float, Parameters]:
            return net.step(
                X[rows],
                Y[rows],
                threads,
                lengths=None if lengths is None else lengths[rows],
                weights=None if weights is None else weights[rows],
                state=state,
                masks=None if masks is None else masks.of(rows),
                bptt_steps=None if how.stateful else how.bptt_steps,
                final_state=self.carried if how.stateful else None,
            )

        def amount(rows: slice) -> float:
            return net.amount_of(X, lengths, weights, rows)

        loss, gradients = accumulated(of, len(X), how.batch_size, amount)
        return loss, {name: gradients[name] for name in self.trained}

    def _prepare(self, gradients: Parameters, loss: float) -> float:
        """Add L2's gradient to the others and clip them; return their norm before clipping."""
        how = self.settings
        if not math.isfinite(loss):
            self._diverged(f"the training loss became {loss}", self.at.epoch + 1, self.at.batch + 1)
        self.batch_loss = loss
        overwrite(self.last_finite, self.net.parameters)
        if how.l2:
            add_l2(gradients, self.trained, how.l2)
        norm = global_norm(gradients)
        if not math.isfinite(norm):
            self._diverged(f"the gradient's norm became {norm}", self.at.epoch + 1, self.at.batch + 1)
        if how.clip is not None:
            self.at.clipped += bool(how.clip.clip(gradients, norm))
            check_gradients_fit(gradients, self.trained, "after clipping")
        return norm

    def _take_average(self) -> None:
        """Take the parameters into their average, if there is one."""
        if self.settings.averaging is not None:
            n = self.at.epoch * self.n_batches + self.at.batch
            self.settings.averaging.update(self.average, self.net.parameters, n, self.n_batches)

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        """Have the average in the network meanwhile, if there is one."""
        if self.settings.averaging is None:
            yield
            return
        latest = copied(self.net.parameters)
        overwrite(self.net.parameters, self.average)
        try:
            yield
        finally:
            overwrite(self.net.parameters, latest)

    def _factor(self) -> float:
        """Return what the schedule multiplies the learning rate by."""
        if self.settings.schedule is None:
            return 1.0
        epoch = self.at.epoch + self.at.batch / self.n_batches
        return real_number(self.settings.schedule(epoch, self.history), "schedule's factor", 0)

    def _end_epoch(self) -> None:
        """Write the epoch into the history, measure what is to be measured, and see whether another one follows."""
        at, history = self.at, self.history
        if not all(np.isfinite(W).all() for W in self.net.parameters.values()):
            self._diverged("the parameters became infinite or NaN", self.at.epoch + 1, self.n_batches)
        history.loss.append(at.loss / (at.amount or 1))
        history.gradient_norm.append(at.norm / self.n_batches)
        history.clipped.append(at.clipped / self.n_batches)
        at.epoch, at.batch, at.loss, at.norm, at.clipped = at.epoch + 1, 0, 0.0, 0.0, 0
        at.amount, self.carried = 0.0, {}
        self.epoch_began = Drawn.so_far(self.generators.shuffling)
        with self._averaged():
            self._measure_epoch()
        self.done = history.ended == "early stopping" or at.epoch == self.settings.epochs

    def _measure_epoch(self) -> None:
        """Measure what is to be measured after an epoch, and see whether early stopping ends the training."""
        at, history, how = self.at, self.history, self.settings
        due = at.epoch % how.evaluate_every == 0 or at.epoch == how.epochs
        if due or how.early_stopping is not None:
            self._measure("validation", history.validation)
        if self._stops():
            due, history.ended = True, "early stopping"
        if due:
            self._measure("test", history.test)
            self._measure("training", history.training)

    def _measure(self, name: str, curve: Curve | None) -> None:
        if curve is not None:
            samples = self.held_out[name]
            loss, score = samples.measure(self.net)
            if math.isnan(loss):
                self._diverged(f"the {name} loss became {loss}", self.at.epoch, self.n_batches)
            curve.append(self.at.epoch, loss, score, measured(self.net, samples, self.settings.metrics or {}))

    def _stops(self) -> bool:
        """Return whether early stopping ends the training, once it has been shown the validation measure."""
        stopping, history = self.settings.early_stopping, self.history
        if stopping is None or history.validation is None:
            return False
        value = stopping.sign * history.validation.columns()[stopping.monitor][-1]
        if self.best.update(value, self.net.parameters, stopping.min_delta):
            history.best_epoch = self.at.epoch
        return self.at.epoch - (history.best_epoch or 0) >= stopping.patience

    def _diverged(self, what: str, epoch: int, batch: int) -> NoReturn:
        overwrite(self.net.parameters, self.last_finite)
        if self.settings.averaging is not None:
            overwrite(self.average, self.last_finite)
        self.history.ended = "diverged"
        raise DivergenceError(what, epoch, batch, self.history)
