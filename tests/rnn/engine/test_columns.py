"""Empty columns beside a batch's samples change nothing that anybody sees."""

from typing import Any

import numpy as np
import pytest

from unrolled import rnn
from unrolled.rnn.engine import products

T, D, C = 40, 2, 3
CELLS = [rnn.LSTM(4), rnn.GRU(4), rnn.Bidirectional(rnn.LSTM(3))]


def everything(net: Any, X: Any, y: Any, lengths: Any, masks: Any, state: Any) -> dict[str, Any]:
    """Return what a network computes of a batch."""
    forward = net.forward(X, lengths, state=state)
    backward = net.backward(forward, y)
    loss, gradients = net.loss_and_gradients(X, y, lengths, masks=masks, state=state)
    found = {"A": forward.A, "X": forward.X, "logits": forward.logits, "loss": loss, **gradients}
    found |= {f"state {name}": A for name, A in forward.state.items()}
    found |= {f"dstate {name}": dA for name, dA in backward.dstate.items()}
    found |= {name: getattr(backward, name) for name in ("dA", "delta", "dX")}
    found["predicted"] = net.predict_proba(X, lengths, state=state)
    if all(cell.causal for cell in net.cells):
        found["truncated"] = net.loss_and_gradients(X, y, lengths, bptt_steps=7)[1]["W_hh"]
        found["streamed"] = np.stack([net.stream(len(X), state=state).feed(X[:, 0])])
    return found


@pytest.mark.parametrize("cell", CELLS, ids=str)
@pytest.mark.parametrize("lengths", [None, "different"])
@pytest.mark.parametrize("m", [15, 31])
def test_a_padded_batch_is_as_one_that_is_not(cell: Any, lengths: Any, m: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(m)
    net = rnn.ManyToOne([cell, rnn.GRU(3)], D, C, readout=rnn.Mean(), rng=0, dtype=np.float64)
    X, y = rng.standard_normal((m, T, D)), rng.integers(0, C, m)
    lengths = None if lengths is None else np.where(rng.random(m) < 0.2, rng.integers(1, T, m), T)
    masks = rnn.Dropout(0.3, 0.3, 0.3).draw(m, net.widths, rng)
    state = {name: rng.standard_normal(A.shape) for name, A in net.forward(X).state.items()}
    assert products.padded(m, 8) > m
    with_empty = everything(net, X, y, lengths, masks, state)
    monkeypatch.setattr(products, "SPARE", 1000)
    assert products.padded(m, 8) == m
    without = everything(net, X, y, lengths, masks, state)
    for name, wanted in without.items():
        np.testing.assert_allclose(with_empty[name], wanted, rtol=1e-11, atol=1e-15, err_msg=name)


@pytest.mark.parametrize("cell", [rnn.LSTM(4), rnn.GRU(4)], ids=str)
def test_of_symbols_too(cell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    net = rnn.ManyToMany(cell, D, C, rng=0, dtype=np.float64)
    X, y = rng.integers(0, D, (15, T)), rng.integers(0, C, (15, T))
    with_empty, rows = net.loss_and_gradients(X, y)[1], net.forward(X).X
    monkeypatch.setattr(products, "SPARE", 1000)
    for name, wanted in net.loss_and_gradients(X, y)[1].items():
        np.testing.assert_allclose(with_empty[name], wanted, rtol=1e-11, atol=1e-15, err_msg=name)
    np.testing.assert_array_equal(rows, net.forward(X).X)


def test_a_delta_that_was_not_kept_says_so() -> None:
    net = rnn.ManyToOne(rnn.LSTM(4), D, C, rng=0)
    X, y = np.zeros((3, T, D)), [0, 1, 2]
    forward = net.forward(X)
    with pytest.raises(ValueError, match="delta was not kept, expected a backward pass that records, or wants dX"):
        _ = forward.traces[0].delta
    net.backward(forward, y)
    assert forward.traces[0].delta.shape == (T, 3, 16)
