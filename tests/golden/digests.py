"""What is remembered of a result: the first digits of a SHA-256 over its dtype, its shape and its bytes."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Results = dict[str, Any]
"""What a configuration computes: arrays and numbers under the name of each."""

DIGITS = 8


def digest(value: Any) -> str:
    """Of an array or a number, or of a mapping or a list of them: the same for the same bits only."""
    sha = hashlib.sha256()
    _feed(sha.update, value)
    return sha.hexdigest()[:DIGITS]


def _feed(update: Callable[[bytes], object], value: Any) -> None:
    if isinstance(value, Mapping):
        for name, each in value.items():
            update(f"{name}:".encode())
            _feed(update, each)
    elif isinstance(value, list) and not all(isinstance(each, (int, float)) for each in value):
        for each in value:
            update(b",")
            _feed(update, each)
    elif value is None or isinstance(value, str):
        update(repr(value).encode())
    else:
        array = np.asarray(value)
        assert array.dtype.kind in "biufc", f"{value!r} has no bits to compare"
        update(f"{array.dtype.str}{array.shape}".encode())
        update(array.tobytes())


def digests(results: Results) -> dict[str, str]:
    """Of each result."""
    return {name: digest(value) for name, value in results.items()}
