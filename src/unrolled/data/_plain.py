"""One text file that lies in the open: its bytes within bounds, and its text."""

import os
from pathlib import Path

from unrolled.data.errors import DataError


def read_file(path: Path, max_bytes: int) -> bytes:
    """Return the bytes of a file, if it is one and has at most `max_bytes`."""
    if not path.is_file():  # no folder, and no device that never ends
        raise DataError(f"{path}: expected a file, found none")
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            # a byte more than it says it has, to see that it has not grown beyond what is allowed
            content = file.read(min(size, max_bytes) + 1)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    if max(size, len(content)) > max_bytes:
        raise DataError(
            f"{path}: has {max(size, len(content))} bytes, expected at most {max_bytes}: raise max_bytes to allow it"
        )
    return content


def decode(content: bytes, name: str) -> str:
    """Return UTF-8 text, with or without a mark of it, or say on which line it is none."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{name}, line {line}: expected UTF-8 text: {error}") from None
