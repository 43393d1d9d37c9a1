"""Problems of dynamics: long series from an equation."""

import math
from fractions import Fraction

import numpy as np

from unrolled._support.validation import real_number, whole_number
from unrolled.data.checks import FloatArray
from unrolled.data.errors import DataError
from unrolled.data.samples import Rng
from unrolled.data.tasks.task import generator

DIVERGED = 2.0
"""A value that NARMA-10 does not come back from: of those that do, none in a million exceeded 1.25."""

DRAWS = 100
"""How often NARMA-10 is drawn before it is given up."""

LONGEST = Fraction(1, 10)
"""The longest step of the integration of Mackey-Glass."""


def narma10(n: int, *, burn_in: int = 100, rng: Rng = None) -> tuple[FloatArray, FloatArray]:
    """Return an input and what the nonlinear autoregressive moving average of order 10 makes of it.

    With u uniform on [0, 0.5),
    ``y(k + 1) = 0.3 y(k) + 0.05 y(k) (y(k) + y(k - 1) + ... + y(k - 9)) + 1.5 u(k - 9) u(k) + 0.1``.
    The target at step k is y(k + 1): all that it depends on has been heard.

    Parameters
    ----------
    n : int
        Steps, at least 1.
    burn_in : int, default 100
        Steps before them, from y = 0 on, that are thrown away, from 0.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from. The same seed gives the same series.

    Returns
    -------
    X : array, shape (n, 1), float64
        u. One sequence for training is ``X[np.newaxis]``.
    y : array, shape (n, 1), float64
        The targets.

    Raises
    ------
    DataError
        If a size is no whole number or too small, ``rng`` is none of the three, or 100 draws diverged.

    See Also
    --------
    mackey_glass, lorenz : Series without an input.

    Notes
    -----
    Once in about 200,000 steps the inputs are such that y grows without bound. A draw with a value above 2 is thrown
    away as a whole, and drawn again from the same generator: series of n steps are those of n steps that do
    not diverge. Of a million steps and more most draws diverge; take several shorter ones there.

    References
    ----------
    A. F. Atiya, A. G. Parlos, "New results on recurrent network training: unifying the algorithms and accelerating
    convergence", IEEE Transactions on Neural Networks 11(3), 2000, doi:10.1109/72.846741.

    Examples
    --------
    >>> X, y = narma10(2000, rng=0)
    >>> X.shape, y.shape
    ((2000, 1), (2000, 1))
    >>> bool(0.1 < y.min() < y.max() < 1.3)
    True
    """
    n, burn_in = whole_number(n, "n", 1, error=DataError), whole_number(burn_in, "burn_in", 0, error=DataError)
    random = generator(rng)
    for _ in range(DRAWS):
        u = random.uniform(0, 0.5, 9 + burn_in + n)
        y = _narma10(u.tolist())
        if y is not None:
            return u[-n:, np.newaxis].copy(), np.array(y[-n:])[:, np.newaxis]
    raise DataError(f"n is {n}, of which {DRAWS} draws diverged one after another, expected fewer steps")


def mackey_glass(n: int, tau: float = 17, *, dt: float = 1.0, burn_in: int = 1000, rng: Rng = None) -> FloatArray:
    """Return the series of Mackey and Glass: a delay equation, chaotic from a delay of about 17 on.

    ``x'(t) = 0.2 x(t - tau) / (1 + x(t - tau)^10) - 0.1 x(t)``, sampled every ``dt``.

    Parameters
    ----------
    n : int
        Samples, at least 1.
    tau : float, default 17
        The delay, above 0 and at most 1000.
    dt : float, default 1
        Time from sample to sample, from 0.001 to 1000; ``tau / dt`` a ratio of whole numbers, the divisor at most 1000.
    burn_in : int, default 1000
        Samples before them that are thrown away, from 0.
    rng : None, int or numpy.random.Generator
        Where it begins: x(t) is constant for t <= 0, a number uniform on [1.1, 1.3). The same seed gives the same
        series, to the bit, on every machine.

    Returns
    -------
    array, shape (n, 1), float64
        x.

    Raises
    ------
    DataError
        If a size is no whole number or too small, a time is out of range, dt does not fit tau, or ``rng`` is none of
        the three.

    See Also
    --------
    lorenz : Chaos in three dimensions.
    unrolled.data.forecasting_windows : Cut samples from it.

    Notes
    -----
    The classical Runge-Kutta method of fourth order, its step h at most 0.1 and such that tau and dt are multiples of
    it: the delayed x is known at both ends of a step, and in the middle it is the cubic Hermite polynomial of both
    ends and their derivatives, which is of fourth order too. What is cut off stays below 2e-9 in the first 100
    units of time and 5e-9 in 200, for tau = 17.

    References
    ----------
    M. C. Mackey, L. Glass, "Oscillation and chaos in physiological control systems", Science 197, 1977,
    doi:10.1126/science.267326. For networks: H. Jaeger, H. Haas, "Harnessing nonlinearity", Science 304, 2004,
    doi:10.1126/science.1091277, where 84 steps ahead are predicted.

    Examples
    --------
    >>> x = mackey_glass(1000, rng=0)
    >>> x.shape, bool(0.2 < x.min() < x.max() < 1.4)
    ((1000, 1), True)
    """
    n, burn_in = whole_number(n, "n", 1, error=DataError), whole_number(burn_in, "burn_in", 0, error=DataError)
    tau = real_number(tau, "tau", above=0, maximum=1000, error=DataError)
    dt = real_number(dt, "dt", 0.001, 1000, error=DataError)
    ratio = Fraction(tau / dt).limit_denominator(1000)  # tau is p, dt is q of the same unit
    if not ratio or not math.isclose(ratio, tau / dt, rel_tol=1e-9):
        raise DataError(f"tau / dt is {tau / dt}, expected a ratio of whole numbers, the divisor at most 1000")
    finer = math.ceil(Fraction(dt) / ratio.denominator / LONGEST)
    every = ratio.denominator * finer
    start = float(generator(rng).uniform(1.1, 1.3))
    x = _mackey_glass(start, ratio.numerator * finer, dt / every, (burn_in + n - 1) * every)
    return np.array(x[burn_in * every :: every])[:, np.newaxis]


def lorenz(
    n: int,
    dt: float = 0.02,
    *,
    sigma: float = 10.0,
    rho: float = 28.0,
    beta: float = 8 / 3,
    burn_in: int = 1000,
    rng: Rng = None,
) -> FloatArray:
    """Return the series of Lorenz (1963): a flow in three dimensions, chaotic for the default parameters.

    ``x' = sigma (y - x)``, ``y' = x (rho - z) - y``, ``z' = x y - beta z``, sampled every ``dt``.

    Parameters
    ----------
    n : int
        Samples, at least 1.
    dt : float, default 0.02
        Time from sample to sample, above 0 and at most 1000.
    sigma, rho, beta : float, default 10, 28 and 8/3
        The parameters, above 0 and at most 1000.
    burn_in : int, default 1000
        Samples before them that are thrown away, from 0.
    rng : None, int or numpy.random.Generator
        Where it begins: normal about (0, 0, 25), with a standard deviation of 5. The same seed gives the same series.

    Returns
    -------
    array, shape (n, 3), float64
        x, y, z.

    Raises
    ------
    DataError
        If a size is no whole number or too small, a number is out of range, or ``rng`` is none of the three.

    See Also
    --------
    mackey_glass : Chaos from one number and a delay.
    unrolled.data.forecasting_windows : Cut samples from it.

    Notes
    -----
    The integrator is scipy's DOP853, both tolerances 1e-10. The largest Lyapunov exponent is 0.906 for the default
    parameters: neighbors part by a factor e in 1.1 units of time, which is 55 samples. After some
    40 units of time, two machines that round differently have different samples.

    References
    ----------
    E. N. Lorenz, "Deterministic nonperiodic flow", Journal of the Atmospheric Sciences 20(2), 1963,
    doi:10.1175/1520-0469(1963)020<0130:DNF>2.0.CO;2. The exponent: J. C. Sprott, "Chaos and time-series analysis",
    Oxford, 2003.

    Examples
    --------
    >>> x = lorenz(500, rng=0)
    >>> x.shape, bool(np.abs(x[:, 0]).max() < 25)
    ((500, 3), True)
    """
    n, burn_in = whole_number(n, "n", 1, error=DataError), whole_number(burn_in, "burn_in", 0, error=DataError)
    dt = real_number(dt, "dt", above=0, maximum=1000, error=DataError)
    sigma, rho, beta = (
        real_number(value, name, above=0, maximum=1000, error=DataError)
        for value, name in ((sigma, "sigma"), (rho, "rho"), (beta, "beta"))
    )
    start = generator(rng).normal((0, 0, 25), 5)
    return _lorenz(start, np.arange(burn_in, burn_in + n) * dt, sigma, rho, beta)


def _narma10(u: list[float]) -> list[float] | None:
    """Return a target for each input but the first nine, or None if they diverge."""
    y = [0.0] * 10
    for k in range(9, len(u)):
        y.append(0.3 * y[-1] + 0.05 * y[-1] * sum(y[-10:]) + 1.5 * u[k - 9] * u[k] + 0.1)
        if y[-1] > DIVERGED:
            return None
    return y[10:]


def _production(x: float) -> float:
    """Return 0.2 x / (1 + x^10), by products alone, which round alike everywhere."""
    x2 = x * x
    x4 = x2 * x2
    return 0.2 * x / (1 + x4 * x4 * x2)


def _mackey_glass(start: float, lag: int, h: float, steps: int) -> list[float]:
    """Return x at 0, h, ..., steps * h, for a delay of ``lag`` steps and x = ``start`` up to 0."""
    x = [start]
    middle: list[float] = []  # between x[i] and x[i + 1]
    for i in range(-lag, steps - lag):  # the step from i + lag reads the delayed x from i to i + 1
        production = _production(x[i] if i >= 0 else start)
        halfway = _production(middle[i] if i >= 0 else start)
        ahead = _production(x[i + 1] if i >= 0 else start)
        now = x[-1]
        k1 = production - 0.1 * now
        k2 = halfway - 0.1 * (now + 0.5 * h * k1)
        k3 = halfway - 0.1 * (now + 0.5 * h * k2)
        k4 = ahead - 0.1 * (now + h * k3)
        x.append(now + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4))
        slope = ahead - 0.1 * x[-1]
        middle.append((now + x[-1]) / 2 + h / 8 * (k1 - slope))
    return x


def _lorenz(start: FloatArray, times: FloatArray, sigma: float, rho: float, beta: float) -> FloatArray:
    """Return the states at the times, rising, of a trajectory that begins at time 0."""
    from scipy.integrate import solve_ivp  # its import takes longer than that of all of unrolled.data

    def flow(_: float, state: FloatArray) -> list[float]:
        x, y, z = state.tolist()
        return [sigma * (y - x), x * (rho - z) - y, x * y - beta * z]

    solution = solve_ivp(flow, (0.0, times[-1]), start, "DOP853", times, rtol=1e-10, atol=1e-10)
    return np.ascontiguousarray(solution.y.T)
