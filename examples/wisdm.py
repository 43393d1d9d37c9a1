"""Eighteen activities of people never seen: a GRU on WISDM 2019, everyone left out once for each seed.

    python examples/wisdm.py --data wisdm-dataset.zip

The acceleration of the telephone in the pocket, brought to 10 Hz, in windows of ten seconds. The people are dealt out
to folds anew for each seed; a network is trained on all folds but one and tested on that one, so that everyone is
tested on, by a network that never met them. A telephone in the pocket knows little of what the hands do: eating,
drinking and writing are near chance. Settings were chosen beforehand and not tuned; there is no early stopping,
and the people left out are looked at once, after each training's end.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import parallel
from beyond_the_report import spread
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from numpy.typing import NDArray

from unrolled import __version__, data, metrics, plots, rnn
from unrolled._support.atomic_write import replacing

ONE_PAGE = "wisdm"
RATE, WINDOW = 10.0, 100
"""In Hz, and in steps: ten seconds."""

CELL, BATCH = rnn.GRU(64), 64
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
"""Of Okabe and Ito, which the color-blind can tell apart."""


@dataclasses.dataclass(frozen=True)
class Task:
    """One training: tested on one fold of the people, trained on all others."""

    fold: int
    folds: int
    seed: int
    epochs: int


def load(path: Path) -> data.Dataset:
    """Load windows without overlap, in m/s^2; how they are divided there does not matter."""
    return data.load_wisdm(path, new_rate=RATE, window=WINDOW, stride=WINDOW, scale=False)


def everyone(movements: data.Dataset) -> data.Samples:
    """Return the samples of both parts as one."""
    both = (movements.train, movements.test)
    people = [part.person for part in both if part.person is not None]
    X, y = (np.concatenate([getattr(part, name) for part in both]) for name in ("X", "y"))
    return data.Samples(X, y, np.concatenate(people))


def left_out(person: NDArray[np.int64], task: Task) -> NDArray[np.bool_]:
    """Tell which samples are of the people whom a training leaves out."""
    people = np.random.default_rng(task.seed).permutation(np.unique(person))
    return np.isin(person, people[task.fold :: task.folds])


def train(task: Task, movements: data.Dataset, tick: parallel.Tick) -> dict[str, Any]:
    """Train one network, and return what it says of each window of the people left out."""
    samples = everyone(movements)
    assert samples.person is not None
    out = left_out(samples.person, task)
    parts = data.Dataset(samples.subset(~out), samples.subset(out), movements.classes, movements.rate).standardized()
    net = rnn.ManyToOne(
        CELL,
        n_inputs=3,
        n_classes=len(movements.classes),
        readout=rnn.Mean(),
        head=rnn.Softmax(),
        initializer={"W_hh": rnn.orthogonal},
        rng=task.seed,
    )
    rnn.train(
        net,
        parts.train,
        optimizer=rnn.Adam(0.003),
        schedule=rnn.Cosine(task.epochs),
        clip=rnn.ClipNorm(1.0),
        batch_size=BATCH,
        epochs=task.epochs,
        rng=task.seed,
        progress=False,
        on_epoch=lambda *_: tick(),
    )
    likeliest = np.argsort(-net.predict_proba(parts.test.X), axis=1, kind="stable")[:, :3]
    assert parts.test.person is not None
    return {
        "seed": task.seed,
        "fold": task.fold,
        "training": net.evaluate(parts.train.X, parts.train.y)[1],
        "person": parts.test.person.tolist(),
        "y": parts.test.y.tolist(),
        "likeliest": likeliest.tolist(),
    }


@dataclasses.dataclass(frozen=True)
class Answers:
    """What the networks of one seed said of everyone: the three likeliest classes (N, 3), best first."""

    person: NDArray[np.int64]
    y: NDArray[np.int64]
    likeliest: NDArray[np.int64]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether the likeliest is right, (N,)."""
        return np.asarray(self.likeliest[:, 0] == self.y)

    def top(self) -> list[float]:
        """Return top-1, top-2 and top-3 accuracy."""
        hit = np.cumsum(self.likeliest == self.y[:, None], axis=1) > 0
        return [float(each) for each in hit.mean(axis=0)]

    def by_person(self) -> dict[int, float]:
        """Return the accuracy of each person's windows."""
        return {int(who): float(self.right[self.person == who].mean()) for who in np.unique(self.person)}


def answers(results: Sequence[dict[str, Any]]) -> dict[int, Answers]:
    """Put the folds of each seed together."""
    seeds = sorted({result["seed"] for result in results})
    of = {seed: [result for result in results if result["seed"] == seed] for seed in seeds}
    names = ("person", "y", "likeliest")
    return {
        seed: Answers(*(np.concatenate([np.array(result[name]) for result in of[seed]]) for name in names))
        for seed in seeds
    }


def draw_people(found: dict[int, Answers], chance: float) -> Figure:
    """Draw the accuracy of each person, never seen, a mark for each seed; the best person first."""
    each = [answer.by_person() for answer in found.values()]
    people = sorted(each[0], key=lambda who: -float(np.mean([of[who] for of in each])))
    figure, ax = plt.subplots(figsize=(9, 3.6), layout="constrained")
    for i, (seed, of) in enumerate(zip(found, each, strict=True)):
        ax.plot([of[who] for who in people], "osD^v"[i % 5], color=COLORS[i % 5], ms=5, label=f"seed {seed}")
    ax.axhline(chance, color="0.4", ls="--", lw=1, label="chance")
    ax.set_xticks(range(len(people)), [str(who) for who in people], rotation=90)
    ax.set(xlabel="person, never trained on", ylabel="accuracy")
    ax.set_ylim(bottom=0)
    ax.grid(axis="y", alpha=0.3)
    ax.legend(loc="upper right", bbox_to_anchor=(1, 1.12), ncols=len(found) + 1, frameon=False)
    return figure


def page(results: Sequence[dict[str, Any]], classes: Sequence[str], provenance: str, given: argparse.Namespace) -> str:
    """Write the tables: accuracies by seed, by activity, by person."""
    found = answers(results)
    y = next(iter(found.values())).y
    n, people = len(classes), sorted(next(iter(found.values())).by_person())
    largest = np.bincount(y, minlength=n).max() / len(y)
    top = np.array([each.top() for each in found.values()])
    lines = [
        "# WISDM 2019: eighteen activities of people never seen",
        "",
        f"{provenance}; unrolled {__version__}. {len(y)} windows of {len(people)} people, {n} activities. "
        f"One layer, {CELL!r}, the mean of whose states is read, softmax; Adam at 0.003 with a cosine schedule, "
        f"gradients clipped at norm 1, batches of {BATCH}, {given.epochs} epochs, chosen beforehand and not tuned. The "
        f"people are dealt out to {given.folds} folds anew for each seed; everyone is tested on once a seed, by a "
        "network that never met them.",
        "",
        "| | top-1 | top-2 | top-3 |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| seed {seed} | {' | '.join(f'{each:.3f}' for each in row)} |" for seed, row in zip(found, top, strict=True)
    ]
    lines += [
        f"| mean | {' | '.join(f'{each:.3f}' for each in top.mean(axis=0))} |",
        f"| chance | {' | '.join(f'{k / n:.3f}' for k in (1, 2, 3))} |",
        "",
        f"Chance is 1 in {n}; the most frequent activity has {largest:.3f} of the windows. On what they were trained "
        f"on the networks are right in {spread(result['training'] for result in results)} (mean and range over "
        f"{len(results)} trainings).",
        "",
        f"![Confusion matrix of all seeds]({ONE_PAGE}_confusion.png)",
        "",
        "| activity | windows | recall, mean of the seeds | range | most often taken for |",
        "|---|---|---|---|---|",
    ]
    recall = {label: [each.right[each.y == label].mean() for each in found.values()] for label in np.unique(y).tolist()}
    matrix = np.sum([metrics.confusion_matrix(each.y, each.likeliest[:, 0], n_classes=n) for each in found.values()], 0)
    for label in sorted(recall, key=lambda label: -np.mean(recall[label])):
        row = matrix[label] / matrix[label].sum()
        row[label] = 0
        other = f"{classes[row.argmax()]}, {row.max():.3f}" if row.any() else ""
        of = recall[label]
        ends = f"{min(of):.3f} to {max(of):.3f}"
        lines.append(f"| {classes[label]} | {(y == label).sum()} | {np.mean(of):.3f} | {ends} | {other} |")
    lines += ["", f"![Accuracy of each person]({ONE_PAGE}_people.png)", ""]
    lines += ["| person | windows | accuracy, mean of the seeds | range |", "|---|---|---|---|"]
    person = next(iter(found.values())).person
    for who in people:
        of = [each.by_person()[who] for each in found.values()]
        lines.append(f"| {who} | {(person == who).sum()} | {np.mean(of):.3f} | {min(of):.3f} to {max(of):.3f} |")
    return "\n".join(lines) + "\n"


def write(results: Sequence[dict[str, Any]], movements: data.Dataset, given: argparse.Namespace) -> str:
    """Write the page, its pictures and its numbers, and return the page."""
    found = answers(results)
    provenance = movements.provenance.split("; tested")[0]
    y = np.concatenate([each.y for each in found.values()])
    said = np.concatenate([each.likeliest[:, 0] for each in found.values()])
    plots.confusion_matrix(
        y, said, movements.classes, normalize="true", title=f"percent of the true activity, {len(found)} seeds"
    )
    with replacing(given.out / f"{ONE_PAGE}_confusion.png") as path:
        plt.savefig(path, dpi=70)
    figure = draw_people(found, 1 / len(movements.classes))
    with replacing(given.out / f"{ONE_PAGE}_people.png") as path:
        figure.savefig(path, dpi=90)
    numbers = [
        {
            "seed": seed,
            "top": each.top(),
            "by person": each.by_person(),
            "confusion": metrics.confusion_matrix(each.y, each.likeliest[:, 0]).tolist(),
        }
        for seed, each in found.items()
    ]
    text = page(results, movements.classes, provenance, given)
    for suffix, content in (("json", json.dumps(numbers)), ("md", text)):
        with replacing(given.out / f"{ONE_PAGE}.{suffix}") as path:
            path.write_text(content, encoding="utf-8")
    return text


def main() -> None:
    """Read the command line, train, and write the tables and the figures."""
    parser = argparse.ArgumentParser(description="Train on WISDM 2019, and test on people never seen.")
    parser.add_argument("--data", type=Path, required=True, help="wisdm-dataset.zip, as downloaded, or its folder")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2); the results are the same")
    parser.add_argument("--seeds", type=int, default=3, help="how many (default: 3)")
    parser.add_argument("--folds", type=int, default=4, help="of the people, for each seed (default: 4)")
    parser.add_argument("--epochs", type=int, default=15, help="of each training (default: 15)")
    parser.add_argument("--out", type=Path, default=Path(ONE_PAGE), help=f"folder (default: {ONE_PAGE})")
    given = parser.parse_args()
    if min(given.jobs, given.epochs, given.seeds) < 1 or given.folds < 2:
        parser.error("--jobs, --epochs and --seeds are 1 or more, --folds 2 or more")
    mpl.use("Agg")
    try:
        movements = load(given.data)
        given.out.mkdir(parents=True, exist_ok=True)
    except (ValueError, OSError) as error:
        sys.exit(f"{ONE_PAGE}: {error}")
    work = [Task(fold, given.folds, seed, given.epochs) for seed in range(given.seeds) for fold in range(given.folds)]
    try:
        with parallel.Workers(given.jobs, movements) as workers:
            results = workers.run(train, work, steps=given.epochs, unit="epoch")
    except KeyboardInterrupt:
        sys.exit(f"{ONE_PAGE}: interrupted; nothing was written")
    print(write(results, movements, given))


if __name__ == "__main__":
    main()
