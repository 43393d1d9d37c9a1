import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unrolled.data import DataError, cut_recordings, from_recordings
from unrolled.data.windows.stamps import CONTEXT, breaks

steps = st.lists(
    st.tuples(st.integers(0, 2), st.integers(1, 3), st.sampled_from([0, 1, 1, 1, 1, 1, 1, 4, 9, -3])), max_size=80
)


@given(steps)
def test_a_recording_has_one_label_one_person_and_no_gap(rows: list[tuple[int, int, int]]) -> None:
    label, person, ahead = np.array(rows, int).reshape(-1, 3).T
    time = np.cumsum(ahead).astype(float)
    changes = (np.diff(label) != 0) | (np.diff(person) != 0)
    within = ahead[1:][~changes & (ahead[1:] >= 0)]
    if len(within) > 1 and np.median(within) == 0:
        with pytest.raises(DataError, match="steps have the time of the step before"):
            breaks(time, changes, 4)
        return
    ends = breaks(time, changes, 4)
    certain = changes | (ahead[1:] <= 0) | (ahead[1:] > 4)
    assert (ends >= certain).all()
    if (ahead <= 1).all() or len(rows) < 2 * CONTEXT:
        assert (ends == certain).all()  # and none ends without a reason


@given(steps, st.integers(1, 4))
def test_trials_count_a_persons_recordings(rows: list[tuple[int, int, int]], min_steps: int) -> None:
    label, person, _ = np.array(rows, int).reshape(-1, 3).T
    signal = np.arange(len(rows))[:, np.newaxis].astype(float)
    whole = cut_recordings(signal, label, person)
    assert [i for r in whole for i in r.signal[:, 0]] == list(range(len(rows)))  # every step once, in order
    for who in set(person.tolist()):
        trials = [r.trial for r in whole if r.person == who]
        assert trials == list(range(1, len(trials) + 1))
    long = cut_recordings(signal, label, person, min_steps=min_steps)
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
    assert [len(r.signal) for r in found] == [9, 2]  # of 0.89 s and of 0.1 s, at 10 Hz
    assert len(cut_recordings(np.zeros((2, 1)), [0, 0], [0, 1], [0, 1e9])) == 2
    assert len(cut_recordings(np.zeros((2, 1)), [0, 0], [0, 0], [-1.7e308, 1.7e308])) == 2


def test_stamps_that_are_too_coarse_hide_no_gap() -> None:
    time = np.repeat([0.0, 1.0, 2.0, 5.0, 6.0], 20)  # 20 Hz, stamped with whole seconds
    with pytest.raises(DataError, match=r"95 of 99 steps have the time of the step before.* pass finer time stamps"):
        cut_recordings(np.zeros((100, 1)), np.zeros(100), np.zeros(100), time)


@pytest.mark.parametrize(
    ("step", "unit", "options", "rate"),
    [
        (0.02, "s", {}, 50),
        (20, "ms", {}, 50),
        (20_000, "us", {}, 50),
        (20_000_000, "ns", {}, 50),
        (1.0, "s", {}, 1),
        (1.0, "ms", {"rate": 1000}, 1000),
        (1.0, "ms", {"time_unit": "ms"}, 1000),
        (100.0, "s", {"time_unit": "s"}, 0.01),
        (1 / 60, "s", {}, 60),
        (0.050354, "s", {}, 19.8594),
    ],
)
def test_the_rate_is_that_of_the_time_stamps(step: float, unit: str, options: dict[str, object], rate: float) -> None:
    time = 1000 + step * np.arange(50)
    (found,) = cut_recordings(np.ones((50, 1)), np.zeros(50), np.zeros(50), time, **options)  # type: ignore[arg-type]
    assert found.rate == rate, unit
    assert len(found.signal) == 50
    again = dataclasses.replace(found, trial=2, signal=2 * found.signal)
    assert from_recordings([found, again], window=10, split="trial", test_share=0.5).rate == rate


def test_times_rounded_to_milliseconds_are_steady() -> None:
    time = np.round(np.arange(300) * 1000 / 60)
    (found,) = cut_recordings(np.arange(300.0)[:, None], np.zeros(300), np.zeros(300), time)
    assert found.rate == 60
    np.testing.assert_array_equal(found.signal[:, 0], np.arange(300))


def test_a_rate_that_contradicts_the_stamps_is_refused() -> None:
    table = np.zeros((50, 1)), np.zeros(50), np.zeros(50), 0.04 * np.arange(50)
    with pytest.raises(DataError, match="rate is 20, but the time stamps are of 25 Hz: leave rate out"):
        cut_recordings(*table, rate=20)
    assert cut_recordings(*table, rate=25)[0].rate == 25
    with pytest.raises(DataError, match=r"rate is 20, expected|recordings at 20 and 25 Hz"):
        from_recordings(cut_recordings(*table), rate=20, window=5)


def test_recordings_of_several_rates_come_to_the_common_one(caplog: pytest.LogCaptureFixture) -> None:
    time = np.concatenate([np.arange(100) / 50, 10 + np.arange(400) / 100, 100 + np.arange(1000) / 50])
    signal = np.sin(2 * np.pi * time)[:, None]
    with caplog.at_level("INFO", "unrolled.data"):
        found = cut_recordings(signal, np.zeros(1500), np.zeros(1500), time)
    assert [len(r.signal) for r in found] == [100, 200, 1000]
    assert {r.rate for r in found} == {50}
    np.testing.assert_allclose(found[1].signal[:, 0], np.sin(2 * np.pi * np.arange(200) / 50), atol=0.011)
    assert "recordings: 3 kept, 0 dropped, 1 resampled from 100 Hz by their time stamps" in caplog.text


def test_what_is_too_fast_for_the_common_rate_is_filtered_out() -> None:
    time = np.concatenate([np.arange(3000) / 50, 100 + np.arange(2000) / 200])
    fast = np.sin(2 * np.pi * 45 * time)  # above half of 50 Hz
    found = cut_recordings(fast[:, None], np.repeat([0, 1], [3000, 2000]), np.zeros(5000), time)
    assert np.abs(found[1].signal[30:-30]).max() < 0.02


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
        ({"max_gap": 0.0}, "max_gap is 0.0, expected a finite number above 0"),
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
    assert found[0].rate == 20
