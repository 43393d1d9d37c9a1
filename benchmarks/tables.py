"""What came of it, as Markdown that also reads well in a terminal."""

from collections.abc import Callable, Sequence

from contest import Differences, Outcome, milliseconds, ratio
from contestants import CONTESTANTS, JAX, KERAS, OURS, OURS_ALONE, TEXTBOOK, TORCH, Contestant
from goals import GOALS
from growth import Growth
from roofline import Rates, arithmetic
from work import Case

SIZE = "(batch, hidden)"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Set a Markdown table, its columns aligned."""
    widths = [max(len(row[n]) for row in (header, *rows)) for n in range(len(header))]
    lines = [header, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)) + " |" for line in lines
    )


def by_contestant(
    outcomes: Sequence[Outcome], contestants: Sequence[Contestant], cell: Callable[[Outcome, str], str]
) -> str:
    """Set a table with a row for each case and a column for each contestant that took part in any."""
    present = [c.title for c in contestants if any(c.title not in outcome.absent for outcome in outcomes)]
    return table(
        [SIZE, *present],
        [
            [str(outcome.case), *(cell(outcome, title) if title not in outcome.absent else "-" for title in present)]
            for outcome in outcomes
        ],
    )


def times(outcomes: Sequence[Outcome], task: str) -> str:
    """Median milliseconds, and the ratio to ours with its quartiles."""

    def cell(outcome: Outcome, title: str) -> str:
        own = f"{figures(milliseconds(outcome, task, title))} ms"
        if title == OURS.title:
            return own
        low, middle, high = ratio(outcome, task, title)
        return f"{own}: {middle:.2f} ({low:.2f} to {high:.2f})"

    return by_contestant(outcomes, CONTESTANTS, cell)


def memory(outcomes: Sequence[Outcome], task: str) -> str:
    """Peak memory in MiB."""
    return by_contestant(outcomes, CONTESTANTS, lambda o, title: f"{o.memory[task][title] / 2**20:.1f}")


def equality(outcomes: Sequence[Outcome]) -> str:
    """How far everyone's answers are from ours."""

    def cell(outcome: Outcome, title: str) -> str:
        d = outcome.differences[title]
        return f"{d.answers:.0e}, {d.steps:.0e}" + ("" if d.equal else " NOT EQUAL")

    peers = [c for c in CONTESTANTS if c is not OURS]
    return by_contestant(outcomes, peers, cell)


def ways(outcomes: Sequence[Outcome]) -> str:
    """Which way those with several took: to train, to predict."""
    several = [c for c in CONTESTANTS if not c.ways and any(any(o.ways.get(c.title, {}).values()) for o in outcomes)]
    return by_contestant(outcomes, several, lambda o, title: f"{o.ways[title]['train']}; {o.ways[title]['predict']}")


def absences(outcomes: Sequence[Outcome]) -> list[str]:
    """Who was not there, and why: a line each."""
    lines: dict[str, list[str]] = {}
    for outcome in outcomes:
        for title, why in outcome.absent.items():
            lines.setdefault(f"{title}: {why}", []).append(str(outcome.case))
    return [
        f"- {line}" + (f" [{', '.join(cases)}]" if len(cases) < len(outcomes) else "") for line, cases in lines.items()
    ]


def goals(outcomes: Sequence[Outcome], rates: dict[int, Rates]) -> str:
    """The ratios of the training step beside their goals."""
    threads = max(rates)
    rows = []
    for outcome in outcomes:
        goal = GOALS.get((outcome.case.batch, outcome.case.hidden))
        if goal is None:
            continue
        torch = min(
            (c.title for c in TORCH if c.title not in outcome.absent),
            key=lambda title: milliseconds(outcome, "train", title),
            default=TORCH[0].title,
        )
        rows.append(
            [
                str(outcome.case),
                at_least(outcome, torch, goal.pytorch),
                at_least(outcome, JAX.title, goal.jax),
                at_least(outcome, KERAS.title, goal.keras),
                at_least(outcome, TEXTBOOK.title, goal.textbook),
                at_most(over_roofline(outcome, "train", OURS.title, rates[threads]), goal.roofline),
                at_most(over_roofline(outcome, "train", OURS_ALONE.title, rates[1]), goal.roofline),
            ]
        )
    return table(
        [
            SIZE,
            "PyTorch / ours",
            "JAX / ours",
            "Keras / ours",
            "textbook / ours",
            f"ours / roofline ({plural(threads)})",
            "ours / roofline (both on 1 thread)",
        ],
        rows,
    )


def at_least(outcome: Outcome, title: str, goal: float) -> str:
    """Tell whether a ratio reaches its goal."""
    if title in outcome.absent:
        return f"- (goal {goal:g})"
    _, middle, _ = ratio(outcome, "train", title)
    return f"{middle:.2f} (goal {goal:g}: {'met' if middle >= goal else 'not met'})"


def at_most(value: float, goal: float | None) -> str:
    """Tell whether a distance is within its goal."""
    if goal is None:
        return f"{value:.2f}"
    return f"{value:.2f} (goal {goal:g}: {'met' if value <= goal else 'not met'})"


def over_roofline(outcome: Outcome, task: str, title: str, rates: Rates) -> float:
    """Give a contestant's time over what the arithmetic alone costs."""
    return milliseconds(outcome, task, title) / (1e3 * arithmetic(outcome.case, task).seconds(rates))


def roofline(outcomes: Sequence[Outcome], task: str, rates: dict[int, Rates]) -> str:
    """Our distance from the arithmetic alone."""
    threads = max(rates)
    rows = []
    for outcome in outcomes:
        needed = arithmetic(outcome.case, task)
        row = [str(outcome.case), f"{needed.flops / 1e6:.0f}", f"{needed.tanh / 1e3:.0f}"]
        for title, n in ((OURS.title, threads), (OURS_ALONE.title, 1)):
            row.append(f"{figures(1e3 * needed.seconds(rates[n]))} ms")
            row.append(f"{figures(milliseconds(outcome, task, title))} ms")
            row.append(f"{over_roofline(outcome, task, title, rates[n]):.2f}")
        rows.append(row)
    both = [(f"roofline, {plural(threads)}", OURS.title), ("roofline, 1 thread", OURS_ALONE.title)]
    return table([SIZE, "Mflop", "1000 tanh", *(name for roof, title in both for name in (roof, title, "ratio"))], rows)


def growth(grown: Sequence[Growth], base: Case) -> str:
    """The times along each size, and the exponent fitted to them."""
    names = {"steps": "T", "batch": "batch", "hidden": "hidden"}
    fixed = {"steps": base.steps, "batch": base.batch, "hidden": base.hidden}
    return table(
        ["along", "at", "milliseconds", "exponent", "steepest between neighbours"],
        [
            [
                names[g.size],
                ", ".join(f"{names[size]} {n}" for size, n in fixed.items() if size != g.size),
                ", ".join(f"{n}: {figures(1e3 * s)}" for n, s in zip(g.values, g.seconds, strict=True)),
                f"{g.exponent:.2f}",
                f"{g.steepest:.2f}",
            ]
            for g in grown
        ],
    )


def equal(outcomes: Sequence[Outcome]) -> bool:
    """Tell whether all did the same work."""
    return all(d.equal for outcome in outcomes for d in outcome.differences.values())


def limits() -> str:
    """Name the limits of equality."""
    return f"{Differences.ANSWERS_LIMIT:.0e} and {Differences.STEPS_LIMIT:.0e}"


def figures(value: float) -> str:
    """Three figures, without an exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def plural(threads: int) -> str:
    """``1 thread``, ``2 threads``."""
    return "1 thread" if threads == 1 else f"{threads} threads"
