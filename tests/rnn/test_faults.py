"""A deliberate fault in any one line of the backward pass is found by the gradient check."""

import importlib
import inspect
from types import ModuleType

import numpy as np
import pytest

from unrolled import rnn
from unrolled.rnn.engine import columns
from unrolled.rnn.engine import rows as trace

CELLS = "unrolled.rnn.cells."
TANH, LSTM, GRU, BOTH = CELLS + "tanh", CELLS + "lstm", CELLS + "gru", CELLS + "bidirectional"
COLUMNS, TRACE = "unrolled.rnn.engine.columns", "unrolled.rnn.engine.rows"
NETWORK, LAYERS, LOSSES = "unrolled.rnn.network", "unrolled.rnn.cells.stack", "unrolled.rnn.output.losses"

FAULTS = [
    (TANH, "np.multiply(A, A, out=out)", "np.multiply(A, 2, out=out)"),
    (TANH, "np.subtract(1, out, out=out)", "np.add(1, out, out=out)"),
    (TANH, "back[...] = 0 if dA_T is None else dA_T", "back[...] = 0 if dA_T is None else 2 * dA_T"),
    (TANH, "back += dA[t]", "pass"),
    (TANH, "in trace.back()", "in list(trace.back())[::-1]"),
    (TANH, "multiply(delta, active, delta)", "pass"),
    (TANH, "delta.dot(W_hh, active)", "delta.dot(W_hh.T, active)"),
    (TANH, "delta.dot(W_hh, active)", "delta.dot(-W_hh, active)"),
    (TANH, "delta.dot(W_hh, active)", "pass"),
    (TANH, "trace.rest(deltas, few)", "pass"),
    (TANH, "dW_hh += rows", "dW_hh = rows"),
    (TANH, "dot(trace.seen[:-1][few]", "dot(trace.seen[1:][few]"),
    (TANH, "dot(trace.seen[:-1][few]", "dot(trace.seen[:-1][few][::-1]"),
    (TANH, "dW_x += trace.inputs[few]", "dW_x = trace.inputs[few]"),
    (TANH, "dW_x += trace.inputs[few]", "dW_x += trace.inputs[few][::-1]"),
    (TANH, "round_tiny(back)", "back[...] = 0"),
    (TANH, "if dA is None and not np.count_nonzero(back)", "if True"),
    (TANH, '"W_ih": dW_x[:-1].T', '"W_ih": -dW_x[:-1].T'),
    (TANH, '"W_hh": dW_hh', '"W_hh": dW_hh.T'),
    (TANH, '"b_h": dW_x[-1]', '"b_h": dW_x[0]'),
    (TRACE, "zip(reversed(range(T)[few])", "zip(range(T)[few]"),
    (TRACE, "each[here][::-1]", "each[here]"),
    (TRACE, "array[start - few.start : stop - few.start, n:] = 0", "pass"),
    (TRACE, "zip(reversed(range(start, stop))", "zip(range(start, stop)"),
    (TRACE, "in reversed(self._runs(few))", "in self._runs(few)"),
    (TRACE, "zip(reversed(range(start, stop)), delta[::-1]", "zip(reversed(range(start, stop)), delta"),
    (TRACE, "deltas[start - few.start : stop - few.start, :n]", "deltas[: stop - start, :n]"),
    (TANH, 'trace.delta @ parameters["W_ih"]', 'trace.delta @ abs(parameters["W_ih"])'),
    (LSTM, '_inside(parameters["W_hh"], H).T', 'parameters["W_hh"].T'),
    (LSTM, "np.add(back, above[t - few.start], back)", "pass"),
    (LSTM, "np.multiply(back, A, d_o)", "np.multiply(back, o, d_o)"),
    (LSTM, "np.multiply(back, o, step)", "np.multiply(back, i, step)"),
    (LSTM, "np.add(dc, step, dc)", "dc[...] = step"),
    (LSTM, "np.multiply(d_o, tanh_c, step)", "pass"),
    (LSTM, "np.subtract(dc, step, dc)", "np.add(dc, step, dc)"),
    (LSTM, "np.multiply(dc, i, step)", "np.multiply(dc, f, step)"),
    (LSTM, "np.multiply(step, g, d_i)", "d_i[...] = step"),
    (LSTM, "np.multiply(d_i, g, d_g)", "np.multiply(d_i, i, d_g)"),
    (LSTM, "np.subtract(step, d_g, d_g)", "np.add(step, d_g, d_g)"),
    (LSTM, "np.multiply(dc, f, dc)", "pass"),
    (LSTM, "np.multiply(dc, c_before, d_f)", "np.multiply(dc, tanh_c, d_f)"),
    (LSTM, "np.subtract(one, oif, rest)", "np.add(one, oif, rest)"),
    (LSTM, "np.multiply(d_oif, rest, d_oif)", "pass"),
    (LSTM, "W_hh.dot(delta, back)", "pass"),
    (LSTM, "dW = np.roll(dW, -H, axis=0)", "dW = np.roll(dW, H, axis=0)"),
    (LSTM, '_inside(parameters["W_ih"], self.hidden))', 'parameters["W_ih"])'),
    (GRU, 'np.ascontiguousarray(parameters["W_hh"].T)', 'np.ascontiguousarray(abs(parameters["W_hh"].T))'),
    (GRU, "np.add(back, above[t - few.start], back)", "pass"),
    (GRU, "np.subtract(one, rz, rest)", "np.add(one, rz, rest)"),
    (GRU, "np.multiply(back, not_z, step)", "np.multiply(back, not_r, step)"),
    (GRU, "np.multiply(n, n, d_n)", "np.multiply(n, z, d_n)"),
    (GRU, "np.multiply(step, d_n, d_n)", "pass"),
    (GRU, "np.subtract(step, d_n, d_n)", "np.add(step, d_n, d_n)"),
    (GRU, "np.subtract(A_before, n, d_z)", "np.add(A_before, n, d_z)"),
    (GRU, "np.multiply(d_z, z, d_z)", "pass"),
    (GRU, "np.multiply(d_z, step, d_z)", "pass"),
    (GRU, "np.multiply(d_n, r, d_h)", "np.multiply(d_n, z, d_h)"),
    (GRU, "np.multiply(d_h, h, d_r)", "np.multiply(d_h, n, d_r)"),
    (GRU, "np.multiply(d_r, not_r, d_r)", "pass"),
    (GRU, "np.multiply(back, z, back)", "pass"),
    (GRU, "W_hh.dot(delta_rzh, step)", "step[...] = 0"),
    (GRU, "np.add(back, step, back)", "back[...] = step"),
    (GRU, "dW[: 2 * H, H:-1], dW_n[:, :-1]", "dW[: 2 * H, H:-1], dW[2 * H :, H:-1]"),
    (GRU, "dW[: 2 * H, -1], dW_n[:, -1]", "dW[: 2 * H, -1], dW[2 * H :, -1]"),
    (GRU, '"b_hn": dW[2 * H :, -1]', '"b_hn": dW_n[:, -1]'),
    (GRU, "trace.delta[..., 3 * H :] @ W[2 * H :]", "trace.delta[..., 2 * H : 3 * H] @ W[2 * H :]"),
    (COLUMNS, "all_samples[...] = end.T", "all_samples[...] = 2 * end.T"),
    (COLUMNS, "in reversed(self.runs)", "in self.runs"),
    (COLUMNS, "in reversed(run.few)", "in run.few"),
    (COLUMNS, "all_samples[:, : run.k] = gradient", "all_samples[:, : run.k] = 0"),
    (COLUMNS, "np.asarray(a.dot(b.T))", "np.asarray(-a.dot(b.T))"),
    (COLUMNS, "total: Array = a[0].dot(b[0].T)", "total = -a[0].dot(b[0].T)"),
    (COLUMNS, "delta_t.dot(column_t.T)", "-delta_t.dot(column_t.T)"),
    (BOTH, "(dA[..., :H], dA[::-1, :, H:])", "(dA[..., :H], dA[..., H:])"),
    (BOTH, "(dA_T[:, :H], dA_T[:, H:])", "(dA_T[:, :H], dA_T[:, :H])"),
    (BOTH, "self.cell.dX(back, trace.backwards)[::-1]", "self.cell.dX(back, trace.backwards)"),
    (LAYERS, "through(cell.dX(own[n], trace), masks, n)", "through(cell.dX(own[n], trace), None, n)"),
    (NETWORK, 'dR = through(dZ @ self.parameters["W_ho"]', 'dR = through(dZ @ abs(self.parameters["W_ho"])'),
    (NETWORK, "dZ.reshape(-1, C).T @ reading.R.reshape(-1, H)", "dZ.reshape(-1, C).T @ -reading.R.reshape(-1, H)"),
    (NETWORK, "dZ.sum((0, 1))", "dZ.mean((0, 1))"),
    (LOSSES, "small, large = e / (1 + e), 1 / (1 + e)", "small, large = 1 / (1 + e), e / (1 + e)"),
    (LOSSES, "dZ = w * ((1 - Y) *", "dZ = w * (Y *"),
    (LOSSES, "dZ = w * (", "dZ = ("),
    (LOSSES, "- Y * np.where(negative, large, small)", "+ Y * np.where(negative, large, small)"),
    (LOSSES, "(1 - Y) * (e / total)", "Y * (e / total)"),
    (LOSSES, "- Y * (others / total)", "+ Y * (others / total)"),
]


def with_fault(name: str, right: str, wrong: str) -> ModuleType:
    """The module of that name, compiled anew with one piece of one line replaced."""
    source = inspect.getsource(importlib.import_module(name))
    assert source.count(right) == 1, f"{name} no longer holds exactly one {right!r}: mend this list of faults"
    module = ModuleType(name)
    module.__dict__["__name__"] = name
    exec(compile(source.replace(right, wrong), name, "exec"), module.__dict__)
    return module


def worst(module: str) -> float:
    """The worst error of the networks that use every line of a module's way back."""
    rng = np.random.default_rng(0)
    cells_of: dict[str, rnn.cells.Cell] = {LSTM: rnn.LSTM(3), GRU: rnn.GRU(3), BOTH: rnn.Bidirectional(rnn.GRU(3))}
    cells_of[COLUMNS] = rnn.LSTM(3)
    cell = cells_of.get(module, rnn.Tanh(4))
    many = 9 if module == COLUMNS else 4  # more samples than rows, and fewer
    ragged = {COLUMNS: [4] * 8 + [3], TANH: [4, 4, 3, 1], TRACE: [4, 4, 3, 1]}.get(module)
    errors = []
    for m, cells, readout, head, lengths in (
        (many, [cell], rnn.Last(), rnn.Sigmoid(), ragged),
        (many, [cell], rnn.EveryStep(), rnn.Sigmoid(), ragged),
        (2, [cell, cell], rnn.Mean(), rnn.Softmax(), [4, 3] if module == COLUMNS else None),
    ):
        net = rnn.ManyToOne(cells, 3, 3, readout=readout, head=head, rng=rng, dtype=np.float64)
        X, y = rng.standard_normal((m, 4, 3)), rng.integers(0, 3, m)
        masks = rnn.Dropout(layers=0.4).draw(m, net.widths, rng, net.dtype) if module == LAYERS else None
        errors.append(min(rnn.check_gradients(net, X, y, lengths, masks=masks, entries=8).worst))
    return max(errors)


@pytest.mark.parametrize(("name", "right", "wrong"), FAULTS, ids=[f"{n.split('.')[-1]}: {w}" for n, _, w in FAULTS])
def test_fault_is_found(name: str, right: str, wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "TOGETHER", 18)  # two steps of nine samples
    monkeypatch.setattr(trace, "FEW", 3)
    assert worst(name) < 1e-6
    faulty = with_fault(name, right, wrong)
    for kind in (rnn.Tanh, rnn.LSTM, rnn.GRU, rnn.Bidirectional, rnn.ManyToOne, rnn.cells.stack.Layers):
        if kind.__module__ == name:
            for method in ("backward", "dX", "_backward", "_slope"):
                if method in vars(kind):
                    monkeypatch.setattr(kind, method, vars(getattr(faulty, kind.__name__))[method])
    if name == TRACE:
        faulty.__dict__["FEW"] = 3
        for method in ("back", "_back_in_runs", "rest"):
            monkeypatch.setattr(trace.Trace, method, vars(faulty.Trace)[method])
    if name == COLUMNS:
        monkeypatch.setattr(columns.Columns, "back", faulty.Columns.back)
        monkeypatch.setattr(columns.Run, "summed", faulty.Run.summed)
    if name == LOSSES:
        for loss in ("binary_cross_entropy", "categorical_cross_entropy"):
            monkeypatch.setattr(f"unrolled.rnn.output.heads.{loss}", getattr(faulty, loss))
    assert worst(name) > 1e-3
