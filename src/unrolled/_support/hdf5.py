"""Reading numbers from an HDF5 file that anyone may have made: what is not plain data is refused first.

The HDF5 library believes a file: it follows links to other files, loads filters from plug-ins, allocates what a
shape or a chunk claims, and unpacks a chunk to whatever size it has. So only what is known to be harmless is
handed to it: real numbers, stored whole in the file itself, plainly or by gzip.

Texts of variable length stay unread: HDF5 keeps them in a heap, reserves memory for whatever length a file claims, and
can search a damaged heap without end. What this library writes are attributes of fixed length, and longer texts as
data sets of their bytes.
"""

import math
import os
import zlib
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5z
from numpy.typing import NDArray

FILTERS = {h5z.FILTER_DEFLATE: "gzip", h5z.FILTER_SHUFFLE: "shuffle", h5z.FILTER_FLETCHER32: "fletcher32"}
LARGEST_CHUNK = 2**24  # bytes, if its data set is smaller
LARGEST_ATTRIBUTE = 2**20  # bytes
LARGEST_TEXT = 2**26  # bytes, of a text that is a data set


class RefusedError(ValueError):
    """Something in an HDF5 file that is not read: says what was found, and what was expected."""


def check_path(path: str | PathLike[str]) -> None:
    """Say in words what is wrong with a path that HDF5 would only call unable to open, or wait for.

    Raises
    ------
    RefusedError
        If there is no file, or it is a folder, a device, empty or begins otherwise than HDF5 files do.
    """
    path = Path(path)
    if not path.exists():
        raise RefusedError("there is no such file")
    if not path.is_file():
        raise RefusedError("expected an HDF5 file, found a folder or a device")
    if not h5py.is_hdf5(path):
        with path.open("rb") as file:
            start = file.read(8)
        raise RefusedError(f"expected an HDF5 file, but it begins with {start!r}" if start else "the file is empty")


def as_it_stands(file: h5py.File) -> tuple[int, int]:
    """Return the size of an open file and when it was last written: HDF5 reads zeros where a file has been cut off.

    Where the file system gives neither, both are 0.
    """
    try:
        found = os.fstat(file.id.get_vfd_handle())
    except (OSError, NotImplementedError, TypeError):
        return 0, 0
    return found.st_size, found.st_mtime_ns


def check_unchanged(file: h5py.File, before: tuple[int, int]) -> None:
    """Raise a RefusedError if a file is not as :func:`as_it_stands` had it, so that what was read is not trusted."""
    now = as_it_stands(file)
    if now[0] != before[0]:
        raise RefusedError(
            f"the file has {now[0]} bytes, but had {before[0]} when it was opened: it must stay as it is"
        )
    if now[1] != before[1]:
        raise RefusedError("the file was written to since it was opened, and must stay as it is")


def attribute(owner: h5py.File | h5py.Group | h5py.Dataset, name: str) -> Any:
    """Read a small attribute: numbers, or texts of fixed length.

    Returns
    -------
    str, list of str, ndarray, scalar or None
        None if there is none of that name.

    Raises
    ------
    RefusedError
        If it is too large, damaged, a text of variable length, or neither numbers nor texts.
    """
    if name not in owner.attrs:
        return None
    identifier = owner.attrs.get_id(name)
    dtype, shape = identifier.dtype, identifier.shape
    text = h5py.check_string_dtype(dtype)
    if text is None and dtype.kind not in "biuf":
        raise RefusedError(f"attribute {name} has dtype {dtype}, expected numbers or texts")
    if text is not None and text.length is None:
        raise RefusedError(f"attribute {name} is a text of variable length, expected one of fixed length")
    if shape is None:
        raise RefusedError(f"attribute {name} is empty")
    size = math.prod(shape) * dtype.itemsize
    if size > LARGEST_ATTRIBUTE:
        raise RefusedError(f"attribute {name} needs {size} bytes, expected at most {LARGEST_ATTRIBUTE}")
    found = owner.attrs[name]
    if text is None:
        return found
    try:
        return found.decode() if isinstance(found, bytes) else [bytes(one).decode() for one in np.ravel(found)]
    except UnicodeDecodeError as error:
        raise RefusedError(f"attribute {name} is no text in UTF-8: {error}") from error


def write_text(group: h5py.File | h5py.Group, name: str, text: str) -> None:
    """Write a text of any length as a data set of its bytes in UTF-8.

    Raises
    ------
    RefusedError
        If it is longer than `read_text` would read, or no text that UTF-8 can hold.
    """
    try:
        content = text.encode()
    except UnicodeEncodeError as error:
        raise RefusedError(f"{name} cannot be written in UTF-8: {error}") from error
    if len(content) > LARGEST_TEXT:
        raise RefusedError(f"{name} is a text of {len(content)} bytes, expected at most {LARGEST_TEXT}")
    group.create_dataset(name, data=np.frombuffer(content, np.uint8), track_times=False)


def read_text(group: h5py.File | h5py.Group, name: str) -> str | None:
    """Read what `write_text` wrote, also where a tool has packed it since; None if there is nothing of that name.

    Raises
    ------
    RefusedError
        If it is anything else, too long, or not UTF-8.
    """
    if name not in group:
        return None
    link = group.get(name, getlink=True)
    if isinstance(link, h5py.HardLink) and isinstance(group[name], h5py.Dataset) and group[name].shape == (0,):
        return ""
    found = dataset(group, name)
    if found.dtype != np.uint8 or found.ndim != 1:
        raise RefusedError(f"{name} has dtype {found.dtype} and shape {found.shape}, expected the bytes of a text")
    if found.nbytes > LARGEST_TEXT:
        raise RefusedError(f"{name} is a text of {found.nbytes} bytes, expected at most {LARGEST_TEXT}")
    try:
        return read(found, name).tobytes().decode()
    except UnicodeDecodeError as error:
        raise RefusedError(f"{name} is no text in UTF-8: {error}") from error


def group(file: h5py.File, name: str) -> h5py.Group:
    """Open a group that is in the file itself.

    Raises
    ------
    RefusedError
        If it is not there, a link, or no group.
    """
    if not isinstance(file.get(name, getlink=True), h5py.HardLink) or not isinstance(file[name], h5py.Group):
        raise RefusedError(f"expected a group {name} in the file itself, found none")
    return file[name]


def dataset(group: h5py.Group, name: str) -> h5py.Dataset:
    """Open a data set of real numbers that stands whole in the file itself; nothing is read yet.

    Parameters
    ----------
    group : h5py.Group
    name : str
        A name in it, not a path.

    Returns
    -------
    h5py.Dataset
        Not empty. `read` reads it, once the caller finds its shape small enough.

    Raises
    ------
    RefusedError
        If it is a link, a group or a type; virtual or in other files; of enumerations, texts, references or
        anything but real numbers; empty; not written, or not all of it; filtered otherwise than by gzip,
        shuffle and fletcher32; or in chunks that are far larger than itself.
    """
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise RefusedError(f"{name} is a link to elsewhere, expected a data set stored in the file itself")
    found = group[name]
    if not isinstance(found, h5py.Dataset):
        raise RefusedError(f"{name} is a {type(found).__name__.lower()}, expected a data set")
    if found.is_virtual or found.external:
        raise RefusedError(f"{name} keeps its numbers in other files, expected a data set stored in the file itself")
    if found.dtype.kind not in "biuf":
        raise RefusedError(f"{name} has dtype {found.dtype}, expected real numbers")
    if h5py.check_enum_dtype(found.dtype) is not None:
        raise RefusedError(f"{name} is an enumeration, expected real numbers")
    if not found.size:  # None for a null dataspace
        raise RefusedError(f"{name} is empty, with shape {found.shape}")
    if found.chunks is None:
        stored = min(found.id.get_storage_size(), found.file.id.get_filesize())
        if stored < found.nbytes:
            raise RefusedError(f"{name} {found.shape} needs {found.nbytes} bytes, but {stored} are stored in the file")
    else:
        _check_filters(found, name)
    return found


def read(found: h5py.Dataset, name: str) -> NDArray[Any]:
    """Read what `dataset` opened, into memory of its declared size.

    Raises
    ------
    RefusedError
        If a chunk is missing, damaged, or unpacks to more or less than a chunk has.
    """
    check_chunks(found, name)
    values: NDArray[Any] = found[...]
    return values


def check_chunks(found: h5py.Dataset, name: str) -> None:
    """Check all chunks, if there are any, so that the data set can be read; errors are as of `read`."""
    if found.chunks is not None:
        check_unpacking(found, name, chunks(found, name))


def _filters(found: h5py.Dataset) -> list[int]:
    layout = found.id.get_create_plist()
    return [layout.get_filter(i)[0] for i in range(layout.get_nfilters())]


def _check_filters(found: h5py.Dataset, name: str) -> None:
    codes = _filters(found)
    for code in codes:
        if code not in FILTERS or codes.count(code) > 1:
            known = h5z.FILTER_LZF, h5z.FILTER_SZIP, h5z.FILTER_NBIT, h5z.FILTER_SCALEOFFSET
            names = dict(zip(known, ("lzf", "szip", "nbit", "scaleoffset"), strict=True))
            raise RefusedError(
                f"{name} has the filter {FILTERS.get(code, names.get(code, code))!r}"
                f"{' twice' if code in FILTERS else ''}, expected none but {', '.join(FILTERS.values())}"
            )
    size = math.prod(found.chunks) * found.dtype.itemsize
    if size > max(found.nbytes, LARGEST_CHUNK):
        raise RefusedError(f"{name} has chunks of {size} bytes, but {found.nbytes} itself: expected smaller ones")


def chunks(found: h5py.Dataset, name: str) -> list[Any]:
    """List the chunks of a data set that has some, once all are known to be there and none is too large as packed.

    Raises
    ------
    RefusedError
        If that is not so.
    """
    expected = math.prod(-(-n // chunk) for n, chunk in zip(found.shape, found.chunks, strict=True))
    listed: list[Any] = []
    found.id.chunk_iter(listed.append)
    if len({chunk.chunk_offset for chunk in listed}) != expected:
        raise RefusedError(f"{name} {found.shape} has {len(listed)} of its {expected} chunks in the file")
    size = math.prod(found.chunks) * found.dtype.itemsize
    most = min(found.file.id.get_filesize(), size + size // 16 + 1024)  # nothing packs to more than that
    for chunk in listed:
        if not 0 < chunk.size <= most:
            raise RefusedError(
                f"{name}, the chunk at {chunk.chunk_offset}: it has {chunk.size} bytes, expected at most about {size}"
            )
    return listed


def packed(found: h5py.Dataset) -> bool:
    """Tell whether chunks have to be unpacked to see their size."""
    return h5z.FILTER_DEFLATE in _filters(found)


def check_unpacking(found: h5py.Dataset, name: str, some: Iterable[Any]) -> None:
    """Unpack some of its `chunks` within bounds: HDF5 has none, and reads beyond one that is too short.

    Raises
    ------
    RefusedError
        If one is damaged, or unpacks to more or less than a chunk has.
    """
    codes = _filters(found)
    size = math.prod(found.chunks) * found.dtype.itemsize
    for chunk in some:
        where = f"{name}, the chunk at {chunk.chunk_offset}"
        used = [code for i, code in enumerate(codes) if not chunk.filter_mask >> i & 1]
        if h5z.FILTER_DEFLATE in used:
            place = used.index(h5z.FILTER_DEFLATE)
            stored = _unpacked_size(found.id.read_direct_chunk(chunk.chunk_offset)[1], size + 5, where)
            sums = h5z.FILTER_FLETCHER32 in used[:place]  # a checksum of four bytes, packed as well
        else:
            stored = chunk.size
            sums = h5z.FILTER_FLETCHER32 in used
        if stored != size + 4 * sums:
            raise RefusedError(f"{where}: it has {stored} bytes unpacked, expected {size + 4 * sums}")


def _unpacked_size(content: bytes, limit: int, where: str) -> int:
    machine = zlib.decompressobj()
    try:
        size = len(machine.decompress(content, limit))
    except zlib.error as error:
        raise RefusedError(f"{where}: it is damaged: {error}") from error
    if not machine.eof:
        raise RefusedError(f"{where}: it is cut short, or unpacks to more than {limit} bytes")
    return size
