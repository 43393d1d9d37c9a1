"""A target at every step: gradients, shapes, what stands after a sample's end, and one network told two ways."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sampled import sampled

from unrolled import metrics, rnn

N, T, D, C, H = 3, 6, 3, 4, 3
CELLS: dict[str, Any] = {
    "tanh": rnn.Tanh(H),
    "relu": rnn.ReLU(H),
    "lstm": rnn.LSTM(H),
    "gru": rnn.GRU(H),
    "leaky": rnn.Leaky(H),
    "deep": [rnn.GRU(H), rnn.LSTM(2)],
    "both": rnn.Bidirectional(rnn.LSTM(2)),
    "deep both": [rnn.Bidirectional(rnn.Tanh(2)), rnn.Tanh(H)],
}
HEADS: dict[str, Any] = {
    "softmax": {"n_classes": C, "head": rnn.Softmax()},
    "weighted": {"n_classes": C, "head": rnn.Softmax(class_weights=(1, 2, 3, 0.5), label_smoothing=0.1)},
    "soft": {"n_classes": C, "head": rnn.Softmax(soft_targets=True)},
    "sigmoid": {"n_classes": C},
    "labels": {"n_classes": C, "head": rnn.Sigmoid(multilabel=True)},
    "squared": {"n_outputs": 2},
    "absolute": {"n_outputs": 1, "head": rnn.Linear(loss="absolute")},
    "huber": {"n_outputs": 2, "head": rnn.Linear(loss="huber", delta=0.7)},
    "poisson": {"n_outputs": 2, "head": rnn.Poisson()},
}
LENGTHS: dict[str, Any] = {"same": None, "different": [4, 6, 1]}


def targets(net: rnn.Network, shape: tuple[int, ...], seed: int = 5) -> np.ndarray:
    """Return targets that a network takes, with answers of this shape."""
    rng = np.random.default_rng(seed)
    if net.answers == "numbers":
        y = rng.standard_normal((*shape, net.n_logits))
        return np.abs(y).round() if net.head == rnn.Poisson() else y
    if net.answers == "labels":
        return rng.integers(0, 2, (*shape, net.n_logits))
    if net.head == rnn.Softmax(soft_targets=True):
        return rng.dirichlet(np.ones(net.n_logits), shape)
    return rng.integers(0, net.n_logits, shape)


def network(kind: type[Any], cell: Any, head: dict[str, Any], seed: int = 1, **others: Any) -> Any:
    rng = np.random.default_rng(seed)
    net = kind(cell, n_inputs=D, rng=rng, dtype=np.float64, **head, **others)
    for W in net.parameters.values():
        W += 0.3 * rng.standard_normal(W.shape)
    return net


CASES = [
    (kind, cell, head, lengths, weights)
    for kind, all_weights in ((rnn.ManyToMany, ("none", "samples", "steps")), (rnn.ManyToOne, ("none", "samples")))
    for cell in CELLS
    for head in HEADS
    for lengths in LENGTHS
    for weights in all_weights
]


@pytest.mark.parametrize(("kind", "cell", "head", "lengths", "weights"), sampled(CASES, 7))
def test_gradients(kind: Any, cell: str, head: str, lengths: str, weights: str) -> None:
    learned = "learned" if head in ("softmax", "squared") else "zero"
    net = network(kind, CELLS[cell], HEADS[head], initial_state=learned)
    rng = np.random.default_rng(2)
    X, y = rng.standard_normal((N, T, D)), targets(net, (N, T) if kind is rnn.ManyToMany else (N,))
    w = {"none": None, "samples": [0.5, 0, 2], "steps": rng.integers(0, 3, (N, T)) / 2}[weights]
    seed = CASES.index((kind, cell, head, lengths, weights))
    check = rnn.check_gradients(net, X, y, LENGTHS[lengths], sample_weight=w, entries=2, rng=seed)
    central, complex_step = check.worst
    assert complex_step < 1e-11
    assert central < 1e-6 or cell == "relu" or head in ("absolute", "huber")  # beside a kink


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("kind", [rnn.ManyToMany, rnn.ManyToOne])
def test_gradients_in_the_inputs_and_the_state_that_is_given(kind: Any, cell: str, lengths: str) -> None:
    net = network(kind, CELLS[cell], HEADS["huber"], initial_state="learned")
    rng = np.random.default_rng(3)
    X, y, n = rng.standard_normal((N, T, D)), targets(net, (N, T) if kind is rnn.ManyToMany else (N,)), LENGTHS[lengths]
    state = {name: rng.standard_normal((N, *shape)) for name, shape in net._state_shapes().items()}
    backward = net.backward(net.forward(X, n, state=state), y)
    _, gradients = net.loss_and_gradients(X, y, n, state=state)
    for name, gradient in backward.gradients.items():
        np.testing.assert_allclose(gradient, gradients[name], rtol=1e-12, atol=1e-15)
    assert not any(gradients[name].any() for name in gradients if "_0" in name)  # what is given is not learned
    imaginary, h = net.astype(np.complex128), 1e-30
    for name, at in [("A", (1, 1)), ("A", (2, 0))]:
        moved = {each: A.astype(complex) for each, A in state.items()}
        moved[name][at] += 1j * h
        assert abs(slope_of(imaginary, X.astype(complex), y, n, moved) / h - backward.dstate[name][at]) < 1e-11
    for n_, t, d in [(0, 1, 2), (1, 5, 0), (2, 0, 1)]:
        moved_X = X.astype(complex)
        moved_X[n_, t, d] += 1j * h
        found = backward.dX[t, n_, d]
        assert abs(slope_of(imaginary, moved_X, y, n, state) / h - found) < 1e-11


def slope_of(net: Any, X: np.ndarray, y: Any, lengths: Any, state: Any) -> float:
    """Return the imaginary part of the loss at complex inputs and states, which the door would refuse."""
    asked = net._targets(y, X.shape, None if lengths is None else np.array(lengths))
    ends: dict[str, Any] = {}
    loss, _ = net.step(
        X,
        asked.rows(net.dtype),
        lengths=None if lengths is None else np.array(lengths),
        state={name: np.asarray(A, complex) for name, A in state.items()},
        final_state=ends,
    )
    return float(loss.imag)


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("cell", ["gru", "deep both"])
def test_what_is_returned_has_the_steps_of_the_samples(cell: str, head: str, lengths: str) -> None:
    net = network(rnn.ManyToMany, CELLS[cell], HEADS[head])
    X, n = np.random.default_rng(3).standard_normal((N, T, D)), LENGTHS[lengths]
    forward = net.forward(X, n)
    C = net.n_logits
    assert forward.Y_hat.shape == forward.logits.shape == (T, N, C)
    said = net.predict(X, n)
    after = np.arange(T) >= np.array(n or [T] * N)[:, None]
    assert said.shape == ((N, T) if net.answers == "class" else (N, T, C))
    assert (said[after] == (-1 if net.answers == "class" else 0)).all()
    if net.answers == "numbers":
        np.testing.assert_allclose(said, forward.Y_hat.swapaxes(0, 1), rtol=1e-12)
        with pytest.raises(ValueError, match=r"has no probabilities: expected net.predict"):
            net.predict_proba(X)
    else:
        proba = net.predict_proba(X, n)
        np.testing.assert_allclose(proba, forward.Y_hat.swapaxes(0, 1), rtol=1e-12)
        assert not proba[after].any()
    for i, length in enumerate(n or []):  # alone and without padding it says the same
        alone = net.forward(X[i : i + 1, :length]).Y_hat[:, 0]
        np.testing.assert_allclose(forward.Y_hat[:length, i], alone, rtol=1e-12)


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("head", HEADS)
def test_evaluate_is_the_loss_and_what_metrics_say(head: str, lengths: str) -> None:
    net = network(rnn.ManyToMany, CELLS["gru"], HEADS[head])
    m = 700  # more than a block
    rng = np.random.default_rng(4)
    X, y, w = rng.standard_normal((m, T, D)), targets(net, (m, T)), rng.integers(0, 3, (m, T)).astype(float)
    n = None if lengths == "same" else rng.integers(1, T + 1, m)
    there = np.ones((m, T), bool) if n is None else np.arange(T) < n[:, None]
    said = net.predict(X, n)
    for weights in (None, w):
        loss, score = net.evaluate(X, y, n, sample_weight=weights)
        assert loss == pytest.approx(net.loss(X, y, n, sample_weight=weights), rel=1e-12)
        each = (np.ones((m, T)) if weights is None else weights)[there]
        if net.answers == "numbers":
            expected = metrics.r2_score(y[there], said[there], sample_weight=each)
        elif net.answers == "labels":
            expected = np.average((said == y)[there].mean(-1), weights=each)
        else:
            true = y.argmax(-1) if y.ndim == 3 else y
            expected = np.average((said == true)[there], weights=each)
        assert score == pytest.approx(expected, rel=1e-12)


def test_an_answer_at_the_last_step_only_is_many_to_one() -> None:
    many, one = (network(kind, CELLS["deep"], HEADS["softmax"]) for kind in (rnn.ManyToMany, rnn.ManyToOne))
    rng = np.random.default_rng(5)
    X, y, n = rng.standard_normal((N, T, D)), rng.integers(0, C, N), np.array([4, 6, 1])
    last = np.arange(T) == n[:, None] - 1
    expected = one.loss_and_gradients(X, y, n)
    loss, gradients = many.loss_and_gradients(X, np.where(last, y[:, None], 0), n, sample_weight=last.astype(int))
    assert loss == pytest.approx(expected[0], rel=1e-13)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, expected[1][name], rtol=1e-12, atol=1e-15)


def test_a_weight_is_that_many_samples_and_the_scale_of_weights_is_none() -> None:
    net = network(rnn.ManyToOne, CELLS["gru"], HEADS["squared"])
    rng = np.random.default_rng(6)
    X, y = rng.standard_normal((3, T, D)), rng.standard_normal((3, 2))
    twice = [0, 1, 1, 2, 2, 2]
    expected, gradients = net.loss_and_gradients(X[twice], y[twice])
    loss, others = net.loss_and_gradients(X, y, sample_weight=[10, 20, 30])
    assert loss == pytest.approx(expected, rel=1e-13)
    np.testing.assert_allclose(others["W_hh"], gradients["W_hh"], rtol=1e-12)


def test_padding_is_not_read() -> None:
    net = network(rnn.ManyToMany, CELLS["lstm"], HEADS["squared"])
    rng = np.random.default_rng(7)
    X, y, n = rng.standard_normal((N, T, D)), rng.standard_normal((N, T, 2)), np.array([4, 6, 1])
    expected = net.loss(X, y, n)
    after = np.arange(T) >= n[:, None]
    X[after], y[after] = np.nan, np.nan
    assert net.loss(X, y, n) == expected


@pytest.mark.parametrize(
    ("head", "y", "message"),
    [
        ("softmax", np.zeros(3), r"y has shape \(3,\), expected a label for each step, \(N, T\) = \(3, 6\)"),
        ("softmax", np.full((3, 6), 4), "y holds label 4 in sample 0, step 0, expected 0 to 3 for 4 classes"),
        ("softmax", np.zeros((3, 6, 4)), "y is not one-hot in sample 0, step 0"),
        ("softmax", np.full((3, 6, 4), 0.25), r"expected one 1 among zeros; for probabilities, rnn.Softmax\(soft"),
        ("sigmoid", np.ones((3, 6, 4)), r"for several labels at once, rnn.Sigmoid\(multilabel=True\)"),
        ("soft", np.ones((3, 6, 4)), "y holds .* at sample 0, step 0, expected probabilities that sum to 1"),
        ("labels", np.full((3, 6, 4), 2), "y holds 2.0 at sample 0, step 0, expected numbers from 0 to 1"),
        ("labels", np.zeros((3, 6)), r"expected rows of 0 and 1, \(N, T, K\) = \(3, 6, 4\)"),
        ("squared", np.zeros((3, 6)), r"expected rows of numbers, \(N, T, K\) = \(3, 6, 2\)"),
        ("squared", np.full((3, 6, 2), np.nan), "y holds nan at sample 0, step 0, expected finite numbers"),
        ("absolute", np.zeros((3, 5)), r"\(N, T, K\) = \(3, 6, 1\), or \(N, T\) = \(3, 6\)"),
        ("poisson", np.full((3, 6, 2), -1), "y holds -1.0 at sample 0, step 0, expected numbers from 0"),
    ],
)
def test_targets_that_do_not_fit_are_refused(head: str, y: np.ndarray, message: str) -> None:
    net = network(rnn.ManyToMany, CELLS["tanh"], HEADS[head])
    with pytest.raises(ValueError, match=message):
        net.loss(np.zeros((N, T, D)), y)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones((3, 5)), r"sample_weight has shape \(3, 5\), expected \(N,\) = \(3,\) or \(N, T\) = \(3, 6\)"),
        ([1, -1, 1], "sample_weight holds -1.0 at sample 1, expected finite numbers, 0 or more"),
        (np.zeros((3, 6)), "sample_weight are all 0"),
        ("much", "sample_weight"),
    ],
)
def test_weights_that_do_not_fit_are_refused(weights: Any, message: str) -> None:
    net = network(rnn.ManyToMany, CELLS["tanh"], HEADS["squared"])
    with pytest.raises(ValueError, match=message):
        net.loss(np.zeros((N, T, D)), np.zeros((N, T, 2)), sample_weight=weights)


def test_one_of_classes_and_numbers() -> None:
    both: dict[str, Any] = {"n_classes": 3, "n_outputs": 1}
    for given in ({}, both):
        with pytest.raises(ValueError, match="of n_classes and n_outputs"):
            rnn.ManyToMany(rnn.Tanh(4), 3, **given)
    with pytest.raises(ValueError, match=r"head is Linear.*, which answers with numbers, expected n_outputs"):
        rnn.ManyToMany(rnn.Tanh(4), 3, n_classes=3, head=rnn.Linear())
    with pytest.raises(ValueError, match=r"which answers with classes, expected one such as rnn.Linear"):
        rnn.ManyToOne(rnn.Tanh(4), 3, n_outputs=3, head=rnn.Softmax())
    with pytest.raises(ValueError, match="initial_state is 'learnt', expected one of 'zero', 'learned'"):
        rnn.ManyToOne(rnn.Tanh(4), 3, 2, initial_state="learnt")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"Sigmoid's class_weights are .* with multilabel=True"):
        rnn.Sigmoid(class_weights=(1, 2), multilabel=True)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("kind", [rnn.ManyToMany, rnn.ManyToOne])
def test_files_hold_every_kind(kind: Any, head: str, tmp_path: Path) -> None:
    net = network(kind, CELLS["deep both"], HEADS[head], initial_state="learned")
    net.save(tmp_path / "net.h5")
    again = rnn.load(tmp_path / "net.h5")
    assert repr(again) == repr(net)
    assert type(again) is kind
    X = np.ones((2, 5, D))
    assert (again.predict(X) == net.predict(X)).all()


def test_states_go_on_from_call_to_call() -> None:
    net = network(rnn.ManyToMany, CELLS["deep"], HEADS["squared"], initial_state="learned")
    X = np.random.default_rng(8).standard_normal((300, 10, D))
    whole, end = net.predict(X, return_state=True)
    first, state = net.predict(X[:, :4], return_state=True)
    second, last = net.predict(X[:, 4:], state=state, return_state=True)
    np.testing.assert_allclose(np.concatenate([first, second], axis=1), whole, rtol=1e-12)
    for name, A in end.items():
        np.testing.assert_allclose(last[name], A, rtol=1e-12)
    n = np.where(np.arange(300) % 2, 4, 10)
    _, of_lengths = net.predict(X, n, return_state=True)
    for name, A in of_lengths.items():
        np.testing.assert_allclose(A, np.where((n == 4)[:, None], state[name], end[name]), rtol=1e-12)
    with pytest.raises(ValueError, match="state names 'B', expected A, A_l1, C_l1"):
        net.predict(X, state={"B": 0})


@pytest.mark.parametrize("cell", ["tanh", "lstm", "gru", "deep", "both"])
@pytest.mark.parametrize("lengths", LENGTHS)
def test_truncation_learns_what_the_first_window_begins_with(cell: str, lengths: str) -> None:
    net = network(rnn.ManyToMany, CELLS[cell], HEADS["squared"], initial_state="learned")
    if cell == "both":
        with pytest.raises(ValueError, match="one direction"):
            net.loss_and_gradients(np.zeros((N, T, D)), np.zeros((N, T, 2)), bptt_steps=2)
        return
    rng = np.random.default_rng(9)
    X, y, n = rng.standard_normal((N, T, D)), rng.standard_normal((N, T, 2)), LENGTHS[lengths]
    _, truncated = net.loss_and_gradients(X, y, n, bptt_steps=2)
    # Windows end with each sample. In each the states that begin it are constants, but for the first.
    total = {name: np.zeros_like(W) for name, W in net.parameters.items()}
    for i, length in enumerate(n or [T] * N):
        state, begun = None, 0
        for end in range(length % 2 or 2, length + 1, 2):
            _, gradients = net.loss_and_gradients(X[i : i + 1, begun:end], y[i : i + 1, begun:end], state=state)
            for name, gradient in gradients.items():
                total[name] += gradient * (end - begun) / sum(n or [T] * N)
            _, state = net.predict(X[i : i + 1, begun:end], state=state, return_state=True)
            begun = end
    for name, gradient in truncated.items():
        np.testing.assert_allclose(gradient, total[name], rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("kind", [rnn.ManyToMany, rnn.ManyToOne])
def test_symbols_are_one_hot_rows(kind: Any, cell: str, lengths: str) -> None:
    net = network(kind, CELLS[cell], HEADS["softmax"])
    rng = np.random.default_rng(10)
    X, n = rng.integers(0, D, (N, T)), LENGTHS[lengths]
    y, rows = targets(net, (N, T) if kind is rnn.ManyToMany else (N,)), np.eye(D)[X]
    masks = rnn.Dropout(0.3, 0.2, 0.2).draw(N, net.widths, rng, np.float64)
    for m in (None, masks):
        loss, gradients = net.loss_and_gradients(X, y, n, masks=m)
        expected, others = net.loss_and_gradients(rows, y, n, masks=m)
        assert loss == pytest.approx(expected, rel=1e-13)
        for name, gradient in gradients.items():
            np.testing.assert_allclose(gradient, others[name], rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(net.predict_proba(X, n), net.predict_proba(rows, n), rtol=1e-12)
    with pytest.raises(ValueError, match="holds 3 at sample 0, step 0: expected symbols from 0 to 2"):
        net.predict(np.full((N, T), D))
    with pytest.raises(ValueError, match="expected three axes"):
        net.predict(X.astype(float))


@pytest.mark.parametrize("kind", [rnn.ManyToMany, rnn.ManyToOne])
@pytest.mark.parametrize("size", [1e-60, 1e60])
def test_weights_count_by_their_ratio_whatever_float32_has(kind: Any, size: float) -> None:
    net = kind(rnn.GRU(4), D, 2, rng=0)
    X, w = np.random.default_rng(0).standard_normal((N, T, D)), np.arange(1.0, N + 1)
    y = np.zeros((N, T) if kind is rnn.ManyToMany else N, int)
    expected, gradients = net.loss_and_gradients(X, y, sample_weight=w)
    loss, others = net.loss_and_gradients(X, y, sample_weight=size * w)
    assert loss == pytest.approx(expected, rel=1e-6)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(others[name], gradient, rtol=1e-4, atol=1e-7)
    with pytest.raises(ValueError, match=r"sample_weight holds 1e\+308, expected numbers whose sum is finite"):
        net.loss(X, y, sample_weight=np.full(N, 1e308))


def test_a_state_that_is_not_finite_or_too_large_is_told_where() -> None:
    net, X = rnn.ManyToMany(rnn.GRU(4), D, 2, rng=0), np.zeros((N, T, D))
    for value in (np.nan, 1e300):
        state = np.zeros((N, 4))
        state[1, 2] = value
        with pytest.raises(ValueError, match=rf"state A holds {value:g}".replace("+", r"\+") + r" at \(1, 2\)"):
            net.predict(X, state={"A": state})
