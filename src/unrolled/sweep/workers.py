"""Processes of one's own: the executor of a search that is given none."""

import contextlib
import multiprocessing
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

from unrolled._support.progress import settle
from unrolled._support.validation import whole_number

ONE_THREAD = (
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OMP_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


class Processes(Executor):
    """Processes that begin when they are needed, with one BLAS thread each; of one that dies, only its call is lost.

    A pool of the standard library breaks as a whole when one process dies. Here each process is a pool of its own,
    so that the call that was lost is known and the next one finds a fresh process.

    Parameters
    ----------
    n : int
        How many.
    """

    def __init__(self, n: int) -> None:
        self._calls: queue.SimpleQueue[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]] | None]
        self._calls = queue.SimpleQueue()
        self._pools: list[ProcessPoolExecutor | None] = [None] * n
        self._closed = self._stopped = False
        self._servers = [threading.Thread(target=self._serve, args=(each,), daemon=True) for each in range(n)]
        for server in self._servers:
            server.start()

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:  # type: ignore[override]  # no keywords
        """Call ``function(*args)`` in a process."""
        if self._closed:
            raise RuntimeError("cannot submit after shutdown")
        future: Future[Any] = Future()
        self._calls.put((future, function, args))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes once they are done, or at once if what is left is cancelled."""
        self._closed, self._stopped = True, cancel_futures
        if cancel_futures:
            with contextlib.suppress(queue.Empty):
                while True:
                    call = self._calls.get_nowait()
                    if call is not None:
                        call[0].cancel()
            for pool in self._pools:
                for process in list((getattr(pool, "_processes", None) or {}).values()):
                    process.terminate()
        for _ in self._servers:
            self._calls.put(None)
        if wait:
            for server in self._servers:
                server.join()

    def _serve(self, n: int) -> None:
        """Hand one call after the other to one process."""
        while (call := self._calls.get()) is not None:
            future, function, args = call
            if self._stopped:
                future.cancel()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                pool = self._pools[n] or _one_process()
                self._pools[n] = pool
                future.set_result(pool.submit(function, *args).result())
            except BaseException as error:
                if isinstance(error, BrokenProcessPool):
                    self._end(n)
                future.set_exception(error)
        self._end(n)

    def _end(self, n: int) -> None:
        if (pool := self._pools[n]) is not None:
            pool.shutdown()
            self._pools[n] = None


@contextmanager
def executor_or_processes(executor: Executor | None, n_jobs: int | None) -> Iterator[Executor]:
    """Yield the executor that was given, or processes that end with the block; with one job, this process.

    Raises
    ------
    ValueError
        If it is no executor, or n_jobs is given beside it or is not a whole number of at least 1.
    """
    if executor is not None:
        if n_jobs is not None:
            raise ValueError(
                f"n_jobs is {n_jobs!r} beside an executor, which has workers of its own; expected one of both"
            )
        if isinstance(executor, type) or not hasattr(executor, "submit"):
            raise ValueError(
                f"executor is {executor!r}, expected a concurrent.futures.Executor, such as a Dask client's "
                "client.get_executor()"
            )
        yield executor
        return
    n_jobs = _cores() if n_jobs is None else whole_number(n_jobs, "n_jobs", 1)
    if n_jobs == 1:
        yield ThisProcess()
        return
    with one_thread_for_children():
        processes = Processes(n_jobs)
        try:
            yield processes
        except BaseException:
            processes.shutdown(cancel_futures=True)
            raise
        processes.shutdown()


class ThisProcess(Executor):
    """Each call is made at once, in this process."""

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:  # type: ignore[override]  # no keywords
        """Call ``function(*args)``."""
        future: Future[Any] = Future()
        try:
            future.set_result(function(*args))
        except Exception as error:
            future.set_exception(error)
        return future


def _one_process() -> ProcessPoolExecutor:
    settle(sys.stderr)  # a warning that could not be written: multiprocessing flushes it, and would not start
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"), initializer=_begin)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the main process
    threading.Thread(target=_end_with_the_search, daemon=True).start()


def _end_with_the_search() -> None:
    """End this process once the one of the search is gone: if that is killed, nobody else ends its workers."""
    search = multiprocessing.parent_process()
    if search is not None:
        search.join()
        os._exit(1)


@contextmanager
def one_thread_for_children() -> Iterator[None]:
    """Within the block, processes that begin have one BLAS thread: BLAS reads the environment when it is loaded."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
