"""PyTorch, eager: ``torch.nn.RNN`` and a linear readout, at a given number of threads."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch.nn.functional import binary_cross_entropy_with_logits
from work import LEARNING_RATE, Array, Case, Parameters, Work

from contestants import Predictor, Trainer

RECURRENCES = {"tanh": torch.nn.RNN}
CELLS = tuple(RECURRENCES)


def versions() -> dict[str, str]:
    """Give PyTorch's version."""
    return {"PyTorch": str(torch.__version__)}


def wake() -> None:
    """Start the threads."""
    torch.ones(64, 64) @ torch.ones(64, 64)


class Network:
    """Recurrence and readout, with views of the parameters under our names."""

    def __init__(self, case: Case) -> None:
        self.cell = RECURRENCES[case.cell](case.inputs, case.hidden, batch_first=True)
        self.readout = torch.nn.Linear(case.hidden, case.classes)
        self.cell.bias_hh_l0.requires_grad_(False).zero_()  # its second bias, which we do not have
        self.named: dict[str, Any] = {
            "W_ih": self.cell.weight_ih_l0,
            "W_hh": self.cell.weight_hh_l0,
            "b_h": self.cell.bias_ih_l0,
            "W_ho": self.readout.weight,
            "b_o": self.readout.bias,
        }

    def logits(self, X: Any) -> Any:
        """Read out the last output."""
        outputs, _ = self.cell(X)
        return self.readout(outputs[:, -1])


def train(work: Work, threads: int, named: dict[str, Any], logits: Callable[[Any], Any]) -> Trainer:
    """Train the parameters in ``named`` of the network whose forward pass is ``logits``."""
    X, Y = torch.from_numpy(work.X), torch.from_numpy(work.Y)
    optimizer = torch.optim.SGD(named.values(), LEARNING_RATE)

    def run() -> float:
        optimizer.zero_grad()
        loss = binary_cross_entropy_with_logits(logits(X), Y, reduction="sum") / work.case.batch
        loss.backward()
        optimizer.step()
        return float(loss.item())

    def parameters() -> Parameters:
        return {name: W.detach().numpy().copy() for name, W in named.items()}

    return Trainer(lambda: begin(work, threads, named), run, parameters)


def predict(work: Work, threads: int, named: dict[str, Any], logits: Callable[[Any], Any]) -> Predictor:
    """Predict without recording for autograd."""
    X = torch.from_numpy(work.X)

    def run() -> Array:
        with torch.inference_mode():
            return torch.sigmoid(logits(X)).numpy()  # type: ignore[no-any-return]

    return Predictor(lambda: begin(work, threads, named), run)


def begin(work: Work, threads: int, named: dict[str, Any]) -> None:
    """Set the number of threads and the initial weights."""
    torch.set_num_threads(threads)
    with torch.no_grad():
        for name, W in work.parameters.items():
            named[name].copy_(torch.from_numpy(W))


def trainer(work: Work, threads: int) -> Trainer:
    """Train."""
    net = Network(work.case)
    return train(work, threads, net.named, net.logits)


def predictor(work: Work, threads: int) -> Predictor:
    """Predict."""
    net = Network(work.case)
    return predict(work, threads, net.named, net.logits)


TRAINERS = {"1 thread": partial(trainer, threads=1), "2 threads": partial(trainer, threads=2)}
PREDICTORS = {"1 thread": partial(predictor, threads=1), "2 threads": partial(predictor, threads=2)}
