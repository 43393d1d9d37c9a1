"""States of leaky units and the readout in closed form, against reservoirpy's with the same matrices."""

import numpy as np
import pytest

from unrolled import rnn

nodes = pytest.importorskip("reservoirpy.nodes", reason="reservoirpy is not installed (pip install reservoirpy)")


@pytest.mark.parametrize("ridge", [1e-6, 1e-2])
def test_states_and_readout_are_reservoirpys(ridge: float) -> None:
    rng = np.random.default_rng(5)
    H, D = 80, 2
    X, y = rng.standard_normal((600, D)), rng.standard_normal((600, 3)).cumsum(0) / 10
    net = rnn.ManyToMany(
        rnn.Leaky(H, leak=0.3),
        D,
        n_outputs=3,
        initializer={"W_hh": rnn.spectral_radius(0.9, 0.1)},
        rng=0,
        dtype=np.float64,
    )
    W_ih, W_hh, b_h = (net.parameters[name] for name in ("W_ih", "W_hh", "b_h"))
    b_h[...] = rng.standard_normal(H) / 10
    reservoir = nodes.Reservoir(lr=0.3, W=W_hh.copy(), Win=W_ih.copy(), bias=b_h.copy())
    states = reservoir.run(X)
    np.testing.assert_allclose(net.forward(X[None]).A[1:, 0], states, rtol=1e-10, atol=1e-12)
    readout = nodes.Ridge(ridge=ridge)
    readout.fit(states, y, warmup=50)
    rnn.fit_readout(net, X[None], y[None], ridge=ridge, washout=50)
    scale = np.abs(readout.Wout).max()
    np.testing.assert_allclose(net.parameters["W_ho"].T / scale, np.asarray(readout.Wout) / scale, atol=1e-10)
    np.testing.assert_allclose(net.predict(X[None])[0], readout.run(states), atol=1e-10 * max(1, scale))
