"""From logits to probabilities, and the loss that goes with them."""

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import numpy as np

from unrolled._support.validation import checked_fields, flag, optional, real
from unrolled.rnn.arrays import Array
from unrolled.rnn.output.class_weights import ClassWeights, checked
from unrolled.rnn.output.losses import binary_cross_entropy, categorical_cross_entropy

Answers: TypeAlias = Literal["class", "labels", "numbers"]
"""What a head answers with: one class of several, each label yes or no, or numbers."""


def answers_of(head: "Head") -> Answers:
    """Return what a head answers with: its attribute ``answers``, or one class where it has none."""
    found: Answers = getattr(head, "answers", "class")
    return found


def sigmoid(Z: Array) -> Array:
    """Compute the logistic function ``1 / (1 + exp(-Z))``, equation (2), one probability a class.

    Its derivative is ``s (1 - s)``, of its value s, and cancels against that of the loss (``dZ`` in ``losses.py``).
    The probabilities of a row need not sum to 1 (section 2.2 of the report). No logit overflows, and
    the small end keeps its relative precision: ``sigmoid(-50)`` is ``exp(-50)``, not 0.

    Parameters
    ----------
    Z : ndarray of float or complex, any shape
        Logits. Complex ones are for the complex-step check: the sign is taken of the real part.

    Returns
    -------
    ndarray, same shape and dtype

    See Also
    --------
    softmax : Probabilities that sum to 1.
    Sigmoid : The head.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> rnn.sigmoid(np.array([-50.0, 0.0, 800.0])).tolist()
    [1.9287498479639178e-22, 0.5, 1.0]
    """
    negative = Z.real < 0
    e = np.exp(np.where(negative, Z, -Z) if Z.dtype.kind == "c" else -np.abs(Z))  # analytic on either side of zero
    return np.asarray(np.where(negative, e, 1) / (1 + e))  # (2)


def softmax(Z: Array) -> Array:
    """Compute ``exp(Z) / sum(exp(Z))`` over the last axis: probabilities that sum to 1. No logit overflows.

    Parameters
    ----------
    Z : ndarray of float or complex, shape (..., C)
        Logits.

    Returns
    -------
    ndarray, same shape and dtype

    See Also
    --------
    sigmoid : A probability for each class on its own.
    Softmax : The head.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> rnn.softmax(np.array([800.0, 800.0, -800.0])).tolist()
    [0.5, 0.5, 0.0]
    """
    e = np.exp(Z - Z.real.max(-1, keepdims=True))
    return np.asarray(e / e.sum(-1, keepdims=True))


class Head(Protocol):
    """What a network asks of a head.

    One whose attribute ``answers`` is ``"numbers"`` belongs to a network with ``n_outputs``, and its
    ``probabilities`` are what the network predicts; of one that answers with ``"labels"``, targets are rows of
    numbers from 0 to 1, and any number of them may be 1.

    See Also
    --------
    Sigmoid, Softmax : Those of the library.
    """

    @property
    def class_weights(self) -> ClassWeights | None:
        """What a sample of each class weighs in the loss: C numbers above 0 in a network; None for 1 each."""
        ...

    def probabilities(self, Z: Array) -> Array:
        """Return the probabilities (..., C) of logits (..., C)."""
        ...

    def targets(self, Y: Array) -> Array:
        """Return the targets (..., C) of one-hot rows (..., C): the rows themselves, or smoothed."""
        ...

    def loss(self, Z: Array, Y: Array, weights: Array) -> tuple[Array, Array]:
        """Return the loss, a scalar, and its gradient in the logits, (..., C).

        ``Y`` are the targets (..., C), and ``weights`` (...) is what each row weighs in the loss.
        """
        ...


@dataclass(frozen=True)
@checked_fields(class_weights=optional(checked), label_smoothing=real(0, below=1), multilabel=flag)
class Sigmoid:
    """A probability for each class on its own, and multi-category binary cross-entropy: the report's head.

    With ``multilabel=True`` a sample may have several labels at once, or none: targets are rows of C numbers from 0
    to 1, and the network predicts rows of 0 and 1, the labels whose probability is at least one half.

    Parameters
    ----------
    class_weights : sequence of float, dict or "balanced", optional
        What a sample of each class weighs in the loss, one number above 0 for each, or a dict of those that are not 1
        by class; all 1 by default. "balanced" becomes numbers when the network is trained: N / (C n) for a class with
        n of N training samples, as in scikit-learn. The loss of a batch is the sum of its samples' weighted losses,
        divided by their number.
    label_smoothing : float, default 0
        epsilon from 0 to below 1: targets become ``(1 - epsilon) Y + epsilon / 2``.
    multilabel : bool, default False
        Whether a sample may have several labels. Then there are no class weights.

    See Also
    --------
    Softmax : Probabilities that sum to 1.
    binary_cross_entropy : The loss.

    References
    ----------
    Equations (2) and (3) of the report; C. Szegedy et al., CVPR 2016, for label smoothing.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> rnn.Sigmoid().probabilities(np.array([[0.0, 0.0, -800.0]])).tolist()
    [[0.5, 0.5, 0.0]]
    >>> rnn.Sigmoid(label_smoothing=0.1).targets(np.array([[0.0, 1.0]])).tolist()
    [[0.05, 0.9500000000000001]]
    """

    class_weights: ClassWeights | None = None
    label_smoothing: float = 0.0
    multilabel: bool = False

    def __post_init__(self) -> None:
        """Refuse class weights where a sample has no one class."""
        if self.multilabel and self.class_weights is not None:
            raise ValueError(
                f"Sigmoid's class_weights are {self.class_weights} with multilabel=True, expected None: a sample that "
                "may have several labels has no one class whose weight would be its own"
            )

    @property
    def answers(self) -> Answers:
        """One class, or labels."""
        return "labels" if self.multilabel else "class"

    def probabilities(self, Z: Array) -> Array:
        """See :func:`sigmoid`."""
        return sigmoid(Z)

    def targets(self, Y: Array) -> Array:
        """Return one-hot rows (..., C), smoothed."""
        return _smooth(Y, self.label_smoothing, 2)

    def loss(self, Z: Array, Y: Array, weights: Array) -> tuple[Array, Array]:
        """See :func:`unrolled.rnn.binary_cross_entropy`."""
        return binary_cross_entropy(Z, Y, weights)


@dataclass(frozen=True)
@checked_fields(class_weights=optional(checked), label_smoothing=real(0, below=1), soft_targets=flag)
class Softmax:
    """Probabilities that sum to 1, and categorical cross-entropy.

    A class weight multiplies a sample's whole loss, and the sum is divided by the number of samples, as in Keras.
    PyTorch divides by the sum of the weights, and weights a smoothed target class by class.

    Parameters
    ----------
    class_weights : sequence of float, dict or "balanced", optional
        What a sample of each class weighs in the loss, one number above 0 for each, or a dict of those that are not 1
        by class; all 1 by default. "balanced" becomes numbers when the network is trained: N / (C n) for a class with
        n of N training samples, as in scikit-learn. The loss of a batch is the sum of its samples' weighted losses,
        divided by their number.
    label_smoothing : float, default 0
        epsilon from 0 to below 1: targets become ``(1 - epsilon) Y + epsilon / C``.
    soft_targets : bool, default False
        Whether targets are rows of probabilities that sum to 1, such as what several people said, in place of labels.

    See Also
    --------
    Sigmoid : The report's head.
    categorical_cross_entropy : The loss.

    References
    ----------
    J. S. Bridle, "Probabilistic interpretation of feedforward classification network outputs", 1990; C. Szegedy
    et al., CVPR 2016, for label smoothing.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> head = rnn.Softmax(class_weights=[1, 3])
    >>> head
    Softmax(class_weights=(1.0, 3.0), label_smoothing=0.0, soft_targets=False)
    >>> head.probabilities(np.array([[0.0, 0.0]])).tolist()
    [[0.5, 0.5]]
    """

    class_weights: ClassWeights | None = None
    label_smoothing: float = 0.0
    soft_targets: bool = False

    def probabilities(self, Z: Array) -> Array:
        """See :func:`softmax`."""
        return softmax(Z)

    def targets(self, Y: Array) -> Array:
        """Return one-hot rows (..., C), smoothed."""
        return _smooth(Y, self.label_smoothing, Y.shape[-1])

    def loss(self, Z: Array, Y: Array, weights: Array) -> tuple[Array, Array]:
        """See :func:`unrolled.rnn.categorical_cross_entropy`."""
        return categorical_cross_entropy(Z, Y, weights)


def _smooth(Y: Array, epsilon: float, among: int) -> Array:
    """Return ``(1 - epsilon) Y + epsilon / among``."""
    if epsilon == 0:
        return Y
    of = Y.dtype.type
    return np.asarray(Y * of(1 - epsilon) + of(epsilon / among))
