"""Columns of tables in memory, NumPy's or those of pandas, as numbers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def numbers_of(column: Any) -> tuple[NDArray[np.float64], bool]:
    """Return a column as numbers, NaN for what is missing or masked, and whether they are dates, in s since 1970.

    Parameters
    ----------
    column : array_like or pandas Series
        Numbers, or dates; those of a time zone are brought to UTC.

    Raises
    ------
    TypeError, ValueError
        If it is of neither.
    """
    kind = str(getattr(column, "dtype", ""))
    if kind.startswith("datetime64"):
        stamps = np.asarray(column, "datetime64[ns]")
        seconds = stamps.astype(np.int64) * 1e-9
        missing = np.isnat(stamps)
        missing |= np.ma.getmaskarray(column) if isinstance(column, np.ma.MaskedArray) else False
        return np.where(missing, np.nan, seconds), True
    if hasattr(column, "to_numpy"):  # of pandas, whose own missing value is no float
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan)), False
    return np.ma.filled(np.ma.asarray(column).astype(np.float64), np.nan), False


def cells_of(column: Any) -> list[Any]:
    """Return what stands in a column, None for what is masked."""
    cells: list[Any] = (column if isinstance(column, np.ma.MaskedArray) else np.asarray(column)).tolist()
    return cells


def is_nothing(value: Any) -> bool:
    """Tell whether a cell is empty: None, NaN, or what pandas has in the place of these."""
    return (
        value is None or (isinstance(value, float) and np.isnan(value)) or type(value).__name__ in ("NAType", "NaTType")
    )
