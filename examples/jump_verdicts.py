"""Why it jumps: of each prediction, whether it came out."""

from collections.abc import Sequence

import jump_numbers as numbers
from jump_claim import QUIET, REACHES
from jump_measures import REMEDIES, REPORT
from jump_numbers import Row, counts, regime, sharp


def base(rows: Sequence[Row]) -> list[Row]:
    """Return the trainings that remedies are compared with."""
    data_sets = {row["data"] for row in rows if row["remedy"] != REPORT}
    return [
        row for row in rows
        if row["data"] in data_sets and row["remedy"] == REPORT and row["part"] == "b"
        and (row["hidden"], row["batch_size"]) == (50, 30)
    ]  # fmt: skip


def verdicts(rows: Sequence[Row], around: Sequence[Row]) -> list[tuple[str, str]]:
    """Say of each prediction whether it came out, and by which numbers."""
    report = [row for row in rows if row["remedy"] == REPORT]
    c, calm, at_sharp = counts(report), regime(report, lambda row: ~sharp(row)), regime(report, sharp)
    seen = [numbers.seen(row) for row in around]
    by = {name: numbers.remedied(some) for name in REMEDIES if (some := [r for r in rows if r["remedy"] == name])}
    none = numbers.remedied(base(rows)) if base(rows) else None
    found = [
        (
            c.jumps > 0 and c.preceded >= 0.8 * c.jumps and c.preceded >= 2 * c.preceded_by_chance,
            f"{c.preceded} of {c.jumps} jumps have one before; {c.preceded_by_chance:.1f} by chance (p = {c.p:.3f})",
        ),
        (
            c.sharp > 0 and c.followed >= 0.5 * c.sharp,
            f"{c.followed} of {c.sharp} sharp moments are followed by one; of the others "
            f"{part(c.calm_followed, c.calm)}",
        ),
        (
            calm.reach < QUIET and at_sharp.reach > REACHES,
            f"median {calm.reach:.1e} in the calm, {at_sharp.reach:.1e} at sharp moments"
            if calm.n and at_sharp.n
            else f"{calm.n} moments were calm and {at_sharp.n} sharp",
        ),
        (bool(seen) and all(s.dynamics for s in seen), f"in {sum(s.dynamics for s in seen)} of {len(seen)} jumps"),
        (bool(seen) and all(s.cliff for s in seen), f"in {sum(s.cliff for s in seen)} of {len(seen)} jumps"),
    ]
    compared = [_clipping, _rate, _others]
    return [("as claimed" if ok else "not as claimed", why) for ok, why in found] + [
        each(none, by) if none is not None else ("not measured", "") for each in compared
    ]


def _clipping(none: numbers.Remedied, by: dict[str, numbers.Remedied]) -> tuple[str, str]:
    if (r := by.get("norm clipped at 1")) is None:
        return "not measured", ""
    ok = r.jumps < none.jumps and r.loss < none.loss and r.sharp > 0.5 and r.arrives > none.arrives
    return ("as claimed" if ok else "not as claimed"), (
        f"jumps {none.jumps:.1f} to {r.jumps:.1f} a training, loss {none.loss:.2f} to {r.loss:.2f}, moments above "
        f"2 / eta "
        f"{none.sharp:.0%} to {r.sharp:.0%}, reach above 0.01 in {none.arrives:.0%} to {r.arrives:.0%}"
    )


def _rate(none: numbers.Remedied, by: dict[str, numbers.Remedied]) -> tuple[str, str]:
    if (r := by.get("a tenth of the rate")) is None:
        return "not measured", ""
    return ("as claimed" if r.jumps < none.jumps else "not as claimed"), (
        f"jumps {none.jumps:.1f} to {r.jumps:.1f} a training, moments above 2 / eta {none.sharp:.0%} to {r.sharp:.0%}"
    )


def _others(none: numbers.Remedied, by: dict[str, numbers.Remedied]) -> tuple[str, str]:
    names = [name for name in ("orthogonal W_hh", "loss on every step", "GRU", "LSTM") if name in by]
    if not names:
        return "not measured", ""
    good = {name: r.jumps < none.jumps for name, r in by.items() if name in names}
    if "orthogonal W_hh" in by:
        r = by["orthogonal W_hh"]
        good["orthogonal W_hh"] = r.jumps >= none.jumps and r.sharp > none.sharp
    why = ", ".join(f"{name} {by[name].jumps:.1f}" for name in names)
    sharpness = ", ".join(f"{by[name].sharp:.0%}" for name in names)
    return ("as claimed" if all(good.values()) else f"in {sum(good.values())} of {len(good)}"), (
        f"jumps a training: none {none.jumps:.1f}, {why}; moments above 2 / eta: none {none.sharp:.0%}, {sharpness}"
    )


def part(k: int, n: int) -> str:
    """Return k of n as a percentage."""
    return f"{k / n:.0%}" if n else "none"
