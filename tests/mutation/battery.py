"""Every cell in every situation, small, within a tenth of a second: what a mutant of a backward pass must not change.

The cells, readouts and heads are those that the library has, found and not listed. What each situation must result in
is computed once, by code that is proved: here against the complex step and the textbook, and by the contract of each
cell (``rnn.check_cell``) in ``tests/rnn/test_cellcheck.py``. A mutant is killed where it results in anything else.
"""

import dataclasses
import importlib
import pickle
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache, partial
from typing import Any, ClassVar

import numpy as np
from mutation.operators import Mutant
from mutation.reach import Reach, reaching

from unrolled import rnn, textbook
from unrolled._support import blas_threads
from unrolled.rnn import cells
from unrolled.rnn.engine import Recurrence, columns, packing, rows, underflow
from unrolled.rnn.output import losses

D, H, C, T, M = 2, 3, 3, 8, 9
"""More samples than a column has rows, more steps than two chunks; and sizes that are not alike, but for H and C."""

LENGTHS = [3, 8, 8, 1, 5, 8, 2, 5, 3]
TOLERANCE = 1e-9
AS_ERRORS = partial(np.errstate, all="raise", under="ignore")

Results = list[tuple[str, Any]]


@dataclasses.dataclass(frozen=True)
class Carry(Recurrence):
    """A cell of one's own with all that the engine has for it: a further state, gates, arrays, two ways to A_{t-1}."""

    hidden: int
    gates: ClassVar[int] = 2
    arrays: ClassVar[dict[str, int]] = {"f": 1, "g": 1}
    further_states: ClassVar[tuple[str, ...]] = ("C",)

    def forward(self, parameters: Any, trace: Any) -> None:
        """A_t = tanh(C_t) + 0.3 A_{t-1}, where C_t = f_t * C_{t-1} + g_t."""
        W_ih, W_hh, b_h = parameters["W_ih"], parameters["W_hh"], parameters["b_h"]
        for segment in trace.forward_segments():
            for X, seen, f, g, C_before, C, A_before, A in segment.steps(
                "X", "seen", "f", "g", "C_before", "C", "A_before", "A"
            ):
                Z = X @ W_ih.T + seen @ W_hh.T + b_h
                f[...], g[...] = (1 + np.tanh(Z[:, : self.hidden] / 2)) / 2, np.tanh(Z[:, self.hidden :])
                C[...] = f * C_before + g
                A[...] = np.tanh(C) + 0.3 * A_before

    def backward(self, parameters: Any, trace: Any) -> Any:
        """Its gradients."""
        W_hh = parameters["W_hh"]
        dW_hh, dW_x = np.zeros_like(W_hh), np.zeros((2 * self.hidden, trace.D + 1), W_hh.dtype)
        for chunk in trace.backward_chunks():
            for f, g, C, C_before, delta, dseen, dA, dC in chunk.steps(
                "f", "g", "C", "C_before", "delta", "dseen", "dA", "dC"
            ):
                dC += dA * (1 - np.tanh(C) ** 2)
                delta[...] = np.concatenate([dC * C_before * f * (1 - f), dC * (1 - g * g)], axis=1)
                dC *= f
                dseen[...] = delta @ W_hh
                dA *= 0.3
            dW_hh += chunk.outer("delta", "seen")
            dW_x += chunk.outer("delta", "inputs")
        return {"W_ih": dW_x[:, :-1], "W_hh": dW_hh, "b_h": dW_x[:, -1]}


def recurrences() -> list[Any]:
    """Return every cell with a number of hidden units that a file of ``rnn.cells`` has, with so many; and one's own."""
    kinds: set[Any] = {Carry}
    for found in pkgutil.iter_modules(cells.__path__):
        module = importlib.import_module(f"{cells.__name__}.{found.name}")
        for kind in vars(module).values():
            here = dataclasses.is_dataclass(kind) and kind.__module__ == module.__name__
            if here and "hidden" in {field.name for field in dataclasses.fields(kind)}:
                kinds.add(kind)
    return [kind(H) for kind in sorted(kinds, key=lambda kind: str(kind.__name__))]


@contextmanager
def exchanged(values: dict[tuple[Any, str], Any]) -> Iterator[None]:
    """Give modules other constants meanwhile."""
    before = {(module, name): getattr(module, name) for module, name in values}
    for (module, name), value in values.items():
        setattr(module, name, value)
    try:
        yield
    finally:
        for (module, name), value in before.items():
            setattr(module, name, value)


def small_chunks() -> AbstractContextManager[None]:
    """Chunks of three steps, so that a short sequence has several."""
    return exchanged({(columns, "COLUMNS"): 27, (rows, "CHUNK"): 3})


def as_if_large(cell: Any) -> AbstractContextManager[None]:
    """As if any batch were large: it is divided among threads, and a cell's page may have another way for it."""
    modules = [importlib.import_module(kind.__module__) for kind in type(cell).__mro__[:-1]]
    return exchanged({(module, "WORTH"): 1 for module in [*modules, blas_threads] if hasattr(module, "WORTH")})


def network(made_of: Any, **parts: Any) -> Any:
    """Make a network with no weight and no bias at 0, whose states are neither small nor near 1."""
    net = rnn.ManyToOne(made_of, D, C, rng=5, dtype=np.float64, **parts)
    rng = np.random.default_rng(7)
    for W in net.parameters.values():
        W[...] = rng.uniform(0.2, 0.7, W.shape) * rng.choice([-1, 1], W.shape)
    return net


def batch(m: int = M, steps: int = T) -> tuple[Any, Any]:
    """Return X and y."""
    rng = np.random.default_rng(11)
    return rng.standard_normal((m, steps, D)), rng.integers(0, C, m)


def everything(net: Any, X: Any, y: Any, lengths: Any = None, state: Any = None) -> Results:
    """Run forward and backward, and return all there is to see."""
    forward = net.forward(X, lengths, state=state)
    found = [("A", forward.A), ("X", forward.X), ("logits", forward.logits), ("Y_hat", forward.Y_hat)]
    found += [("state", forward.state)]
    found += [("trace", [np.array(t.A_T) for t in forward.traces])]
    above = np.ones((len(X), net.widths[-1]))
    found += [("no dX", net.layers.backward(net.parameters, forward.traces, above, None, None))]
    for each in (forward, pickle.loads(pickle.dumps(forward)) if state else forward):
        backward = net.backward(each, y)
        found += [(name, getattr(backward, name)) for name in ("loss", "gradients", "dA", "delta", "dX", "dstate")]
        found += [("layers", [[np.array(t.delta), np.array(t.dA)] for t in each.traces])]
    return found


def of_network(net: Any, masks: Any, *, causal: bool = True) -> Results:
    """One batch after the other through the same memory: equal lengths, different ones, masks, truncation."""
    X, y = batch()
    found: Results = []
    found += [("plain", net.loss_and_gradients(X, y))]
    found += [("different lengths", net.loss_and_gradients(X, y, LENGTHS))]
    found += [("masks", net.loss_and_gradients(X, y, masks=masks))]
    found += [("plain again", net.loss_and_gradients(X, y))]
    if causal:
        found += [("truncated", net.loss_and_gradients(X, y, LENGTHS, bptt_steps=3))]
        found += [("masks, truncated", net.loss_and_gradients(X, y, LENGTHS, masks=masks, bptt_steps=2))]
    else:
        found += [("masks, different lengths", net.loss_and_gradients(X, y, LENGTHS, masks=masks))]
    found += [("few", net.loss_and_gradients(X[:2, :4], y[:2], [2, 4]))]
    found += [("shorter", net.loss_and_gradients(X, y, [min(length, 5) for length in LENGTHS]))]
    found += [(name, value) for name, value in everything(net, X, y)]
    state = {name: -0.5 * np.asarray(A)[::-1] for name, A in net.forward(X).state.items()}
    found += [(f"state, {name}", value) for name, value in everything(net, X, y, LENGTHS, state)]
    some = [{name: A} for name, A in state.items()]
    found += [("some states", [net.forward(X, state=given).A for given in (*some, dict(reversed(state.items())))])]
    for large in (1e4 * X, -1e4 * X):  # of a very negative number the gate is 0, and nobody is warned
        found += [("saturated", [net.loss_and_gradients(large, y), net.predict_proba(large)])]
        imaginary = net.astype(np.complex128)
        imaginary.parameters["W_hh"] += 1e-20j
        found += [("complex, saturated", imaginary.loss(large[:2], y[:2]))]
    found += [("predict_proba", net.predict_proba(X)), ("of different lengths", net.predict_proba(X, LENGTHS))]
    found += [("loss", net.loss(X, y, LENGTHS, masks=masks))]
    found += [("complex", net.astype(np.complex128).loss(X[:2], y[:2]))]
    found += symbols(net, masks)
    if causal:
        for stream in (net.stream(), net.stream(state={name: A[:1] for name, A in state.items()})):
            found += [("stream", [np.array(stream.feed(x)) for x in X[0]])]
    return found


def symbols(net: Any, masks: Any) -> Results:
    """Of sequences of symbols, each a row of the input weights."""
    X, y = np.random.default_rng(17).integers(0, D - 1, (M, T)), batch()[1]  # the last one never comes
    found: Results = [("symbols", net.loss_and_gradients(X, y)), ("different", net.loss_and_gradients(X, y, LENGTHS))]
    found += [("masks", net.loss_and_gradients(X, y, masks=masks)), ("predict_proba", net.predict_proba(X))]
    found += [*everything(net, X, y), *everything(net, X, y, LENGTHS)]
    return [(f"symbols, {name}", value) for name, value in found]


def masks_of(net: Any) -> Any:
    """Return masks that are neither 0 nor 1."""
    rng = np.random.default_rng(3)
    widths = net.widths
    drawn: list[Any] = [rng.uniform(0.5, 1.5, (M, width)) for width in [*widths, *widths[1:]]]
    return rnn.Masks(drawn[: len(widths)], drawn[len(widths) :])


def vanishing(cell: Any) -> Results:
    """A last step so early, or a W_hh so small, that gradients vanish; another state may go on."""
    X, y = batch()
    found: Results = []
    for said, readout, scale, lengths in (
        ("W_hh of 0", rnn.Last(), 0.0, None),
        ("tiny W_hh", rnn.Last(), 1e-150, None),
        ("tiny W_hh, different lengths", rnn.Last(), 1e-150, LENGTHS),
        ("tiny W_hh, every step", rnn.EveryStep(), 1e-150, LENGTHS),
    ):
        net = network(cell, readout=readout)
        net.parameters["W_hh"] *= scale
        found += [(said, net.loss_and_gradients(X, y, lengths))]
        found += [(f"{said}, {name}", value) for name, value in everything(net, X, y, lengths)]
    both = network(rnn.Bidirectional(cell))
    both.parameters["W_hh_reverse"] *= 0
    return [*found, ("both ways", everything(both, X, y, LENGTHS))]


@cache
def situations() -> dict[str, Callable[[], Results]]:
    """Return every situation by name, the telling ones first."""
    found: dict[str, Callable[[], Results]] = {
        "losses": extreme_logits,
        "columns": plain_columns,
        "rounding": rounding,
        "packed": packed,
    }
    heads = [rnn.Sigmoid(), rnn.Softmax(class_weights=(0.5, 1.0, 2.0), label_smoothing=0.1)]
    weighted = rnn.EveryStep((0, 0.5, 2, 0, 1, 1, 3, 1))

    def add(name: str, made_of: Any, *, causal: bool = True, **parts: Any) -> None:
        net = network(made_of, **parts)
        found[name] = lambda: of_network(net, masks_of(net), causal=causal)

    for cell in recurrences():
        add(f"{cell}", cell)
        add(f"{cell}, two layers", [cell, type(cell)(H + 1)], readout=weighted, head=heads[1], initial_state="learned")
        add(f"{cell}, both ways", [cell, rnn.Bidirectional(cell)], causal=False, readout=rnn.Mean(), head=heads[0])
        add(f"{cell}, both ways first", [rnn.Bidirectional(cell)], causal=False)
        found[f"{cell}, vanishing"] = lambda cell=cell: vanishing(cell)  # type: ignore[misc]
        found[f"{cell}, scaled"] = lambda cell=cell: scaled(cell)  # type: ignore[misc]
        found[f"{cell}, traced"] = lambda cell=cell: traced(cell)  # type: ignore[misc]
        found[f"{cell}, both ways, traced"] = lambda cell=cell: traced(rnn.Bidirectional(cell))  # type: ignore[misc]
        found[f"{cell}, begun"] = lambda cell=cell: begun(cell)  # type: ignore[misc]
        found[f"{cell}, a large batch"] = lambda cell=cell: large(cell)  # type: ignore[misc]
    return found


def scaled(cell: Any) -> Results:
    """Losses, and so gradients, that are tiny or huge; of the last step and of every one."""
    X, y = batch()
    found: Results = []
    for weight in (1e-300, 1e-200, 1e280):
        for readout in (rnn.Last(), rnn.EveryStep()):
            net = network([cell, cell], readout=readout, head=rnn.Sigmoid(class_weights=(weight,) * C))
            found += [(f"times {weight}", net.loss_and_gradients(X, y, LENGTHS))]
            found += [(f"times {weight}, {name}", value) for name, value in everything(net, X, y)]
    net = network(cell, head=rnn.Sigmoid(class_weights=(1e-300,) * C))  # which grows by more than there are numbers
    net.parameters["W_hh"] *= 1e45
    net.parameters["b_h"] *= 0
    return [*found, ("tiny, and growing", net.loss_and_gradients(np.zeros_like(X), y))]


def large(cell: Any) -> Results:
    """As if it were large."""
    X, y = batch()
    net, Y = network(cell), np.eye(C)[y]
    with as_if_large(cell):
        found = [*everything(net, X, y, LENGTHS), ("masks", net.loss_and_gradients(X, y, masks=masks_of(net)))]
        found += [("three threads", net.step(X, Y, 3)), ("two", net.step(X[:5], Y[:5], 2, masks=masks_of(net)))]
        return [*found, ("different lengths", net.step(X, Y, 2, lengths=np.array(LENGTHS), bptt_steps=3))]


def traced(cell: Any) -> Results:
    """The engine alone: masks and states at once, samples that begin together, and every gradient from above."""
    X, _ = batch()
    X, rng = X.transpose(1, 0, 2).copy(), np.random.default_rng(13)
    net, n_outputs = network(cell), cell.n_outputs
    mask = rng.uniform(0.5, 1.5, (M, n_outputs))
    weights = net.layers.split(net.parameters)[0]
    state = {name: rng.uniform(-1, 1, (M, H)) for name in cell.state_names}
    trace, found = cell.trace(T, M, D, np.dtype(np.float64)), []
    trace.begin_forward(X)
    cell.forward(weights, trace)
    trace.begin_backward()
    found += [("A", trace.A.copy()), ("of nothing", cell.backward(weights, trace)), ("dA", trace.dA is None)]
    for batch_sizes in (None, [0, 2, 3, 5, 5, 9, 9, 9], [9, 9, 6, 6, 6, 2, 1, 0]):
        n = np.full(T, M) if batch_sizes is None else np.array(batch_sizes)
        dA = np.where(np.arange(M) < n[:, None], 1.0, 0.0)[:, :, None] * rng.standard_normal((T, M, n_outputs))
        for masked, record in ((mask, True), (None, False), (mask, False)):
            trace.begin_forward(X, batch_sizes, masked, state)
            cell.forward(weights, trace)
            found += [("states", [trace.A.copy(), trace.A_T.copy()]), ("final", copied(trace.final_state))]
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
                found += [("of last states", cell.backward(weights, trace)), ("dstate of them", copied(trace.dstate))]
                found += [("delta of them", trace.delta.copy())] if record else []
    trace.begin_forward(X, None, mask)  # after one that began with a state
    cell.forward(weights, trace)
    return [*found, ("begun at 0", trace.A.copy())]


def copied(arrays: Any) -> Any:
    """Return what later passes do not change."""
    return {name: array.copy() for name, array in arrays.items()}


def begun(cell: Any) -> Results:
    """What a cell says of itself, and which numbers of units it takes."""
    net = rnn.ManyToOne([cell, rnn.Bidirectional(cell)], D, C, rng=3, dtype=np.float64)
    found: Results = [("parameters", net.parameters), ("gates", net.layers.gates()), ("state", net.layers.state_names)]
    made = type(cell)(np.int64(H))
    kind, both_ways = type(cell), rnn.Bidirectional
    attempts: list[tuple[Any, Any]] = [(kind, 0), (kind, 2.5), (both_ways, 3)]
    for make, given in attempts:
        try:
            make(given)
            found += [("hidden", "taken")]
        except ValueError:
            found += [("hidden", "refused")]
    less = network(cell)
    forward = less.forward(*batch()[:1])
    less.parameters["b_o"] = less.parameters["b_o"].astype(np.float32)
    attempts = [(less.forward, batch()[0]), (lambda y: less.backward(forward, y), batch()[1])]
    for attempt, given in attempts:
        try:
            attempt(given)
            found += [("two dtypes", "taken")]
        except ValueError:
            found += [("two dtypes", "refused")]
    imaginary = network(cell).astype(np.complex128)  # where every preactivation is 0, as a rectifier's kink is
    for name, W in imaginary.parameters.items():
        W[...] = 1.0 if name == "W_ho" else 1e-20j if name == "b_h" else 0.0
    found += [("derivative at 0", imaginary.loss(np.zeros((1, 1, D)), [0]).imag * 1e20)]
    found += [("initial biases", cell.initial_biases()), ("one", [type(cell)(1).hidden])]
    return [*found, ("hidden", [type(made.hidden).__name__, made == cell, made.n_outputs])]


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
        found += [("final", copied(trace.final_state)), ("named", [hasattr(trace, "g"), hasattr(trace, "nothing")])]
        found += [("back", [chunk.n_samples for chunk in trace.backward_chunks()])]
    return found


def packed() -> Results:
    """Samples sorted and moved, and back again; and the plain memory of rows."""
    X, found = batch()[0], []
    for lengths in (None, np.array(LENGTHS), np.full(M, T)):
        moved = packing.pack(X, lengths)
        found += [("packed", [np.array(moved.X), moved.pack_steps(X), moved.unpack(moved.X), moved.step_numbers()])]
        found += [("sorted", [moved.sort(X), moved.unsort(X), np.array(moved.batch_sizes or [])])]
    trace = rows.Rows(T, M, D, H, np.dtype(np.float64))
    return [*found, ("rows", [trace.A, trace.X])]


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


# ------------------------------------------------------------------------------------------------------ the comparison


def flat(value: Any) -> list[Any]:
    """Return the arrays of nested results, in order."""
    if isinstance(value, dict):
        return [each for name in sorted(value) for each in flat(value[name])]
    if isinstance(value, (list, tuple)) and not all(isinstance(each, float) for each in value):
        return [array for each in value for array in flat(each)]
    return [value if value is None or isinstance(value, (str, bool)) else np.array(value)]


def same(found: Any, wanted: Any) -> bool:
    """Tell whether an array has the shape and, to TOLERANCE of the largest entry, the numbers of another."""
    if not isinstance(wanted, np.ndarray) or not isinstance(found, np.ndarray):
        return type(found) is type(wanted) and bool(found == wanted)
    if found.shape != wanted.shape or found.dtype != wanted.dtype:
        return False
    if not wanted.size:
        return True
    scale = float(np.abs(wanted).max()) or 1.0
    if wanted.dtype.kind == "f" and ((found == 0) != (wanted == 0)).any():  # what has vanished has vanished
        return False
    return bool((np.abs(found - wanted) <= TOLERANCE * scale).all())


def differing(found: Results, wanted: Results) -> str:
    """Return the name of the first result that is another; nothing if none is."""
    for (name, value), (_, right) in zip(found, wanted, strict=True):
        values, rights = flat(value), flat(right)
        if len(values) != len(rights) or not all(map(same, values, rights)):
            return name
    return ""


class Battery:
    """Every situation and what it must result in."""

    def __init__(self) -> None:
        self._wanted: dict[str, Results] = {}
        self._reached: dict[str, set[str]] = {}
        with small_chunks(), AS_ERRORS():
            for name, situation in situations().items():
                with Reach() as reach:
                    self._wanted[name] = situation()
                self._reached[name] = set(reach.functions())

    def __call__(self, mutant: Mutant | None = None, last: str = "") -> str:
        """Return in which situation what differs; nothing if nothing does.

        Situations that do not reach a mutant's function are left out. What has killed the ``last`` one is tried first.
        """
        with small_chunks(), AS_ERRORS():
            for name in sorted(self._wanted, key=lambda name: name != last):
                if mutant is not None and not self._reached[name] & reaching(mutant):
                    continue
                try:
                    different = differing(situations()[name](), self._wanted[name])
                except Exception as error:
                    different = type(error).__name__
                if different:
                    return f"{name}: {different}"
        return ""


def proof() -> Iterator[tuple[str, bool]]:
    """Prove what the battery takes for right."""
    X, y = batch(5)
    lengths = LENGTHS[:5]
    for cell in recurrences():
        for made_of in (cell, [cell, cell], rnn.Bidirectional(cell)):
            for readout in (rnn.Mean(), rnn.EveryStep((0, 0.5, 2, 0, 1, 1, 3, 1))):
                head = rnn.Softmax(class_weights=(0.5, 1.0, 2.0), label_smoothing=0.1)
                net = network(made_of, readout=readout, head=head)
                masks = masks_of(net).of(slice(0, 5))
                with small_chunks():
                    check = rnn.check_gradients(net, X, y, lengths, masks=masks, entries=4)
                yield f"{net}: {check.failed_complex_step}", not check.failed_complex_step
    net = network(rnn.Tanh(H))
    with small_chunks():
        loss, gradients = net.loss_and_gradients(X, y)
    E, by_hand = textbook.loss_and_gradients(net.parameters, X, np.eye(C)[y])
    yield "the textbook's loss", bool(np.isclose(loss, E, rtol=1e-12))
    yield "the textbook's gradients", all(np.allclose(gradients[name], by_hand[name], rtol=1e-11) for name in gradients)
