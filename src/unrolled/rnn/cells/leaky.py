"""Leaky units: the cell of echo-state networks, and of the rate networks of neuroscience."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unrolled._support.validation import checked_fields, real
from unrolled.rnn.arrays import Array, Parameters, ReadOnlyParameters, State
from unrolled.rnn.engine.recurrence import Recurrence, begin
from unrolled.rnn.engine.rows import Rows


@dataclass(frozen=True)
@checked_fields(leak=real(above=0, maximum=1))
class Leaky(Recurrence):
    """Units that move a part of the way: ``A_t = (1 - a) A_{t-1} + a tanh(W_ih X_t + W_hh A_{t-1} + b_h)``.

    ::

        U_t = tanh(W_ih X_t + W_hh A_{t-1} + b_h)    (K1)
        A_t = (1 - a) A_{t-1} + a U_t                (K2)

    With a = 1 they are those of :class:`Tanh`. The leak a is the step of a differential equation over its time
    constant, dt / tau. Parameters are ``W_ih`` (H, D), ``W_hh`` (H, H) and ``b_h`` (H,).

    Parameters
    ----------
    hidden : int
        H, the number of hidden units, at least 1.
    leak : float, default 0.3
        a, above 0 and at most 1; the same for all units, and not trained.

    See Also
    --------
    spectral_radius : First weights of an echo-state network.
    fit_readout : Fits the readout of one in closed form.

    References
    ----------
    H. Jaeger, "The 'echo state' approach to analysing and training recurrent neural networks", GMD Report 148
    (2001); H. Jaeger, M. Lukosevicius, D. Popovici, U. Siewert, Neural Networks 20 (2007), for the leak.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> net = rnn.ManyToMany(rnn.Leaky(4, leak=0.5), n_inputs=3, n_outputs=1, rng=0)
    >>> rnn.check_gradients(net, np.ones((1, 5, 3)), np.zeros((1, 5))).worst[1] < 1e-12
    True
    """

    hidden: int
    leak: float = 0.3
    arrays: ClassVar[Mapping[str, int]] = {"U": 1}

    def forward(self, parameters: ReadOnlyParameters, trace: Rows) -> None:
        """Run the recurrence over a batch of sequences; see :meth:`Cell.forward`."""
        # What does not depend on the step before is done for all steps at once, where U_t will stand ...
        W_x = np.concatenate([parameters["W_ih"].T, parameters["b_h"][None]])
        trace.times_inputs(W_x, trace["U"])
        # ... and the loop does what does.
        W, a = np.ascontiguousarray(parameters["W_hh"].T), W_x.dtype.type(self.leak)
        for segment in trace.forward_segments():
            step: Array = np.empty((segment.n_samples, self.hidden), W.dtype)
            for seen, A_before, U, A in segment.steps("seen", "A_before", "U", "A"):
                seen.dot(W, step)
                np.add(U, step, U)
                np.tanh(U, U)  # (K1)
                np.subtract(U, A_before, step)
                np.multiply(step, a, step)
                np.add(A_before, step, A)  # (K2), as A_{t-1} + a (U_t - A_{t-1})

    def backward(self, parameters: ReadOnlyParameters, trace: Rows) -> Parameters:
        """Go back through time to the gradient of each parameter; see :meth:`Cell.backward`.

        ::

            delta_t = dE/dA_t * a (1 - U_t^2)                       (K3)
            dE/dA_{t-1} = (1 - a) dE/dA_t + W_hh^T delta_t          (K4)
            dE/dW_ih = sum over t of delta_t X_t^T                  (K5)
            dE/dW_hh = sum over t of delta_t A_{t-1}^T              (K6)
            dE/db_h = sum over t, and over the samples, of delta_t  (K7)
        """
        W_hh, multiply = parameters["W_hh"], np.multiply
        a = W_hh.dtype.type(self.leak)
        dW_hh: Array = np.zeros_like(W_hh)
        dW_x: Array = np.zeros((trace.D + 1, self.hidden), W_hh.dtype)
        for chunk in trace.backward_chunks():
            slope, U = chunk["delta"], chunk["U"]
            multiply(U, U, out=slope)
            np.subtract(1, slope, out=slope)
            multiply(slope, a, out=slope)  # a (1 - U_t^2)
            for delta, dA, dseen in chunk.steps("delta", "dA", "dseen"):  # the last step first
                multiply(delta, dA, delta)  # (K3)
                multiply(dA, 1 - a, dA)
                delta.dot(W_hh, dseen)  # (K4); the sum is the trace's
            dW_hh += chunk.outer("delta", "seen")  # (K6)
            dW_x += chunk.outer("inputs", "delta")  # (K5), (K7)
        return {"W_ih": dW_x[:-1].T, "W_hh": dW_hh, "b_h": dW_x[-1]}

    def states(
        self, parameters: ReadOnlyParameters, steps: Iterable[Array], m: int, state: State | None = None
    ) -> Iterator[Array]:
        """Run the recurrence and hold no more than a step; see :meth:`Cell.states`."""
        W = np.concatenate([parameters["W_hh"], parameters["W_ih"], parameters["b_h"][:, None]], axis=1)
        H, a = self.hidden, W.dtype.type(self.leak)
        column: Array = np.ones((W.shape[1], m), W.dtype)  # [A_t; X_{t+1}; 1]
        A, U = column[:H], np.empty((H, m), W.dtype)
        begin(state, A=A.T)
        for X in steps:
            column[H:-1] = X.T
            W.dot(column, U)
            np.tanh(U, U)  # (K1)
            np.subtract(U, A, U)
            np.multiply(U, a, U)
            np.add(A, U, A)  # (K2)
            yield A.T
