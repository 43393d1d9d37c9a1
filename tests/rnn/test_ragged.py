"""Lists of arrays of different length are taken wherever X is, and mean what X and lengths mean."""

from typing import Any

import numpy as np
import pytest

from unrolled import data, rnn

LENGTHS = np.array([4, 7, 1, 5])


def sequences(dtype: str = "float64") -> tuple[list[np.ndarray], np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((4, 7, 2)).astype(dtype)
    return [row[:length] for row, length in zip(X, LENGTHS, strict=True)], X


def network() -> rnn.ManyToOne:
    return rnn.ManyToOne(rnn.Bidirectional(rnn.GRU(4)), 2, 3, readout=rnn.Mean(), rng=0, dtype=np.float64)


def test_every_door_takes_a_list() -> None:
    net, y = network(), np.array([0, 1, 2, 0])
    listed, X = sequences()
    for given in (listed, tuple(listed), [each.tolist() for each in listed], np.array(listed, dtype=object)):
        np.testing.assert_array_equal(net.predict_proba(given), net.predict_proba(X, LENGTHS))
        np.testing.assert_array_equal(net.predict(given), net.predict(X, LENGTHS))
    assert net.evaluate(listed, y) == net.evaluate(X, y, LENGTHS)
    (loss, gradients), (expected, of_array) = net.loss_and_gradients(listed, y), net.loss_and_gradients(X, y, LENGTHS)
    assert loss == expected
    for name, gradient in gradients.items():
        np.testing.assert_array_equal(gradient, of_array[name])
    np.testing.assert_array_equal(net.forward(listed).logits, net.forward(X, LENGTHS).logits)
    assert rnn.check_gradients(net, listed, y, entries=5).passed


def test_a_training_takes_a_list() -> None:
    y = np.array([0, 1, 2, 0])
    listed, X = sequences()
    nets = [network(), network()]
    settings: Any = {"optimizer": rnn.Adam(0.01), "epochs": 2, "batch_size": 2, "rng": 0, "progress": False}
    rnn.train(nets[0], (listed, y), validation=(listed, y), **settings)
    rnn.train(nets[1], (X, y, LENGTHS), validation=(X, y, LENGTHS), **settings)
    for name, W in nets[0].parameters.items():
        np.testing.assert_array_equal(W, nets[1].parameters[name])


def test_what_pad_returns_is_the_same() -> None:
    net = network()
    listed, _ = sequences()
    X, lengths = data.pad(listed)
    np.testing.assert_array_equal(net.predict_proba(listed), net.predict_proba(X, lengths))
    behind = np.full((4, 7, 2), np.nan)
    for row, each in zip(behind, listed, strict=True):
        row[: len(each)] = each
    np.testing.assert_array_equal(net.predict_proba(*data.pad(behind, nan=True)), net.predict_proba(listed))


@pytest.mark.parametrize(
    ("X", "lengths", "said"),
    [
        (
            [np.zeros((3, 2)), np.zeros((4, 1))],
            None,
            r"X\[1\] has shape \(4, 1\) and X\[0\] \(3, 2\), expected \(steps",
        ),
        ([np.zeros((3, 2)), np.zeros((0, 2))], None, r"X\[1\] has shape \(0, 2\)"),
        ([np.zeros((3, 2)), np.zeros((4, 2))], [3, 4], "lengths are given, and X is arrays of different length"),
        ([np.zeros((3, 5)), np.zeros((4, 5))], None, r"X has shape \(2, 4, 5\): 5 inputs a step, expected D = 2"),
        ([np.zeros((3, 2)), np.array([["a", "b"]])], None, r"X\[1\] holds <U1 values, expected real numbers"),
        ([np.zeros((3, 2)), np.full((4, 2), np.nan)], None, "X holds nan at sample 1, step 0, input 0"),
    ],
)
def test_what_does_not_fit_is_named(X: Any, lengths: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        network().predict_proba(X, lengths)
