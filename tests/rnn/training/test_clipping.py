"""Gradients held to a size."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from unrolled import rnn

DTYPES = [np.float32, np.float64]
limits = st.floats(1e-3, 1e3)


@st.composite
def gradients(draw: st.DrawFn) -> dict[str, np.ndarray]:
    dtype = draw(st.sampled_from(DTYPES))
    entries = st.floats(-1e3, 1e3, width=32).filter(lambda g: g == 0 or abs(g) > 1e-6)
    return {name: draw(hnp.arrays(dtype, shape, elements=entries)) for name, shape in (("W", (2, 3)), ("b", (2,)))}


def copies(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: array.copy() for name, array in arrays.items()}


def flat(arrays: dict[str, np.ndarray]) -> np.ndarray:
    return np.concatenate([array.ravel() for array in arrays.values()]).astype(np.float64)


@settings(max_examples=20)
@given(gradients())
def test_the_global_norm_is_that_of_one_vector(given: dict[str, np.ndarray]) -> None:
    assert rnn.global_norm(given) == pytest.approx(np.linalg.norm(flat(given)), rel=1e-6)
    assert isinstance(rnn.global_norm(given), float)


@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_gradients_whose_squares_are_beyond_float32_have_a_norm_and_are_clipped(size: float) -> None:
    given = {"W": np.full((2, 2), size, np.float32)}
    assert rnn.global_norm(given) == pytest.approx(2 * size, rel=1e-6)
    assert rnn.ClipNorm(size / 10).clip(given, rnn.global_norm(given))
    np.testing.assert_allclose(given["W"], size / 20, rtol=1e-6)


@settings(max_examples=40)
@given(given=gradients(), limit=limits)
def test_clip_norm_keeps_the_direction_and_shortens_to_the_limit(given: dict[str, np.ndarray], limit: float) -> None:
    clipped, norm = copies(given), rnn.global_norm(given)
    arrays = dict(clipped)
    told = rnn.ClipNorm(limit).clip(clipped, norm)
    assert told == (norm > limit)
    assert all(clipped[name] is array for name, array in arrays.items())
    assert all(array.dtype == given[name].dtype for name, array in clipped.items())
    if told:
        assert np.linalg.norm(flat(clipped)) == pytest.approx(limit, rel=1e-6)
        np.testing.assert_allclose(flat(clipped), flat(given) * (limit / norm), rtol=1e-6)
    else:
        np.testing.assert_array_equal(flat(clipped), flat(given))


@settings(max_examples=40)
@given(given=gradients(), limit=limits)
def test_clip_value_moves_what_is_beyond_and_nothing_else(given: dict[str, np.ndarray], limit: float) -> None:
    clipped = copies(given)
    arrays = dict(clipped)
    told = rnn.ClipValue(limit).clip(clipped, rnn.global_norm(given))
    beyond = flat({name: np.abs(W) > W.dtype.type(limit) for name, W in given.items()}).astype(bool)
    assert told == beyond.any()
    assert all(clipped[name] is array for name, array in arrays.items())
    np.testing.assert_array_equal(flat(clipped)[~beyond], flat(given)[~beyond])
    np.testing.assert_allclose(flat(clipped)[beyond], np.sign(flat(given)[beyond]) * limit, rtol=1e-7)


def test_a_gradient_at_the_limit_is_not_clipped() -> None:
    exact = {"W": np.array([[3.0, 4.0]])}
    assert not rnn.ClipNorm(5).clip(exact, 5.0)
    assert not rnn.ClipValue(4).clip(exact, 5.0)
    np.testing.assert_array_equal(exact["W"], [[3, 4]])


@pytest.mark.parametrize("kind", [rnn.ClipNorm, rnn.ClipValue])
@pytest.mark.parametrize("limit", [0, -1.0, np.nan, np.inf, "1", None, True])
def test_impossible_limits_are_refused_with_their_name(kind: Any, limit: Any) -> None:
    with pytest.raises(ValueError, match=f"{kind.__name__}'s limit is {limit!r}, expected"):
        kind(limit)


# ------------------------------------------------------------------------ training


def samples(n: int = 12) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.standard_normal((n, 5, 2)), rng.integers(0, 3, n)


def network() -> rnn.ManyToOne:
    return rnn.ManyToOne(rnn.GRU(3), 2, 3, rng=0, dtype=np.float64)


@pytest.mark.parametrize(
    "clipping", [rnn.ClipNorm(0.1), rnn.ClipValue(0.05), rnn.ClipNorm(1e6), rnn.ClipValue(1e6), None]
)
def test_one_step_of_training_by_hand(clipping: rnn.ClipNorm | rnn.ClipValue | None) -> None:
    net, (X, y) = network(), samples()
    _, gradients = net.loss_and_gradients(X, y)
    norm, before = np.linalg.norm(flat(gradients)), copies(net.parameters)
    expected = gradients
    if isinstance(clipping, rnn.ClipNorm):
        expected = {name: g * min(1, clipping.limit / norm) for name, g in gradients.items()}
    if isinstance(clipping, rnn.ClipValue):
        expected = {name: np.clip(g, -clipping.limit, clipping.limit) for name, g in gradients.items()}
    history = rnn.train(net, (X, y), optimizer=rnn.SGD(1), batch_size=12, epochs=1, clip=clipping, progress=False)
    for name, W in net.parameters.items():
        np.testing.assert_allclose(W, before[name] - expected[name], rtol=1e-9, atol=1e-14)
    assert history.gradient_norm == [pytest.approx(norm, rel=1e-12)]  # before clipping
    assert history.clipped == [float(clipping is not None and clipping.limit < 1)]


class EveryOther:
    """A clipping of the user's own, that sets every second gradient to zero and keeps the norms it was told."""

    def __init__(self) -> None:
        self.norms: list[float] = []
        self.seen: list[float] = []

    def clip(self, gradients: dict[str, np.ndarray], norm: float) -> bool:
        self.norms.append(norm)
        self.seen.append(float(np.linalg.norm(flat(gradients))))
        if len(self.norms) % 2:
            return False
        for gradient in gradients.values():
            gradient[...] = 0
        return True


def test_history_has_the_mean_norm_and_the_share_of_clipped_batches_of_each_epoch() -> None:
    clipping = EveryOther()
    steps = []

    class Remembers(rnn.SGD):
        def update(self, parameters: Any, gradients: Any, state: Any, factor: float = 1.0) -> None:
            steps.append(rnn.global_norm(gradients))
            super().update(parameters, gradients, state, factor)

    history = rnn.train(
        network(), samples(), optimizer=Remembers(0.1), batch_size=5, epochs=3, clip=clipping, rng=0, progress=False
    )
    assert len(clipping.norms) == 9  # batches of 5, 5 and 2
    np.testing.assert_allclose(clipping.norms, clipping.seen, rtol=1e-12)
    np.testing.assert_allclose(history.gradient_norm, np.mean(np.reshape(clipping.norms, (3, 3)), axis=1), rtol=1e-12)
    assert history.clipped == [1 / 3, 2 / 3, 1 / 3]
    assert [norm == 0 for norm in steps] == [bool(n % 2) for n in range(9)]


def test_history_has_them_without_clipping_and_only_of_completed_epochs() -> None:
    history = rnn.train(network(), samples(), optimizer=rnn.SGD(0.1), batch_size=5, epochs=4, progress=False)
    assert len(history.gradient_norm) == len(history.loss) == 4
    assert all(norm > 0 for norm in history.gradient_norm)
    assert history.clipped == [0] * 4
    huge = (samples()[0] * 100, samples()[1])
    with pytest.raises(rnn.DivergenceError) as caught:
        rnn.train(network(), huge, optimizer=rnn.SGD(1e308), batch_size=5, epochs=9, progress=False)
    ended = caught.value.history
    assert len(ended.gradient_norm) == len(ended.clipped) == len(ended.loss) < 9


def test_an_infinite_gradient_is_not_clipped_but_told() -> None:
    """A finite loss: weights of zero take inputs that no float32 sum can hold."""
    net = rnn.ManyToOne(rnn.Tanh(3), 2, 3, rng=0)
    net.parameters["W_ih"][...] = 0
    net.parameters["W_ho"] *= 100
    before = copies(net.parameters)
    X, y = np.full((12, 5, 2), 3e38), np.zeros(12, int)
    for clip in (None, rnn.ClipNorm(1), rnn.ClipValue(1)):
        with pytest.raises(rnn.DivergenceError, match="the gradient's norm became inf at epoch 1, batch 1"):
            rnn.train(net, (X, y), optimizer=rnn.SGD(0.1), clip=clip, progress=False)
        for name, W in net.parameters.items():
            np.testing.assert_array_equal(W, before[name])


class Breaks:
    """A clipping that hands on other gradients than it was given."""

    def __init__(self, change: Callable[[dict[str, np.ndarray]], object]) -> None:
        self.change = change

    def clip(self, gradients: dict[str, np.ndarray], norm: float) -> bool:  # noqa: ARG002 - every clipping's
        self.change(gradients)
        return True

    def __repr__(self) -> str:
        return "Breaks()"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda g: g.pop("W_hh"),
            r"of the gradients after clipping there is none for W_hh, expected one",
        ),
        (
            lambda g: g.update(W_xx=g["W_hh"]),
            "there is one for 'W_xx', which is no parameter, expected one each for W_ih",
        ),
        (
            lambda g: g.update(b_o=g["b_o"][:1]),
            r"the gradient of b_o after clipping has shape \(1,\), .* \(3,\)",
        ),
        (lambda g: g.update(b_o=1.0), r"the gradient of b_o after .* has shape \(\), expected \(3,\)"),
    ],
)
def test_gradients_that_do_not_fit_are_named_before_anything_is_updated(change: Any, said: str) -> None:
    net = network()
    with pytest.raises(ValueError, match=said):
        rnn.train(net, samples(), optimizer=rnn.SGD(0.1), clip=Breaks(change), progress=False)
    for name, W in network().parameters.items():
        np.testing.assert_array_equal(net.parameters[name], W)


@pytest.mark.parametrize("clip", [1.0, rnn.ClipNorm, "norm"])
def test_what_is_no_clipping_is_refused(clip: Any) -> None:
    with pytest.raises(ValueError, match=r"^clip is .*, (which has no method clip|a class): expected one such as"):
        rnn.train(network(), samples(), optimizer=rnn.SGD(0.1), clip=clip, progress=False)
