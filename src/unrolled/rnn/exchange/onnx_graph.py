"""The graph of a network in ONNX's operators; time comes first in it, as ONNX's recurrences have it."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from unrolled.rnn.arrays import Array
from unrolled.rnn.cells import GRU, LSTM, ReLU, Tanh
from unrolled.rnn.exchange.layers import Direction, Layer, in_float32, step_weights
from unrolled.rnn.many_to_one import ManyToOne
from unrolled.rnn.output.heads import Sigmoid
from unrolled.rnn.output.readouts import EveryStep, Last

INT64, FLOAT = 7, 1
"""ONNX's numbers for these types."""

OPERATORS: dict[type, tuple[str, tuple[int, ...]]] = {
    Tanh: ("RNN", (0,)),
    ReLU: ("RNN", (0,)),
    LSTM: ("LSTM", (0, 3, 1, 2)),
    GRU: ("GRU", (1, 0, 2)),
}
"""ONNX's name of each cell, and the order of gates there: LSTM i, o, f, g; GRU z, r, n."""


class Graph:
    """Nodes and constants as they are added.

    Parameters
    ----------
    make_node, from_array : callable
        ``onnx.helper.make_node`` and ``onnx.numpy_helper.from_array``.
    """

    def __init__(self, make_node: Callable[..., Any], from_array: Callable[..., Any]) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._make_node, self._from_array = make_node, from_array

    def constant(self, value: Any, name: str = "") -> str:
        """Add an array of float32 or int64, and return its name."""
        name = name or f"constant_{len(self.constants)}"
        array = np.asarray(value)
        self.constants.append(self._from_array(array if array.dtype == np.float32 else array.astype(np.int64), name))
        return name

    def add(self, operator: str, *inputs: str, name: str = "", n: int = 1, **attributes: Any) -> Any:
        """Add a node, and return the name of its output, or the names of its ``n`` outputs."""
        name = name or f"{operator}_{len(self.nodes)}"
        outputs = [name if n == 1 else f"{name}_{k}" for k in range(n)]
        self.nodes.append(self._make_node(operator, inputs, outputs, name=f"node_{name}", **attributes))
        return outputs[0] if n == 1 else outputs


def of_network(graph: Graph, net: ManyToOne, layers: Sequence[Layer], lengths: bool) -> None:
    """Add a network, from ``X`` (N, T, D), and with ``lengths`` from ``sequence_lens`` (N,), to ``probabilities``."""
    S, last = graph.add("Transpose", "X", perm=[1, 0, 2]), ""
    for n, layer in enumerate(layers):
        S, last = _recurrence(graph, n, layer, S, "sequence_lens" if lengths else "")
    if type(net.readout) is Last:
        _head(graph, net, last, "probabilities")
        return
    shares, there = _shares(graph, step_weights(net.readout), S, lengths)
    S = graph.add("Where", there, S, graph.constant(np.float32(0)))  # whatever a runtime has after the last step
    read = S if type(net.readout) is not EveryStep else _head(graph, net, S)
    weighted = graph.add("Mul", shares, read)
    out = "probabilities" if type(net.readout) is EveryStep else ""
    mean = graph.add("ReduceSum", weighted, graph.constant(np.array([0])), keepdims=0, name=out)
    if type(net.readout) is not EveryStep:
        _head(graph, net, mean, "probabilities")


def _recurrence(graph: Graph, n: int, layer: Layer, S: str, lengths: str) -> tuple[str, str]:
    """Add a layer, and return its states (T, N, H) and the last ones (N, H), of both directions side by side."""
    operator, order = OPERATORS[type(layer.cell)]
    H, both = layer.cell.hidden, len(layer.directions) == 2
    weights = [_weights(direction, H, order) for direction in layer.directions]
    names = [
        graph.constant(in_float32(np.stack(arrays), f"{name} of layer {n}", "rnn.to_onnx"), f"{name}_{n}")
        for name, arrays in zip("WRB", zip(*weights, strict=True), strict=True)
    ]
    attributes: dict[str, Any] = {"hidden_size": H, "direction": "bidirectional" if both else "forward"}
    if operator == "RNN":
        attributes["activations"] = ["Relu" if type(layer.cell) is ReLU else "Tanh"] * len(layer.directions)
    if operator == "GRU":
        attributes["linear_before_reset"] = 1
    states, last = graph.add(operator, S, *names, lengths, n=2, name=f"layer_{n}", **attributes)
    side_by_side = graph.add("Transpose", states, perm=[0, 2, 1, 3])  # from (T, directions, N, H)
    last = graph.add("Transpose", last, perm=[1, 0, 2])
    width = layer.n_outputs
    return (
        graph.add("Reshape", side_by_side, graph.constant(np.array([0, 0, width]))),
        graph.add("Reshape", last, graph.constant(np.array([0, width]))),
    )


def _weights(direction: Direction, H: int, order: Sequence[int]) -> tuple[Array, Array, Array]:
    """Return W, R and B of a direction, rows in ONNX's order; B has the inputs' biases, then the states'."""
    rows = np.concatenate([np.arange(k * H, (k + 1) * H) for k in order])
    of_states = np.zeros_like(direction.b_h)
    if direction.b_hn is not None:
        of_states[-H:] = direction.b_hn
    B = np.concatenate([direction.b_h[rows], of_states[rows]])
    return direction.W_ih[rows], direction.W_hh[rows], B


def _shares(graph: Graph, weights: Array | None, S: str, lengths: bool) -> tuple[str, str]:
    """Add what each step weighs, (T, N, 1), summing to 1 over T, and whether it is there; N is 1 without lengths."""
    zero, one = graph.constant(np.array(0)), graph.constant(np.array(1))
    T = graph.add("Gather", graph.add("Shape", S), zero)
    steps = graph.add("Range", zero, T, one)
    ends = graph.add("Cast", "sequence_lens", to=INT64) if lengths else graph.add("Unsqueeze", T, graph.constant([0]))
    column = graph.add("Unsqueeze", steps, graph.constant([1]))
    there = graph.add("Less", column, ends)
    if weights is None:
        of_steps = graph.constant(np.float32(1))
    else:
        longest = graph.add("Sub", graph.add("ReduceMax", ends, keepdims=0), one)
        held = graph.constant(in_float32(weights, "EveryStep's weights", "rnn.to_onnx"), "weights")
        of_steps = graph.add("Gather", held, graph.add("Min", column, longest))
    nothing, whole = graph.constant(np.float32(0)), graph.constant(np.float32(1))
    counted = graph.add("Where", there, of_steps, nothing)
    total = graph.add("ReduceSum", counted, graph.constant([0]), keepdims=1)
    none = graph.add("Equal", total, nothing)  # where the weights so far are all 0, the last step counts
    at_the_end = graph.add("Cast", graph.add("Equal", column, graph.add("Sub", ends, one)), to=FLOAT)
    parts = graph.add("Div", counted, graph.add("Where", none, whole, total))
    shares = graph.add("Where", none, at_the_end, parts)
    last_axis = graph.constant([2])
    return graph.add("Unsqueeze", shares, last_axis), graph.add("Unsqueeze", there, last_axis)


def _head(graph: Graph, net: ManyToOne, R: str, name: str = "") -> str:
    """Add the probabilities (..., C) of what the head reads (..., H)."""
    W_ho = graph.constant(in_float32(net.parameters["W_ho"].T, "W_ho", "rnn.to_onnx"), "W_ho")
    b_o = graph.constant(in_float32(net.parameters["b_o"], "b_o", "rnn.to_onnx"), "b_o")
    Z = graph.add("Add", graph.add("MatMul", R, W_ho), b_o, name="logits")
    if type(net.head) is Sigmoid:
        return str(graph.add("Sigmoid", Z, name=name))
    return str(graph.add("Softmax", Z, name=name, axis=-1))
