"""Gradients of a batch in pieces, one after the other, for batches whose traces are larger than memory."""

from collections.abc import Callable

from unrolled.rnn.arrays import Parameters


def accumulated(
    of: Callable[[slice], tuple[float, Parameters]], n: int, size: int, amount: Callable[[slice], float]
) -> tuple[float, Parameters]:
    """Return the loss and the gradients of n samples, as the mean of those of their pieces.

    Parameters
    ----------
    of : callable
        Returns the mean loss of some of the samples, and its gradients.
    n : int
    size : int
        Samples a piece; the last has what is left. One piece is returned as it is.
    amount : callable
        Returns how much the answers of some of the samples count together.

    Returns
    -------
    loss : float
    gradients : dict of ndarray
    """
    loss, gradients = of(slice(0, min(size, n)))
    if n <= size:
        return loss, gradients
    total = amount(slice(0, n)) or 1
    first_weight = amount(slice(0, size)) / total
    loss *= first_weight
    for gradient in gradients.values():
        gradient *= gradient.dtype.type(first_weight)
    for first in range(size, n, size):
        part = slice(first, min(first + size, n))
        weight = amount(part) / total
        of_part, others = of(part)
        loss += weight * of_part
        for name, gradient in gradients.items():
            gradient += gradient.dtype.type(weight) * others[name]
    return loss, gradients
