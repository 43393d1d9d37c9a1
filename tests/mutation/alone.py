"""Pieces of the engine and losses alone, without a network."""

import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
from mutation.making import LENGTHS, D, H, M, Results, T, batch, copied, exchanged, network

from unrolled.rnn.engine import column_steps, columns, packing, rows, segments, underflow
from unrolled.rnn.output import losses, readouts


def traced(cell: Any) -> Results:
    """The engine alone: masks and states at once, samples that begin together, and every gradient from above."""
    X, _ = batch()
    X, rng = X.transpose(1, 0, 2).copy(), np.random.default_rng(13)
    net, n_outputs = network(cell), cell.n_outputs
    mask = rng.uniform(0.5, 1.5, (M, n_outputs))
    weights = net.layers.split(net.parameters)[0]
    state = {name: rng.uniform(-1, 1, (M, H)) for name in cell.state_names}
    trace, found = cell.trace(T, M, D, np.dtype(np.float64)), list[tuple[str, Any]]()
    for each in directions(trace):  # nothing stands there
        found += [("new", [each.A.copy(), copied(each.final_state), each.dA, each.dstate])]
        found += [("new arrays", copied(vars(each).get("_arrays", {}))), ("new", vars(each).get("_delta", X).copy())]
    trace.begin_forward(X)
    cell.forward(weights, trace)
    trace.begin_backward()
    found += [("A", trace.A.copy()), ("of nothing", cell.backward(weights, trace)), ("dA", trace.dA is None)]
    for batch_sizes in (None, [0, 0, 0, 2, 3, 5, 9, 9], [9, 9, 6, 6, 6, 2, 1, 0], [8, 8, 8, 8, 8, 8, 9, 9]):
        n = np.full(T, M) if batch_sizes is None else np.array(batch_sizes)
        dA = np.where(np.arange(M) < n[:, None], 1.0, 0.0)[:, :, None] * rng.standard_normal((T, M, n_outputs))
        for masked, record in ((mask, True), (None, False), (mask, False)):
            trace.begin_forward(X, batch_sizes, masked, state)
            cell.forward(weights, trace)
            found += [("states", [trace.A.copy(), trace.A_T.copy()]), ("final", copied(trace.final_state))]
            found += [("seen", [np.array(each[name]) for name in ("seen", "A_before") for each in directions(trace)])]
            trace = pickle.loads(pickle.dumps(trace)) if record else trace
            for bptt_steps in (None, 3) if cell.causal else (None,):
                trace.begin_backward(dA[-1], dA, bptt_steps=bptt_steps, record=record, want_dX=True)
                found += [("gradients", cell.backward(weights, trace)), ("dX", cell.dX(weights, trace).copy())]
                found += [("dstate", copied(trace.dstate))]
                found += [("dA", trace.dA.copy() if record else trace.dA is None)]
            found += [("nothing yet", [trace.begin_backward(), len(trace.dstate)])]
            for alive in (slice(0, 0), slice(0, 1), slice(8, 9), slice(3, 4)):  # of others nothing goes back
                dA_T = np.full((M, n_outputs), 1e-290)
                dA_T[alive] = rng.standard_normal(n_outputs)
                trace.begin_backward(dA_T, record=record)
                with visited(trace) as n_samples:
                    found += [("of last states", cell.backward(weights, trace)), ("how far back", n_samples)]
                found += [("dstate of them", copied(trace.dstate))]
                found += [("delta of them", trace.delta.copy())] if record else []
    trace.begin_forward(X, None, mask)  # after one that began with a state
    cell.forward(weights, trace)
    return [*found, ("begun at 0", trace.A.copy())]


def directions(trace: Any) -> list[Any]:
    """Return the trace of each direction."""
    return [trace.forwards, trace.backwards] if hasattr(trace, "forwards") else [trace]


@contextmanager
def visited(trace: Any) -> Iterator[list[int]]:
    """Note how many samples times steps each chunk has that a way back comes to: it ends where all has vanished."""
    found: list[int] = []

    def noting(chunks: Any) -> Iterator[Any]:
        for chunk in chunks():
            found.append(chunk["delta"][..., 0].size)
            yield chunk

    for each in directions(trace):
        each.backward_chunks = lambda chunks=each.backward_chunks: noting(chunks)
    yield found
    for each in directions(trace):
        del each.backward_chunks


def step_by_step(cell: Any) -> Results:
    """The recurrence that holds no more than a step: begun with some of the states, which may be set between steps."""
    X, rng = batch()[0].transpose(1, 0, 2)[:3], np.random.default_rng(19)
    weights = network(cell).layers.split(network(cell).parameters)[0]
    state = {name: rng.uniform(-1, 1, (M, H)) for name in cell.state_names}
    found: Results = []
    for given in (None, {}, *({name: state[name]} for name in state), dict(reversed(state.items()))):
        memory = None if given is None else copied(given)
        for A in cell.states(weights, iter(X), M, memory):
            found += [("A", A.copy()), ("state", copied(memory or {})), ("memory", np.shape(A.base))]
            for array in (memory or {}).values():
                array *= 0.5
    return found


def looked_up(cell: Any) -> Results:
    """Numbers, and then symbols, whose rows are made where somebody asks for them, and are those of this pass."""
    X, rng = batch()[0].transpose(1, 0, 2), np.random.default_rng(31)
    weights, trace = network(cell).layers.split(network(cell).parameters)[0], cell.trace(T, M, D, np.dtype(np.float64))
    found: Results = []
    for n, given in enumerate([X, *rng.integers(0, D, (3, T, M))]):
        trace.begin_forward(given)
        cell.forward(weights, trace)
        trace.begin_backward(np.ones((M, H)), want_dX=True)
        found += [("gradients", cell.backward(weights, trace))]
        made = vars(trace).get("_inputs")
        found += [("made", made if made is None else made.copy())]
        found += [("X", trace.X.copy())] if n != 1 else []
    return found


def plain_columns() -> Results:
    """The memory of gates without a cell: a further state before the last block, and what the products see."""
    f64, X = np.dtype(np.float64), batch()[0].transpose(1, 0, 2)
    plain = columns.Columns(T, M, D, H, f64, {"delta": 1})
    further = columns.Columns(T, M, D, H, f64, {"gates": 2, "delta": 1}, {"g": ("gates", 1, 2)}, {"C": ("gates", 0, 1)})
    mask = np.linspace(0.5, 1.5, M * H).reshape(M, H)
    found: Results = []
    for trace, state in ((plain, {}), (further, {"A": mask, "C": 1 - mask})):
        trace.begin_forward(X, None, mask, state)
        for segment in trace.forward_segments():
            for x, seen, A_before, A, C_before, C in segment.steps(
                "X", "seen", "A_before", "A", *(("C_before", "C") if state else ("A_before", "A"))
            ):
                C[...] = 0.5 * C_before + x[0]
                A[...] = seen + 0.1 * A_before + C
        found += [(name, np.array(getattr(trace, name))) for name in ("X", "A", "A_T")]
        trace.begin_backward(record=True)
        pairs = [(trace.A, trace.A), (trace.delta, trace.delta)]
        found += [("not copied", [np.shares_memory(one, other) for one, other in pairs])]
        found += [("final", copied(trace.final_state)), ("named", [hasattr(trace, "g"), hasattr(trace, "nothing")])]
        found += [("back", [chunk.n_columns for chunk in trace.backward_chunks()])]
    further.begin_forward(X, [0] * 4 + [M] * 4)
    found += [(name, np.array(further[name])) for name in ("X", "inputs")]
    for seed in (0, 1):  # one batch of symbols after the other
        further.begin_forward(np.random.default_rng(seed).integers(0, D, (T, M)), [5] * 4 + [M] * 4)
        for each in further.forward_segments():
            for x, A, C in each.steps("X", "A", "C"):
                A[...], C[...] = x[0], 2 * x[1] + 1
                found += [("symbols", x.copy())]
        further.begin_backward()
        for chunk in further.backward_chunks():
            found += [("back", [x[0].copy() for x in chunk.steps("X")])]
            found += [("sums", [chunk.outer("C", name) for name in ("seen", "X", "inputs", "column")])]
    for size in (1, 27, 512):
        with exchanged({(column_steps, "COLUMNS"): size}):
            (segment,) = columns.Columns(20, M, D, H, f64, {"delta": 1})._segments
            found += [("chunks", [[steps.start, steps.stop] for steps in segment.chunks])]
    found += [("pickled", ", ".join(sorted(plain.__getstate__()))), ("columns", further.most_columns)]
    with exchanged({(column_steps, "COLUMNS"): 20}):
        fresh = columns.Columns(T, M, D, H, f64, {"delta": 1})
        found += [("back", [chunk.n_columns for chunk in fresh.backward_chunks()])]
        for batch_sizes in ([5] * 7 + [M], None):  # what a chunk takes, not what all steps take; nor less
            fresh.begin_forward(X, batch_sizes)
            found += [("bytes", [memory.nbytes for memory in fresh._memory.values()]), ("columns", fresh.most_columns)]
    return [*found, ("nothing made yet", hasattr(object.__new__(columns.Columns), "_memory"))]


def poisoned(cell: Any) -> Results:
    """Memory whose last pass was of numbers that are none: nothing of it is read."""
    X, trace, found = batch()[0].transpose(1, 0, 2), cell.trace(T, M, D, np.dtype(np.float64)), list[tuple[str, Any]]()
    weights, rng = network(cell).layers.split(network(cell).parameters)[0], np.random.default_rng(37)
    for given in (X, rng.integers(0, D, (T, M))):
        for batch_sizes in ([5] * 4 + [M] * 4, [M] * 4 + [2] * 4):
            for memory in vars(trace).get("_memory", {}).values():
                memory.fill(np.nan)
            trace.begin_forward(given, batch_sizes, state={"A": np.ones((M, H))})
            cell.forward(weights, trace)
            trace.begin_backward(np.ones((M, H)), want_dX=True)
            found += [("gradients", cell.backward(weights, trace)), ("dX", cell.dX(weights, trace).copy())]
    return found


def packed() -> Results:
    """Samples sorted and moved, and back again; and the plain memory of rows."""
    X, found = batch()[0], list[tuple[str, Any]]()
    for lengths in (None, np.array(LENGTHS), np.full(M, T), np.array(LENGTHS) // 2 + 1):
        moved = packing.pack(X, lengths)
        found += [("packed", [np.array(moved.X), moved.pack_steps(X), moved.unpack(moved.X), moved.step_numbers()])]
        _, dA = readouts.Mean().backward(X[None, :, 0], np.zeros((len(moved.X) + 1, M, D)), moved)
        found += [("mean", dA if dA is None else [dA, dA.strides[0] == 0])]
        found += [("sorted", [moved.sort(X), moved.unsort(X), np.array(moved.batch_sizes or [])])]
    long = packing.pack(X.repeat(9, axis=1), np.array(LENGTHS) + 2)
    found += [("long", [long.X, long.unpack(long.X)])]
    alike = packing.pack(np.zeros((60, 3, 1)), np.arange(60) % 3 + 1)
    found += [("those as long stay in order", np.array(alike.sorted_indices))]
    trace = rows.Rows(T, M, D, H, np.dtype(np.float64))
    return [*found, ("rows", [trace.A, trace.X])]


def cuts() -> Results:
    """Steps cut where the number of samples changes, where samples begin, and chunks."""
    found: Results = []
    for batch_sizes in ([0, 2, 2, 3, 3, 9], [9, 6, 6, 1, 0, 0], [9] * 6):
        spans = [*segments.segments(batch_sizes, 1, 3), *segments.segments(batch_sizes, 3)]
        trace = rows.Rows(6, M, D, H, np.dtype(np.float64))
        trace.begin_forward(batch(steps=6)[0].transpose(1, 0, 2), batch_sizes)
        before = [trace._n_samples_before(t) for t in range(7)]
        found += [("cut", f"{spans}, {segments.begins(spans)}"), ("before", before)]
    return [*found, ("chunks", f"{segments.chunks(5, 2)}, {segments.chunks(4, 2)}")]


def rounding() -> Results:
    """Tiny numbers, and those that are not."""
    found: Results = []
    for dtype, tiny in ((np.float32, 2.2e-19), (np.float64, 4.1e-289), (np.complex128, 4.1e-289)):
        gradient = np.array([0.3, 0.7, 1.3, 2.5, 1e3, 1e60 if dtype != np.float32 else 1e30]).astype(dtype) * dtype(
            tiny
        )
        underflow.round_tiny(gradient)
        found += [(f"{gradient.dtype}", gradient / dtype(tiny))]
    return found


def near_one() -> Results:
    """Gradients of any size that go back through what makes them larger, or of which nothing comes back."""
    rng, found = np.random.default_rng(23), list[tuple[str, Any]]()
    of_all = rng.uniform(0.5, 0.7, (4, 2, 3))
    alike, many = np.broadcast_to(of_all[0], (4, 2, 3)), np.linspace(-1.0, 0.1, 9000).reshape(50, 60, 3)
    given: list[tuple[Any, Any]] = [(of_all[0], None), (None, of_all), (None, alike), (of_all[1] * 8, -of_all)]
    given += [(of_all[0], 8 * alike), (np.broadcast_to(8 * of_all[0, 0], (2, 3)), None), (None, many), (None, -many)]
    given += [(None, None), (0 * of_all[0], None)]
    given += [(np.array([[np.nan, 1.0]]), None), (np.array([[-np.inf, 1.0]]), None)]
    given += [((of_all[0] * 1e10).astype(np.float32), None), (of_all[0] * (1j + 1e-9), of_all * (1e-20j + 1))]
    for dA_T, dA in given:
        found += _near_one("given", dA_T, dA, 0, 0)
    for scale, power, growth in (
        *((-900, 0, 0), (-1080, 0, 0), (900, 0, 0), (1022, 0, 0), (-10, 20, 0), (10, -20, 0), (-100, -1000, 0)),
        *((-900, 1000, 0), (-1000, 1000, 10), (900, -1000, 0), (-2, 1021, 0), (1, -1021, 0)),
        *((-100, 0, 600), (-100, 0, 1023), (-30, 0, 1023), (-30, 10, 1023), (-30, 50, 1023)),
        *(
            (-100, 0, 1050),
            (-30, 0, 1050),
            (-30, 10, 1050),
            (-60, 50, 1050),
            (-60, 50, 1100),
            (-1, 0, 1050),
            (1, 0, 1023),
        ),
    ):
        found += _near_one(f"{scale}, {power}, {growth}", np.ldexp(of_all[0], scale), None, power, growth)
        scaled = np.broadcast_to(np.ldexp(of_all[0], scale), (4, 2, 3))
        found += _near_one(f"{scale}, {power}, {growth}, all", None, scaled, power, growth)
    return found


def _near_one(said: str, dA_T: Any, dA: Any, power: int, growth: int) -> Results:
    """Go back near one through what multiplies by a power of two, and return what it was handed each time."""
    handed, given = list[tuple[str, Any]](), (dA_T, dA)

    def go_back(dA_T: Any, dA: Any) -> Any:
        for dE in (dA_T, dA):
            itself = dE is given[0] or dE is given[1]
            handed.append((said, dE if dE is None else [dE, dE.strides[0] == 0, itself]))
        dE = dA_T if dA is None else dA
        grown = None if dE is None else dE.copy()
        if grown is not None:  # of one unit
            grown[..., 0] *= 2.0 ** (growth // 2)
            grown[..., 0] *= 2.0 ** (growth - growth // 2)
        return {"W": grown, "b": "no array"}, dE if growth % 2 else grown

    found: Any = "too large"
    with suppress(FloatingPointError):  # of what cannot be helped the caller hears
        found = underflow.near_one(go_back, dA_T, dA, power)
    return [*handed, (said, found)]


def extreme_logits() -> Results:
    """Losses whose logits are large, tie, or are whole numbers."""
    Z = np.array([[0.0, 800.0, -800.0], [40.0, -40.0, 1e-9], [0.5, 0.5, -1.0], [-3.0, -2.0, -30.0]])
    Y = np.eye(3)[[1, 2, 0, 1]]
    weights = np.array([0.1, 0.2, 0.3, 0.4])
    found: Results = []
    for loss in (losses.binary_cross_entropy, losses.categorical_cross_entropy):
        for targets in (Y, 0.8 * Y + 0.1, 1 - 0.7 * Y):
            found += [(loss.__name__, [loss(Z[n : n + 1], targets[n : n + 1]) for n in range(4)])]
        found += [("together", loss(Z, Y)), ("weighted", loss(Z[2:], Y[2:], weights[2:]))]
        found += [("whole numbers", loss(np.array([[1, 0, -2], [3, 3, 0]]), Y[:2]))]
        found += [("complex", loss(Z[2:] + 1e-20j * np.arange(6).reshape(2, 3), Y[2:])[0].imag * 1e20)]
        found += [("many times", loss(Z[None].repeat(2, 0), Y[None].repeat(2, 0)))]
    return found


ALONE: dict[str, Callable[[], Results]] = {
    "losses": extreme_logits,
    "columns": plain_columns,
    "cuts": cuts,
    "rounding": rounding,
    "near one": near_one,
    "packed": packed,
}
