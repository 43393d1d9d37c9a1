"""Searches over hyperparameters: many trainings, on every core or a cluster, that survive being killed.

A point is a plain mapping from the names of settings to their values. `grid` and `random` make lists of points, `run`
trains at each of them, with several seeds, and measures on validation samples; `halving` gives the better points more
epochs. What comes back, `Results`, ranks the points; `unrolled.plots` draws them.
"""

from unrolled.sweep.folds import group_folds, stratified_folds
from unrolled.sweep.halving import halving
from unrolled.sweep.points import Point, grid, random
from unrolled.sweep.results import Result, Results, Standing
from unrolled.sweep.running import run
from unrolled.sweep.sharing import Part
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
    "train_network",
]
