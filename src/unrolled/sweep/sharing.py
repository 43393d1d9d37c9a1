"""The samples of a search, written once and read once by each process, whichever executor it belongs to.

All that an executor has in common with another is ``submit``. So a trial carries no samples, only where they lie:
a folder that all workers see, on one machine any, on a cluster one of the shared file system. A process maps the
arrays into its memory with its first trial and keeps them for the others.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from unrolled.rnn import inputs
from unrolled.rnn.arrays import Array, IntArray
from unrolled.sweep.folds import Fold

ARRAYS = ("X", "y", "lengths", "person")


@dataclass(frozen=True, eq=False)
class Part:
    """What a trial trains on, or is measured on.

    Attributes
    ----------
    X : ndarray, shape (N, T, D)
    y : ndarray of int64, shape (N,)
    lengths, person : ndarray of int64, shape (N,), or None
        Where the samples of the search have them.
    n_classes : int
        Of all samples of the search.
    """

    X: Array
    y: IntArray
    lengths: IntArray | None
    person: IntArray | None
    n_classes: int

    def __len__(self) -> int:
        return len(self.X)


@dataclass(frozen=True)
class Shared:
    """Where the samples of a search lie."""

    folder: str
    n_classes: int

    def parts(self, fold: int) -> tuple[Part, Part]:
        """Give what a fold trains on and is measured on.

        Raises
        ------
        FileNotFoundError
            If this process does not see the folder.
        """
        with _lock:
            arrays = _held.get(self.folder)
            if arrays is None:
                arrays = _read(Path(self.folder))
                _held.clear()  # those of an earlier search
                _held[self.folder] = arrays

        def part(rows: IntArray) -> Part:
            own = {name: np.asarray(arrays[name][rows]) if name in arrays else None for name in ARRAYS}
            return Part(**own, n_classes=self.n_classes)  # type: ignore[arg-type]  # X and y are always there

        return part(arrays[f"training-{fold}"]), part(arrays[f"validation-{fold}"])


_held: dict[str, dict[str, Array]] = {}
_lock = Lock()


def _read(folder: Path) -> dict[str, Array]:
    if not folder.is_dir():
        raise FileNotFoundError(
            f"a worker does not see the samples of the search in {folder}: give the search a table in a folder that "
            "all workers share"
        )
    return {path.stem: np.load(path, mmap_mode="r") for path in folder.glob("*.npy")}


def arrays_of(samples: Any, name: str = "samples") -> tuple[dict[str, Array], int]:
    """Check samples at the door of a search; give their arrays by name, y as integers, and the number of classes.

    Raises
    ------
    ValueError
        Naming what was found and what was expected.
    """
    if isinstance(samples, tuple | list) and len(samples) in (2, 3):
        given = {key: each for key, each in zip(ARRAYS, samples, strict=False) if each is not None}
        if not {"X", "y"} <= set(given):
            raise ValueError(
                f"{name} are a {type(samples).__name__} without X or y, expected (X, y) or (X, y, lengths)"
            )
    elif hasattr(samples, "X") and hasattr(samples, "y"):
        given = {key: getattr(samples, key) for key in ARRAYS if getattr(samples, key, None) is not None}
    else:
        hint = "; of a Dataset, pass its .train" if hasattr(samples, "train") else ""
        raise ValueError(
            f"{name} are a {type(samples).__name__}, expected (X, y), (X, y, lengths) or an object with X and y{hint}"
        )
    X = np.asarray(given["X"])
    X = inputs.shaped(X, X.shape[-1] if X.ndim else 0, f"{name} X")
    inputs.rounded(X, np.dtype(np.float64), f"{name} X")
    y = np.asarray(given["y"])
    n_classes = y.shape[1] if y.ndim == 2 else int(max(y.max(initial=0), 0)) + 1
    arrays = {"X": X, "y": inputs.labels(y, n_classes, len(X), f"{name} y")}
    if "lengths" in given:
        arrays["lengths"] = inputs.checked_lengths(given["lengths"], len(X), X.shape[1], f"{name} lengths")
    if "person" in given:
        person = np.asarray(given["person"])
        if person.shape != (len(X),):
            raise ValueError(f"{name} person has shape {person.shape}, expected one for each of {len(X)} samples")
        arrays["person"] = person
    return arrays, n_classes


def together(one: dict[str, Array], other: dict[str, Array]) -> dict[str, Array]:
    """Put the samples of two parts behind each other."""
    if one["X"].shape[1:] != other["X"].shape[1:]:
        raise ValueError(
            f"validation X has shape {other['X'].shape}, expected steps and inputs as samples have, {one['X'].shape}"
        )
    if ("lengths" in one) != ("lengths" in other):
        raise ValueError("of samples and validation one has lengths and the other has not, expected both or neither")
    return {name: np.concatenate([one[name], other[name]]) for name in ARRAYS if name in one and name in other}


def people_numbered(arrays: dict[str, Array]) -> dict[str, Array]:
    """Give people that have names numbers instead, in the order of the names: nothing counts but who is the same.

    Raises
    ------
    ValueError
        If they are neither numbers nor names.
    """
    person = arrays.get("person")
    if person is None or person.dtype.kind not in "OSU":
        return arrays
    for name in person.tolist():
        if not isinstance(name, str):
            raise ValueError(f"person holds {name!r}, expected a whole number for each sample, or a name for each")
    _, numbers = np.unique(person.astype(str), return_inverse=True)
    return {**arrays, "person": numbers.reshape(-1).astype(np.int64)}


def fingerprint(arrays: dict[str, Array]) -> str:
    """Give a short name for these numbers, which others have not."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape};".encode())
        digest.update(array.data)
    return digest.hexdigest()[:20]


@contextmanager
def shared(arrays: dict[str, Array], n_classes: int, folds: Sequence[Fold], beside: Path | None) -> Iterator[Shared]:
    """Write the samples to a folder of their own, beside a table or in the system's temporary place; remove it after.

    A search that was killed could not remove its own: that is done here, as a table has one search at a time.
    """
    if beside is None:
        folder = Path(tempfile.mkdtemp(prefix="unrolled-samples-"))
    else:
        beside = beside.resolve()
        prefix = f".{beside.name}.samples-"
        for left in [path for path in beside.parent.iterdir() if path.name.startswith(prefix)]:
            shutil.rmtree(left, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=beside.parent))
    folder.chmod(0o755)  # on a cluster, workers may be another user's
    try:
        files = dict(arrays)
        for n, (training, validation) in enumerate(folds):
            files |= {f"training-{n}": training, f"validation-{n}": validation}
        for name, array in files.items():
            np.save(folder / f"{name}.npy", array)
        yield Shared(str(folder), n_classes)
    finally:
        with _lock:
            _held.pop(str(folder), None)
        shutil.rmtree(folder, ignore_errors=True)
