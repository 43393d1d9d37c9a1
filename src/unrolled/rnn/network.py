"""Recurrences, a readout of their states and a head, put together: what a network computes."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from unrolled._support.blas_threads import map_threads, split_batch
from unrolled._support.validation import whole_number
from unrolled.rnn import inputs
from unrolled.rnn.arrays import Array, IntArray, Parameters, State
from unrolled.rnn.cells.stack import masked
from unrolled.rnn.dropout import Masks, fitting
from unrolled.rnn.engine.packing import Packed
from unrolled.rnn.engine.trace import Trace
from unrolled.rnn.model import first_state
from unrolled.rnn.output import attention
from unrolled.rnn.output.readouts import EachStep, EveryStep
from unrolled.rnn.passes import Backward, Forward, Reading
from unrolled.rnn.prediction import Predictor
from unrolled.rnn.stacking import unpack_inputs


class Network(Predictor):
    """What :class:`ManyToOne` and :class:`ManyToMany` have in common: all but where in time their answers stand.

    See Also
    --------
    ManyToOne : One answer to a sequence.
    ManyToMany : An answer at every step, with an example.
    """

    # ---------------------------------------------------------------- forward

    def forward(self, X: Any, lengths: Any = None, *, state: Mapping[str, Any] | None = None) -> Forward:
        """Run a batch and return everything that was computed on the way.

        Parameters
        ----------
        X : array_like, shape (m, T, D), or whole numbers (m, T)
            Whole numbers are symbols from 0 to D - 1, each of which stands for a row with a one among zeros.
        lengths : array_like of int, shape (m,), optional
            How many steps each sample has, from 1 to T; what stands after them is not read. All T by default.
        state : mapping of array_like, shape (m, H), optional
            What stands before the first step, such as the ``state`` another pass left; where it is not given 0, or
            what the network has learned with ``initial_state="learned"``.

        Returns
        -------
        Forward
            ``X`` (T, m, D), ``A`` (T + 1, m, H), ``logits`` and ``Y_hat`` (m, C), ``state``, and ``traces``; of a
            network of many to many ``logits`` and ``Y_hat`` are (T, m, C), time first as the others.

        Raises
        ------
        ValueError
            If X, lengths or a state has another shape, is empty, or is not finite, or a length is out of range.
        """
        batch = self._pack(*self._given(X, lengths))
        m = batch.X.shape[1]
        given = self._state(state, m)
        first = {name: batch.sort(A) for name, A in self._first(given, m).items()}
        traces = self.layers.traces(len(batch.X), m, self.dtype)
        reading = self._forward(batch, traces, state=first)
        Y_hat = self._unpacked(batch, self._probabilities(reading))
        last = {name: batch.unsort(A) for name, A in self.layers.final_state(traces).items()}
        every_step = isinstance(self.readout, EveryStep | EachStep)
        return Forward(traces, batch, reading, Y_hat, last, every_step, self._made_of(), frozenset(given))

    # --------------------------------------------------------------- backward

    def backward(self, forward: Forward, y: Any, sample_weight: Any = None) -> Backward:
        """Go back through time from a forward pass, and return everything that was computed on the way.

        Parameters
        ----------
        forward : Forward
            As :meth:`forward` of this network returned it, with the parameters it has now.
        y, sample_weight
            As for :meth:`loss_and_gradients`.

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
        lengths = None if batch.lengths is None else batch.unsort(batch.lengths)
        asked = self._targets(y, (batch.X.shape[1], batch.n_steps), lengths, sample_weight)
        Y, weights = self._asked(batch, asked.rows(self.dtype), asked.weights)
        loss, gradients, dX = self._backward(
            batch, traces, forward.reading, Y, weights, given=forward.given_state, record=True
        )
        dA, delta = (batch.unpack(np.array(array)) for array in (traces[-1].dA, traces[-1].delta))
        dX = unpack_inputs(batch, np.array(dX))
        dstate = {name: batch.unsort(gradient.copy()) for name, gradient in self.layers.dstate(traces).items()}
        return Backward(loss, gradients, dA, delta, dX, dstate)

    def loss_and_gradients(
        self,
        X: Any,
        y: Any,
        lengths: Any = None,
        *,
        sample_weight: Any = None,
        state: Mapping[str, Any] | None = None,
        masks: Masks | None = None,
        bptt_steps: int | None = None,
    ) -> tuple[float, Parameters]:
        """Return the loss of a batch and its gradient in every parameter, by back-propagation through time.

        Parameters
        ----------
        X : array_like, shape (m, T, D), or whole numbers (m, T)
        y : array_like, shape (m,) or (m, C)
            Integer labels or one-hot rows; of several labels at once, rows of numbers from 0 to 1; of
            ``Softmax(soft_targets=True)`` rows of probabilities. Where answers are numbers (m, K), or (m,) for one.
            Of a network of many to many the same for each step, (m, T) or (m, T, C).
        lengths : array_like of int, shape (m,), optional
            As for :meth:`forward`. What stands in y after a sample's last step is not read.
        sample_weight : array_like, shape (m,), optional
            What each sample counts, 0 or more, not all 0; of a network of many to many also (m, T), what each step
            does, 0 where nothing is asked. The loss is the weighted mean: weights are divided by their sum.
        state : mapping of array_like, shape (m, H), optional
            As for :meth:`forward`; a constant, through which no gradient goes.
        masks : Masks, optional
            Of dropout, as ``rnn.Dropout(...).draw(m, net.widths, rng)`` returns them.
        bptt_steps : int, optional
            Truncated back-propagation: the sequence falls into windows of so many steps, counted from its end; the
            states go on from each to the next, and the gradient stays within each.

        Returns
        -------
        loss : float
            The head's loss, such as equation (3), averaged over the answers; complex for a complex network.
        gradients : dict of ndarray
            With the names and shapes of ``parameters``, in their order.

        Raises
        ------
        ValueError
            If X, y or lengths has another shape, is empty, is not finite, or holds labels or lengths out of range; if
            the masks do not fit; or if bptt_steps are given and the network is not of one direction of time.
        """
        X, lengths = self._given(X, lengths)
        asked, bptt_steps = self._targets(y, X.shape, lengths, sample_weight), self._checked_bptt_steps(bptt_steps)
        masks = fitting(masks, len(X), self.widths, self.dtype)
        return self.step(
            X,
            asked.rows(self.dtype),
            lengths=lengths,
            weights=asked.weights,
            state=self._state(state, len(X)),
            masks=masks,
            bptt_steps=bptt_steps,
        )

    def loss(
        self,
        X: Any,
        y: Any,
        lengths: Any = None,
        *,
        sample_weight: Any = None,
        state: Mapping[str, Any] | None = None,
        masks: Masks | None = None,
    ) -> float:
        """Return the loss of a batch alone, by the forward pass alone.

        Parameters
        ----------
        X, y, lengths, sample_weight, state, masks
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
        asked, batch = self._targets(y, X.shape, lengths, sample_weight), self._pack(X, lengths)
        masks = fitting(masks, len(X), self.widths, self.dtype)
        first = {name: batch.sort(A) for name, A in self._first(self._state(state, len(X)), len(X)).items()}
        Y, weights = self._asked(batch, asked.rows(self.dtype), asked.weights)
        with self._memory(batch) as traces:
            loss, _ = self._loss(self._forward(batch, traces, _sorted(masks, batch), first), Y, weights)
        return loss.item()  # type: ignore[no-any-return]  # complex for a complex network

    def step(
        self,
        X: Array,
        Y: Array,
        threads: int = 1,
        *,
        lengths: IntArray | None = None,
        weights: Array | None = None,
        state: State | None = None,
        masks: Masks | None = None,
        bptt_steps: int | None = None,
        final_state: State | None = None,
    ) -> tuple[float, Parameters]:
        """Do what :meth:`loss_and_gradients` does with arrays that are known to be right; nothing is checked.

        Parameters
        ----------
        X : ndarray, shape (m, T, D), of the network's dtype, or symbols (m, T)
            Where a sample has no step, finite.
        Y : ndarray, shape (m, C) or (m, T, C), of the network's dtype
            Rows: one-hot, or numbers.
        threads : int, default 1
            Large batches are divided among so many threads; the sums over their parts round differently.
        weights : ndarray, shape (m,) or (m, T), optional
            What each answer counts; 0 where a sample has no step.
        lengths, state, masks, bptt_steps
            As for :meth:`loss_and_gradients`.
        final_state : dict, optional
            It is given what goes on from each sample's last step, arrays (m, H).

        Returns
        -------
        loss : float
        gradients : dict of ndarray
            With the names and shapes of ``parameters``, in their order.
        """
        parts = split_batch(len(X), self._width, threads)
        begun = state is not None or self.initial_state != "zero"
        ends: list[State] = [{}] * len(parts)

        def of(n: int) -> tuple[float, Parameters]:
            rows = parts[n]
            batch = self._pack(X[rows], None if lengths is None else lengths[rows])
            of_part = None if masks is None else _sorted(masks.of(rows), batch)
            given: State = {}
            first: State | None = None
            if begun:
                given = {name: A[rows] for name, A in (state or {}).items()}
                first = {name: batch.sort(A) for name, A in self._first(given, batch.X.shape[1]).items()}
            Y_part = self._packed(batch, Y[rows])
            weights_part = None if weights is None else self._packed(batch, weights[rows])
            with self._memory(batch) as traces:
                reading = self._forward(batch, traces, of_part, first)
                if final_state is not None:
                    ends[n] = self._final(batch, traces)
                return self._backward(batch, traces, reading, Y_part, weights_part, of_part, bptt_steps, given)[:2]

        outcomes = [of(0)] if len(parts) == 1 else map_threads(of, range(len(parts)), threads)
        if final_state is not None:
            final_state.update({name: np.concatenate([end[name] for end in ends]) for name in ends[0]})
        if len(parts) == 1:
            return outcomes[0]
        # A mean over the batch is the mean of the parts' means, weighted by how much they count.
        amounts = [self.amount_of(X, lengths, weights, part) for part in parts]
        total = sum(amounts) or 1
        shares = [amount / total for amount in amounts]
        loss, gradients = shares[0] * outcomes[0][0], outcomes[0][1]
        for name, gradient in gradients.items():
            gradient *= gradient.dtype.type(shares[0])
            for share, (_, others) in zip(shares[1:], outcomes[1:], strict=True):
                gradient += others[name] * gradient.dtype.type(share)
        return loss + sum(w * other for w, (other, _) in zip(shares[1:], outcomes[1:], strict=True)), gradients

    def amount_of(self, X: Array, lengths: IntArray | None, weights: Array | None, part: slice) -> float:
        """Return how much the answers to some of the samples count together."""
        return self.amount(
            X[part].shape, None if lengths is None else lengths[part], None if weights is None else weights[part]
        )

    # ------------------------------------ the formulas; arrays already checked

    def _backward(
        self,
        batch: Packed,
        traces: list[Trace],
        reading: Reading,
        Y: Array,
        weights: Array | None = None,
        masks: Masks | None = None,
        bptt_steps: int | None = None,
        given: Collection[str] = (),
        record: bool = False,
    ) -> tuple[float, Parameters, Array | None]:
        loss, dZ = self._loss(reading, Y, weights)  # dZ = (Y_hat - Y) / m
        if dZ.shape != reading.Z.shape:
            raise ValueError(
                f"the head's gradient has shape {dZ.shape}, expected {reading.Z.shape}, that of the logits"
            )
        dR = masked(dZ @ self.parameters["W_ho"], masks, len(self.cells))  # section 2.3, line 1
        reader = self.reader
        A = self._states_read(traces[-1])
        dA_T, dA = reader.backward(dR, A, batch)
        gradients, dX = self.layers.backward(
            self.parameters, traces, dA_T, dA, masks, bptt_steps=bptt_steps, record=record, want_dX=record
        )
        W, C = reading.R.shape[-1], self.n_logits
        gradients |= attention.gradients(reader, dR, A, batch)
        gradients["W_ho"] = dZ.reshape(-1, C).T @ reading.R.reshape(-1, W)  # section 2.3, line 2
        gradients["b_o"] = dZ.sum((0, 1))
        if self.initial_state == "learned":  # all samples begin there, but for those whose state was given
            for name, dstate in self.layers.dstate(traces).items():
                gradients[first_state(name)] = dstate.sum(0) * (name not in given)
        inputs.check_gradients_fit(gradients, self.parameters, "from back-propagation")
        return loss.item(), {name: gradients[name] for name in self.parameters}, dX

    # --------------------------------------------------- the door and the work

    def _asked(self, batch: Packed, Y: Array, weights: Array | None) -> tuple[Array, Array | None]:
        """Return rows of targets and what they count as the head reads them of a batch."""
        return self._packed(batch, Y), None if weights is None else self._packed(batch, weights)

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
