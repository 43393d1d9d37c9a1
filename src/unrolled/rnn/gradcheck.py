"""The proof: gradients by hand against central differences and the complex step."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from unrolled.rnn.arrays import Array
from unrolled.rnn.network import ManyToOne

STEP = 1e-5
"""Of the central differences: near eps ** (1/3), where truncation and rounding meet."""

COMPLEX_STEP = 1e-30
"""Nothing is subtracted, so nothing cancels, and the step can be as small as floating point allows."""


@dataclass(frozen=True)
class GradientCheck:
    """Worst relative error of the gradient in each parameter.

    The error of an array is its largest absolute difference, divided by the largest absolute entry of
    either array: a vanished entry beside large ones does not fail for its rounding. Zeros agree with zeros.

    Attributes
    ----------
    central : dict of float
        Against ``(E(w + h) - E(w - h)) / 2h`` in float64, by parameter.
    complex_step : dict of float
        Against ``Im E(w + ih) / h`` from the same forward code run in complex128, by parameter.
    entries : dict of int
        How many entries of each parameter were compared.
    """

    central: dict[str, float]
    complex_step: dict[str, float]
    entries: dict[str, int]

    @property
    def worst(self) -> tuple[float, float]:
        """The largest error over all parameters: (central differences, complex step)."""
        return max(self.central.values()), max(self.complex_step.values())

    def __str__(self) -> str:
        rows = [f"{'parameter':<12}{'entries':>8}{'central':>12}{'complex step':>14}"]
        rows += [
            f"{name:<12}{self.entries[name]:>8}{self.central[name]:>12.1e}{self.complex_step[name]:>14.1e}"
            for name in self.central
        ]
        return "\n".join(rows)


def check_gradients(
    net: ManyToOne, X: Any, y: Any, *, entries: int | None = None, rng: int | np.random.Generator | None = 0
) -> GradientCheck:
    """Compare the network's gradients with two numerical ones that share nothing with the backward pass.

    Each entry costs three forward passes; the network itself, whatever its dtype, is not changed.

    Parameters
    ----------
    net : ManyToOne
        Checked at its parameters, in float64.
    X : array_like, shape (m, T, D)
    y : array_like, shape (m,) or (m, C)
    entries : int, optional
        Compare at most this many entries of each parameter, drawn at random; all by default.
    rng : None, int or numpy.random.Generator
        For that draw.

    Returns
    -------
    GradientCheck
        ``print`` it for a table.

    Raises
    ------
    ValueError
        As :meth:`ManyToOne.loss_and_gradients` does.

    References
    ----------
    W. Squire and G. Trapp, "Using complex variables to estimate derivatives of real functions", SIAM
    Review 40 (1998).

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=2, rng=0)
    >>> check = rnn.check_gradients(net, np.ones((1, 5, 3)), [1])
    >>> max(check.complex_step.values()) < 1e-12
    True
    """
    rng = np.random.default_rng(rng)
    real, imaginary = net.astype(np.float64), net.astype(np.complex128)
    _, gradients = real.loss_and_gradients(X, y)
    central, complex_step, compared = {}, {}, {}
    for name, gradient in gradients.items():
        indices = np.arange(gradient.size)
        if entries is not None and entries < gradient.size:
            indices = rng.choice(gradient.size, entries, replace=False)
        by_hand = gradient.reshape(-1)[indices]
        W, W_complex = real.parameters[name].reshape(-1), imaginary.parameters[name].reshape(-1)
        places = indices.tolist()
        differences = [
            (_loss_at(real, W, i, STEP, X, y) - _loss_at(real, W, i, -STEP, X, y)) / (2 * STEP)
            for i in places
        ]
        imaginary_parts = [
            _loss_at(imaginary, W_complex, i, 1j * COMPLEX_STEP, X, y).imag / COMPLEX_STEP for i in places
        ]
        central[name] = relative_error(by_hand, np.array(differences))
        complex_step[name] = relative_error(by_hand, np.array(imaginary_parts))
        compared[name] = len(indices)
    return GradientCheck(central, complex_step, compared)


def relative_error(a: Array, b: Array) -> float:
    """Largest absolute difference over largest absolute entry; 0 for two arrays of zeros."""
    scale = max(np.abs(a).max(), np.abs(b).max())
    return 0.0 if scale == 0 else float(np.abs(a - b).max() / scale)


def _loss_at(net: ManyToOne, W: Array, i: int, step: complex, X: Any, y: Any) -> Any:
    """Evaluate the loss with one entry moved, and put the entry back."""
    was = W[i]
    W[i] = was + step
    try:
        return net.loss(X, y)
    finally:
        W[i] = was
