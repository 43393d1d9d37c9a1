"""unrolled.metrics: values worked out by hand, laws for any data, and errors that say what and where."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from unrolled import metrics

Y = np.array([0, 0, 0, 1, 1, 3])
PREDICTED = np.array([0, 1, 0, 1, 0, 1])
COUNTS = [
    [2, 1, 0, 0],
    [1, 1, 0, 0],
    [0, 0, 0, 0],
    [0, 1, 0, 0],
]  # class 2 never seen, class 3 never predicted


@st.composite
def classified(draw: st.DrawFn) -> tuple[NDArray[Any], NDArray[Any], int]:
    n_classes, n = draw(st.integers(1, 6)), draw(st.integers(1, 30))
    labels = hnp.arrays(np.int64, n, elements=st.integers(0, n_classes - 1))
    return draw(labels), draw(labels), n_classes


@st.composite
def scored(draw: st.DrawFn) -> tuple[NDArray[Any], NDArray[Any]]:
    """Labels and scores; among so few values, many tie."""
    n_classes, n = draw(st.integers(1, 6)), draw(st.integers(1, 30))
    y = draw(hnp.arrays(np.int64, n, elements=st.integers(0, n_classes - 1)))
    values = st.sampled_from([-np.inf, -1.0, 0.0, 0.25, 0.5, 1.0, np.inf])
    return y, draw(hnp.arrays(np.float32, (n, n_classes), elements=values))


def test_accuracy_by_hand() -> None:
    assert metrics.accuracy(Y, PREDICTED) == 0.5
    assert type(metrics.accuracy(Y, PREDICTED)) is float


def test_confusion_matrix_by_hand() -> None:
    counts = metrics.confusion_matrix(Y, PREDICTED)
    assert counts.dtype == np.int64
    np.testing.assert_array_equal(counts, COUNTS)


@pytest.mark.parametrize(
    ("normalize", "divisor"),
    [("true", [[3], [2], [1], [1]]), ("predicted", [[3, 3, 1, 1]]), ("all", 6)],
)
def test_normalized_confusion_matrix_by_hand(normalize: metrics.Normalize, divisor: Any) -> None:
    shares = metrics.confusion_matrix(Y, PREDICTED, normalize=normalize)
    assert shares.dtype == np.float64
    np.testing.assert_array_equal(shares, np.array(COUNTS) / divisor)


def test_class_scores_by_hand() -> None:
    scores = metrics.class_scores(Y, PREDICTED)
    np.testing.assert_array_equal(scores.precision, [2 / 3, 1 / 3, 0, 0])
    np.testing.assert_array_equal(scores.recall, [2 / 3, 1 / 2, 0, 0])
    np.testing.assert_array_equal(scores.f1, [2 / 3, 2 / 5, 0, 0])
    np.testing.assert_array_equal(scores.support, [3, 2, 0, 1])
    assert scores.support.dtype == np.int64


def test_class_scores_table() -> None:
    scores = metrics.class_scores(Y, PREDICTED)
    assert str(scores).splitlines() == [
        "class  precision  recall     f1  support",
        "0          0.667   0.667  0.667        3",
        "1          0.333   0.500  0.400        2",
        "2          0.000   0.000  0.000        0",
        "3          0.000   0.000  0.000        1",
        "mean       0.250   0.292  0.267        6",
    ]
    named = scores.table(["sitting", "standing", "up", "down"]).splitlines()
    assert named[1].split() == ["sitting", "0.667", "0.667", "0.667", "3"]
    assert len({len(line) for line in named}) == 1
    for wrong in (["a", "b"], "abcd"):
        with pytest.raises(ValueError, match=re.escape(f"classes is {wrong!r}, expected 4 names")):
            scores.table(wrong)
    rows = re.findall("<tr>(.*?)</tr>", scores._repr_html_())
    assert [re.findall("<t[hd]>(.*?)</t[hd]>", row) for row in rows] == [
        ["class", "precision", "recall", "f1", "support"],
        ["0", "0.6667", "0.6667", "0.6667", "3"],
        ["1", "0.3333", "0.5", "0.4", "2"],
        ["2", "0", "0", "0", "0"],
        ["3", "0", "0", "0", "1"],
        ["mean", "0.25", "0.2917", "0.2667", "6"],
    ]


def test_n_classes_has_a_bound_that_can_be_reached() -> None:
    assert metrics.class_scores([0, 1], [0, 1], n_classes=300).support.tolist() == [1, 1, *(298 * [0])]
    with pytest.raises(ValueError, match="y holds 65536 in row 1, expected whole numbers from 0 to 65535"):
        metrics.accuracy([0, 2**16], [0, 1])
    assert metrics.accuracy([0, 2**16 - 1], [0, 1]) == 0.5


def test_a_mask_that_hides_nothing_is_none() -> None:
    y = np.ma.masked_equal([0, 1, 1], 7)
    assert metrics.accuracy(y, [0, 1, 0]) == metrics.accuracy([0, 1, 1], [0, 1, 0])


def test_n_classes_widens_the_matrix_and_a_one_hot_truth_sets_it() -> None:
    assert metrics.confusion_matrix([0], [0], n_classes=5).shape == (5, 5)
    assert metrics.class_scores([0], [0], n_classes=5).f1.shape == (5,)
    assert metrics.confusion_matrix([[1, 0, 0]], [0]).shape == (3, 3)


def test_top_k_accuracy_by_hand() -> None:
    scores = [[0.1, 0.7, 0.2], [0.5, 0.2, 0.3], [-3.0, -2.0, -9.0]]
    y = [1, 2, 2]  # places 1, 2, 3
    assert metrics.top_k_accuracy(y, scores) == 1 / 3
    assert type(metrics.top_k_accuracy(y, scores)) is float
    assert metrics.top_k_accuracy(y, scores, k=(3, 1, 2)) == (1.0, 1 / 3, 2 / 3)
    assert metrics.top_k_accuracy(y, scores, k=[2]) == (2 / 3,)
    assert metrics.top_k_accuracy(y, scores, k=range(1, 4)) == (1 / 3, 2 / 3, 1.0)


def test_ties_never_let_more_than_k_classes_count() -> None:
    scores = np.zeros((4, 4))
    assert metrics.top_k_accuracy([0, 1, 2, 3], scores, k=(1, 2, 3, 4)) == (0.25, 0.5, 0.75, 1.0)
    assert metrics.top_k_accuracy([2], [[0.0, 1.0, 1.0, 1.0]], k=(1, 2)) == (0.0, 1.0)


@given(scored())
def test_top_1_is_the_accuracy_of_argmax(case: tuple[NDArray[Any], NDArray[Any]]) -> None:
    y, scores = case
    assert metrics.top_k_accuracy(y, scores, 1) == metrics.accuracy(y, scores.argmax(1))


@given(scored())
def test_top_k_equals_looking_among_the_first_k_of_a_stable_sort(
    case: tuple[NDArray[Any], NDArray[Any]],
) -> None:
    y, scores = case
    best_first = np.argsort(-scores, axis=1, kind="stable")
    for k in range(1, scores.shape[1] + 1):
        expected = np.mean([label in row[:k] for label, row in zip(y, best_first, strict=True)])
        assert metrics.top_k_accuracy(y, scores, k) == expected


@given(scored())
def test_top_k_grows_with_k_up_to_1(case: tuple[NDArray[Any], NDArray[Any]]) -> None:
    y, scores = case
    shares = metrics.top_k_accuracy(y, scores, k=tuple(range(1, scores.shape[1] + 1)))
    assert list(shares) == sorted(shares)
    assert shares[-1] == 1.0


@given(scored(), st.randoms(use_true_random=False))
def test_top_k_is_the_same_in_any_order_of_samples(case: tuple[NDArray[Any], NDArray[Any]], random: Any) -> None:
    y, scores = case
    order = random.sample(range(len(y)), len(y))
    for k in range(1, scores.shape[1] + 1):
        assert metrics.top_k_accuracy(y[order], scores[order], k) == metrics.top_k_accuracy(y, scores, k)


@given(classified())
def test_confusion_matrix_counts_each_sample_once(case: tuple[NDArray[Any], NDArray[Any], int]) -> None:
    y, predicted, n_classes = case
    counts = metrics.confusion_matrix(y, predicted, n_classes=n_classes)
    np.testing.assert_array_equal(counts.sum(1), np.bincount(y, minlength=n_classes))
    np.testing.assert_array_equal(counts.sum(0), np.bincount(predicted, minlength=n_classes))
    assert metrics.accuracy(y, predicted) == np.trace(counts) / len(y)


@given(classified())
def test_normalized_rows_columns_or_all_add_up_to_1_or_0(
    case: tuple[NDArray[Any], NDArray[Any], int],
) -> None:
    y, predicted, C = case
    rows = metrics.confusion_matrix(y, predicted, n_classes=C, normalize="true").sum(1)
    np.testing.assert_allclose(rows, np.isin(np.arange(C), y), rtol=1e-12)
    columns = metrics.confusion_matrix(y, predicted, n_classes=C, normalize="predicted").sum(0)
    np.testing.assert_allclose(columns, np.isin(np.arange(C), predicted), rtol=1e-12)
    whole = metrics.confusion_matrix(y, predicted, n_classes=C, normalize="all").sum()
    np.testing.assert_allclose(whole, 1, rtol=1e-12)


@given(classified(), st.randoms(use_true_random=False))
def test_confusion_is_the_same_in_any_order_and_transposes(
    case: tuple[NDArray[Any], NDArray[Any], int], random: Any
) -> None:
    y, predicted, n_classes = case
    counts = metrics.confusion_matrix(y, predicted, n_classes=n_classes)
    order = random.sample(range(len(y)), len(y))
    shuffled = metrics.confusion_matrix(y[order], predicted[order], n_classes=n_classes)
    np.testing.assert_array_equal(shuffled, counts)
    np.testing.assert_array_equal(metrics.confusion_matrix(predicted, y, n_classes=n_classes), counts.T)


@given(classified())
def test_class_scores_are_the_diagonals_of_the_normalized_matrices(
    case: tuple[NDArray[Any], NDArray[Any], int],
) -> None:
    y, predicted, C = case
    scores = metrics.class_scores(y, predicted, n_classes=C)
    recall = metrics.confusion_matrix(y, predicted, n_classes=C, normalize="true").diagonal()
    precision = metrics.confusion_matrix(y, predicted, n_classes=C, normalize="predicted").diagonal()
    np.testing.assert_array_equal(scores.recall, recall)
    np.testing.assert_array_equal(scores.precision, precision)
    harmonic = [2 * p * r / (p + r) if p + r else 0 for p, r in zip(precision, recall, strict=True)]
    np.testing.assert_allclose(scores.f1, harmonic, rtol=1e-12)


@given(classified(), st.sampled_from([np.float32, np.float64, np.int8, np.uint8, np.bool_]))
def test_one_hot_truth_is_integer_truth(case: tuple[NDArray[Any], NDArray[Any], int], dtype: Any) -> None:
    y, predicted, n_classes = case
    one_hot = np.eye(n_classes, dtype=dtype)[y]
    assert metrics.accuracy(one_hot, predicted) == metrics.accuracy(y, predicted)
    scores = np.eye(n_classes)[predicted]
    assert metrics.top_k_accuracy(one_hot, scores, 1) == metrics.top_k_accuracy(y, scores, 1)
    np.testing.assert_array_equal(
        metrics.confusion_matrix(one_hot, predicted),
        metrics.confusion_matrix(y, predicted, n_classes=n_classes),
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.uint64, np.float32])
def test_labels_of_any_dtype_that_are_whole_numbers(dtype: Any) -> None:
    counts = metrics.confusion_matrix(Y.astype(dtype), PREDICTED.astype(dtype))
    np.testing.assert_array_equal(counts, COUNTS)


def test_small_integer_labels_do_not_overflow() -> None:
    y = np.full(3, 127, np.int8)
    assert metrics.confusion_matrix(y, y)[127, 127] == 3


def test_inputs_are_not_modified() -> None:
    y, predicted, scores = np.eye(3)[[0, 1, 2]], np.array([0, 2, 2]), np.random.default_rng(0).random((3, 3))
    for array in (y, predicted, scores):
        array.flags.writeable = False
    metrics.top_k_accuracy(y, scores, (1, 2))
    metrics.class_scores(y, predicted)
    metrics.confusion_matrix(y, predicted, normalize="all")


E3 = [[1, 0, 0], [0, 1, 0]]
BAD_PAIRS = [
    ([], [], "y is empty, expected at least one label"),
    ([0], [], "predicted is empty, expected at least one label"),
    ([0, 1], [0], "y has 2 rows and predicted has 1, expected as many"),
    (E3, [0], "y has 2 rows and predicted has 1, expected as many"),
    (3, [0], "y has shape (), expected integers (N,) or one-hot rows (N, C)"),
    (np.zeros((2, 0)), [0, 0], "y has shape (2, 0), expected integers (N,) or one-hot rows (N, C)"),
    (np.zeros((2, 3, 4)), [0, 0], "y has shape (2, 3, 4), expected integers (N,) or one-hot rows"),
    ([0, -1], [0, 0], "y holds -1 in row 1, expected whole numbers from 0"),
    ([0, 0], [0, 0.5], "predicted holds 0.5 in row 1, expected whole numbers from 0"),
    ([0, np.nan], [0, 0], "y holds nan in row 1, expected whole numbers from 0"),
    ([0, np.inf], [0, 0], "y holds inf in row 1, expected whole numbers from 0"),
    (np.array([2**64 - 1], np.uint64), [0], "y holds 18446744073709551615 in row 0, expected whole numbers"),
    ([[1, 0, 0], [0, 1, 1]], [0, 0], "y is not one-hot in row 1: [0 1 1], expected one 1 among zeros"),
    ([[1, 0, 0], [0, 0, 0]], [0, 0], "y is not one-hot in row 1: [0 0 0], expected one 1 among zeros"),
    ([[1, 0], [0, np.nan]], [0, 0], "y is not one-hot in row 1: [ 0. nan], expected one 1 among zeros"),
    ([[1, 0], [0, 2]], [0, 0], "y is not one-hot in row 1: [0 2], expected one 1 among zeros"),
    (E3, [0, 3], "predicted holds 3 in row 1, expected whole numbers from 0 to 2"),
    (E3, E3, "predicted has shape (2, 3), expected classes (N,), as in scores.argmax(1)"),
    (["a"], [0], "y holds <U1 values, expected real numbers"),
    ([0], [None], "predicted holds object values, expected real numbers"),
    ([[1, 0], [1]], [0, 0], "y is ragged, expected rows of one length"),
]
PAIR_FUNCTIONS: list[Callable[[Any, Any], Any]] = [
    metrics.accuracy,
    metrics.confusion_matrix,
    metrics.class_scores,
]


@pytest.mark.parametrize(("y", "predicted", "message"), BAD_PAIRS)
def test_bad_labels_are_stopped_with_one_sentence(y: Any, predicted: Any, message: str) -> None:
    for function in PAIR_FUNCTIONS:
        with pytest.raises(ValueError, match=re.escape(message)):
            function(y, predicted)


@pytest.mark.parametrize("n_classes", [0, -1, 2.0, True, "3", 2**16 + 1])
def test_bad_n_classes(n_classes: Any) -> None:
    message = f"n_classes is {n_classes!r}, expected a whole number from 1 to 65536"
    with pytest.raises(ValueError, match=re.escape(message)):
        metrics.confusion_matrix([0], [0], n_classes=n_classes)


def test_labels_beyond_n_classes() -> None:
    with pytest.raises(ValueError, match="y holds 2 in row 1, expected whole numbers from 0 to 1"):
        metrics.confusion_matrix([0, 2], [0, 0], n_classes=2)
    with pytest.raises(ValueError, match="predicted holds 2 in row 1, expected whole numbers from 0 to 1"):
        metrics.class_scores([0, 0], [0, 2], n_classes=2)
    with pytest.raises(ValueError, match=r"y has shape \(2, 3\), expected 4 columns, one for each class"):
        metrics.class_scores(E3, [0, 2], n_classes=4)


def test_bad_normalize() -> None:
    wrong: Any = "rows"
    with pytest.raises(ValueError, match="normalize is 'rows', expected one of 'true', 'predicted', 'all'"):
        metrics.confusion_matrix([0], [0], normalize=wrong)


@pytest.mark.parametrize(
    ("y", "scores", "message"),
    [
        ([0], [0.5], "scores has shape (1,), expected C scores for each of N samples"),
        ([0], np.zeros((0, 3)), "scores has shape (0, 3), expected C scores for each of N samples"),
        ([0, 1], [[0, 1], [np.nan, 1]], "scores holds nan in row 1, class 0, expected numbers to rank"),
        ([0], [[0, 1], [0, 1]], "y has 1 rows and scores has 2, expected as many"),
        ([0, 2], [[0, 1], [0, 1]], "y holds 2 in row 1, expected whole numbers from 0 to 1"),
        (E3, [[0, 1], [0, 1]], "y has shape (2, 3), expected 2 columns, one for each class"),
        ([0], [[1j, 0]], "scores holds complex128 values, expected real numbers"),
    ],
)
def test_bad_scores(y: Any, scores: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        metrics.top_k_accuracy(y, scores)


@pytest.mark.parametrize("k", [0, 3, -1, 1.0, True, None, "1", (1, 3), (1, "2")])
def test_bad_k(k: Any) -> None:
    with pytest.raises(ValueError, match=r"k is .*, expected a whole number from 1 to 2"):
        metrics.top_k_accuracy([0, 1], [[0.2, 0.8], [0.1, 0.9]], k)


def test_a_class_that_is_only_predicted_has_its_column() -> None:
    assert metrics.confusion_matrix([0, 0, 1], [0, 2, 0]).tolist() == [[1, 0, 1], [1, 0, 0], [0, 0, 0]]
