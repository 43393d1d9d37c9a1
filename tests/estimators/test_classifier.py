"""The classifier among scikit-learn's tools, and the same numbers as ``rnn.train``'s."""

import pickle
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from easy import easy, same_parameters

from unrolled import rnn

pytest.importorskip("sklearn", "1.6")

from sklearn import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - what it imports is hidden otherwise
from sklearn.inspection import permutation_importance
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import GridSearchCV, GroupKFold, HalvingGridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from unrolled.sklearn import RecurrentClassifier

NAMES = np.array(["sit", "stand", "walk"])


def small(**settings: Any) -> RecurrentClassifier:
    return RecurrentClassifier(**{"cell": "tanh", "hidden": 6, "epochs": 15, "random_state": 0, **settings})


def test_scikit_learns_own_checks() -> None:
    """What its MLPClassifier passes is in ``tests/peers``."""
    results = check_estimator(RecurrentClassifier("tanh", 20), on_fail=None, on_skip=None)
    assert len(results) > 40
    not_passed = {each["check_name"]: each["exception"] for each in results if each["status"] != "passed"}
    not_passed.pop("check_array_api_input", None)  # needs an environment variable before scipy is imported
    not_passed.pop("check_classifiers_multilabel_output_format_decision_function", None)  # there is none, as of MLPs
    assert not not_passed


@pytest.mark.parametrize(
    ("settings", "head"),
    [
        ({}, rnn.Softmax()),
        ({"class_weight": "balanced"}, rnn.Softmax(class_weights="balanced")),
        ({"class_weight": {"walk": 3}, "head": rnn.Sigmoid()}, rnn.Sigmoid(class_weights={2: 3})),
    ],
)
def test_its_numbers_are_those_of_train(settings: dict[str, Any], head: Any) -> None:
    X, y = easy()
    net = rnn.ManyToOne(rnn.LSTM(6), 3, 3, head=head, rng=7)
    how: dict[str, Any] = {"l2": 1e-3, "clip": rnn.ClipNorm(1.0), "dropout": rnn.Dropout(0.1), "epochs": 4}
    history = rnn.train(net, (X, y), optimizer=rnn.Adam(0.01), batch_size=16, **how, rng=7, progress=False)
    here = RecurrentClassifier("lstm", 6, learning_rate=0.01, batch_size=16, **how, random_state=7, **settings)
    here.fit(X, NAMES[y])
    assert same_parameters(here.net_, net)
    assert here.net_.head == net.head
    assert here.history_.loss == history.loss
    assert here.n_iter_ == 4
    np.testing.assert_array_equal(here.predict_proba(X), net.predict_proba(X))
    np.testing.assert_array_equal(here.predict(X), NAMES[net.predict(X)])
    assert here.classes_.tolist() == NAMES.tolist()
    assert (here.n_features_in_, here.n_inputs_) == (3, 3)


def test_probabilities_are_what_scores_want() -> None:
    X, y = easy()
    P = small(epochs=40).fit(X, y).predict_proba(X.astype(np.float64))
    np.testing.assert_allclose(P.sum(1), 1, atol=1e-6)
    assert roc_auc_score(y, P, multi_class="ovr") > 0.95
    assert log_loss(y, P) < 0.7


@pytest.mark.parametrize("settings", [{"cell": rnn.GRU(5)}, {"cell": [rnn.LSTM(5), rnn.Tanh(4)]}, {"cell": rnn.ReLU},
                                      {"cell": "gru", "n_layers": 2, "bidirectional": True},
                                      {"optimizer": rnn.SGD(0.1)}, {"optimizer": "rmsprop", "random_state": None},
                                      {"random_state": np.random.RandomState(3)},
                                      {"random_state": np.random.default_rng(3), "early_stopping": True}])  # fmt: skip
def test_parts_by_name_by_kind_and_as_they_are(settings: dict[str, Any]) -> None:
    X, y = easy()
    here = clone(small(epochs=2, **settings)).fit(X, y)
    assert np.isfinite(here.history_.loss).all()


# ---------------------------------------------------------------- what X may be


def test_series_of_different_lengths() -> None:
    X, y = easy()
    lengths = np.random.default_rng(0).integers(3, 9, len(X))
    series = [x[:n] for x, n in zip(X, lengths, strict=True)]
    here = small(dtype="float32").fit(series, y)
    net = rnn.ManyToOne(rnn.Tanh(6), 3, 3, head=rnn.Softmax(), rng=0)
    rnn.train(net, (X, y, lengths), optimizer=rnn.Adam(0.003), epochs=15, rng=0, progress=False)
    assert same_parameters(here.net_, net)
    np.testing.assert_array_equal(here.predict_proba(series), net.predict_proba(X, lengths))
    assert here.predict(series[:1]).shape == (1,)
    assert here.predict(X).shape == (60,)
    across = small(dtype="float32", time_axis=2).fit([each.T for each in series], y)
    assert same_parameters(across.net_, net)
    as_objects = np.empty(60, object)
    as_objects[:] = series
    np.testing.assert_array_equal(here.predict_proba(as_objects), net.predict_proba(X, lengths))


def test_one_series_a_sample() -> None:
    X, y = easy()
    flat = X[:, :, 0]
    here = small().fit(flat, y == 0)
    assert (here.n_features_in_, here.n_inputs_) == (8, 1)
    assert here.predict(flat).dtype == bool
    as_three = small().fit(flat[:, :, None], y == 0)
    assert same_parameters(here.net_, as_three.net_)
    assert as_three.predict(flat[:, :5]).shape == (60,)
    of_lists = small(dtype="float32").fit([each.tolist() for each in flat], y == 0)
    assert same_parameters(here.net_, of_lists.net_)
    ragged = small().fit([each[: 3 + n % 4] for n, each in enumerate(flat)], y == 0)
    assert ragged.predict(flat).shape == (60,)
    with pytest.raises(ValueError, match="X has 7 features, but RecurrentClassifier is expecting 8 features as input"):
        here.predict(flat[:, :7])


def test_sparse_series_are_made_dense() -> None:
    X, y = easy()
    flat = np.where(X[:, :, 0] > 0.5, X[:, :, 0], 0)
    there = small(epochs=2).fit(scipy.sparse.csr_array(flat), y)
    assert same_parameters(there.net_, small(epochs=2).fit(flat, y).net_)
    np.testing.assert_array_equal(there.predict(scipy.sparse.coo_array(flat)), there.predict(flat))


def test_several_labels_a_sample() -> None:
    X, y = easy()
    Y = np.stack([y == 0, y != 1, np.arange(60) % 2 == 0], axis=1).astype(int)
    head = rnn.Sigmoid(multilabel=True)
    net = rnn.ManyToOne(rnn.Tanh(6), 3, 3, head=head, rng=0)
    rnn.train(net, (X, Y), optimizer=rnn.Adam(0.01), epochs=40, rng=0, progress=False)
    here = small(learning_rate=0.01, epochs=40).fit(X, Y)
    assert same_parameters(here.net_, net)
    assert here.classes_.tolist() == [0, 1, 2]
    found = here.predict(X)
    np.testing.assert_array_equal(found, net.predict(X))
    assert (found[:, :2] == Y[:, :2]).mean() > 0.9
    assert here.score(X, Y) == (found == Y).all(1).mean()
    np.testing.assert_array_equal(here.predict_proba(X), net.predict_proba(X))
    of_sparse = small(learning_rate=0.01, epochs=40).fit(X, scipy.sparse.csr_array(Y))
    assert same_parameters(of_sparse.net_, net)
    stopped = small(epochs=2, early_stopping=True).fit(X, Y)
    assert stopped.history_.validation is not None
    step = small().partial_fit(X, Y, classes=range(3)).partial_fit(X[:20], Y[:20])
    assert step.predict(X).shape == (60, 3)
    with pytest.raises(ValueError, match="class_weight is 'balanced' and y has several labels, expected None"):
        small(class_weight="balanced").fit(X, Y)
    with pytest.raises(ValueError, match=r"y should be a 1d array, got an array of shape \(60, 3\)"):
        small().fit(X, Y + np.arange(3))


def test_time_as_the_last_axis() -> None:
    X, y = easy()
    here = small(time_axis=2).fit(X.transpose(0, 2, 1), y)
    assert same_parameters(here.net_, small().fit(X, y).net_)
    with pytest.raises(ValueError, match=r"time_axis is 0, expected 1 for \(N, T, D\) or 2 for \(N, D, T\)"):
        small(time_axis=0).fit(X, y)


def test_tables() -> None:
    pd = pytest.importorskip("pandas")
    X, y = easy()
    wide = pd.DataFrame(X[:, :, 0], columns=[f"t{t}" for t in range(8)])
    here = small().fit(wide, pd.Series(NAMES[y]))
    assert here.feature_names_in_.tolist() == wide.columns.tolist()
    assert same_parameters(here.net_, small().fit(X[:, :, 0], y).net_)
    nested = pd.DataFrame({d: [pd.Series(x[:, d]) for x in X] for d in range(3)})
    for axis in (1, 2):
        assert same_parameters(small(time_axis=axis).fit(nested, y).net_, small().fit(X, y).net_)
    ragged = pd.DataFrame({d: [pd.Series(x[: 4 + n % 3, d]) for n, x in enumerate(X)] for d in range(3)})
    series = [x[: 4 + n % 3] for n, x in enumerate(X)]
    for axis in (1, 2):
        assert same_parameters(small(time_axis=axis).fit(ragged, y).net_, small().fit(series, y).net_)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: (X[:, :, 0] * np.nan, y), "Input X contains NaN"),
        (lambda X, y: (X * np.nan, y), "Input X contains NaN"),
        (lambda X, y: ([X[0] * np.nan, *X[1:, :4]], y), "Input X contains NaN"),
        (lambda X, y: ([X[0, :, :2], *X[1:]], y), r"series 1 of X has shape \(8, 3\), but RecurrentClassifier expects"),
        (lambda X, y: (X, y[1:]), r"inconsistent numbers of samples: \[60, 59\]"),
        (lambda X, _: (X, None), "requires y to be passed, but the target y is None"),
        (lambda X, y: (X, y * 0), "y has 1 class, but RecurrentClassifier expects at least two classes"),
        (lambda X, y: (X, y + 0.5), "Unknown label type: continuous"),
    ],
)
def test_samples_that_are_refused(change: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small().fit(*change(*easy()))


def test_other_inputs_than_fitted_are_refused() -> None:
    X, y = easy()
    here = small(epochs=1).fit(X, y)
    for other in (X[:, :, :2], [x[: 3 + n % 2, :2] for n, x in enumerate(X)]):
        with pytest.raises(ValueError, match="X has 2 features, but RecurrentClassifier is expecting 3 features"):
            here.predict(other)


# ---------------------------------------------------------------- how it is trained


def test_samples_may_weigh_more_or_less() -> None:
    X, y = easy()
    weights = np.random.default_rng(0).integers(0, 3, 60).astype(float)
    here = small(epochs=3, class_weight="balanced").fit(X, y, sample_weight=weights)
    net = rnn.ManyToOne(rnn.Tanh(6), 3, 3, head=rnn.Softmax(class_weights="balanced"), rng=0)
    rnn.train(net, (X, y), sample_weight=weights, optimizer=rnn.Adam(0.003), epochs=3, rng=0, progress=False)
    assert same_parameters(here.net_, net)
    held = small(epochs=3, early_stopping=True).fit(X, y, sample_weight=weights)
    assert held.history_.validation is not None
    small(epochs=1).partial_fit(X, y, classes=[0, 1, 2], sample_weight=weights)
    with pytest.raises(ValueError, match="Sample weights must contain at least one non-zero number"):
        small().fit(X, y, sample_weight=0 * weights)


def test_early_stopping_holds_out_whole_groups() -> None:
    X, y = easy()
    groups = np.repeat(np.arange(12), 5)
    here = small(early_stopping=True, validation_fraction=0.25, n_iter_no_change=2, epochs=40)
    _, held_out = here._divided(y, groups, None, 0)
    assert sorted(set(groups[held_out])) == sorted({g for g in groups[held_out] if (groups[held_out] == g).sum() == 5})
    here.fit(X, y, groups=groups)
    assert here.history_.validation is not None
    assert here.history_.best_epoch is not None
    expected = here.net_.evaluate(X[held_out], y[held_out])
    assert here.history_.validation.loss[here.history_.best_epoch - 1] == pytest.approx(expected[0])
    alike = small(early_stopping=rnn.EarlyStopping(2, monitor="accuracy"), epochs=40).fit(X, y)
    assert alike.history_.best_epoch is not None
    _, parts = alike._divided(y, None, y, 0)
    assert len(parts) == 6


def test_warm_start_goes_on() -> None:
    X, y = easy()
    X, y = np.tile(X[:1], (32, 1, 1)), np.tile(y[:1], 32)
    y[16:] = (y[0] + 1) % 3
    how: dict[str, Any] = {"batch_size": 32, "optimizer": "adam", "dtype": "float64"}
    here = small(warm_start=True, epochs=3, **how).fit(X, y)
    here.fit(X, y)
    whole = small(epochs=6, **how).fit(X, y)
    for name, W in whole.net_.parameters.items():
        np.testing.assert_allclose(here.net_.parameters[name], W, rtol=0, atol=1e-12)
    with pytest.raises(ValueError, match=r"y has the classes \[1 3\], expected \[0 2\] of the last fit"):
        here.fit(X, y + 1)


def test_partial_fit_is_an_epoch() -> None:
    X, y = easy()
    here = small(class_weight={"sit": 2})
    with pytest.raises(ValueError, match="classes is None at the first call of partial_fit"):
        here.partial_fit(X, NAMES[y])
    for n in range(12):
        part = slice(30 * (n % 2), 30 * (n % 2) + 30)
        here.partial_fit(X[part], NAMES[y][part], classes=NAMES)
        assert here.n_iter_ == n + 1
    assert here.net_.head.class_weights == (2, 1, 1)
    assert here.score(X, NAMES[y]) > 0.5
    with pytest.raises(ValueError, match="y has the class run, expected one of"):
        here.partial_fit(X, np.where(y == 0, "run", "sit"))
    with pytest.raises(ValueError, match="class_weight is 'balanced' in partial_fit"):
        small(class_weight="balanced").partial_fit(X, y, classes=[0, 1, 2])
    small(epochs=1).fit(X, y).partial_fit(X, y)


def test_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    small(epochs=2, verbose=2).fit(*easy())
    assert len(capsys.readouterr().err.splitlines()) == 2
    small(epochs=2).fit(*easy())
    assert capsys.readouterr().err == ""


# ---------------------------------------------------------------- among the tools


def test_it_is_pickled_and_cloned() -> None:
    X, y = easy()
    here = small(cell=rnn.LSTM(4)).fit(X, NAMES[y])
    again = pickle.loads(pickle.dumps(here))
    np.testing.assert_array_equal(again.predict_proba(X), here.predict_proba(X))
    assert clone(here).get_params() == here.get_params()
    assert not hasattr(clone(here), "net_")
    assert here.set_params(hidden=9).hidden == 9


def test_in_a_pipeline_and_cross_validated_by_group() -> None:
    X, y = easy()
    double = FunctionTransformer(lambda X: 2 * X)
    assert make_pipeline(double, small()).fit(X, NAMES[y]).score(X, NAMES[y]) > 0.8
    assert make_pipeline(StandardScaler(), small(epochs=2)).fit(X[:, :, 0], y).predict(X[:, :, 0]).shape == (60,)
    groups = np.arange(60) % 6
    found = cross_validate(small(), X, NAMES[y], groups=groups, cv=GroupKFold(3), scoring=["accuracy", "neg_log_loss"])
    assert found["test_accuracy"].min() > 0.7
    ragged = [x[: 5 + n % 3] for n, x in enumerate(X)]
    assert cross_validate(small(), ragged, y, cv=3)["test_score"].min() > 0.5


@pytest.mark.long
def test_searches() -> None:
    X, y = easy()
    grid = {"hidden": [2, 6], "learning_rate": [0.003, 0.01]}
    found = GridSearchCV(small(), grid, cv=2, n_jobs=2).fit(X, NAMES[y])
    assert found.best_score_ > 0.7
    halved = HalvingGridSearchCV(small(), grid, cv=2, random_state=0, resource="epochs", max_resources=9).fit(X, y)
    assert halved.best_estimator_.epochs == 9


def test_calibrated_and_inspected() -> None:
    X, y = easy()
    calibrated = CalibratedClassifierCV(small(), cv=2).fit(X, NAMES[y])
    assert calibrated.score(X, NAMES[y]) > 0.8
    flat = X[:, :, 0]
    importance = permutation_importance(small().fit(flat, y == 0), flat, y == 0, n_repeats=2, random_state=0)
    assert importance.importances_mean.shape == (8,)


@pytest.mark.parametrize("name", ["X", "y", "sample_weight"])
def test_masked_samples_are_refused(name: str) -> None:
    X, y = easy(20, 0)
    given = {"X": X, "y": y, "sample_weight": np.ones(20)}
    masked = np.ma.array(given[name])
    masked[(0,) * masked.ndim] = np.ma.masked
    for samples in (masked, list(masked)) if name == "X" else (masked,):
        with pytest.raises(ValueError, match=f"{name} is masked in places"):
            small().fit(**(given | {name: samples}))
