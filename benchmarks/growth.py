"""How the time of our training step grows with the length, the batch and the network."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
from contest import TO_BUILD, Plan, working
from contestants import OURS
from work import Case

BASE = Case(32, 128)
SIZES = {
    "steps": (75, 150, 300, 600),
    "batch": (16, 32, 64, 128, 256),
    "hidden": (32, 64, 128, 256, 512),
}


@dataclass(frozen=True)
class Growth:
    """The time along one of the sizes, all others being those of ``BASE``.

    Attributes
    ----------
    size : str
    values : tuple of int
    seconds : list of float
        The median over the rounds.
    """

    size: str
    values: Sequence[int]
    seconds: Sequence[float]

    @property
    def exponent(self) -> float:
        """The slope of the straight line through the logarithms: seconds ~ value ** exponent."""
        return float(np.polyfit(np.log(self.values), np.log(self.seconds), 1)[0])

    @property
    def steepest(self) -> float:
        """The largest exponent between neighbors."""
        return float((np.diff(np.log(self.seconds)) / np.diff(np.log(self.values))).max())


def measure(cell: str, plan: Plan, say: Callable[[str], None]) -> list[Growth]:
    """Measure all three, every size in a process of its own, round by round."""
    cases = {(size, n): replace(BASE, cell=cell, **{size: n}) for size, values in SIZES.items() for n in values}
    times: dict[Case, list[float]] = {case: [] for case in cases.values()}
    say("growth: building")
    with ExitStack() as stack:
        workers = {case: stack.enter_context(working(OURS.page, OURS.environment)) for case in times}
        for case, worker in workers.items():
            worker.hello()
            worker.send("build", case, {"train": [""], "predict": [""]})
            worker.receive(TO_BUILD)
        for n in range(plan.rounds):
            say(f"growth: round {n + 1} of {plan.rounds}")
            for case, worker in workers.items():
                times[case].append(worker.turn("train", "", plan.seconds))
    return [
        Growth(size, values, [median(times[cases[size, value]]) for value in values]) for size, values in SIZES.items()
    ]
