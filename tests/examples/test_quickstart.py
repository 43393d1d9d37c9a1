"""The quickstart runs as it stands, and is as short as it says."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "quickstart.py"


def test_quickstart_runs_and_is_under_forty_lines(tmp_path: Path) -> None:
    source = SCRIPT.read_text()
    assert len(source.splitlines()) < 40
    short = source.replace("epochs=50", "epochs=1")  # the same script, but for the number of epochs
    assert short != source
    (tmp_path / "quickstart.py").write_text(short)
    run = subprocess.run(
        [sys.executable, "quickstart.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True
    )
    assert "on unseen people: 0." in run.stdout
    assert "W_hh" in run.stdout
    assert {p.name for p in tmp_path.iterdir()} == {
        "quickstart.py",
        "quickstart_curves.png",
        "quickstart_confusion.png",
    }
