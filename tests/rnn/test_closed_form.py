"""Echo-state networks: the leaky cell, first weights with a spectral radius, and the readout in closed form."""

from typing import Any

import numpy as np
import pytest

from unrolled import rnn


def network(kind: Any = rnn.ManyToMany, cell: Any = None, **others: Any) -> Any:
    cell = rnn.Leaky(7, leak=0.6) if cell is None else cell
    return kind(cell, 2, n_outputs=3, rng=0, dtype=np.float64, **others)


@pytest.mark.parametrize("cell", [None, [rnn.GRU(4), rnn.LSTM(3)], rnn.Bidirectional(rnn.Tanh(3))])
@pytest.mark.parametrize("lengths", [None, "different"])
@pytest.mark.parametrize("kind", [rnn.ManyToMany, rnn.ManyToOne])
def test_it_is_where_the_gradient_of_the_penalized_error_is_zero(kind: Any, lengths: Any, cell: Any) -> None:
    net = network(kind, cell, initial_state="learned")
    rng = np.random.default_rng(1)
    X = rng.standard_normal((300, 9, 2))
    n = None if lengths is None else rng.integers(3, 10, 300)
    shape = (300, 9) if kind is rnn.ManyToMany else (300,)
    y, w = rng.standard_normal((*shape, 3)) + 5, rng.random(shape)
    washout = 2 if kind is rnn.ManyToMany else 0
    rnn.fit_readout(net, X, y, n, ridge=0.7, washout=washout, sample_weight=w)
    w[..., :washout] = 0 if washout else w[..., :washout]
    _, gradients = net.loss_and_gradients(X, y, n, sample_weight=w)
    there = w if n is None or kind is rnn.ManyToOne else w * (np.arange(9) < n[:, None])
    # The loss is the weighted mean over the answers and their K numbers.
    scale = 3 * there.sum() / 2
    np.testing.assert_allclose(gradients["W_ho"] * scale, -0.7 * net.parameters["W_ho"], rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(gradients["b_o"] * scale, 0, atol=1e-9)


def test_long_recordings_are_read_in_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    X, y = rng.standard_normal((2, 500, 2)), rng.standard_normal((2, 500, 3))
    whole, parts = network(), network()
    rnn.fit_readout(whole, X, y, washout=30)
    monkeypatch.setattr("unrolled.rnn.closed_form.WINDOW", 7)
    rnn.fit_readout(parts, X, y, washout=30)
    np.testing.assert_allclose(parts.parameters["W_ho"], whole.parameters["W_ho"], rtol=1e-8, atol=1e-12)


def test_training_goes_on_from_it() -> None:
    rng = np.random.default_rng(3)
    X = rng.standard_normal((20, 30, 2))
    y = X.cumsum(1)[..., [0, 1, 0]]
    net = network()
    before = net.loss(X, y)
    rnn.fit_readout(net, X, y)
    fitted = net.loss(X, y)
    rnn.train(net, (X, y), optimizer=rnn.Adam(0.003), epochs=20, progress=False)
    assert net.loss(X, y) < fitted < before


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"ridge": -1}, "ridge is -1, expected a finite number from 0"),
        ({"washout": 5}, "after a washout of 5 of 5 steps nothing is asked"),
        ({"ridge": 0}, "ridge is 0.0, with which the states do not tell the weights"),
    ],
)
def test_what_cannot_be_fitted_is_said(how: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rnn.fit_readout(network(), np.zeros((1, 5, 2)), np.zeros((1, 5, 3)), **how)
    with pytest.raises(ValueError, match="expected a network with n_outputs and the head"):
        rnn.fit_readout(rnn.ManyToOne(rnn.Tanh(2), 2, 2), np.zeros((1, 5, 2)), [0], **how)


def test_spectral_radius() -> None:
    W = rnn.spectral_radius(0.9, density=0.2)((100, 100), np.random.default_rng(0))
    assert np.abs(np.linalg.eigvals(W)).max() == pytest.approx(0.9)
    assert (W != 0).mean() == pytest.approx(0.2, abs=0.02)
    with pytest.raises(ValueError, match="has no eigenvalue but 0"):
        rnn.spectral_radius(0.9, density=1e-9)((10, 10), np.random.default_rng(0))
    with pytest.raises(ValueError, match="density is 2"):
        rnn.spectral_radius(0.9, density=2)


def test_the_leaky_cell_keeps_the_whole_contract() -> None:
    check = rnn.check_cell(rnn.Leaky(5, leak=0.4))
    assert check.passed, str(check)
    tanh, leaky = (rnn.ManyToOne(cell, 2, 3, rng=0, dtype=np.float64) for cell in (rnn.Tanh(6), rnn.Leaky(6, leak=1.0)))
    X = np.random.default_rng(0).standard_normal((4, 30, 2))
    np.testing.assert_allclose(leaky.predict_proba(X), tanh.predict_proba(X), rtol=1e-13)
    assert "Leaky(hidden=6, leak=1.0)" in repr(leaky)
