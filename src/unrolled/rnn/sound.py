"""Whether parameters can be trained, and whether what is computed with them is finite."""

from itertools import combinations

import numpy as np

from unrolled.rnn.arrays import Array, ReadOnlyParameters


def check_trainable(parameters: ReadOnlyParameters) -> None:
    """Check that each parameter can be written to without another one changing, or an entry of its own.

    Raises
    ------
    ValueError
        Naming the parameter.
    """
    for name, W in parameters.items():
        if not W.flags.writeable:
            raise ValueError(f"parameter {name} is read-only, expected one that can be trained: {name}.copy()")
        reach = W.itemsize
        for step, n in sorted((abs(step), n) for step, n in zip(W.strides, W.shape, strict=True) if n > 1):
            if step < reach:
                raise ValueError(
                    f"parameter {name} has entries that lie in one place of memory (strides {W.strides}), expected one "
                    f"of each: {name}.copy()"
                )
            reach = step * (n - 1) + reach
    for (one, W), (other, V) in combinations(parameters.items(), 2):
        if np.may_share_memory(W, V) and np.shares_memory(W, V):
            raise ValueError(f"parameters {one} and {other} share memory, expected an array for each: {other}.copy()")


def check_finite_parameters(parameters: ReadOnlyParameters) -> None:
    """Raise a ValueError that names the first entry that is infinite or NaN."""
    for name, W in parameters.items():
        if not np.isfinite(W).all():
            where = tuple(np.argwhere(~np.isfinite(W))[0].tolist())
            raise ValueError(f"parameter {name} holds {W[where]} at {where}, expected finite numbers")


def check_logits(Z: Array, weights: Array, parameters: ReadOnlyParameters, first: int) -> None:
    """Check that what a prediction is made of is finite.

    Parameters
    ----------
    Z : ndarray, shape (K, m, C)
        Logits.
    weights : ndarray, shape (K, m)
        What has none does not count.
    parameters : mapping of ndarray
        The first suspects.
    first : int
        From where messages count samples.

    Raises
    ------
    ValueError
        Naming the parameter, or the sample where numbers outgrew the dtype.
    """
    if np.isfinite(Z).all():
        return
    bad = (~np.isfinite(Z).all(2) & (weights != 0)).any(0)
    if bad.any():
        check_finite_parameters(parameters)
        raise ValueError(
            f"the logits of sample {first + int(bad.argmax())} are infinite or NaN though X and the parameters are "
            f"finite, expected numbers within {Z.dtype}'s range on the way: smaller ones, or net.astype(np.float64)"
        )


def check_numbers(answers: Array, first: int) -> None:
    """Check that answers (m, ...) are finite, as the exponential of a finite logit need not be.

    Raises
    ------
    ValueError
        Naming the sample; ``first`` is from where messages count samples.
    """
    if not np.isfinite(answers).all():
        bad = ~np.isfinite(answers).reshape(len(answers), -1).all(1)
        raise ValueError(
            f"the answer to sample {first + int(bad.argmax())} is infinite though its logits are finite, expected "
            f"numbers within {answers.dtype}'s range: smaller logits, or net.astype(np.float64)"
        )
