import json
import os
import sys
import threading
import tracemalloc
import zlib
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unrolled import data, rnn
from unrolled._support import hdf5
from unrolled.data import DataError, Scaling, StoredDataset, StoredSamples, open_h5
from unrolled.rnn.source import Source

T, D = 4, 2
Chunks = int | None


def numbered(path: Path, n: int, *, chunk: Chunks = None, dtype: Any = np.float32, n_test: int = 5) -> Path:
    """Write a file in which every number of a row is the row's, and so is its label, of ten classes."""
    with h5py.File(path, "w") as file:
        for part, count in (("tr", n), ("tst", n_test)):
            rows = np.arange(count)
            X = np.broadcast_to(rows[:, None, None], (count, T, D)).astype(dtype)
            file.create_dataset(part + "X", data=X, chunks=None if chunk is None else (min(chunk, count), T, D))
            file[part + "Y"] = np.eye(10)[rows % 10]
    return path


def waves(path: Path, n: int = 90, **how: Any) -> Path:
    """Write three classes of noisy waves, in chunks of 4 rows."""
    rng = np.random.default_rng(0)

    def part(count: int) -> tuple[np.ndarray, np.ndarray]:
        y = np.arange(count) % 3
        phase = np.linspace(0, 6, 12) * (1 + y[:, None])
        return np.stack([np.sin(phase), np.cos(phase)], 2) + rng.normal(0, 0.3, (count, 12, 2)), y

    classes = ["slow", "fair", "fast"]
    with h5py.File(path, "w") as file:
        for name, (X, y) in (("tr", part(n)), ("tst", part(30))):
            file.create_dataset(name + "X", data=(5 + 3 * X).astype(np.float32), chunks=(4, 12, 2), **how)
            file[name + "Y"] = np.eye(3)[y]
        file.attrs["format"] = np.bytes_("unrolled data set 2")
        hdf5.write_text(file, "classes", json.dumps(classes))
    return path


def epoch(part: StoredSamples, batch_size: int, seed: int = 0, start: int = 0) -> list[tuple[Any, ...]]:
    return list(part.batches(batch_size, np.random.default_rng(seed), start))


def same(left: list[tuple[Any, ...]], right: list[tuple[Any, ...]]) -> None:
    assert len(left) == len(right)
    for one, other in zip(left, right, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.fixture
def no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


@given(
    n=st.integers(1, 60),
    chunk=st.none() | st.integers(1, 12),
    batch_size=st.integers(1, 17),
    blocks=st.integers(2, 6),
    seed=st.integers(0, 5),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_sample_comes_once_an_epoch(
    tmp_path: Path, n: int, chunk: Chunks, batch_size: int, blocks: int, seed: int
) -> None:
    path = numbered(tmp_path / "a.h5", n, chunk=chunk)
    row = T * D * 4
    memory = 8 * (n + 5) + 2 * batch_size * row + (chunk or 1) * (2 * blocks * (row + 24) + 24 * T * D)
    with open_h5(path, memory=memory) as file, open_h5(path, memory=memory, read_ahead=False) as waiting:
        assert isinstance(file.train, Source)
        batches = epoch(file.train, batch_size, seed)
        X, y = (np.concatenate(arrays) for arrays in zip(*batches, strict=True))
        assert [len(labels) for _, labels in batches[:-1]] == [batch_size] * (len(batches) - 1)
        assert sorted(X[:, 0, 0]) == list(range(n))
        np.testing.assert_array_equal(X, np.broadcast_to(X[:, :1, :1], X.shape))
        np.testing.assert_array_equal(y, X[:, 0, 0] % 10)
        same(batches, epoch(waiting.train, batch_size, seed))
        for start in {1, len(batches) // 2, len(batches) - 1, len(batches)}:
            same(batches[start:], epoch(file.train, batch_size, seed, start))
        in_order = list(file.train.blocks(batch_size))
        np.testing.assert_array_equal(np.concatenate([X for X, _ in in_order])[:, 0, 0], np.arange(n))
        assert max(len(X) for X, _ in in_order) <= batch_size


def test_the_order_is_another_each_epoch_and_mixes_beyond_a_buffer(tmp_path: Path) -> None:
    with open_h5(numbered(tmp_path / "a.h5", 2000, chunk=5), memory=60_000) as file:
        rng = np.random.default_rng(0)
        first, second = (np.concatenate([X[:, 0, 0] for X, _ in file.train.batches(20, rng)]) for _ in range(2))
        assert (first == second).mean() < 0.01
        assert abs(np.corrcoef(first, np.arange(2000))[0, 1]) < 0.2  # not from the front of the file to its back
        assert (np.abs(np.diff(first)) < 5).mean() < 0.1  # neighbors in the file are apart
        state = rng.bit_generator.state
        alone = np.random.default_rng(0)
        alone.integers(2**63, size=2), alone.integers(2**63, size=2)
        assert state == alone.bit_generator.state


@pytest.fixture
def untraced() -> Iterator[None]:
    """Leave out a tracer such as coverage's, whose own memory would count."""
    own, of_threads = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    yield
    sys.settrace(own)
    threading.settrace(of_threads)


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize(
    ("stored", "read_ahead"),
    [
        ("plain", False),
        ("gzip", True),
        ("int16", True),
        *(pytest.param(*case, marks=pytest.mark.long) for case in (("plain", True), ("gzip", False), ("int16", False))),
    ],
)
def test_reading_stays_within_the_memory(tmp_path: Path, read_ahead: bool, stored: str) -> None:
    path, n, memory = tmp_path / "a.h5", 18_000, 2**21
    with h5py.File(path, "w") as file:
        for part, count in (("tr", n), ("tst", 10)):
            file.create_dataset(
                part + "X",
                data=np.zeros((count, 50, 3), np.int16 if stored == "int16" else np.float32),
                chunks=(min(30, count), 50, 3),
                compression="gzip" if stored == "gzip" else None,
            )
            file[part + "Y"] = np.arange(count) % 2
    with open_h5(path, memory=memory, read_ahead=read_ahead) as opened:
        assert opened.train.X.row_bytes * n > 5 * memory
        assert len(epoch(opened.test, 3)) == 4  # once before, for what Python and HDF5 make once and for all
        tracemalloc.start()
        for samples in (opened.train, opened.standardized().train):
            for reading in (samples.batches(200, np.random.default_rng(0)), samples.blocks(1024)):
                for batch in reading:
                    assert len(batch[0])
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert memory / 2 < peak < memory
        with pytest.raises(DataError, match=r"18000 rows of trX need 10800000 bytes, .*expected at most memory="):
            np.asarray(opened.train.X)


@pytest.mark.parametrize(("rows", "lasting"), [(3, 2400), (slice(0, 5), 12_000)])
def test_the_chunk_that_a_row_is_unpacked_from_is_counted(tmp_path: Path, rows: int | slice, lasting: int) -> None:
    path = tmp_path / "a.h5"
    unpacked = 3 * 100 * 200 * 3 * 4
    with h5py.File(path, "w") as file:
        for part in ("tr", "tst"):
            data = np.zeros((100, 200, 3), np.float32)
            file.create_dataset(part + "X", data=data, chunks=(100, 200, 3), compression="gzip")
            file[part + "Y"] = np.eye(2)[np.arange(100) % 2]
    labels = 2 * 8 * 100
    with open_h5(path, memory=labels + lasting + unpacked - 1) as opened:
        message = rf"a.h5: \d rows of trX need {lasting} bytes, and {unpacked} more while they are read, expected at"
        with pytest.raises(DataError, match=message):
            opened.train.X[rows]
        assert not opened.train.X[:0].size
    with open_h5(path, memory=labels + lasting + unpacked) as opened:
        tracemalloc.start()
        assert opened.train.X[rows].nbytes == lasting
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert unpacked / 4 < peak < opened.train.memory


def test_turning_and_scaling_rows_is_counted(tmp_path: Path) -> None:
    path = numbered(tmp_path / "a.h5", 1000, dtype=np.int16)
    with open_h5(path, memory=8 * 1005 + 500 * T * D * (4 + 2)) as file:
        assert len(file.train.X[:500]) == 500
        with pytest.raises(DataError, match="501 rows of trX need 16032 bytes, and 8016 more while they are read"):
            file.train.X[:501]
        scaled = file.train.X.scaled(Scaling(np.zeros(D), np.ones(D)))
        with pytest.raises(DataError, match=f"500 rows of trX need 16000 bytes, and {8000 + 24 * 500 * T * D} more"):
            scaled[:500]


def test_a_label_chunk_beyond_the_memory_is_not_unpacked(tmp_path: Path) -> None:
    path = numbered(tmp_path / "a.h5", 1000)
    with h5py.File(path, "a") as file:
        del file["trY"], file["tstY"]
        for name, n in (("trY", 1000), ("tstY", 5)):
            file.create_dataset(name, data=np.eye(10)[np.arange(n) % 10], chunks=(20_000, 10), maxshape=(None, 10))
    with pytest.raises(DataError, match=r"need 8040 bytes, but memory is 8040"):
        open_h5(path, memory=8040)
    with open_h5(path, memory=8041):  # chunks as they are take nothing more
        pass
    with h5py.File(path, "a") as file:
        y = file["trY"][:]
        del file["trY"]
        file.create_dataset("trY", data=y, chunks=(20_000, 10), maxshape=(None, 10), compression="gzip")
    message = r"a.h5: the labels of 1005 series need 8040 bytes, and 4800000 more while they are read, but memory is"
    with pytest.raises(DataError, match=message):
        open_h5(path, memory=8040 + 4_800_000)
    with open_h5(path, memory=8041 + 4_800_000) as opened:
        assert opened.train.y[-1] == 9


def test_a_memory_too_small_is_refused_and_says_what_is_needed(tmp_path: Path) -> None:
    path = numbered(tmp_path / "a.h5", 1000, chunk=100)
    message = r"a.h5: trX is read 100 rows of 32 bytes at a time because of its chunks"
    with open_h5(path, memory=20_000) as file, pytest.raises(DataError, match=message):
        epoch(file.train, 10)
    with pytest.raises(DataError, match=r"a.h5: the labels of 1005 series need 8040 bytes, but memory is 8000"):
        open_h5(path, memory=8000)
    for wrong in (0, -1, 1.5, True, None):
        with pytest.raises(DataError, match="memory is"):
            open_h5(path, memory=wrong)  # type: ignore[arg-type]  # that is the point
    with pytest.raises(DataError, match="read_ahead is 2, expected True or False"):
        open_h5(path, read_ahead=2)  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16, ">f8", ">f4", np.float16, bool])
def test_what_is_read_is_what_load_h5_reads(tmp_path: Path, dtype: Any) -> None:
    path = numbered(tmp_path / "a.h5", 37, chunk=4, dtype=dtype)
    whole = data.load_h5(path, rate=50)
    with open_h5(path, rate=50) as file:
        X = file.train.X
        assert X.dtype == whole.train.X.dtype
        assert (X.shape, X.ndim, len(X)) == (whole.train.X.shape, 3, 37)
        for key in (np.s_[:], np.s_[3:9], np.s_[::5], np.s_[::-1], np.s_[20:3:-4], np.s_[5:5], 4, -1, np.int64(2)):
            np.testing.assert_array_equal(X[key], whole.train.X[key])
        np.testing.assert_array_equal(np.asarray(X), whole.train.X)
        np.testing.assert_array_equal(file.test.y, whole.test.y)
        assert (file.classes, file.rate, file.provenance) == (whole.classes, 50, whole.provenance)
        with pytest.raises(IndexError, match=r"trX\[37\]: expected a row from -37 to 36"):
            X[37]
        with pytest.raises(DataError, match="expected a row or a slice of rows"):
            X[[1, 2]]  # type: ignore[index]  # that is the point


def test_standardized_is_what_a_dataset_in_memory_is(tmp_path: Path) -> None:
    path = waves(tmp_path / "a.h5")
    whole = data.load_h5(path).standardized()
    assert whole.scaling is not None
    with open_h5(path) as raw:
        file = raw.standardized()
        assert raw.scaling is None
        assert file.scaling is not None
        np.testing.assert_allclose(file.scaling.mean, whole.scaling.mean, rtol=1e-13)
        np.testing.assert_allclose(file.scaling.std, whole.scaling.std, rtol=1e-13)
        for part, expected in ((file.train, whole.train), (file.test, whole.test)):
            np.testing.assert_allclose(part.X[:], expected.X, rtol=1e-6, atol=1e-6)
            np.testing.assert_array_equal(np.concatenate([X for X, _ in part.blocks(7)]), part.X[:])
        with pytest.raises(DataError, match="standardized already"):
            file.standardized()
        assert file.train.fingerprint() != raw.train.fingerprint()


def test_what_stands_behind_a_last_step_is_no_data(tmp_path: Path) -> None:
    X, y, lengths = np.ones((6, 3, 1), np.float32), np.arange(6) % 2, np.array([1, 2, 3, 3, 2, 1])
    part = data.Samples(X, y, lengths=lengths)
    data.save_h5(tmp_path / "a.h5", data.Dataset(part, part, ("a", "b")))
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["trX"][...] = 7
    expected = data.load_h5(tmp_path / "a.h5").train.X
    assert expected[0].ravel().tolist() == [7, 0, 0]
    with open_h5(tmp_path / "a.h5") as file:
        for stored in (file.train, file.standardized().train):
            for X, _, n in [*stored.blocks(4), *epoch(stored, 4)]:
                assert not X[np.arange(3) >= n[:, np.newaxis]].any()
        assert np.array_equal(np.concatenate([X for X, *_ in file.train.blocks(4)]), expected)


def test_lengths_come_along_and_padding_is_not_measured(tmp_path: Path) -> None:
    path = waves(tmp_path / "a.h5")
    lengths = {"tr": np.arange(90) % 12 + 1, "tst": np.full(30, 12)}
    with h5py.File(path, "r+") as made:
        for part, counts in lengths.items():
            made[part + "Lengths"] = counts
        X = made["trX"][...]
    steps = X[np.arange(12) < lengths["tr"][:, None]]
    with open_h5(path) as raw:
        file = raw.standardized()
        expected = Scaling.fit(steps)
        assert file.scaling is not None
        np.testing.assert_allclose(file.scaling.mean, expected.mean, rtol=1e-13)
        np.testing.assert_allclose(file.scaling.std, expected.std, rtol=1e-13)
        for X, _, counts in epoch(file.train, 8):
            assert not X[np.arange(12) >= counts[:, None]].any()
            assert X[:, 0].all()
        assert sorted(np.concatenate([counts for _, _, counts in epoch(file.train, 8)])) == sorted(lengths["tr"])
        net = rnn.ManyToOne(rnn.Tanh(4), 2, 3, rng=0)
        np.testing.assert_allclose(
            net.predict_proba(file.train), net.predict_proba(file.train.X[:], lengths["tr"]), rtol=1e-5
        )
        with pytest.raises(ValueError, match="lengths were given beside a source"):
            net.predict_proba(file.train, lengths["tr"])


@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=6),
    offset=st.sampled_from([0.0, 1e8, -1e3]),
    seed=st.integers(0, 9),
)
def test_scaling_by_blocks_is_scaling_at_once(sizes: list[int], offset: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    blocks = [offset + rng.normal(size=(size, 3, 2)) * [1, 100] for size in sizes]
    once, by_blocks = Scaling.fit(np.concatenate(blocks)), Scaling.fit_blocks(iter(blocks))
    np.testing.assert_allclose(by_blocks.mean, once.mean, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(by_blocks.std, once.std, rtol=1e-6)


def test_scaling_by_blocks_of_nothing_and_of_a_constant() -> None:
    constant = Scaling.fit_blocks(np.full((3, 2, 1), 0.1) for _ in range(7))
    assert (constant.mean.tolist(), constant.std.tolist()) == ([0.1], [1.0])
    with pytest.raises(DataError, match="there are no blocks"):
        Scaling.fit_blocks([])
    with pytest.raises(DataError, match=r"a block has shape \(2, 3\)"):
        Scaling.fit_blocks([np.ones((2, 2)), np.ones((2, 3))])


# ------------------------------------------------------------------ training


def trained(file: StoredDataset, **how: Any) -> tuple[rnn.Network, rnn.History]:
    net = rnn.ManyToOne(rnn.Tanh(6), 2, 3, rng=1)
    settings: dict[str, Any] = {"optimizer": rnn.Adam(0.01), "batch_size": 8, "epochs": 2, "rng": 5, "progress": False}
    return net, rnn.train(net, file.train, validation=file.test, **(settings | how))


SMALL = 16_000
"""Bytes in which the waves need several buffers."""


def equal(one: rnn.Network, other: rnn.Network) -> None:
    for name, W in one.parameters.items():
        np.testing.assert_array_equal(W, other.parameters[name])


@pytest.mark.usefixtures("no_thread_left")
def test_training_from_a_file_is_the_same_whatever_is_read_ahead(tmp_path: Path) -> None:
    path = waves(tmp_path / "a.h5", compression="gzip")
    with open_h5(path, memory=SMALL) as ahead, open_h5(path, memory=SMALL, read_ahead=False) as waiting:
        assert ahead.train._layout(8).most < 45  # several buffers
        one, history = trained(ahead.standardized())
        other, again = trained(waiting.standardized())
    equal(one, other)
    assert history.loss == again.loss
    assert history.validation is not None
    assert history.validation == again.validation
    assert history.loss[-1] < history.loss[0]


@pytest.mark.parametrize("stop", [7, 13, 17])
@pytest.mark.usefixtures("no_thread_left")
def test_a_training_goes_on_in_the_middle_of_an_epoch_as_if_it_had_never_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int
) -> None:
    path, checkpoint = waves(tmp_path / "a.h5"), tmp_path / "run.h5"

    class StoppedError(Exception):
        pass

    def update_or_stop(*given: Any) -> None:
        if len(updates) == stop:
            raise StoppedError
        updates.append(stop)
        update(*given)

    updates: list[int] = []
    update = rnn.Adam.update
    with open_h5(path, memory=SMALL) as file:
        undisturbed, history = trained(file)
    monkeypatch.setattr(rnn.Adam, "update", update_or_stop)
    with open_h5(path, memory=SMALL) as file, pytest.raises(StoppedError):
        trained(file, checkpoint=checkpoint, checkpoint_every=3)
    monkeypatch.undo()
    with open_h5(path, memory=SMALL, read_ahead=False) as file:
        net, resumed = rnn.resume(checkpoint, file.train, validation=file.test, progress=False)
    equal(undisturbed, net)
    assert resumed.loss == history.loss
    with open_h5(path, memory=2 * SMALL) as file, pytest.raises(rnn.CheckpointError, match="samples are not those"):
        rnn.resume(checkpoint, file.train, validation=file.test, progress=False)


def test_a_fingerprint_tells_contents_apart(tmp_path: Path) -> None:
    path = waves(tmp_path / "a.h5")

    def fingerprint() -> str:
        with open_h5(path) as file:
            return file.train.fingerprint()

    before = fingerprint()
    assert before == fingerprint()
    with h5py.File(path, "r+") as file:
        file["trX"][50, 3, 1] += 1e-3
    changed = fingerprint()
    with h5py.File(path, "r+") as file:
        file["trY"][4] = np.roll(file["trY"][4], 1)
    assert len({before, changed, fingerprint()}) == 3


def test_a_prediction_from_a_file_is_that_of_the_array(tmp_path: Path) -> None:
    net = rnn.ManyToOne(rnn.Bidirectional(rnn.Tanh(5)), 2, 3, head=rnn.Softmax(), rng=0)
    with open_h5(waves(tmp_path / "a.h5")) as file:
        X = file.train.X[:]
        np.testing.assert_allclose(net.predict_proba(file.train), net.predict_proba(X), rtol=1e-5)
        np.testing.assert_array_equal(net.predict(file.train), net.predict(X))
        np.testing.assert_allclose(net.predict_proba(file.train.X), net.predict_proba(X), rtol=1e-5)


def test_the_shoulder_exercises_are_learned_from_a_file(tmp_path: Path) -> None:
    movements = data.load_shoulder_exercises()
    data.save_h5(tmp_path / "a.h5", movements)
    with open_h5(tmp_path / "a.h5", memory=2**20) as file:
        assert file.scaling is not None
        assert file.classes == movements.classes
        net = rnn.ManyToOne(rnn.GRU(16), file.train.X.shape[2], len(file.classes), readout=rnn.Mean(), rng=0)
        rnn.train(net, file.train, optimizer=rnn.Adam(0.02), epochs=3, rng=0, progress=False)
        right = (net.predict(file.test) == file.test.y).mean()
    assert right > 0.5  # one of seven at random


# ---------------------------------------------------------- what goes wrong


@pytest.mark.parametrize("read_ahead", [True, False])
@pytest.mark.usefixtures("no_thread_left")
def test_a_number_that_is_not_finite_is_named_by_its_row(tmp_path: Path, read_ahead: bool) -> None:
    path = numbered(tmp_path / "a.h5", 200, chunk=4)
    with h5py.File(path, "r+") as made:
        made["trX"][123, 2, 1] = np.nan
    with open_h5(path, memory=6000, read_ahead=read_ahead) as file:
        message = r"a\.h5: trX has nan at row 123, step 2, axis 1, expected finite numbers"
        for read in (lambda: epoch(file.train, 5), lambda: list(file.train.blocks(10)), lambda: file.train.X[100:130]):
            with pytest.raises(DataError, match=message):
                read()
        with pytest.raises(DataError, match=message):
            rnn.train(rnn.ManyToOne(rnn.Tanh(3), D, 10), file.train, optimizer=rnn.SGD(0.1), progress=False)


@pytest.mark.parametrize("read_ahead", [True, False])
@pytest.mark.usefixtures("no_thread_left")
def test_damage_that_only_reading_finds_names_the_file(tmp_path: Path, read_ahead: bool) -> None:
    path = waves(tmp_path / "a.h5", compression="gzip", fletcher32=True)
    with h5py.File(path) as made:
        chunk = made["trX"].id.get_chunk_info(15)
    with path.open("r+b") as raw:
        raw.seek(chunk.byte_offset)
        raw.write(b"\xff" * chunk.size)
    with open_h5(path, memory=SMALL, read_ahead=read_ahead) as file:
        with pytest.raises(DataError, match=r"a\.h5: trX, the chunk at .* is damaged"):
            epoch(file.train, 8)
        assert len(epoch(file.test, 8)) == 4


@pytest.mark.parametrize("content", [bytes(10), bytes(10**6)], ids=["too short", "a bomb"])
def test_a_chunk_refused_once_is_refused_again(tmp_path: Path, content: bytes) -> None:
    path = numbered(tmp_path / "a.h5", 40)
    with h5py.File(path, "r+") as file:
        del file["trX"]
        packed = file.create_dataset("trX", data=np.ones((40, T, D), "f4"), chunks=(10, T, D), compression="gzip")
        packed.id.write_direct_chunk((20, 0, 0), zlib.compress(content))
    with open_h5(path) as file:
        for rows in (slice(None), slice(20, 30), slice(25, 26)) * 2:
            with pytest.raises(DataError, match=r"a.h5: trX, the chunk at \(20, 0, 0\): it "):
                file.train.X[rows]
        series: Any = file.train.X
        np.testing.assert_array_equal(series[:20], 1)  # the others can be read
        assert sorted(series.unchecked) == [2, 3]  # what was fine once is not looked at again


def no_trX(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        del file["trX"]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3000])


def flat(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        X = file["tstX"][...]
        del file["tstX"]
        file["tstX"] = X.reshape(len(X), -1)


def fewer(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        Y = file["trY"][1:]
        del file["trY"]
        file["trY"] = Y


def linked(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file.move("trX", "elsewhere")
        file["trX"] = h5py.SoftLink("/elsewhere")


def two_hot(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file["trY"][7] = 1


def scaled_otherwise(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file.attrs["format"] = np.bytes_("unrolled data set 2")
        file.update({"scaling_mean": np.zeros(3), "scaling_std": np.ones(3)})


def text(path: Path) -> None:
    path.write_text("trX", encoding="utf-8")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (no_trX, "trX missing"),
        (cut, "OSError from HDF5"),
        (flat, r"tstX has shape \(5, 8\), expected 3 dimensions"),
        (fewer, r"trX has shape \(30, 4, 2\) and trY \(29, 10\): expected as many rows"),
        (linked, "trX is a link to elsewhere"),
        (two_hot, "trY row 7 sums to 10.0, expected one-hot"),
        (scaled_otherwise, r"scaling is for 3 axes, but trX has shape \(30, 4, 2\)"),
        (text, "expected an HDF5 file, but it begins with b'trX'"),
        (Path.unlink, "there is no such file"),
    ],
)
def test_a_malformed_file_is_refused(tmp_path: Path, damage: Callable[[Path], None], message: str) -> None:
    path = numbered(tmp_path / "a.h5", 30)
    damage(path)
    with pytest.raises(DataError, match=rf"a\.h5: {message}"):
        open_h5(path)
    if damage not in (cut, text, Path.unlink):
        h5py.File(path, "r+").close()  # HDF5 refuses that while it is open for reading


@pytest.mark.usefixtures("no_thread_left")
def test_who_stops_early_leaves_no_thread(tmp_path: Path) -> None:
    with open_h5(numbered(tmp_path / "a.h5", 500, chunk=4), memory=10_000) as file:
        for reading in (file.train.batches(7, np.random.default_rng(0)), file.train.blocks(3)):
            next(reading)
            next(reading)
            assert isinstance(reading, Generator)
            reading.close()
            assert not [thread for thread in threading.enumerate() if "read-ahead" in thread.name]


@pytest.mark.usefixtures("no_thread_left")
def test_a_closed_file_says_so(tmp_path: Path) -> None:
    with open_h5(numbered(tmp_path / "a.h5", 500, chunk=4), memory=12_000) as file:
        half_way = file.train.batches(7, np.random.default_rng(0))
        next(half_way)
    file.close()  # once more does no harm
    assert "a.h5: 500 training and 5 test series" in repr(file)
    assert len(file.train.y) == 500
    for read in (lambda: file.train.X[0], lambda: epoch(file.train, 5), lambda: list(half_way)):
        with pytest.raises(DataError, match=r"a\.h5 was closed: read trX within its with block"):
            read()


@pytest.mark.parametrize("way", ["cut off", "cut off and filled with zeros", "written to"])
def test_a_file_that_does_not_stay_as_it_is_is_an_error_at_the_next_read(way: str, tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    X, y = np.ones((6000, 30, 3), np.float32), np.arange(6000) % 2
    data.write_h5(path, train=[(X, y)], test=[(X, y)], classes=["a", "b"])
    net, size = rnn.ManyToOne(rnn.Tanh(2), 3, 2, rng=0), path.stat().st_size

    def meanwhile(epoch: int, *_: object) -> None:
        assert epoch == 1  # and never a second
        if way == "written to":
            with path.open("r+b") as file:
                file.seek(size // 2)
                file.write(b"\0" * 8)
        else:
            os.truncate(path, size // 2)
            if way != "cut off":
                os.truncate(path, size)

    said = "when it was opened" if way == "cut off" else "was written to since it was opened"
    with data.open_h5(path, memory=2**22) as file:
        before = file.test.X[:5]
        with pytest.raises(data.DataError, match=rf"a\.h5: the file .*{said}"):
            rnn.train(
                net, file.train, optimizer=rnn.SGD(0.1), batch_size=1000, epochs=3, on_epoch=meanwhile, progress=False
            )
        with pytest.raises(data.DataError, match=said):
            file.test.X[:5]
        np.testing.assert_array_equal(before, 1)
