"""What an epoch of training spends on handling data: shuffling, gathering each batch, putting time first."""

from time import perf_counter

import numpy as np

from unrolled import rnn

SAMPLES, STEPS, INPUTS, CLASSES = 3000, 150, 3, 6


def table(rounds: int = 3) -> str:
    """Measure it beside whole epochs of ``rnn.train``; the median of the rounds' shares."""
    lines = [
        "",
        "# Data handling",
        "",
        f"Share of an epoch ({SAMPLES} sequences, the tanh cell) spent on shuffling, gathering batches and putting "
        f"time first; median of {rounds} rounds.",
        "",
        "| (batch, hidden) | share |",
        "|---|---|",
    ]
    for batch, hidden in ((10, 50), (30, 50), (30, 100), (32, 128)):
        fractions = sorted(handling_fraction(batch, hidden) for _ in range(rounds))
        lines.append(f"| ({batch}, {hidden}) | {fractions[rounds // 2]:.1%} |")
    return "\n".join(lines) + "\n"


def handling_fraction(batch: int, hidden: int) -> float:
    """Do the handling alone, as ``rnn.train`` does it, and then a whole epoch."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((SAMPLES, STEPS, INPUTS)).astype(np.float32)
    y = rng.integers(0, CLASSES, SAMPLES)
    Y = np.eye(CLASSES, dtype=np.float32)[y]
    net = rnn.ManyToOne(rnn.Tanh(hidden), INPUTS, CLASSES, rng=0)
    trace = net.cells[0].trace(STEPS, batch, INPUTS, net.dtype)
    begun = perf_counter()
    order = rng.permutation(SAMPLES)
    for n in range(0, SAMPLES - batch + 1, batch):
        rows = order[n : n + batch]
        gathered, _ = X[rows], Y[rows]
        trace.X[...] = gathered.transpose(1, 0, 2)
    handling = perf_counter() - begun
    begun = perf_counter()
    rnn.train(net, (X, y), optimizer=rnn.SGD(0.01), batch_size=batch, epochs=1, rng=0, progress=False)
    return handling / (perf_counter() - begun)
