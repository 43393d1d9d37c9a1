"""The one exception family of `unrolled.data`."""


class DataError(ValueError):
    """Data that cannot be used: the message says what was found, what was expected, and where."""
