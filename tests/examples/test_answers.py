"""The four short scripts for networks of numbers, of labels along the way, and in closed loop run as they stand."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SHORTER = {
    "regression": ("T, N, EPOCHS = 50, 5000, 30", "T, N, EPOCHS = 10, 100, 2", ["R^2"], ["regression.png"]),
    "labels_along_the_way": (
        "N, T, EPOCHS = 600, 80, 15",
        "N, T, EPOCHS = 130, 20, 2",
        ["accuracy of the steps"],
        ["labels_along_the_way.png"],
    ),
    "forecasting": (
        "N, STEPS, EPOCHS = 5000, 300, 800",
        "N, STEPS, EPOCHS = 400, 60, 1",
        ["GRU:", "echo state:"],
        ["forecasting_GRU.png", "forecasting_echo_state.png"],
    ),
    "letters": (
        "SIZE, HIDDEN, EPOCHS = 1_000_000, 128, 3",
        "SIZE, HIDDEN, EPOCHS = 6_000, 8, 1",
        ["bits a letter", "def "],
        [],
    ),
}


@pytest.mark.parametrize("name", SHORTER)
def test_they_run_and_are_short(name: str, tmp_path: Path) -> None:
    source = (EXAMPLES / f"{name}.py").read_text()
    assert len(source.splitlines()) <= 42
    settings, shorter, said, pictures = SHORTER[name]
    assert settings in source
    (tmp_path / "example.py").write_text(source.replace(settings, shorter))
    run = subprocess.run(
        [sys.executable, "example.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True
    )
    assert all(text in run.stdout for text in said)
    assert {path.name for path in tmp_path.iterdir()} == {"example.py", *pictures}
