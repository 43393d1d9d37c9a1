"""The networks of an ensemble, trained side by side: one point, a network for each seed."""

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np

from unrolled import rnn
from unrolled._support.blas_threads import undivided
from unrolled._support.progress import Progress
from unrolled.sweep.points import Point
from unrolled.sweep.running import checked_seeds
from unrolled.sweep.starting import end_if_imported, prove
from unrolled.sweep.training import refitted
from unrolled.sweep.workers import executor_or_processes


def train_ensemble(
    point: Point,
    samples: Any,
    *,
    seeds: int | Sequence[int] = 5,
    validation: Any = None,
    executor: Executor | None = None,
    n_jobs: int | None = None,
    progress: bool = True,
) -> tuple[rnn.Ensemble, list[rnn.History]]:
    """Train a network of a point, such as ``results.best``, with each seed, and put them together.

    Each is the network that ``results.refit(point, samples, validation=validation, rng=seed)`` returns with one BLAS
    thread; neither the workers nor their number change a bit of it.

    Parameters
    ----------
    point : mapping
        As :func:`train_network` takes it.
    samples, validation : as for :func:`unrolled.rnn.train`
        In memory; each training is handed a copy. A point with ``early_stopping`` needs ``validation``.
    seeds : int or sequence of int, default 5
        How many, from 0, or which.
    executor, n_jobs
        As for :func:`run`.
    progress : bool, default True
        Show one progress bar with the trainings done.

    Returns
    -------
    ensemble : Ensemble
        Of a network for each seed, in their order.
    histories : list of History

    Raises
    ------
    ValueError
        As :func:`train_network` and :func:`unrolled.rnn.train` do.
    DivergenceError
        If a training diverges.
    TrialError
        If no worker can start.
    KeyboardInterrupt
        After Ctrl-C; nothing is kept.

    See Also
    --------
    unrolled.rnn.Ensemble : What is returned.
    run : Finds the point.

    Examples
    --------
    >>> from unrolled import data, sweep
    >>> train = data.load_shoulder_exercises().train
    >>> ensemble, histories = sweep.train_ensemble(
    ...     {"hidden": 4, "epochs": 1}, (train.X[:50], train.y[:50]), seeds=2, n_jobs=1, progress=False
    ... )
    >>> len(ensemble), len(histories)
    (2, 2)
    """
    end_if_imported(executor, n_jobs)
    numbers, found = checked_seeds(seeds), []
    with executor_or_processes(executor, n_jobs) as pool:
        prove(pool, _trained, [point])
        futures = [pool.submit(_trained, point, samples, validation, seed) for seed in numbers]
        with Progress(len(futures), "training", shown=progress) as bar:
            for future in futures:
                found.append(future.result())
                bar.step()
    return rnn.Ensemble(net for net, _ in found), [history for _, history in found]


def _trained(point: Point, samples: Any, validation: Any, seed: int) -> tuple[rnn.Network, rnn.History]:
    with undivided():
        net, history = refitted(point, samples, validation, np.random.default_rng(seed), False)
    if history.ended == "interrupted":  # in this process: not what was asked for
        raise KeyboardInterrupt
    return net, history
