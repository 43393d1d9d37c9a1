"""Successive halving: many points on a small budget, the best of them on a larger one, and so on."""

import contextlib
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

from unrolled.rnn.inputs import count, number
from unrolled.sweep.results import Results
from unrolled.sweep.running import run
from unrolled.sweep.training import train_network
from unrolled.sweep.trials import Trial
from unrolled.sweep.workers import executor_or_processes


def halving(
    points: Sequence[Mapping[str, Any]],
    samples: Any,
    *,
    least: int,
    most: int,
    eta: float = 3,
    budget: str = "epochs",
    trial: Trial = train_network,
    seeds: int | Sequence[int] = 5,
    folds: int | Sequence[tuple[Any, Any]] | None = None,
    validation: Any = None,
    objective: str = "accuracy",
    executor: Executor | None = None,
    jobs: int | None = None,
    table: str | os.PathLike[str] | None = None,
    progress: bool = True,
) -> list[Results]:
    """Run every point on the least budget, and again and again the best 1 / eta of them on eta times as much.

    Hyperband's inner loop. Each rung trains anew, so that a trial depends on its own settings alone: a rung costs
    about as much as the one before it, and all of them together a fraction of every point on the largest budget.

    Parameters
    ----------
    points, samples, trial, seeds, folds, validation, objective, executor, jobs, table, progress
        As for :func:`run`; the points do not have the setting that is the budget.
    least, most : int
        The budget of the first rung, and what none exceeds; the last rung has ``most``.
    eta : float, default 3
        Above 1: what the number of points is divided by and the budget multiplied by, each rounded up, from a rung to
        the next.
    budget : str, default "epochs"
        Which setting is the budget.

    Returns
    -------
    list of Results
        For each rung; ``rungs[-1].best`` is the winner.

    Raises
    ------
    ValueError
        As :func:`run`; or if a point has the budget among its settings, or the budget or eta is out of range.

    References
    ----------
    K. Jamieson, A. Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization", AISTATS 2016;
    L. Li et al., "Hyperband", JMLR 18 (2018), algorithm 1, lines 3 to 10.
    """
    least, most, eta = count(least, "least"), count(most, "most"), number(eta, "eta", above=1)
    if least > most:
        raise ValueError(f"least is {least} and most {most}, expected least to be no more than most")
    for n, point in enumerate(points):
        if isinstance(point, Mapping) and budget in point:
            raise ValueError(f"points[{n}] has {budget} {point[budget]!r}, which halving sets itself")
    rungs: list[Results] = []
    with contextlib.ExitStack() as stack:
        pool = stack.enter_context(executor_or_processes(executor, jobs))
        left, amount = list(points), least
        while True:
            rungs.append(
                run(
                    [{**point, budget: amount} for point in left],
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
            if amount == most:
                return rungs
            amount = min(_up(amount * eta), most)
            ranking = rungs[-1].ranking()
            better = [standing.point for standing in ranking[: _up(len(ranking) / eta)]]
            left = [{name: value for name, value in point.items() if name != budget} for point in better]


def _up(value: float) -> int:
    """Round up, but for what is a rounding error above a whole number."""
    return -int(-(value - 1e-9) // 1)
