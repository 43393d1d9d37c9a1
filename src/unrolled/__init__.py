"""Recurrent networks in plain NumPy, with every gradient written by hand.

The parts: `unrolled.textbook` (the report's equations as printed), `unrolled.rnn` (the network), `unrolled.data`,
`unrolled.metrics`, `unrolled.plots`, `unrolled.sweep` (searches over hyperparameters) and `unrolled.dynamics`
(instruments that look inside); each is imported when it is first used.
"""

import importlib
from types import ModuleType

__version__ = "0.1.0"
__all__ = ["data", "dynamics", "metrics", "plots", "rnn", "sweep", "textbook"]


def __getattr__(name: str) -> ModuleType:
    if name not in __all__:
        raise AttributeError(f"module 'unrolled' has no attribute {name!r}")
    return importlib.import_module(f"unrolled.{name}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
