"""What a point becomes by default: a network, its training, and what it measures on the validation samples."""

import dataclasses
import inspect
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from unrolled import rnn
from unrolled.rnn.training.measuring import measured
from unrolled.rnn.training.samples import check_samples
from unrolled.rnn.training.settings import Settings
from unrolled.sweep.points import Point
from unrolled.sweep.samples import Part, arrays_of, ask_for_more_than_a_class, number_of_symbols

SPECIAL = ("network", "cell", "hidden", "optimizer")
NETWORK = tuple(
    name
    for name in inspect.signature(rnn.ManyToOne).parameters
    if name not in (*SPECIAL, "n_inputs", "n_classes", "rng")
)
NOT_SETTINGS = (
    "net",
    "samples",
    "sample_weight",
    "validation",
    "test",
    "rng",
    "checkpoint",
    "checkpoint_every",
    "progress",
    "on_epoch",
    "on_batch",
    "state",
    "verbose",
)
TRAINING = tuple(name for name in inspect.signature(rnn.train).parameters if name not in (*SPECIAL, *NOT_SETTINGS))


def train_network(point: Point, training: Part, validation: Part, rng: np.random.Generator) -> dict[str, Any]:
    """Train one network and measure it: the trial of :func:`unrolled.sweep.run` unless another is given.

    Parameters
    ----------
    point : mapping
        Any of

        - ``cell`` (default ``rnn.Tanh``) and ``hidden`` (50): a kind of cell that is given its number of hidden
          units, or a cell that has it, such as ``rnn.LSTM(50)``, or a sequence of such;
        - ``network`` (``rnn.ManyToOne``): or ``rnn.ManyToMany``, an answer at every step;
        - ``n_outputs``, where answers are numbers, in all points; else there is a class for each label;
        - ``readout``, ``head``, ``initializer``, ``initial_state``, ``dtype`` of :class:`unrolled.rnn.ManyToOne`;
        - ``optimizer`` (``rnn.SGD``): a kind, and beside it any of its settings, such as ``learning_rate`` (0.01) and
          ``momentum``; or an optimizer that has them;
        - ``batch_size``, ``epochs``, ``early_stopping``, ``schedule``, ``clip``, ``dropout``, ``l2``, ``bptt_steps``
          and the like of :func:`unrolled.rnn.train`. A schedule may be a kind whose one need is the number of epochs,
          such as ``rnn.Cosine``.
    training, validation : Part
        Early stopping looks at the validation samples, and so does the last measurement.
    rng : numpy.random.Generator
        Of the weights, the shuffling and the dropout.

    Returns
    -------
    dict
        ``accuracy``, or ``r2`` where answers are numbers, and ``loss`` on the validation samples with the parameters
        training ended with (with early stopping, the best), and what the point's ``metrics`` say of them;
        ``training_loss``, ``gradient_norm`` and ``clipped`` of the last epoch; ``epochs`` run, ``best_epoch`` and
        ``stopped``, the history's ``ended``.

    Raises
    ------
    ValueError
        If the point has a setting of another name, or one that does not fit.
    DivergenceError
        If the loss becomes infinite or NaN.

    See Also
    --------
    run : Calls it for each point, seed and fold.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import data, sweep
    >>> train, validation = data.load_shoulder_exercises().train.split(0.5, rng=0)
    >>> parts = [sweep.Part(each.X[:50], each.y[:50], None, None, n_classes=7) for each in (train, validation)]
    >>> measured = sweep.train_network({"hidden": 4, "epochs": 1}, *parts, np.random.default_rng(0))
    >>> sorted(measured)[:2]
    ['accuracy', 'best_epoch']
    """
    stopping = point.get("early_stopping") is not None
    net, history = _trained(point, training, validation if stopping else None, training.n_classes, rng, False)
    if history.ended == "interrupted":  # not what was asked for, so not a result
        raise KeyboardInterrupt
    held_out = check_samples(net, validation, "validation")
    loss, score = held_out.measure(net)
    if not math.isfinite(loss):
        batches = -(-len(training.X) // (point.get("batch_size", 30) * point.get("accumulate", 1)))
        raise rnn.DivergenceError(f"the validation loss became {loss}", len(history.loss), batches, history)
    return {
        **measured(net, held_out, point.get("metrics") or {}),
        "r2" if net.answers == "numbers" else "accuracy": score,
        "loss": loss,
        "training_loss": history.loss[-1],
        "gradient_norm": history.gradient_norm[-1],
        "clipped": history.clipped[-1],
        "epochs": len(history.loss),
        "best_epoch": history.best_epoch,
        "stopped": history.ended,
    }


def refitted(
    point: Point, samples: Any, validation: Any, rng: np.random.Generator, progress: bool
) -> tuple[rnn.Network, rnn.History]:
    """Train the network of a point, see :meth:`unrolled.sweep.Results.refit`."""
    arrays, n_classes = arrays_of(samples, labeled=not ask_for_more_than_a_class([point]))
    weights = arrays.get("sample_weight")
    part = Part(
        arrays["X"], arrays["y"], arrays.get("lengths"), None, n_classes, weights, number_of_symbols(arrays["X"])
    )
    return _trained(point, part, validation, n_classes, rng, progress)


def _trained(
    point: Point, training: Part, validation: Any, n_classes: int, rng: np.random.Generator, progress: bool
) -> tuple[rnn.Network, rnn.History]:
    cell, optimizer, settings = parts_of(point)
    net = network_of(cell, point, training.n_inputs, n_classes, rng)
    history = rnn.train(
        net, training, optimizer=optimizer, validation=validation, rng=rng, progress=progress, **settings
    )
    return net, history


def checked(point: Point, n_inputs: int, n_classes: int) -> None:
    """Make all that a point asks for and train nothing, so that no search ends after hours for a wrong value.

    Raises
    ------
    ValueError, TypeError
        If a setting has an unknown name, or does not fit the kind it is for or samples of so many inputs and classes.
    """
    cell, optimizer, settings = parts_of(point)
    net = network_of(cell, point, n_inputs, n_classes, np.random.default_rng(0))
    defaults = {name: inspect.signature(rnn.train).parameters[name].default for name in TRAINING}
    Settings(**(defaults | settings | {"optimizer": optimizer})).check_network(net)


def network_of(cell: Any, point: Point, n_inputs: int, n_classes: int, rng: np.random.Generator) -> rnn.Network:
    """Make the network that a point asks for."""
    settings = {name: point[name] for name in NETWORK if name in point}
    kind = point.get("network", rnn.ManyToOne)
    if kind not in (rnn.ManyToOne, rnn.ManyToMany):
        raise ValueError(f"network is {kind!r}, expected rnn.ManyToOne or rnn.ManyToMany, the class itself")
    classes = {} if settings.get("n_outputs") is not None else {"n_classes": n_classes}
    made: rnn.Network = kind(cell, n_inputs=n_inputs, **classes, **settings, rng=rng)
    return made


def parts_of(point: Point) -> tuple[Any, Any, dict[str, Any]]:
    """Return the cell, the optimizer and the settings of the training that a point asks for.

    Raises
    ------
    ValueError
        If a setting has an unknown name or does not fit the kind it is for.
    """
    optimizer, known = _optimizer(point)
    unknown = [name for name in point if name not in (*SPECIAL, *NETWORK, *TRAINING, *known)]
    if unknown:
        raise ValueError(
            f"the setting {unknown[0]!r} is unknown, expected one of "
            f"{', '.join((*SPECIAL, *known, *NETWORK, *TRAINING))}; for others pass a trial of your own"
        )
    settings = {name: point[name] for name in TRAINING if name in point}
    schedule = settings.get("schedule")
    if isinstance(schedule, type):
        settings["schedule"] = _made(schedule, (settings.get("epochs", 50),), {}, "schedule")
    return _cell(point), optimizer, settings


def _cell(point: Point) -> Any:
    cell = point.get("cell", rnn.Tanh)
    if isinstance(cell, type):
        return _made(cell, (point.get("hidden", 50),), {}, "cell")
    if "hidden" in point:
        raise ValueError(
            f"hidden is {point['hidden']!r} beside cell {cell!r}, expected a kind such as rnn.Tanh with it"
        )
    return cell


def _optimizer(point: Point) -> tuple[Any, list[str]]:
    kind = point.get("optimizer", rnn.SGD)
    if not isinstance(kind, type):
        return kind, []
    if not dataclasses.is_dataclass(kind):
        raise ValueError(f"optimizer is {kind!r}, expected a kind such as rnn.SGD, or one with its settings")
    known = [field.name for field in dataclasses.fields(kind)]
    settings = {name: point[name] for name in known if name in point}
    if (
        "learning_rate" in known
        and inspect.signature(kind).parameters["learning_rate"].default is inspect.Parameter.empty
    ):
        settings.setdefault("learning_rate", 0.01)
    return _made(kind, (), settings, "optimizer"), known


def _made(kind: type, values: tuple[Any, ...], settings: Mapping[str, Any], what: str) -> Any:
    try:
        return kind(*values, **settings)
    except TypeError as error:
        raise ValueError(f"{what} {kind.__name__} cannot be made of the point's settings: {error}") from None
