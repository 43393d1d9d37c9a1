"""How weights begin: functions of a shape and a generator. Biases begin at 0.

An initializer is any ``f(shape, rng) -> float64 array``; ``shape`` is (N, M) = (outputs, inputs).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from unrolled.rnn.arrays import Array, Parameters
from unrolled.rnn.inputs import number

Initializer: TypeAlias = Callable[[tuple[int, ...], np.random.Generator], Array]

WEIGHTS = ("W_ih", "W_hh", "W_ho")
"""What the names of all weight matrices begin with."""


@dataclass(frozen=True)
class uniform:
    """Weights uniform on an interval: ``uniform(-0.1, 0.1)`` is the report's first initialization.

    Parameters
    ----------
    low, high : float
        The interval, ``low < high``.
    """

    low: float = -0.1
    high: float = 0.1

    def __post_init__(self) -> None:
        """Refuse an empty or endless interval."""
        if not number(self.low, "uniform's low") < number(self.high, "uniform's high"):
            raise ValueError(f"uniform(low={self.low!r}, high={self.high!r}): expected two finite numbers, low < high")

    def __call__(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Draw an array of this shape."""
        return rng.uniform(self.low, self.high, shape)


def xavier_normal(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Weights normal with standard deviation ``sqrt(2 / (N + M))``, the report's second initialization.

    Section 2.3 of the report; X. Glorot and Y. Bengio, "Understanding the difficulty of training deep
    feedforward neural networks", AISTATS 2010.
    """
    return rng.normal(0.0, np.sqrt(2.0 / sum(shape)), shape)


def xavier_uniform(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Weights uniform on +-``sqrt(6 / (N + M))``, with the same variance (Glorot and Bengio, eq. 16)."""
    a = np.sqrt(6.0 / sum(shape))
    return rng.uniform(-a, a, shape)


def orthogonal(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Rows, or columns where there are fewer of them, that are orthonormal, uniform over all such matrices.

    What a recurrence multiplies by it neither grows nor shrinks. A. M. Saxe, J. L. McClelland, S. Ganguli, "Exact
    solutions to the nonlinear dynamics of learning in deep linear neural networks", ICLR 2014.
    """
    N, M = shape
    Q, R = np.linalg.qr(rng.normal(size=(max(N, M), min(N, M))))
    Q *= np.where(np.diag(R) < 0, -1.0, 1.0)  # without the signs the draw would not be uniform
    return np.asarray(Q if N >= M else Q.T)


def identity(shape: tuple[int, ...], rng: np.random.Generator) -> Array:  # noqa: ARG001 - every initializer's
    """Ones on the diagonal: Le, Jaitly and Hinton's first W_hh, arXiv:1504.00941. Nothing is drawn."""
    N, M = shape
    return np.eye(N, M)


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

    Raises
    ------
    ValueError
        If the initializer is not a function, or gives anything but finite numbers of the shape asked for.
    """
    by_name = initializer if isinstance(initializer, Mapping) else dict.fromkeys(WEIGHTS, initializer)
    unknown = [name for name in by_name if name not in WEIGHTS]
    if unknown:
        raise ValueError(f"initializer names {unknown[0]!r}, expected {', '.join(WEIGHTS)}")
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
            draw, G = by_name.get(name[:4], xavier_normal), (gates or {}).get(name, 1)
            part = (shape[0] // G, shape[1])
            W = np.concatenate([_drawn(draw, name, part, rng) for _ in range(G)])
        parameters[name] = W.astype(dtype)
    return parameters


def _drawn(draw: Initializer, name: str, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    W = np.asarray(draw(shape, rng))
    if W.shape != shape or W.dtype.kind not in "biuf" or not np.isfinite(W).all():
        raise ValueError(f"the initializer gave {W.dtype} {W.shape} for {name}, expected finite numbers {shape}")
    return W
