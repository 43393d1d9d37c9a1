"""What goes in, what comes out, and what is stopped at the door."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled import rnn

NET = rnn.ManyToOne(rnn.Tanh(5), 3, 6, rng=0)
X = np.random.default_rng(0).standard_normal((4, 7, 3)).astype(np.float32)
Y = np.array([0, 5, 2, 2])


def broken(index: tuple[int, ...], value: float, dtype: type = np.float32) -> np.ndarray:
    wrong: np.ndarray = X.astype(dtype)
    wrong[index] = value
    return wrong


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (X[0], r"X has shape \(7, 3\), expected three axes \(N samples, T steps, D = 3 inputs\)"),
        (X[:, :, :2], r"X has shape \(4, 7, 2\): 2 inputs a step, expected D = 3"),
        (X[:0], r"X has shape \(0, 7, 3\): it is empty"),
        (X[:, :0], r"X has shape \(4, 0, 3\): it is empty"),
        (broken((2, 5, 1), np.nan), "X holds nan at sample 2, step 5, input 1"),
        (broken((1, 0, 2), -np.inf), "X holds -inf at sample 1, step 0, input 2"),
        (broken((3, 6, 0), 1e300, np.float64), r"X holds 1e\+300 at sample 3, step 6, input 0.*float32"),
        (X.astype(complex), "X holds complex128 values, expected real numbers"),
        (X.astype(str), "X holds <U.* values, expected real numbers"),
        ([[[1.0, 2.0, 3.0]], [[1.0]]], "X is ragged"),
        (None, "X holds object values"),
    ],
)
def test_wrong_X_is_refused_everywhere(wrong: Any, message: str) -> None:
    for call in (NET.predict, NET.predict_proba, NET.forward):
        with pytest.raises(ValueError, match=message):
            call(wrong)
    for call2 in (NET.loss_and_gradients, NET.loss, NET.evaluate):
        with pytest.raises(ValueError, match=message):
            call2(wrong, Y)
    if "float32" not in message:  # the check works in float64
        with pytest.raises(ValueError, match=message):
            rnn.check_gradients(NET, wrong, Y)
    with pytest.raises(ValueError, match="training " + message):
        rnn.train(NET, (wrong, Y), optimizer=rnn.SGD(0.1), progress=False)


ONE_HOT = np.eye(6)[Y]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (Y[:3], "y has 3 rows for 4 samples in X"),
        (Y[:, None, None], r"y has shape \(4, 1, 1\), expected integers \(N,\) or one-hot"),
        ([0, 1, 6, 2], "y holds label 6 in row 2, expected 0 to 5 for 6 classes$"),
        ([0, 1, -1, 2], "y holds label -1 in row 2"),
        ([1, 2, 6, 3], "y holds label 6 in row 2.*labels that start at 1 need 1 taken off"),
        ([0, 1, 1.5, 2], "y holds 1.5 in row 2, expected whole numbers"),
        ([0, 1, np.nan, 2], "y holds nan in row 2"),
        (["a", "b", "c", "d"], "y holds <U1 values"),
        (ONE_HOT[:, :5], r"y has shape \(4, 5\): 5 columns, expected C = 6"),
        (ONE_HOT * 2, "y is not one-hot in row 0"),
        (np.where(np.arange(4)[:, None] == 3, 0, ONE_HOT), "y is not one-hot in row 3"),
        (np.where(np.arange(4)[:, None] == 1, 1 / 6, ONE_HOT), "y is not one-hot in row 1"),
        (np.where(np.arange(4)[:, None] == 1, 1 / 6, ONE_HOT), "for probabilities, rnn.Softmax"),
        (np.where(np.arange(4)[:, None] == 1, 1 / 12, ONE_HOT), r"(?s)y is not one-hot in row 1: .* among zeros$"),
        (np.where(np.arange(4)[:, None] == 1, np.inf, ONE_HOT), "y holds .*inf.* in row 1"),
    ],
)
def test_wrong_y_is_refused_everywhere(wrong: Any, message: str) -> None:
    for call in (NET.loss_and_gradients, NET.loss, NET.evaluate):
        with pytest.raises(ValueError, match=message):
            call(X, wrong)
    with pytest.raises(ValueError, match=message):
        NET.backward(NET.forward(X), wrong)
    with pytest.raises(ValueError, match=message):
        rnn.train(NET, (X, Y), validation=(X, wrong), optimizer=rnn.SGD(0.1), progress=False)


@pytest.mark.parametrize("labels", [Y, list(Y), Y.astype(np.uint8), Y.astype(float), ONE_HOT, ONE_HOT.astype(bool)])
def test_labels_of_every_kind_mean_the_same(labels: Any) -> None:
    loss, gradients = NET.loss_and_gradients(X, Y)
    same, same_gradients = NET.loss_and_gradients(X, labels)
    assert same == loss
    np.testing.assert_array_equal(same_gradients["W_ih"], gradients["W_ih"])


@pytest.mark.parametrize("hidden", [0, -1, 2.5, True, "50"])
def test_a_cell_without_units_is_refused(hidden: Any) -> None:
    with pytest.raises(ValueError, match=r"Tanh's hidden is .*expected a whole number"):
        rnn.Tanh(hidden)


@pytest.mark.parametrize(
    ("n_inputs", "n_classes", "message"),
    [
        (0, 6, "n_inputs is 0"),
        (3, 1, "n_classes is 1, expected a whole number, 2 or more"),
        (3.0, 6, "n_inputs is 3.0"),
        (3, None, "of n_classes and n_outputs neither is given"),
    ],
)
def test_impossible_sizes_are_refused(n_inputs: Any, n_classes: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rnn.ManyToOne(rnn.Tanh(5), n_inputs, n_classes)


def test_other_wrong_makes_are_refused() -> None:
    with pytest.raises(TypeError, match=r"cell is 50, which has no .*: expected one such as"):
        rnn.ManyToOne(50, 3, 6)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="dtype is int64, expected float32, float64 or complex128"):
        rnn.ManyToOne(rnn.Tanh(5), 3, 6, dtype=int)
    with pytest.raises(ValueError, match="dtype is float16"):
        NET.astype(np.float16)


@pytest.mark.parametrize("change", ["missing", "unknown", "shape", "dtype"])
def test_parameters_that_do_not_fit_are_refused(change: str) -> None:
    parameters = dict(NET.parameters)
    if change == "missing":
        del parameters["b_o"]
    elif change == "unknown":
        parameters["W_xx"] = parameters["b_o"]
    elif change == "shape":
        parameters["W_ho"] = parameters["W_ho"].T
    else:
        parameters["W_ho"] = parameters["W_ho"].astype(np.float64)
    with pytest.raises(ValueError, match="parameter"):
        NET.with_parameters(parameters)


def test_shapes_and_names_are_the_reports() -> None:
    assert {name: W.shape for name, W in NET.parameters.items()} == {
        "W_ih": (5, 3),
        "W_hh": (5, 5),
        "b_h": (5,),
        "W_ho": (6, 5),
        "b_o": (6,),
    }
    assert repr(NET) == "ManyToOne(Tanh(hidden=5), n_inputs=3, n_classes=6): 81 parameters, float32"


@settings(max_examples=40)
@given(
    N=st.integers(1, 9),
    T=st.integers(1, 9),
    dtype=st.sampled_from([np.float32, np.float64]),
    seed=st.integers(0, 99),
)
def test_dtype_in_is_dtype_out_and_shapes_hold(N: int, T: int, dtype: type, seed: int) -> None:
    net = NET.astype(dtype)
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((N, T, 3)), rng.integers(0, 6, N)
    forward = net.forward(X)
    assert forward.A.shape == (T + 1, N, 5)
    assert {a.dtype for a in (forward.X, forward.A, forward.logits, forward.Y_hat)} == {np.dtype(dtype)}
    backward = net.backward(forward, y)
    assert {a.dtype for a in (backward.dA, backward.delta, *backward.gradients.values())} == {np.dtype(dtype)}
    assert {k: g.shape for k, g in backward.gradients.items()} == {k: W.shape for k, W in net.parameters.items()}
    scores = net.predict_proba(X)
    assert scores.shape == (N, 6)
    assert scores.dtype == dtype
    assert ((scores > 0) & (scores < 1)).all()


@settings(max_examples=30)
@given(N=st.integers(2, 8), seed=st.integers(0, 99))
def test_samples_do_not_know_of_each_other(N: int, seed: int) -> None:
    """Order and company change no sample's scores, and a batch's gradient is the mean of its samples'."""
    net = NET.astype(np.float64)
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((N, 6, 3)), rng.integers(0, 6, N)
    order = rng.permutation(N)
    np.testing.assert_allclose(net.predict_proba(X[order]), net.predict_proba(X)[order], rtol=1e-12)
    loss, gradients = net.loss_and_gradients(X, y)
    alone = [net.loss_and_gradients(X[n : n + 1], y[n : n + 1]) for n in range(N)]
    assert loss == pytest.approx(np.mean([one for one, _ in alone]), rel=1e-12)
    for name, gradient in gradients.items():
        mean = np.mean([g[name] for _, g in alone], axis=0)
        np.testing.assert_allclose(gradient, mean, rtol=1e-9, atol=1e-14)


def test_prediction_in_blocks_is_prediction_at_once() -> None:
    many = np.random.default_rng(1).standard_normal((600, 5, 3))
    net = NET.astype(np.float64)
    scores = net.predict_proba(many)
    np.testing.assert_allclose(scores, net.forward(many).Y_hat, rtol=1e-12)
    np.testing.assert_array_equal(net.predict(many), scores.argmax(1))
    loss, accuracy = net.evaluate(many, scores.argmax(1))
    assert accuracy == 1
    assert loss == pytest.approx(net.loss(many, scores.argmax(1)), rel=1e-12)


def test_inputs_are_not_changed_and_copies_are_apart() -> None:
    x, y = X.copy(), Y.copy()
    net = NET.copy()
    net.loss_and_gradients(x, y)
    net.predict(x)
    np.testing.assert_array_equal(x, X)
    net.parameters["W_hh"] += 1
    assert (net.parameters["W_hh"] != NET.parameters["W_hh"]).all()


def test_step_is_loss_and_gradients_without_the_checks() -> None:
    loss, gradients = NET.step(X, ONE_HOT.astype(np.float32))
    same, same_gradients = NET.loss_and_gradients(X, Y)
    assert loss == same
    np.testing.assert_array_equal(gradients["b_h"], same_gradients["b_h"])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("W_hh", np.eye(5), "parameters have dtypes .*W_hh float64"),
        ("b_o", np.ones(1, np.float32), r"parameter b_o has shape \(1,\), expected \(6,\)"),
        ("W_ih", np.ones((3, 5), np.float32), r"parameter W_ih has shape \(3, 5\), expected \(5, 3\)"),
        ("b_h", [0.0] * 5, "parameter b_h is a list"),
        ("W_xx", np.ones(1), "parameters are named"),
    ],
)
def test_parameters_the_user_sets_are_checked_at_every_door(
    name: str, value: Any, message: str, tmp_path: Path
) -> None:
    net = NET.copy()
    forward = net.forward(X)
    net.parameters[name] = value
    for call in (net.predict, net.predict_proba, net.forward):
        with pytest.raises(ValueError, match=message):
            call(X)
    for call2 in (net.loss_and_gradients, net.loss, net.evaluate):
        with pytest.raises(ValueError, match=message):
            call2(X, Y)
    with pytest.raises(ValueError, match=message):
        net.backward(forward, Y)
    with pytest.raises(ValueError, match=message):
        net.save(tmp_path / "net.h5")
    with pytest.raises(ValueError, match=message):
        rnn.train(net, (X, Y), optimizer=rnn.SGD(0.1), progress=False)
    assert not list(tmp_path.iterdir())


def test_all_parameters_replaced_by_wider_ones_make_a_wider_network() -> None:
    net = NET.copy()
    net.loss_and_gradients(X, Y)  # with memory kept in float32
    for name, W in net.parameters.items():
        net.parameters[name] = np.asfortranarray(W.astype(np.float64))
    loss, gradients = net.loss_and_gradients(X, Y)
    assert gradients["W_hh"].dtype == np.float64
    assert loss == pytest.approx(NET.loss(X, Y), rel=1e-6)


def test_a_block_names_the_sample_of_the_whole() -> None:
    many = np.zeros((600, 2, 3))
    many[517, 1, 2] = np.nan
    with pytest.raises(ValueError, match="nan at sample 517, step 1, input 2"):
        NET.predict(many)


def test_sizes_of_numpys_integers_can_be_saved(tmp_path: Path) -> None:
    net = rnn.ManyToOne(rnn.Tanh(np.int64(5)), np.int64(3), np.int32(6), rng=0)
    net.save(tmp_path / "net.h5")
    assert repr(rnn.load(tmp_path / "net.h5")) == repr(net)


def test_complex_networks_are_for_checks_only(tmp_path: Path) -> None:
    net = NET.astype(np.complex128)
    with pytest.raises(ValueError, match="complex128, expected float32 or float64"):
        net.save(tmp_path / "net.h5")
    with pytest.raises(ValueError, match="complex128, expected float32 or float64"):
        rnn.train(net, (X, Y), optimizer=rnn.SGD(0.1), progress=False)


@pytest.mark.parametrize(
    ("initializer", "message"),
    [
        (rnn.uniform, "initializer is <class .*expected a function such as"),
        ("xavier", "initializer is 'xavier'"),
        (lambda shape, rng: rng.normal(size=shape[::-1]), "the initializer returned float64 .* for W_ih, expected"),
        (lambda shape, rng: np.full(shape, np.nan), "for W_ih, expected finite numbers"),  # noqa: ARG005
    ],
)
def test_what_is_no_initializer_is_refused(initializer: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rnn.ManyToOne(rnn.Tanh(5), 3, 6, initializer=initializer)
