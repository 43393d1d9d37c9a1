"""Attention over time, and readouts of one's own that have parameters."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled import rnn
from unrolled.rnn.arrays import Array, Parameters, ReadOnlyParameters
from unrolled.rnn.engine.packing import Packed

LENGTHS = [7, 1, 4, 7]


def network(readout: Any = None, cell: Any = None, **settings: Any) -> rnn.ManyToOne:
    readout = rnn.Attention() if readout is None else readout
    net = rnn.ManyToOne(cell or rnn.GRU(5), 3, 4, readout=readout, rng=0, **{"dtype": np.float64, **settings})
    for name, shape in readout.shapes(net.widths[-1]).items():
        net.parameters[name] = np.random.default_rng(1).normal(size=shape).astype(net.dtype)
    return net


def samples(m: int = 4, T: int = 7) -> tuple[Array, Array]:
    rng = np.random.default_rng(2)
    return rng.normal(size=(m, T, 3)), rng.integers(0, 4, m)


@settings(max_examples=20)
@given(lengths=st.none() | st.lists(st.integers(1, 7), min_size=4, max_size=4), scale=st.sampled_from([1.0, 300.0]))
def test_each_sample_is_weighted_by_the_softmax_over_its_own_steps(lengths: list[int] | None, scale: float) -> None:
    net, (X, _) = network(), samples()
    net.parameters["w_a"] *= scale
    forward = net.forward(X, lengths)
    for n, L in enumerate(lengths or [7] * 4):
        A = forward.A[1 : L + 1, n]
        e = np.exp(A @ net.parameters["w_a"] - (A @ net.parameters["w_a"]).max())
        R = (e[:, None] * A).sum(0) / e.sum()
        np.testing.assert_allclose(
            forward.logits[n], R @ net.parameters["W_ho"].T + net.parameters["b_o"], rtol=1e-12, atol=1e-13
        )


def test_it_begins_as_the_mean() -> None:
    X, y = samples()
    attending, mean = (rnn.ManyToOne(rnn.LSTM(5), 3, 4, readout=each, rng=0) for each in (rnn.Attention(), rnn.Mean()))
    np.testing.assert_allclose(attending.predict_proba(X, LENGTHS), mean.predict_proba(X, LENGTHS), rtol=1e-6)
    gradients = attending.loss_and_gradients(X, y)[1]
    assert list(gradients) == list(attending.parameters)
    assert gradients["w_a"].any()


@pytest.mark.parametrize(
    ("cell", "lengths"),
    [(rnn.Tanh(4), None), (rnn.Bidirectional(rnn.Tanh(2)), LENGTHS), ([rnn.Tanh(3), rnn.GRU(3)], LENGTHS)],
    ids=str,
)
def test_gradients(cell: Any, lengths: list[int] | None) -> None:
    X, y = samples()
    check = rnn.check_gradients(network(cell=cell), X, y, lengths=lengths)
    assert max(check.complex_step.values()) < 1e-11
    assert max(check.central.values()) < 1e-6


def test_units_that_dropout_leaves_out_still_have_a_say_in_the_score() -> None:
    net, (X, y) = network(), samples()
    masks = rnn.Dropout(layers=0.5).draw(4, net.widths, 1, np.float64)
    _, gradients = net.loss_and_gradients(X, y, masks=masks)
    for name, W in net.parameters.items():
        h = 1e-6 * np.random.default_rng(3).normal(size=W.shape)
        there, back = (
            net.with_parameters({**net.parameters, name: W + sign * h}).loss(X, y, masks=masks) for sign in (1, -1)
        )
        assert (there - back) / 2 == pytest.approx((gradients[name] * h).sum(), rel=1e-6, abs=1e-13)


@pytest.mark.parametrize("scale", [1.0, 300.0])
def test_a_stream_says_what_all_steps_so_far_do(scale: float) -> None:
    net, (X, _) = network(), samples(1)
    net.parameters["w_a"] *= scale
    stream = net.stream()
    for t in range(1, 8):
        if t == 4:
            twin = stream.copy()
            stream.feed(X[0, 0])
            stream = twin
        np.testing.assert_allclose(stream.feed(X[0, t - 1]), net.predict_proba(X[:, :t])[0], rtol=1e-12)


def test_predictions_that_hold_one_step_at_a_time_are_those_that_hold_all() -> None:
    net, (X, _) = network(dtype=np.float32), samples()
    np.testing.assert_allclose(net.predict_proba(X), net.predict_proba(X, [7] * 4), rtol=1e-5)
    np.testing.assert_allclose(net.predict_proba(X), net.forward(X).Y_hat, rtol=1e-5)


def test_it_trains_is_saved_and_is_not_exported(tmp_path: Path) -> None:
    net, (X, y) = network(dtype=np.float32), samples(40)
    before = net.evaluate(X, y)[0]
    rnn.train(net, (X, y), optimizer=rnn.Adam(0.02), epochs=15, batch_size=8, rng=0)
    assert net.evaluate(X, y)[0] < 0.7 * before
    net.save(tmp_path / "net.h5")
    loaded = rnn.load(tmp_path / "net.h5")
    assert loaded.readout == rnn.Attention()
    np.testing.assert_array_equal(loaded.predict_proba(X), net.predict_proba(X))
    with pytest.raises(ValueError, match=r"the network's readout is a Attention, expected one of Last"):
        rnn.to_c(net, tmp_path / "net.c")


def test_without_a_network_there_is_no_score() -> None:
    A = np.ones((3, 2, 4))
    with pytest.raises(ValueError, match=r"Attention\(\) has no w_a, expected what with_parameters returns"):
        rnn.Attention().read(A, A[-1], network()._given)  # type: ignore[arg-type]  # never looked at


@dataclass(frozen=True)
class Projected:
    """The head reads ``P A_T``: a readout of one's own, with a matrix."""

    units: int = 2
    longest: ClassVar[int | None] = None
    P: ClassVar[Any] = None

    def width(self, H: int) -> int:  # noqa: ARG002 - the protocol's
        return self.units

    def shapes(self, H: int) -> dict[str, tuple[int, ...]]:
        return {"P": (self.units, H)}

    def with_parameters(self, parameters: ReadOnlyParameters) -> "Projected":
        twin = Projected(self.units)
        object.__setattr__(twin, "P", parameters["P"])
        return twin

    def read(self, A: Array, A_T: Array, batch: Packed) -> tuple[Array, Array]:  # noqa: ARG002 - the protocol's
        return (A_T @ self.P.T)[None], np.ones((1, len(A_T)), A_T.real.dtype)

    def gather(self, states: Any, batch: Packed) -> tuple[Array, Array]:
        *_, A_T = states
        return self.read(A_T, A_T, batch)

    def backward(self, dR: Array, A: Array, batch: Packed) -> tuple[Array | None, Array | None]:  # noqa: ARG002 - the protocol's
        return dR[0] @ self.P, None

    def gradients(self, dR: Array, A: Array, batch: Packed) -> Parameters:  # noqa: ARG002 - the protocol's
        return {"P": dR[0].T @ A[-1]}

    def so_far(self, predict: Any) -> Any:
        return lambda A: predict(A @ self.P.T)


def test_one_s_own_readout_with_a_matrix(tmp_path: Path) -> None:
    X, y = samples()
    net = rnn.ManyToOne(rnn.GRU(5), 3, 4, readout=Projected(), rng=0, dtype=np.float64)
    assert net.parameters["P"].any()
    assert net.parameters["W_ho"].shape == (4, 2)
    assert max(rnn.check_gradients(net, X, y).complex_step.values()) < 1e-11
    net.save(tmp_path / "net.h5")
    loaded = rnn.load(tmp_path / "net.h5", parts=[Projected])
    np.testing.assert_array_equal(loaded.predict_proba(X), net.predict_proba(X))
    np.testing.assert_allclose(net.stream(4).feed(X[:, 0]), net.predict_proba(X[:, :1]), rtol=1e-12)
