"""When to stop before the last epoch."""

from dataclasses import dataclass

from unrolled.rnn import inputs


@dataclass(frozen=True)
class EarlyStopping:
    """Stop when the validation loss has not fallen below its best for a while, and go back to that best.

    Parameters
    ----------
    patience : int, default 10
        Epochs without a new best before training stops.
    """

    patience: int = 10

    def __post_init__(self) -> None:
        """Refuse a patience that is not a positive whole number."""
        inputs.count(self.patience, "EarlyStopping's patience")
