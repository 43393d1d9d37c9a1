"""Which threads do the work: ours, a part of the batch each, rather than BLAS's.

The samples of a batch do not depend on each other, so large batches are divided among threads that meet once a
batch. BLAS would divide each product instead and meet twice a step, and would leave the tanh to one thread.
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
Outcome = TypeVar("Outcome")

WORTH = 4096
"""Samples times hidden units that make a part of a batch worth a thread of its own (measured; see benchmarks)."""


class _Hold:
    """Who holds BLAS to one thread: a thread of its own, from the first of overlapping blocks to the last.

    threadpoolctl lets only the thread that took hold let go, and blocks in several threads end in any order.
    """

    lock = Lock()
    blocks = 0  # that are under way, in whichever thread
    threads = 1  # that BLAS had when the first of them began, and that are ours to use
    release = Event()
    keeper = Thread()


_undivided = ContextVar("_undivided", default=False)


@contextmanager
def one_blas_thread() -> Iterator[int]:
    """Hold BLAS to one thread within the block; yields how many threads it had, which are now ours to use.

    Of blocks that overlap, in one thread or in several, the first to begin takes hold and the last to end lets go.
    Where the program limits BLAS itself by threadpoolctl, that stays as it is, and one thread is ours.
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
                _Hold.keeper.join()


def _take_hold(control: Any) -> None:
    before = max(library.num_threads for library in control.lib_controllers)
    held, release = Event(), Event()

    def keep() -> None:
        with control.limit(limits=1):
            held.set()
            release.wait()

    _Hold.release, _Hold.keeper = release, Thread(target=keep, name="unrolled-blas", daemon=True)
    _Hold.keeper.start()
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


def divided(m: int, hidden: int, threads: int) -> list[slice]:
    """Divide m samples among threads, as evenly as can be, into no more parts than are worth it."""
    n = max(1, min(threads, m, m * hidden // WORTH))
    edges = [m * i // n for i in range(n + 1)]
    return [slice(start, stop) for start, stop in pairwise(edges)]


def share(function: Callable[[Task], Outcome], tasks: Sequence[Task], threads: int) -> list[Outcome]:
    """Call ``function`` on every task, dealt to this thread and up to ``threads - 1`` others; outcomes in order."""
    n = max(1, min(threads, len(tasks)))
    errors = np.geterr()  # which is each thread's own

    def work(hand: Sequence[Task]) -> list[Outcome]:
        with np.errstate(**errors):
            return [function(task) for task in hand]

    others = [_pool(threads - 1).submit(work, tasks[i::n]) for i in range(1, n)]
    dealt = [work(tasks[::n]), *(other.result() for other in others)]
    return [dealt[i % n][i // n] for i in range(len(tasks))]


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
