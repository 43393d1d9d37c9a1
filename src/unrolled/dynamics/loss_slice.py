"""The loss along a line through the parameters, or on a plane."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from unrolled._support.validation import real_number, whole_number
from unrolled.dynamics.curvature import curvature
from unrolled.dynamics.hessian import Hessian, real_network
from unrolled.dynamics.vectors import as_vector, flatten, unflatten
from unrolled.rnn import Network, inputs
from unrolled.rnn.arrays import Array, Parameters

NAMED = ("gradient", "curvature", "random")


@dataclass(frozen=True)
class LossSlice:
    """The loss along one direction, or two.

    Attributes
    ----------
    losses : ndarray, shape (n,) or (n, n)
        At ``w + steps[i] * directions[0]``; on a plane ``losses[i, j]`` at ``w + steps[i] * directions[0] + steps[j] *
        directions[1]``. Infinite or NaN where the network's numbers overflow.
    steps : ndarray, shape (n,)
        How far along each direction.
    directions : ndarray, shape (1 or 2, number of parameters)
        Each as the parameters one after the other.
    names : tuple of str
        What each direction is: "gradient", "curvature", "random" or "given".
    loss : float
        At the network's parameters.

    See Also
    --------
    loss_slice : Makes it, with an example.
    """

    losses: Array
    steps: Array
    directions: Array
    names: tuple[str, ...]
    loss: float


def loss_slice(
    net: Network,
    X: Any,
    y: Any,
    directions: Any = "gradient",
    *,
    lengths: Any = None,
    span: float = 1.0,
    n: int = 41,
    rng: int | np.random.Generator | None = 0,
) -> LossSlice:
    """Compute the loss along a line through the network's parameters, or on a plane.

    Parameters
    ----------
    net : ManyToOne or ManyToMany
        In float64 whatever its dtype; it is not changed.
    X : array_like, shape (m, T, D)
    y : array_like, shape (m,) or (m, C)
    directions : str, mapping or array_like, or two of them in a tuple or list
        "gradient"
            Uphill, of length 1; plain descent with the rate eta goes to ``-eta * |gradient|``.
        "curvature"
            The first eigenvector of the Hessian, of length 1, on the side that goes uphill.
        "random"
            Drawn from a normal distribution and filter-normalized as Li et al. do it: the weights that come into a
            unit (a gate's row) get the length that the network's have; biases stay. A step of 1 is then as large as
            the weights themselves, whatever their scale.

        Or one's own, with the names and shapes of the parameters or as one flat vector, taken as it is.
    lengths : array_like of int, shape (m,), optional
    span : float, default 1
        Steps go from ``-span`` to ``span`` ...
    n : int, default 41
        ... and there are so many, on each axis of a plane; an odd number has the network itself in the middle.
    rng : None, int or numpy.random.Generator
        For random directions, and where the search for an eigenvector begins.

    Returns
    -------
    LossSlice

    Raises
    ------
    ValueError
        If a direction is none of these, or there are more than two; or as
        :meth:`unrolled.rnn.ManyToOne.loss_and_gradients` does.

    See Also
    --------
    curvature : The eigenvectors that are the most curved directions.
    unrolled.plots.loss_slice : A picture of it.

    References
    ----------
    H. Li, Z. Xu, G. Taylor, C. Studer, T. Goldstein, "Visualizing the loss landscape of neural nets", NeurIPS 2018;
    I. Goodfellow, O. Vinyals, A. Saxe, "Qualitatively characterizing neural network optimization problems", ICLR 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import dynamics, rnn
    >>> net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=2, rng=0)
    >>> plane = dynamics.loss_slice(net, np.ones((5, 10, 3)), [0, 1, 1, 0, 1], ("gradient", "random"), n=5)
    >>> plane.losses.shape
    (5, 5)
    >>> bool(plane.losses[2, 2] == plane.loss)
    True
    """
    real = real_network(net)
    given = list(directions) if isinstance(directions, tuple | list) and not _is_vector(directions) else [directions]
    if len(given) not in (1, 2):
        raise ValueError(f"directions are {len(given)}, expected one or two")
    steps = np.linspace(-1, 1, whole_number(n, "n", 2)) * real_number(span, "span", above=0)
    generator = np.random.default_rng(rng)
    chosen = [_direction(each, real, (X, y, lengths), generator) for each in given]
    w, at = flatten(real.parameters), real.copy()
    X, lengths = inputs.padded(X, lengths, at.n_inputs)
    targets = at._targets(y, X.shape, lengths)

    def loss(offset: Array) -> float:
        for name, W in unflatten(w + offset, at.parameters).items():
            at.parameters[name][...] = W
        return at.measure(X, targets, lengths).loss

    with np.errstate(over="ignore", invalid="ignore"):
        if len(chosen) == 1:
            losses = np.array([loss(a * chosen[0]) for a in steps])
        else:
            losses = np.array([[loss(a * chosen[0] + b * chosen[1]) for b in steps] for a in steps])
        names = tuple(each if isinstance(each, str) else "given" for each in given)
        return LossSlice(losses, steps, np.stack(chosen), names, loss(np.zeros_like(w)))


def filter_normalized(parameters: Mapping[str, Array], rng: np.random.Generator) -> Parameters:
    """Draw a random direction whose rows have the lengths of the parameters' rows, and 0 for biases.

    Parameters
    ----------
    parameters : mapping of ndarray
        Matrices (rows, columns), whose rows come into one unit each, and vectors of biases.
    rng : numpy.random.Generator

    Returns
    -------
    dict of ndarray
        With the same names and shapes.
    """
    drawn: Parameters = {}
    for name, W in parameters.items():
        if W.ndim < 2:
            drawn[name] = np.zeros_like(W)
            continue
        d = rng.standard_normal(W.shape)
        drawn[name] = d * np.linalg.norm(W, axis=-1, keepdims=True) / np.linalg.norm(d, axis=-1, keepdims=True)
    return drawn


def _direction(given: Any, net: Network, samples: Sequence[Any], rng: np.random.Generator) -> Array:
    X, y, lengths = samples
    if not isinstance(given, str):
        return as_vector(given, net.parameters, "a direction")
    if given not in NAMED:
        raise ValueError(f"a direction is {given!r}, expected one of {', '.join(map(repr, NAMED))}, or arrays")
    if given == "random":
        return flatten(filter_normalized(net.parameters, rng))
    gradient = Hessian(net, X, y, lengths).gradient()
    if given == "gradient":
        length = float(np.linalg.norm(gradient))
        return gradient / (length or 1.0)
    top: Array = curvature(net, X, y, lengths=lengths, smallest=False, rng=rng).largest_vectors[0]
    return -top if top @ gradient < 0 else top


def _is_vector(given: Sequence[Any]) -> bool:
    return len(given) > 0 and all(isinstance(each, int | float | np.number) for each in given)
