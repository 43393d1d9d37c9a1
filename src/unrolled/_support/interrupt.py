"""Ctrl-C as a request rather than a blow: the work under way is finished first."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interruptions() -> Iterator[Callable[[], bool]]:
    """Within the block, note the first Ctrl-C instead of raising; a second one raises KeyboardInterrupt.

    Nothing is changed outside the main thread, or where the program handles SIGINT in its own way.

    Yields
    ------
    callable
        Returns whether Ctrl-C was pressed.

    Examples
    --------
    >>> with interruptions() as interrupted:
    ...     for _ in range(3):
    ...         if interrupted():
    ...             break
    """
    pressed = False

    def note(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a signal handler
        nonlocal pressed
        pressed = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if ours:
        signal.signal(signal.SIGINT, note)
    try:
        yield lambda: pressed
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
