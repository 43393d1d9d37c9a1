"""People never seen: the windows, and who is left out when."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unrolled import data
from unrolled.data.samples import joined

MOTIONSENSE, WISDM, SHOULDER = "MotionSense", "WISDM 2019", "shoulder exercises"
TRIALS, PEOPLE = "trials", "people"

MOST = {MOTIONSENSE: 500, WISDM: 200, SHOULDER: 500}
"""Training windows of a class, drawn at random."""

PAIRS = ((1, 2), (3, 4), (5, 6), (7, 10), (8, 9))
"""Of the shoulder exercises' people, who keep time with each other (data/README.md)."""


@dataclass(frozen=True)
class Source:
    """A data set, all windows in the sensor's units, its folds of people, and the splits that were published."""

    samples: data.Samples
    classes: tuple[str, ...]
    folds: tuple[tuple[int, ...], ...]
    published: Mapping[str, data.Dataset]


def motionsense(path: Path) -> Source:
    """Load MotionSense: five folds of four of the people 1 to 20, dealt at random; the sixth are 21 to 24.

    The sixth are the test people of the published split: whoever chooses by the first five has not chosen by them.
    """
    whole = data.load_motionsense(path, split="person", n_train=None, n_test=None, scale=False)
    published = {
        TRIALS: data.load_motionsense(path, split="trial", scale=False),
        PEOPLE: data.load_motionsense(path, split="person", scale=False),
    }
    folds = (*dealt(range(1, 21), 5), (21, 22, 23, 24))
    return Source(joined(whole.train, whole.test), whole.classes, folds, published)


def wisdm(path: Path) -> Source:
    """Load WISDM 2019; windows of 9.9 seconds, a multiple of three steps."""
    whole = data.load_wisdm(path, window=198, stride=99, scale=False)
    samples = joined(whole.train, whole.test)
    assert samples.person is not None
    return Source(samples, whole.classes, dealt(np.unique(samples.person).tolist(), 6), {})


def shoulder() -> Source:
    """Load the shoulder exercises; a fold is a pair of people."""
    whole = data.load_shoulder_exercises(scale=False)
    return Source(joined(whole.train, whole.test), whole.classes, PAIRS, {})


def dealt(people: range | list[int], n: int) -> tuple[tuple[int, ...], ...]:
    """Deal people out to n folds."""
    order = np.random.default_rng(0).permutation(people)
    return tuple(tuple(sorted(order[k::n].tolist())) for k in range(n))


def splits(source: Source) -> list[str]:
    """Return the names of the folds: "fold 1", "fold 2", ..."""
    return [f"fold {k}" for k in range(1, len(source.folds) + 1)]


def parts(source: Source, split: str, seed: int, most: int) -> tuple[data.Samples, data.Samples]:
    """Return the training windows and the test windows of a fold, or of a published split, in the sensor's units.

    Of a fold's training people, at most so many windows of each class are drawn: of each seed and fold others, of each
    recipe the same. Of the people left out, all windows are tested on.
    """
    if split in source.published:
        return source.published[split].train, source.published[split].test
    fold = int(split.removeprefix("fold "))
    samples = source.samples
    assert samples.person is not None
    out = np.isin(samples.person, source.folds[fold - 1])
    stream = np.random.default_rng([seed, fold])
    pools = [np.flatnonzero(~out & (samples.y == label)) for label in range(len(source.classes))]
    drawn = np.sort(np.concatenate([stream.permutation(pool)[:most] for pool in pools]))
    return samples.subset(drawn), samples.subset(out)
