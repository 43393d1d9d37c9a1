"""Every cell in every situation: what networks compute there, all of it."""

import pickle
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
from mutation.alone import ALONE, looked_up, poisoned, step_by_step, traced
from mutation.making import (
    LENGTHS,
    C,
    D,
    Forgetful,
    H,
    M,
    Misshapen,
    Results,
    T,
    as_if_large,
    batch,
    masks_of,
    network,
    recurrences,
)

from unrolled import rnn


@cache
def situations() -> dict[str, Callable[[], Results]]:
    """Return every situation by name, the telling ones first."""
    found = dict(ALONE)
    heads = [rnn.Sigmoid(), rnn.Softmax(class_weights=(0.5, 1.0, 2.0), label_smoothing=0.1)]
    weighted = rnn.EveryStep((0, 0.5, 2, 0, 1, 1, 3, 1))

    def add(name: str, made_of: Any, *, causal: bool = True, **parts: Any) -> None:
        net = network(made_of, **parts)
        found[name] = lambda: of_network(net, masks_of(net), causal=causal)

    for cell in recurrences():
        add(f"{cell}", cell)
        add(f"{cell}, two layers", [cell, type(cell)(H + 1)], readout=weighted, head=heads[1], initial_state="learned")
        add(f"{cell}, both ways", [cell, rnn.Bidirectional(cell)], causal=False, readout=rnn.Mean(), head=heads[0])
        add(f"{cell}, both ways first", [rnn.Bidirectional(cell)], causal=False, readout=rnn.MeanMax())
        add(f"{cell}, attention", cell, readout=rnn.Attention())
        found[f"{cell}, vanishing"] = lambda cell=cell: vanishing(cell)  # type: ignore[misc]
        found[f"{cell}, scaled"] = lambda cell=cell: scaled(cell)  # type: ignore[misc]
        found[f"{cell}, traced"] = lambda cell=cell: traced(cell)  # type: ignore[misc]
        found[f"{cell}, both ways, traced"] = lambda cell=cell: traced(rnn.Bidirectional(cell))  # type: ignore[misc]
        found[f"{cell}, begun"] = lambda cell=cell: begun(cell)  # type: ignore[misc]
        found[f"{cell}, step by step"] = lambda cell=cell: step_by_step(cell)  # type: ignore[misc]
        found[f"{cell}, poisoned"] = lambda cell=cell: poisoned(cell)  # type: ignore[misc]
        found[f"{cell}, looked up"] = lambda cell=cell: looked_up(cell)  # type: ignore[misc]
        found[f"{cell}, many to many"] = lambda cell=cell: many_to_many(cell)  # type: ignore[misc]
        found[f"{cell}, a large batch"] = lambda cell=cell: large(cell)  # type: ignore[misc]
    return found


def everything(net: Any, X: Any, y: Any, lengths: Any = None, state: Any = None) -> Results:
    """Run forward and backward, and return all there is to see."""
    forward = net.forward(X, lengths, state=state)
    found = [("A", forward.A), ("X", forward.X), ("logits", forward.logits), ("Y_hat", forward.Y_hat)]
    found += [("state", forward.state)]
    found += [("trace", [np.array(t.A_T) for t in forward.traces])]
    above = np.ones((len(X), net.widths[-1]))
    found += [("no dX", net.layers.backward(net.parameters, forward.traces, above, None, None))]
    again = (forward, (y + 1) % C) if state is None else (pickle.loads(pickle.dumps(forward)), y)
    for each, answers in ((forward, y), again):  # what the first returned is looked at when the second is over
        backward = net.backward(each, answers)
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
    for given in ({}, *({name: state[name]} for name in (*state,)[::-1][:2]), dict(reversed(state.items()))):
        forward = net.forward(X, state=given)
        found += [("some states", forward.A)]
        if net.initial_state == "learned":
            found += [("some learned", net.backward(forward, y).gradients)]
            found += [("some learned, different lengths", net.loss_and_gradients(X, y, LENGTHS, state=given))]
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
    X, y = np.random.default_rng(17).integers(0, D, (M, T)), batch()[1]
    found: Results = [("one", net.loss_and_gradients(0 * X, y))]  # the others never come
    found += [("symbols", net.loss_and_gradients(X, y)), ("different", net.loss_and_gradients(X, y, LENGTHS))]
    found += [("masks", net.loss_and_gradients(X, y, masks=masks)), ("predict_proba", net.predict_proba(X))]
    of_states = rnn.Masks([None, *masks.inputs[1:]], masks.recurrence)
    found += [("masks of states", net.loss_and_gradients(X, y, LENGTHS, masks=of_states))]
    found += everything(net, X, y, LENGTHS)
    return [(f"symbols, {name}", value) for name, value in found]


def many_to_many(cell: Any) -> Results:
    """Answers at every step, which are asked for where a sample has one; and numbers for answers."""
    X, rng = batch()[0], np.random.default_rng(29)
    there = np.arange(T) < np.array(LENGTHS)[:, None]
    y, weights = rng.integers(0, C, (M, T)), rng.uniform(0.5, 1.5, (M, T)) * there
    net = network(cell, kind=rnn.ManyToMany, head=rnn.Softmax())
    found = [
        *everything(net, X, np.where(there, y, -1), LENGTHS),
        ("at once", net.backward(net.forward(X), y).gradients),
    ]
    found += [("weighted", net.loss_and_gradients(X, y, LENGTHS, sample_weight=weights, masks=masks_of(net)))]
    found += [("predict", [net.predict(X, LENGTHS), net.predict_proba(X, LENGTHS), net.loss(X, y, LENGTHS)])]
    numbers = rnn.ManyToMany.from_parameters(net.parameters, cell, D, n_outputs=C)
    targets = np.where(there[:, :, None], rng.standard_normal((M, T, C)), np.nan)
    return [*found, ("numbers", numbers.loss_and_gradients(X, targets, LENGTHS))]


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


def begun(cell: Any) -> Results:
    """What a cell says of itself, and which numbers of units it takes."""
    net = rnn.ManyToOne([cell, rnn.Bidirectional(cell)], D, C, rng=3, dtype=np.float64)
    found: Results = [("parameters", net.parameters), ("gates", net.layers.gates()), ("state", net.layers.state_names)]
    made = type(cell)(np.int64(H))
    kind, both_ways = type(cell), rnn.Bidirectional
    attempts: list[tuple[Any, Any]] = [(kind, 0), (kind, 2.5), (both_ways, 3)]
    X, y = batch()
    less, none, wide = network(cell), network(cell), network(Misshapen(H))
    forward = less.forward(X)
    less.parameters["b_o"] = less.parameters["b_o"].astype(np.float32)
    none.parameters["b_o"] = None
    attempts += [(less.forward, X), (partial(less.backward, forward), y), (partial(none.backward, forward), y)]
    attempts += [(partial(wide.loss_and_gradients, X), y)]
    for attempt, given in attempts:
        try:
            attempt(given)
            found += [("what does not fit", "taken")]
        except ValueError as error:
            found += [("what does not fit", f"{error}")]
    imaginary = network(cell).astype(np.complex128)  # where every preactivation is 0, as a rectifier's kink is
    for name, W in imaginary.parameters.items():
        W[...] = 1.0 if name == "W_ho" else 1e-20j if name == "b_h" else 0.0
    with np.errstate(all="ignore"):  # what goes into the nonlinearity is infinite
        outgrown = network(cell)
        outgrown.parameters["W_ih"] *= 10
        found += [("outgrown", outgrown.forward([[[1e308, 0]], [[-1e308, 0]]]).A)]
    found += [("derivative at 0", imaginary.loss(np.zeros((1, 1, D)), [0]).imag * 1e20)]
    found += [("go on", [network([cell, top]).layers.take_state for top in (cell, Forgetful(H))])]
    one = network(type(cell)(1))
    found += [("one unit", [one.loss_and_gradients(X[:m], y[:m]) for m in (1, 2)])]
    found += [("initial biases", cell.initial_biases()), ("one", [one.cells[0].hidden])]
    return [*found, ("hidden", [type(made.hidden).__name__, made == cell, made.n_outputs])]
