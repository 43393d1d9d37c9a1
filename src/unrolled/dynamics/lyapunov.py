"""How fast nearby trajectories part, or come together."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from unrolled._support.validation import numeric, whole_number
from unrolled.dynamics.system import System, inputs_of
from unrolled.rnn import Network
from unrolled.rnn.arrays import Array

BLOCK = 2**21
"""Numbers of Jacobians that are held at a time."""


@dataclass(frozen=True)
class LyapunovSpectrum:
    """Lyapunov exponents, the largest first, in units of one step; ``print`` it for a table.

    Attributes
    ----------
    exponents : ndarray, shape (k,)
        Means over steps and trajectories of the logarithm by which each direction grows in a step.
    standard_errors : ndarray, shape (k,)
        Of these means, from those of stretches of steps, which are long enough to know little of each other; NaN of
        fewer than 4 steps.
    running : ndarray, shape (T, k)
        The means over the first 1, 2, ... T steps: whether they have converged.
    size : int
        n, how many exponents the network has.

    See Also
    --------
    lyapunov_spectrum : Makes it, with an example.
    """

    exponents: Array
    standard_errors: Array
    running: Array
    size: int

    @property
    def dimension(self) -> float:
        """The Kaplan-Yorke dimension; with k below n a lower bound where the sum of all k is not below 0."""
        return kaplan_yorke_dimension(self.exponents)

    def __str__(self) -> str:
        of = f"{len(self.exponents)} of {self.size}, {len(self.running)} steps"
        rows = [f"{'exponent':>10}{'standard error':>16}   {of}"]
        rows += [f"{x:>10.4f}{e:>16.4f}" for x, e in zip(self.exponents, self.standard_errors, strict=True)]
        rows.append(f"Kaplan-Yorke dimension {self.dimension:.3g}")
        return "\n".join(rows)


def lyapunov_spectrum(
    net: Network,
    X: Any = None,
    k: int | None = None,
    *,
    n_steps: int | None = None,
    state: Any = None,
    burn_in: int | None = None,
    rng: int | np.random.Generator | None = 0,
) -> LyapunovSpectrum:
    """Compute the Lyapunov exponents of a network along trajectories, driven or left to itself.

    A frame of k orthonormal directions is moved by the exact Jacobian of each step and made orthonormal again; the
    exponents are the mean logarithms of the lengths it had. The largest above 0 is chaos, below 0 means that the
    state forgets where it began: 1 over its size, in steps, is its memory.

    Parameters
    ----------
    net : ManyToOne or ManyToMany
        Of one direction of time; in float64 whatever its dtype.
    X : array_like, optional
        (T, D) or (m, T, D): the inputs that drive one trajectory or m; the exponents are then conditional ones, of two
        states that see the same inputs. (D,): the same input at every one of ``n_steps`` steps. None: an input of 0.
    k : int, optional
        How many exponents, the largest ones; all n of them by default.
    n_steps : int, optional
        With X (D,) or None, for how many steps.
    state : mapping of array_like, or array_like of shape (n,) or (m, n), optional
        What stands before the first step; by default 0, or what the network has learned. Of a network left to itself 0
        may be a fixed point, whose own exponents are then computed.
    burn_in : int, optional
        How many steps go by before anything is counted, for state and frame to settle; a tenth by default.
    rng : None, int or numpy.random.Generator
        For the first frame.

    Returns
    -------
    LyapunovSpectrum
        An exponent is ``-inf`` where a direction is lost altogether, as by a rectifier.

    Raises
    ------
    ValueError
        If an input is not as described, or a cell reads the future too.

    See Also
    --------
    kaplan_yorke_dimension : Of the attractor, from the exponents.
    jacobians : The Jacobians themselves.

    References
    ----------
    G. Benettin, L. Galgani, A. Giorgilli, J.-M. Strelcyn, Meccanica 15 (1980); J.-P. Eckmann, D. Ruelle, Reviews of
    Modern Physics 57 (1985); R. Engelken, F. Wolf, L. F. Abbott, "Lyapunov spectra of chaotic recurrent neural
    networks", Physical Review Research 5 (2023).

    Examples
    --------
    Around the state 0 a network with tiny weights is linear, and its exponents are known:

    >>> import numpy as np
    >>> from unrolled import dynamics, rnn
    >>> net = rnn.ManyToOne(rnn.Tanh(4), 2, 2, initializer=rnn.uniform(-0.01, 0.01), rng=0)
    >>> found = dynamics.lyapunov_spectrum(net, n_steps=2000)
    >>> known = np.log(np.abs(np.linalg.eigvals(net.parameters["W_hh"].astype(float))))
    >>> bool(np.allclose(found.exponents, np.sort(known)[::-1], atol=1e-3))
    True
    """
    system = System(net)
    k = system.size if k is None else whole_number(k, "k", 1, system.size)
    X_t = _driving(X, n_steps, system.n_inputs)
    T, m, _ = X_t.shape
    burn_in = T // 10 if burn_in is None else whole_number(burn_in, "burn_in", 0, T - 1)
    Q, _ = np.linalg.qr(np.random.default_rng(rng).standard_normal((m, system.size, k)))
    growth: Array = np.empty((T, m, k))
    S = system.start(state, m)
    size = max(1, BLOCK // (m * system.size**2))
    for first in range(0, T, size):
        states = system.trajectory(X_t[first : first + size], S)
        S, n = states[-1], len(states) - 1
        _, J = system.linearize(states[:-1].reshape(n * m, -1), X_t[first : first + size].reshape(n * m, -1))
        for t, J_t in enumerate(J.reshape(n, m, system.size, system.size), first):
            Q, R = np.linalg.qr(J_t @ Q)
            growth[t] = np.abs(np.einsum("mii->mi", R))
    with np.errstate(divide="ignore"):
        local = np.log(growth[burn_in:])
    exponents = local.mean((0, 1))
    order = np.argsort(-exponents, kind="stable")
    running = np.cumsum(local.mean(1), axis=0) / np.arange(1, len(local) + 1)[:, None]
    return LyapunovSpectrum(exponents[order], _errors(local)[order], running[:, order], system.size)


def kaplan_yorke_dimension(exponents: Any) -> float:
    """Return the dimension of an attractor that its Lyapunov exponents suggest.

    Parameters
    ----------
    exponents : array_like, shape (k,)
        In any order.

    Returns
    -------
    float
        ``j + (sum of the first j) / |the one after|``, where j is the last for which the sum is not below 0; 0 if the
        first one is, and k if none is: with more exponents it would be larger.

    Raises
    ------
    ValueError
        If there is none, or one is NaN.

    See Also
    --------
    lyapunov_spectrum : The exponents.

    References
    ----------
    J. L. Kaplan, J. A. Yorke, "Chaotic behavior of multidimensional difference equations", Lecture Notes in Mathematics
    730 (1979).

    Examples
    --------
    The Lorenz system's:

    >>> round(kaplan_yorke_dimension([0.906, 0.0, -14.572]), 3)
    2.062
    """
    sorted_exponents = -np.sort(-numeric(exponents, "exponents").astype(np.float64))
    if sorted_exponents.ndim != 1 or not len(sorted_exponents) or np.isnan(sorted_exponents).any():
        raise ValueError(f"exponents are {exponents!r}, expected a row of at least one number, and no NaN")
    sums = np.cumsum(sorted_exponents)
    j = int(np.count_nonzero(sums >= 0))  # once below 0, a sum of ever smaller numbers stays there
    if j == 0 or j == len(sums):
        return float(j)
    return float(j + sums[j - 1] / abs(sorted_exponents[j]))


def _driving(X: Any, n_steps: int | None, n_inputs: int) -> Array:
    """Return the inputs (T, m, D)."""
    if X is None:
        X = np.zeros(n_inputs)
    given = numeric(X, "X")
    if given.ndim == 1:
        if n_steps is None:
            raise ValueError("n_steps is None, expected how many steps the network is left to itself for")
        given = np.broadcast_to(given, (1, whole_number(n_steps, "n_steps", 1), len(given)))
    elif n_steps is not None:
        raise ValueError(f"n_steps is {n_steps!r}, expected None: X, of shape {given.shape}, has its steps")
    elif given.ndim == 2:
        given = given[None]
    return inputs_of(given, None, n_inputs)[0]


def _errors(local: Array) -> Array:
    """Return the standard errors of the means of local exponents (T, m, k), by the method of batch means."""
    T, m, k = local.shape
    n = min(int(np.sqrt(T)), 20)
    if n < 2:
        return np.full(k, np.nan)
    length = T // n
    with np.errstate(invalid="ignore"):  # of -inf
        means = local[T - n * length :].reshape(n, length, m, k).mean(1).reshape(n * m, k)
        return np.asarray(means.std(axis=0, ddof=1) / np.sqrt(n * m))
