import importlib.util
import re
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import h5py
import numpy as np
import pytest

from unrolled.data import DataError, load_shoulder_exercises, read_shoulder_exercises
from unrolled.data.loaders import shoulder

FOLDER = Path(__file__).resolve().parents[3] / "data"


def test_the_recordings() -> None:
    recordings = read_shoulder_exercises(signal="all")
    assert len(recordings) == 140
    assert sum(len(recording.signal) for recording in recordings) == 244_102
    numbers = [(r.person, r.label, r.trial) for r in recordings]
    assert numbers == [(p, e, 2 * e + s) for p in range(1, 11) for e in range(7) for s in (1, 2)]
    # the first row of person 7's right-hand pendulum, as the paper's authors publish it, to a thousandth
    (one,) = (r for r in recordings if (r.person, r.label, r.trial) == (7, 0, 2))
    assert one.signal.shape == (1333, 6)
    published = [-1.083608, -0.018609, -0.02726, 0.41141, -1.603097, -2.488642]
    np.testing.assert_allclose(one.signal[0], published, atol=0.000501)


def test_signals_are_the_right_columns() -> None:
    everything = read_shoulder_exercises(signal="all")[3].signal
    np.testing.assert_array_equal(read_shoulder_exercises()[3].signal, everything[:, :3])
    np.testing.assert_array_equal(read_shoulder_exercises(signal="rotation_rate")[3].signal, everything[:, 3:])


def test_the_default_data_set() -> None:
    dataset = load_shoulder_exercises()
    assert np.bincount(dataset.train.y).tolist() == [253, 393, 400, 376, 384, 303, 310]
    assert np.bincount(dataset.test.y).tolist() == [74, 109, 108, 91, 88, 76, 81]
    assert dataset.train.X.shape[1:] == (150, 3)
    assert dataset.train.X.dtype == np.float32
    assert dataset.rate == 50.0
    assert len(dataset.classes) == 7
    assert dataset.test.person is not None
    assert dataset.train.person is not None
    assert set(dataset.test.person) == {8, 9}
    assert not set(dataset.train.person) & set(dataset.test.person)
    np.testing.assert_allclose(dataset.train.X.mean(axis=(0, 1), dtype=float), 0, atol=1e-6)
    assert "people 8, 9" in dataset.provenance


def test_people_windows_and_units_can_be_chosen() -> None:
    dataset = load_shoulder_exercises(signal="all", test_people=range(1, 4), window=50, stride=50, scale=False)
    assert dataset.test.person is not None
    assert set(dataset.test.person) == {1, 2, 3}
    assert dataset.train.X.shape[1:] == (50, 6)
    assert dataset.scaling is None
    assert 0.9 < np.median(np.linalg.norm(dataset.train.X[:, :, :3], axis=2)) < 1.2  # g


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"test_people": (10, 11)}, r"test_people are \[10, 11\], expected some and not all of \[1, 2, "),
        ({"test_people": ()}, r"test_people are \[\], expected some"),
        ({"test_people": range(1, 11)}, "expected some and not all"),
        ({"test_people": 8}, "test_people is 8, expected a tuple of people"),
        ({"test_people": "89"}, "test_people is '89', expected a tuple of people"),
        ({"signal": "magnetic"}, "signal is 'magnetic', expected one of 'acceleration'"),
        ({"window": 10_000}, "window is 10000 steps, longer than every recording"),
    ],
)
def test_refuses(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_shoulder_exercises(**arguments)  # type: ignore[arg-type]


def test_an_installed_file_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site-packages" / "unrolled" / "data"
    package.mkdir(parents=True)
    monkeypatch.setattr(shoulder, "__file__", str(package / "loaders" / "shoulder.py"))
    missing = r"shoulder_exercises.h5 is missing, expected at .* or .*: reinstall unrolled, or in a checkout run"
    with pytest.raises(DataError, match=missing):
        load_shoulder_exercises()
    installed = package / "shoulder_exercises.h5"
    installed.write_bytes((FOLDER / "shoulder_exercises.h5").read_bytes())
    assert len(read_shoulder_exercises()) == 140
    installed.write_bytes(b"something else")
    with pytest.raises(DataError, match=r"shoulder_exercises.h5: damaged, expected the file as shipped"):
        load_shoulder_exercises()


def test_the_file_is_small_and_told_of() -> None:
    size = (FOLDER / "shoulder_exercises.h5").stat().st_size
    assert size < 3_000_000
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"({size / 1e6:.1f} MB)" in readme
    assert "Copyright (c) 2018, David M. Burns" in (FOLDER / "LICENSE.seglearn").read_text(encoding="utf-8")


# the script that makes it


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_shoulder_exercises", FOLDER / "make_shoulder_exercises.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def published() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {
        "X": [rng.normal(size=(n, 6)).round(6) for n in (5, 3, 4)],
        "y": np.array([1, 0, 1]),
        "subject": np.array([2, 2, 1]),
        "side": np.array([1.0, 0.0, 1.0]),
        "X_labels": ["ax", "ay", "az", "wx", "wy", "wz"],
        "y_labels": ["PEN", "ABD", "FEL", "IR", "ER", "TRAP", "ROW"],
    }


def test_the_script_writes_the_recordings_sorted_and_rounded(script: ModuleType, tmp_path: Path) -> None:
    recordings = published()
    error = script.write(recordings, tmp_path / "a.h5")
    assert 0 < error <= 0.0005 + 1e-12
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["recordings"][...].tolist() == [[0, 4, 1, 1, 1], [4, 7, 0, 2, 0], [7, 12, 1, 2, 1]]
        signal = file["signal"][...] * file["signal"].attrs["unit"]
    expected = np.concatenate([recordings["X"][i] for i in (2, 1, 0)])
    np.testing.assert_allclose(signal, expected, atol=error + 1e-12)
    script.write(recordings, tmp_path / "b.h5")
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_the_script_refuses_other_recordings(script: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="the columns and exercises are"):
        script.write(published() | {"X_labels": ["wx", "wy", "wz", "ax", "ay", "az"]}, tmp_path / "a.h5")
    large = published()
    large["X"][0][0, 0] = 40
    with pytest.raises(SystemExit, match=r"reaches 40.0, beyond 16 bits"):
        script.write(large, tmp_path / "a.h5")
    assert not list(tmp_path.iterdir())


def test_the_script_opens_no_pickle_but_the_one_it_knows(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = tmp_path / "seglearn.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("seglearn/data/watch_dataset.npy", b"another pickle")
    array = tmp_path / "watch_dataset.npy"
    array.write_bytes(b"another pickle")
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("opened"))
    for source in (wheel, array):
        monkeypatch.setattr(sys, "argv", ["make", str(source), "--out", str(tmp_path / "a.h5")])
        with pytest.raises(SystemExit, match=r"has SHA-256 .*, expected eb122f23.*: not opened"):
            script.main()
    for source in (tmp_path / "missing.npy", tmp_path / "missing.whl"):
        with pytest.raises(SystemExit, match=re.escape(f"{source}: expected the wheel of seglearn==1.2.5")):
            script.read_source(source)
    assert not (tmp_path / "a.h5").exists()


def test_the_summary_counts_recordings_and_windows() -> None:
    dataset = load_shoulder_exercises()
    assert dataset.summary.kept == {"recordings": 140, "windows": 2419 + 627}
    assert dataset.summary.dropped == {}
