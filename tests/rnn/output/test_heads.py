"""From logits to probabilities, smoothed targets and what a sample weighs."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from unrolled import rnn

HEADS: list[Any] = [rnn.Sigmoid, rnn.Softmax]
matrices = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=1, max_dims=3, min_side=2, max_side=5), elements=st.floats(-1e4, 1e4)
)
class_weights = st.lists(st.floats(0.01, 10), min_size=3, max_size=3)


@settings(max_examples=40)
@given(matrices)
def test_softmax_gives_shares_of_one_in_the_order_of_the_logits(Z: np.ndarray) -> None:
    Y_hat = rnn.softmax(Z)
    assert ((Y_hat >= 0) & (Y_hat <= 1)).all()
    np.testing.assert_allclose(Y_hat.sum(-1), 1, rtol=1e-14)
    np.testing.assert_allclose(rnn.softmax(Z + 100), Y_hat, rtol=1e-10, atol=1e-300)
    order = np.argsort(Z, -1, kind="stable")
    assert (np.diff(np.take_along_axis(Y_hat, order, -1), axis=-1) >= 0).all()
    for c in range(1, Z.shape[-1]):  # the ratio of two is the exponential of their logits' difference
        near = np.abs(Z - Z.max(-1, keepdims=True)).max(-1) < 500
        ratio = Y_hat[near, c] / Y_hat[near, 0]
        np.testing.assert_allclose(ratio, np.exp(Z[near, c] - Z[near, 0]), rtol=1e-10)


@pytest.mark.parametrize("kind", HEADS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_heads_keep_the_dtype(kind: Any, dtype: type) -> None:
    head = kind(label_smoothing=0.1)
    Z: np.ndarray = np.array([[-1e4, 0, 1e4], [1, 2, 3]], dtype)
    Y: np.ndarray = np.eye(2, 3, dtype=dtype)
    assert head.probabilities(Z).dtype == dtype
    assert np.isfinite(head.probabilities(Z)).all()
    assert head.targets(Y).dtype == dtype
    loss, dZ = head.loss(Z, head.targets(Y), np.full(2, 0.5, Z.real.dtype))
    assert loss.dtype == dZ.dtype == dtype


def test_complex_step_through_the_probabilities() -> None:
    """The slope of a softmax is ``diag(p) - p p^T``."""
    Z = np.array([0.3, -2.0, 1.0])
    p = rnn.softmax(Z)
    for c in range(3):
        moved = Z.astype(np.complex128)
        moved[c] += 1e-30j
        np.testing.assert_allclose(rnn.softmax(moved).imag / 1e-30, p * (np.eye(3)[c] - p[c]), rtol=1e-13)


@settings(max_examples=30)
@given(epsilon=st.floats(0, 0.99), C=st.integers(2, 9), label=st.integers(0, 8))
def test_smoothed_targets(epsilon: float, C: int, label: int) -> None:
    """Of a softmax rows still sum to 1; of sigmoids each target goes towards 1/2 on its own."""
    Y = np.eye(C)[[label % C]]
    categorical, binary = (kind(label_smoothing=epsilon).targets(Y) for kind in (rnn.Softmax, rnn.Sigmoid))
    np.testing.assert_allclose(categorical, np.where(Y == 1, 1 - epsilon + epsilon / C, epsilon / C), rtol=1e-12)
    assert categorical.sum() == pytest.approx(1, rel=1e-14)
    np.testing.assert_allclose(binary, np.where(Y == 1, 1 - epsilon / 2, epsilon / 2), rtol=1e-12)
    np.testing.assert_array_equal(Y, np.eye(C)[[label % C]])
    for kind in (rnn.Softmax, rnn.Sigmoid):
        np.testing.assert_array_equal(kind().targets(Y), Y)


# ------------------------------------------------------------------ in a network


def problem(head: Any, m: int = 7, **settings: Any) -> tuple[rnn.ManyToOne, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    net = rnn.ManyToOne(rnn.GRU(4), 2, 3, head=head, rng=0, dtype=np.float64, **settings)
    net.parameters["b_o"][...] = [0.5, -1, 0.2]
    return net, rng.standard_normal((m, 5, 2)), np.arange(m) % 3


@pytest.mark.parametrize("kind", HEADS)
@settings(max_examples=8)
@given(epsilon=st.floats(0, 0.9))
def test_the_loss_is_the_cross_entropy_of_what_is_predicted(kind: Any, epsilon: float) -> None:
    net, X, y = problem(kind(label_smoothing=epsilon))
    Y, Y_hat = net.head.targets(np.eye(3)[y]), net.predict_proba(X)
    expected = -(Y * np.log(Y_hat)).sum() - (((1 - Y) * np.log(1 - Y_hat)).sum() if kind is rnn.Sigmoid else 0)
    assert net.loss(X, y) == pytest.approx(expected / len(X), rel=1e-12)
    assert net.evaluate(X, y)[0] == pytest.approx(expected / len(X), rel=1e-12)
    np.testing.assert_array_equal(net.predict(X), Y_hat.argmax(1))


@pytest.mark.parametrize("readout", [rnn.Last(), rnn.EveryStep()])
@pytest.mark.parametrize("kind", HEADS)
@settings(max_examples=8)
@given(weights=class_weights, epsilon=st.sampled_from([0.0, 0.2]))
def test_a_sample_weighs_what_its_class_does(
    kind: Any, readout: rnn.Readout, weights: list[float], epsilon: float
) -> None:
    """Loss and gradients of a batch: the sum of its samples' weighted ones, divided by their number."""
    plain, X, y = problem(kind(label_smoothing=epsilon), readout=readout)
    weighted, _, _ = problem(kind(weights, epsilon), readout=readout)
    loss, gradients = weighted.loss_and_gradients(X, y)
    alone = [plain.loss_and_gradients(X[n : n + 1], y[n : n + 1]) for n in range(len(X))]
    w = np.array(weights)[y]
    assert loss == pytest.approx(np.mean([v * each for v, (each, _) in zip(w, alone, strict=True)]), rel=1e-12)
    for name, gradient in gradients.items():
        expected = np.mean([v * g[name] for v, (_, g) in zip(w, alone, strict=True)], axis=0)
        np.testing.assert_allclose(gradient, expected, rtol=1e-8, atol=1e-13)
    assert weighted.evaluate(X, y)[0] == pytest.approx(loss, rel=1e-12)
    np.testing.assert_array_equal(weighted.predict_proba(X), plain.predict_proba(X))


@pytest.mark.parametrize("kind", HEADS)
def test_a_class_that_weighs_twice_is_one_that_is_there_twice(kind: Any) -> None:
    (weighted, X, y), (plain, _, _) = problem(kind(class_weights=(1, 2, 1)), 6), problem(kind(), 6)
    twice = np.concatenate([np.arange(6), np.flatnonzero(y == 1)])
    loss, gradients = weighted.loss_and_gradients(X, y)
    other, others = plain.loss_and_gradients(X[twice], y[twice])
    assert loss * 6 == pytest.approx(other * 8, rel=1e-12)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient * 6, others[name] * 8, rtol=1e-9, atol=1e-13)


def test_classes_are_told_apart_by_logits_whose_sigmoids_are_all_1() -> None:
    for kind in HEADS:
        net, X, _ = problem(kind())
        net.parameters["b_o"][...] = [800, 900, 850]
        assert (net.predict(X) == 1).all()


def test_class_weights_are_kept_as_numbers_whatever_they_came_in() -> None:
    given_as: list[Any] = [(1, 2.0), np.array([1, 2]), [1.0, 2.0]]
    heads = [rnn.Softmax(weights) for weights in given_as]
    assert heads[0] == heads[1] == heads[2]
    assert len({*heads}) == 1
    assert heads[1].class_weights == (1.0, 2.0)


@pytest.mark.parametrize("kind", HEADS)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("label_smoothing", value) for value in (1, -0.1, np.nan, "0.1", None, True)],
        *[
            ("class_weights", value)
            for value in ((1, 0), (0, 0), (1, -1), (1, np.nan), (), 3, [[1, 2]], "ab", (1, "a"))
        ],
    ],
)
def test_impossible_settings_are_refused_with_their_name(kind: Any, name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{kind.__name__}'s {name} .*expected"):
        kind(**{name: value})


@pytest.mark.parametrize("kind", HEADS)
@pytest.mark.parametrize("n", [2, 4])
def test_there_is_a_weight_for_each_class(kind: Any, n: int) -> None:
    with pytest.raises(ValueError, match=f"head has {n} class_weights, expected one for each of 3 classes"):
        problem(kind(class_weights=(1,) * n))
