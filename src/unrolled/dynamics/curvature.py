"""How curved the loss is where a network stands, and which learning rate that allows."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from unrolled._support.validation import real_number, whole_number
from unrolled.dynamics.hessian import Hessian
from unrolled.dynamics.vectors import unflatten
from unrolled.rnn import Network
from unrolled.rnn.arrays import Array, Parameters

DENSE = 60
"""Up to so many parameters the whole Hessian costs no more than the Lanczos vectors would."""


@dataclass(frozen=True)
class Curvature:
    """Eigenvalues of a loss's Hessian; ``print`` it for a table.

    Attributes
    ----------
    largest : ndarray, shape (k,)
        The largest eigenvalues, the largest first.
    largest_vectors : ndarray, shape (k, n)
        Their eigenvectors, of length 1: each as the parameters one after the other.
    smallest : ndarray, shape (k,)
        The smallest (most negative) eigenvalues, the smallest first; empty if they were not asked for.
    smallest_vectors : ndarray, shape (k, n)
    trace, trace_error : float
        The sum of all eigenvalues by Hutchinson's estimator, and its standard error; NaN without probes.
    gradient_norm : float
        Of the gradient at the same place.
    products : int
        How many products with the Hessian it took.
    like : dict of ndarray
        The parameters, for :meth:`direction`.

    See Also
    --------
    curvature : Makes it, with an example.
    """

    largest: Array
    largest_vectors: Array
    smallest: Array
    smallest_vectors: Array
    trace: float
    trace_error: float
    gradient_norm: float
    products: int
    like: Parameters

    @property
    def sharpness(self) -> float:
        """The largest eigenvalue."""
        return float(self.largest[0])

    @property
    def stable_learning_rate(self) -> float:
        """``2 / sharpness``: above it, plain descent moves ever further along the first eigenvector; else infinite."""
        return 2 / self.sharpness if self.sharpness > 0 else float("inf")

    def direction(self, n: int = 0) -> Parameters:
        """Return the eigenvector of the n-th largest eigenvalue with the names and shapes of the parameters."""
        return unflatten(self.largest_vectors[n], self.like)

    def __str__(self) -> str:
        rows = [f"{'largest eigenvalues':<24}{_row(self.largest)}"]
        if len(self.smallest):
            rows.append(f"{'smallest eigenvalues':<24}{_row(self.smallest)}")
        if np.isfinite(self.trace):
            rows.append(f"{'trace':<24}{self.trace:.4g} (standard error {self.trace_error:.2g})")
        rows.append(f"{'gradient norm':<24}{self.gradient_norm:.4g}")
        rows.append(f"{'2 / largest':<24}{self.stable_learning_rate:.4g}: where plain descent stops being stable")
        rows.append(f"{'products':<24}{self.products}")
        return "\n".join(rows)


def curvature(
    net: Network,
    X: Any,
    y: Any,
    k: int = 1,
    *,
    lengths: Any = None,
    smallest: bool = True,
    probes: int = 0,
    tolerance: float = 1e-3,
    rng: int | np.random.Generator | None = 0,
) -> Curvature:
    """Compute the largest and smallest eigenvalues of the loss's Hessian, by Lanczos on exact products.

    Plain descent with the learning rate eta leaves a minimum whose largest eigenvalue, its sharpness, is above
    ``2 / eta``: each step then overshoots along the first eigenvector by more than it was away.

    Parameters
    ----------
    net : ManyToOne or ManyToMany
        At its parameters, in float64 whatever its dtype; it is not changed.
    X : array_like, shape (m, T, D)
    y : array_like, shape (m,) or (m, C)
    k : int, default 1
        How many eigenvalues, from each end.
    lengths : array_like of int, shape (m,), optional
    smallest : bool, default True
        Whether those from the lower end are wanted too; the same Lanczos vectors serve both ends.
    probes : int, default 0
        How many random signs' products estimate the trace; at least 2 have a standard error.
    tolerance : float, default 1e-3
        How far an eigenvalue may be off, in relation to itself, by the norm of the residual; what is reached is
        mostly its square.
    rng : None, int or numpy.random.Generator
        For the first Lanczos vector and for the probes: the same, the same result.

    Returns
    -------
    Curvature

    Raises
    ------
    ValueError
        If k is larger than half the number of parameters, or as
        :meth:`unrolled.rnn.ManyToOne.loss_and_gradients` does.
    ArithmeticError
        If Lanczos does not converge.

    See Also
    --------
    hessian_vector_product : What it is made of.
    loss_slice : The loss along an eigenvector.

    References
    ----------
    C. Lanczos, Journal of Research of the National Bureau of Standards 45 (1950), by ARPACK (``scipy.sparse.linalg.
    eigsh``); M. F. Hutchinson, Communications in Statistics 19 (1990), for the trace; J. Cohen et al., "Gradient
    descent on neural networks typically occurs at the edge of stability", ICLR 2021, for sharpness and 2 / eta.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import dynamics, rnn
    >>> net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=2, rng=0)
    >>> found = dynamics.curvature(net, np.ones((5, 10, 3)), [0, 1, 1, 0, 1], k=2)
    >>> bool(found.largest[0] >= found.largest[1])
    True
    >>> found.stable_learning_rate == 2 / found.sharpness
    True
    """
    hessian = Hessian(net, X, y, lengths)
    n = hessian.shape[0]
    k = whole_number(k, "k", 1, n // 2)
    probes = whole_number(probes, "probes", 0)
    tolerance = real_number(tolerance, "tolerance", above=0)
    rng = np.random.default_rng(rng)
    count = _Counted(hessian)
    values, vectors = _eigenpairs(count, n, k, smallest, tolerance, rng)
    trace, error = _trace(count, n, probes, rng)
    low = np.arange(k) if smallest else np.arange(0)
    high = np.arange(len(values) - 1, len(values) - 1 - k, -1)
    return Curvature(
        values[high],
        vectors[:, high].T.copy(),
        values[low],
        vectors[:, low].T.copy(),
        trace,
        error,
        float(np.linalg.norm(hessian.gradient())),
        count.products,
        hessian.parameters,
    )


class _Counted:
    """Products with a Hessian, counted."""

    def __init__(self, hessian: Hessian) -> None:
        self.hessian, self.products = hessian, 0

    def __call__(self, v: Array) -> Array:
        self.products += 1
        return self.hessian @ v.reshape(-1)


def _eigenpairs(
    product: _Counted, n: int, k: int, smallest: bool, tolerance: float, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return eigenvalues in rising order, and eigenvectors as columns."""
    if n <= max(DENSE, 4 * k + 2):
        H = np.stack([product(row) for row in np.eye(n)], axis=1)
        values, vectors = np.linalg.eigh((H + H.T) / 2)
        return values, vectors
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

    operator = LinearOperator((n, n), matvec=product, dtype=np.float64)
    which, wanted = ("BE", 2 * k) if smallest else ("LA", k)
    try:
        values, vectors = eigsh(operator, wanted, which=which, v0=rng.standard_normal(n), tol=tolerance)
    except ArpackError as error:  # no convergence is one
        raise ArithmeticError(
            f"Lanczos has not converged to {wanted} eigenvalues of {n} after {product.products} products ({error}); "
            f"tolerance is {tolerance:g}: a larger one, or a larger k, may"
        ) from error
    order = np.argsort(values)
    return values[order], vectors[:, order]


def _trace(product: _Counted, n: int, probes: int, rng: np.random.Generator) -> tuple[float, float]:
    """Return Hutchinson's estimate of the trace and its standard error."""
    signs = rng.choice([-1.0, 1.0], (probes, n))
    seen = [float(z @ product(z)) for z in signs]
    if not seen:
        return float("nan"), float("nan")
    return float(np.mean(seen)), float(np.std(seen, ddof=1) / np.sqrt(probes)) if probes > 1 else float("nan")


def _row(values: Array) -> str:
    return "  ".join(f"{value:.4g}" for value in values)
