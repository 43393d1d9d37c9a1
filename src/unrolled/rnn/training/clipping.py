"""Gradients held to a size, in place: loops over the mapping of gradients."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from unrolled._support.validation import checked_fields, real
from unrolled.rnn.arrays import Parameters, ReadOnlyParameters


def global_norm(gradients: ReadOnlyParameters) -> float:
    """Return the Euclidean norm of all gradients together, as one vector.

    Parameters
    ----------
    gradients : mapping of ndarray
        Real; squares are summed in float64, so that none of float32 over- or underflows.

    Returns
    -------
    float

    See Also
    --------
    ClipNorm : Holds it to a limit.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> rnn.global_norm({"W_hh": np.array([[3.0]]), "b_h": np.array([4.0])})
    5.0
    """
    flat = [np.asarray(gradient, np.float64).ravel() for gradient in gradients.values()]
    return math.sqrt(sum(float(g @ g) for g in flat))


class Clipping(Protocol):
    """What :func:`unrolled.rnn.train` asks of a clipping.

    See Also
    --------
    ClipNorm, ClipValue : Those of the library.
    """

    def clip(self, gradients: Parameters, norm: float) -> bool:
        """Change gradients in place if they are too large, and return whether. ``norm`` is their global norm."""
        ...


@dataclass(frozen=True)
@checked_fields(limit=real(above=0))
class ClipNorm:
    """Scale all gradients by one factor so that their global norm is at most a limit.

    PyTorch's ``clip_grad_norm_``; Keras calls it ``global_clipnorm``.

    Parameters
    ----------
    limit : float
        Above 0.

    See Also
    --------
    ClipValue : Holds each entry instead, which turns the gradient.
    global_norm : What is held to the limit.

    References
    ----------
    R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training recurrent neural networks", ICML 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> gradients = {"W_hh": np.array([[3.0]]), "b_h": np.array([4.0])}
    >>> rnn.ClipNorm(1).clip(gradients, rnn.global_norm(gradients))
    True
    >>> round(rnn.global_norm(gradients), 12)
    1.0
    """

    limit: float

    def clip(self, gradients: Parameters, norm: float) -> bool:
        """See :meth:`Clipping.clip`."""
        if not norm > self.limit:
            return False
        for gradient in gradients.values():
            gradient *= gradient.dtype.type(self.limit / norm)
        return True


@dataclass(frozen=True)
@checked_fields(limit=real(above=0))
class ClipValue:
    """Hold every entry of every gradient between -limit and limit.

    Parameters
    ----------
    limit : float
        Above 0.

    See Also
    --------
    ClipNorm : Leaves the gradient its direction.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> gradients = {"b_h": np.array([0.5, -4.0])}
    >>> rnn.ClipValue(1).clip(gradients, rnn.global_norm(gradients))
    True
    >>> gradients["b_h"].tolist()
    [0.5, -1.0]
    """

    limit: float

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
