"""Networks that read a sequence and answer once, at its end."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from unrolled.rnn.answering import untied
from unrolled.rnn.arrays import Array, IntArray
from unrolled.rnn.cells import Cell
from unrolled.rnn.engine.packing import Packed
from unrolled.rnn.initializers import Initializer, xavier_normal
from unrolled.rnn.model import InitialState
from unrolled.rnn.network import Network
from unrolled.rnn.output.heads import Head
from unrolled.rnn.output.readouts import Readout
from unrolled.rnn.passes import Reading
from unrolled.rnn.stacking import Stack


class ManyToOne(Network):
    """A network that reads a sequence and names its class: cells, a linear readout of their states, a head.

    Parameters
    ----------
    cell : Tanh, ReLU, LSTM, GRU or Bidirectional, or a sequence of them
        The recurrence, or several, each reading the states of the one before; a ``Stack`` may stand in front.
    n_inputs : int
        D, features a step.
    n_classes : int, optional
        C, at least 2: the network names one class of so many (or several labels, with ``Sigmoid(multilabel=True)``).
    n_outputs : int, optional
        K, at least 1: the network answers with so many numbers. Of ``n_classes`` and ``n_outputs`` exactly one.
    readout : Last, Mean, Max, MeanMax, Attention or EveryStep, default Last()
        Which of the last cell's states the head reads.
    head : Sigmoid or Softmax, default Sigmoid(); for numbers Linear or Poisson, default Linear()
        Probabilities, or numbers, and their loss.
    initializer : callable, or mapping of str to callable, default ``xavier_normal``
        ``f(shape, rng) -> array`` for every weight matrix, gate by gate; or one for each weight that the cells have,
        such as ``{"W_hh": orthogonal}``, in all layers and directions (what is not named is ``xavier_normal``).
        Biases begin at 0, but for the LSTM's ``forget_bias``.
    initial_state : {"zero", "learned"}, default "zero"
        What stands before the first step where no state is given: 0, or parameters ``A_0`` (H,), of an LSTM ``C_0``,
        of every layer and direction, which begin at 0 and are trained with the others.
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
        As given; cells is a tuple, without the Stack.
    stack : Stack
        How many steps become one in front of the cells; ``Stack(k=1)`` where none was given.
    n_inputs : int
    n_classes, n_outputs : int or None

    See Also
    --------
    ManyToMany : Answers at every step.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne([rnn.GRU(32), rnn.GRU(32)], n_inputs=3, n_classes=6, head=rnn.Softmax(), rng=0)
    >>> net.predict_proba(np.zeros((2, 150, 3))).shape
    (2, 6)
    >>> net = rnn.ManyToOne(rnn.GRU(32), n_inputs=3, n_outputs=1, rng=0)
    >>> net.predict(np.zeros((2, 150, 3))).shape
    (2, 1)
    """

    answers_once: ClassVar[bool] = True

    def __init__(
        self,
        cell: Cell | Sequence[Cell | Stack],
        n_inputs: int,
        n_classes: int | None = None,
        *,
        n_outputs: int | None = None,
        readout: Readout | None = None,
        head: Head | None = None,
        initializer: Initializer | Mapping[str, Initializer] = xavier_normal,
        initial_state: InitialState = "zero",
        rng: int | np.random.Generator | None = None,
        dtype: Any = np.float32,
    ) -> None:
        self._assemble(
            cell, n_inputs, n_classes, n_outputs=n_outputs, readout=readout, head=head, initial_state=initial_state
        )
        self._draw(initializer, rng, dtype)

    # ------------------------------------------ where answers stand in time

    def _asked_in_all(self, reading: Reading, weights: Array | None) -> float:
        return reading.Z.shape[1] if weights is None else float(weights.sum())

    def amount(self, shape: tuple[int, ...], lengths: IntArray | None, weights: Array | None) -> float:
        """Return how much the answers to samples of this shape, (N, T, ...), count together."""
        del lengths  # of which an answer at the end does not depend
        return shape[0] if weights is None else float(weights.sum())

    def _probabilities(self, reading: Reading) -> Array:
        Y_hat = self.head.probabilities(reading.Z)
        if len(Y_hat) > 1:
            return np.asarray(np.einsum("kmc,km->mc", Y_hat, reading.weights))
        return untied(np.asarray(Y_hat[0]), reading.Z[0]) if self.answers == "class" else np.asarray(Y_hat[0])

    def _logits(self, reading: Reading) -> Array:
        return np.asarray(reading.Z[0])

    def _classes(self, reading: Reading) -> IntArray:
        scores = reading.Z[0] if len(reading.Z) == 1 else self._probabilities(reading)
        return np.asarray(scores.real.argmax(1), np.int64)

    def _in_time(self, rows: Array) -> Array:
        return rows

    def _packed(self, batch: Packed, rows: Array) -> Array:
        return batch.sort(rows)

    def _unpacked(self, batch: Packed, rows: Array) -> Array:
        return batch.unsort(rows)

    def _as_given(self, batch: Packed, reading: Reading) -> Reading:
        return Reading(*(batch.unsort(each, axis=1) for each in vars(reading).values()))

    def _counts(self, reading: Reading) -> Array:
        return np.ones(reading.Z.shape[1])

    def _axes(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return shape[:1]
