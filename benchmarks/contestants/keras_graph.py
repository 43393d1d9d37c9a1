"""Keras on TensorFlow: a recurrent layer and ``Dense``, by ``train_on_batch`` or by a compiled step of one's own.

The ways: Keras' own ``train_on_batch`` and ``predict_on_batch``, a ``tf.function`` around a ``GradientTape``, the same
compiled by XLA; each with the recurrence as a loop in the graph or unrolled.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import tensorflow as tf
from work import LEARNING_RATE, Array, Case, Parameters, Work

from contestants import Predictor, Trainer, nothing
from contestants.keras_weights import from_keras, ours_alone, to_keras

RECURRENCES = {"tanh": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}
CELLS = tuple(RECURRENCES)


def versions() -> dict[str, str]:
    """Return the versions of Keras and of TensorFlow."""
    return {"Keras": str(keras.__version__), "TensorFlow": str(tf.__version__)}


def wake() -> None:
    """Start the runtime."""
    tf.linalg.matmul(tf.ones((64, 64)), tf.ones((64, 64))).numpy()


def network(work: Work, activation: str | None, unrolled: bool) -> Any:
    """Return a network with the initial weights."""
    case: Case = work.case
    net = keras.Sequential(
        [
            keras.Input((case.steps, case.inputs), batch_size=case.batch),
            recurrence(case, unrolled),
            keras.layers.Dense(case.classes, activation=activation),
        ]
    )
    reset(net, work)
    return net


def recurrence(case: Case, unrolled: bool) -> Any:
    """Return the recurrent layer; the GRU's second biases that we do not have stay zero."""
    if case.cell != "gru":
        return RECURRENCES[case.cell](case.hidden, unroll=unrolled)
    kept = tf.constant(ours_alone(case.hidden))
    return keras.layers.GRU(case.hidden, unroll=unrolled, reset_after=True, bias_constraint=lambda b: b * kept)


def reset(net: Any, work: Work) -> None:
    """Set the network to its initial weights again."""
    net.set_weights(to_keras(work.parameters, work.case.cell))


def trainer_of(net: Any, work: Work, run: Callable[[], float]) -> Trainer:
    """Make a trainer of a network and its training step."""

    def parameters() -> Parameters:
        return from_keras(net.get_weights(), work.case.cell)

    return Trainer(lambda: reset(net, work), run, parameters)


def train_on_batch(work: Work, unrolled: bool) -> Trainer:
    """Train by Keras' own step."""
    net = network(work, "sigmoid", unrolled)
    C = work.case.classes  # Keras averages over the classes; we sum
    net.compile(keras.optimizers.SGD(LEARNING_RATE), lambda Y, Y_hat: C * keras.losses.binary_crossentropy(Y, Y_hat))
    X, Y = tf.constant(work.X), tf.constant(work.Y)
    return trainer_of(net, work, lambda: float(net.train_on_batch(X, Y)))


def tape(work: Work, xla: bool, unrolled: bool) -> Trainer:
    """Train by a compiled step of one's own."""
    net = network(work, None, unrolled)
    optimizer = keras.optimizers.SGD(LEARNING_RATE)
    weights = net.trainable_variables
    optimizer.build(weights)
    X, Y = tf.constant(work.X), tf.constant(work.Y)

    def step(X: Any, Y: Any) -> Any:
        with tf.GradientTape() as recorded:
            Z = net(X, training=True)
            loss = tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(Y, Z)) / work.case.batch
        optimizer.apply_gradients(zip(recorded.gradient(loss, weights), weights, strict=True))
        return loss

    compiled = tf.function(step, jit_compile=xla)
    return trainer_of(net, work, lambda: float(compiled(X, Y)))


def predict_on_batch(work: Work, unrolled: bool) -> Predictor:
    """Predict by Keras' own function."""
    net, X = network(work, "sigmoid", unrolled), tf.constant(work.X)

    def run() -> Array:
        return net.predict_on_batch(X)  # type: ignore[no-any-return]  # Keras is untyped

    return Predictor(nothing, run)


def function(work: Work, xla: bool, unrolled: bool) -> Predictor:
    """Predict by a compiled call."""
    net, X = network(work, "sigmoid", unrolled), tf.constant(work.X)
    compiled = tf.function(lambda X: net(X, training=False), jit_compile=xla)

    def run() -> Array:
        return compiled(X).numpy()  # type: ignore[no-any-return]  # Keras is untyped

    return Predictor(nothing, run)


TRAINERS = {
    "train_on_batch": partial(train_on_batch, unrolled=False),
    "train_on_batch, unrolled": partial(train_on_batch, unrolled=True),
    "graph": partial(tape, xla=False, unrolled=False),
    "graph, unrolled": partial(tape, xla=False, unrolled=True),
    "XLA": partial(tape, xla=True, unrolled=False),
    "XLA, unrolled": partial(tape, xla=True, unrolled=True),
}
PREDICTORS = {
    "predict_on_batch": partial(predict_on_batch, unrolled=False),
    "predict_on_batch, unrolled": partial(predict_on_batch, unrolled=True),
    "graph": partial(function, xla=False, unrolled=False),
    "graph, unrolled": partial(function, xla=False, unrolled=True),
    "XLA": partial(function, xla=True, unrolled=False),
    "XLA, unrolled": partial(function, xla=True, unrolled=True),
}
