"""Recordings for the tests: the real MotionSense where it is at hand, and a small imitation of its layout."""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from unrolled import data

HEADER = (
    ",attitude.roll,attitude.pitch,attitude.yaw,gravity.x,gravity.y,gravity.z,rotationRate.x,rotationRate.y,"
    "rotationRate.z,userAcceleration.x,userAcceleration.y,userAcceleration.z"
)
TRIALS = {  # as published: which trials are of which movement
    "dws": (1, 2, 11),
    "jog": (9, 16),
    "sit": (5, 13),
    "std": (6, 14),
    "ups": (3, 4, 12),
    "wlk": (7, 8, 15),
}
PEOPLE = (1, 2, 21)


@pytest.fixture(scope="session")
def motionsense_zip() -> Path:
    """The recordings as published: beside the project, or where UNROLLED_MOTIONSENSE says."""
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "A_DeviceMotion_data.zip"
    path = Path(os.environ.get("UNROLLED_MOTIONSENSE", beside))
    if not path.exists():
        pytest.skip("MotionSense is not here: set UNROLLED_MOTIONSENSE to A_DeviceMotion_data.zip")
    return path


@pytest.fixture(scope="session")
def motionsense(motionsense_zip: Path) -> list[data.Recording]:
    """All real recordings, acceleration only, read once."""
    return data.read_motionsense(motionsense_zip)


def csv_text(steps: np.ndarray) -> str:
    rows = [f"{i}," + ",".join(f"{value:.6f}" for value in row) for i, row in enumerate(steps)]
    return "\n".join([HEADER, *rows]) + "\n"


def imitation_files(seed: int = 0) -> dict[str, str]:
    """Small recordings by name, a few windows of 150 steps each."""
    rng = np.random.default_rng(seed)
    return {
        f"{movement}_{trial}/sub_{person}.csv": csv_text(rng.normal(size=(230 + 75 * (person % 3), 12)))
        for movement, trials in TRIALS.items()
        for trial in trials
        for person in PEOPLE
    }


@pytest.fixture(scope="session")
def imitation(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The imitation as a folder (that A_DeviceMotion_data is in) and as a zip, its entries in another order."""
    root = tmp_path_factory.mktemp("motionsense")
    files = imitation_files()
    for name, text in files.items():
        path = root / "A_DeviceMotion_data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "A_DeviceMotion_data" / ".DS_Store").write_bytes(b"\0")
    packed = root / "packed.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("A_DeviceMotion_data/", "")
        archive.writestr("__MACOSX/A_DeviceMotion_data/dws_1/._sub_1.csv", b"\0")
        for name in reversed(files):
            archive.writestr(f"A_DeviceMotion_data/{name}", files[name])
    return root, packed


@pytest.fixture
def make_zip(tmp_path: Path) -> Callable[[dict[str, str | bytes]], Path]:
    """Write a zip with the given entries and return its path."""

    def make(entries: dict[str, str | bytes]) -> Path:
        path = tmp_path / "made.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in entries.items():
                archive.writestr(name, content)
        return path

    return make
