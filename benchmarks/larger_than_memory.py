"""Training from a file larger than memory beside training from an array: resident memory, and samples a second.

    python benchmarks/larger_than_memory.py [--gigabytes 4] [--batches 8000] [--rounds 3] [--folder FOLDER]

Writes a file of random walks block by block, and then trains Tanh(50) at batch 30 for so many batches, in a fresh
process each time: from the file with and without reading ahead, and from an array of as many samples as those batches
have. They take turns, round by round. Before each turn the system is asked to forget what it keeps of the file, as it
would have to if the file were larger than memory; ``--warm`` leaves that out. The seconds are those of `rnn.train`,
with the filling of the first buffer; processor time, of all threads, is told beside them for machines that others use
too. The most resident memory is the process's own: pages that the system keeps of
the file are not in it, because the file is read and not mapped.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np
from memory import peak

from unrolled import data, rnn
from unrolled.rnn.training.samples import LabeledSamples

STEPS, INPUTS, CLASSES = 150, 3, 6
BATCH, HIDDEN = 30, 50
BLOCK = 10_000  # samples written at a time
MIB = 2**20
TURNS = ("array", "file", "file, no reading ahead")
GOAL_MEMORY, GOAL_SPEED = 500e6, 0.8


def walks(n: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Return n random walks, whose steps are the larger the higher their class."""
    rng = np.random.default_rng(seed)
    for first in range(0, n, BLOCK):
        y = rng.integers(0, CLASSES, min(BLOCK, n - first))
        X = rng.standard_normal((len(y), STEPS, INPUTS), np.float32)
        X *= np.float32(0.02) * (1 + y[:, np.newaxis, np.newaxis]).astype(np.float32)
        yield np.cumsum(X, axis=1), y


@dataclass(frozen=True)
class Beginning:
    """The first so many batches of a file, as an epoch of their own."""

    samples: data.StoredSamples
    n_batches: int

    def __len__(self) -> int:
        return self.n_batches * BATCH

    def batches(self, batch_size: int, rng: np.random.Generator, start: int = 0) -> Iterator[tuple[Any, ...]]:
        return islice(self.samples.batches(batch_size, rng, start), self.n_batches)

    def blocks(self, size: int) -> Iterable[tuple[Any, ...]]:
        return self.samples.blocks(size)

    def fingerprint(self) -> str:
        return f"{self.n_batches} of {self.samples.fingerprint()}"


def work(turn: str, path: Path, n_batches: int, memory: int) -> dict[str, float]:
    """Train in this process, and say how long it took and how much memory it had."""
    net = rnn.ManyToOne(rnn.Tanh(HIDDEN), INPUTS, CLASSES, rng=0)
    room = memory if turn != "array" else 2 * n_batches * BATCH * STEPS * INPUTS * 4 + memory
    with data.open_h5(path, memory=room, read_ahead=turn == "file") as file:
        n = n_batches * BATCH
        samples: LabeledSamples = (
            (file.train.X[:n], file.train.y[:n]) if turn == "array" else Beginning(file.train, n_batches)
        )
        begun, worked = perf_counter(), process_time()
        history = rnn.train(net, samples, optimizer=rnn.SGD(0.01), batch_size=BATCH, epochs=1, rng=0, progress=False)
        seconds, cpu = perf_counter() - begun, process_time() - worked
    return {"seconds": seconds, "cpu": cpu, "peak": peak(), "loss": history.loss[0]}


def in_its_own_process(turn: str, path: Path, n_batches: int, memory: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--turn", turn, "--file", str(path)]
    command += ["--batches", str(n_batches), "--memory", str(memory)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    said: dict[str, float] = json.loads(done.stdout)
    return said


def forget(path: Path) -> None:
    """Ask the system to drop the pages it keeps of the file (where it can be asked)."""
    if hasattr(os, "posix_fadvise"):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def compare(path: Path, n_batches: int, memory: int, rounds: int, warm: bool) -> None:
    said: dict[str, list[dict[str, float]]] = {turn: [] for turn in TURNS}
    for number in range(rounds):
        for turn in TURNS[number % 3 :] + TURNS[: number % 3]:
            if not warm:
                forget(path)
            said[turn].append(in_its_own_process(turn, path, n_batches, memory))
            one = said[turn][-1]
            took = f"{one['seconds']:.2f} s, {one['cpu']:.2f} s of processor time, at most {one['peak'] / 1e6:.0f} MB"
            print(f"round {number + 1}, {turn}: {took}", flush=True)
    losses = {one["loss"] for turn in TURNS[1:] for one in said[turn]}
    print(f"the same loss, read ahead or not, in every round: {len(losses) == 1}")
    print()
    print("| from | samples a second | of the array's | by processor time | most resident memory |")
    print("|---|---|---|---|---|")
    for turn in TURNS:
        speed = n_batches * BATCH / median(one["seconds"] for one in said[turn])
        ratio, by_cpu = (
            median(array[clock] / one[clock] for array, one in zip(said[TURNS[0]], said[turn], strict=True))
            for clock in ("seconds", "cpu")
        )
        most = max(one["peak"] for one in said[turn]) / 1e6
        print(f"| {turn} | {speed:.0f} | {ratio:.1%} | {by_cpu:.1%} | {most:.0f} MB |")
    print()
    print(f"Medians of {rounds} rounds; goals: {GOAL_SPEED:.0%} and {GOAL_MEMORY / 1e6:.0f} MB.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=4)
    parser.add_argument("--batches", type=int, default=8000)
    parser.add_argument("--memory", type=int, default=256 * MIB, help="bytes that open_h5 is given")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--warm", action="store_true", help="leave what the system keeps of the file")
    parser.add_argument("--folder", type=Path, help="where the file is made and removed again; default: temporary")
    parser.add_argument("--turn", choices=TURNS, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.turn:
        print(json.dumps(work(given.turn, given.file, given.batches, given.memory)))
        return
    n = int(given.gigabytes * 1e9 / (STEPS * INPUTS * 4))
    if n < given.batches * BATCH:
        parser.error(f"{given.gigabytes} GB are {n // BATCH} batches of {BATCH}, expected at least {given.batches}")
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        path = Path(folder) / "walks.h5"
        begun = perf_counter()
        data.write_h5(path, walks(n, 0), walks(BLOCK, 1), classes=[f"walk {i + 1}" for i in range(CLASSES)])
        print(
            f"{path.stat().st_size / 1e9:.2f} GB, {n} series of {STEPS} x {INPUTS}, in {perf_counter() - begun:.0f} s; "
            f"this process at most {peak() / 1e6:.0f} MB; {given.batches} batches of {BATCH} are "
            f"{given.batches * BATCH / n:.0%} of them; memory={given.memory / MIB:.0f} MiB",
            flush=True,
        )
        compare(path, given.batches, given.memory, given.rounds, given.warm)


if __name__ == "__main__":
    main()
