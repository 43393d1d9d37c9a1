"""Closed loop: a stream and the whole say the same."""

from typing import Any

import numpy as np
import pytest

from unrolled import rnn


@pytest.mark.parametrize("kind", [rnn.ManyToMany, rnn.ManyToOne])
def test_what_it_says_is_what_it_hears_next(kind: Any) -> None:
    net = kind([rnn.LSTM(5), rnn.GRU(4)], 2, n_outputs=2, rng=0, dtype=np.float64, initial_state="learned")
    X = np.random.default_rng(0).standard_normal((3, 7, 2))
    said = rnn.generate(net, X, 9)
    whole = X
    for t in range(9):
        answer = net.predict(whole)
        answer = answer[:, -1] if kind is rnn.ManyToMany else answer
        np.testing.assert_allclose(said[:, t], answer, rtol=1e-9)
        whole = np.concatenate([whole, said[:, t : t + 1]], axis=1)
    stream = net.stream(3)
    for t in range(7):
        Y_hat = stream.feed(X[:, t])
    for t in range(9):
        np.testing.assert_array_equal(said[:, t], Y_hat)  # a stream says the same to the bit
        Y_hat = stream.feed(Y_hat)


def test_symbols_are_the_most_probable_or_drawn() -> None:
    net = rnn.ManyToMany(rnn.Tanh(6), 4, n_classes=4, head=rnn.Softmax(), rng=0)
    X = np.array([[0, 1, 2], [3, 3, 0]])
    said = rnn.generate(net, X, 5)
    whole = np.concatenate([X, said], axis=1)
    np.testing.assert_array_equal(net.predict(whole)[:, 2:-1], said)
    many = rnn.generate(net, np.zeros((20_000, 1), int), 1, temperature=1.0, rng=1)[:, 0]
    expected = net.predict_proba(np.zeros((1, 1), int))[0, 0]
    np.testing.assert_allclose(np.bincount(many, minlength=4) / 20_000, expected, atol=0.015)
    cold = rnn.generate(net, np.zeros((2000, 1), int), 1, temperature=1e-3, rng=1)[:, 0]
    assert (cold == expected.argmax()).all()
    again = [rnn.generate(net, X, 6, temperature=1.0, rng=7).tolist() for _ in range(2)]
    assert again[0] == again[1]


@pytest.mark.parametrize(
    ("net", "message"),
    [
        (rnn.ManyToMany(rnn.Tanh(2), 2, n_outputs=1, rng=0), "hears 2 inputs and answers with 1 numbers"),
        (rnn.ManyToMany(rnn.Bidirectional(rnn.Tanh(2)), 2, n_outputs=2, rng=0), "one direction of time for a stream"),
        (rnn.ManyToMany(rnn.Tanh(2), 2, n_classes=2, head=rnn.Sigmoid(multilabel=True)), "answers with 2 labels"),
        (rnn.ManyToMany(rnn.Tanh(2), 2, n_classes=2), r"expected rnn.Softmax\(\) for a draw"),
        ("net", "net is 'net', expected a network"),
    ],
)
def test_what_cannot_go_on_is_said(net: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rnn.generate(net, np.zeros((1, 3, 2)), 2, temperature=1.0)


def test_how_many_steps_are_asked_for_is_checked() -> None:
    net = rnn.ManyToMany(rnn.Tanh(2), 2, n_outputs=2, head=rnn.Linear(), rng=0)
    with pytest.raises(ValueError, match=r"^steps is 0"):
        rnn.generate(net, np.zeros((1, 3, 2)), 0)


def test_what_ties_goes_on_as_predict_says_and_what_is_not_finite_does_not_go_on() -> None:
    net = rnn.ManyToMany(rnn.Tanh(3), 2, n_classes=2, rng=0)
    net.parameters["b_o"][:] = 20, 30  # whose sigmoids are both 1 in float32
    assert rnn.generate(net, np.zeros((1, 1), int), 3).tolist() == [[1, 1, 1]]
    net.parameters["W_ho"][...] = 3e38
    net.parameters["b_h"][...] = 1
    with pytest.raises(ValueError, match="logits are infinite or NaN"):
        rnn.generate(net, np.zeros((1, 1), int), 3)
    counts = rnn.ManyToMany(rnn.Tanh(3), 1, n_outputs=1, head=rnn.Poisson(), rng=0)
    counts.parameters["b_o"][:] = 100  # whose exponential outgrows float32
    with pytest.raises(ValueError, match="the answer to sample 0 is infinite though its logits are finite"):
        rnn.generate(counts, np.zeros((1, 2, 1)), 3)
