"""The report's recurrence, equation (1), and its back-propagation through time, section 2.3."""

from dataclasses import dataclass

import numpy as np

from unrolled.rnn.arrays import Array, Parameters, ReadOnlyParameters


@dataclass(frozen=True)
class Tanh:
    """Elman's recurrence ``A_t = tanh(W_ih X_t + W_hh A_{t-1} + b_h)``, with ``A_0 = 0``.

    Rows are samples here where the report has columns, so every product appears transposed, and the
    report's row of ones is the bias ``b_h``. A Python index starts at 0: ``X[t]`` and ``delta[t]`` are the
    report's X and delta of step t + 1, and so is ``A[t + 1]``; ``A[0]`` is the report's A_0.

    Parameters
    ----------
    hidden : int
        H, the number of hidden units, at least 1.

    References
    ----------
    Equation (1) and section 2.3 of the report; J. L. Elman, "Finding structure in time", Cognitive
    Science 14 (1990).
    """

    hidden: int

    def __post_init__(self) -> None:
        """Refuse a number of units that is not a positive whole number."""
        if isinstance(self.hidden, bool) or not isinstance(self.hidden, int | np.integer) or self.hidden < 1:
            raise ValueError(f"Tanh(hidden={self.hidden!r}): expected a whole number of hidden units, 1 or more")

    def shapes(self, n_inputs: int) -> dict[str, tuple[int, ...]]:
        """Give the shape of each parameter for ``n_inputs`` = D features a step."""
        H = self.hidden
        return {"W_ih": (H, n_inputs), "W_hh": (H, H), "b_h": (H,)}

    def forward(self, parameters: ReadOnlyParameters, X: Array) -> Array:
        """Run the recurrence over a sequence.

        Parameters
        ----------
        parameters : mapping
            ``W_ih`` (H, D), ``W_hh`` (H, H) and ``b_h`` (H,).
        X : ndarray, shape (T, m, D)
            Time first; same dtype as the parameters.

        Returns
        -------
        A : ndarray, shape (T + 1, m, H)
            Every hidden state; ``A[0]`` is zero.
        """
        W_ih, W_hh, b_h = parameters["W_ih"], parameters["W_hh"], parameters["b_h"]
        T, m, D = X.shape
        A = np.zeros((T + 1, m, self.hidden), X.dtype)
        # What does not depend on the step before is done for all steps in one product ...
        np.matmul(X.reshape(T * m, D), W_ih.T, out=A[1:].reshape(T * m, self.hidden))
        A[1:] += b_h
        # ... and the loop adds what does.                                                      (1)
        for t in range(T):
            A[t + 1] += A[t] @ W_hh.T
            np.tanh(A[t + 1], out=A[t + 1])
        return A

    def backward(self, parameters: ReadOnlyParameters, X: Array, A: Array, dA: Array) -> tuple[Parameters, Array]:
        """Go back through time from the gradient of the loss in each state to that of each parameter.

        Parameters
        ----------
        parameters : mapping
            As given to :meth:`forward`.
        X : ndarray, shape (T, m, D)
            As given to :meth:`forward`.
        A : ndarray, shape (T + 1, m, H)
            As :meth:`forward` returned it.
        dA : ndarray, shape (T, m, H)
            On entry what the loss says of each state directly (for a many-to-one network, zero but for the
            last step); on return the whole of the report's dE/dA^(t), as ``dA[t - 1]``. **Changed in place.**

        Returns
        -------
        gradients : dict of ndarray
            With the names and shapes of the parameters.
        delta : ndarray, shape (T, m, H)
            dE/dA^(t) * (1 - A_t^2), the gradient in what stands inside the tanh. The gradient in the
            inputs is ``delta @ W_ih``.
        """
        W_hh = parameters["W_hh"]
        T, m, H = dA.shape
        delta = 1 - A[1:] ** 2
        for t in range(T - 1, 0, -1):
            delta[t] *= dA[t]  # dE/dA^(t) * (1 - A_t^2)
            dA[t - 1] += delta[t] @ W_hh  # dE/dA^(t-1), a row a sample: (W_hh^T delta)^T
        delta[0] *= dA[0]
        # The sums over t and over the samples are one product each; A_0 = 0 leaves t = 1 out of dW_hh.
        rows = delta.reshape(T * m, H).T
        return {
            "W_ih": rows @ X.reshape(T * m, -1),
            "W_hh": rows @ A[:-1].reshape(T * m, H),
            "b_h": rows.sum(1),
        }, delta
