"""A training under way, to and from a file: everything it is in the middle of, so that it can go on to the bit."""

import os
import random
import re
import types
import warnings
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

import unrolled
from unrolled._support.atomic_write import hidden, remove_dead
from unrolled._support.blas_threads import one_blas_thread
from unrolled._support.file_lock import Claim
from unrolled._support.validation import shown, whole_number
from unrolled.rnn import storage
from unrolled.rnn.parts import fingerprint
from unrolled.rnn.training.augmentation import Augmentation
from unrolled.rnn.training.loop import Run
from unrolled.rnn.training.measuring import Metric
from unrolled.rnn.training.samples import FromSource, InMemory
from unrolled.rnn.training.snapshot import Groups, arrays, snapshot

FORMAT = "unrolled checkpoint 3"
GENERATORS = (np.random.Generator, np.random.RandomState, np.random.BitGenerator, random.Random)


class CheckpointWarning(UserWarning):
    """A checkpoint could not be written; the training goes on, and its results stay in memory.

    See Also
    --------
    train : Warns so, and goes on.
    CheckpointError : Of a checkpoint that cannot be resumed.
    """


class Checkpoint:
    """Keeps a file up to date with a run; what stands there stays whole until the new one is.

    It is nobody else's until it is closed, or its process ends: see :func:`claimed`.
    """

    def __init__(self, path: Path, claim: Claim, every: int | None, made_of: dict[str, Any], run: Run) -> None:
        self.path, self.every, self._claim = path, every, claim
        self._made = {
            "made_of": made_of,
            "checkpoint_every": every,
            "network": run.net.to_config(),
            "settings": run.settings.to_config(),
        }
        self._since = 0

    @classmethod
    def begin(cls, path: str | PathLike[str] | None, every: int | None, run: Run) -> "Checkpoint | None":
        """Write the first one, before anything is trained; None without a path.

        Raises
        ------
        ValueError
            If ``every`` is no number of batches, or the training has a part that a file cannot hold.
        FileExistsError, OSError
            If there is a file already, or it cannot be written.
        """
        if every is not None:
            every = whole_number(every, "checkpoint_every", 1)
            if path is None:
                raise ValueError(
                    f"checkpoint_every is {every} without a checkpoint to write, expected checkpoint='run.h5' or so"
                )
        if path is None:
            return None
        there = f"checkpoint '{path}' is there already: rnn.resume goes on with it; to start anew, remove it first"
        if Path(path).exists():
            raise FileExistsError(there)
        description = made_of(run.training, run.held_out, run.settings.augment, run.settings.metrics)
        real = Path(os.path.realpath(path))
        try:
            claim = claimed(real)
        except BlockingIOError:
            raise FileExistsError(
                f"checkpoint '{path}' is being written by a training that is under way, expected one path for each"
            ) from None
        try:
            checkpoint = cls(real, claim, every, description, run)
            checkpoint.write(run, anew=True)
        except FileExistsError:
            claim.release()
            raise FileExistsError(there) from None
        except BaseException:
            claim.release()
            raise
        return checkpoint

    def is_due(self, epoch_ended: bool) -> bool:
        """Count a batch, and return whether to write after it."""
        self._since += 1
        return epoch_ended if self.every is None else self._since >= self.every

    def update(self, run: Run) -> None:
        """Write; where that is not possible, warn."""
        self._since = 0
        try:
            self.write(run)
        except (OSError, ValueError) as error:  # an optimizer's arrays may have become what no file can hold
            warnings.warn(
                f"checkpoint {self.path} could not be written at epoch {run.at.epoch + 1}, batch {run.at.batch}: "
                f"{error}. What stood there stays; the training goes on, and its results are in memory",
                CheckpointWarning,
                stacklevel=2,
            )

    def write(self, run: Run, *, anew: bool = False) -> None:
        """Write everything the run is in the middle of.

        Raises
        ------
        FileExistsError
            If there is a file, and it is to be written anew.
        OSError
            If it cannot be written; what stood there still stands.
        ValueError
            If it could not be read back.
        """
        state = {**self._made, "state": snapshot(run)}
        storage.write(self.path, FORMAT, state, arrays(run), label=self.path.name, anew=anew)

    def close(self) -> None:
        """Let others write the file."""
        self._claim.release()


def claimed(path: Path) -> Claim:
    """Claim a checkpoint for one training, and remove what killed ones have left beside it.

    Raises
    ------
    BlockingIOError
        If a training is under way that writes it.
    """
    claim = Claim(hidden(path, ".lock"))
    remove_dead(path.parent, path.name)
    return claim


def read(path: str) -> tuple[dict[str, Any], Groups]:
    """Read the description and the arrays that :meth:`Checkpoint.write` wrote.

    Raises
    ------
    StorageError
        If the file is not a checkpoint, or is damaged.
    FileNotFoundError
        If there is none.
    """
    return storage.read(path, FORMAT, "a checkpoint that this version wrote", floats_only=False)


def made_of(
    training: InMemory | FromSource,
    held_out: dict[str, InMemory | FromSource],
    augment: Augmentation | None,
    metrics: Mapping[str, Metric] | None,
) -> dict[str, Any]:
    """Name everything outside the file that the rest of a training depends on, to the bit."""
    with one_blas_thread() as threads:
        return {
            "unrolled": unrolled.__version__,
            "numpy": np.__version__,
            "threads of BLAS": threads,
            "training samples": training.fingerprint(),
            **{
                f"{name} samples": held_out[name].fingerprint() if name in held_out else None
                for name in ("validation", "test")
            },
            "augment": None if augment is None else _named(augment),
            "metrics": list(metrics or ()),
        }


def _named(augment: Any) -> str:
    """Describe an augmentation so that another one has another description, also in another process."""
    for held in getattr(augment, "__dict__", {}).values():
        if isinstance(held, GENERATORS):
            raise ValueError(
                f"augment is {shown(augment)}, which holds a {type(held).__name__} of its own that a checkpoint could "
                "not restore, expected one that draws from the rng it is handed"
            )
    if isinstance(augment, types.FunctionType):
        if "<" not in augment.__qualname__:
            return f"{augment.__module__}.{augment.__qualname__}"
        problem = "expected a function at the top level of a module"
    else:
        try:
            return fingerprint(augment)
        except ValueError as error:
            problem = str(error)
        text = repr(augment)
        if not hasattr(augment, "__qualname__") and not re.search(
            r" at 0x[0-9a-f]+", text
        ):  # another process's tomorrow
            return text
    raise ValueError(
        f"augment is {augment!r}, whose settings cannot be told from its name, expected for a checkpoint a function at "
        "the top level of a module, a dataclass such as data.augment.Jitter(0.05), or an object with to_config and "
        "from_config: "
        f"{problem}"
    )
