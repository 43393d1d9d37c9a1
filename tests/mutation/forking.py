"""One mutant after the other, each in a process of its own that has everything imported already.

The process is forked, the code of the changed functions exchanged in place, so that whoever holds a reference has the
mutant, and a check is run. Python processes that the check starts import the changed file from a folder of links.
"""

import gc
import os
import resource
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import _lru_cache_wrapper, cache
from pathlib import Path
from time import monotonic, sleep
from types import FunctionType
from typing import Any, NoReturn

from mutation.operators import SOURCE, Mutant, page

MEMORY = 8 << 30
"""Bytes of addresses that a mutant may have."""

KILLED, SURVIVED, TIMED_OUT = "killed", "survived", "timed out"


@cache
def _functions(file: str) -> list[FunctionType]:
    """Return every function that was made from a file, however it is wrapped."""
    path = str(SOURCE / file)
    return [each for each in gc.get_objects() if type(each) is FunctionType and each.__code__.co_filename == path]


@cache
def _caches(file: str) -> list[Any]:
    """Return every function of a file that remembers its results."""
    kept = [each for each in gc.get_objects() if type(each) is _lru_cache_wrapper]
    return [each for each in kept if each.__wrapped__ in _functions(file)]


def exchange(mutant: Mutant) -> int:
    """Give the functions of this process a mutant's code; return how many."""
    for cached in _caches(mutant.file):
        cached.cache_clear()
    codes, n = page(mutant.file).codes(mutant), 0
    for function in _functions(mutant.file):
        old = function.__code__
        for new in codes.get((old.co_name, old.co_firstlineno), []):
            if len(new.co_freevars) == len(old.co_freevars):
                function.__code__ = new
                n += 1
    return n


def lay_out(mutant: Mutant, folder: Path) -> None:
    """Lay out the library in a folder, by links, but for the mutant's file."""
    here, there = SOURCE, folder / SOURCE.name
    for part in Path(mutant.file).parts:
        there.mkdir()
        for each in here.iterdir():
            if each.name not in (part, "__pycache__"):
                (there / each.name).symlink_to(each)
        here, there = here / part, there / part
    there.write_text(page(mutant.file).source(mutant), encoding="utf-8")


def outcome(
    mutant: Mutant, check: Callable[[], str], seconds: float, *, folder_for_others: bool = False
) -> tuple[str, str]:
    """Run a check on a mutant.

    Parameters
    ----------
    mutant : Mutant
    check : callable
        Returns what has killed the mutant, or nothing; an error kills as well.
    seconds : float
        Of processor time; three times as much of waiting for something else than a processor.
    folder_for_others : bool
        Whether the check starts processes that must have the mutant too.

    Returns
    -------
    outcome, by : str
    """
    _caches(mutant.file)  # looked for once, and not in every child, on its time
    reading, writing = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        child = os.fork()
        if child == 0:
            os.close(reading)
            _in_child(mutant, check, seconds, writing, Path(folder), others=folder_for_others)
        os.close(writing)
        ended, waits = None, Waits(child)
        while ended is None and waits.seconds() < 3 * seconds + 10:
            sleep(0.001)
            ended = os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        with suppress(ProcessLookupError):  # with all that it has started, while its number is its own
            os.killpg(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as pipe:
        by = pipe.read().decode(errors="replace")
    if ended is None:
        return TIMED_OUT, "the clock"
    if os.WIFSIGNALED(status):
        timed_out = os.WTERMSIG(status) in (signal.SIGPROF, signal.SIGXCPU)
        return (TIMED_OUT, "processor time") if timed_out else (KILLED, f"signal {os.WTERMSIG(status)}")
    return (SURVIVED if os.WEXITSTATUS(status) == 0 else KILLED), by


class Waits:
    """How long a process and those that it has started have waited for something, but for processors that others have.

    Parameters
    ----------
    group : int
        The number of the group of processes.
    """

    LOOK = 0.5
    """Seconds between two looks."""

    def __init__(self, group: int) -> None:
        self._group, self._waited, self._looked = group, 0.0, monotonic()

    def seconds(self) -> float:
        """Return how long, as far as looks from time to time can tell."""
        now = monotonic()
        if now - self._looked > self.LOOK:
            if not self._runs():
                self._waited += now - self._looked
            self._looked = now
        return self._waited

    def _runs(self) -> bool:
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError, ValueError):
                state, _, group = path.read_text().rpartition(")")[2].split()[:3]
                if int(group) == self._group and state == "R":
                    return True
        return False


def _in_child(
    mutant: Mutant, check: Callable[[], str], seconds: float, writing: int, folder: Path, *, others: bool
) -> NoReturn:
    by = ""
    try:
        os.setpgid(0, 0)  # not a session: those have a share of the processor of their own
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, seconds)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 10, int(seconds) + 20))  # those it starts too
        tempfile.tempdir = str(folder)
        if others:
            tree = folder / "mutant"
            tree.mkdir()
            lay_out(mutant, tree)
            sys.path.insert(0, str(tree))
            os.environ["PYTHONPATH"] = os.pathsep.join([str(tree), os.environ.get("PYTHONPATH", "")])
        by = check() if exchange(mutant) else ""
    except BaseException as error:
        by = f"{type(error).__name__}: {error}"
    try:
        os.write(writing, by.encode()[:4000])
    finally:
        os._exit(1 if by else 0)
