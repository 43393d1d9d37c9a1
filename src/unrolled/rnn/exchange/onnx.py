"""Networks as ONNX, for runtimes of other languages and machines."""

from os import PathLike
from typing import Any

import unrolled
from unrolled._support.atomic_write import replacing
from unrolled._support.packages import imported
from unrolled.rnn.cells import Leaky
from unrolled.rnn.exchange.layers import CELLS, layers_of
from unrolled.rnn.exchange.onnx_graph import Graph, answers_name, of_network
from unrolled.rnn.many_to_many import ManyToMany
from unrolled.rnn.many_to_one import ManyToOne

OPSET = 22
"""Of the operators: the version in which ONNX's RNN, LSTM and GRU are as they are today."""

IR_VERSION = 10
"""Of the file's format: the oldest that may have the operators."""


def to_onnx(net: ManyToOne | ManyToMany, path: str | PathLike[str], *, lengths: bool = True) -> None:
    """Write the network as an ONNX file, of any batch size and number of steps, in float32.

    The file's inputs are ``X`` (batch, time, D), float32, and ``sequence_lens`` (batch,), int32: how many steps each
    sequence has, from 1 to all. Its output is ``probabilities`` (batch, C), what ``predict_proba`` returns, or
    ``numbers`` (batch, K), what ``predict`` returns if those are the network's answers; of a network of many to many
    (batch, time, C), 0 after a sequence's last step. The operators are those of opset 22, the version in which ONNX's
    RNN, LSTM and GRU are as they are today; the file is checked with ``onnx.checker`` before it is written.

    Parameters
    ----------
    net : ManyToOne or ManyToMany
        Of this library's cells, readouts and heads; its states begin at 0. A float64 network is rounded.
    path : path-like
        The file is written beside its place and then renamed, so what stood there stays whole until then.
    lengths : bool, default True
        Whether the file has the input ``sequence_lens``; without it all sequences have all their steps.

    Raises
    ------
    ImportError
        If onnx is not installed.
    OSError
        If the file cannot be written; what stood there before still stands.
    ValueError
        If a part of the network is not one of this library's, the state before the first step is learned, or a
        parameter is not finite in float32.

    See Also
    --------
    to_c : For machines without a runtime.
    to_torch, to_keras : To train on elsewhere.

    Notes
    -----
    Of onnxruntime, versions from 1.21 on read the file.

    ONNX has no :class:`Leaky` units. They are written as a GRU whose gates are constant, which computes the same:
    r = 1, and z = 1 - leak.

    Where a sequence has more steps than an ``EveryStep`` readout has weights, the runtime says that an index of
    ``Gather`` is out of bounds.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne(rnn.GRU(50), n_inputs=3, n_classes=7, rng=0)
    >>> rnn.to_onnx(net, "gestures.onnx")  # doctest: +SKIP
    >>> session = onnxruntime.InferenceSession("gestures.onnx")  # doctest: +SKIP
    >>> X, lengths = np.zeros((2, 150, 3), np.float32), np.array([150, 90], np.int32)
    >>> (Y_hat,) = session.run(None, {"X": X, "sequence_lens": lengths})  # doctest: +SKIP
    """
    layers = layers_of(net, "rnn.to_onnx", (*CELLS, Leaky))
    onnx = imported("onnx", "rnn.to_onnx")
    graph = Graph(onnx.helper.make_node, onnx.numpy_helper.from_array)
    of_network(graph, net, layers, lengths)
    model = onnx.helper.make_model(
        onnx.helper.make_graph(graph.nodes, "network", *_ends(onnx, net, lengths), graph.constants),
        producer_name="unrolled",
        producer_version=unrolled.__version__,
        doc_string=repr(net),
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    onnx.checker.check_model(model, full_check=True)
    with replacing(path) as temporary:
        temporary.write_bytes(model.SerializeToString())


def _ends(onnx: Any, net: ManyToOne | ManyToMany, lengths: bool) -> tuple[list[Any], list[Any]]:
    """Return what comes in and what comes out."""
    value, kinds = onnx.helper.make_tensor_value_info, onnx.TensorProto
    inputs = [value("X", kinds.FLOAT, ["batch", "time", net.n_inputs])]
    if lengths:
        inputs.append(value("sequence_lens", kinds.INT32, ["batch"]))
    shape = ["batch", net.n_logits] if net.answers_once else ["batch", "time", net.n_logits]
    return inputs, [value(answers_name(net), kinds.FLOAT, shape)]
