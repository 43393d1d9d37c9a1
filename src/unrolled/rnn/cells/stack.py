"""Depth: a list of cells, each reading the states of the one below."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from unrolled.rnn.arrays import Array, Parameters, ReadOnlyParameters
from unrolled.rnn.cells import Cell
from unrolled.rnn.cells.bidirectional import REVERSE
from unrolled.rnn.dropout import Masks
from unrolled.rnn.engine.packing import Aligned


class Layers:
    """Cells one above the other, and the names of their parameters in the network's mapping.

    The first layer's parameters have the cell's names; those of layer n, counted from 0, have ``_l{n}`` behind the
    name, and ``_reverse`` behind that, as PyTorch's do.
    """

    def __init__(self, cells: Sequence[Cell], n_inputs: int) -> None:
        self.cells = tuple(cells)
        self.widths = [n_inputs, *(cell.n_outputs for cell in cells)]
        self.names = [
            {name: _full(name, n) for name in cell.shapes(D)}
            for n, (cell, D) in enumerate(zip(self.cells, self.widths[:-1], strict=True))
        ]

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Give the shape of every parameter."""
        return {
            names[name]: shape
            for cell, D, names in zip(self.cells, self.widths[:-1], self.names, strict=True)
            for name, shape in cell.shapes(D).items()
        }

    def biases(self) -> dict[str, Array]:
        """Give what the biases begin at."""
        return {
            names[name]: b
            for cell, names in zip(self.cells, self.names, strict=True)
            for name, b in cell.biases().items()
        }

    def gates(self) -> dict[str, int]:
        """Give how many blocks of rows each parameter has."""
        return {name: cell.gates for cell, names in zip(self.cells, self.names, strict=True) for name in names.values()}

    def own(self, parameters: ReadOnlyParameters) -> list[Parameters]:
        """Give each cell its parameters, under its own names."""
        return [{name: parameters[full] for name, full in names.items()} for names in self.names]

    def traces(self, T: int, m: int, dtype: np.dtype[Any]) -> list[Any]:
        """Allocate the memory of a pass."""
        traces = [cell.trace(T, m, D, dtype) for cell, D in zip(self.cells, self.widths[:-1], strict=True)]
        traces[0].keeps_delta = False  # no layer below gets its gradient from it
        return traces

    def forward(self, parameters: ReadOnlyParameters, batch: Aligned, traces: list[Any], masks: Masks | None) -> None:
        """Run every layer; the states are in the traces."""
        S = batch.X
        for n, (cell, own, trace) in enumerate(zip(self.cells, self.own(parameters), traces, strict=True)):
            keep = None if masks is None else masks.recurrence[n]
            cell.forward(own, through(S, masks, n), trace, batch.active, keep)
            S = trace.A[1:]

    def backward(
        self,
        parameters: ReadOnlyParameters,
        traces: list[Any],
        dA_T: Array | None,
        dA: Array | None,
        masks: Masks | None,
        window: int | None,
    ) -> Parameters:
        """Go back through every layer, from the gradients in the states of the last."""
        gradients: Parameters = {}
        own = self.own(parameters)
        for n in range(len(self.cells) - 1, -1, -1):
            cell, trace = self.cells[n], traces[n]
            of_cell = cell.backward(own[n], trace, dA_T, dA, window)
            gradients |= {self.names[n].get(name, name): gradient for name, gradient in of_cell.items()}
            if n:
                dA_T, dA = None, through(cell.dX(own[n], trace), masks, n)
        return gradients


def _full(name: str, n: int) -> str:
    """Give the network's name for a parameter of layer n."""
    if n == 0:
        return name
    base = name.removesuffix(REVERSE)
    return f"{base}_l{n}{name[len(base) :]}"


def through(S: Array, masks: Masks | None, n: int) -> Array:
    """Give (..., m, H) on its way up, or down, between layers n - 1 and n."""
    mask = None if masks is None else masks.inputs[n]
    return S if mask is None else S * mask
