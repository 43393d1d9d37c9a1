"""Functions of one's own that a training measures on held-out samples beside loss and accuracy."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from unrolled._support.validation import shown
from unrolled.rnn.network import Network
from unrolled.rnn.training.samples import FromSource, InMemory

Metric: TypeAlias = Callable[[Any, Any], Any]
"""A function of the labels y (N,) and the scores (N, C), what ``predict_proba`` returns, to one number.

Where answers are numbers, of the targets (N, K) and what ``predict`` returns; of many to many with an axis of steps.
"""

TAKEN = ("epochs", "loss", "accuracy", "r2", "metrics")


def checked_metrics(value: Any, name: str, *, error: type[ValueError] = ValueError) -> dict[str, Metric]:
    """Return metrics by their names, unless they are anything but functions by names of their own."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise error(f'{name} are {shown(value)}, expected functions by their names, such as {{"f1": f1}}')
    for of, metric in value.items():
        if not isinstance(of, str) or not of or of in TAKEN:
            raise error(f"a metric is named {shown(of)}, expected a name that is none of {', '.join(TAKEN)}")
        if not callable(metric):
            raise error(f"the metric {of} is {shown(metric)}, expected a function of y (N,) and scores (N, C)")
    return dict(value)


def measured(net: Network, samples: InMemory | FromSource, metrics: Mapping[str, Metric]) -> dict[str, float]:
    """Return every metric of a network on samples.

    Raises
    ------
    ValueError
        If a metric returns anything but a real number; NaN is one.
    """
    if not metrics:
        return {}
    y, scores = samples.scores(net)
    return {name: _number(metric(y, scores), name) for name, metric in metrics.items()}


def _number(value: Any, name: str) -> float:
    array = np.asarray(value)
    if array.ndim or array.dtype.kind not in "biuf":
        raise ValueError(f"the metric {name} returned {shown(value)}, expected a number")
    return float(array)
