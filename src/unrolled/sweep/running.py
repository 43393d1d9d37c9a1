"""A search: every point, with every seed, on every fold, on any executor, each result on the disk as it comes."""

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np

from unrolled import __version__
from unrolled._support.blas_threads import undivided
from unrolled._support.interrupt import interruptions
from unrolled._support.progress import Progress
from unrolled._support.validation import whole_number
from unrolled.sweep.folds import Fold, checked_folds, group_folds, stratified_folds
from unrolled.sweep.naming import describe, key, qualified
from unrolled.sweep.points import Point
from unrolled.sweep.results import Results, name_of, point_key
from unrolled.sweep.sample_folder import sample_folder
from unrolled.sweep.samples import (
    arrays_of,
    ask_for_more_than_a_class,
    fingerprint,
    number_of_symbols,
    people_numbered,
    together,
)
from unrolled.sweep.starting import end_if_imported, prove
from unrolled.sweep.submitted import Submitted
from unrolled.sweep.tables import Table, TableError, result_of
from unrolled.sweep.training import checked, train_network
from unrolled.sweep.trials import Job, Trial, TrialError
from unrolled.sweep.workers import Processes, ThisProcess, executor_or_processes


def run(
    points: Sequence[Mapping[str, Any]],
    samples: Any,
    *,
    trial: Trial = train_network,
    seeds: int | Sequence[int] = 5,
    folds: int | Sequence[tuple[Any, Any]] | None = None,
    validation: Any = None,
    objective: str = "accuracy",
    executor: Executor | None = None,
    n_jobs: int | None = None,
    table: str | os.PathLike[str] | None = None,
    progress: bool = True,
) -> Results:
    """Train at every point and measure on validation samples: with every seed, on every fold.

    The results depend on neither executor, workers nor order, bit for bit (the trials hold BLAS to one thread where
    threadpoolctl is installed; processes of the search's own always have one). A trial that diverges is a result. A
    trial whose worker dies is tried again, three times in all. Any other error in a trial ends the search.

    Ctrl-C ends the search once what is finished is recorded; a second Ctrl-C, at once. With a table, the same call
    then runs only what is missing.

    Parameters
    ----------
    points : sequence of mapping
        Such as :func:`grid` and :func:`random` return. A point that occurs twice is one point.
    samples : object with ``X`` and ``y`` (and ``lengths``, ``person``), or a tuple (X, y) or (X, y, lengths)
        Training samples; test samples have no place here. Of symbols, whole numbers (N, T), there are as many as the
        largest of all samples says.
    trial : callable, default :func:`train_network`
        ``trial(point, training, validation, rng)`` trains and returns what it measured, a mapping of names to numbers.
        A function at the top level of a module, so that other processes find it. All its randomness is to come from
        ``rng``, a generator made of the seed and the number of the fold.
    seeds : int or sequence of int, default 5
        How many, from 0, or which.
    folds : int, or sequence of (rows to train on, rows to measure on)
        Cross-validation: so many folds of whole people where the samples have ``person``, see :func:`group_folds`, and
        else :func:`stratified_folds`; or folds of one's own. One of ``folds`` and ``validation`` is needed.
    validation : as ``samples``
        Samples to measure on, instead of folds.
    objective : str, default "accuracy"
        Which of the numbers measured points are ranked by: best when high; with a minus in front, as "-loss", best
        when low.
    executor : concurrent.futures.Executor, optional
        Where the trials run, such as a Dask client's ``client.get_executor()`` or an ``MPIPoolExecutor`` of mpi4py. It
        is left open. By default processes of the search's own, one for each core.
    n_jobs : int, optional
        How many processes of its own; with 1 the trials run in this one.
    table : path-like, optional
        A file of JSON lines, to which each result is added as it comes. The samples lie in a hidden folder beside it
        meanwhile; workers on other machines have to see it.
    progress : bool, default True
        Show one progress bar with trials done, remaining time and the best so far on standard error.

    Returns
    -------
    Results
        In the order of points, seeds and folds.

    Raises
    ------
    ValueError
        If a point, the samples or a setting is not as described; nothing has been run then.
    TableError
        A ValueError: the table is damaged, is of other data or another version, or is in use.
    TrialError
        If a trial raised an error that is no divergence, or measured no objective, or as anything but a number; if no
        worker can start, the executor takes no trials any more or is not heard of, or none of the trials could be
        run. What was finished before is in the table.
    KeyboardInterrupt
        After Ctrl-C.

    Warns
    -----
    RuntimeWarning
        If trials handed to an executor give no sign of life for two minutes; they are handed over anew.

    See Also
    --------
    grid, random : Points.
    halving : More epochs for the better points only.
    read : Results from a table.

    Examples
    --------
    >>> from unrolled import data, sweep
    >>> train = data.load_shoulder_exercises().train
    >>> points = sweep.grid({"learning_rate": [0.001, 0.1], "hidden": 4, "epochs": 2})
    >>> results = sweep.run(points, train, folds=2, seeds=2, n_jobs=1, progress=False)
    >>> len(results), sorted(results.best)
    (8, ['epochs', 'hidden', 'learning_rate'])
    """
    end_if_imported(executor, n_jobs)
    name = qualified(trial, "trial")
    labeled = not ask_for_more_than_a_class(points)
    arrays, n_classes = arrays_of(samples, labeled=labeled)
    rows, arrays, n_classes = _rows(folds, validation, arrays, n_classes, labeled)
    n_inputs = number_of_symbols(arrays["X"]) or arrays["X"].shape[2]
    distinct = _distinct(points, trial, n_inputs, n_classes)
    numbers = checked_seeds(seeds)
    if not isinstance(objective, str) or not name_of(objective):
        raise ValueError(f"objective is {objective!r}, expected a name such as 'accuracy' or '-loss'")
    data = fingerprint(arrays)
    prints = [fingerprint({"training": training, "measured": measured}) for training, measured in rows]

    path = None if table is None else Path(table)
    with contextlib.ExitStack() as stack:
        interrupted = stack.enter_context(interruptions())
        store = None if path is None else stack.enter_context(Table(path))
        lines: dict[str, dict[str, Any]] = {} if store is None else _of_this_kind(store, data)
        stack.enter_context(undivided())
        pool = stack.enter_context(executor_or_processes(executor, n_jobs))
        where = stack.enter_context(sample_folder(arrays, n_classes, rows, path))
        jobs = [
            Job(
                key(describe(point), seed, fold, prints[fold], data, name),
                trial,
                point,
                seed,
                fold,
                where,
                name_of(objective),
            )
            for point in distinct
            for seed in numbers
            for fold in range(len(rows))
        ]
        todo = [job for job in jobs if job.key not in lines or lines[job.key]["ended"] == "lost"]
        if todo:
            prove(pool, trial, distinct)
        bar = stack.enter_context(Progress(len(todo), "trial", shown=progress and bool(todo)))
        best = max((_value(lines[job.key], objective) for job in jobs if job.key in lines), default=-np.inf)
        ours = isinstance(pool, Processes | ThisProcess)  # of which we know when they die
        submitted = Submitted(pool, None if ours else where)
        stack.callback(submitted.cancel)
        pending = iter(todo)
        while bar.done < bar.total:
            if (following := next(pending, None)) is not None:
                submitted.submit(following)
            for job, outcome in submitted.landed(wait=following is None):
                line = _line(job, outcome, name, data, prints[job.fold])
                if store is not None:
                    store.append(line)
                lines[job.key] = json.loads(json.dumps(line))  # as the table would give it back
                best = max(best, _value(line, objective))
                bar.say(_note(best, objective))
                bar.step()
            if interrupted():
                kept = "" if path is None else f" and are in {path}; the same call goes on from there"
                raise KeyboardInterrupt(f"{len(jobs) - len(todo) + bar.done} of {len(jobs)} trials are done{kept}")
    found = tuple(result_of(lines[job.key], job.point) for job in jobs)
    if all(result.ended == "lost" for result in found):
        raise TrialError(f"none of {len(found)} trials could be run: {found[0].what}")
    return Results(found, objective)


def _line(job: Job, outcome: dict[str, Any], name: str, data: str, split: str) -> dict[str, Any]:
    return {
        "key": job.key,
        "data": data,
        "trial": name,
        "point": describe(job.point),
        "seed": job.seed,
        "fold": job.fold,
        "split": split,
        **outcome,
        "version": __version__,
    }


def _value(line: dict[str, Any], objective: str) -> float:
    """Return the objective of a line, turned so that high is best; minus infinity where it was not measured."""
    value = line["metrics"].get(name_of(objective))
    if not isinstance(value, int | float):
        return -np.inf
    return -value if objective.startswith("-") else value


def _note(best: float, objective: str) -> str:
    if not np.isfinite(best):
        return ""
    return f"best {name_of(objective)} {-best if objective.startswith('-') else best:.4g}"


def _of_this_kind(store: Table, data: str) -> dict[str, dict[str, Any]]:
    for line in store.lines.values():
        if line["data"] != data:
            raise TableError(
                f"{store.path}: it holds results on other data ({line['data']}) than these samples ({data}); give "
                "this search a table of its own"
            )
        if line["version"] != __version__:
            raise TableError(
                f"{store.path}: it holds results of unrolled {line['version']}, and this is {__version__}, whose "
                "numbers may be others; give this search a table of its own"
            )
    return dict(store.lines)


def _rows(
    folds: Any, validation: Any, arrays: dict[str, Any], n_classes: int, labeled: bool
) -> tuple[list[Fold], dict[str, Any], int]:
    """Return the folds, and the arrays and number of classes they are folds of."""
    if (folds is None) == (validation is None):
        raise ValueError(
            f"folds are {folds!r} and validation is a {type(validation).__name__}, expected one of them: what to "
            "measure on"
        )
    n = len(arrays["X"])
    if validation is not None:
        other, more = arrays_of(validation, "validation", labeled=labeled)
        both = people_numbered(together(arrays, other))
        return [(np.arange(n), np.arange(n, len(both["X"])))], both, max(n_classes, more)
    arrays = people_numbered(arrays)
    if isinstance(folds, Sequence) and not isinstance(folds, str):
        return checked_folds(folds, n), arrays, n_classes
    k = whole_number(folds, "folds", 1)
    of_people = "person" in arrays
    y = arrays["y"] if labeled else np.zeros(n, np.int64)
    return (
        group_folds(arrays["person"], k, y) if of_people else stratified_folds(y, k, 0),
        arrays,
        n_classes,
    )


def _distinct(points: Any, trial: Trial, n_inputs: int, n_classes: int) -> list[Point]:
    if isinstance(points, Mapping) or not isinstance(points, Sequence) or not points:
        raise ValueError(f"points are a {type(points).__name__}, expected a list of at least one, as grid() gives it")
    found: dict[str, Point] = {}
    for n, point in enumerate(points):
        if not isinstance(point, Mapping) or not all(isinstance(name, str) for name in point):
            raise ValueError(f"points[{n}] is {point!r}, expected a mapping from names to values")
        try:
            given = {name: value.item() if isinstance(value, np.generic) else value for name, value in point.items()}
            name = point_key(given)
            if name not in found and trial is train_network:
                checked(given, n_inputs, n_classes)
            found.setdefault(name, given)
        except (TypeError, ValueError) as error:
            raise ValueError(f"points[{n}]: {error}") from None
    return list(found.values())


def checked_seeds(seeds: Any) -> list[int]:
    """Return seeds: how many, from 0, or which.

    Raises
    ------
    ValueError
        If they are not whole numbers, 0 or more, each once.
    """
    if isinstance(seeds, np.ndarray) and seeds.ndim == 1:
        seeds = seeds.tolist()
    if not isinstance(seeds, Sequence):
        return list(range(whole_number(seeds, "seeds", 1)))
    whole = all(isinstance(seed, int | np.integer) and not isinstance(seed, bool) and seed >= 0 for seed in seeds)
    if not seeds or not whole:
        raise ValueError(f"seeds are {seeds!r}, expected how many, or a list of whole numbers, 0 or more")
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds are {seeds!r}, expected each once")
    return [int(seed) for seed in seeds]
