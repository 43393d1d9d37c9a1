"""Recurrent networks in plain NumPy, with every gradient written by hand.

The parts: `unrolled.rnn` (the network), `unrolled.data`, `unrolled.metrics`, `unrolled.plots` and `unrolled.sweep`
(searches over hyperparameters); each is imported when it is first used.
"""

import importlib
from types import ModuleType

__version__ = "0.1.0"
__all__ = ["data", "metrics", "plots", "rnn", "sweep"]


def __getattr__(name: str) -> ModuleType:
    if name not in __all__:
        raise AttributeError(f"module 'unrolled' has no attribute {name!r}")
    return importlib.import_module(f"unrolled.{name}")
