import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unrolled.data import DataError, Recording, cut_windows


def recording(steps: int, number: int = 0, axes: int = 2) -> Recording:
    """A recording in which every value tells its recording, step and axis."""
    signal = number * 10_000.0 + np.arange(steps)[:, np.newaxis] + np.arange(axes) / 4
    return Recording(signal, label=number % 3, person=number, trial=number + 1)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=8), st.integers(1, 25), st.integers(1, 30))
def test_windows_never_straddle_and_none_is_missing(lengths: list[int], length: int, stride: int) -> None:
    samples = cut_windows([recording(steps, i) for i, steps in enumerate(lengths)], length, stride)
    expected = [  # the first value of every window there should be
        number * 10_000 + start
        for number, steps in enumerate(lengths)
        for start in range(0, steps - length + 1, stride)
    ]
    assert samples.X.shape == (len(expected), length, 2)
    assert samples.X[:, 0, 0].tolist() == expected
    # within a window every step follows the one before, so all of it is of one recording
    assert (np.diff(samples.X, axis=1) == 1).all()
    assert samples.X.flags.c_contiguous
    origin = samples.X[:, 0, 0].astype(int) // 10_000
    assert samples.y.tolist() == (origin % 3).tolist()
    assert samples.person is not None
    assert samples.person.tolist() == origin.tolist()
    assert samples.trial is not None
    assert samples.trial.tolist() == (origin + 1).tolist()


def test_the_default_is_150_steps_every_75() -> None:
    assert [len(cut_windows([recording(steps)])) for steps in (149, 150, 224, 225, 300)] == [0, 1, 1, 2, 3]


def test_windows_are_copies_in_the_recordings_dtype() -> None:
    single = Recording(np.arange(6, dtype=np.float32).reshape(3, 2), 0, 1, 1)
    samples = cut_windows([single], 2, 1)
    assert samples.X.dtype == np.float32
    samples.X[0, 1, 0] = -1
    assert samples.X[1, 0, 0] == 2
    assert single.signal[1, 0] == 2


def test_refuses() -> None:
    with pytest.raises(DataError, match="there are no recordings"):
        cut_windows([])
    with pytest.raises(DataError, match="recording 1 has 3 axes, expected 2 as in recording 0"):
        cut_windows([recording(9), recording(9, axes=3)], 3)
    with pytest.raises(DataError, match="length is 0, expected a whole number, 1 or more"):
        cut_windows([recording(9)], 0)
    with pytest.raises(DataError, match=r"stride is 1.5, expected a whole number"):
        cut_windows([recording(9)], 3, 1.5)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="stride is True"):
        cut_windows([recording(9)], 3, True)


@pytest.mark.parametrize(
    ("signal", "label", "message"),
    [
        (np.ones(5), 0, r"the signal of person 7, trial 2 has shape \(5,\), expected 2 dimensions \(row, axis\)"),
        (np.ones((5, 0)), 0, "expected at least one axis"),
        (np.array([[1.0], [np.inf]]), 0, "person 7, trial 2 has inf at row 1, axis 0"),
        (np.ones((5, 1)), -1, "label is -1, expected a whole number, 0 or more"),
        (np.ones((5, 1)), 0.5, "label is 0.5, expected a whole number"),
    ],
)
def test_a_recording_refuses(signal: np.ndarray, label: int, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Recording(signal, label, person=7, trial=2)


def test_a_recording_tells_what_it_is() -> None:
    assert repr(recording(9, 4)) == "Recording(9 steps x 2 axes, label 1, person 4, trial 5)"
