"""What HDF5 would follow, load, allocate or read beyond, and what is therefore refused."""

import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from unrolled._support import hdf5

VALUES = np.arange(24.0).reshape(4, 6)


def opened(path: Path, make: Callable[[h5py.File], object], libver: str = "earliest") -> np.ndarray:
    with h5py.File(path, "w", libver=libver) as file:
        make(file)
    with h5py.File(path) as file:
        return hdf5.read(hdf5.dataset(file, "x"), "x")


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"chunks": (3, 4)},
        {"chunks": (3, 4), "compression": "gzip"},
        {"chunks": (4, 6), "compression": "gzip", "shuffle": True, "fletcher32": True},
        {"chunks": (1, 1), "fletcher32": True},
        {"chunks": (64, 64), "maxshape": (None, None), "compression": "gzip"},
    ],
)
@pytest.mark.parametrize("dtype", ["f8", ">f4", "i2", "?"])
@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_plain_numbers_are_read(tmp_path: Path, how: dict[str, Any], dtype: str, libver: str) -> None:
    values = VALUES.astype(dtype)
    found = opened(tmp_path / "a.h5", lambda file: file.create_dataset("x", data=values, **how), libver)
    np.testing.assert_array_equal(found, values)


def test_checks_of_the_path_come_first(tmp_path: Path) -> None:
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")  # opening it would wait for someone to write
        with pytest.raises(hdf5.RefusedError, match="expected an HDF5 file, found a folder or a device"):
            hdf5.check_path(tmp_path / "pipe")
    with pytest.raises(hdf5.RefusedError, match="there is no such file"):
        hdf5.check_path(tmp_path / "missing")


def test_a_chunk_that_would_not_shrink_is_read(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, 10_000).astype(np.uint8)

    def make(file: h5py.File) -> None:
        file.create_dataset("x", data=noise, chunks=(3000,), compression="gzip")

    np.testing.assert_array_equal(opened(tmp_path / "a.h5", make), noise)


def one_chunk(content: bytes, mask: int = 0) -> Callable[[h5py.File], object]:
    """Make ten numbers in a single chunk, whose stored bytes are these."""

    def make(file: h5py.File) -> None:
        found = file.create_dataset("x", (10,), "f8", chunks=(10,), compression="gzip")
        found.id.write_direct_chunk((0,), content, mask)

    return make


def layout(fill: str) -> Callable[[h5py.File], object]:
    return lambda file: file.create_dataset("x", data=VALUES, chunks=(4, 6), compression=fill)


def twice(file: h5py.File) -> None:
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk((10,))
    plist.set_deflate(9)
    plist.set_deflate(9)
    h5py.h5d.create(file.id, b"x", h5py.h5t.NATIVE_DOUBLE, h5py.h5s.create_simple((10,)), plist)


def committed_type(file: h5py.File) -> None:
    file["x"] = np.dtype("f8")


def half_written(file: h5py.File) -> None:
    file.create_dataset("x", (10,), "f8", chunks=(5,))[:5] = 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda file: file.create_dataset("x", (10**6,), "f8"), r"x \(1000000,\) needs 8000000 bytes, but 0 are"),
        (lambda file: file.create_dataset("x", (10**6,), "f8", chunks=(5,)), "has 0 of its 200000 chunks"),
        (half_written, "has 1 of its 2 chunks in the file"),
        (lambda file: file.create_dataset("x", (10,), "f8", chunks=(10**7,), maxshape=(None,)), "x has chunks of 8000"),
        (one_chunk(zlib.compress(bytes(10**6))), "unpacks to more than 85 bytes"),
        (one_chunk(zlib.compress(bytes(79))), "it has 79 bytes unpacked, expected 80"),
        (one_chunk(zlib.compress(bytes(81))), "it has 81 bytes unpacked, expected 80"),
        (one_chunk(zlib.compress(bytes(80))[:-3]), "it is cut short"),
        (one_chunk(bytes(79), mask=1), "it has 79 bytes unpacked, expected 80"),
        (one_chunk(bytes(2000)), "it has 2000 bytes, expected at most about 80"),
        (one_chunk(b"not zlib"), "it is damaged: Error -3"),
        (layout("lzf"), "x has the filter 'lzf', expected none but gzip, shuffle, fletcher32"),
        (twice, "x has the filter 'gzip' twice"),
        (committed_type, "x is a datatype, expected a data set"),
        (lambda file: file.create_dataset("x", data=[1, 2], dtype=h5py.enum_dtype({"a": 1, "b": 2})), "an enumeration"),
        (lambda file: file.create_dataset("x", (2,), h5py.vlen_dtype(float)), "x has dtype object"),
        (lambda file: file.create_dataset("x", (2,), h5py.ref_dtype), "x has dtype object"),
        (lambda file: file.create_dataset("x", (2,), "S3"), r"x has dtype \|S3"),
        (lambda file: file.create_dataset("x", (2,), [("a", "f4"), ("b", "i4")]), r"x has dtype .*'a'"),
        (lambda file: file.create_dataset("x", (2,), np.dtype(("f4", (3,)))), "x has dtype .*expected real numbers"),
        (lambda file: file.create_dataset("x", (2,), "V5"), r"x has dtype \|V5"),
        (lambda file: file.create_dataset("x", (2,), "c16"), "x has dtype complex128"),
        (lambda file: file.create_dataset("x", (0,), "f8"), "x is empty"),
        (lambda file: file.__setitem__("x", h5py.SoftLink("/x")), "x is a link to elsewhere"),
        (lambda file: file.__setitem__("x", h5py.ExternalLink("a.h5", "/x")), "x is a link to elsewhere"),
    ],
)
def test_refuses(tmp_path: Path, make: Callable[[h5py.File], object], message: str) -> None:
    with pytest.raises(hdf5.RefusedError, match=message):
        opened(tmp_path / "a.h5", make)


@pytest.mark.parametrize("how", [{}, {"libver": "latest"}, {"userblock_size": 1024}, {"track_order": True}])
def test_attributes_are_small_numbers_and_texts_of_fixed_length(tmp_path: Path, how: dict[str, Any]) -> None:
    with h5py.File(tmp_path / "a.h5", "w", **how) as file:
        file.attrs["text"] = np.bytes_("é" * 20_000, "utf-8")
        file.attrs["number"] = 3.5
        file.attrs["texts"] = np.array([b"a", b"bc"])
        file.attrs["not UTF-8"] = np.bytes_(b"\xff\xfe")
        file.attrs["of variable length"] = "text"
        file.attrs["several of variable length"] = ["a", "bc"]
        file.attrs["reference"] = file.ref
        file.attrs["empty"] = h5py.Empty("f4")
    with h5py.File(tmp_path / "a.h5") as file:
        assert hdf5.attribute(file, "text") == "é" * 20_000
        assert hdf5.attribute(file, "number") == 3.5
        assert hdf5.attribute(file, "texts") == ["a", "bc"]
        assert hdf5.attribute(file, "none") is None
        for name in ("not UTF-8", "of variable length", "several of variable length", "reference", "empty"):
            with pytest.raises(hdf5.RefusedError, match=f"attribute {name} "):
                hdf5.attribute(file, name)


def test_attributes_of_many_megabytes_are_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w", libver="latest") as file:
        file.attrs["many"] = np.zeros(200_000)
        with pytest.raises(hdf5.RefusedError, match="attribute many needs 1600000 bytes, expected at most 1048576"):
            hdf5.attribute(file, "many")


@pytest.mark.parametrize(
    ("find", "replacement"),
    [
        ("reference", (2**32 - 1, 0, 1)),  # HDF5 itself would reserve, and clear, as much as the length says: 4 GB
        ("reference", (300, 8, 1)),
        ("heap", b"\xf0" + b"\xff" * 7),  # an object as long as to end where it begins, which HDF5 searches for ever
    ],
)
def test_texts_of_variable_length_are_not_touched(tmp_path: Path, find: str, replacement: Any) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.attrs["text"] = "x" * 300
    content = bytearray(path.read_bytes())
    heap = content.index(b"GCOL")
    if find == "reference":
        at = content.index(struct.pack("<IQI", 300, heap, 1))
        length, moved, index = replacement
        content[at : at + 16] = struct.pack("<IQI", length, heap + moved, index)
    else:
        content[heap + 24 : heap + 32] = replacement
    path.write_bytes(content)
    with h5py.File(path) as file, pytest.raises(hdf5.RefusedError, match="attribute text is a text of variable length"):
        hdf5.attribute(file, "text")


@pytest.mark.parametrize("text", ["", "a", "é\0\n", "x" * 2**20])
def test_texts_of_any_length_come_back(tmp_path: Path, text: str) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        hdf5.write_text(file, "text", text)
    with h5py.File(tmp_path / "a.h5") as file:
        assert hdf5.read_text(file, "text") == text
        assert hdf5.read_text(file, "other") is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda file: file.__setitem__("text", np.zeros(3)), "text has dtype float64 and shape .*, expected the bytes"),
        (lambda file: file.__setitem__("text", np.zeros((1, 1), np.uint8)), "expected the bytes of a text"),
        (lambda file: file.__setitem__("text", "a"), "text has dtype object, expected real numbers"),
        (lambda file: file.create_group("text"), "text is a group, expected a data set"),
        (lambda file: file.__setitem__("text", h5py.SoftLink("/other")), "text is a link to elsewhere"),
        (lambda file: file.create_dataset("text", (2**40,), np.uint8), "needs 1099511627776 bytes, but 0 are stored"),
        (lambda file: file.__setitem__("text", np.full(3, 255, np.uint8)), "text is no text in UTF-8"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, make: Callable[[h5py.File], object], message: str) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        make(file)
        file["other"] = np.zeros(1, np.uint8)
    with h5py.File(tmp_path / "a.h5") as file, pytest.raises(hdf5.RefusedError, match=message):
        hdf5.read_text(file, "text")


def test_texts_that_could_not_be_read_back_are_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdf5, "LARGEST_TEXT", 10)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        with pytest.raises(hdf5.RefusedError, match="text is a text of 11 bytes, expected at most 10"):
            hdf5.write_text(file, "text", "x" * 11)
        with pytest.raises(hdf5.RefusedError, match="text cannot be written in UTF-8"):
            hdf5.write_text(file, "text", "\ud800")
        assert not list(file)
