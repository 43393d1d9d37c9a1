"""A network to and from HDF5: named arrays and a description in JSON. No pickle, nothing that runs."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from typing import Any

import h5py
import numpy as np

from unrolled.files import replacing
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
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["format"] = FORMAT
        file.attrs["network"] = json.dumps(description)
        group = file.create_group("parameters", track_order=True)
        for name, W in parameters.items():
            group.create_dataset(name, data=W)


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
    if os.path.isdir(path):  # noqa: PTH112 - path is a string already
        raise StorageError(f"{path} is a folder, expected a file that a network was saved to")
    with opened(path, FORMAT, "a network that this version saved") as file:
        description = json.loads(file.attrs["network"])
        if not isinstance(description, dict):
            raise StorageError(f"{path}: its description is {description!r}, expected a JSON object")
        group = file["parameters"]
        return description, {name: array(path, group, name) for name in group}


@contextmanager
def opened(path: str, form: str, expected: str) -> Iterator[h5py.File]:
    """Open a file of this format; whatever is wrong with it, within the block too, is a StorageError."""
    try:
        with h5py.File(path, "r") as file:
            found = file.attrs.get("format")
            if found != form:
                raise StorageError(f"{path}: format is {found!r}, expected {form!r}: not {expected}")
            yield file
    except (StorageError, FileNotFoundError, IsADirectoryError, PermissionError):
        raise
    except Exception as error:  # h5py turns damage into many types: OSError, RuntimeError, KeyError, TypeError ...
        raise StorageError(f"{path} is not a readable {form.rsplit(maxsplit=1)[0]} file: {error}") from error


def array(path: str, group: h5py.Group, name: str, *others: Any) -> Any:
    """Read an array whose bytes all stand in this very file, so that it cannot be larger than the file."""
    place = f"{group.name.strip('/')}/{name}".strip("/")
    dataset = group.get(name, getlink=True)
    if not isinstance(dataset, h5py.HardLink) or not isinstance(group[name], h5py.Dataset):
        raise StorageError(f"{path}: {place} is not an array in this file")
    dataset = group[name]
    if dataset.dtype not in (np.float32, np.float64, *others):
        raise StorageError(f"{path}: {place} holds {dataset.dtype} values, expected float32 or float64")
    if dataset.external or dataset.is_virtual or dataset.chunks or dataset.id.get_storage_size() != dataset.nbytes:
        raise StorageError(f"{path}: {place} is not stored whole and plain, as this library saves it")
    return dataset[()]
