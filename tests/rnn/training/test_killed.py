"""Trainings killed by the system, and disks that fail: a short form of `make kill-test`."""

import multiprocessing
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from easy import easy
from killing import HOW, file_system, full_disk, kill, noise, read_only, same, train
from killing_writes import WRITERS, kill_searches, kill_writes

from unrolled import rnn

forks = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="the children are made by fork, which POSIX has"
)


@pytest.mark.long
@forks
def test_a_dozen_kills() -> None:
    tally = kill(2, seed=1, kills_at_least=12)
    assert tally.kills >= 12
    assert tally.identical == tally.trainings
    assert (tally.unreadable, tally.lost, tally.litter) == (0, 0, 0)


@pytest.mark.long
@forks
def test_files_and_searches_under_kills() -> None:
    assert kill_writes(8, seed=1) == dict.fromkeys(WRITERS, 0)
    assert kill_searches(1, seed=1)[1] == 0


@pytest.fixture
def folder() -> Iterator[Path]:
    with file_system("size=256k") as mounted:
        if mounted is None:
            pytest.skip("only root on Linux may mount a small file system")
        yield mounted


def test_a_full_disk_is_a_warning_and_the_results_are_the_same(folder: Path) -> None:
    assert "No space left on device" in full_disk(folder)


def test_a_folder_that_becomes_read_only_too(folder: Path) -> None:
    assert "Read-only file system" in read_only(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="limits on the size of files are POSIX's")
def test_a_limit_on_files_is_a_warning_and_the_results_are_the_same(tmp_path: Path) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    net = rnn.ManyToOne(rnn.GRU(8), 3, 3, rng=0)

    def limit(epoch: int, *_: object) -> None:
        if epoch == 4:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))

    try:
        with pytest.warns(rnn.CheckpointWarning, match=r"run\.h5 could not be written at epoch"):
            history = rnn.train(
                net,
                easy(120),
                validation=easy(40, 1),
                augment=noise,
                checkpoint=tmp_path / "run.h5",
                on_epoch=limit,
                **HOW,
            )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert same((net, history), train(None))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert same(train(tmp_path / "run.h5"), train(None))
