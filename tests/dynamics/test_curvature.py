from typing import Any

import numpy as np
import pytest
from differences import relative_difference

from unrolled import dynamics, rnn

CELLS: list[Any] = [
    rnn.Tanh(4),
    rnn.ReLU(4),
    rnn.LSTM(3),
    rnn.GRU(3),
    rnn.Bidirectional(rnn.GRU(2)),
    [rnn.Tanh(3), rnn.LSTM(2)],
]


def batch(seed: int = 0, m: int = 6, T: int = 9, C: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((m, T, 2)), rng.integers(0, C, m)


def network(cell: Any, dtype: Any = np.float64, **how: Any) -> rnn.ManyToOne:
    net = rnn.ManyToOne(cell, 2, 3, rng=1, dtype=dtype, **how)
    rng = np.random.default_rng(2)
    for name, b in net.parameters.items():
        if b.ndim == 1:  # biases of their own, so that no column of the Hessian is one of another
            net.parameters[name][...] += rng.normal(0, 0.3, b.shape)
    return net


def by_differences(net: rnn.ManyToOne, X: np.ndarray, y: np.ndarray, v: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Fourth-order central differences of the gradient along v."""
    h = 1e-3 / np.sqrt(sum((d**2).sum() for d in v.values()))

    def gradient(step: float) -> dict[str, np.ndarray]:
        moved = {name: W + step * v[name] for name, W in net.parameters.items()}
        return net.with_parameters(moved).loss_and_gradients(X, y)[1]

    g = [gradient(step) for step in (-2 * h, -h, h, 2 * h)]
    return {name: (8 * (g[2][name] - g[1][name]) - (g[3][name] - g[0][name])) / (12 * h) for name in v}


@pytest.mark.parametrize("cell", CELLS, ids=str)
@pytest.mark.parametrize("head", [rnn.Sigmoid(), rnn.Softmax(label_smoothing=0.1, class_weights=(1, 2, 3))], ids=str)
def test_products_equal_differences_of_gradients(cell: Any, head: Any) -> None:
    net = network(cell, head=head, readout=rnn.Mean())
    X, y = batch()
    rng = np.random.default_rng(3)
    v = {name: rng.standard_normal(W.shape) for name, W in net.parameters.items()}
    ours = dynamics.hessian_vector_product(net, X, y, v)
    theirs = by_differences(net, X, y, v)
    scale = max(np.abs(g).max() for g in theirs.values())
    assert list(ours) == list(net.parameters)
    for name, product in ours.items():
        assert np.abs(product - theirs[name]).max() < 1e-8 * scale, name


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_the_hessian_is_symmetric_and_its_products_are_linear(cell: Any) -> None:
    H = dynamics.Hessian(network(cell), *batch()).dense()
    assert relative_difference(H, H.T) < 1e-13
    v = np.random.default_rng(0).standard_normal(len(H))
    for scale in (1e-200, 1.0, 1e200):
        assert relative_difference(dynamics.Hessian(network(cell), *batch()) @ (scale * v), H @ v * scale) < 1e-12
    assert not (dynamics.Hessian(network(cell), *batch()) @ np.zeros(len(H))).any()


def test_lengths_are_those_of_the_loss() -> None:
    net, (X, y), lengths = network(rnn.GRU(3)), batch(), [9, 4, 9, 1, 5, 2]
    H = dynamics.Hessian(net, X, y, lengths).dense()
    X[1, 4:] = 7.0  # padding is not read
    assert (dynamics.Hessian(net, X, y, lengths).dense() == H).all()
    assert relative_difference(dynamics.Hessian(net, X, y).dense(), H) > 1e-2


@pytest.mark.parametrize("cell", [rnn.Tanh(7), rnn.LSTM(4), [rnn.GRU(3), rnn.Tanh(4)]], ids=str)
def test_eigenvalues_are_those_of_the_dense_hessian(cell: Any) -> None:
    net, (X, y) = network(cell), batch()
    H = dynamics.Hessian(net, X, y).dense()
    values, vectors = np.linalg.eigh((H + H.T) / 2)
    assert len(H) > 60  # so that it is Lanczos that answers
    found = dynamics.curvature(net, X, y, k=3, probes=400, tolerance=1e-8)
    assert relative_difference(found.largest, values[::-1][:3]) < 1e-8
    assert relative_difference(found.smallest, values[:3]) < 1e-8
    assert abs(found.largest_vectors[0] @ vectors[:, -1]) == pytest.approx(1, abs=1e-8)
    assert abs(found.smallest_vectors[0] @ vectors[:, 0]) == pytest.approx(1, abs=1e-8)
    assert found.trace == pytest.approx(np.trace(H), abs=4 * found.trace_error)
    assert found.trace_error < 0.5 * abs(values).sum()
    assert found.sharpness == pytest.approx(values[-1])
    assert found.stable_learning_rate == pytest.approx(2 / values[-1])
    top = dynamics.hessian_vector_product(net, X, y, found.direction())
    for name, product in top.items():
        assert np.abs(product - values[-1] * found.direction()[name]).max() < 1e-6 * values[-1], name


def test_small_networks_have_their_whole_hessian_taken() -> None:
    net, (X, y) = network(rnn.Tanh(3)), batch()
    H = dynamics.Hessian(net, X, y).dense()
    found = dynamics.curvature(net, X, y, k=len(H) // 2, smallest=False)
    assert relative_difference(found.largest, np.linalg.eigvalsh(H)[::-1][: len(H) // 2]) < 1e-12
    assert found.products == len(H)
    assert found.smallest.shape == (0,)
    assert np.isnan(found.trace)


def test_the_same_generator_has_the_same_result_and_the_network_is_not_changed() -> None:
    net, (X, y) = network(rnn.LSTM(4), np.float32), batch()
    before = {name: W.copy() for name, W in net.parameters.items()}
    first, second = (dynamics.curvature(net, X, y, k=2, probes=3, rng=5) for _ in range(2))
    assert (first.largest == second.largest).all()
    assert first.trace == second.trace
    assert net.dtype == np.float32
    assert all((net.parameters[name] == W).all() for name, W in before.items())


def test_a_descent_at_more_than_two_by_sharpness_leaves_and_below_it_stays() -> None:
    """The claim for which 2 / sharpness is printed: near a minimum, along the first eigenvector."""
    X, y = batch(m=12)
    net = network(rnn.Tanh(3))
    state = {name: np.zeros_like(W) for name, W in net.parameters.items()}
    for _ in range(3000):  # to near a minimum of a loss that has one: the labels are smoothed
        _, gradients = net.loss_and_gradients(X, y)
        for name, g in gradients.items():
            state[name] = 0.9 * state[name] - 0.05 * (g + 0.05 * net.parameters[name])
            net.parameters[name] += state[name]

    found = dynamics.curvature(net, X, y)
    top = found.direction()

    def grown(rate: float) -> float:
        """By how much a small step along the first eigenvector is multiplied in one step of descent."""
        step = 1e-5
        there = {name: W + step * top[name] for name, W in net.parameters.items()}
        g, g0 = (net.with_parameters(w).loss_and_gradients(X, y)[1] for w in (there, net.parameters))
        after = {name: step * top[name] - rate * (g[name] - g0[name]) for name in top}
        return float(np.sqrt(sum((a**2).sum() for a in after.values()))) / step

    assert grown(0.9 * found.stable_learning_rate) < 1
    assert grown(1.1 * found.stable_learning_rate) > 1


def test_a_table_is_printed() -> None:
    text = str(dynamics.curvature(network(rnn.Tanh(4)), *batch(), k=2, probes=4))
    for words in ("largest eigenvalues", "smallest", "trace", "gradient norm", "2 / largest", "products"):
        assert words in text
    assert "trace" not in str(dynamics.curvature(network(rnn.Tanh(4)), *batch(), smallest=False))


def test_bad_input_is_stopped_at_the_door() -> None:
    net, (X, y) = network(rnn.Tanh(4)), batch()
    n = dynamics.Hessian(net, X, y).shape[0]
    cases: list[tuple[Any, str]] = [
        (lambda: dynamics.hessian_vector_product(net, X, y, np.ones(3)), rf"v has shape \(3,\), expected \({n},\)"),
        (lambda: dynamics.hessian_vector_product(net, X, y, {"W": np.ones(3)}), "v has the names W, expected W_ih"),
        (
            lambda: dynamics.hessian_vector_product(net, X, y, {**net.parameters, "b_o": np.ones(2)}),
            r"v\['b_o'\] has shape \(2,\), expected \(3,\)",
        ),
        (lambda: dynamics.hessian_vector_product(net, X, y, np.full(n, np.nan)), "v holds a number that is not finite"),
        (lambda: dynamics.hessian_vector_product("net", X, y, np.ones(n)), "net is 'net', expected a network"),  # type: ignore[arg-type]
        (lambda: dynamics.curvature(net.astype(np.complex128), X, y), "net is complex128, expected float32"),
        (lambda: dynamics.curvature(net, X, y, k=n), f"k is {n}, expected a whole number from 1 to {n // 2}"),
        (lambda: dynamics.curvature(net, X, y, tolerance=0), "tolerance is 0"),
        (lambda: dynamics.curvature(net, X, [9] * 6), "y holds"),
    ]
    for call, message in cases:
        with pytest.raises(ValueError, match=message):
            call()


def test_blocks_of_samples_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    net, (X, y), lengths = network(rnn.GRU(3), head=rnn.Softmax(class_weights=(1, 2, 3))), batch(), [9, 4, 9, 1, 5, 2]
    whole = dynamics.Hessian(net, X, y, lengths)
    v = np.random.default_rng(0).standard_normal(whole.shape[0])
    product, gradient = whole @ v, whole.gradient()
    monkeypatch.setattr("unrolled.dynamics.hessian.BLOCK", 4)
    in_blocks = dynamics.Hessian(net, X, np.eye(3)[y], lengths)
    assert relative_difference(in_blocks @ v, product) < 1e-13
    assert relative_difference(in_blocks.gradient(), gradient) < 1e-13
