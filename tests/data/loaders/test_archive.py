import os
import re
import stat
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from unrolled.data import DataError
from unrolled.data.loaders.archive import Member, members, nested

ANY_TEXT = re.compile(r"(?:[^/]+/)*([^/]+)\.txt")


def look(path: Path, max_bytes: int = 10_000, max_member: int = 1_000) -> list[tuple[Member, bytes]]:
    with members(path, ANY_TEXT, "x.zip or its folder", max_bytes=max_bytes, max_member=max_member) as found:
        return [(member, member.read()) for member in found]


def pack(
    path: Path, entries: Sequence[tuple[str | zipfile.ZipInfo, bytes]], compression: int = zipfile.ZIP_DEFLATED
) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in entries:
            archive.writestr(name, content, compress_type=compression)
    return path


def test_zip_and_folder_look_the_same(tmp_path: Path) -> None:
    entries = {"b.txt": b"two", "in/ner/a.txt": b"one" * 99, "c.dat": b"no", "in/d.txt": b""}
    folder = tmp_path / "folder"
    for name, content in entries.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "e.txt").write_bytes(b"no")
    packed = pack(tmp_path / "x.zip", list(entries.items()))
    expected = [("b.txt", "b", b"two"), ("in/d.txt", "d", b""), ("in/ner/a.txt", "a", b"one" * 99)]
    for path in (folder, packed):
        found = look(path)
        assert [(member.name, member.match[1], content) for member, content in found] == expected
        assert [member.size for member, _ in found] == [3, 0, 297]
        assert found[0][0].where == f"{path}, b.txt"
    assert {file.name for file in tmp_path.iterdir()} == {"folder", "x.zip"}


@pytest.mark.parametrize("name", ["/a.txt", "../a.dat", "in/../../a.txt", "C:/a.txt", "..\\a.dat", "\\a.txt", "in/.."])
def test_refuses_a_zip_with_a_name_outside_it(tmp_path: Path, name: str) -> None:
    path = pack(tmp_path / "x.zip", [("b.txt", b"fine"), (name, b"not")])
    with pytest.raises(DataError, match=rf"x.zip: an entry is named {re.escape(repr(name))}, expected names within"):
        look(path)


@pytest.mark.parametrize(("mode", "what"), [(stat.S_IFLNK, "a symbolic link"), (stat.S_IFCHR, "a device")])
def test_refuses_an_entry_that_is_no_file(tmp_path: Path, mode: int, what: str) -> None:
    entry = zipfile.ZipInfo("a.txt")
    entry.external_attr = (mode | 0o644) << 16
    with pytest.raises(DataError, match=f"x.zip, a.txt: expected a file, found {what}"):
        look(pack(tmp_path / "x.zip", [(entry, b"/etc/passwd")]))


def test_refuses_links_in_a_folder(tmp_path: Path) -> None:
    secret, folder = tmp_path / "secret.txt", tmp_path / "folder"
    secret.write_text("secret")
    (folder / "inner").mkdir(parents=True)
    link = folder / "inner" / "a.txt"
    link.symlink_to(secret)
    with pytest.raises(DataError, match=r"folder, inner/a.txt: expected a file, found a symbolic link"):
        look(folder)
    link.unlink()
    link = folder / "loop"
    link.symlink_to(folder)
    with pytest.raises(DataError, match="loop: expected a folder, found a symbolic link: pass the folder it points to"):
        look(folder)
    link.unlink()
    assert look(folder) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "a.txt"
    os.mkfifo(pipe)
    for path, message in ((tmp_path, "a.txt: expected a file, found a device"), (pipe, "x.zip or its folder, found a")):
        with pytest.raises(DataError, match=message):
            look(path)


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_refuses_other_compressions(tmp_path: Path, compression: int) -> None:
    path = pack(tmp_path / "x.zip", [("a.txt", b"content")], compression)
    with pytest.raises(DataError, match=f"a.txt: cannot be read: expected it stored or deflated, found {compression}"):
        look(path)


def test_refuses_an_encrypted_entry(tmp_path: Path) -> None:
    path = pack(tmp_path / "x.zip", [("a.txt", b"content")])
    content = bytearray(path.read_bytes())
    for signature, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(signature) + place] |= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"x.zip, a.txt: cannot be read: it is encrypted"):
        look(path)


def test_limits_hold_for_what_is_wanted_in_zip_and_folder(tmp_path: Path) -> None:
    entries = [("a.txt", b"0" * 600), ("b.txt", b"0" * 700), ("c.dat", b"0" * 5000)]
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, content in entries:
        (folder / name).write_bytes(content)
    for path in (folder, pack(tmp_path / "x.zip", entries)):
        assert len(look(path, 1300, 700)) == 2
        with pytest.raises(DataError, match=r"b.txt has 700 bytes, expected at most 699: raise max_bytes"):
            look(path, 1300, 699)
        with pytest.raises(DataError, match="all of it has 1300 bytes, expected at most 1299"):
            look(path, 1299, 700)


@pytest.mark.parametrize("claimed", [30, 5000])
def test_refuses_an_entry_that_lies_about_its_size(tmp_path: Path, claimed: int) -> None:
    """Ten thousand zeros in a few bytes: what is unpacked never exceeds the claim that was checked."""
    path = pack(tmp_path / "x.zip", [("a.txt", b"0" * 10_000)])
    content = path.read_bytes()
    assert content.count(struct.pack("<I", 10_000)) == 2
    path.write_bytes(content.replace(struct.pack("<I", 10_000), struct.pack("<I", claimed)))
    with pytest.raises(DataError, match=r"x.zip, a.txt: cannot be read: Bad CRC-32"):
        look(path, 10_000, 5_000)


def test_refuses_an_entry_shorter_than_it_says(tmp_path: Path) -> None:
    path = pack(tmp_path / "x.zip", [("a.txt", b"0" * 600)])
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", 600), struct.pack("<I", 900)))
    with pytest.raises(DataError, match=r"x.zip, a.txt: cannot be read: found 600 bytes, expected 900"):
        look(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_refuses_a_file_that_is_there_twice(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"x.zip: a.txt is there twice"):
        look(pack(tmp_path / "x.zip", [("a.txt", b"one"), ("a.txt", b"two")]))


def test_refuses_every_truncation(tmp_path: Path) -> None:
    path = pack(tmp_path / "x.zip", [("a.txt", bytes(range(256)))])
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match=r"x.zip: expected x.zip or its folder: "):
            look(path)


def test_refuses_what_is_not_there_and_what_is_no_zip(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"missing: expected x.zip or its folder, found none"):
        look(tmp_path / "missing")
    (tmp_path / "text").write_text("text")
    with pytest.raises(DataError, match=r"text: expected x.zip or its folder: File is not a zip file"):
        look(tmp_path / "text")


def test_text_is_utf_8_with_or_without_a_mark(tmp_path: Path) -> None:
    path = pack(tmp_path / "x.zip", [("a.txt", "\ufeffé".encode()), ("b.txt", "é".encode()), ("c.txt", b"\xe9")])
    with members(path, ANY_TEXT, "x.zip", max_bytes=99, max_member=99) as (a, b, c):
        assert a.text() == b.text() == "é"
        with pytest.raises(DataError, match=r"x.zip, c.txt: expected text: 'utf-8' codec"):
            c.text()


def test_an_entry_without_a_name_is_passed_over(tmp_path: Path) -> None:
    path = pack(tmp_path / "x.zip", [("a.txt", b"one"), ("x", b"two")])
    content = path.read_bytes()
    place = content.rindex(b"PK\1\2")
    path.write_bytes(content[: place + 28] + b"\0\0\1\0" + content[place + 32 :])  # its x is now an extra field
    assert [member.name for member, _ in look(path)] == ["a.txt"]


def test_a_zip_within_a_zip_or_a_folder_is_looked_into_like_any_other(tmp_path: Path) -> None:
    inner = pack(tmp_path / "inner.zip", [("b.txt", b"two"), ("c.dat", b"no"), ("in/a.txt", b"one" * 99)])
    folder = tmp_path / "folder"
    folder.mkdir()
    inner.rename(folder / "inner.zip")
    content = (folder / "inner.zip").read_bytes()
    outer = pack(tmp_path / "outer.zip", [("inner.zip", content)])
    broken = pack(tmp_path / "broken.zip", [("inner.zip", content[:-9])])
    climbing = pack(tmp_path / "climbing.zip", [("../a.txt", b"")]).read_bytes()
    climbing_within = pack(tmp_path / "outer2.zip", [("inner.zip", climbing)])

    def look_within(path: Path, max_bytes: int = 300, max_member: int = 297) -> list[tuple[str, bytes]]:
        a_zip = re.compile(r".*\.zip")
        with (
            members(path, a_zip, "x.zip", max_bytes=10_000, max_member=10_000) as found,
            nested(found[0], ANY_TEXT, "y.zip", max_bytes=max_bytes, max_member=max_member) as within,
        ):
            return [(member.where, member.read()) for member in within]

    for path in (outer, folder):
        where = f"{path}, inner.zip"
        assert look_within(path) == [(f"{where}, b.txt", b"two"), (f"{where}, in/a.txt", b"one" * 99)]
        for limits, refused in (((299, 297), "all of it has 300 bytes"), ((300, 296), "in/a.txt has 297 bytes")):
            with pytest.raises(DataError, match=f"{re.escape(where)}: {refused}, expected at most"):
                look_within(path, *limits)
    with pytest.raises(DataError, match=r"broken.zip, inner.zip: expected y.zip: "):
        look_within(broken)
    with pytest.raises(DataError, match=r"outer2.zip, inner.zip: an entry is named '../a.txt', expected names within"):
        look_within(climbing_within)
