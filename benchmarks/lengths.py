"""Sequences of different lengths beside the padded batch of the same size, and a stream; ours, and PyTorch's packing.

python benchmarks/lengths.py [--rounds 5]
"""

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from unrolled import rnn

STEPS, INPUTS, CLASSES = 150, 3, 6
CELLS: dict[str, Callable[[int], rnn.cells.Cell]] = {"Tanh": rnn.Tanh, "LSTM": rnn.LSTM, "GRU": rnn.GRU}


def milliseconds(function: Callable[[], object], seconds: float = 0.3) -> float:
    """The median of the runs in a turn."""
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        begun = time.perf_counter()
        function()
        times.append(time.perf_counter() - begun)
    return 1e3 * statistics.median(times)


def ours(kind: str, m: int, H: int, lengths: np.ndarray) -> dict[str, Callable[[], object]]:
    rng = np.random.default_rng(0)
    net = rnn.ManyToOne(CELLS[kind](H), INPUTS, CLASSES, rng=0)
    X = rng.standard_normal((m, STEPS, INPUTS)).astype(np.float32)
    Y = np.eye(CLASSES, dtype=np.float32)[rng.integers(0, CLASSES, m)]
    return {"padded": lambda: net.step(X, Y), "lengths": lambda: net.step(X, Y, lengths=lengths)}


def pytorchs(kind: str, m: int, H: int, lengths: np.ndarray) -> dict[str, Callable[[], object]]:
    try:
        import torch
        from torch.nn.utils.rnn import pack_padded_sequence
    except ImportError:
        return {}
    torch.set_num_threads(1)
    cell = {"Tanh": torch.nn.RNN, "LSTM": torch.nn.LSTM, "GRU": torch.nn.GRU}[kind](INPUTS, H, batch_first=True)
    readout = torch.nn.Linear(H, CLASSES)
    X, y = torch.randn(m, STEPS, INPUTS), torch.randint(0, CLASSES, (m,))

    def step(inputs: object) -> None:
        last = cell(inputs)[1]
        last = last[0] if isinstance(last, tuple) else last
        torch.nn.functional.cross_entropy(readout(last[0]), y).backward()

    def packed() -> None:
        step(pack_padded_sequence(X, torch.from_numpy(lengths), batch_first=True, enforce_sorted=False))

    return {"padded": lambda: step(X), "lengths": packed}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    print("Training step; lengths uniform from 50 to 150; milliseconds, and the ratio of each round's median.\n")
    print("| | (batch, hidden) | padded | lengths | lengths / padded |")
    print("|---|---|---|---|---|")
    for m, H in ((30, 50), (32, 128)):
        lengths = np.random.default_rng(1).integers(50, 151, m)
        for kind in CELLS:
            for who, make in (("ours", ours), ("PyTorch, packed", pytorchs)):
                ways = make(kind, m, H, lengths)
                if ways:
                    turns = [{name: milliseconds(run) for name, run in ways.items()} for _ in range(rounds)]
                    padded, ragged = (statistics.median(turn[way] for turn in turns) for way in ("padded", "lengths"))
                    ratio = statistics.median(turn["lengths"] / turn["padded"] for turn in turns)
                    print(f"| {kind}, {who} | ({m}, {H}) | {padded:.1f} | {ragged:.1f} | {ratio:.2f} |", flush=True)
    print("\nA stream, microseconds a sample (hidden 50):\n")
    for kind, cell in CELLS.items():
        stream = rnn.ManyToOne(cell(50), INPUTS, CLASSES, rng=0).stream()
        feed = partial(stream.feed, np.ones(INPUTS, np.float32))
        print(f"- {kind}: {1e3 * milliseconds(feed):.0f}")


if __name__ == "__main__":
    main()
