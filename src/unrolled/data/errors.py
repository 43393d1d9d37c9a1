"""The one exception family of `unrolled.data`."""

LONGEST = 300
"""Characters of a message; a file may make names and cells of any length."""


class DataError(ValueError):
    """Data that cannot be used: the message says what was found, what was expected, and where.

    A message that would be longer than 300 characters, the path of the file left aside, is cut in its middle.

    See Also
    --------
    Summary : What was dropped instead of refused.
    """

    def __init__(self, message: object = "") -> None:
        text = str(message)
        where, colon, said = (
            text.partition(": ") if text.startswith(("/", ".")) or text[1:3] == ":\\" else ("", "", text)
        )
        if len(where) > 2 * LONGEST:
            where = f"{where[:LONGEST]} ... {where[-LONGEST:]}"
        if len(said) > LONGEST:
            said = f"{said[:200]} ... {said[-90:]}"
        super().__init__(where + colon + said)
