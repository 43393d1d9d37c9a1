"""Saves, data sets and searches killed with SIGKILL at random moments: a file is the old one or the new one, and whole.

Part of `make kill-test` (tests/killing.py).
"""

import multiprocessing
import random
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import searches

from unrolled import data, rnn, sweep

N = 3
"""Versions of a file that are written in turns."""


def network(version: int) -> rnn.ManyToOne:
    """A network of which each version is another."""
    return rnn.ManyToOne(rnn.Tanh(60), 3, 3, rng=version)


def dataset(version: int) -> data.Dataset:
    """A data set of which each version is another."""
    train, test = (data.Samples(np.full((40, 30, 3), x, np.float32), np.arange(40) % 3) for x in (version, version + 9))
    return data.Dataset(train, test, ("a", "b", "c"))


def write_network(path: Path, version: int) -> None:
    network(version).save(path)


def write_dataset(path: Path, version: int) -> None:
    data.save_h5(path, dataset(version))


def write_blocks(path: Path, version: int) -> None:
    whole = dataset(version)
    train, test = ([(of.X[i : i + 10], of.y[i : i + 10]) for i in range(0, 40, 10)] for of in (whole.train, whole.test))
    data.write_h5(path, train, test, classes=whole.classes)


def network_version(path: Path) -> int:
    """Return which version stands there, or raise what reading raises."""
    found = rnn.load(path).parameters["W_hh"]
    return next(n for n in range(N) if np.array_equal(network(n).parameters["W_hh"], found))


def dataset_version(path: Path) -> int:
    """Return which version stands there, or raise what reading raises."""
    X = data.load_h5(path).train.X
    assert X.shape == (40, 30, 3)
    assert np.ptp(X) == 0
    return int(X[0, 0, 0])


WRITERS: dict[str, tuple[Callable[[Path, int], None], Callable[[Path], int]]] = {
    "saves": (write_network, network_version),
    "save_h5": (write_dataset, dataset_version),
    "write_h5": (write_blocks, dataset_version),
}


def _for_ever(write: Callable[[Path, int], None], path: Path) -> None:
    for n in range(10**9):
        write(path, n % N)


def killed(target: Callable[..., object], given: tuple[Any, ...], seconds: float) -> bool:
    """Run a child for so long at most, and kill it; return whether it had ended by itself, and well."""
    child = multiprocessing.get_context("fork").Process(target=target, args=given)
    with warnings.catch_warnings():  # of threads that idle, and that the library makes anew in the child
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        child.start()
    child.join(seconds)
    ended = child.exitcode is not None
    child.kill()
    child.join()
    if ended and child.exitcode:
        raise RuntimeError(f"{getattr(target, '__name__', target)} ended by itself with exit code {child.exitcode}")
    return ended


def kill_writes(kills: int, seed: int) -> dict[str, int]:
    """Kill writers of one file again and again; count what is broken, and what is left beside it after the next write.

    Returns
    -------
    dict of str to int
        By the writer's name, how many times something was wrong.
    """
    rng, wrong = random.Random(seed), dict.fromkeys(WRITERS, 0)
    for name, (write, version_of) in WRITERS.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "file.h5"
            write(path, 0)
            for _ in range(kills):
                killed(_for_ever, (write, path), rng.uniform(0.005, 0.08))
                try:
                    version_of(path)
                except (ValueError, OSError, AssertionError, StopIteration):
                    wrong[name] += 1
                    write(path, 0)
            write(path, 1)
            wrong[name] += version_of(path) != 1
            wrong[name] += sum(1 for left in Path(folder).iterdir() if left != path)
    return wrong


def search(table: Path | None) -> sweep.Results:
    """Search, or go on where the table ends."""
    settings: dict[str, Any] = {"folds": 2, "seeds": 2, "n_jobs": 1, "progress": False}
    return sweep.run(searches.POINTS, searches.samples(), table=table, **settings)


def kill_searches(times: int, seed: int) -> tuple[int, int]:
    """Kill searches now and then until they are done; return how many kills, and how many ended in other results."""
    rng, kills, other = random.Random(seed), 0, 0
    begun = time.perf_counter()
    whole = search(None)
    lasts = time.perf_counter() - begun
    for _ in range(times):
        with tempfile.TemporaryDirectory() as folder:
            table = Path(folder) / "t.jsonl"
            while not killed(search, (table,), rng.uniform(0, lasts)):
                kills += 1
            lines = len(table.read_bytes().splitlines())
            other += search(table) != whole or lines != len(whole) or list(Path(folder).iterdir()) != [table]
    return kills, other
