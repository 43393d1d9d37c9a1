"""The same work done by this library and by its peers, side by side.

    python benchmarks/compare.py                                      everything, about 45 minutes on two quiet cores
    python benchmarks/compare.py --quick                              two sizes, three rounds, about 6 minutes
    python benchmarks/compare.py --cells tanh                         one cell, about 15 minutes
    python benchmarks/compare.py --cells lstm gru --cases 30x50       two cells, one size
    python benchmarks/compare.py --out benchmarks/RESULTS.md          what is printed, kept

Peers that are not installed are left out, with a line that says so: torch, jax, tensorflow-cpu, keras.
"""

import argparse
import os
import sys
from pathlib import Path
from time import perf_counter

import growth
import handling
import machine
import report
import roofline
import tables
from contest import Contest, Failed, Plan
from contestants import CONTESTANTS
from roofline import Rates
from work import GATES, Case

CASES = ((10, 50), (30, 50), (30, 100), (32, 128), (256, 128), (64, 512))
QUICK = ((30, 50), (32, 128))
TANH = "tanh"
"""The cell whose growth and data handling are measured."""


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, help="rounds of turns for each case (default 9; --quick: 3)")
    parser.add_argument("--seconds", type=float, help="length of one turn (default 0.2; --quick: 0.1)")
    parser.add_argument("--cases", type=size, nargs="+", metavar="BATCHxHIDDEN", help="such as 30x50 32x128")
    parser.add_argument("--cells", choices=tuple(GATES), nargs="+", default=list(GATES), help="(default: all)")
    parser.add_argument("--quick", action="store_true", help="few cases and rounds; without what is slow to compile")
    parser.add_argument("--out", type=Path, help="a file to keep what is printed")
    return parser.parse_args()


def size(text: str) -> tuple[int, int]:
    """Read ``30x50``."""
    batch, hidden = map(int, text.split("x"))
    return batch, hidden


def say(line: str) -> None:
    """Tell on standard error what is going on."""
    print(f"[{perf_counter() - BEGUN:4.0f} s] {line}", file=sys.stderr, flush=True)


BEGUN = perf_counter()


def main() -> int:
    """Compare, print, keep."""
    args = arguments()
    plan = Plan(args.rounds or (3 if args.quick else 9), args.seconds or (0.1 if args.quick else 0.2), not args.quick)
    sizes = args.cases or (QUICK if args.quick else CASES)
    clock = machine.now()
    rates = peaks({})
    outcomes = {
        cell: [Contest(Case(batch, hidden, cell=cell), CONTESTANTS, plan, say).hold() for batch, hidden in sizes]
        for cell in args.cells
    }
    grown = growth.measure(TANH, plan, say) if TANH in args.cells else []
    rates = peaks(rates)
    everything = [outcome for of_cell in outcomes.values() for outcome in of_cell]
    text = report.header(everything, plan, machine.others(clock))
    for cell in args.cells:
        text += report.section(cell, outcomes[cell], rates)
        text += report.of_growth(grown) if cell == TANH else ""
    if TANH in args.cells:
        say("measuring data handling")
        text += handling.table()
    print(text)
    if args.out:
        args.out.write_text(text + "\n", encoding="utf-8")
    return 0 if tables.equal(everything) else 1


def peaks(known: dict[int, Rates]) -> dict[int, Rates]:
    """Measure the machine's rates with 1 thread and with one a core; keep the better of these and those known."""
    say("measuring the machine's rates")
    rates = {n: roofline.measured(n) for n in sorted({1, os.cpu_count() or 1})}
    every = (*rates.values(), *known.values())
    tanh, exp = max(rate.tanh for rate in every), max(rate.exp for rate in every)  # which have one thread, always
    return {n: Rates(max(rate.flops, known.get(n, rate).flops), tanh, exp) for n, rate in rates.items()}


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(str(failure))
