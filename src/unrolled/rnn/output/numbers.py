"""Heads that answer with numbers, not with the probabilities of classes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from unrolled._support.validation import one_of, real_number
from unrolled.rnn.arrays import Array
from unrolled.rnn.output.class_weights import ClassWeights
from unrolled.rnn.output.errors import absolute_error, huber_loss, poisson_loss, squared_error
from unrolled.rnn.output.heads import Answers

LOSSES = ("squared", "absolute", "huber")


@dataclass(frozen=True, init=False, repr=False)
class Linear:
    """Numbers as they are, ``Y_hat = W_ho A + b_o``, and their mean squared error, or another.

    Parameters
    ----------
    loss : {"squared", "absolute", "huber"}, default "squared"
        What is minimized, averaged over the numbers of an answer.
    delta : float, default 1
        Of Huber's loss: from which error on it is the absolute one.

    See Also
    --------
    squared_error, absolute_error, huber_loss : The losses.
    Poisson : For counts.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne(rnn.GRU(8), n_inputs=2, n_outputs=1, head=rnn.Linear(loss="huber"), rng=0)
    >>> net.head
    Linear(loss='huber', delta=1.0)
    >>> net.predict(np.zeros((5, 10, 2))).shape
    (5, 1)
    """

    minimized: str
    delta: float
    answers: ClassVar[Answers] = "numbers"
    class_weights: ClassVar[ClassWeights | None] = None

    def __init__(self, loss: str = "squared", delta: float = 1.0) -> None:
        object.__setattr__(self, "minimized", one_of(loss, LOSSES, "Linear's loss"))
        object.__setattr__(self, "delta", real_number(delta, "Linear's delta", above=0))

    def __repr__(self) -> str:
        given = [] if self.minimized == "squared" else [f"loss={self.minimized!r}"]
        given += [f"delta={self.delta}"] if self.minimized == "huber" else []
        return f"Linear({', '.join(given)})"

    def to_config(self) -> dict[str, Any]:
        """Return what it was made with."""
        return {"loss": self.minimized, "delta": self.delta}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "Linear":
        """Make it again."""
        return cls(**config)

    def probabilities(self, Z: Array) -> Array:
        """Return the numbers themselves."""
        return Z

    def targets(self, Y: Array) -> Array:
        """Return the numbers themselves."""
        return Y

    def loss(self, Z: Array, Y: Array, weights: Array) -> tuple[Array, Array]:
        """See :func:`squared_error`, :func:`absolute_error` and :func:`huber_loss`."""
        if self.minimized == "huber":
            return huber_loss(Z, Y, weights, self.delta)
        return (squared_error if self.minimized == "squared" else absolute_error)(Z, Y, weights)


@dataclass(frozen=True)
class Poisson:
    """Counts, whose mean is ``exp(W_ho A + b_o)``, and their negative log-likelihood.

    See Also
    --------
    poisson_loss : The loss.
    Linear : For numbers of any kind.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> rnn.Poisson().probabilities(np.array([[0.0]])).tolist()
    [[1.0]]
    """

    answers: ClassVar[Answers] = "numbers"
    class_weights: ClassVar[ClassWeights | None] = None
    lowest_target: ClassVar[float] = 0.0

    def probabilities(self, Z: Array) -> Array:
        """Return the mean, ``exp(Z)``."""
        return np.exp(Z)

    def targets(self, Y: Array) -> Array:
        """Return the counts themselves."""
        return Y

    def loss(self, Z: Array, Y: Array, weights: Array) -> tuple[Array, Array]:
        """See :func:`poisson_loss`."""
        return poisson_loss(Z, Y, weights)
