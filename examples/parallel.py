"""Many trainings, several processes, one progress bar."""

import multiprocessing
import os
import queue
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from typing import Any, TypeAlias, TypeVar

from unrolled._support.progress import Progress

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")
Tick: TypeAlias = Callable[[], None]
"""Called once for each step of progress."""

_worker: dict[str, Any] = {}


class Workers:
    """Processes that hold ``shared``, which travels once to each, and call functions on it; use as a context.

    One process and many run the same code with one BLAS thread each, so their number changes no result.
    """

    def __init__(self, jobs: int, shared: Any) -> None:
        for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
            os.environ[name] = "1"
        context = multiprocessing.get_context("spawn")
        self._ticks = context.Queue()
        self._pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin, initargs=(shared, self._ticks))

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:  # Ctrl-C, too: the processes do not outlive it
            for process in list((self._pool._processes or {}).values()):
                process.terminate()
        self._pool.shutdown(cancel_futures=True)

    def run(
        self,
        function: Callable[[Task, Any, Tick], Outcome],
        tasks: Sequence[Task],
        *,
        steps: int,
        unit: str,
        on_outcome: Callable[[Outcome], object] | None = None,
    ) -> list[Outcome]:
        """Call ``function(task, shared, tick)`` for each task; outcomes in the order of the tasks.

        ``steps`` is how often a task ticks at the most; all of them share one progress bar. ``on_outcome`` is called
        with each outcome as it comes, so that what is done can be kept whatever happens to the others.
        """
        with Progress(steps * len(tasks), unit) as bar:
            outcomes = [self._pool.submit(_call, function, task) for task in tasks]
            waiting: set[Future[Outcome]] = set(outcomes)
            while waiting:
                done, waiting = wait(waiting, timeout=0.2)
                for outcome in done:
                    result = outcome.result()  # an error in one ends them all
                    if on_outcome is not None:
                        on_outcome(result)
                bar.step(_drain(self._ticks))
            bar.step(bar.total - bar.done)  # the steps that early stopping saved
        return [outcome.result() for outcome in outcomes]


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
