"""A small imitation of UCI HAR: every file that is read, laid out exactly as published, with a few windows."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

ROOT = "UCI HAR Dataset"
ACTIVITIES = ("WALKING", "WALKING_UPSTAIRS", "WALKING_DOWNSTAIRS", "SITTING", "STANDING", "LAYING")
SERIES = tuple(f"{name}_{axis}" for name in ("total_acc", "body_acc", "body_gyro") for axis in "xyz")
PEOPLE = {"train": (1, 3, 5), "test": (2, 4)}  # some of those published: no one is in both parts
STEPS = 128

Files = dict[str, str | bytes]


def made_up_windows(part: str, n: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Return n windows (n, 128) of each series, numbers that seven digits hold."""
    rng = np.random.default_rng([seed, len(part)])
    return {name: rng.integers(-20_000, 20_000, (n, STEPS)) / 10_000 for name in SERIES}


def published_number(value: float) -> str:
    """Write a number as the published files do: 16 characters wide, an exponent of three digits."""
    mantissa, exponent = f"{value:.7e}".split("e")
    return f"{mantissa}e{exponent[0]}{int(exponent[1:]):03d}".rjust(16)


def uci_har_files(n_train: int = 12, n_test: int = 6, seed: int = 0) -> Files:
    """Return the text of every file by its name, from the folder UCI HAR Dataset on."""
    files: Files = {
        f"{ROOT}/README.txt": "Human Activity Recognition Using Smartphones Dataset\n",
        f"{ROOT}/activity_labels.txt": "".join(f"{n} {name}\n" for n, name in enumerate(ACTIVITIES, start=1)),
        f"{ROOT}/features.txt": "1 tBodyAcc-mean()-X\n",
    }
    for part, n in (("train", n_train), ("test", n_test)):
        people = sorted(PEOPLE[part][row % len(PEOPLE[part])] for row in range(n))
        files[f"{ROOT}/{part}/subject_{part}.txt"] = "".join(f"{person}\n" for person in people)
        files[f"{ROOT}/{part}/X_{part}.txt"] = "  2.8858451e-001\n" * n
        files[f"{ROOT}/{part}/y_{part}.txt"] = "".join(f"{row % 6 + 1}\n" for row in range(n))
        for name, windows in made_up_windows(part, n, seed).items():
            lines = ("".join(map(published_number, row)) + "\n" for row in windows.tolist())
            files[f"{ROOT}/{part}/Inertial Signals/{name}_{part}.txt"] = "".join(lines)
    return files


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """Return a zip of the files, with what a Mac adds, as in the published one."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{ROOT}/", "")
        archive.writestr(f"__MACOSX/{ROOT}/._activity_labels.txt", b"\0")
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def write_uci_har(path: Path, files: Mapping[str, str | bytes] | None = None, *, twice: bool = False) -> Path:
    """Write the files (default: `uci_har_files`) as a folder, or as a zip where the path ends so; return the path.

    `twice` writes the zip as the archive hands it out: within another one.
    """
    files = uci_har_files() if files is None else files
    if path.suffix == ".zip":
        packed = zipped(files)
        path.write_bytes(zipped({f"{ROOT}.names": "", f"{ROOT}.zip": packed}) if twice else packed)
        return path
    for name, content in files.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
