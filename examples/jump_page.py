"""Why it jumps: the page. Every number in it is computed from the tables of the trainings."""

from collections.abc import Sequence
from typing import Any

import jump_numbers as numbers
import numpy as np
from jump_batches import NAMES, batches, precision
from jump_claim import AHEAD, CLAIM, MARGIN, MARGINS, PREDICTIONS, QUIET
from jump_measures import PRODUCTS, PROFILED, REMEDIES, REPORT, SAMPLES
from jump_numbers import Row, counts, regime, sharp
from jump_remedies import remedies
from jump_sentences import sentences
from jump_verdicts import part, verdicts

from unrolled import __version__, data


def page(rows: Sequence[Row], around: Sequence[Row], shared: dict[str, data.Dataset]) -> str:
    """Write the page."""
    report = [row for row in rows if row["remedy"] == REPORT]
    came_out = dict(zip([p.name for p in PREDICTIONS], verdicts(rows, around), strict=True))
    recorded = max(row["recorded"] for row in rows)
    lines = [
        "# Why it jumps",
        "",
        *("- " + movements.provenance + "." for movements in shared.values()),
        "",
        "Printed by `python examples/why_it_jumps.py --motionsense A_DeviceMotion_data.zip` (which goes on where "
        "it was "
        "stopped).",
        "",
        f"unrolled {__version__}. The report's recipes on raw units; {_trainings(report)}; "
        f"and remedies on the network (50, 0.01, 30): {_remedies(rows)}.",
        "",
        f"At the end of each of the first {recorded} epochs: sharpness, the largest eigenvalue of the loss's "
        f"Hessian on "
        f"{SAMPLES} training samples, and the gradient's way through time on {PROFILED} of them. The exact sharpness "
        f"(`dynamics.curvature`) takes some twenty complex passes, more than a training; here it is Lanczos by "
        f"{PRODUCTS} "
        f"products, each a difference of two gradients. {precision(around)}",
        "",
        "## The claim",
        "",
        CLAIM,
        "",
        "Written down, and committed, before the first training was run (`jump_claim.py`):",
        "",
        "| | if it is true | if not |",
        "|---|---|---|",
        *(f"| {p.name} | {_cell(p.if_true)} | {_cell(p.if_false)} |" for p in PREDICTIONS),
        "",
        "## What came out",
        "",
        "| | | |",
        "|---|---|---|",
        *(f"| {name} | **{verdict}** | {_cell(why)} |" for name, (verdict, why) in came_out.items()),
        "",
        *_in_short(came_out, report, around),
        "",
        "![Two networks, one of them clipped](why_it_jumps.png)",
        "",
        "## Jumps and sharp moments",
        "",
        f"A jump begins where the training loss of an epoch is {MARGIN:.0%} above the lowest before (and that of "
        f"the epoch "
        f"before was not). A moment, the end of an epoch, is before a jump that begins in one of the {AHEAD} "
        f"epochs after "
        "it. Chance: the moments of each training shuffled 2000 times, mean and standard deviation; p, the fraction of "
        "shuffles with as many.",
        "",
        "| data | a jump | a moment | jumps | preceded by one | by chance | p | moments | followed by a jump | "
        "of all others |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *_contingency(report),
        "",
        *_coincidence(report),
        "",
        "![Sharpness and reach at every moment](sharp_and_reach.png)",
        "",
        "## How far the gradient reaches",
        "",
        "Reach is |dE/dA_1| / |dE/dA_T|; memory, after how many steps back less than 1% of the gradient is left.",
        "",
        "| data | moments | number | median reach | below 1e-6 | above 0.01 | above 1 | memory | gradient norm | "
        "sharpness |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *_regimes(report),
        "",
        *_together(report),
        "",
        "## Batch by batch",
        "",
        *batches(around),
        "",
        "## Remedies",
        "",
        *remedies(rows, recorded),
        "",
        "## The report's sentences",
        "",
        *sentences(rows, around, shared),
        "",
        "## What stays open",
        "",
        *_unmeasured(rows),
        *OPEN,
    ]
    return "\n".join(lines) + "\n"


OPEN = (
    "- Ends of epochs are one moment in 100 to 300 batches: what is sharp for a few batches only is mostly not "
    "seen there, "
    "and only a few jumps were looked at batch by batch.",
    "- Sharp moments that no jump follows: batch by batch too there are many. What decides whether a step out of a "
    "ravine "
    "ends beyond it or in the dead region was not measured.",
    "- Whether a bifurcation is crossed: the number of fixed points under the mean input says little here, and "
    "fixed points "
    "under the inputs that do occur were not looked at.",
    "- Why the spectral radius grows all the while, and whether that brings the network to the ravine.",
    "- The loss in which a jump is counted is that of the batches as they were met, as in the report's figures.",
    "- The report's own recordings are not public; it may have jumped for another reason.",
)


def _unmeasured(rows: Sequence[Row]) -> list[str]:
    seeds = {row["seed"] for row in rows}
    remedies = [f"{name} ({n})" for name in REMEDIES if (n := len(seeds) - sum(r["remedy"] == name for r in rows)) > 0]
    names = list(dict.fromkeys(row["data"] for row in rows))
    n = sum(row["remedy"] == REPORT for row in rows)
    lines = []
    if n < 13 * len(seeds) * len(names):
        lines.append(
            f"- Of the report's thirteen recipes with {len(seeds)} seeds on each data set, {n} of "
            f"{13 * len(seeds) * len(names)} trainings have been run: what is said of all is said of these."
        )
    if remedies:
        lines.append(f"- Remedies of which seeds are missing (how many): {', '.join(remedies)}.")
    return lines


def _in_short(came_out: dict[str, tuple[str, str]], report: Sequence[Row], around: Sequence[Row]) -> list[str]:
    said = dict.fromkeys(verdict for verdict, _ in came_out.values())
    stands = "stands" if came_out["clipping"][0] == "as if true" else "does not stand"
    c, falls = counts(report), [found for row in around if (found := numbers.fall(row)) is not None]
    before = "come no more often before jumps than by chance"
    if c.p <= 0.05:
        before = f"come {c.preceded / c.preceded_by_chance:.1f} times as often before jumps as by chance"
    lines = [
        *(
            f"- {verdict[0].upper()}{verdict[1:]}: {', '.join(n for n, (v, _) in came_out.items() if v == verdict)}."
            for verdict in said
        ),
        f"- The half of the claim about where the network can learn {stands}: {came_out['clipping'][1]}.",
        f"- Of the half about jumps: sharp moments at the ends of epochs {before} ({c.preceded} of "
        f"{c.jumps}, by chance {c.preceded_by_chance:.1f}).",
    ]
    if falls:
        lines.append(
            f"- Batch by batch, the gradient's reach falls right after a sharpness above 2 / eta in "
            f"{sum(f.multiple > 1 for f in falls)} of {len(falls)} jumps "
            f"({sum(f.by_chance for f in falls):.1f} by chance), from a median of "
            f"{np.median([f.reaches[0] for f in falls]):.0e} to {np.median([f.reaches[1] for f in falls]):.0e}, "
            f"and the "
            f"largest Lyapunov exponent from {np.median([f.exponents[0] for f in falls]):.2f} to "
            f"{np.median([f.exponents[1] for f in falls]):.2f}: the network is thrown to where it forgets at once."
        )
    return lines


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _trainings(rows: Sequence[Row]) -> str:
    said = []
    for name in dict.fromkeys(row["data"] for row in rows):
        seeds: dict[str, set[int]] = {}
        for row in rows:
            if row["data"] == name:
                seeds.setdefault(row["part"], set()).add(row["seed"])
        parts = ", ".join(f"part {part} with {len(s)} seed{'s' * (len(s) > 1)}" for part, s in sorted(seeds.items()))
        said.append(f"{NAMES.get(name, name)}: {parts}")
    return f"{len(rows)} trainings (" + "; ".join(said) + ")"


def _remedies(rows: Sequence[Row]) -> str:
    return ", ".join(f"{name} ({n} seeds)" for name in REMEDIES if (n := sum(row["remedy"] == name for row in rows)))


def _contingency(report: Sequence[Row]) -> list[str]:
    names = list(dict.fromkeys(row["data"] for row in report))
    kinds: list[tuple[str, Any, Sequence[float]]] = [
        ("above 2 / eta", sharp, MARGINS),
        (f"above {numbers.FAR:g} x 2 / eta", lambda row: sharp(row, numbers.FAR), (MARGIN,)),
    ]
    groups = [(NAMES.get(name, name), [row for row in report if row["data"] == name]) for name in names]
    if len(names) > 1:
        groups.append(("all", list(report)))
    groups.append(("all, part a alone", [row for row in report if row["part"] == "a"]))
    groups.append(("all, parts b and c alone", [row for row in report if row["part"] != "a"]))
    lines = []
    for name, some in groups:
        for kind, moments, margins in kinds:
            for margin in margins if "alone" not in name else (MARGIN,):
                c = counts(some, margin, moments)
                lines.append(
                    f"| {name} | {margin:.0%} | {kind} | {c.jumps} | {c.preceded} "
                    f"({part(c.preceded, c.jumps)}) | {c.preceded_by_chance:.1f} sd {c.chance_error:.1f} | {c.p:.3f} | "
                    f"{c.sharp} | {c.followed} ({part(c.followed, c.sharp)}) | {part(c.calm_followed, c.calm)} |"
                )
    return lines


def _coincidence(report: Sequence[Row]) -> list[str]:
    k, n, spikes, epochs = numbers.coincide(report)
    return [
        "Added after the first trainings had been seen, as the end of an epoch does not show what is sharp within "
        "the next: "
        f"an epoch has a spike if the mean gradient norm of its batches is {numbers.SPIKE:g} times the training's "
        f"median. Of "
        f"{n} jumps {k} ({part(k, n)}) begin in an epoch with a spike; of all {epochs} epochs {spikes} "
        f"({part(spikes, epochs)}) have one."
    ]


def _regimes(report: Sequence[Row]) -> list[str]:
    lines = []
    for name in dict.fromkeys(row["data"] for row in report):
        some = [row for row in report if row["data"] == name]
        for kind, which in (
            ("all", None),
            ("below 2 / eta", lambda row: ~sharp(row)),
            ("above 2 / eta", sharp),
            (f"above {numbers.FAR:g} x 2 / eta", lambda row: sharp(row, numbers.FAR)),
        ):
            r = regime(some, which)
            if not r.n:
                continue
            lines.append(
                f"| {NAMES.get(name, name)} | {kind} | {r.n} | {r.reach:.1e} | {r.vanishes:.0%} | {r.arrives:.0%} | "
                f"{r.explodes:.0%} | {r.memory:.0f} | {r.gradient_norm:.3g} | {r.sharpness:.3g} |"
            )
    return lines


def _together(report: Sequence[Row]) -> list[str]:
    lines = []
    for name in dict.fromkeys(row["data"] for row in report):
        r, reaching, sharp_ones = numbers.together([row for row in report if row["data"] == name])
        lines.append(
            f"- {NAMES.get(name, name)}: over all moments sharpness and reach have a rank correlation of {r:+.2f}; of "
            f"{reaching} moments at which the reach is above {QUIET:g}, {sharp_ones} are above 2 / eta."
        )
    return lines
