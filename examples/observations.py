"""The report's observations, each decided by a number computed from the trainings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

STUCK = 0.9
"""A network is stuck on one class when it gives that class to so large a share of the test samples."""

JUMP = 0.2
"""A jump out of an optimum is a training loss that much above the lowest one reached before."""


@dataclass(frozen=True)
class Trained:
    """What an observation looks at.

    Attributes
    ----------
    part, title : str
        "a", "b" or "c", and (hidden, learning rate, batch size).
    hidden : int
    losses : sequence of float
        Training loss, epoch by epoch.
    best_epoch : int or None
        Restored by early stopping.
    counts : ndarray, shape (C, C)
        Confusion matrix on the test samples, rows true.
    """

    part: str
    title: str
    hidden: int
    losses: Sequence[float]
    best_epoch: int | None
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, summary: Mapping[str, Any]) -> "Trained":
        """Take what is needed from an entry of results.json."""
        return cls(
            part=summary["part"],
            title=summary["title"],
            hidden=summary["hidden"],
            losses=summary["history"]["loss"],
            best_epoch=summary["history"]["best_epoch"],
            counts=np.asarray(summary["test_confusion"], np.int64),
        )

    @property
    def top1(self) -> float:
        """Accuracy on the test samples."""
        return float(np.trace(self.counts) / self.counts.sum())

    @property
    def share(self) -> float:
        """Share of the test samples that are given the class most often predicted."""
        return float(self.counts.sum(0).max() / self.counts.sum())

    @property
    def jump(self) -> tuple[float, int]:
        """Largest rise of the training loss above its lowest value before, as a fraction, and its epoch."""
        losses = np.asarray(self.losses)
        if len(losses) < 2:
            return 0.0, 1
        rises = losses[1:] / np.minimum.accumulate(losses)[:-1] - 1
        return float(rises.max()), int(rises.argmax()) + 2

    @property
    def roughness(self) -> float:
        """Median change of the training loss from one epoch to the next, as a fraction."""
        losses = np.asarray(self.losses)
        return float(np.median(np.abs(np.diff(losses)) / losses[:-1])) if len(losses) > 1 else 0.0


@dataclass(frozen=True)
class Observation:
    """A sentence of the report, whether it holds here, and the numbers that say so."""

    claim: str
    found: bool
    evidence: str


@dataclass(frozen=True)
class Counted:
    """A sentence of the report, and in which seeds it holds here."""

    claim: str
    seeds: Sequence[int]
    found: Sequence[bool]
    evidence: Sequence[str]

    def __str__(self) -> str:
        n, k = len(self.seeds), sum(self.found)
        verdict = "Found again" if k else "Not found"
        if n == 1:
            return f"- **{verdict}.** {self.claim} Here: {self.evidence[0]}."
        verdict += f" in {k} of {n} seeds" if k else f" in any of {n} seeds"
        each = [
            f"  - Seed {seed}, {'yes' if found else 'no'}: {evidence}."
            for seed, found, evidence in zip(self.seeds, self.found, self.evidence, strict=True)
        ]
        return "\n".join([f"- **{verdict}.** {self.claim}", *each])


def counted(by_seed: Mapping[int, Sequence[Observation]]) -> list[Counted]:
    """Put the observations of several seeds together, sentence by sentence."""
    return [
        Counted(same[0].claim, list(by_seed), [o.found for o in same], [o.evidence for o in same])
        for same in zip(*by_seed.values(), strict=True)
    ]


def observe(trained: Sequence[Trained], classes: Sequence[str]) -> list[Observation]:
    """Hold the report's observations against these trainings."""
    part = {name: [t for t in trained if t.part == name] for name in "abc"}
    return [
        stuck(part["a"]),
        steadier(part["a"], part["b"]),
        jumps(part["b"]),
        wider_is_worse(part["b"]),
        early_stopping_helps(part["b"], part["c"]),
        leans_to_one_class(part["c"], classes),
    ]


def stuck(a: Sequence[Trained]) -> Observation:
    """Figure 2: most networks of part a end predicting one class."""
    n = sum(t.share >= STUCK for t in a)
    return Observation(
        "With W ~ U[-0.1, 0.1] and the higher rates, most networks end stuck on one class (figure 2).",
        n > len(a) / 2,
        f"{n} of {len(a)} give at least {STUCK:.0%} of the test samples one class; largest share by network: "
        + _each(a, lambda t: f"{t.share:.2f}"),
    )


def steadier(a: Sequence[Trained], b: Sequence[Trained]) -> Observation:
    """Figure 3: Xavier initialization and the lower rate make training steadier."""
    rough_a, rough_b = median(t.roughness for t in a), median(t.roughness for t in b)
    return Observation(
        "Xavier initialization and the lower rate make training steadier (figure 3).",
        rough_b < rough_a,
        f"the training loss changes by {rough_a:.1%} from epoch to epoch in part a and by {rough_b:.1%} in part b "
        "(median over epochs, then over networks)",
    )


def jumps(b: Sequence[Trained]) -> Observation:
    """Figure 3: all three networks jump out of an optimum."""
    return Observation(
        "All three still jump out of an optimum they had reached (figure 3; in the report around epoch 10).",
        all(t.jump[0] >= JUMP for t in b),
        f"a jump is a training loss {JUMP:.0%} above its lowest before; the largest rise: "
        + _each(b, lambda t: f"{t.jump[0]:.0%} at epoch {t.jump[1]}"),
    )


def wider_is_worse(b: Sequence[Trained]) -> Observation:
    """Figure 4: the network with 100 hidden units ends worse than those with 50."""
    wide, narrow = [t for t in b if t.hidden == 100], [t for t in b if t.hidden == 50]
    return Observation(
        "The network with 100 hidden units ends worse than those with 50 (figure 4).",
        max(t.top1 for t in wide) < min(t.top1 for t in narrow),
        "test accuracy after the last epoch: " + _each(b, lambda t: f"{t.top1:.3f}"),
    )


def early_stopping_helps(b: Sequence[Trained], c: Sequence[Trained]) -> Observation:
    """Figure 5: early stopping gives better networks than all the epochs do."""
    last = {t.title: t.top1 for t in b}
    return Observation(
        "Early stopping gives a better network than the full number of epochs (figure 5).",
        all(t.top1 > last[t.title] for t in c),
        "test accuracy with early stopping, and of the same network after all epochs: "
        + _each(c, lambda t: f"{t.top1:.3f} (epoch {t.best_epoch}) and {last[t.title]:.3f}"),
    )


def leans_to_one_class(c: Sequence[Trained], classes: Sequence[str]) -> Observation:
    """Figure 6: most errors of the stopped networks fall on one class, in the report standing."""
    shares = []
    for t in c:
        wrong = (t.counts - np.diag(np.diag(t.counts))).sum(0)
        share = wrong.max() / max(wrong.sum(), 1)
        shares.append((share, f"{t.title} {share:.0%} on {classes[int(wrong.argmax())]}"))
    return Observation(
        "Most errors of the stopped networks fall on a single class, in the report standing (figure 6).",
        all(share > 0.5 for share, _ in shares),
        "largest share of the errors on one predicted class: " + ", ".join(text for _, text in shares),
    )


def _each(trained: Sequence[Trained], describe: Callable[[Trained], Any]) -> str:
    return ", ".join(f"{t.title} {describe(t)}" for t in trained)
