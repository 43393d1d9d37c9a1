"""What the network and the metrics both ask of an array at the door."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def numeric(value: Any, name: str) -> NDArray[Any]:
    """Return ``value`` as a real array, or raise a ValueError where it holds anything but real numbers."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} is ragged, expected rows of one length ({error})") from None
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} holds {array.dtype} values, expected real numbers")
    return array
