"""Reproduce the report: thirteen trainings, six figures, and its observations held against computed numbers.

    python examples/reproduce_report.py                                     the recordings the library ships
    python examples/reproduce_report.py --data A_DeviceMotion_data.zip      MotionSense, zip or folder
    python examples/reproduce_report.py --data "data-Mini Project 2.h5"     the course file, or its layout
    python examples/reproduce_report.py --seeds 5                           each training five times

Part a: eight networks, W ~ U[-0.1, 0.1] (figures 1 and 2). Part b: three with Xavier initialization and a lower
rate (figures 3 and 4). Part c: early stopping, patience 10 (figures 5 and 6, table of top-1, top-2, top-3).
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import h5py
import matplotlib as mpl
import numpy as np
import parallel
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from observations import Trained, counted, observe
from report_page import page

from unrolled import __version__, data, metrics, plots, rnn
from unrolled._support.atomic_write import replacing


@dataclasses.dataclass(frozen=True)
class Recipe:
    """One training of the report."""

    part: str
    hidden: int
    learning_rate: float
    batch_size: int
    epochs: int
    seed: int

    @property
    def title(self) -> str:
        """What it is called in the tables, in the report's order: hidden units, rate, batch size."""
        return f"({self.hidden}, {self.learning_rate:g}, {self.batch_size})"

    @property
    def caption(self) -> str:
        """What it is called in the figures."""
        return f"{self.hidden} units, learning rate {self.learning_rate:g}, batches of {self.batch_size}"


@dataclasses.dataclass(frozen=True)
class Result:
    """What a training gave: its history, and what the network it ended with says of the data."""

    recipe: Recipe
    history: rnn.History
    train_predicted: Any
    test_scores: Any


def recipes(epochs: int, seed: int) -> list[Recipe]:
    """List the report's trainings."""
    a = [("a", hidden, rate, batch) for hidden in (50, 100) for rate in (0.05, 0.1) for batch in (10, 30)]
    b = [("b", 50, 0.01, 30), ("b", 100, 0.01, 30), ("b", 50, 0.01, 10)]
    c = [("c", 50, 0.01, 30), ("c", 50, 0.01, 10)]
    return [Recipe(*settings, epochs, seed) for settings in (*a, *b, *c)]


def train(
    recipe: Recipe,
    movements: data.Dataset,
    tick: parallel.Tick,
    on_epoch: Callable[..., object] | None = None,
    on_batch: Callable[..., object] | None = None,
) -> Result:
    """Train one network as the report did; the callbacks are those of ``rnn.train``."""

    def ticking(epoch: int, history: rnn.History, net: rnn.ManyToOne) -> object:
        tick()
        return on_epoch(epoch, history, net) if on_epoch is not None else None

    training, validation = movements.train, None
    if recipe.part == "c":
        training, validation = movements.train.split(0.1, rng=recipe.seed)
    net = rnn.ManyToOne(
        rnn.Tanh(recipe.hidden),
        n_inputs=movements.train.X.shape[2],
        n_classes=len(movements.classes),
        initializer=rnn.uniform(-0.1, 0.1) if recipe.part == "a" else rnn.xavier_normal,
        rng=recipe.seed,
    )
    history = rnn.train(
        net,
        training,
        validation=validation,
        test=movements.test,
        optimizer=rnn.SGD(recipe.learning_rate),
        batch_size=recipe.batch_size,
        epochs=recipe.epochs,
        evaluate_every=10,
        evaluate_training=True,
        early_stopping=rnn.EarlyStopping(patience=10) if recipe.part == "c" else None,
        rng=recipe.seed,
        progress=False,
        on_epoch=ticking,
        on_batch=on_batch,
    )
    return Result(recipe, history, net.predict(movements.train.X), net.predict_proba(movements.test.X))


def load(path: Path | None) -> data.Dataset:
    """Load the recordings, in the units they were measured in, as the report did."""
    if path is None:
        return data.load_shoulder_exercises(scale=False)
    if (path.is_file() and h5py.is_hdf5(path)) or path.suffix.lower() in (".h5", ".hdf5"):
        return data.load_h5(path)
    return data.load_motionsense(path, scale=False)


@dataclasses.dataclass(frozen=True)
class Drawing:
    """Two figures, of the networks of one part."""

    number: int
    results: list[Result]
    out: Path


def draw(drawing: Drawing, movements: data.Dataset, tick: parallel.Tick) -> None:
    """Draw the learning curves of one part, figure 1, 3 or 5, and its confusion matrices, the figure after.

    Of several seeds the first one's curves are drawn as those of one, the others' are thin; matrices count all of them.
    """
    mpl.use("Agg")
    networks: dict[str, list[Result]] = {}
    for result in drawing.results:
        networks.setdefault(result.recipe.caption, []).append(result)
    curves = curves_of({caption: [result.history for result in same] for caption, same in networks.items()})
    predicted = {
        caption + (f", {len(same)} seeds together" if len(same) > 1 else ""): (
            (np.tile(movements.train.y, len(same)), np.concatenate([r.train_predicted for r in same])),
            (np.tile(movements.test.y, len(same)), np.concatenate([r.test_scores.argmax(1) for r in same])),
        )
        for caption, same in networks.items()
    }
    matrices = plots.confusion_matrices(predicted, movements.classes)
    for n, figure in enumerate((curves, matrices), drawing.number):
        with replacing(drawing.out / f"figure{n}.png") as path:
            figure.savefig(path, dpi=75)
        tick()


def curves_of(networks: dict[str, list[rnn.History]]) -> Figure:
    """Draw the learning curves of each network: the first seed's as those of one, the others' thin."""
    figure = plots.learning_curves({caption: same[0] for caption, same in networks.items()})
    for n, same in enumerate(networks.values()):
        for history in same[1:]:
            thin(history, *figure.axes[2 * n : 2 * n + 2])
    for ax in figure.axes:
        ax.autoscale(axis="y")  # as far as the thin ones go
    low, high = zip(*(ax.get_ylim() for ax in figure.axes[1::2]), strict=True)
    for ax in figure.axes[1::2]:
        ax.set_ylim(min(low), max(high))
    return figure


def thin(history: rnn.History, loss: Axes, accuracy: Axes) -> None:
    """Draw one more training into the panels of a network, thin, in the colors and lines that are there."""
    drawn: list[tuple[Axes, str, Sequence[int], Sequence[float]]] = [
        (loss, "training", range(1, len(history.loss) + 1), history.loss)
    ]
    for part, curve in (("training", history.training), ("validation", history.validation), ("test", history.test)):
        if curve is not None:
            drawn.append((accuracy, part, curve.epochs, curve.accuracy))
            if part != "training":
                drawn.append((loss, part, curve.epochs, curve.loss))
    for ax, part, epochs, values in drawn:
        like = next(line for line in ax.lines if line.get_label() == part)
        ax.plot(epochs, values, color=like.get_color(), ls=like.get_linestyle(), lw=0.6, alpha=0.7)


def summary(result: Result, movements: data.Dataset) -> dict[str, Any]:
    """Everything about one training that JSON can hold."""
    test_predicted, C = result.test_scores.argmax(1), len(movements.classes)
    top = [min(k, C) for k in (1, 2, 3)]  # of two classes, the top three are two
    return {
        **dataclasses.asdict(result.recipe),
        "title": result.recipe.title,
        "history": dataclasses.asdict(result.history),
        "train_accuracy": metrics.accuracy(movements.train.y, result.train_predicted),
        "test_top_1_2_3": metrics.top_k_accuracy(movements.test.y, result.test_scores, k=top),
        "test_confusion": metrics.confusion_matrix(movements.test.y, test_predicted, n_classes=C).tolist(),
    }


def main() -> None:
    """Read the command line, and reproduce the report."""
    parser = argparse.ArgumentParser(description="Reproduce the report's trainings and figures.")
    parser.add_argument("--data", type=Path, help="MotionSense (zip or folder) or an HDF5 file; else the shipped one")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2); the results are the same")
    parser.add_argument("--out", type=Path, default=Path("report"), help="folder for the results (default: report)")
    parser.add_argument("--epochs", type=int, default=50, help="epochs of each training (default: 50)")
    parser.add_argument("--seed", type=int, default=0, help="of every training, or the first one (default: 0)")
    parser.add_argument("--seeds", type=int, default=1, help="train each network so many times (default: 1)")
    arguments = parser.parse_args()
    if arguments.jobs < 1 or arguments.epochs < 1 or arguments.seeds < 1 or arguments.seed < 0:
        parser.error("--jobs, --epochs and --seeds are 1 or more, --seed is 0 or more")
    try:
        movements = load(arguments.data)
        arguments.out.mkdir(parents=True, exist_ok=True)
        seeds = range(arguments.seed, arguments.seed + arguments.seeds)
        reproduce(movements, arguments.out, arguments.jobs, arguments.epochs, seeds)
    except (ValueError, OSError, rnn.DivergenceError) as error:
        sys.exit(f"reproduce_report: {error}")
    except KeyboardInterrupt:
        sys.exit("reproduce_report: interrupted; nothing was written")


def reproduce(movements: data.Dataset, out: Path, jobs: int, epochs: int, seeds: Sequence[int]) -> None:
    """Train, draw, and write the figures, results.json and the page."""
    work = [recipe for seed in seeds for recipe in recipes(epochs, seed)]
    # The longest first, so that no process is left with a long one at the end.
    order = sorted(range(len(work)), key=lambda i: (-work[i].hidden, work[i].batch_size))
    with parallel.Workers(jobs, movements) as workers:
        done = workers.run(train, [work[i] for i in order], steps=epochs, unit="epoch")
        results = [done[order.index(i)] for i in range(len(work))]
        workers.run(draw, drawings(results, out), steps=2, unit="figure")
    write(results, movements, out)


def drawings(results: list[Result], out: Path) -> list[Drawing]:
    """List the figures, two for each part."""
    return [
        Drawing(number, [result for result in results if result.recipe.part == part], out)
        for number, part in ((1, "a"), (3, "b"), (5, "c"))
    ]


def write(results: list[Result], movements: data.Dataset, out: Path) -> None:
    """Write results.json and the page, and print the page's beginning."""
    summaries = [summary(result, movements) for result in results]
    observations = counted(
        {
            seed: observe([Trained.of(s) for s in summaries if s["seed"] == seed], movements.classes)
            for seed in sorted({s["seed"] for s in summaries})
        }
    )
    text = page(summaries, observations, movements)
    with replacing(out / "results.md") as path:
        path.write_text(text, encoding="utf-8")
    record = {
        "data": movements.provenance,
        "classes": movements.classes,
        "version": __version__,
        "networks": summaries,
        "observations": [dataclasses.asdict(o) for o in observations],
    }
    with replacing(out / "results.json") as path:
        path.write_text(json.dumps(record, indent=1), encoding="utf-8")
    print(text[: text.index("## All networks")])
    print(f"Written to {out}: results.md, results.json, figure1.png to figure6.png")


if __name__ == "__main__":
    main()
