"""A training whose gradients vanish, with its smallest gradients rounded away (rnn/engine/underflow.py) and without.

python benchmarks/vanishing.py [--epochs 16] [--rounds 5]

The report's network (100, 0.05, 10) is trained on the recordings that ship, in raw units. After every few epochs the
training step of the same forty batches is timed both ways, in turns.
"""

import argparse
import statistics
import time
from unittest.mock import patch

import numpy as np

from unrolled import data, rnn

HIDDEN, RATE, BATCH, BATCHES = 100, 0.05, 10, 40


def leave(_gradient: np.ndarray) -> None:
    """Round nothing."""


def milliseconds(net: rnn.ManyToOne, X: np.ndarray, Y: np.ndarray) -> float:
    """The mean of a training step over the batches."""
    begun = time.perf_counter()
    for first in range(0, BATCHES * BATCH, BATCH):
        net.step(X[first : first + BATCH], Y[first : first + BATCH])
    return 1e3 * (time.perf_counter() - begun) / BATCHES


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
            with patch("unrolled.rnn.cells.tanh.round_tiny", leave):
                plain.append(milliseconds(net, X, Y))
                _, whole = net.step(X[:BATCH], Y[:BATCH])
            rounded.append(milliseconds(net, X, Y))
        _, gradients = net.step(X[:BATCH], Y[:BATCH])
        worst = max(float(np.abs(g - whole[name]).max() / np.abs(g).max()) for name, g in gradients.items())
        a, b = statistics.median(plain), statistics.median(rounded)
        print(f"| {epoch} | {a:.2f} | {b:.2f} | {a / b:.1f} | {worst:.0e} |", flush=True)

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


if __name__ == "__main__":
    main()
