"""What the passes through a network leave behind for whoever wants to look."""

from dataclasses import dataclass
from typing import Any

from unrolled.rnn.arrays import Array, Parameters, State
from unrolled.rnn.engine.packing import Packed
from unrolled.rnn.engine.trace import Trace
from unrolled.rnn.stacking import unpack_inputs


@dataclass(frozen=True)
class Reading:
    """What the head reads, in the order of the batch: K times, 1 or T.

    Attributes
    ----------
    R : ndarray, shape (K, m, H)
        Features.
    Z : ndarray, shape (K, m, C)
        Logits.
    weights : ndarray, shape (K, m)
        How much each counts; a sample's sum to 1.
    """

    R: Array
    Z: Array
    weights: Array


@dataclass(frozen=True)
class Forward:
    """Everything the forward pass computed: T steps, m samples, D inputs, H hidden units, C classes.

    Attributes
    ----------
    traces : list
        What each layer computed for its backward pass (every gate is there). With different lengths they are as
        the network works: longest sample first, and all ending together; ``X`` and ``A`` below are the caller's.
    batch : Packed
        The order and the lengths.
    reading : Reading
        What the head read.
    Y_hat : ndarray, shape (m, C)
        The probabilities, equation (2), or the numbers; of a network of many to many (T, m, C).
    state : dict of ndarray, shape (m, H)
        What goes on from each sample's last step, by layer and direction: ``A``, of an LSTM ``C``, and as parameters
        are named ``A_l1``, ``A_reverse``, ... Handed to the next :meth:`ManyToOne.forward`, it goes on there.
    every_step : bool
        Whether the head reads every step.
    made_by : tuple
        The network's parts, and a digest of its parameters: :meth:`ManyToOne.backward` goes back with the same ones.
    given_state : frozenset of str
        Which states were given.

    See Also
    --------
    Backward : What the backward pass leaves behind.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=2, rng=0)
    >>> forward = net.forward(np.ones((5, 10, 3)))
    >>> forward.A.shape, forward.Y_hat.shape
    ((11, 5, 4), (5, 2))
    >>> bool((forward.A[0] == 0).all())  # A_0
    True
    """

    traces: list[Trace]
    batch: Packed
    reading: Reading
    Y_hat: Array
    state: State
    every_step: bool
    made_by: tuple[Any, ...]
    given_state: frozenset[str] = frozenset()

    @property
    def X(self) -> Array:
        """The input, (T, m, D), time first: ``X[t - 1]`` is the report's X_t."""
        return unpack_inputs(self.batch, self.traces[0].X)

    @property
    def A(self) -> Array:
        """The states of the last layer, (T + 1, m, H): ``A[0]`` is zero or given, ``A[t]`` is the report's A_t."""
        return self.batch.unpack(self.traces[-1].A)

    @property
    def logits(self) -> Array:
        """``W_ho A_T + b_o``, (m, C); of many to many, and with a readout of every step, (T, m, C)."""
        Z = self.reading.Z
        return self.batch.unpack(Z) if self.every_step else self.batch.unsort(Z[0])


@dataclass(frozen=True)
class Backward:
    """Everything the backward pass computed; ``forward.traces`` have the same of every layer.

    Attributes
    ----------
    loss : float
        The head's, such as equation (3), averaged over the batch.
    gradients : dict of ndarray
        With the names and shapes of the parameters.
    dA : ndarray, shape (T, m, H)
        Of the last layer; ``dA[t - 1]`` is the report's dE/dA^(t), with the 1 / m of the batch's mean in it. Of both
        directions 2 H.
    delta : ndarray, shape (T, m, G H)
        Of the last layer, the preactivation gradient, that in ``W_ih X_t + b_h``: ``delta[t - 1]`` is the report's
        dE/dA^(t) * (1 - A_t^2), with the same 1 / m in it, and with gates what goes into each gate's nonlinearity,
        blocks of H columns in the order of the rows of W_ih (LSTM i, f, g, o; GRU r, z, n). Of both directions,
        theirs side by side.
    dX : ndarray, shape (T, m, D)
        The gradient in the inputs, time first as ``forward.X`` is.
    dstate : dict of ndarray, shape (m, H)
        The gradient in what stood before each sample's first step, named as ``forward.state`` is.

    See Also
    --------
    Forward : What the forward pass leaves behind.
    unrolled.dynamics.gradient_profile : Norms of these gradients by step and sample.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=2, rng=0)
    >>> forward = net.forward(np.ones((5, 10, 3)))
    >>> backward = net.backward(forward, [0, 1, 1, 0, 1])
    >>> bool(np.allclose(backward.delta, backward.dA * (1 - forward.A[1:] ** 2)))
    True
    >>> backward.gradients["W_hh"].shape
    (4, 4)
    """

    loss: float
    gradients: Parameters
    dA: Array
    delta: Array
    dX: Array
    dstate: State
