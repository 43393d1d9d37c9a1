"""Which threads do the work: ours, a part of the batch each, rather than BLAS's.

The samples of a batch do not depend on each other, so large batches are divided among threads that meet once a
batch. BLAS would divide each product instead and meet twice a step, and would leave the tanh to one thread.
`threadpoolctl <https://github.com/joblib/threadpoolctl>`_ holds BLAS to one thread meanwhile; where it is not
installed (it is the extra ``threads``), or BLAS has one thread anyway, nothing is divided.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import cache
from itertools import pairwise
from threading import Lock
from typing import Any, TypeVar

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")

WORTH = 2048
"""Samples times hidden units that make a part of a batch worth a thread of its own (measured; see benchmarks)."""


class _Hold:
    """Who holds BLAS to one thread. threadpoolctl lets only the thread that took hold let go."""

    lock = Lock()
    blocks = 0  # that are under way, in whichever thread
    threads = 1  # that BLAS had when the first of them began


@contextmanager
def one_blas_thread() -> Iterator[int]:
    """Hold BLAS to one thread within the block; yields how many threads it had, which are now ours to use.

    Of blocks that overlap, in one thread or in several, the first takes hold, and lets go at its own end.
    """
    control = _control()
    if control is None:
        yield 1
        return
    with _Hold.lock:
        first = _Hold.blocks == 0
        if first:
            _Hold.threads = max(library.num_threads for library in control.lib_controllers)
        _Hold.blocks += 1
        threads = _Hold.threads
    try:
        with control.limit(limits=1) if first else nullcontext():
            yield threads
    finally:
        with _Hold.lock:
            _Hold.blocks -= 1


def parts(m: int, hidden: int, threads: int) -> list[slice]:
    """Divide m samples among threads, as evenly as can be, into no more parts than are worth it."""
    n = max(1, min(threads, m, m * hidden // WORTH))
    edges = [m * i // n for i in range(n + 1)]
    return [slice(start, stop) for start, stop in pairwise(edges)]


def share(function: Callable[[Task], Outcome], tasks: Sequence[Task], threads: int) -> list[Outcome]:
    """Call ``function`` on every task, in this thread and in up to ``threads - 1`` others; outcomes in order."""
    if threads < 2 or len(tasks) < 2:
        return [function(task) for task in tasks]
    others = [_pool(threads - 1).submit(function, task) for task in tasks[1:]]
    return [function(tasks[0]), *(other.result() for other in others)]


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="unrolled")


@cache
def _control() -> Any:
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return None
    blas = ThreadpoolController().select(user_api="blas")
    return blas if blas.lib_controllers else None
