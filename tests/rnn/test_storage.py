"""A network to HDF5 and back, and files that are something else."""

import json
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from unrolled import rnn
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
    description = {**json.loads(file.attrs["network"]), **changes}
    file.attrs["network"] = json.dumps({k: v for k, v in description.items() if v is not None})


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


DAMAGE: dict[str, tuple[Callable[[h5py.File], object], str]] = {
    "other format": (lambda f: f.attrs.__setitem__("format", "something else"), "format is 'something else'"),
    "no description": (lambda f: f.attrs.__delitem__("network"), "its description is None, expected a text"),
    "description not JSON": (lambda f: f.attrs.__setitem__("network", "{"), "not a readable unrolled network file"),
    "description no object": (lambda f: f.attrs.__setitem__("network", "[1]"), "expected a JSON object"),
    "unknown cell": (lambda f: describe(f, cells=[{"kind": "Wheel"}]), "'Wheel'.* expected one of kind Tanh, ReLU"),
    "size missing": (lambda f: describe(f, n_inputs=None), "has no 'n_inputs'"),
    "size impossible": (lambda f: describe(f, cells=[{"kind": "Tanh", "hidden": -5}]), "expected a whole number"),
    "unknown setting": (lambda f: describe(f, cells=[{"kind": "Tanh", "size": 5}]), "hidden is missing or unknown"),
    "cells no list": (lambda f: describe(f, cells={"kind": "Tanh", "hidden": 5}), "expected a list"),
    "no cell": (lambda f: describe(f, cells=[]), "empty sequence"),
    "readout a cell": (lambda f: describe(f, readout={"kind": "Tanh", "hidden": 5}), "expected one of kind Last"),
    "size other": (
        lambda f: describe(f, cells=[{"kind": "Tanh", "hidden": 6}]),
        r"parameter W_ih has shape \(5, 3\), expected \(6, 3\)",
    ),
    "array missing": (lambda f: f.__delitem__("parameters/b_o"), "parameters are named"),
    "group missing": (lambda f: f.__delitem__("parameters"), "expected a group parameters in the file itself"),
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
    "description a number": (lambda f: f.attrs.__setitem__("network", 3), "its description is .*3.*, expected a text"),
    "format a reference": (lambda f: f.attrs.__setitem__("format", f.ref), "attribute format has dtype object"),
    "deep description": (lambda f: f.attrs.__setitem__("network", "[" * 10**5), "not a readable unrolled network file"),
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


def test_a_part_of_the_users_own_is_not_saved(tmp_path: Path) -> None:
    class Mine(rnn.Tanh):
        pass

    net = rnn.ManyToOne(Mine(3), 2, 3)
    with pytest.raises(ValueError, match=r"Mine\(hidden=3\) is not one of this library's parts"):
        net.save(tmp_path / "net.h5")
    assert not list(tmp_path.iterdir())
