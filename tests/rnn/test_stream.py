"""A stream says at each step what the network says of all steps so far."""

import copy
import itertools
import tracemalloc
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from unrolled import rnn
from unrolled.rnn.engine import Recurrence
from unrolled.rnn.model import first_state

CELLS = [rnn.Tanh(5), rnn.ReLU(5), rnn.LSTM(4), rnn.GRU(5)]
POOLING = [rnn.Mean(), rnn.Max(), rnn.MeanMax()]
READOUTS = [rnn.Last(), *POOLING, rnn.EveryStep(), rnn.EveryStep((0, 0, 0, 1, 2, 0, 1, 1, 1, 1, 1, 1))]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("cell", "readout"), list(itertools.product(CELLS, READOUTS)))
def test_equals_the_whole_sequence(cell: rnn.cells.Cell, readout: rnn.Readout, dtype: type) -> None:
    net = rnn.ManyToOne([cell, rnn.GRU(3)], 2, 3, readout=readout, head=rnn.Softmax(), rng=0, dtype=dtype)
    X = np.random.default_rng(0).standard_normal((12, 2))
    stream = net.stream()
    for t, x in enumerate(X, 1):
        Y_hat = stream.feed(x)
        assert Y_hat.shape == (3,)
        assert Y_hat.dtype == dtype
        whole = net.predict_proba(X[None, :t])[0]
        np.testing.assert_allclose(Y_hat, whole, rtol=1e-12 if dtype == np.float64 else 1e-5)


def test_takes_constant_memory_and_knows_nothing_of_other_streams() -> None:
    net = rnn.ManyToOne(rnn.LSTM(8), 3, 4, rng=0)
    X = np.random.default_rng(0).standard_normal((3000, 3))
    one, other = net.stream(), net.stream()
    first = [one.feed(x) for x in X[:100]][-1]
    net.parameters["W_hh"][...] = 0  # a stream keeps the parameters it began with
    for x in X[:50]:
        other.feed(-x)
    tracemalloc.start()
    try:
        for x in X:
            one.feed(x)
        assert tracemalloc.get_traced_memory()[1] < 20_000
    finally:
        tracemalloc.stop()
    again = rnn.ManyToOne(rnn.LSTM(8), 3, 4, rng=0).stream()
    np.testing.assert_array_equal([again.feed(x) for x in X[:100]][-1], first)


def test_bad_steps_are_refused_and_leave_the_stream_as_it_was() -> None:
    net = rnn.ManyToOne(rnn.GRU(4), 2, 3, rng=0)
    stream = net.stream()
    stream.feed([1, 2])
    for bad, said in (([1, 2, 3], "expected D = 2"), ([1, np.nan], "finite"), (["a", "b"], "real"), (1.0, "D = 2")):
        with pytest.raises(ValueError, match=said):
            stream.feed(bad)
    np.testing.assert_allclose(stream.feed([3, 4]), net.predict_proba([[[1, 2], [3, 4]]])[0], rtol=1e-5)
    with pytest.raises(ValueError, match="one direction of time for a stream"):
        rnn.ManyToOne(rnn.Bidirectional(rnn.GRU(4)), 2, 3).stream()


def test_a_stream_refuses_a_step_that_has_no_weight_and_stays_as_it_was() -> None:
    net = rnn.ManyToOne(rnn.GRU(4), 2, 3, readout=rnn.EveryStep((1, 2)), rng=0)
    stream = net.stream()
    for x in ([1, 2], [3, 4]):
        stream.feed(x)
    for _ in range(2):
        with pytest.raises(ValueError, match="has had 2 steps, expected no more"):
            stream.feed([5, 6])


MANY: dict[str, Any] = {
    "numbers": lambda cell, **others: rnn.ManyToMany(cell, 3, n_outputs=2, **others),
    "mean": lambda cell, **others: rnn.ManyToOne(cell, 3, 4, readout=rnn.Mean(), **others),
    "mean and max": lambda cell, **others: rnn.ManyToOne(cell, 3, 4, readout=rnn.MeanMax(), **others),
    "every": lambda cell, **others: rnn.ManyToOne(cell, 3, 4, readout=rnn.EveryStep(), head=rnn.Softmax(), **others),
}


@dataclass(frozen=True)
class Own(Recurrence):
    """A leaky line, whose states come one by one from its forward pass."""

    hidden: int = 4

    def forward(self, parameters: Any, trace: Any) -> None:
        for segment in trace.forward_segments():
            for X, seen, A in segment.steps("X", "seen", "A"):
                A[...] = 0.5 * seen + X @ parameters["W_ih"].T


@pytest.mark.parametrize("cell", [rnn.Tanh(4), rnn.LSTM(5), [rnn.GRU(4), rnn.LSTM(3)], Own()])
@pytest.mark.parametrize("kind", MANY)
def test_streams_side_by_side_from_a_state_are_the_whole(kind: str, cell: Any) -> None:
    net: Any = MANY[kind](cell, rng=0, dtype=np.float64, initial_state="learned")
    rng = np.random.default_rng(1)
    for W in net.parameters.values():
        W += 0.3 * rng.standard_normal(W.shape)
    X = rng.standard_normal((5, 12, 3))
    given = {name: rng.standard_normal((5, *shape)) for name, shape in net._state_shapes().items()}
    for state in (None, given):
        whole, end = (net.predict if kind == "numbers" else net.predict_proba)(X, state=state, return_state=True)
        stream = net.stream(5, state=state)
        begun = stream.state
        for name, A in begun.items():
            expected = np.broadcast_to(net.parameters[first_state(name)], A.shape) if state is None else state[name]
            np.testing.assert_array_equal(A, expected)
        said = [stream.feed(X[:, t]) for t in range(6)]
        twin = stream.copy()
        for x in (1.0, 2.0):
            twin.feed(np.full((5, 3), x))
        third = stream.copy()
        said += [stream.feed(X[:, t]) for t in range(6, 12)]
        again = [third.feed(X[:, t]) for t in range(6, 12)]
        np.testing.assert_array_equal(said[6:], again)  # a copy goes on to the bit
        found = np.stack(said, 1) if kind == "numbers" else said[-1]
        np.testing.assert_allclose(found, whole, rtol=1e-11)
        for name, A in stream.state.items():
            np.testing.assert_allclose(A, end[name], rtol=1e-11)
        stream.reset()
        np.testing.assert_array_equal([stream.feed(X[:, t]) for t in range(12)], said)


def test_symbols_in_a_stream() -> None:
    net = rnn.ManyToMany(rnn.GRU(4), 3, n_classes=3, rng=0)
    one, many = net.stream(), net.stream(2)
    np.testing.assert_array_equal(one.feed(2), net.stream().feed([0, 0, 1]))
    np.testing.assert_array_equal(many.feed([2, 0]), net.stream(2).feed([[0, 0, 1], [1, 0, 0]]))
    with pytest.raises(ValueError, match="holds the symbol 3, expected 0 to 2"):
        one.feed(3)
    with pytest.raises(ValueError, match="holds the symbol -1, expected 0 to 2"):
        many.feed([0, -1])
    with pytest.raises(ValueError, match=r"expected \(m, D\) = \(2, 3\), one step each"):
        many.feed([0])


def test_what_cannot_be_copied_is_said() -> None:
    class Closed:
        longest = None

        def so_far(self, predict: Any) -> Any:
            return lambda A: predict(A)

        def width(self, H: int) -> int:
            return H

        read = gather = backward = so_far

    closed: Any = Closed()
    net = rnn.ManyToOne(rnn.GRU(4), 3, 2, readout=closed, rng=0)
    with pytest.raises(ValueError, match="so_far returns a function, expected an object for a copy"):
        net.stream().copy()


def test_a_stream_names_the_class_that_predict_does_where_probabilities_tie() -> None:
    net = rnn.ManyToMany(rnn.Tanh(3), 2, n_classes=2, rng=0)
    net.parameters["b_o"][:] = 20, 30  # whose sigmoids are both 1 in float32
    np.testing.assert_array_equal(net.stream().feed([0, 0]), net.predict_proba(np.zeros((1, 1, 2)))[0, 0])


def test_what_is_not_finite_says_nothing_in_a_stream_until_it_begins_anew() -> None:
    net = rnn.ManyToOne(rnn.ReLU(3), 2, 2, readout=rnn.Mean(), rng=0)
    net.parameters["W_ih"][...] = net.parameters["W_ho"][...] = 1e20
    stream = net.stream()
    said = stream.feed([0, 0])
    with pytest.raises(ValueError, match=r"logits are infinite or NaN though its steps were finite.*reset\(\) begins"):
        stream.feed([1, 0])
    stream.reset()
    np.testing.assert_array_equal(stream.feed([0, 0]), said)


@dataclass(frozen=True)
class FromZero(Own):
    """Its states come one by one from 0, whatever is handed on."""

    def states(self, parameters: Any, steps: Any, m: int) -> Any:  # type: ignore[override]
        return super().states(parameters, steps, m)


def test_a_cell_whose_states_begin_with_none_predicts_from_a_state_and_does_not_stream_from_one() -> None:
    nets = [rnn.ManyToOne(cell, 3, 2, rng=0, dtype=np.float64) for cell in (Own(), FromZero())]
    X, state = np.ones((2, 4, 3)), {"A": np.ones((2, 4))}
    (expected, end), (found, own_end) = (net.predict_proba(X, state=state, return_state=True) for net in nets)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_allclose(own_end["A"], end["A"], rtol=1e-12)
    with pytest.raises(ValueError, match="states without a state, expected one for a stream from it"):
        nets[1].stream(2, state=state)
    with pytest.raises(ValueError, match="states without a state, expected one for its state"):
        _ = nets[1].stream().state


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_copies_of_the_copy_module_are_streams_of_their_own(duplicate: Any) -> None:
    stream = rnn.ManyToOne(rnn.GRU(4), 2, 3, readout=rnn.Mean(), rng=0).stream()
    stream.feed([1, 2])
    duplicate(stream).feed([9, 9])
    alone = rnn.ManyToOne(rnn.GRU(4), 2, 3, readout=rnn.Mean(), rng=0).stream()
    alone.feed([1, 2])
    np.testing.assert_array_equal(stream.feed([3, 4]), alone.feed([3, 4]))
