"""One step of each cell, its Jacobian, and products of Jacobians."""

import importlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from differences import relative_difference

from unrolled import dynamics, rnn
from unrolled.dynamics.steps import step_of
from unrolled.rnn.arrays import Parameters
from unrolled.rnn.engine import Recurrence


@dataclass(frozen=True)
class Linear(Recurrence):
    """Somebody else's cell: no nonlinearity at all."""

    hidden: int

    def forward(self, parameters: Any, trace: Any) -> None:
        W_ih, W_hh, b_h = parameters["W_ih"], parameters["W_hh"], parameters["b_h"]
        for segment in trace.forward_segments():
            for X, seen, A in segment.steps("X", "seen", "A"):
                A[...] = X @ W_ih.T + seen @ W_hh.T + b_h

    def backward(self, parameters: Any, trace: Any) -> Parameters:
        raise NotImplementedError


class OtherTanh(rnn.Tanh):
    """A subclass, which may compute something else: its own forward pass is asked."""


class OtherReLU(rnn.ReLU):
    pass


class OtherLSTM(rnn.LSTM):
    pass


class OtherGRU(rnn.GRU):
    pass


STACKS: list[Any] = [
    rnn.Tanh(5),
    rnn.ReLU(5),
    rnn.LSTM(4),
    rnn.GRU(4),
    Linear(3),
    [rnn.LSTM(3), rnn.Tanh(4), rnn.GRU(2)],
    [OtherGRU(3), rnn.LSTM(2)],
]


def network(cell: Any, seed: int = 0, **how: Any) -> rnn.ManyToOne:
    net = rnn.ManyToOne(cell, 3, 4, rng=seed, dtype=np.float64, **how)
    rng = np.random.default_rng(seed)
    for W in net.parameters.values():
        W[...] = rng.uniform(-0.8, 0.8, W.shape)
    return net


def inputs(m: int = 3, T: int = 7, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((m, T, 3))


@pytest.mark.parametrize("cell", STACKS, ids=str)
def test_states_are_the_networks(cell: Any) -> None:
    net, X = network(cell), inputs()
    rng = np.random.default_rng(4)
    before = {name: rng.normal(0, 0.5, A.shape) for name, A in net.forward(X).state.items()}
    forward = net.forward(X, state=before)
    system = dynamics.System(net)
    S = dynamics.states(net, X, before)
    assert list(system.slices) == list(before)
    for name, A in system.named(S[0]).items():
        assert (before[name] == A).all()
    for name, A in system.named(S[-1]).items():
        assert np.abs(A - forward.state[name]).max() < 1e-12, name
    last = [name for name in system.slices if name.startswith("A")][-1]
    assert np.abs(system.named(S)[last] - forward.A).max() < 1e-12
    if "C" in system.slices:
        trace: Any = forward.traces[0]
        assert np.abs(system.named(S)["C"] - trace.C).max() < 1e-12


@pytest.mark.parametrize(
    ("ours", "other"),
    [
        (rnn.Tanh(5), OtherTanh(5)),
        (rnn.ReLU(5), OtherReLU(5)),
        (rnn.LSTM(4), OtherLSTM(4)),
        (rnn.GRU(4), OtherGRU(4)),
    ],
    ids=str,
)
def test_formulas_equal_the_complex_step_through_the_cells_own_forward_pass(ours: Any, other: Any) -> None:
    net = network(ours)
    rng = np.random.default_rng(5)
    S, X = rng.normal(0, 1, (6, dynamics.System(net).size)), rng.normal(0, 1, (6, 3))
    by_formula = step_of(ours)(net.parameters, S, X, True)
    by_step = step_of(other)(net.parameters, S, X, True)
    assert relative_difference(by_formula.S, by_step.S) < 1e-14
    assert relative_difference(by_formula.dS, by_step.dS) < 1e-13
    assert relative_difference(by_formula.dX, by_step.dX) < 1e-13
    assert (step_of(ours)(net.parameters, S, X, False).S == by_formula.S).all()
    assert (step_of(other)(net.parameters, S, X, False).S == by_step.S).all()


@pytest.mark.parametrize("cell", STACKS, ids=str)
def test_jacobians_equal_differences_of_steps(cell: Any) -> None:
    net, X = network(cell), inputs()
    found = dynamics.jacobians(net, X)
    system = dynamics.System(net)
    h = 1e-6
    for t in (0, 3, 6):
        for j in range(system.size):
            e = h * np.eye(system.size)[j]
            after = [system.step(found.states[t] + sign * e, X[:, t]) for sign in (-1, 1)]
            assert np.abs((after[1] - after[0]) / (2 * h) - found.J[t, :, :, j]).max() < 1e-8


@pytest.mark.parametrize("cell", [cell for cell in STACKS if cell != Linear(3)], ids=str)
def test_products_take_the_last_steps_gradient_to_where_the_backward_pass_finds_it(cell: Any) -> None:
    """dE/dS_0 = dE/dS_T dS_T/dS_0: two ways back, which share nothing."""
    net, X, y = network(cell), inputs(), [0, 3, 1]
    backward = net.backward(net.forward(X), y)
    found = dynamics.jacobians(net, X)
    names = list(found.slices)
    last = [name for name in names if name.startswith("A")][-1]
    g = np.zeros((3, found.J.shape[-1]))
    g[:, found.slices[last]] = backward.dA[-1]
    products = found.products().J
    first = np.einsum("mi,mij->mj", g, products[0])
    for name in names:
        assert relative_difference(first[:, found.slices[name]], backward.dstate[name]) < 1e-11, name
    if len(net.cells) == 1:
        for t in range(1, 7):  # and at every step between
            at = np.einsum("mi,mij->mj", g, products[t])
            assert relative_difference(at[:, found.slices["A"]], backward.dA[t - 1]) < 1e-11


def test_a_layers_own_jacobian_stands_on_the_diagonal_and_nothing_above_it() -> None:
    net, X = network([rnn.Tanh(4), rnn.GRU(3)]), inputs()
    found = dynamics.jacobians(net, X)
    A, A_l1 = found.slices["A"], found.slices["A_l1"]
    alone = network(rnn.Tanh(4))
    alone.parameters.update({name: net.parameters[name] for name in ("W_ih", "W_hh", "b_h")})
    assert relative_difference(dynamics.jacobians(alone, X).J, found.J[:, :, A, A]) < 1e-14
    assert not found.J[:, :, A, A_l1].any()
    assert found.J[:, :, A_l1, A].all()


def test_somebody_elses_cell_has_its_own_jacobian() -> None:
    net = network(Linear(3))
    found = dynamics.jacobians(net, inputs())
    np.testing.assert_allclose(found.J, np.broadcast_to(net.parameters["W_hh"], found.J.shape), atol=1e-15)


@pytest.mark.parametrize("cell", [rnn.Tanh(5), [rnn.LSTM(3), OtherGRU(2)]], ids=str)
def test_each_sample_is_as_if_alone_whatever_its_length(cell: Any) -> None:
    net, X, lengths = network(cell), inputs(), [7, 3, 5]
    X[1, 3:] = np.nan  # padding is not read
    found = dynamics.jacobians(net, X, lengths)
    products = found.products().J
    for i, length in enumerate(lengths):
        alone = dynamics.jacobians(net, X[i : i + 1, :length])
        np.testing.assert_allclose(found.J[:length, i], alone.J[:, 0], atol=1e-14)
        assert (found.J[length:, i] == np.eye(found.J.shape[-1])).all()
        np.testing.assert_allclose(products[0, i], alone.products().J[0, 0], atol=1e-14)
        assert (found.states[length:, i] == found.states[length, i]).all()


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    net, X = network(OtherLSTM(3)), inputs()
    whole = dynamics.jacobians(net, X).J
    for name in ("jacobians", "steps"):
        monkeypatch.setattr(importlib.import_module(f"unrolled.dynamics.{name}"), "BLOCK", 1)
    assert relative_difference(dynamics.jacobians(net, X).J, whole) < 1e-14


def test_singular_values_eigenvalues_and_radii() -> None:
    net = network(rnn.Tanh(5))
    found = dynamics.jacobians(net, np.zeros((2, 4, 3)), state=np.zeros(5))
    net.parameters["b_h"][...] = 0
    found = dynamics.jacobians(net, np.zeros((2, 4, 3)))  # the state stays 0, where the Jacobian is W_hh
    W = net.parameters["W_hh"]
    np.testing.assert_allclose(found.singular_values()[2, 1], np.linalg.svd(W, compute_uv=False))
    moduli = np.abs(found.eigenvalues()[1, 0])
    assert (np.diff(moduli) <= 1e-12).all()
    np.testing.assert_allclose(moduli, np.sort(np.abs(np.linalg.eigvals(W)))[::-1])
    np.testing.assert_allclose(found.spectral_radius(), np.full((4, 2), moduli[0]))
    np.testing.assert_allclose(found.products().J[0, 0], np.linalg.matrix_power(W, 4))


def test_float32_networks_are_worked_with_in_float64_and_not_changed() -> None:
    net = rnn.ManyToOne(rnn.GRU(4), 3, 4, rng=0)
    J = dynamics.jacobians(net, inputs()).J
    assert J.dtype == np.float64
    assert net.dtype == np.float32
    assert relative_difference(J, dynamics.jacobians(net.astype(np.float64), inputs()).J) == 0


def test_bad_input_is_stopped_at_the_door() -> None:
    net = network(rnn.LSTM(4))
    both = network(rnn.Bidirectional(rnn.GRU(2)))
    cases: list[tuple[Any, str]] = [
        (lambda: dynamics.jacobians(both, inputs()), "expected cells of one direction of time"),
        (lambda: dynamics.jacobians(net, np.ones((2, 3))), "X has shape"),
        (lambda: dynamics.jacobians(net, np.ones((2, 3, 2))), "expected D = 3"),
        (lambda: dynamics.states(net, np.full((2, 3, 3), np.inf)), "X holds inf"),
        (lambda: dynamics.states(net, inputs(), {"B": 1}), "state has 'B', expected names among A, C"),
        (lambda: dynamics.states(net, inputs(), {"A": np.ones(3)}), r"state\['A'\] has shape \(3,\), expected \(4,\)"),
        (lambda: dynamics.states(net, inputs(), np.full(8, np.nan)), "state holds a number that is not finite"),
        (lambda: dynamics.System(3), "net is 3, expected a network"),  # type: ignore[arg-type]
    ]
    for call, message in cases:
        with pytest.raises(ValueError, match=message):
            call()


def test_a_network_of_symbols_that_has_learned_where_it_begins() -> None:
    net: Any = rnn.ManyToMany([rnn.GRU(3), rnn.LSTM(2)], 3, 3, rng=0, dtype=np.float64, initial_state="learned")
    rng = np.random.default_rng(0)
    for name in ("A_0", "A_0_l1", "C_0_l1"):
        net.parameters[name] += rng.standard_normal(net.parameters[name].shape)
    X, lengths = rng.integers(0, 3, (4, 6)), [6, 2, 5, 1]
    S = dynamics.states(net, X)
    end = net.forward(X).state
    np.testing.assert_allclose(
        S[-1], np.concatenate([end[name] for name in dynamics.System(net).slices], 1), rtol=1e-12
    )
    found, rows = dynamics.jacobians(net, X, lengths), dynamics.jacobians(net, np.eye(3)[X], lengths)
    np.testing.assert_array_equal(found.J, rows.J)
    np.testing.assert_array_equal(found.states[:2], S[:2])
    recorder = dynamics.Recorder(X, X, lengths)
    rnn.train(net, (X, X, lengths), optimizer=rnn.SGD(0.1), epochs=1, progress=False, on_epoch=recorder)
    assert np.isfinite(recorder.record.jacobian_radius).all()
