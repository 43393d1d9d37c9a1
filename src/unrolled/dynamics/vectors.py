"""Parameters as one flat vector, which is what eigenvectors and directions are, and back."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from unrolled._support.validation import numeric
from unrolled.rnn.arrays import Array, Parameters


def flatten(arrays: Mapping[str, Array]) -> Array:
    """Return all entries one after the other, in the mapping's order, each array by rows."""
    return np.concatenate([array.reshape(-1) for array in arrays.values()])


def unflatten(vector: Array, like: Mapping[str, Array]) -> Parameters:
    """Return a flat vector as arrays with the names and shapes of ``like``; they are views of it."""
    ends = np.cumsum([array.size for array in like.values()])
    pieces = np.split(vector, ends[:-1])
    return {name: piece.reshape(array.shape) for (name, array), piece in zip(like.items(), pieces, strict=True)}


def as_vector(given: Any, like: Mapping[str, Array], name: str) -> Array:
    """Return a mapping or a flat vector as a flat float64 vector, checked against the parameters ``like``.

    Raises
    ------
    ValueError
        If names or shapes are not those of the parameters, or a number is not finite.
    """
    if isinstance(given, Mapping):
        if given.keys() != like.keys():
            raise ValueError(f"{name} has the names {', '.join(map(str, given))}, expected {', '.join(like)}")
        arrays = {each: numeric(given[each], f"{name}[{each!r}]") for each in like}
        for each, array in arrays.items():
            if array.shape != like[each].shape:
                raise ValueError(f"{name}[{each!r}] has shape {array.shape}, expected {like[each].shape}")
        vector = flatten(arrays).astype(np.float64)
    else:
        vector = numeric(given, name).astype(np.float64)
        size = sum(array.size for array in like.values())
        if vector.shape != (size,):
            raise ValueError(f"{name} has shape {vector.shape}, expected ({size},), one number a parameter")
    if not np.isfinite(vector).all():
        raise ValueError(f"{name} holds a number that is not finite, expected finite numbers")
    return vector
