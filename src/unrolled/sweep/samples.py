"""What a search is handed as samples, checked, and what a trial is handed of them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from unrolled._support.validation import refuse_masked
from unrolled.rnn import inputs
from unrolled.rnn.arrays import Array, IntArray

ARRAYS = ("X", "y", "lengths", "person", "sample_weight")


@dataclass(frozen=True, eq=False)
class Part:
    """What a trial trains on, or is measured on.

    Attributes
    ----------
    X : ndarray, shape (N, T, D), or of whole numbers (N, T), symbols
    y : ndarray of int64, shape (N,); or as the samples of the search have it, where points ask for a network of numbers
        or of many to many
    lengths, person : ndarray of int64, shape (N,), or None
        Where the samples of the search have them.
    n_classes : int
        Of all samples of the search; 0 of numbers.
    sample_weight : ndarray, shape (N,) or (N, T), or None
        Likewise.
    n_symbols : int
        One more than the largest symbol of all samples of the search; 0 where X are no symbols.

    See Also
    --------
    run : Hands it to a trial.
    train_network : The trial of the library, with an example.
    """

    X: Array
    y: IntArray
    lengths: IntArray | None
    person: IntArray | None
    n_classes: int
    sample_weight: Array | None = None
    n_symbols: int = 0

    def __len__(self) -> int:
        return len(self.X)

    @property
    def n_inputs(self) -> int:
        """D, inputs a step, or how many symbols there are."""
        return self.X.shape[2] if self.X.ndim == 3 else self.n_symbols


def arrays_of(samples: Any, name: str = "samples", *, labeled: bool = True) -> tuple[dict[str, Array], int]:
    """Check samples at the door of a search; return their arrays by name, y as integers, and the number of classes.

    Unless they are ``labeled``, one class each, y is returned as it is, for the networks to check.

    Raises
    ------
    ValueError
        Naming what was found and what was expected.
    """
    if isinstance(samples, tuple | list) and len(samples) in (2, 3):
        given = {key: each for key, each in zip(ARRAYS, samples, strict=False) if each is not None}
        if not {"X", "y"} <= set(given):
            raise ValueError(
                f"{name} are a {type(samples).__name__} without X or y, expected (X, y) or (X, y, lengths)"
            )
    elif hasattr(samples, "X") and hasattr(samples, "y"):
        given = {key: getattr(samples, key) for key in ARRAYS if getattr(samples, key, None) is not None}
    else:
        hint = "; of a Dataset, pass its .train" if hasattr(samples, "train") else ""
        raise ValueError(
            f"{name} are a {type(samples).__name__}, expected (X, y), (X, y, lengths) or an object with X and y{hint}"
        )
    for key in given:
        refuse_masked(given[key], f"{name} {key}")
    X = np.asarray(given["X"])
    X = inputs.shaped(X, X.shape[-1] if X.ndim else 0, f"{name} X")
    inputs.rounded(X, np.dtype(np.float64), f"{name} X")
    y = np.asarray(given["y"])
    if X.ndim == 2:
        if "lengths" in given:
            lengths = inputs.checked_lengths(given["lengths"], len(X), X.shape[1], f"{name} lengths")
            X = np.where(np.arange(X.shape[1]) < lengths[:, None], X, 0)  # what stands after a sample's end is not read
        X = inputs.symbols(X, max(number_of_symbols(X), 1), f"{name} X")
    if labeled:
        n_classes = y.shape[1] if y.ndim == 2 else int(max(y.max(initial=0), 0)) + 1
        arrays = {"X": X, "y": inputs.labels(y, n_classes, len(X), f"{name} y")}
    else:
        if y.ndim == 0 or len(y) != len(X):
            raise ValueError(f"{name} y has shape {y.shape}, expected targets for each of {len(X)} samples")
        n_classes = y.shape[2] if y.ndim == 3 else int(max(y.max(initial=0), 0)) + 1 if y.dtype.kind in "iu" else 0
        arrays = {"X": X, "y": y}
    if "sample_weight" in given:
        arrays["sample_weight"] = np.asarray(given["sample_weight"])
        if arrays["sample_weight"].shape[:1] != X.shape[:1]:
            found = arrays["sample_weight"].shape
            raise ValueError(f"{name} sample_weight has shape {found}, expected weights for each of {len(X)} samples")
    if "lengths" in given:
        arrays["lengths"] = inputs.checked_lengths(given["lengths"], len(X), X.shape[1], f"{name} lengths")
    if "person" in given:
        person = np.asarray(given["person"])
        if person.shape != (len(X),):
            raise ValueError(f"{name} person has shape {person.shape}, expected one for each of {len(X)} samples")
        arrays["person"] = person
    return arrays, n_classes


def number_of_symbols(X: Array) -> int:
    """Return one more than the largest symbol, 0 where X are no symbols."""
    return 0 if X.ndim == 3 else int(X.max()) + 1


def ask_for_more_than_a_class(points: Any) -> bool:
    """Return whether points ask for networks of numbers, or of many to many, whose targets are no label a sample."""
    given = points if isinstance(points, Sequence) else ()
    return any(isinstance(point, Mapping) and bool({"network", "n_outputs"} & point.keys()) for point in given)


def together(one: dict[str, Array], other: dict[str, Array]) -> dict[str, Array]:
    """Concatenate the samples of two parts."""
    if one["X"].shape[1:] != other["X"].shape[1:]:
        raise ValueError(
            f"validation X has shape {other['X'].shape}, expected steps and inputs as samples have, {one['X'].shape}"
        )
    for name in ("lengths", "sample_weight"):
        if (name in one) != (name in other):
            raise ValueError(f"of samples and validation one has {name}, the other not: expected both or neither")
    return {name: np.concatenate([one[name], other[name]]) for name in ARRAYS if name in one and name in other}


def people_numbered(arrays: dict[str, Array]) -> dict[str, Array]:
    """Replace the names of people, where they have names, by numbers in the order of the names.

    Raises
    ------
    ValueError
        If they are neither numbers nor names.
    """
    person = arrays.get("person")
    if person is None or person.dtype.kind not in "OSU":
        return arrays
    for name in person.tolist():
        if not isinstance(name, str):
            raise ValueError(f"person holds {name!r}, expected a whole number for each sample, or a name for each")
    _, numbers = np.unique(person.astype(str), return_inverse=True)
    return {**arrays, "person": numbers.reshape(-1).astype(np.int64)}


def fingerprint(arrays: Mapping[str, Array]) -> str:
    """Return a short name for these numbers, which others do not have."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape};".encode())
        digest.update(array.data)
    return digest.hexdigest()[:20]
