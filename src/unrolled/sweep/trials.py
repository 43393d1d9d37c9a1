"""One trial: what is sent to a worker, and what the worker makes of it."""

import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from unrolled._support.blas_threads import undivided
from unrolled.rnn.training.loop import DivergenceError
from unrolled.sweep.points import Point
from unrolled.sweep.sharing import Part, Shared
from unrolled.sweep.training import plain

Trial: TypeAlias = Callable[[Point, Part, Part, np.random.Generator], Mapping[str, Any]]
"""Makes a training of a point: ``trial(point, training, validation, rng)`` gives what it measured, by name."""


@dataclass(frozen=True)
class Job:
    """A trial that is to be run: some hundred bytes, whatever the size of the data."""

    key: str
    trial: Trial
    point: Point
    seed: int
    fold: int
    samples: Shared
    attempt: int = 1

    def __str__(self) -> str:
        return f"the trial of {self.point}, seed {self.seed}, fold {self.fold},"


class TrialError(RuntimeError):
    """A trial raised an error that is no divergence, or could not be run at all; the search ended with it."""


def work(job: Job) -> dict[str, Any]:
    """Run a trial; give ``ended``, ``metrics``, ``what`` and ``seconds``, or ``raised``, a traceback.

    Its randomness comes from its seed and its fold and nothing else, and nothing in it is divided among threads. So
    it gives the same numbers wherever and whenever it runs.
    """
    begun = time.perf_counter()
    rng = np.random.default_rng(np.random.SeedSequence(job.seed, spawn_key=(job.fold,)))
    outcome: dict[str, Any] = {"ended": "done", "metrics": {}, "what": ""}
    try:
        with undivided():
            training, validation = job.samples.parts(job.fold)
            metrics = job.trial(job.point, training, validation, rng)
        if not isinstance(metrics, Mapping):
            raise ValueError(f"the trial gave a {type(metrics).__name__}, expected a mapping of what it measured")
        outcome["metrics"] = plain(metrics, "the trial's outcome")
    except DivergenceError as error:
        what = f"{error.what} at epoch {error.epoch}, batch {error.batch}"
        outcome |= {"ended": "diverged", "what": what}
    except Exception as error:  # sent as text: not every exception can be pickled
        last = traceback.format_exception_only(type(error), error)[-1].strip()
        return {"raised": last, "traceback": traceback.format_exc()}
    return outcome | {"seconds": time.perf_counter() - begun}
