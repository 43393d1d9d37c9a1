"""From logits to probabilities, and the loss that goes with them."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from unrolled.rnn.arrays import Array
from unrolled.rnn.inputs import fraction, weights
from unrolled.rnn.output.losses import binary_cross_entropy, categorical_cross_entropy


def sigmoid(Z: Array) -> Array:
    """Logistic function ``1 / (1 + exp(-Z))``, equation (2), one probability a class.

    The probabilities of a row need not sum to 1 (section 2.2 of the report). No logit overflows, and
    the small end keeps its relative precision: ``sigmoid(-50)`` is ``exp(-50)``, not 0.

    Parameters
    ----------
    Z : ndarray of float or complex, any shape
        Logits. Complex ones are for the complex-step check: the sign is taken of the real part.

    Returns
    -------
    ndarray, same shape and dtype
    """
    negative = Z.real < 0
    e = np.exp(np.where(negative, Z, -Z))  # exp(-|Z|), analytic on either side of zero
    return np.asarray(np.where(negative, e, 1) / (1 + e))  # (2)


def softmax(Z: Array) -> Array:
    """Give ``exp(Z) / sum(exp(Z))`` over the last axis: probabilities that sum to 1. No logit overflows.

    Parameters
    ----------
    Z : ndarray of float or complex, shape (..., C)
        Logits.

    Returns
    -------
    ndarray, same shape and dtype
    """
    e = np.exp(Z - Z.real.max(-1, keepdims=True))
    return np.asarray(e / e.sum(-1, keepdims=True))


class Head(Protocol):
    """What a network asks of a head."""

    @property
    def class_weights(self) -> tuple[float, ...] | None:
        """What a sample of each class weighs in the loss, or None."""
        ...

    def probabilities(self, Z: Array) -> Array:
        """Give the probabilities (..., C) of logits (..., C)."""
        ...

    def targets(self, Y: Array) -> Array:
        """Smooth one-hot rows (..., C)."""
        ...

    def loss(self, Z: Array, Y: Array, weights: Array) -> tuple[Array, Array]:
        """Give the loss and its gradient in the logits; ``weights`` (...) is what each row weighs."""
        ...


@dataclass(frozen=True)
class Sigmoid:
    """A probability for each class on its own, and multi-category binary cross-entropy: the report's head.

    Parameters
    ----------
    class_weights : sequence of float, optional
        What a sample of each class weighs in the loss, one number above 0 for each; all 1 by default. The loss
        of a batch is the sum of its samples' weighted losses, divided by their number.
    label_smoothing : float, default 0
        epsilon from 0 to below 1: targets become ``(1 - epsilon) Y + epsilon / 2``.

    References
    ----------
    Equations (2) and (3) of the report; C. Szegedy et al., CVPR 2016, for label smoothing.
    """

    class_weights: tuple[float, ...] | None = None
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        """Refuse settings that are not numbers of their kind."""
        _check(self)

    def probabilities(self, Z: Array) -> Array:
        """See :func:`sigmoid`."""
        return sigmoid(Z)

    def targets(self, Y: Array) -> Array:
        """Smooth one-hot rows (..., C)."""
        return _smooth(Y, self.label_smoothing, 2)

    def loss(self, Z: Array, Y: Array, weights: Array) -> tuple[Array, Array]:
        """See :func:`unrolled.rnn.binary_cross_entropy`."""
        return binary_cross_entropy(Z, Y, weights)


@dataclass(frozen=True)
class Softmax:
    """Probabilities that sum to 1, and categorical cross-entropy.

    A class weight multiplies a sample's whole loss, and the sum is divided by the number of samples, as in Keras.
    PyTorch divides by the sum of the weights, and weights a smoothed target class by class.

    Parameters
    ----------
    class_weights : sequence of float, optional
        What a sample of each class weighs in the loss, one number above 0 for each; all 1 by default. The loss
        of a batch is the sum of its samples' weighted losses, divided by their number.
    label_smoothing : float, default 0
        epsilon from 0 to below 1: targets become ``(1 - epsilon) Y + epsilon / C``.

    References
    ----------
    J. S. Bridle, "Probabilistic interpretation of feedforward classification network outputs", 1990; C. Szegedy
    et al., CVPR 2016, for label smoothing.
    """

    class_weights: tuple[float, ...] | None = None
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        """Refuse settings that are not numbers of their kind."""
        _check(self)

    def probabilities(self, Z: Array) -> Array:
        """See :func:`softmax`."""
        return softmax(Z)

    def targets(self, Y: Array) -> Array:
        """Smooth one-hot rows (..., C)."""
        return _smooth(Y, self.label_smoothing, Y.shape[-1])

    def loss(self, Z: Array, Y: Array, weights: Array) -> tuple[Array, Array]:
        """See :func:`unrolled.rnn.categorical_cross_entropy`."""
        return categorical_cross_entropy(Z, Y, weights)


def _check(head: Sigmoid | Softmax) -> None:
    name = type(head).__name__
    object.__setattr__(head, "label_smoothing", fraction(head.label_smoothing, f"{name}'s label_smoothing"))
    if head.class_weights is not None:
        checked = weights(head.class_weights, f"{name}'s class_weights")
        if not all(checked):
            raise ValueError(f"{name}'s class_weights are {checked}, expected numbers above 0")
        object.__setattr__(head, "class_weights", checked)


def _smooth(Y: Array, epsilon: float, share: int) -> Array:
    if epsilon == 0:
        return Y
    of = Y.dtype.type
    return np.asarray(Y * of(1 - epsilon) + of(epsilon / share))
