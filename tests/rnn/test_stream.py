"""A stream says at each step what the network says of all steps so far."""

import itertools
import tracemalloc

import numpy as np
import pytest

from unrolled import rnn

CELLS = [rnn.Tanh(5), rnn.ReLU(5), rnn.LSTM(4), rnn.GRU(5)]
READOUTS = [rnn.Last(), rnn.Mean(), rnn.EveryStep(), rnn.EveryStep((0, 0, 0, 1, 2, 0, 1, 1, 1, 1, 1, 1))]


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
