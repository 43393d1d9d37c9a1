"""Networks from Keras's layers, and as a model of Keras's."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from unrolled.rnn.arrays import Array
from unrolled.rnn.cells import GRU, LSTM, Cell, ReLU, Tanh
from unrolled.rnn.exchange.layers import Direction, Layer, layers_of, network
from unrolled.rnn.exchange.packages import imported
from unrolled.rnn.network import ManyToOne
from unrolled.rnn.output.heads import Head, Sigmoid, Softmax
from unrolled.rnn.output.readouts import EveryStep, Last, Mean, Readout

TRAINING_ALONE = ("InputLayer", "Dropout", "SpatialDropout1D", "GaussianDropout", "GaussianNoise")
"""Layers that leave predictions as they are."""

GRU_ORDER = (1, 0, 2)
"""Keras's gates are z, r, h; the same permutation leads there and back."""


def from_keras(model: Any, *, output: Head | None = None) -> ManyToOne:
    """Return the network that layers of Keras's make, with the same outputs.

    The layers are, from below: recurrences, ``GlobalAveragePooling1D`` for the mean of the states if wanted, and a
    ``Dense`` head; or the pooling after the head, for the mean of what it says at every step. Dropout and noise, which
    are for training alone, are left out.

    Parameters
    ----------
    model : keras.Sequential, or a sequence of layers
        Recurrences are ``SimpleRNN`` (tanh or relu), ``LSTM`` and ``GRU``, with biases or without, and
        ``Bidirectional`` ones that are concatenated. All are built; all but the last return sequences.
    output : Softmax or Sigmoid, default Softmax()
        What makes probabilities of the logits where the head's activation is linear, as of models trained with
        ``from_logits=True``; otherwise the activation says so.

    Returns
    -------
    ManyToOne
        Of the layers' dtype, with copies of their weights. A GRU's two biases become their sum where its equations
        add them.

    Raises
    ------
    ImportError
        If Keras, or its backend, is not installed.
    TypeError
        If a layer is of another class, to the exact one: a subclass may compute something else.
    ValueError
        If layers are not in the order above, are not built, are neither float32 nor float64, or do what no network of
        this library does: other activations, a GRU whose reset gate comes before the product
        (``reset_after=False``), states that are kept between batches, masks that are made from values.

    Notes
    -----
    Keras 3 computes the products of float64 layers in float32, with whatever backend but TensorFlow; ours are float64.

    See Also
    --------
    to_keras : The other way.
    from_torch : The same for PyTorch.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> layers = [keras.Input((None, 3)), keras.layers.GRU(50), keras.layers.Dense(7, "softmax")]  # doctest: +SKIP
    >>> rnn.from_keras(keras.Sequential(layers)).predict_proba(np.zeros((2, 150, 3))).shape  # doctest: +SKIP
    (2, 7)
    """
    keras = imported("keras", "rnn.from_keras")
    if type(model) is keras.Sequential:
        given = list(model.layers)
    elif isinstance(model, Sequence) and not isinstance(model, str):
        given = list(model)
    else:
        raise TypeError(
            f"model is {_named(model)}, expected a keras.Sequential or a list of layers, one upon the other"
        )
    ignored = tuple(getattr(keras.layers, name) for name in TRAINING_ALONE)
    given = [layer for layer in given if type(layer) not in ignored]
    n = 0
    while n < len(given) and type(given[n]) in (*_recurrent(keras), keras.layers.Bidirectional):
        n += 1
    recurrences = given[:n]
    readout, dense = _above(keras, recurrences, given[n:])
    for layer in (*recurrences, dense):
        _check(layer)
    head = _head(keras, dense, output)
    W_ho = _array(keras, dense.kernel).T
    b_o = _array(keras, dense.bias) if dense.use_bias else np.zeros(len(W_ho), W_ho.dtype)
    return network([_layer(keras, each) for each in recurrences], W_ho, b_o, readout, head)


def to_keras(net: ManyToOne) -> Any:
    """Return the network as a model of Keras's, with the same outputs, to be trained on or served there.

    ``model(X)`` takes X (N, T, D) and returns probabilities (N, C), what ``predict_proba`` returns. Sequences of
    different lengths are told by a mask (N, T), true where there is a step: ``model(X, mask=mask)``.

    Parameters
    ----------
    net : ManyToOne
        Of this library's cells and heads, and a ``Last``, ``Mean`` or unweighted ``EveryStep`` readout.

    Returns
    -------
    keras.Sequential
        Of ``SimpleRNN``, ``LSTM``, ``GRU`` (``reset_after=True``) and ``Bidirectional`` layers of the network's dtype,
        and a ``Dense`` head, with copies of its parameters. Class weights and label smoothing, which belong to the
        loss, are not in it.

    Raises
    ------
    ImportError
        If Keras, or its backend, is not installed.
    ValueError
        If a part of the network is not one of this library's, the readout has weights, or the parameters are complex
        or not finite.

    Notes
    -----
    Keras 3 computes the products of float64 layers in float32, with whatever backend but TensorFlow.

    See Also
    --------
    from_keras : The other way.
    to_onnx : For a runtime without Python.

    Examples
    --------
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne(rnn.GRU(50), n_inputs=3, n_classes=7, rng=0)
    >>> model = rnn.to_keras(net)  # doctest: +SKIP
    >>> model.save("gestures.keras")  # doctest: +SKIP
    """
    layers = layers_of(net, "rnn.to_keras")
    if type(net.readout) is EveryStep and net.readout.weights is not None:
        raise ValueError("the readout is an EveryStep with weights, expected none: Keras has no layer for them")
    keras = imported("keras", "rnn.to_keras")
    dtype = str(net.dtype)
    made = [
        _made(keras, layer, dtype, sequences=n < len(layers) - 1 or type(net.readout) is not Last)
        for n, layer in enumerate(layers)
    ]
    activation = "softmax" if type(net.head) is Softmax else "sigmoid"
    above = [keras.layers.Dense(net.n_classes, activation=activation, dtype=dtype)]
    if type(net.readout) is not Last:
        pooling = keras.layers.GlobalAveragePooling1D(dtype=dtype)
        above.insert(0 if type(net.readout) is Mean else 1, pooling)
    model = keras.Sequential([keras.Input((None, net.n_inputs), dtype=dtype), *made, *above])
    model.supports_masking = True  # all its layers do
    for layer, there in zip(layers, made, strict=True):
        both = [there.forward_layer, there.backward_layer] if len(layer.directions) == 2 else [there]
        for direction, each in zip(layer.directions, both, strict=True):
            _write(each.cell, layer.cell, direction)
    dense = next(each for each in above if type(each) is keras.layers.Dense)
    dense.kernel.assign(net.parameters["W_ho"].T.copy())
    dense.bias.assign(net.parameters["b_o"].copy())
    return model


# ------------------------------------------------------------------------- from


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
        raise ValueError(
            "the layers begin otherwise, expected recurrences, all but the last with return_sequences=True"
        )
    if kinds == [Dense] and not sequences[-1]:
        return Last(), above[0]
    if kinds == [Pooling, Dense] and sequences[-1]:
        return Mean(), above[1]
    if kinds == [Dense, Pooling] and sequences[-1]:
        return EveryStep(), above[0]
    names = " and ".join(kind.__name__ for kind in kinds) or "nothing"
    returned = "sequences" if sequences[-1] else "its last state"
    raise ValueError(
        f"the last recurrence returns {returned} and {names} follows, expected its last state and Dense, or sequences "
        "and Dense with a GlobalAveragePooling1D before or after it"
    )


def _head(keras: Any, dense: Any, output: Head | None) -> Head:
    known: dict[Any, Head] = {keras.activations.softmax: Softmax(), keras.activations.sigmoid: Sigmoid()}
    if dense.activation is keras.activations.linear:
        return Softmax() if output is None else output
    if dense.activation not in known:
        raise ValueError(f"Dense has activation {_title(dense.activation)}, expected softmax, sigmoid or linear")
    if output is not None:
        raise ValueError(
            f"output is {output!r} and Dense has activation {_title(dense.activation)}, expected one of both"
        )
    return known[dense.activation]


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
    of_inputs, of_states = _ordered(of_inputs), _ordered(of_states)
    rz = 2 * layer.units  # the bias of n's recurrent product is inside the reset
    b_h = np.concatenate([of_inputs[:rz] + of_states[:rz], of_inputs[rz:]])
    return Direction(_ordered(W_ih), _ordered(W_hh), b_h, of_states[rz:])


def _array(keras: Any, variable: Any) -> Array:
    with warnings.catch_warnings():  # PyTorch's tensors do not take NumPy 2's word for a copy
        warnings.simplefilter("ignore", DeprecationWarning)
        return np.array(keras.ops.convert_to_numpy(variable))


def _named(given: Any) -> str:
    return f"a {type(given).__module__}.{type(given).__qualname__}"


def _title(activation: Any) -> str:
    return str(getattr(activation, "__name__", activation))


# --------------------------------------------------------------------------- to


def _made(keras: Any, layer: Layer, dtype: str, sequences: bool) -> Any:
    kinds: dict[str, tuple[Any, dict[str, Any]]] = {
        "Tanh": (keras.layers.SimpleRNN, {"activation": "tanh"}),
        "ReLU": (keras.layers.SimpleRNN, {"activation": "relu"}),
        "LSTM": (keras.layers.LSTM, {}),
        "GRU": (keras.layers.GRU, {"reset_after": True}),
    }
    make, kind = kinds[type(layer.cell).__name__]
    made = make(layer.cell.hidden, return_sequences=sequences, dtype=dtype, **kind)
    return keras.layers.Bidirectional(made, dtype=dtype) if len(layer.directions) == 2 else made


def _write(there: Any, cell: Cell, direction: Direction) -> None:
    """Write the weights of a direction to a cell of Keras's."""
    W_ih, W_hh, b = direction.W_ih, direction.W_hh, direction.b_h
    if type(cell) is GRU and direction.b_hn is not None:
        of_states = np.concatenate([np.zeros(2 * cell.hidden, b.dtype), direction.b_hn])
        W_ih, W_hh, b = _ordered(W_ih), _ordered(W_hh), np.stack([_ordered(b), _ordered(of_states)])
    there.kernel.assign(W_ih.T.copy())
    there.recurrent_kernel.assign(W_hh.T.copy())
    there.bias.assign(b.copy())


def _ordered(W: Array) -> Array:
    """Return a GRU's blocks of rows in the other library's order."""
    blocks = np.split(W, 3)
    return np.concatenate([blocks[k] for k in GRU_ORDER])
