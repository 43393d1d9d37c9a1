"""How rugged is the hyperparameter space, and what smooths it? The report's last question, answered with numbers.

    python examples/rugged_landscape.py --data A_DeviceMotion_data.zip --out rugged

The report found that small changes of its settings made large differences, and asked for a grid search. Here is one:
learning rate x hidden units x initializer x clipping, three seeds each, trained on some people and measured on
others. What is printed is computed from it:

- Every trial's validation accuracy has a variance; being a full grid, it divides exactly into what each setting
  explains alone, what they explain together, and what is left between seeds.
- Ruggedness: two neighbors differ in one step of the learning rate or of the hidden units, and in nothing else. Of
  the means of n seeds with spread s, seeds alone would let neighbors differ by 2 s / sqrt(pi n) on average (the
  mean of the absolute difference of two normal variables). Ruggedness is how many times that they do differ. At 1 the
  space is as smooth as can be seen with n seeds: the ruggedness is the seeds'.
- A remedy smooths the space if, with it, neighbors differ less, seeds differ less, and more of the points are nearly
  as good as the best of all points. It is held against the first of its kind in the grid: the narrow uniform
  initializer, or no clipping.

Ctrl-C or a power cut loses nothing: the same call goes on from the table.
"""

import argparse
import itertools
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from unrolled import __version__, data, plots, rnn, sweep
from unrolled._support.atomic_write import replacing
from unrolled.sweep.naming import describe, label
from unrolled.sweep.results import Results, Standing, point_key

ONE_PAGE = "rugged_landscape"
ORDERED = ("learning_rate", "hidden")
REMEDIES = ("initializer", "clip")
NEAR = 0.05
"""An accuracy so far below the best of the whole search, or less, is nearly as good."""

GRID: dict[str, Any] = {
    "learning_rate": [0.003, 0.01, 0.03, 0.1, 0.3, 1.0],
    "hidden": [25, 50, 100],
    "initializer": [rnn.uniform(-0.1, 0.1), rnn.xavier_normal, {"W_hh": rnn.orthogonal}],
    "clip": [None, rnn.ClipNorm(1.0)],
    "batch_size": 30,
    "epochs": 15,
}


@dataclass(frozen=True)
class Roughness:
    """How rough the space is, or a part of it.

    Attributes
    ----------
    steps : float
        Mean absolute difference of accuracy between neighbors.
    spread : float
        Of the seeds at one point: root mean square of the standard deviations.
    expected : float
        What ``steps`` would be if nothing but seeds made neighbors differ.
    best : float
        The mean accuracy of the best point.
    near : float
        Share of the points that are nearly as good as the best of the whole search.
    diverged : float
        Share of the trials that diverged.
    """

    steps: float
    spread: float
    expected: float
    best: float
    near: float
    diverged: float

    @property
    def ratio(self) -> float:
        """How many times as far apart neighbors are as seeds alone would have them."""
        return self.steps / self.expected if self.expected else math.inf


def neighbors(results: Results, names: Sequence[str] = ORDERED) -> list[tuple[Standing, Standing]]:
    """Pair the points that differ by one step in one of these settings and in nothing else."""
    varying = results.varying()
    standings = {point_key(standing.point): standing for standing in results.standings()}
    pairs = []
    for standing in standings.values():
        for name in names:
            values = varying.get(name, [])
            place = values.index(standing.point[name]) + 1 if values else 0
            if values and place < len(values):
                other = standings.get(point_key({**standing.point, name: values[place]}))
                if other is not None:
                    pairs.append((standing, other))
    return pairs


def roughness(results: Results, names: Sequence[str] = ORDERED, of_all: float | None = None) -> Roughness:
    """Measure neighbors against seeds; of a part of a search, ``of_all`` is the best accuracy of the whole."""
    standings = [standing for standing in results.standings() if standing.values]
    pairs = [(one, other) for one, other in neighbors(results, names) if one.values and other.values]
    steps = [abs(one.mean - other.mean) for one, other in pairs]
    variance = float(np.mean([s.spread**2 for s in standings if len(s.values) > 1]))
    # The difference of two means of n and m seeds has variance s^2 (1 / n + 1 / m), and a mean size sqrt(2 / pi) times
    # its standard deviation.
    expected = [
        math.sqrt(2 / math.pi * variance * (1 / len(one.values) + 1 / len(other.values))) for one, other in pairs
    ]
    best = max(standing.mean for standing in standings)
    return Roughness(
        float(np.mean(steps)),
        math.sqrt(variance),
        float(np.mean(expected)),
        best,
        sum(standing.mean >= (best if of_all is None else of_all) - NEAR for standing in standings)
        / len(results.standings()),
        sum(row.ended == "diverged" for row in results) / len(results),
    )


def shares(results: Results) -> dict[str, float]:
    """Divide the variance of all trials among the settings, their interplay and the seeds; shares that sum to 1.

    On a full grid with as many seeds everywhere, the sums of squares of an analysis of variance add up exactly. A
    trial that diverged counts as the worst accuracy measured.
    """
    varying = results.varying()
    measured = [row.metrics["accuracy"] for row in results if row.metrics.get("accuracy") is not None]
    worst = min(measured)
    shape = [len(values) for values in varying.values()]
    places = {name: [describe(value) for value in values] for name, values in varying.items()}
    n = len(results) // math.prod(shape)
    cells: dict[tuple[int, ...], list[float]] = {}
    for row in results:
        place = tuple(places[name].index(describe(row.point[name])) for name in varying)
        accuracy = row.metrics.get("accuracy")
        cells.setdefault(place, []).append(worst if accuracy is None else accuracy)
    if len(cells) != math.prod(shape) or any(len(values) != n for values in cells.values()):
        raise ValueError("the results are no full grid with as many seeds everywhere")
    table = np.array([cells[place] for place in np.ndindex(*shape)]).reshape(*shape, n)
    total = float(table.var())
    if total == 0:
        return {**dict.fromkeys(varying, 0.0), "settings together": 0.0, "seeds": 0.0}
    means = table.mean(-1)
    axes = range(len(shape))
    alone = {
        name: float(means.mean(tuple(other for other in axes if other != axis)).var()) / total
        for axis, name in enumerate(varying)
    }
    together = float(means.var()) / total - sum(alone.values())
    return {**alone, "settings together": together, "seeds": 1 - float(means.var()) / total}


def remedies(results: Results) -> dict[str, Roughness]:
    """Measure the space under each initializer and clipping, and under each pair of them."""
    varying = {name: values for name, values in results.varying().items() if name in REMEDIES}
    of_all = max(standing.mean for standing in results.standings() if standing.values)
    found = {
        f"{name} {text(value)}": roughness(results.where({name: value}), of_all=of_all)
        for name, values in varying.items()
        for value in values
    }
    if len(varying) > 1:
        for values in itertools.product(*varying.values()):
            settings = dict(zip(varying, values, strict=True))
            found[", ".join(f"{name} {text(value)}" for name, value in settings.items())] = roughness(
                results.where(settings), of_all=of_all
            )
    return found


def conditions(before: Roughness, after: Roughness) -> dict[str, bool]:
    """Tell which of the three conditions on what smooths the space hold."""
    return {
        f"neighbors differ less (from {before.steps:.3f} to {after.steps:.3f})": after.steps < before.steps,
        f"seeds differ less (from {before.spread:.3f} to {after.spread:.3f})": after.spread < before.spread,
        f"more points are nearly best (from {before.near:.0%} to {after.near:.0%})": after.near > before.near,
    }


def verdict(name: str, before: Roughness, after: Roughness) -> str:
    """Say in one sentence whether a remedy smooths the space, and which of the three conditions it fails."""
    found = conditions(before, after)
    met = ", ".join(condition for condition, holds in found.items() if holds)
    failed = ", ".join(condition for condition, holds in found.items() if not holds)
    said = f"**does not smooth** the space; not met: {failed}" if failed else "**smooths** the space"
    best = f"the best accuracy goes from {before.best:.3f} to {after.best:.3f}"
    return "; ".join([f"{name} {said}", *([f"met: {met}"] if met else []), best]) + "."


def text(value: Any) -> str:
    """Name a setting's value."""
    return label(describe(value))


def page(results: Results, source: str) -> str:
    """Write the answers: how rugged, why, and which remedy smooths it."""
    whole, parts, by_remedy = roughness(results), shares(results), remedies(results)
    varying = results.varying()
    n_seeds = len({row.seed for row in results})
    ranked = sorted((name for name in by_remedy if "," not in name), key=lambda name: by_remedy[name].steps)
    points = len(results.standings())
    cells = math.prod(map(len, varying.values()))
    interplay = cells - 1 - sum(len(values) - 1 for values in varying.values())
    noise = parts["seeds"] * interplay / (cells * (n_seeds - 1))  # what seeds leave in the means, by degrees of freedom
    epochs, batch = results[0].point["epochs"], results[0].point["batch_size"]
    lines = [
        "# How rugged is the hyperparameter space?",
        "",
        f"{source}; unrolled {__version__}. {points} points x {n_seeds} seeds = {len(results)} trainings of a tanh "
        f"network, {epochs} epochs in batches of {batch}; accuracy on validation people. Grid: "
        + "; ".join(f"{name} {', '.join(map(text, values))}" for name, values in varying.items())
        + ".",
        "",
        f"- Neighbors (one step of {' or '.join(ORDERED)}) differ by **{whole.steps:.3f}** in accuracy on average; "
        f"seeds at one point have a standard deviation of {whole.spread:.3f}, which alone would make neighbors' means "
        f"differ by {whole.expected:.3f}. Ruggedness: **{whole.ratio:.1f}** times what seeds explain.",
        "- Of the variance of all trials, "
        + ", ".join(f"{share:.0%} is {name}" for name, share in parts.items())
        + f". (Seeds alone would put {noise:.0%} under settings together, since means of {n_seeds} seeds still vary.)",
        f"- {whole.near:.0%} of the points are within {NEAR} of the best ({whole.best:.3f}); {whole.diverged:.1%} of "
        "the trainings diverged.",
        f"- The smallest steps between neighbors are under **{ranked[0]}** ({by_remedy[ranked[0]].steps:.3f}), the "
        f"largest under {ranked[-1]} ({by_remedy[ranked[-1]].steps:.3f}).",
    ]
    verdicts, smooth = [], []
    for name in (name for name in REMEDIES if name in varying):
        usual, *others = (text(value) for value in varying[name])
        for other in others:
            before, after = by_remedy[f"{name} {usual}"], by_remedy[f"{name} {other}"]
            verdicts.append(f"- {verdict(f'{name} {other} instead of {usual}', before, after)}")
            smooth += [f"{name} {other}"] if all(conditions(before, after).values()) else []
    lines += [
        f"- Which remedy smooths the space by all three conditions: **{', '.join(smooth) or 'none'}**.",
        *verdicts,
    ]
    lines += [
        "",
        "| under | steps between neighbors | seeds' spread | ruggedness | best accuracy | nearly best | diverged |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, part in {"everything": whole, **by_remedy}.items():
        lines.append(
            f"| {name} | {part.steps:.3f} | {part.spread:.3f} | {part.ratio:.1f} | {part.best:.3f} | {part.near:.0%} "
            f"| {part.diverged:.1%} |"
        )
    lines += [
        "",
        f"![Mean and spread of the validation accuracy]({ONE_PAGE}.png)",
        "",
        f"![Accuracy over the learning rate]({ONE_PAGE}_profiles.png)",
        "",
        f"![Every point]({ONE_PAGE}_coordinates.png)",
        "",
        "The ten best points:",
        "",
        results.table(10),
    ]
    return "\n".join(lines)


def profiles(results: Results) -> Figure:
    """Draw accuracy over the learning rate: a panel for each remedy, a line for each number of hidden units."""
    varying = results.varying()
    panels = [
        dict(zip(REMEDIES, values, strict=True))
        for values in itertools.product(*(varying.get(name, [results[0].point[name]]) for name in REMEDIES))
    ]
    columns = len(varying.get("clip", [None]))
    rows = len(panels) // columns
    size = (4.5 * columns, 2.4 * rows + 0.8)
    figure, axes = plt.subplots(
        rows, columns, figsize=size, sharex=True, sharey=True, squeeze=False, layout="constrained"
    )
    styles = [("#0072B2", "o", "-"), ("#D55E00", "s", "--"), ("#000000", "^", "-.")]  # Okabe and Ito
    for ax, settings in zip(axes.flat, panels, strict=True):
        for hidden, (color, marker, line) in zip(varying["hidden"], itertools.cycle(styles), strict=False):
            inside = results.where({**settings, "hidden": hidden}).standings()
            rates = [standing.point["learning_rate"] for standing in inside]
            ax.plot(
                rates,
                [standing.mean for standing in inside],
                color=color,
                marker=marker,
                ls=line,
                label=f"{hidden} hidden units",
            )
            seeds = [(rate, v) for rate, standing in zip(rates, inside, strict=True) for v in standing.values]
            ax.plot(*zip(*seeds, strict=True), color=color, marker=marker, ls="", ms=3, alpha=0.35)
        ax.set_xscale("log")
        ax.set_title(", ".join(f"{name} {text(value)}" for name, value in settings.items()), loc="left", fontsize=9)
        ax.grid(alpha=0.3)
    figure.supxlabel("learning_rate")
    figure.supylabel("validation accuracy: means, and every seed")
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    return figure


def search(
    training: data.Samples,
    validation: data.Samples,
    grid: dict[str, Any],
    *,
    seeds: int,
    n_jobs: int | None,
    table: Path | None,
    progress: bool = True,
) -> Results:
    """Train at every point of the grid, the longest trainings first."""
    points = sorted(sweep.grid(grid), key=lambda point: -point["hidden"])
    return sweep.run(
        points, training, validation=validation, seeds=seeds, n_jobs=n_jobs, table=table, progress=progress
    )


def load(path: Path | None, n: int) -> tuple[data.Samples, data.Samples, str]:
    """Load n windows to train on, and a third as many of other people to measure on; test people have no part in it."""
    if path is None:
        movements, source = data.load_shoulder_exercises(), "Shoulder exercises"
        # These people keep time with each other two by two (data/README.md), so that pairs are held out whole.
        held = np.isin(np.asarray(movements.train.person), (7, 10))
        rest, held_out = movements.train.subset(~held), movements.train.subset(held)
    else:
        movements, source = data.load_motionsense(path, split="person", n_train=None), "MotionSense"
        rest, held_out = movements.train.split(0.25, by="person", rng=0)
    training, validation = drawn(rest, n), drawn(held_out, n // 3)
    people = [len(np.unique(np.asarray(part.person))) for part in (training, validation)]
    return (
        training,
        validation,
        f"{source}, {len(training)} training windows of {people[0]} people, {len(validation)} validation windows of "
        f"{people[1]} others",
    )


def drawn(samples: data.Samples, n: int) -> data.Samples:
    """Draw about n windows, as many of each class."""
    stream, classes = np.random.default_rng(0), np.unique(samples.y)
    chosen = [stream.permutation(np.flatnonzero(samples.y == y))[: max(n // len(classes), 1)] for y in classes]
    return samples.subset(np.sort(np.concatenate(chosen)))


def write(results: Results, source: str, out: Path) -> str:
    """Write the page and its figures; give the page."""
    figures: dict[str, Any] = {
        ONE_PAGE: plots.landscape(results, "learning_rate", "initializer"),
        f"{ONE_PAGE}_profiles": profiles(results),
        f"{ONE_PAGE}_coordinates": plots.parallel_coordinates(results).figure,
    }
    for name, figure in figures.items():
        with replacing(out / f"{name}.png") as path:
            figure.savefig(path, dpi=90)
        plt.close(figure)
    written = page(results, source)
    with replacing(out / f"{ONE_PAGE}.md") as path:
        path.write_text(written, encoding="utf-8")
    return written


def main() -> None:
    """Read the command line, search, and write the page and the figures."""
    parser = argparse.ArgumentParser(description="Measure how rugged the hyperparameter space is.")
    parser.add_argument("--data", type=Path, help="A_DeviceMotion_data.zip (default: the shoulder exercises)")
    parser.add_argument("--jobs", type=int, help="processes (default: one for each core); the results are the same")
    parser.add_argument("--out", type=Path, default=Path("rugged"), help="folder for the results (default: rugged)")
    parser.add_argument("--table", type=Path, help=f"table of the trials (default: {ONE_PAGE}.jsonl in --out)")
    parser.add_argument("--windows", type=int, default=1200, help="to train on (default: 1200)")
    parser.add_argument("--seeds", type=int, default=3, help="how many (default: 3)")
    parser.add_argument("--epochs", type=int, default=GRID["epochs"], help=f"default: {GRID['epochs']}")
    given = parser.parse_args()
    if given.seeds < 2 or given.epochs < 1 or given.windows < 1 or (given.jobs is not None and given.jobs < 1):
        parser.error("--jobs, --windows and --epochs are 1 or more, --seeds 2 or more")
    mpl.use("Agg")
    try:
        training, validation, source = load(given.data, given.windows)
        given.out.mkdir(parents=True, exist_ok=True)
        table = given.table or given.out / f"{ONE_PAGE}.jsonl"
        grid = {**GRID, "epochs": given.epochs}
        results = search(training, validation, grid, seeds=given.seeds, n_jobs=given.jobs, table=table)
    except (ValueError, OSError) as error:
        sys.exit(f"{ONE_PAGE}: {error}")
    except KeyboardInterrupt as error:
        sys.exit(f"{ONE_PAGE}: interrupted; {error}")
    print(write(results, source, given.out))


if __name__ == "__main__":
    main()
