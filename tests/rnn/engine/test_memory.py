"""What predicting takes and what is held afterwards, in bytes, whatever the network and however long the sequences."""

import itertools
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sampled import sampled

from unrolled import rnn
from unrolled._support.blas_threads import undivided
from unrolled.rnn.engine import blocks
from unrolled.rnn.engine.buffers import MOST_BYTES, Scratch, n_bytes

MB = 2**20
RNG = np.random.default_rng(0)


def measured(call: Callable[[], object]) -> tuple[int, int]:
    """The bytes that a call takes at its peak, and those that are held after it."""
    tracemalloc.start()
    try:
        with undivided():
            before = tracemalloc.get_traced_memory()[0]
            call()
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return peak - before, now - before


NETWORKS: list[Any] = [
    rnn.LSTM(64),
    rnn.Bidirectional(rnn.LSTM(64)),
    [rnn.Bidirectional(rnn.GRU(32)), rnn.Bidirectional(rnn.GRU(32))],
    [rnn.Bidirectional(rnn.Tanh(40)), rnn.ReLU(40)],
]


@pytest.mark.parametrize(
    ("cells", "has_lengths", "readout"),
    sampled(list(itertools.product(NETWORKS, [False, True], [rnn.Last(), rnn.EveryStep()])), 5),
    ids=repr,
)
def test_predicting_takes_no_more_than_is_said(cells: Any, has_lengths: bool, readout: rnn.Readout) -> None:
    """All of it at once would take up to half a gigabyte."""
    net = rnn.ManyToOne(cells, 3, 5, readout=readout, rng=0)
    X = RNG.standard_normal((260, 300, 3)).astype(np.float32)
    lengths = RNG.integers(1, 301, 260) if has_lengths else None
    for call in (lambda: net.predict_proba(X, lengths), lambda: net.evaluate(X, np.zeros(260, int), lengths)):
        peak, held = measured(call)
        assert peak < 64 * MB
        assert held < MB


def test_blocks_change_no_prediction(monkeypatch: pytest.MonkeyPatch) -> None:
    net = rnn.ManyToOne(rnn.Bidirectional(rnn.LSTM(6)), 3, 5, readout=rnn.EveryStep(), rng=0, dtype=np.float64)
    X, lengths = RNG.standard_normal((30, 20, 3)), RNG.integers(1, 21, 30)
    whole = net.predict_proba(X, lengths)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 4 * net._bytes_of_sample(20, forgets=False))
    np.testing.assert_allclose(net.predict_proba(X, lengths), whole, rtol=1e-13)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1)
    np.testing.assert_allclose(net.predict_proba(X, lengths), whole, rtol=1e-13)


def test_a_training_holds_nothing_when_it_has_ended() -> None:
    net = rnn.ManyToOne(rnn.LSTM(64), 3, 5, rng=0)
    X, y = RNG.standard_normal((64, 100, 3)).astype(np.float32), RNG.integers(0, 5, 64)
    _, held = measured(lambda: rnn.train(net, (X, y), optimizer=rnn.SGD(0.1), epochs=1, progress=False))
    assert held < MB
    _, held = measured(lambda: net.loss_and_gradients(X, y))
    assert held > 10 * MB  # for the next one
    net.release()
    assert not net._scratch._pieces


def test_scratch_is_bounded_in_bytes_but_for_the_last_piece() -> None:
    scratch: Scratch[np.ndarray] = Scratch(most_bytes=1000)
    for n in (400, 500, 600, 5000, 300):
        with scratch.take(n, lambda n=n: np.zeros(n, np.uint8)):  # type: ignore[misc]
            pass
        held = [size for _, _, size in scratch._pieces]
        assert held[-1] == n
        assert sum(held) <= max(1000, n)
    scratch.release()
    assert not scratch._pieces
    assert MOST_BYTES < 2**30


def test_bytes_are_counted_once() -> None:
    trace = rnn.LSTM(8).trace(10, 4, 3, np.dtype(np.float32))
    least = 10 * 4 * 8 * 4 * 11  # five gates' worth, four of delta, tanh(C) and A
    assert least < n_bytes(trace) < 1.5 * least
    assert n_bytes([trace, trace]) == n_bytes(trace)
    both = rnn.Bidirectional(rnn.LSTM(8)).trace(10, 4, 3, np.dtype(np.float32))
    assert n_bytes(both) > 2 * n_bytes(trace)
