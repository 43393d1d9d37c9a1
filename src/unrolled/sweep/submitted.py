"""Jobs that an executor was handed and that are not back, until they are, or are known to be lost."""

import contextlib
import os
import queue
import warnings
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from dataclasses import replace
from time import monotonic
from typing import Any

from unrolled.sweep.sample_folder import BEAT, SampleFolder
from unrolled.sweep.trials import Job, TrialError, work

ATTEMPTS = 3
"""How often a trial is tried whose worker dies."""

SILENCE = 12
"""After so many beats without a sign of life a trial is lost: two minutes."""


class Submitted:
    """Jobs that were handed to an executor and are not back.

    Parameters
    ----------
    pool : Executor
    samples : SampleFolder, optional
        Where jobs that are ``heard`` of say that they are alive.
    """

    def __init__(self, pool: Executor, samples: SampleFolder | None = None) -> None:
        self._pool = pool
        self._samples = samples
        self._out: dict[str, tuple[Job, Future[dict[str, Any]]]] = {}
        self._landed: queue.SimpleQueue[tuple[Job, Future[dict[str, Any]]]] = queue.SimpleQueue()
        self._signs: dict[str, tuple[int, int]] = {}  # when each was last touched, and how many beats ago we saw it
        self._begun = False  # whether there are workers: some trial gave a sign of life, or is back
        self._quiet = 0  # beats without a sign of any
        self._listened = monotonic()

    def submit(self, job: Job) -> None:
        """Hand a job over.

        Raises
        ------
        TrialError
            If the executor does not take it.
        """
        job = replace(job, heard=self._samples is not None)
        try:
            future = self._pool.submit(work, job)
        except Exception as error:  # a broken executor, or one that is shut; of Dask's an error of its own
            what = str(error) or type(error).__name__
            raise TrialError(f"the executor takes no more trials ({what}); what is done stays done") from error
        self._out[job.key] = job, future
        future.add_done_callback(lambda done: self._landed.put((job, done)))

    def landed(self, *, wait: bool) -> Iterator[tuple[Job, dict[str, Any]]]:
        """Iterate over the jobs that are back, with what came of them, or wait a moment for one; lost ones begin again.

        Raises
        ------
        TrialError
            If a trial raised an error, or could not be run, or the executor is not heard of any more.
        """
        with contextlib.suppress(queue.Empty):
            while True:
                job, future = self._landed.get(timeout=0.2) if wait else self._landed.get_nowait()
                wait = False
                current = self._out.get(job.key)
                if current is None or (current[1] is not future and (future.cancelled() or future.exception())):
                    continue  # of a job that was taken for lost and handed over anew
                outcome = self._outcome(job, future)
                if outcome is None:
                    self.submit(replace(job, attempt=job.attempt + 1))
                else:
                    del self._out[job.key]
                    self._forget(current[0])
                    yield job, outcome
        if self._samples is not None and self._out and monotonic() - self._listened >= BEAT:
            self._listened = monotonic()
            self._listen(self._samples)

    def cancel(self) -> None:
        """Let go of what has not begun."""
        for _, future in list(self._out.values()):
            future.cancel()

    def _forget(self, job: Job) -> None:
        self._begun, self._quiet = True, 0
        if self._samples is not None:
            for attempt in range(1, job.attempt + 1):
                sign = replace(job, attempt=attempt).sign
                self._signs.pop(sign, None)
                with contextlib.suppress(OSError):
                    (self._samples.signs / sign).unlink()

    def _listen(self, samples: SampleFolder) -> None:
        """Hand over anew what began and is silent; and everything, if something began and all is silent now.

        What never began is waited for, as a cluster may have no workers yet. What is counted are looks of ours, as
        clocks differ, and a search that was stopped and continued was not listening.
        """
        touched: dict[str, int] = {}
        with contextlib.suppress(OSError), os.scandir(samples.signs) as entries:
            for entry in entries:
                touched[entry.name] = entry.stat().st_mtime_ns
        news = False
        for sign, when in touched.items():
            before, beats = self._signs.get(sign, (-1, 0))
            self._signs[sign] = (when, beats + 1 if when == before else 0)
            news |= when != before
        self._begun |= news
        self._quiet = 0 if news or not self._begun else self._quiet + 1
        silent = {sign for sign, (_, beats) in self._signs.items() if beats >= SILENCE}
        lost = [job for job, _ in self._out.values() if job.sign in silent or self._quiet >= SILENCE]
        if not lost:
            return
        self._quiet = 0
        silence = f"no sign of life for {SILENCE * BEAT:.0f} seconds"
        if any(job.attempt == ATTEMPTS for job in lost):
            raise TrialError(
                f"{len(lost)} trials gave {silence}, {ATTEMPTS} times: the executor's workers or its scheduler are "
                "gone; what is done stays done"
            )
        warnings.warn(
            f"{len(lost)} trials gave {silence}; the executor is handed them anew", RuntimeWarning, stacklevel=4
        )
        for job in lost:
            _, future = self._out[job.key]
            self.submit(replace(job, attempt=job.attempt + 1))
            if job.sign not in self._signs:
                future.cancel()

    @staticmethod
    def _outcome(job: Job, future: Future[dict[str, Any]]) -> dict[str, Any] | None:
        """Return what came of a job; None if its worker died and it is to be tried again."""
        try:
            outcome = future.result()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            # What a trial raises is sent as text, so this is the executor's. Dask's may be of any kind when the worker
            # that holds a result dies while the result is on its way.
            if job.attempt < ATTEMPTS:
                return None
            # Dask's sentence for a task whose workers died; it is not imported for its name.
            if not isinstance(error, BrokenExecutor | CancelledError) and type(error).__name__ != "KilledWorker":
                raise TrialError(f"{job} could not be run: {type(error).__name__}: {error}") from error
            what = f"its worker died each of {ATTEMPTS} times ({type(error).__name__}: {error})"
            return {"ended": "lost", "metrics": {}, "what": what, "seconds": 0.0}
        if "raised" in outcome:
            raise TrialError(f"{job} raised {outcome['raised']}\n\n{outcome['traceback']}")
        return outcome
