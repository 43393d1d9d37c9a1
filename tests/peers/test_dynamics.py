"""What the instruments compute against PyTorch: products with the Hessian, and Jacobians."""

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
