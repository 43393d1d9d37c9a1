"""A contest: every contestant in a process of its own, all alive, one at work, taking turns round by round."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import sleep
from typing import Any

import numpy as np
from contestants import OURS, THREAD_VARIABLES, Contestant
from stage import Built, Check
from work import Array, Case, make

TASKS = ("train", "predict")
TO_BUILD, TO_RUN = 180.0, 120.0
"""Seconds a contestant may take to build a case, and for one turn."""

PAUSE = 0.04
"""Seconds between turns: until then the threads of some libraries spin, waiting for more (OpenBLAS: about 0.03 s)."""

Ways = dict[str, list[str]]


class Failed(Exception):
    """A contestant cannot go on; says why."""


class Worker:
    """The near end of a contestant's process.

    Parameters
    ----------
    page : str
        A module in contestants/.
    environment : mapping
        Variables for it; those that set numbers of threads are otherwise taken out.
    """

    def __init__(self, page: str, environment: Mapping[str, str]) -> None:
        self.near, far = Pipe()
        self.folder = TemporaryDirectory(ignore_cleanup_errors=True)  # compilers find nothing here from the last time
        inherited = {name: value for name, value in os.environ.items() if name not in THREAD_VARIABLES}
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("worker.py")), page, str(far.fileno())],
            pass_fds=[far.fileno()],
            env={**inherited, "TMPDIR": self.folder.name, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        far.close()

    def hello(self) -> tuple[dict[str, str], tuple[str, ...], dict[str, tuple[str, ...]]]:
        """Wait until it is there: its versions, its cells, its ways."""
        return self.receive(TO_BUILD)  # type: ignore[no-any-return]  # unpickled

    def send(self, name: str, *arguments: Any) -> None:
        """Tell it to do something; if it is no more, the answer will say so."""
        with suppress(ConnectionError):
            self.near.send((name, arguments))

    def receive(self, limit: float) -> Any:
        """Wait for its answer.

        Raises
        ------
        Failed
        """
        try:
            if not self.near.poll(limit):
                self.close()
                raise Failed(f"stopped: not done in {limit:.0f} s")
            well, result = self.near.recv()
        except (EOFError, ConnectionError):
            raise Failed(f"its process ended by itself (exit status {self.process.wait()})") from None
        if not well:
            raise Failed(result)
        return result

    def turn(self, task: str, way: str, seconds: float) -> float:
        """Let it work; the median time of a run in seconds."""
        sleep(PAUSE)
        self.send("turn", task, way, seconds)
        return float(self.receive(TO_RUN))

    def close(self) -> None:
        """End it; it may have ended."""
        self.near.close()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.folder.cleanup()


@contextmanager
def working(page: str, environment: Mapping[str, str]) -> Iterator[Worker]:
    """Yield a worker, and end it."""
    worker = Worker(page, environment)
    try:
        yield worker
    finally:
        worker.close()


@dataclass
class Outcome:
    """What came of one case.

    Attributes
    ----------
    case : Case
    seconds : dict
        ``seconds[task][title]``: the median time of a run, one number a round.
    memory : dict
        ``memory[task][title]``: peak bytes.
    ways : dict
        ``ways[title][task]``: the way taken, for those that have several.
    differences : dict
        ``differences[title]``: how far its answers are from ours.
    absent : dict
        ``absent[title]``: why it is not there.
    versions : dict
    """

    case: Case
    seconds: dict[str, dict[str, list[float]]] = field(default_factory=lambda: {task: {} for task in TASKS})
    memory: dict[str, dict[str, int]] = field(default_factory=lambda: {task: {} for task in TASKS})
    ways: dict[str, dict[str, str]] = field(default_factory=dict)
    differences: dict[str, "Differences"] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Differences:
    """How far a contestant's answers are from ours, relative to ours.

    Attributes
    ----------
    train : float
        The worst of the loss, the loss after one step of training and each parameter after it.
    steps : float
        The worst over the parameters of what the step added to each. To so small a step the rounding of a float32
        parameter is large, so this one is only to show that each parameter was trained.
    predict : float
        Of the probabilities.
    """

    train: float
    steps: float
    predict: float

    LIMIT = 1e-4
    STEPS_LIMIT = 1e-2

    def of(self, task: str) -> float:
        """Return the difference of one task."""
        return self.train if task == "train" else self.predict

    def equal(self, task: str) -> bool:
        """Tell whether the work was the same; NaN is not."""
        return self.of(task) <= self.LIMIT and (task != "train" or self.steps <= self.STEPS_LIMIT)


def differences(case: Case, ours: Check, theirs: Check) -> Differences:
    """Hold a contestant's answers against ours."""
    before, after, their_after = make(case).parameters, ours.parameters_after_a_step, theirs.parameters_after_a_step
    train = [
        relative(theirs.loss, ours.loss),
        relative(theirs.loss_after_a_step, ours.loss_after_a_step),
        *(relative(their_after[name], after[name]) for name in before),
    ]
    steps = [relative(their_after[name] - W, after[name] - W) for name, W in before.items()]
    return Differences(float(np.max(train)), float(np.max(steps)), relative(theirs.probabilities, ours.probabilities))


def relative(x: Array | float, y: Array | float) -> float:
    """``|x - y| / |y|`` in float64."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    return float(np.linalg.norm(x - y) / np.linalg.norm(y))


@dataclass(frozen=True)
class Plan:
    """How long to look."""

    rounds: int
    seconds: float
    slow: bool
    """Whether to build what is slow to build."""


class Contest:
    """A contest over one case.

    Parameters
    ----------
    case : Case
    contestants : sequence of Contestant
    plan : Plan
    say : callable
        Called with a line whenever something begins.
    """

    def __init__(self, case: Case, contestants: Sequence[Contestant], plan: Plan, say: Callable[[str], None]) -> None:
        self.case, self.contestants, self.plan = case, contestants, plan
        self.say: Callable[[str], None] = lambda line: say(f"{case.cell} {case}: {line}")
        self.outcome = Outcome(case)
        self.workers: dict[str, Worker] = {}

    def hold(self) -> Outcome:
        """Hold it.

        Raises
        ------
        Failed
            If our side does not work.
        """
        with ExitStack() as stack:
            ways = self.open(stack)
            self.choose(ways)
            self.build()
            for n in range(self.plan.rounds):
                self.say(f"round {n + 1} of {self.plan.rounds}")
                for task in TASKS:
                    self.round(task, n)
        if OURS.title in self.outcome.absent:
            raise Failed(f"{OURS.title}, {self.case.cell} {self.case}: {self.outcome.absent[OURS.title]}")
        return self.outcome

    def open(self, stack: ExitStack) -> dict[str, Ways]:
        """Start the processes; the ways each contestant may use."""
        self.say("starting")
        for c in self.contestants:
            self.workers[c.title] = stack.enter_context(working(c.page, c.environment))
        ways = {}
        for c in self.contestants:
            with self.leaving(c.title):
                ways[c.title] = self.ways(c)
        return ways

    def ways(self, c: Contestant) -> Ways:
        """Return the ways a contestant may use.

        Raises
        ------
        Failed
            If there are none.
        """
        versions, cells, every = self.workers[c.title].hello()
        self.outcome.versions.update(versions)
        if self.case.cell not in cells:
            raise Failed(f"stands for the {', '.join(cells)} cell alone")
        if self.case.batch * self.case.hidden < c.from_size:
            raise Failed(f"takes a minute to build; it stands where batch x hidden is {c.from_size} or more")
        ways = {
            task: [
                way for way in every[task] if c.may_take(way, self.case.cell) and (self.plan.slow or way not in c.slow)
            ]
            for task in TASKS
        }
        if not all(ways.values()):
            raise Failed("left out by --quick: slow to build")
        return ways

    def choose(self, ways: dict[str, Ways]) -> None:
        """Choose for each its fastest way of each task: of several, by trying them in a process of their own."""
        self.outcome.ways = {title: {task: ways[title][task][0] for task in TASKS} for title in ways}
        contested = [c for c in self.contestants if c.title in ways and max(map(len, ways[c.title].values())) > 1]
        with ExitStack() as stack:
            trials = {c.title: stack.enter_context(working(c.understudy or c.page, c.environment)) for c in contested}
            self.say(f"building every way of {', '.join(trials) or 'none'}")
            for title, worker in trials.items():
                with self.leaving(title):
                    worker.hello()
                    worker.send("build", self.case, ways[title])
            for title in self.present(trials):
                with self.leaving(title):
                    trials[title].receive(TO_BUILD)
            self.say("trying them")
            for title in self.present(trials):
                with self.leaving(title):
                    for task in TASKS:
                        self.outcome.ways[title][task] = self.fastest(trials[title], task, ways[title][task])

    def fastest(self, worker: Worker, task: str, ways: list[str]) -> str:
        """Return the fastest of several ways, by the better of two short turns each."""
        turns = [{way: worker.turn(task, way, self.plan.seconds / 2) for way in ways} for _ in range(2)]
        return min(ways, key=lambda way: min(turn[way] for turn in turns))

    def build(self) -> None:
        """Let all build at once, note their memory, and hold their answers against ours."""
        self.say("building")
        titles = self.present(self.workers)
        for title in titles:
            ways = {task: [way] for task, way in self.outcome.ways[title].items()}
            self.workers[title].send("build", self.case, ways)
        built: dict[str, Built] = {}
        for title in titles:
            with self.leaving(title):
                built[title] = self.workers[title].receive(TO_BUILD)
        for title, said in built.items():
            if OURS.title in built:
                self.outcome.differences[title] = differences(self.case, built[OURS.title].check, said.check)
            for task in TASKS:
                self.outcome.memory[task][title] = said.memory[task]

    def round(self, task: str, n: int) -> None:
        """Play one round of one task, in an order drawn anew."""
        titles = self.present(self.workers)
        random.Random(f"{task} {n}").shuffle(titles)
        for title in titles:
            with self.leaving(title):
                time = self.workers[title].turn(task, self.outcome.ways[title][task], self.plan.seconds)
                self.outcome.seconds[task].setdefault(title, []).append(time)

    def present(self, titles: Iterable[str]) -> list[str]:
        """Leave out those that are out."""
        return [title for title in titles if title not in self.outcome.absent]

    @contextmanager
    def leaving(self, title: str) -> Iterator[None]:
        """Take a contestant that fails out of the contest, and out of its tables."""
        try:
            yield
        except Failed as failure:
            self.outcome.absent[title] = str(failure)
            self.outcome.ways.pop(title, None)
            for task in TASKS:
                self.outcome.seconds[task].pop(title, None)
                self.outcome.memory[task].pop(title, None)


def ratio(outcome: Outcome, task: str, title: str) -> tuple[float, float, float]:
    """Peer / ours, round by round: lower quartile, median, upper quartile."""
    ours, theirs = outcome.seconds[task][OURS.title], outcome.seconds[task][title]
    low, middle, high = np.quantile(np.divide(theirs, ours), [0.25, 0.5, 0.75])
    return float(low), float(middle), float(high)


def milliseconds(outcome: Outcome, task: str, title: str) -> float:
    """Return the median over the rounds."""
    return 1e3 * median(outcome.seconds[task][title])
