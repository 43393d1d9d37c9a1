"""Why it jumps: the page's section on remedies, and whether each acts where the account says it should."""

from collections.abc import Sequence

import jump_numbers as numbers
import numpy as np
from jump_measures import REMEDIES, REPORT
from jump_numbers import Remedied, Row
from jump_verdicts import base


def remedies(rows: Sequence[Row], recorded: int) -> list[str]:
    """Return the section."""
    table = {}
    for name in (REPORT, *REMEDIES):
        some = base(rows) if name == REPORT else [row for row in rows if row["remedy"] == name]
        if some:
            table[name] = numbers.remedied(some)
    lines = [
        f"On MotionSense, (50, 0.01, 30), Xavier; one thing changed; {recorded} epochs, jumps among them, means over "
        "seeds. With a loss on every step dE/dA_1 has a loss of its own, and its reach says nothing; W_hh of gated "
        "cells is no map of a state, and has no spectral radius here.",
        "",
        "| remedy | seeds | jumps a training | moments above 2 / eta | median reach | above 0.01 | spectral radius "
        "at the end | training loss | test accuracy |",
        "|---|---|---|---|---|---|---|---|---|",
        *(_row(name, r) for name, r in table.items()),
    ]
    if REPORT in table and len(table) > 1:
        none = table[REPORT]
        acts = [_acts(name, none, r) for name, r in table.items() if name != REPORT]
        lines += ["", "Where the account says it should?", "", *acts]
    return lines


def _row(name: str, r: Remedied) -> str:
    radius = "" if np.isnan(r.radius) else f"{r.radius:.2f}"
    return (
        f"| {name or 'none: the report' + chr(39) + 's'} | {r.trainings} | {r.jumps:.1f} | {r.sharp:.0%} | "
        f"{r.reach:.1e} | {r.arrives:.0%} | {radius} | {r.loss:.3f} | {r.accuracy:.3f} |"
    )


def _acts(name: str, none: Remedied, r: Remedied) -> str:
    """Say whether what should change has changed, and what should not has not."""
    fewer, lower = (f"fewer jumps ({none.jumps:.1f} to {r.jumps:.1f})", r.jumps < none.jumps), r.loss < none.loss
    further = f"a gradient that reaches further (above 0.01 in {none.arrives:.0%} to {r.arrives:.0%})"
    reaches = further, r.arrives > none.arrives
    sharper = f"a sharpness above 2 / eta more often ({none.sharp:.0%} to {r.sharp:.0%})", r.sharp > none.sharp
    calmer = f"a sharpness above 2 / eta less often ({none.sharp:.0%} to {r.sharp:.0%})", r.sharp < none.sharp
    more = f"as many jumps or more ({none.jumps:.1f} to {r.jumps:.1f})", r.jumps >= none.jumps
    learns = f"a lower training loss ({none.loss:.2f} to {r.loss:.2f})", lower
    expected = {
        "norm clipped at 1": (fewer, learns, sharper, reaches),
        "a tenth of the rate": (fewer, calmer),
        "orthogonal W_hh": (reaches, sharper, more),
        "loss on every step": (fewer, calmer),
    }.get(name, (reaches, calmer, fewer))
    yes, no = [what for what, holds in expected if holds], [what for what, holds in expected if not holds]
    said = "yes: " + ", ".join(yes) if not no else "no: expected " + ", ".join(no)
    if no and yes:
        said = f"in part: {', '.join(yes)}; but expected {', '.join(no)}"
    return f"- {name}: {said}."
