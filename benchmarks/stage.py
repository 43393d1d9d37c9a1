"""What a contestant's process can do: describe itself, build a case, take a turn."""

from dataclasses import dataclass
from statistics import median
from time import perf_counter

import memory
import work
from contestants import Page, Predictor, Trainer
from work import Array, Case, Parameters

LEAST = 3
"""Runs timed in a turn, however long they take."""


@dataclass(frozen=True)
class Check:
    """What must be equal between contestants: of the same batch, from the same weights."""

    loss: float
    loss_after_a_step: float
    parameters_after_a_step: Parameters
    probabilities: Array


@dataclass(frozen=True)
class Built:
    """What a contestant says when it is ready.

    Attributes
    ----------
    check : Check
    memory : dict of int
        Peak resident memory in bytes over what the process held before the case: to predict, then to train.
    """

    check: Check
    memory: dict[str, int]


class Stage:
    """Where one contestant works."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.predictors: dict[str, Predictor] = {}
        self.trainers: dict[str, Trainer] = {}

    def describe(self) -> tuple[dict[str, str], tuple[str, ...], dict[str, tuple[str, ...]]]:
        """Return the versions, the cells, and the ways of each task."""
        return (
            self.page.versions(),
            self.page.CELLS,
            {"train": tuple(self.page.TRAINERS), "predict": tuple(self.page.PREDICTORS)},
        )

    def build(self, case: Case, ways: dict[str, list[str]]) -> Built:
        """Make everything that a case needs and run it once or twice, by each of these ways."""
        self.page.wake()
        memory.forget_peak()
        before, made = memory.held(), work.make(case)
        for way in ways["predict"]:
            self.predictors[way] = self.page.PREDICTORS[way](made)
            self.predictors[way].begin()
            probabilities = self.predictors[way].run()
        to_predict = memory.peak() - before
        for way in ways["train"]:
            trainer = self.trainers[way] = self.page.TRAINERS[way](made)
            trainer.begin()
            loss, parameters, loss_after = trainer.run(), trainer.parameters(), trainer.run()
        return Built(
            Check(loss, loss_after, parameters, probabilities),
            {"predict": to_predict, "train": memory.peak() - before},
        )

    def turn(self, task: str, way: str, seconds: float) -> float:
        """Run for about so long, and give the median time of a run in seconds."""
        job: Trainer | Predictor = self.trainers[way] if task == "train" else self.predictors[way]
        job.begin()
        job.run()  # what has gone cold while others worked is not timed
        times: list[float] = []
        while sum(times) < seconds or len(times) < LEAST:
            begun = perf_counter()
            job.run()
            times.append(perf_counter() - begun)
        return median(times)
