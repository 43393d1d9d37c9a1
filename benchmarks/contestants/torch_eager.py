"""PyTorch, eager: ``torch.nn.RNN``, ``LSTM`` or ``GRU`` and a linear readout, at a given number of threads."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch.nn.functional import binary_cross_entropy_with_logits
from work import LEARNING_RATE, Array, Case, Parameters, Work

from contestants import Predictor, Trainer

RECURRENCES = {"tanh": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
CELLS = tuple(RECURRENCES)


def versions() -> dict[str, str]:
    """Return PyTorch's version."""
    return {"PyTorch": str(torch.__version__)}


def wake() -> None:
    """Start the threads."""
    torch.ones(64, 64) @ torch.ones(64, 64)


@dataclass(frozen=True)
class Network:
    """A network as the training step and the prediction see it.

    Attributes
    ----------
    logits : callable
        The forward pass.
    trained : list
        What the optimizer updates.
    named : dict
        The parameters under our names, to write the initial ones to: what is trained, or views of it.
    read : callable
        Returns the parameters under our names, as they work.
    """

    logits: Callable[[Any], Any]
    trained: list[Any]
    named: dict[str, Any]
    read: Callable[[], dict[str, Any]]


def network(case: Case) -> Network:
    """Return recurrence and readout."""
    cell = RECURRENCES[case.cell](case.inputs, case.hidden, batch_first=True)
    readout = torch.nn.Linear(case.hidden, case.classes)
    named = {
        "W_ih": cell.weight_ih_l0,
        "W_hh": cell.weight_hh_l0,
        "b_h": cell.bias_ih_l0,
        "W_ho": readout.weight,
        "b_o": readout.bias,
    }
    trained = list(named.values())
    second = cell.bias_hh_l0  # which we do not have, but for the GRU's n: stays zero
    torch.nn.init.zeros_(second)
    if case.cell == "gru":
        zeros = torch.zeros(2 * case.hidden)
        second.register_hook(lambda gradient: torch.cat([zeros, gradient[len(zeros) :]]))
        trained.append(second)
        named["b_hn"] = second.detach()[len(zeros) :]
    else:
        second.requires_grad_(False)

    def read() -> dict[str, Any]:
        both = named["b_h"].detach().clone()
        n = len(both) - len(named.get("b_hn", ()))
        both[:n] += second[:n]  # so that a second bias that did not stay zero shows
        return {**named, "b_h": both}

    def logits(X: Any) -> Any:
        outputs, _ = cell(X)
        return readout(outputs[:, -1])

    return Network(logits, trained, named, read)


def train(work: Work, threads: int, net: Network) -> Trainer:
    """Train."""
    X, Y = torch.from_numpy(work.X), torch.from_numpy(work.Y)
    optimizer = torch.optim.SGD(net.trained, LEARNING_RATE)

    def run() -> float:
        optimizer.zero_grad()
        loss = binary_cross_entropy_with_logits(net.logits(X), Y, reduction="sum") / work.case.batch
        loss.backward()
        optimizer.step()
        return float(loss.item())

    def parameters() -> Parameters:
        return {name: W.detach().numpy().copy() for name, W in net.read().items()}

    return Trainer(lambda: begin(work, threads, net), run, parameters)


def predict(work: Work, threads: int, net: Network) -> Predictor:
    """Predict without recording for autograd."""
    X = torch.from_numpy(work.X)

    def run() -> Array:
        with torch.inference_mode():
            return torch.sigmoid(net.logits(X)).numpy()  # type: ignore[no-any-return]  # PyTorch's numpy() is untyped

    return Predictor(lambda: begin(work, threads, net), run)


def begin(work: Work, threads: int, net: Network) -> None:
    """Set the number of threads and the initial weights."""
    torch.set_num_threads(threads)
    with torch.no_grad():
        for name, W in work.parameters.items():
            net.named[name].copy_(torch.from_numpy(W))


def trainer(work: Work, threads: int) -> Trainer:
    """Train a network."""
    return train(work, threads, network(work.case))


def predictor(work: Work, threads: int) -> Predictor:
    """Predict with a network."""
    return predict(work, threads, network(work.case))


TRAINERS = {"1 thread": partial(trainer, threads=1), "2 threads": partial(trainer, threads=2)}
PREDICTORS = {"1 thread": partial(predictor, threads=1), "2 threads": partial(predictor, threads=2)}
