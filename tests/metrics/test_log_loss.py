"""The log loss: by hand, beside the loss that networks are trained on, and what is refused."""

import re
from typing import Any

import numpy as np
import pytest

from unrolled import metrics, rnn


def test_it_is_the_mean_of_minus_log_of_what_the_true_class_got() -> None:
    found = metrics.log_loss([0, 2], [[0.5, 0.25, 0.25], [0.75, 0.125, 0.125]])
    assert found == pytest.approx((np.log(2) + np.log(8)) / 2, rel=1e-15)
    assert metrics.log_loss(np.eye(3)[[0, 2]], [[0.5, 0.25, 0.25], [0.75, 0.125, 0.125]]) == found
    assert metrics.log_loss([0, 1], [[1, 0], [0, 1]]) == pytest.approx(0, abs=1e-15)
    assert metrics.log_loss([1], [[1.0, 0.0]]) == pytest.approx(-np.log(np.finfo(float).eps))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_is_the_loss_of_a_softmax_head(dtype: Any) -> None:
    net = rnn.ManyToOne(rnn.Tanh(4), 2, 5, head=rnn.Softmax(), rng=0, dtype=dtype)
    X, y = np.random.default_rng(0).normal(size=(30, 6, 2)), np.arange(30) % 5
    loss, _ = net.evaluate(X, y)
    assert metrics.log_loss(y, net.predict_proba(X)) == pytest.approx(loss, rel=float(50 * np.finfo(dtype).eps))


@pytest.mark.parametrize(
    ("y", "probabilities", "message"),
    [
        ([0], [0.5], "probabilities have shape (1,), expected those of C classes for N samples, (N, C)"),
        ([0, 0], [[1.0, 0.0], [1.5, -0.5]], "probabilities hold 1.5 in row 1, class 0, expected numbers from 0 to 1"),
        ([], np.zeros((0, 3)), "probabilities have shape (0, 3), expected those of C classes for N samples, (N, C)"),
        ([0], [[np.nan, 1.0]], "probabilities hold nan in row 0, class 0"),
        ([0, 1], [[1.0, 0.0], [0.9, 0.9]], "probabilities of row 1 add up to 1.8, expected 1, as of rnn.Softmax()"),
        ([0, 1], [[1.0, 0.0]], "y has 2 rows and probabilities have 1, expected as many"),
        ([2], [[1.0, 0.0]], "y holds 2 in row 0, expected whole numbers from 0 to 1"),
        ([0], np.ma.masked_equal([[0.0, 1.0]], 0.0), "probabilities is masked in places, expected numbers throughout"),
    ],
)
def test_what_is_no_probability_is_told(y: Any, probabilities: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        metrics.log_loss(y, probabilities)


def test_rows_may_be_off_by_the_root_of_the_resolution() -> None:
    """Which they are exactly here, and by the smallest number more than that below."""
    off = 2.0**-26
    assert metrics.log_loss([0], [[0.5, 0.5 + off]]) == pytest.approx(np.log(2))
    with pytest.raises(ValueError, match="probabilities of row 0 add up to 1, expected 1"):
        metrics.log_loss([0], [[0.5, 0.5 + off + 2.0**-52]])


def test_a_probability_of_one_is_as_sure_as_the_dtype_can_be() -> None:
    for dtype in (np.float32, np.float64):
        eps = np.finfo(dtype).eps
        assert metrics.log_loss([0], np.array([[1, 0]], dtype)) == pytest.approx(-np.log1p(-float(eps)), rel=1e-3)
