"""The work every contestant does: the same shapes, the same data, the same initial weights."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Parameters = dict[str, Array]

LEARNING_RATE = 0.01

GATES = {"tanh": 1}
"""Blocks of H rows in a cell's weights. A new cell: a line here, its count in roofline.py, and its way on each page of
contestants/."""


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
        oriented and stacked as in PyTorch. Not to be written to.
    """

    case: Case
    X: Array
    Y: Array
    parameters: Parameters


def make(case: Case) -> Work:
    """Draw the data and the initial weights of a case; the same on every call, in every process."""
    rng = np.random.default_rng([case.batch, case.hidden, case.steps])
    m, T, D, C, H = case.batch, case.steps, case.inputs, case.classes, case.hidden
    rows = GATES[case.cell] * H
    parameters = {
        "W_ih": xavier(rng, rows, D),
        "W_hh": xavier(rng, rows, H),
        "b_h": rng.normal(0, 0.1, rows).astype(np.float32),  # not zero, so that one used wrongly shows
        "W_ho": xavier(rng, C, H),
        "b_o": rng.normal(0, 0.1, C).astype(np.float32),
    }
    X = rng.standard_normal((m, T, D), np.float32)
    Y = np.eye(C, dtype=np.float32)[rng.integers(0, C, m)]
    return Work(case, X, Y, parameters)


def xavier(rng: np.random.Generator, n_out: int, n_in: int) -> Array:
    """Draw a weight matrix as ``rnn.xavier_normal`` would."""
    return rng.normal(0, np.sqrt(2 / (n_in + n_out)), (n_out, n_in)).astype(np.float32)
