"""What the instruments compute against PyTorch: products with the Hessian, Jacobians, and fixed points."""

from typing import Any

import numpy as np
import pytest
from differences import relative_difference
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled import dynamics, rnn

torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install 'unrolled[peers]')")

CELLS = {"tanh": rnn.Tanh, "relu": rnn.ReLU, "lstm": rnn.LSTM, "gru": rnn.GRU}
seeds = st.integers(0, 2**32 - 1)


def network(kind: str, H: int, layers: int, both: bool, rng: np.random.Generator) -> rnn.ManyToOne:
    cell: Any = CELLS[kind](H)
    net = rnn.ManyToOne([rnn.Bidirectional(cell) if both else cell] * layers, 3, 4, dtype=np.float64)
    for W in net.parameters.values():
        W[...] = rng.uniform(-0.6, 0.6, W.shape)
    return net


def their_vector(v: dict[str, np.ndarray], module: Any, fixed: float = 0.0) -> list[Any]:
    """Our direction as one in each of the module's tensors; ``fixed`` is for the second biases, but for b_hn."""
    (recurrence,) = module.recurrences
    vectors = []
    for name, tensor in recurrence.named_parameters():
        part, _, its = name.partition("_l")
        number, _, way = its.partition("_")
        suffix = (f"_l{number}" if number != "0" else "") + ("_reverse" if way else "")
        if part == "bias_hh":
            given = np.full(tuple(tensor.shape), fixed)
            if "b_hn" + suffix in v:
                given[-len(v["b_hn" + suffix]) :] = v["b_hn" + suffix]
        else:
            given = v[{"weight_ih": "W_ih", "weight_hh": "W_hh", "bias_ih": "b_h"}[part] + suffix]
        vectors.append(torch.from_numpy(given))
    return [*vectors, torch.from_numpy(v["W_ho"]), torch.from_numpy(v["b_o"])]


@settings(max_examples=25, deadline=None)
@given(
    kind=st.sampled_from(list(CELLS)),
    T=st.sampled_from([1, 2, 7, 40]),
    H=st.integers(1, 6),
    layers=st.integers(1, 2),
    both=st.booleans(),
    seed=seeds,
)
def test_products_with_the_hessian_equal_a_double_backward(
    kind: str, T: int, H: int, layers: int, both: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    net = network(kind, H, layers, both, rng)
    X, y = rng.standard_normal((5, T, 3)), rng.integers(0, 4, 5)
    v = {name: rng.standard_normal(W.shape) for name, W in net.parameters.items()}
    ours = dynamics.hessian_vector_product(net, X, y, v)

    module = rnn.to_torch(net)
    tensors = [*module.recurrences[0].parameters(), module.linear.weight, module.linear.bias]
    targets = torch.nn.functional.one_hot(torch.from_numpy(y), 4).double()
    logits = module.logits(torch.from_numpy(X))
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="sum") / 5
    first = torch.autograd.grad(loss, tensors, create_graph=True)
    along = sum((g * d).sum() for g, d in zip(first, their_vector(v, module), strict=True))
    second = torch.autograd.grad(along, tensors)
    scale = max(float(np.abs(product).max()) for product in ours.values())
    for theirs, mine in zip(second, their_vector(ours, module, np.nan), strict=True):
        assert (mine.isnan() | ((theirs - mine).abs() <= 1e-10 * scale)).all(), mine.shape


@settings(max_examples=25, deadline=None)
@given(
    kind=st.sampled_from(list(CELLS)),
    T=st.sampled_from([1, 6]),
    H=st.integers(1, 6),
    layers=st.integers(1, 2),
    seed=seeds,
)
def test_jacobians_and_their_products_equal_autograds(kind: str, T: int, H: int, layers: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    net = network(kind, H, layers, False, rng)
    X = rng.standard_normal((2, T, 3))
    found = dynamics.jacobians(net, X)
    (recurrence,) = rnn.to_torch(net).recurrences

    def after(S: Any, x: Any) -> Any:
        """Their states after steps x (T, 3), from ours: layer by layer A and, of an LSTM, C."""
        parts = S.reshape(layers, -1, H)
        given = [parts[:, i : i + 1].contiguous() for i in range(parts.shape[1])]
        _, end = recurrence(x[None], tuple(given) if kind == "lstm" else given[0])
        ends = end if kind == "lstm" else (end,)
        return torch.stack([each[:, 0] for each in ends], dim=1).reshape(-1)

    for i in range(2):
        x = torch.from_numpy(X[i])
        S = torch.from_numpy(found.states[:, i].copy())
        for t in range(T):
            theirs = torch.autograd.functional.jacobian(lambda s, x=x, t=t: after(s, x[t : t + 1]), S[t])
            assert relative_difference(found.J[t, i], theirs.numpy()) <= 1e-11
        theirs = torch.autograd.functional.jacobian(lambda s, x=x: after(s, x), S[0])
        assert relative_difference(found.products().J[0, i], theirs.numpy()) <= 1e-10


def descended(their_step: Any, starts: np.ndarray, steps: int) -> np.ndarray:
    """Find fixed points as FixedPointFinder does (Golub and Sussillo 2018): Adam on q from all starts together."""
    S = torch.from_numpy(starts.copy()).requires_grad_()
    optimizer = torch.optim.Adam([S], 0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        optimizer.zero_grad()
        q = 0.5 * ((their_step(S) - S) ** 2).sum(1)
        q.sum().backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        q = 0.5 * ((their_step(S) - S) ** 2).sum(1)
    return np.asarray(S.detach().numpy()[(q < 1e-9).numpy()])


@pytest.mark.parametrize(("kind", "gain"), [("tanh", 2.0), ("gru", 4.0)])
def test_fixed_points_are_those_that_descent_on_autograds_gradient_finds(kind: str, gain: float) -> None:
    rng = np.random.default_rng(0)
    net = rnn.ManyToOne(CELLS[kind](4), 2, 2, dtype=np.float64, rng=0)
    for W in net.parameters.values():
        W[...] = rng.normal(0, 0.1, W.shape)
    net.parameters["W_hh"][-4:] += gain * np.eye(4)  # each unit holds a bit, and disturbs the others
    x, starts = rng.standard_normal(2), rng.uniform(-1, 1, (150, 4))
    (recurrence,) = rnn.to_torch(net).recurrences
    given = torch.from_numpy(x)

    def after(S: Any) -> Any:
        return recurrence(given.expand(len(S), 1, 2).contiguous(), S[None])[1][0]

    theirs = descended(after, starts, 1500)
    found = dynamics.fixed_points(net, x, rng.uniform(-1, 1, (3000, 4)))  # of 3^4 each search finds some
    assert len(theirs) > 100
    distances = np.linalg.norm(theirs[:, None] - found.states[found.is_fixed], axis=2)
    assert distances.min(1).max() < 1e-3  # what they find, ours has too
    nearest = set(distances.argmin(1).tolist())
    assert len(nearest) > 20
    for k in nearest:
        S = torch.from_numpy(found.states[found.is_fixed][k].copy())
        J = torch.autograd.functional.jacobian(lambda s: after(s[None])[0], S).numpy()
        ours = np.sort_complex(found.eigenvalues[found.is_fixed][k])
        np.testing.assert_allclose(ours, np.sort_complex(np.linalg.eigvals(J)), atol=1e-8)
