"""Augmentations of triads and of some axes alone, and of the axes before channels are derived."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unrolled import data, rnn
from unrolled.data import augment
from unrolled.data.channels import Axes, Channel, Horizontal, Jerk, Magnitude, Vertical

RECIPE: list[Channel] = [Axes(), Magnitude(), Vertical(), Horizontal(), Magnitude(Jerk()), Jerk(Vertical())]


def windows(m: int = 40, T: int = 30, D: int = 6, dtype: str = "float64", seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(1, 2, (m, T, D)).astype(dtype)


def cross(A: np.ndarray) -> np.ndarray:
    """The product of the first two triads of each step, which is a pseudovector."""
    return np.cross(A[..., :3], A[..., 3:6])


@given(st.integers(1, 20), st.floats(0, 1), st.integers(0, 2**32))
def test_a_mirror_is_one_reflection_a_sample_and_keeps_sizes(m: int, p: float, seed: int) -> None:
    X = windows(m, 7, 6)
    mirrored = augment.Mirror(p)(X, seed)
    signs = mirrored / X
    np.testing.assert_array_equal(np.abs(signs), 1)
    np.testing.assert_array_equal(signs, np.broadcast_to(signs[:, :1], signs.shape))  # at all steps
    np.testing.assert_array_equal(signs[..., :3], signs[..., 3:])  # of all triads
    np.testing.assert_array_equal(mirrored, augment.Mirror(p)(X, seed))


def test_each_axis_is_mirrored_with_that_probability() -> None:
    signs = augment.Mirror(0.3)(np.ones((20000, 1, 3)), 0)[:, 0]
    np.testing.assert_allclose((signs < 0).mean(axis=0), 0.3, atol=0.015)
    np.testing.assert_allclose(np.cov(signs.T), 0.84 * np.eye(3), atol=0.03)  # by itself


@given(st.floats(0, 1), st.integers(0, 2**32))
def test_a_pseudovector_is_mirrored_as_the_product_of_two_vectors(p: float, seed: int) -> None:
    vectors = windows(10, 5, 6)
    X = np.concatenate([vectors, cross(vectors)], axis=2)
    mirrored = augment.Mirror(p, pseudovectors=(2,))(X, seed)
    np.testing.assert_allclose(mirrored[..., 6:], cross(mirrored))


def test_speed_reads_at_one_pace_within_the_window() -> None:
    speed = augment.Speed(2.0)
    times = speed.times(4000, 51, 0)
    assert times.min() >= 0
    assert times.max() <= 50
    steps = np.abs(np.diff(times, axis=1))
    pace = np.median(steps, axis=1)
    assert 0.5 <= pace.min() < 0.51
    assert 1.98 < pace.max() <= 2
    np.testing.assert_allclose(np.quantile(np.log2(pace), [0.25, 0.5, 0.75]), [-0.5, 0, 0.5], atol=0.05)
    slow = times[pace < 1]
    np.testing.assert_allclose(np.diff(slow, axis=1), np.broadcast_to(pace[pace < 1][:, None], (len(slow), 50)))
    turns = (np.diff(np.sign(np.diff(times, axis=1)), axis=1) != 0).sum(axis=1)
    assert turns[pace > 1].max() <= 4  # two at each end of the window: the step that crosses it, and the next


@given(st.integers(1, 5), st.integers(1, 40), st.floats(1, 5), st.integers(0, 99))
def test_speed_leaves_shape_and_range(m: int, T: int, factor: float, seed: int) -> None:
    ramp = np.broadcast_to(np.arange(T, dtype=float)[:, None], (m, T, 1))
    np.testing.assert_allclose(augment.Speed(factor)(ramp, seed)[..., 0], augment.Speed(factor).times(m, T, seed))


def test_small_rotations_have_the_angle_of_the_recipe() -> None:
    """Uniform among all rotations by up to 0.5 rad is an angle of 0.5 u^(1/3), but for less than one in a hundred."""
    R = augment.Rotation(0.5).draw(100_000, 0)
    angles = np.arccos(np.clip((np.trace(R, axis1=1, axis2=2) - 1) / 2, -1, 1))
    u = np.linspace(0.05, 0.95, 19)
    np.testing.assert_allclose(np.quantile(angles, u), 0.5 * np.cbrt(u), rtol=0.01)


def test_on_axes_changes_these_alone_and_in_this_order() -> None:
    X, seen = windows(), list[np.ndarray]()

    def watched(X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        seen.append(X)
        return augment.Jitter()(X, rng)

    changed = augment.OnAxes(watched, [4, 1])(X, 0)
    np.testing.assert_array_equal(seen[0], X[:, :, [4, 1]])
    assert (changed != X).any(axis=(0, 1)).tolist() == [False, True, False, False, True, False]
    np.testing.assert_array_equal(changed[:, :, [4, 1]], augment.Jitter()(X[:, :, [4, 1]], 0))


@pytest.mark.parametrize("scale", [True, False])
def test_before_channels_is_to_derive_from_what_was_changed(scale: bool) -> None:
    measured = data.Samples(windows(D=3), np.arange(40) % 2)
    movements = data.Dataset(measured, measured, ("a", "b")).with_channels(RECIPE)
    movements = movements.standardized() if scale else movements
    assert movements.channels is not None
    turn = augment.Rotation(0.5)
    changed = augment.BeforeChannels(turn, movements.channels, movements.scaling)(movements.train.X, 3)
    derived = movements.channels(turn(measured.X, 3))
    np.testing.assert_allclose(changed, movements.scaling.apply(derived) if movements.scaling else derived, atol=1e-9)
    # A rotation moves the axes, and none of the channels that do not depend on how the device was held.
    np.testing.assert_allclose(changed[..., 3:], movements.train.X[..., 3:], atol=1e-9)
    assert np.abs(changed[..., :3] - movements.train.X[..., :3]).max() > 0.1


def test_axes_are_found_wherever_they_stand_among_the_channels() -> None:
    X = windows(D=6)
    channels = data.channels.Channels([Magnitude(), Axes((3, 4, 5)), Axes((0, 1, 2))], 6)
    changed = augment.BeforeChannels(augment.Mirror(1.0, (1,)), channels)(channels(X), 0)
    np.testing.assert_allclose(changed, channels(X * [-1, -1, -1, 1, 1, 1]))


def test_windows_padded_are_refused_where_a_channel_reads_them_whole_and_trained_on_where_none_does() -> None:
    X, y, lengths = windows(8, 10, 3, "float32"), np.arange(8) % 2, [5, *[10] * 7]
    whole, causal = data.channels.Channels(RECIPE, 3), data.channels.Channels([Axes(), Magnitude()], 3)
    for channels, refused in ((whole, True), (causal, False)):
        net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=channels.n_outputs, n_classes=2, rng=0)
        change = augment.BeforeChannels(augment.Jitter(), channels)
        samples = data.Samples(X, y, lengths=np.array(lengths)).with_channels(channels)
        assert change.moves_time is refused
        if refused:
            with pytest.raises(ValueError, match="reads all of them, but sequences have 5 to 10 steps"):
                rnn.train(net, samples, optimizer=rnn.SGD(0.1), augment=change, epochs=1, progress=False)
        else:
            history = rnn.train(net, samples, optimizer=rnn.SGD(0.1), augment=change, epochs=1, progress=False)
            assert math.isfinite(history.loss[0])
