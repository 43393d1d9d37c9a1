"""Instruments on networks that have learned something whose dynamics are known."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from unrolled import data, dynamics, rnn

pytestmark = pytest.mark.long


@pytest.mark.parametrize(("cell", "rate", "epochs"), [(rnn.GRU(16), 0.02, 20), (rnn.Tanh(24), 0.005, 60)], ids=str)
def test_a_flip_flop_has_eight_memories_and_saddles_between_them(cell: Any, rate: float, epochs: int) -> None:
    """Sussillo and Barak's network, asked for its three bits at every step: 3^3 fixed points, 2^3 of them stable."""
    net: Any = rnn.ManyToMany(cell, 3, n_outputs=3, head=rnn.Linear(), initializer={"W_hh": rnn.orthogonal}, rng=0)
    rnn.train(
        net, data.tasks.flip_flop(500, 40, p=0.2, rng=0), optimizer=rnn.Adam(rate), batch_size=50, epochs=epochs,
        schedule=rnn.Cosine(epochs), clip=rnn.ClipNorm(1.0), rng=0, progress=False,
    )  # fmt: skip
    X, y = data.tasks.flip_flop(100, 200, p=0.1, rng=1)  # five times as long: what it has learned to hold, it holds
    assert ((net.predict(X) > 0) == (y > 0)).mean() > 0.995

    rng = np.random.default_rng(0)
    S = dynamics.states(net, X[:40]).reshape(-1, cell.hidden)
    between = (S[rng.choice(len(S), 1000)] + S[rng.choice(len(S), 1000)]) / 2
    found = dynamics.fixed_points(net, starts=np.concatenate([S[:300], between]))
    kinds = Counter(np.array(found.kinds)[found.is_fixed].tolist())
    assert kinds["stable"] == 8
    assert kinds["saddle"] >= 12  # one between any two memories that differ in one bit
    stable = found.states[found.is_fixed & (found.n_unstable == 0)]
    memories = (stable @ net.parameters["W_ho"].T + net.parameters["b_o"] > 0) @ [4, 2, 1]
    assert sorted(memories.tolist()) == list(range(8))

    system, nothing = dynamics.System(net), np.zeros((1, 3))
    joined = set()  # and from one that grows in one way alone the state falls into one of the two, or the other
    for k in np.flatnonzero(found.is_fixed & (found.n_unstable == 1)):
        ends = []
        for side in (-1, 1):
            state = found.states[k : k + 1] + side * 1e-2 * found.modes[k, :, 0].real
            for _ in range(2000):
                state = system.step(state, nothing)
            distances = np.linalg.norm(stable - state, axis=1)
            assert distances.min() < 1e-3
            ends.append(int(memories[distances.argmin()]))
        joined.add(frozenset(ends))
    edges = {frozenset((a, a ^ bit)) for a in range(8) for bit in (1, 2, 4)}
    assert len(edges & joined) >= 10  # of twelve; a saddle may be missed, or lead elsewhere


def test_a_network_that_forecasts_lorenzs_series_is_as_chaotic_as_it() -> None:
    """A reservoir whose readout is learned by ridge regression, left to itself: Pathak et al., Chaos 27 (2017)."""
    H, dt, rng = 300, 0.02, np.random.default_rng(0)
    series = data.tasks.lorenz(6000, dt, rng=0)
    series = (series - series.mean(0)) / series.std(0)
    W_ih, W_hh, b_h = rng.uniform(-0.5, 0.5, (H, 3)), rng.standard_normal((H, H)), rng.uniform(-0.5, 0.5, H)
    W_hh *= 0.4 / np.abs(np.linalg.eigvals(W_hh)).max()
    net = rnn.ManyToOne(rnn.Tanh(H), 3, 2, rng=0, dtype=np.float64)
    net.parameters.update(W_ih=W_ih, W_hh=W_hh, b_h=b_h)
    S = dynamics.states(net, series[None])[:, 0]
    A = np.concatenate([S[200:-1], np.ones((len(S) - 201, 1))], axis=1)
    W = np.linalg.solve(A.T @ A + 1e-6 * len(A) * np.eye(H + 1), A.T @ series[200:]).T
    assert np.abs(A @ W.T - series[200:]).mean() < 1e-3

    # It reads its own forecast: W_ih (W A + b) instead of W_ih X
    net.parameters.update(W_ih=np.zeros((H, 3)), W_hh=W_hh + W_ih @ W[:, :-1], b_h=b_h + W_ih @ W[:, -1])
    found = dynamics.lyapunov_spectrum(net, k=3, n_steps=12_000, state=S[-1], burn_in=500)
    assert found.exponents[0] / dt == pytest.approx(0.906, rel=0.1)
    assert found.exponents[1] / dt == pytest.approx(0, abs=0.05)  # along the flow
    assert found.dimension == pytest.approx(2.062, abs=0.05)
