"""What networks and trainings are made of, as plain values that JSON can hold, and back."""

from dataclasses import fields
from typing import Any

from unrolled.rnn.cells import GRU, LSTM, Bidirectional, ReLU, Tanh
from unrolled.rnn.dropout import Dropout
from unrolled.rnn.output.heads import Sigmoid, Softmax
from unrolled.rnn.output.readouts import EveryStep, Last, Mean
from unrolled.rnn.training.clipping import ClipNorm, ClipValue
from unrolled.rnn.training.early_stopping import EarlyStopping
from unrolled.rnn.training.optimizers import SGD, Adam, AdamW, RMSProp
from unrolled.rnn.training.schedules import Constant, Cosine, ReduceOnPlateau, StepDecay, WarmUp

Kinds = dict[str, Any]


def _named(*kinds: type) -> Kinds:
    return {kind.__name__: kind for kind in kinds}


ONE_WAY = _named(Tanh, ReLU, LSTM, GRU)
CELLS = {**ONE_WAY, **_named(Bidirectional)}
READOUTS = _named(Last, Mean, EveryStep)
HEADS = _named(Sigmoid, Softmax)
OPTIMIZERS = _named(SGD, RMSProp, Adam, AdamW)
SCHEDULES = _named(Constant, StepDecay, Cosine, WarmUp, ReduceOnPlateau)
CLIPPINGS = _named(ClipNorm, ClipValue)
DROPOUTS = _named(Dropout)
STOPPINGS = _named(EarlyStopping)
WITHIN = {"cell": ONE_WAY, "then": SCHEDULES}
"""Settings that are parts themselves, and of which kinds."""


def describe(part: Any, kinds: Kinds) -> dict[str, Any]:
    """Give a part's kind and settings.

    Raises
    ------
    ValueError
        If it is not one of these kinds.
    """
    if type(part) not in kinds.values():
        raise ValueError(f"{part!r} is not one of this library's parts, expected one of {', '.join(kinds)} to save")
    settings = {field.name: getattr(part, field.name) for field in fields(part)}
    return {
        "kind": type(part).__name__,
        **{
            name: describe(value, WITHIN[name]) if name in WITHIN else _plain(value) for name, value in settings.items()
        },
    }


def build(description: Any, kinds: Kinds) -> Any:
    """Make the part that :func:`describe` described.

    Raises
    ------
    ValueError
        If it is not one of these kinds, or its settings are not.
    """
    if not isinstance(description, dict) or description.get("kind") not in kinds:
        raise ValueError(f"{description!r} is not a part, expected one of kind {', '.join(kinds)}")
    kind = kinds[description["kind"]]
    settings = {name: value for name, value in description.items() if name != "kind"}
    unknown = sorted(set(settings) ^ {field.name for field in fields(kind)})
    if unknown:
        raise ValueError(f"{kind.__name__}'s settings are {sorted(settings)}; {unknown[0]} is missing or unknown")
    return kind(**{name: build(value, WITHIN[name]) if name in WITHIN else value for name, value in settings.items()})


def _plain(value: Any) -> Any:
    """Give NumPy's scalars as Python's."""
    return value.item() if hasattr(value, "item") else value
