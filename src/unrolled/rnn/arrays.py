"""Names for the things every page of this package passes around."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
"""A float32, float64 or complex128 array; its dtype is the dtype of the work."""

Parameters: TypeAlias = dict[str, Array]
"""Arrays by name, in a fixed order. Gradients and optimizer state have the same names and shapes."""

ReadOnlyParameters: TypeAlias = Mapping[str, Array]
"""The same, where a function only reads them."""

IntArray: TypeAlias = NDArray[np.int64]
"""An int64 array of labels or indices."""

State: TypeAlias = dict[str, Array]
"""What goes on from step to step, by name: ``A`` (m, H), and what else a cell has, such as the LSTM's ``C``."""
