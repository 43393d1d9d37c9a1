"""Why do the report's networks jump out of optima? A claim, what would be seen if it were true, and a look.

    python examples/why_it_jumps.py --motionsense A_DeviceMotion_data.zip --out why --seeds 5     both data sets
    python examples/why_it_jumps.py --out why                                the shoulder exercises alone

The claim and its predictions are in ``jump_claim.py``, committed before anything was measured. Each training's
measurements are a line of ``trainings.jsonl``, every jump's, batch by batch, one of ``jumps.jsonl``; the same call goes
on after Ctrl-C or a power cut, and with ``--page`` only the page and the pictures are made from what is there.
"""

import argparse
import functools
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jump_figures
import jump_measures
import jump_numbers
import jump_page
import matplotlib as mpl
import parallel
import reproduce_report
from jump_measures import REMEDIES, REPORT, Around, Task
from jump_numbers import Row

from unrolled import data, rnn
from unrolled._support.atomic_write import replacing

KEYS = ("data", "remedy", "part", "hidden", "learning_rate", "batch_size", "seed")


def tasks(names: Sequence[str], seeds: int, recorded: int, epochs: int) -> list[list[Task]]:
    """List the trainings, seed by seed: the report's thirteen on each data set, then the remedies on the first.

    Only those with early stopping go on beyond the epochs that are measured: what they end with is looked at.
    """
    batches = []
    for seed in range(seeds):
        for name in names:
            report = [
                Task(name, recipe, recorded)
                for part, n in (("ab", min(recorded, epochs)), ("c", epochs))
                for recipe in reproduce_report.recipes(n, seed)
                if recipe.part in part
            ]
            batches.append(sorted(report, key=lambda t: (-t.recipe.hidden, t.recipe.batch_size)))
        recipe = reproduce_report.Recipe("b", 50, 0.01, 30, min(recorded, epochs), seed)
        batches.append([Task(names[0], recipe, recorded, remedy) for remedy in REMEDIES])
    return batches


def key(row: Row) -> tuple[Any, ...]:
    """Return what tells a training from the others."""
    return tuple(row[name] for name in KEYS)


def read(path: Path) -> list[Row]:
    """Read a table, but for a last line that was cut off."""
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return rows


def add(path: Path, row: Row) -> None:
    """Write a table with one more line."""
    lines = [json.dumps(each) + "\n" for each in [*read(path), row]]
    with replacing(path) as new:
        new.write_text("".join(lines), encoding="utf-8")


def measure(shared: dict[str, data.Dataset], given: argparse.Namespace) -> None:
    """Run the trainings that the tables do not have yet, then the largest jumps of each data set again."""
    table, table_of_jumps = given.out / "trainings.jsonl", given.out / "jumps.jsonl"
    with parallel.Workers(given.jobs, shared) as workers:
        for batch in tasks(list(shared), given.seeds, given.recorded, given.epochs):
            done = {key(row) for row in read(table)}
            new = [task for task in batch if key(task.key) not in done]
            if new:
                keep = functools.partial(add, table)
                workers.run(jump_measures.train, new, steps=given.epochs, unit="epoch", on_outcome=keep)
        rows, known = read(table), {key(row) for row in read(table_of_jumps)}
        for name in shared:
            report = [row for row in rows if row["data"] == name and row["remedy"] == REPORT]
            chosen = [each for each in jump_numbers.largest_jumps(report, given.jumps) if key(each[0]) not in known]
            if chosen:
                again = [look(row, epoch) for row, epoch in chosen]
                keep = functools.partial(add, table_of_jumps)
                workers.run(jump_measures.around, again, steps=given.recorded, unit="epoch", on_outcome=keep)


def look(row: Row, epoch: int) -> Around:
    """Return what looks at a jump batch by batch."""
    recipe = reproduce_report.Recipe(**{name: row[name] for name in ("part", *KEYS[3:], "epochs")})
    return Around(Task(row["data"], recipe, row["recorded"]), epoch, max(1, 120 // recipe.batch_size))


def main() -> None:
    """Read the command line, measure, and write the page and the pictures."""
    parser = argparse.ArgumentParser(description="Look at why the report's networks jump.")
    parser.add_argument("--motionsense", type=Path, help="A_DeviceMotion_data.zip (default: shoulder exercises alone)")
    parser.add_argument("--out", type=Path, default=Path("why"), help="folder for the results (default: why)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--seeds", type=int, default=5, help="of each training (default: 5)")
    parser.add_argument("--recorded", type=int, default=20, help="epochs that are measured (default: 20)")
    parser.add_argument("--epochs", type=int, default=50, help="of trainings with early stopping (default: 50)")
    parser.add_argument("--jumps", type=int, default=5, help="of each data set, seen batch by batch (default: 5)")
    parser.add_argument(
        "--page", action="store_true", help="train nothing: write the page of the tables that are there"
    )
    given = parser.parse_args()
    if min(given.jobs, given.seeds, given.recorded, given.epochs) < 1 or given.jumps < 0:
        parser.error("--jobs, --seeds, --recorded and --epochs are 1 or more, --jumps is 0 or more")
    mpl.use("Agg")
    try:
        shared = {"shoulder": reproduce_report.load(None)}
        if given.motionsense is not None:
            shared = {"motionsense": reproduce_report.load(given.motionsense), **shared}
        given.out.mkdir(parents=True, exist_ok=True)
        if not given.page:
            measure(shared, given)
        print(write(shared, given.out))
    except (ValueError, OSError, rnn.DivergenceError) as error:
        sys.exit(f"why_it_jumps: {error}")
    except KeyboardInterrupt:
        sys.exit("why_it_jumps: interrupted; the same call goes on")


def write(shared: dict[str, data.Dataset], out: Path) -> str:
    """Write the page and the pictures from the tables, and return the page."""
    rows, around = (sorted(read(out / f"{name}.jsonl"), key=key) for name in ("trainings", "jumps"))
    if not rows:
        raise ValueError(f"{out / 'trainings.jsonl'} has no training, expected at least one")
    jump_figures.draw(rows, around, out)
    text = jump_page.page(rows, around, shared)
    with replacing(out / "why_it_jumps.md") as path:
        path.write_text(text, encoding="utf-8")
    return text


if __name__ == "__main__":
    main()
