"""Channels as values that JSON can hold, and back: a file names kinds of this table, and nothing else is made."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from unrolled.data.channels.channel import Axes
from unrolled.data.channels.combined import Channels
from unrolled.data.channels.over_time import HighPass, Jerk, LowPass
from unrolled.data.channels.triads import Horizontal, Magnitude, Vertical
from unrolled.data.errors import DataError

KINDS: Mapping[str, type] = {
    kind.__name__: kind for kind in (Axes, Channels, HighPass, Horizontal, Jerk, LowPass, Magnitude, Vertical)
}
MOST_DEPTH = 32


def to_config(value: Any) -> Any:
    """Return channels, or what a field of theirs holds, as JSON can hold it.

    Raises
    ------
    DataError
        If there is a channel among them that is not this library's, or they are nested too deeply.
    """
    return _to_config(value, 0)


def from_config(config: Any) -> Channels:
    """Return the channels that `to_config` described.

    Raises
    ------
    DataError
        If it is no such description, or the channels refuse their settings.
    """
    channels = _from_config(config, 0)
    if not isinstance(channels, Channels):
        raise DataError(f"it describes {channels!r}, expected channels")
    return channels


def _to_config(value: Any, depth: int) -> Any:
    if depth > MOST_DEPTH:
        raise DataError(f"channels are nested more than {MOST_DEPTH} deep, which a file cannot hold")
    if isinstance(value, tuple):
        return [_to_config(each, depth + 1) for each in value]
    if value is None or isinstance(value, int | float):
        return value
    if type(value) not in KINDS.values():
        raise DataError(f"{value!r} is not one of this library's channels, expected one of {', '.join(KINDS)} to save")
    settings = {field.name: _to_config(getattr(value, field.name), depth + 1) for field in fields(value)}
    return {"kind": type(value).__name__, **settings}


def _from_config(config: Any, depth: int) -> Any:
    if depth > MOST_DEPTH:
        raise DataError(f"channels are nested more than {MOST_DEPTH} deep")
    if isinstance(config, list):
        return tuple(_from_config(each, depth + 1) for each in config)
    if not isinstance(config, dict):
        return config
    kind = config.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise DataError(f"it names the kind {kind!r}, expected one of {', '.join(KINDS)}")
    settings = {name: _from_config(each, depth + 1) for name, each in config.items() if name != "kind"}
    if unknown := sorted(settings.keys() ^ {field.name for field in fields(KINDS[kind])}):
        raise DataError(f"settings of {kind} are {sorted(settings)}; {unknown[0]} is missing or unknown")
    return KINDS[kind](**settings)
