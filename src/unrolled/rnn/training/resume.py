"""Going on with a training from its checkpoint."""

import errno
from collections.abc import Iterable, Mapping
from os import PathLike, fspath, strerror
from os.path import realpath
from pathlib import Path
from typing import Any

from unrolled._support.file_lock import Claim
from unrolled._support.validation import shown, whole_number
from unrolled.rnn import loading
from unrolled.rnn.dropout import Dropout
from unrolled.rnn.network import Network
from unrolled.rnn.parts import Known, table, with_given
from unrolled.rnn.storage import StorageError
from unrolled.rnn.training.augmentation import Augmentation
from unrolled.rnn.training.averaging import EMA, SWA
from unrolled.rnn.training.checkpoint import Checkpoint, claimed, made_of, read
from unrolled.rnn.training.clipping import ClipNorm, ClipValue
from unrolled.rnn.training.early_stopping import EarlyStopping
from unrolled.rnn.training.history import History
from unrolled.rnn.training.loop import Generators, Run
from unrolled.rnn.training.measuring import Metric
from unrolled.rnn.training.optimizers import SGD, Adam, AdamW, RMSProp
from unrolled.rnn.training.samples import LabeledSamples, check_held_out, check_samples
from unrolled.rnn.training.schedules import Constant, Cosine, ReduceOnPlateau, StepDecay, WarmUp
from unrolled.rnn.training.settings import Settings
from unrolled.rnn.training.snapshot import restore
from unrolled.rnn.training.train import Callback, check_callbacks, finish, level

PARTS = {
    **loading.PARTS,
    **table(SGD, RMSProp, Adam, AdamW, Constant, StepDecay, Cosine, WarmUp, ReduceOnPlateau),
    **table(ClipNorm, ClipValue, Dropout, EarlyStopping, EMA, SWA),
}
"""What a checkpoint may name without being handed it."""

KEYS = {"made_of", "checkpoint_every", "network", "settings", "state"}


class CheckpointError(ValueError):
    """A checkpoint that this training cannot go on from.

    Its message names the file, and says what differs: samples, augmentation, the version of this library or of NumPy,
    or the number of BLAS threads.

    See Also
    --------
    resume : Raises it.
    StorageError : What is no checkpoint, or damaged.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> X, y = np.zeros((4, 5, 3)), [0, 1, 0, 1]
    >>> net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=2, rng=0)
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "run.h5"
    ...     _ = rnn.train(net, (X, y), optimizer=rnn.SGD(0.1), epochs=1, checkpoint=path, progress=False)
    ...     try:
    ...         rnn.resume(path, (X + 1, y), progress=False)
    ...     except rnn.CheckpointError as error:
    ...         print(str(error).removeprefix(folder))
    /run.h5 cannot be resumed: the training samples are not those it was made with
    """


def resume(
    path: str | PathLike[str],
    samples: LabeledSamples,
    *,
    validation: LabeledSamples | None = None,
    test: LabeledSamples | None = None,
    augment: Augmentation | None = None,
    metrics: Mapping[str, Metric] | None = None,
    sample_weight: Any = None,
    epochs: int | None = None,
    parts: Iterable[type] = (),
    progress: bool = True,
    verbose: int | None = None,
    on_epoch: Callback | None = None,
    on_batch: Callback | None = None,
) -> tuple[Network, History]:
    """Go on with a training that :func:`unrolled.rnn.train` kept in a checkpoint, as if it had never stopped.

    The network, the history and all random numbers become, to the bit, those of the training undisturbed, on the
    same machine and libraries. The checkpoint is kept up to date as before. A training that had ended well is given
    back as it ended.

    Parameters
    ----------
    path : path-like
        The checkpoint.
    samples, validation, test, augment, metrics, sample_weight
        The same that the training began with.
    epochs : int, optional
        Train until there are so many, where the training was for fewer, also one that has ended: it goes on as if it
        had been for so many from the beginning. Not after early stopping has ended it.
    parts : iterable of type
        The classes of cells, readouts, heads, optimizers, schedules and clippings of one's own that the file names. A
        file can make nothing else be imported or called.
    progress, verbose, on_epoch, on_batch
        As for :func:`unrolled.rnn.train`.

    Returns
    -------
    net : Network
    history : History

    Raises
    ------
    CheckpointError
        A ValueError: samples, augmentation, the version of this library or of NumPy, or the number of BLAS threads
        are not those the checkpoint was made with, or another training is under way that writes it. It says which.
    StorageError
        A ValueError: the file is not a checkpoint, is damaged, or names a part that is neither the library's nor among
        ``parts``.
    FileNotFoundError
        If there is none.
    ValueError, DivergenceError
        As :func:`unrolled.rnn.train` does.

    See Also
    --------
    train : Begins a training with a checkpoint.
    load : Reads a network that was saved.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> samples = np.zeros((4, 5, 3)), [0, 1, 0, 1]
    >>> net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=2, rng=0)
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "run.h5"
    ...     history = rnn.train(net, samples, optimizer=rnn.Adam(), epochs=2, checkpoint=path, progress=False)
    ...     net, again = rnn.resume(path, samples, progress=False)
    >>> again.loss == history.loss
    True
    """
    path = fspath(path)
    known = with_given(parts, PARTS)
    check_callbacks(on_epoch, on_batch)
    epochs, shown_as = None if epochs is None else whole_number(epochs, "epochs", 1), level(progress, verbose)
    if not Path(path).exists():
        raise FileNotFoundError(errno.ENOENT, strerror(errno.ENOENT), path)
    try:
        claim = claimed(Path(realpath(path)))
    except BlockingIOError:
        raise CheckpointError(
            f"{path} cannot be resumed: it is being written by a training that is under way"
        ) from None
    try:
        run, checkpoint = _read(path, claim, samples, validation, test, augment, metrics, sample_weight, epochs, known)
    except BaseException:
        claim.release()
        raise
    return run.net, finish(run, checkpoint, shown_as, on_epoch, on_batch)


def _read(
    path: str,
    claim: Claim,
    samples: LabeledSamples,
    validation: LabeledSamples | None,
    test: LabeledSamples | None,
    augment: Augmentation | None,
    metrics: Mapping[str, Metric] | None,
    sample_weight: Any,
    epochs: int | None,
    known: Known,
) -> tuple[Run, Checkpoint]:
    """Return the run that a checkpoint was written of, and the checkpoint to be kept up to date with it."""
    description, groups = read(path)
    try:
        if description.keys() != KEYS:
            raise ValueError(f"it is described by {shown(sorted(description))}, expected {', '.join(sorted(KEYS))}")
        settings = Settings.from_config(description["settings"], known, augment, metrics)
        net = loading.network(description["network"], groups.get("parameters", {}), known)
        settings.check_network(net)
        every = (
            None
            if description["checkpoint_every"] is None
            else whole_number(description["checkpoint_every"], "checkpoint_every", 1)
        )
    except (TypeError, ValueError) as error:
        raise StorageError(f"{path}: {str(error)[:300]}") from None
    training = check_samples(net, samples, "training", sample_weight)
    others = check_held_out(net, validation, test)
    made = made_of(training, others, augment, settings.metrics)
    _same(path, description["made_of"], made)
    try:
        if settings.early_stopping is not None and "validation" not in others:
            raise ValueError("it stops early without validation samples, whose loss it watches")
        run = Run(net, settings, training, others, Generators.drawn(0))
        restore(run, description["state"], groups)
    except (TypeError, ValueError) as error:
        raise StorageError(f"{path} is damaged: {str(error)[:300]}") from None
    if epochs is not None:
        run.go_on(epochs)
    return run, Checkpoint(Path(realpath(path)), claim, every, made, run)


def _same(path: str, then: Any, now: dict[str, Any]) -> None:
    if not isinstance(then, dict) or then.keys() != now.keys():
        raise StorageError(f"{path} is damaged: it was made of {shown(then)}, expected {', '.join(now)}")
    differing = [name for name in now if then[name] != now[name]]
    if differing:
        raise CheckpointError(
            f"{path} cannot be resumed: " + "; ".join(_difference(name, then[name], now[name]) for name in differing)
        )


def _difference(name: str, then: Any, now: Any) -> str:
    if name.endswith("samples"):
        if then is None or now is None:
            return f"it was made {'without' if then is None else 'with'} {name}, expected the same now"
        return f"the {name} are not those it was made with"
    return f"{name} was {shown(then)} when it was made and is {shown(now)} now"
