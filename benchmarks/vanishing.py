"""Trainings whose gradients vanish, with what is tiny rounded away (rnn/engine/underflow.py) and without.

python benchmarks/vanishing.py [--epochs 16] [--rounds 5]

The report's network (100, 0.05, 10) is trained on the recordings that ship, in raw units. After every few epochs the
training step of the same forty batches is timed both ways, in turns. Then, for every cell and readout, in one layer and
in two, what the rounding changes in any parameter's gradient is printed beside its largest entry: before training, of
losses of ordinary size and of one 1e-16 times as large, and where little is remembered.
"""

import argparse
import contextlib
import statistics
import time
from collections.abc import Iterator
from unittest.mock import patch

import numpy as np

from unrolled import data, rnn

HIDDEN, RATE, BATCH, BATCHES = 100, 0.05, 10, 40


def leave(_gradient: np.ndarray) -> None:
    """Round nothing."""


@contextlib.contextmanager
def unrounded() -> Iterator[None]:
    """Leave what is tiny as it is."""
    with patch("unrolled.rnn.engine.rows.round_tiny", leave), patch("unrolled.rnn.engine.columns.round_tiny", leave):
        yield


def milliseconds(net: rnn.ManyToOne, X: np.ndarray, Y: np.ndarray) -> float:
    """The mean of a training step over the batches."""
    begun = time.perf_counter()
    for first in range(0, BATCHES * BATCH, BATCH):
        net.step(X[first : first + BATCH], Y[first : first + BATCH])
    return 1e3 * (time.perf_counter() - begun) / BATCHES


def worst(net: rnn.ManyToOne, X: np.ndarray, Y: np.ndarray) -> float:
    """The most that the rounding moves an entry of a gradient by, beside the largest entry of that gradient."""
    with unrounded():
        _, whole = net.step(X[:BATCH], Y[:BATCH])
    _, gradients = net.step(X[:BATCH], Y[:BATCH])
    return max(float(np.abs(g - whole[name]).max() / np.abs(whole[name]).max()) for name, g in gradients.items())


def over_cells_and_readouts(X: np.ndarray, Y: np.ndarray) -> None:
    """Print what the rounding changes, a row a cell and depth, a column a readout."""
    D, C = X.shape[2], Y.shape[1]
    cells: list[rnn.cells.Cell] = [
        rnn.Tanh(50),
        rnn.ReLU(50),
        rnn.LSTM(50),
        rnn.GRU(50),
        rnn.Bidirectional(rnn.Tanh(50)),
    ]
    readouts: list[rnn.Readout] = [rnn.Last(), rnn.Mean(), rnn.EveryStep()]
    print(f"\n| cells | loss times | W_hh times | {' | '.join(type(each).__name__ for each in readouts)} |")
    print("|---|---|---|" + "---|" * len(readouts))
    most = 0.0
    for layers, weight, memory in ((1, 1, 1), (2, 1, 1), (1, 1e-16, 1), (2, 1e-16, 1), (1, 1, 0.1), (2, 1, 0.1)):
        for cell in cells:
            found = []
            for readout in readouts:
                head = rnn.Sigmoid(class_weights=(weight,) * C)
                net = rnn.ManyToOne([cell] * layers, D, C, readout=readout, head=head, rng=0)
                for name, W in net.parameters.items():
                    W *= np.float32(memory if name.startswith("W_hh") else 1)
                found.append(worst(net, X, Y))
            most = max(most, *found)
            print(f"| {layers} x {cell} | {weight:g} | {memory:g} | {' | '.join(f'{each:.0e}' for each in found)} |")
    print(f"\nat most {most:.0e} of the largest entry")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    exercises = data.load_shoulder_exercises(scale=False)
    train, C = exercises.train, len(exercises.classes)
    order = np.random.default_rng(0).permutation(len(train))[: BATCHES * BATCH]
    X, Y = train.X[order].astype(np.float32), np.eye(C, dtype=np.float32)[train.y[order]]
    net = rnn.ManyToOne(rnn.Tanh(HIDDEN), 3, C, initializer=rnn.uniform(-0.1, 0.1), rng=0)
    print("| epoch | ms as they are | ms rounded | as they are / rounded | worst difference of a gradient |")
    print("|---|---|---|---|---|")

    def measure(epoch: int, *_others: object) -> None:
        if epoch % 4 and epoch != 1:
            return
        plain, rounded = [], []
        for _ in range(given.rounds):
            with unrounded():
                plain.append(milliseconds(net, X, Y))
            rounded.append(milliseconds(net, X, Y))
        a, b = statistics.median(plain), statistics.median(rounded)
        print(f"| {epoch} | {a:.2f} | {b:.2f} | {a / b:.1f} | {worst(net, X, Y):.0e} |", flush=True)

    rnn.train(
        net,
        train,
        optimizer=rnn.SGD(RATE),
        batch_size=BATCH,
        epochs=given.epochs,
        rng=0,
        progress=False,
        on_epoch=measure,
    )
    over_cells_and_readouts(X, Y)


if __name__ == "__main__":
    main()
