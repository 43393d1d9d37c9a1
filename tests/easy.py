"""A task that any network learns, and a small network for it."""

import numpy as np

from unrolled import rnn


def easy(n: int = 60, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Three classes told apart by the mean of one of three inputs."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    X = rng.normal(0, 0.3, (n, 8, 3))
    X[np.arange(n), :, y] += 1
    return X.astype(np.float32), y


def network(seed: int = 0, dtype: type = np.float32) -> rnn.ManyToOne:
    return rnn.ManyToOne(rnn.Tanh(6), 3, 3, rng=seed, dtype=dtype)


def same_parameters(a: rnn.Network, b: rnn.Network) -> bool:
    return all((a.parameters[name] == b.parameters[name]).all() for name in a.parameters)
