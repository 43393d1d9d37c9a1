"""The goals: the training step of the tanh cell on two cores."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """Of one size: peer / ours at least, and ours / roofline at most.

    PyTorch is the better of its two numbers of threads.
    """

    pytorch: float
    jax: float
    keras: float
    textbook: float
    roofline: float | None


GOALS = {  # by (batch, hidden)
    (10, 50): Goal(6, 1.8, 7, 3.5, None),
    (30, 50): Goal(5.5, 2, 5, 3.5, 1.6),
    (30, 100): Goal(3, 1.7, 2.2, 3.5, 1.4),
    (32, 128): Goal(2.4, 1.5, 1.6, 3.5, 1.4),
    (256, 128): Goal(1.8, 3, 1.2, 3, 1.4),
    (64, 512): Goal(1.2, 1.2, 1.2, 2, 1.3),
}
