"""How long loading takes, and how much memory, beside pandas and NumPy; each in a process of its own.

    python benchmarks/loaders.py --megabytes 100
    python benchmarks/loaders.py --motionsense A_DeviceMotion_data.zip --wisdm wisdm-dataset.zip

Memory is the most that the process held (``ru_maxrss``) beyond what it held after its imports, as a multiple of the
bytes that were read, unpacked. A load is from the file to windows of both parts, scaled; pandas and NumPy only read.
The last two rows are files that are made to be dear: a line without an end, and a million records on a line.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from unrolled import data

LOADERS: dict[str, Callable[[str], Any]] = {
    "load_csv": lambda path: data.load_csv(
        path, signal=["ax", "ay", "az"], label="what", person="who", time="time", test_people=["p2"]
    ),
    "np.loadtxt, the numbers": lambda path: np.loadtxt(path, delimiter=",", skiprows=1, usecols=(0, 3, 4, 5)),
    "pandas.read_csv": lambda path: __import__("pandas").read_csv(path),
    "load_motionsense": lambda path: data.load_motionsense(path, n_train=None, n_test=None),
    "load_wisdm": lambda path: data.load_wisdm(path),
    "load_uci_har, a line without an end": lambda path: data.load_uci_har(path),
    "load_wisdm, a million records on a line": lambda path: data.load_wisdm(path),
}


def most_bytes() -> int:
    """Return the most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def measure(name: str, path: str) -> None:
    """Load, and print as JSON the seconds of processor time, the bytes, and what was said of a file that is refused."""
    before, start, said = most_bytes(), time.process_time(), ""
    try:
        LOADERS[name](path)
    except ValueError as error:
        said = str(error)
    except ImportError:
        said = "not installed"
    print(json.dumps([time.process_time() - start, most_bytes() - before, said]))


def row(name: str, path: Path, size: int) -> str:
    """Return a row of the table, measured in a process of its own."""
    run = subprocess.run([sys.executable, __file__, "--measure", name, str(path)], capture_output=True, text=True)
    if run.returncode:
        return f"| {name} | | | | the process ended with {run.returncode} |"
    seconds, held, said = json.loads(run.stdout)
    said = said.replace(str(path), path.name)[:90]
    return f"| {name} | {size / 1e6:.0f} MB | {seconds:.2f} s | {held / size:.1f} | {said} |"


def write_table(path: Path, megabytes: float) -> None:
    """Write rows of four people, 50 a second, of about 45 bytes each."""
    rng, rows = np.random.default_rng(0), int(megabytes * 1e6 / 45)
    with path.open("w", encoding="utf-8") as file:
        file.write("time,who,what,ax,ay,az,note\n")
        for first in range(0, rows, 5000):
            who, what = first * 4 // rows, ("nod", "wave")[first // 5000 % 2]
            for i, (x, y, z) in enumerate(rng.normal(size=(min(5000, rows - first), 3)).tolist(), first):
                file.write(f"{i / 50:.2f},p{who},{what},{x:.6f},{y:.6f},{z:.6f},-\n")


def write_long_line(folder: Path, megabytes: float) -> None:
    """Write UCI HAR with one signal of a single line that never ends."""
    activities = ("WALKING", "WALKING_UPSTAIRS", "WALKING_DOWNSTAIRS", "SITTING", "STANDING", "LAYING")
    folder.mkdir()
    (folder / "activity_labels.txt").write_text(
        "".join(f"{i} {name}\n" for i, name in enumerate(activities, 1)), encoding="utf-8"
    )
    for part in ("train", "test"):
        place = folder / part / "Inertial Signals"
        place.mkdir(parents=True)
        for name in (f"y_{part}", f"subject_{part}"):
            (folder / part / f"{name}.txt").write_text("1\n2\n", encoding="utf-8")
        for kind in ("body_acc", "body_gyro", "total_acc"):
            for axis in "xyz":
                (place / f"{kind}_{axis}_{part}.txt").write_text((" 1.0" * 128 + "\n") * 2, encoding="utf-8")
    (folder / "train" / "Inertial Signals" / "total_acc_x_train.txt").write_text(
        "1 " * int(megabytes * 5e5), encoding="utf-8"
    )


def unpacked(path: Path, ending: str) -> int:
    """Return the bytes of a zip's entries, or of a file."""
    if not zipfile.is_zipfile(path):
        return path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        return sum(entry.file_size for entry in archive.infolist() if entry.filename.endswith(ending))


def main() -> None:
    """Read the command line, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=100, help="of what is made up (default: 100)")
    parser.add_argument("--motionsense", type=Path, help="A_DeviceMotion_data.zip")
    parser.add_argument("--wisdm", type=Path, help="wisdm-dataset.zip")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measure(*given.measure)
        return
    print("| | read | processor time | memory, times that | said |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        table = Path(scratch) / "table.csv"
        write_table(table, given.megabytes)
        for name in ("load_csv", "np.loadtxt, the numbers", "pandas.read_csv"):
            print(row(name, table, table.stat().st_size), flush=True)
        if given.motionsense:
            print(row("load_motionsense", given.motionsense, unpacked(given.motionsense, ".csv")), flush=True)
        if given.wisdm:
            print(row("load_wisdm", given.wisdm, unpacked(given.wisdm, "accel_phone.txt")), flush=True)
        har = Path(scratch) / "UCI HAR Dataset"
        write_long_line(har, given.megabytes / 4)
        size = (har / "train" / "Inertial Signals" / "total_acc_x_train.txt").stat().st_size
        print(row("load_uci_har, a line without an end", har, size), flush=True)
        line = Path(scratch) / "wisdm.txt"
        records = (f"{1 + i // 5000 % 30},Walking,{(i + 1) * 50_000_000},0.1,{i % 97}.0,9.8;" for i in range(10**6))
        line.write_text("".join(records), encoding="utf-8")
        print(row("load_wisdm, a million records on a line", line, line.stat().st_size), flush=True)


if __name__ == "__main__":
    main()
