"""Writing an HDF5 file so that a disk that fails is an error, and not the end of the process.

The HDF5 library keeps what it could not write and tries again whenever it can, at the latest as the process ends,
where it crashes. So it never learns that a disk has failed: it writes to :class:`Sink`, which notes the first error,
and keeps in memory what is written after it, until the file is closed. Nor does it ever meet what a signal's handler
raises, such as Ctrl-C, since it runs in a thread.
"""

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import h5py

Result = TypeVar("Result")

PAGE = 4096
LARGEST_KEPT = 2**16
"""Bytes of a piece that is kept in memory: larger ones are numbers, which HDF5 does not read back to close a file."""


class Sink:
    """A file to hand to h5py, of which no method raises what a disk does.

    After the first error nothing is written any more. What HDF5 wants to write until it is closed, the few
    kilobytes that it has not written yet, is kept in memory and read back from there, so that it stays consistent.

    Attributes
    ----------
    error : BaseException or None
        The first.
    """

    def __init__(self, file: io.FileIO) -> None:
        self.error: BaseException | None = None
        self._file, self._at, self._size = file, 0, 0
        self._pages: dict[int, bytearray] = {}

    def check(self) -> None:
        """Raise the first error, if there was one."""
        if self.error is not None:
            raise self.error

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place in the file."""
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def tell(self) -> int:
        """Return where the next byte is read or written."""
        return self._at

    def flush(self) -> None:
        """Do nothing: nothing waits here."""

    def truncate(self, size: int | None = None) -> int:
        """Make the file end here, or at a size."""
        self._size = self._at if size is None else size
        if self.error is None:
            try:
                self._file.truncate(self._size)
            except BaseException as error:  # Ctrl-C too: HDF5 could go on from neither
                self.error = error
        return self._size

    def write(self, content: Any) -> int:
        """Write, or keep in memory what cannot be written."""
        data, at = memoryview(content).cast("B"), self._at
        self._at, self._size = at + len(data), max(self._size, at + len(data))
        if self.error is None:
            try:
                self._file.seek(at)
                done = 0
                while done < len(data):  # a disk that is nearly full takes a part
                    done += self._file.write(data[done:]) or 0
                return len(data)
            except BaseException as error:
                self.error = error
        for start in range(at - at % PAGE, at + len(data), PAGE) if len(data) <= LARGEST_KEPT else ():
            page = self._page(start)
            first, last = max(start, at), min(start + PAGE, at + len(data))
            page[first - start : last - start] = data[first - at : last - at]
            self._pages[start] = page
        return len(data)

    def readinto(self, into: Any) -> int:
        """Read what was written, wherever it is."""
        data, at = memoryview(into).cast("B"), self._at
        for start in range(at - at % PAGE, at + len(data), PAGE):
            first, last = max(start, at), min(start + PAGE, at + len(data))
            data[first - at : last - at] = self._page(start)[first - start : last - start]
        self._at = at + len(data)
        return len(data)

    def read(self, size: int) -> bytes:
        """Return what was written, so many bytes of it."""
        content = bytearray(size)
        self.readinto(content)
        return bytes(content)

    def _page(self, start: int) -> bytearray:
        """Return a page as it is in memory or in the file, zeros where it is in neither."""
        if start in self._pages:
            return self._pages[start]
        try:
            self._file.seek(start)
            found = self._file.read(PAGE)
        except BaseException as error:
            self.error = self.error or error
            found = b""
        return bytearray((found or b"").ljust(PAGE, b"\0"))


class Writing:
    """An HDF5 file to be written, by a thread of its own: in the main thread a signal's handler may raise anywhere."""

    def __init__(self, file: h5py.File, sink: Sink, thread: ThreadPoolExecutor) -> None:
        self._file, self._sink, self._thread = file, sink, thread

    def do(self, work: Callable[[h5py.File], Result]) -> Result:
        """Return what a function makes of the open file.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        self._sink.check()
        result = self._thread.submit(work, self._file).result()
        self._sink.check()
        return result


@contextmanager
def written(path: Path) -> Iterator[Writing]:
    """Yield an HDF5 file to be written.

    Parameters
    ----------
    path : Path
        Overwritten.

    Raises
    ------
    OSError
        At the end of the block, if it could not be written. HDF5 has closed it then like any other.
    """
    with path.open("w+b", buffering=0) as raw, ThreadPoolExecutor(1, "unrolled-hdf5") as thread:
        sink = Sink(raw)
        file = thread.submit(h5py.File, sink, "w").result()
        try:
            yield Writing(file, sink, thread)
        finally:
            thread.submit(file.close).result()
        sink.check()
