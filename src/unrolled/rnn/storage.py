"""A network to and from HDF5: named arrays and a description in JSON. No pickle, nothing that runs."""

import errno
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from unrolled._support import hdf5
from unrolled._support.atomic_write import replacing
from unrolled.rnn.arrays import Parameters, ReadOnlyParameters

FORMAT = "unrolled network 2"


class StorageError(ValueError):
    """A file that does not hold a network this library can read; says which file, and what was found."""


def write(path: str | PathLike[str], description: dict[str, Any], parameters: ReadOnlyParameters) -> None:
    """Write arrays and what they belong to; whole, or not at all.

    Parameters
    ----------
    path : path-like
        Its folder must exist. A file that stands there is replaced only once the new one is whole.
    description : dict
        What JSON can hold.
    parameters : mapping of ndarray

    Raises
    ------
    OSError
        If it cannot be written.
    """
    with writing(path, FORMAT, {"parameters": parameters}) as file:
        file.attrs["network"] = json.dumps(description)


@contextmanager
def writing(
    path: str | PathLike[str], form: str, groups: Mapping[str, ReadOnlyParameters], label: str = "unrolled"
) -> Iterator[h5py.File]:
    """Give a file of this format, with arrays by group, to add to; it is written at the end of the block.

    It is made in memory, under a name of its own since several threads may write, and written in one go: a full disk
    is then an OSError, and never a half-open HDF5 file.

    Raises
    ------
    OSError
        If it cannot be written; what stood there still stands.
    """
    with h5py.File(secrets.token_hex(8), "w", driver="core", backing_store=False) as file:
        file.attrs["format"] = form
        for name, arrays in groups.items():
            group = file.create_group(name, track_order=True)
            for of, W in arrays.items():
                group.create_dataset(of, data=W)
        yield file
        file.flush()
        image = file.id.get_file_image()
    with replacing(path, label) as temporary:
        temporary.write_bytes(image)


def read(path: str | PathLike[str]) -> tuple[dict[str, Any], Parameters]:
    """Read back what :func:`write` wrote.

    Raises
    ------
    StorageError
        If the file is not HDF5, not of this format, or damaged.
    FileNotFoundError
        If there is none.
    """
    path = os.fspath(path)
    with opened(path, FORMAT, "a network that this version saved") as file:
        text = hdf5.attribute(file, "network")
        if not isinstance(text, str):
            raise StorageError(f"{path}: its description is {text!r}, expected a text")
        description = json.loads(text)
        if not isinstance(description, dict):
            raise StorageError(f"{path}: its description is {description!r}, expected a JSON object")
        return description, arrays(path, file, ["parameters"])["parameters"]


@contextmanager
def opened(path: str, form: str, expected: str) -> Iterator[h5py.File]:
    """Open a file of this format; whatever is wrong with it, within the block too, is a StorageError."""
    if not Path(path).exists():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    if Path(path).is_dir():
        raise StorageError(f"{path} is a folder, expected {expected}")
    try:
        hdf5.check_path(path)
        with h5py.File(path, "r") as file:
            found = hdf5.attribute(file, "format")
            if not isinstance(found, str) or found != form:
                raise StorageError(f"{path}: format is {found!r}, expected {form!r}: not {expected}")
            yield file
    except (StorageError, PermissionError):
        raise
    except hdf5.RefusedError as error:
        raise StorageError(f"{path}: {error}") from error
    except Exception as error:  # h5py turns damage into many types: OSError, RuntimeError, KeyError, TypeError ...
        raise StorageError(f"{path} is not a readable {form.rsplit(maxsplit=1)[0]} file: {error}") from error


def arrays(path: str, file: h5py.File, groups: Iterable[str], *others: Any) -> dict[str, Parameters]:
    """Read the arrays, once all of them are known to stand plainly in this very file, each in a place of its own.

    Of float32 or float64, or of ``others``.
    """
    found = {
        name: {of: hdf5.dataset(group, of) for of in group} for name in groups for group in [hdf5.group(file, name)]
    }
    for name, datasets in found.items():
        for of, array in datasets.items():
            if array.dtype not in (np.float32, np.float64, *others):
                raise StorageError(f"{path}: {name}/{of} holds {array.dtype} values, expected float32 or float64")
            if array.chunks is not None:
                raise StorageError(f"{path}: {name}/{of} is stored in chunks, expected whole, as this library does it")
    if sum(array.nbytes for datasets in found.values() for array in datasets.values()) > file.id.get_filesize():
        raise StorageError(f"{path}: its arrays need more bytes than the file has, expected each stored once")
    return {
        name: {of: hdf5.read(array, f"{name}/{of}") for of, array in datasets.items()}
        for name, datasets in found.items()
    }
