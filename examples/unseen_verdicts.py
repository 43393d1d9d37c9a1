"""People never seen: what became of each claim, by the rules that were written down before."""

from collections.abc import Sequence

import unseen_numbers as numbers
from unseen_recipes import ADDED, BASELINE, FULL, LEFT_OUT, ROCKET, TOGETHER
from unseen_training import Row
from unseen_windows import MOTIONSENSE, SHOULDER, WISDM

Verdict = tuple[str, str]
STAIRS = {(9, 0, 2): 4, (9, 4, 3): 0}
"""Person 9's two recordings, and what each would be if they were exchanged."""


def verdicts(rows: Sequence[Row]) -> dict[str, Verdict]:
    """Return the verdict and the evidence, by the claim's name; of what was measured."""

    def of(name: str, splits: Sequence[str], data: str = MOTIONSENSE, seeds: Sequence[int] | None = None) -> list[Row]:
        return numbers.chosen(rows, data, name, splits, seeds)

    def common(names: Sequence[str], data: str = MOTIONSENSE) -> list[str]:
        sets = [{r["split"] for r in rows if r["data"] == data and r["recipe"] == name} for name in names]
        return sorted(split for split in set.intersection(*sets) if split.startswith("fold"))

    found: dict[str, Verdict] = {}
    if splits := common([BASELINE.name]):
        base = numbers.accuracy(of(BASELINE.name, splits))
        trained = base.training or 0.0
        true = trained > 0.98 and trained - base.mean >= 0.08
        found["memory"] = (_said(true), f"{trained:.3f} of the training windows, {base.mean:.3f} of people left out")
    names = [recipe.name for recipe in (BASELINE, *ADDED, FULL, *LEFT_OUT)]
    if splits := common(names):
        each = {name: numbers.accuracy(of(name, splits, seeds=[0])) for name in names}
        turned, channels = (each[recipe.name].mean - each[BASELINE.name].mean for recipe in ADDED[:2])
        both = each[TOGETHER.name].mean - each[BASELINE.name].mean
        found["together"] = (
            _said(both >= 0.04 and both > turned + channels),
            f"rotation and mirror alone {turned:+.3f}, channels alone {channels:+.3f}, both together {both:+.3f}",
        )
        lost = {recipe.name: each[recipe.name].mean - each[FULL.name].mean for recipe in LEFT_OUT[2:]}
        costs = sum(difference < 0 for difference in lost.values())
        told = ", ".join(f"{name} {difference:+.3f}" for name, difference in lost.items())
        verdict = {3: "as foretold if true", 0: "as foretold if false"}.get(costs, f"so it is of {costs} of the three")
        found["the others"] = (verdict, told)
    if splits := common([FULL.name, ROCKET]):
        full, rocket = (numbers.accuracy(of(name, splits)) for name in (FULL.name, ROCKET))
        it = numbers.paired(full, rocket)
        found["ahead"] = (
            _said(it.difference > 0 and it.p < 0.05),
            f"{full.mean:.3f} and {rocket.mean:.3f}, {it.difference:+.3f} over {len(full.people)} people, p = "
            f"{it.p:.2g}",
        )
        shares = [
            recording.share(STAIRS[key])
            for name in (FULL.name, ROCKET)
            for recording in numbers.recordings(of(name, splits))
            if (key := recording[:3]) in STAIRS
        ]
        if shares:
            others = [
                each
                for name in (FULL.name, ROCKET)
                for each in numbers.taken_for(of(name, splits), 0, 4, min(shares))
                if each.person != 9
            ]
            found["person 9"] = (
                _said(min(shares) > 0.5 and not others),
                f"of each of the two at least {min(shares):.2f} of the windows is taken for the other way, by both; "
                f"{len(others)} other recordings of stairs are by that share",
            )
    elsewhere, better = list[str](), list[bool]()
    for data in (SHOULDER, WISDM):
        if splits := common([FULL.name, BASELINE.name, ROCKET], data):
            three = [numbers.accuracy(of(name, splits, data)).mean for name in (FULL.name, BASELINE.name, ROCKET)]
            better.append(three[0] > three[1])
            elsewhere.append(f"{data}: full {three[0]:.3f}, baseline {three[1]:.3f}, {ROCKET} {three[2]:.3f}")
    if elsewhere:
        found["elsewhere"] = (f"above the baseline on {sum(better)} of {len(better)}", "; ".join(elsewhere))
    return found


def _said(true: bool) -> str:
    return "as foretold if true" if true else "not as foretold if true"
