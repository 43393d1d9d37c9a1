"""How well a network did: classes, probabilities, and numbers.

Of classes, the truth ``y`` is integer labels (N,) or one-hot rows (N, C), ``predicted`` is integer labels (N,), and
``scores`` (N, C) are probabilities or logits: larger for what the network thinks likelier. Of numbers, ``y`` and
``predicted`` have one shape: (N,), (N, K), or (N, T, K) with K numbers at every step.
"""

from unrolled.metrics.accuracy import accuracy, log_loss, top_k_accuracy
from unrolled.metrics.calibration import (
    Reliability,
    expected_calibration_error,
    fit_temperature,
    reliability,
    tempered,
)
from unrolled.metrics.confusion import ClassScores, Normalize, class_scores, confusion_matrix
from unrolled.metrics.regression import (
    mean_absolute_error,
    mean_squared_error,
    normalized_root_mean_squared_error,
    r2_score,
    root_mean_squared_error,
)

__all__ = [
    "ClassScores",
    "Normalize",
    "Reliability",
    "accuracy",
    "class_scores",
    "confusion_matrix",
    "expected_calibration_error",
    "fit_temperature",
    "log_loss",
    "mean_absolute_error",
    "mean_squared_error",
    "normalized_root_mean_squared_error",
    "r2_score",
    "reliability",
    "root_mean_squared_error",
    "tempered",
    "top_k_accuracy",
]
