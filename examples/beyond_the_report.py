"""What each remedy that the report asks for is worth: added in turn, five seeds each, on MotionSense.

    python examples/beyond_the_report.py --data A_DeviceMotion_data.zip

The report's network comes first; each row of the table then adds one thing to the row above, until the recurrence
itself is replaced. Networks are compared by their accuracy on validation data, which are whole trials, or whole
people, of the training data; the test data are looked at once, after each training's end.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import parallel
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from unrolled import __version__, data, metrics, rnn
from unrolled._support.atomic_write import replacing

ONE_PAGE = "beyond_the_report"


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A network and its training."""

    name: str
    cells: tuple[rnn.cells.Cell, ...]
    readout: rnn.Readout
    head: rnn.Head
    initializer: dict[str, rnn.initializers.Initializer]
    optimizer: rnn.Optimizer
    scaled: bool = False
    cosine: bool = False
    clip: rnn.Clipping | None = None
    dropout: rnn.Dropout | None = None


def recipes() -> list[Recipe]:
    """List the report's network, and each remedy added to what stands before it."""
    steps: list[tuple[str, dict[str, Any]]] = [
        ("+ scaled inputs", {"scaled": True}),
        ("+ orthogonal W_hh", {"initializer": {"W_hh": rnn.orthogonal}}),
        ("+ clipping at norm 1", {"clip": rnn.ClipNorm(1.0)}),
        ("+ momentum 0.9", {"optimizer": rnn.SGD(0.01, momentum=0.9)}),
        ("Adam, cosine schedule instead", {"optimizer": rnn.Adam(0.003), "cosine": True}),
        ("+ softmax", {"head": rnn.Softmax()}),
        ("+ loss on every step", {"readout": rnn.EveryStep()}),
        ("mean of the states instead", {"readout": rnn.Mean()}),
        ("+ dropout 0.05 on the recurrence", {"dropout": rnn.Dropout(recurrence=0.05)}),
        ("+ a second layer", {"cells": (rnn.Tanh(50), rnn.Tanh(50))}),
        ("one layer of LSTM, dropout 0.1 all over", {"cells": (rnn.LSTM(50),), "dropout": rnn.Dropout(0.1, 0.1, 0.1)}),
        ("GRU instead", {"cells": (rnn.GRU(50),)}),
        ("GRU in both directions", {"cells": (rnn.Bidirectional(rnn.GRU(50)),)}),
    ]
    all_ = [Recipe("the report's network", (rnn.Tanh(50),), rnn.Last(), rnn.Sigmoid(), {}, rnn.SGD(0.01))]
    for name, change in steps:
        all_.append(dataclasses.replace(all_[-1], name=name, **change))
    return all_


@dataclasses.dataclass(frozen=True)
class Task:
    """One training."""

    recipe: Recipe
    split: str
    seed: int
    epochs: int


Shared = dict[str, data.Dataset]
"""The data in the units they were measured in, by the name of the split."""


def train(task: Task, shared: Shared, tick: parallel.Tick) -> dict[str, Any]:
    """Train one network, and say what it is worth."""
    recipe, movements = task.recipe, shared[task.split]
    # Whole people, or whole trials, are for validation; of the others come 500 windows a movement, as in the report.
    rest, held_out = movements.train.split(0.1, by="person" if task.split == "people" else "trial", rng=task.seed)
    parts: tuple[data.Samples, ...] = drawn(rest, 500, task.seed), drawn(held_out, 100, task.seed), movements.test
    if recipe.scaled:
        scaling = data.Scaling.fit(parts[0].X)
        parts = tuple(dataclasses.replace(part, X=scaling.apply(part.X)) for part in parts)
    training, validation, test = parts
    net = rnn.ManyToOne(
        recipe.cells,
        n_inputs=movements.train.X.shape[2],
        n_classes=len(movements.classes),
        readout=recipe.readout,
        head=recipe.head,
        initializer=recipe.initializer,
        rng=task.seed,
    )
    history = rnn.train(
        net,
        training,
        validation=validation,
        optimizer=recipe.optimizer,
        schedule=rnn.Cosine(task.epochs) if recipe.cosine else None,
        clip=recipe.clip,
        dropout=recipe.dropout,
        batch_size=30,
        epochs=task.epochs,
        evaluate_every=1,
        # With a rate that falls to 0 the end is where to stop; with a constant one, the best epoch is.
        early_stopping=None if recipe.cosine else rnn.EarlyStopping(patience=task.epochs),
        rng=task.seed,
        progress=False,
        on_epoch=lambda *_: tick(),
    )
    return {
        "recipe": recipe.name,
        "split": task.split,
        "seed": task.seed,
        "parameters": sum(W.size for W in net.parameters.values()),
        "validation": net.evaluate(validation.X, validation.y)[1],
        "test": metrics.top_k_accuracy(test.y, net.predict_proba(test.X), k=(1, 2, 3)),
        "loss": history.loss[-1],
        "gradient_norm": float(np.mean(history.gradient_norm)),
        "clipped": float(np.mean(history.clipped)),
        "seconds": history.seconds,
    }


def load(path: Path, split: str) -> data.Dataset:
    """Load all training windows and 600 test windows, in units of g."""
    return data.load_motionsense(path, split="person" if split == "people" else "trial", n_train=None, scale=False)


def drawn(samples: data.Samples, n: int, rng: int) -> data.Samples:
    """Draw n windows of each class."""
    stream = np.random.default_rng(rng)
    chosen = [stream.permutation(np.flatnonzero(samples.y == label))[:n] for label in np.unique(samples.y)]
    return samples.subset(np.sort(np.concatenate(chosen)))


def of(results: list[dict[str, Any]], name: str, split: str) -> list[dict[str, Any]]:
    """Pick the seeds of one recipe."""
    return [result for result in results if (result["recipe"], result["split"]) == (name, split)]


def draw(results: list[dict[str, Any]], names: Sequence[str], splits: Sequence[str]) -> Figure:
    """Draw every seed's test accuracy, and the mean, a row for each recipe and a panel for each split."""
    height = 1.5 + 0.33 * len(names)
    figure, axes = plt.subplots(1, len(splits), figsize=(5 * len(splits) + 2, height), sharey=True, squeeze=False)
    for ax, split in zip(axes[0], splits, strict=True):
        for row, name in enumerate(names):
            top = [result["test"][0] for result in of(results, name, split)]
            ax.plot(top, [row] * len(top), "o", color="#56B4E9", alpha=0.8, label="one seed" if row == 0 else None)
            ax.plot(
                np.mean(top), row, "|", color="black", ms=14, mew=2, label="mean of the seeds" if row == 0 else None
            )
        ax.set_title({"trial": "unseen trials", "people": "unseen people"}.get(split, split), loc="left")
        ax.set_xlabel("test accuracy")
        ax.set_xlim(None, 1)
        ax.grid(axis="x", alpha=0.3)
    axes[0, 0].set_yticks(range(len(names)), names)
    axes[0, 0].invert_yaxis()
    axes[0, -1].legend(loc="lower left")
    figure.tight_layout()
    return figure


def page(results: list[dict[str, Any]], names: Sequence[str], splits: Sequence[str], epochs: int) -> str:
    """Write the table: means over the seeds, and from the smallest to the largest."""
    seeds = sorted({result["seed"] for result in results})
    lines = [
        "# What each remedy is worth",
        "",
        f"MotionSense, 3,000 training and 600 test windows of 150 steps, three axes; unrolled {__version__}; {epochs} "
        f"epochs, batches of 30, {len(seeds)} seeds ({', '.join(map(str, seeds))}): the mean, and the seeds' range in "
        "brackets. A tenth of the trials, or of the people, is for validation; the training windows are drawn from the "
        "others. Test data were looked at once, after each training.",
        "",
        f"![Test accuracy of every seed]({ONE_PAGE}.png)",
    ]
    for split in splits:
        lines += [
            "",
            f"## `{split}`: " + {"trial": "unseen trials", "people": "unseen people"}[split],
            "",
            "| network | validation | test top-1 | top-2 | top-3 | mean gradient norm | clipped | seconds |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for name in names:
            seeds_of = of(results, name, split)
            top = np.array([r["test"] for r in seeds_of]).T
            mean = {key: float(np.mean([r[key] for r in seeds_of])) for key in ("gradient_norm", "clipped", "seconds")}
            lines.append(
                f"| {name} | {spread([r['validation'] for r in seeds_of])} | {spread(top[0])} | {np.mean(top[1]):.3f} "
                f"| {np.mean(top[2]):.3f} | {mean['gradient_norm']:.2g} | {mean['clipped']:.0%} "
                f"| {mean['seconds']:.0f} |"
            )
        best = max(names, key=lambda name: np.mean([r["validation"] for r in of(results, name, split)]))
        top_1 = np.mean([r["test"][0] for r in of(results, best, split)])
        lines += ["", f"Chosen by validation accuracy: **{best}**, test accuracy **{top_1:.3f}**."]
    return "\n".join(lines) + "\n"


def spread(values: Iterable[float]) -> str:
    """Give the mean and the range."""
    numbers = list(values)
    return f"{np.mean(numbers):.3f} [{min(numbers):.3f}, {max(numbers):.3f}]"


def main() -> None:
    """Read the command line, train, and write the table and the figure."""
    parser = argparse.ArgumentParser(description="Measure what each remedy is worth on MotionSense.")
    parser.add_argument("--data", type=Path, required=True, help="A_DeviceMotion_data.zip, or its folder")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2); the results are the same")
    parser.add_argument("--out", type=Path, default=Path("beyond"), help="folder for the results (default: beyond)")
    parser.add_argument("--epochs", type=int, default=25, help="of each training (default: 25)")
    parser.add_argument("--seeds", type=int, default=5, help="how many (default: 5)")
    parser.add_argument("--splits", nargs="+", choices=("trial", "people"), default=["trial", "people"])
    given = parser.parse_args()
    if min(given.jobs, given.epochs, given.seeds) < 1:
        parser.error("--jobs, --epochs and --seeds are 1 or more")
    mpl.use("Agg")
    try:
        shared = {split: load(given.data, split) for split in given.splits}
        given.out.mkdir(parents=True, exist_ok=True)
    except (ValueError, OSError) as error:
        sys.exit(f"beyond_the_report: {error}")
    work = [
        Task(recipe, split, seed, given.epochs)
        for recipe in reversed(recipes())  # the longest first
        for split in given.splits
        for seed in range(given.seeds)
    ]
    try:
        with parallel.Workers(given.jobs, shared) as workers:
            results = workers.run(train, work, steps=given.epochs, unit="epoch")
    except KeyboardInterrupt:
        sys.exit("beyond_the_report: interrupted; nothing was written")
    names = [recipe.name for recipe in recipes()]
    text = page(results, names, given.splits, given.epochs)
    with replacing(given.out / f"{ONE_PAGE}.png") as path:
        draw(results, names, given.splits).savefig(path, dpi=90)
    with replacing(given.out / f"{ONE_PAGE}.json") as path:
        path.write_text(json.dumps(results, indent=1), encoding="utf-8")
    with replacing(given.out / f"{ONE_PAGE}.md") as path:
        path.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
