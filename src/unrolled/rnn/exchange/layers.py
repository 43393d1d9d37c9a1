"""A network as its layers and their weights, which is what other libraries are handed and hand over.

Blocks of rows are in this library's order, which is PyTorch's: LSTM i, f, g, o; GRU r, z, n.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from unrolled.rnn.arrays import Array, Parameters
from unrolled.rnn.cells import GRU, LSTM, Bidirectional, Cell, ReLU, Tanh
from unrolled.rnn.many_to_many import ManyToMany
from unrolled.rnn.many_to_one import ManyToOne
from unrolled.rnn.network import Network
from unrolled.rnn.output.heads import Head, Sigmoid, Softmax, answers_of
from unrolled.rnn.output.numbers import Linear, Poisson
from unrolled.rnn.output.pooling import Max, MeanMax
from unrolled.rnn.output.readouts import EachStep, EveryStep, Last, Mean, Readout

CELLS = (Tanh, ReLU, LSTM, GRU)
READOUTS = (Last, Mean, Max, MeanMax, EveryStep)
HEADS = (Sigmoid, Softmax, Linear, Poisson)


@dataclass(frozen=True)
class Direction:
    """The weights of a layer in one direction of time.

    Attributes
    ----------
    W_ih : ndarray, shape (G H, D)
    W_hh : ndarray, shape (G H, H)
    b_h : ndarray, shape (G H,)
    b_hn : ndarray, shape (H,), or None
        What a GRU's reset gate multiplies together with W_hn A_{t-1}.
    """

    W_ih: Array
    W_hh: Array
    b_h: Array
    b_hn: Array | None = None


@dataclass(frozen=True)
class Layer:
    """A layer.

    Attributes
    ----------
    cell : Tanh, ReLU, Leaky, LSTM or GRU
        The recurrence of each direction.
    directions : tuple of Direction
        Forwards, and if there are two, backwards.
    """

    cell: Cell
    directions: tuple[Direction, ...]

    @property
    def n_inputs(self) -> int:
        """D, features a step."""
        return int(self.directions[0].W_ih.shape[1])

    @property
    def n_outputs(self) -> int:
        """H, or 2 H in both directions."""
        return self.cell.hidden * len(self.directions)


def layers_of(net: Network, what: str, known_cells: Sequence[type] = CELLS) -> list[Layer]:
    """Return the layers of a network, none of whose parts is foreign to this library.

    Parameters
    ----------
    net : ManyToOne or ManyToMany
    what : str
        Who asks, for the messages.
    known_cells : sequence of type, default CELLS
        Those that are known there.

    Raises
    ------
    TypeError
        If it is no network.
    ValueError
        If a cell, the readout or the head is not one of this library's, to the exact class, the state before the
        first step is learned, or the parameters are complex, do not fit, or are not finite.
    """
    if not isinstance(net, ManyToOne | ManyToMany):
        raise TypeError(f"net is {type(net).__name__}, expected a rnn.ManyToOne or rnn.ManyToMany for {what}")
    if net.stack.k > 1:
        raise ValueError(f"the network begins with {net.stack!r}, expected none for {what}")
    cells = [each.cell if type(each) is Bidirectional else each for each in net.cells]
    for kind, parts, known in (
        ("cell", cells, known_cells),
        ("readout", [net.readout] if net.answers_once else [], READOUTS),
        ("head", [net.head], HEADS),
    ):
        for part in parts:
            if type(part) not in known:
                names = ", ".join(each.__name__ for each in known)
                raise ValueError(f"the network's {kind} is a {type(part).__name__}, expected one of {names} for {what}")
    if net.initial_state != "zero":
        raise ValueError(f"the network has a learned initial state, expected one that begins at 0 for {what}")
    net.check_parameters()
    if net.dtype.kind == "c":
        raise ValueError(f"the network is {net.dtype}, expected float32 or float64: hand over net.astype(np.float64)")
    for name, W in net.parameters.items():
        if not np.isfinite(W).all():
            raise ValueError(f"parameter {name} is not finite, expected finite numbers for {what}")
    return [
        Layer(
            cell,
            tuple(
                Direction(
                    **{name: net.parameters[_full(name, n, way)] for name in cell.shapes(1)}  # whatever D is
                )
                for way in (("", "_reverse") if type(each) is Bidirectional else ("",))
            ),
        )
        for n, (each, cell) in enumerate(zip(net.cells, cells, strict=True))
    ]


def network(layers: Sequence[Layer], W_ho: Array, b_o: Array, readout: Readout, head: Head) -> ManyToOne | ManyToMany:
    """Return the network of these layers, with weights of its own: many to many of the readout ``EachStep``.

    Raises
    ------
    ValueError
        If a layer does not fit the one below, the head does not fit the last, it has fewer than two classes, or the
        dtypes are not one, of float32 and float64.
    """
    width = layers[0].n_inputs
    for n, layer in enumerate(layers):
        if layer.n_inputs != width:
            raise ValueError(f"layer {n} reads {layer.n_inputs} numbers a step, expected {width}, as come from below")
        width = layer.n_outputs
    C, reads = W_ho.shape
    if reads != readout.width(width):
        raise ValueError(
            f"the head reads {reads} numbers, expected {readout.width(width)}, as {readout} hands on of the last "
            f"layer's {width}"
        )
    of_numbers = answers_of(head) == "numbers"
    if C < 2 and not of_numbers:
        raise ValueError(f"the head has {C} output, expected one for each of 2 or more classes")
    parameters: Parameters = {
        _full(name, n, way): W
        for n, layer in enumerate(layers)
        for way, direction in zip(("", "_reverse"), layer.directions, strict=False)
        for name, W in vars(direction).items()
        if W is not None
    }
    parameters |= {"W_ho": W_ho, "b_o": b_o}
    for name, W in parameters.items():
        if W.dtype not in (np.float32, np.float64):
            raise ValueError(f"the weights that become {name} are {W.dtype}, expected float32 or float64")
        if not np.isfinite(W).all():
            raise ValueError(f"the weights that become {name} are not finite, expected finite numbers")
    cells = [Bidirectional(layer.cell) if len(layer.directions) == 2 else layer.cell for layer in layers]
    settings: dict[str, Any] = {
        "n_outputs" if of_numbers else "n_classes": C,
        "head": head,
        "dtype": W_ho.dtype,
        "rng": 0,
    }
    net: ManyToOne | ManyToMany = (
        ManyToMany(cells, layers[0].n_inputs, **settings)
        if type(readout) is EachStep
        else ManyToOne(cells, layers[0].n_inputs, readout=readout, **settings)
    )
    return net.with_parameters({name: np.array(W, order="C") for name, W in parameters.items()})


def in_float32(W: Array, name: str, what: str) -> Array:
    """Return numbers rounded to float32.

    Raises
    ------
    ValueError
        If one is not finite then.
    """
    with np.errstate(over="ignore"):
        rounded = W.astype(np.float32, order="C")
    if not np.isfinite(rounded).all():
        raise ValueError(f"{name} is not finite in float32, expected numbers within its range for {what}")
    return np.asarray(rounded)


def step_weights(readout: Readout) -> Array | None:
    """Return the weights of an ``EveryStep``, the largest 1, so that float32 holds them; of other readouts None."""
    if type(readout) is not EveryStep or readout.weights is None:
        return None
    weights = np.array(readout.weights)
    return np.asarray(weights / weights.max())


def _full(name: str, n: int, way: str) -> str:
    """Return the network's name for a parameter of layer n, as :class:`ManyToOne` has it."""
    return name + (f"_l{n}" if n else "") + way
