"""A classifier of sequences for scikit-learn."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets, is_multilabel
from sklearn.utils.validation import assert_all_finite, column_or_1d

from unrolled import rnn
from unrolled.rnn.arrays import Array
from unrolled.sklearn.recurrent import Recurrent


@dataclass(eq=False, repr=False)
class RecurrentClassifier(ClassifierMixin, Recurrent):  # type: ignore[misc]  # scikit-learn ships no types
    """A recurrent network that classifies sequences, as an estimator of scikit-learn.

    X is (N, T, D); or (N, T), one series a sample, sparse or not; or a list of arrays (T, D) or (T,) of different
    lengths; or a DataFrame, with a column for each step, or with series in its cells and a column for each of the D.
    y is (N,), a class each; or (N, C) of 0 and 1, where a sample may have several labels, or none.

    Parameters
    ----------
    cell : {"gru", "lstm", "tanh", "relu"}, or a kind of cell or cells of :mod:`unrolled.rnn`
        A kind, such as ``rnn.LSTM``, is given ``hidden``; cells, such as ``rnn.LSTM(20)`` or a list of them, are taken
        as they are.
    hidden : int, default 50
        Hidden units of each layer.
    n_layers : int, default 1
    bidirectional : bool, default False
    readout, head : parts of :mod:`unrolled.rnn`, optional
        By default the last state and a softmax, or ``rnn.Sigmoid(multilabel=True)`` of several labels.
    initializer : callable, default rnn.xavier_normal
    optimizer : {"adam", "adamw", "sgd", "rmsprop"}, or a kind of optimizer, or an optimizer
        A kind is given ``learning_rate``.
    learning_rate : float, default 0.003
    batch_size, epochs, schedule, clip, dropout, augment, averaging, l2
        As for :func:`unrolled.rnn.train`.
    class_weight : "balanced" or dict, optional
        What a sample of each class weighs in the loss, as everywhere in scikit-learn; not of several labels.
    early_stopping : bool or EarlyStopping, default False
        Hold out ``validation_fraction`` of the samples, the same of each class, or whole groups where ``fit`` is given
        ``groups``; stop when their loss has not fallen for ``n_iter_no_change`` epochs, and go back to its lowest.
    validation_fraction : float, default 0.1
    n_iter_no_change : int, default 10
    random_state : int, RandomState, Generator or None
        An integer seeds the weights and the training as ``rng`` of both does.
    verbose : int, default 0
        1 shows a bar, 2 a line for each epoch.
    warm_start : bool, default False
        Whether ``fit`` goes on with the network and the optimizer's state of the last one.
    time_axis : {1, 2}, default 1
        Of X with three axes, and of arrays with two in a list: 2 for (N, D, T), the shape of aeon and sktime.
    dtype : dtype, optional
        Of the network; by default X's, float32 of float32 and else float64, as everywhere in scikit-learn.

    Attributes
    ----------
    classes_ : ndarray, shape (C,)
        Of several labels 0 to C - 1.
    net_ : ManyToOne
    history_ : History
        Of the last ``fit`` or ``partial_fit``.
    n_features_in_ : int
        D; T where X has two axes.
    n_inputs_ : int
        D.
    n_iter_ : int
        Epochs that were trained.

    See Also
    --------
    RecurrentRegressor : Predicts numbers.
    unrolled.rnn.train : What trains it: the same numbers, of the same data and seed.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled.sklearn import RecurrentClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = rng.choice(["sit", "walk"], 60)
    >>> X = rng.standard_normal((60, 10, 3)) + (y == "walk")[:, None, None]
    >>> classifier = RecurrentClassifier("tanh", 8, learning_rate=0.01, random_state=0).fit(X[:40], y[:40])
    >>> classifier.classes_.tolist(), classifier.predict_proba(X[40:]).shape
    (['sit', 'walk'], (20, 2))
    >>> classifier.score(X[40:], y[40:]) > 0.8
    True
    """

    class_weight: Any = None

    classes_: Array = field(init=False)

    def fit(self, X: Any, y: Any, groups: Any = None, sample_weight: Any = None) -> "RecurrentClassifier":
        """Train a network, anew unless ``warm_start`` is set.

        Parameters
        ----------
        X : as for the class
        y : array_like, shape (N,), or of 0 and 1, (N, C)
            Labels, numbers or texts; or which labels each sample has.
        groups : array_like, shape (N,), optional
            Such as people: for early stopping, none of them is both trained on and held out.
        sample_weight : array_like, shape (N,), optional
            What each sample counts.

        Returns
        -------
        RecurrentClassifier
            The estimator itself.
        """
        warm = self.warm_start and hasattr(self, "net_")
        series, lengths, weights = self._sequences(X, y, sample_weight, reset=not warm)
        classes, encoded = _encoded(y)
        if warm and not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"y has the classes {classes}, expected {self.classes_} of the last fit: warm_start is set"
            )
        if len(classes) < 2:
            raise ValueError(f"y has {len(classes)} class, but {type(self).__name__} expects at least two classes")
        self.classes_ = classes
        self._fit((series, encoded, lengths, weights), groups, warm=warm, stratify=encoded.ndim == 1)
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> "RecurrentClassifier":
        """Train the network for one epoch more, without early stopping.

        Parameters
        ----------
        X, y, sample_weight
            As for :meth:`fit`.
        classes : array_like, shape (C,), optional
            All that there will be; needed at the first call. Of several labels ``range(C)``.

        Returns
        -------
        RecurrentClassifier
            The estimator itself.
        """
        first = not hasattr(self, "net_")
        if first and classes is None:
            raise ValueError("classes is None at the first call of partial_fit, expected all that there will be")
        if isinstance(self.class_weight, str):
            raise ValueError("class_weight is 'balanced' in partial_fit, which sees some samples, expected a dict")
        series, lengths, weights = self._sequences(X, y, sample_weight, reset=first)
        here, encoded = _encoded(y)
        if classes is not None and not first and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(f"classes are {np.unique(classes)}, expected {self.classes_} of the first call")
        known = np.unique(classes) if first else self.classes_
        unknown = np.setdiff1d(here, known)
        if len(unknown):
            raise ValueError(f"y has the class {unknown[0]}, expected one of {known}")
        self.classes_ = known
        targets = encoded if encoded.ndim == 2 else np.searchsorted(known, here[encoded])
        self._fit_an_epoch((series, targets, lengths, weights), first=first)
        return self

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, (N, C), in the order of ``classes_``."""
        series, lengths = self._fitted(X)
        return self.net_.predict_proba(series, lengths)

    def predict(self, X: Any) -> Array:
        """Return the most probable class of each sequence, (N,), or which labels it has, (N, C) of 0 and 1."""
        series, lengths = self._fitted(X)
        found = self.net_.predict(series, lengths)
        return found if found.ndim == 2 else np.asarray(self.classes_[found])

    def __sklearn_tags__(self) -> Any:
        """Say that a sample may have several labels."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _begin(self, targets: Array, seed: Any, dtype: Any) -> None:
        """Make a network that is not trained yet."""
        several = targets.ndim == 2
        head = self.head if self.head is not None else rnn.Sigmoid(multilabel=True) if several else rnn.Softmax()
        if self.class_weight is not None and several:
            raise ValueError(f"class_weight is {self.class_weight!r} and y has several labels, expected None")
        if self.class_weight is not None:
            seen = np.unique(targets)
            weights = dict(zip(seen.tolist(), self._weights(targets, seen), strict=True))
            head = replace(head, class_weights=weights)
        self.net_ = rnn.ManyToOne(
            self._cells(),
            n_inputs=self.n_inputs_,
            n_classes=len(self.classes_),
            readout=self.readout,
            head=head,
            initializer=self.initializer,
            rng=seed,
            dtype=dtype if self.dtype is None else self.dtype,
        )

    def _weights(self, encoded: Array, seen: Array) -> list[float]:
        labels = self.classes_[encoded]
        weights = compute_class_weight(self.class_weight, classes=self.classes_[seen], y=labels)
        return [float(weight) for weight in weights]


def _encoded(y: Any) -> tuple[Array, Array]:
    """Return the classes, and targets: the number of each sample's class (N,), or which labels it has, (N, C)."""
    if is_multilabel(y):
        rows = y.toarray() if issparse(y) else np.asarray(y)
        return np.arange(rows.shape[1]), rows
    labels: Array = column_or_1d(y, warn=True)
    if labels.dtype.kind == "f":
        assert_all_finite(labels, input_name="y")
    check_classification_targets(labels)
    return np.unique(labels, return_inverse=True)
