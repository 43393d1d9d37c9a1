"""Why it jumps: the page's section on jumps that were seen batch by batch."""

from collections.abc import Sequence

import jump_numbers as numbers
import numpy as np
from jump_claim import MARGIN
from jump_numbers import Row
from jump_verdicts import part

PLACES = ("before", "peak", "after")
NAMES = {"motionsense": "MotionSense", "shoulder": "shoulder exercises"}


def batches(around: Sequence[Row]) -> list[str]:
    """Return the section on jumps seen batch by batch."""
    if not around:
        return ["No jump was looked at batch by batch."]
    lines = [
        "The largest jumps of some trainings: run again and measured every few batches of three epochs, the "
        "last the "
        "one in which the jump begins: the first measurement / at the largest gradient / the last. Sharpness is "
        "exact; the "
        "last column, by few products, is how many of the measurements of each epoch are above 2 / eta. The Lyapunov "
        "exponent is the largest along 10 training samples, fixed points are those under the mean input that "
        "searches of "
        "100 steps from 40 states find, and the change of the loss is that of the recorded samples by one step of "
        "plain "
        "descent on them.",
        "",
        "| training, epoch of the jump | gradient norm | sharpness, times 2 / eta | largest Lyapunov exponent | fixed "
        "points | a step changes the loss by | above 2 / eta, by epoch |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in around:
        s = numbers.seen(row)
        cells = [
            _title(row),
            " / ".join(f"{x:.3g}" for x in s.norms),
            " / ".join(f"{x:.2g}" for x in s.multiple),
            " / ".join(f"{x:.2f}" for x in s.exponents) + f"; highest {s.highest:.2f}",
            " / ".join(f"{x:.0f}" for x in s.fixed_points),
            " / ".join(f"{x:+.1%}" for x in s.rises),
            " / ".join(f"{k} of {n}" for k, n in numbers.by_epoch(row)),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", *_across(around), "", *_rises(around), "", *_falls(around)]
    for name in dict.fromkeys(row["data"] for row in around):
        lines += ["", f"![Batch by batch](batch_by_batch_{name}.png)", "", f"![Slices of the loss](slices_{name}.png)"]
    return lines


def _across(around: Sequence[Row]) -> list[str]:
    """Return what the exponents, the fixed points and the slices say of all the jumps together."""
    seen, n = [numbers.seen(row) for row in around], len(around)
    exponents = np.median([s.exponents for s in seen], axis=0)
    peaks = sum(s.exponents[1] > max(s.exponents[0], s.exponents[2]) for s in seen)
    chaotic = sum(s.highest > 0 for s in seen)
    changed = sum(s.fixed_points[0] != s.fixed_points[2] for s in seen)
    one = sum(s.fixed_points == (1, 1, 1) for s in seen)
    raised = [sum(s.rises[i] > MARGIN for s in seen) for i in range(3)]
    minima = np.median([[numbers.minima(row["places"][name]["losses"]) for name in PLACES] for row in around], axis=0)
    further = sum(min(row["places"]["peak"]["losses"][:21]) < row["places"]["peak"]["loss_after"] for row in around)
    return [
        f"- Largest Lyapunov exponent, medians over the {n} jumps: {exponents[0]:.2f} first, {exponents[1]:.2f} at the "
        f"largest gradient, {exponents[2]:.2f} at the end. It is highest of the three at the largest gradient in "
        f"{peaks}, and above 0, which is chaos, at any measurement in {chaotic}.",
        f"- Fixed points under the mean input: another number at the end than at first in {changed} of {n}; one all "
        f"the while, at these three places, in {one}.",
        f"- Slices along the gradient: one step of descent raises the loss of the recorded samples by more than "
        f"{MARGIN:.0%} in {raised[0]} of {n} jumps at first, in {raised[1]} at the largest gradient, and in "
        f"{raised[2]} at the end. At the largest gradient a step up to twice as long would end lower in {further}. "
        f"The slice, two steps to either side, has {minima[0]:.0f} minima at first (median), {minima[1]:.0f} at the "
        f"largest gradient, and {minima[2]:.0f} at the end: with more than one, no curvature says what "
        "a step does.",
    ]


def _rises(around: Sequence[Row]) -> list[str]:
    names = list(dict.fromkeys(row["data"] for row in around))
    groups = [(NAMES.get(name, name), [row for row in around if row["data"] == name]) for name in names]
    if len(names) > 1:
        groups.append(("both", list(around)))
    lines = [
        f"The jumps above are those of an epoch's mean loss. Counted batch by batch (added after the first pictures "
        f"had been seen): a rise is a loss of the recorded samples that is {MARGIN:.0%} above that of the measurement "
        "before. It is after a sharp moment if sharpness was above 2 / eta at one of the two measurements before it; "
        "by chance, if that were as often so before rises as before any other measurement.",
        "",
        "| data | rises | after a sharp moment | by chance | sharp moments | followed by a rise within two "
        "measurements | of all others |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, some in groups:
        r = numbers.rises(some)
        lines.append(
            f"| {name} | {r.rises} | {r.preceded} ({part(r.preceded, r.rises)}) | {r.by_chance:.1f} | {r.sharp} | "
            f"{r.followed} ({part(r.followed, r.sharp)}) | {part(r.calm_followed, r.calm)} |"
        )
    return lines


def _falls(around: Sequence[Row]) -> list[str]:
    falls = [found for row in around if (found := numbers.fall(row)) is not None]
    if not falls:
        return []
    after_sharp = sum(f.multiple > 1 for f in falls)
    return [
        "Added after these pictures had been seen: the fall is where the reach falls most from one measurement to "
        "the next. "
        f"It is after a sharpness above 2 / eta, in one of the two measurements before, in {after_sharp} of "
        f"{len(falls)} "
        f"jumps; of any two neighboring measurements {np.mean([f.by_chance for f in falls]):.0%} have one.",
        "",
        "| jump | reach before and after the fall | sharpness before it, times 2 / eta | largest Lyapunov exponent |",
        "|---|---|---|---|",
        *(
            f"| {_title(row)} | {f.reaches[0]:.0e} to {f.reaches[1]:.0e} | {f.multiple:.2g} | {f.exponents[0]:.2f} to "
            f"{f.exponents[1]:.2f} |"
            for row in around
            if (f := numbers.fall(row)) is not None
        ),
    ]


def _title(row: Row) -> str:
    network = f"({row['hidden']}, {row['learning_rate']:g}, {row['batch_size']})"
    return f"{NAMES.get(row['data'], row['data'])} {network}, seed {row['seed']}, epoch {row['epoch']}"


def precision(around: Sequence[Row]) -> str:
    """Return a sentence on how close sharpness by few products is to the exact one."""
    ratios = [p["few_products"] / p["exact_sharpness"] for row in around for p in row["places"].values()]
    if not ratios:
        return ""
    of = f"{min(ratios):.2f} to {max(ratios):.2f}"
    return f"At {len(ratios)} places where both were computed it is {of} times the exact."
