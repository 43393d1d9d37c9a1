"""Derived channels: equal to plain sums, blind to padding and to how a device is held, kept in files."""

import math
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from unrolled import data
from unrolled.data import DataError, Dataset, Samples, augment
from unrolled.data.channels import Axes, Channel, Channels, HighPass, Horizontal, Jerk, LowPass, Magnitude, Vertical

RECIPE: list[Channel] = [Axes(), Magnitude(), Vertical(), Horizontal(), Magnitude(Jerk()), Jerk(Vertical())]
CAUSAL: list[Channel] = [
    Axes(),
    Axes((2, 0)),
    Magnitude(),
    Jerk(),
    Magnitude(Jerk()),
    Jerk(Jerk(Magnitude())),
    LowPass(3, rate=50),
    HighPass(3, 50, order=3),
    Magnitude(HighPass(5, 50, of=LowPass(20, 50))),
]
WHOLE: list[Channel] = [Vertical(), Horizontal(), Jerk(Vertical()), LowPass(3, 50, Horizontal(Jerk(), along=Axes()))]


def windows(n: int = 6, T: int = 40, D: int = 6, dtype: str = "float64", seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal([0.5, -1, 8, 0, 0.1, 0][:D], 2, (n, T, D)).astype(dtype)


def by_hand(a: np.ndarray) -> np.ndarray:
    """The recipe for one window (T, 3), step by step."""
    m = sum(a) / len(a)
    g = m / math.sqrt(m @ m)
    rows = []
    for t, now in enumerate(a):
        v, before = now @ g, a[max(t - 1, 0)]
        across, change = now - v * g, now - before
        rows.append([*now, math.sqrt(now @ now), v, math.sqrt(across @ across), math.sqrt(change @ change), change @ g])
    return np.array(rows)


def dataset(n: int = 12, rate: float | None = 50.0, **kwargs: Any) -> Dataset:
    parts = (Samples(windows(n, 30, 3, seed=s), np.arange(n) % 2, np.arange(n) % 4, **kwargs) for s in (0, 1))
    train, test = parts
    return Dataset(train, test, ("a", "b"), rate)


def test_the_recipe_on_real_recordings_is_what_plain_sums_are() -> None:
    every = data.load_shoulder_exercises(scale=False)
    train, test = every.train.subset(range(0, len(every.train), 40)), every.test.subset(range(0, len(every.test), 40))
    raw = replace(every, train=train, test=test)
    derived = raw.with_channels(RECIPE)
    assert derived.scaling is None
    for part, of in ((derived.train, raw.train), (derived.test, raw.test)):
        assert part.X.dtype == np.float32
        assert_allclose(part.X, np.stack([by_hand(window.astype(float)) for window in of.X]), atol=3e-6)
        assert_array_equal(part.person, of.person)
    scaled = derived.standardized()
    expected = np.concatenate([by_hand(window.astype(float)) for window in raw.train.X])
    assert_allclose(scaled.train.X.reshape(-1, 8), (expected - expected.mean(0)) / expected.std(0), atol=2e-4)
    from_scaled = raw.standardized().with_channels(RECIPE)
    assert_allclose(from_scaled.test.X, scaled.test.X, atol=2e-4)


@pytest.mark.parametrize("channel", [*CAUSAL, *WHOLE], ids=repr)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_padding_is_not_read_and_stays_zero(channel: Channel, dtype: str) -> None:
    X, lengths = windows(dtype=dtype), np.array([40, 1, 2, 17, 39, 40])
    X[np.arange(40) >= lengths[:, None]] = 1e6
    derived = channel(X, lengths)
    assert derived.dtype == dtype
    assert derived.shape == (6, 40, len(channel.names([f"{i}" for i in range(6)])))
    for window, own, length in zip(derived, X, lengths, strict=True):
        assert_allclose(window[:length], channel(own[None, :length])[0], rtol=1e-5, atol=1e-5)
        assert not window[length:].any()


@pytest.mark.parametrize("channel", [*CAUSAL, *WHOLE], ids=repr)
def test_x_stays_and_channels_are_values(channel: Channel) -> None:
    X = windows()
    before = X.copy()
    X.setflags(write=False)
    derived = channel(X)
    assert_array_equal(X, before)
    other = pickle.loads(pickle.dumps(channel))
    assert other == channel
    assert hash(other) == hash(channel)
    assert repr(other) == repr(channel)
    assert_array_equal(other(X), derived)


@given(st.integers(0, 2**32), st.floats(0.1, math.pi))
def test_no_turn_of_the_device_changes_what_is_said_not_to_depend_on_it(seed: int, angle: float) -> None:
    X = windows(D=6)
    turned = augment.Rotation(angle)(X, seed)
    up = Axes((0, 1, 2))
    for channel in (Magnitude(), Vertical(), Horizontal(), Vertical(Axes((3, 4, 5)), along=up), Horizontal(along=up)):
        assert_allclose(channel(turned), channel(X), atol=1e-9)
    assert_allclose(Vertical()(X) ** 2 + Horizontal()(X) ** 2, Magnitude()(X) ** 2)


def test_a_window_whose_mean_is_zero_has_no_vertical() -> None:
    X = np.array([[[1.0, 2.0, 2.0], [-1.0, -2.0, -2.0]]])
    assert not Vertical()(X).any()
    assert_array_equal(Horizontal()(X), Magnitude()(X))


def test_low_and_high_pass_part_gravity_from_motion() -> None:
    t = np.arange(1000) / 50
    gravity, motion = np.full(1000, 9.81), np.sin(2 * np.pi * 5 * t)
    X = (gravity + motion)[None, :, None]
    low, high = LowPass(0.3, rate=50)(X), HighPass(0.3, rate=50)(X)
    assert_allclose(low + high, X)
    assert np.abs(low[0, 200:, 0] - gravity[200:]).max() < 0.02
    assert np.abs(high[0, 200:, 0] - motion[200:]).max() < 0.15  # late by a little: it looks at no later step
    at_cutoff = LowPass(2, rate=50)(np.sin(2 * np.pi * 2 * t)[None, :, None])[0, 500:, 0]
    assert_allclose(at_cutoff.max(), math.sqrt(0.5), atol=0.01)


@pytest.mark.parametrize("channel", CAUSAL, ids=repr)
def test_causal_channels_depend_on_no_later_step_and_run_on_a_stream(channel: Channel) -> None:
    assert channel.causal
    X = windows(D=3, dtype="float32")
    later = X.copy()
    later[:, 25:] += 1
    channels = Channels([channel], 3)
    derived = channels(X)
    assert_array_equal(channels(later)[:, :25], derived[:, :25])
    step, of_one = channels.stream(), channels.stream()
    row = np.empty((6, 3), np.float32)  # one piece of memory for all steps, as a sensor's driver may have
    outputs = []
    for t in range(40):
        row[:] = X[:, t]
        outputs.append(step(row))
    assert outputs[0].dtype == np.float32
    assert_allclose(np.stack(outputs, axis=1), derived, atol=1e-5)
    assert_array_equal(np.stack([of_one(x) for x in X[0]]), np.stack(outputs, axis=1)[0])


@pytest.mark.parametrize("channel", WHOLE, ids=repr)
def test_a_stream_refuses_what_needs_the_whole_window(channel: Channel) -> None:
    assert not channel.causal
    with pytest.raises(DataError, match="needs the mean of the whole window, which a stream has not seen"):
        Channels([Axes(), channel], 3).stream()


def test_channels_name_themselves_within_one_another() -> None:
    channels = Channels([*RECIPE, LowPass(0.3, 50, Axes((1,))), HighPass(0.3, 50, Vertical())], 3)
    triad = "axis 0, axis 1, axis 2"
    assert channels.names == (
        "axis 0",
        "axis 1",
        "axis 2",
        f"magnitude({triad})",
        f"vertical({triad})",
        f"horizontal({triad})",
        "magnitude(jerk(axis 0), jerk(axis 1), jerk(axis 2))",
        f"jerk(vertical({triad}))",
        "below 0.3 Hz(axis 1)",
        f"above 0.3 Hz(vertical({triad}))",
    )
    assert channels.n_outputs == 10
    assert Magnitude().names("abcdef") == ("magnitude(a, b, c)", "magnitude(d, e, f)")


def test_a_data_set_knows_its_channels() -> None:
    derived = dataset().standardized().with_channels([Axes(), Magnitude()])
    assert derived.channels == Channels((Axes(), Magnitude()), 3)
    assert "4 channels (axis 0, axis 1, axis 2, magnitude(axis 0, axis 1, axis 2)) at 50 Hz, standardized" in repr(
        derived
    )
    assert_allclose(derived.train.X.mean(axis=(0, 1)), 0, atol=1e-9)
    assert_allclose(derived.train.X.std(axis=(0, 1)), 1)
    fold = next(derived.folds(by="person"))
    assert fold.channels == derived.channels
    assert_allclose(fold.train.X.std(axis=(0, 1)), 1)
    assert derived.select_classes(["b"]).channels == derived.channels
    with pytest.raises(DataError, match=r"the axes are channels .* name the channels wanted in with_channels"):
        derived.select_axes([0])
    with pytest.raises(DataError, match="the data set has channels already"):
        derived.with_channels([Jerk()])


@pytest.mark.parametrize("channel", [*RECIPE, *CAUSAL, *WHOLE], ids=repr)
def test_a_saved_data_set_knows_its_channels_when_it_is_loaded(channel: Channel, tmp_path: Path) -> None:
    derived = dataset(lengths=np.full(12, 20)).with_channels([channel]).standardized()
    data.save_h5(tmp_path / "derived.h5", derived)
    loaded = data.load_h5(tmp_path / "derived.h5")
    assert loaded.channels == derived.channels
    assert_array_equal(loaded.train.X, derived.train.X)
    with data.open_h5(tmp_path / "derived.h5") as stored:
        assert stored.channels == derived.channels
    data.save_h5(tmp_path / "raw.h5", dataset())
    assert data.load_h5(tmp_path / "raw.h5").channels is None


@dataclass(frozen=True)
class Doubled:
    """A channel that somebody else wrote."""

    causal: bool = True

    def names(self, axes: Sequence[str]) -> tuple[str, ...]:
        return tuple(f"2 {name}" for name in axes)

    def __call__(self, X: np.ndarray, lengths: np.ndarray | None = None) -> np.ndarray:
        assert lengths is None
        return 2 * X

    def stream(self, n_axes: int) -> Any:
        return lambda x: 2 * x[:, :n_axes]


def test_channels_of_ones_own_are_as_good_but_for_files(tmp_path: Path) -> None:
    derived = dataset().with_channels([Magnitude(Doubled())])
    assert_allclose(derived.train.X, dataset().with_channels([Magnitude()]).train.X * 2)
    with pytest.raises(DataError, match=r"Doubled\(causal=True\) is not one of this library's channels"):
        data.save_h5(tmp_path / "derived.h5", derived)
    assert not (tmp_path / "derived.h5").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("null", "channels are null, expected a description"),
        ("{", "channels are not a description in JSON"),
        ("[" * 100_000, "channels are not a description in JSON"),
        ("3", "it describes 3, expected channels"),
        ('{"kind": "Axes", "axes": null}', "it describes Axes"),
        ('{"kind": "os.system"}', "it names the kind 'os.system', expected one of Axes"),
        ('{"kind": ["Axes"]}', "it names the kind"),
        ('{"kind": "Axes"}', r"settings of Axes are \[\]; axes is missing or unknown"),
        ('{"kind": "Channels", "n_axes": 3, "channels": []}', "expected at least one"),
        ('{"kind": "Channels", "n_axes": 1e9, "channels": [{"kind": "Axes", "axes": null}]}', "n_axes is 1000000000.0"),
        ('{"kind": "Channels", "n_axes": 99999, "channels": [{"kind": "Axes", "axes": null}]}', "n_axes is 99999"),
        (
            '{"kind": "Channels", "n_axes": 3, "channels": [{"kind": "Axes", "axes": [7]}]}',
            "expected numbers from 0 to 2",
        ),
        ('{"kind": "Channels", "n_axes": 6, "channels": [{"kind": "Axes", "axes": null}]}', "6 outputs"),
        ('{"a": ' * 40 + "1" + "}" * 40, "it names the kind None"),
        ("[" * 40 + "1" + "]" * 40, "channels are nested more than 32 deep"),
    ],
)
def test_files_that_describe_no_channels_are_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "derived.h5"
    data.save_h5(path, dataset().with_channels([Axes()]))
    with h5py.File(path, "a") as file:
        del file["channels"]
        file["channels"] = np.frombuffer(text.encode(), np.uint8)
    for read in (data.load_h5, data.open_h5):
        with pytest.raises(DataError, match=message):
            read(path)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Axes(()), r"Axes' axes are \(\), expected numbers of axes such as \(0, 1, 2\)"),
        (lambda: Axes((0, 0)), r"Axes' axes are \(0, 0\), expected none twice"),
        (lambda: Axes((0, 1.5)), r"Axes' axes\[1\] is 1.5, expected a whole number"),  # type: ignore[arg-type] # the test
        (lambda: Axes((0, 3))(np.zeros((1, 5, 3))), r"Axes\(axes=\(0, 3\)\) of 3 axes, expected numbers from 0 to 2"),
        (lambda: Magnitude(3), r"Magnitude's of is 3, .* expected one such as Magnitude\(\)"),  # type: ignore[arg-type] # the test
        (lambda: Jerk(Magnitude), "Jerk's of is <class .*a class: expected one such as"),  # type: ignore[arg-type] # the test
        (lambda: Magnitude()(np.zeros((1, 5, 4))), r"Magnitude.* is taken of 4 axes, expected triads: a multiple of 3"),
        (lambda: Vertical(along=Axes((0, 1)))(np.zeros((1, 5, 3))), "is taken of 2 axes, expected triads"),
        (
            lambda: Vertical(Axes(range(9)), Axes(range(6)))(np.zeros((1, 5, 9))),
            "has 3 triads along 2, expected as many, or along one",
        ),
        (lambda: LowPass(25, rate=50), "LowPass' cutoff is 25, expected below 25: half of its rate"),
        (lambda: HighPass(2, rate=5e10), "HighPass' cutoff is 2, expected at least 50000: 1e-06 of its rate"),
        (lambda: HighPass(0, rate=50), "HighPass' cutoff is 0, expected a finite number above 0"),
        (lambda: LowPass(1, rate=50, order=9), "LowPass' order is 9, expected a whole number from 1 to 8"),
        (lambda: Jerk()(np.zeros((1, 5, 3), int)), "X has dtype int64, expected floating-point numbers"),
        (lambda: Jerk()(np.zeros((5, 3))), r"X has shape \(5, 3\), expected"),
        (lambda: Jerk()(np.zeros((2, 5, 3)), np.array([5, 6])), "lengths has 6 at row 1, expected 1 to 5"),
        (lambda: Channels([], 3), r"Channels' channels are \[\], expected at least one"),
        (lambda: Channels(Axes(), 3), r"Channels' channels are Axes\(axes=None\), expected at least one"),  # type: ignore[arg-type] # the test
        (lambda: Channels([Axes(), Axes((2,))], 3), "the channels have 'axis 2' twice, expected different outputs"),
        (lambda: Channels([Axes()], 3)(np.zeros((1, 5, 4))), "X has 4 axes, expected the 3 that the channels"),
        (lambda: Channels([Axes()], 3).stream()(np.zeros(4)), r"x has shape \(4,\), expected one step \(3,\)"),
        (
            lambda: dataset().with_channels([Jerk(LowPass(3, rate=20))]),
            "is for 20 Hz, expected 50 Hz: the rate of the data set",
        ),
        (lambda: replace(dataset(), channels=Channels([Magnitude()], 3)), "channels have 1 outputs, expected 3 as in"),
        (lambda: replace(dataset(), channels=[Axes()]), "channels is .* expected one such as that of dataset.with"),  # type: ignore[arg-type] # the test
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        make()
