"""The course layout in HDF5, and what `save_h5` writes beside it: what all who read or write it share."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py

from unrolled._support import hdf5
from unrolled.data.errors import DataError

FORMAT = "unrolled data set 1"  # an attribute of the files written here; others have none
REQUIRED = ("trX", "trY", "tstX", "tstY")
OPTIONAL = ("trPerson", "trTrial", "trLengths", "tstPerson", "tstTrial", "tstLengths")


@contextlib.contextmanager
def errors_naming(path: Path) -> Iterator[None]:
    """Put the file's name before every message, and turn what h5py raises into a DataError."""
    try:
        yield
    except (DataError, hdf5.RefusedError) as error:
        raise DataError(f"{path}: {error}") from error
    except Exception as error:  # on damage h5py raises OSError, RuntimeError, KeyError, ...
        raise DataError(f"{path}: {type(error).__name__} from HDF5 or the file system: {error}") from error


def opened(path: Path) -> h5py.File:
    """Open a file for reading, or say in words why it is none."""
    hdf5.check_path(path)
    return h5py.File(path, "r")


def is_ours(file: h5py.File) -> bool:
    """Tell whether this library wrote the data set; another file of this library is refused."""
    try:
        form = hdf5.attribute(file, "format")
    except hdf5.RefusedError:  # an attribute of that name, but none that was ever written here
        return False
    if not isinstance(form, str) or not form.startswith("unrolled "):
        return False
    if "network" in form:
        raise DataError(f"it has the format {form!r}, a saved network: rnn.load reads it")
    if form != FORMAT:
        raise DataError(f"it has the format {form!r}, expected {FORMAT!r}: a newer version of unrolled may read it")
    return True


def attributes_of(file: h5py.File) -> dict[str, Any]:
    """Read what `save_h5` writes beside the data sets, as far as it is there."""
    names = ("classes", "provenance", "rate", "scaling_mean", "scaling_std")
    return {name: value for name in names if (value := hdf5.attribute(file, name)) is not None}
