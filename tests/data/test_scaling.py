import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from unrolled.data import DataError, Dataset, Samples, Scaling

signals = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=3, max_dims=3, max_side=6),
    elements=st.floats(-1e6, 1e6, allow_subnormal=False),
)


@given(signals)
def test_invert_undoes_apply(X: np.ndarray) -> None:
    scaling = Scaling.fit(X)
    np.testing.assert_allclose(scaling.invert(scaling.apply(X)), X, rtol=1e-9, atol=1e-9 * (1 + np.abs(X).max()))


@given(signals)
def test_every_axis_gets_mean_0_and_std_1_unless_it_is_constant(X: np.ndarray) -> None:
    scaling = Scaling.fit(X)
    for axis in range(X.shape[2]):
        values = X[:, :, axis]
        spread = np.ptp(values)
        if spread == 0:
            assert scaling.std[axis] == 1
        elif spread > max(1e-6 * np.abs(values).max(), 1e-100):  # else rounding of the mean shows, or squares vanish
            scaled = scaling.apply(X)[:, :, axis]
            assert abs(scaled.mean()) < 1e-6
            assert abs(scaled.std() - 1) < 1e-6


@given(signals, st.integers(0, 99))
def test_padding_is_not_measured(X: np.ndarray, seed: int) -> None:
    lengths = np.random.default_rng(seed).integers(1, X.shape[1] + 1, len(X))
    steps = np.concatenate([x[:length] for x, length in zip(X, lengths, strict=True)])
    measured, expected = Scaling.fit(X, lengths), Scaling.fit(steps)
    np.testing.assert_array_equal(measured.mean, expected.mean)
    np.testing.assert_array_equal(measured.std, expected.std)


def test_padding_stays_zero() -> None:
    rng = np.random.default_rng(0)
    train, test = (
        Samples(rng.normal(5, 3, (n, 7, 2)), np.zeros(n, int), lengths=rng.integers(1, 8, n)) for n in (40, 20)
    )
    scaled = Dataset(train, test, ("a",)).standardized()
    for part, raw in ((scaled.train, train), (scaled.test, test)):
        assert part.lengths is not None
        real = np.arange(7) < part.lengths[:, np.newaxis]
        assert (part.X[~real] == 0).all()
        assert (part.X[real] != 0).all()
        np.testing.assert_array_equal(part.lengths, raw.lengths)
    assert train.lengths is not None
    of_train = scaled.train.X[np.arange(7) < train.lengths[:, np.newaxis]]
    np.testing.assert_allclose(of_train.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(of_train.std(axis=0), 1)


def test_a_constant_axis_is_only_moved() -> None:
    X = np.full((50, 3, 2), 0.1)  # the mean of fifty 0.1 is not 0.1 in binary
    X[:, :, 1] = np.arange(150).reshape(50, 3)
    scaling = Scaling.fit(X)
    assert scaling.std[0] == 1
    assert np.abs(scaling.apply(X)[:, :, 0]).max() < 1e-15


def test_dtype_stays() -> None:
    X = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    scaling = Scaling.fit(X)
    assert scaling.mean.dtype == np.float64
    assert scaling.apply(X).dtype == scaling.invert(X).dtype == np.float32
    assert scaling.apply(X.astype(int)).dtype == np.float32
    assert scaling.apply(X[0]).shape == (3, 2)
    assert repr(scaling) == "Scaling(mean=[5.0, 6.0], std=[3.4157, 3.4157])"


def test_a_data_set_is_scaled_by_its_training_part_alone() -> None:
    rng = np.random.default_rng(0)
    train = Samples(rng.normal(3, 2, (40, 5, 2)), np.zeros(40, int))
    test = Samples(rng.normal(-7, 9, (20, 5, 2)), np.zeros(20, int))
    raw = Dataset(train, test, ("a",))
    scaled = raw.standardized()
    assert scaled.scaling is not None
    np.testing.assert_allclose(scaled.scaling.mean, train.X.mean(axis=(0, 1)))
    np.testing.assert_allclose(scaled.scaling.std, train.X.std(axis=(0, 1)))
    np.testing.assert_allclose(scaled.train.X.mean(axis=(0, 1)), 0, atol=1e-12)
    np.testing.assert_allclose(scaled.test.X, (test.X - train.X.mean(axis=(0, 1))) / train.X.std(axis=(0, 1)))

    changed = dataclasses.replace(raw, test=dataclasses.replace(test, X=test.X * 100)).standardized()
    np.testing.assert_array_equal(changed.train.X, scaled.train.X)
    with pytest.raises(DataError, match="standardized already"):
        scaled.standardized()


@pytest.mark.parametrize(
    ("mean", "std", "message"),
    [
        ([0, 0], [1], r"mean has shape \(2,\) and std \(1,\), expected \(D,\) for both"),
        ([[0]], [[1]], r"expected \(D,\)"),
        ([0, 0], [1, 0], "axis 1 has mean 0.0 and std 0.0, expected finite numbers and std > 0"),
        ([0, np.inf], [1, 1], "axis 1 has mean inf"),
    ],
)
def test_refuses(mean: list[float], std: list[float], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Scaling(np.array(mean), np.array(std))


def test_refuses_what_it_cannot_measure_or_scale() -> None:
    with pytest.raises(DataError, match=r"X has shape \(0, 5, 2\): there is nothing to measure"):
        Scaling.fit(np.empty((0, 5, 2)))
    with pytest.raises(DataError, match=r"X has shape \(\): there is nothing to measure"):
        Scaling.fit(np.array(1.0))
    with pytest.raises(DataError, match=r"X has shape \(5, 2\), expected \(N, T, D\) for series with lengths"):
        Scaling.fit(np.ones((5, 2)), np.ones(5, int))
    with pytest.raises(DataError, match="lengths has 4 at row 1, expected 1 to 3"):
        Scaling.fit(np.ones((2, 3, 1)), np.array([3, 4]))
    with pytest.raises(DataError, match="axis 0 has mean"):
        Scaling.fit(np.array([[-1e308], [1e308], [1e308], [1e308]]))
    with pytest.raises(DataError, match=r"X has shape \(4, 3\), expected 2 axes in its last dimension"):
        Scaling.fit(np.ones((4, 2))).apply(np.ones((4, 3)))


@pytest.mark.parametrize("blocks", [False, True])
def test_an_axis_that_stands_still_but_for_its_last_bit_is_not_scaled(blocks: bool) -> None:
    X = np.full((1000, 2), 9.81)
    X[::2, 0] = np.nextafter(9.81, 10)
    X[:, 1] = np.random.default_rng(0).normal(9.81, 1e-9, 1000)
    scaling = Scaling.fit_blocks([X[:300], X[300:]]) if blocks else Scaling.fit(X)
    assert scaling.std[0] == 1
    assert scaling.std[1] == pytest.approx(1e-9, rel=0.1)
    assert np.abs(scaling.apply(X)[:, 0]).max() < 1e-12
