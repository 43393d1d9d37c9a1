"""What a training and a test part share, so that scores on the test part are too good."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unrolled.data.checks import FloatArray, IntArray

RUN = 16  # steps in a row that are the same in two series: no accident, but a piece of one recording
PIECE = 2**18  # numbers that are hashed at a time
MOST_RUNS = 2**21  # that are compared

Hashes = NDArray[np.uint64]


@dataclass(frozen=True)
class Leakage:
    """What `Dataset.check_leakage` found that both parts have. It is true if any step is in both.

    Parameters
    ----------
    windows : int
        Series of the test part that are, value for value, in the training part too.
    overlapping : int
        Other series of the test part that share 16 steps in a row or more with one of the training part.
    n_test : int
        Series in the test part.
    people : tuple of int
        Numbers of people in both parts.
    trials : tuple of (int, int)
        Numbers of person and trial in both parts; the person is 0 where there are none.

    See Also
    --------
    Dataset.check_leakage, StoredDataset.check_leakage : What find it.

    Examples
    --------
    >>> from unrolled import data
    >>> found = data.load_shoulder_exercises().check_leakage()
    >>> bool(found), found.windows, found.people
    (False, 0, ())
    """

    windows: int
    overlapping: int
    n_test: int
    people: tuple[int, ...]
    trials: tuple[tuple[int, int], ...]

    def __bool__(self) -> bool:
        return bool(self.windows or self.overlapping)

    def __str__(self) -> str:
        return (
            f"of {self.n_test} test series {self.windows} are in the training part too, value for value, and "
            f"{self.overlapping} others share steps with it; both parts have {len(self.people)} people and "
            f"{len(self.trials)} trials"
        )


def find_leakage(train: Any, test: Any) -> Leakage:
    """Return what two parts share; only value for value, so that noise or another scaling hides it.

    Parts are `Samples`, or `StoredSamples`, which are read a block at a time and carry no people and trials.

    Of very many runs of steps a part is compared, the same in both: those whose hash is a multiple of some number.
    """
    one_in = 1 + (train.X.shape[0] * train.X.shape[1] + test.X.shape[0] * test.X.shape[1]) // MOST_RUNS
    known, known_runs = ([np.zeros(0, np.uint64)] for _ in range(2))
    for series, runs, _ in _hashes(train, one_in):
        known.append(series)
        known_runs.append(runs)
    all_series, all_runs = _sorted(known), _sorted(known_runs)
    windows = overlapping = 0
    for series, runs, owner in _hashes(test, one_in):
        same, shares = _is_in(series, all_series), np.zeros(len(series), bool)
        shares[owner[_is_in(runs, all_runs)]] = True
        windows += int(same.sum())
        overlapping += int((shares & ~same).sum())
    return Leakage(
        windows,
        overlapping,
        len(test),
        tuple(_common(_numbers(train, "person"), _numbers(test, "person"))),
        tuple(_common_trials(train, test)),
    )


def _sorted(blocks: list[Hashes]) -> Hashes:
    """Return what is in the blocks, which are let go: it may be most of the memory there is."""
    joined = np.concatenate(blocks)
    blocks.clear()
    joined.sort()
    return joined


def _is_in(values: Hashes, known: Hashes) -> NDArray[np.bool_]:
    """Tell of each value whether it is among those known, which are sorted."""
    if not len(known):
        return np.zeros(len(values), bool)
    return np.asarray(known[np.searchsorted(known, values).clip(max=len(known) - 1)] == values)


def _numbers(part: Any, name: str) -> IntArray | None:
    return getattr(part, name, None)


def _blocks(part: Any, size: int) -> Iterator[tuple[FloatArray, IntArray]]:
    """Yield the series of each block, and their lengths."""
    n, t, _ = part.X.shape
    lengths = np.full(n, t) if part.lengths is None else part.lengths
    first = 0
    stored = getattr(part, "blocks", None)
    for X in (
        (block[0] for block in stored(size)) if stored else (part.X[row : row + size] for row in range(0, n, size))
    ):
        yield X, lengths[first : first + len(X)]
        first += len(X)


def _hashes(part: Any, one_in: int) -> Iterator[tuple[Hashes, Hashes, IntArray]]:
    """Yield, block by block, a hash of each series, one of each run of steps that moves, and whose run that is."""
    _, t, d = part.X.shape
    factors = _odd(t, 1)
    for X, lengths in _blocks(part, max(1, PIECE // (t * d))):
        steps = _step_hashes(X, lengths)
        series = (steps * factors).sum(axis=1, dtype=np.uint64)
        here: Hashes = np.zeros((len(steps), max(0, t - RUN + 1)), np.uint64)
        if t < RUN:
            yield series, here.reshape(-1), np.zeros(0, np.int64)
            continue
        for place, factor in enumerate(_odd(RUN, 2)):
            here += steps[:, place : place + t - RUN + 1] * factor
        row, step = np.nonzero(_moving(steps, lengths) & ((here >> np.uint64(32)) % np.uint64(one_in) == 0))
        yield series, here[row, step], row


def _step_hashes(X: FloatArray, lengths: IntArray) -> Hashes:
    """Return a hash of each step (N, T); 0 for padding."""
    _, t, d = X.shape
    words = X.dtype.itemsize // 4 * d
    factors = _odd(words, 0)
    block = np.ascontiguousarray(X + X.dtype.type(0))  # -0.0 is 0.0
    steps: Hashes = np.zeros(block.shape[:2], np.uint64)
    for word, factor in enumerate(factors):
        steps += block.view(np.uint32).reshape(-1, t, words)[:, :, word] * factor
    steps ^= steps >> np.uint64(29)
    steps = steps * factors[0] + np.uint64(1)
    steps[np.arange(t) >= lengths[:, np.newaxis]] = 0
    return steps


def _moving(steps: Hashes, lengths: IntArray) -> NDArray[np.bool_]:
    """Tell of each run (N, T - RUN + 1) whether it is of the series, and most of its steps differ from the last."""
    n, t = steps.shape
    changes = np.zeros((n, t), np.int32)
    np.cumsum(steps[:, 1:] != steps[:, :-1], axis=1, out=changes[:, 1:])
    moving = changes[:, RUN - 1 :] - changes[:, : t - RUN + 1] > RUN // 2
    moving &= np.arange(RUN, t + 1) <= lengths[:, np.newaxis]
    return np.asarray(moving, bool)


def _odd(n: int, seed: int) -> Hashes:
    odd: Hashes = np.random.default_rng(seed).integers(2**63, size=n, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    return odd


def _common(one: IntArray | None, other: IntArray | None) -> list[int]:
    found: list[int] = [] if one is None or other is None else np.intersect1d(one, other).tolist()
    return found


def _common_trials(train: Any, test: Any) -> list[tuple[int, int]]:
    pairs: list[set[Any]] = []
    for part in (train, test):
        person, trial = _numbers(part, "person"), _numbers(part, "trial")
        if trial is None:
            return []
        people = np.zeros(len(part), np.int64) if person is None else person
        pairs.append(set(zip(people.tolist(), trial.tolist(), strict=True)))
    return sorted(pairs[0] & pairs[1])
