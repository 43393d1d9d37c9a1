"""Why it jumps: the numbers for and against the claim, from the table of the trainings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import scipy.stats
from jump_claim import MARGIN, QUIET, REACHES, Counts, count, jumps
from jump_measures import REMEDIES, REPORT

Row: TypeAlias = dict[str, Any]
"""One training, or one jump seen batch by batch, as the tables have them."""

FAR = 10.0
"""Far above 2 / eta is so many times."""

FLOOR = 1e-30
"""Smaller reaches are as good as none."""

SPIKE = 3.0
"""An epoch has a spike if the mean norm of its batches' gradients is so many times the training's median."""


def rate(row: Row) -> float:
    """Return the learning rate, eta."""
    changed = REMEDIES[row["remedy"]].get("rate", 1.0) if row["remedy"] != REPORT else 1.0
    return float(row["learning_rate"] * changed)


def sharp(row: Row, times: float = 1.0) -> Any:
    """Return at which measurements sharpness was above 2 / eta, or so many times that."""
    return np.asarray(row["sharpness"], np.float64) > times * 2 / rate(row)


def spikes(row: Row) -> Any:
    """Return which epochs had a spike."""
    norms = np.asarray(row["epoch_gradient_norm"][: row["recorded"]])
    return norms > SPIKE * np.median(norms)


def coincide(rows: Sequence[Row]) -> tuple[int, int, int, int]:
    """Return how many jumps begin in an epoch with a spike, and of how many; epochs with a spike, and of how many."""
    begun = [(row, [e for e in jumps(losses(row)) if e > 1]) for row in rows]
    together = sum(bool(spikes(row)[e - 1]) for row, epochs in begun for e in epochs)
    n = sum(len(losses(row)) for row in rows)
    return together, sum(len(epochs) for _, epochs in begun), sum(int(spikes(row).sum()) for row in rows), n


def losses(row: Row) -> list[float]:
    """Return the losses of the epochs that were measured."""
    return list(row["loss"][: row["recorded"]])


def counts(rows: Sequence[Row], margin: float = MARGIN, moments: Callable[[Row], Any] = sharp) -> Counts:
    """Count jumps and sharp moments over trainings."""
    return count([(losses(row), moments(row)) for row in rows], margin)


@dataclass(frozen=True)
class Regime:
    """Measurements of one kind: how many, and what the gradient does on its way to the first step.

    Attributes
    ----------
    n : int
    reach, memory, gradient_norm, sharpness : float
        Medians.
    vanishes, arrives, explodes : float
        Fractions with a reach below QUIET, above REACHES, and above 1.
    """

    n: int
    reach: float
    memory: float
    gradient_norm: float
    sharpness: float
    vanishes: float
    arrives: float
    explodes: float


def regime(rows: Sequence[Row], which: Callable[[Row], Any] | None = None) -> Regime:
    """Take together the measurements of trainings, all or some."""
    some = [np.ones(len(row["at"]), bool) if which is None else np.asarray(which(row), bool) for row in rows]

    def every(name: str) -> Any:
        parts = [np.asarray(row[name], np.float64)[chosen] for row, chosen in zip(rows, some, strict=True)]
        return np.concatenate([*parts, np.empty(0)])

    reach = every("reach")

    def median(name: str) -> float:
        return float(np.nanmedian(every(name))) if len(reach) else float("nan")

    def fraction(chosen: Any) -> float:
        return float(chosen.mean()) if len(reach) else float("nan")

    return Regime(
        n=len(reach),
        reach=median("reach"),
        memory=median("memory"),
        gradient_norm=median("gradient_norm"),
        sharpness=median("sharpness"),
        vanishes=fraction(reach < QUIET),
        arrives=fraction(reach > REACHES),
        explodes=fraction(reach > 1),
    )


@dataclass(frozen=True)
class Remedied:
    """What trainings with one remedy came to: jumps a training, and means over trainings."""

    trainings: int
    jumps: float
    sharp: float
    reach: float
    arrives: float
    radius: float
    loss: float
    accuracy: float


def remedied(rows: Sequence[Row]) -> Remedied:
    """Take together the trainings with one remedy."""
    found = regime(rows)
    return Remedied(
        len(rows),
        float(np.mean([len(jumps(losses(row))) for row in rows])),
        float(np.mean([sharp(row).mean() for row in rows])),
        found.reach,
        found.arrives,
        float(np.mean([row["radius"][-1] for row in rows])),
        float(np.mean([losses(row)[-1] for row in rows])),
        float(np.mean([row["accuracy"] for row in rows])),
    )


def together(rows: Sequence[Row]) -> tuple[float, int, int]:
    """Return how sharpness goes with reach, over all measurements.

    The rank correlation of the two (sharpness in units of 2 / eta), how many measurements have a reach above QUIET, and
    how many of these are sharp.
    """
    reach = np.concatenate([row["reach"] for row in rows])
    sharpness = np.concatenate([np.asarray(row["sharpness"], np.float64) * rate(row) / 2 for row in rows])
    known = np.isfinite(sharpness)
    ranks = [scipy.stats.rankdata(values[known]) for values in (reach, sharpness)]
    r = float(np.corrcoef(ranks)[0, 1]) if min(map(np.ptp, ranks)) > 0 else float("nan")
    reaching = reach > QUIET
    return r, int(reaching.sum()), int((sharpness[reaching] > 1).sum())


def by_epoch(around: Row) -> list[tuple[int, int]]:
    """Return for each epoch of a jump seen batch by batch how many measurements were sharp, and of how many."""
    epoch = (np.asarray(around["at"]) - 1) // around["per_epoch"]
    is_sharp = sharp(around)
    return [(int(is_sharp[epoch == e].sum()), int((epoch == e).sum())) for e in sorted(set(epoch.tolist()))]


def wide_and_narrow(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Return the trainings of 50 and of 100 hidden units that differ in nothing else."""
    names = ("data", "part", "learning_rate", "batch_size", "seed")
    narrow = {tuple(row[n] for n in names): row for row in rows if row["hidden"] == 50}
    wide = {tuple(row[n] for n in names): row for row in rows if row["hidden"] == 100}
    both = [key for key in narrow if key in wide]
    return [narrow[key] for key in both], [wide[key] for key in both]


def from_average(X: Any, y: Any, classes: Sequence[int]) -> list[float]:
    """Return how far the mean series of each of these classes is from the mean of all of theirs."""
    means = np.stack([np.asarray(X[y == c], np.float64).mean(0) for c in classes])
    return [float(np.sqrt(((mean - means.mean(0)) ** 2).sum(-1).mean())) for mean in means]


@dataclass(frozen=True)
class Seen:
    """A jump seen batch by batch: before it, at the largest gradient, and at the end."""

    exponents: tuple[float, float, float]
    fixed_points: tuple[float, float, float]
    norms: tuple[float, float, float]
    sharpness: tuple[float, float, float]
    rises: tuple[float, float, float]
    multiple: tuple[float, float, float]
    """Of 2 / eta that sharpness is."""
    highest: float
    """Lyapunov exponent of all that were measured."""

    @property
    def dynamics(self) -> bool:
        """Whether the prediction of this name holds."""
        before, peak, _ = self.exponents
        return peak > -0.05 and peak - before >= 0.1 and self.fixed_points[0] != self.fixed_points[2]

    @property
    def cliff(self) -> bool:
        """Whether the prediction of this name holds."""
        return self.rises[1] > MARGIN >= self.rises[0]


def seen(around: Row) -> Seen:
    """Take from a jump's measurements what they were at three places."""
    places = [around["places"][name] for name in ("before", "peak", "after")]
    at = [around["at"].index(place["at"]) for place in places]

    def three(values: Any) -> tuple[float, float, float]:
        before, peak, after = (float(value) for value in values)
        return before, peak, after

    exact = three(place["exact_sharpness"] for place in places)
    return Seen(
        three(around["lyapunov"][i] for i in at),
        three(around["fixed_points"][i] for i in at),
        three(around["gradient_norm"][i] for i in at),
        exact,
        three(place["loss_after"] / place["loss"] - 1 for place in places),
        three(value * rate(around) / 2 for value in exact),
        max(around["lyapunov"]),
    )


@dataclass(frozen=True)
class Fall:
    """Where, batch by batch, the reach of the gradient falls most from one measurement to the next.

    Attributes
    ----------
    reaches, exponents : tuple of float
        Just before and just after.
    multiple : float
        The larger sharpness of the two measurements before, times 2 / eta.
    by_chance : float
        The fraction of all pairs of neighbors with one above 2 / eta.
    """

    reaches: tuple[float, float]
    exponents: tuple[float, float]
    multiple: float
    by_chance: float


def fall(around: Row) -> Fall | None:
    """Return it, or None of a jump with less than three measurements."""
    reach = np.maximum(np.asarray(around["reach"], np.float64), FLOOR)
    if len(reach) < 3:
        return None
    i = int(np.diff(np.log(reach))[1:].argmin()) + 1
    multiple = np.asarray(around["sharpness"], np.float64) * rate(around) / 2
    pairs = np.fmax(multiple[:-1], multiple[1:])
    exponents = around["lyapunov"]
    return Fall(
        (float(reach[i]), float(reach[i + 1])),
        (float(exponents[i]), float(exponents[i + 1])),
        float(pairs[i - 1]),
        float((pairs > 1).mean()),
    )


@dataclass(frozen=True)
class Rises:
    """How often, batch by batch, the loss rises after a sharp measurement, over several jumps.

    Attributes
    ----------
    rises, preceded : int
        All rises of the recorded samples' loss by more than MARGIN from one measurement to the next, and those with a
        sharpness above 2 / eta at one of the two measurements before them.
    by_chance : float
        How many would be if it were as often before rises as before any measurement.
    sharp, followed, calm, calm_followed : int
        All measurements above 2 / eta and those with a rise in one of the two intervals after them; of all others.
    """

    rises: int
    preceded: int
    by_chance: float
    sharp: int
    followed: int
    calm: int
    calm_followed: int


def rises(around: Sequence[Row]) -> Rises:
    """Count over jumps that were seen batch by batch."""
    totals, by_chance = np.zeros(6, int), 0.0
    for row in around:
        loss, is_sharp = np.asarray(row["sample_loss"], np.float64), sharp(row)
        if len(loss) < 4:
            continue
        up = loss[1:] > (1 + MARGIN) * loss[:-1]
        before = is_sharp[1:-1] | is_sharp[:-2]  # of the intervals from the second on
        after = up[:-1] | up[1:]  # of the measurements but for the last two
        moments = is_sharp[: len(after)]
        totals += [
            up[1:].sum(), (up[1:] & before).sum(), moments.sum(), (moments & after).sum(), (~moments).sum(),
            (~moments & after).sum(),
        ]  # fmt: skip
        by_chance += float(up[1:].sum() * before.mean())
    return Rises(int(totals[0]), int(totals[1]), by_chance, *(int(n) for n in totals[2:]))


def minima(losses: Sequence[float]) -> int:
    """Return how many minima a slice has, without its ends."""
    loss = np.asarray(losses, np.float64)
    return int(((loss[1:-1] < loss[:-2]) & (loss[1:-1] < loss[2:])).sum())


def largest_jumps(rows: Sequence[Row], n: int) -> list[tuple[Row, int]]:
    """Return n trainings with the epoch their largest jump begins at, those of the report's (50, 0.01, 30) first."""
    found = []
    for row in rows:
        loss = losses(row)
        begun = [e for e in jumps(loss) if e > 1]
        if begun:
            e = max(begun, key=lambda e: loss[e - 1] / min(loss[: e - 1]))
            other = (row["part"], row["hidden"], row["batch_size"]) != ("b", 50, 30)
            found.append((other, -loss[e - 1] / min(loss[: e - 1]), row["seed"], e, row))
    found.sort(key=lambda each: each[:4])
    return [(row, e) for *_, e, row in found[:n]]
