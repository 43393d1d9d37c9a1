"""How far apart two arrays are."""

from typing import Any

import numpy as np


def relative_difference(a: Any, b: Any) -> float:
    """Largest difference over largest entry; 0 for two all-zero arrays."""
    a, b = np.asarray(a), np.asarray(b)
    scale = max(np.abs(a).max(initial=0), np.abs(b).max(initial=0))
    return 0.0 if scale == 0 else float(np.abs(a - b).max() / scale)
