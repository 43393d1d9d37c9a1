"""What a network says of sequences: the forward pass, and predictions of any number of samples."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from unrolled.rnn import inputs
from unrolled.rnn.arrays import Array, IntArray, State
from unrolled.rnn.cells.stack import masked
from unrolled.rnn.dropout import Masks
from unrolled.rnn.engine.blocks import map_blocks
from unrolled.rnn.engine.packing import Packed, pack
from unrolled.rnn.engine.trace import Trace
from unrolled.rnn.model import Model
from unrolled.rnn.output.class_weights import BALANCED
from unrolled.rnn.output.readouts import EveryStep
from unrolled.rnn.passes import Reading
from unrolled.rnn.sound import check_finite_parameters, check_logits
from unrolled.rnn.source import is_source, unlabelled
from unrolled.rnn.stream import Stream


class Predictor(Model):
    """A network without its way back, which is :class:`ManyToOne`'s."""

    def predict_proba(self, X: Any, lengths: Any = None) -> Array:
        """Return the probability of each class; of a sigmoid head rows need not sum to 1.

        Parameters
        ----------
        X : array_like, shape (N, T, D), or a source
            Any N; the work is done in blocks of bounded memory. A source has its samples block by block
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
            As :meth:`forward` does, and if a parameter is infinite or NaN or numbers outgrow the dtype on the way.
        """
        if is_source(X, lengths):
            return np.concatenate([self.predict_proba(*block) for block in unlabelled(X)])
        return self._predicted(X, lengths, self._probabilities)

    def predict(self, X: Any, lengths: Any = None) -> IntArray:
        """Return the most probable class of each sequence.

        Parameters
        ----------
        X, lengths
            As for :meth:`predict_proba`.

        Returns
        -------
        ndarray of int64, shape (N,)
            From 0; the class of the largest logit, of equal ones the first. It is the largest in ``predict_proba``
            too, where two that round to one probability are told apart by the smallest step of the dtype.

        Raises
        ------
        ValueError
            As :meth:`predict_proba` does.
        """
        if is_source(X, lengths):
            return np.concatenate([self.predict(*block) for block in unlabelled(X)])
        return self._predicted(X, lengths, self._classes)

    def decision_function(self, X: Any, lengths: Any = None) -> Array:
        """Return the logits of each class, which tell apart what probabilities near 0 and 1 round to the same.

        Parameters
        ----------
        X, lengths
            As for :meth:`predict_proba`.

        Returns
        -------
        ndarray, shape (N, C)
            The largest is the class that :meth:`predict` returns.

        Raises
        ------
        ValueError
            As :meth:`predict_proba` does, and if the network reads every step: it averages the probabilities of many
            logits.

        See Also
        --------
        predict_proba : The probabilities they are of.

        Examples
        --------
        >>> import numpy as np
        >>> from unrolled import rnn
        >>> net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=2, rng=0)
        >>> net.parameters["b_o"][:] = 20, 30  # whose sigmoids are both 1 in float32
        >>> net.decision_function(np.zeros((1, 5, 3))).tolist()
        [[20.0, 30.0]]
        """
        if isinstance(self.readout, EveryStep):
            raise ValueError(
                f"the readout is {self.readout}, which has logits at every step, expected one with a single logit a "
                "class: predict_proba returns the average of their probabilities"
            )
        if is_source(X, lengths):
            return np.concatenate([self.decision_function(*block) for block in unlabelled(X)])
        return self._predicted(X, lengths, lambda reading: reading.Z[0])

    def evaluate(self, X: Any, y: Any, lengths: Any = None) -> tuple[float, float]:
        """Return the loss and the accuracy on any number of samples, in blocks of bounded memory.

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
            The head's loss, averaged over the samples, and the fraction whose most probable class is right.

        Raises
        ------
        ValueError
            As :meth:`loss_and_gradients` and :meth:`predict_proba` do.
        """
        self.check_parameters()
        X, lengths = inputs.padded(X, lengths, self.n_inputs)
        labels = inputs.labels(y, self.n_classes, len(X))
        return self._measured(X, labels, lengths, check_logits)

    def measure(self, X: Array, labels: IntArray, lengths: IntArray | None = None) -> tuple[float, float]:
        """Do what :meth:`evaluate` does with samples that were checked before, labels (N,) from 0 to C - 1.

        The loss is NaN or infinite where a logit is: in the midst of a training that is no error, but part of its
        history.
        """
        return self._measured(X, labels, lengths, lambda *_: None)

    def _measured(
        self, X: Array, labels: IntArray, lengths: IntArray | None, check: Callable[..., None]
    ) -> tuple[float, float]:
        Y = inputs.one_hot(labels, self.n_classes, self.dtype)

        def scores(reading: Reading, part: slice) -> Array:
            check(reading.Z, reading.weights, self.parameters, part.start)
            loss, _ = self._loss(reading, Y[part])
            right = np.count_nonzero(self._classes(reading) == labels[part])
            return np.array([float(loss.real) * len(Y[part]), right])

        total = np.sum(self._blocks(X, lengths, scores), axis=0) / len(X)
        return float(total[0]), float(total[1])

    def stream(self) -> Stream:
        """Return a stream: fed one step at a time, it returns the probabilities as of now, in constant memory.

        Returns
        -------
        Stream
            With the parameters of now; ``stream.feed(x)`` takes x (D,) and returns Y_hat (C,).

        Raises
        ------
        ValueError
            If a cell needs the whole sequence, as one that reads backwards does, or a parameter is infinite or NaN.
        """
        self.check_parameters()
        check_finite_parameters(self.parameters)
        self._check_causal("a stream")
        parameters = {name: W.copy() for name, W in self.parameters.items()}
        W, b, probabilities = parameters["W_ho"].T.copy(), parameters["b_o"], self.head.probabilities
        return Stream(
            self.n_inputs,
            self.dtype,
            lambda steps: self.layers.states(parameters, steps, 1),
            self.readout.so_far(lambda A: probabilities(A @ W + b)),
            self.readout.longest,
        )

    # ------------------------------------ the formulas; arrays already checked

    def _forward(
        self, batch: Packed, traces: list[Trace], masks: Masks | None = None, state: State | None = None
    ) -> Reading:
        self.layers.forward(self.parameters, batch, traces, masks, state)  # (1)
        R, weights = self.readout.read(traces[-1].A, traces[-1].A_T, batch)
        return self._read(masked(R, masks, len(self.cells)), weights)

    def _read(self, R: Array, weights: Array) -> Reading:
        return Reading(R, R @ self.parameters["W_ho"].T + self.parameters["b_o"], weights)  # (2), but for the sigmoid

    def _loss(self, reading: Reading, Y: Array) -> tuple[Array, Array]:
        weights = reading.weights / reading.weights.dtype.type(Y.shape[0])
        if self.head.class_weights is not None:
            if self.head.class_weights == BALANCED:
                raise ValueError("the head's class_weights are 'balanced', expected numbers: rnn.train makes them such")
            weights = weights * (Y.real @ np.array(self.head.class_weights, weights.dtype))
        return self.head.loss(reading.Z, np.broadcast_to(self.head.targets(Y), reading.Z.shape), weights)  # (3)

    def _probabilities(self, reading: Reading) -> Array:
        Y_hat = self.head.probabilities(reading.Z)
        if len(Y_hat) > 1:
            return np.asarray(np.einsum("kmc,km->mc", Y_hat, reading.weights))
        return untied(np.asarray(Y_hat[0]), reading.Z[0])

    def _classes(self, reading: Reading) -> IntArray:
        scores = reading.Z[0] if len(reading.Z) == 1 else self._probabilities(reading)
        return np.asarray(scores.real.argmax(1), np.int64)

    # --------------------------------------------------- the door and the work

    def _predicted(self, X: Any, lengths: Any, function: Callable[[Reading], Array]) -> Array:
        """Check samples, and call a function on what the head reads of them, if it is finite."""
        X, lengths = inputs.padded(X, lengths, self.n_inputs)

        def checked(reading: Reading, part: slice) -> Array:
            check_logits(reading.Z, reading.weights, self.parameters, part.start)
            return function(reading)

        return np.concatenate(self._blocks(X, lengths, checked))

    def _blocks(self, X: Array, lengths: IntArray | None, function: Callable[[Reading, slice], Array]) -> list[Array]:
        """Call a function on what the head reads of each block of samples, in the caller's order."""
        self.check_parameters()
        forgets = lengths is None and all(cell.causal for cell in self.cells)  # no step but the last is needed

        def block(part: slice) -> Array:
            rounded = inputs.rounded(X[part], self.dtype, first=part.start)
            batch = pack(rounded, None if lengths is None else lengths[part])
            with np.errstate(over="ignore", invalid="ignore"):  # as Cell.states asks; what became of it is looked at
                if forgets:
                    states = self.layers.states(self.parameters, batch.X, len(rounded))
                    return function(self._read(*self.readout.gather(states, batch)), part)
                with self._memory(batch) as traces:
                    reading = self._forward(batch, traces)
                    return function(Reading(*(batch.unsort(a, axis=1) for a in vars(reading).values())), part)

        return map_blocks(block, len(X), self._width)

    def _memory(self, batch: Packed) -> AbstractContextManager[list[Trace]]:
        T, m, _ = batch.X.shape
        return self._scratch.take((m, T, self.dtype), lambda: self.layers.traces(T, m, self.dtype))

    def _given(self, X: Any, lengths: Any) -> tuple[Array, IntArray | None]:
        self.check_parameters()
        X, lengths = inputs.padded(X, lengths, self.n_inputs)
        return inputs.rounded(X, self.dtype), lengths

    def _targets(self, y: Any, n_samples: int) -> Array:
        return inputs.one_hot(inputs.labels(y, self.n_classes, n_samples), self.n_classes, self.dtype)

    def _check_causal(self, what: str) -> None:
        for cell in self.cells:
            if not cell.causal:
                raise ValueError(f"the network has {cell}, expected cells of one direction of time for {what}")


def untied(Y_hat: Array, Z: Array) -> Array:
    """Return probabilities (m, C) whose largest is the largest logit's, where rounding made others as large.

    Those are a step of the dtype smaller then, or where all are 0 the largest is one step above: rounding again.
    """
    top = Z.real.argmax(1)
    rows = np.flatnonzero(Y_hat.real.argmax(1) != top)
    if rows.size and Y_hat.dtype.kind == "f":
        Y_hat, zero = Y_hat.copy(), Y_hat.dtype.type(0)
        for row in rows:
            largest = max(Y_hat[row, top[row]], np.nextafter(zero, zero + 1))
            Y_hat[row] = np.minimum(Y_hat[row], np.nextafter(largest, zero))
            Y_hat[row, top[row]] = largest
    return Y_hat
