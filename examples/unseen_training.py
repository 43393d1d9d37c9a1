"""People never seen: one training, and what is kept of it."""

import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import parallel
from numpy.typing import NDArray
from unseen_recipes import BATCH, CHANNELS, CLIP, RECIPES, ROCKET, augmentation, network, side_by_side
from unseen_windows import MOST, Source, parts

from unrolled import data, rnn

Row = dict[str, Any]
"""``data``, ``split``, ``recipe``, ``seed``, and what came out: ``counts`` has a row for each recording that was left
out, [person, class, trial, then how many of its windows were taken for class 0, 1, ...]."""


@dataclass(frozen=True)
class Key:
    """What tells a training from the others."""

    data: str
    split: str
    recipe: str
    seed: int


@dataclass(frozen=True)
class Task:
    """One training."""

    key: Key
    epochs: int
    folder: Path
    rocket: str = ""


def counts(test: data.Samples, said: NDArray[Any], n: int) -> list[list[int]]:
    """Return, for each recording, what its windows were taken for."""
    assert test.person is not None
    assert test.trial is not None
    of = np.stack([test.person, test.y, test.trial], axis=1)
    recordings, place = np.unique(of, axis=0, return_inverse=True)
    table = np.zeros((len(recordings), n), np.int64)
    np.add.at(table, (place.reshape(-1), said), 1)
    found: list[list[int]] = np.concatenate([recordings, table], axis=1).tolist()
    return found


def file_of(folder: Path, key: Key) -> Path:
    """Return where the probabilities of a training are kept, for ensembles."""
    return folder / ("_".join(map(str, asdict(key).values())).replace(" ", "-") + ".npy")


def train(task: Task, shared: Mapping[str, Source], tick: parallel.Tick) -> Row:
    """Train one network, or fit MiniRocket, and say what it makes of people, or trials, never seen."""
    key, source = task.key, shared[task.key.data]
    training, test = parts(source, key.split, key.seed, MOST[key.data])
    if key.recipe == ROCKET:
        return {**asdict(key), **rocket(task, training, test, len(source.classes))}
    recipe = RECIPES[key.recipe]
    fed = data.Dataset(training, test, source.classes)
    fed = (fed.with_channels(CHANNELS) if recipe.channels else fed).standardized()
    X, X_test = (side_by_side(part.X, recipe.steps) for part in (fed.train, fed.test))
    net = network(recipe, X.shape[2], len(source.classes), key.seed)
    begun = time.process_time()
    rnn.train(
        net,
        (X, training.y),
        optimizer=rnn.Adam(recipe.rate),
        schedule=rnn.Cosine(task.epochs),
        clip=CLIP,
        dropout=rnn.Dropout(layers=recipe.dropout) if recipe.dropout else None,
        augment=augmentation(recipe, fed),
        batch_size=BATCH,
        epochs=task.epochs,
        rng=key.seed,
        progress=False,
        on_epoch=lambda *_: tick(),
    )
    seconds = time.process_time() - begun
    said = net.predict_proba(X_test)
    task.folder.mkdir(parents=True, exist_ok=True)
    np.save(file_of(task.folder, key), said.astype(np.float32))
    return {
        **asdict(key),
        "epochs": task.epochs,
        "seconds": round(seconds, 1),
        "parameters": sum(W.size for W in net.parameters.values()),
        "training": round(net.evaluate(X, training.y)[1], 5),
        "counts": counts(test, said.argmax(axis=1), len(source.classes)),
    }


def rocket(task: Task, training: data.Samples, test: data.Samples, n: int) -> Row:
    """Let MiniRocket, in its own environment, fit the same windows."""
    script = Path(__file__).with_name("unseen_rocket.py")
    with tempfile.TemporaryDirectory() as folder:
        windows, answers = Path(folder) / "windows.npz", Path(folder) / "said.npz"
        np.savez(windows, X=training.X, y=training.y, X_test=test.X)
        subprocess.run([task.rocket, script, windows, answers, str(task.key.seed)], check=True)
        with np.load(answers) as file:
            said, again, seconds = file["y"], file["training"], float(file["seconds"])
    return {
        "seconds": round(seconds, 1),
        "training": round(float(np.mean(again == training.y)), 5),
        "counts": counts(test, said, n),
    }


def ensemble(keys: Sequence[Key], folder: Path, source: Source) -> Row | None:
    """Return what the mean of the probabilities of several trainings says; None where they are not kept."""
    files = [file_of(folder, key) for key in keys]
    if not all(map(Path.exists, files)):
        return None
    one = keys[0]
    _, test = parts(source, one.split, one.seed, MOST[one.data])
    said = np.mean([np.load(file) for file in files], axis=0).argmax(axis=1)
    name = {**asdict(one), "recipe": f"{one.recipe}, ensemble", "seed": len(keys)}
    return {**name, "counts": counts(test, said, len(source.classes))}
