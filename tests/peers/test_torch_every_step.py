"""Targets at every step, states that are given, truncation with a detached state, and look-ups: as PyTorch has them."""

from typing import Any

import numpy as np
import pytest

from unrolled import rnn

torch = pytest.importorskip("torch")

N, T, D, H, C = 4, 9, 3, 5, 6
CELLS = {"tanh": (rnn.Tanh, torch.nn.RNN), "lstm": (rnn.LSTM, torch.nn.LSTM), "gru": (rnn.GRU, torch.nn.GRU)}
LOSSES: dict[str, Any] = {
    "cross-entropy": (rnn.Softmax(), lambda Z, y: torch.nn.functional.cross_entropy(Z, y, reduction="none")),
    "squared": (rnn.Linear(), lambda Z, y: ((Z - y) ** 2).mean(-1)),
    "absolute": (rnn.Linear(loss="absolute"), lambda Z, y: (Z - y).abs().mean(-1)),
    "huber": (
        rnn.Linear(loss="huber", delta=0.5),
        lambda Z, y: torch.nn.functional.huber_loss(Z, y, reduction="none", delta=0.5).mean(-1),
    ),
    "poisson": (
        rnn.Poisson(),
        lambda Z, y: torch.nn.functional.poisson_nll_loss(Z, y, reduction="none").mean(-1),
    ),
    "labels": (
        rnn.Sigmoid(multilabel=True),
        lambda Z, y: torch.nn.functional.binary_cross_entropy_with_logits(Z, y, reduction="none").sum(-1),
    ),
}


def modules(net: Any, kind: Any) -> tuple[Any, Any]:
    """Return PyTorch's layers with a network's parameters; of the two biases one is 0, but for the GRU's n."""
    recurrence = kind(D, H, batch_first=True, dtype=torch.float64)
    linear = torch.nn.Linear(H, net.n_logits, dtype=torch.float64)
    p = {name: torch.tensor(W) for name, W in net.parameters.items()}
    with torch.no_grad():
        recurrence.weight_ih_l0.copy_(p["W_ih"])
        recurrence.weight_hh_l0.copy_(p["W_hh"])
        recurrence.bias_ih_l0.copy_(p["b_h"])
        recurrence.bias_hh_l0.zero_()
        if "b_hn" in p:
            recurrence.bias_hh_l0[2 * H :] = p["b_hn"]
        linear.weight.copy_(p["W_ho"])
        linear.bias.copy_(p["b_o"])
    return recurrence, linear


def states(net: Any, rng: np.random.Generator) -> tuple[dict[str, np.ndarray], Any]:
    ours = {name: rng.standard_normal((N, H)) for name in net._state_shapes()}
    theirs = tuple(torch.tensor(A[None], requires_grad=True) for A in ours.values())
    return ours, theirs if len(theirs) == 2 else theirs[0]


def close(ours: Any, theirs: Any) -> None:
    theirs = theirs.detach().numpy()
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-13 * max(1.0, np.abs(theirs).max()))


def same_gradients(gradients: dict[str, np.ndarray], recurrence: Any, linear: Any) -> None:
    close(gradients["W_ih"], recurrence.weight_ih_l0.grad)
    close(gradients["W_hh"], recurrence.weight_hh_l0.grad)
    close(gradients["b_h"], recurrence.bias_ih_l0.grad)
    close(gradients["W_ho"], linear.weight.grad)
    close(gradients["b_o"], linear.bias.grad)


@pytest.mark.parametrize("lengths", [None, [9, 4, 1, 6]])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("cell", CELLS)
def test_targets_and_weights_at_every_step_from_a_given_state(cell: str, loss: str, lengths: Any) -> None:
    rng = np.random.default_rng(0)
    head, each = LOSSES[loss]
    outputs: dict[str, Any] = {"n_classes": C} if loss in ("cross-entropy", "labels") else {"n_outputs": 2}
    net = rnn.ManyToMany(CELLS[cell][0](H), D, **outputs, head=head, rng=1, dtype=np.float64)
    recurrence, linear = modules(net, CELLS[cell][1])
    X, w = rng.standard_normal((N, T, D)), rng.random((N, T))
    y = rng.integers(0, 2, (N, T, net.n_logits)).astype(float)
    if loss == "cross-entropy":
        y = rng.integers(0, C, (N, T))
    state, first = states(net, rng)
    X_torch = torch.tensor(X, requires_grad=True)
    n = lengths or [T] * N
    packed = torch.nn.utils.rnn.pack_padded_sequence(X_torch, torch.tensor(n), batch_first=True, enforce_sorted=False)
    A, end = recurrence(packed, first)
    A, _ = torch.nn.utils.rnn.pad_packed_sequence(A, batch_first=True, total_length=T)
    there = torch.tensor(np.arange(T) < np.array(n)[:, None])
    losses, weights = each(linear(A)[there], torch.tensor(y)[there]), torch.tensor(w)[there]
    total = (losses * weights).sum() / weights.sum()
    total.backward()
    forward = net.forward(X, lengths, state=state)
    backward = net.backward(forward, y, sample_weight=w)
    assert float(backward.loss) == pytest.approx(float(total.detach()), rel=1e-12)
    same_gradients(backward.gradients, recurrence, linear)
    close(backward.dX.swapaxes(0, 1), X_torch.grad)
    ends, firsts = (value if isinstance(value, tuple) else (value,) for value in (end, first))
    for name, last, begun in zip(state, ends, firsts, strict=True):
        close(forward.state[name], last[0])
        close(backward.dstate[name], begun.grad[0])


@pytest.mark.parametrize("cell", CELLS)
def test_a_stateful_training_detaches_its_state(cell: str) -> None:
    rng = np.random.default_rng(2)
    X, y = rng.standard_normal((N, 25, D)), rng.standard_normal((N, 25, 1))
    net = rnn.ManyToMany(CELLS[cell][0](H), D, n_outputs=1, rng=1, dtype=np.float64)
    recurrence, linear = modules(net, CELLS[cell][1])
    recurrence.bias_hh_l0.requires_grad_(cell == "gru")
    optimizer = torch.optim.SGD([*recurrence.parameters(), *linear.parameters()], lr=0.1)
    losses = []
    for _ in range(2):
        state, total = None, 0.0
        for begin in range(0, 25, 10):
            A, state = recurrence(torch.tensor(X[:, begin : begin + 10]), state)
            state = tuple(each.detach() for each in state) if isinstance(state, tuple) else state.detach()
            loss = ((linear(A) - torch.tensor(y[:, begin : begin + 10])) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            if cell == "gru":  # two biases of r and z, of which the network has the sum
                recurrence.bias_hh_l0.grad[: 2 * H] = 0
            optimizer.step()
            total += float(loss.detach()) * min(10, 25 - begin)
        losses.append(total / 25)
    history = rnn.train(
        net, (X, y), optimizer=rnn.SGD(0.1), stateful=True, bptt_steps=10, epochs=2, batch_size=N, progress=False
    )
    np.testing.assert_allclose(history.loss, losses, rtol=1e-12)
    close(net.parameters["W_hh"], recurrence.weight_hh_l0)
    close(net.parameters["b_h"], recurrence.bias_ih_l0)


@pytest.mark.parametrize("cell", CELLS)
def test_symbols_are_an_embedding(cell: str) -> None:
    rng = np.random.default_rng(3)
    net = rnn.ManyToMany(CELLS[cell][0](H), D, C, head=rnn.Softmax(), rng=1, dtype=np.float64)
    recurrence, linear = modules(net, CELLS[cell][1])
    one_hot = torch.nn.Embedding.from_pretrained(torch.eye(D, dtype=torch.float64))
    X, y = rng.integers(0, D, (N, T)), rng.integers(0, C, (N, T))
    A, _ = recurrence(one_hot(torch.tensor(X)))
    total = torch.nn.functional.cross_entropy(linear(A).reshape(-1, C), torch.tensor(y).reshape(-1))
    total.backward()
    loss, gradients = net.loss_and_gradients(X, y)
    assert loss == pytest.approx(float(total.detach()), rel=1e-12)
    same_gradients(gradients, recurrence, linear)
