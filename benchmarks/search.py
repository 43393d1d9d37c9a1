"""How much faster a search is with two processes than with one, on a quiet machine of two cores or more.

    python benchmarks/search.py

Processes are started before the clock is. "busy" is the share of their time that is spent in trials: what two
processes at a share of 1 are short of twice as fast is the machine's.
"""

import argparse
import os
import time

import numpy as np

from unrolled import data, sweep
from unrolled.sweep.workers import Processes, one_thread_for_children


def timed(points: list[sweep.Point], samples: data.Samples, n_jobs: int) -> tuple[float, float, sweep.Results]:
    with one_thread_for_children(), Processes(n_jobs) as pool:
        folds = sweep.stratified_folds(samples.y, 3, 0)[:1]
        warm = [{**point, "epochs": 1} for point in points[:4]]
        sweep.run(warm, samples, folds=folds, seeds=1, executor=pool, progress=False)
        begun = time.perf_counter()
        results = sweep.run(points, samples, folds=folds, seeds=1, executor=pool, progress=False)
        seconds = time.perf_counter() - begun
    return seconds, sum(row.seconds for row in results) / (n_jobs * seconds), results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=24, help="default: 24")
    parser.add_argument("--repeats", type=int, default=3, help="default: 3")
    given = parser.parse_args()
    samples = data.load_shoulder_exercises().train
    samples = samples.subset(np.random.default_rng(0).permutation(len(samples))[:600])
    rates = np.geomspace(0.003, 0.3, given.trials).tolist()
    points = sweep.grid({"learning_rate": rates, "hidden": 50, "epochs": 10})
    ratios = []
    for _ in range(given.repeats):
        (one, busy_1, first), (two, busy_2, second) = (timed(points, samples, n_jobs) for n_jobs in (1, 2))
        if first != second:
            raise SystemExit("one process and two gave different results")
        ratios.append(one / two)
        load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
        print(
            f"one process {one:.1f} s (busy {busy_1:.0%}), two {two:.1f} s (busy {busy_2:.0%}): {ratios[-1]:.2f} times "
            f"as fast{load}",
            flush=True,
        )
    print(f"median of {len(ratios)}: {np.median(ratios):.2f}; results equal to the bit")


if __name__ == "__main__":
    main()
