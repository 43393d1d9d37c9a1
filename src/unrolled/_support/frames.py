"""Rows as a pandas DataFrame, for those who have pandas."""

from collections.abc import Iterable, Mapping
from typing import Any

from unrolled._support.packages import imported


def frame(rows: Iterable[Mapping[str, Any]], what: str) -> Any:
    """Return rows as a pandas DataFrame, with a column for each of their names.

    Raises
    ------
    ImportError
        If pandas is not installed: says that ``what`` needs it, and how it is installed.
    """
    return imported("pandas", what).DataFrame(list(rows))
