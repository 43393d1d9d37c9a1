"""What each augmentation does to a window, and what it is worth on unseen people: a picture and a table.

    python examples/augmentation.py --data A_DeviceMotion_data.zip

Without --data, the recordings that come with the library are used. A network of tanh units, read by the mean of its
states, is trained without augmentation and with each in turn; seed by seed, weights, people, windows and their order
are the same, so that a difference is the augmentation's. The sizes were chosen beforehand and not tuned: those of the
code published with Um et al. (2017), Le Guennec et al.'s (2016) for slices, and 30 degrees as a telephone may tilt in
a pocket. The test people are looked at once, after each training's end.
"""

import argparse
import dataclasses
import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import parallel
from beyond_the_report import drawn, recipes, spread
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from scipy import stats

from unrolled import __version__, data, metrics, rnn
from unrolled._support.atomic_write import replacing
from unrolled.data import augment

ONE_PAGE = "augmentation"
RECIPE = next(recipe for recipe in recipes() if recipe.name == "mean of the states instead")
"""Of the one-layer tanh networks of beyond_the_report.py the one that did best on unseen people."""

NONE = "none"
AUGMENTATIONS: Mapping[str, augment.Augmentation] = {
    "jitter": augment.Jitter(0.05),
    "scaling": augment.Scale(0.1),
    "rotation by up to 30 degrees": augment.Rotation(math.pi / 6),
    "any rotation": augment.Rotation(),
    "magnitude warp": augment.MagnitudeWarp(0.2, knots=4),
    "time warp": augment.TimeWarp(0.2, knots=4),
    "permutation": augment.Permutation(4, min_length=10),
    "window slice": augment.WindowSlice(0.9),
    "rotation by up to 30 degrees, scaling, time warp": augment.Compose(
        [augment.Rotation(math.pi / 6), augment.Scale(0.1), augment.TimeWarp(0.2, knots=4)]
    ),
}
"""In the units of the recordings, g."""

AXES = {"x": ("#0072B2", "-"), "y": ("#D55E00", "--"), "z": ("#009E73", "-.")}
"""Colors of Okabe and Ito, which the color-blind can tell apart, and line styles."""


@dataclasses.dataclass(frozen=True)
class Task:
    """One training."""

    name: str
    augmentation: augment.Augmentation | None
    seed: int
    epochs: int


def load(path: Path | None) -> data.Dataset:
    """Load windows of some people to train on and of others to test with, in g; None are the shipped ones."""
    if path is None:
        return data.load_shoulder_exercises(scale=False)
    return data.load_motionsense(path, split="person", n_train=None, scale=False)


def train(task: Task, movements: data.Dataset, tick: parallel.Tick) -> dict[str, Any]:
    """Train one network, and say what it is worth."""
    rest, held_out = movements.train.split(0.1, by="person", rng=task.seed)
    parts = drawn(rest, 500, task.seed), drawn(held_out, 100, task.seed), movements.test
    scaling = data.Scaling.fit(parts[0].X)
    training, validation, test = (dataclasses.replace(part, X=scaling.apply(part.X)) for part in parts)
    net = rnn.ManyToOne(
        RECIPE.cells,
        n_inputs=movements.train.X.shape[2],
        n_classes=len(movements.classes),
        readout=RECIPE.readout,
        head=RECIPE.head,
        initializer=RECIPE.initializer,
        rng=task.seed,
    )
    history = rnn.train(
        net,
        training,
        optimizer=RECIPE.optimizer,
        schedule=rnn.Cosine(task.epochs),
        clip=RECIPE.clip,
        augment=None if task.augmentation is None else augment.InUnits(task.augmentation, scaling),
        batch_size=30,
        epochs=task.epochs,
        rng=task.seed,
        progress=False,
        on_epoch=lambda *_: tick(),
    )
    return {
        "name": task.name,
        "augmentation": repr(task.augmentation),
        "seed": task.seed,
        "training": net.evaluate(training.X, training.y)[1],
        "validation": net.evaluate(validation.X, validation.y)[1],
        "test": metrics.top_k_accuracy(test.y, net.predict_proba(test.X), k=(1, 2, 3)),
        "seconds": history.seconds,
    }


def tasks(seeds: int, epochs: int) -> list[Task]:
    """List the trainings: none and each augmentation, for every seed."""
    both: dict[str, augment.Augmentation | None] = {NONE: None, **AUGMENTATIONS}
    return [Task(name, change, seed, epochs) for name, change in both.items() for seed in range(seeds)]


def draw(window: NDArray[np.floating[Any]], rate: float, rng: int = 3) -> Figure:
    """Draw what each augmentation makes of one window (T, 3) in g: a panel for each, the original in grey behind."""
    columns = 3
    rows = -(-len(AUGMENTATIONS) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(12, 2.8 * rows + 0.6), sharex=True, sharey=True, squeeze=False)
    seconds = np.arange(len(window)) / rate
    for ax, (name, change) in zip(axes.flat, AUGMENTATIONS.items(), strict=False):
        ax.plot(seconds, window, color="0.65", lw=0.8)
        changed = change(window[None], np.random.default_rng(rng))[0]
        for axis, (color, line) in zip(changed.T, AXES.values(), strict=True):
            ax.plot(seconds, axis, line, color=color, lw=1.4)
        ax.set_title(name, loc="left", fontsize="medium")
        ax.grid(alpha=0.25)
    for ax in axes[-1]:
        ax.set_xlabel("seconds")
    for ax in axes[:, 0]:
        ax.set_ylabel("acceleration (g)")
    lines = [Line2D([], [], color=color, ls=line, lw=1.4) for color, line in AXES.values()]
    grey = Line2D([], [], color="0.65", lw=0.8)
    figure.legend([*lines, grey], [*AXES, "as recorded"], loc="upper right", ncols=4, frameon=False)
    figure.tight_layout(rect=(0, 0, 1, 0.96))
    return figure


def page(results: Sequence[Mapping[str, Any]], provenance: str, epochs: int) -> str:
    """Write the table: means over the seeds, their ranges, and the differences to none in the same seeds."""
    seeds = sorted({result["seed"] for result in results})
    by = {(result["name"], result["seed"]): result for result in results}
    lines = [
        "# What each augmentation is worth on unseen people",
        "",
        f"{provenance}; unrolled {__version__}. A tanh network of 50 units, the mean of whose states is read; "
        f"{epochs} epochs, batches of 30, seeds {', '.join(map(str, seeds))}: the mean, and the seeds' range in "
        "brackets. A tenth of the training people is for validation; up to 500 windows a movement of the "
        "others are trained on, and measured as they were recorded. The difference is to no augmentation in the same "
        "seed: same people, windows, weights and order; behind ± is half of the 95% interval of its mean (Student's "
        "t). Sizes were chosen beforehand, and the test people looked at once, after each training.",
        "",
        f"![Each augmentation of one window]({ONE_PAGE}.png)",
        "",
        "| augmentation | training | validation | test top-1 | top-2 | top-3 | top-1, difference to none | better in "
        "| seconds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    names = [NONE, *AUGMENTATIONS]
    for name in names:
        of = [by[name, seed] for seed in seeds]
        top = np.array([result["test"] for result in of]).T
        difference = top[0] - [by[NONE, seed]["test"][0] for seed in seeds]
        compared = (
            " | "
            if name == NONE
            else f"{difference.mean():+.3f}{interval(difference)} | {(difference > 0).sum()} of {len(seeds)}"
        )
        lines.append(
            f"| {name} | {np.mean([result['training'] for result in of]):.3f} "
            f"| {spread(result['validation'] for result in of)} | {spread(top[0])} | {top[1].mean():.3f} "
            f"| {top[2].mean():.3f} | {compared} | {np.mean([result['seconds'] for result in of]):.0f} |"
        )
    best = max(names, key=lambda name: np.mean([by[name, seed]["validation"] for seed in seeds]))
    chosen = np.mean([by[best, seed]["test"][0] for seed in seeds])
    lines += ["", f"Chosen by validation accuracy: **{best}**, test accuracy **{chosen:.3f}**.", ""]
    lines += ["Settings, in g where they have units:", ""]
    lines += [f"- {name}: `{change!r}`" for name, change in AUGMENTATIONS.items()]
    return "\n".join(lines) + "\n"


def interval(differences: Sequence[float]) -> str:
    """Give half of the 95% interval of the mean; nothing where one seed says nothing of it."""
    n = len(differences)
    return f" ± {stats.t.ppf(0.975, n - 1) * np.std(differences, ddof=1) / math.sqrt(n):.3f}" if n > 1 else ""


def main() -> None:
    """Read the command line, draw, train, and write the table and the figure."""
    parser = argparse.ArgumentParser(description="Draw each augmentation, and measure what it is worth.")
    parser.add_argument(
        "--data", type=Path, help="A_DeviceMotion_data.zip, or its folder (default: the shipped shoulder exercises)"
    )
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2); the results are the same")
    parser.add_argument("--seeds", type=int, default=5, help="how many (default: 5)")
    parser.add_argument("--epochs", type=int, default=25, help="of each training (default: 25)")
    parser.add_argument("--out", type=Path, default=Path(ONE_PAGE), help=f"folder (default: {ONE_PAGE})")
    given = parser.parse_args()
    if min(given.jobs, given.epochs, given.seeds) < 1:
        parser.error("--jobs, --epochs and --seeds are 1 or more")
    mpl.use("Agg")
    try:
        movements = load(given.data)
        given.out.mkdir(parents=True, exist_ok=True)
    except (ValueError, OSError) as error:
        sys.exit(f"{ONE_PAGE}: {error}")
    of_last_class = np.flatnonzero(movements.train.y == len(movements.classes) - 1)  # walking, or the upright row
    window = movements.train.X[of_last_class[len(of_last_class) // 2]]
    assert movements.rate is not None
    with replacing(given.out / f"{ONE_PAGE}.png") as path:
        draw(window, movements.rate).savefig(path, dpi=90)
    work = tasks(given.seeds, given.epochs)
    one = train(Task(NONE, None, 0, 1), movements, lambda: None)["seconds"]
    minutes = one * given.epochs * len(work) / given.jobs / 60
    print(f"{len(work)} trainings, about {math.ceil(minutes)} minutes with {given.jobs} processes of a core each")
    try:
        with parallel.Workers(given.jobs, movements) as workers:
            results = workers.run(train, work, steps=given.epochs, unit="epoch")
    except KeyboardInterrupt:
        sys.exit(f"{ONE_PAGE}: interrupted; of the results, only the picture was written")
    text = page(results, movements.provenance, given.epochs)
    with replacing(given.out / f"{ONE_PAGE}.json") as path:
        path.write_text(json.dumps(results, indent=1), encoding="utf-8")
    with replacing(given.out / f"{ONE_PAGE}.md") as path:
        path.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
