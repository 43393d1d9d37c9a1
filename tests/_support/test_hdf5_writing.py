"""`unrolled._support.hdf5_writing`: a disk that fails, and signals, while HDF5 writes."""

import errno
import io
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from unrolled._support import hdf5_writing
from unrolled._support.hdf5_writing import PAGE, Sink, written

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="limits and timers of POSIX")


class Failing(io.FileIO):
    """A file that takes so many bytes in all, and then no more."""

    left = 0

    def write(self, data: Any) -> int:
        if self.left <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        done = super().write(memoryview(data)[: self.left]) or 0
        self.left -= done
        return done


def test_what_is_written_is_read_back_by_h5py(tmp_path: Path) -> None:
    values = np.arange(100_000.0).reshape(1000, 100)

    def add(file: h5py.File, name: str, chunks: tuple[int, ...] | None) -> None:
        file.create_dataset(name, data=values, chunks=chunks)

    with written(tmp_path / "a.h5") as writing:
        for name, chunks in (("A", None), ("B", (7, 100))):
            writing.do(partial(add, name=name, chunks=chunks))
    with h5py.File(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(file["A"], values)
        np.testing.assert_array_equal(file["B"], values)


@pytest.mark.parametrize("taken", [0, 1, 100, 2048, 5000, 100_000, 799_999])
def test_wherever_the_disk_is_full_it_is_an_error_and_the_file_is_closed(
    taken: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Failing, "left", taken)
    monkeypatch.setattr(Path, "open", lambda path, mode, buffering: Failing(path, mode.replace("b", "")))  # noqa: ARG005

    def write(file: h5py.File) -> None:
        for name in "ABCDEFGH":
            file.create_dataset(name, data=np.ones(12_500), chunks=(100,))  # a hundred pieces with an index each

    held: list[h5py.File] = []

    def write_twice() -> None:
        with written(tmp_path / "a.h5") as writing:
            writing.do(held.append)
            writing.do(write)
            writing.do(write)

    with pytest.raises(OSError, match="No space left"):
        write_twice()
    assert not any(held)  # all closed


def test_a_full_disk_costs_no_memory(tmp_path: Path) -> None:
    with Failing(tmp_path / "a", "w+") as raw:
        sink = Sink(raw)
        for _ in range(100):
            assert sink.write(bytes(2**20)) == 2**20
        assert isinstance(sink.error, OSError)
        assert not sink._pages


def test_what_is_written_after_an_error_is_read_back(tmp_path: Path) -> None:
    with Failing(tmp_path / "a", "w+") as raw:
        raw.left = PAGE
        sink = Sink(raw)
        sink.write(b"a" * (PAGE + 10))
        sink.seek(5)
        sink.write(b"bcd")
        sink.seek(-7, 2)
        sink.write(b"e")
        sink.seek(0)
        assert sink.read(PAGE + 12) == b"aaaaabcd" + b"a" * (PAGE - 5) + b"e" + b"a" * 6 + b"\0\0"
        assert sink.tell() == PAGE + 12


SCRIPT = """
import os, resource, signal, sys
import numpy as np
from unrolled import data

path = os.path.join(sys.argv[1], "a.h5")
blocks = [(np.full((100, 30, 3), n, np.float32), np.arange(100) % 2) for n in range(10)]
samples = data.Samples(np.concatenate([X for X, _ in blocks]), np.arange(1000) % 2)
whole = data.Dataset(samples, samples, ("a", "b"))
writes = {
    "write_h5": lambda: data.write_h5(path, train=blocks, test=blocks[:1], classes=["a", "b"]),
    "save_h5": lambda: data.save_h5(path, whole),
}


def attempt(write, error):
    try:
        write()
        signal.setitimer(signal.ITIMER_REAL, 0)  # what was not interrupted is looked at undisturbed
    except error as caught:
        assert error is not data.DataError or (path in str(caught) and "File too large" in str(caught)), caught
    assert open(path, "rb").read() == old
    assert os.listdir(sys.argv[1]) == ["a.h5"], os.listdir(sys.argv[1])


def interrupt(*_):
    raise KeyboardInterrupt


def unraisable(found):  # Python drops an interrupt that meets one of its own callbacks, and says so
    if found.exc_type is not KeyboardInterrupt:
        sys.__unraisablehook__(found)


sys.unraisablehook = unraisable

signal.signal(signal.SIGALRM, interrupt)
for name, write in writes.items():
    write()
    old = open(path, "rb").read()
    for limit in [0, 1, 800, 3000, 400_000, len(old) - 1]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        attempt(write, data.DataError)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    for n in range(30):
        signal.setitimer(signal.ITIMER_REAL, 0.0005 * (n + 1))
        attempt(write, KeyboardInterrupt)
print("whole")
"""


@POSIX
def test_no_limit_and_no_signal_ends_the_process_or_leaves_anything(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], env=environment, capture_output=True, text=True, timeout=300
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "whole\n", "")


def test_hdf5_is_written_here_and_in_memory_alone() -> None:
    """A file that h5py itself writes to a disk could end the process."""
    source = Path(hdf5_writing.__file__).parents[1]
    opening = [
        f"{path.relative_to(source).as_posix()}: {line.strip()}"
        for path in sorted(source.rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if "h5py.File(" in line or "submit(h5py.File" in line
    ]
    reading = [line for line in opening if '"r"' in line]
    assert [line for line in opening if line not in reading] == [
        '_support/hdf5_writing.py: file = thread.submit(h5py.File, sink, "w").result()',
        'rnn/storage.py: with h5py.File(secrets.token_hex(8), "w", driver="core", backing_store=False) as file:',
    ]
