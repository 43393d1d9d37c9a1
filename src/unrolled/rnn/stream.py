"""One step at a time, in constant memory."""

from collections.abc import Callable, Iterator
from copy import copy
from types import FunctionType
from typing import Any

import numpy as np

from unrolled._support.validation import numeric
from unrolled.rnn.answering import untied
from unrolled.rnn.arrays import Array, State
from unrolled.rnn.model import Model, first_state
from unrolled.rnn.output.readouts import EveryStep
from unrolled.rnn.sound import check_numbers


class Stream:
    """A network that is fed sequences as they happen; made by :meth:`ManyToOne.stream`.

    It has the parameters the network had when it was made. It holds generators, so it cannot be pickled;
    :meth:`copy` makes another that goes on from the same step.

    Parameters
    ----------
    net : Model
        Its parameters must not change.
    m : int
        Sequences side by side.
    state : dict of ndarray, shape (m, H)
        What stands before the first step, where it is not 0 or what the network has learned.
    single : bool
        Whether steps and answers have no axis for the sequences, of which there is one.

    See Also
    --------
    ManyToOne.stream : Makes it.
    to_c : The same on a microcontroller.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> net = rnn.ManyToMany(rnn.GRU(8), n_inputs=3, n_outputs=2, rng=0)
    >>> stream = net.stream()
    >>> stream.feed([0.1, 0.2, 0.3]).shape
    (2,)
    >>> other = stream.copy()
    >>> bool((stream.feed([0, 0, 0]) == other.feed([0, 0, 0])).all())
    True
    >>> net.stream(5).feed(np.zeros((5, 3))).shape
    (5, 2)
    """

    def __init__(self, net: Model, m: int, state: State, *, single: bool) -> None:
        self._net, self._given = net, state
        self._x: Array = np.zeros((m, net.stack.k, net.n_inputs), net.dtype)
        self._shape = (net.n_inputs,) if single else (m, net.n_inputs)
        self._predict = _saying(net)
        self._longest = net.readout.longest
        # Cells of one's own may have written their states without a state to begin with: they stream, from 0.
        self._keeps_state = net.layers.take_state
        self.reset()

    def reset(self) -> None:
        """Begin anew, before the first step."""
        net, m = self._net, len(self._x)
        states = net.layers.split_state(self._given)
        for of_layer, cell, names in zip(states, net.cells, net.layers.state_names, strict=True):
            for name, full in names.items():
                learned = net.parameters.get(first_state(full), np.zeros(1, net.dtype))
                of_layer.setdefault(name, np.broadcast_to(learned, (m, cell.hidden)))
        self._filled = 0
        self._ahead: Stream | None = None
        self._go_on(states, 0)
        self._read = net.reader.so_far(self._predict)

    def copy(self) -> "Stream":
        """Return another stream, which goes on from where this one stands; what one is fed, the other is not.

        Raises
        ------
        ValueError
            If a cell or the readout is of one's own, and what it remembers cannot be copied: ``states`` without
            ``state``, or a ``so_far`` that returns a function.
        """
        self._refuse_lost_state("a copy")
        if isinstance(self._read, FunctionType) and self._read is not self._predict:
            raise ValueError(f"{self._net.readout!r}'s so_far returns a function, expected an object for a copy")
        twin = object.__new__(type(self))
        vars(twin).update(vars(self))
        twin._x = self._x.copy()
        twin._go_on([{name: A.copy() for name, A in of_layer.items()} for of_layer in self._states], self._t)
        twin._read = self._read if self._read is self._predict else copy(self._read)
        return twin

    def __copy__(self) -> "Stream":
        return self.copy()

    def __deepcopy__(self, memo: object) -> "Stream":
        return self.copy()

    @property
    def state(self) -> State:
        """What goes on from the last step, (m, H) each, as :meth:`ManyToOne.forward` takes and returns it.

        Within a block of a ``Stack`` it is what the block leaves with zeros in the place of what is still to come.
        """
        self._refuse_lost_state("its state")
        states = self._states if self._ahead is None else self._ahead._states
        return {name: np.array(A) for name, A in self._net.layers.named(states).items()}

    def _refuse_lost_state(self, what: str) -> None:
        if not self._keeps_state:
            raise ValueError(f"a cell among {self._net.cells} has states without a state, expected one for {what}")

    def _go_on(self, states: list[State], t: int) -> None:
        """Go on from these states, after t steps."""
        self._states, self._t, net = states, t, self._net
        begun, m = states if self._keeps_state else None, len(self._x)
        self._A = iter(net.layers.states(net.parameters, self._inputs(self._x.reshape(m, -1)), m, begun))

    @staticmethod
    def _inputs(x: Array) -> Iterator[Array]:
        while True:
            yield x

    def feed(self, x: Any) -> Array:
        """Take one step of the sequence, and return the answer as of now.

        Parameters
        ----------
        x : array_like, shape (D,), or a whole number
            The step, or the symbol that stands for it. Of several sequences (m, D), or whole numbers (m,).

        Returns
        -------
        Y_hat : ndarray, shape (C,)
            The probabilities, or the numbers: what ``predict_proba``, or ``predict``, returns for all steps so far; of
            a network of many to many, for this step. Of several sequences (m, C). Within a block of a ``Stack`` what
            is still to come counts as zeros, as there; such a step is taken from the last full block's state.

        Raises
        ------
        ValueError
            If x has another shape, or is not finite; the stream is then as it was before. If numbers outgrow the dtype
            on the way; :meth:`reset` then begins anew.
        """
        self._take(x)
        return self._answer()

    def _take(self, x: Any) -> None:
        """Check a step, for :meth:`_answer`; the stream goes on with that alone."""
        if self._longest is not None and self._t >= self._longest:
            steps = f"{self._t} steps" if self._x.shape[1] == 1 else f"{self._t} stacked steps"
            raise ValueError(f"the stream has had {steps}, expected no more: EveryStep has no more weights")
        given = numeric(x, "x")
        if given.shape == self._shape:
            rounded = given
            if given.dtype != self._x.dtype:
                with np.errstate(over="ignore"):
                    rounded = given.astype(self._x.dtype)
            if not np.isfinite(rounded).all():
                raise ValueError(f"x holds {given.tolist()}, expected finite numbers")
            self._x[:, self._filled] = rounded
        else:
            self._take_symbols(given)

    def _answer(self) -> Array:
        """Go on by the step that was taken last, and return the answer as of now."""
        self._filled += 1
        if self._filled == self._x.shape[1]:
            self._filled, self._ahead = 0, None
            return self._step()
        self._x[:, self._filled :] = 0
        self._ahead = None
        ahead = self.copy()  # a block with zeros in the place of what is to come, from the last full one
        Y_hat = ahead._step()
        self._ahead = ahead
        return Y_hat

    def _step(self) -> Array:
        """Take the block as it is, and return the answer."""
        self._t += 1
        with np.errstate(over="ignore", invalid="ignore"):  # as Cell.states asks
            Y_hat = self._read(next(self._A))
        return np.asarray(Y_hat[0] if len(self._shape) == 1 else Y_hat)

    def _take_symbols(self, x: Array) -> None:
        """Take whole numbers for the rows they stand for."""
        m, _, D = self._x.shape
        if x.dtype.kind not in "iu" or x.shape != self._shape[:-1]:
            wanted = f"D = {D} numbers, one step" if len(self._shape) == 1 else f"(m, D) = {self._shape}, one step each"
            raise ValueError(f"x has shape {x.shape}, expected {wanted}")
        if x.min() < 0 or x.max() >= D:
            raise ValueError(f"x holds the symbol {x.max() if x.max() >= D else x.min()}, expected 0 to {D - 1}")
        self._x[:, self._filled] = 0
        self._x[np.arange(m), self._filled, x] = 1


def _saying(net: Model) -> Callable[[Array], Array]:
    """Return a function of features (m, H) to what a network says of them, where ``predict_proba`` says it too."""
    W, b = net.parameters["W_ho"].T.copy(), net.parameters["b_o"]
    one_logit = net.answers == "class" and not isinstance(net.readout, EveryStep)

    def said(A: Array) -> Array:
        Z = A @ W + b
        if not np.isfinite(Z).all():
            raise ValueError(
                "the stream's logits are infinite or NaN though its steps were finite, expected numbers within "
                f"{Z.dtype}'s range on the way: smaller ones, or net.astype(np.float64); reset() begins anew"
            )
        Y_hat = net.head.probabilities(Z)
        if net.answers == "numbers":
            check_numbers(Y_hat, 0)
        return untied(Y_hat, Z) if one_logit else Y_hat

    return said
