"""The documentation of a cell of one's own does what it says."""

from pathlib import Path

import own_cell
import pytest


@pytest.mark.long
def test_a_cell_of_ones_own_is_a_cell_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    accuracy = own_cell.main(epochs=2)
    assert "MGU(hidden=5): all 18 checks passed" in capfd.readouterr().out
    assert accuracy > 0.3
    assert [path.name for path in tmp_path.iterdir()] == ["mgu.h5"]


def test_it_is_short() -> None:
    assert len(Path(own_cell.__file__).read_text(encoding="utf-8").splitlines()) < 60
