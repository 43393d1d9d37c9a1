"""How the state of each step changes with that of the step before."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from unrolled.dynamics.system import System, inputs_of
from unrolled.rnn import Network
from unrolled.rnn.arrays import Array

BLOCK = 2**17
"""Numbers of Jacobians that are computed together, so that they stay in the processor's cache (measured)."""


@dataclass(frozen=True)
class Jacobians:
    """dS_t / dS_{t-1} of every step of every sample.

    Attributes
    ----------
    J : ndarray, shape (T, m, n, n)
        ``J[t - 1]`` is dS_t / dS_{t-1}: rows are what changes. After a sample's last step the identity.
    states : ndarray, shape (T + 1, m, n)
        S, the states of all layers one after the other; after a sample's last step they stay.
    slices : dict of slice
        Where each state stands among the n, by name: ``A``, of an LSTM ``C``, ``A_l1``, ... A layer's own Jacobian is
        ``J[..., slices[name], slices[name]]``.

    See Also
    --------
    jacobians : Makes it, with an example.
    """

    J: Array
    states: Array
    slices: dict[str, slice]

    def singular_values(self) -> Array:
        """Return the singular values of each step's, the largest first, (T, m, n)."""
        return np.linalg.svd(self.J, compute_uv=False)

    def eigenvalues(self) -> Array:
        """Return the eigenvalues of each step's, complex, the largest modulus first, (T, m, n)."""
        return _sorted(np.linalg.eigvals(self.J))

    def spectral_radius(self) -> Array:
        """Return the largest modulus of an eigenvalue of each step's, (T, m)."""
        return np.asarray(np.abs(np.linalg.eigvals(self.J)).max(axis=-1))

    def products(self) -> "Jacobians":
        """Return dS_T / dS_{t-1} in the place of dS_t / dS_{t-1}: what is left of each state in the last.

        ``J[t - 1]`` is then J_T J_{T-1} ... J_t, and ``J[0]`` the whole sequence's. By its singular values the
        gradient in S_{t-1} is at most so many times, and at least so few times, as long as that in S_T: whether it
        vanishes or explodes. Beyond 1e308 it is infinite, and below 1e-308 it is 0.
        """
        P = np.empty_like(self.J)
        P[-1] = self.J[-1]
        with np.errstate(over="ignore", invalid="ignore"):
            for t in range(len(P) - 2, -1, -1):
                np.matmul(P[t + 1], self.J[t], out=P[t])
        return Jacobians(P, self.states, self.slices)


def jacobians(net: Network, X: Any, lengths: Any = None, *, state: Any = None) -> Jacobians:
    """Compute dS_t / dS_{t-1} of every step, exactly.

    S is everything that goes on from step to step, of all layers: A, of an LSTM (A, C). The library's cells have
    their formulas (``diag(1 - A_t^2) W_hh`` for the report's), any other cell is stepped in complex numbers.

    Parameters
    ----------
    net : ManyToOne or ManyToMany
        Of one direction of time; in float64 whatever its dtype.
    X : array_like, shape (m, T, D), or whole numbers (m, T) for symbols
    lengths : array_like of int, shape (m,), optional
        How many steps each sample has.
    state : mapping of array_like, or array_like of shape (n,) or (m, n), optional
        What stands before the first step; by default 0, or what the network has learned.

    Returns
    -------
    Jacobians
        8 T m n^2 bytes: of 30 samples, 150 steps and 50 units 90 MB.

    Raises
    ------
    ValueError
        If X, lengths or the state has another shape or is not finite, or a cell reads the future too.

    See Also
    --------
    lyapunov_spectrum : The growth along long trajectories, where products would overflow.
    gradient_profile : What the loss makes of it.

    References
    ----------
    R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training recurrent neural networks", ICML 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import dynamics, rnn
    >>> net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=2, n_classes=2, rng=0)
    >>> found = dynamics.jacobians(net, np.zeros((3, 5, 2)))
    >>> bool(np.allclose(found.J[2, 1], net.parameters["W_hh"]))  # A stays 0 without an input
    True
    >>> found.products().singular_values().shape
    (5, 3, 4)
    """
    system = System(net)
    X_t, lengths = inputs_of(X, lengths, system.n_inputs)
    T, m, _ = X_t.shape
    S = system.trajectory(X_t, system.start(state, m))
    n = system.size
    J: Array = np.empty((T * m, n, n))
    before, given = S[:-1].reshape(-1, n), X_t.reshape(T * m, -1)
    size = max(1, BLOCK // (n * n))
    for first in range(0, T * m, size):
        rows = slice(first, first + size)
        _, J[rows] = system.linearize(before[rows], given[rows])
    J = J.reshape(T, m, n, n)
    if lengths is not None:
        J[np.arange(T)[:, None] >= lengths] = np.eye(n)
        for sample, last in enumerate(lengths.tolist()):
            S[last + 1 :, sample] = S[last, sample]
    return Jacobians(J, S, system.slices)


def _sorted(eigenvalues: Array) -> Array:
    order = np.argsort(-np.abs(eigenvalues), axis=-1)
    return np.take_along_axis(eigenvalues, order, axis=-1)
