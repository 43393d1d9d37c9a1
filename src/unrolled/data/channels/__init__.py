"""Channels derived from what a sensor measured: values that are composed, name themselves, and are kept in files.

Networks fed with the axes alone learn how each person carried the device. These say what does not depend on it.
Each is a frozen dataclass and a pure function: ``c(X, lengths)`` returns (N, T, n) of X's dtype for X (N, T, D) in the
sensor's units, before any scaling. ``Dataset.with_channels([...])`` derives them and scales anew.

- The axes themselves: `Axes`.
- Of triads (x, y, z): `Magnitude`; `Vertical` and `Horizontal`, about the mean direction of the whole window.
- Of every axis: `Jerk`, the first differences; `LowPass` and `HighPass`, gravity apart from motion.

Each but `Axes` is taken *of* another, the axes by default: ``Jerk(Vertical())`` is the first difference of what is
vertical, ``Magnitude(Jerk())`` the size of the first differences. `Channels` are several side by side.

What is ``causal`` depends on no later step, and runs on a stream too. `Vertical` and `Horizontal` need the whole
window, and a stream refuses them.

One's own: an object with the four members of `Channel`.
"""

from unrolled.data.channels.channel import Axes, Channel
from unrolled.data.channels.combined import Channels
from unrolled.data.channels.over_time import HighPass, Jerk, LowPass
from unrolled.data.channels.triads import Horizontal, Magnitude, Vertical

__all__ = ["Axes", "Channel", "Channels", "HighPass", "Horizontal", "Jerk", "LowPass", "Magnitude", "Vertical"]
