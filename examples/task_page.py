"""The page of the standard problems: every number in it is computed from the table of trainings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from task_forecasts import DRAWS, ITERATIONS, LORENZ_STEP, LYAPUNOV, TRAINING, UNITS, VALIDATION
from task_letters import HIDDEN, READINGS, ROWS, STEPS
from task_problems import ADDED, BATCH, no_memory

from unrolled import __version__, plots

ONE_PAGE = "tasks"

Row = dict[str, Any]


@dataclass(frozen=True)
class Goal:
    """What was asked of a problem, written before anything was trained.

    Attributes
    ----------
    measured : str
        What the numbers are.
    said : str
        The goal in words.
    of : tuple of str
        The networks that are to reach it.
    met : callable
        Tells from their values (seeds,), and those of reservoirpy or PyTorch, whether they have.
    digits : int
        Of the numbers.
    """

    measured: str
    said: str
    of: tuple[str, ...]
    met: Callable[[Any, Any], bool]
    digits: int = 4


GATED = ("GRU", "LSTM")
TRAINED = ("reservoir, then gradients",)
CLOSED = "orthogonal tanh, readout in closed form"

GOALS = {
    **{
        f"adding, T = {T}": Goal(
            "mean squared error; of always saying 1 it is 0.167",
            "below 0.01 with every seed",
            GATED,
            lambda values, _: max(values) < 0.01,
        )
        for T in (150, 400)
    },
    "copy memory": Goal(
        f"cross-entropy a step; of guessing at the end it is {no_memory():.4f}",
        "a tenth of guessing, with every seed",
        (CLOSED,),
        lambda values, _: max(values) < no_memory() / 10,
        5,
    ),
    "flip-flop": Goal(
        "bits right, of every line at every step",
        "over 0.995 with every seed",
        ("GRU",),
        lambda values, _: min(values) > 0.995,
        5,
    ),
    "NARMA-10": Goal(
        "normalized root mean squared error",
        "at or below reservoirpy's, on average",
        TRAINED,
        lambda values, others: np.mean(values) <= np.mean(others),
    ),
    "Mackey-Glass": Goal(
        "error 84 steps ahead in closed loop, of a standard deviation",
        "below reservoirpy's, on average",
        TRAINED,
        lambda values, others: np.mean(values) < np.mean(others),
    ),
    "Lorenz": Goal(
        "valid time of a forecast in closed loop, in Lyapunov times",
        "longer than reservoirpy's, on average",
        TRAINED,
        lambda values, others: np.mean(values) > np.mean(others),
        2,
    ),
    "letters": Goal("bits a letter of text not read", "beside PyTorch's same network", (), lambda *_: True, 3),
}
PEERS = ("reservoirpy", "PyTorch's GRU", "plain NumPy")
FASTER = 3.0
"""How many times PyTorch's letters a second were asked for."""

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
"""Of Okabe and Ito, which the color-blind can tell apart."""


def of(rows: Sequence[Row], problem: str, network: str) -> list[Row]:
    """Return the rows of a network, by seed."""
    found = [row for row in rows if (row["problem"], row["network"]) == (problem, network)]
    return sorted(found, key=lambda row: row["seed"])


def networks(rows: Sequence[Row], problem: str) -> list[str]:
    """Return the networks of a problem, as they first come."""
    return list(dict.fromkeys(row["network"] for row in rows if row["problem"] == problem))


def verdict(goal: Goal, network: str, values: Sequence[float], others: Sequence[float]) -> str:
    """Say whether a goal is met."""
    if network not in goal.of or not values:
        return ""
    if "reservoirpy" in goal.said and not others:
        return "nothing to compare with"
    return "met" if goal.met(values, others) else "**missed**"


def spread(rows: Sequence[Row], digits: int) -> tuple[str, str]:
    """Return the mean of the seeds, and the least to the most; those that diverged are counted apart."""
    values = [row["value"] for row in rows if "diverged" not in row]
    if not values:
        return "", f"all {len(rows)} diverged"
    ends = f"{min(values):.{digits}f} to {max(values):.{digits}f}"
    lost = len(rows) - len(values)
    return f"{np.mean(values):.{digits}f}", ends + (f"; {lost} of {len(rows)} diverged" if lost else "")


def page(rows: Sequence[Row], speeds: dict[str, Any] | None, absent: dict[str, str]) -> str:
    """Write the page."""
    seeds = len({row["seed"] for row in rows})
    lines = [
        "# Problems with known answers",
        "",
        f"unrolled {__version__}; {seeds} seeds each, of data and of weights. The goals were written before the "
        "trainings. Recipes were chosen with another seed, by validation samples; the numbers below are of test "
        "samples that were looked at once. Printed by `python examples/tasks.py --out tasks`, which goes on where it "
        "was stopped.",
        "",
        "| problem | network | measured | mean | least to most | goal | |",
        "|---|---|---|---|---|---|---|",
    ]
    for problem, goal in GOALS.items():
        others = [row["value"] for row in of(rows, problem, "reservoirpy")]
        for network in networks(rows, problem):
            values = [row["value"] for row in of(rows, problem, network)]
            asked = goal.said if network in goal.of or not goal.of else ""
            came = verdict(goal, network, values, others)
            cells = (problem, network, goal.measured, *spread(of(rows, problem, network), goal.digits), asked, came)
            lines.append(f"| {' | '.join(cells)} |")
    lines += ["", *(f"Left out: {name} ({why})." for name, why in absent.items()), ""]
    lines += [
        f"- {row['problem']}, {row['network']}, seed {row['seed']}: {row['diverged']}. It is not in the mean; with the "
        f"last parameters of a finite loss it came to {row['value']:.2g}."
        for row in rows
        if "diverged" in row
    ]
    lines += [""] * any("diverged" in row for row in rows)
    lines += ["![Validation error, epoch by epoch](tasks_learning.png)", "", *recipes(rows)]
    lines += ["![Forecasts in closed loop](tasks_forecasts.png)", ""]
    lines += ["![A flip-flop's lines](tasks_flip_flop.png)", "", *of_letters(rows, speeds)]
    return "\n".join(lines) + "\n"


def recipes(rows: Sequence[Row]) -> list[str]:
    """Return how each problem was trained."""
    spent = sum(row["seconds"] for row in rows)
    return [
        "## How",
        "",
        f"- **Adding**: {ADDED} training sequences, {BATCH} an update, Adam with a cosine schedule, gradients clipped "
        "at norm 1, W_hh orthogonal. The gates begin with memories of up to T steps (Tallec and Ollivier 2018). The "
        "ReLU network begins with the identity as W_hh (Le et al. 2015) and small input weights, and has four times as "
        "many updates.",
        "- **Copying**: nothing is trained by gradient. With an orthogonal W_hh and small inputs tanh bends nothing, "
        "and what was heard 110 steps ago is always the same linear function of the state (Henaff et al. 2016), which "
        "least squares find. While recipes were looked for (one seed), a GRU and an LSTM of 64 units, with the gates' "
        "memories as above and delays that grew from 5 steps to 40, had come to 0.8 of guessing's loss after 1800 "
        "updates: by gradient it takes many thousands.",
        f"- **Reservoirs**: {UNITS} units in both libraries, {DRAWS} draws of leak, spectral radius, input and bias "
        f"ranges and ridge, fitted to {TRAINING} steps; the best of them by the {VALIDATION} steps that follow. *Then "
        f"gradients*: up to {ITERATIONS} iterations of L-BFGS on the same {TRAINING} steps, on all weights but the "
        "readout's, which is fitted in closed form at each of them (variable projection); the validation steps say "
        "which iteration is kept. A valid time ends when the error exceeds 0.4 of the spread; 1 Lyapunov time is "
        f"{1 / LYAPUNOV / LORENZ_STEP:.0f} steps.",
        "- **Letters**: the first million letters of the standard library's modules in alphabetical order, "
        f"{ROWS} readers side by side, {STEPS} steps an update, {HIDDEN} units, Adam with a cosine schedule, the text "
        f"read {READINGS} times; PyTorch's network begins with the same weights and is trained alike. The plain "
        "network reads letter by letter, 25 steps an update, with Adagrad. Tested on the 100,000 letters that follow.",
        "",
        f"Processor time of all trainings: {spent / 60:.0f} minutes.",
        "",
    ]


def of_letters(rows: Sequence[Row], speeds: dict[str, Any] | None) -> list[str]:
    """Return what is said of letters: how fast, and what was written."""
    lines = ["## Letters", ""]
    if speeds is None:
        lines += ["Letters a second have not been measured yet: `python examples/tasks.py --out tasks --timings`.", ""]
    else:
        found = speeds["letters a second"]
        lines += [
            f"Letters a second of training, one thread, {HIDDEN} units, batches of {ROWS}, {STEPS} steps; median of 60 "
            f"updates ({speeds['machine']}, {speeds['cores']} cores; `python examples/tasks.py --out tasks "
            "--timings`):",
            "",
            "| | letters a second |",
            "|---|---|",
            *(f"| {name} | {value:,.0f} |" for name, value in found.items()),
            "",
        ]
        for name in GATED:
            if f"PyTorch's {name}" in found:
                ratio = found[name] / found[f"PyTorch's {name}"]
                came = "met" if ratio >= FASTER else "**missed**"
                asked = f"the goal was {FASTER:.0f} times: {came}"
                lines += [f"The {name} is {ratio:.1f} times as fast as PyTorch's; {asked}."]
        lines += [""]
        for name, spent in speeds.get("profile", {}).items():
            lines += [
                f"Where an update of the {name} spends its time (the functions' own; a profiler makes many small calls "
                "look longer than they are):",
                "",
                "| | share |",
                "|---|---|",
                *(f"| `{where}` | {share:.0%} |" for where, share in spent),
                "",
            ]
    written = [row["written"] for row in of(rows, "letters", "GRU")[:1]]
    for text in written:
        lines += ["What the first network writes after `def `:", "", "```text", "def " + text, "```", ""]
    return lines


# ---------------------------------------------------------------- pictures


def figures(rows: Sequence[Row]) -> dict[str, Figure]:
    """Draw what there are rows for."""
    found = {}
    if any("curve" in row for row in rows):
        found["tasks_learning"] = learning(rows)
    if of(rows, "flip-flop", "GRU"):
        found["tasks_flip_flop"] = flip_flop(of(rows, "flip-flop", "GRU")[0])
    if of(rows, "Lorenz", TRAINED[0]) and of(rows, "Mackey-Glass", TRAINED[0]):
        found["tasks_forecasts"] = chaos(rows)
    return found


def learning(rows: Sequence[Row]) -> Figure:
    """Draw the validation curves, a line a seed."""
    drawn = [problem for problem in GOALS if any("curve" in row for row in rows if row["problem"] == problem)]
    figure, axes = plt.subplots(2, -(-len(drawn) // 2), figsize=(12, 6), layout="constrained", squeeze=False)
    for ax, problem in zip(axes.flat, drawn, strict=False):
        for network, color in zip(networks(rows, problem), COLORS, strict=False):
            for n, row in enumerate(of(rows, problem, network)):
                if "curve" in row:
                    x = (np.arange(len(row["curve"])) + (row["updates"] > 1)) * row["updates"]
                    ax.plot(x, row["curve"], color=color, lw=1, label=None if n else network)
        if problem == "letters":
            ax.set_xscale("log")
        elif problem != "Lorenz":
            ax.set_yscale("log")
        if problem.startswith("adding"):
            ax.set_ylim(top=1)
        ax.set(title=problem, xlabel="iteration" if problem in ("NARMA-10", "Mackey-Glass", "Lorenz") else "updates")
        ax.grid(alpha=0.3)
        ax.legend(fontsize=7)
    for ax in axes.flat[len(drawn) :]:
        ax.set_axis_off()
    figure.supylabel("validation error, of adding up to 1 (valid time of Lorenz, bits a letter)")
    return figure


def flip_flop(row: Row) -> Figure:
    """Draw what one sequence heard, what was asked and what was said."""
    truth, said, heard = (np.array(row[name]) for name in ("truth", "said", "heard"))
    figure = plots.over_time(truth, said, names=[f"line {n}" for n in (1, 2, 3)])
    for ax, pulses in zip(figure.axes, heard.T, strict=True):
        at = np.flatnonzero(pulses)
        ax.plot(at + 1, 1.25 * pulses[at], "|", color="0.4", ms=7)
        ax.set_ylim(-1.5, 1.5)
    return figure


def chaos(rows: Sequence[Row]) -> Figure:
    """Draw the first forecast of each chaotic series, as every network makes it."""
    shown = [("Mackey-Glass", 0, 1.0), ("Lorenz", 0, LORENZ_STEP * LYAPUNOV)]
    figure, axes = plt.subplots(len(shown), 1, figsize=(10, 6), layout="constrained")
    for ax, (problem, which, unit) in zip(axes, shown, strict=True):
        for n, network in enumerate(networks(rows, problem)):
            row = of(rows, problem, network)[0]
            truth, said = (np.array(row[name]) for name in ("truth", "said"))
            t = (1 + np.arange(len(truth))) * unit
            if n == 0:
                ax.plot(t, truth[:, which], color="0.1", lw=2, label="truth")
            ax.plot(t, said[:, which], color=COLORS[n], lw=1, label=network)
            valid = plots.valid_steps(truth, said)
            if valid < len(truth):
                ax.axvline((valid + 0.5) * unit, color=COLORS[n], ls=":", lw=1)
        ax.set(title=problem, xlabel="steps" if unit == 1 else "Lyapunov times", ylim=(-3, 3))
        ax.legend(loc="lower left", ncols=4, fontsize=8)
    return figure
