"""Problems of signals: numbers come in, and numbers are asked at every step."""

import math

import numpy as np

from unrolled._support.validation import real_number, whole_number
from unrolled.data.errors import DataError
from unrolled.data.samples import Rng
from unrolled.data.tasks.task import Task, generator


def flip_flop(n: int, T: int = 64, *, bits: int = 3, p: float = 0.5, rng: Rng = None) -> Task:
    """Return pulses of +1 and -1 on three lines: the answer is, at every step, the last pulse of each line.

    Parameters
    ----------
    n : int
        How many sequences, at least 1.
    T : int, default 64
        Steps of each, at least 1.
    bits : int, default 3
        How many lines, at least 1, each independent of the others.
    p : float, default 0.5
        The probability of a pulse, from 0 to 1, at every step but the first. Its sign is + or - alike. The smaller,
        the longer a bit has to be held: 1 / p steps on average.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from. The same seed gives the same sequences.

    Returns
    -------
    Task
        X (n, T, bits) float64, pulses: +1, -1 or 0; y (n, T, bits) float64, +1 or -1 (``y > 0`` for a head that
        says several labels at once).

    Raises
    ------
    DataError
        If a size is no whole number or too small, p is no number from 0 to 1, or ``rng`` is none of the three.

    See Also
    --------
    sine_generation : The same authors' other problem.
    copy_memory : What was heard has to be said later.

    Notes
    -----
    Every line has a pulse at the first step, so that the answer is known everywhere, as in Golub and Sussillo's
    program, whose defaults for T and p these are. A bit is right where the prediction has the target's sign.

    References
    ----------
    D. Sussillo, O. Barak, "Opening the black box: low-dimensional dynamics in high-dimensional recurrent neural
    networks", Neural Computation 25(3), 2013, doi:10.1162/NECO_a_00409. M. D. Golub, D. Sussillo, "FixedPointFinder",
    Journal of Open Source Software 3(31), 2018, doi:10.21105/joss.01003.

    Examples
    --------
    >>> X, y = flip_flop(1, T=8, bits=1, p=0.3, rng=2)
    >>> X[0, :, 0].astype(int).tolist()
    [1, -1, 0, 1, 0, 0, -1, -1]
    >>> y[0, :, 0].astype(int).tolist()
    [1, -1, -1, 1, 1, 1, -1, -1]
    """
    n, T = whole_number(n, "n", 1, error=DataError), whole_number(T, "T", 1, error=DataError)
    bits = whole_number(bits, "bits", 1, error=DataError)
    p = real_number(p, "p", 0, 1, error=DataError)
    random = generator(rng)
    pulse = random.random((n, T, bits)) < p
    pulse[:, 0] = True
    sign = 2.0 * random.integers(0, 2, (n, T, bits)) - 1
    last = np.maximum.accumulate(np.where(pulse, np.arange(T)[:, np.newaxis], 0), axis=1)  # the step of the last pulse
    return Task(np.where(pulse, sign, 0.0), np.take_along_axis(sign, last, axis=1))


def sine_generation(
    n: int, T: int = 100, *, n_frequencies: int = 51, low: float = 0.1, high: float = 0.6, rng: Rng = None
) -> Task:
    """Return constant inputs, each of which names a frequency: the answer is the sine of that frequency.

    Of ``n_frequencies`` angular frequencies w_1 to w_F, evenly from ``low`` to ``high``, each sequence has one, w_j,
    drawn uniformly. Its input is j / F + 0.25 at every step, its target sin(w_j t) at step t = 0, 1, ..., T - 1.

    Parameters
    ----------
    n : int
        How many sequences, at least 1.
    T : int, default 100
        Steps of each, at least 1.
    n_frequencies : int, default 51
        F, at least 1.
    low, high : float, default 0.1 and 0.6
        The lowest and the highest frequency, in radians a step, ``0 < low <= high < pi``. By default a period has 63
        steps to 10.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from. The same seed gives the same sequences.

    Returns
    -------
    Task
        X (n, T, 1) float64, the inputs; y (n, T, 1) float64, the sines.

    Raises
    ------
    DataError
        If a size is no whole number or too small, a frequency is out of range, or ``rng`` is none of the three.

    See Also
    --------
    flip_flop : The same authors' other problem.
    mackey_glass, lorenz : Oscillations that never repeat.

    References
    ----------
    D. Sussillo, O. Barak, "Opening the black box: low-dimensional dynamics in high-dimensional recurrent neural
    networks", Neural Computation 25(3), 2013, doi:10.1162/NECO_a_00409.

    Examples
    --------
    >>> X, y = sine_generation(20, T=100, rng=0)
    >>> X.shape, y.shape
    ((20, 100, 1), (20, 100, 1))
    >>> bool((X == X[:, :1]).all()), bool((y[:, 0] == 0).all())
    (True, True)
    """
    n, T = whole_number(n, "n", 1, error=DataError), whole_number(T, "T", 1, error=DataError)
    n_frequencies = whole_number(n_frequencies, "n_frequencies", 1, error=DataError)
    low = real_number(low, "low", above=0, below=math.pi, error=DataError)
    high = real_number(high, "high", low, below=math.pi, error=DataError)
    j = generator(rng).integers(1, n_frequencies + 1, n)
    w = np.linspace(low, high, n_frequencies)[j - 1]
    X = np.broadcast_to((j / n_frequencies + 0.25)[:, np.newaxis, np.newaxis], (n, T, 1)).copy()
    return Task(X, np.sin(w[:, np.newaxis] * np.arange(T))[:, :, np.newaxis])
