"""Parts in files: the name of a class and its fields as values that JSON can hold, and the part made of them again.

A file makes nothing be imported and nothing be called but the classes of one table: the library's own, written as
``rnn.Tanh``, and those that whoever loads it hands over as ``parts=[MGU]``, written as ``MGU``. A part is a
dataclass, whose configuration is its fields, or has ``to_config() -> dict`` and a class method ``from_config(dict)``.
Fields hold None, truth values, numbers, texts, tuples, lists, dicts, small arrays, other parts, and functions of one's
own.
"""

import json
import math
import types
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeAlias

import numpy as np

from unrolled._support.validation import shown

Known: TypeAlias = Mapping[str, Any]
"""Classes and functions by the names that files have for them."""

MOST_NUMBERS = 2**16
MOST_DEPTH = 32
LARGEST_INTEGER = 2**128
DTYPES = {
    np.dtype(kind).name: np.dtype(kind)
    for kind in ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
}
NUMBERS = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}
EXPECTED = (
    "expected None, truth values, numbers, texts, tuples, lists, dicts, small arrays, other parts or functions at the "
    "top level of a module"
)


def name_of(part: Any) -> str:
    """Return the name that files have for a class or function: ``rnn.Tanh`` of the library's, ``MGU`` of others."""
    room = part.__module__.split(".")
    return f"{room[1]}.{part.__name__}" if room[0] == "unrolled" and len(room) > 1 else str(part.__name__)


def table(*parts: Any) -> dict[str, Any]:
    """Return parts by their names."""
    return {name_of(part): part for part in parts}


def with_given(parts: Any, library: Known) -> Known:
    """Return the library's parts and those that were handed over as ``parts=``.

    Raises
    ------
    ValueError
        If they are not classes that a file can name, or two have one name.
    """
    if isinstance(parts, str | type | types.FunctionType) or not isinstance(parts, Iterable):
        raise ValueError(f"parts is {shown(parts)}, expected classes such as parts=[MGU]")
    found: dict[str, Any] = dict(library)
    for part in parts:
        if not isinstance(part, type | types.FunctionType):
            raise ValueError(f"parts holds {shown(part)}, expected classes such as parts=[MGU], not what they make")
        if isinstance(part, type) and not is_dataclass(part) and not hasattr(part, "from_config"):
            raise ValueError(f"parts holds {part.__name__}, expected a dataclass or a class with from_config")
        if found.setdefault(name_of(part), part) is not part:
            raise ValueError(f"parts holds two different parts named {name_of(part)}, expected one of each name")
    return found


def to_config(part: Any) -> dict[str, Any]:
    """Return a part's name and fields as values that JSON can hold, once they are known to make the same part again.

    Raises
    ------
    ValueError
        If a file cannot hold it: names the part and the field.
    """
    met: dict[str, Any] = {}
    config: dict[str, Any] = _value_to_config(part, "the part", met, 0)
    text = json.dumps(config, allow_nan=False)
    try:
        same = json.dumps(_value_to_config(from_config(json.loads(text), met), "it", {}, 0)) == text
    except (TypeError, ValueError) as error:
        raise ValueError(f"{shown(part)} could not be read back from a file: {error}") from None
    if not same:
        raise ValueError(
            f"{shown(part)} could not be read back from a file, since its fields make another: expected a dataclass "
            "whose fields are all there is to it, or one with to_config and from_config"
        )
    return config


def fingerprint(part: Any) -> str:
    """Return a text that parts with other fields do not have, such as the augmentation of a training.

    Raises
    ------
    ValueError
        If a file cannot hold the part.
    """
    return json.dumps(_value_to_config(part, "the part", {}, 0), sort_keys=True)


def from_config(config: Any, known: Known) -> Any:
    """Make the part that :func:`to_config` described, from the classes in ``known`` alone.

    Raises
    ------
    ValueError
        If it is no such description, names a part that is not known, or its fields are refused by the class.
    """
    if not isinstance(config, dict) or not ({"part", "function"} & config.keys()):
        raise ValueError(f"{shown(config)} is not a part, expected a name and fields")
    return _value_from_config(config, known, 0)


def _value_to_config(value: Any, what: str, met: dict[str, Any], depth: int) -> Any:
    """Return any value that a field may have as JSON holds it; ``met`` collects the classes and functions."""
    if depth > MOST_DEPTH:
        raise ValueError(f"{what} is nested more than {MOST_DEPTH} deep, which a file cannot hold")

    def inner(each: Any, name: str = what) -> Any:
        return _value_to_config(each, name, met, depth + 1)

    kind = type(value)
    if value is None or kind in (bool, str):
        return value
    if kind is int:
        if abs(value) >= LARGEST_INTEGER:
            raise ValueError(f"{what} is {shown(value)}, which a file cannot hold: expected less than 2**128")
        return value
    if kind is float:
        return value if math.isfinite(value) else {"number": str(value)}
    if kind is tuple:
        return {"tuple": [inner(each) for each in value]}
    if kind is list:
        return [inner(each) for each in value]
    if kind is dict and all(type(name) is str for name in value):
        return {"dict": {name: inner(each, f"{what}[{name!r}]") for name, each in value.items()}}
    if isinstance(value, np.ndarray | np.generic):
        return _array_to_config(value, what)
    if isinstance(value, types.FunctionType) and "<" not in value.__qualname__ and "." not in value.__qualname__:
        return {"function": _met(value, met)}
    if hasattr(value, "to_config") and not isinstance(value, type):
        config = value.to_config()
        if type(config) is not dict or not hasattr(kind, "from_config"):
            raise ValueError(
                f"{kind.__name__} has to_config, expected one that returns a dict, and from_config beside it"
            )
        return {"part": _met(kind, met), "config": inner(config, f"{kind.__name__}'s to_config()")["dict"]}
    if is_dataclass(value) and not isinstance(value, type):
        named = {field.name: getattr(value, field.name) for field in fields(value) if field.init}
        return {
            "part": _met(kind, met),
            "fields": {name: inner(each, f"{kind.__name__}'s {name}") for name, each in named.items()},
        }
    hint = "; a part is a dataclass, or has to_config and from_config" if depth == 0 else ""
    raise ValueError(f"{what} is {shown(value)}, which a file cannot hold: {EXPECTED}{hint}")


def _met(part: Any, met: dict[str, Any]) -> str:
    name = name_of(part)
    if met.setdefault(name, part) is not part:
        raise ValueError(
            f"two different parts are named {name}, expected one of each name for a file to tell them apart"
        )
    return name


def _array_to_config(value: Any, what: str) -> dict[str, Any]:
    if value.dtype.name not in DTYPES:
        raise ValueError(f"{what} is an array of {value.dtype}, which a file cannot hold: expected real numbers")
    if value.size > MOST_NUMBERS:
        raise ValueError(
            f"{what} is an array of {value.size} numbers, expected at most {MOST_NUMBERS} for a file to hold"
        )
    numbers = [_value_to_config(number, what, {}, 0) for number in np.ravel(value).tolist()]
    shape = None if isinstance(value, np.generic) else list(value.shape)
    return {"array": numbers, "dtype": value.dtype.name, "shape": shape}


def _value_from_config(config: Any, known: Known, depth: int) -> Any:
    """Make the value that :func:`_value_to_config` described."""
    if depth > MOST_DEPTH:
        raise ValueError(f"its description is nested more than {MOST_DEPTH} deep")

    def inner(each: Any) -> Any:
        return _value_from_config(each, known, depth + 1)

    if isinstance(config, list):
        return [inner(each) for each in config]
    if not isinstance(config, dict):
        if isinstance(config, int) and abs(config) >= LARGEST_INTEGER:
            raise ValueError(f"it has the number {shown(config)}, expected less than 2**128")
        return config
    keys = config.keys()
    if keys == {"number"} and isinstance(config["number"], str) and config["number"] in NUMBERS:
        return NUMBERS[config["number"]]
    if keys == {"tuple"} and isinstance(config["tuple"], list):
        return tuple(inner(each) for each in config["tuple"])
    if keys == {"dict"} and isinstance(config["dict"], dict):
        return {name: inner(each) for name, each in config["dict"].items()}
    if keys == {"array", "dtype", "shape"}:
        return _array_from_config(config, inner)
    if keys == {"function"}:
        return _known(config["function"], known, types.FunctionType)
    if keys == {"part", "config"} and isinstance(config["config"], dict):
        kind = _known(config["part"], known, type)
        if not hasattr(kind, "from_config"):
            raise ValueError(f"{config['part']} has fields and no from_config, and is described by {shown(config)}")
        values = {name: inner(each) for name, each in config["config"].items()}
        return _made(config["part"], lambda: kind.from_config(values))
    if keys == {"part", "fields"} and isinstance(config["fields"], dict):
        kind = _known(config["part"], known, type)
        wanted = {field.name for field in fields(kind) if field.init} if is_dataclass(kind) else set()
        wrong = sorted(config["fields"].keys() ^ wanted)
        if wrong:
            raise ValueError(
                f"{config['part']} has the fields {sorted(wanted)}; {shown(wrong[0])} is missing or unknown"
            )
        values = {name: inner(each) for name, each in config["fields"].items()}
        return _made(config["part"], lambda: kind(**values))
    raise ValueError(f"{shown(config)} describes no value")


def _known(name: Any, known: Known, kind: type) -> Any:
    part = known.get(name) if isinstance(name, str) else None
    if not isinstance(part, kind):
        raise ValueError(
            f"it has a part {shown(name)} that is not known: hand its class over as parts=[{_short(name)}]"
        )
    return part


def _short(name: Any) -> str:
    return (
        name
        if isinstance(name, str) and len(name) < 50 and all(word.isidentifier() for word in name.split("."))
        else "..."
    )


def _made(name: str, make: Any) -> Any:
    """Make a part; whatever its class says against the file's values is a ValueError."""
    try:
        return make()
    except Exception as error:
        raise ValueError(f"{name} refuses its fields: {str(error)[:300]}") from error


def _array_from_config(config: dict[str, Any], inner: Any) -> Any:
    numbers, dtype, shape = config["array"], config["dtype"], config["shape"]
    whole = shape is None or (
        isinstance(shape, list) and len(shape) <= MOST_DEPTH and all(type(n) is int and n >= 0 for n in shape)
    )
    if not (isinstance(dtype, str) and dtype in DTYPES and isinstance(numbers, list) and whole):
        raise ValueError(f"{shown(config)} describes no array")
    if len(numbers) > MOST_NUMBERS or len(numbers) != math.prod(shape or ()):
        raise ValueError(f"an array has {len(numbers)} numbers, expected shape {shown(shape)}, at most {MOST_NUMBERS}")
    values = [inner(number) for number in numbers]
    kinds: tuple[type, ...] = {"b": (bool,), "f": (float, int)}.get(DTYPES[dtype].kind, (int,))
    if not all(type(number) in kinds for number in values):
        raise ValueError(f"an array of {dtype} has other values, expected {dtype}")
    if DTYPES[dtype].kind in "iu":
        limits = np.iinfo(DTYPES[dtype])
        if not all(limits.min <= number <= limits.max for number in values):
            raise ValueError(f"an array of {dtype} has a number out of range, expected {limits.min} to {limits.max}")
    try:
        with np.errstate(over="ignore"):
            array = np.array(values, DTYPES[dtype])
    except OverflowError as error:  # a whole number that no float64 holds
        raise ValueError(f"an array of {dtype} has a number out of range: {error}") from None
    return array[0] if shape is None else array.reshape(shape)
