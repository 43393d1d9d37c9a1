"""What the head reads of the states, and how the gradient goes back to them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled import rnn
from unrolled.rnn.engine.packing import Packed, pack

WEIGHTS = (0, 0, 3, 1, 0, 2, 2, 1, 5)
POOLING: list[rnn.Readout] = [rnn.Mean(), rnn.Max(), rnn.MeanMax()]
READOUTS = [rnn.Last(), *POOLING, rnn.EveryStep(), rnn.EveryStep(WEIGHTS)]


@st.composite
def batches(draw: st.DrawFn) -> tuple[Packed, np.ndarray]:
    """A batch as the cells have it, and states (T + 1, m, H) with zeros where a sample has no step."""
    T, m, H = draw(st.integers(1, 9)), draw(st.integers(1, 5)), draw(st.integers(1, 4))
    lengths = draw(st.none() | st.lists(st.integers(1, T), min_size=m, max_size=m).map(np.array))
    batch = pack(np.zeros((m, T, 2)), lengths)
    A = np.random.default_rng(draw(st.integers(0, 999))).standard_normal((len(batch.X) + 1, m, H))
    A[0] = 0
    for t, n in enumerate(batch.batch_sizes or ()):
        A[t + 1, n:] = 0
    return batch, A


def lengths_of(batch: Packed) -> np.ndarray:
    T, m, _ = batch.X.shape
    return np.full(m, T) if batch.lengths is None else batch.lengths


def shares(weights: tuple[float, ...], L: int) -> np.ndarray:
    """Each of a sample's own steps."""
    w = np.array(weights[:L], float)
    return np.asarray(w / w.sum() if w.any() else np.eye(L)[-1])


@pytest.mark.parametrize("readout", READOUTS)
@settings(max_examples=25)
@given(given_=batches())
def test_what_is_read_of_each_sample(readout: rnn.Readout, given_: tuple[Packed, np.ndarray]) -> None:
    batch, A = given_
    T = len(A) - 1
    R, w = readout.read(A, A[-1], batch)
    np.testing.assert_allclose(w.sum(0), 1, rtol=1e-14)
    for n, L in enumerate(lengths_of(batch)):
        own = A[T - L + 1 :, n]
        if isinstance(readout, rnn.EveryStep):
            expected = np.zeros(T)
            expected[T - L :] = shares(readout.weights or (1,) * L, L)
            np.testing.assert_allclose(w[:, n], expected, rtol=1e-14)
            np.testing.assert_array_equal(R[T - L :, n], own)
        else:
            assert w.shape == (1, len(A[0]))
            expected = {
                rnn.Last: own[-1],
                rnn.Mean: own.mean(0),
                rnn.Max: own.max(0),
                rnn.MeanMax: np.concatenate([own.mean(0), own.max(0)]),
            }[type(readout)]
            np.testing.assert_allclose(R[0, n], expected, atol=1e-14)
            assert len(R[0, n]) == readout.width(A.shape[2])


@pytest.mark.parametrize("readout", READOUTS)
@settings(max_examples=25)
@given(given_=batches(), seed=st.integers(0, 999))
def test_going_back_is_the_transpose_of_reading(
    readout: rnn.Readout, given_: tuple[Packed, np.ndarray], seed: int
) -> None:
    """``<dR, read(A)> = <backward(dR), A>`` for all states A, and nothing goes where a sample has no step."""
    batch, A = given_
    T = len(A) - 1
    R, w = readout.read(A, A[-1], batch)
    dR = np.random.default_rng(seed).standard_normal(R.shape) * w[:, :, None]  # as the loss gives it
    dA_T, dA = readout.backward(dR, A, batch)
    there = 0.0 if dA_T is None else (dA_T * A[-1]).sum()
    along = 0.0 if dA is None else (dA * A[1:]).sum()
    assert there + along == pytest.approx((dR * R).sum(), rel=1e-12, abs=1e-13)
    if dA is not None:
        for n, L in enumerate(lengths_of(batch)):
            assert not dA[: T - L, n].any()


def test_of_equals_the_first_is_the_largest() -> None:
    """As the units of a ReLU network are, which all say 0; of complex numbers the real part decides."""
    A = np.zeros((5, 2, 1))
    A[[2, 4], 0], A[3, 1] = 1, -1
    batch = pack(np.zeros((2, 4, 1)), None)
    for states, one in ((A, 1.0), (A + 1e-20j * np.arange(5)[:, None, None], 1 + 0j)):
        _, dA = rnn.Max().backward(np.full((1, 2, 1), one), states, batch)
        assert dA is not None
        assert dA[:, :, 0].T.real.tolist() == [[0, 1, 0, 0], [1, 0, 0, 0]]
        assert rnn.Max().read(states, states[-1], batch)[0].real.ravel().tolist() == [1, 0]


def test_a_unit_that_dropout_leaves_out_is_left_out_of_mean_and_largest() -> None:
    net = rnn.ManyToOne(rnn.GRU(3), 2, 2, readout=rnn.MeanMax(), rng=0, dtype=np.float64)
    X, y = np.random.default_rng(0).standard_normal((4, 6, 2)), np.array([0, 1, 1, 0])
    masks = rnn.Dropout(layers=0.5).draw(4, net.widths, 1, np.float64)
    mask = masks.inputs[1]
    assert mask is not None
    mask[:, 0] = 0
    loss, gradients = net.loss_and_gradients(X, y, masks=masks)
    assert (gradients["W_ho"] == 0).all(0).tolist() == [True, False, False, True, False, False]
    moved = net.parameters["W_ho"] + [1, 0, 0, 1, 0, 0]
    assert net.with_parameters({**net.parameters, "W_ho": moved}).loss_and_gradients(X, y, masks=masks)[0] == loss


@pytest.mark.parametrize("readout", POOLING)
def test_a_state_that_is_nan_is_not_passed_over(readout: rnn.Readout) -> None:
    A = np.array([[0.0], [1.0], [np.nan], [2.0]])[:, :, None]
    batch, said = pack(np.zeros((1, 3, 1)), None), readout.so_far(lambda R: R)
    for R in (readout.read(A, A[-1], batch)[0], readout.gather(iter(A[1:]), batch)[0], [said(a) for a in A[1:]][-1]):
        assert np.isnan(R).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("readout", READOUTS)
def test_states_that_come_one_by_one_give_the_same(readout: rnn.Readout, dtype: type) -> None:
    """Also where all are written to one place, as the cells do."""
    A: np.ndarray = np.random.default_rng(0).standard_normal((8, 4, 3)).astype(dtype)
    batch, place = pack(np.zeros((4, 7, 2)), None), np.empty_like(A[0])

    def states() -> Any:
        for state in A[1:]:
            place[...] = state
            yield place

    for one, other in zip(readout.gather(states(), batch), readout.read(A, A[-1], batch), strict=True):
        assert one.dtype == other.dtype == dtype
        np.testing.assert_allclose(one, other, rtol=1e-6 if dtype == np.float32 else 1e-14)


@pytest.mark.parametrize("readout", READOUTS)
def test_symbols_are_predicted_as_the_rows_they_stand_for(readout: rnn.Readout) -> None:
    net = rnn.ManyToOne(rnn.GRU(4), 3, 2, readout=readout, rng=0, dtype=np.float64)
    X = np.random.default_rng(0).integers(0, 3, (4, 7))
    np.testing.assert_allclose(net.predict_proba(X), net.predict_proba(np.eye(3)[X]), rtol=1e-12)


# -------------------------------------------------------------------- in a network


def problem(readout: rnn.Readout, T: int = 9) -> tuple[rnn.ManyToOne, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    net = rnn.ManyToOne(rnn.LSTM(4), 2, 3, readout=readout, head=rnn.Softmax(), rng=0, dtype=np.float64)
    return net, rng.standard_normal((5, T, 2)), rng.integers(0, 3, 5)


@pytest.mark.parametrize("lengths", [None, [2, 9, 1, 5, 9]])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_every_step_predicts_the_mean_probability_and_has_the_mean_loss(
    weights: tuple[float, ...] | None, lengths: list[int] | None
) -> None:
    """Against a network of one step's readout that is given each prefix in turn."""
    (net, X, y), (last, _, _) = problem(rnn.EveryStep(weights)), problem(rnn.Last())
    for n, L in enumerate(lengths or [9] * 5):
        prefixes = [(X[n : n + 1, :t], y[n : n + 1]) for t in range(1, L + 1)]
        w = shares(weights or (1,) * 9, L)
        scores = sum(v * last.predict_proba(x)[0] for v, (x, _) in zip(w, prefixes, strict=True))
        np.testing.assert_allclose(net.predict_proba(X, lengths)[n], scores, rtol=1e-12)
        loss = sum(v * last.loss(*prefix) for v, prefix in zip(w, prefixes, strict=True))
        assert net.loss(X[n : n + 1, :L], y[n : n + 1]) == pytest.approx(loss, rel=1e-12)


@pytest.mark.parametrize(
    ("T", "one", "other"),
    [
        (1, rnn.Last(), rnn.Mean()),
        (1, rnn.Last(), rnn.EveryStep()),
        (9, rnn.Last(), rnn.EveryStep((0,) * 8 + (0.3,))),
        (9, rnn.EveryStep(), rnn.EveryStep((7.5,) * 20)),
        (9, rnn.EveryStep(WEIGHTS), rnn.EveryStep(tuple(2 * w for w in WEIGHTS))),
        (2, rnn.Last(), rnn.EveryStep(WEIGHTS)),  # of whose weights the first two are 0
    ],
)
def test_readouts_that_are_the_same(T: int, one: rnn.Readout, other: rnn.Readout) -> None:
    (net, X, y), (another, _, _) = problem(one, T), problem(other, T)
    (loss, gradients), (again, others) = net.loss_and_gradients(X, y), another.loss_and_gradients(X, y)
    assert loss == pytest.approx(again, rel=1e-12)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, others[name], rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(net.predict_proba(X), another.predict_proba(X), rtol=1e-12)


@pytest.mark.parametrize("weights", [(), (0, 0), (1, -1), (1, np.nan), (np.inf,), 3, [[1, 2]], "ab"])
def test_impossible_weights_are_refused_with_their_name(weights: Any) -> None:
    with pytest.raises(ValueError, match=r"EveryStep's weights .*expected"):
        rnn.EveryStep(weights)


def test_more_steps_than_weights_are_refused_wherever_they_come() -> None:
    net, X, y = problem(rnn.EveryStep((1, 2, 3)), 4)
    said = "a sequence has 4 steps, expected at most 3, as EveryStep's weights"
    for call in (
        lambda: net.forward(X),
        lambda: net.predict(X),
        lambda: net.evaluate(X, y),
        lambda: net.loss_and_gradients(X, y),
        lambda: rnn.train(net, (X, y), optimizer=rnn.SGD(0.1), epochs=1, progress=False),
    ):
        with pytest.raises(ValueError, match=said):
            call()
    assert net.loss(X, y, [3, 1, 2, 3, 3]) > 0  # what counts are the steps, not the padding


def test_weights_are_kept_as_numbers_whatever_they_came_in() -> None:
    readouts = [rnn.EveryStep(weights) for weights in ((1, 2.0), np.array([1, 2]), [1.0, 2.0])]  # type: ignore[arg-type]
    assert readouts[0] == readouts[1] == readouts[2]
    assert len({*readouts}) == 1
