"""Augmentations: what each changes, what it leaves, and that a training uses them as promised."""

import dataclasses
import math
import pickle
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from unrolled import data, rnn
from unrolled.data import DataError, Scaling, augment, channels

ALONE: tuple[augment.Augmentation, ...] = (
    augment.Jitter(0.3),
    augment.Scale(0.3),
    augment.MagnitudeWarp(0.3, 3),
    augment.Rotation(),
    augment.Mirror(0.5, (0,)),
    augment.TimeWarp(0.5, 3),
    augment.Speed(2.0),
    augment.Permutation(3, 1),
    augment.WindowSlice(0.6),
)
SCALING = Scaling(np.array([0.5, -1.0, 2.0, 0.1, 0.0, 0.0]), np.array([0.5, 1.0, 2.0, 3.0, 1.0, 0.2]))
COMBINED: tuple[augment.Augmentation, ...] = (
    augment.Compose(ALONE),
    augment.OneOf(ALONE),
    augment.Sometimes(0.5, augment.Compose(ALONE)),
    augment.InUnits(augment.Rotation(), SCALING),
)


def windows(m: int = 40, T: int = 30, D: int = 6, dtype: str = "float32", seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(1, 2, (m, T, D)).astype(dtype)


@st.composite
def batches(draw: st.DrawFn, axes: Sequence[int] = (3, 6)) -> np.ndarray:
    """Finite numbers of either dtype; 0 samples and a few more, 3 steps and more."""
    shape = draw(st.integers(0, 5)), draw(st.integers(3, 9)), draw(st.sampled_from(axes))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    return draw(hnp.arrays(dtype, shape, elements=st.floats(-1e3, 1e3, width=32)))


@pytest.mark.parametrize("change", ALONE + COMBINED[:3], ids=lambda change: type(change).__name__)
@settings(max_examples=30)  # for each of twelve
@given(batches(), st.integers(0, 2**32))
def test_shape_and_dtype_stay_and_x_is_not_touched(change: augment.Augmentation, X: np.ndarray, seed: int) -> None:
    before = X.copy()
    X.setflags(write=False)
    changed = change(X, np.random.default_rng(seed))
    assert changed.shape == X.shape
    assert changed.dtype == X.dtype
    assert np.isfinite(changed).all()
    assert not np.shares_memory(changed, X)
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(change(X, np.random.default_rng(seed)), changed)


@pytest.mark.parametrize("change", ALONE + COMBINED, ids=lambda change: type(change).__name__)
def test_each_changes_something_says_its_settings_and_survives_pickling(change: augment.Augmentation) -> None:
    X = windows()
    changed = change(X, np.random.default_rng(1))
    assert np.abs(changed - X).max() > 0.1
    assert not np.array_equal(changed, change(X, np.random.default_rng(2)))
    other = pickle.loads(pickle.dumps(change))
    assert repr(other) == repr(change)
    assert " at 0x" not in repr(change)
    np.testing.assert_array_equal(other(X, np.random.default_rng(1)), changed)


def test_settings_are_in_the_repr_and_make_two_equal() -> None:
    made = augment.Compose([augment.Jitter(0.1), augment.Sometimes(0.5, augment.TimeWarp(0.2, 4))])
    assert repr(made) == (
        "Compose(augmentations=(Jitter(sigma=0.1), Sometimes(p=0.5, augmentation=TimeWarp(sigma=0.2, knots=4))))"
    )
    assert made == augment.Compose((augment.Jitter(0.1), augment.Sometimes(0.5, augment.TimeWarp())))
    assert hash(made) == hash(dataclasses.replace(made))


@pytest.mark.parametrize(
    "nothing",
    [
        augment.Jitter(0),
        augment.Scale(0),
        augment.MagnitudeWarp(0),
        augment.Permutation(1),
        augment.WindowSlice(1),
        augment.Mirror(0),
        augment.Speed(1),
        augment.Sometimes(0, augment.Rotation()),
    ],
    ids=lambda change: type(change).__name__,
)
def test_the_smallest_setting_changes_nothing(nothing: augment.Augmentation) -> None:
    X = windows()
    np.testing.assert_allclose(nothing(X, np.random.default_rng(0)), X, rtol=1e-6)


def test_jitter_is_white_noise_of_that_size() -> None:
    X = windows(200, 30, 6, "float64")
    noise = augment.Jitter(0.3)(X, np.random.default_rng(0)) - X
    assert abs(noise.mean()) < 0.01
    assert abs(noise.std() - 0.3) < 0.01
    assert abs((noise[:, 1:] * noise[:, :-1]).mean()) < 0.002
    assert abs((noise[..., 1:] * noise[..., :-1]).mean()) < 0.002


def test_scale_multiplies_each_axis_of_a_sample_by_one_number() -> None:
    X = windows(500, 10, 3, "float64")
    factors = augment.Scale(0.2)(X, np.random.default_rng(0)) / X
    np.testing.assert_allclose(factors, np.broadcast_to(factors[:, :1], factors.shape))
    assert abs(factors[:, 0].mean() - 1) < 0.02
    np.testing.assert_allclose(factors[:, 0].std(axis=0), 0.2, atol=0.02)


def test_magnitude_warp_multiplies_by_a_smooth_curve_of_each_axis() -> None:
    T, knots = 101, 3
    X = np.ones((200, T, 2))
    curves = augment.MagnitudeWarp(0.2, knots)(X, np.random.default_rng(0))
    np.testing.assert_allclose(augment.MagnitudeWarp(0.2, knots)(3 * X, np.random.default_rng(0)), 3 * curves)
    at_knots = curves[:, :: (T - 1) // (knots + 1)]
    assert abs(at_knots.mean() - 1) < 0.02
    assert abs(at_knots.std() - 0.2) < 0.02
    assert np.abs(curves[..., 0] - curves[..., 1]).max() > 0.3  # each axis has its own
    # A cubic between the knots: its fourth differences vanish within each piece.
    fourth = np.diff(curves, 4, axis=1)
    within = [t for t in range(T - 4) if t // 25 == (t + 4) // 25 or (t + 4) % 25 == 0]
    assert np.abs(fourth[:, within]).max() < 1e-10


@pytest.mark.parametrize("max_angle", [math.pi, 0.5, 1e-4])
def test_what_is_drawn_are_rotations_by_no_more_than_the_largest_angle(max_angle: float) -> None:
    R = augment.Rotation(max_angle).draw(500, 0)
    np.testing.assert_allclose(R @ R.swapaxes(1, 2), np.broadcast_to(np.eye(3), R.shape), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(R), 1)
    # ||R - 1||_F = 2 sqrt(2) sin(angle / 2)
    angles = 2 * np.arcsin(np.clip(np.linalg.norm(R - np.eye(3), axis=(1, 2)) / math.sqrt(8), 0, 1))
    assert angles.max() <= max_angle * (1 + 1e-6)
    # Uniform among these: the distribution of the angle is (a - sin a) / (max - sin max).
    grid = np.linspace(0, max_angle, 11)[1:]
    expected = np.cumsum(np.diff(np.linspace(0, max_angle, 10001)) * (1 - np.cos(np.linspace(0, max_angle, 10000))))
    expected /= expected[-1]
    found = (angles[:, None] <= grid * (1 + 1e-6)).mean(axis=0)
    np.testing.assert_allclose(found, expected[np.arange(1000, 10001, 1000) - 1], atol=0.07)


def test_a_rotation_is_uniform_over_all() -> None:
    R = augment.Rotation().draw(20000, 0)
    np.testing.assert_allclose(R.mean(axis=0), 0, atol=0.02)  # a fixed vector's mean is 0
    np.testing.assert_allclose((R**2).mean(axis=0), 1 / 3, atol=0.01)
    # The trace's moments, of the Haar measure: E tr^2 = 1, E tr^4 = 3 (Um et al.'s angles have E tr = 1).
    trace = np.trace(R, axis1=1, axis2=2)
    assert abs(trace.mean()) < 0.03
    assert abs((trace**2).mean() - 1) < 0.05
    assert abs((trace**4).mean() - 3) < 0.25


@given(batches(), st.integers(0, 2**32), st.floats(0.01, math.pi))
def test_rotation_keeps_lengths_and_angles_at_all_steps_of_all_triads(X: np.ndarray, seed: int, angle: float) -> None:
    turned = augment.Rotation(angle)(X, seed)
    m, T, D = X.shape
    before, after = (A.astype(np.float64).reshape(m, T * D // 3, 3) for A in (X, turned))
    inner = [A @ A.swapaxes(1, 2) for A in (before, after)]  # of every triad with every other one of the sample
    np.testing.assert_allclose(inner[1], inner[0], atol=1e-5 * (1 + np.abs(X).max(initial=0)) ** 2)
    R = augment.Rotation(angle).draw(m, seed)
    np.testing.assert_allclose(after, before @ R.swapaxes(1, 2), atol=1e-5 * (1 + np.abs(X).max(initial=0)))


@given(st.integers(1, 5), st.integers(1, 40), st.floats(0, 50), st.integers(0, 6), st.integers(0, 99))
def test_a_time_warp_runs_from_first_to_last_step_and_never_back(
    m: int, T: int, sigma: float, knots: int, seed: int
) -> None:
    warp = augment.TimeWarp(sigma, knots)
    times = warp.times(m, T, seed)
    assert (times[:, 0] == 0).all()
    assert (times[:, -1] == T - 1).all()
    assert (np.diff(times, axis=1) >= 0).all()
    X = windows(m, T, 2, "float64", seed)
    changed = warp(X, seed)
    np.testing.assert_array_equal(changed[:, [0, -1]], X[:, [0, -1]])
    expected = [[np.interp(t, np.arange(T), x) for x in window.T] for t, window in zip(times, X, strict=True)]
    np.testing.assert_allclose(changed, np.swapaxes(expected, 1, 2), atol=1e-9)


def test_a_time_warp_is_as_uneven_as_asked() -> None:
    assert np.abs(augment.TimeWarp(0).times(3, 50, 0) - np.arange(50)).max() < 1e-12
    speeds = np.diff(augment.TimeWarp(0.2, 4).times(500, 101, 0), axis=1)
    assert 0.1 < np.log(speeds).std() < 0.25
    assert np.diff(np.log(speeds), axis=1).std() < 0.2 * np.log(speeds).std()  # smooth; white noise has 1.4


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 6), st.integers(0, 20), st.integers(0, 99))
def test_a_permutation_moves_whole_segments(m: int, segments: int, least: int, more: int, seed: int) -> None:
    T = segments * least + more
    steps = augment.Permutation(segments, least).steps(m, T, seed)
    np.testing.assert_array_equal(np.sort(steps, axis=1), np.broadcast_to(np.arange(T), (m, T)))
    for row in steps:
        runs = np.split(row, np.flatnonzero(np.diff(row) != 1) + 1)
        assert len(runs) <= segments  # two segments that stayed neighbors are one run
        assert all(len(run) >= least for run in runs)
    X = windows(m, T, 3, "float64", seed)
    changed = augment.Permutation(segments, least)(X, seed)
    np.testing.assert_array_equal(changed, np.stack([x[row] for x, row in zip(X, steps, strict=True)]))


def test_a_permutation_takes_all_orders_alike() -> None:
    steps = augment.Permutation(3, 2).steps(6000, 6, 0)
    orders, counts = np.unique(steps, axis=0, return_counts=True)
    assert len(orders) == 6
    assert abs(counts - 1000).max() < 120


@given(st.integers(1, 5), st.integers(1, 40), st.floats(0.01, 1), st.integers(0, 99))
def test_a_slice_is_a_contiguous_part_read_evenly(m: int, T: int, fraction: float, seed: int) -> None:
    times = augment.WindowSlice(fraction).times(m, T, seed)
    L = math.ceil(fraction * T)
    first, last = times[:, 0], times[:, -1]
    assert (first == first.astype(int)).all()
    assert (first >= 0).all()
    assert (last <= T - 1).all()
    if T > 1:
        np.testing.assert_allclose(np.diff(times, axis=1), (L - 1) / (T - 1))
    ramp = np.broadcast_to(np.arange(T, dtype=float)[:, None], (m, T, 1))
    np.testing.assert_allclose(augment.WindowSlice(fraction)(ramp, seed)[..., 0], times, atol=1e-9)


def test_slices_begin_anywhere() -> None:
    starts = augment.WindowSlice(0.8).times(2000, 20, 0)[:, 0]
    assert np.unique(starts).tolist() == [0, 1, 2, 3, 4]
    assert np.bincount(starts.astype(int)).min() > 300


def test_compose_goes_from_first_to_last_on_one_stream() -> None:
    X, stream = windows(), np.random.default_rng(3)
    by_hand = augment.Permutation()(augment.Jitter(1.0)(windows(T=60), stream), stream)
    np.testing.assert_array_equal(
        augment.Compose([augment.Jitter(1.0), augment.Permutation()])(windows(T=60), np.random.default_rng(3)), by_hand
    )
    assert not np.array_equal(by_hand[:, :30], X)


def test_sometimes_and_one_of_decide_for_each_sample() -> None:
    X = windows(2000, 4, 3)
    share = (augment.Sometimes(0.3, augment.Scale(0.5))(X, 0) != X).any(axis=(1, 2)).mean()
    assert abs(share - 0.3) < 0.04
    np.testing.assert_array_equal(
        augment.Sometimes(1, lambda X, rng: 2 * X)(X, 0),  # noqa: ARG005 - what every augmentation is called with
        2 * X,
    )
    several = augment.OneOf([lambda X, rng: 0 * X, lambda X, rng: 2 * X, lambda X, rng: 3 * X])  # noqa: ARG005 - as above
    factors = (several(X, 0) / X)[:, 0, 0].round().astype(int)
    np.testing.assert_array_equal(several(X, 0), factors[:, None, None].astype(np.float32) * X)
    np.testing.assert_allclose(np.bincount(factors, minlength=4) / 2000, [1 / 3, 0, 1 / 3, 1 / 3], atol=0.04)


def test_in_units_turns_what_was_measured() -> None:
    measured = windows(dtype="float64")
    turned = augment.InUnits(augment.Rotation(), SCALING)(SCALING.apply(measured), np.random.default_rng(5))
    np.testing.assert_allclose(SCALING.invert(turned), augment.Rotation()(measured, np.random.default_rng(5)))
    # A turn of the standardized numbers themselves does not keep the length of what was measured.
    wrong = SCALING.invert(augment.Rotation()(SCALING.apply(measured), np.random.default_rng(5)))
    lengths = [np.linalg.norm(A[..., :3], axis=2) for A in (measured, SCALING.invert(turned), wrong)]
    np.testing.assert_allclose(lengths[1], lengths[0])
    assert np.abs(lengths[2] - lengths[0]).mean() > 0.5


@pytest.mark.parametrize("change", ALONE[:5], ids=lambda change: type(change).__name__)
def test_where_only_numbers_change_padding_changes_no_step_before_it(change: augment.Augmentation) -> None:
    X = windows()
    padded = X.copy()
    padded[:, 20:] = 0
    changed = [change(A, np.random.default_rng(0)) for A in (X, padded)]
    np.testing.assert_allclose(changed[1][:, :20], changed[0][:, :20], atol=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: augment.Jitter(-0.1), "Jitter's sigma is -0.1, expected a finite number from 0"),
        (lambda: augment.Jitter(math.nan), "Jitter's sigma is nan, expected a finite number from 0"),
        (lambda: augment.Jitter("big"), "Jitter's sigma is 'big', expected a finite number from 0"),  # type: ignore[arg-type] # the test
        (lambda: augment.Scale(math.inf), "Scale's sigma is inf"),
        (lambda: augment.MagnitudeWarp(-1), "MagnitudeWarp's sigma is -1"),
        (lambda: augment.MagnitudeWarp(0.1, -1), "MagnitudeWarp's knots is -1, expected a whole number, 0 or more"),
        (lambda: augment.Rotation(0), "Rotation's max_angle is 0, expected a finite number above 0 to 3.14159"),
        (lambda: augment.Rotation(180), "Rotation's max_angle is 180, expected a finite number above 0 to 3.14159"),
        (lambda: augment.TimeWarp(True), "TimeWarp's sigma is True"),
        (lambda: augment.TimeWarp(0.1, 1.5), "TimeWarp's knots is 1.5, expected a whole number"),  # type: ignore[arg-type] # the test
        (lambda: augment.Permutation(0), "Permutation's segments is 0, expected a whole number, 1 or more"),
        (lambda: augment.Permutation(4, 0), "Permutation's min_length is 0, expected a whole number, 1 or more"),
        (lambda: augment.WindowSlice(0), "WindowSlice's fraction is 0, expected a finite number above 0 to 1"),
        (lambda: augment.WindowSlice(1.1), "WindowSlice's fraction is 1.1"),
        (lambda: augment.Mirror(1.5), "Mirror's p is 1.5, expected a finite number from 0 to 1"),
        (lambda: augment.Mirror(0.5, (1, 1)), r"Mirror's pseudovectors are \(1, 1\), expected none twice"),
        (lambda: augment.Mirror(0.5, 1), "Mirror's pseudovectors are 1, expected numbers of axes"),  # type: ignore[arg-type] # the test
        (lambda: augment.Speed(0.9), "Speed's factor is 0.9, expected a finite number from 1"),
        (lambda: augment.OnAxes(augment.Jitter(), []), r"OnAxes' axes are \[\], expected numbers of axes"),
        (
            lambda: augment.OnAxes(augment.Jitter(), [-1]),
            r"OnAxes' axes\[0\] is -1, expected a whole number, 0 or more",
        ),
        (
            lambda: augment.BeforeChannels(augment.Jitter(), [channels.Axes()]),  # type: ignore[arg-type] # the test
            r"BeforeChannels' channels is \[Axes\(axes=None\)\], expected one such as dataset.channels",
        ),
        (
            lambda: augment.BeforeChannels(augment.Jitter(), channels.Channels([channels.Magnitude()], 3)),
            r"axis 0 is not among the channels magnitude\(axis 0, axis 1, axis 2\): expected Axes\(\) among them",
        ),
        (
            lambda: augment.BeforeChannels(augment.Jitter(), channels.Channels([channels.Axes()], 3), SCALING),
            "scaling is for 6 axes, expected 3 as the channels have outputs",
        ),
        (lambda: augment.Sometimes(2, augment.Jitter()), "Sometimes' p is 2, expected a finite number from 0 to 1"),
        (lambda: augment.Sometimes(0.5, augment.Jitter), "Sometimes' augmentation is <class .*such as Jitter"),  # type: ignore[arg-type] # the test
        (lambda: augment.Compose([]), r"Compose's augmentations are \[\], expected at least one augmentation"),
        (
            lambda: augment.Compose(augment.Jitter()),  # type: ignore[arg-type] # the test
            r"Compose's augmentations are Jitter\(sigma=0.05\), expected at least one",
        ),
        (lambda: augment.OneOf([augment.Jitter(), 3]), "OneOf's augmentations.1. is 3, expected a function"),  # type: ignore[list-item] # the test
        (lambda: augment.InUnits(augment.Jitter(), None), "InUnits' scaling is None, expected a Scaling"),  # type: ignore[arg-type] # the test
    ],
)
def test_settings_that_make_no_sense_are_refused(make, message: str) -> None:  # type: ignore[no-untyped-def] # lambdas
    with pytest.raises(DataError, match=message):
        make()


@pytest.mark.parametrize(
    ("change", "X", "message"),
    [
        (augment.Jitter(), np.zeros((3, 4)), r"X has shape \(3, 4\), expected \(m samples, T steps, D axes\)"),
        (augment.Jitter(), np.zeros((3, 0, 3)), r"X has shape \(3, 0, 3\)"),
        (augment.Scale(), np.zeros((3, 4, 3), int), "X has dtype int64, expected floating-point numbers"),
        (augment.Rotation(), np.zeros((2, 5, 4)), "X has 4 axes, expected a multiple of 3: Rotation turns triads"),
        (augment.Mirror(), np.zeros((2, 5, 4)), "X has 4 axes, expected triads: Mirror.* mirrors x, y and z of each"),
        (
            augment.Mirror(0.5, (2,)),
            np.zeros((2, 5, 6)),
            r"X has 6 axes, expected triads: Mirror\(p=0.5, pseudovectors",
        ),
        (
            augment.OnAxes(augment.Jitter(), (0, 3)),
            np.zeros((2, 5, 3)),
            r"axes are \(0, 3\), expected numbers from 0 to 2",
        ),
        (
            augment.BeforeChannels(augment.Jitter(), channels.Channels([channels.Axes()], 3)),
            np.zeros((2, 5, 4)),
            "X has 4 outputs, expected 3: axis 0, axis 1, axis 2",
        ),
        (augment.Permutation(4, 10), np.zeros((2, 39, 3)), "X has 39 steps, expected at least 40: 4 segments of 10"),
        (augment.InUnits(augment.Jitter(), SCALING), np.zeros((2, 5, 3)), "expected 6 axes in its last dimension"),
        (
            augment.Compose([lambda X, rng: X[:, 1:]]),  # noqa: ARG005 - what every augmentation is called with
            np.zeros((2, 5, 3)),
            r"gave an array of shape \(2, 4, 3\), expected \(2, 5, 3\) as it was handed",
        ),
    ],
)
def test_batches_that_do_not_fit_are_refused(change: augment.Augmentation, X: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        change(X, np.random.default_rng(0))


def network() -> rnn.ManyToOne:
    return rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=2, rng=0)


def test_training_with_an_augmentation_is_training_on_its_batches() -> None:
    X, y = windows(20, 8, 3), np.arange(20) % 2
    change = augment.Compose([augment.Rotation(), augment.TimeWarp(), augment.Jitter()])
    net = network()
    rnn.train(net, (X, y), optimizer=rnn.SGD(0.1), batch_size=6, epochs=3, augment=change, rng=7, progress=False)

    by_hand, optimizer = network(), rnn.SGD(0.1)
    seeds = np.random.default_rng(7).integers(2**64, size=(3, 2), dtype=np.uint64)
    shuffling, _, augmenting = (np.random.default_rng(seed) for seed in seeds.tolist())
    state = optimizer.start(by_hand.parameters)
    for _ in range(3):
        order = shuffling.permutation(20)
        for first in range(0, 20, 6):
            rows = order[first : first + 6]
            _, gradients = by_hand.loss_and_gradients(change(X[rows], augmenting), y[rows])
            optimizer.update(by_hand.parameters, gradients, state)
    for name, W in by_hand.parameters.items():
        np.testing.assert_allclose(net.parameters[name], W, rtol=1e-5, atol=1e-6)


def test_augmentation_moves_neither_shuffling_nor_dropout() -> None:
    X, y = windows(20, 8, 3), np.arange(20) % 2
    seen: list[np.ndarray] = []

    def watched(X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        seen.append(X)
        augment.Jitter()(X, rng)  # draws, and changes nothing
        return X

    nets, batches = [], []
    for change in (None, watched, lambda X, rng: watched(X, np.random.default_rng(0))):  # noqa: ARG005 - its place
        seen.clear()
        nets.append(network())
        rnn.train(
            nets[-1],
            data.Samples(X, y),
            optimizer=rnn.SGD(0.1),
            batch_size=6,
            epochs=3,
            dropout=rnn.Dropout(0.2, 0.2, 0.2),
            augment=change,
            rng=7,
            progress=False,
        )
        batches.append([A.copy() for A in seen])
    assert len(batches[1]) == 12
    for one, other in zip(batches[1], batches[2], strict=True):
        np.testing.assert_array_equal(one, other)
    for net in nets[1:]:
        for name, W in nets[0].parameters.items():
            np.testing.assert_array_equal(net.parameters[name], W)


TIME = (augment.TimeWarp(), augment.Permutation(2, min_length=2), augment.WindowSlice())
WITH_TIME = (
    *TIME,
    augment.Compose([augment.Jitter(), TIME[0]]),
    augment.OneOf([TIME[1], augment.Jitter()]),
    augment.Sometimes(0.5, TIME[2]),
    augment.InUnits(augment.Compose([TIME[0]]), Scaling(np.zeros(3), np.ones(3))),
    augment.OnAxes(TIME[0], (1,)),
    augment.BeforeChannels(TIME[0], channels.Channels([channels.Axes()], 3)),
)


@pytest.mark.parametrize("change", WITH_TIME, ids=repr)
def test_what_moves_time_is_refused_where_there_is_padding_and_nothing_is_trained(change: augment.Augmentation) -> None:
    X, y = windows(m=8, T=30, D=3), np.arange(8) % 2
    net, before = network(), network()
    with pytest.raises(ValueError, match="moves steps in time or reads all of them, but sequences have 5 to 30 steps"):
        rnn.train(net, (X, y, [5, *[30] * 7]), optimizer=rnn.SGD(0.1), augment=change, epochs=1, progress=False)
    np.testing.assert_array_equal(net.parameters["W_hh"], before.parameters["W_hh"])
    rnn.train(net, (X, y, [30] * 8), optimizer=rnn.SGD(0.1), augment=change, epochs=1, progress=False)
    rnn.train(net, (X, y, [5, *[30] * 7]), optimizer=rnn.SGD(0.1), augment=augment.Jitter(), epochs=1, progress=False)
