"""The recurrence with a rectifier, which the identity as first W_hh makes an IRNN."""

from dataclasses import dataclass

import numpy as np

from unrolled.rnn.arrays import Array
from unrolled.rnn.cells.tanh import Tanh


@dataclass(frozen=True)
class ReLU(Tanh):
    """Equation (1) with a rectifier: ``A_t = max(0, W_ih X_t + W_hh A_{t-1} + b_h)``, with ``A_0 = 0``.

    Parameters and everything but the nonlinearity and its slope are those of :class:`Tanh`. Of
    ``check_gradients``, the complex step is the proof here: central differences may step over the kink at 0.

    Parameters
    ----------
    hidden : int
        H, the number of hidden units, at least 1.

    See Also
    --------
    Tanh : The report's nonlinearity.
    identity : The initializer of W_hh it was proposed with.

    References
    ----------
    Q. V. Le, N. Jaitly, G. E. Hinton, "A simple way to initialize recurrent networks of rectified linear
    units", arXiv:1504.00941 (2015): with ``initializer={"W_hh": rnn.identity}``.

    Examples
    --------
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne(rnn.ReLU(50), n_inputs=3, n_classes=7, initializer={"W_hh": rnn.identity}, rng=0)
    >>> net.parameters["W_hh"].diagonal()[:3].tolist()
    [1.0, 1.0, 1.0]
    """

    @staticmethod
    def _f(Z: Array, A: Array) -> None:
        if Z.dtype.kind == "c":  # for the complex step: the sign of the real part decides
            np.multiply(Z, Z.real > 0, out=A)
        else:
            np.maximum(Z, 0, out=A)

    @staticmethod
    def _slope(A: Array, out: Array) -> None:
        out[...] = A.real > 0
