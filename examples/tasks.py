"""The field's standard problems, whose answers are known: what networks of this library make of them, five seeds each.

    pip install reservoirpy "torch==2.13.0"        # what some are held against; without them it is said what is missing
    python examples/tasks.py --out tasks           # each training is a line of tasks/tasks.jsonl; a killed run goes on
    python examples/tasks.py --out tasks --timings # letters a second, on a quiet machine

The goals (``task_page.GOALS``) were written before the trainings. Recipes were chosen with other seeds and validation
samples; whatever is in the table has been measured once, on test samples.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported: one core is what is compared

import matplotlib as mpl
import task_forecasts as forecasts
import task_letters as letters
import task_problems as problems
from matplotlib import pyplot as plt
from task_page import CLOSED, ONE_PAGE, figures, page

from unrolled import rnn
from unrolled._support.atomic_write import replacing

Row = dict[str, Any]
"""``problem``, ``network``, ``seed``, what came out, and ``seconds`` of processor time."""


@dataclass(frozen=True)
class Work:
    """One training, for each seed: of which problem, by which network, and the library it needs."""

    problem: str
    network: str
    run: Callable[[int], problems.Outcome]
    needs: str = "unrolled"


def everything() -> list[Work]:
    """Return all that is trained, what costs least first."""
    cells: dict[str, rnn.cells.Cell] = {
        "GRU": rnn.GRU(32),
        "LSTM": rnn.LSTM(32),
        "ReLU, identity-started": rnn.ReLU(50),
    }
    found = [Work("flip-flop", "GRU", partial(problems.flip_flop, cell=rnn.GRU(32)))]
    found += [Work("copy memory", CLOSED, partial(problems.copying, H=300))]
    for T in (150, 400):
        found += [
            Work(f"adding, T = {T}", name, partial(problems.adding, cell=cell, T=T)) for name, cell in cells.items()
        ]
    series: list[tuple[str, Callable[[int], forecasts.Problem]]] = [
        ("NARMA-10", forecasts.narma),
        ("Mackey-Glass", forecasts.mackey_glass),
        ("Lorenz", forecasts.lorenz),
    ]
    for name, make in series:
        ours = partial(forecasts.reservoir, make=make, kind=forecasts.Ours)
        theirs = partial(forecasts.reservoir, make=make, kind=forecasts.Theirs)
        found += [
            Work(name, "reservoirpy", theirs, "reservoirpy"),
            Work(name, "reservoir", ours),
            Work(name, "reservoir, then gradients", partial(forecasts.trained, make=make)),
        ]
    found += [Work("letters", "GRU", partial(letters.letters, cell=rnn.GRU))]
    found += [Work("letters", "PyTorch's GRU", partial(letters.in_torch, cell=rnn.GRU), "torch")]
    found += [Work("letters", "plain NumPy", letters.plain)]
    return found


def missing(work: Sequence[Work]) -> dict[str, str]:
    """Return the libraries that are needed and not to be had, and why."""
    found = {}
    for name in sorted({each.needs for each in work}):
        try:
            import_module(name)
        except ImportError as error:
            found[name] = str(error)
    return found


def read(table: Path) -> list[Row]:
    """Return the rows of a table; a line that was cut short by a kill is left out."""
    rows = []
    for line in table.read_text(encoding="utf-8").splitlines() if table.exists() else ():
        try:
            rows.append(json.loads(line))
        except ValueError:
            print(f"{ONE_PAGE}: a line of {table} is damaged and left out", file=sys.stderr)
    return rows


def train(work: Sequence[Work], seeds: int, table: Path) -> None:
    """Train what is not in the table yet, seed by seed, and add a line for each."""
    done = {(row["problem"], row["network"], row["seed"]) for row in read(table)}
    todo = [(each, seed) for seed in range(seeds) for each in work if (each.problem, each.network, seed) not in done]
    for n, (each, seed) in enumerate(todo, 1):
        begun = time.process_time()
        row = {"problem": each.problem, "network": each.network, "seed": seed, **each.run(seed)}
        row["seconds"] = round(time.process_time() - begun, 1)
        broken = table.exists() and not table.read_bytes().endswith(b"\n")
        with table.open("a", encoding="utf-8") as file:
            file.write("\n" * broken + json.dumps(row) + "\n")
        said = f"{each.problem}, {each.network}, seed {seed}: {row['value']:.4g} ({row['seconds']} s)"
        print(f"{n} of {len(todo)}: {said}", file=sys.stderr, flush=True)


def timings(work: Sequence[Work]) -> dict[str, Any]:
    """Return the letters a second of each way to train, with one thread, and where it was measured."""
    size, found = letters.ROWS * letters.STEPS, {}
    updates: dict[str, Callable[[], Any]] = {"plain NumPy": letters.of_plain}
    for name, cell in (("GRU", rnn.GRU), ("LSTM", rnn.LSTM)):
        updates[name] = partial(letters.of_ours, cell)
        updates[f"{name}, one-hot rows"] = partial(letters.of_ours, cell, as_rows=True)
        if "torch" not in missing(work):
            updates[f"PyTorch's {name}"] = partial(letters.of_torch, cell)
    for name, make in updates.items():
        found[name] = (25 if name == "plain NumPy" else size) / letters.seconds(make())
    spent = {name: letters.profile(updates[name]())[:8] for name in ("GRU", "LSTM")}
    return {
        "letters a second": found,
        "profile": spent,
        "machine": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
    }


def write(out: Path, absent: dict[str, str]) -> str:
    """Write the page and its pictures from the table, and return the page."""
    rows, measured = read(out / f"{ONE_PAGE}.jsonl"), out / f"{ONE_PAGE}_timings.json"
    speeds = json.loads(measured.read_text(encoding="utf-8")) if measured.exists() else None
    for name, figure in figures(rows).items():
        with replacing(out / f"{name}.png") as path:
            figure.savefig(path, dpi=90)
        plt.close(figure)
    written = page(rows, speeds, absent)
    with replacing(out / f"{ONE_PAGE}.md") as path:
        path.write_text(written, encoding="utf-8")
    return written


def main() -> None:
    """Read the command line, train what is missing, and write the page and its pictures."""
    parser = argparse.ArgumentParser(description="Train networks on problems whose answers are known.")
    parser.add_argument("--seeds", type=int, default=5, help="how many (default: 5)")
    parser.add_argument("--only", nargs="+", default=[], help="problems that begin with one of these words")
    parser.add_argument("--out", type=Path, default=Path(ONE_PAGE), help=f"folder (default: {ONE_PAGE})")
    parser.add_argument("--timings", action="store_true", help="measure letters a second, and train nothing")
    given = parser.parse_args()
    if given.seeds < 1:
        parser.error("--seeds is 1 or more")
    mpl.use("Agg")
    work = [each for each in everything() if not given.only or each.problem.startswith(tuple(given.only))]
    absent = missing(work)
    for name, why in absent.items():
        print(f"{ONE_PAGE}: what is held against {name} is left out: {why}", file=sys.stderr)
    try:
        given.out.mkdir(parents=True, exist_ok=True)
        if given.timings:
            with replacing(given.out / f"{ONE_PAGE}_timings.json") as path:
                path.write_text(json.dumps(timings(work), indent=1), encoding="utf-8")
        else:
            train([each for each in work if each.needs not in absent], given.seeds, given.out / f"{ONE_PAGE}.jsonl")
        print(write(given.out, absent))
    except OSError as error:
        sys.exit(f"{ONE_PAGE}: {error}")
    except KeyboardInterrupt:
        sys.exit(f"{ONE_PAGE}: interrupted; the same call goes on")


if __name__ == "__main__":
    main()
