"""Rules that turn gradients into updates, in place: each a loop over the mapping of parameters."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from unrolled._support.validation import checked_fields, flag, real
from unrolled.rnn.arrays import Array, Parameters, ReadOnlyParameters

State: TypeAlias = dict[str, Parameters]
"""What an optimizer remembers: under each name of its own, arrays with the parameters' names and shapes, or one
array that counts the updates."""

RATE, FRACTION = real(above=0), real(0, below=1)


class Optimizer(Protocol):
    """What :func:`unrolled.rnn.train` asks of an optimizer.

    It remembers nothing itself: what it must know of earlier updates is in the state, which goes into checkpoints.

    See Also
    --------
    SGD, RMSProp, Adam, AdamW : Those of the library.
    """

    def start(self, parameters: ReadOnlyParameters) -> State:
        """Return the state before the first update."""
        ...

    def update(self, parameters: Parameters, gradients: ReadOnlyParameters, state: State, factor: float = 1.0) -> None:
        """Move the parameters one step, in place, and the state with them.

        ``factor`` is what a schedule multiplies the learning rate by, 1 without one.
        """
        ...


@dataclass(frozen=True)
@checked_fields(learning_rate=RATE, momentum=FRACTION, nesterov=flag)
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

    See Also
    --------
    Adam : Steps of a size of its own for each entry.

    References
    ----------
    I. Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013; as in
    PyTorch, eta is outside V.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> sgd, parameters = rnn.SGD(0.1), {"b_h": np.array([1.0, 2.0])}
    >>> sgd.update(parameters, {"b_h": np.array([5.0, 0.0])}, sgd.start(parameters))
    >>> parameters["b_h"].tolist()
    [0.5, 2.0]
    """

    learning_rate: float
    momentum: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        """Refuse Nesterov's momentum without momentum."""
        if self.nesterov and self.momentum == 0:
            raise ValueError("SGD's nesterov is True with momentum 0, expected a momentum above 0")

    def start(self, parameters: ReadOnlyParameters) -> State:
        """Return the state before the first update: plain SGD remembers nothing."""
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
@checked_fields(learning_rate=RATE, decay=FRACTION, epsilon=real(above=0))
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
        Above 0, and no subnormal number of the parameters' dtype.

    See Also
    --------
    Adam : The same with momentum.

    References
    ----------
    G. Hinton, "Neural networks for machine learning", lecture 6e, 2012; epsilon stands as in PyTorch.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> rmsprop, parameters = rnn.RMSProp(0.1, decay=0.75), {"b_h": np.array([1.0, 2.0])}
    >>> rmsprop.update(parameters, {"b_h": np.array([5.0, 0.1])}, rmsprop.start(parameters))
    >>> parameters["b_h"].round(6).tolist()  # large or small, each gradient moves its entry by the same
    [0.8, 1.8]
    """

    learning_rate: float = 0.01
    decay: float = 0.99
    epsilon: float = 1e-8

    def start(self, parameters: ReadOnlyParameters) -> State:
        """Return the state before the first update: running means of 0."""
        _check_epsilon(self, parameters)
        return {"S": _zeros(parameters)}

    def update(self, parameters: Parameters, gradients: ReadOnlyParameters, state: State, factor: float = 1.0) -> None:
        """Move the parameters one step, in place, and the running means with them."""
        for name, W in parameters.items():
            of, gradient, S = W.dtype.type, gradients[name], state["S"][name]
            S *= of(self.decay)
            S += of(1 - self.decay) * (gradient * gradient)
            W -= of(factor * self.learning_rate) * (gradient / (np.sqrt(S) + of(self.epsilon)))


@dataclass(frozen=True)
@checked_fields(learning_rate=RATE, beta_1=FRACTION, beta_2=FRACTION, epsilon=real(above=0))
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
        Above 0, and no subnormal number of the parameters' dtype.

    See Also
    --------
    AdamW : The same with weights that decay.

    References
    ----------
    D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> adam, parameters = rnn.Adam(0.1), {"b_h": np.array([1.0, 2.0])}
    >>> state = adam.start(parameters)
    >>> for _ in range(3):
    ...     adam.update(parameters, {"b_h": np.array([5.0, -0.1])}, state)
    >>> parameters["b_h"].round(6).tolist()
    [0.7, 2.3]
    """

    learning_rate: float = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    def start(self, parameters: ReadOnlyParameters) -> State:
        """Return the state before the first update: running means of 0."""
        _check_epsilon(self, parameters)
        return _adam_start(parameters)

    def update(self, parameters: Parameters, gradients: ReadOnlyParameters, state: State, factor: float = 1.0) -> None:
        """Move the parameters one step, in place, and the running means with them."""
        for W, step in _adam_steps(self, parameters, gradients, state, factor):
            W -= step


@dataclass(frozen=True)
@checked_fields(learning_rate=RATE, weight_decay=real(0), beta_1=FRACTION, beta_2=FRACTION, epsilon=real(above=0))
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
        Above 0, and no subnormal number of the parameters' dtype.

    See Also
    --------
    Adam : The same without.
    l2_penalty : Weights that are part of the loss instead.

    References
    ----------
    I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", ICLR 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> adamw, parameters = rnn.AdamW(0.1, weight_decay=0.5), {"W_hh": np.array([[1.0, -2.0]])}
    >>> adamw.update(parameters, {"W_hh": np.zeros((1, 2))}, adamw.start(parameters))
    >>> parameters["W_hh"].tolist()  # without a gradient, 5 % of each are lost
    [[0.95, -1.9]]
    """

    learning_rate: float = 0.001
    weight_decay: float = 0.01
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    def start(self, parameters: ReadOnlyParameters) -> State:
        """Return the state before the first update: running means of 0."""
        _check_epsilon(self, parameters)
        return _adam_start(parameters)

    def update(self, parameters: Parameters, gradients: ReadOnlyParameters, state: State, factor: float = 1.0) -> None:
        """Move the parameters one step, in place, and the running means with them."""
        for W, step in _adam_steps(self, parameters, gradients, state, factor):
            W *= W.dtype.type(1 - factor * self.learning_rate * self.weight_decay)
            W -= step


def _zeros(parameters: ReadOnlyParameters) -> Parameters:
    return {name: np.zeros_like(W) for name, W in parameters.items()}


def _check_epsilon(optimizer: "RMSProp | Adam | AdamW", parameters: ReadOnlyParameters) -> None:
    """Raise a ValueError if epsilon is 0, or nearly so, in the dtype of a parameter: 0 would be divided by 0."""
    for W in parameters.values():
        least = float(np.finfo(W.dtype).tiny)
        if optimizer.epsilon < least:
            raise ValueError(
                f"{type(optimizer).__name__}'s epsilon is {optimizer.epsilon}, expected at least {least:.3g}, the "
                f"smallest normal number of {W.dtype}, which the parameters are"
            )


def _adam_start(parameters: ReadOnlyParameters) -> State:
    return {"M": _zeros(parameters), "S": _zeros(parameters), "updates": {"t": np.zeros((), np.int64)}}


def _adam_steps(
    adam: Adam | AdamW, parameters: Parameters, gradients: ReadOnlyParameters, state: State, factor: float
) -> Iterator[tuple[Array, Array]]:
    """Move the running means, and yield every parameter with its step."""
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
