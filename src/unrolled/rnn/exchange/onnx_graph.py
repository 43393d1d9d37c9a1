"""The graph of a network in ONNX's operators; time comes first in it, as ONNX's recurrences have it."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from unrolled.rnn.arrays import Array
from unrolled.rnn.cells import GRU, LSTM, Leaky, ReLU, Tanh
from unrolled.rnn.exchange.layers import Direction, Layer, in_float32, step_weights
from unrolled.rnn.many_to_many import ManyToMany
from unrolled.rnn.many_to_one import ManyToOne
from unrolled.rnn.output.heads import Sigmoid, Softmax
from unrolled.rnn.output.numbers import Linear, Poisson
from unrolled.rnn.output.pooling import Max, MeanMax
from unrolled.rnn.output.readouts import EveryStep, Last

INT64, FLOAT = 7, 1
"""ONNX's numbers for these types."""

OPERATORS: dict[type, tuple[str, tuple[int, ...]]] = {
    Tanh: ("RNN", (0,)),
    ReLU: ("RNN", (0,)),
    LSTM: ("LSTM", (0, 3, 1, 2)),
    GRU: ("GRU", (1, 0, 2)),
    Leaky: ("GRU", (1, 0, 2)),
}
"""ONNX's name of each cell, and the order of gates there: LSTM i, o, f, g; GRU z, r, n."""

HEADS: dict[type, tuple[str, dict[str, int]]] = {
    Sigmoid: ("Sigmoid", {}),
    Softmax: ("Softmax", {"axis": -1}),
    Poisson: ("Exp", {}),
}
"""ONNX's operator from the logits to what each head says."""

OPEN = 40.0
"""The logit of a gate that is 1 in float32, and whose negative is one that is 0."""


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


def answers_name(net: ManyToOne | ManyToMany) -> str:
    """Return what the file calls the network's answers."""
    return "numbers" if net.answers == "numbers" else "probabilities"


def of_network(graph: Graph, net: ManyToOne | ManyToMany, layers: Sequence[Layer], lengths: bool) -> None:
    """Add a network, from ``X`` (N, T, D), and with ``lengths`` from ``sequence_lens`` (N,), to its answers."""
    S, last = graph.add("Transpose", "X", perm=[1, 0, 2]), ""
    for n, layer in enumerate(layers):
        S, last = _recurrence(graph, n, layer, S, "sequence_lens" if lengths else "")
    name = answers_name(net)
    if not net.answers_once:
        _at_each_step(graph, net, S, lengths, name)
    elif type(net.readout) is Last:
        _head(graph, net, last, name)
    elif type(net.readout) in (Max, MeanMax):
        _largest_over_steps(graph, net, S, lengths, name)
    else:
        _mean_over_steps(graph, net, S, lengths, name)


def _at_each_step(graph: Graph, net: ManyToOne | ManyToMany, S: str, lengths: bool, name: str) -> None:
    """Add what the head says of every state (T, N, H), as (N, T, C), and 0 after a sequence's last step."""
    said = _head(graph, net, S)
    if lengths:
        there = graph.add("Unsqueeze", _steps(graph, S, lengths).there, graph.constant([2]))
        said = graph.add("Where", there, said, graph.constant(np.float32(0)))
    graph.add("Transpose", said, perm=[1, 0, 2], name=name)


def _mean_over_steps(graph: Graph, net: ManyToOne | ManyToMany, S: str, lengths: bool, name: str) -> None:
    """Add what the head says of the mean of the states (T, N, H), or the mean of what it says of each, as (N, C)."""
    shares, there = _shares(graph, step_weights(net.readout), S, lengths)
    S = graph.add("Where", there, S, graph.constant(np.float32(0)))  # whatever a runtime has after the last step
    every_step = type(net.readout) is EveryStep
    weighted = graph.add("Mul", shares, _head(graph, net, S) if every_step else S)
    mean = graph.add("ReduceSum", weighted, graph.constant([0]), keepdims=0, name=name if every_step else "")
    if not every_step:
        _head(graph, net, mean, name)


def _largest_over_steps(graph: Graph, net: ManyToOne | ManyToMany, S: str, lengths: bool, name: str) -> None:
    """Add what the head says of the largest of the states (T, N, H), alone or beside their mean, as (N, C)."""
    shares, there = _shares(graph, None, S, lengths)
    least = graph.constant(np.finfo(np.float32).min)
    pooled = graph.add("ReduceMax", graph.add("Where", there, S, least), graph.constant([0]), keepdims=0)
    if type(net.readout) is MeanMax:
        S = graph.add("Where", there, S, graph.constant(np.float32(0)))
        mean = graph.add("ReduceSum", graph.add("Mul", shares, S), graph.constant([0]), keepdims=0)
        pooled = graph.add("Concat", mean, pooled, axis=1)
    _head(graph, net, pooled, name)


def _recurrence(graph: Graph, n: int, layer: Layer, S: str, lengths: str) -> tuple[str, str]:
    """Add a layer, and return its states (T, N, H) and the last ones (N, H), of both directions side by side."""
    operator, order = OPERATORS[type(layer.cell)]
    H, both = layer.cell.hidden, len(layer.directions) == 2
    leak = layer.cell.leak if type(layer.cell) is Leaky else None
    directions = [each if leak is None else _gated(each, leak) for each in layer.directions]
    weights = [_weights(direction, H, order) for direction in directions]
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


def _gated(leaky: Direction, leak: float) -> Direction:
    """Return leaky units (K1), (K2) as a GRU with r = 1 and z = 1 - leak."""
    H = len(leaky.b_h)
    z = OPEN if leak == 1 else np.log(leak) - np.log1p(-leak)
    gates = np.repeat(np.array([OPEN, -z], leaky.b_h.dtype), H)
    W_ih, W_hh = (np.concatenate([np.zeros((2 * H, W.shape[1]), W.dtype), W]) for W in (leaky.W_ih, leaky.W_hh))
    return Direction(W_ih, W_hh, np.concatenate([gates, leaky.b_h]))


class _Steps(NamedTuple):
    """The numbers of the steps (T, 1), how many each sequence has (N,), and whether each is there (T, N).

    N is 1 without lengths.
    """

    numbers: str
    ends: str
    there: str


def _steps(graph: Graph, S: str, lengths: bool) -> _Steps:
    """Add which of the states (T, N, H) are a sequence's."""
    zero, one = graph.constant(np.array(0)), graph.constant(np.array(1))
    T = graph.add("Gather", graph.add("Shape", S), zero)
    ends = graph.add("Cast", "sequence_lens", to=INT64) if lengths else graph.add("Unsqueeze", T, graph.constant([0]))
    numbers = graph.add("Unsqueeze", graph.add("Range", zero, T, one), graph.constant([1]))
    return _Steps(numbers, ends, graph.add("Less", numbers, ends))


def _shares(graph: Graph, weights: Array | None, S: str, lengths: bool) -> tuple[str, str]:
    """Add what each step weighs, (T, N, 1), summing to 1 over T, and whether it is there; N is 1 without lengths."""
    column, ends, there = _steps(graph, S, lengths)
    one = graph.constant(np.array(1))
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


def _head(graph: Graph, net: ManyToOne | ManyToMany, R: str, name: str = "") -> str:
    """Add what the head says (..., C) of what it reads (..., H)."""
    W_ho = graph.constant(in_float32(net.parameters["W_ho"].T, "W_ho", "rnn.to_onnx"), "W_ho")
    b_o = graph.constant(in_float32(net.parameters["b_o"], "b_o", "rnn.to_onnx"), "b_o")
    product = graph.add("MatMul", R, W_ho)
    if type(net.head) is Linear:
        return str(graph.add("Add", product, b_o, name=name))
    operator, attributes = HEADS[type(net.head)]
    return str(graph.add(operator, graph.add("Add", product, b_o, name="logits"), name=name, **attributes))
