"""Several channels side by side, of axes whose number is known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from unrolled._support.validation import checked_fields, refuse_masked, whole
from unrolled.data.channels.channel import Channel, Step, several
from unrolled.data.checks import FloatArray, IntArray, batch
from unrolled.data.errors import DataError

MOST_OUTPUTS = 2**16


@dataclass(frozen=True)
@checked_fields(DataError, channels=several, n_axes=whole(1, MOST_OUTPUTS))
class Channels:
    """Channels side by side, all of the same axes: what ``dataset.channels`` is.

    Parameters
    ----------
    channels : sequence of Channel
        At least one; kept as a tuple.
    n_axes : int
        D, how many axes they are taken of.

    Raises
    ------
    DataError
        If a setting is not as described, there are no such axes, or two outputs have one name; when called, if X is
        no floating-point array (N, T, D).

    See Also
    --------
    unrolled.data.Dataset.with_channels : A data set of them.

    Examples
    --------
    >>> from unrolled.data.channels import Axes, Channels, Jerk, Magnitude
    >>> channels = Channels([Axes(), Magnitude(), Magnitude(Jerk())], n_axes=3)
    >>> channels.n_outputs, channels.names[3], channels.causal
    (5, 'magnitude(axis 0, axis 1, axis 2)', True)
    """

    channels: Sequence[Channel]
    n_axes: int

    def __post_init__(self) -> None:
        seen = set[str]()
        for channel in self.channels:
            for name in channel.names(self._axes()):
                if name in seen:
                    raise DataError(f"the channels have {name!r} twice, expected different outputs")
                seen.add(name)
            if len(seen) > MOST_OUTPUTS:  # a file may say anything
                raise DataError(f"the channels have more than {MOST_OUTPUTS} outputs, expected at most as many")

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each output; axes are "axis 0", "axis 1", ..."""
        axes = self._axes()
        return tuple(name for channel in self.channels for name in channel.names(axes))

    @property
    def n_outputs(self) -> int:
        """How many outputs there are."""
        return len(self.names)

    @property
    def causal(self) -> bool:
        """Whether no step of any depends on a later one."""
        return all(channel.causal for channel in self.channels)

    def __call__(self, X: FloatArray, lengths: IntArray | None = None) -> FloatArray:
        """Return all outputs (N, T, n_outputs) of X (N, T, n_axes), in X's dtype."""
        X = batch(X)
        if X.shape[2] != self.n_axes:
            raise DataError(f"X has {X.shape[2]} axes, expected the {self.n_axes} that the channels are taken of")
        return np.concatenate([channel(X, lengths) for channel in self.channels], axis=2)

    def measured(self, outputs: FloatArray) -> FloatArray:
        """Return the axes (..., n_axes) that the outputs (..., n_outputs) were derived from.

        Raises
        ------
        DataError
            If an axis is not among the outputs, or there are not as many of them.
        """
        names, axes = self.names, self._axes()
        if missing := [axis for axis in axes if axis not in names]:
            raise DataError(f"{missing[0]} is not among the channels {', '.join(names)}: expected Axes() among them")
        if outputs.shape[-1] != len(names):
            raise DataError(f"X has {outputs.shape[-1]} outputs, expected {len(names)}: {', '.join(names)}")
        return outputs[..., [names.index(axis) for axis in axes]]

    def stream(self) -> Step:
        """Return a function of one step after the other that derives the same, without any later step.

        Returns
        -------
        callable
            Of what m signals measured at the next step, (m, n_axes) or of one (n_axes,): all outputs,
            (m, n_outputs) or (n_outputs,). It remembers the steps before.

        Raises
        ------
        DataError
            If a channel needs the whole window.

        Examples
        --------
        >>> import numpy as np
        >>> from unrolled.data.channels import Channels, Jerk, Magnitude
        >>> step = Channels([Magnitude(), Magnitude(Jerk())], n_axes=3).stream()
        >>> step(np.array([0.0, 0.0, 1.0])).tolist(), step(np.array([0.0, 0.0, 3.0])).tolist()
        ([1.0, 0.0], [3.0, 2.0])
        """
        steps = [channel.stream(self.n_axes) for channel in self.channels]

        def step(x: FloatArray) -> FloatArray:
            refuse_masked(x, "x", error=DataError)
            x = np.asarray(x)
            if x.ndim not in (1, 2) or x.shape[-1] != self.n_axes:
                raise DataError(f"x has shape {x.shape}, expected one step ({self.n_axes},) or (m, {self.n_axes})")
            x = x if x.dtype.kind == "f" else x.astype(np.float32)
            rows = np.atleast_2d(x)
            outputs = np.concatenate([each(rows) for each in steps], axis=1)
            return outputs if x.ndim == 2 else outputs[0]

        return step

    def check_rate(self, rate: float | None) -> None:
        """Raise a DataError if a filter among them is for another rate than the signals'."""
        for part in _within(self):
            own = getattr(part, "rate", None)
            if rate is not None and own is not None and not np.isclose(own, rate):
                raise DataError(f"{part!r} is for {own:g} Hz, expected {rate:g} Hz: the rate of the data set")

    def _axes(self) -> list[str]:
        return [f"axis {i}" for i in range(self.n_axes)]

    def __str__(self) -> str:
        return ", ".join(self.names)


def _within(value: Any) -> Iterator[Any]:
    """Iterate over the channels within channels."""
    if isinstance(value, tuple):
        for each in value:
            yield from _within(each)
    elif is_dataclass(value):
        yield value
        for field in fields(value):
            yield from _within(getattr(value, field.name))
