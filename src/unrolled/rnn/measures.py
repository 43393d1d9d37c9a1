"""What a network's answers are worth: the loss, and the accuracy or the coefficient of determination."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unrolled.rnn.arrays import Array


@dataclass(frozen=True)
class Measured:
    """The measures of some samples, of which those of all can be made.

    Attributes
    ----------
    amount : float
        How much the answers count together.
    loss : float
        The head's, averaged over the answers.
    right : float or None
        How much the right answers count together; None where answers are numbers.
    error, mean, variance : ndarray, shape (K,), or None
        Of each number of an answer: the mean squared error, the mean of the targets and their variance.
    """

    amount: float
    loss: float
    right: float | None = None
    error: Array | None = None
    mean: Array | None = None
    variance: Array | None = None

    @property
    def scores(self) -> tuple[float, float]:
        """The loss, and the accuracy or R^2, the mean over the numbers of an answer of ``1 - error / variance``."""
        if self.right is not None:
            return self.loss, self.right / self.amount
        assert self.error is not None and self.variance is not None  # noqa: PT018 - one or the other
        perfect = np.where(self.error == 0, 0.0, 1.0)  # of targets that do not vary
        ratio = np.divide(self.error, self.variance, out=perfect, where=self.variance != 0)
        return self.loss, float((1 - ratio).mean())


def numbers(loss: float, Y_hat: Array, Y: Array, weights: Array) -> Measured:
    """Measure answers (M, K) that are numbers, which count ``weights`` (M,) not all 0."""
    Y_hat, Y = Y_hat.astype(np.float64), Y.astype(np.float64)
    total = weights.sum()
    share = weights / total
    mean = share @ Y
    error, variance = share @ np.square(Y_hat - Y), share @ np.square(Y - mean)
    return Measured(float(total), loss, None, error, mean, variance)


def joined(parts: Sequence[Measured]) -> Measured:
    """Return the measures of samples from those of their parts; what counts nothing is left out."""
    parts = [part for part in parts if part.amount > 0]
    total = sum(part.amount for part in parts)
    loss = float(np.sum([part.loss * part.amount for part in parts]) / total)
    if parts[0].right is not None:
        return Measured(total, loss, sum(part.right or 0 for part in parts))
    amounts = np.array([part.amount for part in parts]) / total
    errors, means, variances = (
        np.array([getattr(part, name) for part in parts]) for name in ("error", "mean", "variance")
    )
    mean = amounts @ means
    return Measured(total, loss, None, amounts @ errors, mean, amounts @ (variances + np.square(means - mean)))
