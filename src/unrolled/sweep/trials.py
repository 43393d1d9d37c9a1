"""One trial: what is sent to a worker, and what the worker makes of it."""

import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from unrolled import rnn
from unrolled._support.blas_threads import undivided
from unrolled.sweep.points import Point
from unrolled.sweep.results import measured
from unrolled.sweep.sample_folder import SampleFolder
from unrolled.sweep.samples import Part

Trial: TypeAlias = Callable[[Point, Part, Part, np.random.Generator], Mapping[str, Any]]
"""Makes a training of a point: ``trial(point, training, validation, rng)`` returns what it measured, by name."""


@dataclass(frozen=True)
class Job:
    """A trial that is to be run: some hundred bytes, whatever the size of the data."""

    key: str
    trial: Trial
    point: Point
    seed: int
    fold: int
    samples: SampleFolder
    measure: str
    attempt: int = 1
    heard: bool = False

    def __str__(self) -> str:
        return f"the trial of {self.point}, seed {self.seed}, fold {self.fold},"

    @property
    def sign(self) -> str:
        """The file that the trial touches while it is alive, if it is to be heard of."""
        return f"{self.key}-{self.attempt}"


class TrialError(RuntimeError):
    """A trial raised an error that is no divergence, or could not be run at all; the search ended with it.

    See Also
    --------
    run : Raises it.
    """


def work(job: Job) -> dict[str, Any]:
    """Run a trial; return ``ended``, ``metrics``, ``what`` and ``seconds``, or ``raised``, a traceback.

    Its randomness comes from its seed and its fold and nothing else, and nothing in it is divided among threads. So
    it measures the same numbers wherever and whenever it runs.
    """
    begun = time.perf_counter()
    rng = np.random.default_rng(np.random.SeedSequence(job.seed, spawn_key=(job.fold,)))
    outcome: dict[str, Any] = {"ended": "done", "metrics": {}, "what": ""}
    try:
        with undivided(), job.samples.alive(job.sign) if job.heard else nullcontext():
            training, validation = job.samples.parts(job.fold)
            metrics = job.trial(job.point, training, validation, rng)
        if not isinstance(metrics, Mapping):
            raise ValueError(f"the trial gave a {type(metrics).__name__}, expected a mapping of what it measured")
        outcome["metrics"] = as_json(metrics, "the trial's outcome")
        if job.measure not in outcome["metrics"]:
            found = ", ".join(map(repr, outcome["metrics"])) or "nothing"
            raise ValueError(f"the trial measured {found}, expected {job.measure!r} among it, the objective")
        measured(outcome["metrics"], job.measure)
    except rnn.DivergenceError as error:
        what = f"{error.what} at epoch {error.epoch}, batch {error.batch}"
        outcome |= {"ended": "diverged", "what": what, "metrics": {}}
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # sys.exit too; sent as text: not every exception can be pickled
        last = traceback.format_exception_only(type(error), error)[-1].strip()
        return {"raised": last, "traceback": traceback.format_exc()}
    return outcome | {"seconds": time.perf_counter() - begun}


def as_json(value: Any, what: str) -> Any:
    """Return what a trial measured as JSON can hold it; a number that float64 cannot hold is None, as not measured.

    Raises
    ------
    ValueError
        If it is no number, string, None, or list or mapping of them.
    """
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value if abs(value) <= sys.float_info.max else None
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, list | tuple):
        return [as_json(each, what) for each in value]
    if isinstance(value, Mapping):
        return {str(name): as_json(each, f"{what}[{name!r}]") for name, each in value.items()}
    raise ValueError(f"{what} is a {type(value).__name__}, expected numbers, strings, or lists or mappings of them")
