"""A progress bar with rate and remaining time: tqdm where it is installed, plain lines where not."""

import contextlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

EVERY = 2.0
"""Seconds between plain lines."""


class Progress:
    """Progress over ``total`` steps, on standard error; a context manager.

    Where nothing can be written, as on a full disk, in a closed pipe or without a standard error, the bar gives up, and
    what it is the progress of goes on.

    Parameters
    ----------
    total : int
        Steps to come.
    unit : str
        What one step is called.
    shown : bool
        False prints nothing.
    done : int, default 0
        Steps that were done before, and so say nothing of the rate.
    lines : bool, default False
        Print each note on a line of its own, and nothing else.
    """

    def __init__(self, total: int, unit: str, *, shown: bool = True, done: int = 0, lines: bool = False) -> None:
        self.total, self.unit, self.before, self.done, self.note = total, unit, done, done, ""
        self._bar: Any = None
        self._lines: TextIO | None = None
        self._stream: TextIO | None = None
        self._begun = self._printed = time.perf_counter()
        if shown and lines:
            self._lines = sys.stderr
        elif shown and sys.stderr is not None:
            self._try(self._open)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._try(self._bar.close)
        elif self._stream is not None:
            self._try(self._line, time.perf_counter())

    def step(self, steps: int = 1) -> None:
        """Count steps that are done."""
        self.done += steps
        if self._bar is not None:
            self._try(self._bar.update, steps)
        elif self._stream is not None:
            now = time.perf_counter()
            if now - self._printed >= EVERY:
                self._try(self._line, now)

    def say(self, note: str) -> None:
        """Show a short note beside the numbers."""
        self.note = note
        if self._lines is not None:
            self._try(self._lines.write, f"{note}; {time.perf_counter() - self._begun:.1f} s\n")
        elif self._bar is not None:
            self._try(self._bar.set_postfix_str, note, False)

    def _open(self) -> None:
        try:
            from tqdm import tqdm
        except ImportError:
            self._stream = sys.stderr
        else:
            # Not drawn before it is here: one that failed as it was made would, when deleted, wait for its own lock.
            self._bar = tqdm(total=self.total, initial=self.done, unit=self.unit, dynamic_ncols=True, delay=1e-9)
            self._bar.refresh()

    def _line(self, now: float) -> None:
        self._printed = now
        seconds = now - self._begun
        rate = (self.done - self.before) / seconds if seconds > 0 else 0.0
        left = f"{(self.total - self.done) / rate:.0f} s left" if rate > 0 else "? s left"
        note = f"  {self.note}" if self.note else ""
        print(f"{self.done}/{self.total} {self.unit}  {rate:.1f} {self.unit}/s  {left}{note}", file=self._stream)

    def _try(self, write: Callable[..., Any], *args: Any) -> None:
        """Write; or, where that is not possible, never again."""
        try:
            write(*args)
        except (OSError, ValueError, AttributeError):  # of a file that is full, closed, or none
            bar, self._bar, self._stream, self._lines = self._bar, None, None, None
            if bar is not None:
                bar.disable = True  # so that it writes nothing when it is deleted
            settle(sys.stderr)


def settle(stream: TextIO | None) -> None:
    """Write what a stream keeps, or let go of it where that is not possible.

    What is kept would be tried again, and fail, when a process is started, and when the interpreter ends, whose status
    would be 120.
    """
    if stream is None:
        return
    with contextlib.suppress(OSError, ValueError):  # of one that is no file, or closed
        try:
            stream.flush()
        except OSError:
            number = stream.fileno()
            place = os.dup(number)
            try:
                with Path(os.devnull).open("wb") as nowhere:
                    os.dup2(nowhere.fileno(), number)
                stream.flush()
            finally:
                os.dup2(place, number)
                os.close(place)
