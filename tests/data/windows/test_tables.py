import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unrolled.data import DataError, cut_recordings

steps = st.lists(
    st.tuples(st.integers(0, 2), st.integers(1, 3), st.sampled_from([0, 1, 1, 1, 1, 4, 9, -3])), max_size=80
)


@given(steps, st.integers(1, 4))
def test_a_recording_has_one_label_one_person_and_no_gap(rows: list[tuple[int, int, int]], min_steps: int) -> None:
    label, person, ahead = np.array(rows, int).reshape(-1, 3).T
    time = np.cumsum(ahead)
    signal = np.stack([np.arange(len(rows)), time], axis=1).astype(float)
    whole = cut_recordings(signal, label, person, time, max_gap=4)
    assert [i for r in whole for i in r.signal[:, 0]] == list(range(len(rows)))  # every step once, in order
    for recording in whole:
        places = recording.signal[:, 0].astype(int)
        assert (label[places] == recording.label).all()
        assert (person[places] == recording.person).all()
        between = np.diff(recording.signal[:, 1])
        assert ((between >= 0) & (between <= 4)).all()
    for one, other in itertools.pairwise(whole):  # and none ends without a reason
        leap = other.signal[0, 1] - one.signal[-1, 1]
        assert one.label != other.label or one.person != other.person or leap < 0 or leap > 4
    for who in set(person.tolist()):
        trials = [r.trial for r in whole if r.person == who]
        assert trials == list(range(1, len(trials) + 1))
    long = cut_recordings(signal, label, person, time, max_gap=4, min_steps=min_steps)
    kept = [(r.person, r.trial) for r in whole if len(r.signal) >= min_steps]
    assert [(r.person, r.trial) for r in long] == kept


def test_without_times_label_and_person_alone_end_a_recording() -> None:
    found = cut_recordings(np.zeros((6, 1)), [0, 0, 1, 1, 1, 0], [1, 1, 1, 2, 2, 2])
    assert [(r.label, r.person, r.trial, len(r.signal)) for r in found] == [
        (0, 1, 1, 2),
        (1, 1, 2, 1),
        (1, 2, 1, 2),
        (0, 2, 2, 1),
    ]


def test_the_usual_gap_is_five_median_steps() -> None:
    time = [0.0, 0.1, 0.2, 0.3, 0.79, 0.89, 1.4, 1.5]
    found = cut_recordings(np.zeros((8, 1)), np.zeros(8), np.zeros(8), time)
    assert [len(r.signal) for r in found] == [6, 2]
    assert len(cut_recordings(np.zeros((2, 1)), [0, 0], [0, 1], [0, 1e9])) == 2
    assert len(cut_recordings(np.zeros((2, 1)), [0, 0], [0, 0], [-1.7e308, 1.7e308])) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"signal": np.zeros(3)}, r"signal has shape \(3,\), expected 2 dimensions"),
        ({"label": [0, 1]}, r"label has shape \(2,\), expected \(3,\)"),
        ({"label": [0, -1, 0]}, "label has -1 at row 1"),
        ({"person": [0, 0.5, 0]}, "person has 0.5 at row 1"),
        ({"time": [0, 1]}, r"time has shape \(2,\), expected \(3,\)"),
        ({"time": [0, np.nan, 1]}, "time has nan at row 1"),
        ({"time": ["a", "b", "c"]}, "time"),
        ({"max_gap": 0.0}, "max_gap is 0.0, expected a finite number greater than 0"),
        ({"max_gap": float("nan")}, "max_gap is nan"),
        ({"min_steps": 0}, "min_steps is 0, expected a whole number, 1 or more"),
    ],
)
def test_refuses(change: dict[str, object], message: str) -> None:
    given = {"signal": np.zeros((3, 1)), "label": [0, 0, 0], "person": [1, 1, 1], "time": [0, 1, 2], **change}
    with pytest.raises(DataError, match=message):
        cut_recordings(**given)  # type: ignore[arg-type]


def test_times_in_nanoseconds_are_told_apart() -> None:
    time = 1_600_000_000_000_000_000 + 50_000_000 * np.array([0, 1, 2, 13, 14])
    found = cut_recordings(np.zeros((5, 1)), np.zeros(5), np.zeros(5), time)
    assert [len(r.signal) for r in found] == [3, 2]
