"""Real Dask schedulers and workers on this machine, some of which are killed half-way."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import searches

from unrolled import sweep
from unrolled.sweep import sample_folder, submitted

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.long


@pytest.mark.filterwarnings("default")  # Dask's own, of its versions and its scheduler's
def test_a_search_on_two_workers_of_which_one_is_killed_ends_complete_and_right(tmp_path: Path) -> None:
    samples, marker, table = searches.samples(), tmp_path / "marker", tmp_path / "t.jsonl"
    points = [{**point, "marker": str(marker) if n == 2 else None} for n, point in enumerate(searches.POINTS)]
    settings: dict[str, Any] = {"trial": searches.fragile, "folds": 3, "seeds": 2, "progress": False}
    cluster = distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        silence_logs="CRITICAL",
        local_directory=str(tmp_path / "dask"),
    )
    with cluster, distributed.Client(cluster) as client:
        before = set(client.run(_pid).values())
        results = sweep.run(points, samples, executor=client.get_executor(), table=table, **settings)
        client.wait_for_workers(2, timeout=30)
        after = set(client.run(_pid).values())
        again = sweep.run(points[:1], samples, executor=client.get_executor(), **settings)  # the executor is left open
    assert marker.exists()
    assert len(before - after) == 1  # one worker was killed
    here = sweep.run(searches.POINTS, samples, folds=3, seeds=2, n_jobs=1, progress=False)
    assert (searches.numbers(results) == searches.numbers(here)).all()
    assert list(again) == list(results[:6])
    lines = [json.loads(line) for line in table.read_text().splitlines()]
    assert len(lines) == len({line["key"] for line in lines}) == len(results) == 24
    assert {line["ended"] for line in lines} == {"done"}


def _pid() -> int:
    return os.getpid()


def _dask(*arguments: str) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-m", f"distributed.cli.dask_{arguments[0]}", *arguments[1:], "--no-dashboard"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _worker(address: str, folder: Path) -> "subprocess.Popen[bytes]":
    return _dask("worker", address, "--nthreads", "1", "--no-nanny", "--local-directory", str(folder))


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("again", [True, False])
def test_a_scheduler_that_is_restarted_or_stopped_is_noticed(
    again: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for module in (sample_folder, submitted):
        monkeypatch.setattr(module, "BEAT", 0.3)
    monkeypatch.setattr(submitted, "SILENCE", 30 if again else 5)  # it takes a while to start
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address, table = f"tcp://127.0.0.1:{port}", tmp_path / "t.jsonl"
    scheduler: tuple[str, ...] = ("scheduler", "--host", "127.0.0.1", "--port", str(port))
    processes = [_dask(*scheduler), _worker(address, tmp_path)]
    client = distributed.Client(address, timeout=30, set_as_default=False)

    def restart() -> None:
        while not table.exists() or not table.read_bytes():
            time.sleep(0.05)
        processes[0].kill()
        processes[0].wait()
        if again:
            processes.extend([_dask(*scheduler), _worker(address, tmp_path)])

    thread = threading.Thread(target=restart, daemon=True)
    settings: dict[str, Any] = {"trial": searches.nap, "folds": 2, "seeds": 1, "table": table, "progress": False}
    points = sweep.grid({"a": list(range(6))})
    try:
        client.wait_for_workers(1, timeout=60)
        thread.start()
        if again:
            results = sweep.run(points, searches.samples(), executor=client.get_executor(), **settings)
            assert [row.ended for row in results] == 12 * ["done"]
        else:
            with pytest.raises(sweep.TrialError, match=r"no sign of life|takes no more trials"):
                sweep.run(points, searches.samples(), executor=client.get_executor(), **settings)
            assert 0 < len(sweep.read(table)) < 12
    finally:
        for process in processes:
            process.kill()
            process.wait()
        client.close(timeout=1)
    thread.join()
    capfd.readouterr()  # what Dask says of it
