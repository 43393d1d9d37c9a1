"""Cells, heads, truncation, optimizers, schedules and clipping against PyTorch's, in float64."""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest
from differences import relative_difference
from hypothesis import example, given, settings
from hypothesis import strategies as st

from unrolled import rnn

torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install 'unrolled[peers]')")

CELLS = ["tanh", "relu", "lstm", "gru"]
READOUTS: list[rnn.Readout] = [rnn.Last(), rnn.Mean(), rnn.Max(), rnn.MeanMax(), rnn.EveryStep()]
shapes = st.tuples(*(st.integers(1, n) for n in (9, 5, 4, 6)), st.integers(2, 5))  # T, m, D, H, C
seeds = st.integers(0, 2**32 - 1)


def ours(kind: str, H: int, layers: int, both: bool, D: int, C: int, **settings: Any) -> rnn.ManyToOne:
    cell: rnn.cells.Cell = {"tanh": rnn.Tanh, "relu": rnn.ReLU, "lstm": rnn.LSTM, "gru": rnn.GRU}[kind](H)
    return rnn.ManyToOne([rnn.Bidirectional(cell) if both else cell] * layers, D, C, dtype=np.float64, **settings)


class Theirs(NamedTuple):
    """A network of PyTorch's; ``names`` takes the names of our parameters' parts to its tensors."""

    recurrence: Any
    linear: Any
    biases: dict[str, tuple[Any, Any]]
    weights: dict[str, Any]


def theirs(
    kind: str,
    H: int,
    layers: int,
    both: bool,
    D: int,
    C: int,
    rng: np.random.Generator,
    readout: rnn.Readout = READOUTS[0],
) -> Theirs:
    """One with random weights, and biases of which neither is zero."""
    settings = {"num_layers": layers, "bidirectional": both, "batch_first": True, "dtype": torch.float64}
    if kind in ("tanh", "relu"):
        recurrence = torch.nn.RNN(D, H, nonlinearity=kind, **settings)
    else:
        recurrence = (torch.nn.LSTM if kind == "lstm" else torch.nn.GRU)(D, H, **settings)
    linear = torch.nn.Linear(readout.width(H * (1 + both)), C, dtype=torch.float64)
    with torch.no_grad():
        for tensor in (*recurrence.parameters(), *linear.parameters()):
            tensor.copy_(torch.from_numpy(rng.uniform(-0.6, 0.6, tuple(tensor.shape))))
    biases, weights = {}, {"W_ho": linear.weight, "b_o": linear.bias}
    for layer in range(layers):
        for way in ("", "_reverse") if both else ("",):
            mine, its = (f"_l{layer}" if layer else "") + way, f"_l{layer}{way}"
            biases[mine] = getattr(recurrence, "bias_ih" + its), getattr(recurrence, "bias_hh" + its)
            weights["W_ih" + mine] = getattr(recurrence, "weight_ih" + its)
            weights["W_hh" + mine] = getattr(recurrence, "weight_hh" + its)
    return Theirs(recurrence, linear, biases, weights)


def copy(peer: Theirs, net: rnn.ManyToOne) -> None:
    """Give our network the peer's parameters, as the docstrings of the cells say."""
    given = {name: tensor.detach().numpy().copy() for name, tensor in peer.weights.items()}
    for suffix, (b_ih, b_hh) in peer.biases.items():
        b, hidden = b_ih.detach().numpy().copy(), b_hh.detach().numpy()
        if "b_hn" + suffix in net.parameters:
            n = len(b) // 3 * 2
            given["b_hn" + suffix] = hidden[n:].copy()
            b[:n] += hidden[:n]
        else:
            b += hidden
        given["b_h" + suffix] = b
    assert set(given) == set(net.parameters)
    net.parameters.update(given)


def assert_gradients(gradients: dict[str, np.ndarray], peer: Theirs, tolerance: float = 1e-11) -> None:
    expected = {name: tensor.grad.numpy() for name, tensor in peer.weights.items()}
    for suffix, (b_ih, b_hh) in peer.biases.items():
        expected["b_h" + suffix] = b_ih.grad.numpy()
        if "b_hn" + suffix in gradients:
            expected["b_hn" + suffix] = b_hh.grad.numpy()[-len(gradients["b_hn" + suffix]) :]
    assert set(gradients) == set(expected)
    for name, gradient in gradients.items():
        assert relative_difference(gradient, expected[name]) <= tolerance, name


def read(readout: rnn.Readout, states: Any, last: Any, lengths: Any) -> tuple[Any, Any]:
    """Give what the head reads, (m, K, H), and its weights (m, K)."""
    if isinstance(readout, rnn.Last):
        return last[:, None], torch.ones(len(last), 1)
    there = (torch.arange(states.shape[1]) < lengths[:, None]).double() / lengths[:, None]
    if isinstance(readout, rnn.Mean | rnn.Max | rnn.MeanMax):
        mean = (there[:, :, None] * states).sum(1, keepdim=True)
        largest = states.masked_fill(there[:, :, None] == 0, -torch.inf).max(1, keepdim=True).values
        parts = {rnn.Mean: [mean], rnn.Max: [largest], rnn.MeanMax: [mean, largest]}[type(readout)]
        return torch.cat(parts, 2), torch.ones(len(last), 1)
    return states, there


def binary(logits: Any, y: Any, smoothing: float = 0.0) -> Any:
    """Equation (3) of each row of logits (m, K, C), with Y from 0 and 1 towards 1/2."""
    Y = torch.nn.functional.one_hot(y, logits.shape[-1]).double() * (1 - smoothing) + smoothing / 2
    rows = Y[:, None].expand(logits.shape)
    return torch.nn.functional.binary_cross_entropy_with_logits(logits, rows, reduction="none").sum(-1)


# ------------------------------------------------------------------------- cells


@pytest.mark.parametrize("ragged", [False, True], ids=["", "lengths"])
@pytest.mark.parametrize("both", [False, True], ids=["forwards", "both ways"])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", CELLS)
@settings(max_examples=6)
@given(shape=shapes, seed=seeds, readout=st.sampled_from(READOUTS))
@example(shape=(9, 5, 4, 6, 5), seed=0, readout=rnn.Last())
@example(shape=(8, 4, 3, 5, 3), seed=1, readout=rnn.EveryStep())
@example(shape=(8, 4, 3, 5, 3), seed=2, readout=rnn.MeanMax())
def test_states_loss_and_gradients(
    kind: str,
    layers: int,
    both: bool,
    ragged: bool,
    shape: tuple[int, int, int, int, int],
    seed: int,
    readout: rnn.Readout,
) -> None:
    T, m, D, H, C = shape
    rng = np.random.default_rng(seed)
    net, peer = ours(kind, H, layers, both, D, C, readout=readout), theirs(kind, H, layers, both, D, C, rng, readout)
    copy(peer, net)
    X, y = rng.standard_normal((m, T, D)), rng.integers(0, C, m)
    lengths = rng.integers(1, T + 1, m) if ragged else np.full(m, T)

    pack, pad = torch.nn.utils.rnn.pack_padded_sequence, torch.nn.utils.rnn.pad_packed_sequence
    if ragged:
        packed = pack(torch.from_numpy(X), torch.from_numpy(lengths), batch_first=True, enforce_sorted=False)
        out, end = peer.recurrence(packed)
        states, _ = pad(out, batch_first=True, total_length=T)
    else:
        states, end = peer.recurrence(torch.from_numpy(X))
    h = end[0] if kind == "lstm" else end
    last = torch.cat([*h[-2:]], dim=1) if both else h[-1]
    R, shares = read(readout, states, last, torch.from_numpy(lengths))
    their_loss = (shares * binary(peer.linear(R), torch.from_numpy(y))).sum() / m
    their_loss.backward()

    given = lengths if ragged else None
    assert relative_difference(net.forward(X, given).A[1:], states.detach().numpy().swapaxes(0, 1)) <= 1e-12
    loss, gradients = net.loss_and_gradients(X, y, given)
    assert loss == pytest.approx(their_loss.item(), rel=1e-12)
    assert_gradients(gradients, peer)


@pytest.mark.parametrize("kind", CELLS)
def test_a_hundred_and_fifty_steps(kind: str) -> None:
    rng = np.random.default_rng(0)
    net, peer = ours(kind, 20, 1, False, 3, 6), theirs(kind, 20, 1, False, 3, 6, rng)
    with torch.no_grad():  # a rectifier's states would grow without end
        peer.recurrence.weight_hh_l0.mul_(0.3)
    copy(peer, net)
    X, y = rng.standard_normal((10, 150, 3)), rng.integers(0, 6, 10)
    states, _ = peer.recurrence(torch.from_numpy(X))
    their_loss = binary(peer.linear(states[:, -1:]), torch.from_numpy(y)).sum() / 10
    their_loss.backward()
    loss, gradients = net.loss_and_gradients(X, y)
    assert loss == pytest.approx(their_loss.item(), rel=1e-12)
    assert_gradients(gradients, peer)


# -------------------------------------------------------------------- truncation


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", CELLS)
@settings(max_examples=6)
@given(shape=shapes, seed=seeds, window=st.integers(1, 10), readout=st.sampled_from(READOUTS), ragged=st.booleans())
@example(shape=(9, 5, 4, 6, 5), seed=0, window=4, readout=rnn.Last(), ragged=False)
@example(shape=(9, 5, 4, 6, 5), seed=1, window=2, readout=rnn.EveryStep(), ragged=True)
def test_truncation_is_detaching_the_states_between_windows(
    kind: str,
    layers: int,
    shape: tuple[int, int, int, int, int],
    seed: int,
    window: int,
    readout: rnn.Readout,
    ragged: bool,
) -> None:
    """Windows are counted from each sample's last step, so the first one may be shorter."""
    T, m, D, H, C = shape
    rng = np.random.default_rng(seed)
    net, peer = ours(kind, H, layers, False, D, C, readout=readout), theirs(kind, H, layers, False, D, C, rng, readout)
    copy(peer, net)
    X, y = rng.standard_normal((m, T, D)), rng.integers(0, C, m)
    lengths = rng.integers(1, T + 1, m) if ragged else np.full(m, T)

    their_loss = torch.zeros(())
    for n, L in enumerate(lengths.tolist()):
        state, parts, edges = None, [], [0, *range(L % window or window, L + 1, window)]
        for start, stop in pairwise(edges):
            out, end = peer.recurrence(torch.from_numpy(X[n : n + 1, start:stop]), state)
            state = tuple(part.detach() for part in end) if kind == "lstm" else end.detach()
            parts.append(out)
        states = torch.cat(parts, dim=1)
        R, shares = read(readout, states, states[:, -1], torch.tensor([L]))
        their_loss = their_loss + (shares * binary(peer.linear(R), torch.from_numpy(y[n : n + 1]))).sum() / m
    their_loss.backward()

    loss, gradients = net.loss_and_gradients(X, y, lengths if ragged else None, bptt_steps=window)
    assert loss == pytest.approx(their_loss.item(), rel=1e-12)
    assert_gradients(gradients, peer)


# ------------------------------------------------------------------------- heads


def at_the_head(head: rnn.Head, criterion: Any, seed: int, C: int = 4, m: int = 7) -> None:
    """Compare loss and gradients where the peer's loss is ``criterion(logits (m, C), y)``."""
    rng = np.random.default_rng(seed)
    net, peer = ours("gru", 5, 1, False, 2, C, head=head), theirs("gru", 5, 1, False, 2, C, rng)
    with torch.no_grad():
        peer.linear.weight.mul_(rng.uniform(0, 20))  # also confident, and wrong
    copy(peer, net)
    X, y = rng.standard_normal((m, 4, 2)), rng.integers(0, C, m)
    states, _ = peer.recurrence(torch.from_numpy(X))
    logits = peer.linear(states[:, -1])
    their_loss = criterion(logits, torch.from_numpy(y))
    their_loss.backward()
    loss, gradients = net.loss_and_gradients(X, y)
    assert loss == pytest.approx(their_loss.item(), rel=1e-12)
    assert_gradients(gradients, peer)
    assert net.evaluate(X, y)[0] == pytest.approx(loss, rel=1e-12)
    squash = torch.softmax(logits, -1) if isinstance(head, rnn.Softmax) else torch.sigmoid(logits)
    np.testing.assert_allclose(net.predict_proba(X), squash.detach().numpy(), rtol=1e-11)


class_weights = st.lists(st.floats(0.01, 10), min_size=4, max_size=4)
smoothings = st.floats(0, 0.99)


@settings(max_examples=15)
@given(seed=seeds, smoothing=smoothings, C=st.integers(2, 7))
def test_softmax_is_cross_entropy_with_label_smoothing(seed: int, smoothing: float, C: int) -> None:
    at_the_head(
        rnn.Softmax(label_smoothing=smoothing),
        lambda Z, y: torch.nn.functional.cross_entropy(Z, y, label_smoothing=smoothing),
        seed,
        C=C,
    )


@settings(max_examples=15)
@given(seed=seeds, weights=class_weights)
def test_class_weights_are_those_of_cross_entropy_but_for_the_divisor(seed: int, weights: list[float]) -> None:
    """PyTorch's mean divides by the sum of the weights; ours by the number of samples."""
    w = torch.tensor(weights, dtype=torch.float64)
    at_the_head(
        rnn.Softmax(class_weights=tuple(weights)),
        lambda Z, y: torch.nn.functional.cross_entropy(Z, y, weight=w, reduction="sum") / len(y),
        seed,
    )


@settings(max_examples=15)
@given(seed=seeds, weights=class_weights, smoothing=smoothings)
def test_with_both_a_sample_weighs_what_its_label_does(seed: int, weights: list[float], smoothing: float) -> None:
    """PyTorch's cross_entropy would weigh the smoothed share of each class by that class instead."""
    w = torch.tensor(weights, dtype=torch.float64)

    def smoothed(Z: Any, y: Any) -> Any:
        return torch.nn.functional.cross_entropy(Z, y, label_smoothing=smoothing, reduction="none")

    at_the_head(rnn.Softmax(tuple(weights), smoothing), lambda Z, y: (w[y] * smoothed(Z, y)).mean(), seed)
    at_the_head(
        rnn.Sigmoid(tuple(weights), smoothing),
        lambda Z, y: (w[y] * binary(Z[:, None], y, smoothing)[:, 0]).mean(),
        seed,
    )


# -------------------------------------------------------------------- optimizers


@pytest.mark.parametrize("scheduled", [False, True], ids=["", "scheduled"])
@pytest.mark.parametrize(
    ("optimizer", "peer"),
    [
        (rnn.SGD(0.05), lambda p: torch.optim.SGD(p, lr=0.05)),
        (rnn.SGD(0.05, momentum=0.9), lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9)),
        (
            rnn.SGD(0.05, momentum=0.8, nesterov=True),
            lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.8, nesterov=True),
        ),
        (rnn.RMSProp(), lambda p: torch.optim.RMSprop(p)),
        (rnn.RMSProp(0.02, 0.9, 1e-3), lambda p: torch.optim.RMSprop(p, lr=0.02, alpha=0.9, eps=1e-3)),
        (rnn.Adam(), lambda p: torch.optim.Adam(p)),
        (rnn.Adam(0.02, 0.5, 0.9, 1e-3), lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.5, 0.9), eps=1e-3)),
        (rnn.AdamW(), lambda p: torch.optim.AdamW(p)),
        (
            rnn.AdamW(0.02, 0.3, 0.5, 0.9, 1e-3),
            lambda p: torch.optim.AdamW(p, lr=0.02, weight_decay=0.3, betas=(0.5, 0.9), eps=1e-3),
        ),
    ],
    ids=lambda value: str(value) if hasattr(value, "update") else "",
)
def test_a_hundred_updates(optimizer: rnn.Optimizer, peer: Any, scheduled: bool) -> None:
    rng = np.random.default_rng(0)
    parameters = {"W": rng.standard_normal((4, 3)), "b": rng.standard_normal(4)}
    tensors = {name: torch.nn.Parameter(torch.from_numpy(W.copy())) for name, W in parameters.items()}
    its = peer(list(tensors.values()))
    rate, state = its.param_groups[0]["lr"], optimizer.start(parameters)
    for n in range(100):
        factor = 0.5 + np.cos(n) ** 2 if scheduled else 1.0
        gradients = {name: rng.standard_normal(W.shape) * 10 ** rng.uniform(-4, 2) for name, W in parameters.items()}
        optimizer.update(parameters, gradients, state, factor)
        its.param_groups[0]["lr"] = rate * factor
        for name, tensor in tensors.items():
            tensor.grad = torch.from_numpy(gradients[name])
        its.step()
        for name, tensor in tensors.items():
            assert relative_difference(parameters[name], tensor.detach().numpy()) <= 1e-12, (n, name)


# --------------------------------------------------------------------- schedules


def rates(make: Any, epochs: int, losses: list[float] | None = None) -> list[float]:
    """Give the peer's learning rate, from 1, in each epoch."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler, seen = make(optimizer), []
    for epoch in range(epochs):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step(*([] if losses is None else [losses[epoch]]))
    return seen


def warm_and_cosine(optimizer: Any) -> Any:
    of = torch.optim.lr_scheduler
    return of.ChainedScheduler([of.LinearLR(optimizer, 0.1, total_iters=7), of.CosineAnnealingLR(optimizer, 100)])


@pytest.mark.parametrize(
    ("schedule", "peer"),
    [
        (rnn.StepDecay(30), lambda o: torch.optim.lr_scheduler.StepLR(o, 30)),
        (rnn.StepDecay(7, 0.8), lambda o: torch.optim.lr_scheduler.StepLR(o, 7, 0.8)),
        (rnn.Cosine(99), lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 99)),
        (rnn.Cosine(100, 0.05), lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 100, eta_min=0.05)),
        (rnn.WarmUp(20, start=0.01), lambda o: torch.optim.lr_scheduler.LinearLR(o, 0.01, total_iters=20)),
        (rnn.WarmUp(7, rnn.Cosine(100), start=0.1), warm_and_cosine),
        (rnn.Constant(), lambda o: torch.optim.lr_scheduler.ConstantLR(o, 1.0)),
    ],
    ids=lambda value: str(value) if isinstance(value, rnn.StepDecay | rnn.Cosine | rnn.WarmUp | rnn.Constant) else "",
)
def test_a_hundred_epochs(schedule: rnn.Schedule, peer: Any) -> None:
    found = [schedule(float(epoch), rnn.History()) for epoch in range(100)]
    np.testing.assert_allclose(found, rates(peer, 100), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("validated", [False, True])
@settings(max_examples=15)
@given(
    seed=seeds,
    factor=st.floats(0.1, 0.9),
    patience=st.integers(0, 12),
    threshold=st.sampled_from([0.0, 1e-4, 0.05]),
    rate=st.sampled_from([0.0, 0.01, 0.1]),
)
def test_the_plateau_of_a_hundred_losses(
    validated: bool, seed: int, factor: float, patience: int, threshold: float, rate: float
) -> None:
    """A noisy loss that falls at some rate, down to a floor; some values come twice."""
    noise = np.random.default_rng(seed).normal(0, 0.05, 100)
    losses = np.round(np.exp(-rate * np.arange(100) + noise) + 0.1, 2).tolist()
    plateau = rnn.ReduceOnPlateau(factor, patience, threshold)
    found = []
    for epoch in range(100):
        if validated:
            history = rnn.History(loss=[1.0] * epoch, validation=rnn.Curve(loss=losses[:epoch]))
        else:
            history = rnn.History(loss=losses[:epoch])
        found.append(plateau(float(epoch), history))
    expected = rates(
        lambda o: torch.optim.lr_scheduler.ReduceLROnPlateau(
            o, factor=factor, patience=patience, threshold=threshold, eps=0
        ),
        100,
        losses,
    )
    np.testing.assert_allclose(found, expected, rtol=1e-12)


# ---------------------------------------------------------------------- clipping


@settings(max_examples=25)
@given(seed=seeds, limit=st.floats(1e-3, 1e3), size=st.floats(-3, 3))
def test_clipping(seed: int, limit: float, size: float) -> None:
    rng = np.random.default_rng(seed)
    drawn = {name: rng.standard_normal(shape) * 10**size for name, shape in (("W", (4, 3)), ("b", (5,)))}

    def both(clipping: rnn.Clipping, clip: Any) -> tuple[dict[str, np.ndarray], list[np.ndarray], Any]:
        mine = {name: g.copy() for name, g in drawn.items()}
        clipping.clip(mine, rnn.global_norm(mine))
        tensors = [torch.nn.Parameter(torch.zeros(g.shape)) for g in drawn.values()]
        for tensor, g in zip(tensors, drawn.values(), strict=True):
            tensor.data = tensor.data.double()
            tensor.grad = torch.from_numpy(g.copy())
        norm = clip(tensors, limit)
        return mine, [tensor.grad.numpy() for tensor in tensors], norm

    mine, its, norm = both(rnn.ClipNorm(limit), torch.nn.utils.clip_grad_norm_)
    assert rnn.global_norm(drawn) == pytest.approx(norm.item(), rel=1e-13)
    apart = min(1.0, limit / (norm.item() + 1e-6)) / min(1.0, limit / norm.item())  # PyTorch adds 1e-6 to the norm
    for mine_of, its_of in zip(mine.values(), its, strict=True):
        np.testing.assert_allclose(mine_of * apart, its_of, rtol=1e-12)
    mine, its, _ = both(rnn.ClipValue(limit), torch.nn.utils.clip_grad_value_)
    for mine_of, its_of in zip(mine.values(), its, strict=True):
        np.testing.assert_array_equal(mine_of, its_of)
