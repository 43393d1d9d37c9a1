"""People never seen: what is missing, what each remedy is worth, and whether it reaches MiniRocket.

    python examples/unseen_people.py --data A_DeviceMotion_data.zip --wisdm wisdm2019_part.zip --minirocket PYTHON

PYTHON is ``.venv-aeon/bin/python``, an environment of its own with aeon, whose MiniRocket it is: ``python -m venv
.venv-aeon``, ``.venv-aeon/bin/pip install aeon``. Without ``--minirocket`` it is left out, without ``--wisdm`` that
data set is. Each training is added to ``results.json`` as it ends, and the same call goes on after Ctrl-C or a power
cut; with ``--page`` only the page and the pictures are made of what is there. What was claimed beforehand is in
``unseen_claim.py``, the recipes in ``unseen_recipes.py``.
"""

import argparse
import functools
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import parallel
import unseen_figures as figures
import unseen_numbers as numbers
import unseen_page
import unseen_windows as windows
from unseen_recipes import ADDED, BASELINE, EPOCHS, FULL, LEFT_OUT, ROCKET, SINGLE, TANH
from unseen_training import Key, Row, Task, ensemble, train
from unseen_windows import MOTIONSENSE, PEOPLE, SHOULDER, TRIALS, WISDM, Source

from unrolled import rnn
from unrolled._support.atomic_write import replacing

ONE_PAGE, RESULTS = "unseen_people", "results.json"
INGREDIENTS = [recipe.name for recipe in (*ADDED, *LEFT_OUT)]


def keys(shared: Mapping[str, Source], seeds: int) -> list[Key]:
    """List all trainings, what matters most first."""
    folds = {name: windows.splits(source) for name, source in shared.items()}
    all_seeds, found = range(seeds), list[Key]()

    def add(data: str, splits: Sequence[str], recipes: Sequence[str], seeds: Sequence[int]) -> None:
        found.extend(Key(data, split, name, seed) for seed in seeds for split in splits for name in recipes)

    add(MOTIONSENSE, folds[MOTIONSENSE], [FULL.name, BASELINE.name, ROCKET], [0])
    add(MOTIONSENSE, [PEOPLE, TRIALS], [FULL.name, ROCKET, TANH.name], all_seeds)
    add(MOTIONSENSE, folds[MOTIONSENSE], [FULL.name, ROCKET], all_seeds[1:2])
    add(MOTIONSENSE, folds[MOTIONSENSE][:3], INGREDIENTS, [0])
    for name, first in ((SHOULDER, 5), (WISDM, 3)):
        if name in shared:
            add(name, folds[name][:first], [FULL.name, BASELINE.name, ROCKET], [0])
    add(MOTIONSENSE, folds[MOTIONSENSE], [TANH.name], [0])
    add(MOTIONSENSE, folds[MOTIONSENSE][:2], [recipe.name for recipe in SINGLE], [0])
    add(MOTIONSENSE, folds[MOTIONSENSE], [FULL.name, ROCKET], all_seeds[2:3])
    if WISDM in shared:
        add(WISDM, folds[WISDM][3:], [FULL.name, BASELINE.name, ROCKET], [0])
    add(MOTIONSENSE, folds[MOTIONSENSE][3:], INGREDIENTS, [0])
    add(MOTIONSENSE, folds[MOTIONSENSE][2:], [recipe.name for recipe in SINGLE], [0])
    add(MOTIONSENSE, folds[MOTIONSENSE], [FULL.name, ROCKET], all_seeds[3:])
    add(MOTIONSENSE, folds[MOTIONSENSE], [BASELINE.name, TANH.name], all_seeds[1:])
    add(MOTIONSENSE, folds[MOTIONSENSE], INGREDIENTS, all_seeds[1:])
    return found


def read(path: Path) -> list[Row]:
    """Return the rows of results.json, none where there is none yet."""
    rows: list[Row] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return rows


def key(row: Row) -> Key:
    """Return what tells a row from the others."""
    return Key(row["data"], row["split"], row["recipe"], row["seed"])


def keep(path: Path, rows: Sequence[Row]) -> None:
    """Write rows, a line each, to results.json."""
    with replacing(path) as new:
        new.write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n", encoding="utf-8")


def add(path: Path, row: Row) -> None:
    """Write results.json with one more row."""
    keep(path, [*(each for each in read(path) if key(each) != key(row)), row])


def measure(shared: Mapping[str, Source], given: argparse.Namespace) -> None:
    """Train what results.json does not have yet."""
    path, folder = given.out / RESULTS, given.out / "probabilities"
    done = {key(row) for row in read(path)}
    wanted = [each for each in keys(shared, given.seeds) if each not in done]
    todo = [Task(each, given.epochs, folder, given.minirocket) for each in wanted]
    todo = [task for task in todo if given.minirocket or task.key.recipe != ROCKET]
    if todo:
        with parallel.Workers(given.jobs, shared) as workers:
            workers.run(train, todo, steps=given.epochs, unit="epoch", on_outcome=functools.partial(add, path))


def ensembles(shared: Mapping[str, Source], out: Path) -> None:
    """Add what ensembles say, of the full recipe and of tanh, wherever more than one seed is kept."""
    path = out / RESULTS
    of = dict[tuple[str, str, str], list[Key]]()
    for each in map(key, read(path)):
        if each.recipe in (FULL.name, TANH.name):
            of.setdefault((each.data, each.split, each.recipe), []).append(each)
    for several in of.values():
        if len(several) > 1:
            row = ensemble(sorted(several, key=lambda each: each.seed), out / "probabilities", shared[several[0].data])
            if row is not None:
                add(path, row)


def write(rows: Sequence[Row], out: Path) -> None:
    """Write the page and the pictures."""
    names = (FULL.name, ROCKET, BASELINE.name)
    splits = unseen_page.folds(rows, MOTIONSENSE, names)
    if not splits:
        return
    of = {name: numbers.chosen(rows, MOTIONSENSE, name, splits) for name in names}
    figures.by_person({name: numbers.accuracy(some) for name, some in of.items()}).savefig(out / "people.png", dpi=90)
    drawn = figures.confusion(of[FULL.name], unseen_page.MOVEMENTS, "people left out, full recipe")
    drawn.savefig(out / "confusion.png", dpi=90)
    with replacing(out / f"{ONE_PAGE}.md") as new:
        new.write_text(unseen_page.page(rows), encoding="utf-8")


def main() -> None:
    """Read the command line, measure, and write the page and the pictures."""
    parser = argparse.ArgumentParser(description="Train on some people, test on others, beside MiniRocket.")
    parser.add_argument("--data", type=Path, required=True, help="A_DeviceMotion_data.zip, or its folder")
    parser.add_argument("--wisdm", type=Path, help="wisdm-dataset.zip of 2019, or a part of it")
    parser.add_argument("--minirocket", default="", help="a Python that has aeon, in an environment of its own")
    parser.add_argument("--out", type=Path, default=Path(ONE_PAGE), help=f"folder (default: {ONE_PAGE})")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2); the results are the same")
    parser.add_argument("--seeds", type=int, default=5, help="how many (default: 5)")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help=f"of each training (default: {EPOCHS})")
    parser.add_argument("--page", action="store_true", help="train nothing: make the page of what is there")
    given = parser.parse_args()
    if min(given.jobs, given.seeds, given.epochs) < 1:
        parser.error("--jobs, --seeds and --epochs are 1 or more")
    mpl.use("Agg")
    try:
        given.out.mkdir(parents=True, exist_ok=True)
        shared = {MOTIONSENSE: windows.motionsense(given.data), SHOULDER: windows.shoulder()}
        if given.wisdm is not None:
            shared[WISDM] = windows.wisdm(given.wisdm)
        if not given.page:
            measure(shared, given)
        ensembles(shared, given.out)
        write(read(given.out / RESULTS), given.out)
    except (ValueError, OSError, rnn.DivergenceError, subprocess.CalledProcessError) as error:
        sys.exit(f"{ONE_PAGE}: {error}")
    except KeyboardInterrupt:
        sys.exit(f"{ONE_PAGE}: interrupted; the same call goes on")


if __name__ == "__main__":
    main()
