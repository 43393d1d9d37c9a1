"""Rules that turn gradients into updates, in place: each a loop over the mapping of parameters."""

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from unrolled.rnn.arrays import Parameters, ReadOnlyParameters

State: TypeAlias = dict[str, Parameters]
"""What an optimizer remembers: under each name of its own, arrays with the parameters' names and shapes."""


class Optimizer(Protocol):
    """What :func:`unrolled.rnn.train` asks of an optimizer."""

    def start(self, parameters: ReadOnlyParameters) -> State:
        """Give the state before the first update."""
        ...

    def update(self, parameters: Parameters, gradients: ReadOnlyParameters, state: State) -> None:
        """Move the parameters one step, in place, and the state with them."""
        ...


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent, ``W <- W - eta dE/dW`` (the report's updates, section 2.3).

    Parameters
    ----------
    learning_rate : float
        eta, finite and above 0.
    """

    learning_rate: float

    def __post_init__(self) -> None:
        """Refuse a rate that is not a positive number."""
        if not (np.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise ValueError(f"SGD(learning_rate={self.learning_rate!r}): expected a finite number above 0")

    def start(self, parameters: ReadOnlyParameters) -> State:  # noqa: ARG002 - the protocol's
        """Give the state before the first update: plain SGD remembers nothing."""
        return {}

    def update(self, parameters: Parameters, gradients: ReadOnlyParameters, state: State) -> None:  # noqa: ARG002
        """Move the parameters one step, in place."""
        for name, W in parameters.items():
            W -= W.dtype.type(self.learning_rate) * gradients[name]
