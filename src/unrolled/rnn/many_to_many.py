"""Networks that answer at every step of a sequence."""

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
from unrolled.rnn.output.readouts import EachStep
from unrolled.rnn.passes import Reading


class ManyToMany(Network):
    """A network that answers at every step of a sequence: a class, several labels, or numbers.

    Parameters
    ----------
    cell : Tanh, ReLU, LSTM, GRU or Bidirectional, or a sequence of them
        The recurrence, or several, each reading the states of the one before.
    n_inputs : int
        D, features a step.
    n_classes : int, optional
        C, at least 2: the network names one class of so many (or several labels, with ``Sigmoid(multilabel=True)``).
    n_outputs : int, optional
        K, at least 1: the network answers with so many numbers. Of ``n_classes`` and ``n_outputs`` exactly one.
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
    cells, head
        As given; cells is a tuple.
    n_inputs : int
    n_classes, n_outputs : int or None

    See Also
    --------
    ManyToOne : Answers once, at the end.

    Notes
    -----
    The loss is the mean over all steps that the samples of a batch have, each counting alike, or ``sample_weight``:
    0 where nothing is asked, as before a delay is over.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> X = np.zeros((2, 150, 3))
    >>> net = rnn.ManyToMany(rnn.LSTM(32), n_inputs=3, n_classes=6, head=rnn.Softmax(), rng=0)
    >>> net.predict(X).shape, net.predict_proba(X).shape
    ((2, 150), (2, 150, 6))
    >>> rnn.ManyToMany(rnn.Tanh(64), n_inputs=3, n_outputs=2, rng=0).predict(X).shape
    (2, 150, 2)
    """

    answers_once: ClassVar[bool] = False

    def __init__(
        self,
        cell: Cell | Sequence[Cell],
        n_inputs: int,
        n_classes: int | None = None,
        *,
        n_outputs: int | None = None,
        head: Head | None = None,
        initializer: Initializer | Mapping[str, Initializer] = xavier_normal,
        initial_state: InitialState = "zero",
        rng: int | np.random.Generator | None = None,
        dtype: Any = np.float32,
    ) -> None:
        self._assemble(cell, n_inputs, n_classes, n_outputs=n_outputs, head=head, initial_state=initial_state)
        self._draw(initializer, rng, dtype)

    def _assemble(self, cell: Any, n_inputs: Any, n_classes: Any = None, **settings: Any) -> None:
        super()._assemble(cell, n_inputs, n_classes, **settings, readout=EachStep())

    def to_config(self) -> dict[str, Any]:
        """Return what the network is made of; see :meth:`ManyToOne.to_config`."""
        config = super().to_config()
        return {"network": "many to many", **{name: each for name, each in config.items() if name != "readout"}}

    # ------------------------------------------ where answers stand in time

    def _asked_in_all(self, reading: Reading, weights: Array | None) -> float:
        return float((reading.weights if weights is None else weights).sum(dtype=np.float64))

    def amount(self, shape: tuple[int, ...], lengths: IntArray | None, weights: Array | None) -> float:
        """Return how much the answers to samples of this shape, (N, T, ...), count together."""
        if weights is not None:
            return float(weights.sum())
        return shape[0] * shape[1] if lengths is None else int(lengths.sum())

    def _probabilities(self, reading: Reading) -> Array:
        Y_hat, after_the_end = self.head.probabilities(reading.Z), reading.weights == 0
        if self.answers == "class":
            rows = Y_hat.reshape(-1, self.n_logits), reading.Z.reshape(-1, self.n_logits)
            Y_hat = untied(*rows).reshape(Y_hat.shape)
        if after_the_end.any():
            Y_hat = np.where(after_the_end[..., None], Y_hat.dtype.type(0), Y_hat)
        return np.asarray(Y_hat.swapaxes(0, 1))

    def _logits(self, reading: Reading) -> Array:
        Z = np.where((reading.weights == 0)[..., None], reading.Z.dtype.type(0), reading.Z)
        return np.asarray(Z.swapaxes(0, 1))

    def _classes(self, reading: Reading) -> IntArray:
        classes = np.asarray(reading.Z.real.argmax(-1), np.int64)
        classes[reading.weights == 0] = -1
        return np.asarray(classes.T)

    def _in_time(self, rows: Array) -> Array:
        return np.asarray(rows.swapaxes(0, 1))

    def _packed(self, batch: Packed, rows: Array) -> Array:
        return batch.pack_steps(rows)

    def _unpacked(self, batch: Packed, rows: Array) -> Array:
        return batch.unpack(rows.swapaxes(0, 1))

    def _as_given(self, batch: Packed, reading: Reading) -> Reading:
        return Reading(*(batch.unpack(each) for each in vars(reading).values()))

    def _counts(self, reading: Reading) -> Array:
        return np.asarray(reading.weights.T)

    def _axes(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return shape[:2]
