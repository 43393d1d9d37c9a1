"""What is asked for around each step of a pass: masks, gradients from above, recording, truncation."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import repeat
from typing import TypeVar

import numpy as np

from unrolled.rnn.arrays import Array

Item = TypeVar("Item")


def masked_forward(steps: Iterable[tuple[Item, Array, Array]], mask: Array) -> Iterator[Item]:
    """Go forward where the recurrence sees each A_t through a mask: after the step, A_t times the mask is written."""
    for step, A, seen in steps:
        yield step
        np.multiply(A, mask, out=seen)


def added_backward(steps: Iterable[Item], dseen: Array, dA: Array) -> Iterator[Item]:
    """Go back where a cell has two ways to A_{t-1}: after the step, what it wrote to ``dseen`` is added to ``dA``."""
    add = np.add
    for step in steps:
        yield step
        add(dA, dseen, dA)


def backward(
    steps: Iterable[Item],
    gradients: Mapping[str, Array],
    recurrent: str,
    *,
    above: Iterable[Array] | None,
    record: Iterable[Array] | None,
    mask: Array | None,
    cut: Iterable[tuple[slice, ...] | None] | None,
) -> Iterator[Item]:
    """Go back through steps, the last first, with all that is asked for around each.

    Parameters
    ----------
    steps : iterable
        What the cell's equations are handed of each step.
    gradients : mapping of ndarray
        The gradients in the states, such as ``dA``, which the equations take from each A_t back to A_{t-1}.
    recurrent : str
        The gradient in A_{t-1} as the products see it: ``dseen``, or ``dA`` where a cell has no other way back.
    above : iterable of ndarray, optional
        What is added to ``dA`` at each step.
    record : iterable of ndarray, optional
        Where ``dA`` is written at each step.
    mask : ndarray, optional
        That of the recurrence.
    cut : iterable of tuple of slice or None, optional
        Of each step where in the gradients nothing goes back from it: those samples that have a step before.
    """
    through, dA = gradients[recurrent], gradients["dA"]
    options = (repeat(None) if option is None else option for option in (above, record, cut))
    for step, from_above, recorded, where in zip(steps, *options, strict=False):
        if from_above is not None:
            np.add(dA, from_above, dA)
        if recorded is not None:
            recorded[...] = dA[:, : recorded.shape[1]]
        yield step
        if mask is not None:
            np.multiply(through, mask, through)
        if through is not dA:
            np.add(dA, through, dA)
        if where is not None:
            for gradient in gradients.values():
                gradient[where] = 0
