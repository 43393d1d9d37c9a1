"""A search: what each trial is handed, what is recorded, and that nothing but its settings changes a number."""

import re
import signal
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import searches

from unrolled import data, rnn, sweep
from unrolled._support.progress import Progress
from unrolled.sweep import running
from unrolled.sweep.samples import fingerprint
from unrolled.sweep.submitted import Submitted

SAMPLES = searches.samples()


def run(points: Any = None, samples: Any = SAMPLES, **settings: Any) -> sweep.Results:
    given: dict[str, Any] = {"folds": 3, "seeds": 2, "n_jobs": None if "executor" in settings else 1, "progress": False}
    return sweep.run(searches.POINTS if points is None else points, samples, **(given | settings))


@pytest.fixture(scope="module")
def plain() -> sweep.Results:
    return run()


def test_results_are_in_the_order_of_points_seeds_and_folds(plain: sweep.Results) -> None:
    assert [(row.point, row.seed, row.fold) for row in plain] == [
        (point, seed, fold) for point in searches.POINTS for seed in (0, 1) for fold in (0, 1, 2)
    ]
    assert {row.ended for row in plain} == {"done"}
    assert np.isfinite(searches.numbers(plain)).all()
    assert all(row.metrics["epochs"] == 2 and row.metrics["stopped"] == "epochs" for row in plain)
    assert all(row.seconds > 0 for row in plain)
    assert len(np.unique(searches.numbers(plain)[:, 1])) > len(plain) / 2


@pytest.mark.parametrize("kind", ["threads", "mpi"])
def test_no_executor_changes_a_bit(kind: str, plain: sweep.Results) -> None:
    if kind == "threads":
        with ThreadPoolExecutor(3) as executor:
            assert run(executor=executor) == plain
            assert executor.submit(int).result() == 0  # left open
    else:
        executor_ = searches.LikeMPI()
        assert run(executor=executor_) == plain
        assert len(executor_.calls) == len(plain)
        assert max(executor_.calls) < 1500 < SAMPLES.X.nbytes  # the data do not travel with the trials


def test_processes_change_no_bit_and_the_order_none_either(plain: sweep.Results) -> None:
    shuffled = run(searches.POINTS[::-1], n_jobs=2)
    by_trial = {(str(row.point), row.seed, row.fold): row for row in shuffled}
    assert [by_trial[str(row.point), row.seed, row.fold] for row in plain] == list(plain)


def test_a_result_does_not_depend_on_its_company(plain: sweep.Results) -> None:
    alone = run([searches.POINTS[2]], seeds=[1])
    assert list(alone) == [row for row in plain if row.point == searches.POINTS[2] and row.seed == 1]


def test_a_trial_is_handed_whole_people_and_randomness_of_its_seed_and_fold_alone() -> None:
    results = run(sweep.grid({"a": [1, 2]}), trial=searches.look)
    first, second = results[:6], results[6:]
    assert [row.metrics["drawn"] for row in first] == [row.metrics["drawn"] for row in second]
    assert len({row.metrics["drawn"] for row in first}) == 6
    assert [row.metrics["people"] for row in first] == 2 * [[0, 3], [1, 4], [2, 5]]
    assert all(row.metrics["both"] == [] for row in results)
    total = SAMPLES.X.sum(dtype=float)
    sums = [row.metrics["training"] + row.metrics["validation"] for row in results]
    np.testing.assert_allclose(sums, total, rtol=1e-5)


def test_without_people_folds_are_stratified_and_one_hot_labels_are_the_same() -> None:
    bare = run(samples=(SAMPLES.X, SAMPLES.y))
    assert run(samples=(SAMPLES.X, np.eye(3)[SAMPLES.y])) == bare
    rows = sweep.stratified_folds(SAMPLES.y, 3, 0)
    assert run(samples=(SAMPLES.X, SAMPLES.y), folds=rows) == bare


def test_numpy_numbers_no_lengths_and_named_people_are_as_good(plain: sweep.Results) -> None:
    for seeds in (np.arange(2), list(np.arange(2)), range(2)):
        found = run(seeds=seeds)
        assert found == plain
        assert {type(row.seed) for row in found} == {int}
    assert run(samples=(SAMPLES.X, SAMPLES.y, None)) == run(samples=(SAMPLES.X, SAMPLES.y))
    names = np.array(["ann", "bob", "cem", "dan", "eve", "fay"])[np.asarray(SAMPLES.person)]
    for person in (names, names.astype(object), names.tolist()):
        assert run(samples=SimpleNamespace(X=SAMPLES.X, y=SAMPLES.y, person=person)) == plain
    one, other = (SimpleNamespace(X=SAMPLES.X, y=SAMPLES.y, person=48 * [name]) for name in ("ann", "bob"))
    looked = run([{"a": 1}], one, trial=searches.look, folds=None, validation=other, seeds=1)
    assert (looked[0].metrics["people"], looked[0].metrics["both"]) == ([1], [])
    of_numpy = [{**point, "hidden": np.int64(5), "epochs": np.int16(2)} for point in searches.POINTS]
    assert run(of_numpy) == plain
    double = [{**searches.POINTS[0], "dtype": dtype} for dtype in (np.dtype("float64"), "float64")]
    assert len(run(double).standings()) == 1


def test_validation_samples_instead_of_folds() -> None:
    training, validation = SAMPLES.split(0.25, by="person", rng=0)
    results = run(folds=None, validation=validation, samples=training)
    net = rnn.ManyToOne(
        rnn.Tanh(5), 2, 3, rng=(rng := np.random.default_rng(np.random.SeedSequence(1, spawn_key=(0,))))
    )
    history = rnn.train(
        net, training, optimizer=rnn.SGD(0.1), clip=rnn.ClipNorm(1.0), epochs=2, rng=rng, progress=False
    )
    loss, accuracy = net.evaluate(validation.X, validation.y)
    found = results[-1]
    assert (found.seed, found.point["clip"], found.point["learning_rate"]) == (1, rnn.ClipNorm(1.0), 0.1)
    assert (found.metrics["loss"], found.metrics["accuracy"]) == (loss, accuracy)
    assert found.metrics["training_loss"] == history.loss[-1]


def test_lengths_come_along() -> None:
    lengths = np.full(len(SAMPLES), 5)
    X = SAMPLES.X.copy()
    one = run(samples=(X, SAMPLES.y, lengths), points=searches.POINTS[:1])
    X[:, 5:] = 99.0
    other = run(samples=(X, SAMPLES.y, lengths), points=searches.POINTS[:1])
    assert (searches.numbers(one) == searches.numbers(other)).all()


def test_keywords_of_network_optimizer_and_training() -> None:
    points: list[Mapping[str, Any]] = [
        {"cell": rnn.GRU, "hidden": 4, "optimizer": rnn.Adam, "learning_rate": 0.01, "beta_1": 0.8, "epochs": 2},
        {"cell": (rnn.Tanh(3), rnn.LSTM(3)), "readout": rnn.Mean(), "head": rnn.Softmax(), "epochs": 1},
        {
            "initializer": {"W_hh": rnn.orthogonal},
            "dropout": rnn.Dropout(0.1),
            "l2": 0.01,
            "bptt_steps": 4,
            "epochs": 1,
        },
        {"optimizer": rnn.SGD(0.1, momentum=0.9), "schedule": rnn.Cosine, "epochs": 2, "dtype": np.float64},
        {"early_stopping": rnn.EarlyStopping(1), "learning_rate": 1.0, "epochs": 30, "batch_size": 7},
    ]
    results = run(points, seeds=1)
    assert {row.ended for row in results} == {"done"}
    stopped = [row.metrics for row in results if "early_stopping" in row.point]
    assert any(metrics["stopped"] == "early stopping" for metrics in stopped)
    assert all(metrics["best_epoch"] <= metrics["epochs"] for metrics in stopped)


@pytest.mark.parametrize(
    ("point", "message"),
    [
        (
            {"learning_rat": 0.1},
            "points[0]: the setting 'learning_rat' is unknown, expected one of network, cell, hidden,",
        ),
        ({"optimizer": rnn.SGD(0.1), "learning_rate": 1.0}, "points[0]: the setting 'learning_rate' is unknown"),
        ({"learning_rate": -1.0}, "points[0]: SGD's learning_rate is -1.0, expected a finite number above 0"),
        ({"cell": rnn.Tanh(3), "hidden": 4}, "points[0]: hidden is 4 beside cell Tanh(hidden=3)"),
        ({"cell": rnn.Bidirectional}, "points[0]: "),
        ({"clip": object()}, "points[0]: point['clip'] is <object"),
        ([], "points[0] is [], expected a mapping"),
        ({"epochs": 0}, "points[0]: epochs is 0, expected a whole number, 1 or more"),
        ({"clip": 1.0}, "points[0]: clip is 1.0, which has no method clip: expected one such as rnn.ClipNorm(1.0)"),
        ({"readout": rnn.Last}, "points[0]: readout is <class"),
        ({"bptt_steps": 0}, "points[0]: bptt_steps is 0, expected"),
        ({"dtype": np.complex128}, "points[0]: the network's dtype is complex128, expected float32 or float64"),
        ({"head": rnn.Softmax(class_weights=(1.0, 2.0))}, "points[0]: "),
        ({"initializer": {"W_hx": rnn.orthogonal}}, "points[0]: "),
        ({"checkpoint": "run.h5"}, "points[0]: the setting 'checkpoint' is unknown"),
        ({"checkpoint_every": 3}, "points[0]: the setting 'checkpoint_every' is unknown"),
    ],
)
def test_a_point_that_cannot_be_is_told_before_anything_runs(point: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        run([point], table=tmp_path / "t.jsonl")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"points": []}, "points are a list, expected a list of at least one"),
        ({"folds": None}, "folds are None and validation is a NoneType, expected one of them"),
        ({"validation": SAMPLES}, "folds are 3 and validation is a Samples, expected one of them"),
        ({"folds": 7}, "k is 7 with 6 groups"),
        ({"folds": [([0, 1], [1, 2])]}, "folds[0] measures on rows it trains on"),
        ({"folds": [([0, 1], [48])]}, "folds[0]: the rows to measure on go from 48 to 48, expected 0 to 47"),
        ({"folds": [([0.5], [1])]}, "folds[0]: the rows to train on have shape (1,), dtype float64"),
        ({"folds": [3]}, "folds[0] is no pair"),
        ({"folds": []}, "folds are empty"),
        ({"seeds": 0}, "seeds is 0, expected a whole number, 1 or more"),
        ({"seeds": [1, 1]}, "seeds are [1, 1], expected each once"),
        ({"seeds": [-1]}, "seeds are [-1], expected how many"),
        ({"objective": "-"}, "objective is '-', expected a name"),
        ({"n_jobs": 0}, "n_jobs is 0, expected a whole number"),
        ({"executor": 3}, "executor is 3, expected a concurrent.futures.Executor"),
        ({"executor": searches.LikeMPI(), "n_jobs": 2}, "n_jobs is 2 beside an executor"),
        ({"trial": lambda: 0}, "expected a function defined at the top level of a module"),
        ({"samples": 3}, "samples are a int, expected (X, y), (X, y, lengths) or an object with X and y"),
        ({"samples": (SAMPLES.X, None)}, "samples are a tuple without X or y, expected (X, y) or (X, y, lengths)"),
        (
            {"samples": SimpleNamespace(X=SAMPLES.X, y=SAMPLES.y, person=np.array(24 * ["ann", 3], object))},
            "person holds 3, expected a whole number for each sample, or a name for each",
        ),
        ({"samples": (SAMPLES.X[0], SAMPLES.y)}, "samples X has shape (8, 2), expected three axes"),
        ({"samples": (SAMPLES.X, SAMPLES.y[:-1])}, "samples y has 47 rows for 48 samples"),
        ({"samples": (np.full((3, 4, 2), np.nan), [0, 1, 2])}, "samples X holds nan at sample 0"),
        ({"samples": data.Dataset(SAMPLES, SAMPLES, tuple("abc"), 50.0, "")}, "of a Dataset, pass its .train"),
        ({"folds": None, "validation": (SAMPLES.X[:, :4], SAMPLES.y)}, "validation X has shape (48, 4, 2), expected"),
        (
            {"folds": None, "validation": (SAMPLES.X, SAMPLES.y, np.full(48, 3))},
            "of samples and validation one has lengths, the other not",
        ),
        ({"samples": (SAMPLES.X, SAMPLES.y, np.full(48, 9))}, "samples lengths holds 9 at sample 0"),
        ({"points": {"a": 1}}, "points are a dict, expected a list of at least one"),
        ({"points": [{"initializer": {1: rnn.identity}}]}, "expected a mapping whose keys are strings"),
        ({"points": [{"optimizer": int}]}, "points[0]: optimizer is <class 'int'>, expected a kind such as rnn.SGD"),
    ],
)
def test_what_is_no_search_is_told(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        run(**settings)


def test_a_trial_that_diverges_is_a_result_and_so_is_one_that_measures_nothing(tmp_path: Path) -> None:
    points = sweep.grid({"a": [0, 1, 3]})
    table = tmp_path / "t.jsonl"
    results = run(points, trial=searches.unsteady, table=table)
    assert [row.ended for row in results[::6]] == ["done", "diverged", "done"]
    assert results[6].what == "the training loss became nan at epoch 3, batch 7"
    assert results[6].metrics == {}
    assert results[12].metrics["accuracy"] is None
    assert results.best == {"a": 0}
    assert run(points, trial=searches.unsteady, table=table) == results
    assert len(table.read_text().splitlines()) == 18


def test_a_network_that_diverges_is_recorded_with_where() -> None:
    with np.errstate(over="ignore"):
        wild = (SAMPLES.X * np.float32(1e18), SAMPLES.y)
    results = run([{"cell": rnn.ReLU, "learning_rate": 1e6, "epochs": 5}], wild, seeds=1)
    assert {row.ended for row in results} == {"diverged"}
    assert re.fullmatch(r".+ at epoch \d+, batch \d+", results[0].what)
    with pytest.raises(ValueError, match="none of 3 trials measured 'accuracy'"):
        _ = results.best


def test_a_bug_in_a_trial_ends_the_search_and_what_was_done_stays(tmp_path: Path) -> None:
    table = tmp_path / "t.jsonl"
    with pytest.raises(sweep.TrialError, match=r"the trial of \{'a': 2\}, seed 0, fold 0, raised KeyError: 'a bug'"):
        run(sweep.grid({"a": [0, 2]}), trial=searches.unsteady, table=table)
    assert len(sweep.read(table)) == 6
    assert [path.name for path in tmp_path.iterdir()] == ["t.jsonl"]


@pytest.mark.parametrize(
    ("a", "message"),
    [
        ("number", "raised ValueError: the trial gave a float, expected a mapping of what it measured"),
        (
            "object",
            "raised ValueError: the trial's outcome['accuracy'] is a object, expected numbers, strings, or lists",
        ),
        ("array", "raised ValueError: 'accuracy' was measured as a list, expected a number to rank points by"),
    ],
)
def test_what_a_trial_measured_is_numbers_by_name(a: str, message: str) -> None:
    with pytest.raises(sweep.TrialError, match=re.escape(message)):
        run([{"a": a}], trial=searches.unsteady)


def test_an_objective_that_no_trial_measures_ends_the_search_at_its_first_trial() -> None:
    message = "the trial measured .*'accuracy'.*, expected 'acuracy' among it, the objective"
    with pytest.raises(sweep.TrialError, match=message):
        run(sweep.grid({"a": [0]}), trial=searches.unsteady, objective="acuracy")


def test_arrays_and_nested_numbers_are_kept_as_json_has_them() -> None:
    expected = {"accuracy": 0.5, "curve": [1.0, None], "more": {"n": [1, "x", None]}}
    assert run([{"a": "arrays"}], trial=searches.unsteady)[0].metrics == expected


class Refusing(Executor):
    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:  # noqa: ARG002 - an executor's
        raise RuntimeError("it is shut down")


def test_an_executor_that_is_shut_is_told() -> None:
    with pytest.raises(sweep.TrialError, match=r"the executor takes no more trials \(it is shut down\)"):
        run(executor=Refusing())


def test_a_worker_that_does_not_see_the_samples_says_what_to_do() -> None:
    from unrolled.sweep.sample_folder import SampleFolder

    with pytest.raises(FileNotFoundError, match="give the search a table in a folder that all workers share"):
        SampleFolder("/nowhere/at/all", 3).parts(0)


def test_seeds_may_be_an_array_and_begin_with_0_and_numpy_numbers_are_plain_ones() -> None:
    for seeds in (np.array([0, 3]), [0, 3], (np.int64(0), 3)):
        found = run([{"a": np.float32(0.5), "b": np.int64(2)}], trial=searches.look, seeds=seeds)
        assert [row.seed for row in found] == [0, 0, 0, 3, 3, 3]
        assert {type(value) for value in found[0].point.values()} == {float, int}
    for bad in (np.zeros((2, 1), int), [0, -1], [True], []):
        with pytest.raises(ValueError, match="seeds"):
            run([{"a": 1}], trial=searches.look, seeds=bad)
    with pytest.raises(ValueError, match=r"k is 1 with 6 groups, expected"):
        run([{"a": 1}], trial=searches.look, folds=1)


def pressed(*_: Any) -> dict[str, float]:
    signal.raise_signal(signal.SIGINT)
    return {"accuracy": 0.5}


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_ends_a_search_after_what_has_begun(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt, match=r"1 of 6 trials are done and are in .*t.jsonl; the same call goes on"):
        run([{"a": 1}], trial=pressed, table=tmp_path / "t.jsonl")
    assert len(sweep.read(tmp_path / "t.jsonl")) == 1


def test_samples_are_named_as_they_always_were() -> None:
    """Another name would have every trial of every table run again."""
    assert fingerprint({"y": np.arange(3), "X": np.ones((3, 2, 1), np.float32)}) == "fd3381179d2db93e4c48"


def test_the_best_so_far_may_be_the_least(capsys: pytest.CaptureFixture[str]) -> None:
    run(sweep.grid({"a": [0.5, 0.25, 0.75]}), trial=searches.look, progress=True, objective="-accuracy")
    assert re.search(r"18/18.*best accuracy 0\.25", capsys.readouterr().err.replace("\r", "\n"))


def test_progress_is_one_bar_with_the_best_so_far(capsys: pytest.CaptureFixture[str]) -> None:
    run(sweep.grid({"a": [0.25, 0.75, 0.5]}), trial=searches.look, progress=True)
    assert re.search(r"18/18.*best accuracy 0\.75", capsys.readouterr().err.replace("\r", "\n"))


def test_the_samples_are_mapped_once_for_all_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    from unrolled.sweep import sample_folder

    reads: list[Path] = []
    real = sample_folder._read

    def counted(folder: Path) -> Any:
        reads.append(folder)
        return real(folder)

    monkeypatch.setattr(sample_folder, "_read", counted)
    run(sweep.grid({"a": [1, 2]}), trial=searches.look)
    assert len(reads) == 1
    assert not reads[0].exists()


@pytest.mark.parametrize("name", ["X", "y", "lengths", "person", "sample_weight"])
def test_masked_samples_are_refused(name: str) -> None:
    given = {"X": SAMPLES.X, "y": SAMPLES.y, "person": SAMPLES.person, "lengths": np.full(len(SAMPLES.X), 2)}
    given["sample_weight"] = np.ones(len(SAMPLES.X))
    masked: Any = np.ma.array(given[name])
    masked[(0,) * masked.ndim] = np.ma.masked
    with pytest.raises(ValueError, match=f"samples {name} is masked in places"):
        run(samples=SimpleNamespace(**(given | {name: masked})))


def test_where_nothing_is_to_do_no_process_is_begun_and_no_bar_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bars, proved = list[bool](), list[int]()

    class Bar(Progress):
        def __init__(self, total: int, unit: str, *, shown: bool) -> None:
            bars.append(shown)
            super().__init__(total, unit, shown=False)

    monkeypatch.setattr(running, "Progress", Bar)
    monkeypatch.setattr(running, "prove", lambda *_: proved.append(1))
    for progress in (False, True, True):
        sweep.run(
            searches.POINTS[:1],
            searches.samples(),
            folds=2,
            seeds=1 if not progress else 2,
            n_jobs=1,
            progress=progress,
            table=tmp_path / "t.jsonl",
        )
    assert bars == [False, True, False]  # the last one has nothing left
    assert len(proved) == 2


def test_all_is_handed_over_before_anything_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = list[bool]()
    landed = Submitted.landed

    def recording(submitted: Any, *, wait: bool) -> Any:
        waits.append(wait)
        return landed(submitted, wait=wait)

    monkeypatch.setattr(Submitted, "landed", recording)
    with ThreadPoolExecutor(1) as executor:
        sweep.run(searches.POINTS[:1], searches.samples(), folds=2, seeds=2, executor=executor, progress=False)
    assert waits[:4] == [False] * 4
    assert all(waits[4:])
