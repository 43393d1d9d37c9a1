"""Workers that die: what they had is run again, and a trial that kills each is given up."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest
import searches

from unrolled import sweep
from unrolled.sweep import workers
from unrolled.sweep.workers import Processes

SAMPLES = searches.samples()
FOLD = sweep.stratified_folds(SAMPLES.y, 2, 0)[:1]


def run(points: Any, **settings: Any) -> sweep.Results:
    given: dict[str, Any] = {"trial": searches.fragile, "folds": FOLD, "seeds": 1, "progress": False}
    return sweep.run(points, SAMPLES, **(given | settings))


def test_there_are_as_many_workers_as_this_process_may_use_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1, 5} if process == 0 else set(), raising=False)
    assert workers._cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    for count, expected in ((7, 7), (None, 1)):
        monkeypatch.setattr(os, "cpu_count", lambda count=count: count)
        assert workers._cores() == expected


@pytest.mark.long
def test_processes_that_die_cost_nothing_but_time_and_what_kills_each_is_recorded(tmp_path: Path) -> None:
    once, always = str(tmp_path / "once"), str(tmp_path / "always")
    points = [
        searches.POINTS[0],
        {**searches.POINTS[1], "marker": once},
        {**searches.POINTS[2], "marker": always, "always": True},
        searches.POINTS[3],
    ]
    table = tmp_path / "t.jsonl"
    results = run(points, n_jobs=2, table=table)
    whole = sweep.run(searches.POINTS, SAMPLES, folds=FOLD, seeds=1, n_jobs=1, progress=False)
    numbers = [(results[n].ended, results[n].metrics) for n in (0, 1, 3)]
    assert numbers == [("done", whole[n].metrics) for n in (0, 1, 3)]
    assert results[2].ended == "lost"
    assert results[2].what.startswith("its worker died each of 3 times (BrokenProcessPool")
    # What was lost is tried anew by the same call, and nothing else is.
    executor = searches.LikeMPI()
    assert len(run(points[:2] + points[3:], table=table, executor=executor)) == 3
    assert executor.calls == []
    Path(always).unlink()
    Path(always).symlink_to(tmp_path)  # a marker that is there, and no file: nothing is killed any more
    assert [row.ended for row in run(points, table=table, executor=executor)] == 4 * ["done"]
    assert len(executor.calls) == 1


class Forgetful(searches.LikeMPI):
    """Cancels every first call, as a scheduler that was restarted does."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        if args[0].attempt == 1:
            future: Future[Any] = Future()
            future.cancel()
            return future
        return super().submit(fn, *args, **kwargs)


def test_calls_that_were_cancelled_elsewhere_are_made_again() -> None:
    executor = Forgetful()
    results = run(searches.POINTS, executor=executor)
    assert results == run(searches.POINTS, n_jobs=1)
    assert len(executor.calls) == 4


def test_what_cannot_be_sent_is_told() -> None:
    class Stubborn(searches.LikeMPI):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ARG002 - an executor's
            future: Future[Any] = Future()
            future.set_exception(ModuleNotFoundError("No module named 'unrolled'"))
            return future

    with pytest.raises(sweep.TrialError, match="could not be run: ModuleNotFoundError: No module named 'unrolled'"):
        run(searches.POINTS, executor=Stubborn())


def test_processes_that_are_shut_take_nothing_and_what_waited_is_cancelled() -> None:
    processes = Processes(1)
    first, second = processes.submit(pow, 2, 5), processes.submit(pow, 2, 6)
    assert (first.result(timeout=60), second.result(timeout=60)) == (32, 64)
    processes.shutdown()
    with pytest.raises(RuntimeError, match="cannot submit after shutdown"):
        processes.submit(pow, 2, 5)
    waiting = Processes(1)
    futures = [waiting.submit(pow, 2, n) for n in range(50)]
    waiting.shutdown(cancel_futures=True)
    assert all(future.done() for future in futures)
    with pytest.raises(CancelledError):
        futures[-1].result()


class Breaking(searches.LikeMPI):
    """As a pool of the standard library that breaks with its third call: from then on it takes none."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        if len(self.calls) < 2:
            return super().submit(fn, *args, **kwargs)
        raise BrokenProcessPool("a process was terminated abruptly")


def test_a_pool_of_the_users_that_breaks_ends_the_search_and_what_is_done_stays(tmp_path: Path) -> None:
    table = tmp_path / "t.jsonl"
    with pytest.raises(
        sweep.TrialError, match=r"the executor takes no more trials \(a process was terminated abruptly\)"
    ):
        run(searches.POINTS, executor=Breaking(), table=table)
    assert len(sweep.read(table)) == 2


def test_workers_end_with_a_search_that_is_killed(tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("only POSIX systems tell by a signal whether a process is there")
    code = (
        "import searches; from unrolled import sweep\n"
        "if __name__ == '__main__':\n"
        "    sweep.run(sweep.grid({'a': [1, 2]}), searches.samples(), trial=searches.waiting,\n"
        "              folds=2, seeds=1, n_jobs=2, progress=False)"
    )
    script = tmp_path / "script.py"
    script.write_text(code)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    environment["TMPDIR"] = str(tmp_path)  # what a killed search leaves
    with subprocess.Popen([sys.executable, str(script)], env=environment, cwd=tmp_path) as search:
        try:
            _wait(lambda: len(list(tmp_path.glob("worker-*"))) == 2)
        finally:
            search.kill()
    workers = [int(path.name.removeprefix("worker-")) for path in tmp_path.glob("worker-*")]
    _wait(lambda: not any(map(_alive, workers)))


def _wait(until: Callable[[], bool]) -> None:
    for _ in range(300):
        if until():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come true within 30 seconds")


def _alive(process: int) -> bool:
    """Tell whether a process is there and is no zombie that waits for whoever adopted it."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{process}/stat")
    return not stat.exists() or stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"


class Stumbles(ThreadPoolExecutor):
    """Gives an error of its own the first time it is handed a call, as an executor may whose worker dies on the way."""

    def __init__(self, times: int) -> None:
        super().__init__(1)
        self.left = times

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.left -= 1
        if self.left >= 0:
            future: Future[Any] = Future()
            future.set_exception(ValueError("too many values to unpack (expected 3)"))
            return future
        return super().submit(function, *args, **kwargs)


def test_an_error_of_the_executor_costs_another_try_and_the_third_ends_the_search() -> None:
    settings: dict[str, Any] = {"folds": 2, "seeds": 1, "progress": False}
    with Stumbles(1) as executor:
        results = sweep.run(searches.POINTS[:1], searches.samples(), executor=executor, **settings)
    assert results == sweep.run(searches.POINTS[:1], searches.samples(), n_jobs=1, **settings)
    one = sweep.group_folds(searches.samples().person, 2)[:1]
    with Stumbles(2) as executor:  # one trial, whose third try succeeds
        assert (
            len(sweep.run(searches.POINTS[:1], searches.samples(), executor=executor, **settings | {"folds": one})) == 1
        )
    with Stumbles(99) as executor, pytest.raises(sweep.TrialError, match="could not be run: ValueError: too many"):
        sweep.run(searches.POINTS[:1], searches.samples(), executor=executor, **settings)


def test_one_process_makes_one_call_after_the_other() -> None:
    with Processes(1) as pool:
        assert len({pool.submit(os.getpid).result(timeout=60) for _ in range(3)}) == 1
