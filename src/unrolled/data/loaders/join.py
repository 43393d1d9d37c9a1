"""Tables of two sensors as one."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unrolled._support.validation import refuse_masked, shown
from unrolled.data.errors import DataError
from unrolled.data.loaders.frame_columns import numbers_of


def join_by_time(one: Mapping[str, ArrayLike], other: Mapping[str, ArrayLike], *, time: str) -> dict[str, NDArray[Any]]:
    """Join two tables of one recording, such as an accelerometer's and a gyroscope's, to one for `load_csv`.

    Steps are those of the first table, as far as the second reaches; the second's columns are read at their times,
    linearly between its own.

    Parameters
    ----------
    one, other : mapping of str to array, or pandas DataFrame
        Columns by name; those of the second are numbers. A name that both have gets ``_2`` behind in the second.
    time : str
        The column with the time, in one unit in both, rising.

    Returns
    -------
    dict of str to array
        The columns of the first, then those of the second.

    Raises
    ------
    DataError
        If a table has no such column, it does not rise, or the two have no time in common.

    See Also
    --------
    load_csv : Takes what is returned.

    Examples
    --------
    >>> joined = join_by_time({"t": [0, 1, 2], "x": [5, 6, 7]}, {"t": [0.5, 2.5], "x": [10, 30]}, time="t")
    >>> {name: column.tolist() for name, column in joined.items()}
    {'t': [1, 2], 'x': [6, 7], 'x_2': [15.0, 25.0]}
    """
    tables: list[dict[str, NDArray[Any]]] = []
    stamps = []
    for table, which in ((one, "first"), (other, "second")):
        if not isinstance(table, Mapping) and not hasattr(table, "columns"):
            raise DataError(f"the {which} table is {shown(table)}, expected a mapping or a frame of columns")
        names = [str(name) for name in (table.keys() if isinstance(table, Mapping) else table.columns)]
        if time not in names:
            raise DataError(f"the {which} table has no column {time}, expected one of {', '.join(names[:20])}")
        for name in names:
            refuse_masked(table[name], f"column {name} of the {which} table", error=DataError)
        columns = {name: np.asarray(table[name]) for name in names}
        try:
            numbers, dated = numbers_of(table[time])
        except (TypeError, ValueError) as error:
            raise DataError(f"column {time} of the {which} table: expected numbers: {error}") from None
        if len(numbers) == 0 or not (np.diff(numbers) > 0).all() or not np.isfinite(numbers).all():
            raise DataError(f"column {time} of the {which} table does not rise, expected times in order, none twice")
        if dated:  # of one time zone
            columns[time] = np.asarray(table[time], "datetime64[ns]")
        tables.append(columns)
        stamps.append(numbers)
    common = (stamps[0] >= stamps[1][0]) & (stamps[0] <= stamps[1][-1])
    if not common.any():
        raise DataError(
            f"the two tables have no time in common: {stamps[0][0]:g} to {stamps[0][-1]:g} and {stamps[1][0]:g} to "
            f"{stamps[1][-1]:g}"
        )
    joined = {name: column[common] for name, column in tables[0].items()}
    for name, column in tables[1].items():
        if name != time:
            try:
                values = np.asarray(column, np.float64)
            except (TypeError, ValueError) as error:
                raise DataError(f"column {name} of the second table: expected numbers: {error}") from None
            joined[name if name not in joined else f"{name}_2"] = np.interp(stamps[0][common], stamps[1], values)
    return joined
