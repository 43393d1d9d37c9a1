"""What a sample of each class weighs in the loss: numbers, a dict of some, or as many as balance the classes."""

from collections.abc import Mapping
from dataclasses import is_dataclass, replace
from typing import Any, Literal, TypeAlias, TypeVar

import numpy as np

from unrolled._support.validation import real_number, sample_weights, shown, whole_number
from unrolled.rnn.arrays import IntArray

BALANCED: Literal["balanced"] = "balanced"

ClassWeights: TypeAlias = tuple[float, ...] | Mapping[int, float] | Literal["balanced"]

H = TypeVar("H")


def checked(value: Any, name: str, *, error: type[ValueError] = ValueError) -> ClassWeights:
    """Return class weights as a tuple, as a dict by class, or "balanced"; or say what is wrong with them."""
    if isinstance(value, str):
        if value != BALANCED:
            raise error(f"{name} are {shown(value)}, expected 'balanced', a number for each class, or a dict")
        return "balanced"
    if isinstance(value, Mapping):
        return {
            whole_number(label, f"a class of {name}", 0, error=error): real_number(
                weight, f"{name}[{label!r}]", above=0, error=error
            )
            for label, weight in value.items()
        }
    weights = sample_weights(value, name, error=error)
    if not all(weights):
        raise error(f"{name} are {weights}, expected numbers above 0")
    return weights


def resolved(head: H, n_classes: int) -> H:
    """Return a head that has a number for each of its classes, or the head itself where it has.

    Raises
    ------
    ValueError
        If there are more or fewer of them, or a class that a dict names is not among them.
    """
    weights: Any = getattr(head, "class_weights", None)
    if weights is None or weights == BALANCED:
        return head
    if isinstance(weights, Mapping):
        beyond = [label for label in weights if label >= n_classes]
        if beyond:
            raise ValueError(f"head has class_weights of class {beyond[0]}, expected classes from 0 to {n_classes - 1}")
        return _with(head, tuple(float(weights.get(label, 1.0)) for label in range(n_classes)))
    if len(weights) != n_classes:
        raise ValueError(f"head has {len(weights)} class_weights, expected one for each of {n_classes} classes")
    return head


def balanced(head: H, counts: IntArray) -> H:
    """Return a head whose "balanced" weights are numbers: N / (C n) for a class with n of N samples.

    That is scikit-learn's rule, with C the classes that have samples; one that has none weighs 1.
    """
    n = np.count_nonzero(counts)
    weights = [counts.sum() / (n * count) if count else 1.0 for count in counts.tolist()]
    return _with(head, tuple(map(float, weights)))


def _with(head: H, weights: tuple[float, ...]) -> H:
    if not is_dataclass(head) or isinstance(head, type):
        raise ValueError(f"head is {shown(head)}, expected a dataclass for class_weights that are no numbers yet")
    return replace(head, class_weights=weights)
