"""When to stop before the last epoch."""

from dataclasses import dataclass

from unrolled._support.validation import checked_fields, whole


@dataclass(frozen=True)
@checked_fields(patience=whole(1))
class EarlyStopping:
    """Stop when the validation loss has not fallen below its best for a while, and go back to that best.

    Parameters
    ----------
    patience : int, default 10
        Epochs without a new best before training stops.
    """

    patience: int = 10
