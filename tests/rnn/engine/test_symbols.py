"""Symbols are looked up, and all that can be seen of a pass is what rows of a one among zeros would give."""

import pickle
import tracemalloc
from typing import Any

import numpy as np
import pytest
from rnn.engine.test_recurrence import MGU

from unrolled import rnn
from unrolled.rnn.engine.symbols import sum_by_symbol

N, T, D, H, C = 7, 40, 5, 4, 3
LENGTHS = [3, 40, 17, 17, 1, 33, 40]
CELLS: dict[str, Any] = {
    "tanh": rnn.Tanh(H),
    "relu": rnn.ReLU(H),
    "leaky": rnn.Leaky(H),
    "lstm": rnn.LSTM(H),
    "gru": rnn.GRU(H),
    "own": MGU(H),
    "both": rnn.Bidirectional(rnn.GRU(H)),
}


def network(cell: Any, dtype: Any = np.float64) -> rnn.ManyToMany:
    rng = np.random.default_rng(0)
    net = rnn.ManyToMany([cell, rnn.Tanh(3)], D, C, head=rnn.Softmax(), rng=rng, dtype=dtype)
    for W in net.parameters.values():
        W += 0.3 * rng.standard_normal(W.shape)
    return net


def problem(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.integers(0, D, (N, T))
    return X, np.eye(D)[X], rng.integers(0, C, (N, T))


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_everything_computed_on_the_way_is_that_of_one_hot_rows(name: str, lengths: Any) -> None:
    net = network(CELLS[name])
    for seed in (1, 2):  # what was kept of the first is not taken for the second's
        X, rows, y = problem(seed)
        state = {each: np.full((N, *shape), 0.3) for each, shape in net._state_shapes().items()}
        passes = [net.forward(each, lengths, state=state) for each in (X, rows)]
        forward, expected = passes
        assert not np.shares_memory(forward.X, X)
        np.testing.assert_array_equal(forward.X, expected.X)
        np.testing.assert_allclose(forward.traces[0].A, expected.traces[0].A, rtol=1e-12, atol=1e-15)
        X[...] = 0  # the pass has its own
        backward, others = net.backward(forward, y), net.backward(expected, y)
        for each in ("dA", "delta", "dX"):
            np.testing.assert_allclose(getattr(backward, each), getattr(others, each), rtol=1e-11, atol=1e-15)
        for each in ("gradients", "dstate"):
            for what, array in getattr(backward, each).items():
                np.testing.assert_allclose(array, getattr(others, each)[what], rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("name", CELLS)
def test_memory_is_used_for_symbols_and_rows_in_turn(name: str) -> None:
    net = network(CELLS[name])
    for seed in range(3):
        X, rows, y = problem(seed)
        found, expected = net.loss_and_gradients(X, y), net.loss_and_gradients(rows, y)
        assert found[0] == pytest.approx(expected[0], rel=1e-13)
        for what, gradient in found[1].items():
            np.testing.assert_allclose(gradient, expected[1][what], rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("name", ["tanh", "lstm", "gru", "own"])
def test_a_trace_is_pickled_between_forward_and_backward(name: str) -> None:
    net = network(CELLS[name])
    cell, weights = net.cells[0], net.layers.split(net.parameters)[0]
    X, dA = problem(3)[0].T, np.random.default_rng(4).standard_normal((T, N, H))
    gradients = []
    for pickled in (False, True):
        trace = cell.trace(T, N, D, np.dtype(np.float64))
        trace.begin_forward(X)
        cell.forward(weights, trace)
        trace = pickle.loads(pickle.dumps(trace)) if pickled else trace
        trace.begin_backward(None, dA)
        gradients.append(cell.backward(weights, trace))
    for each, array in gradients[0].items():
        np.testing.assert_array_equal(array, gradients[1][each])


@pytest.mark.parametrize("name", ["tanh", "lstm", "gru", "leaky"])
def test_gradients(name: str) -> None:
    X, _, y = problem(5)
    check = rnn.check_gradients(network(CELLS[name]), X[:3, :6], y[:3, :6], lengths=[6, 2, 5])
    assert check.worst[1] < 1e-11


@pytest.mark.parametrize("cell", [rnn.Tanh(4), rnn.LSTM(4), rnn.GRU(4)])
def test_rows_of_many_symbols_are_not_made(cell: Any) -> None:
    net = rnn.ManyToMany(cell, 3000, 2, head=rnn.Softmax(), rng=0)
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 3000, (32, 100)), rng.integers(0, 2, (32, 100))
    tracemalloc.start()
    net.layers.traces(100, 32, net.dtype)  # memory that nobody writes to is none
    reserved = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    net.loss_and_gradients(X, y)
    used = tracemalloc.get_traced_memory()[1] - reserved
    tracemalloc.stop()
    assert used < 32 * 100 * 3000 * 4 / 4  # a quarter of the rows


def test_sums_by_symbol_of_every_dtype() -> None:
    rng = np.random.default_rng(1)
    symbols = rng.integers(0, D, 50)
    for dtype in (np.float32, np.float64, np.complex128):
        rows = rng.standard_normal((50, 3)).astype(dtype)
        found = sum_by_symbol(rows, symbols, D + 1)
        assert found.dtype == dtype
        np.testing.assert_allclose(found, np.eye(D + 1)[symbols].T @ rows, rtol=1e-5, atol=1e-6)
        assert (found[D] == 0).all()
