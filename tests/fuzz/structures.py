"""Damage that only someone who knows a container can do: what HDF5 can say, and what a zip can say that is not so."""

import contextlib
import io
import struct
import zipfile
from random import Random
from typing import Any

import h5py
import numpy as np

LENGTHS = (0, 1, 7, 100, 2**16, 2**31 - 1, 2**32 - 1)


def other_hdf5(content: bytes, rng: Random) -> bytes:
    """Lay a data set out by another feature of HDF5, with the same values, with none, or with a lie about its size."""
    memory = io.BytesIO(content)
    with h5py.File(memory, "r+") as file, np.errstate(all="ignore"):
        names: list[str] = []
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        name = rng.choice(names)
        old = file[name][()]
        values = np.asarray(old)
        with contextlib.suppress(TypeError, ValueError, OSError, RuntimeError, OverflowError, KeyError):
            feature = rng.choice(FEATURES)
            del file[name]
            feature(file, name, values, rng)
    return memory.getvalue()


def _stored(file: h5py.File, name: str, values: np.ndarray, rng: Random) -> None:
    """Other filters, chunks and order of bytes."""
    how: dict[str, Any] = rng.choice(
        (
            {"compression": "gzip", "compression_opts": rng.randrange(10)},
            {"compression": "lzf", "shuffle": True},
            {"fletcher32": True},
            {"scaleoffset": rng.choice((0, 2, 20))},
            {"maxshape": (None,) * values.ndim},
            {},
        )
    )
    if values.ndim and rng.random() < 0.5:
        how["chunks"] = tuple(rng.randint(1, max(1, size)) for size in values.shape)
    if values.dtype.kind in "fiu":
        values = values.astype(rng.choice((">f8", "<f4", "<f2", ">i2", "<u8", "<i8", "<f8")))
    file.create_dataset(name, data=values, **how)


def _declared(file: h5py.File, name: str, values: np.ndarray, rng: Random) -> None:
    """Nothing written: as many numbers as are said to be there, all of them filled in."""
    shape = tuple(rng.choice((size, size, 0, 1, 2**20, 2**40, 2**62)) for size in values.shape)
    chunks = tuple(min(max(1, size), 64) for size in shape)
    fill = rng.choice((None, 0, 1, -1, np.nan, 1e300))
    file.create_dataset(name, shape, values.dtype, chunks=chunks if shape else None, fillvalue=fill)


def _large_chunks(file: h5py.File, name: str, values: np.ndarray, rng: Random) -> None:
    """Chunks far larger than what is in them."""
    chunks = tuple(rng.choice((size or 1, 2**10, 2**16, 2**20)) for size in values.shape)
    file.create_dataset(
        name, values.shape, values.dtype, chunks=chunks or None, maxshape=(None,) * values.ndim, compression="gzip"
    )


def _virtual(file: h5py.File, name: str, values: np.ndarray, rng: Random) -> None:
    """A view of another file, or of the same one, that may not be there."""
    layout = h5py.VirtualLayout(values.shape, values.dtype)
    layout[...] = h5py.VirtualSource(
        rng.choice((".", "other.h5", "/etc/passwd")), rng.choice((name, "x")), values.shape
    )
    file.create_virtual_dataset(name, layout, fillvalue=rng.choice((None, 0)))


def _external(file: h5py.File, name: str, values: np.ndarray, rng: Random) -> None:
    """The numbers of another file."""
    file.create_dataset(
        name,
        values.shape,
        values.dtype,
        external=[(rng.choice(("a.h5", "/etc/passwd", "/dev/zero")), 0, values.nbytes)],
    )


def _link(file: h5py.File, name: str, _values: np.ndarray, rng: Random) -> None:
    """A way to somewhere else, or round in a circle."""
    file[name] = rng.choice(
        (h5py.SoftLink(name), h5py.SoftLink("/"), h5py.ExternalLink("a.h5", name), h5py.ExternalLink("/dev/zero", "/"))
    )


def _circle(file: h5py.File, name: str, values: np.ndarray, rng: Random) -> None:
    """A group that holds itself, or one in the place of the numbers."""
    group = file.create_group(rng.choice((name, "more")))
    group["again"] = rng.choice((file["/"], group))
    if name not in file:
        file[name] = values


def _other_type(file: h5py.File, name: str, values: np.ndarray, rng: Random) -> None:
    """Numbers by another type: names for them, lists of any length, references, texts, pairs, bits, none."""
    small = np.zeros(values.shape, "i1")
    kind = rng.randrange(8)
    if kind == 0:
        file.create_dataset(name, data=small, dtype=h5py.enum_dtype({"a": 0, "b": 1}, basetype="i1"))
    elif kind == 1:
        lists = file.create_dataset(name, values.shape, h5py.vlen_dtype(np.dtype("f4")))
        if values.size:
            lists[(0,) * values.ndim] = np.zeros(rng.choice((0, 3, 1000)), "f4")
    elif kind == 2:
        file.create_dataset(name, values.shape, h5py.ref_dtype)
    elif kind == 3:
        file.create_dataset(name, values.shape, h5py.string_dtype())
    elif kind == 4:
        file.create_dataset(name, values.shape, np.dtype([("a", "f4"), ("b", "i4", (3,))]))
    elif kind == 5:
        file.create_dataset(name, data=small.astype(bool))
    elif kind == 6:
        file[name] = h5py.Empty(rng.choice(("f4", "i8", "S3")))
    else:
        file.create_dataset(name, values.shape, np.dtype((np.void, rng.choice((1, 8, 2**16)))))


def _more_dimensions(file: h5py.File, name: str, values: np.ndarray, rng: Random) -> None:
    """The same numbers in another shape."""
    shapes = ((*values.shape, 1), (1, *values.shape), (values.size,), (1,) * 31 + values.shape, values.shape[::-1])
    file.create_dataset(name, data=values.reshape(rng.choice(shapes)))


def _attributes(file: h5py.File, name: str, values: np.ndarray, rng: Random) -> None:
    """Many attributes, long ones, and one that is a text beyond any measure."""
    made = file.create_dataset(name, data=values)
    where = rng.choice((file, made))
    for i in range(rng.choice((1, 300))):
        where.attrs[f"attribute {i}"] = rng.choice((i, "x" * 1000, np.zeros(100)))


FEATURES = (
    *(_stored, _declared, _large_chunks, _virtual, _external, _link, _circle, _other_type, _more_dimensions),
    _attributes,
)


def lying_zip(files: dict[str, bytes], rng: Random) -> bytes:
    """Zip files and say of them what is not so."""
    memory = io.BytesIO()
    method = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    names = list(files)
    one = rng.choice(names)
    with zipfile.ZipFile(memory, "w", method) as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(_named(name, name == one, rng)), files[name], method)
        lie = rng.randrange(6)
        if lie == 0:
            archive.writestr(zipfile.ZipInfo(one + "/"), b"")
        elif lie == 1:
            with contextlib.suppress(UserWarning):
                info = zipfile.ZipInfo(one.swapcase() if rng.random() < 0.5 else "other/" + one)
                archive.writestr(info, rng.choice((b"", files[one][::-1], b"\0" * 10**6)), zipfile.ZIP_DEFLATED)
        elif lie == 2:
            archive.comment = bytes(rng.choice((1, 65535)))
    content = bytearray(memory.getvalue())
    if lie >= 3:
        _overwrite(content, rng)
    return bytes(content)


def _named(name: str, chosen: bool, rng: Random) -> str:
    if not chosen or rng.random() < 0.6:
        return name
    return rng.choice(
        ("/" + name, "../" + name, name.replace("/", "\\"), "C:" + name, name.upper(), name + "\u202e", "")
    )


def _overwrite(content: bytearray, rng: Random) -> None:
    """Lie about a member: its flags, its method, its checksum, its sizes, its name's length or where it begins."""
    central = [i for i in range(len(content) - 4) if content[i : i + 4] == b"PK\1\2"]
    local = [i for i in range(len(content) - 4) if content[i : i + 4] == b"PK\3\4"]
    for _ in range(rng.choice((1, 1, 2))):
        at, fields = rng.choice(
            (
                (rng.choice(central), ((8, "H"), (10, "H"), (16, "I"), (20, "I"), (24, "I"), (28, "H"), (42, "I"))),
                (rng.choice(local), ((6, "H"), (8, "H"), (14, "I"), (18, "I"), (22, "I"), (26, "H"))),
            )
        )
        offset, code = rng.choice(fields)
        others = [*central, *local, len(content)]
        value = rng.choice((*LENGTHS, rng.choice(others), 1, 8, 0x800, 9, 99)) % 256 ** struct.calcsize(code)
        struct.pack_into("<" + code, content, at + offset, value)
