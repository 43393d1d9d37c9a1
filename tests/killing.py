"""Trainings killed with SIGKILL at random moments and resumed until they are done, beside the one undisturbed.

Searches, saves, `save_h5` and `write_h5` are killed after them (killing_writes.py).

python tests/killing.py [--trainings 200] [--seed 0]        (make kill-test)

A training is a child made by fork, so that a kill is cheap; only POSIX systems have that. After the kills come a full
disk and a folder that cannot be written to: small file systems in memory, which only root may mount on Linux.
"""

import argparse
import contextlib
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from easy import easy
from killing_writes import kill_searches, kill_writes

from unrolled import rnn
from unrolled.rnn.training import checkpoint

HOW: dict[str, Any] = {
    "optimizer": rnn.Adam(0.01),
    "batch_size": 10,
    "schedule": rnn.Cosine(8),
    "clip": rnn.ClipNorm(1.0),
    "dropout": rnn.Dropout(layers=0.2),
    "early_stopping": rnn.EarlyStopping(8),
    "epochs": 8,
    "rng": 5,
    "progress": False,
}


def noise(X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """An augmentation that draws."""
    return np.asarray(X + rng.normal(0, 0.1, X.shape).astype(X.dtype))


def train(path: Path | None) -> tuple[rnn.Network, rnn.History]:
    """Go on from the checkpoint if it is there, and begin if not."""
    if path is not None and path.exists():
        return rnn.resume(path, easy(120), validation=easy(40, 1), augment=noise, progress=False)
    net = rnn.ManyToOne(rnn.GRU(8), 3, 3, rng=0)
    every = None if path is None else 3
    return net, rnn.train(
        net, easy(120), validation=easy(40, 1), augment=noise, checkpoint=path, checkpoint_every=every, **HOW
    )


def same(a: tuple[rnn.Network, rnn.History], b: tuple[rnn.Network, rnn.History]) -> bool:
    """Tell whether two trainings ended in the same network and history, to the bit."""
    networks = all(np.array_equal(a[0].parameters[name], b[0].parameters[name]) for name in a[0].parameters)
    return networks and replace(a[1], seconds=0) == replace(b[1], seconds=0)


@dataclass
class Tally:
    """What became of the trainings."""

    trainings: int = 0
    kills: int = 0
    identical: int = 0
    unreadable: int = 0
    lost: int = 0
    litter: int = 0

    def __str__(self) -> str:
        return (
            f"{self.trainings} trainings, {self.kills} kills: {self.identical} final networks and histories identical "
            f"to the undisturbed one, {self.unreadable} unreadable checkpoints, {self.lost} lost histories, "
            f"{self.litter} files left behind"
        )


def kill(trainings: int, seed: int, kills_at_least: int = 0) -> Tally:
    """Kill each of the trainings now and then until it is done; go on until there were so many kills."""
    rng = random.Random(seed)
    fork = multiprocessing.get_context("fork")
    whole = train(None)
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        train(Path(folder) / "run.h5")
    lasts = time.perf_counter() - begun
    tally = Tally()
    while tally.trainings < trainings or tally.kills < kills_at_least:
        with tempfile.TemporaryDirectory() as folder:
            path, reached = Path(folder) / "run.h5", (0, 0)
            while True:
                child = fork.Process(target=_to_the_end, args=(path,))
                with warnings.catch_warnings():  # of threads that idle, and that the library makes anew in the child
                    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
                    child.start()
                child.join(rng.uniform(0, lasts))
                ended = child.exitcode is not None
                child.kill()
                child.join()
                if ended:
                    if child.exitcode != 0:
                        raise RuntimeError(f"a training ended by itself with exit code {child.exitcode}")
                    break
                tally.kills += 1
                if path.exists():
                    try:
                        at = checkpoint.read(str(path))[0]["state"]
                    except ValueError:
                        tally.unreadable += 1
                        break
                    now = (at["position"]["epoch"], at["position"]["batch"])
                    tally.lost += now < reached or len(at["history"]["loss"]) != now[0]
                    reached = now
            tally.trainings += 1
            tally.identical += same(train(path), whole)
            tally.litter += sum(1 for left in Path(folder).iterdir() if left != path)
    return tally


def _to_the_end(path: Path) -> None:
    train(path)


@contextlib.contextmanager
def file_system(options: str) -> Iterator[Path | None]:
    """Mount a small file system in memory; None where that is not allowed."""
    with tempfile.TemporaryDirectory() as folder:
        mounted = sys.platform == "linux" and os.geteuid() == 0
        mounted = mounted and not _run("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder)
        try:
            yield Path(folder) if mounted else None
        finally:
            if mounted:
                _run("umount", folder)


def _run(*command: str) -> int:
    return subprocess.run(command, check=False, capture_output=True).returncode


def train_in(folder: Path, after_epoch_4: Callable[[], object]) -> list[warnings.WarningMessage]:
    """Train with something done to the folder on the way; give the warnings, and insist on the same results."""

    def act(epoch: int, *_: object) -> None:
        if epoch == 4:
            after_epoch_4()

    net, path = rnn.ManyToOne(rnn.GRU(8), 3, 3, rng=0), folder / "run.h5"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        history = rnn.train(net, easy(120), validation=easy(40, 1), augment=noise, checkpoint=path, on_epoch=act, **HOW)
    assert caught, "expected a warning"
    assert all(issubclass(each.category, rnn.CheckpointWarning) for each in caught)
    assert same((net, history), train(None)), "expected the results of the training undisturbed"
    return caught


def full_disk(folder: Path) -> str:
    """Fill the disk in the middle of a training: it goes on and gives its results, and the last checkpoint is whole."""

    def fill() -> None:
        with contextlib.suppress(OSError), (folder / "other").open("wb", buffering=0) as other:
            while True:
                other.write(b"\0" * 512)

    caught = train_in(folder, fill)
    (folder / "other").unlink()
    assert same(train(folder / "run.h5"), train(None)), "expected the earlier checkpoint to go on to the same"
    return f"{len(caught)} warnings ({caught[0].message}); same results; the earlier checkpoint goes on to the same"


def read_only(folder: Path) -> str:
    """Make a folder read-only in the middle of a training, and train into one that is so from the beginning."""
    caught = train_in(folder, lambda: _run("mount", "-o", "remount,ro", str(folder)))
    try:
        rnn.train(
            rnn.ManyToOne(rnn.GRU(8), 3, 3, rng=0), easy(), validation=easy(), checkpoint=folder / "new.h5", **HOW
        )
    except OSError as error:
        return f"{len(caught)} warnings ({caught[0].message}); same results; at the start: {error}"
    raise AssertionError("expected an OSError before anything is trained")


def main() -> None:
    """Print what became of the trainings, and fail if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--trainings", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    tally = kill(given.trainings, given.seed)
    print(tally)
    for name, attempt in (("full disk", full_disk), ("read-only folder", read_only)):
        with file_system("size=256k") as folder:
            print(f"{name}: {'not tried, only root may mount one' if folder is None else attempt(folder)}")
    kills, other = kill_searches(max(1, given.trainings // 10), given.seed)
    print(f"searches: {kills} kills, {other} ended in other results or left something behind")
    wrong = kill_writes(given.trainings, given.seed)
    for name, n in wrong.items():
        print(f"{name}: {given.trainings} kills, {n} files broken or left behind")
    bad = tally.unreadable + tally.lost + tally.litter + other + sum(wrong.values())
    sys.exit(tally.identical != tally.trainings or bool(bad))


if __name__ == "__main__":
    main()
