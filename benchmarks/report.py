"""The words around the tables."""

import os
import shlex
import sys
from collections.abc import Sequence
from datetime import date

import growth
import machine
import roofline
import tables
from contest import Differences, Outcome, Plan
from growth import Growth
from roofline import Rates

HEADER = """\
# The same work, by this library and by its peers

A training step is the forward pass, the loss, back-propagation through time and the update by SGD, of one batch that
is already there; inference is the probabilities of one batch. T = {steps}, D = {inputs}, {classes} classes, float32
(the textbook: float64).

Every contestant does the same mathematics from the same weights. The gates are as in PyTorch, the GRU's reset after
the product; of its two biases a gate, one is trained, but both of the GRU's candidate state.

Every contestant has a process of its own; all are alive, one is at work. They take turns, {rounds} rounds of turns
of about {seconds:g} s, in an order drawn anew each round. The time of a turn is the median of its runs.

| | |
|---|---|
| command | `{command}` |
| date | {date} |
| machine | {machine} |
| others on it | {others} meanwhile |
| versions | {versions} |

- ms: the median over the rounds.
- peer / ours: the median, and the quartiles, of the rounds' ratios. Above 1, ours is faster.
- peak MiB: the most resident memory the process held while it built the case and ran it, less what it held before, its
  library imported and awake. Programs compiled for the case are in it, and pages of the library first touched by it;
  to train, also what it had built to predict.
- differs by: the distance from our answers, relative. To train: the worst of the loss, the loss after a step and each
  parameter after it. Above {limit:g}, or where a parameter's step differs by more than {steps_limit:g}, it says so.
- way: where there are several, the fastest in a trial before the case.
"""

GOALS = """
## Training step: the goals

{goals}
"""

SECTION = """
# {cell} cell
{goals}
## Training step

{train}

## Inference

{predict}

Left out:

{left_out}

## Roofline

What the products, the tanh and the exp calls (one a sigmoid) would cost, did they run at the best rates measured
here, in float32:

- a product of two {square} x {square} matrices: {flops};
- `np.tanh` and `np.exp` of {elements} numbers: {tanh:.2f} and {exp:.2f} ns each, on 1 thread, which is all they take.

Training step:

{train_roofline}

Inference:

{predict_roofline}
"""

GROWTH = """
## Growth of our training step

{growth}

Exponent: of the size, fitted to the times. 1 is linear; where it is less, what a step costs whatever its size still
shows.
"""


def header(outcomes: Sequence[Outcome], plan: Plan, others: str) -> str:
    """Say what was measured, how and on what."""
    case = outcomes[0].case
    versions = {name: version for outcome in outcomes for name, version in outcome.versions.items()}
    commit = machine.commit()
    if commit:
        versions["unrolled"] += f" (commit {commit})"
    return HEADER.format(
        steps=case.steps,
        inputs=case.inputs,
        classes=case.classes,
        rounds=plan.rounds,
        seconds=plan.seconds,
        command=shlex.join(["python", "benchmarks/compare.py", *sys.argv[1:]]),
        date=date.today().isoformat(),
        machine=f"{machine.processor()}, {os.cpu_count()} cores, {machine.system()}",
        others=others,
        versions=", ".join(f"{name} {version}" for name, version in versions.items()),
        limit=Differences.LIMIT,
        steps_limit=Differences.STEPS_LIMIT,
    )


def section(cell: str, outcomes: Sequence[Outcome], rates: dict[int, Rates]) -> str:
    """Set what came of the cases of one cell."""
    goals = tables.goals(outcomes, rates)
    return SECTION.format(
        cell=cell,
        goals=GOALS.format(goals=goals) if goals else "",
        train=tables.times(outcomes, "train"),
        predict=tables.times(outcomes, "predict"),
        left_out="\n".join(tables.absences(outcomes)) or "- nobody",
        square=roofline.SQUARE,
        flops=", ".join(f"{rate.flops / 1e9:.0f} Gflop/s on {tables.plural(n)}" for n, rate in rates.items()),
        elements=roofline.ELEMENTS,
        tanh=1e9 / rates[1].tanh,
        exp=1e9 / rates[1].exp,
        train_roofline=tables.roofline(outcomes, "train", rates),
        predict_roofline=tables.roofline(outcomes, "predict", rates),
    )


def of_growth(grown: Sequence[Growth]) -> str:
    """Set how the time grows."""
    return GROWTH.format(growth=tables.growth(grown, growth.BASE))
