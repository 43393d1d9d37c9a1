"""A readout in closed form: the weights with the least squared error, of states that stay as they are."""

from typing import Any

import numpy as np
from scipy import linalg

from unrolled._support.validation import real_number, whole_number
from unrolled.rnn import inputs
from unrolled.rnn.arrays import Array, State
from unrolled.rnn.network import Network
from unrolled.rnn.output.numbers import Linear
from unrolled.rnn.passes import Reading

WINDOW = 1024
"""Steps of long recordings whose states are held at a time, of at most 256 samples."""


def fit_readout(
    net: Network,
    X: Any,
    y: Any,
    lengths: Any = None,
    *,
    ridge: float = 1e-6,
    washout: int = 0,
    sample_weight: Any = None,
) -> None:
    """Set ``W_ho`` and ``b_o`` to those with the least squared error and ridge, in closed form; train nothing else.

    With A the states and Y the targets, less their means, one row for each answer,

    ::

        W_ho = ((A^T A + ridge I)^{-1} A^T Y)^T     (R1)
        b_o = mean of Y - W_ho mean of A            (R2)

    That is how an echo-state network is fitted; training by gradient may go on from there. The sums are made in
    float64, of blocks of samples and of steps, so that memory is bounded.

    Parameters
    ----------
    net : ManyToMany or ManyToOne
        Of numbers, with the head ``Linear()``. Its ``W_ho`` and ``b_o`` are changed, in its dtype.
    X, y, lengths, sample_weight
        As for :meth:`ManyToOne.loss_and_gradients`; any number of samples, or one long recording (1, T, D).
    ridge : float, default 1e-6
        What is added to the diagonal, 0 or more; not divided by the number of answers.
    washout : int, default 0
        Of many to many, how many first steps of each sample are left out, while the states forget where they began.

    Raises
    ------
    ValueError
        If the network does not answer with numbers by a squared error, what is given does not fit, nothing is left
        after the washout, or with ridge 0 the states do not tell the weights.

    See Also
    --------
    Leaky, spectral_radius : The cell and the first weights of an echo-state network.
    train : By gradient.

    References
    ----------
    M. Lukosevicius, H. Jaeger, "Reservoir computing approaches to recurrent neural network training", Computer Science
    Review 3 (2009).

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> X = np.random.default_rng(0).uniform(size=(1, 500, 1))
    >>> y = np.roll(X, 3, axis=1)  # what was heard three steps ago
    >>> net = rnn.ManyToMany(
    ...     rnn.Leaky(50, leak=0.9), 1, n_outputs=1, initializer={"W_hh": rnn.spectral_radius(0.9)}, rng=0
    ... )
    >>> rnn.fit_readout(net, X, y, washout=20)
    >>> net.evaluate(X[:, 20:], y[:, 20:])[1] > 0.9
    True
    """
    if not isinstance(net, Network) or not isinstance(net.head, Linear) or net.head.minimized != "squared":
        found = f"the network's head is {net.head!r}" if isinstance(net, Network) else f"net is {net!r}"
        raise ValueError(f"{found}, expected a network with n_outputs and the head rnn.Linear()")
    ridge, washout = real_number(ridge, "ridge", 0), whole_number(washout, "washout", 0)
    if washout and net.answers_once:
        raise ValueError(f"washout is {washout}, expected 0 of {type(net).__name__}, which answers once")
    net.check_parameters()
    work = net.astype(np.float64)
    X, lengths = inputs.padded(X, lengths, net.n_inputs)
    asked = work._targets(y, X.shape, lengths, sample_weight)
    shape = asked.y.shape[:-1]
    weights = np.ones(shape) if asked.weights is None else np.array(asked.weights)
    if not net.answers_once:
        if lengths is not None:
            weights[np.arange(X.shape[1]) >= lengths[:, None]] = 0
        weights[:, :washout] = 0
    if not weights.any():
        raise ValueError(f"after a washout of {washout} of {X.shape[1]} steps nothing is asked, expected fewer")
    centered, moment, mean_A, mean_Y = _sums(work, X, lengths, asked.y.astype(np.float64), weights)
    try:
        W = linalg.solve(centered + ridge * np.eye(len(centered)), moment, assume_a="pos")  # (R1)
    except linalg.LinAlgError:
        raise ValueError(f"ridge is {ridge}, with which the states do not tell the weights: expected more") from None
    net.parameters["W_ho"][...] = W.T
    net.parameters["b_o"][...] = mean_Y - mean_A @ W  # (R2)


def _sums(net: Network, X: Array, lengths: Any, Y: Array, weights: Array) -> tuple[Array, Array, Array, Array]:
    """Return A^T A and A^T Y of states and targets less their means, and the means."""
    H, K = net.readout.width(net.widths[-1]), net.n_logits
    total, gram, moment = 0.0, np.zeros((H, H)), np.zeros((H, K))
    sum_A, sum_Y = np.zeros(H), np.zeros(K)
    in_windows = not net.answers_once and all(cell.causal for cell in net.cells)
    size = WINDOW if in_windows else X.shape[1]
    state: State = {}
    for start in range(0, X.shape[1], size):
        window = slice(start, start + size)
        at = (slice(None), window) if in_windows else (slice(None),)
        Y_window, weights_window = Y[at], weights[at]

        def sums(reading: Reading, part: slice, Y: Array = Y_window, weights: Array = weights_window) -> list[Any]:
            w = net._in_time(weights[part]).reshape(-1, 1)
            A, of = reading.R.reshape(-1, H), net._in_time(Y[part]).reshape(-1, K)
            return [w.sum(), A.T @ (w * A), A.T @ (w * of), (w * A).sum(0), (w * of).sum(0)]

        ends: dict[int, State] = {}
        whole = None if in_windows else lengths  # what comes after a sample's end counts nothing
        for n, gram_n, moment_n, sum_A_n, sum_Y_n in net._blocks(X[:, window], whole, sums, state, ends):
            total, gram, moment = total + n, gram + gram_n, moment + moment_n
            sum_A, sum_Y = sum_A + sum_A_n, sum_Y + sum_Y_n
        state = {name: np.concatenate([ends[n][name] for n in sorted(ends)]) for name in net._state_shapes()}
    mean_A, mean_Y = sum_A / total, sum_Y / total
    return gram - total * np.outer(mean_A, mean_A), moment - total * np.outer(mean_A, mean_Y), mean_A, mean_Y
