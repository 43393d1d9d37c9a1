"""Searches over hyperparameters: many trainings, on every core or a cluster, that survive being killed.

A point is a plain mapping from the names of settings to their values. `grid` and `random` make lists of points, `run`
trains at each of them, with several seeds, and measures on validation samples; `halving` gives the better points more
epochs. What comes back, `Results`, ranks the points; `unrolled.plots` draws them.

    points = sweep.grid({"learning_rate": [0.01, 0.03, 0.1], "clip": [None, rnn.ClipNorm(1.0)], "epochs": 20})
    results = sweep.run(points, movements.train, folds=5, seeds=3, table="search.jsonl")
    print(results.table(10))
    plots.landscape(results, "learning_rate", "clip")

The same call runs wherever there is a `concurrent.futures.Executor`: with ``executor=client.get_executor()`` of a Dask
client, and so on a SLURM cluster by dask-jobqueue, or in an ``MPIPoolExecutor`` of mpi4py. The table then lies in a
folder that all workers see, and scripts keep to ``if __name__ == "__main__":``, as for all processes.
"""

from unrolled.sweep.ensembles import train_ensemble
from unrolled.sweep.folds import group_folds, stratified_folds
from unrolled.sweep.halving import halving
from unrolled.sweep.points import Point, grid, random
from unrolled.sweep.results import Result, Results, Standing
from unrolled.sweep.running import run
from unrolled.sweep.samples import Part
from unrolled.sweep.tables import TableError, read
from unrolled.sweep.training import train_network
from unrolled.sweep.trials import TrialError

__all__ = [
    "Part",
    "Point",
    "Result",
    "Results",
    "Standing",
    "TableError",
    "TrialError",
    "grid",
    "group_folds",
    "halving",
    "random",
    "read",
    "run",
    "stratified_folds",
    "train_ensemble",
    "train_network",
]
