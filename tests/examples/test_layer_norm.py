"""The LSTM with layer normalization is a cell like any other, and a training with it runs."""

import layer_norm
import numpy as np
import pytest
import unseen_windows as windows
from examples.test_unseen_people import made_up
from unseen_recipes import FULL

from unrolled import rnn


def test_its_gradients_are_right() -> None:
    check = rnn.check_cell(layer_norm.NormalizedLSTM(5))
    assert check.passed, check
    cells: list[rnn.cells.Cell] = [layer_norm.NormalizedLSTM(4), rnn.Bidirectional(layer_norm.NormalizedLSTM(3))]
    net = rnn.ManyToOne(cells, 3, 3, readout=rnn.MeanMax(), rng=0)
    X = np.random.default_rng(0).standard_normal((4, 12, 3))
    assert rnn.check_gradients(net, X, [0, 1, 2, 1], lengths=[12, 5, 12, 3], entries=20).worst[1] < 1e-12


def test_a_gate_s_sum_is_normalized_whatever_its_scale() -> None:
    net = rnn.ManyToOne(layer_norm.NormalizedLSTM(6), 3, 2, rng=0, dtype=np.float64)
    X = np.random.default_rng(0).standard_normal((2, 1, 3))
    forward = net.forward(X)
    for name in ("W_ih", "W_hh"):
        net.parameters[name] *= 1000
    np.testing.assert_allclose(net.forward(X).A, forward.A, atol=1e-3)


@pytest.mark.long
def test_people_held_out_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_norm, "EPOCHS", 1)
    training, held_out = windows.parts(made_up(), "fold 1", 0, 50)[0].split(0.5, by="person", rng=0)
    assert 0 <= layer_norm.accuracy(FULL, training, held_out, made_up().classes, 0) <= 1
