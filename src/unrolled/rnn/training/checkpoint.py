"""A training under way, to and from a file: everything it is in the middle of, so that it can go on to the bit."""

import hashlib
import json
import re
import warnings
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

import unrolled
from unrolled._support import hdf5
from unrolled._support.blas_threads import one_blas_thread
from unrolled._support.validation import whole_number
from unrolled.rnn import storage
from unrolled.rnn.arrays import Parameters
from unrolled.rnn.training.augmentation import Augmentation
from unrolled.rnn.training.loop import Run
from unrolled.rnn.training.optimizers import State
from unrolled.rnn.training.samples import FromSource, InMemory

FORMAT = "unrolled checkpoint 1"
STREAMS = ("shuffling", "dropping", "augmenting")


class CheckpointWarning(UserWarning):
    """A checkpoint could not be written; the training goes on, and its results stay in memory."""


class Checkpoint:
    """Keeps a file up to date with a run; what stands there stays whole until the new one is."""

    def __init__(self, path: str | PathLike[str], every: int | None, made_of: dict[str, Any]) -> None:
        self.path, self.every, self.made_of = Path(path).resolve(), every, made_of
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
        if Path(path).exists():
            raise FileExistsError(
                f"checkpoint '{path}' is there already: rnn.resume goes on with it; to start anew, remove it first"
            )
        checkpoint = cls(path, every, made_of(run.training, run.held_out, run.settings.augment))
        checkpoint.write(run)
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
        except OSError as error:
            warnings.warn(
                f"checkpoint {self.path} could not be written at epoch {run.at.epoch + 1}, batch {run.at.batch}: "
                f"{error}. What stood there stays; the training goes on, and its results are in memory",
                CheckpointWarning,
                stacklevel=2,
            )

    def write(self, run: Run) -> None:
        """Write everything the run is in the middle of.

        Raises
        ------
        OSError
            If it cannot be written; what stood there still stands.
        """
        streams = {name: getattr(run.generators, name).bit_generator.state for name in STREAMS}
        text = json.dumps(
            {
                "made of": self.made_of,
                "every": self.every,
                "network": run.net.description(),
                "settings": run.settings.described(),
                "history": asdict(run.history),
                "position": asdict(run.at),
                "best loss": run.best.loss,
                "streams": {**streams, "shuffling": run.shuffling_state},
                "done": run.done,
            },
            default=_array_to_json,
        )
        groups = {"parameters": run.net.parameters, "kept": run.last_finite, "best": run.best.parameters}
        groups |= {f"optimizer {name}": arrays for name, arrays in run.state.items()}
        with storage.writing(self.path, FORMAT, groups, label=self.path.name) as file:
            file.attrs["digest"] = _digest(text.encode(), groups)
            file.create_dataset("training", data=np.frombuffer(text.encode(), np.uint8))

    def tidy(self) -> None:
        """Remove what a process that was killed while writing has left beside the file."""
        ours = re.compile(rf"\.{re.escape(self.path.name)}-[0-9a-f]{{16}}{re.escape(self.path.suffix)}")
        for left in self.path.parent.iterdir():
            if ours.fullmatch(left.name):
                left.unlink(missing_ok=True)


@dataclass
class Saved:
    """What a checkpoint file holds: its description, and named arrays by group."""

    description: dict[str, Any]
    parameters: Parameters
    kept: Parameters
    best: Parameters
    state: State


def read(path: str) -> Saved:
    """Read back what :meth:`Checkpoint.write` wrote.

    Raises
    ------
    StorageError
        If the file is not a checkpoint, or is damaged.
    FileNotFoundError
        If there is none.
    """
    with storage.opened(path, FORMAT, "a checkpoint that this version wrote") as file:
        text = hdf5.read(hdf5.dataset(file, "training"), "training").astype(np.uint8).tobytes()
        groups = storage.arrays(path, file, [name for name in file if name != "training"], np.int64)
        if _digest(text, groups) != hdf5.attribute(file, "digest"):
            raise storage.StorageError(f"{path} is damaged: its numbers are not those that were written")
        description = json.loads(text, object_hook=_array_from_json)
        state = {name.removeprefix("optimizer "): arrays for name, arrays in groups.items() if " " in name}
        return Saved(description, groups["parameters"], groups["kept"], groups["best"], state)


def made_of(
    training: InMemory | FromSource, held_out: dict[str, InMemory | FromSource], augment: Augmentation | None
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
        }


def _named(function: Any) -> str:
    """Describe an augmentation so that another one has another description, also in another process."""
    name = getattr(function, "__qualname__", None)
    if name is not None and "<" not in name and getattr(function, "__self__", None) is None:
        return f"{function.__module__}.{name}"
    text = repr(function)
    if name is not None or re.search(r" at 0x[0-9a-f]+", text):  # an address is another process's tomorrow
        raise ValueError(
            f"augment is {text}, whose settings cannot be told from its name, expected for a checkpoint a function at "
            "the top level of a module, or an object whose repr says its settings, such as data.augment.Jitter(0.05)"
        )
    return text


def _digest(text: bytes, groups: dict[str, Parameters]) -> str:
    digest = hashlib.sha256(text)
    for name in sorted(groups):
        for of in sorted(groups[name]):
            digest.update(f"{name}/{of}".encode() + groups[name][of].tobytes())
    return digest.hexdigest()


def _array_to_json(value: Any) -> Any:
    """Take the arrays in the state of some bit generators."""
    if isinstance(value, np.ndarray):
        return {"array": value.tolist(), "dtype": value.dtype.str}
    return value.item()


def _array_from_json(value: dict[str, Any]) -> Any:
    return np.array(value["array"], value["dtype"]) if value.keys() == {"array", "dtype"} else value
