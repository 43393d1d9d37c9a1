"""What every augmentation asks at the door."""

import math

import numpy as np

from unrolled.data.checks import FloatArray
from unrolled.data.errors import DataError


def number(value: float, name: str, low: float = 0.0, high: float = math.inf, *, above: bool = False) -> float:
    """Return `value` as a finite float from `low` to `high`, or ``above`` `low`; else a DataError names the setting."""
    real = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not (real and math.isfinite(value) and low <= value <= high) or (above and value == low):
        wanted = f"a number {'above' if above else 'from'} {low:g}"
        wanted += " on" if math.isinf(high) and not above else "" if math.isinf(high) else f" to {high:g}"
        raise DataError(f"{name} is {value!r}, expected {wanted}")
    return float(value)


def batch(X: FloatArray) -> FloatArray:
    """Return `X` if it is a batch of real sequences (m, T, D), T and D at least 1; else raise a DataError."""
    X = np.asarray(X)
    if X.dtype.kind != "f":
        raise DataError(f"X has dtype {X.dtype}, expected floating-point numbers")
    if X.ndim != 3 or 0 in X.shape[1:]:
        raise DataError(f"X has shape {X.shape}, expected (m samples, T steps, D axes)")
    return X
