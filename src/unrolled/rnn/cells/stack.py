"""Depth: a list of cells, each reading the states of the one below."""

from collections.abc import Iterable, Mapping, Sequence
from inspect import signature
from typing import Any

import numpy as np

from unrolled.rnn.arrays import Array, Parameters, ReadOnlyParameters, State
from unrolled.rnn.cells import Cell
from unrolled.rnn.cells.bidirectional import REVERSE
from unrolled.rnn.dropout import Masks
from unrolled.rnn.engine.packing import Packed
from unrolled.rnn.engine.trace import Trace
from unrolled.rnn.engine.underflow import near_one, times


class Layers:
    """Cells one above the other, and the names of their parameters in the network's mapping.

    The first layer's parameters have the cell's names; those of layer n, counted from 0, have ``_l{n}`` behind the
    name, and ``_reverse`` behind that, as PyTorch's do. States that go on from step to step are named likewise.
    """

    def __init__(self, cells: Sequence[Cell], n_inputs: int) -> None:
        self.cells = tuple(cells)
        self.widths = [n_inputs, *(cell.n_outputs for cell in cells)]
        self.names = [
            {name: _full(name, n) for name in cell.shapes(D)}
            for n, (cell, D) in enumerate(zip(self.cells, self.widths[:-1], strict=True))
        ]
        self.state_names = [{name: _full(name, n) for name in cell.state_names} for n, cell in enumerate(self.cells)]

    @property
    def take_state(self) -> bool:
        """Whether the ``states`` of every cell begins with a state."""
        return all(takes_state(cell) for cell in self.cells)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every parameter."""
        return {
            names[name]: shape
            for cell, D, names in zip(self.cells, self.widths[:-1], self.names, strict=True)
            for name, shape in cell.shapes(D).items()
        }

    def initial_biases(self) -> dict[str, Array]:
        """Return what the biases begin at."""
        return {
            names[name]: b
            for cell, names in zip(self.cells, self.names, strict=True)
            for name, b in cell.initial_biases().items()
        }

    def gates(self) -> dict[str, int]:
        """Return how many blocks of rows each parameter has."""
        return {name: cell.gates for cell, names in zip(self.cells, self.names, strict=True) for name in names.values()}

    def split(self, parameters: ReadOnlyParameters) -> list[Parameters]:
        """Return each cell's parameters, under the cell's names."""
        return [{name: parameters[full] for name, full in names.items()} for names in self.names]

    def traces(self, T: int, m: int, dtype: np.dtype[Any]) -> list[Trace]:
        """Allocate the memory of a pass."""
        return [cell.trace(T, m, D, dtype) for cell, D in zip(self.cells, self.widths[:-1], strict=True)]

    def forward(
        self,
        parameters: ReadOnlyParameters,
        batch: Packed,
        traces: list[Trace],
        masks: Masks | None,
        state: Mapping[str, Array] | None = None,
    ) -> None:
        """Run every layer; the states are in the traces."""
        S, first = batch.X, self.split_state(state) if state else None
        if S.ndim == 2 and masks is not None and masks.inputs[0] is not None:
            S = np.eye(self.widths[0], dtype=masks.inputs[0].dtype)[S]  # symbols, of which a part is left out
        for n, (cell, weights, trace) in enumerate(zip(self.cells, self.split(parameters), traces, strict=True)):
            if n:
                S = traces[n - 1].A[1:]
            mask = None if masks is None else masks.recurrence[n]
            trace.begin_forward(masked(S, masks, n), batch.batch_sizes, mask, first[n] if first else None)
            cell.forward(weights, trace)

    def states(
        self,
        parameters: ReadOnlyParameters,
        steps: Iterable[Array],
        m: int,
        states: Sequence[State] | None = None,
    ) -> Iterable[Array]:
        """Run every layer and hold no more than a step, from X_1, X_2, ... to the states of the last layer.

        ``states`` are those of each layer, as :meth:`split_state` has them; see :meth:`CellOf.states`.
        """
        for n, (cell, weights) in enumerate(zip(self.cells, self.split(parameters), strict=True)):
            steps = cell.states(weights, steps, m) if states is None else cell.states(weights, steps, m, states[n])
        return steps

    def split_state(self, state: Mapping[str, Array]) -> list[State]:
        """Return the states that are given of each layer, under the cell's names."""
        return [{name: state[full] for name, full in names.items() if full in state} for names in self.state_names]

    def backward(
        self,
        parameters: ReadOnlyParameters,
        traces: list[Trace],
        dA_T: Array | None,
        dA: Array | None,
        masks: Masks | None,
        *,
        bptt_steps: int | None = None,
        record: bool = False,
        want_dX: bool = False,
    ) -> tuple[Parameters, Array | None]:
        """Go back through every layer, from the gradients in the states of the last.

        Returns
        -------
        gradients : dict of ndarray
            In every parameter of the layers.
        dX : ndarray, shape (T, m, D), or None
            In the inputs, if they are wanted.
        """
        gradients: Parameters = {}
        weights, power = self.split(parameters), 0
        for n in range(len(self.cells) - 1, -1, -1):

            def go_back(dA_T: Array | None, dA: Array | None, n: int = n) -> tuple[Parameters, Array | None]:
                cell, trace, below = self.cells[n], traces[n], want_dX or n > 0
                trace.begin_backward(dA_T, dA, bptt_steps=bptt_steps, record=record, want_dX=below)
                of_cell = cell.backward(weights[n], trace)
                return of_cell, masked(cell.dX(weights[n], trace), masks, n) if below else None

            of_cell, dX, power = near_one(go_back, dA_T, dA, power)
            gradients |= {self.names[n].get(name, name): gradient for name, gradient in of_cell.items()}
            if power:
                traces[n].scale_back(2.0**-power)
            dA_T, dA = None, dX
        return gradients, times(dA, -power)

    def final_state(self, traces: list[Trace]) -> State:
        """Return what goes on from each sample's last step, of every layer."""
        return self.named([trace.final_state for trace in traces])

    def dstate(self, traces: list[Trace]) -> State:
        """Return, after a backward pass, the gradient in what stands before each sample's first step."""
        return self.named([trace.dstate for trace in traces])

    def named(self, states: Sequence[State]) -> State:
        """Return the states of every layer under the network's names."""
        return {
            full: of_layer[name]
            for names, of_layer in zip(self.state_names, states, strict=True)
            for name, full in names.items()
        }


def takes_state(cell: Cell) -> bool:
    """Tell whether a cell's ``states`` begins with a state: one of somebody's own may have been written without."""
    return "state" in signature(cell.states).parameters


def _full(name: str, n: int) -> str:
    """Return the network's name for a parameter of layer n."""
    if n == 0:
        return name
    base = name.removesuffix(REVERSE)
    return f"{base}_l{n}{name[len(base) :]}"


def masked(S: Array, masks: Masks | None, n: int) -> Array:
    """Return (..., m, H) as it passes between layers n - 1 and n, upwards or downwards: times the mask of dropout.

    Of a readout that hands on more than H numbers, H at a time.
    """
    mask = None if masks is None else masks.inputs[n]
    return S if mask is None else S * np.tile(mask, S.shape[-1] // mask.shape[-1])
