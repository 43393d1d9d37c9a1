import sys

import pytest

from unrolled._support import progress


def test_plain_lines_come_now_and_then_with_rate_and_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    clock = iter([0.0, 1.0, 2.5, 3.0, 5.0, 5.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    with progress.Progress(10, "batch") as bar:
        bar.step()  # after 1 s: nothing yet
        bar.step(4)  # after 2.5 s
        bar.say("epoch 1")
        bar.step()  # after 3 s: too soon for the next line
        bar.step(4)  # after 5 s
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "5/10 batch  2.0 batch/s  2 s left"
    assert lines[1:] == ["10/10 batch  2.0 batch/s  0 s left  epoch 1"] * 2


def test_nothing_done_is_no_division_by_zero(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with progress.Progress(10, "batch"):
        pass
    assert "0/10 batch" in capsys.readouterr().err


def test_hidden_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.Progress(10, "batch", shown=False) as bar:
        bar.step(10)
        bar.say("note")
    assert capsys.readouterr() == ("", "")
