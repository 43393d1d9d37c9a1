"""Of scikit-learn's checks of estimators, ours pass each that its multilayer perceptrons pass."""

from collections import Counter
from typing import Any

import pytest

pytest.importorskip("sklearn", "1.6", reason="scikit-learn is not installed (pip install 'unrolled[sklearn]')")

from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.utils.estimator_checks import check_estimator

from unrolled.sklearn import RecurrentClassifier, RecurrentRegressor


def passed(estimator: Any) -> Counter[str]:
    """How often each check is passed; some are made with several kinds of samples."""
    results = check_estimator(estimator, on_fail=None, on_skip=None)
    return Counter(each["check_name"] for each in results if each["status"] == "passed")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("theirs", "ours", "several"),
    [
        (MLPClassifier(max_iter=20), RecurrentClassifier(), "check_classifiers_multilabel_output_format_predict_proba"),
        (MLPRegressor(max_iter=20), RecurrentRegressor("tanh", 20), "check_regressors_no_decision_function"),
    ],
    ids=["classifier", "regressor"],
)
def test_each_check_that_a_perceptron_passes(theirs: Any, ours: Any, several: str) -> None:
    expected = passed(theirs)
    assert expected[several]
    assert expected["check_sample_weight_equivalence_on_sparse_data"]
    assert not expected - passed(ours)
