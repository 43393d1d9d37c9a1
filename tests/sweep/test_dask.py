"""A real Dask scheduler with two worker processes on this machine, one of which is killed half-way."""

import json
from pathlib import Path
from typing import Any

import pytest
import searches

from unrolled import sweep

distributed = pytest.importorskip("distributed")


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
    import os

    return os.getpid()
