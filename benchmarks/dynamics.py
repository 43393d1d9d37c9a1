"""How long the instruments take, on one core: what is promised, and what it took.

OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 python benchmarks/dynamics.py [--rounds 3]

The least of so many rounds is printed.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np

from unrolled import dynamics, rnn

HIDDEN, STEPS, CLASSES = 50, 150, 6


def seconds(function: Callable[[], object], rounds: int) -> float:
    """The least time of several calls."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        function()
        times.append(time.perf_counter() - begun)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((150, STEPS, 3)), rng.integers(0, CLASSES, 150)
    long = rng.standard_normal((1000, 3))
    nets = {cell.__name__: rnn.ManyToOne(cell(HIDDEN), 3, CLASSES, rng=0) for cell in (rnn.Tanh, rnn.LSTM, rnn.GRU)}
    tanh, gru = nets["Tanh"], nets["GRU"]
    work: list[tuple[str, float | None, Callable[[], object]]] = [
        ("sharpness, tanh 50, 150 samples x 150 steps", 10, lambda: dynamics.curvature(tanh, X, y, smallest=False)),
        ("Lyapunov spectrum, GRU 50, 1,000 steps", 1, lambda: dynamics.lyapunov_spectrum(gru, long)),
        ("Jacobians, tanh 50, 30 samples x 150 steps", 0.5, lambda: dynamics.jacobians(tanh, X[:30])),
        ("Jacobians, GRU 50, the same", 0.5, lambda: dynamics.jacobians(gru, X[:30])),
        ("Jacobians, LSTM 50 (100 numbers of state)", None, lambda: dynamics.jacobians(nets["LSTM"], X[:30])),
        ("gradient profile, LSTM 50, 150 samples", None, lambda: dynamics.gradient_profile(nets["LSTM"], X, y)),
        (
            "fixed points, GRU 50, 300 starts",
            None,
            lambda: dynamics.fixed_points(gru, starts=dynamics.states(gru, X[:2, :149])),
        ),
    ]
    print("| what | promised, s | took, s |")
    print("|---|---|---|")
    for what, promised, function in work:
        print(f"| {what} | {'' if promised is None else promised} | {seconds(function, rounds):.2f} |", flush=True)


if __name__ == "__main__":
    main()
