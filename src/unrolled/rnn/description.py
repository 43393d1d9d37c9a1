"""What a network is made of, as plain values that JSON can hold, and back."""

from dataclasses import fields
from typing import Any

from unrolled.rnn.cells import GRU, LSTM, Bidirectional, ReLU, Tanh
from unrolled.rnn.heads import Sigmoid, Softmax
from unrolled.rnn.readouts import EveryStep, Last, Mean

CELLS = {kind.__name__: kind for kind in (Tanh, ReLU, LSTM, GRU, Bidirectional)}
READOUTS = {kind.__name__: kind for kind in (Last, Mean, EveryStep)}
HEADS = {kind.__name__: kind for kind in (Sigmoid, Softmax)}


def describe(part: Any) -> dict[str, Any]:
    """Give a part's kind and settings.

    Raises
    ------
    ValueError
        If it is none of this library's.
    """
    kind = type(part).__name__
    if type(part) not in (*CELLS.values(), *READOUTS.values(), *HEADS.values()):
        raise ValueError(f"{part!r} is not one of this library's parts, expected one of them to save")
    settings = {field.name: getattr(part, field.name) for field in fields(part)}
    return {"kind": kind, **{name: describe(value) if name == "cell" else value for name, value in settings.items()}}


def build(description: Any, kinds: dict[str, Any]) -> Any:
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
    if "cell" in settings:
        settings["cell"] = build(settings["cell"], {name: cell for name, cell in kinds.items() if cell.streams})
    return kind(**settings)
