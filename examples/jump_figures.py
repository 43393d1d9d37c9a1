"""Why it jumps: the pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jump_numbers as numbers
import numpy as np
from jump_batches import NAMES
from jump_claim import AHEAD, QUIET, REACHES, jumps
from jump_measures import REPORT
from jump_numbers import Row
from jump_verdicts import base
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from unrolled._support.atomic_write import replacing

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
CLIPPED = "norm clipped at 1"


def draw(rows: Sequence[Row], around: Sequence[Row], out: Path) -> None:
    """Write all pictures that there is something for."""
    figures = {"why_it_jumps": along(rows), "sharp_and_reach": moments(rows)}
    for name in dict.fromkeys(row["data"] for row in around):
        some = [row for row in around if row["data"] == name]
        figures |= {f"batch_by_batch_{name}": batches(some), f"slices_{name}": slices(some)}
    for name, figure in figures.items():
        with replacing(out / f"{name}.png") as path:
            figure.savefig(path, dpi=90)
        plt.close(figure)


def along(rows: Sequence[Row]) -> Figure:
    """Draw the report's network along its training, and beside it the same with its norm clipped; a line a seed."""
    plain = base(rows) or [row for row in rows if row["remedy"] == REPORT and row["part"] == "b"]
    columns = {"the report's network": plain, CLIPPED: [row for row in rows if row["remedy"] == CLIPPED]}
    columns = {title: some for title, some in columns.items() if some}
    figure = plt.figure(figsize=(5 * len(columns) + 1, 8), layout="constrained")
    axes = figure.subplots(4, len(columns), squeeze=False, sharex=True, sharey="row")
    for (title, some), panels in zip(columns.items(), axes.T, strict=True):
        panels[0].set_title(f"{title}, ({some[0]['hidden']}, {some[0]['learning_rate']:g}, {some[0]['batch_size']})")
        for row, color in zip(some, COLORS, strict=False):
            loss = numbers.losses(row)
            panels[0].plot(range(1, len(loss) + 1), loss, color=color, label=f"seed {row['seed']}")
            begun = jumps(loss)
            panels[0].plot(begun, [loss[e - 1] for e in begun], "v", color=color, mec="black", ms=7)
            panels[0].plot([], [], "v", color="white", mec="black", ms=7, label="a jump begins" * (row is some[-1]))
            for ax, values in zip(panels[1:], _three(row), strict=True):
                ax.plot(row["at"], values, color=color, marker="o", ms=3, lw=1)
        panels[1].axhline(2 / numbers.rate(some[0]), color="black", ls=":", lw=1)
        panels[-1].set_xlabel("epoch")
        panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    for ax, label in zip(
        axes[:, 0],
        ("training loss", "sharpness,\n2 / eta dotted", "|dE/dA_1| / |dE/dA_T|", "gradient norm"),
        strict=True,
    ):
        ax.set_ylabel(label)
    for ax in axes[1:].flat:
        ax.set_yscale("log")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=6)
    return figure


def _three(row: Row) -> list[Any]:
    sharpness = np.asarray(row["sharpness"], np.float64)
    return [
        np.where(sharpness > 0, sharpness, np.nan),
        np.maximum(np.asarray(row["reach"]), numbers.FLOOR),
        np.asarray(row["gradient_norm"]),
    ]


def moments(rows: Sequence[Row]) -> Figure:
    """Draw every moment of the report's trainings by its sharpness and its reach, and whether a jump followed."""
    report = [row for row in rows if row["remedy"] == REPORT]
    names = list(dict.fromkeys(row["data"] for row in report))
    figure = plt.figure(figsize=(5 * len(names) + 1, 4.6), layout="constrained")
    for ax, name in zip(figure.subplots(1, len(names), squeeze=False, sharex=True, sharey=True)[0], names, strict=True):
        points: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
        for row in report:
            if row["data"] == name:
                begun = jumps(numbers.losses(row))
                for at, s, reach in zip(row["at"], row["sharpness"], row["reach"], strict=True):
                    followed = any(at < e <= at + AHEAD for e in begun)
                    points[followed].append((max(s * numbers.rate(row) / 2, 1e-3), max(reach, numbers.FLOOR)))
        for followed, color, size in ((False, "0.6", 8), (True, "#D55E00", 14)):
            x, y = np.array(points[followed] or [(np.nan, np.nan)]).T
            label = f"a jump begins within {AHEAD} epochs" if followed else "none does"
            ax.scatter(x, y, s=size, color=color, label=label, lw=0, alpha=0.8)
        ax.axvline(1, color="black", ls=":", lw=1)
        for level in (QUIET, REACHES):
            ax.axhline(level, color="black", ls=":", lw=0.6)
        ax.set(xscale="log", yscale="log", title=NAMES.get(name, name), xlabel="sharpness x eta / 2")
    figure.axes[0].set_ylabel("|dE/dA_1| / |dE/dA_T|")
    figure.axes[0].legend(loc="lower right", fontsize="small")
    return figure


def batches(around: Sequence[Row]) -> Figure:
    """Draw what was measured around each jump, batch by batch."""
    figure = plt.figure(figsize=(3.6 * len(around) + 1, 10), layout="constrained")
    axes = figure.subplots(6, len(around), squeeze=False, sharex="col", sharey="row")
    for row, panels in zip(around, axes.T, strict=True):
        epochs = (np.asarray(row["at"]) - 1) / row["per_epoch"]
        panels[0].set_title(_title(row), fontsize="medium")
        panels[0].plot(epochs, row["sample_loss"], color=COLORS[0])
        sharpness, reach, norm = _three(row)
        for ax, values in zip(panels[1:4], (norm, sharpness, reach), strict=True):
            ax.plot(epochs, values, color=COLORS[0], lw=1)
            ax.set_yscale("log")
        panels[2].axhline(2 / numbers.rate(row), color="black", ls=":", lw=1)
        panels[4].plot(epochs, row["lyapunov"], color=COLORS[1], lw=1)
        panels[4].axhline(0, color="black", ls=":", lw=1)
        panels[5].plot(epochs, row["fixed_points"], color=COLORS[2], lw=1, drawstyle="steps-mid")
        peak = (row["places"]["peak"]["at"] - 1) / row["per_epoch"]
        for ax in panels:
            ax.axvline(peak, color="0.7", lw=3, zorder=0)
        panels[5].set_xlabel("epochs")
        panels[5].yaxis.set_major_locator(MaxNLocator(integer=True))
    labels = ("loss of the\nrecorded samples", "gradient\nnorm", "sharpness,\n2 / eta dotted", "|dE/dA_1| /\n|dE/dA_T|")
    for ax, label in zip(axes[:, 0], (*labels, "largest Lyapunov\nexponent", "fixed points"), strict=True):
        ax.set_ylabel(label)
    figure.align_ylabels(axes[:, 0])
    return figure


def slices(around: Sequence[Row]) -> Figure:
    """Draw the loss along the gradient, in steps of plain descent, at three places around each jump."""
    figure = plt.figure(figsize=(3.6 * len(around) + 1, 4), layout="constrained")
    for ax, row in zip(figure.subplots(1, len(around), squeeze=False)[0], around, strict=True):
        for (name, place), color, line in zip(row["places"].items(), COLORS, ("-", "-", "--"), strict=False):
            steps = -np.asarray(place["steps"]) / (place["step"] or 1.0)
            label = {"before": "first", "peak": "largest gradient", "after": "last"}[name]
            ax.plot(steps, np.asarray(place["losses"]) / place["loss"], color=color, ls=line, label=label)
        ax.axvline(1, color="black", ls=":", lw=1)
        ax.axvline(0, color="black", lw=0.6)
        ax.set_title(_title(row), fontsize="medium")
        ax.set_xlabel("downhill, in steps of descent")
    figure.axes[0].set_ylabel("loss / loss at the network")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def _title(row: Row) -> str:
    return (
        f"{NAMES.get(row['data'], row['data'])}\n({row['hidden']}, {row['learning_rate']:g}, {row['batch_size']}), "
        f"seed {row['seed']}"
    )
