"""Which functions of the library a test calls: no other test can kill a mutant of them."""

import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from mutation.operators import SOURCE, Mutant, page


class Reach:
    """Notes which functions of the library a test calls, in any thread."""

    def __init__(self) -> None:
        self.names: dict[Any, str] = {}
        self.reached: set[Any] = set()

    def trace(self, frame: FrameType, event: str, argument: object) -> None:  # noqa: ARG002 - as sys.settrace calls it
        """Note a call."""
        if frame.f_code.co_filename.startswith(str(SOURCE)):
            self.reached.add(frame.f_code)

    def __enter__(self) -> "Reach":
        self.reached = set()
        threading.settrace(self.trace)
        sys.settrace(self.trace)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)
        threading.settrace(None)

    def functions(self) -> list[str]:
        """Return their files and first lines."""
        found = {(code.co_filename, code.co_firstlineno) for code in self.reached}
        return sorted(f"{Path(path).relative_to(SOURCE).as_posix()}:{line}" for path, line in found)


def reaching(mutant: Mutant) -> set[str]:
    """Return the functions whose code a mutant changes, as :meth:`Reach.functions` names them."""
    return {f"{mutant.file}:{line}" for _, line in page(mutant.file).lines(mutant)}
