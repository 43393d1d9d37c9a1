"""Rules that turn gradients into updates, in place: each a loop over the mapping of parameters."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from unrolled.rnn.arrays import Array, Parameters, ReadOnlyParameters
from unrolled.rnn.inputs import fraction, number

State: TypeAlias = dict[str, Parameters]
"""What an optimizer remembers: under each name of its own, arrays with the parameters' names and shapes, or one
array that counts the updates."""


class Optimizer(Protocol):
    """What :func:`unrolled.rnn.train` asks of an optimizer."""

    def start(self, parameters: ReadOnlyParameters) -> State:
        """Give the state before the first update."""
        ...

    def update(self, parameters: Parameters, gradients: ReadOnlyParameters, state: State, factor: float = 1.0) -> None:
        """Move the parameters one step, in place, and the state with them.

        ``factor`` is what a schedule multiplies the learning rate by.
        """
        ...


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent, ``W <- W - eta dE/dW`` (the report's updates, section 2.3).

    With momentum mu, ``V <- mu V + dE/dW`` and ``W <- W - eta V``; Nesterov's is ``W <- W - eta (dE/dW + mu V)``.

    Parameters
    ----------
    learning_rate : float
        eta, finite and above 0.
    momentum : float, default 0
        mu, from 0 to below 1.
    nesterov : bool, default False
        Needs momentum.

    References
    ----------
    I. Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013; as in
    PyTorch, eta is outside V.
    """

    learning_rate: float
    momentum: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        """Refuse settings that are not numbers of their kind."""
        _settle(self, learning_rate=number(self.learning_rate, "SGD's learning_rate", above=0))
        _settle(self, momentum=fraction(self.momentum, "SGD's momentum"))
        if not isinstance(self.nesterov, bool):
            raise ValueError(f"SGD's nesterov is {self.nesterov!r}, expected True or False")
        if self.nesterov and self.momentum == 0:
            raise ValueError("SGD's nesterov is True with momentum 0, expected a momentum above 0")

    def start(self, parameters: ReadOnlyParameters) -> State:
        """Give the state before the first update: plain SGD remembers nothing."""
        return {} if self.momentum == 0 else {"V": _zeros(parameters)}

    def update(self, parameters: Parameters, gradients: ReadOnlyParameters, state: State, factor: float = 1.0) -> None:
        """Move the parameters one step, in place."""
        for name, W in parameters.items():
            eta, mu = W.dtype.type(factor * self.learning_rate), W.dtype.type(self.momentum)
            step = gradients[name]
            if self.momentum:
                V = state["V"][name]
                V *= mu
                V += step
                step = step + mu * V if self.nesterov else V
            W -= eta * step


@dataclass(frozen=True)
class RMSProp:
    """Each entry's step divided by the root of a running mean of its squared gradients.

    ``S <- rho S + (1 - rho) (dE/dW)^2``, ``W <- W - eta dE/dW / (sqrt(S) + epsilon)``.

    Parameters
    ----------
    learning_rate : float, default 0.01
        eta, above 0.
    decay : float, default 0.99
        rho, from 0 to below 1.
    epsilon : float, default 1e-8
        Above 0.

    References
    ----------
    G. Hinton, "Neural networks for machine learning", lecture 6e, 2012; epsilon stands as in PyTorch.
    """

    learning_rate: float = 0.01
    decay: float = 0.99
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        """Refuse settings that are not numbers of their kind."""
        _settle(self, learning_rate=number(self.learning_rate, "RMSProp's learning_rate", above=0))
        _settle(self, decay=fraction(self.decay, "RMSProp's decay"))
        _settle(self, epsilon=number(self.epsilon, "RMSProp's epsilon", above=0))

    def start(self, parameters: ReadOnlyParameters) -> State:
        """Give the state before the first update: running means of 0."""
        return {"S": _zeros(parameters)}

    def update(self, parameters: Parameters, gradients: ReadOnlyParameters, state: State, factor: float = 1.0) -> None:
        """Move the parameters one step, in place, and the running means with them."""
        for name, W in parameters.items():
            of, gradient, S = W.dtype.type, gradients[name], state["S"][name]
            S *= of(self.decay)
            S += of(1 - self.decay) * (gradient * gradient)
            W -= of(factor * self.learning_rate) * (gradient / (np.sqrt(S) + of(self.epsilon)))


@dataclass(frozen=True)
class Adam:
    """Adaptive moments: momentum, divided by the root of a running mean of the squared gradients.

    ``M <- beta_1 M + (1 - beta_1) dE/dW``, ``S <- beta_2 S + (1 - beta_2) (dE/dW)^2``, and after t updates
    ``W <- W - eta M / (1 - beta_1^t) / (sqrt(S / (1 - beta_2^t)) + epsilon)``.

    Parameters
    ----------
    learning_rate : float, default 0.001
        eta, above 0.
    beta_1, beta_2 : float, default 0.9, 0.999
        From 0 to below 1.
    epsilon : float, default 1e-8
        Above 0.

    References
    ----------
    D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015.
    """

    learning_rate: float = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        """Refuse settings that are not numbers of their kind."""
        _check_adam(self)

    def start(self, parameters: ReadOnlyParameters) -> State:
        """Give the state before the first update: running means of 0."""
        return _adam_start(parameters)

    def update(self, parameters: Parameters, gradients: ReadOnlyParameters, state: State, factor: float = 1.0) -> None:
        """Move the parameters one step, in place, and the running means with them."""
        for W, step in _adam_steps(self, parameters, gradients, state, factor):
            W -= step


@dataclass(frozen=True)
class AdamW:
    """Adam, with weights that decay by ``eta lambda`` of themselves at each update, apart from the gradient.

    Parameters
    ----------
    learning_rate : float, default 0.001
        eta, above 0.
    weight_decay : float, default 0.01
        lambda, 0 or more; of all parameters.
    beta_1, beta_2 : float, default 0.9, 0.999
        From 0 to below 1.
    epsilon : float, default 1e-8
        Above 0.

    References
    ----------
    I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", ICLR 2019.
    """

    learning_rate: float = 0.001
    weight_decay: float = 0.01
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        """Refuse settings that are not numbers of their kind."""
        _check_adam(self)
        _settle(self, weight_decay=number(self.weight_decay, "AdamW's weight_decay"))
        if self.weight_decay < 0:
            raise ValueError(f"AdamW's weight_decay is {self.weight_decay!r}, expected 0 or more")

    def start(self, parameters: ReadOnlyParameters) -> State:
        """Give the state before the first update: running means of 0."""
        return _adam_start(parameters)

    def update(self, parameters: Parameters, gradients: ReadOnlyParameters, state: State, factor: float = 1.0) -> None:
        """Move the parameters one step, in place, and the running means with them."""
        for W, step in _adam_steps(self, parameters, gradients, state, factor):
            W *= W.dtype.type(1 - factor * self.learning_rate * self.weight_decay)
            W -= step


def _settle(frozen: object, **settings: float) -> None:
    """Set numbers that were checked, as plain floats whatever was passed: they go to files and come back the same."""
    for name, value in settings.items():
        object.__setattr__(frozen, name, value)


def _zeros(parameters: ReadOnlyParameters) -> Parameters:
    return {name: np.zeros_like(W) for name, W in parameters.items()}


def _check_adam(given: Adam | AdamW) -> None:
    name = type(given).__name__
    _settle(
        given,
        learning_rate=number(given.learning_rate, f"{name}'s learning_rate", above=0),
        beta_1=fraction(given.beta_1, f"{name}'s beta_1"),
        beta_2=fraction(given.beta_2, f"{name}'s beta_2"),
        epsilon=number(given.epsilon, f"{name}'s epsilon", above=0),
    )


def _adam_start(parameters: ReadOnlyParameters) -> State:
    return {"M": _zeros(parameters), "S": _zeros(parameters), "updates": {"t": np.zeros((), np.int64)}}


def _adam_steps(
    adam: Adam | AdamW, parameters: Parameters, gradients: ReadOnlyParameters, state: State, factor: float
) -> Iterator[tuple[Array, Array]]:
    """Move the running means, and give every parameter with its step."""
    state["updates"]["t"] += 1
    t = int(state["updates"]["t"])
    eta = factor * adam.learning_rate / (1 - adam.beta_1**t)
    root = math.sqrt(1 - adam.beta_2**t)
    for name, W in parameters.items():
        of, gradient, M, S = W.dtype.type, gradients[name], state["M"][name], state["S"][name]
        M *= of(adam.beta_1)
        M += of(1 - adam.beta_1) * gradient
        S *= of(adam.beta_2)
        S += of(1 - adam.beta_2) * (gradient * gradient)
        yield W, of(eta) * M / (np.sqrt(S) / of(root) + of(adam.epsilon))
