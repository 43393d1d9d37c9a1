import numpy as np
import pytest

from unrolled.data import DataError, Samples, pad


def test_series_of_different_lengths_are_padded() -> None:
    rng = np.random.default_rng(0)
    series = [rng.normal(size=(n, 3)) for n in (4, 1, 6)]
    X, lengths = pad(series)
    assert lengths.tolist() == [4, 1, 6]
    assert X.shape == (3, 6, 3)
    for x, each in zip(X, series, strict=True):
        np.testing.assert_array_equal(x[: len(each)], each)
        assert not x[len(each) :].any()
    assert Samples(X, np.zeros(3, int), lengths=lengths).lengths is not None
    assert pad([[1, 2], [3]])[0].tolist() == [[[1], [2]], [[3], [0]]]
    assert pad([np.ones((2, 1), np.float32)])[0].dtype == np.float32


def test_padding_with_nan_is_understood_if_asked_for() -> None:
    X = np.ones((2, 4, 2))
    X[0, 2:] = np.nan
    padded, lengths = pad(X, nan=True)
    assert lengths.tolist() == [2, 4]
    assert not padded[0, 2:].any()
    X[1, 1] = np.nan
    with pytest.raises(DataError, match="series 1 has nan at step 1, axis 0"):
        pad(X, nan=True)
    with pytest.raises(DataError, match="series 0 has nan at step 2, axis 0"):
        pad(X)
    with pytest.raises(DataError, match="series 0 has no steps"):
        pad(np.full((1, 3, 2), np.nan), nan=True)


@pytest.mark.parametrize(
    ("series", "message"),
    [
        ([], "there are no series to pad"),
        ([np.ones((2, 3)), np.ones((2, 2))], "series 1 has 2 axes, expected 3 as series 0"),
        ([np.ones((0, 3))], "series 0 has no steps"),
        ([np.ones((2, 3, 4))], r"series 0 has shape \(2, 3, 4\), expected 2 dimensions"),
        ([np.ma.masked_array([[1.0]], [[True]])], "series 0 is masked in places"),
        ([[[1, 2], [3]]], "series 0 cannot be made an array"),
        ("abc", "series is a str, expected a list of arrays"),
        (5, "series is a int, expected a list of arrays"),
    ],
)
def test_refuses(series: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        pad(series)  # type: ignore[arg-type]


def test_samples_of_different_lengths_are_padded() -> None:
    one, other = np.ones((2, 3)), np.full((5, 3), 2.0)
    samples = Samples([one, other], [0, 1])  # type: ignore[arg-type]
    assert samples.X.shape == (2, 5, 3)
    assert samples.lengths is not None
    assert samples.lengths.tolist() == [2, 5]
    assert not samples.X[0, 2:].any()
    assert Samples([one, one], [0, 1]).lengths is None  # type: ignore[arg-type]
    with pytest.raises(DataError, match="series 1 has 2 axes, expected 3 as series 0"):
        Samples([one, other[:, :2]], [0, 1])  # type: ignore[arg-type]
