"""Networks from Keras's layers, and as a model of Keras's."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from unrolled._support.packages import imported
from unrolled.rnn.cells import GRU, Cell
from unrolled.rnn.exchange.keras_layers import reordered, understood
from unrolled.rnn.exchange.layers import Direction, Layer, layers_of, network
from unrolled.rnn.many_to_many import ManyToMany
from unrolled.rnn.many_to_one import ManyToOne
from unrolled.rnn.output.heads import Head, Sigmoid, Softmax
from unrolled.rnn.output.numbers import Linear, Poisson
from unrolled.rnn.output.pooling import Max, MeanMax
from unrolled.rnn.output.readouts import EveryStep, Last, Mean

ACTIVATIONS: dict[type, str] = {Softmax: "softmax", Sigmoid: "sigmoid", Linear: "linear", Poisson: "exponential"}
"""Of the Dense layer that each head becomes."""


def from_keras(model: Any, *, output: Head | None = None) -> ManyToOne | ManyToMany:
    """Return the network that layers of Keras's make, with the same outputs.

    The layers are, from below: recurrences, ``GlobalAveragePooling1D`` for the mean of the states if wanted, and a
    ``Dense`` head; or the pooling after the head, for the mean of what it says at every step. Where the last recurrence
    returns sequences and nothing is pooled, the network is one of many to many. Dropout and noise, which
    are for training alone, are left out.

    Parameters
    ----------
    model : keras.Sequential, or a sequence of layers
        Recurrences are ``SimpleRNN`` (tanh or relu), ``LSTM`` and ``GRU``, with biases or without, and
        ``Bidirectional`` ones that are concatenated. All are built; all but the last return sequences.
    output : Softmax, Sigmoid, Linear or Poisson, optional
        What makes probabilities of the logits where the head's activation is linear: by default ``Softmax()``, as of
        models trained with ``from_logits=True``; ``Linear()`` where answers are numbers. Otherwise the activation says
        so: softmax, sigmoid, or exponential, which is ``Poisson()``; and a head of that kind may say more, such as
        ``Sigmoid(multilabel=True)``.

    Returns
    -------
    ManyToOne or ManyToMany
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
    if type(model) is not keras.Sequential and (not isinstance(model, Sequence) or isinstance(model, str)):
        given = f"{type(model).__module__}.{type(model).__qualname__}"
        raise TypeError(f"model is a {given}, expected a keras.Sequential or a list of layers, one upon the other")
    layers = model.layers if type(model) is keras.Sequential else model
    return network(*understood(keras, layers, output))


def to_keras(net: ManyToOne | ManyToMany) -> Any:
    """Return the network as a model of Keras's, with the same outputs, to be trained on or served there.

    ``model(X)`` takes X (N, T, D) and returns probabilities (N, C), what ``predict_proba`` returns, or numbers, what
    ``predict`` returns if those are the network's answers; (N, T, C) of a network of many to many. Sequences of
    different lengths are told by a mask (N, T), true where there is a step: ``model(X, mask=mask)``; what the model
    says where there is none has no meaning.

    Parameters
    ----------
    net : ManyToOne or ManyToMany
        Of ``Tanh``, ``ReLU``, ``LSTM`` and ``GRU`` cells in one direction or both, this library's heads, and a
        ``Last``, ``Mean`` or unweighted ``EveryStep`` readout; its states begin at 0.

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
        If a part of the network is not one of those, or the parameters are complex or not finite.

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
    if type(net.readout) in (Max, MeanMax):
        raise ValueError(
            f"the readout is {net.readout}, expected Last(), Mean() or EveryStep(): Keras' largest over the steps "
            "knows no lengths"
        )
    keras = imported("keras", "rnn.to_keras")
    dtype = str(net.dtype)
    made = [
        _made(keras, layer, dtype, sequences=n < len(layers) - 1 or type(net.readout) is not Last)
        for n, layer in enumerate(layers)
    ]
    above = [keras.layers.Dense(net.n_logits, activation=ACTIVATIONS[type(net.head)], dtype=dtype)]
    if type(net.readout) in (Mean, EveryStep):
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
        W_ih, W_hh, b = reordered(W_ih), reordered(W_hh), np.stack([reordered(b), reordered(of_states)])
    there.kernel.assign(W_ih.T.copy())
    there.recurrent_kernel.assign(W_hh.T.copy())
    there.bias.assign(b.copy())
