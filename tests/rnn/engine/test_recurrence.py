"""A cell of one's own holds its equations, and everything else comes from the engine."""

import itertools
import pickle
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from differences import relative_difference
from sampled import sampled

from unrolled import rnn
from unrolled.rnn.arrays import Parameters, ReadOnlyParameters
from unrolled.rnn.engine import Recurrence, Rows
from unrolled.rnn.engine.packing import pack


def sigmoid(Z: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-Z)))


@dataclass(frozen=True)
class MGU(Recurrence):
    """The minimal gated unit of G.-B. Zhou et al., arXiv:1603.09420 (2016)."""

    hidden: int
    gates: ClassVar[int] = 2
    arrays: ClassVar[dict[str, int]] = {"f": 1, "n": 1, "f_seen": 1}

    def forward(self, parameters: ReadOnlyParameters, trace: Rows) -> None:
        (V_f, V_n), (U_f, U_n), (b_f, b_n) = (np.split(parameters[name], 2) for name in ("W_ih", "W_hh", "b_h"))
        for segment in trace.forward_segments():
            for X, A_before, seen, f, n, f_seen, A in segment.steps("X", "A_before", "seen", "f", "n", "f_seen", "A"):
                f[...] = sigmoid(X @ V_f.T + seen @ U_f.T + b_f)
                f_seen[...] = f * seen
                n[...] = np.tanh(X @ V_n.T + f_seen @ U_n.T + b_n)
                A[...] = (1 - f) * A_before + f * n

    def backward(self, parameters: ReadOnlyParameters, trace: Rows) -> Parameters:
        H, (U_f, U_n) = self.hidden, np.split(parameters["W_hh"], 2)
        dW: np.ndarray = np.zeros((2 * H, trace.D + 1), U_f.dtype)
        dU: np.ndarray = np.zeros((2 * H, H), U_f.dtype)
        for chunk in trace.backward_chunks():
            for A_before, seen, f, n, delta, dA, dseen in chunk.steps(
                "A_before", "seen", "f", "n", "delta", "dA", "dseen"
            ):
                dZ_n = dA * f * (1 - n**2)
                df_seen = dZ_n @ U_n
                dZ_f = (dA * (n - A_before) + df_seen * seen) * f * (1 - f)
                dseen[...] = df_seen * f + dZ_f @ U_f
                dA *= 1 - f
                delta[:, :H], delta[:, H:] = dZ_f, dZ_n
            dW += chunk.outer("delta", "inputs")
            dU[:H] += chunk.outer("delta", "seen")[:H]
            dU[H:] += chunk.outer("delta", "f_seen")[H:]
        return {"W_ih": dW[:, :-1], "W_hh": dU, "b_h": dW[:, -1]}


@dataclass(frozen=True)
class Leaky(Recurrence):
    """Two states: C_t leaks, and A_t = tanh(C_t)."""

    hidden: int
    further_states: ClassVar[tuple[str, ...]] = ("C",)

    def forward(self, parameters: ReadOnlyParameters, trace: Rows) -> None:
        W_ih, W_hh, b_h = (parameters[name] for name in ("W_ih", "W_hh", "b_h"))
        for segment in trace.forward_segments():
            for X, seen, C_before, C, A in segment.steps("X", "seen", "C_before", "C", "A"):
                C[...] = 0.4 * C_before + X @ W_ih.T + seen @ W_hh.T + b_h
                A[...] = np.tanh(C)

    def backward(self, parameters: ReadOnlyParameters, trace: Rows) -> Parameters:
        W_hh = parameters["W_hh"]
        dW: np.ndarray = np.zeros((self.hidden, trace.D + 1), W_hh.dtype)
        dU: np.ndarray = np.zeros_like(W_hh)
        for chunk in trace.backward_chunks():
            for A, delta, dA, dC in chunk.steps("A", "delta", "dA", "dC"):
                dC += dA * (1 - A**2)
                delta[...] = dC
                dA[...] = delta @ W_hh
                dC *= 0.4
            dW += chunk.outer("delta", "inputs")
            dU += chunk.outer("delta", "seen")
        return {"W_ih": dW[:, :-1], "W_hh": dU, "b_h": dW[:, -1]}


OWN: list[rnn.cells.Cell] = [MGU(4), Leaky(4)]
ALL: list[rnn.cells.Cell] = [*OWN, rnn.Tanh(4), rnn.ReLU(4), rnn.LSTM(3), rnn.GRU(4)]


def problem(cells: Any, **parts: Any) -> tuple[rnn.ManyToOne, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    net = rnn.ManyToOne(cells, 2, 3, initializer=rnn.uniform(-0.6, 0.6), rng=rng, dtype=np.float64, **parts)
    return net, rng.standard_normal((5, 20, 2)), rng.integers(0, 3, 5)


@pytest.mark.parametrize(
    ("cell", "readout", "lengths", "dropout"),
    sampled(
        list(
            itertools.product(
                OWN,
                [rnn.Last(), rnn.Mean(), rnn.EveryStep()],
                [None, [6, 2, 5, 1, 4]],
                [rnn.Dropout(), rnn.Dropout(layers=0.3, recurrence=0.3)],
            )
        ),
        5,
    ),
)
def test_gradients(cell: rnn.cells.Cell, readout: rnn.Readout, lengths: Any, dropout: rnn.Dropout) -> None:
    for cells in ([cell], [rnn.Bidirectional(cell), cell]):
        net, X, y = problem(cells, readout=readout)
        masks = dropout.draw(5, net.widths, 0, net.dtype)
        check = rnn.check_gradients(net, X[:, :6], y, lengths, masks=masks, entries=4)
        assert check.worst[0] <= 1e-6, f"\n{check}"
        assert check.worst[1] <= 1e-11, f"\n{check}"


@pytest.mark.parametrize("cell", OWN)
def test_streams_trains_and_is_recorded(cell: rnn.cells.Cell) -> None:
    net, X, y = problem([cell, cell])
    stream = net.stream()
    for t in range(6):
        np.testing.assert_allclose(stream.feed(X[0, t]), net.predict_proba(X[:1, : t + 1])[0], rtol=1e-12)
    np.testing.assert_allclose(net.forward(X).Y_hat, net.predict_proba(X), rtol=1e-12)
    forward = net.forward(X, [20, 3, 5, 20, 1])
    backward = net.backward(forward, y)
    again = net.backward(pickle.loads(pickle.dumps(forward)), y)
    for name, gradient in net.loss_and_gradients(X, y, [20, 3, 5, 20, 1])[1].items():
        np.testing.assert_array_equal(backward.gradients[name], gradient)
        np.testing.assert_array_equal(again.gradients[name], gradient)
    dW = np.einsum("tmg,tmd->gd", backward.delta, forward.batch.unpack(forward.traces[0].A)[1:])
    np.testing.assert_allclose(backward.gradients["W_ih_l1"], dW, rtol=1e-12)
    rnn.train(net, (X, y), optimizer=rnn.SGD(0.1), epochs=1, progress=False)


# ---------------------------------------------------------------- a state before the first step, and one after the last


@pytest.mark.parametrize("cells", [*([cell, cell] for cell in ALL), [rnn.GRU(3), rnn.LSTM(4), MGU(2)]], ids=repr)
@pytest.mark.parametrize("readout", [rnn.Last(), rnn.EveryStep()], ids=repr)
def test_a_pass_goes_on_where_another_ended(cells: Any, readout: rnn.Readout) -> None:
    net, X, _ = problem(cells, readout=readout)
    whole = net.forward(X)
    first = net.forward(X[:, :8])
    second = net.forward(X[:, 8:], state=first.state)
    np.testing.assert_allclose(second.A[1:], whole.A[9:], rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(second.A[0], first.A[-1])
    for name, state in whole.state.items():
        np.testing.assert_allclose(second.state[name], state, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("cell", ALL, ids=repr)
def test_truncation_is_going_back_from_a_pass_that_began_there(cell: rnn.cells.Cell) -> None:
    net, X, y = problem([cell, cell])
    _, truncated = net.loss_and_gradients(X, y, bptt_steps=12)
    state = net.forward(X[:, :8]).state
    for name, gradient in net.backward(net.forward(X[:, 8:], state=state), y).gradients.items():
        assert relative_difference(truncated[name], gradient) < 1e-12, name


@pytest.mark.parametrize("lengths", [None, [20, 2, 19, 1, 7]])
@pytest.mark.parametrize("readout", [rnn.Last(), rnn.Mean(), rnn.EveryStep()], ids=repr)
@pytest.mark.parametrize(
    "cells", [*([cell] for cell in ALL), [rnn.Bidirectional(rnn.LSTM(3)), MGU(2)], [rnn.Bidirectional(Leaky(3))]],
    ids=repr,
)  # fmt: skip
def test_gradients_in_the_state_and_in_the_inputs(cells: Any, readout: rnn.Readout, lengths: Any) -> None:
    """By the complex step, in every state of every layer and in the inputs; nothing goes into padding."""
    net, X, y = problem(cells, readout=readout)
    rng = np.random.default_rng(1)
    state = {name: rng.normal(0, 0.5, A.shape) for name, A in net.forward(X).state.items()}
    forward = net.forward(X, lengths, state=state)
    backward = net.backward(forward, y)
    assert backward.dstate.keys() == state.keys()
    imaginary = net.astype(np.complex128)

    def loss(X: np.ndarray, state: dict[str, np.ndarray]) -> Any:
        batch = pack(X, None if lengths is None else np.array(lengths))
        traces = imaginary.layers.traces(len(batch.X), 5, imaginary.dtype)
        reading = imaginary._forward(batch, traces, state={name: batch.sort(A) for name, A in state.items()})
        return imaginary._loss(reading, batch.sort(np.eye(3)[y]))[0]

    moved = {name: A.astype(complex) for name, A in state.items()}
    for name, gradient in backward.dstate.items():
        for index in [(0, 0), (1, 1), (3, 0), (4, 1)]:
            moved[name][index] += 1e-30j
            expected = loss(X.astype(complex), moved).imag / 1e-30
            moved[name][index] -= 1e-30j
            assert gradient[index] == pytest.approx(expected, rel=1e-10, abs=1e-14), (name, index)
    X_moved = X.astype(complex)
    for n, t, d in [(0, 0, 0), (0, 19, 1), (1, 1, 0), (1, 2, 1), (4, 6, 1), (3, 0, 0)]:
        X_moved[n, t, d] += 1e-30j
        expected = loss(X_moved, moved).imag / 1e-30
        X_moved[n, t, d] -= 1e-30j
        assert backward.dX[t, n, d] == pytest.approx(expected, rel=1e-10, abs=1e-14), (n, t, d)


@pytest.mark.parametrize("cell", ALL, ids=repr)
def test_a_state_is_each_samples_own_and_masked_in_the_products(cell: rnn.cells.Cell) -> None:
    """With different lengths as alone; and what a pass with a state leaves in memory is not in the next one."""
    net, X, _ = problem([cell], readout=rnn.Mean())
    state = {name: np.full(A.shape, 0.4) for name, A in net.forward(X).state.items()}
    forward = net.forward(X, [20, 2, 19, 1, 7], state=state)
    for n, L in enumerate([20, 2, 19, 1, 7]):
        alone = net.forward(X[n : n + 1, :L], state={name: A[n : n + 1] for name, A in state.items()})
        np.testing.assert_allclose(forward.A[: L + 1, n], alone.A[:, 0], rtol=1e-12, atol=1e-15)
        for name, A in alone.state.items():
            np.testing.assert_allclose(forward.state[name][n], A[0], rtol=1e-12, atol=1e-15)
    trace = cell.trace(20, 5, 2, net.dtype)
    weights = net.layers.split(net.parameters)[0]
    sizes = [2] * 5 + [5] * 15
    for first in ({}, state, {}):
        trace.begin_forward(X.transpose(1, 0, 2), sizes, state=first)
        cell.forward(weights, trace)
        if first:
            assert trace.A[5, 2:].any()
        else:
            assert not trace.A[:6, 2:].any()


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ([1.0], "state is a list, expected arrays by name: A, C"),
        ({"B": np.zeros((5, 3))}, "state names 'B', expected A, C"),
        ({"A": np.zeros((4, 3))}, r"state A has shape \(4, 3\), expected finite numbers \(5, 3\)"),
        ({"C": np.full((5, 3), np.nan)}, "state C holds nan"),
        ({"C": [["a"]]}, "state C holds"),
    ],
)
def test_impossible_states_are_refused(state: Any, said: str) -> None:
    net, X, _ = problem(rnn.LSTM(3))
    with pytest.raises(ValueError, match=said):
        net.forward(X, state=state)


# --------------------------------------------------------------------------------------------------------- vanishing


@pytest.mark.parametrize("cell", [rnn.Tanh(4), rnn.LSTM(4, forget_bias=-3), rnn.GRU(4), MGU(4), Leaky(4)], ids=repr)
def test_what_vanishes_in_one_sample_is_not_lost_in_those_that_end_before_it(cell: rnn.cells.Cell) -> None:
    """Read backwards, a long sample's gradient may vanish before that of the short ones has begun."""
    net, _, _ = problem([rnn.Bidirectional(cell)])
    for name, W in net.parameters.items():
        W *= 0.05 if name.startswith("W_hh") else 1
        if name.startswith("b_h") and isinstance(cell, rnn.GRU):
            W[4:8] = -8
    X, y = np.random.default_rng(0).standard_normal((3, 900, 2)), [0, 1, 2]
    lengths = np.array([900, 3, 2])
    _, together = net.loss_and_gradients(X, y, lengths)
    alone = [net.loss_and_gradients(X[n : n + 1, :L], y[n : n + 1])[1] for n, L in enumerate(lengths)]
    for name, gradient in together.items():
        assert relative_difference(gradient, np.mean([each[name] for each in alone], axis=0)) < 1e-11, name
