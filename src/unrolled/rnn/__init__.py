"""Recurrent networks: forward pass, back-propagation through time, training, gradient checks."""

from unrolled.rnn.cells import Tanh
from unrolled.rnn.gradcheck import GradientCheck, check_gradients
from unrolled.rnn.heads import sigmoid
from unrolled.rnn.history import Curve, History
from unrolled.rnn.initializers import uniform, xavier_normal, xavier_uniform
from unrolled.rnn.losses import binary_cross_entropy
from unrolled.rnn.network import Backward, Forward, ManyToOne, load
from unrolled.rnn.optimizers import SGD
from unrolled.rnn.storage import StorageError
from unrolled.rnn.training import DivergenceError, EarlyStopping, train

__all__ = [
    "SGD",
    "Backward",
    "Curve",
    "DivergenceError",
    "EarlyStopping",
    "Forward",
    "GradientCheck",
    "History",
    "ManyToOne",
    "StorageError",
    "Tanh",
    "binary_cross_entropy",
    "check_gradients",
    "load",
    "sigmoid",
    "train",
    "uniform",
    "xavier_normal",
    "xavier_uniform",
]
