"""Estimators for scikit-learn, around the networks and the training of :mod:`unrolled.rnn`; an extra, ``sklearn``."""

from unrolled.sklearn.classifier import RecurrentClassifier
from unrolled.sklearn.regressor import RecurrentRegressor

__all__ = ["RecurrentClassifier", "RecurrentRegressor"]
