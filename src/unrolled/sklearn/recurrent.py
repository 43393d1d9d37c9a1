"""What the classifier and the regressor are alike in: a network made of settings, and trained by ``rnn.train``."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, TypeAlias

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.model_selection import GroupShuffleSplit, train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_consistent_length, check_is_fitted

from unrolled import rnn
from unrolled._support.validation import one_of, refuse_masked, shown
from unrolled.rnn.arrays import Array, IntArray
from unrolled.sklearn.sequences import sequences

CELLS = {"tanh": rnn.Tanh, "relu": rnn.ReLU, "lstm": rnn.LSTM, "gru": rnn.GRU}
OPTIMIZERS = {"sgd": rnn.SGD, "rmsprop": rnn.RMSProp, "adam": rnn.Adam, "adamw": rnn.AdamW}

Samples: TypeAlias = tuple[Array, Array, IntArray | None, Array | None]
"""X (N, T, D), targets, lengths and weights of the samples."""


@dataclass(eq=False, repr=False)
class Recurrent(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """The settings of a network and of its training, and what is done with them."""

    cell: Any = "gru"
    hidden: int = 50
    _: KW_ONLY
    n_layers: int = 1
    bidirectional: bool = False
    readout: Any = None
    head: Any = None
    initializer: Any = rnn.xavier_normal
    optimizer: Any = "adam"
    learning_rate: float = 0.003
    batch_size: int = 30
    epochs: int = 50
    schedule: Any = None
    clip: Any = None
    dropout: Any = None
    augment: Any = None
    averaging: Any = None
    l2: float = 0.0
    early_stopping: Any = False
    validation_fraction: float = 0.1
    n_iter_no_change: int = 10
    random_state: Any = None
    verbose: int = 0
    warm_start: bool = False
    time_axis: int = 1
    dtype: Any = None

    net_: rnn.ManyToOne = field(init=False)
    history_: rnn.History = field(init=False)
    n_inputs_: int = field(init=False)
    n_iter_: int = field(init=False)

    def __sklearn_tags__(self) -> Any:
        """Say that X may have three axes, or be sparse."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = tags.input_tags.sparse = True
        return tags

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take what was pickled; arrays that joblib mapped into memory become the network's own."""
        super().__setstate__(state)
        if hasattr(self, "net_"):
            self.net_ = self.net_.with_parameters({name: np.array(W) for name, W in self.net_.parameters.items()})

    def _cells(self) -> Any:
        """Return the network's cells: those that were given, or layers of the kind that was named."""
        kind = CELLS[one_of(self.cell, tuple(CELLS), "cell")] if isinstance(self.cell, str) else self.cell
        if not isinstance(kind, type):
            return kind
        cell: Any = rnn.Bidirectional(kind(self.hidden)) if self.bidirectional else kind(self.hidden)
        return [cell] * self.n_layers

    def _optimizer(self) -> Any:
        """Return the optimizer that was given, or one of the kind that was named."""
        named = isinstance(self.optimizer, str)
        kind = OPTIMIZERS[one_of(self.optimizer, tuple(OPTIMIZERS), "optimizer")] if named else self.optimizer
        return kind(self.learning_rate) if isinstance(kind, type) else kind

    def _seed(self) -> int | np.random.Generator | None:
        """Return what weights and training each draw from: the seed itself, or one drawn from a generator."""
        if self.random_state is None or isinstance(self.random_state, np.random.Generator):
            return self.random_state
        if isinstance(self.random_state, int | np.integer):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _stopping(self) -> rnn.EarlyStopping | None:
        if isinstance(self.early_stopping, bool | np.bool_):
            return rnn.EarlyStopping(self.n_iter_no_change) if self.early_stopping else None
        return self.early_stopping  # type: ignore[no-any-return]  # rnn.train checks it

    def _divided(self, y: Array, groups: Any, stratify: Array | None, seed: Any) -> tuple[IntArray, IntArray]:
        """Return which samples are trained on, and which are held out for early stopping: whole groups, if any."""
        state = seed if isinstance(seed, int) else None
        if groups is None:
            rows = train_test_split(
                np.arange(len(y)), test_size=self.validation_fraction, random_state=state, stratify=stratify
            )
            return rows[0], rows[1]
        splitter = GroupShuffleSplit(1, test_size=self.validation_fraction, random_state=state)
        training, held_out = next(splitter.split(y, groups=groups))
        return training, held_out

    def _begin(self, targets: Array, seed: Any, dtype: Any) -> None:
        """Make a network that is not trained yet, for targets like these."""
        raise NotImplementedError

    def _sequences(self, X: Any, y: Any, sample_weight: Any, *, reset: bool) -> tuple[Array, IntArray | None, Any]:
        """Check samples but for their targets, in the words that scikit-learn has for what is wrong with them."""
        if self.time_axis not in (1, 2):
            raise ValueError(f"time_axis is {shown(self.time_axis)}, expected 1 for (N, T, D) or 2 for (N, D, T)")
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        for name, given in (("y", y), ("sample_weight", sample_weight)):
            refuse_masked(given, name)
        series, lengths = sequences(self, X, reset=reset)
        check_consistent_length(series, y)
        if sample_weight is None:
            return series, lengths, None
        weights = _check_sample_weight(sample_weight, series[:, 0, :], dtype=np.float64)
        if not weights.any():
            raise ValueError("Sample weights must contain at least one non-zero number.")
        return series, lengths, weights

    def _fit(self, samples: Samples, groups: Any, *, warm: bool, stratify: bool) -> None:
        """Train a network, anew or as it stands, on what is not held out for early stopping."""
        seed, stopping, validation = self._seed(), self._stopping(), None
        if groups is not None:
            check_consistent_length(samples[0], groups)
        if stopping is not None:
            targets = samples[1]
            training, held_out = self._divided(targets, groups, targets if stratify and groups is None else None, seed)
            validation = tuple(cut(held_out, *samples))
            samples = cut(training, *samples)  # type: ignore[assignment]  # X and y are arrays still
        if not warm:
            self._begin(_asked(samples), seed, samples[0].dtype)
        self._train(
            samples,
            epochs=self.epochs,
            validation=validation,
            early_stopping=stopping,
            state=self.history_.state if warm else None,
            rng=seed,
        )

    def _fit_an_epoch(self, samples: Samples, *, first: bool) -> None:
        """Train the network for an epoch more, with the random numbers that follow."""
        if first or not hasattr(self, "_rng"):
            self._rng = np.random.default_rng(self._seed())
        if first:
            self._begin(_asked(samples), self._rng, samples[0].dtype)
        state, n = (None, 0) if first else (self.history_.state, self.n_iter_)
        self._train(samples, epochs=1, state=state, rng=self._rng)
        self.n_iter_ += n

    def _train(self, samples: Samples, **others: Any) -> None:
        """Train ``net_`` as it stands, and leave the history."""
        self.history_ = rnn.train(
            self.net_,
            samples,
            optimizer=self._optimizer(),
            batch_size=self.batch_size,
            schedule=self.schedule,
            clip=self.clip,
            dropout=self.dropout,
            augment=self.augment,
            averaging=self.averaging,
            l2=self.l2,
            verbose=int(self.verbose),
            **others,
        )
        self.n_iter_ = len(self.history_.loss)

    def _fitted(self, X: Any) -> tuple[Array, IntArray | None]:
        check_is_fitted(self, "net_")
        return sequences(self, X, reset=False)


def _asked(samples: Samples) -> Array:
    """Return the targets that count: those of a weight above 0."""
    _, targets, _, weights = samples
    return targets if weights is None else targets[weights > 0]


def cut(rows: Any, *arrays: Array | None) -> Sequence[Array | None]:
    """Return these rows of each array."""
    return [None if array is None else array[rows] for array in arrays]
