"""What stands at a path, whatever path that is: one too long for any file, a circle of links, a pipe."""

import stat
import zipfile
from pathlib import Path
from typing import Literal

Kind = Literal["a file", "a folder", "a device", "none"]


def found_at(path: Path) -> Kind:
    """Return what a path leads to; nothing is opened, for that would wait for a pipe."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # ValueError: a NUL in it
        return "none"
    return "a folder" if stat.S_ISDIR(mode) else "a file" if stat.S_ISREG(mode) else "a device"


def is_folder(path: Path) -> bool:
    """Tell whether a path leads to a folder."""
    return found_at(path) == "a folder"


def is_zip(path: Path) -> bool:
    """Tell whether a path leads to a file that is a zip."""
    try:
        return found_at(path) == "a file" and zipfile.is_zipfile(path)
    except OSError:
        return False
