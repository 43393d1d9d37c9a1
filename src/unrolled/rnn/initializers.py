"""How weights begin: functions of a shape and a generator. Biases begin at 0.

An initializer is any ``f(shape, rng) -> float64 array``; ``shape`` is (N, M) = (outputs, inputs).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from unrolled.rnn.arrays import Array, Parameters

Initializer: TypeAlias = Callable[[tuple[int, ...], np.random.Generator], Array]


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
        if not (np.isfinite(self.low) and np.isfinite(self.high) and self.low < self.high):
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


def initialize(
    shapes: dict[str, tuple[int, ...]], initializer: Initializer, rng: np.random.Generator, dtype: np.dtype
) -> Parameters:
    """Draw every weight matrix and set every bias (a shape of one axis) to 0.

    Draws are made in float64 and then rounded, so that float32 and float64 networks of one seed begin alike.

    Raises
    ------
    ValueError
        If the initializer is not a function, or gives anything but finite numbers of the shape asked for.
    """
    if isinstance(initializer, type) or not callable(initializer):
        raise ValueError(
            f"initializer is {initializer!r}, expected a function such as xavier_normal or uniform(-0.1, 0.1)"
        )
    parameters = {}
    for name, shape in shapes.items():
        W = np.zeros(shape) if len(shape) == 1 else np.asarray(initializer(shape, rng))
        if W.shape != shape or W.dtype.kind not in "biuf" or not np.isfinite(W).all():
            raise ValueError(f"the initializer gave {W.dtype} {W.shape} for {name}, expected finite numbers {shape}")
        parameters[name] = W.astype(dtype)
    return parameters
