"""Lyapunov exponents, where they are known."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from differences import relative_difference

from unrolled import dynamics, rnn
from unrolled.rnn.arrays import Parameters
from unrolled.rnn.engine import Recurrence


@dataclass(frozen=True)
class Logistic(Recurrence):
    """The logistic map ``A_t = 4 A_{t-1} (1 - A_{t-1})``, whose exponent is log 2."""

    hidden: int = 1

    def forward(self, parameters: Any, trace: Any) -> None:  # noqa: ARG002 - it has no weights
        for segment in trace.forward_segments():
            for seen, A in segment.steps("seen", "A"):
                A[...] = 4 * seen * (1 - seen)

    def backward(self, parameters: Any, trace: Any) -> Parameters:
        raise NotImplementedError


def network(cell: Any, gain: float = 1.0, seed: int = 0) -> rnn.ManyToOne:
    net = rnn.ManyToOne(cell, 2, 2, rng=seed, dtype=np.float64)
    rng = np.random.default_rng(seed)
    H = net.cells[0].hidden
    for name, W in net.parameters.items():
        W[...] = rng.normal(0, gain / np.sqrt(H), W.shape) if W.ndim == 2 and name.startswith("W_hh") else W
    return net


@pytest.mark.parametrize("seed", range(3))
def test_tiny_weights_have_the_logarithms_of_the_eigenvalues(seed: int) -> None:
    net = network(rnn.Tanh(6), 1e-3, seed)
    found = dynamics.lyapunov_spectrum(net, n_steps=4000, state=np.full(6, 1e-3))
    known = np.sort(np.log(np.abs(np.linalg.eigvals(net.parameters["W_hh"]))))[::-1]
    np.testing.assert_allclose(found.exponents, known, atol=2e-3)
    assert found.dimension == 0


@pytest.mark.parametrize("cell", [rnn.Tanh(20), rnn.LSTM(10), rnn.GRU(20), [rnn.GRU(6), rnn.Tanh(5)]], ids=str)
def test_a_contracting_network_has_all_below_0(cell: Any) -> None:
    net = network(cell, 0.3)
    X = np.random.default_rng(1).standard_normal((3, 300, 2))
    found = dynamics.lyapunov_spectrum(net, X)
    assert (found.exponents < 0).all()
    assert found.running.shape == (270, found.size)
    np.testing.assert_allclose(found.running[-1], found.exponents)


def test_the_logistic_map_has_the_logarithm_of_2() -> None:
    found = dynamics.lyapunov_spectrum(network(Logistic()), n_steps=20_000, state=[0.3])
    assert found.exponents[0] == pytest.approx(np.log(2), abs=max(4 * found.standard_errors[0], 1e-3))
    assert found.standard_errors[0] < 0.01
    assert found.dimension == 1


def test_large_random_networks_are_chaotic_above_a_gain_of_1_and_quiet_below() -> None:
    """Sompolinsky, Crisanti and Sommers, Physical Review Letters 61 (1988)."""
    state = np.random.default_rng(0).normal(0, 1, 100)
    loud = dynamics.lyapunov_spectrum(network(rnn.Tanh(100), 2.5), k=5, n_steps=600, state=state)
    quiet = dynamics.lyapunov_spectrum(network(rnn.Tanh(100), 0.7), k=5, n_steps=600, state=state)
    assert loud.exponents[0] > 5 * loud.standard_errors[0] > 0
    assert quiet.exponents[0] < -5 * quiet.standard_errors[0] < 0


@pytest.mark.parametrize("cell", [rnn.Tanh(7), rnn.GRU(5), rnn.LSTM(3)], ids=str)
def test_the_sum_of_all_is_the_mean_logarithm_of_the_determinant(cell: Any) -> None:
    net = network(cell, 1.5)
    X = np.random.default_rng(2).standard_normal((2, 60, 2))
    found = dynamics.lyapunov_spectrum(net, X, burn_in=0)
    _, logarithms = np.linalg.slogdet(dynamics.jacobians(net, X).J)
    assert found.exponents.sum() == pytest.approx(logarithms.mean(), rel=1e-10)


def test_some_of_them_are_the_first_ones_and_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    net, X = network(rnn.GRU(8), 2.0), np.random.default_rng(2).standard_normal((500, 2))
    whole, some = dynamics.lyapunov_spectrum(net, X), dynamics.lyapunov_spectrum(net, X[None], 3)
    np.testing.assert_allclose(some.exponents, whole.exponents[:3], atol=5 * whole.standard_errors[:3].max())
    monkeypatch.setattr("unrolled.dynamics.lyapunov.BLOCK", 64 * 7)
    again = dynamics.lyapunov_spectrum(net, X)
    assert relative_difference(again.exponents, whole.exponents) < 1e-9
    assert "8 of 8, 450 steps" in str(again)
    assert "Kaplan-Yorke" in str(again)


def test_standard_errors_are_what_repetitions_scatter_by() -> None:
    net = network(rnn.Tanh(40), 3.0)
    several = [
        dynamics.lyapunov_spectrum(net, k=1, n_steps=600, state=state, burn_in=100)
        for state in np.random.default_rng(0).normal(0, 1, (40, 40))
    ]
    scatter = np.std([found.exponents[0] for found in several], ddof=1)
    claimed = np.mean([found.standard_errors[0] for found in several])
    assert 0.5 < scatter / claimed < 2


def test_a_direction_that_is_lost_has_minus_infinity() -> None:
    net = network(rnn.ReLU(3))
    net.parameters["b_h"][...] = [1.0, 1.0, -100.0]  # the third is never active
    with np.errstate(all="raise"):
        found = dynamics.lyapunov_spectrum(net, n_steps=50)
    assert found.exponents[-1] == -np.inf
    assert np.isfinite(found.exponents[0])


@pytest.mark.parametrize(
    ("exponents", "dimension"),
    [
        ([-0.1, -0.2], 0.0),
        ([0.5, 0.0], 2.0),
        ([0.906, 0.0, -14.572], 2 + 0.906 / 14.572),
        ([-14.572, 0.906, 0.0], 2 + 0.906 / 14.572),
        ([0.5, -0.2, -0.2, -0.5], 3 + 0.1 / 0.5),
        ([0.5, -np.inf], 1.0),
        ([0.0], 1.0),
    ],
)
def test_the_kaplan_yorke_dimension(exponents: list[float], dimension: float) -> None:
    assert dynamics.kaplan_yorke_dimension(exponents) == pytest.approx(dimension)


def test_bad_input_is_stopped_at_the_door() -> None:
    net = network(rnn.Tanh(3))
    cases: list[tuple[Any, str]] = [
        (lambda: dynamics.lyapunov_spectrum(net), "n_steps is None, expected how many steps"),
        (lambda: dynamics.lyapunov_spectrum(net, np.ones((5, 2)), n_steps=3), "n_steps is 3, expected None"),
        (lambda: dynamics.lyapunov_spectrum(net, np.ones((5, 2)), 4), "k is 4, expected a whole number from 1 to 3"),
        (lambda: dynamics.lyapunov_spectrum(net, np.ones((5, 2)), burn_in=5), "burn_in is 5"),
        (lambda: dynamics.lyapunov_spectrum(net, np.ones(3), n_steps=5), "expected D = 2"),
        (lambda: dynamics.kaplan_yorke_dimension([]), r"exponents are \[\], expected"),
        (lambda: dynamics.kaplan_yorke_dimension([np.nan]), "and no NaN"),
    ]
    for call, message in cases:
        with pytest.raises(ValueError, match=message):
            call()
