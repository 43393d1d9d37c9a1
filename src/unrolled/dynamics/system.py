"""A network as a dynamical system: one vector that goes on from step to step."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from unrolled._support.validation import numeric
from unrolled.dynamics.hessian import real_network
from unrolled.dynamics.steps import step_of
from unrolled.rnn import Network, inputs
from unrolled.rnn.arrays import Array, IntArray
from unrolled.rnn.model import first_state


class System:
    """The map ``S_t = F(S_{t-1}, X_t)`` that a network of one direction of time is, in float64.

    S holds everything that goes on from step to step, of all layers, one after the other: A of the first layer, its C
    if it is an LSTM, then the second's, and so on. A layer reads the state that the one below has just taken, so that
    the Jacobian of the whole has each layer's own on its diagonal, and zeros above.

    Parameters
    ----------
    net : ManyToOne or ManyToMany
        With its parameters of now.

    Attributes
    ----------
    slices : dict of slice
        Where each state stands in S, by its name in ``net.forward(X).state``: ``A``, ``C``, ``A_l1``, ...
    size : int
        n, how many numbers S has.
    n_inputs : int
        D.

    Raises
    ------
    ValueError
        If a cell reads the future too, or a ``Stack`` stands in front of the cells.

    See Also
    --------
    states : The states of all layers.
    jacobians, fixed_points : What stands on it.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import dynamics, rnn
    >>> net = rnn.ManyToOne([rnn.LSTM(4), rnn.Tanh(3)], n_inputs=2, n_classes=2, rng=0)
    >>> system = dynamics.System(net)
    >>> system.slices
    {'A': slice(0, 4, None), 'C': slice(4, 8, None), 'A_l1': slice(8, 11, None)}
    >>> S, J = system.linearize(np.zeros((1, 11)), np.ones((1, 2)))
    >>> J.shape
    (1, 11, 11)
    """

    def __init__(self, net: Network) -> None:
        real = real_network(net)
        if real.stack.k > 1:
            raise ValueError(
                f"the network begins with {real.stack!r}, expected none for a system whose steps are those of X: of X "
                f"stacked by hand, one of the same parameters with n_inputs={real.widths[0]}"
            )
        for cell in real.cells:
            if not cell.causal:
                raise ValueError(
                    f"the network has {cell}, expected cells of one direction of time: a state that needs the future "
                    "does not go on from step to step"
                )
        self._steps = [step_of(cell) for cell in real.cells]
        self._parameters = real.layers.split(real.parameters)
        self.n_inputs = real.n_inputs
        self.slices: dict[str, slice] = {}
        self._layers: list[slice] = []
        self._widths = [cell.n_outputs for cell in real.cells]
        end = 0
        for cell, names in zip(real.cells, real.layers.state_names, strict=True):
            first = end
            for name in names.values():
                self.slices[name] = slice(end, end + cell.hidden)
                end += cell.hidden
            self._layers.append(slice(first, end))
        self.size = end
        self._first: Array = np.zeros(end)
        if real.initial_state == "learned":
            for name, where in self.slices.items():
                self._first[where] = real.parameters[first_state(name)]

    def step(self, S: Array, X: Array) -> Array:
        """Return the next states (m, n) of states S (m, n) and inputs X (m, D)."""
        following = np.empty_like(S)
        for layer, step, parameters, width in self._each():
            following[:, layer] = step(parameters, S[:, layer], X, False).S
            X = following[:, layer.start : layer.start + width]
        return following

    def linearize(self, S: Array, X: Array) -> tuple[Array, Array]:
        """Return the next states (m, n) and the Jacobians dS_t / dS_{t-1} (m, n, n)."""
        if len(self._layers) == 1:
            S_t, J, _ = self._steps[0](self._parameters[0], S, X, True)
            return S_t, J
        following, J = np.empty_like(S), np.zeros((*S.shape, self.size))
        above = 0
        for layer, step, parameters, width in self._each():
            following[:, layer], J[:, layer, layer], dX = step(parameters, S[:, layer], X, True)
            A = slice(layer.start, layer.start + width)
            if layer.start:  # what it reads has the states of all the layers below in it
                J[:, layer, : layer.start] = dX @ J[:, above : above + dX.shape[2], : layer.start]
            X, above = following[:, A], layer.start
        return following, J

    def trajectory(self, X: Array, S: Array | None = None) -> Array:
        """Return the states (T + 1, m, n) along inputs X (T, m, D), from S (m, n), or as :meth:`start`."""
        states: Array = np.zeros((len(X) + 1, X.shape[1], self.size))
        states[0] = self.start(None, X.shape[1]) if S is None else S
        for t, X_t in enumerate(X):
            states[t + 1] = self.step(states[t], X_t)
        return states

    def named(self, S: Array) -> dict[str, Array]:
        """Return states (..., n) by name, as views."""
        return {name: S[..., where] for name, where in self.slices.items()}

    def _each(self) -> Any:
        return zip(self._layers, self._steps, self._parameters, self._widths, strict=True)

    def start(self, state: Any, m: int) -> Array:
        """Return initial states (m, n): given as a mapping by name, or as an array (n,) or (m, n).

        What is not given is what the network begins with: 0, or what it has learned.

        Raises
        ------
        ValueError
            If a name is unknown, a shape is another, or a number is not finite.
        """
        S: Array = np.tile(self._first, (m, 1))
        if isinstance(state, Mapping):
            for name, value in state.items():
                if name not in self.slices:
                    raise ValueError(f"state has {name!r}, expected names among {', '.join(self.slices)}")
                where = self.slices[name]
                S[:, where] = _fitting(value, f"state[{name!r}]", m, where.stop - where.start)
        elif state is not None:
            S[...] = _fitting(state, "state", m, self.size)
        return S


def _fitting(given: Any, name: str, m: int, n: int) -> Array:
    array = numeric(given, name).astype(np.float64)
    if array.shape not in ((n,), (m, n), (1, n)):
        raise ValueError(f"{name} has shape {array.shape}, expected ({n},) or ({m}, {n})")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds a number that is not finite, expected finite numbers")
    return array


def states(net: Network, X: Any, state: Any = None) -> Array:
    """Return everything that goes on from step to step, along a batch.

    Parameters
    ----------
    net : ManyToOne or ManyToMany
        Of one direction of time; in float64 whatever its dtype.
    X : array_like, shape (m, T, D), or whole numbers (m, T) for symbols
    state : mapping of array_like, or array_like of shape (n,) or (m, n), optional
        What stands before the first step; by default 0, or what the network has learned.

    Returns
    -------
    ndarray, shape (T + 1, m, n)
        Time first, the states of all layers one after the other, as :class:`System` has them.

    Raises
    ------
    ValueError
        If X or the state has another shape or is not finite, or a cell reads the future too.

    See Also
    --------
    unrolled.rnn.ManyToOne.forward : Of the last layer A alone; and every gate.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import dynamics, rnn
    >>> net = rnn.ManyToOne(rnn.LSTM(4), n_inputs=2, n_classes=2, rng=0)
    >>> dynamics.states(net, np.ones((3, 5, 2))).shape
    (6, 3, 8)
    """
    system = System(net)
    X_t, _ = inputs_of(X, None, system.n_inputs)
    return system.trajectory(X_t, system.start(state, X_t.shape[1]))


def inputs_of(X: Any, lengths: Any, n_inputs: int) -> tuple[Array, IntArray | None]:
    """Return a batch (m, T, D) as (T, m, D) in float64, checked, and its lengths; padding becomes 0."""
    padded, lengths = inputs.padded(X, lengths, n_inputs)
    if padded.ndim == 2:
        padded = np.eye(n_inputs)[padded]  # symbols
    return np.ascontiguousarray(inputs.rounded(padded, np.dtype(np.float64)).transpose(1, 0, 2)), lengths
