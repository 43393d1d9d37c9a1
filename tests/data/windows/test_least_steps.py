"""How short a recording may be, before it is brought to another rate, and still have a window."""

import numpy as np
import pytest

from unrolled.data import Samples, Scaling, load_csv


@pytest.mark.parametrize(("rate", "new_rate", "steps"), [(20.0, 50.0, 60), (50.0, 20.0, 300), (50.0, None, 120)])
def test_a_recording_that_is_long_enough_at_the_new_rate_is_not_dropped(
    rate: float, new_rate: float | None, steps: int
) -> None:
    rng = np.random.default_rng(0)
    n = 4 * steps
    table = {
        "x": rng.standard_normal(n),
        "label": np.repeat(["a", "b", "a", "b"], steps).tolist(),
        "person": np.repeat([1, 1, 2, 2], steps).tolist(),
    }
    made = load_csv(
        table, rate=rate, new_rate=new_rate, window=100, stride=50, signal=["x"], label="label", person="person"
    )
    assert len(made.train.X) >= 2
    assert len(made.test.X) >= 2
    assert made.train.X.shape[1] == 100


def test_a_scaling_may_be_given_lists() -> None:
    scaling = Scaling([1, 2], [2, 4])  # type: ignore[arg-type]  # as people do
    assert scaling.mean.dtype == scaling.std.dtype == np.float64
    np.testing.assert_array_equal(scaling.apply(np.array([[3.0, 10.0]])), [[1, 2]])
    np.testing.assert_array_equal(scaling.invert(np.array([[1.0, 2.0]])), [[3, 10]])


def test_padding_that_is_partly_zero_becomes_zero_throughout() -> None:
    X = np.ones((3, 5, 2))
    X[0, 3:, 0], X[1, 4:] = 0, 0
    samples = Samples(X, np.arange(3), lengths=np.array([3, 4, 5]))
    assert not samples.X[0, 3:].any()
    assert not samples.X[1, 4:].any()
    assert samples.X[0, :3].all()
    assert X[0, 3:, 1].all()  # what was given stays
