"""A network to HDF5 and back, and files that are something else."""

import json
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from unrolled import rnn
from unrolled._support import hdf5
from unrolled.rnn import storage

NET = rnn.ManyToOne(rnn.Tanh(5), 3, 6, rng=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_round_trip_is_exact(tmp_path: Path, dtype: type) -> None:
    net = NET.astype(dtype)
    net.save(tmp_path / "net.h5")
    loaded = rnn.load(str(tmp_path / "net.h5"))
    assert repr(loaded) == repr(net)
    assert list(loaded.parameters) == list(net.parameters)
    for name, W in net.parameters.items():
        assert loaded.parameters[name].dtype == dtype
        np.testing.assert_array_equal(loaded.parameters[name], W)
    X = np.random.default_rng(0).standard_normal((3, 9, 3))
    np.testing.assert_array_equal(loaded.predict_proba(X), net.predict_proba(X))
    rnn.train(loaded, (X, [0, 1, 2]), optimizer=rnn.SGD(0.1), epochs=1, progress=False)


def test_saving_over_a_file_leaves_the_old_or_the_new_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "net.h5"
    NET.save(path)
    other = rnn.ManyToOne(rnn.Tanh(2), 3, 6, rng=1)

    def full(*args: object, **kwargs: object) -> None:  # noqa: ARG001
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(h5py.Group, "create_dataset", full)
        with pytest.raises(OSError, match="no space left"):
            other.save(path)
    assert repr(rnn.load(path)) == repr(NET)
    other.save(path)
    assert repr(rnn.load(path)) == repr(other)
    assert [p.name for p in tmp_path.iterdir()] == ["net.h5"]


def test_nowhere_to_save_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        NET.save(tmp_path / "missing" / "net.h5")
    with pytest.raises(FileNotFoundError):
        rnn.load(tmp_path / "missing.h5")


def describe(file: h5py.File, **changes: object) -> None:
    description = {**json.loads(file["description"][...].tobytes()), **changes}
    write(file, json.dumps({k: v for k, v in description.items() if v is not None}))


def write(file: h5py.File, text: str) -> None:
    del file["description"]
    hdf5.write_text(file, "description", text)


def cell(name: str, **fields: object) -> dict[str, object]:
    return {"part": name, "fields": fields}


def replace(file: h5py.File, name: str, **how: object) -> None:
    del file[f"parameters/{name}"]
    file.create_dataset(f"parameters/{name}", **how)


def external_link(file: h5py.File) -> None:
    del file["parameters/b_o"]
    file["parameters/b_o"] = h5py.ExternalLink("elsewhere.h5", "/b_o")


def soft_link(file: h5py.File) -> None:
    del file["parameters/b_o"]
    file["parameters/b_o"] = h5py.SoftLink("/parameters/b_h")


def group_elsewhere(file: h5py.File) -> None:
    del file["parameters"]
    file["parameters"] = h5py.ExternalLink("elsewhere.h5", "/parameters")


def one_array_under_many_names(file: h5py.File) -> None:
    replace(file, "W_hh", data=np.zeros((50, 50)))
    for i in range(99):
        file[f"parameters/{i}"] = file["parameters/W_hh"]


def deep(levels: int) -> dict[str, object]:
    return cell("rnn.Tanh", hidden=5) if levels == 0 else cell("rnn.Bidirectional", cell=deep(levels - 1))


DAMAGE: dict[str, tuple[Callable[[h5py.File], object], str]] = {
    "other format": (
        lambda f: f.attrs.__setitem__("format", np.bytes_("something else")),
        "format is 'something else', expected 'unrolled network 3'",
    ),
    "no description": (lambda f: f.__delitem__("description"), "it has no description"),
    "description not JSON": (lambda f: write(f, "{"), "not a readable unrolled network file"),
    "description no object": (lambda f: write(f, "[1]"), "expected a JSON object"),
    "infinite": (lambda f: write(f, '{"n_inputs": Infinity}'), "the number Infinity, expected finite ones"),
    "too large": (lambda f: write(f, '{"n_inputs": 1e999}'), "the number 1e999, expected finite ones"),
    "unknown cell": (lambda f: describe(f, cells=[cell("Wheel")]), r"part 'Wheel' .*not known: .*parts=\[Wheel\]"),
    "unknown part of ours": (lambda f: describe(f, cells=[cell("rnn.load")]), "part 'rnn.load' that is not known"),
    "size missing": (
        lambda f: describe(f, n_inputs=None),
        "described by .*, expected cells, head, n_classes, n_inputs",
    ),
    "size impossible": (lambda f: describe(f, cells=[cell("rnn.Tanh", hidden=-5)]), "expected a whole number"),
    "size endless": (lambda f: describe(f, n_inputs=10**4000), "n_inputs is .*, expected a whole number from 1 to"),
    "unknown field": (lambda f: describe(f, cells=[cell("rnn.Tanh", size=5)]), "'hidden' is missing or unknown"),
    "cells no list": (lambda f: describe(f, cells=cell("rnn.Tanh", hidden=5)), "expected a list"),
    "no cell": (lambda f: describe(f, cells=[]), "empty sequence"),
    "a cell a number": (lambda f: describe(f, cells=[5]), "5 is not a part, expected a name and fields"),
    "many cells": (lambda f: describe(f, cells=[cell("rnn.Tanh", hidden=5)] * 9), "has 9 cells and 5 parameters"),
    "readout a cell": (
        lambda f: describe(f, readout=cell("rnn.Tanh", hidden=5)),
        r"readout is Tanh\(hidden=5\), .*expected one such as rnn.Last",
    ),
    "size other": (
        lambda f: describe(f, cells=[cell("rnn.Tanh", hidden=6)]),
        r"parameter W_ih has shape \(5, 3\), expected \(6, 3\)",
    ),
    "array missing": (lambda f: f.__delitem__("parameters/b_o"), "parameters are named"),
    "group missing": (lambda f: f.__delitem__("parameters"), "it has the groups .*, expected parameters"),
    "array a group": (
        lambda f: (f.__delitem__("parameters/b_o"), f.create_group("parameters/b_o")),
        "b_o is a group, expected a data set",
    ),
    "integers": (lambda f: replace(f, "b_o", data=np.zeros(6, int)), "holds int64 values"),
    "strings": (lambda f: replace(f, "b_o", data=["a"] * 6), "b_o has dtype object, expected real numbers"),
    "declared, not stored": (
        lambda f: replace(f, "b_o", shape=(10**15,), dtype="f4"),
        "b_o .* needs 4000000000000000 bytes, but 0 are stored",
    ),
    "compressed": (
        lambda f: replace(f, "b_o", data=np.zeros(6, "f4"), compression="gzip"),
        "b_o is stored in chunks, expected whole",
    ),
    "group elsewhere": (group_elsewhere, "expected a group parameters in the file itself"),
    "many names": (one_array_under_many_names, "its arrays need more bytes than the file has"),
    "description a number": (
        lambda f: (f.__delitem__("description"), f.__setitem__("description", 3)),
        "description has dtype int64 .*expected the bytes of a text",
    ),
    "format of any length": (
        lambda f: f.attrs.__setitem__("format", "unrolled network 2"),
        "variable length.*early version",
    ),
    "another group": (lambda f: f.create_group("others"), "it has the groups .*, expected parameters"),
    "many groups": (lambda f: [f.create_group(str(i)) for i in range(99)], "it has 101 groups, expected at most 64"),
    "many arrays": (
        lambda f: [f.create_group(f"parameters/{i}") for i in range(20_000)],
        "parameters has 20005 arrays, expected at most 4096",
    ),
    "format a reference": (lambda f: f.attrs.__setitem__("format", f.ref), "attribute format has dtype object"),
    "deep description": (lambda f: write(f, "[" * 10**5), "not a readable unrolled network file"),
    "deep cell": (
        lambda f: describe(f, cells=[deep(50)]),
        "nested more than 32 deep",
    ),
    "external link": (external_link, "b_o is a link to elsewhere, expected a data set stored in the file itself"),
    "soft link": (soft_link, "b_o is a link to elsewhere, expected a data set stored in the file itself"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "net.h5"
    NET.save(path)
    damage, message = DAMAGE[kind]
    with h5py.File(path, "r+") as file:
        damage(file)
    path.write_bytes(storage.sealed(path.read_bytes()))
    with pytest.raises(rnn.StorageError, match=message) as caught:
        rnn.load(path)
    assert str(path) in str(caught.value)


def test_files_that_are_not_hdf5_are_refused(tmp_path: Path) -> None:
    whole = tmp_path / "net.h5"
    NET.save(whole)
    for content in (b"", b"PK\x03\x04 not hdf5", whole.read_bytes()[:700]):
        path = tmp_path / "other.h5"
        path.write_bytes(content)
        with pytest.raises(rnn.StorageError, match=r"other\.h5"):
            rnn.load(path)


def test_an_external_raw_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "raw").write_bytes(bytes(24))
    path = tmp_path / "net.h5"
    NET.save(path)
    with h5py.File(path, "r+") as file:
        replace(file, "b_o", shape=(6,), dtype="f4", external=[(str(tmp_path / "raw"), 0, 24)])
    path.write_bytes(storage.sealed(path.read_bytes()))
    with pytest.raises(rnn.StorageError, match="b_o keeps its numbers in other files"):
        rnn.load(path)
    assert storage.FORMAT.startswith("unrolled network")


def test_a_folder_is_told_from_a_file(tmp_path: Path) -> None:
    with pytest.raises(rnn.StorageError, match="is a folder"):
        rnn.load(tmp_path)
    with pytest.raises(OSError, match="cannot write ''"):
        NET.save("")
    with pytest.raises(FileNotFoundError, match=r"cannot write '.*net\.h5': there is no folder .*missing"):
        NET.save(tmp_path / "missing" / "net.h5")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_part_comes_back(tmp_path: Path, dtype: type) -> None:
    net = rnn.ManyToOne(
        [rnn.Bidirectional(rnn.LSTM(3, forget_bias=0.5)), rnn.GRU(2), rnn.ReLU(4)],
        2,
        3,
        readout=rnn.EveryStep((0, 1, 2)),
        head=rnn.Softmax(class_weights=(1, 2, 3), label_smoothing=0.1),
        rng=0,
        dtype=dtype,
    )
    net.save(tmp_path / "net.h5")
    again = rnn.load(tmp_path / "net.h5")
    assert repr(again) == repr(net)
    assert (again.cells, again.readout, again.head) == (net.cells, net.readout, net.head)
    X = np.random.default_rng(0).standard_normal((4, 3, 2))
    np.testing.assert_array_equal(again.predict_proba(X), net.predict_proba(X))


def test_every_bit_counts(tmp_path: Path) -> None:
    path = tmp_path / "net.h5"
    NET.save(path)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for at in (*range(0, len(whole), 7), *range(len(whole) - 60, len(whole))):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        with pytest.raises(rnn.StorageError):
            rnn.load(path)
    for n in (1, 40, 49, 60):
        path.write_bytes(whole[:-n])
        with pytest.raises(rnn.StorageError):
            rnn.load(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(rnn.StorageError, match="does not end with the checksum"):
        rnn.load(path)


def test_what_could_not_be_read_back_is_not_written(tmp_path: Path) -> None:
    for groups, message in (
        ({"parameters": {"a/b": np.ones(3)}}, "parameters has the name 'a/b', expected a short text without a slash"),
        ({"parameters": {"": np.ones(3)}}, "parameters has the name ''"),
        ({"parameters": {"a": np.ones(0)}}, "parameters/a is float64 of shape .*, expected .* not empty"),
        ({"parameters": {"a": 3}}, "parameters/a is int, expected an array"),
        ({"parameters": {"a": np.array(["x"])}}, "parameters/a is <U1"),
        (
            {"parameters": {str(i): np.ones(1) for i in range(5000)}},
            "parameters has 5000 arrays, expected at most 4096",
        ),
        ({str(i): {} for i in range(99)}, "there are 99 groups of arrays, expected at most 64"),
    ):
        with pytest.raises(ValueError, match=message):
            storage.write(tmp_path / "net.h5", storage.FORMAT, {}, groups)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_a_long_description_is_no_matter(tmp_path: Path) -> None:
    net = rnn.ManyToOne(rnn.Tanh(2), 3, 6, readout=rnn.EveryStep(tuple(range(20_000))), rng=0)
    net.save(tmp_path / "net.h5")
    assert rnn.load(tmp_path / "net.h5").readout == net.readout
