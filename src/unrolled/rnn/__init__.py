"""Recurrent networks: forward pass, back-propagation through time, training, gradient checks."""

import importlib
from typing import TYPE_CHECKING, Any

from unrolled.rnn.cellcheck import CellCheck, check_cell
from unrolled.rnn.cells import GRU, LSTM, Bidirectional, Cell, Leaky, ReLU, Tanh
from unrolled.rnn.closed_form import fit_readout
from unrolled.rnn.closed_loop import generate
from unrolled.rnn.dropout import Dropout, Masks
from unrolled.rnn.ensemble import Ensemble
from unrolled.rnn.ensemble_stream import EnsembleStream
from unrolled.rnn.gradcheck import GradientCheck, check_gradients
from unrolled.rnn.initializers import identity, orthogonal, spectral_radius, uniform, xavier_normal, xavier_uniform
from unrolled.rnn.loading import load
from unrolled.rnn.many_to_many import ManyToMany
from unrolled.rnn.many_to_one import ManyToOne
from unrolled.rnn.network import Network
from unrolled.rnn.output.attention import Attention, LearnedReadout
from unrolled.rnn.output.errors import absolute_error, huber_loss, poisson_loss, squared_error
from unrolled.rnn.output.heads import Head, Sigmoid, Softmax, sigmoid, softmax
from unrolled.rnn.output.losses import binary_cross_entropy, categorical_cross_entropy
from unrolled.rnn.output.numbers import Linear, Poisson
from unrolled.rnn.output.pooling import Max, MeanMax
from unrolled.rnn.output.readouts import EveryStep, Last, Mean, Readout
from unrolled.rnn.passes import Backward, Forward
from unrolled.rnn.stacking import Stack
from unrolled.rnn.storage import StorageError
from unrolled.rnn.stream import Stream
from unrolled.rnn.training.augmentation import Augmentation
from unrolled.rnn.training.averaging import EMA, SWA, Averaging
from unrolled.rnn.training.checkpoint import CheckpointWarning
from unrolled.rnn.training.clipping import ClipNorm, Clipping, ClipValue, global_norm
from unrolled.rnn.training.csv_log import CSVLog
from unrolled.rnn.training.early_stopping import EarlyStopping
from unrolled.rnn.training.history import Curve, History
from unrolled.rnn.training.l2 import l2_penalty
from unrolled.rnn.training.learning_rate import LearningRates, find_learning_rate
from unrolled.rnn.training.loop import DivergenceError
from unrolled.rnn.training.optimizers import SGD, Adam, AdamW, Optimizer, RMSProp
from unrolled.rnn.training.resume import CheckpointError, resume
from unrolled.rnn.training.schedules import Constant, Cosine, ReduceOnPlateau, Schedule, StepDecay, WarmUp
from unrolled.rnn.training.train import train

if TYPE_CHECKING:
    from unrolled.rnn.exchange.c import to_c
    from unrolled.rnn.exchange.keras import from_keras, to_keras
    from unrolled.rnn.exchange.onnx import to_onnx
    from unrolled.rnn.exchange.torch import from_torch, to_torch

__all__ = [
    "EMA",
    "GRU",
    "LSTM",
    "SGD",
    "SWA",
    "Adam",
    "AdamW",
    "Attention",
    "Augmentation",
    "Averaging",
    "Backward",
    "Bidirectional",
    "CSVLog",
    "Cell",
    "CellCheck",
    "CheckpointError",
    "CheckpointWarning",
    "ClipNorm",
    "ClipValue",
    "Clipping",
    "Constant",
    "Cosine",
    "Curve",
    "DivergenceError",
    "Dropout",
    "EarlyStopping",
    "Ensemble",
    "EnsembleStream",
    "EveryStep",
    "Forward",
    "GradientCheck",
    "Head",
    "History",
    "Last",
    "Leaky",
    "LearnedReadout",
    "LearningRates",
    "Linear",
    "ManyToMany",
    "ManyToOne",
    "Masks",
    "Max",
    "Mean",
    "MeanMax",
    "Network",
    "Optimizer",
    "Poisson",
    "RMSProp",
    "ReLU",
    "Readout",
    "ReduceOnPlateau",
    "Schedule",
    "Sigmoid",
    "Softmax",
    "Stack",
    "StepDecay",
    "StorageError",
    "Stream",
    "Tanh",
    "WarmUp",
    "absolute_error",
    "binary_cross_entropy",
    "categorical_cross_entropy",
    "check_cell",
    "check_gradients",
    "find_learning_rate",
    "fit_readout",
    "from_keras",
    "from_torch",
    "generate",
    "global_norm",
    "huber_loss",
    "identity",
    "l2_penalty",
    "load",
    "orthogonal",
    "poisson_loss",
    "resume",
    "sigmoid",
    "softmax",
    "spectral_radius",
    "squared_error",
    "to_c",
    "to_keras",
    "to_onnx",
    "to_torch",
    "train",
    "uniform",
    "xavier_normal",
    "xavier_uniform",
]

_LATER = {
    "from_keras": "keras",
    "from_torch": "torch",
    "to_c": "c",
    "to_keras": "keras",
    "to_onnx": "onnx",
    "to_torch": "torch",
}
"""Names whose page of :mod:`unrolled.rnn.exchange` is imported when they are first used."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'unrolled.rnn' has no attribute {name!r}")
    return getattr(importlib.import_module(f"unrolled.rnn.exchange.{_LATER[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
