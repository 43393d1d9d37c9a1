"""Sequences of different lengths in one batch are each as if alone."""

import numpy as np
import pytest
from differences import relative_difference
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled import rnn

CELLS: list[rnn.cells.Cell] = [rnn.Tanh(4), rnn.ReLU(4), rnn.LSTM(3), rnn.GRU(4)]
READOUTS: list[rnn.Readout] = [
    rnn.Last(),
    rnn.Mean(),
    rnn.MeanMax(),
    rnn.EveryStep(),
    rnn.EveryStep((0, 0, 0, 1, 2, 3, 4, 5, 6)),
]


@st.composite
def problems(draw: st.DrawFn) -> tuple[rnn.ManyToOne, np.ndarray, np.ndarray, np.ndarray]:
    T, m = draw(st.integers(1, 9)), draw(st.integers(1, 6))
    lengths = np.array(draw(st.lists(st.integers(1, T), min_size=m, max_size=m)))
    cell = draw(st.sampled_from(CELLS))
    both = rnn.Bidirectional(cell)
    arrangements: list[list[rnn.cells.Cell]] = [[cell], [cell, cell], [both], [both, cell]]
    cells = draw(st.sampled_from(arrangements))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    net = rnn.ManyToOne(cells, 2, 3, readout=draw(st.sampled_from(READOUTS)), rng=rng, dtype=np.float64)
    for W in net.parameters.values():
        if W.ndim == 1:
            W[...] = rng.normal(0, 0.3, W.shape)
    return net, rng.standard_normal((m, T, 2)), rng.integers(0, 3, m), lengths


@settings(max_examples=80)
@given(problem=problems())
def test_each_as_if_alone(problem: tuple[rnn.ManyToOne, np.ndarray, np.ndarray, np.ndarray]) -> None:
    net, X, y, lengths = problem
    loss, gradients = net.loss_and_gradients(X, y, lengths)
    alone = [net.loss_and_gradients(X[n : n + 1, :L], y[n : n + 1]) for n, L in enumerate(lengths)]
    assert loss == pytest.approx(np.mean([each for each, _ in alone]), rel=1e-12)
    for name, gradient in gradients.items():
        assert relative_difference(gradient, np.mean([g[name] for _, g in alone], axis=0)) <= 1e-11, name
    scores = np.concatenate([net.predict_proba(X[n : n + 1, :L]) for n, L in enumerate(lengths)])
    np.testing.assert_allclose(net.predict_proba(X, lengths), scores, rtol=1e-11)
    np.testing.assert_array_equal(net.predict(X, lengths), scores.argmax(1))
    assert net.evaluate(X, y, lengths)[0] == pytest.approx(loss, rel=1e-12)


@settings(max_examples=30)
@given(problem=problems(), padding=st.sampled_from([0.0, 1e30, np.nan, np.inf]))
def test_what_stands_in_the_padding_does_not_matter(
    problem: tuple[rnn.ManyToOne, np.ndarray, np.ndarray, np.ndarray], padding: float
) -> None:
    net, X, y, lengths = problem
    other = X.copy()
    for n, L in enumerate(lengths):
        other[n, L:] = padding
    loss, gradients = net.loss_and_gradients(X, y, lengths)
    other_loss, other_gradients = net.loss_and_gradients(other, y, lengths)
    assert other_loss == loss
    for name, gradient in gradients.items():
        np.testing.assert_array_equal(other_gradients[name], gradient)
    np.testing.assert_array_equal(net.predict_proba(other, lengths), net.predict_proba(X, lengths))


@settings(max_examples=30)
@given(problem=problems(), seed=st.integers(0, 99))
def test_the_order_of_a_batch_does_not_matter(
    problem: tuple[rnn.ManyToOne, np.ndarray, np.ndarray, np.ndarray], seed: int
) -> None:
    net, X, y, lengths = problem
    order = np.random.default_rng(seed).permutation(len(X))
    loss, gradients = net.loss_and_gradients(X, y, lengths)
    other_loss, others = net.loss_and_gradients(X[order], y[order], lengths[order])
    assert other_loss == pytest.approx(loss, rel=1e-12)
    for name, gradient in gradients.items():
        assert relative_difference(others[name], gradient) <= 1e-11
    np.testing.assert_allclose(net.predict_proba(X[order], lengths[order]), net.predict_proba(X, lengths)[order])


@settings(max_examples=30)
@given(problem=problems(), at=st.integers(1, 5))
def test_a_batch_is_the_mean_of_its_parts(
    problem: tuple[rnn.ManyToOne, np.ndarray, np.ndarray, np.ndarray], at: int
) -> None:
    net, X, y, lengths = problem
    at = min(at, len(X))
    loss, gradients = net.loss_and_gradients(X, y, lengths)
    parts = [
        (len(y[part]) / len(y), *net.loss_and_gradients(X[part], y[part], lengths[part]))
        for part in (slice(0, at), slice(at, None))
        if len(y[part])
    ]
    assert sum(w * each for w, each, _ in parts) == pytest.approx(loss, rel=1e-12)
    for name, gradient in gradients.items():
        assert relative_difference(sum(w * g[name] for w, _, g in parts), gradient) <= 1e-11


def test_states_and_gradients_can_be_looked_at_in_the_callers_order() -> None:
    rng = np.random.default_rng(0)
    net = rnn.ManyToOne(rnn.GRU(4), 2, 3, readout=rnn.Mean(), rng=0, dtype=np.float64)
    X, y, lengths = rng.standard_normal((4, 7, 2)), np.array([0, 1, 2, 0]), [3, 7, 1, 5]
    forward = net.forward(X, lengths)
    backward = net.backward(forward, y)
    for n, L in enumerate(lengths):
        alone = net.forward(X[n : n + 1, :L])
        of_alone = net.backward(alone, y[n : n + 1])
        np.testing.assert_allclose(forward.A[: L + 1, n], alone.A[:, 0], atol=1e-14)
        assert not forward.A[L + 1 :, n].any()
        np.testing.assert_allclose(forward.X[:L, n], X[n, :L])
        np.testing.assert_allclose(forward.logits[n], alone.logits[0], rtol=1e-12)
        np.testing.assert_allclose(backward.dA[:L, n] * 4, of_alone.dA[:, 0], atol=1e-14)
        np.testing.assert_allclose(backward.delta[:L, n] * 4, of_alone.delta[:, 0], atol=1e-14)
        assert not backward.delta[L:, n].any()


def test_training_on_different_lengths_is_training_on_each_alone() -> None:
    rng = np.random.default_rng(0)
    X, y, lengths = rng.standard_normal((6, 8, 2)), rng.integers(0, 3, 6), np.array([8, 3, 5, 1, 8, 2])
    ragged, one_by_one = (rnn.ManyToOne(rnn.LSTM(3), 2, 3, rng=0, dtype=np.float64) for _ in range(2))
    history = rnn.train(
        ragged, (X, y, lengths), validation=(X, y, lengths), optimizer=rnn.SGD(0.5), batch_size=6, epochs=3,
        progress=False,
    )  # fmt: skip
    for _ in range(3):
        alone = [one_by_one.loss_and_gradients(X[n : n + 1, :L], y[n : n + 1])[1] for n, L in enumerate(lengths)]
        for name, W in one_by_one.parameters.items():
            W -= 0.5 * np.mean([g[name] for g in alone], axis=0)
    for name, W in one_by_one.parameters.items():
        np.testing.assert_allclose(ragged.parameters[name], W, atol=1e-12)
    assert history.validation is not None
    assert history.validation.loss[-1] == pytest.approx(ragged.loss(X, y, lengths))


@pytest.mark.parametrize(
    ("lengths", "said"),
    [
        ([1, 2], r"lengths has shape \(2,\), expected one for each of 3 samples"),
        ([1, 0, 2], "lengths holds 0 at sample 1, expected whole numbers from 1 to T = 4"),
        ([1, 5, 2], "lengths holds 5 at sample 1"),
        ([1, 2.5, 2], "lengths holds 2.5 at sample 1"),
        ([1, np.nan, 2], "lengths holds nan at sample 1"),
        (["a", "b", "c"], "lengths"),
    ],
)
def test_impossible_lengths_are_refused(lengths: list[object], said: str) -> None:
    net = rnn.ManyToOne(rnn.GRU(2), 2, 3, rng=0)
    for call in (net.forward, net.predict_proba, lambda X, L: net.loss_and_gradients(X, [0, 1, 2], L)):
        with pytest.raises(ValueError, match=said):
            call(np.zeros((3, 4, 2)), lengths)
    with pytest.raises(ValueError, match=f"training {said}"):
        rnn.train(net, (np.zeros((3, 4, 2)), [0, 1, 2], lengths), optimizer=rnn.SGD(0.1), progress=False)


def test_more_steps_than_weights_are_refused() -> None:
    net = rnn.ManyToOne(rnn.GRU(2), 2, 3, readout=rnn.EveryStep((1, 1)), rng=0)
    with pytest.raises(ValueError, match="3 steps, expected at most 2"):
        net.predict_proba(np.zeros((1, 3, 2)))


def test_padding_common_to_all_is_not_computed_and_not_counted() -> None:
    net = rnn.ManyToOne(rnn.GRU(3), 2, 3, readout=rnn.EveryStep((1, 2, 3)), rng=0, dtype=np.float64)
    X, y, lengths = np.random.default_rng(0).standard_normal((2, 40, 2)), [0, 1], [3, 2]
    short = net.loss_and_gradients(X[:, :3], y, lengths)
    forward = net.forward(X, lengths)
    assert len(forward.traces[0].A) == 1 + 5  # an eighth of 40
    assert forward.A.shape == (41, 2, 3)
    assert forward.logits.shape == (40, 2, 3)
    loss, gradients = net.loss_and_gradients(X, y, lengths)
    assert loss == pytest.approx(short[0], rel=1e-14)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, short[1][name], atol=1e-15)


def test_a_mask_is_not_taken_for_lengths() -> None:
    net = rnn.ManyToOne(rnn.GRU(2), 2, 3, rng=0)
    with pytest.raises(ValueError, match=r"mask.sum\(1\)"):
        net.predict(np.zeros((3, 4, 2)), np.ones(3, bool))
