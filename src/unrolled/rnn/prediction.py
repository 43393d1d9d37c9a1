"""What a network says of any number of samples: predictions and measures, in blocks of bounded memory, and streams."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, overload

import numpy as np

from unrolled._support.validation import flag, whole_number
from unrolled.rnn import inputs, measures
from unrolled.rnn.answering import Answering
from unrolled.rnn.arrays import Array, IntArray, State
from unrolled.rnn.engine.blocks import map_blocks, samples_at_a_time
from unrolled.rnn.engine.buffers import Scratch, n_bytes
from unrolled.rnn.engine.trace import Trace
from unrolled.rnn.output.attention import Attention
from unrolled.rnn.output.pooling import Max, MeanMax
from unrolled.rnn.output.readouts import EveryStep, Last, Mean
from unrolled.rnn.passes import Reading
from unrolled.rnn.sound import check_finite_parameters, check_logits, check_numbers
from unrolled.rnn.source import is_source, joined_blocks, unlabeled
from unrolled.rnn.stream import Stream
from unrolled.rnn.targets import Targets


class Predictor(Answering):
    """A network without its way back, which is :class:`Network`'s."""

    @overload
    def predict_proba(
        self, X: Any, lengths: Any = None, *, state: Mapping[str, Any] | None = None, return_state: Literal[False] = ...
    ) -> Array: ...
    @overload
    def predict_proba(
        self, X: Any, lengths: Any = None, *, state: Mapping[str, Any] | None = None, return_state: Literal[True]
    ) -> tuple[Array, State]: ...
    def predict_proba(
        self, X: Any, lengths: Any = None, *, state: Mapping[str, Any] | None = None, return_state: bool = False
    ) -> Any:
        """Return the probability of each class, or of each label; of a sigmoid head rows need not sum to 1.

        Parameters
        ----------
        X : array_like, shape (N, T, D), or whole numbers (N, T), or a list of arrays (L, D), or a source
            Any N; the work is done in blocks of at most 256 samples, and of at most 64 MB for each thread unless one
            sample alone takes more; nothing is kept. A source has its samples block by block
            (:class:`unrolled.rnn.source.Source`), such as a file larger than memory.
        lengths : array_like of int, shape (N,), optional
            As for :meth:`forward`.
        state : mapping of array_like, shape (N, H), optional
            What stands before the first step, as for :meth:`forward`.
        return_state : bool, default False
            Whether to return what goes on from the last step, too.

        Returns
        -------
        Y_hat : ndarray, shape (N, C)
            Of the network's dtype. Of a network of many to many (N, T, C), and 0 after a sample's last step.
        state : dict of ndarray, shape (N, H)
            With ``return_state``, for the next call.

        Raises
        ------
        ValueError
            As :meth:`forward` does; if the network answers with numbers; and if a parameter is infinite or NaN or
            numbers outgrow the dtype on the way.
        """
        if self.answers == "numbers":
            raise ValueError(f"the network answers with {self.head}, which has no probabilities: expected net.predict")
        return self._answered(X, lengths, state, return_state, self._probabilities)

    @overload
    def predict(
        self, X: Any, lengths: Any = None, *, state: Mapping[str, Any] | None = None, return_state: Literal[False] = ...
    ) -> Array: ...
    @overload
    def predict(
        self, X: Any, lengths: Any = None, *, state: Mapping[str, Any] | None = None, return_state: Literal[True]
    ) -> tuple[Array, State]: ...
    def predict(
        self, X: Any, lengths: Any = None, *, state: Mapping[str, Any] | None = None, return_state: bool = False
    ) -> Any:
        """Return the most probable class of each sequence, or of each step; the labels; or the numbers.

        Parameters
        ----------
        X, lengths, state, return_state
            As for :meth:`predict_proba`.

        Returns
        -------
        ndarray of int64, shape (N,)
            Classes from 0: that of the largest logit, of equal ones the first. It is the largest in ``predict_proba``
            too, where two that round to one probability are told apart by the smallest step of the dtype. Of several
            labels at once (N, C), 1 for those whose probability is at least one half. Of numbers (N, K), of the
            network's dtype. Of a network of many to many (N, T), (N, T, C) and (N, T, K); after a sample's last step
            stands no class, -1, no label and the number 0.
        state : dict of ndarray, shape (N, H)
            With ``return_state``, for the next call.

        Raises
        ------
        ValueError
            As :meth:`predict_proba` does.
        """
        return self._answered(X, lengths, state, return_state, self._said)

    def decision_function(self, X: Any, lengths: Any = None) -> Array:
        """Return the logits of each class, which tell apart what probabilities near 0 and 1 round to the same.

        Parameters
        ----------
        X, lengths
            As for :meth:`predict_proba`.

        Returns
        -------
        ndarray, shape (N, C)
            The largest is the class that :meth:`predict` returns. Of a network of many to many (N, T, C).

        Raises
        ------
        ValueError
            As :meth:`predict_proba` does, and if the network averages the probabilities of every step: they are of
            many logits.

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
        found: Array = self._answered(X, lengths, None, False, self._logits)
        return found

    def evaluate(self, X: Any, y: Any, lengths: Any = None, *, sample_weight: Any = None) -> tuple[float, float]:
        """Return the loss and the accuracy, or R^2, on any number of samples.

        Parameters
        ----------
        X : array_like, shape (N, T, D), or whole numbers (N, T)
        y, sample_weight
            As for :meth:`loss_and_gradients`.
        lengths : array_like of int, shape (N,), optional
            As for :meth:`forward`.

        Returns
        -------
        loss : float
            The head's, averaged over the answers.
        accuracy : float
            The fraction of the answers whose most probable class is right; of several labels at once, the fraction of
            the labels that are right. Where answers are numbers, the coefficient of determination R^2 in its place:
            1 for perfect ones, 0 for the mean of y, as ``metrics.r2_score`` has it.

        Raises
        ------
        ValueError
            As :meth:`loss_and_gradients` and :meth:`predict_proba` do.
        """
        self.check_parameters()
        if is_source(X):
            raise ValueError(
                "X is a source, expected arrays: of one, net.predict, or the validation or test samples of rnn.train"
            )
        X, lengths = inputs.padded(X, lengths, self.n_inputs)
        return self._measured(X, self._targets(y, X.shape, lengths, sample_weight), lengths, check_logits).scores

    def measure(self, X: Array, targets: Targets, lengths: IntArray | None = None) -> measures.Measured:
        """Do what :meth:`evaluate` does with samples that were checked before.

        The loss is NaN or infinite where a logit is: in the midst of a training that is no error, but part of its
        history.
        """
        return self._measured(X, targets, lengths, lambda *_: None)

    def _measured(
        self, X: Array, targets: Targets, lengths: IntArray | None, check: Callable[..., None]
    ) -> measures.Measured:
        def of(reading: Reading, part: slice) -> list[measures.Measured]:
            check(reading.Z, reading.weights, self.parameters, part.start)
            of_part = None if lengths is None else lengths[part]
            return [self._score(reading, self._said(reading), targets.of(part), X[part].shape, of_part)]

        return measures.joined([each for found in self._blocks(X, lengths, of) for each in found])

    def _score(
        self, reading: Reading, said: Array, some: Targets, shape: tuple[int, ...], lengths: IntArray | None
    ) -> measures.Measured:
        """Measure what was said of some samples of this shape, and what their logits cost."""
        rows, weights = some.rows(reading.Z.dtype), None if some.weights is None else self._in_time(some.weights)
        amount = self.amount(shape, lengths, some.weights)
        if not amount:
            return measures.Measured(0.0, 0.0)
        loss = float(self._loss(reading, self._in_time(rows), weights)[0].real)
        if self.answers == "numbers":
            K = said.shape[-1]
            each = self._counts(reading) if some.weights is None else some.weights
            return measures.numbers(loss, said.real.reshape(-1, K), rows.real.reshape(-1, K), each.ravel())
        right = said == some.labels() if self.answers == "class" else (said == (some.y >= 0.5)).mean(-1)
        if some.weights is not None:
            right = right * some.weights
        elif lengths is not None and right.ndim == 2:
            right = right * self._counts(reading)
        return measures.Measured(amount, loss, float(right.sum()))

    def read(self, X: Array, lengths: IntArray | None, first: int) -> tuple[Array, Array, Array]:
        """Return what the network says of samples that were checked before, and the logits that it says it of.

        Parameters
        ----------
        X : ndarray, shape (N, T, D), or of whole numbers (N, T)
        lengths : ndarray of int, shape (N,), or None
        first : int
            From where messages count samples.

        Returns
        -------
        Y_hat : ndarray, shape (N, C) or (N, T, C)
            The probabilities, or the numbers.
        Z : ndarray, shape (K, N, C)
            Logits.
        weights : ndarray, shape (K, N)
            How much each counts.

        Raises
        ------
        ValueError
            As :meth:`predict_proba` does.
        """

        def of(reading: Reading, part: slice) -> tuple[Array, Array, Array]:
            check_logits(reading.Z, reading.weights, self.parameters, first + part.start)
            return self._probabilities(reading), reading.Z, reading.weights

        Y_hat, Z, weights = zip(*self._blocks(X, lengths, of, first_sample=first), strict=True)
        return np.concatenate(Y_hat), np.concatenate(Z, 1), np.concatenate(weights, 1)

    def stream(self, n_samples: int | None = None, *, state: Mapping[str, Any] | None = None) -> Stream:
        """Return a stream: fed one step at a time, it returns the answer as of now, in constant memory.

        Parameters
        ----------
        n_samples : int, optional
            How many sequences are fed side by side; by default one, whose steps and answers have no axis for it.
        state : mapping of array_like, shape (n_samples, H), optional
            What stands before the first step, as for :meth:`forward`; ``n_samples`` is 1 by default.

        Returns
        -------
        Stream
            With the parameters of now; ``stream.feed(x)`` takes x (D,) and returns Y_hat (C,).

        Raises
        ------
        ValueError
            If a cell needs the whole sequence, as one that reads backwards does, the state is not as described, or a
            parameter is infinite or NaN.
        """
        self.check_parameters()
        check_finite_parameters(self.parameters)
        self._check_causal("a stream")
        if (state is not None or self.initial_state != "zero") and not self.layers.take_state:
            raise ValueError(f"a cell among {self.cells} has states without a state, expected one for a stream from it")
        if self.stack.k > 1 and not self.layers.take_state:
            raise ValueError(f"a cell among {self.cells} has states without a state, expected one behind {self.stack}")
        m = 1 if n_samples is None else whole_number(n_samples, "n_samples", 1)
        return Stream(self.copy(), m, self._state(state, m), single=n_samples is None)

    # --------------------------------------------------- the door and the work

    def _answered(
        self,
        X: Any,
        lengths: Any,
        state: Mapping[str, Any] | None,
        return_state: bool,
        function: Callable[[Reading], Array],
    ) -> Any:
        """Return what a function makes of what the head reads of any number of samples."""
        flag(return_state, "return_state")
        if is_source(X, lengths):
            if state is not None or return_state:
                raise ValueError("state was given or asked for with a source, expected arrays X for a state")
            found = [self._answered(*block, None, False, function) for block in unlabeled(X)]
            return joined_blocks(found)
        X, lengths = inputs.padded(X, lengths, self.n_inputs)
        self.check_parameters()
        first = None if state is None else self._state(state, len(X))
        ends: dict[int, State] | None = {} if return_state else None

        def checked_first(reading: Reading, part: slice) -> Array:
            check_logits(reading.Z, reading.weights, self.parameters, part.start)
            answers = function(reading)
            if self.answers == "numbers":
                check_numbers(answers, part.start)
            return answers

        answers = np.concatenate(self._blocks(X, lengths, checked_first, first, ends))
        if ends is None:
            return answers
        return answers, {name: np.concatenate([ends[n][name] for n in sorted(ends)]) for name in self._state_shapes()}

    def _blocks(
        self,
        X: Array,
        lengths: IntArray | None,
        function: Callable[[Reading, slice], Any],
        state: State | None = None,
        ends: dict[int, State] | None = None,
        first_sample: int = 0,
    ) -> list[Any]:
        """Call a function on what the head reads of each block of samples, in the caller's order.

        The states that ``ends`` is given are those after the last step of each block, by its first sample.
        The memory of the blocks goes with the call: a prediction is no training, which needs it again at once.
        """
        self.check_parameters()
        scratch: Scratch[list[Trace]] = Scratch(size=1)
        begun = state is not None or ends is not None or self.initial_state != "zero"
        forgets = (  # no step but the last is needed
            lengths is None and all(cell.causal for cell in self.cells) and (self.layers.take_state or not begun)
        )

        def block(part: slice) -> Any:
            rounded = inputs.rounded(X[part], self.dtype, first=first_sample + part.start)
            batch = self._pack(rounded, None if lengths is None else lengths[part])
            first = {} if state is None else {name: A[part] for name, A in state.items()}
            first = self._first(first, len(rounded))
            with np.errstate(over="ignore", invalid="ignore"):  # as Cell.states asks; what became of it is looked at
                if forgets:
                    states = self.layers.split_state(first) if first or ends is not None else None
                    steps = batch.X if batch.X.ndim == 3 else self._one_hot(batch.X)
                    A = self.layers.states(self.parameters, steps, len(rounded), states)
                    gathered = self.reader.gather(A, batch)
                    if ends is not None and states is not None:
                        ends[part.start] = {name: A.copy() for name, A in self.layers.named(states).items()}
                    return function(self._read(*gathered), part)
                first = {name: batch.sort(A) for name, A in first.items()}
                with self._memory(batch, scratch) as traces:
                    reading = self._forward(batch, traces, state=first)
                    if ends is not None:
                        ends[part.start] = self._final(batch, traces)
                    return function(self._as_given(batch, reading), part)

        return map_blocks(block, len(X), self._width, samples_at_a_time(self._bytes_of_sample(X.shape[1], forgets)))

    def _one_hot(self, X: Array) -> Iterator[Array]:
        """Iterate over the steps of symbols (T, m), each as rows (m, D)."""
        rows = np.eye(self.n_inputs, dtype=self.dtype)
        return (rows[x] for x in X)

    def _bytes_of_sample(self, T: int, forgets: bool) -> int:
        """Return how many bytes the arrays have that the prediction of a sequence of T steps fills in."""
        T, widths = self.stack.n_steps(T), self.widths
        numbers = 2 * widths[0]  # the inputs, rounded and packed
        if not forgets:
            numbers += 3 * max(widths)  # what goes from layer to layer
        if not isinstance(self.readout, (Last, Mean, Max, MeanMax, Attention)):
            numbers += widths[-1] + 6 * len(self.parameters["b_o"])  # all that the head reads and says
        of_traces = 0 if forgets else n_bytes(self.layers.traces(T, 1, self.dtype))
        return of_traces + T * numbers * self.dtype.itemsize
