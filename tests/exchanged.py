"""The networks that the tests of exchange hand over: every cell, both directions, depth, readout, head and answer."""

import itertools
from collections.abc import Sequence
from typing import Any

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
    "max": rnn.Max(),
    "mean and max": rnn.MeanMax(),
    "every step": rnn.EveryStep(),
    "weighted": rnn.EveryStep((0, 0, 0, 0, 1, 2, 0, 1, 1, 3, 0.5, 2)),  # the short ones have none above 0
}
EACH_STEP = "each step"
"""In a readout's place: a network of many to many."""

HEADS: dict[str, rnn.Head] = {
    "sigmoid": rnn.Sigmoid(),
    "softmax": rnn.Softmax(),
    "labels": rnn.Sigmoid(multilabel=True),
    "numbers": rnn.Linear(),
    "counts": rnn.Poisson(),
}
OF_A_CLASS = ("sigmoid", "softmax")
LEAKY: dict[str, Sequence[rnn.Cell]] = {
    "leaky": [rnn.Leaky(5)],
    "leaky and lstm": [rnn.Leaky(4, leak=0.05), rnn.LSTM(5), rnn.Leaky(3, leak=1)],
}
LEAKY_BOTH_WAYS: dict[str, Sequence[rnn.Cell]] = {"leaky both ways": [rnn.Bidirectional(rnn.Leaky(5, leak=0.6))]}
"""What PyTorch and Keras do not have."""


def _networks(*cells: str) -> list[tuple[str, str, str]]:
    """Every cell with every readout and two heads, and some with the other heads, as they do not meet the cells."""
    some = [each for each in cells if each in ("gru", "three kinds", "two alike both ways")]
    return [
        *itertools.product(cells, [*READOUTS, EACH_STEP], OF_A_CLASS),
        *itertools.product(some, [*READOUTS, EACH_STEP], ["labels", "numbers", "counts"]),
    ]


ONE_WAY_NETWORKS = _networks(*CELLS)
NETWORKS = _networks(*CELLS, *BOTH_WAYS)
LEAKY_NETWORKS = [*itertools.product(LEAKY, ["last", "weighted", EACH_STEP], ["softmax"])]


def network(cells: str, readout: str, head: str, dtype: type = np.float32) -> rnn.ManyToOne | rnn.ManyToMany:
    """Return a network none of whose parameters is 0."""
    made = {**CELLS, **BOTH_WAYS, **LEAKY, **LEAKY_BOTH_WAYS}[cells]
    many = "n_outputs" if head in ("numbers", "counts") else "n_classes"
    settings: dict[str, Any] = {many: C, "head": HEADS[head], "rng": 0, "dtype": dtype}
    net: rnn.ManyToOne | rnn.ManyToMany = (
        rnn.ManyToMany(made, D, **settings)
        if readout == EACH_STEP
        else rnn.ManyToOne(made, D, readout=READOUTS[readout], **settings)
    )
    rng = np.random.default_rng(1)
    for W in net.parameters.values():
        W += rng.uniform(-0.3, 0.3, W.shape).astype(dtype)
    return net


def says(net: rnn.ManyToOne | rnn.ManyToMany, X: np.ndarray, lengths: np.ndarray | None = None) -> np.ndarray:
    """Return the probabilities of a network, or its numbers."""
    return np.asarray(net.predict(X, lengths) if net.answers == "numbers" else net.predict_proba(X, lengths))


def assert_says(
    theirs: np.ndarray, net: rnn.ManyToOne | rnn.ManyToMany, X: np.ndarray, lengths: np.ndarray | None, tolerance: float
) -> None:
    """Assert that answers are the network's, to an absolute tolerance, and a relative one where they are numbers."""
    ours = says(net, X, lengths)
    assert theirs.shape == ours.shape
    np.testing.assert_allclose(theirs, ours, rtol=tolerance if net.answers == "numbers" else 0, atol=tolerance)


def batch(dtype: type = np.float32) -> tuple[np.ndarray, np.ndarray]:
    """Return sequences (N, T, D) and lengths of them, from 1 step to all."""
    X: np.ndarray = np.random.default_rng(2).standard_normal((N, T, D)).astype(dtype)
    return X, np.array([T, 1, 4, 7, T, 3])
