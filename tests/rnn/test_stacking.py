"""Steps stacked into one in front of the cells, as a network of data stacked by hand; outside, single steps."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled import dynamics, rnn

D, C, T = 2, 3, 7
LENGTHS = [7, 3, 1, 5]


def network(k: int = 3, cells: Any = None, **others: Any) -> rnn.ManyToOne:
    made_of = [rnn.Stack(k), *([rnn.GRU(4)] if cells is None else cells)]
    return rnn.ManyToOne(made_of, D, C, rng=0, **{"dtype": np.float64, **others})


def samples(m: int = 4, T: int = T) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.normal(size=(m, T, D)), rng.integers(0, C, m)


def by_hand(X: np.ndarray, k: int, lengths: list[int] | None = None) -> tuple[np.ndarray, list[int] | None]:
    """Blocks (m, ceil(T / k), k D), step by step, and how many each sample has."""
    m, T, D = X.shape
    blocks = np.zeros((m, -(-T // k), k, D), X.dtype)
    for n in range(m):
        for t in range(T if lengths is None else lengths[n]):
            blocks[n, t // k, t % k] = X[n, t]
    return blocks.reshape(m, -1, k * D), None if lengths is None else [-(-L // k) for L in lengths]


@settings(max_examples=15)
@given(
    k=st.integers(1, 5),
    T=st.integers(1, 8),
    ragged=st.booleans(),
    cells=st.sampled_from([[rnn.Tanh(3)], [rnn.LSTM(3), rnn.GRU(2)], [rnn.Bidirectional(rnn.Leaky(2))]]),
    readout=st.sampled_from([rnn.Last(), rnn.MeanMax(), rnn.EveryStep()]),
)
def test_to_the_bit_a_network_of_data_stacked_by_hand(
    k: int, T: int, ragged: bool, cells: Any, readout: rnn.Readout
) -> None:
    net = network(k, cells, readout=readout, dtype=np.float32)
    plain = rnn.ManyToOne.from_parameters(net.parameters, cells, k * D, C, readout=readout)
    X, y = samples(T=T)
    X = X.astype(np.float32)
    lengths = [max(1, T - n) for n in range(4)] if ragged else None
    stacked, blocks = by_hand(X, k, lengths)
    np.testing.assert_array_equal(net.predict_proba(X, lengths), plain.predict_proba(stacked, blocks))
    np.testing.assert_array_equal(net.forward(X, lengths).A, plain.forward(stacked, blocks).A)
    assert net.forward(X, lengths).A.shape[0] == -(-T // k) + 1
    loss, gradients = net.loss_and_gradients(X, y, lengths)
    expected_loss, expected = plain.loss_and_gradients(stacked, y, blocks)
    assert loss == expected_loss
    for name, gradient in gradients.items():
        np.testing.assert_array_equal(gradient, expected[name])
    assert net.evaluate(X, y, lengths) == plain.evaluate(stacked, y, blocks)


def test_one_step_is_no_stack() -> None:
    X, _ = samples()
    net, plain = network(1), rnn.ManyToOne(rnn.GRU(4), D, C, rng=0, dtype=np.float64)
    np.testing.assert_array_equal(net.predict_proba(X), plain.predict_proba(X))
    assert repr(net) == repr(plain)


@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_gradients(lengths: list[int] | None) -> None:
    X, y = samples()
    net = network(cells=[rnn.Tanh(3), rnn.Bidirectional(rnn.Tanh(2))], readout=rnn.Mean())
    check = rnn.check_gradients(net, X, y, lengths, entries=6)
    assert max(check.central.values()) < 1e-6
    assert max(check.complex_step.values()) < 1e-11


@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_the_gradient_in_the_inputs_is_that_of_single_steps(lengths: list[int] | None) -> None:
    net, (X, y) = network(), samples()
    forward = net.forward(X, lengths)
    dX = net.backward(forward, y).dX
    assert forward.X.shape == dX.shape == (T, 4, D)
    for n, t, d in [(0, 0, 1), (0, 6, 0), (1, 2, 1), (1, 3, 0), (3, 4, 1), (2, 5, 0)]:
        h = np.zeros(X.shape)
        h[n, t, d] = 1e-6
        slope = (net.loss(X + h, y, lengths) - net.loss(X - h, y, lengths)) / 2e-6
        assert slope == pytest.approx(dX[t, n, d], rel=1e-6, abs=1e-10)
        if lengths is not None and t >= lengths[n]:
            assert dX[t, n, d] == 0


def test_what_stands_behind_a_samples_last_step_counts_nothing() -> None:
    net, (X, y) = network(), samples()
    other = X.copy()
    for n, length in enumerate(LENGTHS):
        other[n, length:] = 99
    np.testing.assert_array_equal(net.predict_proba(X, LENGTHS), net.predict_proba(other, LENGTHS))
    assert net.loss(X, y, LENGTHS) == net.loss(other, y, LENGTHS)


@pytest.mark.parametrize("readout", [rnn.Last(), rnn.MeanMax(), rnn.Attention(), rnn.EveryStep()], ids=repr)
def test_a_stream_says_at_each_single_step_what_all_so_far_do(readout: rnn.Readout) -> None:
    net, (X, _) = network(readout=readout), samples()
    stream = net.stream(4)
    for t in range(T):
        if t == 4:  # within a block
            twin = stream.copy()
            stream.feed(X[:, 0])
            stream = twin
        np.testing.assert_allclose(stream.feed(X[:, t]), net.predict_proba(X[:, : t + 1]), rtol=1e-12)
        for name, state in net.forward(X[:, : t + 1]).state.items():
            np.testing.assert_allclose(stream.state[name], state, rtol=1e-12)
    stream.reset()
    np.testing.assert_allclose(stream.feed(X[:, 0]), net.predict_proba(X[:, :1]), rtol=1e-12)


def test_symbols_are_rows_that_are_stacked() -> None:
    net, symbols = network(), np.random.default_rng(0).integers(0, D, (4, T))
    np.testing.assert_allclose(net.predict_proba(symbols), net.predict_proba(np.eye(D)[symbols]), rtol=1e-12)
    stream = net.stream(4)
    for t in range(T):
        found = stream.feed(symbols[:, t])
    np.testing.assert_allclose(found, net.predict_proba(symbols), rtol=1e-12)


def test_a_training_augments_single_steps_and_its_network_is_saved(tmp_path: Path) -> None:
    X, y = samples(24)
    seen = []

    def augment(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        seen.append(batch.shape)
        return np.asarray(batch + rng.normal(0, 0.01, batch.shape), batch.dtype)

    def trained(epochs: int, **how: Any) -> rnn.ManyToOne:
        net = network(dtype=np.float32)
        rnn.train(net, (X, y), optimizer=rnn.Adam(0.02), epochs=epochs, batch_size=8, augment=augment, rng=0, **how)
        return net

    whole = trained(4)
    assert set(seen) == {(8, T, D)}
    assert whole.evaluate(X, y)[0] < network(dtype=np.float32).evaluate(X, y)[0]
    whole.save(tmp_path / "net.h5")
    loaded = rnn.load(tmp_path / "net.h5")
    assert loaded.stack == rnn.Stack(3)
    assert repr(loaded) == repr(whole)
    np.testing.assert_array_equal(loaded.predict_proba(X), whole.predict_proba(X))
    np.testing.assert_array_equal(whole.copy().predict_proba(X), whole.predict_proba(X))


def test_dropout_and_truncation_count_blocks() -> None:
    net, (X, y) = network(), samples()
    assert net.widths == [3 * D, 4]
    assert net.summary().splitlines()[1].split()[:3] == ["Stack(k=3)", str(D), str(3 * D)]
    masks = rnn.Dropout(inputs=0.5, layers=0.5).draw(4, net.widths, 0, np.float64)
    assert np.isfinite(net.loss_and_gradients(X, y, masks=masks)[0])
    plain = rnn.ManyToOne.from_parameters(net.parameters, rnn.GRU(4), 3 * D, C)
    cut, expected = (
        each.loss_and_gradients(Z, y, bptt_steps=2)[1] for each, Z in ((net, X), (plain, by_hand(X, 3)[0]))
    )
    for name, gradient in cut.items():
        np.testing.assert_array_equal(gradient, expected[name])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: rnn.Stack(0), "k"),
        (lambda: rnn.Stack(2.5), "k"),  # type: ignore[arg-type]
        (lambda: network(cells=[rnn.GRU(2), rnn.Stack(2)]), r"cell 2 is Stack\(k=2\), expected at most one Stack"),
        (lambda: network(cells=[rnn.Stack(2), rnn.GRU(2)]), r"cell 1 is Stack\(k=2\), expected at most one Stack"),
        (lambda: network(cells=[]), r"cell is Stack\(k=3\) alone, expected cells behind it"),
        (
            lambda: rnn.ManyToMany([rnn.Stack(2), rnn.GRU(2)], D, C, rng=0),  # type: ignore[list-item]
            r"cell begins with Stack\(k=2\), expected none in a ManyToMany, which answers at every single step",
        ),
        (lambda: rnn.to_onnx(network(dtype=np.float32), "x.onnx"), r"the network begins with Stack\(k=3\)|onnx"),
        (
            lambda: rnn.to_c(network(dtype=np.float32), "x.h"),
            r"the network begins with Stack\(k=3\), expected none for",
        ),
        (lambda: dynamics.System(network()), r"the network begins with Stack\(k=3\), expected none for a system"),
    ],
)
def test_what_has_no_meaning_is_refused(make: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()
