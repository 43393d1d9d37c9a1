"""The networks that the tests of exchange hand over: every cell, both directions, depth, readout and head."""

import itertools
from collections.abc import Sequence

import numpy as np

from unrolled import rnn

N, T, D, C = 6, 11, 3, 4

CELLS: dict[str, Sequence[rnn.Cell]] = {
    "tanh": [rnn.Tanh(5)],
    "relu": [rnn.ReLU(5)],
    "lstm": [rnn.LSTM(5)],
    "gru": [rnn.GRU(5)],
    "two alike": [rnn.LSTM(4), rnn.LSTM(4)],
    "three kinds": [rnn.GRU(6), rnn.LSTM(4), rnn.Tanh(5)],
}
BOTH_WAYS: dict[str, Sequence[rnn.Cell]] = {
    **{f"{name} both ways": [rnn.Bidirectional(cell) for cell in cells] for name, cells in CELLS.items()},
    "one of both": [rnn.Bidirectional(rnn.GRU(3)), rnn.ReLU(4)],
}
READOUTS: dict[str, rnn.Readout] = {
    "last": rnn.Last(),
    "mean": rnn.Mean(),
    "every step": rnn.EveryStep(),
    "weighted": rnn.EveryStep((0, 0, 0, 0, 1, 2, 0, 1, 1, 3, 0.5, 2)),  # the short ones have none above 0
}
HEADS: dict[str, rnn.Head] = {"sigmoid": rnn.Sigmoid(), "softmax": rnn.Softmax()}

ONE_WAY_NETWORKS = list(itertools.product(CELLS, READOUTS, HEADS))
NETWORKS = list(itertools.product({**CELLS, **BOTH_WAYS}, READOUTS, HEADS))


def network(cells: str, readout: str, head: str, dtype: type = np.float32) -> rnn.ManyToOne:
    """Return a network none of whose parameters is 0."""
    made = {**CELLS, **BOTH_WAYS}[cells]
    net = rnn.ManyToOne(made, D, C, readout=READOUTS[readout], head=HEADS[head], rng=0, dtype=dtype)
    rng = np.random.default_rng(1)
    for W in net.parameters.values():
        W += rng.uniform(-0.3, 0.3, W.shape).astype(dtype)
    return net


def batch(dtype: type = np.float32) -> tuple[np.ndarray, np.ndarray]:
    """Return sequences (N, T, D) and lengths of them, from 1 step to all."""
    X: np.ndarray = np.random.default_rng(2).standard_normal((N, T, D)).astype(dtype)
    return X, np.array([T, 1, 4, 7, T, 3])
