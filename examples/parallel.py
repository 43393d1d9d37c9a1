"""Many trainings, several processes, one progress bar."""

import multiprocessing
import os
import queue
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from typing import Any, TypeAlias, TypeVar

from unrolled.rnn.progress import Progress

Task = TypeVar("Task")
Shared = TypeVar("Shared")
Outcome = TypeVar("Outcome")
Tick: TypeAlias = Callable[[], None]
"""Called once for each step of progress."""

_worker: dict[str, Any] = {}


def run(
    function: Callable[[Task, Shared, Tick], Outcome],
    tasks: Sequence[Task],
    shared: Shared,
    *,
    jobs: int,
    steps: int,
    unit: str,
) -> list[Outcome]:
    """Call ``function(task, shared, tick)`` for each task in ``jobs`` processes; outcomes in the order of the tasks.

    ``shared`` travels once to each process. One process and many run the same code with one BLAS thread
    each, so the number of processes changes no result. ``steps`` is how often a task ticks at the most.
    """
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = "1"
    context = multiprocessing.get_context("spawn")
    ticks = context.Queue()
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin, initargs=(shared, ticks))
    try:
        with Progress(steps * len(tasks), unit) as bar:
            outcomes = [pool.submit(_call, function, task) for task in tasks]
            waiting: set[Future[Outcome]] = set(outcomes)
            while waiting:
                done, waiting = wait(waiting, timeout=0.2)
                for outcome in done:
                    outcome.result()  # an error in one ends them all
                bar.step(_drain(ticks))
            bar.step(bar.total - bar.done)  # the steps that early stopping saved
        return [outcome.result() for outcome in outcomes]
    except BaseException:  # Ctrl-C, too: the processes do not outlive it
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(shared: Any, ticks: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the main process
    _worker.update(shared=shared, ticks=ticks)


def _call(function: Callable[[Any, Any, Tick], Outcome], task: Any) -> Outcome:
    return function(task, _worker["shared"], lambda: _worker["ticks"].put(1))


def _drain(ticks: Any) -> int:
    count = 0
    while True:
        try:
            count += ticks.get_nowait()
        except queue.Empty:
            return count
