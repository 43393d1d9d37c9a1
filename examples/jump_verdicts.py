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
        _said(
            c.jumps > 0 and c.preceded >= 0.8 * c.jumps and c.preceded >= 2 * c.preceded_by_chance,
            c.p > 0.05,
            f"{c.preceded} of {c.jumps} jumps have one before; {c.preceded_by_chance:.1f} by chance (p = {c.p:.3f})",
        ),
        _said(
            c.sharp > 0 and c.followed >= 0.5 * c.sharp,
            c.followed * c.calm <= 1.5 * c.calm_followed * c.sharp,
            f"{c.followed} of {c.sharp} sharp moments ({part(c.followed, c.sharp)}) are followed by one, and "
            f"{part(c.calm_followed, c.calm)} of the others",
        ),
        _said(
            calm.reach < QUIET and at_sharp.reach > REACHES,
            0.01 * calm.reach <= at_sharp.reach <= 100 * calm.reach,
            f"median {calm.reach:.1e} in the calm, {at_sharp.reach:.1e} at sharp moments"
            if calm.n and at_sharp.n
            else f"{calm.n} moments were calm and {at_sharp.n} sharp",
        ),
        *(
            _said(all(each), not any(each), f"in {sum(each)} of {len(each)} jumps") if each else NOT_MEASURED
            for each in ([s.dynamics for s in seen], [s.cliff for s in seen])
        ),
    ]
    return [*found, *(each(none, by) if none is not None else NOT_MEASURED for each in (_clipping, _rate, _others))]


NOT_MEASURED = "not measured", ""


def _said(as_if_true: bool, as_if_false: bool, why: str) -> tuple[str, str]:
    return "as if true" if as_if_true else "as if false" if as_if_false else "neither", why


def _clipping(none: numbers.Remedied, by: dict[str, numbers.Remedied]) -> tuple[str, str]:
    if (r := by.get("norm clipped at 1")) is None:
        return NOT_MEASURED
    return _said(
        r.jumps < none.jumps and r.loss < none.loss and r.sharp > 0.5 and r.arrives > none.arrives,
        r.sharp < none.sharp or r.arrives <= none.arrives,
        f"jumps {none.jumps:.1f} to {r.jumps:.1f} a training, loss {none.loss:.2f} to {r.loss:.2f}, moments above "
        f"2 / eta "
        f"{none.sharp:.0%} to {r.sharp:.0%}, reach above 0.01 in {none.arrives:.0%} to {r.arrives:.0%}",
    )


def _rate(none: numbers.Remedied, by: dict[str, numbers.Remedied]) -> tuple[str, str]:
    if (r := by.get("a tenth of the rate")) is None:
        return NOT_MEASURED
    return _said(
        r.jumps < none.jumps,
        r.jumps >= none.jumps,
        f"jumps {none.jumps:.1f} to {r.jumps:.1f} a training, moments above 2 / eta {none.sharp:.0%} to {r.sharp:.0%}",
    )


def _others(none: numbers.Remedied, by: dict[str, numbers.Remedied]) -> tuple[str, str]:
    wanted = ("orthogonal W_hh", "loss on every step", "GRU", "LSTM")
    names = [name for name in wanted if name in by]
    if not names:
        return NOT_MEASURED
    good = {name: r.jumps < none.jumps for name, r in by.items() if name in names}
    if "orthogonal W_hh" in by:
        r = by["orthogonal W_hh"]
        good["orthogonal W_hh"] = r.jumps >= none.jumps and r.sharp > none.sharp
    why = ", ".join(f"{name} {by[name].jumps:.1f}" for name in names)
    sharpness = ", ".join(f"{by[name].sharp:.0%}" for name in names)
    verdict, why = _said(
        all(good.values()),
        not all(good.values()),
        f"jumps a training: none {none.jumps:.1f}, {why}; moments above 2 / eta: none {none.sharp:.0%}, {sharpness}",
    )
    missing = [name for name in wanted if name not in by]
    if missing:
        return f"{verdict}, as far as measured", f"{why}; not measured: {', '.join(missing)}"
    return verdict, why


def part(k: int, n: int) -> str:
    """Return k of n as a percentage."""
    return f"{k / n:.0%}" if n else "none"
