"""A regressor of sequences for scikit-learn."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_array, column_or_1d

from unrolled import rnn
from unrolled.rnn.arrays import Array
from unrolled.sklearn.recurrent import Recurrent


@dataclass(eq=False, repr=False)
class RecurrentRegressor(RegressorMixin, Recurrent):  # type: ignore[misc]  # scikit-learn ships no types
    """A recurrent network that predicts a number, or several, from each sequence, as an estimator of scikit-learn.

    X is as for :class:`RecurrentClassifier`. Targets are best scaled to a standard deviation near 1, as by
    ``sklearn.compose.TransformedTargetRegressor``.

    Parameters
    ----------
    head : part of :mod:`unrolled.rnn`, optional
        By default ``rnn.Linear()``, the mean squared error; ``rnn.Linear(loss="huber")``, ``rnn.Poisson()``.
    **others
        All but ``class_weight`` as for :class:`RecurrentClassifier`.

    Attributes
    ----------
    n_outputs_ : int
        K.
    net_, history_, n_features_in_, n_inputs_, n_iter_
        As for :class:`RecurrentClassifier`.

    See Also
    --------
    RecurrentClassifier : Names classes.
    unrolled.rnn.train : What trains it: the same numbers, of the same data and seed.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled.sklearn import RecurrentRegressor
    >>> X = np.random.default_rng(0).standard_normal((80, 10, 2))
    >>> y = X[:, -3:, 0].mean(axis=1)
    >>> regressor = RecurrentRegressor("gru", 8, learning_rate=0.01, random_state=0).fit(X[:60], y[:60])
    >>> regressor.score(X[60:], y[60:]) > 0.5
    True
    """

    n_outputs_: int = field(init=False)

    def __sklearn_tags__(self) -> Any:
        """Say that y may have several columns."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any, groups: Any = None, sample_weight: Any = None) -> "RecurrentRegressor":
        """Train a network, anew unless ``warm_start`` is set.

        Parameters
        ----------
        X : as for the class
        y : array_like, shape (N,) or (N, K)
        groups : array_like, shape (N,), optional
            Such as people: for early stopping, none of them is both trained on and held out.
        sample_weight : array_like, shape (N,), optional
            What each sample counts.

        Returns
        -------
        RecurrentRegressor
            The estimator itself.
        """
        warm = self.warm_start and hasattr(self, "net_")
        self._fit(self._checked(X, y, sample_weight, first=not warm), groups, warm=warm, stratify=False)
        return self

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> "RecurrentRegressor":
        """Train the network for one epoch more, without early stopping.

        Parameters
        ----------
        X, y, sample_weight
            As for :meth:`fit`.

        Returns
        -------
        RecurrentRegressor
            The estimator itself.
        """
        first = not hasattr(self, "net_")
        self._fit_an_epoch(self._checked(X, y, sample_weight, first=first), first=first)
        return self

    def predict(self, X: Any) -> Array:
        """Return the number of each sequence, (N,), or its numbers (N, K) where y had several columns."""
        series, lengths = self._fitted(X)
        Y_hat = self.net_.predict(series, lengths)
        return Y_hat if self._columns else Y_hat[:, 0]

    def _checked(self, X: Any, y: Any, sample_weight: Any, *, first: bool) -> Any:
        series, lengths, weights = self._sequences(X, y, sample_weight, reset=first)
        targets = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y", estimator=self)
        if targets.ndim == 2 and targets.shape[1] == 1:
            targets = column_or_1d(targets, warn=True)
        columns = targets.ndim == 2
        targets = targets if columns else targets[:, None]
        if first:
            self._columns, self.n_outputs_ = columns, targets.shape[1]
        elif targets.shape[1] != self.n_outputs_:
            raise ValueError(f"y has {targets.shape[1]} columns, expected {self.n_outputs_} of the last fit")
        return series, targets, lengths, weights

    def _begin(self, targets: Array, seed: Any, dtype: Any) -> None:
        """Make a network that is not trained yet."""
        self.net_ = rnn.ManyToOne(
            self._cells(),
            n_inputs=self.n_inputs_,
            n_outputs=targets.shape[1],
            readout=self.readout,
            head=self.head,
            initializer=self.initializer,
            rng=seed,
            dtype=dtype if self.dtype is None else self.dtype,
        )
