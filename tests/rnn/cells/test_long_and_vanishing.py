"""Sequences longer than a chunk, and gradients that vanish on one way and not on another."""

import numpy as np
import pytest

from unrolled import rnn, textbook


@pytest.mark.parametrize("T", [17, 33, 70])
def test_a_tanh_layer_of_many_steps_and_different_lengths_is_the_textbook_s_of_each_sample(T: int) -> None:
    rng = np.random.default_rng(T)
    net = rnn.ManyToOne(rnn.Tanh(5), n_inputs=3, n_classes=4, rng=0, dtype=np.float64)
    lengths = np.array([T, 1, T // 2, 16, 17, T - 1, T])
    X, Y = rng.standard_normal((7, T, 3)), np.eye(4)[rng.integers(0, 4, 7)]
    loss, gradients = net.loss_and_gradients(X, Y, lengths)
    alone = [
        textbook.loss_and_gradients(net.parameters, x[np.newaxis, :n], y[np.newaxis])
        for x, y, n in zip(X, Y, lengths, strict=True)
    ]
    np.testing.assert_allclose(loss, np.mean([one for one, _ in alone]), rtol=1e-12)
    for name, gradient in gradients.items():
        expected = np.mean([of[name] for _, of in alone], axis=0)
        np.testing.assert_allclose(gradient, expected, rtol=1e-9, atol=1e-13)


def test_an_lstm_goes_back_by_its_cell_where_nothing_comes_by_its_states() -> None:
    """With W_hh = 0, dE/dA is 0 but at the last step, and dE/dc is not: the inputs of the first steps count."""
    net = rnn.ManyToOne(rnn.LSTM(4), n_inputs=3, n_classes=3, rng=0, dtype=np.float64)
    net.parameters["W_hh"][:] = 0
    rng = np.random.default_rng(0)
    X = np.zeros((2, 40, 3))
    X[:, :10] = rng.standard_normal((2, 10, 3))
    _, gradients = net.loss_and_gradients(X, [0, 2])
    W, h = net.parameters["W_ih"], 1e-6
    for where in [(0, 0), (5, 1), (9, 2)]:
        before = W[where]
        W[where] = before + h
        above = net.loss(X, [0, 2])
        W[where] = before - h
        below = net.loss(X, [0, 2])
        W[where] = before
        expected = (above - below) / (2 * h)
        assert abs(expected) > 1e-9
        np.testing.assert_allclose(gradients["W_ih"][where], expected, rtol=1e-2, atol=1e-9)


@pytest.mark.parametrize("scale", [0.0, 1e-4, 0.3])
def test_dA_is_right_where_gradients_vanish(scale: float) -> None:
    net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=3, rng=0, dtype=np.float64)
    net.parameters["W_hh"] *= scale
    forward = net.forward(np.random.default_rng(0).standard_normal((2, 60, 3)))
    dA = net.backward(forward, [0, 2]).dA
    assert np.abs(dA[-1]).max() > 1e-3
    for t in range(58, -1, -1):
        expected = (dA[t + 1] * (1 - forward.A[t + 2] ** 2)) @ net.parameters["W_hh"]
        np.testing.assert_allclose(dA[t], expected, rtol=1e-9, atol=1e-17)
    assert np.abs(dA[0]).max() < 1e-30
