"""Closed loop: what a network says is what it hears next."""

from typing import Any

import numpy as np

from unrolled._support.validation import real_number, whole_number
from unrolled.rnn import inputs
from unrolled.rnn.arrays import Array
from unrolled.rnn.network import Network
from unrolled.rnn.output.heads import softmax


def generate(
    net: Network,
    X: Any,
    steps: int,
    *,
    temperature: float = 0.0,
    rng: int | np.random.Generator | None = None,
) -> Array:
    """Go on from sequences by what the network itself says, fed back as its next input.

    Parameters
    ----------
    net : ManyToMany or ManyToOne
        Of numbers, with as many outputs as inputs; or of classes, each a symbol, with as many classes as inputs. Its
        cells are of one direction of time.
    X : array_like, shape (N, T, D), or whole numbers (N, T)
        What the network hears first.
    steps : int
        How many answers.
    temperature : float, default 0
        Of classes: 0 takes the most probable symbol; above it one is drawn, from probabilities whose logarithms are
        divided by it: 1 as the network says them, below 1 surer.
    rng : None, int or numpy.random.Generator
        For that draw.

    Returns
    -------
    ndarray, shape (N, steps, D)
        Numbers, of the network's dtype. Of classes int64 (N, steps). The first is the answer to X's last step, so it
        is the forecast of the step after X; the next one is the answer to it, and so on.

    Raises
    ------
    ValueError
        If the network does not say what it hears, or X is not as described.

    See Also
    --------
    ManyToOne.stream : What it is made of; it says the same to the bit.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> net = rnn.ManyToMany(rnn.GRU(8), n_inputs=2, n_outputs=2, rng=0)
    >>> rnn.generate(net, np.zeros((3, 20, 2)), steps=50).shape
    (3, 50, 2)
    >>> letters = rnn.ManyToMany(rnn.GRU(8), n_inputs=26, n_classes=26, head=rnn.Softmax(), rng=0)
    >>> rnn.generate(letters, np.array([[7, 4, 11, 11, 14]]), steps=4, temperature=1.0, rng=0).shape
    (1, 4)
    """
    if not isinstance(net, Network):
        raise ValueError(f"net is {net!r}, expected a network such as rnn.ManyToMany(...)")
    steps, temperature = whole_number(steps, "steps", 1), real_number(temperature, "temperature", 0)
    if net.answers == "labels" or net.n_logits != net.n_inputs:
        raise ValueError(
            f"the network hears {net.n_inputs} inputs and answers with {net.n_logits} {net.answers}, expected as many "
            "numbers, or one class of as many, to be heard again"
        )
    of_numbers = net.answers == "numbers"
    if not of_numbers and temperature and not hasattr(net.head, "soft_targets"):
        raise ValueError(f"temperature is {temperature} with head {net.head!r}, expected rnn.Softmax() for a draw")
    net.check_parameters()
    X, _ = inputs.padded(X, None, net.n_inputs)
    X = inputs.rounded(X, net.dtype)
    generator, stream = np.random.default_rng(rng), net.stream(len(X))
    for t in range(X.shape[1]):
        Y_hat = stream.feed(X[:, t])
    said: list[Array] = []
    while True:
        said.append(Y_hat if of_numbers else _symbols(Y_hat, temperature, generator))
        if len(said) == steps:
            return np.stack(said, axis=1)
        Y_hat = stream.feed(said[-1])


def _symbols(Y_hat: Array, temperature: float, rng: np.random.Generator) -> Array:
    """Return a symbol for each row of probabilities (N, C)."""
    if temperature == 0:
        return np.asarray(Y_hat.argmax(1), np.int64)
    with np.errstate(divide="ignore"):
        P = softmax(np.log(Y_hat.astype(np.float64)) / temperature)
    return np.asarray((P.cumsum(1) > rng.random((len(P), 1)) * P.sum(1, keepdims=True)).argmax(1), np.int64)
