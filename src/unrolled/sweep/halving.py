"""Successive halving: many points with few resources, the best of them with more, and so on."""

import contextlib
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

from unrolled._support.validation import real_number, whole_number
from unrolled.sweep.results import Results
from unrolled.sweep.running import run
from unrolled.sweep.starting import end_if_imported
from unrolled.sweep.training import train_network
from unrolled.sweep.trials import Trial
from unrolled.sweep.workers import executor_or_processes


def halving(
    points: Sequence[Mapping[str, Any]],
    samples: Any,
    *,
    min_resources: int,
    max_resources: int,
    factor: float = 3,
    resource: str = "epochs",
    trial: Trial = train_network,
    seeds: int | Sequence[int] = 5,
    folds: int | Sequence[tuple[Any, Any]] | None = None,
    validation: Any = None,
    objective: str = "accuracy",
    executor: Executor | None = None,
    n_jobs: int | None = None,
    table: str | os.PathLike[str] | None = None,
    progress: bool = True,
) -> list[Results]:
    """Run every point with the least resources, and again and again the best 1 / factor of them with factor times more.

    Hyperband's inner loop. Each rung trains anew, so that a trial depends on its own settings alone: a rung costs
    about as much as the one before it, and all of them together a fraction of every point with the most resources.

    Parameters
    ----------
    points, samples, trial, seeds, folds, validation, objective, executor, n_jobs, table, progress
        As for :func:`run`; the points do not have the setting that is the resource.
    min_resources, max_resources : int
        The resources of the first rung, and what none exceeds; the last rung has ``max_resources``.
    factor : float, default 3
        Above 1: what the number of points is divided by and the resources multiplied by, each rounded up, from a rung
        to the next.
    resource : str, default "epochs"
        Which setting is the resource.

    Returns
    -------
    list of Results
        For each rung; ``rungs[-1].best`` is the winner.

    Raises
    ------
    ValueError
        As :func:`run`; or if a point has the resource among its settings, or resources or factor are out of range.

    See Also
    --------
    run : Every point alike.

    References
    ----------
    K. Jamieson, A. Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization", AISTATS 2016;
    L. Li et al., "Hyperband", JMLR 18 (2018), algorithm 1, lines 3 to 10.

    Examples
    --------
    >>> from unrolled import data, sweep
    >>> train = data.load_shoulder_exercises().train
    >>> points = sweep.grid({"learning_rate": [0.001, 0.01, 0.1, 1.0], "hidden": 4})
    >>> rungs = sweep.halving(
    ...     points, train, min_resources=1, max_resources=4, factor=2, folds=2, seeds=1, n_jobs=1, progress=False
    ... )
    >>> [(len(rung.standings()), rung[0].point["epochs"]) for rung in rungs]
    [(4, 1), (2, 2), (1, 4)]
    """
    end_if_imported(executor, n_jobs)
    min_resources = whole_number(min_resources, "min_resources", 1)
    max_resources = whole_number(max_resources, "max_resources", 1)
    factor = real_number(factor, "factor", above=1)
    if min_resources > max_resources:
        raise ValueError(
            f"min_resources is {min_resources} and max_resources {max_resources}, expected the first to be no larger"
        )
    for n, point in enumerate(points):
        if isinstance(point, Mapping) and resource in point:
            raise ValueError(f"points[{n}] has {resource} {point[resource]!r}, which halving sets itself")
    rungs: list[Results] = []
    with contextlib.ExitStack() as stack:
        pool = stack.enter_context(executor_or_processes(executor, n_jobs))
        left, amount = list(points), min_resources
        while True:
            rungs.append(
                run(
                    [{**point, resource: amount} for point in left],
                    samples,
                    trial=trial,
                    seeds=seeds,
                    folds=folds,
                    validation=validation,
                    objective=objective,
                    executor=pool,
                    table=table,
                    progress=progress,
                )
            )
            if amount == max_resources:
                return rungs
            amount = min(_up(amount * factor), max_resources)
            ranking = rungs[-1].ranking()
            better = [standing.point for standing in ranking[: _up(len(ranking) / factor)]]
            left = [{name: value for name, value in point.items() if name != resource} for point in better]


def _up(value: float) -> int:
    """Round up, but for what is a rounding error above a whole number."""
    return -int(-(value - 1e-9) // 1)
