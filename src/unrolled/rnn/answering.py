"""What a network's head makes of the states it reads: the forward pass, the loss, and where answers stand in time."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from unrolled.rnn import inputs
from unrolled.rnn.arrays import Array, IntArray, State
from unrolled.rnn.cells.stack import masked
from unrolled.rnn.dropout import Masks
from unrolled.rnn.engine.buffers import Scratch
from unrolled.rnn.engine.packing import Packed
from unrolled.rnn.engine.trace import Trace
from unrolled.rnn.model import Model, first_state
from unrolled.rnn.output.class_weights import BALANCED
from unrolled.rnn.output.readouts import Last
from unrolled.rnn.passes import Reading
from unrolled.rnn.targets import Targets, checked

SMALL = 2.0**-100
"""Weights whose sum is below it, or above its inverse, are divided by it in float64."""


class Answering(Model):
    """A forward pass and what its answers cost; predictions of any number of samples are :class:`Predictor`'s."""

    # ------------------------------------ the formulas; arrays already checked

    def _forward(
        self, batch: Packed, traces: list[Trace], masks: Masks | None = None, state: State | None = None
    ) -> Reading:
        self.layers.forward(self.parameters, batch, traces, masks, state)  # the states of every layer
        R, weights = self.reader.read(self._states_read(traces[-1]), traces[-1].A_T, batch)
        return self._read(masked(R, masks, len(self.cells)), weights)

    def _states_read(self, trace: Trace) -> Array:
        """Return the states that a readout reads, (T + 1, m, H); of the last one alone, that, (1, m, H).

        To gather all of them takes time where lengths differ.
        """
        return trace.A_T[None] if type(self.readout) is Last else trace.A

    def _read(self, R: Array, weights: Array) -> Reading:
        return Reading(R, R @ self.parameters["W_ho"].T + self.parameters["b_o"], weights)  # (2), but for the sigmoid

    def _loss(self, reading: Reading, Y: Array, weights: Array | None = None) -> tuple[Array, Array]:
        total, dtype = self._asked_in_all(reading, weights) or 1, reading.weights.dtype
        if weights is None or SMALL < total < 1 / SMALL:
            each = reading.weights / dtype.type(total)
            if weights is not None:
                each = each * weights.astype(dtype)
        else:  # such as 1e-50, which float32 does not have
            each = reading.weights * (weights / total).astype(dtype)
        if self.head.class_weights is not None:
            if self.head.class_weights == BALANCED:
                raise ValueError("the head's class_weights are 'balanced', expected numbers: rnn.train makes them such")
            each = each * (Y.real @ np.array(self.head.class_weights, each.dtype))
        return self.head.loss(reading.Z, np.broadcast_to(self.head.targets(Y), reading.Z.shape), each)

    def _said(self, reading: Reading) -> Array:
        """Return what the network answers: classes, labels or numbers."""
        if self.answers == "numbers":
            return self._probabilities(reading)
        if self.answers == "labels":
            return (self._probabilities(reading).real >= 0.5).astype(np.int64)
        return self._classes(reading)

    # ------------------------------------------ where answers stand in time

    def _asked_in_all(self, reading: Reading, weights: Array | None) -> float:
        """Return how much the answers of a batch count together."""
        raise NotImplementedError

    def amount(self, shape: tuple[int, ...], lengths: IntArray | None, weights: Array | None) -> float:
        """Return how much the answers to samples of this shape, (N, T, ...), count together."""
        raise NotImplementedError

    def _probabilities(self, reading: Reading) -> Array:
        """Return the probabilities, or the numbers, batch first."""
        raise NotImplementedError

    def _logits(self, reading: Reading) -> Array:
        """Return the logits, batch first."""
        raise NotImplementedError

    def _classes(self, reading: Reading) -> IntArray:
        """Return the most probable classes, batch first."""
        raise NotImplementedError

    def _in_time(self, rows: Array) -> Array:
        """Return what users have batch first as the head reads it."""
        raise NotImplementedError

    def _packed(self, batch: Packed, rows: Array) -> Array:
        """Return what users have batch first as the head reads it of a batch."""
        raise NotImplementedError

    def _unpacked(self, batch: Packed, rows: Array) -> Array:
        """Return answers to a batch, batch first, to the caller's samples; of many to many time first."""
        raise NotImplementedError

    def _as_given(self, batch: Packed, reading: Reading) -> Reading:
        """Return what the head read, of the caller's samples and steps."""
        raise NotImplementedError

    def _counts(self, reading: Reading) -> Array:
        """Return 1 for each answer there is, batch first, and 0 after a sample's last step."""
        raise NotImplementedError

    def _targets(
        self, y: Any, shape: tuple[int, ...], lengths: IntArray | None = None, sample_weight: Any = None, name: str = ""
    ) -> Targets:
        """Check what is asked of samples of this shape, (N, T, ...)."""
        return checked(
            y,
            sample_weight,
            self.answers,
            self.n_logits,
            self._axes(shape),
            lengths,
            name,
            soft=getattr(self.head, "soft_targets", False),
            lowest=getattr(self.head, "lowest_target", None),
        )

    def _axes(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the axes that answers have: (N,), or (N, T)."""
        raise NotImplementedError

    # ---------------------------------------- the door, the memory and the states

    def _memory(
        self, batch: Packed, scratch: Scratch[list[Trace]] | None = None
    ) -> AbstractContextManager[list[Trace]]:
        T, m = batch.X.shape[:2]
        scratch = self._scratch if scratch is None else scratch
        return scratch.take((m, T, self.dtype), lambda: self.layers.traces(T, m, self.dtype))

    def _given(self, X: Any, lengths: Any) -> tuple[Array, IntArray | None]:
        self.check_parameters()
        X, lengths = inputs.padded(X, lengths, self.n_inputs)
        return inputs.rounded(X, self.dtype), lengths

    def _pack(self, X: Array, lengths: IntArray | None) -> Packed:
        """Stack, sort and move a batch whose arrays are already checked."""
        return self.stack.pack(X, lengths, self.n_inputs, self.dtype)

    def _state(self, state: Mapping[str, Any] | None, m: int) -> State:
        """Check states that a pass begins with."""
        return inputs.states(state, {name: (m, *shape) for name, shape in self._state_shapes().items()}, self.dtype)

    def _first(self, state: State, m: int) -> State:
        """Return what m samples begin with: what is given, and what the network has learned where nothing is."""
        if self.initial_state == "zero":
            return state
        learned = {
            name: np.broadcast_to(self.parameters[first_state(name)], (m, *shape))
            for name, shape in self._state_shapes().items()
        }
        return {**learned, **state}

    def _final(self, batch: Packed, traces: list[Trace]) -> State:
        """Return what goes on from each sample's last step, as arrays of its own."""
        return {name: batch.unsort(A.copy()) for name, A in self.layers.final_state(traces).items()}

    def _check_causal(self, what: str) -> None:
        for cell in self.cells:
            if not cell.causal:
                raise ValueError(f"the network has {cell}, expected cells of one direction of time for {what}")


def untied(Y_hat: Array, Z: Array) -> Array:
    """Return probabilities (m, C) whose largest is the largest logit's, where rounding made others as large.

    Those are a step of the dtype smaller then, or where all are 0 the largest is one step above: rounding again.
    """
    top = Z.real.argmax(1)
    (rows,) = (Y_hat.real.argmax(1) != top).nonzero()
    if rows.size and Y_hat.dtype.kind == "f":
        Y_hat, zero, one = Y_hat.copy(), Y_hat.dtype.type(0), Y_hat.dtype.type(1)  # zero + 1 is float64 before NumPy 2
        for row in rows:
            largest = max(Y_hat[row, top[row]], np.nextafter(zero, one))
            Y_hat[row] = np.minimum(Y_hat[row], np.nextafter(largest, zero))
            Y_hat[row, top[row]] = largest
    return Y_hat
