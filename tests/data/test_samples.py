import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unrolled.data import DataError, Samples


def some(n: int = 12, **numbers: object) -> Samples:
    X = np.arange(n * 4 * 2, dtype=np.float32).reshape(n, 4, 2)
    y = np.arange(n) % 3
    return Samples(X, numbers.get("y", y), numbers.get("person"), numbers.get("trial"))  # type: ignore[arg-type]


def rows(samples: Samples) -> list[int]:
    """Which samples of ``some()`` these are."""
    return [int(value) // 8 for value in samples.X[:, 0, 0]]


def test_arrays_get_their_dtypes() -> None:
    samples = Samples(np.ones((2, 3, 1), np.int16), [0.0, 1.0], person=np.array([1, 2], np.uint8))  # type: ignore[arg-type]
    assert samples.X.dtype == np.float32
    assert samples.y.dtype == np.int64
    assert samples.person is not None
    assert samples.person.dtype == np.int64
    assert samples.trial is None
    assert Samples(np.ones((2, 3, 1)), np.array([0, 1])).X.dtype == np.float64
    assert Samples(np.ones((2, 3, 1), ">f8"), np.array([0, 1])).X.dtype == np.dtype("=f8")
    assert len(samples) == 2
    assert repr(samples) == "Samples(2 series of 3 steps x 1 axes, float32, 2 people)"


def test_behind_the_length_of_a_series_stand_zeros() -> None:
    X = np.arange(1.0, 25).reshape(3, 4, 2)
    samples = Samples(X, np.zeros(3, int), lengths=[4, 1, 3])  # type: ignore[arg-type]
    assert samples.lengths is not None
    assert samples.lengths.dtype == np.int64
    assert samples.X[0].tolist() == X[0].tolist()
    assert samples.X[1].tolist() == [X[1, 0].tolist(), [0, 0], [0, 0], [0, 0]]
    assert samples.X[2].tolist() == [*X[2, :3].tolist(), [0, 0]]
    assert (X > 0).all()  # what was handed over is as it was
    assert Samples(samples.X, samples.y, lengths=samples.lengths).X is samples.X
    assert repr(samples) == "Samples(3 series of 1 to 4 steps x 2 axes, float64)"
    assert repr(samples.subset([1])) == "Samples(1 series of 1 steps x 2 axes, float64)"
    assert repr(samples.subset([])) == "Samples(0 series of 4 steps x 2 axes, float64)"


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ([4, 0, 1], "lengths has 0 at row 1, expected 1 or more"),
        ([4, 1, 5], "lengths has 5 at row 2, expected 1 to 4, the steps of X"),
        ([4, 1.5, 1], "lengths has 1.5 at row 1, expected whole numbers"),
        ([4, np.nan, 1], "lengths has nan at row 1, expected whole numbers"),
        ([4, 1], r"lengths has shape \(2,\), expected \(3,\)"),
        (np.ones((3, 4), bool), r"lengths are true or false, .* of a mask \(N, T\), mask.sum\(1\)"),
        (["a", "b", "c"], "lengths has dtype <U1, expected whole numbers"),
    ],
)
def test_refuses_lengths(lengths: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Samples(np.ones((3, 4, 2)), np.zeros(3, int), lengths=lengths)  # type: ignore[arg-type]


def test_padding_too_is_finite() -> None:
    X = np.ones((2, 3, 1))
    X[1, 2] = np.nan
    with pytest.raises(DataError, match="X has nan at row 1, step 2, axis 0"):
        Samples(X, np.zeros(2, int), lengths=np.array([3, 2]))


NAN = np.ones((3, 4, 2))
NAN[2, 1, 0] = np.nan


@pytest.mark.parametrize(
    ("X", "y", "person", "message"),
    [
        (np.ones((3, 4)), [0, 1, 2], None, r"X has shape \(3, 4\), expected 3 dimensions \(row, step, axis\)"),
        (np.ones((3, 0, 2)), [0, 1, 2], None, r"X has shape \(3, 0, 2\), expected at least one step"),
        (np.ones((3, 4, 0)), [0, 1, 2], None, r"X has shape \(3, 4, 0\), expected at least one axis"),
        (NAN, [0, 1, 2], None, r"X has nan at row 2, step 1, axis 0, expected finite"),
        (np.full((1, 1, 1), np.longdouble("1e400")), [0], None, r"X has inf at row 0"),
        (np.ones((3, 4, 2), complex), [0, 1, 2], None, r"X has dtype complex128, expected real"),
        (np.full((3, 4, 2), "a"), [0, 1, 2], None, r"X has dtype <U1, expected real"),
        ([[[1, 2], [3]], [[1, 2]]], [0, 1], None, r"series 0 cannot be made an array"),
        (np.ones((3, 4, 2)), [0, 1], None, r"y has shape \(2,\), expected \(3,\)"),
        (np.ones((3, 4, 2)), [[1, 0]] * 3, None, r"y has shape \(3, 2\), expected \(3,\)"),
        (np.ones((3, 4, 2)), [0, 1.5, 2], None, r"y has 1.5 at row 1, expected whole"),
        (np.ones((3, 4, 2)), [0, np.nan, 2], None, r"y has nan at row 1, expected whole"),
        (np.ones((3, 4, 2)), [0, 1, -1], None, r"y has -1 at row 2, expected 0 or more"),
        (np.ones((3, 4, 2)), ["a", "b", "c"], None, r"y has dtype <U1, expected whole"),
        (np.ones((3, 4, 2)), [0, 1, 2], [1, 2], r"person has shape \(2,\), expected \(3,\)"),
    ],
)
def test_refuses(X: object, y: object, person: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Samples(X, y, person)  # type: ignore[arg-type]


def test_subset_takes_everything_along_in_the_order_asked_for() -> None:
    samples = some(person=np.arange(12) + 100, trial=np.arange(12) + 200)
    samples = dataclasses.replace(samples, lengths=np.arange(12) % 4 + 1)
    part = samples.subset([5, 2])
    assert rows(part) == [5, 2]
    assert part.y.tolist() == [2, 2]
    assert part.person is not None
    assert part.person.tolist() == [105, 102]
    assert part.trial is not None
    assert part.trial.tolist() == [205, 202]
    assert part.lengths is not None
    assert part.lengths.tolist() == [2, 3]
    for half in samples.split(0.5, rng=0):
        assert half.lengths is not None
        assert half.lengths.tolist() == [row % 4 + 1 for row in rows(half)]
    assert rows(samples.subset(samples.y == 1)) == [1, 4, 7, 10]
    assert len(samples.subset([])) == 0


@pytest.mark.parametrize(
    ("indices", "message"),
    [([12], "12 samples"), ([True, False], "12 samples"), ([0.5], "dtype float64"), (3, r"shape \(\)")],
)
def test_subset_refuses(indices: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        some().subset(indices)  # type: ignore[arg-type]


labels = st.lists(st.integers(0, 4), min_size=2, max_size=60)
fractions = st.floats(0.01, 0.99)


@given(labels, fractions, st.integers(0, 99))
def test_a_split_is_stratified_disjoint_and_complete(y: list[int], fraction: float, seed: int) -> None:
    samples = some(len(y), y=np.array(y))
    if max(y.count(label) for label in y) < 2:
        with pytest.raises(DataError, match="no class has two"):
            samples.split(fraction, rng=seed)
        return
    rest, part = samples.split(fraction, rng=seed)
    assert sorted(rows(rest) + rows(part)) == list(range(len(y)))
    assert rows(rest) == sorted(rows(rest))
    assert rows(part) == sorted(rows(part))
    for label in set(y):
        n, taken = y.count(label), int((part.y == label).sum())
        assert abs(taken - fraction * n) <= 1
        if n >= 2:
            assert 1 <= taken <= n - 1
    again = samples.split(fraction, rng=np.random.default_rng(seed))
    assert rows(again[1]) == rows(part)


def test_a_split_is_random() -> None:
    parts = {tuple(rows(some(30).split(0.3, rng=seed)[1])) for seed in range(20)}
    assert len(parts) > 15
    taken = np.zeros(30)
    for seed in range(300):
        taken[rows(some(30).split(0.3, rng=seed)[1])] += 1
    assert taken.min() > 50  # 90 expected of each, whatever its place
    assert taken.max() < 130


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 5), st.integers(1, 3)), min_size=2, max_size=60),
    st.sampled_from(["person", "trial"]),
    fractions,
    st.integers(0, 9),
)
def test_groups_are_never_divided(numbers: list[tuple[int, int, int]], by: str, fraction: float, seed: int) -> None:
    y, person, trial = np.array(numbers).T
    samples = some(len(y), y=y, person=person, trial=trial)
    group = [p if by == "person" else (p, t) for _, p, t in numbers]
    if len(set(group)) < 2:
        with pytest.raises(DataError, match=f"cannot divide by {by}: expected at least 2 groups, found 1"):
            samples.split(fraction, by=by, rng=seed)  # type: ignore[arg-type]
        return
    rest, part = samples.split(fraction, by=by, rng=seed)  # type: ignore[arg-type]
    assert len(rest) > 0
    assert len(part) > 0
    assert sorted(rows(rest) + rows(part)) == list(range(len(y)))
    assert not {group[i] for i in rows(rest)} & {group[i] for i in rows(part)}
    assert rows(samples.split(fraction, by=by, rng=seed)[1]) == rows(part)  # type: ignore[arg-type]


@pytest.mark.parametrize("fraction", [0.1, 0.3, 0.5])
def test_groups_come_near_the_fraction_of_every_class(fraction: float) -> None:
    rng = np.random.default_rng(0)
    sizes = rng.integers(5, 15, size=120)  # trials of one movement each, twenty a movement
    trial = np.repeat(np.arange(120), sizes)
    samples = some(len(trial), y=trial % 6, trial=trial)
    _, part = samples.split(fraction, by="trial", rng=1)
    for label in range(6):
        wanted = fraction * (samples.y == label).sum()
        assert abs((part.y == label).sum() - wanted) < 15 / 2 + 1  # half the largest group


def test_trial_numbers_without_people_are_the_groups() -> None:
    trial = np.repeat([1, 2, 3, 4], 3)
    rest, part = some(trial=trial).split(0.25, by="trial", rng=0)
    assert part.trial is not None
    assert rest.trial is not None
    assert len(set(part.trial)) == 1
    assert len(set(rest.trial)) == 3


def test_a_fraction_smaller_than_every_group_takes_the_smallest() -> None:
    person = np.repeat([1, 2, 3], [5, 3, 4])
    _, part = some(person=person).split(0.01, by="person", rng=0)
    assert part.person is not None
    assert set(part.person) == {2}


@pytest.mark.parametrize(
    ("fraction", "by", "message"),
    [
        (0.0, None, "fraction is 0.0, expected a finite number between 0 and 1"),
        (1, None, "fraction is 1,"),
        ("half", None, "fraction is 'half'"),
        (float("nan"), None, "fraction is nan"),
        (0.5, "person", "by is 'person', but these samples carry no person numbers"),
        (0.5, "class", "by is 'class', expected one of 'person', 'trial'"),
    ],
)
def test_split_refuses(fraction: float, by: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        some().split(fraction, by=by)  # type: ignore[arg-type]


def test_no_samples_cannot_be_divided() -> None:
    none = some(person=np.arange(12)).subset([])
    with pytest.raises(DataError, match="cannot divide 0 samples"):
        none.split(0.5)
    with pytest.raises(DataError, match="found 0"):
        none.split(0.5, by="person")
