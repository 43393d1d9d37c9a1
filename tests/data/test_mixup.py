"""Mixup: two samples and their targets mixed alike, and a training on both."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unrolled import rnn
from unrolled.data import DataError, augment


def windows(m: int = 20, T: int = 8, D: int = 3, dtype: str = "float32") -> np.ndarray:
    return np.random.default_rng(0).normal(1, 2, (m, T, D)).astype(dtype)


@given(st.integers(1, 20), st.floats(0.01, 20), st.integers(0, 2**32), st.sampled_from(["float32", "float64"]))
def test_targets_say_of_which_samples_a_mixed_one_is_made(m: int, alpha: float, seed: int, dtype: str) -> None:
    X, Y = windows(m, dtype=dtype), np.eye(m, dtype=dtype)  # a class for each sample
    before = X.copy()
    mixed, targets = augment.Mixup(alpha).with_targets(X, Y, seed)
    assert mixed.dtype == targets.dtype == dtype
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(Y, np.eye(m))
    np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-6)
    assert (targets >= 0).all()
    assert ((targets > 0).sum(axis=1) <= 2).all()
    np.testing.assert_allclose(mixed, np.einsum("ij,jtd->itd", targets, X), atol=1e-5)
    for one, other in zip(augment.Mixup(alpha).with_targets(X, Y, seed), (mixed, targets), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_is_drawn_is_a_beta_distribution() -> None:
    Y = np.tile(np.eye(2), (10_000, 1))
    _, targets = augment.Mixup(0.4).with_targets(np.zeros((20_000, 1, 1)), Y, 0)
    of_others = np.abs(targets - Y).max(axis=1)
    mixed_with_another = of_others[of_others > 0]  # or else with one of the same class
    assert abs(mixed_with_another.mean() - 0.5) < 0.01
    assert abs(mixed_with_another.var() - 1 / (4 * 1.8)) < 0.005


def test_training_is_on_mixed_samples_and_targets() -> None:
    X, y = windows(), np.arange(20) % 2
    change = augment.Compose([augment.Jitter(0.1), augment.Mixup(1.0)])
    head = rnn.Softmax(label_smoothing=0.1)
    nets = [rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=2, head=head, rng=0) for _ in range(2)]
    rnn.train(nets[0], (X, y), optimizer=rnn.SGD(0.1), batch_size=6, epochs=2, augment=change, rng=7, progress=False)

    seeds = np.random.default_rng(7).integers(2**64, size=(3, 2), dtype=np.uint64)
    shuffling, _, augmenting = (np.random.default_rng(seed) for seed in seeds.tolist())
    state = (optimizer := rnn.SGD(0.1)).start(nets[1].parameters)
    for _ in range(2):
        order = shuffling.permutation(20)
        for first in range(0, 20, 6):
            rows = order[first : first + 6]
            jittered = augment.Jitter(0.1)(X[rows], augmenting)
            mixed, Y = augment.Mixup(1.0).with_targets(jittered, np.eye(2, dtype=np.float32)[y[rows]], augmenting)
            # The loss is linear in the targets: that of a mixed one is the mixed loss of whole ones.
            gradients = {name: np.zeros_like(W) for name, W in nets[1].parameters.items()}
            for i, targets in enumerate(Y):
                for label in range(2):
                    _, of_one = nets[1].loss_and_gradients(mixed[i : i + 1], [label])
                    for name, gradient in of_one.items():
                        gradients[name] += targets[label] * gradient / len(rows)
            optimizer.update(nets[1].parameters, gradients, state)
    for name, W in nets[1].parameters.items():
        np.testing.assert_allclose(nets[0].parameters[name], W, rtol=1e-4, atol=1e-5)


def test_what_changes_no_targets_trains_to_the_same_bit_within_compose_and_alone() -> None:
    X, y, nets = windows(), np.arange(20) % 2, []
    for change in (augment.Jitter(), augment.Compose([augment.Jitter()])):
        nets.append(rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=2, rng=0))
        rnn.train(nets[-1], (X, y), optimizer=rnn.SGD(0.1), epochs=2, augment=change, rng=7, progress=False)
    for name, W in nets[0].parameters.items():
        np.testing.assert_array_equal(nets[1].parameters[name], W)


@pytest.mark.parametrize(
    "change",
    [augment.Mixup(), augment.Sometimes(1, augment.Mixup()), augment.OneOf([augment.Mixup()])],
    ids=lambda change: type(change).__name__,
)
def test_x_alone_is_not_mixed(change: augment.Augmentation) -> None:
    with pytest.raises(DataError, match=r"Mixup\(alpha=0.2\) was called without targets, which it mixes as well"):
        change(windows(), np.random.default_rng(0))


def test_sequences_of_different_lengths_are_not_mixed() -> None:
    net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=2, rng=0)
    for change in (augment.Mixup(), augment.Compose([augment.Mixup()])):
        with pytest.raises(ValueError, match="sequences have 5 to 8 steps"):
            rnn.train(
                net, (windows(2), [0, 1], [5, 8]), optimizer=rnn.SGD(0.1), augment=change, epochs=1, progress=False
            )


class Wrong:
    """Targets that do not fit."""

    def __init__(self, targets: Any) -> None:
        self.targets = targets

    def __call__(self, X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        raise AssertionError(X, rng)

    def with_targets(self, X: np.ndarray, Y: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, Any]:
        assert rng.random() < 1
        return X, self.targets(Y)


@pytest.mark.parametrize("targets", [lambda Y: Y[:, :1], lambda Y: Y * np.nan, lambda _: 0.5], ids=["C", "nan", "one"])
def test_targets_that_do_not_fit_are_refused(targets: Any) -> None:
    net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=2, rng=0)
    with pytest.raises(
        ValueError, match=r"augment gave targets of shape .*, expected finite numbers of shape \(2, 2\)"
    ):
        rnn.train(net, (windows(2), [0, 1]), optimizer=rnn.SGD(0.1), augment=Wrong(targets), epochs=1, progress=False)


def test_alpha_is_above_0() -> None:
    with pytest.raises(DataError, match="Mixup's alpha is 0, expected a finite number above 0"):
        augment.Mixup(0)
