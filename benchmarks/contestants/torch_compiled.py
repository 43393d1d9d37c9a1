"""PyTorch, compiled: the recurrence as a loop in Python, which ``torch.compile`` unrolls and fuses.

``torch.compile`` leaves ``torch.nn.RNN`` as it is (the same time as eager), so the loop is written out.
"""

from functools import partial
from typing import Any

import torch
from work import Work

from contestants import Predictor, Trainer
from contestants.torch_eager import Network, predict, train, versions, wake

__all__ = ["CELLS", "PREDICTORS", "TRAINERS", "versions", "wake"]

CELLS = ("tanh",)


def logits(p: dict[str, Any], X: Any) -> Any:
    """Run the recurrence and read out its last state."""
    A = X.new_zeros(len(X), len(p["W_hh"]))
    for Z in (X @ p["W_ih"].T + p["b_h"]).unbind(1):
        A = torch.tanh(Z + A @ p["W_hh"].T)
    return A @ p["W_ho"].T + p["b_o"]


def network(work: Work) -> Network:
    """Return parameters of its own, and the compiled forward pass."""
    p = {name: torch.nn.Parameter(torch.from_numpy(W.copy())) for name, W in work.parameters.items()}
    return Network(partial(torch.compile(logits), p), list(p.values()), p, lambda: p)


def trainer(work: Work, threads: int) -> Trainer:
    """Train."""
    torch.set_num_threads(threads)
    return train(work, threads, network(work))


def predictor(work: Work, threads: int) -> Predictor:
    """Predict."""
    torch.set_num_threads(threads)
    return predict(work, threads, network(work))


TRAINERS = {"1 thread": partial(trainer, threads=1), "2 threads": partial(trainer, threads=2)}
PREDICTORS = {"1 thread": partial(predictor, threads=1), "2 threads": partial(predictor, threads=2)}
