"""A network to and from HDF5: named arrays and a description in JSON. No pickle, nothing that runs."""

import errno
import json
import os
from os import PathLike
from typing import Any

import h5py
import numpy as np

from unrolled import hdf5
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
    if not os.path.exists(path):  # noqa: PTH110 - path is a string already
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    if os.path.isdir(path):  # noqa: PTH112 - the same
        raise StorageError(f"{path} is a folder, expected a file that a network was saved to")
    try:
        hdf5.check_path(path)
        with h5py.File(path, "r") as file:
            found = hdf5.attribute(file, "format")
            if not isinstance(found, str) or found != FORMAT:
                raise StorageError(
                    f"{path}: format is {found!r}, expected {FORMAT!r}: not a network that this version saved"
                )
            text = hdf5.attribute(file, "network")
            if not isinstance(text, str):
                raise StorageError(f"{path}: its description is {text!r}, expected a text")
            description = json.loads(text)
            if not isinstance(description, dict):
                raise StorageError(f"{path}: its description is {description!r}, expected a JSON object")
            return description, _arrays(path, file)
    except (StorageError, PermissionError):
        raise
    except hdf5.RefusedError as error:
        raise StorageError(f"{path}: {error}") from error
    except Exception as error:  # h5py turns damage into many types: OSError, RuntimeError, KeyError, TypeError ...
        raise StorageError(f"{path} is not a readable network file: {error}") from error


def _arrays(path: str, file: h5py.File) -> Parameters:
    """Read the arrays, once all of them are known to stand plainly in this very file, each in a place of its own."""
    group = hdf5.group(file, "parameters")
    arrays = {name: hdf5.dataset(group, name) for name in group}
    for name, array in arrays.items():
        if array.dtype not in (np.float32, np.float64):
            raise StorageError(f"{path}: parameters/{name} holds {array.dtype} values, expected float32 or float64")
        if array.chunks is not None:
            raise StorageError(f"{path}: parameters/{name} is stored in chunks, expected whole, as networks are saved")
    if sum(array.nbytes for array in arrays.values()) > file.id.get_filesize():
        raise StorageError(f"{path}: its parameters need more bytes than the file has, expected each stored once")
    return {name: hdf5.read(array, name) for name, array in arrays.items()}
