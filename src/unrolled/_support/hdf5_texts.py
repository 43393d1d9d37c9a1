"""The texts in a file's own attributes, read by hand.

HDF5 keeps a text of any length in a heap, and beside the attribute only its length and place. Its library reserves
memory for whatever length that says, and can search a damaged heap without end. Here both are checked first.
The layout is that of the HDF5 File Format Specification 3.0, sections III.E, IV.A.1 and IV.A.2.m.
"""

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

LARGEST = 2**20  # bytes, of all texts of an attribute, and of a heap or a block of a header
MOST_BLOCKS = 64  # in an object header
ATTRIBUTE, CONTINUATION = 0x0C, 0x10

Block = Callable[[int, int], bytes]  # reads so many bytes at an address


class DamagedError(ValueError):
    """A text that is not where it should be."""


def texts(path: Path, base: int, header: int, name: str) -> list[str]:
    """Read an attribute of texts of variable length.

    Parameters
    ----------
    path : Path
        An HDF5 file.
    base : int
        Where HDF5 begins in it: the size of its user block.
    header : int
        The address of the header of the object that has the attribute.
    name : str

    Returns
    -------
    list of str
        As many as the attribute has elements.

    Raises
    ------
    DamagedError
        If it is not found in the header, or not as the specification has it.
    """
    wanted = name.encode()
    file_size = path.stat().st_size

    def block(address: int, size: int) -> bytes:
        if size > LARGEST or base + address + size > file_size:
            raise DamagedError(f"expected {size} bytes at {address}, beyond the end or too many")
        with path.open("rb") as file:
            file.seek(base + address)
            return file.read(size)

    try:
        data = next((data for key, data in _attributes(block, header) if key == wanted), None)
        if data is None or len(data) % 16:
            raise DamagedError("its place was not found")
        places = list(struct.iter_unpack("<IQI", data))  # length, address of the heap, number in it
        if sum(length for length, _, _ in places) > LARGEST:
            raise DamagedError(f"its texts need more than {LARGEST} bytes")
        heaps = {address: _heap(block, address) for address in {address for length, address, _ in places if length}}
        found = []
        for length, address, index in places:
            content = heaps[address].get(index, b"") if length else b""
            if len(content) < length:
                raise DamagedError(f"expected a text of {length} bytes, found {len(content)}")
            found.append(content[:length].decode())
        return found
    except (struct.error, UnicodeDecodeError, IndexError) as error:
        raise DamagedError(f"it is damaged: {error}") from error


def _messages(block: Block, header: int) -> Iterator[tuple[int, bytes]]:
    """Give kind and content of the messages of an object header, of either version."""
    start = block(header, 16)
    if start[:4] == b"OHDR":  # version 2
        flags = start[5]
        offset = 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
        width = 1 << (flags & 3)
        size = int.from_bytes(block(header + offset, width), "little")
        pending, form = [(header + offset + width, size)], "<BHB"
        extra, signature, checksum = (2 if flags & 4 else 0), 4, 4
    else:
        pending, form = [(header + 16, struct.unpack_from("<I", start, 8)[0])], "<HHB3x"
        extra, signature, checksum = 0, 0, 0
    for _ in range(MOST_BLOCKS):
        if not pending:
            return
        content = block(*pending.pop(0))
        at, step = 0, struct.calcsize(form) + extra
        while at + step <= len(content):
            kind, size, _flags = struct.unpack_from(form, content, at)
            message = content[at + step : at + step + size]
            at += step + size
            if kind == CONTINUATION:
                address, size = struct.unpack_from("<QQ", message)
                pending.append((address + signature, max(size - signature - checksum, 0)))
            yield kind, message


def _attributes(block: Block, header: int) -> Iterator[tuple[bytes, bytes]]:
    """Give name and data of the attributes in an object header."""
    for kind, message in _messages(block, header):
        if kind == ATTRIBUTE:
            version, _, *sizes = struct.unpack_from("<BBHHH", message)
            at = 9 if version == 3 else 8
            pad = 8 if version == 1 else 1
            name = message[at : at + sizes[0]].rstrip(b"\0")
            yield name, message[at + sum(-(-size // pad) * pad for size in sizes) :]


def _heap(block: Block, address: int) -> dict[int, bytes]:
    """Read a global heap collection: its objects by their numbers."""
    signature, version, size = struct.unpack("<4sB3xQ", block(address, 16))
    if signature != b"GCOL" or version != 1:
        raise DamagedError(f"expected a heap at {address}")
    content = block(address, size)
    objects = {}
    at = 16
    while at + 16 <= len(content):
        index, _, length = struct.unpack_from("<HH4xQ", content, at)
        if index == 0:  # the rest is free
            break
        if at + 16 + length > len(content):
            raise DamagedError(f"object {index} of the heap at {address} has {length} bytes, more than the heap")
        objects[index] = content[at + 16 : at + 16 + length]
        at += 16 + -(-length // 8) * 8
    return objects
