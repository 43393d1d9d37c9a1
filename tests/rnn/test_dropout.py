"""Dropout: what is drawn, where it is multiplied, and what it does to a training."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled import rnn

RNG = np.random.default_rng
CELLS: list[rnn.cells.Cell] = [rnn.Tanh(4), rnn.ReLU(4), rnn.LSTM(4), rnn.GRU(4)]


def network(cells: Any, **settings: Any) -> rnn.ManyToOne:
    """A float64 network with biases off zero."""
    net = rnn.ManyToOne(cells, 2, 2, rng=1, dtype=np.float64, **settings)
    for n, W in enumerate(net.parameters.values()):
        if W.ndim == 1:
            W[...] = RNG(n).normal(0, 0.3, W.shape)
    return net


# -------------------------------------------------------------------------- masks


@settings(max_examples=40)
@given(
    shares=st.tuples(*[st.one_of(st.just(0.0), st.floats(0.01, 0.95))] * 3),
    m=st.integers(1, 9),
    dtype=st.sampled_from([np.float32, np.float64]),
    seed=st.integers(0, 2**32 - 1),
)
def test_masks_are_zero_or_scaled_up_and_none_where_nothing_is_left_out(
    shares: tuple[float, float, float], m: int, dtype: type, seed: int
) -> None:
    net = rnn.ManyToOne([rnn.Bidirectional(rnn.GRU(3)), rnn.LSTM(5)], 2, 4)
    dropout = rnn.Dropout(*shares)
    masks = dropout.draw(m, net.widths, RNG(seed), np.dtype(dtype))
    drawn = [*masks.inputs, *masks.recurrence]
    kinds = ["inputs", "layers", "layers", "recurrence", "recurrence"]
    for mask, kind, width in zip(drawn, kinds, [2, 6, 5, 6, 5], strict=True):
        p = getattr(dropout, kind)
        if p == 0:
            assert mask is None
        else:
            assert mask is not None
            assert mask.shape == (m, width)
            assert mask.dtype == dtype
            assert set(np.unique(mask)) <= {dtype(0), dtype(1 / (1 - p))}


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_the_share_of_zeros_is_p_and_the_mean_is_1(p: float) -> None:
    """Within five standard deviations; no sample, unit or kind of mask has another's zeros."""
    masks = rnn.Dropout(p, p, p).draw(400, [50, 50], RNG(0), np.dtype(np.float64))
    flat = [np.ravel(mask) for mask in (*masks.inputs, *masks.recurrence) if mask is not None]
    assert len(flat) == 3
    sigma = np.sqrt(p * (1 - p) / flat[0].size)
    for mask in flat:
        assert np.mean(mask == 0) == pytest.approx(p, abs=5 * sigma)
        assert mask.mean() == pytest.approx(1, abs=5 * sigma / (1 - p))
        by_axis = (mask == 0).reshape(400, 50)
        assert by_axis.mean(0) == pytest.approx(p, abs=5 * np.sqrt(p * (1 - p) / 400))
        assert by_axis.mean(1) == pytest.approx(p, abs=5 * np.sqrt(p * (1 - p) / 50))
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert abs(np.corrcoef(flat[one], flat[other])[0, 1]) < 5 / np.sqrt(flat[0].size)


def test_a_seed_is_a_draw() -> None:
    draws = [rnn.Dropout(0.5).draw(4, [5, 6], rng).inputs[0] for rng in (7, RNG(7), 8)]
    assert all(mask is not None and mask.dtype == np.float32 for mask in draws)
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="m is 0, expected a whole number"):
        rnn.Dropout(0.5).draw(0, [5, 6], 0)


def test_masks_of_some_samples() -> None:
    masks = rnn.Dropout(0.5, recurrence=0.5).draw(6, [3, 4], RNG(0), np.dtype(np.float64))
    for rows in (slice(2, 5), np.array([5, 0, 0])):
        some = masks.of(rows)
        assert some.inputs[1] is None
        for whole, part in ((masks.inputs[0], some.inputs[0]), (masks.recurrence[0], some.recurrence[0])):
            assert whole is not None
            np.testing.assert_array_equal(part, whole[rows])


# --------------------------------------------------------------- where they stand


def sigmoid(z: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-z)))


def states(cell: rnn.cells.Cell, p: dict[str, np.ndarray], X: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """The states (m, T, H) by the equations, where the products of each step see A_{t-1} times ``keep``."""
    m, T, _ = X.shape
    A = c = np.zeros((m, cell.hidden))
    found = []
    for t in range(T):
        x, h = X[:, t] @ p["W_ih"].T + p["b_h"], (A * keep) @ p["W_hh"].T
        if isinstance(cell, rnn.LSTM):
            i, f, g, o = np.split(x + h, 4, axis=1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            A = sigmoid(o) * np.tanh(c)
        elif isinstance(cell, rnn.GRU):
            (x_r, x_z, x_n), (h_r, h_z, h_n) = np.split(x, 3, axis=1), np.split(h, 3, axis=1)
            z = sigmoid(x_z + h_z)
            A = (1 - z) * np.tanh(x_n + sigmoid(x_r + h_r) * (h_n + p["b_hn"])) + z * A
        else:
            A = np.maximum(x + h, 0) if isinstance(cell, rnn.ReLU) else np.tanh(x + h)
        found.append(A)
    return np.stack(found, axis=1)


def both_ways(cell: rnn.cells.Cell, p: dict[str, np.ndarray], X: np.ndarray, keep: np.ndarray) -> np.ndarray:
    there = {name: W for name, W in p.items() if not name.endswith("_reverse")}
    back = {name.removesuffix("_reverse"): W for name, W in p.items() if name.endswith("_reverse")}
    H = cell.hidden
    return np.concatenate(
        [states(cell, there, X, keep[:, :H]), states(cell, back, X[:, ::-1], keep[:, H:])[:, ::-1]], axis=2
    )


@pytest.mark.parametrize("both", [False, True], ids=["forwards", "both ways"])
@pytest.mark.parametrize("cell", CELLS)
def test_one_mask_multiplies_the_same_place_at_all_steps(cell: rnn.cells.Cell, both: bool) -> None:
    """Two layers by hand: the input, what goes up, what the head reads, and what goes on to the next step."""
    net = network([rnn.Bidirectional(cell) if both else cell] * 2, readout=rnn.EveryStep())
    X, y = RNG(0).standard_normal((5, 6, 2)), np.array([0, 1, 1, 0, 1])
    masks = rnn.Dropout(0.4, 0.3, 0.5).draw(5, net.widths, RNG(2), net.dtype)
    up, on = [np.asarray(mask) for mask in masks.inputs], [np.asarray(mask) for mask in masks.recurrence]
    assert all((mask == 0).any() and (mask != 0).any() for mask in (*up, *on))
    first = {name: W for name, W in net.parameters.items() if "_l1" not in name and "o" not in name}
    second = {name.replace("_l1", ""): W for name, W in net.parameters.items() if "_l1" in name}
    run = both_ways if both else states
    S = run(cell, first, X * up[0][:, None], on[0])
    S = run(cell, second, S * up[1][:, None], on[1])
    Z = (S * up[2][:, None]) @ net.parameters["W_ho"].T + net.parameters["b_o"]
    Y_hat, Y = sigmoid(Z), np.eye(2)[y][:, None]
    expected = -(Y * np.log(Y_hat) + (1 - Y) * np.log(1 - Y_hat)).sum() / 6 / 5
    assert net.loss(X, y, masks=masks) == pytest.approx(expected, rel=1e-12)
    assert net.loss_and_gradients(X, y, masks=masks)[0] == pytest.approx(expected, rel=1e-12)
    assert net.loss(X, y) != pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("cell", [*CELLS, rnn.Bidirectional(rnn.GRU(3))])
@pytest.mark.parametrize("readout", [rnn.Last(), rnn.Mean(), rnn.EveryStep()])
def test_with_different_lengths_each_sample_has_its_own_masks(cell: rnn.cells.Cell, readout: rnn.Readout) -> None:
    net = network([cell, cell], readout=readout)
    X, y, lengths = RNG(0).standard_normal((5, 6, 2)), np.array([0, 1, 1, 0, 1]), [2, 6, 1, 4, 6]
    masks = rnn.Dropout(0.4, 0.3, 0.5).draw(5, net.widths, RNG(2), net.dtype)
    loss, gradients = net.loss_and_gradients(X, y, lengths, masks=masks)
    alone = [
        net.loss_and_gradients(X[n : n + 1, :L], y[n : n + 1], masks=masks.of(slice(n, n + 1)))
        for n, L in enumerate(lengths)
    ]
    assert loss == pytest.approx(np.mean([each for each, _ in alone]), rel=1e-12)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, np.mean([g[name] for _, g in alone], axis=0), rtol=1e-9, atol=1e-13)


def test_masks_leave_no_trace() -> None:
    """Memory is used again: what comes after a pass with masks is as if there had been none."""
    X, y = RNG(0).standard_normal((5, 6, 2)), np.array([0, 1, 1, 0, 1])
    for cell in (*CELLS, rnn.Bidirectional(rnn.LSTM(3))):
        net = network([cell, cell])
        before = net.loss_and_gradients(X, y)
        masks = rnn.Dropout(0.4, 0.3, 0.5).draw(5, net.widths, RNG(2), net.dtype)
        masked = net.loss_and_gradients(X, y, masks=masks)
        after, again = net.loss_and_gradients(X, y), net.loss_and_gradients(X, y, masks=masks)
        for one, other in ((before, after), (masked, again)):
            assert one[0] == other[0]
            for name, gradient in one[1].items():
                np.testing.assert_array_equal(gradient, other[1][name])


@pytest.mark.parametrize("readout", [rnn.Last(), rnn.Mean()])
def test_prediction_is_the_expectation_over_the_masks(readout: rnn.Readout) -> None:
    """Where the head reads, logits are linear in the mask; one batch of one sequence is the mean over many masks.

    Of a pair of classes, the losses of the two labels differ by the difference of the logits.
    """
    net, m, p = network([rnn.LSTM(6)], readout=readout), 20_000, 0.3
    X = RNG(0).standard_normal((1, 4, 2)) + 1
    many = np.broadcast_to(X, (m, 4, 2))
    masks = rnn.Dropout(layers=p).draw(m, net.widths, RNG(3), net.dtype)
    masks.inputs[0] = None  # of a layer's states only those that the head reads
    losses = [net.loss(many, np.full(m, label), masks=masks) for label in (0, 1)]
    forward = net.forward(X)
    (Z,) = forward.logits
    each = forward.reading.R[0, 0] * np.diff(net.parameters["W_ho"], axis=0)
    sigma = np.sqrt((each**2).sum() * p / (1 - p) / m)
    assert losses[0] - losses[1] == pytest.approx(Z[1] - Z[0], abs=5 * sigma)
    assert 10 * sigma < p * abs(each.sum())  # were the scale not right, it would show


# ----------------------------------------------------------------------- training


def samples(n: int = 25) -> tuple[np.ndarray, np.ndarray]:
    rng = RNG(0)
    return rng.standard_normal((n, 5, 2)), rng.integers(0, 2, n)


class Recording(rnn.ManyToOne):
    """A network that keeps the batches and masks of its steps."""

    def step(self, X: np.ndarray, Y: np.ndarray, threads: int = 1, **settings: Any) -> Any:
        self.__dict__.setdefault("batches", []).append(X.copy())
        self.__dict__.setdefault("masks", []).append(settings["masks"])
        return super().step(X, Y, threads, **settings)


def trained(dropout: rnn.Dropout | None, seed: int = 0, dtype: type = np.float32) -> Any:
    net = Recording(rnn.GRU(4), 2, 2, rng=1, dtype=dtype)
    rnn.train(
        net, samples(), optimizer=rnn.SGD(0.1), batch_size=10, epochs=3, dropout=dropout, rng=seed, progress=False
    )
    return net


def same_parameters(a: rnn.Network, b: rnn.Network) -> bool:
    return all((a.parameters[name] == b.parameters[name]).all() for name in a.parameters)


def test_dropout_draws_from_a_stream_of_its_own() -> None:
    """The batches are the same with dropout and without, whatever is left out."""
    plain, some, more = (trained(dropout) for dropout in (None, rnn.Dropout(0.2), rnn.Dropout(0.1, 0.2, 0.3)))
    assert len(plain.batches) == 9
    for others in (some.batches, more.batches):
        for batch, other in zip(plain.batches, others, strict=True):
            np.testing.assert_array_equal(batch, other)
    assert not same_parameters(plain, some)
    assert plain.masks == [None] * 9


def test_every_batch_has_masks_of_its_own_of_its_size_and_dtype() -> None:
    net = trained(rnn.Dropout(recurrence=0.5))
    masks = [mask.recurrence[0] for mask in net.masks]
    assert [len(mask) for mask in masks] == [10, 10, 5] * 3
    assert all(mask.dtype == np.float32 for mask in masks)
    assert len({mask[:5].tobytes() for mask in masks}) == 9


def test_a_seed_is_a_result_and_another_seed_is_another() -> None:
    dropout = rnn.Dropout(0.1, 0.2, 0.3)
    one, again, another = (trained(dropout, seed) for seed in (0, 0, 1))
    assert same_parameters(one, again)
    assert not same_parameters(one, another)


def test_leaving_nothing_out_is_no_dropout() -> None:
    assert same_parameters(trained(rnn.Dropout()), trained(None))


def test_held_out_samples_are_measured_and_predicted_with_the_whole_network() -> None:
    net = rnn.ManyToOne(rnn.GRU(4), 2, 2, rng=1)
    history = rnn.train(
        net, samples(), validation=samples(8), optimizer=rnn.SGD(0.1), epochs=2, dropout=rnn.Dropout(0.5, 0.5, 0.5),
        progress=False,
    )  # fmt: skip
    assert history.validation is not None
    X, y = samples(8)
    assert history.validation.loss[-1] == net.evaluate(X, y)[0] == pytest.approx(net.loss(X, y), rel=1e-6)
    np.testing.assert_array_equal(net.predict_proba(X), net.predict_proba(X))


def test_a_divided_batch_has_the_same_masks() -> None:
    """What threads work on is a part of the batch, and of its masks."""
    net = network([rnn.LSTM(64), rnn.GRU(64)])
    X, Y = RNG(0).standard_normal((128, 5, 2)), np.eye(2)[RNG(1).integers(0, 2, 128)]
    masks = rnn.Dropout(0.4, 0.3, 0.5).draw(128, net.widths, RNG(2), net.dtype)
    (loss, gradients), (other, others) = (net.step(X, Y, threads, masks=masks) for threads in (1, 3))
    assert loss == pytest.approx(other, rel=1e-13)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, others[name], rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("name", ["inputs", "layers", "recurrence"])
@pytest.mark.parametrize("p", [1, -0.1, 1.5, np.nan, np.inf, "0.5", None, True])
def test_impossible_shares_are_refused_with_their_name(name: str, p: Any) -> None:
    with pytest.raises(ValueError, match=f"Dropout's {name} is {p!r}, expected"):
        rnn.Dropout(**{name: p})


@pytest.mark.parametrize("dropout", [0.5, rnn.Dropout, (0.1, 0.2)])
def test_what_is_no_dropout_is_refused(dropout: Any) -> None:
    with pytest.raises(ValueError, match=r"dropout is .*, expected one such as"):
        trained(dropout)
