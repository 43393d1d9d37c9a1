"""A zip or a folder as named files with bounded reads: the one way this package looks into either.

Nothing is unpacked to disk, and no more of a file is ever held than the size that was checked beforehand.
"""

import contextlib
import io
import os
import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from unrolled.data.errors import DataError
from unrolled.data.loaders.place import found_at

DEEPEST = 2  # zips within each other
MOST_FILES = 100_000  # in a folder; a larger one is not a data set but somebody's disk


@dataclass(frozen=True)
class Member:
    """One file in a zip or a folder, whose name matched.

    Attributes
    ----------
    name : str
        Its path within the zip or the folder, with forward slashes.
    size : int
        In bytes, unpacked: what the zip declares, or what the file has.
    match : re.Match
        The match of the pattern with `name`.
    where : str
        The archive and the name, for messages.
    content : callable
        Returns the bytes; `read` and `text` are what to call.
    """

    name: str
    size: int
    match: re.Match[str]
    where: str
    content: Callable[[], bytes]

    def read(self) -> bytes:
        """Return the file's bytes, exactly `size` of them.

        Raises
        ------
        DataError
            If it cannot be read, is damaged, or has more or fewer bytes than `size`.
        """
        try:
            content = self.content()
        except Exception as error:  # a damaged entry fails in as many ways as zlib and zipfile know
            raise DataError(f"{self.where}: cannot be read: {error}") from error
        if len(content) != self.size:
            found = "more" if len(content) > self.size else str(len(content))
            raise DataError(f"{self.where}: cannot be read: found {found} bytes, expected {self.size}")
        return content

    def text(self) -> str:
        """Return the file's text, which is UTF-8, with or without a mark of it.

        Raises
        ------
        DataError
            As `read`, and if it is not UTF-8.
        """
        try:
            return self.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise DataError(f"{self.where}: expected text: {error}") from error


@contextlib.contextmanager
def members(
    path: str | os.PathLike[str], pattern: re.Pattern[str], expected: str, *, max_bytes: int, max_member: int
) -> Iterator[list[Member]]:
    """List the files of a zip or a folder whose whole name, with forward slashes, matches a pattern.

    Parameters
    ----------
    path : str or path-like
        A zip or a folder, told apart by what is there. In a folder, files whose own name or whose folder's
        begins with a dot are passed over.
    pattern : re.Pattern
        Which files are wanted. The others are not looked at, but a zip in which any name is absolute or
        climbs out of it is refused altogether.
    expected : str
        What the path should have been, for messages: "A.zip or its unpacked folder".
    max_bytes : int
        The most that the wanted files together may have, unpacked.
    max_member : int
        The most that a single one may have.

    Yields
    ------
    list of Member
        Sorted by name; empty if none matches. They can be read within the block.

    Raises
    ------
    DataError
        If there is neither a zip nor a folder; a zip cannot be read; a name in it is absolute, has a drive
        or contains ``..``; a wanted file is there twice, too large, a symbolic link or a device, or in a zip
        encrypted or compressed otherwise than by deflate; a folder within a folder is a symbolic link. The
        message names the archive and the file.

    Examples
    --------
    >>> with zipfile.ZipFile("x.zip", "w") as archive:
    ...     archive.writestr("a/rows.txt", "1 2")
    >>> with members("x.zip", re.compile("a/.*"), "x.zip", max_bytes=99, max_member=9) as found:
    ...     [(member.name, member.text().splitlines()) for member in found]
    [('a/rows.txt', ['1 2'])]
    """
    path = Path(path)
    what = found_at(path)
    if what == "a folder":
        yield _checked(path, list(_in_folder(path, pattern)), max_bytes, max_member)
        return
    if what != "a file":
        raise DataError(f"{path}: expected {expected}, found {what}")
    with _opened(path, path, expected) as archive:
        yield _checked(path, list(_in_zip(path, archive, pattern)), max_bytes, max_member)


@contextlib.contextmanager
def nested(
    member: Member, pattern: re.Pattern[str], expected: str, *, max_bytes: int, max_member: int
) -> Iterator[list[Member]]:
    """List the files of a zip that is itself a file in a zip or a folder, and is held in memory meanwhile.

    Parameters
    ----------
    member : Member
        The zip.
    pattern, expected, max_bytes, max_member
        As for `members`.

    Yields
    ------
    list of Member
        As `members` does.

    Raises
    ------
    DataError
        As `members`, and if `member` cannot be read.
    """
    with _opened(io.BytesIO(member.read()), member.where, expected) as archive:
        yield _checked(member.where, list(_in_zip(member.where, archive, pattern)), max_bytes, max_member)


@contextlib.contextmanager
def downloaded(
    path: str | os.PathLike[str],
    pattern: re.Pattern[str],
    zips: re.Pattern[str],
    expected: str,
    *,
    max_bytes: int,
    max_member: int,
) -> Iterator[list[Member]]:
    """List files as `members` does, and where there are none those of the one zip there is, or of the zip in that.

    Parameters
    ----------
    path, pattern, expected, max_bytes, max_member
        As for `members`.
    zips : re.Pattern
        Which zips are looked into, by their whole name.

    Yields
    ------
    list of Member
        As `members` does.

    Raises
    ------
    DataError
        As `members` and `nested`.
    """
    with contextlib.ExitStack() as stack:
        found = stack.enter_context(members(path, pattern, expected, max_bytes=max_bytes, max_member=max_member))
        packed: list[Member] = []
        for _ in range(DEEPEST):
            if found:
                break
            listing = nested(packed[0], zips, expected, max_bytes=max_bytes, max_member=max_bytes) if packed else None
            listing = listing or members(path, zips, expected, max_bytes=max_bytes, max_member=max_bytes)
            packed = stack.enter_context(listing)
            if len(packed) != 1:
                break
            inner = nested(packed[0], pattern, expected, max_bytes=max_bytes, max_member=max_member)
            found = stack.enter_context(inner)
        yield found


def _opened(file: Path | io.BytesIO, where: Path | str, expected: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except Exception as error:  # BadZipFile, OSError, NotImplementedError, ValueError, struct.error ...
        raise DataError(f"{where}: expected {expected}: {error}") from error


def _in_folder(root: Path, pattern: re.Pattern[str]) -> Iterator[Member]:
    def refuse(error: OSError) -> None:
        raise DataError(f"{root}: cannot be read: {error}") from error

    def reader(file: Path, size: int) -> Callable[[], bytes]:
        def content() -> bytes:
            with file.open("rb") as opened:
                return opened.read(size + 1)  # one more than expected, to see that it has not grown

        return content

    count = 0
    for folder, inner, names in os.walk(root, onerror=refuse):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        count += len(inner) + len(names)
        if count > MOST_FILES:
            raise DataError(f"{root}: more than {MOST_FILES} files: pass the folder with nothing but the recordings")
        for name in inner:
            if (link := Path(folder, name)).is_symlink():
                raise DataError(f"{link}: expected a folder, found a symbolic link: pass the folder it points to")
        for name in names:
            file = Path(folder, name)
            relative = file.relative_to(root).as_posix()
            if name.startswith(".") or not (match := pattern.fullmatch(relative)):
                continue
            where = f"{root}, {relative}"
            try:
                status = file.lstat()
            except OSError as error:
                raise DataError(f"{where}: cannot be read: {error}") from error
            _refuse_special(status.st_mode, where)
            yield Member(relative, status.st_size, match, where, reader(file, status.st_size))


def _in_zip(path: Path | str, archive: zipfile.ZipFile, pattern: re.Pattern[str]) -> Iterator[Member]:
    def reader(entry: zipfile.ZipInfo) -> Callable[[], bytes]:
        def content() -> bytes:
            with archive.open(entry) as opened:
                return opened.read(entry.file_size)  # never unpacks more than the size that was checked

        return content

    for entry in archive.infolist():
        name = entry.filename.replace("\\", "/")
        if name.startswith("/") or re.match("[A-Za-z]:", name) or ".." in name.split("/"):
            raise DataError(f"{path}: an entry is named {entry.filename!r}, expected names within the archive")
        if name.endswith("/") or not (match := pattern.fullmatch(entry.filename)):
            continue
        where = f"{path}, {entry.filename}"
        _refuse_special(entry.external_attr >> 16, where)
        if entry.flag_bits & 0x1:
            raise DataError(f"{where}: cannot be read: it is encrypted")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others may need any memory
            raise DataError(f"{where}: cannot be read: expected it stored or deflated, found {entry.compress_type}")
        yield Member(entry.filename, entry.file_size, match, where, reader(entry))


def _refuse_special(mode: int, where: str) -> None:
    if stat.S_ISLNK(mode):
        raise DataError(f"{where}: expected a file, found a symbolic link")
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):  # a zip made on Windows says 0
        raise DataError(f"{where}: expected a file, found a device")


def _checked(path: Path | str, found: list[Member], max_bytes: int, max_member: int) -> list[Member]:
    found.sort(key=lambda member: member.name)
    for one, other in pairwise(found):
        if one.name == other.name:
            raise DataError(f"{path}: {one.name} is there twice, expected it once")
    if not found:
        return found
    largest = max(found, key=lambda member: member.size)
    for size, what, limit in (
        (largest.size, largest.name, max_member),
        (sum(member.size for member in found), "all of it", max_bytes),
    ):
        if size > limit:
            raise DataError(f"{path}: {what} has {size} bytes, expected at most {limit}: raise max_bytes to allow it")
    return found
