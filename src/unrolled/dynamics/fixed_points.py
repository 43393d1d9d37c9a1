"""Where a network's state stays, or nearly stays, under a constant input."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from unrolled._support.validation import numeric, real_number, whole_number
from unrolled.dynamics.system import System
from unrolled.rnn import Network
from unrolled.rnn.arrays import Array, IntArray

FIXED = 1e-20
"""The speed q up to which a point is called fixed: a step moves the state by 1e-10."""

ROWS = 30
"""So many are printed."""


@dataclass(frozen=True)
class FixedPoints:
    """Points where the state stays, the slowest first; ``print`` it for a table.

    Attributes
    ----------
    states : ndarray, shape (K, n)
        Where they are.
    q : ndarray, shape (K,)
        Their speeds, ``|F(S, x) - S|^2 / 2``: up to 1e-20 they are fixed, above only slow.
    eigenvalues : ndarray of complex, shape (K, n)
        Of the Jacobian there, the largest modulus first.
    modes : ndarray of complex, shape (K, n, n)
        Its eigenvectors: ``modes[k, :, j]`` belongs to ``eigenvalues[k, j]`` and has length 1.
    n_starts : ndarray of int, shape (K,)
        How many of the starts ended there.
    n_elsewhere : int
        How many ended where the state is not slow.

    See Also
    --------
    fixed_points : Makes it, with an example.
    """

    states: Array
    q: Array
    eigenvalues: Array
    modes: Array
    n_starts: IntArray
    n_elsewhere: int

    @property
    def is_fixed(self) -> Array:
        """Whether each is a fixed point, and not only a slow one, (K,)."""
        return self.q <= FIXED

    @property
    def n_unstable(self) -> IntArray:
        """How many modes of each grow, (K,): 0 of a stable one."""
        return np.asarray((np.abs(self.eigenvalues) > 1).sum(1))

    @property
    def kinds(self) -> tuple[str, ...]:
        """Of each "stable" (all modes shrink), "saddle" (some grow) or "unstable" (all grow)."""
        n = self.eigenvalues.shape[1]
        return tuple("stable" if u == 0 else "unstable" if u == n else "saddle" for u in self.n_unstable.tolist())

    def __len__(self) -> int:
        return len(self.states)

    def __str__(self) -> str:
        rows = ["point         kind             q  growing modes  largest |eigenvalue|  starts"]
        for n, kind in enumerate(self.kinds[:ROWS]):
            fixed = "fixed" if self.is_fixed[n] else "slow"
            growing, radius = self.n_unstable[n], abs(self.eigenvalues[n, 0])
            row = f"{n:>5}  {fixed:<5}  {kind:<8}  {self.q[n]:>8.1e}  {growing:>13}  {radius:>20.4f}"
            rows.append(f"{row}  {self.n_starts[n]:>6}")
        if len(self) > ROWS:
            rows.append(f"  ... and {len(self) - ROWS} more, {int((~self.is_fixed).sum())} of all only slow")
        rows.append(f"{self.n_elsewhere} starts ended elsewhere")
        return "\n".join(rows)


def fixed_points(
    net: Network,
    x: Any = None,
    starts: Any = None,
    *,
    slow: float = 1e-6,
    merge: float = 1e-3,
    iterations: int = 300,
) -> FixedPoints:
    """Find the fixed and slow points of a network under a constant input.

    From every start the speed ``q = |F(S, x) - S|^2 / 2`` is made small by Levenberg and Marquardt's method with the
    exact Jacobian: where there is a fixed point that is Newton's method, stable or not; where there is none, it ends
    where q is least, at a slow point (a "ghost"), which rules trajectories as a fixed point does.

    Parameters
    ----------
    net : ManyToOne or ManyToMany
        Of one direction of time; in float64 whatever its dtype.
    x : array_like, shape (D,), optional
        The input at every step; 0 by default.
    starts : array_like, shape (..., n)
        Where searches begin: best at states that occurred, ``dynamics.states(net, X)``, or some of them. A saddle may
        need many.
    slow : float, default 1e-6
        A point that is faster than that is none.
    merge : float, default 1e-3
        Points that are no further apart are one; the slower one stays.
    iterations : int, default 300
        Steps of the search at most.

    Returns
    -------
    FixedPoints

    Raises
    ------
    ValueError
        If an input is not as described, or a cell reads the future too.

    See Also
    --------
    states : States that occurred.
    unrolled.plots.state_space : Them, and the points and modes among them.

    References
    ----------
    D. Sussillo, O. Barak, "Opening the black box: low-dimensional dynamics in high-dimensional recurrent neural
    networks", Neural Computation 25 (2013); M. D. Golub, D. Sussillo, "FixedPointFinder", Journal of Open Source
    Software 3 (2018); D. W. Marquardt, Journal of the Society for Industrial and Applied Mathematics 11 (1963).

    Examples
    --------
    A unit that holds one bit: ``A = tanh(2 A)`` has three solutions.

    >>> import numpy as np
    >>> from unrolled import dynamics, rnn
    >>> net = rnn.ManyToOne(rnn.Tanh(1), 1, 2, rng=0)
    >>> net.parameters["W_hh"][...] = 2
    >>> found = dynamics.fixed_points(net, starts=[[-0.9], [-0.1], [0.1], [0.9]])
    >>> sorted(zip(found.states[:, 0].round(2).tolist(), found.kinds))[::2]
    [(-0.96, 'stable'), (0.96, 'stable')]
    >>> found.kinds.count("unstable")  # and 0 between them
    1
    """
    system = System(net)
    x = np.zeros(system.n_inputs) if x is None else numeric(x, "x").astype(np.float64)
    if x.shape != (system.n_inputs,) or not np.isfinite(x).all():
        raise ValueError(f"x is {x.tolist()}, expected D = {system.n_inputs} finite numbers, one step")
    S = _starts(starts, system.size)
    n_starts = len(S)
    slow, merge = real_number(slow, "slow", 0), real_number(merge, "merge", 0)
    S, q = _search(system, x, S, whole_number(iterations, "iterations", 1))
    near = np.flatnonzero(q <= slow)
    found, counts = _merged(S[near], q[near], merge)
    S, q = S[near][found], q[near][found]
    _, J = system.linearize(S, np.broadcast_to(x, (len(S), len(x))))
    eigenvalues, modes = np.linalg.eig(J)
    order = np.argsort(-np.abs(eigenvalues), axis=1)
    return FixedPoints(
        S,
        q,
        np.take_along_axis(eigenvalues, order, 1).astype(np.complex128),
        np.take_along_axis(modes, order[:, None], 2).astype(np.complex128),
        counts,
        n_starts - len(near),
    )


def _starts(given: Any, n: int) -> Array:
    if given is None:
        raise ValueError("starts is None, expected states to begin at, such as dynamics.states(net, X)")
    starts = numeric(given, "starts").astype(np.float64)
    if starts.ndim == 0 or starts.shape[-1] != n or not starts.size or not np.isfinite(starts).all():
        raise ValueError(f"starts have shape {starts.shape}, expected (..., {n}), finite and at least one")
    return starts.reshape(-1, n)


def _search(system: System, x: Array, S: Array, iterations: int) -> tuple[Array, Array]:
    """Return where q is least from each start, and q there."""
    S = S.copy()
    X = np.broadcast_to(x, (len(S), len(x)))
    q = _speed(system.step(S, X) - S)
    damping: Array = np.full(len(S), 1e-3)
    active = np.arange(len(S))
    one = np.eye(system.size)
    for _ in range(iterations):
        at = S[active]
        following, J = system.linearize(at, X[: len(active)])
        M, residual = J - one, following - at
        M_T = M.transpose(0, 2, 1)
        normal = M_T @ M + damping[active, None, None] * one
        step = -np.linalg.solve(normal, M_T @ residual[:, :, None])[:, :, 0]
        q_there = _speed(system.step(at + step, X[: len(active)]) - at - step)
        better = q_there < q[active]
        S[active[better]] += step[better]
        q[active[better]] = q_there[better]
        damping[active] = np.clip(damping[active] * np.where(better, 0.1, 10), 1e-15, None)
        still = (np.abs(step).max(1) > 1e-14) & (damping[active] < 1e10)
        active = active[still]
        if not len(active):
            break
    return S, q


def _speed(F: Array) -> Array:
    return np.asarray(0.5 * (F * F).sum(1))


def _merged(S: Array, q: Array, merge: float) -> tuple[IntArray, IntArray]:
    """Return which points stay, the slowest first, and how many each stands for."""
    stay: list[int] = []
    counts: list[int] = []
    for i in np.argsort(q, kind="stable").tolist():
        distances = np.linalg.norm(S[stay] - S[i], axis=1)
        if len(stay) and distances.min() <= merge:
            counts[int(distances.argmin())] += 1
        else:
            stay.append(i)
            counts.append(1)
    return np.array(stay, np.int64), np.array(counts, np.int64)
