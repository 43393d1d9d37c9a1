"""The proof: gradients by hand against central differences and the complex step."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from unrolled._support.notebook import html_table
from unrolled._support.validation import whole_number
from unrolled.rnn import inputs
from unrolled.rnn.arrays import Array
from unrolled.rnn.dropout import Masks
from unrolled.rnn.network import Network

STEP = 1e-3
"""Of the central differences, which are of fourth order: truncation (STEP ** 4) and rounding (eps / STEP) meet here.
Inputs larger than 1 make it smaller in proportion, since they multiply what the step does."""

COMPLEX_STEP = 1e-30
"""Nothing is subtracted, so nothing cancels, and the step can be as small as floating point allows."""


CENTRAL_TOLERANCE, COMPLEX_TOLERANCE = 1e-6, 1e-9
"""Above which errors a parameter has failed; right gradients stay below 1e-9 and 1e-12."""


@dataclass(frozen=True)
class GradientCheck:
    """Worst relative error of the gradient in each parameter.

    The error of a parameter is the largest absolute difference over its entries, divided by its largest
    absolute entry, so a vanished entry beside large ones does not fail for its rounding. Where a whole
    gradient has cancelled to less than a thousandth of the network's largest, that thousandth is divided by.

    Attributes
    ----------
    central : dict of float
        Against ``(8 (E(w + h) - E(w - h)) - (E(w + 2h) - E(w - 2h))) / 12h`` in float64, by parameter.
    complex_step : dict of float
        Against ``Im E(w + ih) / h`` from the same forward code run in complex128, by parameter.
    entries : dict of int
        How many entries of each parameter were compared.

    See Also
    --------
    check_gradients : Makes it, with an example.
    """

    central: dict[str, float]
    complex_step: dict[str, float]
    entries: dict[str, int]

    @property
    def worst(self) -> tuple[float, float]:
        """The largest error over all parameters, (central differences, complex step); NaN if any is."""
        return float(np.max(list(self.central.values()))), float(np.max(list(self.complex_step.values())))

    @property
    def failed_central(self) -> list[str]:
        """The parameters whose gradient is not that of the central differences: wrong, or beside a kink."""
        return [name for name, error in self.central.items() if not error <= CENTRAL_TOLERANCE]

    @property
    def failed_complex_step(self) -> list[str]:
        """The parameters whose gradient is not that of the complex step."""
        return [name for name, error in self.complex_step.items() if not error <= COMPLEX_TOLERANCE]

    @property
    def failed(self) -> list[str]:
        """The parameters that have failed either, in the network's order."""
        bad = {*self.failed_central, *self.failed_complex_step}
        return [name for name in self.central if name in bad]

    @property
    def passed(self) -> bool:
        """Whether every gradient is right by both."""
        return not self.failed

    def __str__(self) -> str:
        rows = [f"{'parameter':<12}{'entries':>8}{'central':>12}{'complex step':>14}"]
        rows += [
            f"{name:<12}{self.entries[name]:>8}{self.central[name]:>12.1e}{self.complex_step[name]:>14.1e}"
            for name in self.central
        ]
        return "\n".join([*rows, self._verdict()])

    def _repr_html_(self) -> str:
        rows = [
            [name, self.entries[name], f"{error:.1e}", f"{self.complex_step[name]:.1e}"]
            for name, error in self.central.items()
        ]
        return html_table(["parameter", "entries", "central", "complex step"], rows, self._verdict())

    def _verdict(self) -> str:
        verdict = f"failed: {', '.join(self.failed)}" if self.failed else "passed"
        return f"{verdict} (expected at most {CENTRAL_TOLERANCE:.0e} and {COMPLEX_TOLERANCE:.0e})"


def check_gradients(
    net: Network,
    X: Any,
    y: Any,
    lengths: Any = None,
    *,
    sample_weight: Any = None,
    state: Mapping[str, Any] | None = None,
    masks: Masks | None = None,
    entries: int | None = None,
    rng: int | np.random.Generator | None = 0,
) -> GradientCheck:
    """Compare the network's gradients with two numerical ones that share nothing with the backward pass.

    Each entry costs five forward passes; the network itself, whatever its dtype, is not changed.

    Parameters
    ----------
    net : Network
        Checked at its parameters, in float64.
    X, y, lengths, sample_weight, state
        As for :meth:`Network.loss_and_gradients`.
    masks : Masks, optional
        Of dropout; the same ones for every evaluation.
    entries : int, optional
        Compare at most this many entries of each parameter, drawn at random; all by default.
    rng : None, int or numpy.random.Generator
        For that draw.

    Returns
    -------
    GradientCheck
        ``print`` it for a table, and for whether it ``passed`` and which parameters ``failed``.

    Raises
    ------
    ValueError
        As :meth:`Network.loss_and_gradients` does.

    See Also
    --------
    check_cell : Tries everything that a network relies on with a cell.
    unrolled.textbook.backward : The same gradients as printed.

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
    >>> check.passed, check.worst[1] < 1e-12
    (True, True)
    """
    if not isinstance(net, Network):
        raise ValueError(f"net is {net!r}, expected a network such as rnn.ManyToOne(...)")
    if entries is not None:
        entries = whole_number(entries, "entries", 1)
    given = Given(X, y, lengths, {"sample_weight": sample_weight, "state": state, "masks": masks})
    return compared(net, given, entries, np.random.default_rng(rng))


def compared(
    net: Network,
    given: "Given",
    entries: int | None,
    rng: np.random.Generator,
    *,
    central: Collection[str] | None = None,
) -> GradientCheck:
    """Do what :func:`check_gradients` does; by central differences, four fifths of the work, some parameters alone."""
    real, imaginary = net.astype(np.float64), net.astype(np.complex128)
    X, y, lengths, how = given
    _, gradients = real.loss_and_gradients(X, y, lengths, **how)
    seen, _ = inputs.padded(X, lengths, net.n_inputs)
    largest = float(np.abs(seen).max()) if seen.ndim == 3 else 1.0  # what symbols stand for
    h = STEP / max(1.0, largest)
    least_scale = 1e-3 * max(np.abs(gradient).max() for gradient in gradients.values())
    of_central, of_complex_step, how_many = {}, {}, {}
    for name, gradient in gradients.items():
        chosen = np.arange(gradient.size)
        if entries is not None and entries < gradient.size:
            chosen = rng.choice(gradient.size, entries, replace=False)
        by_hand = gradient.reshape(-1)[chosen]
        W, W_complex = real.parameters[name].reshape(-1), imaginary.parameters[name].reshape(-1)
        differences, imaginary_parts = by_hand.copy(), np.empty(len(chosen))
        for n, i in enumerate(chosen.tolist()):
            if central is None or name in central:
                E = [_loss_at(real, W, i, step, given) for step in (-2 * h, -h, h, 2 * h)]
                differences[n] = (8 * (E[2] - E[1]) - (E[3] - E[0])) / (12 * h)
            imaginary_parts[n] = _loss_at(imaginary, W_complex, i, 1j * COMPLEX_STEP, given).imag / COMPLEX_STEP
        scale = max(np.abs(by_hand).max(), np.abs(differences).max(), least_scale)
        of_central[name] = float(np.abs(by_hand - differences).max() / scale)
        of_complex_step[name] = float(np.abs(by_hand - imaginary_parts).max() / scale)
        how_many[name] = len(chosen)
    return GradientCheck(of_central, of_complex_step, how_many)


class Given(NamedTuple):
    """A batch, and how its loss is taken."""

    X: Any
    y: Any
    lengths: Any
    how: dict[str, Any]


def _loss_at(net: Network, W: Array, i: int, step: complex, given: Given) -> Any:
    """Evaluate the loss with one entry moved, and put the entry back."""
    was = W[i]
    W[i] = was + step
    try:
        return net.loss(given.X, given.y, given.lengths, **given.how)
    finally:
        W[i] = was
