"""The regressor among scikit-learn's tools, and the same numbers as ``rnn.train``'s."""

import pickle
from typing import Any

import numpy as np
import pytest
from easy import easy, same_parameters

from unrolled import rnn

pytest.importorskip("sklearn", "1.6")

from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from unrolled.sklearn import RecurrentRegressor


def numbers() -> tuple[np.ndarray, np.ndarray]:
    X, _ = easy()
    return X, X.mean(axis=1).astype(np.float64)


def small(**settings: Any) -> RecurrentRegressor:
    return RecurrentRegressor(**{"cell": "tanh", "hidden": 6, "learning_rate": 0.02, "random_state": 0, **settings})


@pytest.mark.long
def test_scikit_learns_own_checks() -> None:
    results = check_estimator(RecurrentRegressor("tanh", 20), on_fail=None, on_skip=None)
    assert len(results) > 40
    not_passed = {each["check_name"]: each["exception"] for each in results if each["status"] != "passed"}
    not_passed.pop("check_array_api_input", None)  # needs an environment variable before scipy is imported
    assert not not_passed


@pytest.mark.parametrize("head", [None, rnn.Linear(loss="huber")])
@pytest.mark.parametrize("columns", [True, False])
def test_its_numbers_are_those_of_train(head: Any, columns: bool) -> None:
    X, Y = numbers()
    weights = np.arange(60.0)
    net = rnn.ManyToOne(rnn.LSTM(6), 3, n_outputs=3 if columns else 1, head=head, rng=7)
    targets = Y if columns else Y[:, :1]
    how: dict[str, Any] = {"l2": 1e-3, "epochs": 4, "averaging": rnn.EMA(0.9)}
    history = rnn.train(
        net, (X, targets), sample_weight=weights, optimizer=rnn.Adam(0.02), **how, rng=7, progress=False
    )
    here = small(cell="lstm", random_state=7, head=head, **how)
    here.fit(X, Y if columns else Y[:, 0], sample_weight=weights)
    assert same_parameters(here.net_, net)
    assert here.history_.loss == history.loss
    assert here.predict(X).shape == ((60, 3) if columns else (60,))
    np.testing.assert_array_equal(here.predict(X).reshape(60, -1), net.predict(X))
    again = pickle.loads(pickle.dumps(here))
    np.testing.assert_array_equal(again.predict(X), here.predict(X))


def test_among_the_tools() -> None:
    X, Y = numbers()
    y = 1000 + 50 * Y[:, 0]
    scaled = TransformedTargetRegressor(small(), transformer=StandardScaler())
    assert scaled.fit(X[:40], y[:40]).score(X[40:], y[40:]) > 0.5
    assert cross_val_score(small(), X, Y[:, 0], cv=3).min() > 0.3
    found = GridSearchCV(small(epochs=5), {"hidden": [2, 6]}, cv=2, n_jobs=2).fit(X, Y)
    assert found.best_params_["hidden"] in (2, 6)


def test_goes_on_and_stops_early_by_group() -> None:
    X, Y = numbers()
    groups = np.repeat(np.arange(12), 5)
    here = small(early_stopping=True, validation_fraction=0.25, n_iter_no_change=2).fit(X, Y, groups=groups)
    assert here.history_.validation is not None
    assert here.history_.validation.r2 is not None
    more = small(warm_start=True, epochs=2).fit(X, Y[:, 0])
    before = more.score(X, Y[:, 0])
    for _ in range(20):
        more.partial_fit(X, Y[:, 0])
    assert more.n_iter_ == 22
    assert more.fit(X, Y[:, 0]).score(X, Y[:, 0]) > before
    with pytest.raises(ValueError, match="y has 3 columns, expected 1 of the last fit"):
        more.fit(X, Y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        small().fit(X, Y, groups=groups[1:])
