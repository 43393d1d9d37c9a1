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
    (TANH, "np.multiply(trace.A[1:], trace.A[1:]", "np.multiply(trace.A[:-1], trace.A[:-1]"),
    (TANH, "np.subtract(1, trace.delta", "np.add(1, trace.delta"),
    (TANH, "dA[...] = dA_T", "dA[...] = 2 * dA_T"),
    (TANH, "range(T - 1, -1, -1)", "range(T)"),
    (TANH, "range(T - 1, -1, -1)", "range(T - 1, 0, -1)"),
    (TANH, "if t % 16 == 0 and not np.count_nonzero(dA)", "if t % 2 == 0"),
    (TANH, "multiply(delta, dA, delta)", "pass"),
    (TANH, "delta.dot(W_hh, dA)", "delta.dot(W_hh.T, dA)"),
    (TANH, "delta.dot(W_hh, dA)", "delta.dot(-W_hh, dA)"),
    (TANH, "delta.dot(W_hh, dA)", "pass"),
    (TANH, "@ trace.rows[t:T]", "@ trace.rows[t + 1 :]"),
    (TANH, "@ trace.rows[t:T]", "@ trace.rows[t:T][::-1]"),
    (TANH, '"W_ih": dW[:, H:-1]', '"W_ih": -dW[:, H:-1]'),
    (TANH, '"W_hh": dW[:, :H]', '"W_hh": dW[:, :H].T'),
    (TANH, '"b_h": dW[:, -1]', '"b_h": dW[:, 0]'),
    (NETWORK, 'dA_T = dZ @ self.parameters["W_ho"]', 'dA_T = dZ @ abs(self.parameters["W_ho"])'),
    (NETWORK, 'gradients["W_ho"] = dZ.T @ trace.A[-1]', 'gradients["W_ho"] = dZ.T @ trace.A[-2]'),
    (NETWORK, 'gradients["b_o"] = dZ.sum(0)', 'gradients["b_o"] = dZ.mean(0)'),
    (LOSSES, "small, large = e / (1 + e), 1 / (1 + e)", "small, large = 1 / (1 + e), e / (1 + e)"),
    (LOSSES, "dZ = ((1 - Y) *", "dZ = (Y *"),
    (LOSSES, "- Y * np.where(negative, large, small)", "+ Y * np.where(negative, large, small)"),
    (LOSSES, "np.where(negative, large, small)) / m", "np.where(negative, large, small))"),
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
    assert np.max(rnn.check_gradients(net, X, y).worst) < 1e-6

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
