"""What a chain of Keras's layers is in this library's words; all that they do is understood, or they are refused."""

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from unrolled.rnn.arrays import Array
from unrolled.rnn.cells import GRU, LSTM, Cell, ReLU, Tanh
from unrolled.rnn.exchange.layers import Direction, Layer
from unrolled.rnn.output.heads import Head, Sigmoid, Softmax
from unrolled.rnn.output.numbers import Poisson
from unrolled.rnn.output.readouts import EachStep, EveryStep, Last, Mean, Readout

TRAINING_ALONE = ("InputLayer", "Dropout", "SpatialDropout1D", "GaussianDropout", "GaussianNoise")
"""Layers that leave predictions as they are."""

GRU_ORDER = (1, 0, 2)
"""Keras's gates are z, r, h; the same permutation leads there and back."""


class Understood(NamedTuple):
    """What the layers are: recurrences, the readout of their states, and the head."""

    layers: list[Layer]
    W_ho: Array
    b_o: Array
    readout: Readout
    head: Head


def understood(keras: Any, given: Sequence[Any], output: Head | None) -> Understood:
    """Return what layers are, one upon the other; see :func:`unrolled.rnn.from_keras`."""
    ignored = tuple(getattr(keras.layers, name) for name in TRAINING_ALONE)
    chain = [layer for layer in given if type(layer) not in ignored]
    chain = [layer.layer if type(layer) is keras.layers.TimeDistributed else layer for layer in chain]
    n = 0
    while n < len(chain) and type(chain[n]) in (*_recurrent(keras), keras.layers.Bidirectional):
        n += 1
    readout, dense = _above(keras, chain[:n], chain[n:])
    head = _head(keras, dense, output)
    for layer in (*chain[:n], dense):
        _check(layer)
    W_ho = _array(keras, dense.kernel).T
    b_o = _array(keras, dense.bias) if dense.use_bias else np.zeros(len(W_ho), W_ho.dtype)
    return Understood([_layer(keras, each) for each in chain[:n]], W_ho, b_o, readout, head)


def reordered(W: Array) -> Array:
    """Return a GRU's blocks of rows in the other library's order."""
    blocks = np.split(W, 3)
    return np.concatenate([blocks[k] for k in GRU_ORDER])


def _recurrent(keras: Any) -> tuple[Any, Any, Any]:
    return keras.layers.SimpleRNN, keras.layers.LSTM, keras.layers.GRU


def _above(keras: Any, recurrences: list[Any], above: list[Any]) -> tuple[Readout, Any]:
    """Return the readout and the Dense layer of what stands upon the recurrences."""
    Dense, Pooling = keras.layers.Dense, keras.layers.GlobalAveragePooling1D
    for layer in above:
        if type(layer) is keras.layers.Masking:
            raise ValueError(
                "a layer is Masking, which makes lengths from values, expected none: hand over the other layers as a "
                "list, and lengths to predict_proba"
            )
        if type(layer) not in (Dense, Pooling):
            raise TypeError(
                f"a layer is {_named(layer)}, expected exactly SimpleRNN, LSTM, GRU or Bidirectional ones, then Dense "
                "and GlobalAveragePooling1D"
            )
    kinds = [type(layer) for layer in above]
    sequences = [bool(layer.return_sequences) for layer in recurrences]
    if not recurrences or not all(sequences[:-1]):
        raise ValueError("the layers begin otherwise, expected recurrences, all but the last returning sequences")
    if kinds == [Dense] and not sequences[-1]:
        return Last(), above[0]
    if kinds == [Dense] and sequences[-1]:
        return EachStep(), above[0]
    if kinds == [Pooling, Dense] and sequences[-1]:
        return Mean(), above[1]
    if kinds == [Dense, Pooling] and sequences[-1]:
        return EveryStep(), above[0]
    names = " and ".join(kind.__name__ for kind in kinds) or "nothing"
    returned = "sequences" if sequences[-1] else "its last state"
    raise ValueError(
        f"the last recurrence returns {returned} and {names} follows, expected its last state and Dense, or sequences "
        "and Dense, alone or with a GlobalAveragePooling1D before or after it"
    )


def _head(keras: Any, dense: Any, output: Head | None) -> Head:
    known: dict[Any, Head] = {
        keras.activations.softmax: Softmax(),
        keras.activations.sigmoid: Sigmoid(),
        keras.activations.exponential: Poisson(),
    }
    if dense.activation is keras.activations.linear:
        return Softmax() if output is None else output
    if dense.activation not in known:
        raise ValueError(
            f"Dense has activation {_title(dense.activation)}, expected softmax, sigmoid, exponential or linear"
        )
    head = known[dense.activation]
    if output is not None and type(output) is not type(head):
        raise ValueError(
            f"output is {output!r} and Dense has activation {_title(dense.activation)}, expected a "
            f"{type(head).__name__} or none"
        )
    return head if output is None else output


def _check(layer: Any) -> None:
    """Refuse a layer of another dtype, or without weights."""
    if layer.compute_dtype not in ("float32", "float64"):
        raise ValueError(f"{layer.name} works in {layer.compute_dtype}, expected float32 or float64")
    if not layer.built:
        raise ValueError(f"{layer.name} is not built, expected one that has weights: call the model once, or build it")


def _layer(keras: Any, layer: Any) -> Layer:
    if type(layer) is not keras.layers.Bidirectional:
        if layer.go_backwards:
            raise ValueError(f"{layer.name} goes backwards, expected so within Bidirectional alone")
        return Layer(_cell(keras, layer), (_direction(keras, layer),))
    forwards, backwards = layer.forward_layer, layer.backward_layer
    if layer.merge_mode != "concat":
        raise ValueError(f"{layer.name} has merge_mode {layer.merge_mode!r}, expected 'concat'")
    for each in (forwards, backwards):
        if type(each) not in _recurrent(keras):
            raise TypeError(f"{layer.name} has {_named(each)}, expected exactly SimpleRNN, LSTM or GRU")
    cells = _cell(keras, forwards), _cell(keras, backwards)
    if cells[0] != cells[1] or forwards.go_backwards or not backwards.go_backwards:
        raise ValueError(f"{layer.name} has {cells[0]} and {cells[1]}, expected the same forwards and backwards")
    return Layer(cells[0], (_direction(keras, forwards), _direction(keras, backwards)))


def _cell(keras: Any, layer: Any) -> Cell:
    """Return this library's cell for a recurrence, which does nothing that the cell does not."""
    activations, kind = keras.activations, type(layer)
    nonlinearities = [activations.tanh] + ([activations.relu] if kind is keras.layers.SimpleRNN else [])
    if layer.activation not in nonlinearities:
        names = " or ".join(_title(each) for each in nonlinearities)
        raise ValueError(f"{layer.name} has activation {_title(layer.activation)}, expected {names}")
    if kind is not keras.layers.SimpleRNN and layer.recurrent_activation is not activations.sigmoid:
        given = _title(layer.recurrent_activation)
        raise ValueError(f"{layer.name} has recurrent_activation {given}, expected sigmoid")
    if kind is keras.layers.GRU and not layer.reset_after:
        raise ValueError(
            f"{layer.name} has reset_after=False, expected True: rnn.GRU resets the product with A_(t-1), and no "
            "weights make that equal to the product with what was reset"
        )
    if layer.stateful:
        raise ValueError(f"{layer.name} is stateful, expected states that begin at 0 with each sequence")
    if kind is keras.layers.SimpleRNN:
        return Tanh(layer.units) if layer.activation is activations.tanh else ReLU(layer.units)
    return LSTM(layer.units) if kind is keras.layers.LSTM else GRU(layer.units)


def _direction(keras: Any, layer: Any) -> Direction:
    cell = layer.cell
    W_ih, W_hh = _array(keras, cell.kernel).T, _array(keras, cell.recurrent_kernel).T
    b = _array(keras, cell.bias) if layer.use_bias else None
    if type(layer) is not keras.layers.GRU:
        return Direction(W_ih, W_hh, np.zeros(len(W_ih), W_ih.dtype) if b is None else b)
    of_inputs, of_states = np.zeros((2, len(W_ih)), W_ih.dtype) if b is None else b
    of_inputs, of_states = reordered(of_inputs), reordered(of_states)
    rz = 2 * layer.units  # the bias of n's recurrent product is inside the reset
    b_h = np.concatenate([of_inputs[:rz] + of_states[:rz], of_inputs[rz:]])
    return Direction(reordered(W_ih), reordered(W_hh), b_h, of_states[rz:])


def _array(keras: Any, variable: Any) -> Array:
    with warnings.catch_warnings():  # PyTorch's tensors do not take NumPy 2's word for a copy
        warnings.simplefilter("ignore", DeprecationWarning)
        return np.array(keras.ops.convert_to_numpy(variable))


def _named(given: Any) -> str:
    return f"a {type(given).__module__}.{type(given).__qualname__}"


def _title(activation: Any) -> str:
    return str(getattr(activation, "__name__", activation))
