import logging
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled.data import DataError, Dataset, Recording, Samples, cut_windows, from_recordings
from unrolled.data.windows.divide import Split

Triple = tuple[np.ndarray, str | int, int]


def some(people: int = 4, length: int = 40, labels: tuple[str | int, ...] = ("wave", "nod")) -> list[Triple]:
    """Everyone does every movement once; no two steps of the lot are alike."""
    rng = np.random.default_rng(0)
    return [(rng.normal(size=(length, 2)), label, 10 + who) for who in range(people) for label in labels]


def numbered(lengths: list[tuple[int, int, int]]) -> list[Triple]:
    """Recordings (length, label, person) of which every step has a number of its own."""
    starts = np.cumsum([0] + [length for length, _, _ in lengths])
    return [
        (np.arange(start, start + length, dtype=float)[:, np.newaxis], label, person)
        for start, (length, label, person) in zip(starts, lengths, strict=False)
    ]


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 2), st.integers(1, 4)), min_size=1, max_size=12),
    st.integers(1, 12),
    st.integers(1, 12),
    st.sampled_from(["person", "trial"]),
    st.floats(0.05, 0.95),
    st.integers(0, 5),
)
def test_a_split_by_person_or_trial_never_leaks(
    lengths: list[tuple[int, int, int]], window: int, stride: int, split: Split, share: float, seed: int
) -> None:
    recordings = numbered(lengths)
    groups = {person if split == "person" else i for i, (n, _, person) in enumerate(lengths) if n >= window}
    if len(groups) < 2:
        with pytest.raises(DataError, match=r"longer than every recording|expected at least 2 groups"):
            from_recordings(recordings, split=split, window=window, stride=stride)
        return
    dataset = from_recordings(
        recordings, split=split, test_share=share, window=window, stride=stride, scale=False, rng=seed
    )
    train, test = dataset.train, dataset.test
    assert not set(train.X.ravel()) & set(test.X.ravel())  # no step is in both
    assert len(train) + len(test) == sum(max(0, (n - window) // stride + 1) for n, _, _ in lengths)
    label_of = np.concatenate([np.full(n, label) for n, label, _ in lengths])
    person_of = np.concatenate([np.full(n, person) for n, _, person in lengths])
    for part in (train, test):
        assert (label_of[part.X[:, :, 0].astype(int)] == part.y[:, np.newaxis]).all()
        assert part.person is not None
        assert (person_of[part.X[:, :, 0].astype(int)] == part.person[:, np.newaxis]).all()
    if split == "person":
        assert train.person is not None
        assert test.person is not None
        assert not set(train.person) & set(test.person)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4)), min_size=1, max_size=40),
    st.sampled_from(["person", "trial"]),
)
def test_folds_leave_each_group_out_once(numbers: list[tuple[int, int]], by: str) -> None:
    person, trial = np.array(numbers).T
    samples = Samples(np.arange(len(person))[:, np.newaxis, np.newaxis] * 1.0, person % 2, person, trial)
    groups = [(p,) if by == "person" else (p, t) for p, t in numbers]
    if len(set(groups)) < 2:
        with pytest.raises(DataError, match=f"cannot leave one {by} out: expected at least 2, found 1"):
            samples.folds(by=by)  # type: ignore[arg-type]
        return
    folds = list(samples.folds(by=by))  # type: ignore[arg-type]
    left_out = [{groups[int(i)] for i in part.X.ravel()} for _, part in folds]
    assert left_out == [{group} for group in sorted(set(groups))]
    for rest, part in folds:
        assert sorted([*rest.X.ravel(), *part.X.ravel()]) == list(range(len(person)))
        assert not {groups[int(i)] for i in rest.X.ravel()} & {groups[int(i)] for i in part.X.ravel()}


def test_folds_need_people() -> None:
    with pytest.raises(DataError, match="carry no person numbers"):
        Samples(np.ones((2, 1, 1)), np.zeros(2, int)).folds()


def test_names_are_the_classes_in_alphabetical_order_unless_said_otherwise() -> None:
    dataset = from_recordings(some(), window=10, stride=5, test_people=[11], rate=50)
    assert dataset.classes == ("nod", "wave")
    assert dataset.test.y.tolist() == [1] * 7 + [0] * 7
    assert dataset.rate == 50
    assert dataset.test.trial is not None
    assert dataset.test.trial.tolist() == [1] * 7 + [2] * 7
    dataset = from_recordings(some(), classes=("wave", "sit", "nod"), window=10, stride=5, test_people=[11])
    assert dataset.classes == ("wave", "sit", "nod")
    assert dataset.test.y.tolist() == [0] * 7 + [2] * 7


def test_numbers_are_labels_as_they_stand() -> None:
    dataset = from_recordings(some(labels=(2, 0)), window=10, stride=5, test_people=(10, 13))
    assert dataset.classes == ("class 1", "class 2", "class 3")
    assert dataset.test.y[:8].tolist() == [2] * 7 + [0]
    assert from_recordings(some(labels=(1, 0)), window=10, classes=["a", "b"]).classes == ("a", "b")


def test_recordings_go_the_same_way() -> None:
    listed = [Recording(s, ("nod", "wave").index(str(label)), who, 1) for s, label, who in some()]
    one = from_recordings(listed, classes=("nod", "wave"), window=10, rng=3)
    other = from_recordings(some(), window=10, rng=3)
    np.testing.assert_array_equal(one.train.X, other.train.X)
    np.testing.assert_array_equal(one.test.y, other.test.y)


def test_scaling_is_measured_on_the_training_part() -> None:
    raw = from_recordings(some(), window=10, scale=False)
    scaled = from_recordings(some(), window=10)
    assert raw.scaling is None
    assert scaled.scaling is not None
    np.testing.assert_allclose(scaled.scaling.mean, raw.train.X.mean(axis=(0, 1)))
    np.testing.assert_allclose(scaled.scaling.std, raw.train.X.std(axis=(0, 1)))
    np.testing.assert_allclose(scaled.scaling.invert(scaled.test.X), raw.test.X)


def test_a_random_split_is_stratified() -> None:
    dataset = from_recordings(some(), split="random", test_share=0.25, window=10, stride=1)
    assert np.bincount(dataset.test.y).tolist() == [31, 31]  # of 4 times 31


def test_what_was_dropped_is_told_kept_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    given = [*some(), (np.zeros((9, 2)), "nod", 10)]
    with caplog.at_level(logging.INFO, "unrolled.data"):
        dataset = from_recordings(given, window=10, provenance="mine")
    assert caplog.messages[0] == "mine: recordings: 8 kept, 1 dropped (1 shorter than 10 steps)"
    assert caplog.messages[1] == "mine: windows: 8 kept, 0 dropped"
    assert dataset.summary.kept == {"recordings": 8, "windows": 8}
    assert dataset.provenance.startswith("mine; windows of 10 steps every 75; tested on 0.2 of the windows")
    assert pickle.loads(pickle.dumps(dataset)).summary == dataset.summary


def test_a_class_that_is_tested_and_never_trained_on_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "unrolled.data"):
        from_recordings(some(), window=10, stride=10)
        assert caplog.messages == []
        apart = [triple for triple in some() if (triple[1] == "nod") == (triple[2] == 10)]
        from_recordings(apart, window=10, stride=10, test_people=(10,), provenance="mine")
    assert caplog.messages == ["mine: nod is in the test part and not in the training part"]


SIGNAL = np.zeros((20, 2))


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        ([], {}, "there are no recordings"),
        ([(SIGNAL, "a")], {}, r"recording 0 is a tuple, expected \(signal, label, person\)"),
        ([7], {}, "recording 0 is a int, expected"),
        ([(SIGNAL, "a", 1), Recording(SIGNAL, 0, 1, 1)], {}, "recording 1 is a Recording, expected"),
        ([(SIGNAL, "a", 1), (SIGNAL, 1, 1)], {}, "recording 1 has label 1 and recording 0 'a': expected one kind"),
        ([(SIGNAL, "a", 1), (SIGNAL, "b", 1)], {"classes": ["a", "c"]}, "recording 1: label is 'b', expected one of"),
        ([(SIGNAL, "", 1)], {}, "expected at least one name and none empty"),
        ([(SIGNAL, 0, 1.5)], {}, "recording 0: person is 1.5, expected a whole number"),
        ([(SIGNAL, -1, 1)], {}, "recording 0: Recording's label is -1, expected a whole number, 0 or more"),
        ([(SIGNAL, 10**9, 1)], {}, "the labels run up to 1000000000, expected at most 65536 classes"),
        ([(SIGNAL, 0, 1), (SIGNAL * np.nan, 0, 1)], {}, "recording 1: the signal of person 1, trial 2 has nan"),
        ([(SIGNAL, 0, 1), (SIGNAL[:, :1], 0, 2)], {}, "recording 1 has 1 axes, expected 2"),
        ([(SIGNAL, 0, 1), (SIGNAL, 0, 2)], {"window": 21}, "window is 21 steps, longer than every recording"),
        ([(SIGNAL, 0, 1)], {}, "cannot divide by person: expected at least 2 groups"),
        ([(SIGNAL, 0, 1), (SIGNAL, 2, 2)], {"classes": ["a", "b"]}, "has label 2 at row 0, expected 0 to 1"),
        ([(SIGNAL, 0, 1)], {"classes": "ab"}, "classes is the string 'ab'"),
        (some(), {"split": "people"}, "split is 'people', expected one of 'person', 'trial', 'random'"),
        (some(), {"test_share": 1.0}, "test_share is 1.0"),
        (some(), {"test_people": [10], "split": "trial"}, "test_people are given and split is 'trial'"),
        (some(), {"test_people": [9]}, r"test_people are \[9\], expected some and not all of \[10, 11, 12, 13\]"),
        (some(), {"test_people": []}, "expected some and not all"),
        (some(), {"test_people": 10}, "test_people is 10, expected a tuple"),
        (some(), {"window": 0}, "window is 0"),
        (some(), {"stride": 0.5}, "stride is 0.5"),
    ],
)
def test_refuses(given: list[object], options: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        from_recordings(given, **{"window": 10, **options})  # type: ignore[arg-type]


def three_axes() -> Dataset:
    rng = np.random.default_rng(0)
    given = [Recording(rng.normal(size=(30, 3)) * (1, 2, 3), label, who, 1) for who in (1, 2) for label in range(3)]
    return from_recordings(given, classes=("a", "b", "c"), window=10, stride=10, test_people=[2])


def test_axes_are_selected_with_their_scaling() -> None:
    whole = three_axes()
    part = whole.select_axes([2, 0])
    assert part.train.X.shape == (9, 10, 2)
    assert part.train.X.flags.c_contiguous
    for one, other in ((part.train, whole.train), (part.test, whole.test)):
        np.testing.assert_array_equal(one.X, other.X[:, :, [2, 0]])
        np.testing.assert_array_equal(one.y, other.y)
        np.testing.assert_array_equal(one.person, other.person)
    assert part.scaling is not None
    assert whole.scaling is not None
    np.testing.assert_array_equal(part.scaling.std, whole.scaling.std[[2, 0]])
    for axes in ([], [3], [-1], [0, 0], [0.5]):
        with pytest.raises(DataError, match=r"axes are|an axis is"):
            whole.select_axes(axes)  # type: ignore[arg-type]


def test_classes_are_selected_and_renumbered_and_their_names_follow() -> None:
    whole = three_axes()
    part = whole.select_classes(["c", "a"])
    assert part.classes == ("c", "a")
    assert part.train.y.tolist() == [1, 1, 1, 0, 0, 0]
    np.testing.assert_array_equal(part.train.X, whole.train.X[[0, 1, 2, 6, 7, 8]])
    assert part.test.person is not None
    assert part.test.person.tolist() == [2] * 6
    assert part.summary.kept["windows"] == 12
    with pytest.raises(DataError, match="there is no class 'd', expected some of a, b, c"):
        whole.select_classes(["a", "d"])
    with pytest.raises(DataError, match="names have 'a' twice"):
        whole.select_classes(["a", "a"])
    with pytest.raises(DataError, match="names is the string 'ab'"):
        whole.select_classes("ab")
    only = from_recordings(numbered([(9, 0, 1), (9, 1, 2)]), window=3, test_people=[2])
    with pytest.raises(DataError, match="test has no samples"):
        only.select_classes(["class 1"])


def test_folds_make_data_sets() -> None:
    samples = cut_windows([Recording(s, i % 2, who, 1) for i, (s, _, who) in enumerate(some())], 10, 10)
    sets = [Dataset(rest, part, ("a", "b")).standardized() for rest, part in samples.folds()]
    assert [np.unique(s.test.person).tolist() for s in sets if s.test.person is not None] == [[10], [11], [12], [13]]


def test_time_stamps_of_a_recording_decide_its_rate() -> None:
    rng = np.random.default_rng(0)
    time = np.cumsum(np.full(200, 0.02))
    given = [(rng.normal(size=(200, 2)), "a", "bob", time), (rng.normal(size=(200, 2)), "a", "ann", time)]
    dataset = from_recordings(given, window=20)
    assert dataset.rate == 50
    assert sorted({*dataset.train.person.tolist(), *dataset.test.person.tolist()}) == [1, 2]  # type: ignore[union-attr]
    hole = np.concatenate([time[:100], time[100:] + 3])
    cut = from_recordings([(*given[0][:3], hole), given[1]], window=20, stride=20)
    assert cut.summary.kept == {"recordings": 3, "windows": 20}
    with pytest.raises(DataError, match="rate is 20, but the time stamps are of 50 Hz"):
        from_recordings(given, rate=20)
    with pytest.raises(DataError, match=r"recording 0: time has shape \(3,\), expected \(200,\)"):
        from_recordings([(*given[0][:3], [1, 2, 3])])


def test_names_that_are_numbers_are_ordered_as_numbers() -> None:
    rng = np.random.default_rng(0)
    given = [(rng.normal(size=(20, 1)), name, person) for name in ("10.0", "2.0", "1.0") for person in ("10", "9")]
    dataset = from_recordings(given, window=10, stride=10, test_people=[10])
    assert dataset.classes == ("1.0", "2.0", "10.0")


def test_people_to_be_tested_on_are_given_by_name_or_number() -> None:
    signals = np.random.default_rng(0).normal(size=(6, 20, 2))
    given = [(x, "ab"[i % 2], ("cem", "ann", "bob")[i // 2]) for i, x in enumerate(signals)]
    by_name = from_recordings(given, window=10, test_people=["bob"])
    np.testing.assert_array_equal(by_name.test.X, from_recordings(given, window=10, test_people=[2]).test.X)
    assert by_name.test.person is not None
    assert set(by_name.test.person) == {2}
    with pytest.raises(DataError, match="test_people has 'dan', expected some and not all of ann, bob, cem"):
        from_recordings(given, window=10, test_people=["dan"])
    with pytest.raises(DataError, match="test_people has 'ann', expected some and not all of numbers: the recordings"):
        from_recordings(some(), window=10, test_people=["ann"])
    with pytest.raises(DataError, match="test_people is 'ann', expected a tuple of people"):
        from_recordings(given, window=10, test_people="ann")


@pytest.mark.parametrize("rates", [[50.0], [50.0, 50.5, None]])
def test_the_first_of_rates_that_agree_is_the_rate(rates: list[float | None]) -> None:
    given = [Recording(np.ones((20, 1)), i % 2, 1, i, rate=rates[i % len(rates)]) for i in range(6)]
    assert from_recordings(given, window=10, split="random", scale=False).rate == 50
