"""Descriptions and arrays to and from HDF5: no pickle, nothing that runs, and a checksum over the whole file."""

import errno
import hashlib
import json
import math
import os
import secrets
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, NoReturn

import h5py
import numpy as np

from unrolled._support import hdf5
from unrolled._support.atomic_write import replacing
from unrolled.rnn.arrays import Parameters, ReadOnlyParameters

FORMAT = "unrolled network 3"
READERS = {"network": "rnn.load", "checkpoint": "rnn.resume", "ensemble": "rnn.Ensemble.load"}
"""What reads each kind of file: the second word of its format."""
MOST_ARRAYS, MOST_GROUPS = 4096, 64
LONGEST_NAME = 200
SEAL = b"unrolled, sha256:"
"""Stands behind the HDF5 file, which ends before it, and before the checksum of everything up to there."""


class StorageError(ValueError):
    """A file that does not hold a network or a checkpoint this library can read.

    Its message names the file, and says what was found and what was expected.

    See Also
    --------
    load : Reads a network.
    resume : Goes on from a checkpoint.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from unrolled import rnn
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "letter.h5"
    ...     _ = path.write_text("Dear reader")
    ...     try:
    ...         rnn.load(path)
    ...     except rnn.StorageError as error:
    ...         print(str(error).removeprefix(folder))
    /letter.h5: expected an HDF5 file, but it begins with b'Dear rea'
    """


def write(
    path: str | PathLike[str],
    form: str,
    description: Mapping[str, Any],
    groups: Mapping[str, ReadOnlyParameters],
    label: str = "unrolled",
    anew: bool = False,
) -> None:
    """Write a description, and arrays by group, to a file of this format; whole, or not at all.

    It is made in memory, under a name of its own since several threads may write, and written in one go: a full disk
    is then an OSError, and never a half-open HDF5 file.

    Parameters
    ----------
    path : path-like
        Its folder must exist. A file that stands there is replaced only once the new one is whole.
    form : str
        What the file calls its format.
    description : mapping
        What JSON can hold, without infinity and NaN.
    groups : mapping of mappings of ndarray
    label, anew
        As for :func:`unrolled._support.atomic_write.replacing`.

    Raises
    ------
    ValueError
        If the file could not be read back: too many arrays, an empty one, or a name that HDF5 takes for a path.
    OSError
        If it cannot be written; what stood there still stands.
    """
    _check_names(groups)
    with h5py.File(secrets.token_hex(8), "w", driver="core", backing_store=False) as file:
        file.attrs["format"] = np.bytes_(form)
        hdf5.write_text(file, "description", json.dumps(description, allow_nan=False))
        for name, arrays in groups.items():
            group = file.create_group(name, track_order=True)
            for of, W in arrays.items():
                group.create_dataset(of, data=W, track_times=False)
        file.flush()
        image = file.id.get_file_image()
    with replacing(path, label, anew=anew) as temporary:
        temporary.write_bytes(sealed(image))


def read(
    path: str | PathLike[str], form: str, expected: str, *, floats_only: bool = True
) -> tuple[dict[str, Any], dict[str, Parameters]]:
    """Read back what :func:`write` wrote.

    Parameters
    ----------
    path : path-like
    form, expected : str
        The format, and what messages call such a file.
    floats_only : bool
        Whether an array of anything but float32 and float64 is refused.

    Returns
    -------
    description : dict
    groups : dict of dicts of ndarray

    Raises
    ------
    StorageError
        If the file is not HDF5, not of this format, or a bit of it is not as it was written.
    FileNotFoundError
        If there is none.
    """
    path = os.fspath(path)
    if not Path(path).exists():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    if Path(path).is_dir():
        raise StorageError(f"{path} is a folder, expected {expected}")
    try:
        hdf5.check_path(path)
        whole = _is_sealed(Path(path))
        with h5py.File(path, "r") as file:
            try:
                found = hdf5.attribute(file, "format")
            except hdf5.RefusedError as error:
                raise hdf5.RefusedError(f"{error}: not {expected}, but perhaps an early version of unrolled") from None
            if not isinstance(found, str) or found != form:
                kind = found.split()[1:2] if isinstance(found, str) else []
                hint = f", but one for {READERS[kind[0]]}" if kind and kind[0] in READERS.keys() - form.split() else ""
                raise hdf5.RefusedError(f"format is {found!r}, expected {form!r}: not {expected}{hint}")
            if not whole:
                raise hdf5.RefusedError("it is damaged: it does not end with the checksum of what it holds")
            return _description(file), _groups(file, floats_only)
    except PermissionError:
        raise
    except hdf5.RefusedError as error:
        raise StorageError(f"{path}: {error}") from error
    except Exception as error:  # h5py turns damage into many types: OSError, RuntimeError, KeyError, TypeError ...
        raise StorageError(f"{path} is not a readable {form.rsplit(maxsplit=1)[0]} file: {str(error)[:200]}") from error


def sealed(image: bytes) -> bytes:
    """Return an HDF5 file with its checksum behind it; a checksum that stands there already is replaced."""
    image = image[:-_SEAL_SIZE] if image[-_SEAL_SIZE:].startswith(SEAL) else image
    return image + SEAL + hashlib.sha256(image).digest()


_SEAL_SIZE = len(SEAL) + hashlib.sha256().digest_size


def _is_sealed(path: Path) -> bool:
    """Tell whether a file ends with the checksum of everything before it."""
    left, digest = path.stat().st_size - _SEAL_SIZE, hashlib.sha256()
    with path.open("rb") as file:
        while left > 0:
            block = file.read(min(left, 2**20))
            if not block:
                return False
            digest.update(block)
            left -= len(block)
        return file.read() == SEAL + digest.digest()


def _description(file: h5py.File) -> dict[str, Any]:
    text = hdf5.read_text(file, "description")
    if text is None:
        raise hdf5.RefusedError("it has no description")
    return parse(text)


def parse(text: str) -> dict[str, Any]:
    """Read a description: a JSON object, whose numbers are finite.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    description = json.loads(text, parse_constant=_no_number, parse_float=_finite)
    if not isinstance(description, dict):
        raise hdf5.RefusedError(f"its description is a {type(description).__name__}, expected a JSON object")
    return description


def _no_number(name: str) -> NoReturn:
    raise hdf5.RefusedError(f"its description has the number {name}, expected finite ones")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text[:50])


def _groups(file: h5py.File, floats_only: bool) -> dict[str, Parameters]:
    """Read the arrays, once all are known to stand plainly in this very file, each in a place of its own."""
    if len(file) > MOST_GROUPS + 1:
        raise hdf5.RefusedError(f"it has {len(file)} groups, expected at most {MOST_GROUPS}")
    groups = {name: hdf5.group(file, name) for name in file if name != "description"}
    for name, group in groups.items():
        if len(group) > MOST_ARRAYS:
            raise hdf5.RefusedError(f"{name} has {len(group)} arrays, expected at most {MOST_ARRAYS}")
    found = {name: {of: hdf5.dataset(group, of) for of in group} for name, group in groups.items()}
    for name, datasets in found.items():
        for of, array in datasets.items():
            if floats_only and array.dtype not in (np.float32, np.float64):
                raise hdf5.RefusedError(f"{name}/{of} holds {array.dtype} values, expected float32 or float64")
            if array.chunks is not None:
                raise hdf5.RefusedError(f"{name}/{of} is stored in chunks, expected whole, as this library does it")
    if sum(array.nbytes for datasets in found.values() for array in datasets.values()) > file.id.get_filesize():
        raise hdf5.RefusedError("its arrays need more bytes than the file has, expected each stored once")
    return {
        name: {of: hdf5.read(array, f"{name}/{of}") for of, array in datasets.items()}
        for name, datasets in found.items()
    }


def _check_names(groups: Mapping[str, ReadOnlyParameters]) -> None:
    """Raise a ValueError unless :func:`read` will find every array under its name."""
    if len(groups) > MOST_GROUPS:
        raise ValueError(f"there are {len(groups)} groups of arrays, expected at most {MOST_GROUPS} for a file")
    for name, arrays in groups.items():
        if len(arrays) > MOST_ARRAYS:
            raise ValueError(f"{name} has {len(arrays)} arrays, expected at most {MOST_ARRAYS} for a file")
        for each in (name, *arrays):
            if not isinstance(each, str) or not 0 < len(each) <= LONGEST_NAME or set("/\0") & set(each) or each == ".":
                raise ValueError(f"{name} has the name {each!r:.100}, expected a short text without a slash for a file")
        for of, W in arrays.items():
            if not isinstance(W, np.ndarray) or W.dtype.kind not in "biuf" or not W.size:
                kind = f"{W.dtype} of shape {W.shape}" if isinstance(W, np.ndarray) else type(W).__name__
                raise ValueError(f"{name}/{of} is {kind}, expected an array of real numbers, not empty, for a file")
