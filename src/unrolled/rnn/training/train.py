"""Mini-batch training: what is handed over is checked, and the loop runs within its wrappers.

The loop itself is :meth:`unrolled.rnn.training.loop.Run.batches`.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any, TypeAlias

import numpy as np

from unrolled._support.blas_threads import one_blas_thread
from unrolled._support.interrupt import interruptions
from unrolled._support.progress import Progress
from unrolled._support.validation import shown, whole_number
from unrolled.rnn.dropout import Dropout
from unrolled.rnn.network import Network
from unrolled.rnn.output.class_weights import BALANCED, balanced
from unrolled.rnn.sound import check_finite_parameters, check_trainable
from unrolled.rnn.training.augmentation import Augmentation
from unrolled.rnn.training.averaging import Averaging
from unrolled.rnn.training.checkpoint import Checkpoint
from unrolled.rnn.training.clipping import Clipping
from unrolled.rnn.training.early_stopping import EarlyStopping
from unrolled.rnn.training.history import History
from unrolled.rnn.training.loop import Generators, Run
from unrolled.rnn.training.measuring import Metric
from unrolled.rnn.training.optimizers import Optimizer, State
from unrolled.rnn.training.samples import LabeledSamples, check_held_out, check_samples
from unrolled.rnn.training.schedules import Schedule
from unrolled.rnn.training.settings import Settings
from unrolled.rnn.training.snapshot import fill

Callback: TypeAlias = Callable[[int, History, Any], object]
"""Told how far a training is, counted from 1, its history and its network; the answer True ends the training."""


def train(
    net: Network,
    samples: LabeledSamples,
    *,
    optimizer: Optimizer,
    batch_size: int = 30,
    epochs: int = 50,
    validation: LabeledSamples | None = None,
    test: LabeledSamples | None = None,
    evaluate_every: int = 1,
    early_stopping: EarlyStopping | None = None,
    schedule: Schedule | None = None,
    clip: Clipping | None = None,
    dropout: Dropout | None = None,
    augment: Augmentation | None = None,
    l2: float = 0.0,
    bptt_steps: int | None = None,
    accumulate: int = 1,
    freeze: str | Sequence[str] = (),
    averaging: Averaging | None = None,
    metrics: Mapping[str, Metric] | None = None,
    evaluate_training: bool = False,
    stateful: bool = False,
    sample_weight: Any = None,
    state: State | None = None,
    rng: int | np.random.Generator | None = None,
    checkpoint: str | PathLike[str] | None = None,
    checkpoint_every: int | None = None,
    progress: bool = True,
    verbose: int | None = None,
    on_epoch: Callback | None = None,
    on_batch: Callback | None = None,
) -> History:
    """Train a network in place, by mini-batches drawn without replacement and shuffled anew each epoch.

    Ctrl-C ends the training after the batch under way: history, and the best parameters with early
    stopping or else the latest, are kept and returned. A second Ctrl-C interrupts at once.

    Where threadpoolctl is installed (the extra ``threads``), BLAS is held to one thread meanwhile, and large
    batches are divided among as many threads as BLAS had: see :mod:`unrolled._support.blas_threads`.

    Parameters
    ----------
    net : Network
        Its parameters are changed; and of its head, class weights that are "balanced" become numbers.
    samples : object with ``X`` and ``y``, or a tuple (X, y), (X, y, lengths) or (X, y, lengths, weights), or a source
        X (N, T, D), or whole numbers (N, T) for symbols; y as for :meth:`Network.loss_and_gradients`: integers (N,) or
        one-hot (N, C), numbers, or the same for every step. Sequences of different lengths have ``lengths`` (N,) too;
        what stands in X after a sample's last step is not read. ``sample_weight`` is what each sample or step counts.
        A source gives its samples batch by batch
        (:class:`unrolled.rnn.source.Source`), such as a file larger than memory.
    optimizer : Optimizer
        Such as ``SGD(0.01)`` or ``Adam(0.003)``, or any :class:`unrolled.rnn.Optimizer`.
    batch_size : int, default 30
        Samples a batch; the last batch of an epoch holds what is left.
    epochs : int, default 50
        At most this many.
    validation, test : as ``samples``, optional
        Measured, never trained on. Early stopping depends on ``validation`` alone.
    evaluate_every : int, default 1
        Measure them after every so many epochs (the report's figures: 10) and after the last.
        With early stopping, ``validation`` is measured after every epoch.
    early_stopping : EarlyStopping, optional
        Needs ``validation``.
    schedule : Schedule, optional
        What the learning rate is multiplied by, such as ``Cosine(epochs)``; asked before every batch.
    clip : Clipping, optional
        Holds the gradients to a size, such as ``ClipNorm(1.0)``.
    dropout : Dropout, optional
        Leaves out a part of the numbers of each sequence.
    augment : Augmentation, optional
        ``f(X, rng) -> array`` of the same shape, called on every batch (m, T, D) before it is trained on, such as
        those in ``unrolled.data.augment``. One with a true attribute ``moves_time`` is refused for sequences of
        different lengths, whose padding it would move. One with a method ``with_targets(X, Y, rng)`` is called so
        instead, and returns targets (m, C) as well.
    l2 : float, default 0
        Adds ``l2 / 2`` times the sum of all squared weights (not biases) to what is minimized; not to the losses
        in the history, which stay comparable.
    bptt_steps : int, optional
        Truncated back-propagation, through so many steps at a time: see :meth:`Network.loss_and_gradients`.
    stateful : bool, default False
        For long recordings, with a target at every step: each update is made on the next ``bptt_steps`` steps of a
        batch of recordings, and the states are carried on from window to window, recording by recording. They are
        constants of the next window: no gradient goes back beyond its beginning.
    sample_weight : array_like, shape (N,) or (N, T), optional
        Of the training samples, unless they have some themselves.
    accumulate : int, default 1
        Update once for so many batches, by the mean of their gradients, computed one after the other: the training is
        one with ``accumulate * batch_size`` samples a batch, in the memory of ``batch_size``. Where others speak of
        batches (``on_batch``, ``checkpoint_every``, a schedule), they mean updates.
    freeze : sequence of str, optional
        Names of parameters that stay as they are, such as ``("W_ih", "b_h")``. Their gradients count neither in the
        norm nor in L2.
    averaging : Averaging, optional
        Average the weights along the way, by ``EMA(0.999)`` or ``SWA(start=30)``: what is measured, what early stopping
        keeps and what the network has in the end is the average.
    metrics : mapping of str to callable, optional
        Functions of y (N,) and scores (N, C), what ``predict_proba`` returns, to a number, measured with loss and
        accuracy on held-out samples: in the history, the bar and the curves, and for early stopping to watch.
    evaluate_training : bool, default False
        Measure the training samples too when ``test`` is measured: ``history.training``.
    state : dict, optional
        The ``state`` of an earlier history, with the same optimizer: it goes on with its momentum or moments.
        Schedules and epochs are counted anew; for a training that goes on to the bit see :func:`unrolled.rnn.resume`.
    rng : None, int or numpy.random.Generator
        For shuffling, dropout and augmentation, a stream of its own for each, seeded by what this one draws next.
    checkpoint : path-like, optional
        A file that is kept up to date with everything the training is in the middle of, so that
        :func:`unrolled.rnn.resume` goes on from it after a kill or a power cut. It must not exist yet.
    checkpoint_every : int, optional
        Write the checkpoint after every so many batches; by default after every epoch.
    progress : bool, default True
        Show a progress bar with rate and remaining time on standard error (tqdm where it is installed,
        plain lines where not); False is silent.
    verbose : int, optional
        Keras's and scikit-learn's word for it: 0 is silent, 1 shows the bar, 2 prints a line after each epoch.
    on_epoch : callable, optional
        Called as ``on_epoch(epoch, history, net)`` after each epoch, counted from 1. If it returns True, the training
        ends there, as if it had been the last epoch. The network is the one that is trained, to be read and left as
        it is.
    on_batch : callable, optional
        Called as ``on_batch(n, history, net)`` after each batch, counted from 1 on through all epochs, and in the
        same way; before ``on_epoch`` where both are due.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        If samples or settings are not as described, or a parameter is infinite or NaN: nothing has been trained then.
        If what a schedule, a clipping or an augmentation returns, or a batch of a source, is not: what was trained
        until then is kept.
    DivergenceError
        If the loss, the gradient's norm or a parameter becomes infinite or NaN.
    FileExistsError
        If there is a file at ``checkpoint`` already: it may be a training to resume. So too if a training that writes
        it is under way.
    OSError
        If the checkpoint cannot be written before training begins. Later, that is a :class:`CheckpointWarning`: the
        training goes on, and tries again when the next one is due.

    See Also
    --------
    resume : Goes on from a checkpoint.
    find_learning_rate : Which learning rates the loss falls at.
    CSVLog : Writes the history to a file, epoch by epoch.
    unrolled.sweep.run : Trains many networks.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 60)
    >>> X = rng.standard_normal((60, 10, 3)) + y[:, None, None]  # two classes, told apart by their mean
    >>> net = rnn.ManyToOne(rnn.Tanh(8), n_inputs=3, n_classes=2, rng=0)
    >>> history = rnn.train(net, (X, y), optimizer=rnn.Adam(0.01), epochs=20, rng=0, progress=False)
    >>> history.loss[-1] < history.loss[0] / 2
    True
    """
    if not isinstance(net, Network):
        raise ValueError(f"net is {net!r}, expected a network such as rnn.ManyToOne(...)")
    net.check_parameters()
    check_trainable(net.parameters)
    check_finite_parameters(net.parameters)
    check_callbacks(on_epoch, on_batch)
    shown_as = level(progress, verbose)
    settings = Settings(
        optimizer=optimizer,
        batch_size=batch_size,
        epochs=epochs,
        evaluate_every=evaluate_every,
        early_stopping=early_stopping,
        schedule=schedule,
        clip=clip,
        dropout=dropout,
        augment=augment,
        l2=l2,
        bptt_steps=bptt_steps,
        accumulate=accumulate,
        freeze=freeze,  # type: ignore[arg-type]  # a text becomes a tuple of one
        averaging=averaging,
        metrics=metrics,
        evaluate_training=evaluate_training,
        stateful=stateful,
    )
    settings.check_network(net)
    training = check_samples(net, samples, "training", sample_weight)
    others = check_held_out(net, validation, test)
    if early_stopping is not None and "validation" not in others:
        raise ValueError("early_stopping was given without validation samples, which it watches")
    head = net.head
    try:
        if head.class_weights == BALANCED:
            net.head = balanced(head, training.counts())
        run = Run(net, settings, training, others, Generators.drawn(rng))
        if state is not None:
            _go_on_with(run.state, state)
        keeping = Checkpoint.begin(checkpoint, checkpoint_every, run)
    except BaseException:
        net.head = head  # what is refused has changed nothing
        raise
    return finish(run, keeping, shown_as, on_epoch, on_batch)


def level(progress: bool, verbose: int | None) -> int:
    """Return how much is shown: 0 nothing, 1 a bar, 2 a line after each epoch."""
    if verbose is None:
        return int(bool(progress))
    return whole_number(int(verbose) if isinstance(verbose, bool) else verbose, "verbose", 0, 2)


def check_callbacks(on_epoch: object, on_batch: object) -> None:
    """Raise a ValueError unless each is a function or None."""
    for name, given, what in (("on_epoch", on_epoch, "epoch"), ("on_batch", on_batch, "n")):
        if not (given is None or callable(given)):
            raise ValueError(f"{name} is {given!r}, expected a function of {what}, history and net")


def finish(
    run: Run,
    checkpoint: Checkpoint | None,
    shown_as: int,
    on_epoch: Callback | None,
    on_batch: Callback | None = None,
) -> History:
    """Train to the end: the loop, and around it all that makes no difference to what it computes.

    Parameters
    ----------
    run : Run
        New, or as a checkpoint had it.
    checkpoint : Checkpoint, optional
        Kept up to date.
    shown_as : int
        0 for nothing, 1 for a bar, 2 for a line after each epoch.
    on_epoch, on_batch
        As for :func:`train`.

    Returns
    -------
    History
        The run's.
    """
    at, history, n_batches = run.at, run.history, run.n_batches
    total, done = run.settings.epochs * n_batches, at.epoch * n_batches + at.batch
    begun = time.perf_counter() - history.seconds
    with (
        np.errstate(over="ignore", invalid="ignore"),  # divergence has a sentence of its own
        interruptions() as interrupted,
        one_blas_thread() as threads,
        Progress(total, "batch", shown=shown_as > 0 and not run.done, done=done, lines=shown_as == 2) as bar,
    ):
        try:
            for _ in run.batches(threads):
                epoch_ended = at.batch == 0
                if epoch_ended:
                    bar.say(history.latest())
                bar.step()
                if on_batch is not None and _is_true(on_batch(at.epoch * n_batches + at.batch, history, run.net)):
                    run.stop()
                if epoch_ended and on_epoch is not None and _is_true(on_epoch(at.epoch, history, run.net)):
                    run.stop()
                history.seconds = time.perf_counter() - begun
                if interrupted() and not run.done:
                    history.ended = "interrupted"
                ended = run.done or history.ended == "interrupted"
                if checkpoint is not None and (ended or checkpoint.is_due(epoch_ended)):
                    checkpoint.update(run)
                if ended:
                    break
        finally:  # whatever ended it: the user keeps the best
            run.restore_best()
            run.net.release()
            if checkpoint is not None:
                checkpoint.close()
            history.seconds, history.state = time.perf_counter() - begun, run.state
    return history


def _go_on_with(target: State, state: Any) -> None:
    """Overwrite an optimizer's state by an earlier one."""
    if not isinstance(state, Mapping) or state.keys() != target.keys():
        found = sorted(state) if isinstance(state, Mapping) else shown(state)
        raise ValueError(f"state has {found}, expected {sorted(target)}: the history.state of the same optimizer")
    for name, arrays in target.items():
        fill(arrays, state[name], f"state's {name}")


def _is_true(answer: object) -> bool:
    """Return whether an answer is True, Python's or NumPy's; what else a callback may return is not one."""
    return isinstance(answer, bool | np.bool_) and bool(answer)
