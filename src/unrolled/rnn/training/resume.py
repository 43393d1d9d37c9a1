"""Going on with a training from its checkpoint."""

from os import PathLike, fspath
from typing import Any

import numpy as np

from unrolled.rnn.loading import network
from unrolled.rnn.network import ManyToOne
from unrolled.rnn.storage import StorageError
from unrolled.rnn.training.augmentation import Augmentation
from unrolled.rnn.training.checkpoint import STREAMS, Checkpoint, Saved, made_of, read
from unrolled.rnn.training.early_stopping import overwrite
from unrolled.rnn.training.history import Curve, History
from unrolled.rnn.training.loop import Generators, Position, Run
from unrolled.rnn.training.samples import Labelled, check_held_out, check_samples
from unrolled.rnn.training.settings import Settings
from unrolled.rnn.training.train import Callback, check_callbacks, finish


class CheckpointError(ValueError):
    """A checkpoint that this training cannot go on from; says what differs."""


def resume(
    path: str | PathLike[str],
    samples: Labelled,
    *,
    validation: Labelled | None = None,
    test: Labelled | None = None,
    augment: Augmentation | None = None,
    progress: bool = True,
    on_epoch: Callback | None = None,
    on_batch: Callback | None = None,
) -> tuple[ManyToOne, History]:
    """Go on with a training that :func:`unrolled.rnn.train` kept in a checkpoint, as if it had never stopped.

    The network, the history and all random numbers become, to the bit, those of the training undisturbed, on the
    same machine and libraries. The checkpoint is kept up to date as before. A training that had ended well is given
    back as it ended.

    Parameters
    ----------
    path : path-like
        The checkpoint.
    samples, validation, test, augment
        The same that the training began with.
    progress, on_epoch, on_batch
        As for :func:`unrolled.rnn.train`.

    Returns
    -------
    net : ManyToOne
    history : History

    Raises
    ------
    CheckpointError
        A ValueError: samples, augmentation, the version of this library or of NumPy, or the number of BLAS threads
        are not those the checkpoint was made with. It says which.
    StorageError
        A ValueError: the file is not a checkpoint, or is damaged.
    FileNotFoundError
        If there is none.
    ValueError, DivergenceError
        As :func:`unrolled.rnn.train` does.
    """
    path = fspath(path)
    saved = read(path)
    check_callbacks(on_epoch, on_batch)
    try:
        settings = Settings.of(saved.description["settings"], augment)
        net = network(saved.description["network"], saved.parameters)
    except (KeyError, TypeError, ValueError) as error:
        raise StorageError(f"{path}: {error}") from None
    training, others = check_samples(net, samples, "training"), check_held_out(net, validation, test)
    _same(path, saved.description["made of"], made_of(training, others, augment))
    run = Run(net, settings, training, others, Generators.spawned(0))
    try:
        _restore(run, saved)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StorageError(f"{path} is damaged: {error}") from None
    checkpoint = Checkpoint(path, saved.description["every"], saved.description["made of"])
    checkpoint.tidy()
    return net, finish(run, checkpoint, progress, on_epoch, on_batch)


def _same(path: str, then: dict[str, Any], now: dict[str, Any]) -> None:
    differing = [name for name in now if then.get(name) != now[name]]
    if differing:
        raise CheckpointError(
            f"{path} cannot be resumed: "
            + "; ".join(_difference(name, then.get(name), now[name]) for name in differing)
        )


def _difference(name: str, then: Any, now: Any) -> str:
    if name.endswith("samples"):
        if then is None or now is None:
            return f"it was made {'without' if then is None else 'with'} {name}, expected the same now"
        return f"the {name} are not those it was made with"
    return f"{name} was {then!r} when it was made and is {now!r} now"


def _restore(run: Run, saved: Saved) -> None:
    """Put a run where the checkpoint was made."""
    description = saved.description
    history = dict(description["history"])
    curves = {name: None if history[name] is None else Curve(**history[name]) for name in ("validation", "test")}
    for name, value in {**history, **curves}.items():
        setattr(run.history, name, value)
    if run.history.ended == "interrupted":
        run.history.ended = "epochs"
    run.at = Position(**description["position"])
    for name in STREAMS:
        setattr(run.generators, name, _stream(description["streams"][name]))
    run.shuffling_state = description["streams"]["shuffling"]
    run.done = bool(description["done"])
    run.best.loss = description["best loss"]
    overwrite(run.best.parameters, saved.best)
    overwrite(run.last_finite, saved.kept)
    if run.state.keys() != saved.state.keys():
        raise ValueError(f"its optimizer has {sorted(saved.state)}, expected {sorted(run.state)}")
    for name, arrays in run.state.items():
        overwrite(arrays, saved.state[name])


def _stream(state: dict[str, Any]) -> np.random.Generator:
    generator = getattr(np.random, state["bit_generator"])()
    generator.state = state
    return np.random.Generator(generator)
