"""What a setting is called in a table: a description that is the same tomorrow and on another machine."""

import dataclasses
import hashlib
import json
import math
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

Description: TypeAlias = bool | int | float | str | list[Any] | dict[str, Any] | None
"""What JSON can hold."""


def describe(value: Any, what: str = "value") -> Description:
    """Describe a setting as JSON can hold it.

    Parameters
    ----------
    value : object
        None, bools, numbers and strings stand for themselves, NumPy's as Python's, and dtypes for their names; lists,
        tuples and mappings are described entry by entry; functions and classes are their qualified names;
        dataclasses, such as ``rnn.ClipNorm(1.0)``, their kind and settings.
    what : str
        What messages call it.

    Returns
    -------
    None, bool, int, float, str, list or dict

    Raises
    ------
    ValueError
        If it is none of these, or a number is not finite: nothing else can be recognized in another process.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.dtype):
        value = str(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{what} is {value!r}, expected finite numbers")
        return value
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise ValueError(f"{what} is {value!r}, expected a mapping whose keys are strings")
        return {name: describe(each, f"{what}[{name!r}]") for name, each in value.items()}
    if isinstance(value, Sequence):
        return [describe(each, f"{what}[{n}]") for n, each in enumerate(value)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        settings = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        inside = ", ".join(f"{name}={_text(describe(each, what))}" for name, each in settings.items())
        return f"{type(value).__qualname__}({inside})"
    if callable(value):
        return qualified(value, what)
    raise ValueError(
        f"{what} is {value!r}, expected a number, a string, a function, a dataclass such as rnn.ClipNorm(1.0), or a "
        "list or mapping of them"
    )


def qualified(function: Any, what: str) -> str:
    """Return module and name of a function or class.

    Raises
    ------
    ValueError
        If that does not lead back to it, as of a lambda, a function within a function, or a method of an object: two
        of them could have one name, and another process would not find either.
    """
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", "<nameless>")
    found: Any = sys.modules.get(module) if isinstance(module, str) else None
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is not function:
        raise ValueError(f"{what} is {function!r}, expected a function defined at the top level of a module")
    return f"{module}.{name}"


def label(description: Any) -> str:
    """Return a short text for a description: numbers with four digits, functions without their module."""
    if isinstance(description, float):
        return f"{description:.4g}"
    if isinstance(description, str):
        return re.sub(r"\b(?:\w+\.)+([A-Za-z_]\w*)", r"\1", description)
    if isinstance(description, list):
        return "[" + ", ".join(map(label, description)) + "]"
    if isinstance(description, dict):
        return ", ".join(f"{name}: {label(value)}" for name, value in description.items())
    return "none" if description is None else str(description)


def key(*parts: Any) -> str:
    """Return a short name for parts that JSON can hold: the same for the same parts, in any order of a mapping."""
    text = json.dumps(parts, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _text(description: Description) -> str:
    return description if isinstance(description, str) else json.dumps(description, sort_keys=True)
