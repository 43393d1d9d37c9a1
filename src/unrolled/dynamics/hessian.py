"""Products with the Hessian of the loss, exact, from the gradient that is written by hand."""

from collections.abc import Mapping
from typing import Any, TypeVar, cast

import numpy as np

from unrolled.dynamics.vectors import as_vector, flatten, unflatten
from unrolled.rnn import Network, inputs
from unrolled.rnn.arrays import Array, Parameters

STEP = 1e-30
"""Nothing is subtracted, so nothing cancels, and the step can be as small as floating point allows."""

BLOCK = 256
"""Samples that are worked with at a time, so that memory is bounded."""

Direction = TypeVar("Direction", bound=Mapping[str, Any] | Array)


class Hessian:
    """The Hessian of a network's loss on a batch, as something that vectors are multiplied by.

    The backward pass is made of analytic functions, so it can be run in complex numbers: with g the gradient,
    ``H v = Im g(w + i h v) / h`` up to h^2, where h is 1e-30. One product costs one complex forward and backward
    pass. A rectifier, which is not analytic at 0, is taken by the sign of its real part, so that the product is that
    of the piece of the loss which w lies on.

    Parameters
    ----------
    net : ManyToOne or ManyToMany
        At its parameters of now, in float64 whatever its dtype; it is not changed.
    X, y, lengths
        As for :meth:`unrolled.rnn.ManyToOne.loss_and_gradients`.

    Attributes
    ----------
    parameters : dict of ndarray
        w, in float64.
    shape : tuple of int
        (n, n), n parameters.

    See Also
    --------
    hessian_vector_product : One product.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import dynamics, rnn
    >>> net = rnn.ManyToOne(rnn.Tanh(2), n_inputs=1, n_classes=2, rng=0)
    >>> hessian = dynamics.Hessian(net, np.ones((3, 5, 1)), [0, 1, 1])
    >>> H = hessian.dense()
    >>> bool(np.allclose(H, H.T)), H.shape == hessian.shape
    (True, True)
    """

    def __init__(self, net: Network, X: Any, y: Any, lengths: Any = None) -> None:
        real = real_network(net)
        self.parameters: Parameters = real.parameters
        self._w = flatten(real.parameters)
        self._net = real.astype(np.complex128)
        padded, self._lengths = inputs.padded(X, lengths, net.n_inputs)
        self._X = inputs.rounded(padded, np.dtype(np.float64))
        self._targets = real._targets(y, padded.shape, self._lengths)
        self.shape = (len(self._w), len(self._w))

    def gradient_at(self, w: Array) -> Array:
        """Return the gradient at complex parameters, all of them flat vectors (n,)."""
        for name, W in unflatten(w, self.parameters).items():
            self._net.parameters[name][...] = W
        net, total = self._net, np.zeros(len(w), np.complex128)
        in_all = net.amount(self._X.shape, self._lengths, None)
        for first in range(0, len(self._X), BLOCK):  # a mean over the batch is the mean of its parts' means
            part = slice(first, first + BLOCK)
            X, lengths = self._X[part], None if self._lengths is None else self._lengths[part]
            _, gradients = net.step(X, self._targets.of(part).rows(net.dtype), lengths=lengths)
            total += flatten(gradients) * (net.amount(X.shape, lengths, None) / in_all)
        return total

    def gradient(self) -> Array:
        """Return the gradient of the loss, a flat vector (n,)."""
        return np.asarray(self.gradient_at(self._w.astype(np.complex128)).real)

    def __matmul__(self, v: Array) -> Array:
        """Return H v for a flat vector (n,)."""
        largest = float(np.abs(v).max())
        if largest == 0:
            return np.zeros(len(self._w))
        h = STEP / largest  # the step is as long whatever the length of v
        return np.asarray(self.gradient_at(self._w + 1j * (h * v)).imag / h)

    def dense(self) -> Array:
        """Return all of it, (n, n), by n products: for small networks."""
        return np.stack([self @ row for row in np.eye(len(self._w))], axis=1)


def hessian_vector_product(net: Network, X: Any, y: Any, v: Direction, lengths: Any = None) -> Direction:
    """Compute the product of the loss's Hessian with a vector, exactly, by one complex backward pass.

    ``H v = Im g(w + i h v) / h`` with the gradient g that is written by hand and h = 1e-30: nothing is subtracted, so
    nothing cancels.

    Parameters
    ----------
    net : ManyToOne or ManyToMany
        At its parameters, in float64 whatever its dtype; it is not changed.
    X : array_like, shape (m, T, D)
    y : array_like, shape (m,) or (m, C)
        Integer labels or one-hot rows.
    v : mapping of array_like, or array_like of shape (n,)
        With the names and shapes of the parameters; or all of its entries one after the other, in the order of the
        parameters and each by rows.
    lengths : array_like of int, shape (m,), optional

    Returns
    -------
    dict of ndarray, or ndarray of shape (n,)
        H v, in the form v has, in float64.

    Raises
    ------
    ValueError
        If v does not fit the parameters, or as :meth:`unrolled.rnn.ManyToOne.loss_and_gradients` does.

    See Also
    --------
    curvature : The largest and smallest eigenvalues, by such products.

    References
    ----------
    B. A. Pearlmutter, "Fast exact multiplication by the Hessian", Neural Computation 6 (1994), for what such products
    are good for; W. Squire and G. Trapp, "Using complex variables to estimate derivatives of real functions", SIAM
    Review 40 (1998), for the step.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import dynamics, rnn
    >>> net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=2, rng=0)
    >>> X, y = np.ones((5, 10, 3)), [0, 1, 1, 0, 1]
    >>> _, gradients = net.loss_and_gradients(X, y)
    >>> along = dynamics.hessian_vector_product(net, X, y, gradients)
    >>> along["W_hh"].shape
    (4, 4)
    """
    hessian = Hessian(net, X, y, lengths)
    product = hessian @ as_vector(v, hessian.parameters, "v")
    return cast(Direction, unflatten(product, hessian.parameters) if isinstance(v, Mapping) else product)


def real_network(net: Network) -> Network:
    """Return a copy of a network in float64.

    Raises
    ------
    ValueError
        If it is no network, or a complex one.
    """
    if not isinstance(net, Network):
        raise ValueError(f"net is {net!r}, expected a network such as rnn.ManyToOne(...)")
    net.check_parameters()
    if net.dtype.kind == "c":
        raise ValueError(f"net is {net.dtype}, expected float32 or float64: nothing here is a function of complex w")
    return net.astype(np.float64)
