"""Recurrent networks: forward pass, back-propagation through time, training, gradient checks."""

from unrolled.rnn.cells import GRU, LSTM, Bidirectional, ReLU, Tanh
from unrolled.rnn.checkpoint import CheckpointWarning
from unrolled.rnn.clipping import ClipNorm, ClipValue, global_norm
from unrolled.rnn.dropout import Dropout, Masks
from unrolled.rnn.gradcheck import GradientCheck, check_gradients
from unrolled.rnn.heads import Sigmoid, Softmax, sigmoid, softmax
from unrolled.rnn.history import Curve, History
from unrolled.rnn.initializers import identity, orthogonal, uniform, xavier_normal, xavier_uniform
from unrolled.rnn.loading import load
from unrolled.rnn.losses import binary_cross_entropy, categorical_cross_entropy
from unrolled.rnn.network import ManyToOne
from unrolled.rnn.optimizers import SGD, Adam, AdamW, RMSProp
from unrolled.rnn.passes import Backward, Forward
from unrolled.rnn.penalty import l2_penalty
from unrolled.rnn.readouts import EveryStep, Last, Mean
from unrolled.rnn.resuming import CheckpointError, resume
from unrolled.rnn.run import DivergenceError
from unrolled.rnn.schedules import Constant, Cosine, ReduceOnPlateau, Step, WarmUp
from unrolled.rnn.stopping import EarlyStopping
from unrolled.rnn.storage import StorageError
from unrolled.rnn.stream import Stream
from unrolled.rnn.training import train

__all__ = [
    "GRU",
    "LSTM",
    "SGD",
    "Adam",
    "AdamW",
    "Backward",
    "Bidirectional",
    "CheckpointError",
    "CheckpointWarning",
    "ClipNorm",
    "ClipValue",
    "Constant",
    "Cosine",
    "Curve",
    "DivergenceError",
    "Dropout",
    "EarlyStopping",
    "EveryStep",
    "Forward",
    "GradientCheck",
    "History",
    "Last",
    "ManyToOne",
    "Masks",
    "Mean",
    "RMSProp",
    "ReLU",
    "ReduceOnPlateau",
    "Sigmoid",
    "Softmax",
    "Step",
    "StorageError",
    "Stream",
    "Tanh",
    "WarmUp",
    "binary_cross_entropy",
    "categorical_cross_entropy",
    "check_gradients",
    "global_norm",
    "identity",
    "l2_penalty",
    "load",
    "orthogonal",
    "resume",
    "sigmoid",
    "softmax",
    "train",
    "uniform",
    "xavier_normal",
    "xavier_uniform",
]
