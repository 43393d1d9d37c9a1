"""A progress bar with rate and remaining time: tqdm where it is installed, plain lines where not."""

import sys
import time
from types import TracebackType
from typing import Any, TextIO

EVERY = 2.0
"""Seconds between plain lines."""


class Progress:
    """Progress over ``total`` steps, on standard error; a context manager.

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
    """

    def __init__(self, total: int, unit: str, *, shown: bool = True, done: int = 0) -> None:
        self.total, self.unit, self.before, self.done, self.note = total, unit, done, done, ""
        self._bar: Any = None
        self._stream: TextIO | None = None
        if shown:
            try:
                from tqdm import tqdm
            except ImportError:
                self._stream = sys.stderr
            else:
                self._bar = tqdm(total=total, initial=done, unit=unit, dynamic_ncols=True)
        self._begun = self._printed = time.perf_counter()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
        elif self._stream is not None:
            self._line(time.perf_counter())

    def step(self, steps: int = 1) -> None:
        """Count steps that are done."""
        self.done += steps
        if self._bar is not None:
            self._bar.update(steps)
        elif self._stream is not None:
            now = time.perf_counter()
            if now - self._printed >= EVERY:
                self._line(now)

    def say(self, note: str) -> None:
        """Show a short note beside the numbers."""
        self.note = note
        if self._bar is not None:
            self._bar.set_postfix_str(note, refresh=False)

    def _line(self, now: float) -> None:
        self._printed = now
        seconds = now - self._begun
        rate = (self.done - self.before) / seconds if seconds > 0 else 0.0
        left = f"{(self.total - self.done) / rate:.0f} s left" if rate > 0 else "? s left"
        note = f"  {self.note}" if self.note else ""
        print(f"{self.done}/{self.total} {self.unit}  {rate:.1f} {self.unit}/s  {left}{note}", file=self._stream)
