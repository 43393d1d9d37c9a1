"""Recurrences, a readout of their states and a head, put together."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from copy import copy
from os import PathLike
from typing import Any

import numpy as np

from unrolled._support.blas_threads import map_threads, split_batch
from unrolled.rnn import inputs, storage
from unrolled.rnn.arrays import Array, IntArray, Parameters, ReadOnlyParameters
from unrolled.rnn.cells import Cell
from unrolled.rnn.cells.stack import Layers, through
from unrolled.rnn.dropout import Masks, fitting
from unrolled.rnn.engine.blocks import blocks
from unrolled.rnn.engine.buffers import Scratch
from unrolled.rnn.engine.packing import Aligned, align
from unrolled.rnn.initializers import Initializer, initialize, xavier_normal
from unrolled.rnn.output.heads import Head, Sigmoid
from unrolled.rnn.output.readouts import EveryStep, Last, Readout
from unrolled.rnn.parts import to_config
from unrolled.rnn.passes import Backward, Forward, Reading
from unrolled.rnn.source import is_source, unlabelled
from unrolled.rnn.stream import Stream


class ManyToOne:
    """A network that reads a sequence and names its class: cells, a linear readout of their states, a head.

    Parameters
    ----------
    cell : Tanh, ReLU, LSTM, GRU or Bidirectional, or a sequence of them
        The recurrence, or several, each reading the states of the one before.
    n_inputs : int
        D, features a step.
    n_classes : int
        C, at least 2.
    readout : Last, Mean or EveryStep, default Last()
        Which of the last cell's states the head reads.
    head : Sigmoid or Softmax, default Sigmoid()
        Probabilities and loss.
    initializer : callable, or mapping of str to callable, default ``xavier_normal``
        ``f(shape, rng) -> array`` for every weight matrix, gate by gate; or one for each weight that the cells have,
        such as ``{"W_hh": orthogonal}``, in all layers and directions (what is not named is ``xavier_normal``).
        Biases begin at 0, but for the LSTM's ``forget_bias``.
    rng : None, int or numpy.random.Generator
        Where the first weights are drawn from.
    dtype : dtype, default float32
        Of the parameters and so of all the work: float32 or float64 (complex128 for the complex-step check).

    Attributes
    ----------
    parameters : dict of ndarray
        ``W_ih``, ``W_hh``, ``b_h`` as the cell has them, ``W_ho`` (C, H), ``b_o`` (C,). Of the cells after the
        first, names have ``_l1``, ``_l2``, ... behind them, and of the direction that reads backwards ``_reverse``
        behind that. Yours to read and to set; names and shapes stay, and all have one dtype.
    cells, readout, head
        As given; cells is a tuple.
    n_inputs, n_classes : int

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne([rnn.GRU(32), rnn.GRU(32)], n_inputs=3, n_classes=6, head=rnn.Softmax(), rng=0)
    >>> net.predict_proba(np.zeros((2, 150, 3))).shape
    (2, 6)
    """

    def __init__(
        self,
        cell: Cell | Sequence[Cell],
        n_inputs: int,
        n_classes: int,
        *,
        readout: Readout | None = None,
        head: Head | None = None,
        initializer: Initializer | Mapping[str, Initializer] = xavier_normal,
        rng: int | np.random.Generator | None = None,
        dtype: Any = np.float32,
    ) -> None:
        self._assemble(
            cell,
            n_inputs,
            n_classes,
            Last() if readout is None else readout,
            Sigmoid() if head is None else head,
        )
        self.parameters: Parameters = initialize(
            self.shapes(),
            initializer,
            np.random.default_rng(rng),
            inputs.dtype_of_work(dtype),
            gates=self.layers.gates(),
            biases=self.layers.biases(),
        )

    def _assemble(self, cell: Any, n_inputs: int, n_classes: int, readout: Readout, head: Head) -> None:
        cells = tuple(cell) if isinstance(cell, Sequence) and not isinstance(cell, str) else (cell,)
        if not cells:
            raise TypeError("cell is an empty sequence, expected at least one recurrence such as rnn.Tanh(50)")
        for each in cells:
            if isinstance(each, type) or not all(hasattr(each, name) for name in ("states", "gates", "streams")):
                raise TypeError(f"cell is {each!r}, expected a recurrence such as rnn.Tanh(50)")
        if isinstance(readout, type) or not (hasattr(readout, "gather") and hasattr(readout, "longest")):
            raise TypeError(f"readout is {readout!r}, expected one such as rnn.Last()")
        if isinstance(head, type) or not (hasattr(head, "probabilities") and hasattr(head, "class_weights")):
            raise TypeError(f"head is {head!r}, expected one such as rnn.Sigmoid()")
        self.cells: tuple[Cell, ...] = cells
        self.readout, self.head = readout, head
        self.n_inputs = inputs.count(n_inputs, "n_inputs")
        self.n_classes = inputs.count(n_classes, "n_classes")
        if self.n_classes < 2:
            raise ValueError(f"n_classes is {n_classes!r}, expected 2 or more")
        if head.class_weights is not None and len(head.class_weights) != self.n_classes:
            raise ValueError(
                f"head has {len(head.class_weights)} class_weights, expected one for each of {n_classes} classes"
            )
        self.layers = Layers(cells, self.n_inputs)
        # Gates make a part of a batch no more worth a thread: measured.
        self._width = max(cell.hidden for cell in cells)
        self._scratch: Scratch[list[Any]] = Scratch()

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Give the shape of every parameter, in order."""
        C = self.n_classes
        return {**self.layers.shapes(), "W_ho": (C, self.widths[-1]), "b_o": (C,)}

    @property
    def widths(self) -> list[int]:
        """D, then how many numbers the states of each layer have."""
        return list(self.layers.widths)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the parameters, and so of the work."""
        return self.parameters["W_ho"].dtype

    def __repr__(self) -> str:
        n = sum(W.size for W in self.parameters.values())
        cells = self.cells[0] if len(self.cells) == 1 else list(self.cells)
        parts = [str(cells), f"n_inputs={self.n_inputs}", f"n_classes={self.n_classes}"]
        parts += [f"readout={self.readout}"] if self.readout != Last() else []
        parts += [f"head={self.head}"] if self.head != Sigmoid() else []
        return f"ManyToOne({', '.join(parts)}): {n} parameters, {self.dtype}"

    # ---------------------------------------------------------------- forward

    def forward(self, X: Any, lengths: Any = None) -> Forward:
        """Run a batch and keep everything that was computed on the way.

        Parameters
        ----------
        X : array_like, shape (m, T, D)
        lengths : array_like of int, shape (m,), optional
            How many steps each sample has, from 1 to T; what stands after them is not read. All T by default.

        Returns
        -------
        Forward
            ``X`` (T, m, D), ``A`` (T + 1, m, H), ``logits`` and ``Y_hat`` (m, C), and ``traces``.

        Raises
        ------
        ValueError
            If X or lengths has another shape, is empty, or is not finite, or a length is out of range.
        """
        batch = align(*self._given(X, lengths))
        traces = self.layers.traces(len(batch.X), batch.X.shape[1], self.dtype)
        reading = self._forward(batch, traces)
        every_step = isinstance(self.readout, EveryStep)
        return Forward(traces, batch, reading, batch.unsorted(self._probabilities(reading)), every_step)

    def predict_proba(self, X: Any, lengths: Any = None) -> Array:
        """Give the probability of each class; of a sigmoid head rows need not sum to 1.

        Parameters
        ----------
        X : array_like, shape (N, T, D), or a source
            Any N; the work is done in blocks of bounded memory. A source gives its samples block by block
            (:class:`unrolled.rnn.source.Source`), such as a file larger than memory.
        lengths : array_like of int, shape (N,), optional
            As for :meth:`forward`.

        Returns
        -------
        Y_hat : ndarray, shape (N, C)
            Of the network's dtype.

        Raises
        ------
        ValueError
            As :meth:`forward` does.
        """
        if is_source(X, lengths):
            return np.concatenate([self.predict_proba(*block) for block in unlabelled(X)])
        X, lengths = self._shaped(X, lengths)
        return np.concatenate(blocks(self, X, lengths, lambda reading, _: self._probabilities(reading)))

    def predict(self, X: Any, lengths: Any = None) -> IntArray:
        """Give the most probable class of each sequence.

        Parameters
        ----------
        X : array_like, shape (N, T, D), or a source
        lengths : array_like of int, shape (N,), optional
            As for :meth:`forward`.

        Returns
        -------
        ndarray of int64, shape (N,)
            From 0; of equally probable classes the first.

        Raises
        ------
        ValueError
            As :meth:`forward` does.
        """
        if is_source(X, lengths):
            return np.concatenate([self.predict(*block) for block in unlabelled(X)])
        X, lengths = self._shaped(X, lengths)
        return np.concatenate(blocks(self, X, lengths, lambda reading, _: self._classes(reading)))

    def evaluate(self, X: Any, y: Any, lengths: Any = None) -> tuple[float, float]:
        """Give the loss and the accuracy on any number of samples, in blocks of bounded memory.

        Parameters
        ----------
        X : array_like, shape (N, T, D)
        y : array_like, shape (N,) or (N, C)
            Integer labels or one-hot rows.
        lengths : array_like of int, shape (N,), optional
            As for :meth:`forward`.

        Returns
        -------
        loss, accuracy : float
            The head's loss, averaged over the samples, and the share whose most probable class is right.

        Raises
        ------
        ValueError
            As :meth:`loss_and_gradients` does.
        """
        self.check_parameters()
        X, lengths = self._shaped(X, lengths)
        return self.measure(X, inputs.labels(y, self.n_classes, len(X)), lengths)

    def measure(self, X: Array, labels: IntArray, lengths: IntArray | None = None) -> tuple[float, float]:
        """Do what :meth:`evaluate` does with samples that were checked before, labels (N,) from 0 to C - 1."""
        Y = inputs.one_hot(labels, self.n_classes, self.dtype)

        def scores(reading: Reading, part: slice) -> Array:
            loss, _ = self._loss(reading, Y[part])
            right = np.count_nonzero(self._classes(reading) == labels[part])
            return np.array([float(loss.real) * len(Y[part]), right])

        total = np.sum(blocks(self, X, lengths, scores), axis=0) / len(X)
        return float(total[0]), float(total[1])

    def stream(self) -> Stream:
        """Give a stream: fed one step at a time, it gives the probabilities as of now, in constant memory.

        Returns
        -------
        Stream
            With the parameters of now; ``stream.feed(x)`` takes x (D,) and gives Y_hat (C,).

        Raises
        ------
        ValueError
            If a cell needs the whole sequence, as one that reads backwards does.
        """
        self.check_parameters()
        self._one_direction("a stream")
        return Stream(self)

    # --------------------------------------------------------------- backward

    def backward(self, forward: Forward, y: Any) -> Backward:
        """Go back through time from a forward pass, and keep everything that was computed on the way.

        Parameters
        ----------
        forward : Forward
            As :meth:`forward` of this network returned it, with the parameters it has now.
        y : array_like, shape (m,) or (m, C)
            Integer labels or one-hot rows.

        Returns
        -------
        Backward
            ``loss``, ``gradients``, and ``dA`` and ``delta`` of every step, (T, m, H).

        Raises
        ------
        ValueError
            If y is not as described, or forward is not this network's.
        """
        self.check_parameters()
        if not isinstance(forward, Forward) or [trace.A.shape[2] for trace in forward.traces] != self.widths[1:]:
            raise ValueError(f"forward is {type(forward).__name__}, expected what this network's forward(X) returned")
        batch, traces = forward.batch, forward.traces
        for trace in traces:
            trace.dA, trace.keeps_delta = np.zeros_like(trace.A[1:]), True
        Y = batch.sorted(self._targets(y, len(forward.Y_hat)))
        loss, gradients = self._backward(batch, traces, forward.reading, Y)
        top = traces[-1]
        return Backward(loss, gradients, batch.unmoved(top.dA.copy()), batch.unmoved(top.inward().copy()))

    def loss_and_gradients(
        self, X: Any, y: Any, lengths: Any = None, *, masks: Masks | None = None, window: int | None = None
    ) -> tuple[float, Parameters]:
        """Give the loss of a batch and its gradient in every parameter, by back-propagation through time.

        Parameters
        ----------
        X : array_like, shape (m, T, D)
        y : array_like, shape (m,) or (m, C)
            Integer labels or one-hot rows.
        lengths : array_like of int, shape (m,), optional
            As for :meth:`forward`.
        masks : Masks, optional
            Of dropout, as ``rnn.Dropout(...).draw(m, net.widths, rng)`` gives them.
        window : int, optional
            Truncated back-propagation: the sequence falls into windows of so many steps, counted from its end; the
            states go on from each to the next, and the gradient stays within each.

        Returns
        -------
        loss : float
            The head's loss, such as equation (3), averaged over the batch; complex for a complex network.
        gradients : dict of ndarray
            With the names and shapes of ``parameters``, in their order.

        Raises
        ------
        ValueError
            If X, y or lengths has another shape, is empty, is not finite, or holds labels or lengths out of range; if
            the masks do not fit; or if a window is given and the network is not of one direction of time.
        """
        X, lengths = self._given(X, lengths)
        Y, window = self._targets(y, len(X)), self._window(window)
        masks = fitting(masks, len(X), self.widths, self.dtype)
        return self.step(X, Y, lengths=lengths, masks=masks, window=window)

    def loss(self, X: Any, y: Any, lengths: Any = None, *, masks: Masks | None = None) -> float:
        """Give the loss of a batch alone, by the forward pass alone.

        Parameters
        ----------
        X, y, lengths, masks
            As for :meth:`loss_and_gradients`.

        Returns
        -------
        float
            Complex for a complex network.

        Raises
        ------
        ValueError
            As :meth:`loss_and_gradients` does.
        """
        X, lengths = self._given(X, lengths)
        Y, batch = self._targets(y, len(X)), align(X, lengths)
        masks = fitting(masks, len(X), self.widths, self.dtype)
        with self._memory(batch) as traces:
            loss, _ = self._loss(self._forward(batch, traces, _sorted(masks, batch)), batch.sorted(Y))
        return loss.item()  # type: ignore[no-any-return]  # complex for a complex network

    def step(
        self,
        X: Array,
        Y: Array,
        threads: int = 1,
        *,
        lengths: IntArray | None = None,
        masks: Masks | None = None,
        window: int | None = None,
    ) -> tuple[float, Parameters]:
        """Do what :meth:`loss_and_gradients` does with arrays that are known to be right; nothing is checked.

        Parameters
        ----------
        X : ndarray, shape (m, T, D), of the network's dtype
            Where a sample has no step, finite.
        Y : ndarray, shape (m, C), of the network's dtype
            One-hot rows.
        threads : int, default 1
            Large batches are divided among so many threads; the sums over their parts round differently.
        lengths, masks, window
            As for :meth:`loss_and_gradients`.

        Returns
        -------
        loss : float
        gradients : dict of ndarray
            With the names and shapes of ``parameters``, in their order.
        """

        def of(rows: slice) -> tuple[float, Parameters]:
            batch = align(X[rows], None if lengths is None else lengths[rows])
            of_part = None if masks is None else _sorted(masks.of(rows), batch)
            with self._memory(batch) as traces:
                reading = self._forward(batch, traces, of_part)
                return self._backward(batch, traces, reading, batch.sorted(Y[rows]), of_part, window)

        parts = split_batch(len(X), self._width, threads)
        if len(parts) == 1:
            return of(parts[0])
        # A mean over the batch is the mean of the parts' means, weighted by their sizes.
        outcomes = map_threads(of, parts, threads)
        weights = [(part.stop - part.start) / len(X) for part in parts]
        loss, gradients = weights[0] * outcomes[0][0], outcomes[0][1]
        for name, gradient in gradients.items():
            gradient *= gradient.dtype.type(weights[0])
            for weight, (_, others) in zip(weights[1:], outcomes[1:], strict=True):
                gradient += others[name] * gradient.dtype.type(weight)
        return loss + sum(w * other for w, (other, _) in zip(weights[1:], outcomes[1:], strict=True)), gradients

    # ------------------------------------------------------------- and others

    def copy(self) -> "ManyToOne":
        """Give a network of its own with the same parameters."""
        return self.astype(self.dtype)

    def astype(self, dtype: Any) -> "ManyToOne":
        """Give a copy that works in another dtype: float32, float64 or complex128."""
        return self.with_parameters({name: W.astype(dtype, order="C") for name, W in self.parameters.items()})

    def with_parameters(self, parameters: ReadOnlyParameters) -> "ManyToOne":
        """Give a network of the same make with these parameters (not copied).

        Raises
        ------
        ValueError
            If a name is missing or unknown, a shape is another, or the dtypes differ.
        """
        shapes = self.shapes()
        inputs.fitting(parameters, shapes)
        twin = copy(self)
        twin.parameters = {name: parameters[name] for name in shapes}
        return twin

    def check_parameters(self) -> None:
        """Raise a ValueError unless ``parameters`` has its names and shapes and one dtype of work.

        Every public method does so first, since ``parameters`` is the user's to set.
        """
        inputs.fitting(self.parameters, self.shapes())

    def _window(self, window: Any) -> int | None:
        """Check a window of truncated back-propagation, or raise a ValueError."""
        if window is None:
            return None
        self._one_direction("truncated back-propagation")
        return inputs.count(window, "window")

    def __getstate__(self) -> dict[str, Any]:
        """Leave the scratch memory out of copies and pickles."""
        return {name: value for name, value in vars(self).items() if name != "_scratch"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _scratch=Scratch())

    def save(self, path: str | PathLike[str]) -> None:
        """Write the network to an HDF5 file, for :func:`unrolled.rnn.load`.

        The file is written beside its place and then renamed, so what stood there stays whole until then.

        Parameters
        ----------
        path : path-like
            Its folder must exist.

        Raises
        ------
        OSError
            If it cannot be written; what stood there before still stands.
        ValueError
            If the parameters do not fit or are complex, or a part of the network could not be read back: it is neither
            a dataclass nor has ``to_config`` and ``from_config``, or a field of it is nothing that a file can hold.

        See Also
        --------
        load : Reads it; parts of one's own are handed over as ``parts=[MGU]``.
        """
        self.check_parameters()
        if self.dtype.kind == "c":
            raise ValueError(f"the network is {self.dtype}, expected float32 or float64: save net.astype(np.float64)")
        storage.write(path, storage.FORMAT, self.to_config(), {"parameters": self.parameters})

    def to_config(self) -> dict[str, Any]:
        """Return what the network is made of, but for the parameters, as values that JSON can hold.

        Raises
        ------
        ValueError
            If a file cannot hold a part: names the part and the field.
        """
        return {
            "cells": [to_config(cell) for cell in self.cells],
            "n_inputs": self.n_inputs,
            "n_classes": self.n_classes,
            "readout": to_config(self.readout),
            "head": to_config(self.head),
        }

    # ------------------------------------ the formulas; arrays already checked

    def _forward(self, batch: Aligned, traces: list[Any], masks: Masks | None = None) -> Reading:
        self.layers.forward(self.parameters, batch, traces, masks)  # (1)
        R, shares = self.readout.read(traces[-1].A, traces[-1].last(), batch)
        return self._read(through(R, masks, len(self.cells)), shares)

    def _read(self, R: Array, shares: Array) -> Reading:
        return Reading(R, R @ self.parameters["W_ho"].T + self.parameters["b_o"], shares)  # (2), but for the sigmoid

    def _loss(self, reading: Reading, Y: Array) -> tuple[Array, Array]:
        weights = reading.shares / reading.shares.dtype.type(Y.shape[0])
        if self.head.class_weights is not None:
            weights = weights * (Y.real @ np.array(self.head.class_weights, weights.dtype))
        return self.head.loss(reading.Z, np.broadcast_to(self.head.targets(Y), reading.Z.shape), weights)  # (3)

    def _backward(
        self,
        batch: Aligned,
        traces: list[Any],
        reading: Reading,
        Y: Array,
        masks: Masks | None = None,
        window: int | None = None,
    ) -> tuple[float, Parameters]:
        loss, dZ = self._loss(reading, Y)  # dZ = (Y_hat - Y) / m
        if dZ.shape != reading.Z.shape:
            raise ValueError(
                f"the head's gradient has shape {dZ.shape}, expected {reading.Z.shape}, that of the logits"
            )
        dR = through(dZ @ self.parameters["W_ho"], masks, len(self.cells))  # section 2.3, line 1
        gradients = self.layers.backward(self.parameters, traces, *self.readout.back(dR, batch), masks, window)
        H, C = reading.R.shape[-1], self.n_classes
        gradients["W_ho"] = dZ.reshape(-1, C).T @ reading.R.reshape(-1, H)  # section 2.3, line 2
        gradients["b_o"] = dZ.sum((0, 1))
        inputs.check_gradients_fit(gradients, self.parameters, "from back-propagation")
        return loss.item(), {name: gradients[name] for name in self.parameters}

    def _probabilities(self, reading: Reading) -> Array:
        Y_hat = self.head.probabilities(reading.Z)
        return np.asarray(Y_hat[0] if len(Y_hat) == 1 else np.einsum("kmc,km->mc", Y_hat, reading.shares))

    def _classes(self, reading: Reading) -> IntArray:
        scores = reading.Z[0] if len(reading.Z) == 1 else self._probabilities(reading)  # sigmoids of large logits tie
        return np.asarray(scores.real.argmax(1), np.int64)

    # --------------------------------------------------- the door and the work

    def _memory(self, batch: Aligned) -> AbstractContextManager[list[Any]]:
        T, m, _ = batch.X.shape
        return self._scratch.take((m, T, self.dtype), lambda: self.layers.traces(T, m, self.dtype))

    def _shaped(self, X: Any, lengths: Any) -> tuple[Array, IntArray | None]:
        return inputs.padded(X, lengths, self.n_inputs)

    def _given(self, X: Any, lengths: Any) -> tuple[Array, IntArray | None]:
        self.check_parameters()
        X, lengths = self._shaped(X, lengths)
        return inputs.rounded(X, self.dtype), lengths

    def _targets(self, y: Any, n_samples: int) -> Array:
        return inputs.one_hot(inputs.labels(y, self.n_classes, n_samples), self.n_classes, self.dtype)

    def _one_direction(self, what: str) -> None:
        for cell in self.cells:
            if not cell.streams:
                raise ValueError(f"the network has {cell}, expected cells of one direction of time for {what}")


def _sorted(masks: Masks | None, batch: Aligned) -> Masks | None:
    return masks if masks is None or batch.order is None else masks.of(batch.order)
