"""The same work done by this library and by its peers, side by side.

    python benchmarks/compare.py                                      everything, about 15 minutes on two quiet cores
    python benchmarks/compare.py --quick                              two sizes, three rounds, about 2 minutes
    python benchmarks/compare.py --out benchmarks/RESULTS.md          what is printed, kept

Peers that are not installed are left out, with a line that says so: torch, jax, tensorflow-cpu, keras.
"""

import argparse
import os
import shlex
import sys
from datetime import date
from pathlib import Path
from time import perf_counter

import growth
import machine
import roofline
import tables
from contest import Contest, Failed, Outcome, Plan
from contestants import CONTESTANTS
from growth import Growth
from roofline import Rates
from work import GATES, Case

CASES = ((10, 50), (30, 50), (30, 100), (32, 128), (256, 128), (64, 512))
QUICK = ((30, 50), (32, 128))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, help="rounds of turns for each case (default 11; --quick: 3)")
    parser.add_argument("--seconds", type=float, help="length of one turn (default 0.2; --quick: 0.1)")
    parser.add_argument("--cases", type=size, nargs="+", metavar="BATCHxHIDDEN", help="such as 30x50 32x128")
    parser.add_argument("--cells", choices=tuple(GATES), nargs="+", default=["tanh"], help="recurrences (default tanh)")
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
    plan = Plan(args.rounds or (3 if args.quick else 11), args.seconds or (0.1 if args.quick else 0.2), not args.quick)
    sizes = args.cases or (QUICK if args.quick else CASES)
    clock = machine.now()
    rates = peaks({})
    outcomes = {
        cell: [Contest(Case(batch, hidden, cell=cell), CONTESTANTS, plan, say).hold() for batch, hidden in sizes]
        for cell in args.cells
    }
    grown = {cell: growth.measure(cell, plan, say) for cell in args.cells}
    rates = peaks(rates)
    everything = [outcome for of_cell in outcomes.values() for outcome in of_cell]
    text = header(everything, plan, clock)
    for cell in args.cells:
        text += section(cell, outcomes[cell], grown[cell], rates)
    print(text)
    if args.out:
        args.out.write_text(text + "\n")
    return 0 if tables.equal(everything) else 1


def peaks(known: dict[int, Rates]) -> dict[int, Rates]:
    """Measure the machine's rates with 1 thread and with one a core, and keep the better of these and those known."""
    say("measuring the machine's rates")
    rates = {threads: roofline.measured(threads) for threads in sorted({1, os.cpu_count() or 1})}
    return {n: roofline.better(rate, known.get(n, rate)) for n, rate in rates.items()}


def header(outcomes: list[Outcome], plan: Plan, clock: machine.Clock | None) -> str:
    """Say what was measured, how and on what."""
    first = outcomes[0].case
    versions = {name: version for outcome in outcomes for name, version in outcome.versions.items()}
    commit = machine.commit()
    if commit:
        versions["unrolled"] += f" (commit {commit})"
    return f"""\
# The same work, by this library and by its peers

A training step is the forward pass, the loss, back-propagation through time and the update by SGD, of one batch that is
already there; inference is the probabilities of one batch. T = {first.steps} steps of D = {first.inputs} inputs, C = {first.classes} classes, float32 (the
textbook's: float64). Every contestant has a process of its own; all are alive, one is at work. They take turns, {plan.rounds} rounds
of about {plan.seconds:g} s each, in an order drawn anew each round. A turn's time is the median of its runs. Times below are the medians over
the rounds; beside them stands peer / ours, the median of the rounds' ratios and their quartiles. Above 1, ours is faster.

| | |
|---|---|
| command | `{shlex.join(["python", "benchmarks/compare.py", *sys.argv[1:]])}` |
| date | {date.today().isoformat()} |
| machine | {machine.processor()}, {os.cpu_count()} cores, {machine.system()} |
| others on it | {machine.others(clock)} meanwhile |
| versions | {", ".join(f"{name} {version}" for name, version in versions.items())} |
"""


def section(cell: str, outcomes: list[Outcome], grown: list[Growth], rates: dict[int, Rates]) -> str:
    """Set all tables of one cell."""
    everyone = "\n".join(tables.absences(outcomes)) or "- nobody"
    rated = "; ".join(
        f"{tables.plural(n)}: {r.flops / 1e9:.0f} Gflop/s, {r.tanh / 1e9:.2f} tanh/ns" for n, r in rates.items()
    )
    goals = f"\n## Goals of issue 3: training step\n\n{tables.goals(outcomes, rates)}\n" if cell == "tanh" else ""
    return f"""
# {cell} cell

## Training step

{tables.times(outcomes, "train")}

## Inference

{tables.times(outcomes, "predict")}
{goals}
## Roofline

What the task's own products and tanh calls would cost, did they run at the best rates measured here in float32: a
product of two {roofline.SQUARE} x {roofline.SQUARE} matrices, and `np.tanh` (one thread, always) of {roofline.ELEMENTS} numbers.
{rated}.

Training step:

{tables.roofline(outcomes, "train", rates)}

Inference:

{tables.roofline(outcomes, "predict", rates)}

## Growth of our training step

{tables.growth(grown, growth.BASE)}

An exponent of 1 is linear; below 1, what each step costs whatever its size still shows.

## Peak memory, MiB

The most resident memory the process held while it built the case and ran it, less what it held before, its library
imported and awake. It includes programs compiled for the case, and pages of the library first touched by it.

Training step (inference having been built before it):

{tables.memory(outcomes, "train")}

Inference:

{tables.memory(outcomes, "predict")}

## Equal work

Distance from our answers, relative: first, the worst of the loss, the loss after one step, the parameters after it and the
probabilities; second, the worst over the parameters of what the step added to each. Limits: {tables.limits()}.

{tables.equality(outcomes)}

## Ways taken

The fastest in a trial before the case, to train; to predict.

{tables.ways(outcomes)}

## Left out

{everyone}
"""


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(str(failure))
