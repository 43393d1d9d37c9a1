"""The samples of a search, written once and read once by each process, whichever executor it belongs to.

All that an executor has in common with another is ``submit``. So a trial carries no samples, only where they lie:
a folder that all workers see, on one machine any, on a cluster one of the shared file system. A process maps the
arrays into its memory with its first trial and keeps them for the others. In the same folder trials say that they are
alive, as no executor is bound to say so.
"""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

import numpy as np

from unrolled._support.file_lock import RENAMES_LOCKED, lock
from unrolled.rnn.arrays import Array, IntArray
from unrolled.sweep.folds import Fold
from unrolled.sweep.samples import ARRAYS, Part, number_of_symbols

PREFIX = "unrolled-samples-"
"""Of folders that lie in the system's temporary place."""

BEAT = 10.0
"""Seconds between two signs of life of a trial."""

YOUNG = 3600.0
"""Seconds for which a folder that has no owner yet is taken for one whose owner is at work."""


@dataclass(frozen=True)
class SampleFolder:
    """Where the samples of a search lie.

    Attributes
    ----------
    folder : str
    n_classes, n_symbols : int
        Of all samples.
    """

    folder: str
    n_classes: int
    n_symbols: int = 0

    @property
    def signs(self) -> Path:
        """Where trials say that they are alive."""
        return Path(self.folder) / "signs"

    def parts(self, fold: int) -> tuple[Part, Part]:
        """Return what a fold trains on and what it is measured on.

        Raises
        ------
        FileNotFoundError
            If this process does not see the folder.
        """
        with _mapping:
            arrays = _mapped.get(self.folder)
            if arrays is None:
                arrays = _read(Path(self.folder))
                _mapped.clear()  # those of an earlier search
                _mapped[self.folder] = arrays

        def part(rows: IntArray) -> Part:
            chosen = {name: np.asarray(arrays[name][rows]) if name in arrays else None for name in ARRAYS}
            counts = {"n_classes": self.n_classes, "n_symbols": self.n_symbols}
            return Part(**chosen, **counts)  # type: ignore[arg-type]  # X and y are always there

        return part(arrays[f"training-{fold}"]), part(arrays[f"validation-{fold}"])

    @contextmanager
    def alive(self, name: str) -> Iterator[None]:
        """Within the block, touch a file of this name every few seconds, where this process may."""
        ended = Event()

        def beat() -> None:
            with contextlib.suppress(OSError):
                (self.signs / name).touch()
                while not ended.wait(BEAT):
                    os.utime(self.signs / name)

        thread = Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


_mapped: dict[str, dict[str, Array]] = {}
_mapping = Lock()


def _read(folder: Path) -> dict[str, Array]:
    if not folder.is_dir():
        raise FileNotFoundError(
            f"a worker does not see the samples of the search in {folder}: give the search a table in a folder that "
            "all workers share"
        )
    return {path.stem: np.load(path, mmap_mode="r") for path in folder.glob("*.npy")}


@contextmanager
def sample_folder(
    arrays: Mapping[str, Array], n_classes: int, folds: Sequence[Fold], beside: Path | None
) -> Iterator[SampleFolder]:
    """Write the samples to a folder of their own, beside a table or in the system's temporary place; remove it after.

    A search that was killed could not remove its own. Its folder is recognized by the lock on it, which ended with the
    search, and is removed by the next one in the same place.

    Raises
    ------
    OSError
        If the samples cannot be written, with the folder's name.
    """
    place, prefix = Path(tempfile.gettempdir()), PREFIX
    if beside is not None:
        beside = beside.resolve()
        place, prefix = beside.parent, f".{beside.name[:100]}.samples-"
    remove_dead(place, prefix, without_locks=beside is not None)  # a table has one search at a time
    files: dict[str, Any] = dict(arrays)
    for n, (training, validation) in enumerate(folds):
        files |= {f"training-{n}": training, f"validation-{n}": validation}
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
    try:
        begun = folder / ("owner-to-be" if RENAMES_LOCKED else "owner")
        with begun.open("wb") as owner:
            lock(owner)
            begun.rename(folder / "owner")
            try:
                folder.chmod(0o755)  # on a cluster, workers may be another user's
                (folder / "signs").mkdir()
                (folder / "signs").chmod(0o1777)
                for name, array in files.items():
                    np.save(folder / f"{name}.npy", array)
            except OSError as error:
                raise OSError(error.errno, f"cannot write the samples of the search to {folder}: {error}") from error
            yield SampleFolder(str(folder), n_classes, number_of_symbols(arrays["X"]))
    finally:
        with _mapping:
            _mapped.pop(str(folder), None)
        shutil.rmtree(folder, ignore_errors=True)


def remove_dead(place: Path, prefix: str, *, without_locks: bool = False) -> None:
    """Remove the folders of searches that are no more.

    Parameters
    ----------
    place : Path
    prefix : str
        Of their names.
    without_locks : bool, default False
        Whether to remove those too of which the system cannot tell.
    """
    with contextlib.suppress(OSError):
        for folder in [path for path in place.iterdir() if path.name.startswith(prefix)]:
            if _dead(folder, without_locks):
                shutil.rmtree(folder, ignore_errors=True)


def _dead(folder: Path, without_locks: bool) -> bool:
    """Tell whether the search is gone that a folder is of; not of what is somebody else's."""
    try:
        if folder.is_symlink() or not folder.is_dir():
            return False
        if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
            return False
        with (folder / "owner").open("rb") as owner:
            free = lock(owner)
            return without_locks if free is None else free
    except FileNotFoundError:  # one of an earlier version, or killed or looked at while it was made
        with contextlib.suppress(OSError):
            return time.time() - folder.stat().st_mtime > YOUNG
    except OSError:
        pass
    return False
