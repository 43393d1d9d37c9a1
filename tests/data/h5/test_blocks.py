from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from unrolled.data import DataError, Samples, load_h5, open_h5, write_h5

CLASSES = ["sit", "stand", "walk"]


def blocks(*sizes: int, dtype: Any = np.float32, seed: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(seed)
    for size in sizes:
        yield rng.normal(size=(size, 5, 2)).astype(dtype), rng.integers(0, 3, size)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_written_by_blocks_is_read_back(tmp_path: Path, dtype: Any) -> None:
    path = tmp_path / "a.h5"
    write_h5(
        path,
        blocks(3, 0, 7, 1, dtype=dtype),
        blocks(4, seed=1, dtype=dtype),
        classes=CLASSES,
        rate=50,
        provenance="made up",
    )
    X, y = (np.concatenate(arrays) for arrays in zip(*blocks(3, 0, 7, 1, dtype=dtype), strict=True))
    whole = load_h5(path)
    np.testing.assert_array_equal(whole.train.X, X)
    np.testing.assert_array_equal(whole.train.y, y)
    assert whole.train.X.dtype == dtype
    assert (whole.classes, whole.rate, whole.provenance) == (tuple(CLASSES), 50, "made up")
    assert len(whole.test) == 4
    with open_h5(path) as file:
        np.testing.assert_array_equal(file.train.X[:], X)
        np.testing.assert_array_equal(file.train.y, y)
        assert (file.classes, file.rate, file.provenance) == (tuple(CLASSES), 50, "made up")


def test_chunks_are_whole_rows_of_about_half_a_megabyte(tmp_path: Path) -> None:
    X = np.zeros((2000, 150, 3), np.float32)
    write_h5(tmp_path / "a.h5", [(X, np.zeros(2000, int))], blocks_of_three_axes(), classes=CLASSES)
    with h5py.File(tmp_path / "a.h5") as file:
        rows, *rest = file["trX"].chunks
        assert rest == [150, 3]
        assert 2**18 < rows * 150 * 3 * 4 <= 2**19


def blocks_of_three_axes() -> list[tuple[np.ndarray, list[int]]]:
    return [(np.zeros((1, 150, 3)), [0])]


X = np.zeros((2, 5, 2))
LARGE = X.copy()
LARGE[1, 3, 0] = -1e300
WRONG: list[tuple[list[Any], str]] = [
    ([(X, [0, 1]), (np.zeros((2, 6, 2)), [0, 1])], r"train block 1 has shape \(2, 6, 2\), expected \(n, 5, 2\)"),
    ([(X, [0, 3])], r"train block 0 y has 3 at row 1, expected 0 to 2: there are 3 classes"),
    ([(X, [0])], r"train block 0 y has shape \(1,\), expected \(2,\)"),
    ([(X * np.nan, [0, 1])], r"train block 0 X has nan at row 0, step 0, axis 0"),
    ([(X, [0, 1]), X], r"train block 1 is a ndarray, expected \(X, y\)"),
    ([(np.zeros((2, 5, 3)), [0, 1])], r"train has 3 axes and test has 2"),
    (
        [(X[:0], []), (X.astype(np.float32), [0, 1]), (LARGE, [0, 1])],
        r"train block 2 X has -1e\+300 at row 1, step 3, axis 0, expected numbers that float32 holds, as the first",
    ),
    ([], "train has no samples"),
    ([(X[:0], [])], "train has no samples"),
]


@pytest.mark.parametrize(("train", "message"), WRONG)
def test_what_does_not_fit_is_refused_and_the_old_file_stays(tmp_path: Path, train: list[Any], message: str) -> None:
    path = tmp_path / "a.h5"
    path.write_bytes(b"old")
    with pytest.raises(DataError, match=rf"a\.h5: {message}"):
        write_h5(path, train, blocks(4), classes=CLASSES)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def refused_classes(path: Path) -> None:
    write_h5(path, blocks(2), blocks(2), classes="sit")


def refused_rate(path: Path) -> None:
    write_h5(path, blocks(2), blocks(2), classes=CLASSES, rate=0)


def refused_folder(path: Path) -> None:
    write_h5(path / "not" / "there.h5", blocks(2), blocks(2), classes=CLASSES)


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (refused_classes, "classes is the string 'sit'"),
        (refused_rate, "rate is 0, expected a finite number of Hz"),
        (refused_folder, "there is no folder"),
    ],
)
def test_wrong_arguments_are_refused(tmp_path: Path, refused: Callable[[Path], None], message: str) -> None:
    with pytest.raises(DataError, match=message):
        refused(tmp_path / "a.h5")


def test_who_gives_blocks_and_fails_leaves_no_file(tmp_path: Path) -> None:
    def failing() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        yield from blocks(3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_h5(tmp_path / "a.h5", failing(), blocks(2), classes=CLASSES)
    assert not list(tmp_path.iterdir())


class OfTheCallerError(Exception):
    """What only the caller can raise."""


@pytest.mark.parametrize("error", [KeyError("a column"), OSError("his disk"), OfTheCallerError(), DataError("his own")])
@pytest.mark.parametrize("part", ["train", "test"])
def test_what_the_caller_raises_is_passed_on(tmp_path: Path, error: Exception, part: str) -> None:
    path = tmp_path / "a.h5"
    path.write_bytes(b"old")

    def failing() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        yield from blocks(3)
        raise error

    train, test = (failing(), blocks(2)) if part == "train" else (blocks(2), failing())
    with pytest.raises(type(error)) as raised:
        write_h5(path, train, test, classes=CLASSES)
    assert raised.value is error
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_samples_are_no_blocks(tmp_path: Path) -> None:
    part = Samples(X, np.array([0, 1]))
    for train, test, name in ((part, blocks(2), "train"), (blocks(2), part, "test")):
        message = rf"{name} is Samples, expected an iterable of blocks \(X, y\), such as \[\({name}.X, {name}.y\)\]"
        with pytest.raises(DataError, match=message):
            write_h5(tmp_path / "a.h5", train, test, classes=CLASSES)  # type: ignore[arg-type]  # that is the point
    assert not list(tmp_path.iterdir())
    write_h5(tmp_path / "a.h5", [(part.X, part.y)], [(part.X, part.y)], classes=CLASSES)
    np.testing.assert_array_equal(load_h5(tmp_path / "a.h5").train.X, part.X)


def test_a_file_that_cannot_take_its_name_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(DataError, match=r"a\.h5: OSError from HDF5 or the file system: no space left"):
        write_h5(tmp_path / "a.h5", blocks(2), blocks(2), classes=CLASSES)
    assert not list(tmp_path.iterdir())
