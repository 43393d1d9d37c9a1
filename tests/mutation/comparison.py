"""Whether two results are the same."""

from typing import Any

import numpy as np
from mutation.making import Results

TOLERANCE = 1e-9
"""Of the largest entry of an array."""


def flat(value: Any) -> list[Any]:
    """Return the arrays of nested results, in order."""
    if isinstance(value, dict):
        return [each for name in sorted(value) for each in flat(value[name])]
    if isinstance(value, (list, tuple)) and not all(isinstance(each, float) for each in value):
        return [array for each in value for array in flat(each)]
    return [value if value is None or isinstance(value, (str, bool)) else np.array(value)]


def same(found: Any, wanted: Any) -> bool:
    """Tell whether an array has the shape and, to TOLERANCE of the largest entry, the numbers of another."""
    if not isinstance(wanted, np.ndarray) or not isinstance(found, np.ndarray):
        return type(found) is type(wanted) and bool(found == wanted)
    if found.shape != wanted.shape or found.dtype != wanted.dtype:
        return False
    finite = np.isfinite(wanted)
    if not finite.all():
        if not np.array_equal(found[~finite], wanted[~finite], equal_nan=True):
            return False
        found, wanted = found[finite], wanted[finite]
    if not wanted.size:
        return True
    scale = float(np.abs(wanted).max()) or 1.0
    if wanted.dtype.kind == "f" and ((found == 0) != (wanted == 0)).any():  # what has vanished has vanished
        return False
    return bool((np.abs(found - wanted) <= TOLERANCE * scale).all())


def differing(found: Results, wanted: Results) -> str:
    """Return the name of the first result that is another; nothing if none is."""
    for (name, value), (_, right) in zip(found, wanted, strict=True):
        values, rights = flat(value), flat(right)
        if len(values) != len(rights) or not all(map(same, values, rights)):
            return name
    return ""
