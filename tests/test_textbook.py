"""The textbook: its gradients against two numerical ones, and the fast cells against the textbook."""

import ast
import doctest
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from differences import relative_difference
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled import rnn, textbook
from unrolled.textbook import Array, Steps

CELLS: dict[str, Callable[[int], rnn.cells.Cell]] = {"tanh": rnn.Tanh, "lstm": rnn.LSTM, "gru": rnn.GRU}
shapes = st.fixed_dictionaries(
    {
        "m": st.integers(1, 5),
        "T": st.integers(1, 20),
        "D": st.integers(1, 4),
        "H": st.integers(1, 6),
        "C": st.integers(2, 6),
    }
)
seeds = st.integers(0, 2**32 - 1)


class Plain(NamedTuple):
    """What the textbook says of a network and a batch, with the library's names and shapes."""

    E: Any
    gradients: dict[str, Array]
    Y_hat: Array
    A: Array
    dA: Array
    delta: Array


def rows(steps: Steps) -> Array:
    """The arrays of a dict in the order of time, with rows as samples."""
    return np.stack([steps[t].T for t in sorted(steps)])


def report(p: dict[str, Array], X: Array, Y: Array) -> Plain:
    W, X_t = textbook.matrices(p), textbook.columns(X)
    A, Y_pred = textbook.forward(*W, X_t)
    dA = textbook.backward(*W, X_t, Y.T, A, Y_pred)[3]
    E, gradients = textbook.loss_and_gradients(p, X, Y)
    of_E = rows(dA) / len(Y)  # the report has its 1 / m with the weights
    return Plain(E, gradients, Y_pred.T, rows(A), of_E, of_E * (1 - rows(A)[1:] ** 2))


def gated(cell: str, p: dict[str, Array], X: Array, Y: Array) -> Plain:
    """An LSTM or a GRU below the report's equations (2), (3) and lines 1 and 2 of section 2.3."""
    forward, backward = {
        "lstm": (textbook.lstm_forward, textbook.lstm_backward),
        "gru": (textbook.gru_forward, textbook.gru_backward),
    }[cell]
    X_t, W_ho = textbook.columns(X), textbook.matrices(p)[2]
    states = forward(p, X_t)
    A_ext = textbook.extended(states["A"][len(X_t)])
    Y_pred = textbook.sigmoid(W_ho @ A_ext)
    dZ = (Y_pred - Y.T) / len(Y)
    gradients, dA, delta = backward(p, X_t, states, W_ho[:, :-1].T @ dZ)
    dW_ho = dZ @ A_ext.T
    gradients |= {"W_ho": dW_ho[:, :-1], "b_o": dW_ho[:, -1]}
    return Plain(textbook.loss(Y.T, Y_pred), gradients, Y_pred.T, rows(states["A"]), rows(dA)[1:], rows(delta))


def plain(cell: str, p: dict[str, Array], X: Array, Y: Array) -> Plain:
    return report(p, X, Y) if cell == "tanh" else gated(cell, p, X, Y)


def problem(
    cell: str, m: int, T: int, D: int, H: int, C: int, seed: int = 0
) -> tuple[rnn.ManyToOne, np.ndarray, np.ndarray]:
    """A float64 network with biases off zero, and a batch."""
    rng = np.random.default_rng(seed)
    net = rnn.ManyToOne(CELLS[cell](H), D, C, rng=rng, dtype=np.float64)
    for W in net.parameters.values():
        if W.ndim == 1:
            W += rng.normal(0, 0.3, W.shape)
    return net, rng.standard_normal((m, T, D)), rng.integers(0, C, m)


def assert_same(cell: str, net: rnn.ManyToOne, X: np.ndarray, y: np.ndarray) -> None:
    expected = plain(cell, net.parameters, X, np.eye(net.n_logits)[y])
    forward = net.forward(X)
    backward = net.backward(forward, y)
    loss, gradients = net.loss_and_gradients(X, y)
    assert loss == pytest.approx(expected.E, rel=1e-12)
    assert backward.loss == pytest.approx(expected.E, rel=1e-12)
    assert relative_difference(forward.Y_hat, expected.Y_hat) <= 1e-12
    assert forward.A.shape == expected.A.shape
    assert relative_difference(forward.A, expected.A) <= 1e-12
    assert backward.dA.shape == expected.dA.shape
    assert relative_difference(backward.dA, expected.dA) <= 1e-12
    assert backward.delta.shape == expected.delta.shape
    assert relative_difference(backward.delta, expected.delta) <= 1e-12
    assert set(gradients) == set(expected.gradients)
    for name, gradient in gradients.items():
        assert gradient.shape == expected.gradients[name].shape
        assert relative_difference(gradient, expected.gradients[name]) <= 1e-12, name
        assert relative_difference(backward.gradients[name], expected.gradients[name]) <= 1e-12, name


@pytest.mark.parametrize("cell", CELLS)
@settings(max_examples=40)
@given(shape=shapes, seed=seeds)
def test_the_fast_cells_equal_the_textbook(cell: str, shape: dict[str, int], seed: int) -> None:
    assert_same(cell, *problem(cell, **shape, seed=seed))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(("m", "H"), [(30, 50), (256, 30)])
def test_the_fast_cells_equal_the_textbook_at_the_reports_size(cell: str, m: int, H: int) -> None:
    assert_same(cell, *problem(cell, m=m, T=150, D=3, H=H, C=6))


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_gated_cells_in_float32_have_the_states_of_the_textbook(cell: str) -> None:
    net, X, _ = problem(cell, m=4, T=30, D=2, H=5, C=3)
    A = net.astype(np.float32).forward(X).A
    assert A.dtype == np.float32
    assert relative_difference(A, plain(cell, net.parameters, X, np.eye(3)[[0, 1, 2, 0]]).A) <= 1e-5


@pytest.mark.parametrize("cell", CELLS)
@settings(max_examples=3)
@given(shape=shapes, seed=seeds)
def test_the_textbooks_gradients(cell: str, shape: dict[str, int], seed: int) -> None:
    """Every entry, by the complex step and by central differences of fourth order."""
    net, X, y = problem(cell, **shape, seed=seed)
    Y = np.eye(net.n_logits)[y]
    gradients = plain(cell, net.parameters, X, Y).gradients
    largest = max(np.abs(gradient).max() for gradient in gradients.values())

    def moved(name: str, place: tuple[int, ...], step: complex) -> Any:
        W = net.parameters[name].astype(np.result_type(step, np.float64))
        W[place] += step
        return plain(cell, {**net.parameters, name: W}, X, Y).E

    for name, gradient in gradients.items():
        complex_step, central = np.empty_like(gradient), np.empty_like(gradient)
        for place in np.ndindex(gradient.shape):
            complex_step[place] = moved(name, place, 1e-30j).imag / 1e-30
            E = {k: moved(name, place, k * 1e-3) for k in (-2, -1, 1, 2)}
            central[place] = (8 * (E[1] - E[-1]) - (E[2] - E[-2])) / 12e-3
        scale = max(np.abs(gradient).max(), 1e-3 * largest)
        assert np.abs(gradient - complex_step).max() <= 1e-12 * scale, name
        assert np.abs(gradient - central).max() <= 1e-6 * scale, name


def test_an_update_is_a_step_down_the_gradient() -> None:
    net, X, y = problem("tanh", m=5, T=6, D=3, H=4, C=3)
    Y = np.eye(3)[y]
    E, gradients = textbook.loss_and_gradients(net.parameters, X, Y)
    updated = {name: textbook.update(W, gradients[name], 0.01) for name, W in net.parameters.items()}
    assert textbook.loss_and_gradients(updated, X, Y)[0] < E


def test_numpy_alone() -> None:
    tree = ast.parse(inspect.getsource(textbook))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert imported == {"typing", "numpy", "numpy.typing"}


def test_every_function_has_an_example() -> None:
    functions = {name for name, _ in inspect.getmembers(textbook, inspect.isfunction)}
    examples = doctest.DocTestFinder(exclude_empty=False).find(textbook)
    assert functions == {test.name.rpartition(".")[2] for test in examples if test.examples}
