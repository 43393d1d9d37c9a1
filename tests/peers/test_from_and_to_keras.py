"""Networks from Keras's layers and as a model: the same outputs, both ways, in both precisions.

Keras works on TensorFlow here, the one backend on which it computes in float64 (elsewhere it rounds the products of
float64 layers to float32, which 1e-6 is for); where that is not installed, on PyTorch.
"""

import importlib.util
import itertools
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exchanged import NETWORKS, C, D, T, assert_says, batch, network

from unrolled import rnn

if "KERAS_BACKEND" not in os.environ:
    backend = next((each for each in ("tensorflow", "torch") if importlib.util.find_spec(each)), None)
    if backend is None:
        pytest.skip("neither TensorFlow nor PyTorch, which Keras works on here, is installed", allow_module_level=True)
    os.environ["KERAS_BACKEND"] = backend
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
keras = pytest.importorskip("keras", reason="Keras is not installed (pip install 'unrolled[keras]')")
layers = keras.layers

pytestmark = [  # Keras's own
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
]
TOLERANCES: dict[type, float] = {
    np.float32: 1e-6,
    np.float64: 1e-12 if keras.config.backend() == "tensorflow" else 1e-6,
}
NETWORKS_THERE = [each for each in NETWORKS if each[1] not in ("weighted", "max", "mean and max")]
WITH_DTYPES = [  # Keras takes half a second for each, and a mistake in one dtype is one in both
    *((*each, np.float64) for each in NETWORKS_THERE),
    *((*each, np.float32) for each in NETWORKS_THERE[::5]),
]


def outputs(model: Any, X: np.ndarray, lengths: np.ndarray | None = None) -> np.ndarray:
    mask = {} if lengths is None else {"mask": np.arange(X.shape[1]) < lengths[:, None]}
    Y_hat = model(X, **mask)
    return np.asarray(keras.ops.convert_to_numpy(Y_hat))


@pytest.mark.parametrize(("cells", "readout", "head", "dtype"), WITH_DTYPES)
def test_to_keras_has_the_same_outputs_and_comes_back(cells: str, readout: str, head: str, dtype: type) -> None:
    net, (X, lengths) = network(cells, readout, head, dtype), batch(dtype)
    model = rnn.to_keras(net)
    for given in (None, lengths):
        theirs = outputs(model, X, given)
        assert theirs.dtype == dtype
        if given is not None and not net.answers_once:
            theirs[np.arange(T) >= lengths[:, None]] = 0  # where the mask is false, Keras says something
        assert_says(theirs, net, X, given, TOLERANCES[dtype])
    again = rnn.from_keras(model, output=net.head)
    assert type(again) is type(net)
    assert (again.cells, again.readout, again.head) == (net.cells, net.readout, net.head)
    for name, W in net.parameters.items():
        np.testing.assert_array_equal(again.parameters[name], W, err_msg=name)


KINDS: dict[str, Callable[..., Any]] = {
    "tanh": layers.SimpleRNN,
    "relu": lambda H, **settings: layers.SimpleRNN(H, activation="relu", **settings),
    "lstm": layers.LSTM,
    "gru": layers.GRU,
}


@pytest.mark.parametrize(
    ("kind", "depth", "both", "bias", "dtype"),
    [
        *itertools.product(KINDS, [1, 2], *[[False, True]] * 2, [np.float64]),
        *itertools.product(KINDS, [2], [True], [True], [np.float32]),
    ],
)
def test_from_keras_has_the_same_outputs(kind: str, depth: int, both: bool, bias: bool, dtype: type) -> None:
    there = {"dtype": np.dtype(dtype).name}
    stack: list[Any] = [keras.Input((None, D), **there), layers.Dropout(0.5, **there)]
    for n in range(depth):
        layer = KINDS[kind](4 + n, use_bias=bias, return_sequences=n < depth - 1, dropout=0.2, **there)
        stack += [layers.Bidirectional(layer, **there) if both else layer]
    model = keras.Sequential([*stack, layers.Dense(C, "softmax", use_bias=bias, **there)])
    rng = np.random.default_rng(0)
    for variable in model.weights:
        variable.assign(rng.uniform(-0.6, 0.6, variable.shape))
    X, _ = batch(dtype)
    theirs = outputs(model, X)
    for given in (model, model.layers):
        net = rnn.from_keras(given)
        assert net.dtype == dtype
        np.testing.assert_allclose(net.predict_proba(X), theirs, rtol=0, atol=TOLERANCES[dtype])


def test_the_model_is_trained_saved_and_comes_back(tmp_path: Path) -> None:
    net, (X, _) = network("three kinds both ways", "mean", "softmax"), batch()
    model = rnn.to_keras(net)
    model.compile("sgd", "sparse_categorical_crossentropy")
    y = np.arange(len(X)) % C
    before = float(model.evaluate(X, y, verbose=0))
    model.fit(X, y, epochs=3, verbose=0)
    assert float(model.evaluate(X, y, verbose=0)) < before
    model.save(tmp_path / "net.keras")
    for each in (model, keras.models.load_model(tmp_path / "net.keras")):
        np.testing.assert_allclose(rnn.from_keras(each).predict_proba(X), outputs(model, X), rtol=0, atol=1e-6)


def test_a_linear_head_is_what_is_said() -> None:
    stack = keras.Sequential([keras.Input((None, D)), layers.LSTM(4), layers.Dense(C)])
    assert rnn.from_keras(stack).head == rnn.Softmax()
    assert rnn.from_keras(stack, output=rnn.Sigmoid()).head == rnn.Sigmoid()
    saying = keras.Sequential([keras.Input((None, D)), layers.LSTM(4), layers.Dense(C, "softmax")])
    with pytest.raises(ValueError, match="Dense has activation softmax, expected a Softmax or none"):
        rnn.from_keras(saying, output=rnn.Sigmoid())
    assert rnn.from_keras(saying, output=rnn.Softmax(label_smoothing=0.1)).head == rnn.Softmax(label_smoothing=0.1)


def test_numbers_and_every_step() -> None:
    X, _ = batch()
    head = layers.Dense(1, "exponential")
    stack = [keras.Input((None, D)), layers.LSTM(4, return_sequences=True), layers.TimeDistributed(head)]
    net = rnn.from_keras(keras.Sequential(stack))
    assert (type(net), net.n_outputs, net.head) == (rnn.ManyToMany, 1, rnn.Poisson())
    np.testing.assert_allclose(net.predict(X), outputs(keras.Sequential(stack), X), rtol=0, atol=1e-6)
    once = keras.Sequential([keras.Input((None, D)), layers.GRU(4), layers.Dense(1)])
    of_numbers = rnn.from_keras(once, output=rnn.Linear())
    assert (type(of_numbers), of_numbers.n_outputs) == (rnn.ManyToOne, 1)
    np.testing.assert_allclose(of_numbers.predict(X), outputs(once, X), rtol=0, atol=1e-6)
    with pytest.raises(ValueError, match="the head has 1 output, expected one for each of 2 or more classes"):
        rnn.from_keras(once)


# It might compute anything. Bidirectional copies what it is handed, by its name.
Scaled = keras.saving.register_keras_serializable()(type("Scaled", (layers.LSTM,), {}))

SEQUENCES = {"return_sequences": True}


@pytest.mark.parametrize(
    ("stack", "error", "message"),
    [
        ([layers.GRU(4, reset_after=False)], ValueError, "reset_after=False, expected True"),
        ([layers.SimpleRNN(4, activation="sigmoid")], ValueError, "activation sigmoid, expected tanh or relu"),
        ([layers.LSTM(4, activation="relu")], ValueError, "activation relu, expected tanh"),
        ([layers.LSTM(4, recurrent_activation="hard_sigmoid")], ValueError, "hard_sigmoid, expected sigmoid"),
        ([layers.LSTM(4, go_backwards=True)], ValueError, "goes backwards, expected"),
        ([layers.LSTM(4, dtype="mixed_float16")], ValueError, "works in float16, expected float32 or float64"),
        ([layers.Bidirectional(layers.LSTM(4), merge_mode="sum")], ValueError, "merge_mode 'sum', expected 'concat'"),
        (
            [layers.Bidirectional(layers.LSTM(4), backward_layer=layers.GRU(4, go_backwards=True))],
            ValueError,
            "expected the same forwards and backwards",
        ),
        ([Scaled(4)], TypeError, "Scaled, expected exactly SimpleRNN, LSTM, GRU"),
        ([layers.RNN(layers.LSTMCell(4))], TypeError, "RNN, expected exactly SimpleRNN, LSTM, GRU"),
        ([layers.Bidirectional(Scaled(4))], TypeError, "Scaled, expected exactly SimpleRNN, LSTM or GRU"),
        ([layers.Masking(), layers.LSTM(4)], ValueError, "a layer is Masking"),
        ([layers.LSTM(4, **SEQUENCES), layers.Dense(3)], ValueError, "returns sequences and Dense and Dense follows"),
        ([layers.LSTM(4), layers.Dense(3)], ValueError, "its last state and Dense and Dense follows"),
        ([layers.GlobalAveragePooling1D()], ValueError, "the layers begin otherwise, expected recurrences"),
    ],
)
def test_what_cannot_be_represented_is_refused(stack: list[Any], error: type[Exception], message: str) -> None:
    model = keras.Sequential([keras.Input((T, D)), *stack, layers.Dense(C)])
    with pytest.raises(error, match=re.escape(message)):
        rnn.from_keras(model)


def test_what_is_no_chain_of_built_layers_is_refused() -> None:
    with pytest.raises(ValueError, match="is not built, expected one that has weights"):
        rnn.from_keras([layers.LSTM(4), dense()])
    with pytest.raises(ValueError, match="is stateful"):
        rnn.from_keras([built(layers.LSTM(4, stateful=True), (2, T, D)), dense()])
    with pytest.raises(ValueError, match="nothing follows, expected its last state and Dense"):
        rnn.from_keras([layers.LSTM(4)])
    with pytest.raises(ValueError, match="Dense has activation relu, expected softmax, sigmoid, exponential or linear"):
        rnn.from_keras([built(layers.LSTM(4), (None, T, D)), dense("relu")])
    x = keras.Input((None, D))
    with pytest.raises(TypeError, match=r"expected a keras\.Sequential or a list of layers"):
        rnn.from_keras(keras.Model(x, layers.Dense(C)(layers.LSTM(4)(x))))


def built(layer: Any, shape: tuple[int | None, ...]) -> Any:
    layer.build(shape)
    return layer


def dense(activation: str = "softmax") -> Any:
    return built(layers.Dense(C, activation), (None, 4))


def test_weights_of_every_step_are_refused() -> None:
    with pytest.raises(ValueError, match="an EveryStep with weights, expected none: Keras has no layer for them"):
        rnn.to_keras(network("gru", "weighted", "softmax"))
