"""The door: what users hand over, checked once and turned into the arrays the network works on."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from unrolled._support.validation import numeric
from unrolled.rnn.arrays import Array, IntArray, ReadOnlyParameters, State
from unrolled.rnn.ragged import is_ragged, stacked


def padded(X: Any, lengths: Any, n_inputs: int, name: str = "") -> tuple[Array, IntArray | None]:
    """Check sequences handed over batch first, and their lengths; what stands after a sample's last step becomes 0.

    Parameters
    ----------
    X : array_like, shape (N, T, D), or whole numbers (N, T), or a list of N arrays, (L, D) or whole numbers (L,)
        Real numbers; whole numbers (N, T) are symbols, from 0 to D - 1. Arrays of which L differs are padded.
    lengths : array_like of int, shape (N,), or None
        From 1 to T; None for T, all of them.
    n_inputs : int
        The D the network has.
    name : str
        What messages put before "X" and "lengths".

    Returns
    -------
    X : ndarray, shape (N, T, D), or of whole numbers (N, T)
        Not yet rounded to a dtype, see :func:`rounded`.
    lengths : ndarray of int, shape (N,), or None

    Raises
    ------
    ValueError
        Naming what was found, what was expected and where.
    """
    if is_ragged(X):
        if lengths is not None:
            raise ValueError(
                f"{name} lengths are given".strip() + ", and X is arrays of different length: expected one"
            )
        X, lengths = stacked(X, f"{name} X".strip())
    X = shaped(X, n_inputs, f"{name} X".strip())
    if lengths is None:
        return X if X.ndim == 3 else symbols(X, n_inputs, f"{name} X".strip()), None
    T = X.shape[1]
    lengths = checked_lengths(lengths, len(X), T, f"{name} lengths".strip())
    there = np.arange(T) < lengths[:, None]
    if X.ndim == 3:
        return np.where(there[:, :, None], X, X.dtype.type(0)), lengths
    return symbols(np.where(there, X, 0), n_inputs, f"{name} X".strip()), lengths


def shaped(X: Any, n_inputs: int, name: str = "X") -> Array:
    """Check that X is real numbers (N, T, D), none of the three 0, and D ``n_inputs``; or whole numbers (N, T)."""
    X = numeric(X, name)
    are_symbols = X.ndim == 2 and X.dtype.kind in "iu"
    if X.ndim != 3 and not are_symbols:
        raise ValueError(f"{name} has shape {X.shape}, expected three axes (N samples, T steps, D = {n_inputs} inputs)")
    if not are_symbols and X.shape[2] != n_inputs:
        raise ValueError(f"{name} has shape {X.shape}: {X.shape[2]} inputs a step, expected D = {n_inputs}")
    if X.size == 0:
        raise ValueError(f"{name} has shape {X.shape}: it is empty, expected at least one sample of at least one step")
    return np.asarray(X)


def symbols(X: Array, n_inputs: int, name: str = "X") -> Array:
    """Check that symbols (N, T) are from 0 to D - 1, and return them as NumPy indexes by."""
    if X.min() < 0 or X.max() >= n_inputs:
        n, t = np.argwhere((X < 0) | (n_inputs <= X))[0]
        raise ValueError(
            f"{name} has shape {X.shape} and holds {X[n, t]} at sample {n}, step {t}: expected symbols from 0 to "
            f"{n_inputs - 1}, or three axes (N samples, T steps, D = {n_inputs} inputs)"
        )
    return X.astype(np.intp, copy=False)


def rounded(X: Array, dtype: np.dtype, name: str = "X", first: int = 0) -> Array:
    """Round X (N, T, D) to ``dtype`` and check that it is finite; messages count samples from ``first``.

    Symbols (N, T) are returned as they are.
    """
    if X.ndim == 2:
        return X
    with np.errstate(over="ignore"):
        Z = X.astype(dtype, copy=False)
    if not (np.isfinite(Z.min()) and np.isfinite(Z.max())):  # NaN passes through both
        n, t, d = np.argwhere(~np.isfinite(Z))[0]
        raise ValueError(
            f"{name} holds {X[n, t, d]} at sample {first + n}, step {t}, input {d}: "
            f"expected finite numbers within {dtype}'s range"
        )
    return np.asarray(Z)


def checked_lengths(given: Any, n_samples: int, T: int, name: str) -> IntArray:
    """Check the lengths (N,) of sequences, whole numbers from 1 to T.

    Raises
    ------
    ValueError
        Naming what was found, what was expected and where.
    """
    array = numeric(given, name)
    if array.dtype.kind == "b":
        raise ValueError(f"{name} are true or false, expected whole numbers of steps; of a mask (N, T), mask.sum(1)")
    if array.shape != (n_samples,):
        raise ValueError(f"{name} has shape {array.shape}, expected one for each of {n_samples} samples")
    bad = np.flatnonzero(~((array >= 1) & (array <= T) & (array == np.floor(array))))
    if bad.size:
        raise ValueError(f"{name} holds {array[bad[0]]} at sample {bad[0]}, expected whole numbers from 1 to T = {T}")
    return np.asarray(array, np.int64)


def labels(y: Any, n_classes: int, n_samples: int, name: str = "y", steps: int | None = None) -> IntArray:
    """Check labels, integer (N,) or one-hot (N, C), and return them as integers (N,).

    With ``steps`` = T the rows are those of samples with so many steps each, and messages say which step.

    Raises
    ------
    ValueError
        Naming what was found, what was expected and where.
    """
    y = numeric(y, name)

    def at(row: Any) -> str:
        return f"row {row}" if steps is None else f"sample {row // steps}, step {row % steps}"

    if y.ndim not in (1, 2):
        raise ValueError(f"{name} has shape {y.shape}, expected integers (N,) or one-hot rows (N, C = {n_classes})")
    if len(y) != n_samples:
        raise ValueError(f"{name} has {len(y)} rows for {n_samples} samples in X, expected one each")
    if not np.isfinite(y).all():
        row = np.argwhere(~np.isfinite(y))[0][0]
        raise ValueError(f"{name} holds {y[row]} in {at(row)}, expected finite labels")
    if y.ndim == 2:
        if y.shape[1] != n_classes:
            raise ValueError(f"{name} has shape {y.shape}: {y.shape[1]} columns, expected C = {n_classes} classes")
        bad = np.flatnonzero((y.sum(1) != 1) | ((y != 0) & (y != 1)).any(1))
        if bad.size:
            row = y[bad[0]]
            hint = "; for several labels at once, rnn.Sigmoid(multilabel=True)" if np.isin(row, (0, 1)).all() else ""
            hint = "; for probabilities, rnn.Softmax(soft_targets=True)" if abs(row.sum() - 1) < 1e-5 else hint
            raise ValueError(f"{name} is not one-hot in {at(bad[0])}: {row}, expected one 1 among zeros{hint}")
        return np.asarray(y.argmax(1), np.int64)
    with np.errstate(invalid="ignore"):  # what does not fit is told below
        integers = y.astype(np.int64)
    if (integers != y).any():
        row = np.flatnonzero(integers != y)[0]
        raise ValueError(f"{name} holds {y[row]} in {at(row)}, expected whole numbers from 0 to {n_classes - 1}")
    if integers.min() < 0 or integers.max() >= n_classes:
        row = np.flatnonzero((integers < 0) | (integers >= n_classes))[0]
        from_one = integers.min() == 1 and integers.max() == n_classes
        hint = "; labels that start at 1 need 1 taken off" if from_one else ""
        raise ValueError(
            f"{name} holds label {integers[row]} in {at(row)}, "
            f"expected 0 to {n_classes - 1} for {n_classes} classes{hint}"
        )
    return np.asarray(integers)


def one_hot(y: IntArray, n_classes: int, dtype: np.dtype) -> Array:
    """Integers (N,) as one-hot rows (N, C)."""
    Y = np.zeros((len(y), n_classes), dtype)
    Y[np.arange(len(y)), y] = 1
    return Y


def fitting(parameters: ReadOnlyParameters, shapes: dict[str, tuple[int, ...]]) -> None:
    """Check that parameters have these names and shapes and one dtype of work, or raise a ValueError."""
    if set(parameters) != set(shapes):
        raise ValueError(f"parameters are named {sorted(parameters)}, expected {sorted(shapes)}")
    for name, shape in shapes.items():
        W = parameters[name]
        if not isinstance(W, np.ndarray):
            raise ValueError(f"parameter {name} is a {type(W).__name__}, expected an array of shape {shape}")
        if type(W) is not np.ndarray:
            raise ValueError(f"parameter {name} is a {type(W).__name__}, expected a plain array: np.array({name})")
        if W.shape != shape:
            raise ValueError(f"parameter {name} has shape {W.shape}, expected {shape}")
    dtypes = {name: W.dtype for name, W in parameters.items()}
    if len(set(dtypes.values())) != 1:
        kinds = ", ".join(f"{name} {dtype}" for name, dtype in dtypes.items())
        raise ValueError(f"parameters have dtypes {kinds}, expected one dtype for all")
    dtype_of_work(next(iter(dtypes.values())))


def states(given: Any, shapes: Mapping[str, tuple[int, ...]], dtype: np.dtype[Any]) -> State:
    """Check states that a pass begins with, and round them to ``dtype``.

    Raises
    ------
    ValueError
        Naming what was found and what was expected.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ValueError(f"state is a {type(given).__name__}, expected arrays by name: {', '.join(shapes)}")
    checked = {}
    for name, array in given.items():
        if name not in shapes:
            raise ValueError(f"state names {name!r}, expected {', '.join(shapes)}")
        given_numbers = numeric(array, f"state {name}")
        if given_numbers.shape != shapes[name]:
            raise ValueError(f"state {name} has shape {given_numbers.shape}, expected finite numbers {shapes[name]}")
        with np.errstate(over="ignore"):
            rounded = given_numbers.astype(dtype)
        if not np.isfinite(rounded).all():
            where = tuple(np.argwhere(~np.isfinite(rounded))[0].tolist())
            raise ValueError(
                f"state {name} holds {given_numbers[where]} at {where}, expected finite numbers within {dtype}'s range"
            )
        checked[name] = rounded
    return checked


def dtype_of_work(dtype: Any) -> np.dtype[Any]:
    """Return the dtype a network can work in, or raise a ValueError."""
    try:
        found: np.dtype[Any] | None = None if dtype is None else np.dtype(dtype)
    except TypeError:
        found = None
    if found is None:
        raise ValueError(f"dtype is {dtype!r}, expected float32, float64 or complex128")
    if found not in (np.float32, np.float64, np.complex128):
        raise ValueError(f"dtype is {found}, expected float32, float64 or complex128")
    return found


def check_gradients_fit(gradients: ReadOnlyParameters, parameters: ReadOnlyParameters, whose: str) -> None:
    """Raise a ValueError unless gradients have the names and shapes of the parameters.

    A cell, head or clipping that somebody else wrote is told so by name, before an optimizer touches anything.

    Parameters
    ----------
    gradients, parameters : mapping of ndarray
    whose : str
        What the message says of the gradients, such as ``"after clipping"``.
    """
    if gradients.keys() != parameters.keys():
        missing, unknown = parameters.keys() - gradients.keys(), gradients.keys() - parameters.keys()
        found = f"none for {min(missing)}" if missing else f"one for {min(unknown)!r}, which is no parameter"
        raise ValueError(f"of the gradients {whose} there is {found}, expected one each for {', '.join(parameters)}")
    for name, W in parameters.items():
        if getattr(gradients[name], "shape", ()) != W.shape:
            raise ValueError(
                f"the gradient of {name} {whose} has shape {np.shape(gradients[name])}, expected {W.shape}"
            )
