"""Every combination of cell, depth, readout, head and lengths: gradients against two numerical ones."""

import itertools
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sampled import sampled

from unrolled import rnn
from unrolled.rnn.cells.bidirectional import BidirectionalTrace
from unrolled.rnn.engine.packing import pack

CELLS: dict[str, rnn.cells.Cell] = {"tanh": rnn.Tanh(4), "lstm": rnn.LSTM(3), "gru": rnn.GRU(4)}
ARRANGEMENTS = ["one layer", "two layers", "bidirectional", "bidirectional below one"]
READOUTS: dict[str, rnn.Readout] = {
    "last": rnn.Last(),
    "mean": rnn.Mean(),
    "max": rnn.Max(),
    "mean and max": rnn.MeanMax(),
    "every step": rnn.EveryStep(),
    "weighted steps": rnn.EveryStep((0, 0, 1, 2, 1, 1)),
}
HEADS = {"sigmoid": rnn.Sigmoid(), "softmax": rnn.Softmax(class_weights=(1, 2, 0.5), label_smoothing=0.1)}
LENGTHS = {"equal": None, "different": [6, 2, 4, 1, 6]}


def arranged(cell: rnn.cells.Cell, arrangement: str) -> list[rnn.cells.Cell]:
    arrangements: dict[str, list[rnn.cells.Cell]] = {
        "one layer": [cell],
        "two layers": [cell, cell],
        "bidirectional": [rnn.Bidirectional(cell)],
        "bidirectional below one": [rnn.Bidirectional(cell), cell],
    }
    return arrangements[arrangement]


def network(cells: list[rnn.cells.Cell], seed: int = 1, C: int = 3, **settings: object) -> rnn.ManyToOne:
    """A float64 network with biases off zero."""
    rng = np.random.default_rng(seed)
    net = rnn.ManyToOne(cells, 2, C, initializer=rnn.uniform(-0.9, 0.9), rng=rng, dtype=np.float64, **settings)  # type: ignore[arg-type]
    for W in net.parameters.values():
        if W.ndim == 1:
            W[...] = rng.normal(0, 0.3, W.shape)
    return net


def samples(m: int = 5, T: int = 6, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((m, T, 2)), rng.integers(0, 3, m)


def proved(net: rnn.ManyToOne, lengths: list[int] | None, masks: rnn.Masks | None = None) -> None:
    X, y = samples()
    check = rnn.check_gradients(net, X, y, lengths, masks=masks, entries=3)
    central, complex_step = check.worst
    assert central <= 1e-6, f"\n{check}"
    assert complex_step <= 1e-11, f"\n{check}"


@pytest.mark.parametrize(
    ("cell", "arrangement", "readout", "head", "lengths"),
    sampled(list(itertools.product(CELLS, ARRANGEMENTS, READOUTS, HEADS, LENGTHS)), 7),
)
def test_gradients(cell: str, arrangement: str, readout: str, head: str, lengths: str) -> None:
    seed = 3 if "max" in readout else 1  # with which no two steps are within a difference's step of the largest
    net = network(arranged(CELLS[cell], arrangement), seed, readout=READOUTS[readout], head=HEADS[head])
    proved(net, LENGTHS[lengths])


@pytest.mark.parametrize(
    ("cell", "arrangement", "readout"), sampled(list(itertools.product(CELLS, ARRANGEMENTS, ("last", "mean"))), 5)
)
def test_gradients_with_dropout(cell: str, arrangement: str, readout: str) -> None:
    net = network(arranged(CELLS[cell], arrangement), readout=READOUTS[readout])
    masks = rnn.Dropout(0.3, 0.3, 0.3).draw(5, net.widths, 0, net.dtype)
    proved(net, LENGTHS["different"], masks)
    proved(net, None, masks)


@pytest.mark.parametrize(
    ("arrangement", "readout", "head", "lengths"),
    sampled(list(itertools.product(ARRANGEMENTS, READOUTS, HEADS, LENGTHS)), 7),
)
def test_gradients_of_the_rectifier(arrangement: str, readout: str, head: str, lengths: str) -> None:
    """By the complex step alone: central differences may step over the kink."""
    net = network(arranged(rnn.ReLU(4), arrangement), readout=READOUTS[readout], head=HEADS[head])
    X, y = samples()
    assert rnn.check_gradients(net, X, y, LENGTHS[lengths], entries=3).worst[1] <= 1e-11


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(("T", "m", "C"), [(1, 1, 2), (1, 4, 3), (1000, 2, 2)])
def test_gradients_at_the_ends(cell: str, T: int, m: int, C: int) -> None:
    """One step, one sample, a pair of classes, a thousand steps."""
    rng = np.random.default_rng(T)
    net = rnn.ManyToOne(CELLS[cell], 2, C, rng=0, dtype=np.float64)
    X, y = rng.standard_normal((m, T, 2)), rng.integers(0, C, m)
    central, complex_step = rnn.check_gradients(net, X, y, entries=4).worst
    assert central <= 1e-6
    assert complex_step <= 1e-11


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@settings(max_examples=15)
@given(
    m=st.integers(1, 4),
    T=st.integers(1, 8),
    D=st.integers(1, 4),
    H=st.integers(1, 5),
    seed=st.integers(0, 2**32 - 1),
)
def test_gradients_of_every_entry(cell: str, m: int, T: int, D: int, H: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    net = rnn.ManyToOne(rnn.LSTM(H) if cell == "lstm" else rnn.GRU(H), D, 3, rng=rng, dtype=np.float64)
    check = rnn.check_gradients(net, rng.standard_normal((m, T, D)), rng.integers(0, 3, m))
    central, complex_step = check.worst
    assert central <= 1e-6, f"\n{check}"
    assert complex_step <= 1e-11, f"\n{check}"


@pytest.mark.parametrize("cell", [rnn.LSTM(3), rnn.GRU(3), rnn.Tanh(3)])
def test_a_saturated_network_gives_no_warning_and_finite_numbers(cell: rnn.cells.Cell) -> None:
    net = network([cell]).astype(np.float32)
    for W in net.parameters.values():
        W *= 1e3
    X, y = samples(4, 20)
    loss, gradients = net.loss_and_gradients(X * 100, y)
    assert np.isfinite(loss)
    assert all(np.isfinite(g).all() for g in gradients.values())
    assert np.isfinite(net.predict_proba(X * 100)).all()


@pytest.mark.parametrize("cell", [*CELLS.values(), rnn.ReLU(4), rnn.Bidirectional(rnn.GRU(3))])
@pytest.mark.parametrize("readout", READOUTS.values())
def test_predicting_is_the_forward_pass(cell: rnn.cells.Cell, readout: rnn.Readout) -> None:
    net = network([cell, rnn.GRU(3)], readout=readout)
    X, y = samples()
    forward = net.forward(X)
    np.testing.assert_allclose(net.predict_proba(X), forward.Y_hat, rtol=1e-12)
    np.testing.assert_array_equal(net.predict(X), forward.Y_hat.argmax(1))
    assert net.evaluate(X, y)[0] == pytest.approx(net.loss(X, y), rel=1e-12)


@pytest.mark.parametrize("cell", [rnn.LSTM(3), rnn.GRU(3)])
def test_looking_at_every_gradient(cell: rnn.cells.Cell) -> None:
    """dE/dA^(t) of the backward pass is what moving A_t does to the loss: seen where A_t is an output only."""
    net = network([cell])
    X, y = samples(2, 4)
    backward = net.backward(net.forward(X), y)
    Y_hat = net.forward(X).Y_hat
    np.testing.assert_allclose(backward.dA[-1], (Y_hat - np.eye(3)[y]) / 2 @ net.parameters["W_ho"], rtol=1e-12)
    assert backward.delta.shape == (4, 2, cell.gates * cell.hidden)
    assert backward.dA[0].any()
    for name, gradient in net.loss_and_gradients(X, y)[1].items():
        np.testing.assert_allclose(backward.gradients[name], gradient, rtol=1e-12)


def test_initial_weights_are_drawn_gate_by_gate_and_the_forget_gate_begins_open() -> None:
    net = rnn.ManyToOne(rnn.LSTM(6, forget_bias=2), 3, 4, initializer={"W_hh": rnn.orthogonal}, rng=0, dtype="f8")
    for gate in np.split(net.parameters["W_hh"], 4):
        np.testing.assert_allclose(gate @ gate.T, np.eye(6), atol=1e-12)
    np.testing.assert_array_equal(net.parameters["b_h"], np.repeat([0, 2, 0, 0], 6))
    irnn = rnn.ManyToOne(rnn.ReLU(5), 3, 4, initializer={"W_hh": rnn.identity}, rng=0)
    np.testing.assert_array_equal(irnn.parameters["W_hh"], np.eye(5))


@pytest.mark.parametrize("shape", [(3, 7), (7, 3), (5, 5), (1, 1)])
def test_orthogonal_is_orthonormal_the_short_way(shape: tuple[int, int]) -> None:
    Q = rnn.orthogonal(shape, np.random.default_rng(0))
    assert Q.shape == shape
    short = Q @ Q.T if shape[0] <= shape[1] else Q.T @ Q
    np.testing.assert_allclose(short, np.eye(min(shape)), atol=1e-12)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: rnn.LSTM(0), "LSTM's hidden is 0"),
        (lambda: rnn.LSTM(3, forget_bias="1"), "forget_bias is '1'"),  # type: ignore[arg-type]
        (lambda: rnn.GRU(2.5), "GRU's hidden is 2.5"),  # type: ignore[arg-type]
        (lambda: rnn.ReLU(-1), "ReLU's hidden is -1"),
        (lambda: rnn.Bidirectional(rnn.Bidirectional(rnn.GRU(2))), "Bidirectional's cell is"),
        (lambda: rnn.Bidirectional(3), "Bidirectional's cell is 3"),  # type: ignore[arg-type]
        (lambda: rnn.EveryStep(()), "EveryStep's weights are"),
        (lambda: rnn.EveryStep((1, -1)), "EveryStep's weights are"),
        (lambda: rnn.Softmax(label_smoothing=1), "label_smoothing is 1"),
        (lambda: rnn.Sigmoid(class_weights=(1, 0)), "class_weights are"),
        (lambda: rnn.ManyToOne(rnn.GRU(3), 2, 3, head=rnn.Softmax((1, 2))), "2 class_weights, expected one for each"),
        (lambda: rnn.ManyToOne(rnn.GRU(3), 2, 3, initializer={"W_oh": rnn.identity}), "initializer names 'W_oh'"),
    ],
)
def test_impossible_parts_are_refused_with_their_name(make: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()  # type: ignore[operator]


@pytest.mark.parametrize(
    "make",
    [
        lambda: rnn.ManyToOne([], 2, 3),
        lambda: rnn.ManyToOne([rnn.GRU], 2, 3),  # type: ignore[list-item]
        lambda: rnn.ManyToOne(rnn.GRU(2), 2, 3, readout=rnn.Last),  # type: ignore[arg-type]
        lambda: rnn.ManyToOne(rnn.GRU(2), 2, 3, head="softmax"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_part_is_refused(make: object) -> None:
    with pytest.raises(TypeError, match="expected"):
        make()  # type: ignore[operator]


@pytest.mark.parametrize("cell", [rnn.LSTM(3), rnn.GRU(3), rnn.Tanh(3)])
def test_gradients_of_saturated_gates(cell: rnn.cells.Cell) -> None:
    net = network([cell])
    X, y = samples(3, 5)
    assert rnn.check_gradients(net, X * 3000, y).worst[1] <= 1e-9


def test_gradients_come_in_the_order_of_the_parameters_which_are_named_as_pytorchs() -> None:
    net = network([rnn.Bidirectional(rnn.Tanh(2)), rnn.Bidirectional(rnn.Tanh(2))])
    X, y = samples()
    assert list(net.loss_and_gradients(X, y)[1]) == list(net.parameters)
    assert list(net.parameters)[3:9:3] == ["W_ih_reverse", "W_ih_l1"]
    assert list(net.parameters)[9] == "W_ih_l1_reverse"


@pytest.mark.parametrize(
    ("masks", "said"),
    [
        (rnn.Dropout(0.2), "masks are Dropout"),
        (rnn.Masks([], []), r"masks.inputs has 0 masks, expected 2"),
        (rnn.Dropout(0.2).draw(9, [2, 4], 0), r"masks.inputs\[0\] has shape \(9, 2\), expected .* \(5, 2\)"),
        (rnn.Masks([None, None], [np.full((5, 4), np.nan)]), r"masks.recurrence\[0\]"),
    ],
)
def test_masks_that_do_not_fit_are_refused(masks: object, said: str) -> None:
    net = network([rnn.GRU(4)])
    X, y = samples()
    for call in (net.loss, net.loss_and_gradients):
        with pytest.raises(ValueError, match=said):
            call(X, y, masks=masks)  # type: ignore[arg-type]


def test_masks_of_another_dtype_do_not_change_that_of_the_work() -> None:
    net = network([rnn.GRU(4)]).astype(np.float32)
    X, y = samples()
    masks = rnn.Dropout(0.2, 0.2, 0.2).draw(5, net.widths, 0, np.float64)
    assert {g.dtype for g in net.loss_and_gradients(X, y, masks=masks)[1].values()} == {np.dtype(np.float32)}


def test_every_gate_can_be_looked_at() -> None:
    X, _ = samples(2, 3)
    for cell, names in ((rnn.LSTM(3), "ifgo"), (rnn.GRU(3), "rzn")):
        trace: Any = network([cell]).forward(X).traces[0]
        gates = [getattr(trace, name) for name in names]
        assert {gate.shape for gate in gates} == {(3, 2, 3)}
        if names == "ifgo":
            np.testing.assert_allclose(trace.C[1], trace.i[0] * trace.g[0])
            np.testing.assert_allclose(trace.A[1:], trace.o * np.tanh(trace.C[1:]))
        else:
            np.testing.assert_allclose(trace.A[1:], (1 - trace.z) * trace.n + trace.z * trace.A[:-1])


def test_delta_is_the_gradient_in_the_inputs_share_of_each_gate() -> None:
    for cell in (rnn.LSTM(3), rnn.GRU(3), rnn.Bidirectional(rnn.GRU(3))):
        net = network([cell])
        X, y = samples(4, 5)
        backward = net.backward(net.forward(X), y)
        GH = cell.gates * cell.hidden
        dW = np.einsum("tmg,mtd->gd", backward.delta[..., :GH], X)
        np.testing.assert_allclose(backward.gradients["W_ih"], dW, rtol=1e-12)


def test_a_pass_of_another_network_is_refused() -> None:
    X, y = samples()
    with pytest.raises(ValueError, match="forward is Forward, expected what this network"):
        network([rnn.GRU(4)]).backward(network([rnn.GRU(5)]).forward(X), y)
    with pytest.raises(ValueError, match="forward is NoneType"):
        network([rnn.GRU(4)]).backward(None, y)  # type: ignore[arg-type]


@pytest.mark.parametrize("cell", [rnn.LSTM(3), rnn.GRU(3), rnn.Bidirectional(rnn.LSTM(3))])
def test_a_copied_forward_pass_of_different_lengths_goes_back_like_the_first(cell: rnn.cells.Cell) -> None:
    net = network([cell, rnn.GRU(3)])
    X, y = samples()
    forward = net.forward(X, LENGTHS["different"])
    gradients = net.backward(forward, y).gradients
    for name, gradient in net.backward(pickle.loads(pickle.dumps(forward)), y).gradients.items():
        np.testing.assert_array_equal(gradient, gradients[name])


@pytest.mark.parametrize("cell", [rnn.Tanh(3), rnn.LSTM(3), rnn.GRU(3)])
def test_states_are_zero_where_a_sample_has_no_step(cell: rnn.cells.Cell) -> None:
    """Also in memory that was used before, and for a cell that reads backwards, whose samples end early."""
    net = network([rnn.Bidirectional(cell)])
    X, _ = samples()
    trace = net.layers.traces(6, 5, net.dtype)[0]
    assert isinstance(trace, BidirectionalTrace)
    for lengths in (np.full(5, 6), np.array(LENGTHS["different"])):
        batch = pack(X, lengths)
        net._forward(batch, [trace])
    idle = batch.step_numbers() < 0
    assert idle.any()
    assert not trace.forwards.A[1:][idle].any()
    assert not trace.backwards.A[:0:-1][idle].any()
    assert trace.A[1:][~idle].all()
    np.testing.assert_array_equal(trace.A_T[:, :3], trace.forwards.A[-1])
    np.testing.assert_array_equal(trace.A_T[:, 3:], trace.backwards.A[batch.lengths, np.arange(5)])
