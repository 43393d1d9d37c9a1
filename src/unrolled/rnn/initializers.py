"""How weights begin: functions of a shape and a generator. Biases begin at 0, unless the cell says otherwise.

An initializer is any ``f(shape, rng) -> float64 array``; ``shape`` is (N, M) = (outputs, inputs).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from unrolled._support.validation import checked_fields, real
from unrolled.rnn.arrays import Array, Parameters

Initializer: TypeAlias = Callable[[tuple[int, ...], np.random.Generator], Array]


@dataclass(frozen=True)
@checked_fields(low=real(), high=real())
class uniform:
    """Weights uniform on an interval: ``uniform(-0.1, 0.1)`` is the report's first initialization.

    Parameters
    ----------
    low, high : float
        The interval, ``low < high``.

    See Also
    --------
    xavier_uniform : The interval that keeps the size of what passes.

    References
    ----------
    Section 2.3 of the report.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> W = rnn.uniform(-0.1, 0.1)((50, 3), np.random.default_rng(0))
    >>> W.shape, bool((abs(W) <= 0.1).all())
    ((50, 3), True)
    """

    low: float = -0.1
    high: float = 0.1

    def __post_init__(self) -> None:
        """Refuse an empty interval."""
        if not self.low < self.high:
            raise ValueError(f"uniform(low={self.low!r}, high={self.high!r}): expected two finite numbers, low < high")

    def __call__(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Draw an array of this shape."""
        return rng.uniform(self.low, self.high, shape)


def xavier_normal(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Draw weights normal with standard deviation ``sqrt(2 / (N + M))``, the report's second initialization.

    Parameters
    ----------
    shape : tuple of int
        (N, M).
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float64, shape (N, M)

    See Also
    --------
    xavier_uniform : The same variance without tails.

    References
    ----------
    Section 2.3 of the report; X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward
    neural networks", AISTATS 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> round(float(rnn.xavier_normal((300, 500), np.random.default_rng(0)).std()), 3)  # sqrt(2 / 800) = 0.05
    0.05
    """
    return rng.normal(0.0, np.sqrt(2.0 / sum(shape)), shape)


def xavier_uniform(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Draw weights uniform on +-``sqrt(6 / (N + M))``, whose variance is that of :func:`xavier_normal`.

    Parameters
    ----------
    shape : tuple of int
        (N, M).
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float64, shape (N, M)

    See Also
    --------
    xavier_normal : The same variance.

    References
    ----------
    X. Glorot and Y. Bengio, AISTATS 2010, eq. 16.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> bool(abs(rnn.xavier_uniform((2, 4), np.random.default_rng(0))).max() <= 1)
    True
    """
    a = np.sqrt(6.0 / sum(shape))
    return rng.uniform(-a, a, shape)


def orthogonal(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Draw orthonormal rows, or columns where there are fewer of them, uniform over all such matrices.

    What a recurrence multiplies by it neither grows nor shrinks.

    Parameters
    ----------
    shape : tuple of int
        (N, M).
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float64, shape (N, M)

    See Also
    --------
    identity : An orthogonal matrix that is not drawn.

    References
    ----------
    A. M. Saxe, J. L. McClelland, S. Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear
    neural networks", ICLR 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> W = rnn.orthogonal((4, 4), np.random.default_rng(0))
    >>> bool(np.allclose(W @ W.T, np.eye(4)))
    True
    """
    N, M = shape
    Q, R = np.linalg.qr(rng.normal(size=(max(N, M), min(N, M))))
    Q *= np.where(np.diag(R) < 0, -1.0, 1.0)  # without the signs the draw would not be uniform
    return np.asarray(Q if N >= M else Q.T)


def identity(shape: tuple[int, ...], rng: np.random.Generator) -> Array:  # noqa: ARG001 - every initializer's
    """Return ones on the diagonal, and draw nothing.

    Parameters
    ----------
    shape : tuple of int
        (N, M).
    rng : numpy.random.Generator
        Not used.

    Returns
    -------
    ndarray of float64, shape (N, M)

    See Also
    --------
    ReLU : The cell it was made for.

    References
    ----------
    Q. V. Le, N. Jaitly, G. E. Hinton, "A simple way to initialize recurrent networks of rectified linear units",
    arXiv:1504.00941, for W_hh.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne(rnn.ReLU(2), 3, 2, initializer={"W_hh": rnn.identity}, rng=0)
    >>> net.parameters["W_hh"].tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    N, M = shape
    return np.eye(N, M)


@dataclass(frozen=True)
@checked_fields(radius=real(above=0), density=real(above=0, maximum=1))
class spectral_radius:
    """Normal entries, of which a part is kept, scaled so that the largest eigenvalue has this modulus: for W_hh.

    An echo-state network's reservoir. Of a matrix that is not square, W_ih, entries are uniform in [-1, 1], so that one
    initializer does for both; of gated cells each gate is drawn on its own.

    Parameters
    ----------
    radius : float
        The spectral radius, above 0.
    density : float, default 1
        The fraction of the entries that are not 0, above 0 and at most 1.

    Returns
    -------
    callable
        An initializer, ``f(shape, rng) -> ndarray of float64``.

    See Also
    --------
    Leaky : The cell it is for.
    fit_readout : What is fitted then.

    References
    ----------
    H. Jaeger, "The 'echo state' approach to analysing and training recurrent neural networks", GMD Report 148 (2001).

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> W = rnn.spectral_radius(0.9, density=0.1)((200, 200), np.random.default_rng(0))
    >>> round(float(np.abs(np.linalg.eigvals(W)).max()), 9), round(float((W != 0).mean()), 1)
    (0.9, 0.1)
    """

    radius: float
    density: float = 1.0

    def __call__(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Draw a matrix."""
        if shape[0] != shape[1]:
            return np.asarray(rng.uniform(-1, 1, shape))
        W = rng.normal(size=shape) * (rng.random(shape) < self.density)
        largest = float(np.abs(np.linalg.eigvals(W)).max())
        if largest < 1e-12:  # nothing goes round in so sparse a matrix
            raise ValueError(f"of shape {shape} and density {self.density} a draw has no eigenvalue but 0")
        return np.asarray(W * (self.radius / largest))


def initialize(
    shapes: dict[str, tuple[int, ...]],
    initializer: Initializer | Mapping[str, Initializer],
    rng: np.random.Generator,
    dtype: np.dtype,
    gates: Mapping[str, int] | None = None,
    biases: Mapping[str, Array] | None = None,
) -> Parameters:
    """Draw every weight matrix, gate by gate, and set every bias (a shape of one axis) to 0 or as given.

    Draws are made in float64 and then rounded, so that float32 and float64 networks of one seed begin alike.

    Parameters
    ----------
    shapes : dict of tuple
        Of every parameter, by its name in a network.
    initializer : callable, or mapping of str to callable
        For all weights, or one for each name, without what is behind it for layers and directions; those that are
        not named are :func:`xavier_normal`.
    rng : numpy.random.Generator
    dtype : dtype
    gates : mapping of int, optional
        How many blocks of rows a weight has, each drawn on its own; 1 by default.
    biases : mapping of ndarray, optional

    Returns
    -------
    dict of ndarray

    Raises
    ------
    ValueError
        If the initializer is not a function, names a weight that is not there, or returns anything but finite
        numbers of the shape asked for.
    """
    weights = list(dict.fromkeys(_base(name) for name, shape in shapes.items() if len(shape) > 1))
    by_name = initializer if isinstance(initializer, Mapping) else dict.fromkeys(weights, initializer)
    unknown = [name for name in by_name if name not in weights]
    if unknown:
        raise ValueError(f"initializer names {unknown[0]!r}, expected one of {', '.join(weights)}")
    for each in by_name.values():
        if isinstance(each, type) or not callable(each):
            raise ValueError(
                f"initializer is {each!r}, expected a function such as xavier_normal or uniform(-0.1, 0.1)"
            )
    parameters = {}
    for name, shape in shapes.items():
        if len(shape) == 1:
            W = (biases or {}).get(name, np.zeros(shape))
        else:
            draw, G = by_name.get(_base(name), xavier_normal), (gates or {}).get(name, 1)
            block = (shape[0] // G, *shape[1:])
            W = np.concatenate([_drawn(draw, name, block, rng) for _ in range(G)])
        parameters[name] = W.astype(dtype)
    return parameters


def _base(name: str) -> str:
    """Return a parameter's name in its cell: ``W_hh`` of ``W_hh_l1_reverse``."""
    return re.sub(r"(_l\d+)?(_reverse)?$", "", name)


def _drawn(draw: Initializer, name: str, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    W = np.asarray(draw(shape, rng))
    if W.shape != shape or W.dtype.kind not in "biuf" or not np.isfinite(W).all():
        raise ValueError(f"the initializer returned {W.dtype} {W.shape} for {name}, expected finite numbers {shape}")
    return W
