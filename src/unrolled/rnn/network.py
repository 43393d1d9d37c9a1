"""A recurrence, a linear readout of its last state and a sigmoid head, put together."""

from collections import deque
from contextlib import AbstractContextManager
from copy import copy
from dataclasses import asdict, dataclass
from os import PathLike, fspath
from typing import Any

import numpy as np

from unrolled.rnn import inputs, storage
from unrolled.rnn.arrays import Array, IntArray, Parameters, ReadOnlyParameters
from unrolled.rnn.cells import Tanh
from unrolled.rnn.cells.tanh import TanhTrace
from unrolled.rnn.heads import sigmoid
from unrolled.rnn.initializers import Initializer, initialize, xavier_normal
from unrolled.rnn.losses import binary_cross_entropy
from unrolled.rnn.scratch import Scratch
from unrolled.rnn.threads import WORTH, divided, one_blas_thread, share

BLOCK = 256
"""Samples predicted at a time: bounds the memory of a prediction."""


@dataclass(frozen=True)
class Forward:
    """Everything the forward pass computed: T steps, m samples, D inputs, H hidden units, C classes.

    Attributes
    ----------
    trace : TanhTrace
        What the cell keeps for its backward pass.
    logits, Y_hat : ndarray, shape (m, C)
        ``W_ho A_T + b_o`` and its sigmoid, equation (2).
    """

    trace: TanhTrace
    logits: Array
    Y_hat: Array

    @property
    def X(self) -> Array:
        """The input, (T, m, D), time first: ``X[t - 1]`` is the report's X_t."""
        return self.trace.X

    @property
    def A(self) -> Array:
        """The hidden states, (T + 1, m, H): ``A[0]`` is zero, ``A[t]`` is the report's A_t."""
        return self.trace.A


@dataclass(frozen=True)
class Backward:
    """Everything the backward pass computed.

    Attributes
    ----------
    loss : float
        Equation (3), summed over classes, averaged over the batch.
    gradients : dict of ndarray
        With the names and shapes of the parameters.
    dA : ndarray, shape (T, m, H)
        ``dA[t - 1]`` is the report's dE/dA^(t).
    delta : ndarray, shape (T, m, H)
        ``delta[t - 1]`` is the report's dE/dA^(t) * (1 - A_t^2).
    """

    loss: float
    gradients: Parameters
    dA: Array
    delta: Array


class ManyToOne:
    """A network that reads a sequence and names its class: cell, linear readout of the last state, sigmoid.

    Parameters
    ----------
    cell : Tanh
        The recurrence.
    n_inputs : int
        D, features a step.
    n_classes : int
        C, at least 2.
    initializer : callable, default ``xavier_normal``
        ``f(shape, rng) -> array`` for every weight matrix; biases begin at 0. The library has
        ``uniform(-0.1, 0.1)``, ``xavier_normal`` and ``xavier_uniform``.
    rng : None, int or numpy.random.Generator
        Where the first weights are drawn from.
    dtype : dtype, default float32
        Of the parameters and so of all the work: float32 or float64 (complex128 for the complex-step check).

    Attributes
    ----------
    parameters : dict of ndarray
        ``W_ih`` (H, D), ``W_hh`` (H, H), ``b_h`` (H,), ``W_ho`` (C, H), ``b_o`` (C,). Yours to read and to
        set; names and shapes stay, and all have one dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne(rnn.Tanh(50), n_inputs=3, n_classes=6, rng=0)
    >>> net.predict_proba(np.zeros((2, 150, 3))).shape
    (2, 6)
    """

    def __init__(
        self,
        cell: Tanh,
        n_inputs: int,
        n_classes: int,
        *,
        initializer: Initializer = xavier_normal,
        rng: int | np.random.Generator | None = None,
        dtype: Any = np.float32,
    ) -> None:
        if not isinstance(cell, Tanh):
            raise TypeError(f"cell is {cell!r}, expected a recurrence such as rnn.Tanh(50)")
        self.cell = cell
        self.n_inputs = inputs.count(n_inputs, "n_inputs")
        self.n_classes = inputs.count(n_classes, "n_classes")
        self._scratch: Scratch[TanhTrace] = Scratch()
        if self.n_classes < 2:
            raise ValueError(f"n_classes is {n_classes!r}, expected 2 or more")
        self.parameters: Parameters = initialize(
            self.shapes(), initializer, np.random.default_rng(rng), inputs.dtype_of_work(dtype)
        )

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Give the shape of every parameter, in order."""
        C, H = self.n_classes, self.cell.hidden
        return {**self.cell.shapes(self.n_inputs), "W_ho": (C, H), "b_o": (C,)}

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the parameters, and so of the work."""
        return self.parameters["W_ho"].dtype

    def __repr__(self) -> str:
        n = sum(W.size for W in self.parameters.values())
        return (
            f"ManyToOne({self.cell}, n_inputs={self.n_inputs}, n_classes={self.n_classes}): "
            f"{n} parameters, {self.dtype}"
        )

    # ---------------------------------------------------------------- forward

    def forward(self, X: Any) -> Forward:
        """Run a batch and keep everything that was computed on the way.

        Parameters
        ----------
        X : array_like, shape (m, T, D)

        Returns
        -------
        Forward
            ``X`` (T, m, D), ``A`` (T + 1, m, H), ``logits`` and ``Y_hat`` (m, C).

        Raises
        ------
        ValueError
            If X has another shape, is empty, or is not finite.
        """
        X = self._batch(X)
        m, T, D = X.shape
        trace = self.cell.trace(T, m, D, self.dtype)
        logits = self._forward(X, trace)
        return Forward(trace, logits, sigmoid(logits))

    def predict_proba(self, X: Any) -> Array:
        """Give the probability of each class, a sigmoid each: rows need not sum to 1.

        Parameters
        ----------
        X : array_like, shape (N, T, D)
            Any N; the work is done in blocks of bounded memory.

        Returns
        -------
        Y_hat : ndarray, shape (N, C)
            Of the network's dtype.

        Raises
        ------
        ValueError
            As :meth:`forward` does.
        """
        return sigmoid(self._logits(inputs.shaped(X, self.n_inputs)))

    def predict(self, X: Any) -> IntArray:
        """Give the most probable class of each sequence.

        Parameters
        ----------
        X : array_like, shape (N, T, D)

        Returns
        -------
        ndarray of int64, shape (N,)
            From 0; of equally probable classes the first.

        Raises
        ------
        ValueError
            As :meth:`forward` does.
        """
        logits = self._logits(inputs.shaped(X, self.n_inputs))
        return np.asarray(logits.real.argmax(1), np.int64)

    def evaluate(self, X: Any, y: Any) -> tuple[float, float]:
        """Give the loss and the accuracy on any number of samples, in blocks of bounded memory.

        Parameters
        ----------
        X : array_like, shape (N, T, D)
        y : array_like, shape (N,) or (N, C)
            Integer labels or one-hot rows.

        Returns
        -------
        loss, accuracy : float
            Equation (3), averaged over the samples, and the share whose most probable class is right.

        Raises
        ------
        ValueError
            As :meth:`loss_and_gradients` does.
        """
        X = inputs.shaped(X, self.n_inputs)
        labels = inputs.labels(y, self.n_classes, len(X))
        logits = self._logits(X)
        loss, _ = binary_cross_entropy(logits, inputs.one_hot(labels, self.n_classes, self.dtype))
        return float(loss), float((logits.argmax(1) == labels).mean())

    # --------------------------------------------------------------- backward

    def backward(self, forward: Forward, y: Any) -> Backward:
        """Go back through time from a forward pass, and keep everything that was computed on the way.

        Parameters
        ----------
        forward : Forward
            As :meth:`forward` of this network returned it, with the parameters it has now.
        y : array_like, shape (m,) or (m, C)
            Integer labels or one-hot rows.

        Returns
        -------
        Backward
            ``loss``, ``gradients``, and ``dA`` and ``delta`` of every step, (T, m, H).

        Raises
        ------
        ValueError
            If y is not as described.
        """
        self.check_parameters()
        trace = forward.trace
        loss, gradients, dA_T = self._backward(trace, forward.logits, self._targets(y, len(forward.logits)))
        dA = np.concatenate([trace.delta[1:] @ self.parameters["W_hh"], dA_T[None]])
        return Backward(loss, gradients, dA, trace.delta.copy())

    def loss_and_gradients(self, X: Any, y: Any) -> tuple[float, Parameters]:
        """Give the loss of a batch and its gradient in every parameter, by back-propagation through time.

        Parameters
        ----------
        X : array_like, shape (m, T, D)
        y : array_like, shape (m,) or (m, C)
            Integer labels or one-hot rows.

        Returns
        -------
        loss : float
            Equation (3), summed over classes, averaged over the batch.
        gradients : dict of ndarray
            With the names and shapes of ``parameters``.

        Raises
        ------
        ValueError
            If X or y has another shape, is empty, is not finite, or holds labels out of range.
        """
        X = self._batch(X)
        return self.step(X, self._targets(y, len(X)))

    def loss(self, X: Any, y: Any) -> float:
        """Give the loss of a batch alone, by the forward pass alone (complex for a complex network)."""
        X = self._batch(X)
        with self._memory(X) as trace:
            loss, _ = binary_cross_entropy(self._forward(X, trace), self._targets(y, len(X)))
        return loss.item()  # type: ignore[no-any-return]

    # ------------------------------------------------------------- and others

    def copy(self) -> "ManyToOne":
        """Give a network of its own with the same parameters."""
        return self.astype(self.dtype)

    def astype(self, dtype: Any) -> "ManyToOne":
        """Give a copy that works in another dtype: float32, float64 or complex128."""
        return self.with_parameters({name: W.astype(dtype, order="C") for name, W in self.parameters.items()})

    def with_parameters(self, parameters: ReadOnlyParameters) -> "ManyToOne":
        """Give a network of the same make with these parameters (not copied).

        Raises
        ------
        ValueError
            If a name is missing or unknown, a shape is another, or the dtypes differ.
        """
        shapes = self.shapes()
        inputs.fitting(parameters, shapes)
        twin = copy(self)
        twin.parameters = {name: parameters[name] for name in shapes}
        return twin

    def check_parameters(self) -> None:
        """Raise a ValueError unless ``parameters`` has its names and shapes and one dtype of work.

        Every public method does so first, since ``parameters`` is the user's to set.
        """
        inputs.fitting(self.parameters, self.shapes())

    def __getstate__(self) -> dict[str, Any]:
        """Leave the scratch memory out of copies and pickles."""
        return {name: value for name, value in vars(self).items() if name != "_scratch"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _scratch=Scratch())

    def save(self, path: str | PathLike[str]) -> None:
        """Write the network to an HDF5 file, for :func:`unrolled.rnn.load`.

        The file is written beside its place and then renamed, so what stood there stays whole until then.

        Parameters
        ----------
        path : path-like
            Its folder must exist.

        Raises
        ------
        OSError
            If it cannot be written; what stood there before still stands.
        ValueError
            If the parameters do not fit, or are complex.
        """
        self.check_parameters()
        if self.dtype.kind == "c":
            raise ValueError(f"the network is {self.dtype}, expected float32 or float64: save net.astype(np.float64)")
        description = {
            "cell": type(self.cell).__name__,
            **asdict(self.cell),
            "n_inputs": self.n_inputs,
            "n_classes": self.n_classes,
        }
        storage.write(path, description, self.parameters)

    def step(self, X: Array, Y: Array, threads: int = 1) -> tuple[float, Parameters]:
        """Do what :meth:`loss_and_gradients` does with arrays that are known to be right; nothing is checked.

        Parameters
        ----------
        X : ndarray, shape (m, T, D), of the network's dtype
        Y : ndarray, shape (m, C), of the network's dtype
            One-hot rows.
        threads : int, default 1
            Large batches are divided among so many threads; the sums over their parts round differently.
        """
        parts = divided(len(X), self.cell.hidden, threads)
        if len(parts) == 1:
            return self._step(X, Y)
        # A mean over the batch is the mean of the parts' means, weighted by their sizes.
        outcomes = share(lambda part: self._step(X[part], Y[part]), parts, threads)
        weights = [(part.stop - part.start) / len(X) for part in parts]
        loss, gradients = weights[0] * outcomes[0][0], outcomes[0][1]
        for name, gradient in gradients.items():
            gradient *= gradient.dtype.type(weights[0])
            for weight, (_, others) in zip(weights[1:], outcomes[1:], strict=True):
                gradient += others[name] * gradient.dtype.type(weight)
        return loss + sum(w * other for w, (other, _) in zip(weights[1:], outcomes[1:], strict=True)), gradients

    def _step(self, X: Array, Y: Array) -> tuple[float, Parameters]:
        with self._memory(X) as trace:
            logits = self._forward(X, trace)
            loss, gradients, _ = self._backward(trace, logits, Y)
        return loss, gradients

    # ------------------------------------ the formulas; arrays already checked

    def _memory(self, X: Array) -> AbstractContextManager[TanhTrace]:
        m, T, D = X.shape
        return self._scratch.take((m, T, self.dtype), lambda: self.cell.trace(T, m, D, self.dtype))

    def _forward(self, X: Array, trace: TanhTrace) -> Array:
        self.cell.forward(self.parameters, X.transpose(1, 0, 2), trace)  # (1)
        return self._readout(trace.A[-1])  # (2), but for the sigmoid

    def _readout(self, A_T: Array) -> Array:
        return np.asarray(A_T @ self.parameters["W_ho"].T + self.parameters["b_o"])

    def _backward(self, trace: TanhTrace, logits: Array, Y: Array) -> tuple[float, Parameters, Array]:
        loss, dZ = binary_cross_entropy(logits, Y)  # (3); dZ = (Y_hat - Y) / m
        dA_T = dZ @ self.parameters["W_ho"]  # dE/dA^(T_x)
        gradients = self.cell.backward(self.parameters, trace, dA_T)
        gradients["W_ho"] = dZ.T @ trace.A[-1]
        gradients["b_o"] = dZ.sum(0)
        return loss.item(), gradients, dA_T

    def _logits(self, X: Array) -> Array:
        self.check_parameters()

        def block(part: slice) -> Array:
            rounded = inputs.rounded(X[part], self.dtype, first=part.start)
            (A_T,) = deque(self.cell.states(self.parameters, rounded.transpose(1, 0, 2)), maxlen=1)
            return self._readout(A_T)

        if len(X) <= BLOCK and len(X) * self.cell.hidden < 2 * WORTH:
            return block(slice(0, len(X)))
        with one_blas_thread() as threads:
            size = min(BLOCK, -(-len(X) // len(divided(len(X), self.cell.hidden, threads))))
            parts = [slice(n, min(n + size, len(X))) for n in range(0, len(X), size)]
            return np.concatenate(share(block, parts, threads))

    def _batch(self, X: Any) -> Array:
        self.check_parameters()
        return inputs.sequences(X, self.n_inputs, self.dtype)

    def _targets(self, y: Any, n_samples: int) -> Array:
        return inputs.one_hot(inputs.labels(y, self.n_classes, n_samples), self.n_classes, self.dtype)


def load(path: str | PathLike[str]) -> ManyToOne:
    """Read a network that :meth:`ManyToOne.save` wrote.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    ManyToOne
        With the parameters, to the bit, and the dtype it was saved with.

    Raises
    ------
    StorageError
        A ValueError that names the file: not HDF5, not a network, damaged, or parameters that do not fit.
    FileNotFoundError
        If there is no such file.
    """
    description, parameters = storage.read(path)
    try:
        if description["cell"] != "Tanh":
            raise ValueError(f"its cell is {description['cell']!r}, expected 'Tanh'")
        net = object.__new__(ManyToOne)
        net.cell = Tanh(description["hidden"])
        net.n_inputs = inputs.count(description["n_inputs"], "n_inputs")
        net.n_classes = inputs.count(description["n_classes"], "n_classes")
        return net.with_parameters(parameters)
    except KeyError as error:
        raise storage.StorageError(f"{fspath(path)}: its description has no {error}") from None
    except ValueError as error:
        raise storage.StorageError(f"{fspath(path)}: {error}") from None
