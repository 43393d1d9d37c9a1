"""Why it jumps: the claim, what would be seen if it were true and what if not, and how that is counted.

Written down, and committed, before anything was measured; :mod:`why_it_jumps` measures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MARGINS = (0.02, 0.05, 0.2)
MARGIN = 0.05
"""A jump begins at an epoch whose training loss is that much above the lowest before, unless the last one's was too."""

AHEAD = 2
"""What is seen at the end of an epoch is said to be before a jump that begins in one of so many epochs after it."""

QUIET = 1e-6
"""The gradient does not reach the first step if |dE/dA_1| is a smaller fraction than this of |dE/dA_T|."""

REACHES = 1e-2
"""It does if it is a larger fraction than this."""

CLAIM = (
    "Without clipping, the network learns nothing from most of the sequence: the gradient has vanished on its "
    "way to the first steps, and the loss is flat there. Now and then its dynamics cross a bifurcation; the "
    "gradient then reaches the whole sequence, the loss is a cliff, its sharpness is far above 2 / eta, and "
    "the next updates throw the network out, to where the gradient vanishes again. The place where it can "
    "learn from the whole sequence is a place that plain descent cannot stay in; clipping helps not by calming "
    "the network but by letting it live there."
)


@dataclass(frozen=True)
class Prediction:
    """What would be seen, said beforehand."""

    name: str
    if_true: str
    if_false: str


PREDICTIONS = (
    Prediction(
        "sharp before jumps",
        f"at least 80% of the jumps have a sharpness above 2 / eta at the end of one of the {AHEAD} epochs before, and "
        "at least twice as many as if the sharp moments were spread over the same trainings by chance",
        "about as many as by chance",
    ),
    Prediction(
        "jumps after sharp",
        f"at least half of the sharp moments are followed by a jump within {AHEAD} epochs",
        "sharp moments are followed by jumps about as often as any others",
    ),
    Prediction(
        "reach",
        f"the median of |dE/dA_1| / |dE/dA_T| is below {QUIET:g} where sharpness is below 2 / eta, and above "
        f"{REACHES:g} where it is above",
        "the two medians are within a factor of 100",
    ),
    Prediction(
        "dynamics",
        "batch by batch, the largest Lyapunov exponent comes to within 0.05 of 0 (or above) at the batch with the "
        "largest gradient, is at least 0.1 lower in the calm before, and the number of fixed points changes between "
        "the calm before and the calm after",
        "the exponent is as far from 0 at that batch as before it, or the number of fixed points stays",
    ),
    Prediction(
        "cliff",
        f"at that batch, the full step of plain descent along the gradient of the recorded samples raises their loss "
        f"by more than {MARGIN:.0%}, and in the calm before it does not",
        "no step that descent takes raises the loss so much",
    ),
    Prediction(
        "clipping",
        "with the norm clipped at 1 there are fewer jumps and a lower loss, while sharpness stays above 2 / eta, and "
        "the gradient reaches the first step more often than without",
        "clipping lowers the sharpness, or the reach is as small as without",
    ),
    Prediction(
        "rate",
        "a tenth of the rate, with 2 / eta ten times as high, has fewer jumps",
        "as many jumps",
    ),
    Prediction(
        "other remedies",
        "orthogonal W_hh lets the gradient reach the first step from the beginning on, so that sharpness is above "
        "2 / eta more often than with Xavier's and there are as many jumps or more; LSTM, GRU and the loss on every "
        "step have another way for the gradient, so that it reaches further with a sharpness below "
        "2 / eta, and fewer jumps",
        "orthogonal W_hh has fewer jumps, or one of the other three has as many jumps as the report's network",
    ),
)


def jumps(losses: Sequence[float], margin: float = MARGIN) -> list[int]:
    """Return the epochs, from 1, at which a jump begins."""
    loss = np.asarray(losses, np.float64)
    if len(loss) < 2:
        return []
    above = np.zeros(len(loss), bool)
    above[1:] = loss[1:] > (1 + margin) * np.minimum.accumulate(loss)[:-1]
    return [n + 1 for n in range(1, len(loss)) if above[n] and not above[n - 1]]


@dataclass(frozen=True)
class Counts:
    """How often jumps come after sharp moments, over several trainings.

    Attributes
    ----------
    jumps, preceded : int
        All jumps that have a moment before them, and those of them with a sharp one among the moments before.
    preceded_by_chance, chance_error : float
        The mean of the latter if each training's moments are shuffled, and its standard deviation.
    p : float
        The fraction of shuffles with as many or more.
    sharp, followed : int
        All sharp moments that have ``AHEAD`` epochs after them, and those with a jump in these.
    calm, calm_followed : int
        The same for all other moments.
    """

    jumps: int
    preceded: int
    preceded_by_chance: float
    chance_error: float
    p: float
    sharp: int
    followed: int
    calm: int
    calm_followed: int


def count(
    trainings: Sequence[tuple[Sequence[float], Sequence[bool]]], margin: float = MARGIN, shuffles: int = 2000
) -> Counts:
    """Count over trainings, each with its losses and with whether the end of each epoch was sharp."""
    rng = np.random.default_rng(0)
    total = preceded = sharp = followed = calm = calm_followed = 0
    by_chance = np.zeros(shuffles)
    for losses, moments in trainings:
        is_sharp, n = np.asarray(moments, bool), len(moments)
        begins = [e for e in jumps(losses[:n], margin) if e > 1]
        after = np.zeros(n, bool)
        for e in begins:
            after[max(0, e - 1 - AHEAD) : e - 1] = True
        total += len(begins)
        preceded += int(_preceded(is_sharp[None], begins)[0])
        if begins:
            by_chance += _preceded(rng.permuted(np.tile(is_sharp, (shuffles, 1)), axis=1), begins)
        known = slice(0, max(n - AHEAD, 0))
        sharp += int(is_sharp[known].sum())
        followed += int((is_sharp & after)[known].sum())
        calm += int((~is_sharp[known]).sum())
        calm_followed += int((~is_sharp & after)[known].sum())
    return Counts(
        total, preceded, float(by_chance.mean()), float(by_chance.std()), float((by_chance >= preceded).mean()),
        sharp, followed, calm, calm_followed,
    )  # fmt: skip


def _preceded(is_sharp: Any, begins: Sequence[int]) -> Any:
    """Return for each row of moments how many jumps have a sharp one before them."""
    found = [is_sharp[:, max(0, e - 1 - AHEAD) : e - 1].any(1) for e in begins]
    return np.sum(found, axis=0) if found else np.zeros(len(is_sharp), int)
