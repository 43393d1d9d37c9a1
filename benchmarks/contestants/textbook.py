"""Back-propagation through time as a textbook has it: ``unrolled.textbook``, in float64."""

import numpy as np
from work import LEARNING_RATE, Array, Parameters, Work

from contestants import Predictor, Trainer, nothing
from unrolled import textbook

CELLS = ("tanh",)


def versions() -> dict[str, str]:
    """Give nothing new: it is NumPy."""
    return {}


def wake() -> None:
    """Start the BLAS."""
    np.ones((64, 64)) @ np.ones((64, 64))


def trainer(work: Work) -> Trainer:
    """Train in float64."""
    X, Y, p = work.X.astype(np.float64), work.Y.astype(np.float64), dict[str, Array]()

    def begin() -> None:
        p.update(_float64(work.parameters))

    def run() -> float:
        loss, gradients = textbook.loss_and_gradients(p, X, Y)
        p.update({name: textbook.update(W, gradients[name], LEARNING_RATE) for name, W in p.items()})
        return float(loss)

    return Trainer(begin, run, lambda: {name: W.copy() for name, W in p.items()})


def predictor(work: Work) -> Predictor:
    """Predict in float64."""
    X, p = textbook.columns(work.X.astype(np.float64)), _float64(work.parameters)

    def run() -> Array:
        _, Y_pred = textbook.forward(*textbook.matrices(p), X)
        return np.asarray(Y_pred.T)

    return Predictor(nothing, run)


def _float64(parameters: Parameters) -> Parameters:
    return {name: W.astype(np.float64) for name, W in parameters.items()}


TRAINERS = {"": trainer}
PREDICTORS = {"": predictor}
