"""Fixed points, where they are known."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq

from unrolled import dynamics, rnn


def network(cell: Any, seed: int = 0) -> rnn.ManyToOne:
    return rnn.ManyToOne(cell, 2, 2, rng=seed, dtype=np.float64)


def latches(n: int, gain: float = 2.0) -> rnn.ManyToOne:
    """n units that hold a bit each."""
    net = network(rnn.Tanh(n))
    net.parameters["W_hh"][...] = gain * np.eye(n)
    net.parameters["b_h"][...] = 0
    return net


def test_three_latches_have_eight_memories_and_saddles_between_them() -> None:
    starts = np.random.default_rng(0).uniform(-1, 1, (4000, 3))
    found = dynamics.fixed_points(latches(3), starts=starts)
    held = brentq(lambda a: np.tanh(2 * a) - a, 0.1, 1)
    assert len(found) == 27
    assert found.is_fixed.all()
    assert Counter(found.n_unstable.tolist()) == {0: 8, 1: 12, 2: 6, 3: 1}
    assert Counter(found.kinds) == {"stable": 8, "saddle": 18, "unstable": 1}
    assert found.n_starts.sum() + found.n_elsewhere == 4000
    stable = found.states[np.array(found.kinds) == "stable"]
    np.testing.assert_allclose(np.abs(stable), held, atol=1e-10)
    assert len(np.unique(np.sign(stable), axis=0)) == 8
    for k, states in enumerate(found.states):  # slopes 2 (1 - a^2): 2 at 0
        known = np.sort(2 * (1 - states**2))[::-1]
        np.testing.assert_allclose(found.eigenvalues[k].real, known, atol=1e-9)
    text = str(found)
    assert text.count("saddle") == 18
    assert f"{found.n_elsewhere} starts ended elsewhere" in text


@pytest.mark.parametrize(
    "cell", [rnn.Tanh(6), rnn.ReLU(4), rnn.LSTM(4), rnn.GRU(5), [rnn.GRU(3), rnn.LSTM(2)]], ids=str
)
def test_they_are_fixed_and_modes_are_eigenvectors(cell: Any) -> None:
    net, x = network(cell), np.array([0.3, -0.7])
    starts = dynamics.states(net, np.random.default_rng(0).standard_normal((4, 10, 2)))
    found = dynamics.fixed_points(net, x, starts)
    assert len(found)
    assert found.is_fixed.all()
    system = dynamics.System(net)
    X = np.tile(x, (len(found), 1))
    following, J = system.linearize(found.states, X)
    assert np.abs(following - found.states).max() < 1e-9
    np.testing.assert_allclose(J @ found.modes, found.modes * found.eigenvalues[:, None], atol=1e-10)
    assert (np.diff(np.abs(found.eigenvalues), axis=1) <= 1e-12).all()
    for k in range(len(found)):  # what is called stable is where trajectories end
        near = found.states[k] + 1e-4
        S = near[None]
        for _ in range(2000):
            S = system.step(S, x[None])
        came_back = np.abs(S[0] - found.states[k]).max() < 1e-6
        assert came_back == (found.kinds[k] == "stable")


def test_an_input_moves_them() -> None:
    net = network(rnn.Tanh(1))
    net.parameters["W_hh"][...], net.parameters["b_h"][...] = 0.5, 0
    net.parameters["W_ih"][...] = [[1.0, 0.0]]
    found = dynamics.fixed_points(net, [0.8, 5.0], [[0.0]])
    assert found.states[0, 0] == pytest.approx(brentq(lambda a: np.tanh(0.5 * a + 0.8) - a, -1, 1))
    assert found.kinds == ("stable",)


def test_where_two_have_just_met_a_slow_point_is_left() -> None:
    """A = tanh(2 A + b) loses two of its three solutions where its slope is 1; their ghost is slow."""
    a = np.sqrt(0.5)  # 2 (1 - a^2) = 1
    fold = 2 * a - np.arctanh(a)
    net = latches(1)
    net.parameters["b_h"][...] = fold + 1e-4
    found = dynamics.fixed_points(net, starts=[[-0.75], [-0.68], [0.9]])
    assert found.is_fixed.tolist() == [True, False]
    assert found.states[1, 0] == pytest.approx(-a, abs=1e-2)
    assert 1e-10 < found.q[1] < 1e-7
    assert found.eigenvalues[1, 0].real == pytest.approx(1, abs=1e-2)
    assert "slow" in str(found)
    none = dynamics.fixed_points(net, starts=[[-0.7]], slow=1e-12)
    assert len(none) == 0
    assert none.n_elsewhere == 1
    assert none.kinds == ()
    assert "1 starts ended elsewhere" in str(none)


def test_points_that_are_as_near_as_asked_are_one() -> None:
    net, starts = latches(2), np.random.default_rng(0).uniform(-1, 1, (300, 2))
    assert len(dynamics.fixed_points(net, starts=starts)) == 9
    assert len(dynamics.fixed_points(net, starts=starts, merge=10.0)) == 1


def test_bad_input_is_stopped_at_the_door() -> None:
    net = latches(2)
    cases: list[tuple[Any, str]] = [
        (lambda: dynamics.fixed_points(net), "starts is None, expected states"),
        (
            lambda: dynamics.fixed_points(net, starts=np.ones((3, 4))),
            r"starts have shape \(3, 4\), expected \(..., 2\)",
        ),
        (lambda: dynamics.fixed_points(net, [1.0], np.ones((3, 2))), r"x is \[1.0\], expected D = 2"),
        (lambda: dynamics.fixed_points(net, starts=np.full((1, 2), np.nan)), "finite"),
        (lambda: dynamics.fixed_points(net, starts=np.ones((3, 2)), merge=-1), "merge is -1"),
    ]
    for call, message in cases:
        with pytest.raises(ValueError, match=message):
            call()
