"""The work every contestant does: the same shapes, the same data, the same initial weights."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Parameters = dict[str, Array]

LEARNING_RATE = 0.01

GATES = {"tanh": 1, "lstm": 4, "gru": 3}
"""Blocks of H rows in a cell's weights, for every cell there is. A new cell: a line here, its count in roofline.py, and
its way on each page of contestants/."""


@dataclass(frozen=True)
class Case:
    """The size of a batch and of a network."""

    batch: int
    hidden: int
    steps: int = 150
    inputs: int = 3
    classes: int = 6
    cell: str = "tanh"

    def __str__(self) -> str:
        return f"({self.batch}, {self.hidden})"


@dataclass(frozen=True)
class Work:
    """What a contestant is handed.

    Attributes
    ----------
    case : Case
    X : ndarray of float32, shape (m, T, D)
    Y : ndarray of float32, shape (m, C)
        One-hot rows.
    parameters : dict of ndarray of float32
        The initial weights: ``W_ih`` (gH, D), ``W_hh`` (gH, H), ``b_h`` (gH,), ``W_ho`` (C, H), ``b_o`` (C,),
        oriented and stacked as in PyTorch (LSTM: i, f, g, o; GRU: r, z, n), and for the GRU ``b_hn`` (H,).
        Of PyTorch's two biases ``b_h`` is the sum; for the GRU's n it is b_in. Not to be written to.
    """

    case: Case
    X: Array
    Y: Array
    parameters: Parameters


def make(case: Case) -> Work:
    """Draw the data and the initial weights of a case; the same on every call, in every process."""
    rng = np.random.default_rng([case.batch, case.hidden, case.steps])
    m, T, D, C, H = case.batch, case.steps, case.inputs, case.classes, case.hidden
    G = GATES[case.cell]
    parameters = {
        "W_ih": xavier(rng, H, D, G),
        "W_hh": xavier(rng, H, H, G),
        "b_h": bias(rng, G * H),
        "W_ho": xavier(rng, C, H),
        "b_o": bias(rng, C),
    }
    X = rng.standard_normal((m, T, D), np.float32)
    Y = np.eye(C, dtype=np.float32)[rng.integers(0, C, m)]
    if case.cell == "lstm":
        parameters["b_h"][H : 2 * H] += 1  # as rnn.LSTM and Keras begin the forget gate
    if case.cell == "gru":
        parameters["b_hn"] = bias(rng, H)
    return Work(case, X, Y, parameters)


def xavier(rng: np.random.Generator, n_out: int, n_in: int, gates: int = 1) -> Array:
    """Draw a weight matrix as ``rnn.xavier_normal`` would, gate by gate."""
    return rng.normal(0, np.sqrt(2 / (n_in + n_out)), (gates * n_out, n_in)).astype(np.float32)


def bias(rng: np.random.Generator, n_out: int) -> Array:
    """Draw a bias: not zero, so that one used wrongly shows."""
    return rng.normal(0, 0.1, n_out).astype(np.float32)
