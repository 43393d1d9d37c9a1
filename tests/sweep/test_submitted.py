"""Executors whose futures never come back, in one way or another: noticed, told in a sentence, and nothing is lost."""

import os
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import searches

from unrolled import sweep
from unrolled.sweep import sample_folder, submitted, trials

SAMPLES = searches.samples()


def run(points: Any = searches.POINTS, **settings: Any) -> sweep.Results:
    given: dict[str, Any] = {"folds": 2, "seeds": 1, "progress": False}
    return sweep.run(points, SAMPLES, **(given | settings))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two minutes in a quarter of a second."""
    for module in (sample_folder, submitted):
        monkeypatch.setattr(module, "BEAT", 0.05)
    monkeypatch.setattr(submitted, "SILENCE", 5)


class Loses(ThreadPoolExecutor):
    """Loses some of the calls it is handed: a lost one is made or not, and its future never comes back."""

    def __init__(self, *lost: int, made: bool, forever: bool = False) -> None:
        super().__init__(1)
        self.lost, self.made, self.forever, self.calls = lost, made, forever, 0

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.calls += 1
        if self.calls not in self.lost and not (self.forever and self.calls > max(self.lost)):
            return super().submit(function, *args, **kwargs)
        if self.made:
            super().submit(function, *args, **kwargs)
        return Future()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("made", [True, False])
def test_what_an_executor_loses_is_handed_over_anew(made: bool) -> None:
    with Loses(2, 3, made=made) as executor, pytest.warns(RuntimeWarning, match="gave no sign of life for 0 seconds"):
        results = run(executor=executor)
    assert executor.calls == 8 + 2
    assert results == run(n_jobs=1)


@pytest.mark.long
@pytest.mark.usefixtures("impatient")
@pytest.mark.filterwarnings("ignore:.*no sign of life")
@pytest.mark.parametrize("made", [True, False])
def test_an_executor_that_went_silent_ends_the_search_and_what_is_done_stays(made: bool, tmp_path: Path) -> None:
    table = tmp_path / "t.jsonl"
    with (
        Loses(4, made=made, forever=True) as executor,
        pytest.raises(sweep.TrialError, match=r"\d trials gave no sign of life .*, 3 times: the executor's workers or"),
    ):
        run(executor=executor, table=table)
    assert len(sweep.read(table)) == 3
    assert run(n_jobs=1, table=table) == run(n_jobs=1)


@pytest.mark.usefixtures("impatient")
def test_a_long_trial_is_alive() -> None:
    with ThreadPoolExecutor(1) as executor:
        results = run([{"a": 1}, {"a": 2}], executor=executor, trial=slow)
    assert [row.metrics["accuracy"] for row in results] == 4 * [0.5]


def slow(*_: Any) -> Any:
    time.sleep(0.7)
    return {"accuracy": 0.5}


class Waiting(Executor):
    """Makes nothing, and remembers what it was handed."""

    def __init__(self) -> None:
        self.jobs: list[trials.Job] = []
        self.futures: list[Future[Any]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ARG002 - an executor's
        self.jobs += args
        self.futures.append(Future())
        return self.futures[-1]


class Listening:
    """Two jobs in an executor that waits; `hears` says which files are touched before each of so many looks."""

    def __init__(self, folder: Path) -> None:
        (folder / "signs").mkdir()
        self.folder, self.pool, self.when = sample_folder.SampleFolder(str(folder), 3), Waiting(), 0
        self.submitted = submitted.Submitted(self.pool, self.folder)
        for key in "ab":
            self.submitted.submit(trials.Job(key, slow, {}, 0, 0, self.folder, "accuracy"))

    def hears(self, *signs: str, looks: int) -> list[str]:
        """Return the jobs that are handed over anew meanwhile."""
        before = len(self.pool.jobs)
        for _ in range(looks):
            self.when += 1
            for sign in signs:
                (self.folder.signs / sign).touch()
                os.utime(self.folder.signs / sign, (self.when, self.when))
            self.submitted._listen(self.folder)
        return [job.sign for job in self.pool.jobs[before:]]


def test_what_never_began_is_waited_for(tmp_path: Path) -> None:
    listening = Listening(tmp_path)
    assert listening.hears(looks=3 * submitted.SILENCE) == []  # a cluster without workers
    assert listening.hears("a-1", looks=3 * submitted.SILENCE) == []  # one worker, with a long trial


@pytest.mark.filterwarnings("ignore:.*no sign of life")
def test_what_fell_silent_is_handed_over_after_so_many_looks_and_again_after_as_many(tmp_path: Path) -> None:
    listening = Listening(tmp_path)
    assert listening.hears("a-1", looks=2) == []
    assert listening.hears("b-1", looks=1) == []
    assert listening.hears("b-1", looks=submitted.SILENCE - 2) == []
    assert listening.hears("b-1", looks=1) == ["a-2"]  # b is alive
    assert not listening.pool.futures[0].cancelled()  # it may come back
    assert listening.hears("a-2", "b-1", looks=1) == []
    assert listening.hears(looks=submitted.SILENCE - 1) == []
    assert listening.hears(looks=1) == ["a-3", "b-2"]
    assert listening.hears(looks=submitted.SILENCE - 1) == []
    with pytest.raises(sweep.TrialError, match="2 trials gave no sign of life for 120 seconds, 3 times"):
        listening.hears(looks=1)


@pytest.mark.filterwarnings("ignore:.*no sign of life")
def test_where_all_are_silent_what_never_began_is_taken_back(tmp_path: Path) -> None:
    listening = Listening(tmp_path)
    listening.hears("a-1", looks=1)
    assert listening.hears(looks=submitted.SILENCE) == ["a-2", "b-2"]
    assert [future.cancelled() for future in listening.pool.futures] == [False, True, False, False]


@pytest.mark.filterwarnings("ignore:.*no sign of life")
def test_the_signs_of_what_is_back_are_removed_and_forgotten(tmp_path: Path) -> None:
    listening = Listening(tmp_path)
    listening.hears("a-1", "b-1", looks=1)
    listening.hears("b-1", looks=submitted.SILENCE)
    listening.hears("a-2", "b-1", looks=1)
    assert sorted(path.name for path in listening.folder.signs.iterdir()) == ["a-1", "a-2", "b-1"]
    listening.pool.futures[2].set_result({"ended": "done"})
    assert [job.key for job, _ in listening.submitted.landed(wait=False)] == ["a"]
    assert [path.name for path in listening.folder.signs.iterdir()] == ["b-1"]
    assert list(listening.submitted._signs) == ["b-1"]
    assert listening.submitted._quiet == 0


class LateAgain(ThreadPoolExecutor):
    """Brings the first call back only after the same trial was handed over anew, and that one never."""

    def __init__(self) -> None:
        super().__init__(1)
        self.first: Future[Any] = Future()
        self.calls = 0

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.calls += 1
        if self.calls == 1:
            self.outcome = function(*args, **kwargs)
            return self.first
        if args[0].attempt == 2:
            self.first.set_result(self.outcome)
            return Future()
        return super().submit(function, *args, **kwargs)


@pytest.mark.usefixtures("impatient")
def test_what_comes_back_late_counts() -> None:
    with LateAgain() as executor, pytest.warns(RuntimeWarning, match="no sign of life"):
        results = run(searches.POINTS[:1], executor=executor)
    assert results == run(searches.POINTS[:1], n_jobs=1)
    assert executor.calls == 3


class Closed(searches.LikeMPI):
    """As Dask's once its scheduler is gone: an error of its own, that is no RuntimeError."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ARG002 - an executor's
        class ClosedClientError(Exception):
            pass

        raise ClosedClientError("Client must be running")


def test_an_executor_that_raises_an_error_of_its_own_is_told() -> None:
    with pytest.raises(sweep.TrialError, match=r"the executor takes no more trials \(Client must be running\)"):
        run(executor=Closed())


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_trial_that_ends_its_process_by_sys_exit_is_told_as_any_error(n_jobs: int) -> None:
    with pytest.raises(sweep.TrialError, match=r"seed 0, fold [01], raised SystemExit: 0"):
        run([{"a": "exit"}], trial=searches.unsteady, n_jobs=n_jobs)


@pytest.mark.long
def test_nothing_run_at_all_is_an_error(tmp_path: Path) -> None:
    points = [{**searches.POINTS[0], "marker": str(tmp_path / "marker"), "always": True}]
    with pytest.raises(sweep.TrialError, match=r"none of 2 trials could be run: its worker died each of 3 times"):
        run(points, trial=searches.fragile, n_jobs=2, table=tmp_path / "t.jsonl")
