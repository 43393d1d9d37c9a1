"""Per-axis standardization."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unrolled._support.validation import checked_fields, numeric, refuse_masked
from unrolled.data.checks import FloatArray, IntArray, step_counts
from unrolled.data.errors import DataError

PIECE = 2**18  # numbers that are scaled at a time


def _vector(value: Any, name: str, *, error: type[ValueError] = DataError) -> NDArray[np.float64]:
    return numeric(value, name, error=error).astype(np.float64)


@dataclass(frozen=True, eq=False)
@checked_fields(DataError, mean=_vector, std=_vector)
class Scaling:
    """Each axis of a signal brought to mean 0 and standard deviation 1: ``(X - mean) / std``.

    Parameters
    ----------
    mean : array, shape (D,)
        In the signal's own units. Kept as float64.
    std : array, shape (D,)
        In the signal's own units, greater than 0. Kept as float64.

    Raises
    ------
    DataError
        If the shapes disagree, a number is not finite or a standard deviation is not greater than 0.

    See Also
    --------
    Dataset.standardized : Both parts, by what is measured on the training part.

    Examples
    --------
    >>> import numpy as np
    >>> scaling = Scaling.fit(np.array([[1.0, 10.0], [3.0, 10.0]]))
    >>> scaling
    Scaling(mean=[2.0, 10.0], std=[1.0, 1.0])
    >>> scaling.apply(np.array([[3.0, 10.0]]))
    array([[1., 0.]])
    """

    mean: NDArray[np.float64]
    std: NDArray[np.float64]

    def __post_init__(self) -> None:
        mean, std = self.mean, self.std
        if mean.ndim != 1 or mean.shape != std.shape:
            raise DataError(f"mean has shape {mean.shape} and std {std.shape}, expected (D,) for both")
        for axis, (m, s) in enumerate(zip(mean, std, strict=True)):
            if not (np.isfinite(m) and np.isfinite(s) and s > 0):
                raise DataError(f"axis {axis} has mean {m} and std {s}, expected finite numbers and std > 0")

    @classmethod
    def fit(cls, X: FloatArray, lengths: IntArray | None = None) -> "Scaling":
        """Measure mean and standard deviation of every axis, over everything but the last dimension.

        Fit on training data only: what is measured on the test set leaks into training.

        Parameters
        ----------
        X : array, shape (..., D)
            For instance (N, T, D), or a single recording (L, D).
        lengths : array, shape (N,), optional
            Of the series in X (N, T, D), from 1 to T: steps behind are padding and are not measured.

        Returns
        -------
        Scaling
            With the population's standard deviation (division by the count). An axis that never changes, or by
            no more than rounding does (variance up to ``n eps var + (n mean eps)^2``, as in scikit-learn's
            StandardScaler), has no scale: its std is 1, so it is only moved to 0.
        """
        refuse_masked(X, "X", error=DataError)
        X = np.array(X, np.float64)  # a copy, which is worked in: it may be most of the memory there is
        if X.ndim == 0 or X.size == 0:
            raise DataError(f"X has shape {X.shape}: there is nothing to measure a mean on")
        if lengths is None:
            rows = X.reshape(-1, X.shape[-1])
        elif X.ndim == 3:
            rows = X[np.arange(X.shape[1]) < step_counts(lengths, "lengths", len(X), X.shape[1])[:, np.newaxis]]
        else:
            raise DataError(f"X has shape {X.shape}, expected (N, T, D) for series with lengths")
        with np.errstate(over="ignore", invalid="ignore"):  # __post_init__ refuses an overflow
            mean = rows.mean(axis=0)
            constant = rows.min(axis=0) == rows.max(axis=0)
            rows -= mean
            std = np.sqrt(np.multiply(rows, rows, out=rows).sum(axis=0) / len(rows))
            constant |= _is_rounding(std, mean, len(rows))
        return cls(mean, np.where(constant, 1.0, std))

    @classmethod
    def fit_blocks(cls, blocks: Iterable[FloatArray]) -> "Scaling":
        """Measure what `fit` does of data that come block by block, each (..., D) and read once.

        Means and sums of squares of each block are taken about its own mean and joined in float64 (Chan, Golub and
        LeVeque 1983), so that a large offset costs no digits.

        Parameters
        ----------
        blocks : iterable of array, shape (..., D)
            At least one; D is the same in all.

        Returns
        -------
        Scaling
            But for rounding the same as `fit` gives for all blocks together.
        """
        n, mean, squares, low, high = 0, np.zeros(1), np.zeros(1), np.array(np.inf), np.array(-np.inf)
        with np.errstate(over="ignore", invalid="ignore"):  # __post_init__ refuses an overflow
            for block in blocks:
                refuse_masked(block, "a block", error=DataError)
                X = np.asarray(block, np.float64)
                if X.ndim == 0 or X.size == 0 or (n and X.shape[-1] != len(mean)):
                    raise DataError(f"a block has shape {X.shape}, expected (..., D), not empty, and the same D in all")
                rows = X.reshape(-1, X.shape[-1])
                m, center = len(rows), rows.mean(axis=0)
                apart = center - mean
                mean = mean + apart * (m / (n + m))
                squares = squares + ((rows - center) ** 2).sum(axis=0) + apart**2 * (n * m / (n + m))
                low, high = np.minimum(low, rows.min(axis=0)), np.maximum(high, rows.max(axis=0))
                n += m
            if not n:
                raise DataError("there are no blocks: there is nothing to measure a mean on")
            std = np.sqrt(squares / n)
            constant = (low == high) | _is_rounding(std, mean, n)
        return cls(np.where(low == high, low, mean), np.where(constant, 1.0, std))

    def apply(self, X: FloatArray) -> FloatArray:
        """Standardize `X`, shape (..., D), and return it in its own dtype (whole numbers become float32)."""
        X = self._signal(X)
        scaled = np.empty_like(X)
        for part, out in _pieces(X, scaled):
            out[...] = (part - self.mean) / self.std
        return scaled

    def invert(self, X: FloatArray) -> FloatArray:
        """Bring a standardized `X`, shape (..., D), back to its units; the dtype stays."""
        X = self._signal(X)
        raw = np.empty_like(X)
        for part, out in _pieces(X, raw):
            out[...] = part * self.std + self.mean
        return raw

    def _signal(self, X: FloatArray) -> NDArray[Any]:
        refuse_masked(X, "X", error=DataError)
        X = np.asarray(X)
        if X.shape[-1:] != self.mean.shape:
            raise DataError(f"X has shape {X.shape}, expected {len(self.mean)} axes in its last dimension")
        return X if X.dtype.kind == "f" else X.astype(np.float32)

    def __repr__(self) -> str:
        return f"Scaling(mean={self.mean.round(4).tolist()}, std={self.std.round(4).tolist()})"


def _pieces(X: NDArray[Any], out: NDArray[Any]) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Yield some series at a time, since work in float64 may need more memory than there is."""
    if X.ndim < 2:
        yield X, out
        return
    rows = max(1, PIECE * len(X) // max(1, X.size))
    for first in range(0, len(X), rows):
        yield X[first : first + rows], out[first : first + rows]


def _is_rounding(std: NDArray[np.float64], mean: NDArray[np.float64], n: int) -> NDArray[np.bool_]:
    """Tell of each axis whether its variance is no more than the rounding of its own computation."""
    eps = np.finfo(np.float64).eps
    return np.asarray(std**2 <= n * eps * std**2 + (n * mean * eps) ** 2)
