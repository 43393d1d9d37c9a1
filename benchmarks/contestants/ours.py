"""This library: what ``rnn.train`` does with each batch, and ``predict_proba``."""

import platform
from contextlib import ExitStack
from typing import Any

import numpy as np
import scipy
from work import LEARNING_RATE, Array, Parameters, Work

import unrolled
from contestants import Predictor, Trainer, nothing
from unrolled import rnn
from unrolled._support.blas_threads import one_blas_thread

RECURRENCES = {"tanh": rnn.Tanh, "lstm": rnn.LSTM, "gru": rnn.GRU}
CELLS = tuple(RECURRENCES)


def versions() -> dict[str, str]:
    """Return the library, and what it stands on."""
    built: Any = np.show_config(mode="dicts")
    blas = built["Build Dependencies"]["blas"]
    return {
        "unrolled": unrolled.__version__,
        "Python": platform.python_version(),
        "NumPy": f"{np.__version__} ({blas['name']} {blas['version']})",
        "SciPy": scipy.__version__,
    }


HOLD = ExitStack()  # kept, for BLAS to stay held: rnn.train holds it for its whole length, and so does this process
THREADS = HOLD.enter_context(one_blas_thread())
"""How many threads a large batch is divided among: one, where OPENBLAS_NUM_THREADS says so."""


def wake() -> None:
    """Start the BLAS."""
    np.ones((64, 64), np.float32) @ np.ones((64, 64), np.float32)


def network(work: Work) -> rnn.ManyToOne:
    """Return a network with the initial weights."""
    case = work.case
    net = rnn.ManyToOne(RECURRENCES[case.cell](case.hidden), case.inputs, case.classes, rng=0)
    reset(net, work)
    return net


def reset(net: rnn.ManyToOne, work: Work) -> None:
    """Set the network to its initial weights again."""
    for name, W in work.parameters.items():
        net.parameters[name][...] = W


def trainer(work: Work) -> Trainer:
    """Train as ``rnn.train`` does."""
    net, optimizer = network(work), rnn.SGD(LEARNING_RATE)
    state = optimizer.start(net.parameters)

    def run() -> float:
        loss, gradients = net.step(work.X, work.Y, THREADS)
        optimizer.update(net.parameters, gradients, state)
        return loss

    def parameters() -> Parameters:
        return {name: W.copy() for name, W in net.parameters.items()}

    return Trainer(lambda: reset(net, work), run, parameters)


def predictor(work: Work) -> Predictor:
    """Predict as a user does."""
    net = network(work)

    def run() -> Array:
        return net.predict_proba(work.X)

    return Predictor(nothing, run)


TRAINERS = {"": trainer}
PREDICTORS = {"": predictor}
