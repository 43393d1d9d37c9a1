"""A deliberate fault in any one line of the backward pass is found by the gradient check."""

import importlib
import inspect
from types import ModuleType

import numpy as np
import pytest

from unrolled import rnn

TANH = "unrolled.rnn.cells.tanh"
NETWORK = "unrolled.rnn.network"
LOSSES = "unrolled.rnn.losses"

FAULTS = [
    (TANH, "delta = 1 - A[1:] ** 2", "delta = 1 - A[:-1] ** 2"),
    (TANH, "delta = 1 - A[1:] ** 2", "delta = 1 + A[1:] ** 2"),
    (TANH, "for t in range(T - 1, 0, -1):", "for t in range(T - 1, 1, -1):"),
    (TANH, "delta[t] *= dA[t]", "pass"),
    (TANH, "dA[t - 1] += delta[t] @ W_hh", "dA[t - 1] += delta[t] @ W_hh.T"),
    (TANH, "dA[t - 1] += delta[t] @ W_hh", "dA[t - 1] -= delta[t] @ W_hh"),
    (TANH, "dA[t - 1] += delta[t] @ W_hh", "pass"),
    (TANH, "delta[0] *= dA[0]", "pass"),
    (TANH, "rows @ X.reshape(T * m, -1)", "rows @ X[::-1].reshape(T * m, -1)"),
    (TANH, "rows @ A[:-1].reshape(T * m, H)", "rows @ A[1:].reshape(T * m, H)"),
    (TANH, "rows.sum(1)", "rows.mean(1)"),
    (NETWORK, 'dA[-1] = dZ @ self.parameters["W_ho"]', 'dA[0] = dZ @ self.parameters["W_ho"]'),
    (NETWORK, 'gradients["W_ho"] = dZ.T @ A[-1]', 'gradients["W_ho"] = dZ.T @ A[-2]'),
    (NETWORK, 'gradients["b_o"] = dZ.sum(0)', 'gradients["b_o"] = dZ.mean(0)'),
    (LOSSES, "((1 - Y) * sigmoid(Z) - Y * sigmoid(-Z)) / m", "((1 - Y) * sigmoid(Z) - Y * sigmoid(-Z))"),
    (LOSSES, "((1 - Y) * sigmoid(Z) - Y * sigmoid(-Z)) / m", "((1 - Y) * sigmoid(Z) - Y * sigmoid(Z)) / m"),
    (LOSSES, "((1 - Y) * sigmoid(Z) - Y * sigmoid(-Z)) / m", "((1 - Y) * sigmoid(Z) + Y * sigmoid(-Z)) / m"),
]


def with_fault(name: str, right: str, wrong: str) -> ModuleType:
    """The module of that name, compiled anew with one piece of one line replaced."""
    source = inspect.getsource(importlib.import_module(name))
    assert source.count(right) == 1, f"{name} no longer holds exactly one {right!r}: mend this list of faults"
    module = ModuleType(name)
    module.__dict__["__name__"] = name
    exec(compile(source.replace(right, wrong), name, "exec"), module.__dict__)
    return module


@pytest.mark.parametrize(("name", "right", "wrong"), FAULTS, ids=[wrong for _, _, wrong in FAULTS])
def test_fault_is_found(name: str, right: str, wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    net = rnn.ManyToOne(rnn.Tanh(4), 3, 3, rng=rng, dtype=np.float64)
    X, y = rng.standard_normal((2, 4, 3)), rng.integers(0, 3, 2)
    assert max(rnn.check_gradients(net, X, y).worst) < 1e-6

    faulty = with_fault(name, right, wrong)
    if name == TANH:
        monkeypatch.setattr(rnn.Tanh, "backward", faulty.Tanh.backward)
    elif name == NETWORK:
        monkeypatch.setattr(rnn.ManyToOne, "_backward", faulty.ManyToOne._backward)
    else:
        monkeypatch.setattr("unrolled.rnn.network.binary_cross_entropy", faulty.binary_cross_entropy)
    central, complex_step = rnn.check_gradients(net, X, y).worst
    assert central > 1e-3
    assert complex_step > 1e-3
