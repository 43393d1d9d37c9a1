"""A deliberate fault in any one line of the backward pass is found by the gradient check."""

import importlib
import inspect
from types import ModuleType

import numpy as np
import pytest

from unrolled import rnn
from unrolled.rnn.cells.bidirectional import BidirectionalTrace
from unrolled.rnn.engine import columns, memory, rows
from unrolled.rnn.engine.recurrence import BaseCell
from unrolled.rnn.network import Network

CELLS = "unrolled.rnn.cells."
TANH, LSTM, GRU, BOTH = CELLS + "tanh", CELLS + "lstm", CELLS + "gru", CELLS + "bidirectional"
ENGINE = "unrolled.rnn.engine."
COLUMNS, ROWS, MEMORY = ENGINE + "columns", ENGINE + "rows", ENGINE + "memory"
AROUND, BASE = ENGINE + "around", ENGINE + "recurrence"
NETWORK, LAYERS, LOSSES = "unrolled.rnn.network", "unrolled.rnn.cells.stack", "unrolled.rnn.output.losses"

FAULTS = [
    (TANH, "np.multiply(A, A, out=out)", "np.multiply(A, 2, out=out)"),
    (TANH, "np.subtract(1, out, out=out)", "np.add(1, out, out=out)"),
    (TANH, "in trace.backward_chunks()", "in list(trace.backward_chunks())[::-1]"),
    (TANH, "multiply(delta, dA, delta)", "pass"),
    (TANH, "delta.dot(W_hh, dA)", "delta.dot(W_hh.T, dA)"),
    (TANH, "delta.dot(W_hh, dA)", "delta.dot(-W_hh, dA)"),
    (TANH, "delta.dot(W_hh, dA)", "pass"),
    (TANH, "dW_hh += chunk", "dW_hh = chunk"),
    (TANH, 'outer("delta", "seen")', 'outer("delta", "A")'),
    (TANH, "dW_x += chunk", "dW_x = chunk"),
    (TANH, '"W_ih": dW_x[:-1].T', '"W_ih": -dW_x[:-1].T'),
    (TANH, '"W_hh": dW_hh', '"W_hh": dW_hh.T'),
    (TANH, '"b_h": dW_x[-1]', '"b_h": dW_x[0]'),
    (ROWS, "gradients[0][...] = above.dA_T", "gradients[0][...] = 2 * above.dA_T"),
    (ROWS, "round_tiny(gradient)", "gradient[...] = 0"),
    (ROWS, "if n and (gradient.item(0) or np.count_nonzero(gradient[:n]))", "if False"),
    (ROWS, 'name.startswith("delta") else span)[::-1]', 'name.startswith("delta") else span)'),
    (ROWS, "n_samples:] = 0", "n_samples:] += 0"),
    (ROWS, "in reversed(spans)", "in spans"),
    (ROWS, "span.start + moved, span.stop + moved", "span.start, span.stop"),
    (MEMORY, "above=None if from_above is None else from_above[::-1]", "above=None"),
    (MEMORY, "else from_above[::-1]", "else from_above"),
    (AROUND, "np.add(dA, from_above, dA)", "np.add(dA, 0, dA)"),
    (AROUND, "add(dA, dseen, dA)", "add(dA, 0, dA)"),
    (AROUND, "np.multiply(through, mask, through)", "np.multiply(through, 1, through)"),
    (AROUND, "np.add(dA, through, dA)", "np.add(dA, 0, dA)"),
    (BASE, 'trace.delta @ parameters["W_ih"]', 'trace.delta @ abs(parameters["W_ih"])'),
    (LSTM, '_inside(parameters["W_hh"], H).T', 'parameters["W_hh"].T'),
    (LSTM, "multiply(dA, A, dZ_o)", "multiply(dA, o, dZ_o)"),
    (LSTM, "multiply(dA, o, step)", "multiply(dA, i, step)"),
    (LSTM, "add(dC, step, dC)", "dC[...] = step"),
    (LSTM, "multiply(dZ_o, tanh_C, step)", "pass"),
    (LSTM, "subtract(dC, step, dC)", "add(dC, step, dC)  "),
    (LSTM, "multiply(dC, i, step)", "multiply(dC, f, step)"),
    (LSTM, "multiply(step, g, dZ_i)", "dZ_i[...] = step"),
    (LSTM, "multiply(dZ_i, g, dZ_g)", "multiply(dZ_i, i, dZ_g)"),
    (LSTM, "subtract(step, dZ_g, dZ_g)", "add(step, dZ_g, dZ_g)"),
    (LSTM, "multiply(dC, f, dC)", "pass"),
    (LSTM, "multiply(dC, C_before, dZ_f)", "multiply(dC, tanh_C, dZ_f)"),
    (LSTM, "subtract(one, oif, slope)", "add(one, oif, slope)"),
    (LSTM, "multiply(dZ_oif, slope, dZ_oif)", "pass"),
    (LSTM, "W_hh.dot(delta, dA)", "pass"),
    (LSTM, "dW = np.roll(dW, -H, axis=0)", "dW = np.roll(dW, H, axis=0)"),
    (LSTM, '_inside(parameters["W_ih"], self.hidden))', 'parameters["W_ih"])'),
    (GRU, 'np.ascontiguousarray(parameters["W_hh"].T)', 'np.ascontiguousarray(abs(parameters["W_hh"].T))'),
    (GRU, "subtract(one, rz, slope)", "np.add(one, rz, slope)"),
    (GRU, "multiply(dA, not_z, step)", "multiply(dA, not_r, step)"),
    (GRU, "multiply(n_t, n_t, dZ_n)", "multiply(n_t, z, dZ_n)"),
    (GRU, "multiply(step, dZ_n, dZ_n)", "pass"),
    (GRU, "subtract(step, dZ_n, dZ_n)", "np.add(step, dZ_n, dZ_n)"),
    (GRU, "subtract(A_before, n_t, dZ_z)", "np.add(A_before, n_t, dZ_z)"),
    (GRU, "multiply(dZ_z, z, dZ_z)", "pass"),
    (GRU, "multiply(dZ_z, step, dZ_z)", "pass"),
    (GRU, "multiply(dZ_n, r, dh)", "multiply(dZ_n, z, dh)"),
    (GRU, "multiply(dh, h, dZ_r)", "multiply(dh, n_t, dZ_r)"),
    (GRU, "multiply(dZ_r, not_r, dZ_r)", "pass"),
    (GRU, "multiply(dA, z, dA)", "pass"),
    (GRU, "W_hh.dot(delta_h, dseen)", "dseen[...] = 0"),
    (GRU, "dW[: 2 * H, H:-1], dW_n[:, :-1]", "dW[: 2 * H, H:-1], dW[2 * H :, H:-1]"),
    (GRU, "dW[: 2 * H, -1], dW_n[:, -1]", "dW[: 2 * H, -1], dW[2 * H :, -1]"),
    (GRU, '"b_hn": dW[2 * H :, -1]', '"b_hn": dW_n[:, -1]'),
    (GRU, "delta[..., 3 * H :] @ W[2 * H :]", "delta[..., 2 * H : 3 * H] @ W[2 * H :]"),
    (COLUMNS, "[...] = above.dA_T.T", "[...] = 2 * above.dA_T.T"),
    (COLUMNS, "range(len(self._segments) - 1, -1, -1)", "range(len(self._segments))"),
    (COLUMNS, "self.each(name)[steps][::-1]", "self.each(name)[steps]"),
    (COLUMNS, "gradient[:, :n] = gradients[name]", "gradient[:, :n] = 0"),
    (COLUMNS, "np.asarray(a.dot(b.T))", "np.asarray(-a.dot(b.T))"),
    (COLUMNS, "total: Array = a[0].dot(b[0].T)", "total = -a[0].dot(b[0].T)"),
    (COLUMNS, "left_t.dot(right_t.T)", "-left_t.dot(right_t.T)"),
    (BOTH, "else all_steps[1][::-1]", "else all_steps[1]"),
    (BOTH, "begin_backward(ends[1], reverse", "begin_backward(ends[0], reverse"),
    (BOTH, "self.cell.dX(backwards, trace.backwards)[::-1]", "self.cell.dX(backwards, trace.backwards)"),
    (LAYERS, "masked(cell.dX(weights[n], trace), masks, n)", "masked(cell.dX(weights[n], trace), None, n)"),
    (LAYERS, "near_one(go_back, dA_T, dA, power)", "near_one(go_back, dA_T, dA, 0)"),
    (NETWORK, 'dR = masked(dZ @ self.parameters["W_ho"]', 'dR = masked(dZ @ abs(self.parameters["W_ho"])'),
    (NETWORK, "dZ.reshape(-1, C).T @ reading.R.reshape(-1, H)", "dZ.reshape(-1, C).T @ -reading.R.reshape(-1, H)"),
    (NETWORK, "dZ.sum((0, 1))", "dZ.mean((0, 1))"),
    (LOSSES, "small, large = e / (1 + e), 1 / (1 + e)", "small, large = 1 / (1 + e), e / (1 + e)"),
    (LOSSES, "dZ = w * ((1 - Y) *", "dZ = w * (Y *"),
    (LOSSES, "dZ = w * (", "dZ = ("),
    (LOSSES, "- Y * np.where(negative, large, small)", "+ Y * np.where(negative, large, small)"),
    (LOSSES, "(1 - Y) * (e / total)", "Y * (e / total)"),
    (LOSSES, "- Y * (others / total)", "+ Y * (others / total)"),
]


METHODS: tuple[str, ...] = ("backward", "dX", "_backward", "_slope", "begin_backward", "backward_chunks", "_vanished")
METHODS += ("_clear", "_listed", "_back_and_clear", "steps", "last_first", "outer")


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
    cells_of |= {COLUMNS: rnn.LSTM(3), AROUND: rnn.GRU(3)}
    cell = cells_of.get(module, rnn.Tanh(4))
    many = 9 if module == COLUMNS else 4  # more samples than rows, and fewer
    ragged = {COLUMNS: [4] * 8 + [3], TANH: [4, 4, 3, 1], ROWS: [4, 4, 3, 1]}.get(module)
    errors = []
    for m, cells, readout, head, lengths in (
        (many, [cell], rnn.Last(), rnn.Sigmoid(), ragged),
        (many, [cell], rnn.EveryStep(), rnn.Sigmoid(), ragged),
        (2, [cell, cell], rnn.Mean(), rnn.Softmax(), [4, 3] if module == COLUMNS else None),
    ):
        net = rnn.ManyToOne(cells, 3, 3, readout=readout, head=head, rng=rng, dtype=np.float64)
        X, y = rng.standard_normal((m, 4, 3)), rng.integers(0, 3, m)
        drawn = rnn.Dropout(layers=0.4, recurrence=0.4).draw(m, net.widths, rng, net.dtype)
        masks = drawn if module == LAYERS or (module == AROUND and len(cells) == 2) else None
        errors.append(min(rnn.check_gradients(net, X, y, lengths, masks=masks, entries=8).worst))
    return max(errors)


@pytest.mark.parametrize(("name", "right", "wrong"), FAULTS, ids=[f"{n.split('.')[-1]}: {w}" for n, _, w in FAULTS])
def test_fault_is_found(name: str, right: str, wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "COLUMNS", 18)  # two steps of nine samples
    monkeypatch.setattr(rows, "CHUNK", 3)
    assert worst(name) < 1e-6
    faulty = with_fault(name, right, wrong)
    for constant in ("COLUMNS", "CHUNK"):
        if hasattr(faulty, constant):
            setattr(faulty, constant, {"COLUMNS": 18, "CHUNK": 3}[constant])
    kinds: list[type] = [rnn.Tanh, rnn.LSTM, rnn.GRU, rnn.Bidirectional, Network, rnn.cells.stack.Layers]
    kinds += [
        BaseCell,
        BidirectionalTrace,
        rows.Rows,
        rows.RowChunk,
        columns.Columns,
        columns.ColumnSegment,
        columns.ColumnChunk,
    ]
    for kind in kinds:
        if kind.__module__ == name:
            for method in METHODS:
                if method in vars(kind):
                    monkeypatch.setattr(kind, method, vars(getattr(faulty, kind.__name__))[method])
    if name == MEMORY:
        monkeypatch.setattr(memory.Memory, "_around", faulty.Memory._around)
    if name == AROUND:
        monkeypatch.setattr(memory, "backward", faulty.backward)
        monkeypatch.setattr(memory, "added_backward", faulty.added_backward)
    if name == LOSSES:
        for loss in ("binary_cross_entropy", "categorical_cross_entropy"):
            monkeypatch.setattr(f"unrolled.rnn.output.heads.{loss}", getattr(faulty, loss))
    assert worst(name) > 1e-3
