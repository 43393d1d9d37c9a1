"""Attention over time, beside the same in PyTorch, whose autograd goes back."""

import numpy as np
import pytest

from unrolled import rnn

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("lengths", [None, (6, 1, 4)], ids=["", "lengths"])
def test_attention(lengths: tuple[int, ...] | None) -> None:
    rng = np.random.default_rng(0)
    net = rnn.ManyToOne(rnn.Tanh(4), 2, 3, readout=rnn.Attention(), head=rnn.Softmax(), rng=0, dtype=np.float64)
    net.parameters["w_a"][:] = rng.normal(size=4)
    X, y = rng.normal(size=(3, 6, 2)), np.array([2, 0, 1])
    loss, gradients = net.loss_and_gradients(X, y, lengths)

    W = {name: torch.tensor(array, requires_grad=True) for name, array in net.parameters.items()}
    A, states = torch.zeros(3, 4, dtype=torch.float64), []
    for t in range(6):
        A = torch.tanh(torch.from_numpy(X[:, t]) @ W["W_ih"].T + A @ W["W_hh"].T + W["b_h"])
        states.append(A)
    stacked = torch.stack(states, 1)
    there = torch.arange(6) < torch.tensor(lengths or (6, 6, 6))[:, None]
    a = torch.softmax((stacked @ W["w_a"]).masked_fill(~there, -torch.inf), 1)
    Z = (a[:, :, None] * stacked).sum(1) @ W["W_ho"].T + W["b_o"]
    E = torch.nn.functional.cross_entropy(Z, torch.from_numpy(y))
    E.backward()
    assert loss == pytest.approx(E.item(), rel=1e-12)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, W[name].grad.numpy(), rtol=1e-11, atol=1e-14, err_msg=name)
