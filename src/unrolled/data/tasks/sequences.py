"""Problems of memory: what must be remembered, and for how long, is known."""

import numpy as np

from unrolled._support.validation import one_of, whole_number
from unrolled.data.errors import DataError
from unrolled.data.samples import Rng
from unrolled.data.tasks.task import Task, generator

START, END, DISTRACTORS, X_SYMBOL, Y_SYMBOL = 0, 1, (2, 3, 4, 5), 6, 7
"""The symbols of the temporal order problem: E, B, a to d, X, Y."""

PLACES = {2: ((10, 20), (50, 60)), 3: ((10, 20), (33, 43), (66, 76))}
"""Where X and Y stand, first and last step in hundredths of T, for two and for three of them."""


def adding(n: int, T: int = 150, *, rng: Rng = None) -> Task:
    """Return sequences of numbers of which two are marked: the answer is their sum.

    At each step stand a number, uniform on [0, 1), and a mark. One step of the first half, ``[0, T // 2)``, and one
    of the second, ``[T // 2, T)``, have the mark 1, drawn uniformly; all others have 0.

    Parameters
    ----------
    n : int
        How many sequences, at least 1.
    T : int, default 150
        Steps of each, at least 2.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from. The same seed gives the same sequences.

    Returns
    -------
    Task
        X (n, T, 2) float64, numbers and marks; y (n,) float64, the sums.

    Raises
    ------
    DataError
        If a size is no whole number or too small, or ``rng`` is none of the three.

    See Also
    --------
    temporal_order : The same with symbols: the order is asked.
    copy_memory : Ten symbols are asked.

    Notes
    -----
    Always guessing 1 has a mean squared error of 1/6, which is 0.167: the variance of a sum of two numbers that are
    uniform on [0, 1). Hochreiter and Schmidhuber, who introduced the problem (section 5.4), draw numbers from [-1, 1],
    scale the sum, and let lengths vary; this is the form of Le et al. and of Arjovsky et al., in which it is compared.

    References
    ----------
    S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9(8), 1997, section 5.4,
    doi:10.1162/neco.1997.9.8.1735. Q. V. Le, N. Jaitly, G. E. Hinton, "A simple way to initialize recurrent networks
    of rectified linear units", 2015, arXiv:1504.00941. M. Arjovsky, A. Shah, Y. Bengio, "Unitary evolution recurrent
    neural networks", ICML 2016, arXiv:1511.06464.

    Examples
    --------
    >>> X, y = adding(1000, T=150, rng=0)
    >>> X.shape, y.shape
    ((1000, 150, 2), (1000,))
    >>> bool(np.allclose(y, (X[:, :, 0] * X[:, :, 1]).sum(axis=1)))
    True
    """
    n, T = whole_number(n, "n", 1, error=DataError), whole_number(T, "T", 2, error=DataError)
    random = generator(rng)
    X = np.zeros((n, T, 2))
    X[:, :, 0] = random.random((n, T))
    first, second = random.integers(0, T // 2, n), random.integers(T // 2, T, n)
    rows = np.arange(n)
    X[rows, first, 1] = X[rows, second, 1] = 1
    return Task(X, X[rows, first, 0] + X[rows, second, 0])


def temporal_order(n: int, T: int = 100, marks: int = 2, *, rng: Rng = None) -> Task:
    """Return sequences of symbols among which an X or a Y stands two or three times: the answer is their order.

    A sequence begins with E (0) and ends with B (1), the sign to answer. Between are distractors a, b, c, d (2 to 5),
    and at two places X (6) or Y (7), all drawn uniformly: one place from steps 10 to 20, one from 50 to 60, in
    hundredths of T, rounded down; for three from 10 to 20, 33 to 43 and 66 to 76. Both ends are included, and steps
    count from 0.

    Parameters
    ----------
    n : int
        How many sequences, at least 1.
    T : int, default 100
        Steps of each, at least 10.
    marks : int, default 2
        How often X or Y stands: 2 (4 classes) or 3 (8 classes).
    rng : None, int or numpy.random.Generator
        Where the randomness comes from. The same seed gives the same sequences.

    Returns
    -------
    Task
        X (n, T) int64, symbols from 0 to 7; y (n,) int64, the classes: XX 0, XY 1, YX 2, YY 3, and so on.

    Raises
    ------
    DataError
        If a size is no whole number or out of range, or ``rng`` is none of the three.

    See Also
    --------
    adding : The same with numbers: the sum is asked.
    copy_memory : Ten symbols are asked.

    Notes
    -----
    These are experiments 6a and 6b of the source (section 5.6), where the length is drawn from 100 to 110; here every
    sequence has T steps.

    References
    ----------
    S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9(8), 1997, section 5.6,
    doi:10.1162/neco.1997.9.8.1735.

    Examples
    --------
    >>> X, y = temporal_order(1000, rng=0)
    >>> X.shape, X.dtype, np.unique(y).tolist()
    ((1000, 100), dtype('int64'), [0, 1, 2, 3])
    >>> np.eye(8)[X].shape  # one-hot rows
    (1000, 100, 8)
    """
    n, T = whole_number(n, "n", 1, error=DataError), whole_number(T, "T", 10, error=DataError)
    marks = whole_number(marks, "marks", 2, 3, error=DataError)
    random = generator(rng)
    X = random.integers(DISTRACTORS[0], DISTRACTORS[-1] + 1, (n, T))
    X[:, 0], X[:, -1] = START, END
    drawn = random.integers(0, 2, (n, marks))  # 0: X, 1: Y
    for (first, last), symbol in zip(PLACES[marks], drawn.T, strict=True):
        X[np.arange(n), random.integers(first * T // 100, last * T // 100 + 1, n)] = X_SYMBOL + symbol
    return Task(X, drawn @ 2 ** np.arange(marks)[::-1])


def copy_memory(
    n: int, T: int = 100, *, n_symbols: int = 8, n_copied: int = 10, asked: str = "every", rng: Rng = None
) -> Task:
    """Return sequences that begin with ten symbols, to be said again, in order, T steps later.

    Ten symbols, uniform from 0 to 7; T - 1 blanks (8); a delimiter (9), the sign to answer; ten blanks. The target is
    blank for T + 10 steps, then the ten symbols.

    Parameters
    ----------
    n : int
        How many sequences, at least 1.
    T : int, default 100
        The delay, at least 1.
    n_symbols : int, default 8
        How many different symbols are copied, at least 2. The blank is ``n_symbols``, the delimiter ``n_symbols + 1``.
    n_copied : int, default 10
        How many are copied, at least 1.
    asked : {"every", "recall"}
        Which steps count: all of them, as in the source, or only the last ten, by a ``sample_weight``.
    rng : None, int or numpy.random.Generator
        Where the randomness comes from. The same seed gives the same sequences.

    Returns
    -------
    Task
        X (n, T + 20) int64, symbols from 0 to 9; y (n, T + 20) int64, a label from 0 to 8 at every step;
        sample_weight None, or (n, T + 20) float64: 1 at the last ten steps and 0 before.

    Raises
    ------
    DataError
        If a size is no whole number or too small, ``asked`` is not one of the two, or ``rng`` none of the three.

    See Also
    --------
    adding, temporal_order : One answer at the end.
    flip_flop : What was heard last is held at every step.

    Notes
    -----
    Without memory, the best is to say blank for T + 10 steps and to guess among eight symbols ten times: a mean
    cross-entropy of 10 ln 8 / (T + 20) where every step counts, 0.173 for T = 100, and ln 8 over the last ten.

    References
    ----------
    M. Arjovsky, A. Shah, Y. Bengio, "Unitary evolution recurrent neural networks", ICML 2016, section 5.1,
    arXiv:1511.06464, after S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9(8), 1997.

    Examples
    --------
    >>> X, y = copy_memory(1, T=5, n_copied=3, rng=0)
    >>> X[0].tolist()
    [6, 5, 4, 8, 8, 8, 8, 9, 8, 8, 8]
    >>> y[0].tolist()
    [8, 8, 8, 8, 8, 8, 8, 8, 6, 5, 4]
    >>> X, y, sample_weight = copy_memory(1, T=5, n_copied=3, asked="recall", rng=0)
    >>> sample_weight[0].tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0]
    """
    n, T = whole_number(n, "n", 1, error=DataError), whole_number(T, "T", 1, error=DataError)
    blank = whole_number(n_symbols, "n_symbols", 2, error=DataError)
    n_copied = whole_number(n_copied, "n_copied", 1, error=DataError)
    asked = one_of(asked, ("every", "recall"), "asked", error=DataError)
    symbols = generator(rng).integers(0, blank, (n, n_copied))
    X = np.full((n, T + 2 * n_copied), blank, np.int64)
    y = X.copy()
    X[:, :n_copied] = symbols
    X[:, n_copied + T - 1] = blank + 1
    y[:, n_copied + T :] = symbols
    if asked == "every":
        return Task(X, y)
    sample_weight = np.zeros(y.shape)
    sample_weight[:, n_copied + T :] = 1
    return Task(X, y, sample_weight)
