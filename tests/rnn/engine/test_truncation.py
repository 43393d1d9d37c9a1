"""Truncated back-propagation is full back-propagation on the truncated graph."""

import numpy as np
import pytest
from differences import relative_difference

from unrolled import rnn

CELLS = [rnn.Tanh(4), rnn.LSTM(3), rnn.GRU(4)]


def problem(cell: rnn.cells.Cell, T: int, **settings: object) -> tuple[rnn.ManyToOne, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    net = rnn.ManyToOne(cell, 2, 3, initializer=rnn.uniform(-0.9, 0.9), rng=0, dtype=np.float64, **settings)  # type: ignore[arg-type]
    return net, rng.standard_normal((3, T, 2)), rng.integers(0, 3, 3)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("window", [11, 12, 1000])
def test_a_window_of_the_whole_sequence_truncates_nothing(cell: rnn.cells.Cell, window: int) -> None:
    net, X, y = problem(cell, 11, readout=rnn.EveryStep())
    _, full = net.loss_and_gradients(X, y)
    for name, gradient in net.loss_and_gradients(X, y, bptt_steps=window)[1].items():
        np.testing.assert_array_equal(gradient, full[name])


def loss_on_the_truncated_graph(
    net: rnn.ManyToOne, fixed: rnn.ManyToOne, X: np.ndarray, y: np.ndarray, window: int, weights: np.ndarray
) -> complex:
    """The loss, where every window begins at the state that ``fixed``, a network of constants, has there.

    A plain forward pass of one layer, in the dtype of ``net``.
    """
    T = X.shape[1]
    starts = {T - n * window for n in range(T // window + 1)} | {0}

    def step(p: dict[str, np.ndarray], A: np.ndarray, c: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        def s(z: np.ndarray) -> np.ndarray:
            return np.asarray(1 / (1 + np.exp(-z)))

        if isinstance(net.cells[0], rnn.Tanh):
            return np.tanh(x @ p["W_ih"].T + A @ p["W_hh"].T + p["b_h"]), c
        if isinstance(net.cells[0], rnn.LSTM):
            i, f, g, o = np.split(x @ p["W_ih"].T + A @ p["W_hh"].T + p["b_h"], 4, axis=1)
            c = s(f) * c + s(i) * np.tanh(g)
            return s(o) * np.tanh(c), c
        x_r, x_z, x_n = np.split(x @ p["W_ih"].T + p["b_h"], 3, axis=1)
        h_r, h_z, h_n = np.split(A @ p["W_hh"].T, 3, axis=1)
        z = s(x_z + h_z)
        return (1 - z) * np.tanh(x_n + s(x_r + h_r) * (h_n + p["b_hn"])) + z * A, c

    H = net.cells[0].hidden
    moving = constant = (np.zeros((len(X), H)), np.zeros((len(X), H)))
    total: complex = 0
    for t in range(T):
        if t in starts:
            moving = constant
        moving, constant = (step(n.parameters, *state, X[:, t]) for n, state in ((net, moving), (fixed, constant)))
        Z = moving[0] @ net.parameters["W_ho"].T + net.parameters["b_o"]
        total += weights[t] * rnn.binary_cross_entropy(Z, np.eye(3)[y])[0]
    return total


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("window", [1, 3, 4, 10])
@pytest.mark.parametrize("every_step", [False, True])
def test_the_gradient_is_that_of_the_truncated_graph(cell: rnn.cells.Cell, window: int, every_step: bool) -> None:
    """By the complex step, on a plain forward pass whose windows begin at constants."""
    net, X, y = problem(cell, 11, readout=rnn.EveryStep() if every_step else rnn.Last())
    weights = np.full(11, 1 / 11) if every_step else np.eye(11)[-1]
    loss, gradients = net.loss_and_gradients(X, y, bptt_steps=window)
    assert loss == net.loss(X, y)
    moved = net.astype(np.complex128)
    for name, gradient in gradients.items():
        expected = np.empty_like(gradient)
        for index in np.ndindex(gradient.shape):
            moved.parameters[name][index] += 1e-30j
            expected[index] = loss_on_the_truncated_graph(moved, net, X, y, window, weights).imag / 1e-30
            moved.parameters[name][index] -= 1e-30j
        assert relative_difference(gradient, expected) <= 1e-12, name


def test_truncation_reaches_every_layer_and_the_training() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((4, 9, 2)), rng.integers(0, 3, 4)
    trained, by_hand = (rnn.ManyToOne([rnn.GRU(3), rnn.Tanh(3)], 2, 3, rng=0, dtype=np.float64) for _ in range(2))
    full = by_hand.loss_and_gradients(X, y)[1]
    gradients = by_hand.loss_and_gradients(X, y, bptt_steps=2)[1]
    assert relative_difference(full["W_hh"], gradients["W_hh"]) > 1e-3
    assert relative_difference(full["W_hh_l1"], gradients["W_hh_l1"]) > 1e-3
    rnn.train(trained, (X, y), optimizer=rnn.SGD(1), batch_size=4, epochs=1, bptt_steps=2, progress=False)
    for name, W in by_hand.parameters.items():
        np.testing.assert_allclose(trained.parameters[name], W - gradients[name], atol=1e-14)


def test_impossible_windows_are_refused() -> None:
    net, X, y = problem(rnn.Bidirectional(rnn.GRU(2)), 5)
    with pytest.raises(ValueError, match="one direction of time for truncated"):
        net.loss_and_gradients(X, y, bptt_steps=3)
    with pytest.raises(ValueError, match="bptt_steps is 0"):
        problem(rnn.GRU(2), 5)[0].loss_and_gradients(X, y, bptt_steps=0)
