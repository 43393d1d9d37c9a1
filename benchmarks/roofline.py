"""What the arithmetic alone costs: the products, the tanh and the exp calls, at the fastest this machine does each.

Run as a script it measures the rates in a process of its own and prints them as JSON.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from contestants import THREAD_VARIABLES
from work import GATES, Case

SQUARE = 2048
"""Rows of the large product."""

ELEMENTS = 16_384
"""Of the array for tanh and exp; with its result 128 KiB, within a core's L2 cache."""

FUNCTIONS = {"tanh": (1, 0), "lstm": (2, 3), "gru": (1, 2)}
"""How many tanh and how many exp a hidden unit of a cell takes at each step; a sigmoid takes one exp."""


@dataclass(frozen=True)
class Rates:
    """The machine's best: floating-point operations, tanh and exp evaluations a second, float32, NumPy."""

    flops: float
    tanh: float
    exp: float


@dataclass(frozen=True)
class Arithmetic:
    """What a task cannot do without."""

    flops: int
    tanh: int
    exp: int

    def seconds(self, rates: Rates) -> float:
        """Return the time at these rates."""
        return self.flops / rates.flops + self.tanh / rates.tanh + self.exp / rates.exp


def arithmetic(case: Case, task: str) -> Arithmetic:
    """Count a task's products, tanh and exp evaluations; a multiplication and an addition are two operations.

    A_0 = 0, so W_hh is needed in one step less than T, forward and backward.
    """
    m, T, D, H, C = case.batch, case.steps, case.inputs, case.hidden, case.classes
    rows = GATES[case.cell] * H
    recurrent, of_input, readout = 2 * m * rows * H * (T - 1), 2 * m * rows * D * T, 2 * m * C * H
    forward = recurrent + of_input + readout
    backward = recurrent + 2 * readout  # W_hh^T delta; and of the readout both, dA_T and dW_ho
    weights = recurrent + of_input  # dW_hh, dW_ih
    tanh, exp = (n * m * H * T for n in FUNCTIONS[case.cell])
    return Arithmetic(forward + (backward + weights if task == "train" else 0), tanh, exp)


def best(runs: int, run: object) -> float:
    """Return the shortest time of several runs, in seconds."""
    assert callable(run)
    times = []
    for _ in range(runs):
        begun = perf_counter()
        run()
        times.append(perf_counter() - begun)
    return min(times)


def measure() -> Rates:
    """Measure, with as many threads as NumPy's BLAS takes in this process."""
    rng = np.random.default_rng(0)
    A, B = rng.standard_normal((2, SQUARE, SQUARE), np.float32)
    product = np.empty_like(A)
    Z = rng.standard_normal(ELEMENTS, np.float32)
    result = np.empty_like(Z)
    gemm = best(8, lambda: np.matmul(A, B, out=product))
    tanh = best(2000, lambda: np.tanh(Z, out=result))
    exp = best(2000, lambda: np.exp(Z, out=result))
    return Rates(2 * SQUARE**3 / gemm, ELEMENTS / tanh, ELEMENTS / exp)


def measured(threads: int) -> Rates:
    """Measure in a process of its own, with this many BLAS threads."""
    printed = subprocess.run(
        [sys.executable, str(Path(__file__))],
        env={**os.environ, **dict.fromkeys(THREAD_VARIABLES, str(threads))},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return Rates(**json.loads(printed))


if __name__ == "__main__":
    print(json.dumps(asdict(measure())))
