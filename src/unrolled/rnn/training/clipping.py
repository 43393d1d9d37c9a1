"""Gradients held to a size, in place: loops over the mapping of gradients."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from unrolled.rnn.arrays import Parameters, ReadOnlyParameters
from unrolled.rnn.inputs import number


def global_norm(gradients: ReadOnlyParameters) -> float:
    """Give the Euclidean norm of all gradients together, as one vector.

    Parameters
    ----------
    gradients : mapping of ndarray
        Real; squares are summed in float64, so that none of float32 over- or underflows.

    Returns
    -------
    float
    """
    flat = [np.asarray(gradient, np.float64).ravel() for gradient in gradients.values()]
    return math.sqrt(sum(float(g @ g) for g in flat))


class Clipping(Protocol):
    """What :func:`unrolled.rnn.train` asks of a clipping."""

    def clip(self, gradients: Parameters, norm: float) -> bool:
        """Change gradients in place if they are too large; tell whether. ``norm`` is their global norm."""
        ...


@dataclass(frozen=True)
class ClipNorm:
    """Scale all gradients by one factor so that their global norm is at most a limit.

    PyTorch's ``clip_grad_norm_``; Keras calls it ``global_clipnorm``.

    Parameters
    ----------
    limit : float
        Above 0.

    References
    ----------
    R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training recurrent neural networks", ICML 2013.
    """

    limit: float

    def __post_init__(self) -> None:
        """Refuse a limit that is not above 0."""
        object.__setattr__(self, "limit", number(self.limit, "ClipNorm's limit", above=0))

    def clip(self, gradients: Parameters, norm: float) -> bool:
        """See :meth:`Clipping.clip`."""
        if not norm > self.limit:
            return False
        for gradient in gradients.values():
            gradient *= gradient.dtype.type(self.limit / norm)
        return True


@dataclass(frozen=True)
class ClipValue:
    """Hold every entry of every gradient between -limit and limit.

    Parameters
    ----------
    limit : float
        Above 0.
    """

    limit: float

    def __post_init__(self) -> None:
        """Refuse a limit that is not above 0."""
        object.__setattr__(self, "limit", number(self.limit, "ClipValue's limit", above=0))

    def clip(self, gradients: Parameters, norm: float) -> bool:
        """See :meth:`Clipping.clip`."""
        if norm <= self.limit:  # then no entry is larger
            return False
        clipped = False
        for gradient in gradients.values():
            limit = gradient.dtype.type(self.limit)
            clipped = clipped or bool(np.abs(gradient).max() > limit)
            np.clip(gradient, -limit, limit, out=gradient)
        return clipped
