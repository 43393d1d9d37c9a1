"""What a channel is, and the first: the axes themselves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeAlias, cast

import numpy as np

from unrolled._support.validation import checked_fields, optional, part, whole_number
from unrolled.data.checks import FloatArray, IntArray, batch, step_counts
from unrolled.data.errors import DataError

Step: TypeAlias = Callable[[FloatArray], FloatArray]
"""One step of m signals, in the order of time: what they measured (m, D) in, what is derived (m, n) out."""


class Channel(Protocol):
    """What is asked of a channel; a frozen dataclass, if it is to be compared and saved.

    See Also
    --------
    unrolled.data.channels : Those of the library.
    """

    @property
    def causal(self) -> bool:
        """Whether a step depends on no later one."""
        ...

    def names(self, axes: Sequence[str]) -> tuple[str, ...]:
        """Return the name of each of the n outputs, for axes of these D names."""
        ...

    def __call__(self, X: FloatArray, lengths: IntArray | None = None) -> FloatArray:
        """Return what is derived (N, T, n) from X (N, T, D) in the sensor's units; padding is not read, and is 0."""
        ...

    def stream(self, n_axes: int) -> Step:
        """Return a function of one step after the other that derives the same, or raise a DataError."""
        ...


def axis_numbers(value: Any, name: str, *, error: type[ValueError] = DataError) -> tuple[int, ...]:
    """Return numbers of axes as a tuple, unless there is none, or one twice."""
    if not isinstance(value, Sequence | np.ndarray) or isinstance(value, str) or not len(value):
        raise error(f"{name} are {value!r}, expected numbers of axes such as (0, 1, 2)")
    numbers = tuple(whole_number(each, f"{name}[{i}]", 0, error=error) for i, each in enumerate(value))
    if len(set(numbers)) < len(numbers):
        raise error(f"{name} are {numbers}, expected none twice")
    return numbers


@dataclass(frozen=True)
@checked_fields(DataError, axes=optional(axis_numbers))
class Axes:
    """What was measured, as it is: all axes, or some of them.

    Parameters
    ----------
    axes : sequence of int, optional
        Which, in this order, none twice; kept as a tuple. Default: all.

    Raises
    ------
    DataError
        If axes are not as described; when called, if there is no such axis, or X is no floating-point array
        (N, T, D).

    See Also
    --------
    Channels : Several channels side by side.

    Examples
    --------
    >>> from unrolled.data.channels import Axes, Magnitude
    >>> Magnitude(Axes((3, 4, 5))).names(["ax", "ay", "az", "rx", "ry", "rz"])
    ('magnitude(rx, ry, rz)',)
    """

    causal: ClassVar[bool] = True

    axes: Sequence[int] | None = None

    def names(self, axes: Sequence[str]) -> tuple[str, ...]:
        """Return the names of these axes."""
        return tuple(axes[i] for i in self._chosen(len(axes)))

    def __call__(self, X: FloatArray, lengths: IntArray | None = None) -> FloatArray:
        """Return these axes of X (N, T, D)."""
        X = batch(X)
        return without_padding(X[:, :, self._chosen(X.shape[2])], lengths)

    def stream(self, n_axes: int) -> Step:
        """Return a function of one step after the other that returns these axes."""
        chosen = self._chosen(n_axes)
        return lambda x: x[:, chosen]

    def _chosen(self, n_axes: int) -> list[int]:
        chosen = list(range(n_axes) if self.axes is None else self.axes)
        if max(chosen) >= n_axes:
            raise DataError(f"{self!r} of {n_axes} axes, expected numbers from 0 to {n_axes - 1}")
        return chosen


ALL = Axes()
"""All axes: what a channel is taken of by default."""

a_channel = part(Channel, "Magnitude()")
"""The check of a field that is a channel."""


def several(value: Any, name: str, *, error: type[ValueError] = DataError) -> tuple[Channel, ...]:
    """Return channels as a tuple, unless there is none, or what is none."""
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise error(f"{name} are {value!r}, expected at least one, such as [Axes(), Magnitude()]")
    return tuple(cast(Channel, a_channel(each, f"{name}[{i}]", error=error)) for i, each in enumerate(value))


def own_steps(X: FloatArray, lengths: IntArray | None) -> np.ndarray[Any, np.dtype[np.bool_]] | None:
    """Return which steps are a series' own, (N, T, 1), or None for all."""
    if lengths is None:
        return None
    n, T, _ = X.shape
    return (np.arange(T) < step_counts(lengths, "lengths", n, T)[:, np.newaxis])[:, :, np.newaxis]


def without_padding(X: FloatArray, lengths: IntArray | None) -> FloatArray:
    """Return X (N, T, n) with zeros behind each series' last step."""
    own = own_steps(X, lengths)
    return X if own is None else np.where(own, X, X.dtype.type(0))
