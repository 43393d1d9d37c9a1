"""Recurrences, a readout of their states and a head, put together: what a network computes."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from unrolled._support.blas_threads import map_threads, split_batch
from unrolled._support.validation import whole_number
from unrolled.rnn import inputs
from unrolled.rnn.arrays import Array, IntArray, Parameters, State
from unrolled.rnn.cells.stack import masked
from unrolled.rnn.dropout import Masks, fitting
from unrolled.rnn.engine.packing import Packed, pack
from unrolled.rnn.engine.trace import Trace
from unrolled.rnn.output.readouts import EveryStep
from unrolled.rnn.passes import Backward, Forward, Reading
from unrolled.rnn.prediction import Predictor


class ManyToOne(Predictor):
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

    # ---------------------------------------------------------------- forward

    def forward(self, X: Any, lengths: Any = None, *, state: Mapping[str, Any] | None = None) -> Forward:
        """Run a batch and return everything that was computed on the way.

        Parameters
        ----------
        X : array_like, shape (m, T, D)
        lengths : array_like of int, shape (m,), optional
            How many steps each sample has, from 1 to T; what stands after them is not read. All T by default.
        state : mapping of array_like, shape (m, H), optional
            What stands before the first step, such as the ``state`` another pass left; 0 where it is not given.

        Returns
        -------
        Forward
            ``X`` (T, m, D), ``A`` (T + 1, m, H), ``logits`` and ``Y_hat`` (m, C), ``state``, and ``traces``.

        Raises
        ------
        ValueError
            If X, lengths or a state has another shape, is empty, or is not finite, or a length is out of range.
        """
        batch = pack(*self._given(X, lengths))
        first = {name: batch.sort(A) for name, A in self._state(state, batch.X.shape[1]).items()}
        traces = self.layers.traces(len(batch.X), batch.X.shape[1], self.dtype)
        reading = self._forward(batch, traces, state=first)
        Y_hat = batch.unsort(self._probabilities(reading))
        last = {name: batch.unsort(A) for name, A in self.layers.final_state(traces).items()}
        return Forward(traces, batch, reading, Y_hat, last, isinstance(self.readout, EveryStep), self._made_of())

    # --------------------------------------------------------------- backward

    def backward(self, forward: Forward, y: Any) -> Backward:
        """Go back through time from a forward pass, and return everything that was computed on the way.

        Parameters
        ----------
        forward : Forward
            As :meth:`forward` of this network returned it, with the parameters it has now.
        y : array_like, shape (m,) or (m, C)
            Integer labels or one-hot rows.

        Returns
        -------
        Backward
            ``loss``, ``gradients``, ``dA`` and ``delta`` of every step, (T, m, H), ``dX`` and ``dstate``.

        Raises
        ------
        ValueError
            If y is not as described, or forward is not this network's, or made with other parameters.

        Notes
        -----
        ``forward`` has a digest of the parameters; making one for each of the two calls takes a millisecond for
        200,000 numbers of float32, and :meth:`loss_and_gradients` makes none.
        """
        self.check_parameters()
        if not isinstance(forward, Forward) or [trace.A.shape[2] for trace in forward.traces] != self.widths[1:]:
            raise ValueError(f"forward is {type(forward).__name__}, expected what this network's forward(X) returned")
        then, now = forward.made_by, self._made_of()
        if not all(map(_alike, then[:-1], now[:-1])):
            raise ValueError(f"forward was made by another network than {self!r}, expected what its own returned")
        if then[-1] != now[-1]:
            raise ValueError("forward was made with other parameters, expected those the network has now: run it again")
        batch, traces = forward.batch, forward.traces
        Y = batch.sort(self._targets(y, len(forward.Y_hat)))
        loss, gradients, dX = self._backward(batch, traces, forward.reading, Y, record=True)
        dA, delta, dX = (batch.unpack(np.array(array)) for array in (traces[-1].dA, traces[-1].delta, dX))
        dstate = {name: batch.unsort(gradient.copy()) for name, gradient in self.layers.dstate(traces).items()}
        return Backward(loss, gradients, dA, delta, dX, dstate)

    def loss_and_gradients(
        self, X: Any, y: Any, lengths: Any = None, *, masks: Masks | None = None, bptt_steps: int | None = None
    ) -> tuple[float, Parameters]:
        """Return the loss of a batch and its gradient in every parameter, by back-propagation through time.

        Parameters
        ----------
        X : array_like, shape (m, T, D)
        y : array_like, shape (m,) or (m, C)
            Integer labels or one-hot rows.
        lengths : array_like of int, shape (m,), optional
            As for :meth:`forward`.
        masks : Masks, optional
            Of dropout, as ``rnn.Dropout(...).draw(m, net.widths, rng)`` returns them.
        bptt_steps : int, optional
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
            the masks do not fit; or if bptt_steps are given and the network is not of one direction of time.
        """
        X, lengths = self._given(X, lengths)
        Y, bptt_steps = self._targets(y, len(X)), self._checked_bptt_steps(bptt_steps)
        masks = fitting(masks, len(X), self.widths, self.dtype)
        return self.step(X, Y, lengths=lengths, masks=masks, bptt_steps=bptt_steps)

    def loss(self, X: Any, y: Any, lengths: Any = None, *, masks: Masks | None = None) -> float:
        """Return the loss of a batch alone, by the forward pass alone.

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
        Y, batch = self._targets(y, len(X)), pack(X, lengths)
        masks = fitting(masks, len(X), self.widths, self.dtype)
        with self._memory(batch) as traces:
            loss, _ = self._loss(self._forward(batch, traces, _sorted(masks, batch)), batch.sort(Y))
        return loss.item()  # type: ignore[no-any-return]  # complex for a complex network

    def step(
        self,
        X: Array,
        Y: Array,
        threads: int = 1,
        *,
        lengths: IntArray | None = None,
        masks: Masks | None = None,
        bptt_steps: int | None = None,
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
        lengths, masks, bptt_steps
            As for :meth:`loss_and_gradients`.

        Returns
        -------
        loss : float
        gradients : dict of ndarray
            With the names and shapes of ``parameters``, in their order.
        """

        def of(rows: slice) -> tuple[float, Parameters]:
            batch = pack(X[rows], None if lengths is None else lengths[rows])
            of_part = None if masks is None else _sorted(masks.of(rows), batch)
            with self._memory(batch) as traces:
                reading = self._forward(batch, traces, of_part)
                return self._backward(batch, traces, reading, batch.sort(Y[rows]), of_part, bptt_steps)[:2]

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

    # ------------------------------------ the formulas; arrays already checked

    def _backward(
        self,
        batch: Packed,
        traces: list[Trace],
        reading: Reading,
        Y: Array,
        masks: Masks | None = None,
        bptt_steps: int | None = None,
        record: bool = False,
    ) -> tuple[float, Parameters, Array | None]:
        loss, dZ = self._loss(reading, Y)  # dZ = (Y_hat - Y) / m
        if dZ.shape != reading.Z.shape:
            raise ValueError(
                f"the head's gradient has shape {dZ.shape}, expected {reading.Z.shape}, that of the logits"
            )
        dR = masked(dZ @ self.parameters["W_ho"], masks, len(self.cells))  # section 2.3, line 1
        dA_T, dA = self.readout.backward(dR, batch)
        gradients, dX = self.layers.backward(
            self.parameters, traces, dA_T, dA, masks, bptt_steps=bptt_steps, record=record, want_dX=record
        )
        H, C = reading.R.shape[-1], self.n_classes
        gradients["W_ho"] = dZ.reshape(-1, C).T @ reading.R.reshape(-1, H)  # section 2.3, line 2
        gradients["b_o"] = dZ.sum((0, 1))
        inputs.check_gradients_fit(gradients, self.parameters, "from back-propagation")
        return loss.item(), {name: gradients[name] for name in self.parameters}, dX

    # --------------------------------------------------- the door and the work

    def _state(self, state: Mapping[str, Any] | None, m: int) -> State:
        """Check states that a pass begins with."""
        shapes = {
            full: (m, cell.hidden)
            for cell, names in zip(self.cells, self.layers.state_names, strict=True)
            for full in names.values()
        }
        return inputs.states(state, shapes, self.dtype)

    def _checked_bptt_steps(self, bptt_steps: Any) -> int | None:
        """Check the steps of truncated back-propagation, or raise a ValueError."""
        if bptt_steps is None:
            return None
        self._check_causal("truncated back-propagation")
        return whole_number(bptt_steps, "bptt_steps", 1)


def _sorted(masks: Masks | None, batch: Packed) -> Masks | None:
    return masks if masks is None or batch.sorted_indices is None else masks.of(batch.sorted_indices)


def _alike(one: Any, other: Any) -> bool:
    """Tell whether parts are equal; where they cannot tell themselves, whether they are of one kind."""
    try:
        return one is other or bool(one == other)
    except ValueError:  # parts with arrays, which have no one answer
        return type(one) is type(other)
