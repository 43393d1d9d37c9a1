"""The course layout in HDF5, and what `save_h5` writes beside it: what all who read or write it share."""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from unrolled._support import hdf5
from unrolled.data.channels.combined import Channels
from unrolled.data.channels.config import from_config, to_config
from unrolled.data.checks import hertz
from unrolled.data.errors import DataError
from unrolled.data.labels import class_names
from unrolled.data.scaling import Scaling

FORMAT = "unrolled data set 3"  # an attribute of the files written here begins so, and lists what they hold
FORMER = "unrolled data set 2"  # which had no list
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
    except hdf5.RefusedError as error:  # an attribute of that name, but none that is written here
        if "variable length" in str(error) and {"classes", "provenance"} <= set(file.attrs):
            raise DataError(
                "its texts have variable length, as early versions of unrolled wrote them, expected a file of "
                f"the format {FORMAT!r}: write it anew"
            ) from None
        form = None
    if not isinstance(form, str) or not form.startswith("unrolled "):
        lost = [name for name in (*OPTIONAL, "scaling_mean") if name in file]
        lost += ["classes", "provenance"] if {"classes", "provenance"} <= set(file) else []
        if lost:  # what stands there would be lost in silence, padding among it
            raise DataError(
                f"it has {', '.join(lost)} beside the data, as files of save_h5 have, but no attribute format "
                "that says so: whatever copied the file left it out or changed it; copy the file as it is"
            )
        return False
    if "network" in form:
        raise DataError(f"it has the format {form!r}, a saved network: rnn.load reads it")
    name, _, listed = form.partition(" with ")
    if name not in (FORMAT, FORMER):
        raise DataError(f"it has the format {form!r}, expected {FORMAT!r}: a newer version of unrolled may read it")
    there = {*file, *file.attrs}
    lost = [each for each in listed.split(", ") if each not in there]
    if lost and name == FORMAT:
        raise DataError(
            f"{', '.join(lost)} was written to it and is not there any more: whatever copied the file left it out; "
            "copy the file as it is"
        )
    return True


@dataclass(frozen=True)
class Description:
    """What is known of a data set besides its series; ``classes`` is None where nobody names them, () of numbers."""

    classes: tuple[str, ...] | None
    rate: float | None
    scaling: Scaling | None
    provenance: str
    channels: Channels | None = None

    @property
    def numbers(self) -> bool:
        """Whether the targets are numbers."""
        return self.classes == ()

    def named(self, n_classes: int) -> tuple[str, ...]:
        """Return the names of the classes, "class 1" and so on where nobody names them."""
        return tuple(f"class {i + 1}" for i in range(n_classes)) if self.classes is None else self.classes


def describe(
    attributes: Mapping[str, Any], path: Path, classes: Sequence[str] | None, rate: float | None
) -> Description:
    """Join what a file says of itself and what the caller says, who is right where both do."""
    numbers = attributes.get("classes") == []
    if numbers and classes is not None:
        raise DataError(f"classes are {classes!r}, expected None: the targets are numbers")
    if classes is None:
        classes = attributes.get("classes")
    if rate is None:
        rate = attributes.get("rate")
    return Description(
        () if numbers else None if classes is None else class_names(classes),
        None if rate is None else hertz(rate, "rate"),
        Scaling(attributes["scaling_mean"], attributes["scaling_std"]) if "scaling_mean" in attributes else None,
        attributes.get("provenance", f"{path.name}, an HDF5 file in the course layout"),
        from_config(attributes["channels"]) if "channels" in attributes else None,
    )


def arrays_of(file: h5py.File) -> dict[str, h5py.Dataset]:
    """Open the data sets that must be there, once their shapes are known to fit each other; nothing is read.

    Raises
    ------
    DataError
        If one is missing, or their axes stand in reverse, as MATLAB writes them.
    """
    there = set(file)
    missing = [name for name in REQUIRED if name not in there]
    if missing:
        found = ", ".join(name if len(name) <= 60 else f"{name[:60]}..." for name in sorted(there)[:12]) or "nothing"
        raise DataError(f"{', '.join(missing)} missing: expected {', '.join(REQUIRED)}, found {found}")
    datasets = {name: hdf5.dataset(file, name) for name in REQUIRED}
    shapes = {name: tuple(map(int, dataset.shape)) for name, dataset in datasets.items()}
    for part in ("tr", "tst"):
        X, Y = shapes[part + "X"], shapes[part + "Y"]
        if len(X) == 3 and Y and X[0] != Y[0] and X[2] == Y[-1] and len(Y) <= 2:
            raise DataError(
                f"{part}X has shape {X} and {part}Y {Y}: the axes stand in reverse, as MATLAB writes them, expected "
                "(N, T, D): in MATLAB, save permute(X, [3 2 1]) and Y.'"
            )
    return datasets


def write_attributes(
    file: h5py.File,
    classes: tuple[str, ...],
    provenance: str,
    rate: float | None,
    scaling: Scaling | None = None,
    channels: Channels | None = None,
) -> None:
    """Write what stands beside the data sets; texts as data sets of bytes, since attributes end at 64 kilobytes.

    An empty list of classes says that the targets are numbers.

    The format comes last: it lists all that was written, so that what a tool loses is missed.
    """
    hdf5.write_text(file, "classes", json.dumps(list(classes)))
    hdf5.write_text(file, "provenance", provenance)
    if rate is not None:
        file.attrs["rate"] = float(rate)
    if scaling is not None:
        for name, values in (("scaling_mean", scaling.mean), ("scaling_std", scaling.std)):
            file.create_dataset(name, data=values, track_times=False)
    if channels is not None:
        hdf5.write_text(file, "channels", json.dumps(to_config(channels)))
    file.attrs["format"] = np.bytes_(f"{FORMAT} with {', '.join([*file, *file.attrs])}")


def attributes_of(file: h5py.File) -> dict[str, Any]:
    """Read what `write_attributes` wrote, as far as it is there."""
    found: dict[str, Any] = {"rate": hdf5.attribute(file, "rate"), "provenance": hdf5.read_text(file, "provenance")}
    found["classes"] = _from_json(file, "classes", "a list of names")
    if found["classes"] is not None and not isinstance(found["classes"], list):
        raise DataError(f"classes are a {type(found['classes']).__name__}, expected a list of names")
    found["channels"] = _from_json(file, "channels", "a description")
    for name in ("scaling_mean", "scaling_std"):
        if name in file:
            found[name] = hdf5.read(hdf5.dataset(file, name), name)
    return {name: value for name, value in found.items() if value is not None}


def _from_json(file: h5py.File, name: str, what: str) -> Any:
    """Read what is written as a text of JSON, or return None if there is no such text."""
    text = hdf5.read_text(file, name)
    if text is None:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name} are not {what} in JSON: {error}") from None
    if found is None:
        raise DataError(f"{name} are null, expected {what}")
    return found
