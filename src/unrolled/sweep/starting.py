"""Whether worker processes can start at all, found out before they are handed anything."""

import contextlib
import io
import multiprocessing
import pickle
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from unrolled.sweep.naming import qualified
from unrolled.sweep.trials import TrialError
from unrolled.sweep.workers import Processes


def end_if_imported(executor: Executor | None, n_jobs: int | None) -> None:
    """End a worker process that runs a script's search again as it imports the script, instead of searching itself.

    So it does where a script calls :func:`unrolled.sweep.run` outside ``if __name__ == "__main__":``. The search that
    began the process tells what is wrong, once; the standard library's twenty lines would come once for each worker.
    """
    importing = getattr(multiprocessing.current_process(), "_inheriting", False)  # as multiprocessing.spawn has it
    if executor is None and n_jobs != 1 and importing:
        raise SystemExit(1)


def prove(pool: Executor, trial: Callable[..., Any], points: Sequence[Mapping[str, Any]]) -> None:
    """Let a process of the search's own show that it starts and can import the trial and what is in the points.

    Raises
    ------
    TrialError
        If it does not, in one sentence.
    """
    if not isinstance(pool, Processes):
        return
    way_out = "n_jobs=1 runs the trials in this process"
    if (unseen := _only_here(trial, points)) is not None:
        raise TrialError(
            f"worker processes cannot import {unseen}, which is defined in a notebook, at a prompt or in a script from "
            f"standard input: put it into a module of its own; {way_out}"
        )
    try:
        pool.submit(_import, pickle.dumps((trial, points))).result()
    except Exception as error:
        raise TrialError(
            f"worker processes cannot start, or cannot import the trial {qualified(trial, 'trial')} "
            f'({type(error).__name__}): a script keeps its search under if __name__ == "__main__":; {way_out}'
        ) from None


def _import(call: bytes) -> None:
    """Import what a call is made of; where that fails, the process lives, and can say so."""
    pickle.loads(call)


def _only_here(trial: Callable[..., Any], points: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the name of something that the main module defines, if there is any and no process can import it."""
    main = sys.modules["__main__"]
    file = getattr(main, "__file__", None)
    if getattr(main, "__spec__", None) is not None or (file is not None and Path(file).exists()):
        return None
    if file is not None:  # as "<stdin>", which each worker would try to run
        return "the main script"
    found: list[str] = []

    class Names(pickle.Pickler):
        def reducer_override(self, each: Any) -> Any:
            kind = each if isinstance(each, type) or callable(each) else type(each)
            if getattr(kind, "__module__", None) == "__main__":
                found.append(getattr(kind, "__qualname__", repr(kind)))
            return NotImplemented

    with contextlib.suppress(Exception):  # what cannot be pickled is told when it is sent
        Names(io.BytesIO()).dump((trial, points))
    return found[0] if found else None
