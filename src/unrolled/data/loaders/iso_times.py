"""Times as ISO 8601 writes them, in seconds since 1970."""

import re
import warnings
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

_BEGINS = re.compile(r"(\d{4})-\d\d(?!\d)")
_FIRST, _LAST = 1678, 2261
"""Whole years that NumPy counts in nanoseconds; others it would wrap around without a word."""


def has_zone(text: str) -> bool:
    """Tell whether a time says from which zone it is, by a Z or a difference in hours.

    Examples
    --------
    >>> has_zone("2020-03-01T12:00:00+01:00"), has_zone("2020-03-01T12:00:00")
    (True, False)
    """
    text = text.strip()
    return text[-1:] in ("Z", "z") or "+" in text or text.count("-") > 2


def iso_seconds(texts: list[str], *, zoned: bool) -> NDArray[np.float64] | None:
    """Return ISO times in seconds since 1970, None if one is none, or is not as the others.

    Parameters
    ----------
    texts : list of str
        With a comma or a point before the fractions of a second, in years from 1678 to 2261.
    zoned : bool
        Whether all of them have a zone, or none: among others, one without would be read by the machine's own.

    Examples
    --------
    >>> iso_seconds(["1970-01-01 00:01:00.25", "1970-01-02"], zoned=False)
    array([6.025e+01, 8.640e+04])
    >>> iso_seconds(["now"], zoned=False)
    """
    texts = [text.strip().replace(",", ".") for text in texts]
    begun = [_BEGINS.match(text) for text in texts]
    if not all(match and _FIRST <= int(match[1]) <= _LAST for match in begun):
        return None
    if any(has_zone(text) is not zoned for text in texts):
        return None
    try:
        if zoned:
            return np.array([datetime.fromisoformat(re.sub("[Zz]$", "+00:00", text)).timestamp() for text in texts])
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # of what NumPy takes for a time zone
            stamps = np.array(texts, "datetime64[ns]")
        whole = stamps.astype("datetime64[s]")
        return np.asarray(whole.astype(np.int64) + (stamps - whole).astype(np.int64) * 1e-9, np.float64)
    except (ValueError, OverflowError, OSError, Warning):
        return None
