"""What came of it, as Markdown that also reads well in a terminal."""

from collections.abc import Sequence

from contest import TASKS, Outcome, milliseconds, ratio
from contestants import CONTESTANTS, JAX, KERAS, KERAS_GRAPH, OURS, OURS_ALONE, TEXTBOOK, TORCH
from goals import GOALS
from growth import Growth
from roofline import Rates, arithmetic
from work import GATES, Case

SIZE = "(batch, hidden)"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Set a Markdown table, its columns aligned."""
    widths = [max(len(row[n]) for row in (header, *rows)) for n in range(len(header))]
    lines = [header, ["-" * width for width in widths], *rows]
    padded = [[cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in padded)


def times(outcomes: Sequence[Outcome], task: str) -> str:
    """Set a row for each contestant of each case: time, ratio to ours, goal, memory, agreement, the way taken."""
    header = [SIZE, "contestant", "ms", "peer / ours", "quartiles", "goal", "peak MiB", "differs by", "way"]
    rows = []
    for outcome in outcomes:
        goals = goals_of(outcome) if task == "train" else {}
        for n, title in enumerate(c.title for c in CONTESTANTS if c.title in outcome.seconds[task]):
            low, middle, high = ratio(outcome, task, title)
            peer = title != OURS.title
            goal = goals.get(title)
            rows.append(
                [
                    str(outcome.case) if n == 0 else "",
                    title,
                    figures(milliseconds(outcome, task, title)),
                    f"{middle:.2f}" if peer else "",
                    f"{low:.2f} to {high:.2f}" if peer else "",
                    f"{goal:g}: {verdict(middle >= goal)}" if goal else "",
                    f"{outcome.memory[task][title] / 2**20:.1f}",
                    agreement(outcome, task, title) if peer else "",
                    outcome.ways[title][task],
                ]
            )
    return table(header, rows)


def agreement(outcome: Outcome, task: str, title: str) -> str:
    """How far a contestant's answers are from ours."""
    d = outcome.differences[title]
    return f"{d.of(task):.0e}" + ("" if d.equal(task) else " NOT EQUAL")


def absences(outcomes: Sequence[Outcome]) -> list[str]:
    """Who was not there, and which ways, and why: a line each."""
    lines: dict[str, list[str]] = {}
    for outcome in outcomes:
        for title, why in outcome.absent.items():
            lines.setdefault(f"{title}: {why}", []).append(str(outcome.case))
    out = [
        f"- {line}" + (f" [{', '.join(cases)}]" if len(cases) < len(outcomes) else "") for line, cases in lines.items()
    ]
    if GATES[outcomes[0].case.cell] > 1:
        out += [
            f"- {c.title}, ways that take long to build or were slower where tried: it has {'; '.join(c.gated)}"
            for c in CONTESTANTS
            if c.gated and any(c.title in outcome.ways for outcome in outcomes)
        ]
    return out


def goals_of(outcome: Outcome) -> dict[str, float]:
    """Return the goal of each contestant that has one; of PyTorch, the better number of threads has it."""
    goal = GOALS.get((outcome.case.batch, outcome.case.hidden))
    if goal is None or outcome.case.cell != "tanh":
        return {}
    goals = {JAX.title: goal.jax, TEXTBOOK.title: goal.textbook}
    goals |= {KERAS_GRAPH.title: goal.keras, KERAS.title: goal.keras}
    torch = [c.title for c in TORCH if c.title in outcome.seconds["train"]]
    if torch:
        goals[min(torch, key=lambda title: milliseconds(outcome, "train", title))] = goal.pytorch
    return goals


def goals(outcomes: Sequence[Outcome], rates: dict[int, Rates]) -> str:
    """Set the ratios of the training step beside their goals, a row for each case that has any."""
    threads = max(rates)
    header = [
        SIZE,
        *(f"{name} / ours" for name in ("PyTorch", "JAX", "Keras graph", "Keras fastest", "textbook")),
        f"ours / roofline ({plural(threads)})",
        "ours / roofline (both 1 thread)",
    ]
    rows = []
    for outcome in outcomes:
        aims = goals_of(outcome)
        if not aims:
            continue
        rows.append([str(outcome.case)])
        for group in (TORCH, (JAX,), (KERAS_GRAPH,), (KERAS,), (TEXTBOOK,)):
            title = next((c.title for c in group if c.title in aims and c.title in outcome.seconds["train"]), None)
            if title is None:
                rows[-1].append("not here")
            else:
                _, middle, _ = ratio(outcome, "train", title)
                rows[-1].append(f"{middle:.2f} (goal {aims[title]:g}: {verdict(middle >= aims[title])})")
        most = GOALS[outcome.case.batch, outcome.case.hidden].roofline
        for title, n in ((OURS.title, threads), (OURS_ALONE.title, 1)):
            distance = over_roofline(outcome, "train", title, rates[n])
            rows[-1].append(f"{distance:.2f}" + (f" (goal {most:g}: {verdict(distance <= most)})" if most else ""))
    return table(header, rows) if rows else ""


def verdict(met: bool) -> str:
    """Say whether a goal is met."""
    return "met" if met else "not met"


def over_roofline(outcome: Outcome, task: str, title: str, rates: Rates) -> float:
    """Return a contestant's time over what the arithmetic alone costs."""
    return milliseconds(outcome, task, title) / (1e3 * arithmetic(outcome.case, task).seconds(rates))


def roofline(outcomes: Sequence[Outcome], task: str, rates: dict[int, Rates]) -> str:
    """Our distance from the arithmetic alone."""
    threads = max(rates)
    rows = []
    for outcome in outcomes:
        needed = arithmetic(outcome.case, task)
        row = [str(outcome.case), *(f"{n:.0f}" for n in (needed.flops / 1e6, needed.tanh / 1e3, needed.exp / 1e3))]
        for title, n in ((OURS.title, threads), (OURS_ALONE.title, 1)):
            row.append(f"{figures(1e3 * needed.seconds(rates[n]))} ms")
            row.append(f"{figures(milliseconds(outcome, task, title))} ms")
            row.append(f"{over_roofline(outcome, task, title, rates[n]):.2f}")
        rows.append(row)
    both = [(f"roofline, {plural(threads)}", OURS.title), ("roofline, 1 thread", OURS_ALONE.title)]
    names = (name for roof, title in both for name in (roof, title, "ratio"))
    return table([SIZE, "Mflop", "1000 tanh", "1000 exp", *names], rows)


def growth(grown: Sequence[Growth], base: Case) -> str:
    """The times along each size, and the exponent fitted to them."""
    names = {"steps": "T", "batch": "batch", "hidden": "hidden"}
    fixed = {"steps": base.steps, "batch": base.batch, "hidden": base.hidden}
    return table(
        ["along", "at", "milliseconds", "exponent", "steepest between neighbors"],
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
    return all(d.equal(task) for outcome in outcomes for d in outcome.differences.values() for task in TASKS)


def figures(value: float) -> str:
    """Three figures, without an exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def plural(threads: int) -> str:
    """``1 thread``, ``2 threads``."""
    return "1 thread" if threads == 1 else f"{threads} threads"
