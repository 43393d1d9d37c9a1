"""Loss and gradients against torch.nn.RNN and autograd, with the same weights."""

import numpy as np
import pytest
from differences import relative_difference
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled import rnn

torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install 'unrolled[peers]')")


@settings(max_examples=25)
@given(
    T=st.sampled_from([1, 2, 3, 20, 150]),
    m=st.integers(1, 12),
    D=st.integers(1, 6),
    H=st.integers(1, 60),
    C=st.integers(2, 8),
    seed=st.integers(0, 2**32 - 1),
    initializer=st.sampled_from([rnn.uniform(-0.1, 0.1), rnn.xavier_normal]),
)
def test_loss_and_gradients_equal_autograds(
    T: int, m: int, D: int, H: int, C: int, seed: int, initializer: rnn.initializers.Initializer
) -> None:
    rng = np.random.default_rng(seed)
    net = rnn.ManyToOne(rnn.Tanh(H), D, C, initializer=initializer, rng=rng, dtype=np.float64)
    net.parameters["b_h"][...] = rng.normal(0, 0.1, H)
    X, y = rng.standard_normal((m, T, D)), rng.integers(0, C, m)
    loss, gradients = net.loss_and_gradients(X, y)

    theirs = torch.nn.RNN(D, H, batch_first=True, dtype=torch.float64)
    readout = torch.nn.Linear(H, C, dtype=torch.float64)
    names = {
        "W_ih": theirs.weight_ih_l0,
        "W_hh": theirs.weight_hh_l0,
        "b_h": theirs.bias_ih_l0,
        "W_ho": readout.weight,
        "b_o": readout.bias,
    }
    with torch.no_grad():
        theirs.bias_hh_l0.zero_()
        for name, tensor in names.items():
            tensor.copy_(torch.from_numpy(net.parameters[name]))
    logits = readout(theirs(torch.from_numpy(X))[0][:, -1])
    targets = torch.nn.functional.one_hot(torch.from_numpy(y), C).double()
    their_loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="sum") / m
    their_loss.backward()

    assert loss == pytest.approx(their_loss.item(), rel=1e-12)
    for name, tensor in names.items():
        assert relative_difference(gradients[name], tensor.grad.numpy()) <= 1e-12, name
