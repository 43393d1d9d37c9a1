"""Random changes of a batch before it is trained on: what a training asks of them, and checks."""

from typing import Protocol

import numpy as np

from unrolled._support.validation import refuse_masked
from unrolled.rnn import inputs
from unrolled.rnn.arrays import Array, IntArray


class Augmentation(Protocol):
    """What :func:`unrolled.rnn.train` asks of an augmentation: a function, or an object that is called.

    One with a true attribute ``moves_time`` moves steps in time, or needs to know which are padding, and is refused
    for sequences of different lengths. One with a method ``with_targets(X, Y, rng)`` is called so instead, with the
    targets (m, C), and returns both: X and Y.

    See Also
    --------
    unrolled.data.augment : Those of the library.
    """

    def __call__(self, X: Array, rng: np.random.Generator, /) -> Array:
        """Return a batch (m, T, D) like X, changed by what is drawn from ``rng``; X itself stays as it is."""
        ...


def augmented(
    augment: Augmentation, X: Array, Y: Array, lengths: IntArray | None, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return the batch that an augmentation makes of another, and its targets.

    Parameters
    ----------
    augment : Augmentation
    X : ndarray, shape (m, T, D)
    Y : ndarray, shape (m, C)
        One-hot rows.
    lengths : ndarray of int, shape (m,), or None
    rng : numpy.random.Generator

    Returns
    -------
    X : ndarray, shape (m, T, D)
        Of X's dtype.
    Y : ndarray, shape (m, C)
        Y itself, unless the augmentation changes targets.

    Raises
    ------
    ValueError
        If either has another shape, is masked in places or holds anything but finite numbers, or if padding would be
        moved.
    """
    refuse_moved_padding(augment, lengths, X.shape[1])
    targets = Y
    if hasattr(augment, "with_targets"):
        changed, targets = augment.with_targets(X, Y, rng)
        refuse_masked(targets, "what augment gave as targets")
        if np.shape(targets) != Y.shape or not np.isfinite(targets).all():
            raise ValueError(
                f"augment gave targets of shape {np.shape(targets)}, expected finite numbers of shape {Y.shape} as it "
                "was handed"
            )
    else:
        changed = augment(X, rng)
    refuse_masked(changed, "what augment gave")
    if np.shape(changed) != X.shape:
        raise ValueError(f"augment gave an array of shape {np.shape(changed)}, expected {X.shape} as it was handed")
    changed = inputs.rounded(np.asarray(changed), X.dtype, "what augment gave")
    return changed, np.asarray(targets, Y.dtype)


def refuse_misfit(augment: Augmentation | None, X: Array, at_every_step: bool) -> None:
    """Raise a ValueError if an augmentation meets symbols, or moves steps in time whose targets would stay."""
    if augment is not None and X.ndim == 2:
        raise ValueError(f"augment is {augment!r}, but X are symbols, whole numbers (N, T): expected no augmentation")
    if getattr(augment, "moves_time", False) and at_every_step:
        raise ValueError(
            f"augment is {augment!r}, which moves steps in time or reads all of them, but every step has a target of "
            "its own: expected an augmentation that leaves time alone"
        )


def refuse_moved_padding(augment: Augmentation | None, lengths: IntArray | None, T: int) -> None:
    """Raise a ValueError if an augmentation that moves steps in time meets sequences shorter than T."""
    if getattr(augment, "moves_time", False) and lengths is not None and (lengths < T).any():
        raise ValueError(
            f"augment is {augment!r}, which moves steps in time or reads all of them, but sequences have "
            f"{lengths.min()} to {T} steps: expected all of one length, or an augmentation that leaves time alone"
        )
