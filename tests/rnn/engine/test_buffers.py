"""Memory is used again; results do not know of it."""

import pickle
import threading
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from unrolled import rnn
from unrolled.rnn.engine.buffers import Scratch

RNG = np.random.default_rng(0)
X = RNG.standard_normal((12, 20, 3)).astype(np.float32)
Y = np.eye(4, dtype=np.float32)[RNG.integers(0, 4, 12)]


def network(seed: int = 0, hidden: int = 7) -> rnn.ManyToOne:
    return rnn.ManyToOne(rnn.Tanh(hidden), 3, 4, rng=seed)


def descend(net: rnn.ManyToOne, steps: int, between: Callable[[], object] = lambda: None) -> list[float]:
    losses = []
    for n in range(steps):
        rows = slice(n % 3, 12 - n % 2)  # batches of several sizes
        loss, gradients = net.step(X[rows], Y[rows])
        rnn.SGD(0.1).update(net.parameters, gradients, {})
        losses.append(loss)
        between()
    return losses


def test_networks_trained_in_alternation_are_as_alone() -> None:
    alone = [descend(network(seed), 9) for seed in (0, 1)]
    first, second = network(0), network(1)
    turns: list[float] = []
    together = descend(first, 9, lambda: turns.extend(descend_once(second, len(turns))))
    assert [together, turns] == alone


def descend_once(net: rnn.ManyToOne, n: int) -> list[float]:
    rows = slice(n % 3, 12 - n % 2)
    loss, gradients = net.step(X[rows], Y[rows])
    rnn.SGD(0.1).update(net.parameters, gradients, {})
    return [loss]


def test_predicting_between_steps_changes_no_step() -> None:
    net = network()
    assert descend(net, 9, lambda: (net.predict_proba(X), net.forward(X), net.loss(X, Y))) == descend(network(), 9)


def test_what_was_returned_is_not_changed_by_what_comes_later() -> None:
    net = network()
    forward = net.forward(X)
    backward = net.backward(forward, Y)
    _, gradients = net.loss_and_gradients(X, Y)
    scores = net.predict_proba(X)
    kept = [forward.A, backward.delta, backward.dA, scores, *gradients.values(), *backward.gradients.values()]
    copies = [a.copy() for a in kept]
    descend(net.copy(), 5)
    net.loss_and_gradients(-X, Y)
    net.predict_proba(-X)
    net.backward(net.forward(-X), Y)
    for array, copy in zip(kept, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_one_network_predicting_from_many_threads_is_as_from_one() -> None:
    net = network(hidden=40)
    batches = [RNG.standard_normal((n, 30, 3)).astype(np.float32) for n in (5, 300, 17, 600, 1, 40) * 4]
    expected = [net.predict_proba(batch) for batch in batches]
    with ThreadPoolExecutor(6) as pool:
        for scores, alone in zip(pool.map(net.predict_proba, batches), expected, strict=True):
            np.testing.assert_array_equal(scores, alone)


def test_one_network_giving_gradients_in_many_threads_is_as_in_one() -> None:
    net = network(hidden=40)
    expected = [net.loss_and_gradients(X * n, Y) for n in range(8)]
    with ThreadPoolExecutor(4) as pool:
        for (loss, gradients), (alone, alone_gradients) in zip(
            pool.map(lambda n: net.loss_and_gradients(X * n, Y), range(8)), expected, strict=True
        ):
            assert loss == alone
            np.testing.assert_array_equal(gradients["W_hh"], alone_gradients["W_hh"])


@pytest.mark.parametrize(("cell", "share"), [(rnn.Tanh(64), 1 / 4), (rnn.LSTM(64), 2), (rnn.GRU(64), 2)])
def test_memory_is_allocated_once_for_a_shape(cell: rnn.cells.Cell, share: float) -> None:
    net = rnn.ManyToOne(cell, 3, 4, rng=0)
    many = np.ones((32, 100, 3), np.float32), np.eye(4, dtype=np.float32)[np.zeros(32, int)]
    net.step(*many)
    tracemalloc.start()
    try:
        net.step(*many)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Of what the states of all steps would take; the gates would take three or four times that, and delta again.
    assert peak < 32 * 100 * 64 * 4 * share


@pytest.mark.parametrize("call", ["step", "predict_proba", "train"])
def test_nothing_is_computed_in_float64_for_a_float32_network(call: str) -> None:
    """Twice the width is twice the memory: in float32 the same work takes half of what it takes in float64."""

    def peak(dtype: type) -> int:
        net = rnn.ManyToOne(rnn.Tanh(64), 8, 4, rng=0, dtype=dtype)
        samples: np.ndarray = np.ones((64, 60, 8), dtype)
        labels: np.ndarray = np.eye(4, dtype=dtype)[np.zeros(64, int)]
        tracemalloc.start()
        try:
            if call == "step":
                net.step(samples, labels)
            elif call == "predict_proba":
                net.predict_proba(samples)
            else:
                rnn.train(net, (samples, labels), optimizer=rnn.SGD(0.1), batch_size=64, epochs=1, progress=False)
            assert {W.dtype for W in net.parameters.values()} == {np.dtype(dtype)}
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(np.float32) < 0.6 * peak(np.float64)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_predicting_many_takes_no_more_memory_than_predicting_a_few_blocks(dtype: type) -> None:
    net = rnn.ManyToOne(rnn.Tanh(32), 3, 4, rng=0)

    def peak(n: int) -> int:
        samples: np.ndarray = np.zeros((n, 50, 3), dtype)
        tracemalloc.start()
        try:
            net.predict(samples)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few = peak(1024)
    assert peak(8 * 1024) < few + 8 * 1024 * 64  # bytes: the answers, not the work


def test_scratch_is_never_shared_and_holds_a_few_pieces() -> None:
    scratch: Scratch[list[int]] = Scratch(size=2)
    with scratch.take("a", list) as one:
        with scratch.take("a", list) as other:
            assert other is not one
        with scratch.take("a", list) as again:
            assert again is other
    with scratch.take("b", list):
        pass
    with scratch.take("c", list):
        pass
    with scratch.take("a", list) as new:
        assert new is not one
        assert new is not other


def test_scratch_from_many_threads_is_never_shared() -> None:
    scratch: Scratch[list[int]] = Scratch()
    clashes = []

    def use() -> None:
        for _ in range(300):
            with scratch.take("a", list) as piece:
                piece.append(1)
                if len(piece) != 1:
                    clashes.append(piece)
                piece.clear()

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not clashes


def test_copies_and_pickles_carry_parameters_and_no_scratch() -> None:
    net = network()
    net.step(X, Y)
    twin = pickle.loads(pickle.dumps(net))
    assert len(pickle.dumps(net)) < 2500
    assert descend(twin, 3) == descend(net.copy(), 3) == descend(net, 3)


@pytest.mark.parametrize(
    "cells",
    [[rnn.Tanh(5)], [rnn.ReLU(5)], [rnn.LSTM(5)], [rnn.GRU(5)], [rnn.Bidirectional(rnn.Tanh(5))], [rnn.Tanh(5)] * 2],
    ids=repr,
)
def test_memory_of_longer_masked_sequences_leaves_no_trace(cells: list[rnn.cells.Cell]) -> None:
    """All lengths share a memory of sixteen steps; the first of them has no sample once the longest has fifteen."""
    rng = np.random.default_rng(0)
    net = rnn.ManyToOne(cells, 3, 4, rng=0, dtype=np.float64)
    batch, y = rng.standard_normal((6, 16, 3)), rng.integers(0, 4, 6)
    masks = rnn.Dropout(recurrence=0.3).draw(6, net.widths, rng, net.dtype)
    short = np.array([15, 9, 15, 4, 12, 15])
    loss, gradients = net.copy().loss_and_gradients(batch, y, short, masks=masks)
    net.loss_and_gradients(batch, y, np.array([16, 9, 15, 4, 12, 15]), masks=masks)
    again, others = net.loss_and_gradients(batch, y, short, masks=masks)
    assert again == loss
    for name, gradient in gradients.items():
        np.testing.assert_array_equal(others[name], gradient)


@pytest.mark.parametrize("cell", [rnn.Tanh(5), rnn.ReLU(5), rnn.LSTM(5), rnn.GRU(5), rnn.Bidirectional(rnn.Tanh(5))])
def test_a_cell_by_itself_gives_the_gradient_in_all_its_inputs(cell: rnn.cells.Cell) -> None:
    rng = np.random.default_rng(0)
    net = rnn.ManyToOne(cell, 3, 4, rng=rng, dtype=np.float64)
    parameters = net.layers.split(net.parameters)[0]
    inputs, end = rng.standard_normal((40, 6, 3)), rng.standard_normal((6, cell.n_outputs))
    trace = cell.trace(40, 6, 3, np.dtype(float))

    def value(moved: np.ndarray) -> float:
        trace.begin_forward(moved)
        cell.forward(parameters, trace)
        return float(np.vdot(trace.A_T, end))

    value(inputs)
    trace.begin_backward(end, want_dX=True)
    cell.backward(parameters, trace)
    gradient = cell.dX(parameters, trace)
    assert gradient.shape == inputs.shape
    direction = rng.standard_normal(inputs.shape)
    slope = (value(inputs + 1e-6 * direction) - value(inputs - 1e-6 * direction)) / 2e-6
    if not isinstance(cell, rnn.ReLU):  # a step may go over its kink
        assert np.vdot(gradient, direction) == pytest.approx(slope, rel=1e-6)
