"""Estimators for scikit-learn, around the networks and the training of :mod:`unrolled.rnn`; an extra, ``sklearn``."""

from unrolled.sklearn.classifier import RecurrentClassifier

__all__ = ["RecurrentClassifier"]
