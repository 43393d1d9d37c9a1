"""unrolled.metrics equals scikit-learn's, over many random cases, some with classes that are missing."""

import numpy as np
import pytest
from numpy.typing import NDArray

from unrolled import metrics

peer = pytest.importorskip("sklearn.metrics", reason="scikit-learn, the oracle of these tests, is not installed")

SEEDS = range(60)


def case(seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64], int, np.random.Generator]:
    """True and predicted classes of C, some of which may be missing from either."""
    rng = np.random.default_rng(seed)
    C, n = int(rng.integers(2, 9)), int(rng.integers(1, 60))
    true_classes, predicted_classes = (rng.choice(C, rng.integers(1, C + 1), replace=False) for _ in range(2))
    return rng.choice(true_classes, n), rng.choice(predicted_classes, n), C, rng


def test_the_cases_have_missing_classes_and_complete_ones() -> None:
    missing = [len(np.unique(y)) < C for y, _, C, _ in map(case, SEEDS)]
    assert 5 < sum(missing) < len(SEEDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_accuracy(seed: int) -> None:
    y, predicted, _, _ = case(seed)
    assert metrics.accuracy(y, predicted) == pytest.approx(peer.accuracy_score(y, predicted), rel=1e-15)


@pytest.mark.parametrize("normalize", [None, "true", "predicted", "all"])
@pytest.mark.parametrize("seed", SEEDS)
def test_confusion_matrix(seed: int, normalize: metrics.Normalize | None) -> None:
    y, predicted, C, _ = case(seed)
    ours = metrics.confusion_matrix(y, predicted, n_classes=C, normalize=normalize)
    theirs = peer.confusion_matrix(
        y, predicted, labels=range(C), normalize="pred" if normalize == "predicted" else normalize
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-15)


@pytest.mark.parametrize("seed", SEEDS)
def test_class_scores(seed: int) -> None:
    y, predicted, C, _ = case(seed)
    ours = metrics.class_scores(y, predicted, n_classes=C)
    theirs = peer.precision_recall_fscore_support(y, predicted, labels=range(C), zero_division=0)
    for mine, other in zip((ours.precision, ours.recall, ours.f1, ours.support), theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-15)


@pytest.mark.parametrize("seed", SEEDS)
def test_top_k_accuracy_without_ties(seed: int) -> None:
    y, _, C, rng = case(seed)
    C = max(C, 3)  # with two classes scikit-learn takes one column of scores
    scores = rng.permuted(np.tile(np.linspace(-2, 3, C), (len(y), 1)), axis=1)
    for k in range(1, C):
        theirs = peer.top_k_accuracy_score(y, scores, k=k, labels=range(C))
        assert metrics.top_k_accuracy(y, scores, k) == pytest.approx(theirs, rel=1e-15)


@pytest.mark.parametrize("seed", SEEDS)
def test_top_k_accuracy_with_ties_equals_the_peer_with_the_classes_in_reverse(seed: int) -> None:
    """Among equals we rank the lowest class first, as argmax; scikit-learn the highest."""
    y, _, C, rng = case(seed)
    C = max(C, 3)
    scores = rng.integers(0, 3, (len(y), C)) / 2
    for k in range(1, C):
        theirs = peer.top_k_accuracy_score(C - 1 - y, scores[:, ::-1], k=k, labels=range(C))
        assert metrics.top_k_accuracy(y, scores, k) == pytest.approx(theirs, rel=1e-15)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_regression(seed: int, weighted: bool) -> None:
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(2, 40)), int(rng.integers(1, 4)))[: int(rng.integers(1, 3))]
    y = rng.normal(size=shape) * 10.0 ** rng.integers(-3, 4) + rng.normal()
    predicted = y + rng.normal(size=shape)
    if seed % 5 == 0:
        y[:] = 2.5  # constant
    weight = rng.uniform(0.1, 2, len(y)) if weighted else None
    for name in ("mean_squared_error", "root_mean_squared_error", "mean_absolute_error", "r2_score"):
        ours = getattr(metrics, name)(y, predicted, sample_weight=weight)
        assert ours == pytest.approx(getattr(peer, name)(y, predicted, sample_weight=weight), rel=1e-12), name
    if seed % 5:
        squares = np.average((y - predicted) ** 2, axis=0, weights=weight)
        spreads = np.average((y - np.average(y, axis=0, weights=weight)) ** 2, axis=0, weights=weight)
        ours = metrics.normalized_root_mean_squared_error(y, predicted, sample_weight=weight)
        assert ours == pytest.approx(np.mean(np.sqrt(squares / spreads)), rel=1e-12)
        if y.ndim == 1:
            r2 = peer.r2_score(y, predicted, sample_weight=weight)
            assert ours == pytest.approx(np.sqrt(1 - r2), rel=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seed", SEEDS)
def test_log_loss(seed: int, dtype: type[np.floating]) -> None:
    y, _, C, rng = case(seed)
    logits = rng.normal(size=(len(y), C)) * rng.uniform(0.1, 60)
    probabilities = (np.exp(logits - logits.max(1, keepdims=True))).astype(dtype)
    probabilities /= probabilities.sum(1, keepdims=True)
    theirs = peer.log_loss(y, probabilities, labels=range(C))
    assert metrics.log_loss(y, probabilities) == pytest.approx(theirs, rel=float(4 * np.finfo(dtype).eps), abs=1e-7)
