"""Which threads do the work: ours, a part of the batch each, rather than BLAS's.

The samples of a batch do not depend on each other, so large batches are divided among threads that meet once a
batch. BLAS would divide each product instead and meet after each, and would leave what is no product to one thread.
`threadpoolctl <https://github.com/joblib/threadpoolctl>`_ holds BLAS to one thread meanwhile; where it is not
installed (it is the extra ``threads``), or BLAS has one thread anyway, nothing is divided.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from itertools import pairwise
from threading import Event, Lock, Thread
from typing import Any, TypeVar

import numpy as np

Task = TypeVar("Task")
Result = TypeVar("Result")

WORTH = 4096
"""Samples times numbers a sample that make a part of a batch worth a thread of its own (measured; see benchmarks)."""


class _Hold:
    """Who holds BLAS to one thread: a thread of its own, from the first of overlapping blocks to the last.

    threadpoolctl lets only the thread that took hold let go, and blocks in several threads end in any order.
    """

    lock = Lock()
    blocks = 0  # that are under way, in whichever thread
    threads = 1  # that BLAS had when the first of them began, and that are ours to use
    release = Event()
    holder = Thread()


_undivided = ContextVar("_undivided", default=False)


@contextmanager
def one_blas_thread() -> Iterator[int]:
    """Hold BLAS to one thread within the block.

    Of blocks that overlap, in one thread or in several, the first to begin takes hold and the last to end lets go.
    Where the program limits BLAS itself by threadpoolctl, that stays as it is, and one thread is ours.

    Yields
    ------
    int
        How many threads BLAS had, which are now ours to use.
    """
    control = _control()
    if control is None:
        yield 1
        return
    with _Hold.lock:
        if _Hold.blocks == 0:
            _take_hold(control)
        _Hold.blocks += 1
        threads = _Hold.threads
    try:
        yield 1 if _undivided.get() else threads
    finally:
        with _Hold.lock:
            _Hold.blocks -= 1
            if _Hold.blocks == 0:
                _Hold.release.set()
                _Hold.holder.join()


def _take_hold(control: Any) -> None:
    before = max(library.num_threads for library in control.lib_controllers)
    held, release = Event(), Event()

    def hold() -> None:
        with control.limit(limits=1):
            held.set()
            release.wait()

    _Hold.release, _Hold.holder = release, Thread(target=hold, name="unrolled-blas", daemon=True)
    _Hold.holder.start()
    held.wait()
    alone = all(library.num_threads == 1 for library in control.lib_controllers)
    _Hold.threads = before if alone else 1


@contextmanager
def undivided() -> Iterator[None]:
    """Within the block, this thread divides nothing among threads, so that sums round alike on every machine."""
    before = _undivided.set(True)
    try:
        with one_blas_thread():
            yield
    finally:
        _undivided.reset(before)


def split_batch(m: int, width: int, threads: int) -> list[slice]:
    """Divide a batch among threads, as evenly as can be, into no more parts than are worth it.

    Parameters
    ----------
    m : int
        Samples.
    width : int
        Numbers a sample, by which the work of a part is judged.
    threads : int
        The most parts there may be.

    Returns
    -------
    list of slice
        At least one, in order, none empty.

    Examples
    --------
    >>> split_batch(100, 128, threads=2)
    [slice(0, 50, None), slice(50, 100, None)]
    """
    n = max(1, min(threads, m, m * width // WORTH))
    edges = [m * i // n for i in range(n + 1)]
    return [slice(start, stop) for start, stop in pairwise(edges)]


def map_threads(function: Callable[[Task], Result], tasks: Sequence[Task], threads: int) -> list[Result]:
    """Call a function on every task, in this thread and up to ``threads - 1`` others; results in order.

    Parameters
    ----------
    function : callable
        Called with one task. What it raises is raised here.
    tasks : sequence
        Every n-th of them goes to the same of n threads.
    threads : int
        How many threads work at the most.

    Returns
    -------
    list
        One result for each task.
    """
    n = max(1, min(threads, len(tasks)))
    errors = np.geterr()  # which is each thread's own

    def work(dealt: Sequence[Task]) -> list[Result]:
        with np.errstate(**errors):
            return [function(task) for task in dealt]

    others = [_pool(threads - 1).submit(work, tasks[i::n]) for i in range(1, n)]
    results = [work(tasks[::n]), *(other.result() for other in others)]
    return [results[i % n][i // n] for i in range(len(tasks))]


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="unrolled")


def _after_fork() -> None:
    """Begin anew in a forked process, which has none of its parent's threads and nobody that holds BLAS."""
    _pool.cache_clear()
    _Hold.lock, _Hold.blocks = Lock(), 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@cache
def _control() -> Any:
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return None
    blas = ThreadpoolController().select(user_api="blas")
    return blas if blas.lib_controllers else None
