import dataclasses
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unrolled._support import hdf5
from unrolled.data import DataError, Dataset, Samples, Scaling, load_h5, open_h5, save_h5
from unrolled.data.channels import Axes, Magnitude
from unrolled.data.labels import labels_from_zero

Arrays = dict[str, Any]


def course(n: int = 7, n_test: int = 5, c: int = 3) -> Arrays:
    """The arrays of a small file in the course layout."""
    rng = np.random.default_rng(0)
    return {
        "trX": rng.normal(size=(n, 4, 2)),
        "trY": np.eye(c)[np.arange(n) % c],
        "tstX": rng.normal(size=(n_test, 4, 2)),
        "tstY": np.eye(c)[np.arange(n_test) % c],
    }


def write(path: Path, arrays: Arrays) -> Path:
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file[name] = values
    return path


def test_the_course_layout(tmp_path: Path) -> None:
    arrays = course() | {"other": np.array([1.0])}
    dataset = load_h5(write(tmp_path / "course.h5", arrays))
    np.testing.assert_array_equal(dataset.train.X, arrays["trX"])
    np.testing.assert_array_equal(dataset.test.X, arrays["tstX"])
    assert dataset.train.X.dtype == np.float64
    assert dataset.train.y.tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert dataset.test.y.tolist() == [0, 1, 2, 0, 1]
    assert dataset.classes == ("class 1", "class 2", "class 3")
    assert dataset.rate is None
    assert dataset.scaling is None
    assert dataset.train.person is None
    assert dataset.provenance == "course.h5, an HDF5 file in the course layout"

    named = load_h5(str(tmp_path / "course.h5"), classes=["sit", "stand", "walk"], rate=50)
    assert named.classes == ("sit", "stand", "walk")
    assert named.rate == 50


@pytest.mark.parametrize("dtype", [np.float32, np.int16, ">f8", np.float16, bool])
def test_every_kind_of_number(tmp_path: Path, dtype: Any) -> None:
    arrays = course()
    arrays["trX"] = arrays["trX"].astype(dtype)
    arrays["trY"] = arrays["trY"].astype(np.uint8)
    arrays["tstY"] = arrays["tstY"].astype(bool)
    dataset = load_h5(write(tmp_path / "a.h5", arrays))
    assert dataset.train.X.dtype == (np.float64 if dtype == ">f8" else np.float32)
    np.testing.assert_array_equal(dataset.train.X, arrays["trX"])
    assert dataset.test.y.tolist() == [0, 1, 2, 0, 1]


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
@pytest.mark.parametrize("dtype", [np.int32, np.float64, np.uint8])
def test_whole_number_labels(tmp_path: Path, shape: tuple[int, ...], dtype: Any) -> None:
    arrays = course()
    arrays["trY"] = np.array([0, 1, 4, 0, 1, 2, 0], dtype).reshape(shape)
    arrays["tstY"] = np.array([2, 1, 2, 1, 1], dtype).reshape(shape)
    dataset = load_h5(write(tmp_path / "a.h5", arrays))
    assert dataset.train.y.tolist() == [0, 1, 4, 0, 1, 2, 0]
    assert dataset.test.y.tolist() == [2, 1, 2, 1, 1]
    assert len(dataset.classes) == 5


def test_labels_that_may_count_from_one_are_asked_about(tmp_path: Path) -> None:
    arrays = course() | {"trY": np.array([1, 2, 3, 1, 2, 3, 1]), "tstY": np.array([3, 2, 3, 2, 2])}
    path = write(tmp_path / "a.h5", arrays)
    with pytest.raises(DataError, match=r"a.h5: the labels run from 1 to 3 and none is 0: pass first_label=1"):
        load_h5(path)
    counted = load_h5(path, first_label=1)
    assert counted.train.y.tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert counted.classes == ("class 1", "class 2", "class 3")
    assert len(load_h5(path, first_label=0).classes) == 4
    assert load_h5(path, classes=["a", "b", "c", "d"]).train.y.max() == 3
    assert load_h5(path, classes=["a", "b", "c"], first_label=1).test.y.tolist() == [2, 1, 2, 1, 1]
    with pytest.raises(DataError, match="from 1 to 3, expected 0 to 2 for 3 class names: first_label says"):
        load_h5(path, classes=["a", "b", "c"])
    with pytest.raises(DataError, match="trY has 1 at row 0, expected 2 or more"):
        load_h5(path, first_label=2)
    with pytest.raises(DataError, match="first_label is -1, expected a whole number, 0 or more"):
        load_h5(path, first_label=-1)

    arrays["tstY"][0] = 0  # a single 0, in the test part alone, settles it
    assert len(load_h5(write(tmp_path / "b.h5", arrays)).classes) == 4


def nan_at(values: np.ndarray, *place: int) -> np.ndarray:
    values = values.astype(float)
    values[place] = np.nan
    return values


TWO_ONES = np.eye(3)[np.arange(7) % 3]
TWO_ONES[4, 0] = 1
HALVES = np.eye(3)[np.arange(7) % 3]
HALVES[2] = [0.5, 0.5, 0]
NONE = np.eye(3)[np.arange(7) % 3]
NONE[6] = 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"trX": np.ones((7, 8))}, r"trX has shape \(7, 8\), expected 3 dimensions \(row, step, axis\)"),
        ({"tstX": np.ones((5, 4, 3))}, "train has 2 axes and test has 3"),
        ({"trX": np.ones((6, 4, 2))}, "trX has 6 rows, trY has 7: expected as many"),
        ({"tstY": np.eye(3)}, "tstX has 5 rows, tstY has 3: expected as many"),
        ({"tstX": nan_at(np.ones((5, 4, 2)), 3, 1, 0)}, "tstX has nan at row 3, step 1, axis 0, expected finite"),
        ({"trX": -np.inf * np.ones((7, 4, 2))}, "trX has -inf at row 0"),
        ({"trX": np.ones((0, 4, 2))}, r"trX is empty, with shape \(0, 4, 2\)"),
        ({"trX": h5py.Empty("f8")}, "trX is empty, with shape None"),
        ({"trX": np.full((7, 4, 2), b"a")}, r"trX has dtype \|S1, expected real numbers"),
        ({"trX": np.ones((7, 4, 2), complex)}, "trX has dtype complex128, expected real numbers"),
        ({"trY": ["a"] * 7}, "trY has dtype object, expected real numbers"),
        ({"trY": 3}, r"trY has shape \(\), expected \(N, C\) one-hot"),
        ({"trY": np.ones((7, 1, 1))}, r"trY has shape \(7, 1, 1\), expected \(N, C\) one-hot"),
        ({"trY": TWO_ONES}, "trY row 4 sums to 2.0, expected one-hot"),
        ({"trY": HALVES}, "trY row 2 sums to 1.0, expected one-hot: a single 1, every other number 0"),
        ({"trY": NONE}, "trY row 6 sums to 0.0, expected one-hot"),
        ({"trY": nan_at(NONE, 5, 1)}, "trY row 5 sums to nan, expected one-hot"),
        ({"tstY": np.eye(4)[:4].repeat(2, axis=0)[:5]}, "expected the same number of columns"),
        ({"tstY": np.zeros(5)}, "expected the same number of columns"),
        ({"trY": np.zeros(7), "tstY": np.array([0, 1, 0.5, 1, 1])}, "tstY has 0.5 at row 2, expected whole"),
        ({"trY": nan_at(np.zeros(7), 1), "tstY": np.zeros(5)}, "trY has nan at row 1, expected whole"),
        ({"trY": -np.arange(7), "tstY": np.zeros(5)}, "trY has -6 at row 6, expected 0 or more"),
        ({"trY": np.arange(7) * 10**8, "tstY": np.zeros(5)}, "labels run up to 600000000, expected at most 65536"),
    ],
)
def test_refuses_what_does_not_fit(tmp_path: Path, change: Arrays, message: str) -> None:
    path = write(tmp_path / "bad.h5", course() | change)
    with pytest.raises(DataError, match="bad.h5: .*" + message):
        load_h5(path)


def a_zip(path: Path) -> None:
    path.write_bytes(b"PK\3\4 and so on")


def nothing(path: Path) -> None:
    path.write_bytes(b"")


def cut_short(path: Path) -> None:
    write(path, course())
    path.write_bytes(path.read_bytes()[:-600])


def damaged(path: Path) -> None:
    """Compressed data that does not unpack."""
    with h5py.File(write(path, course()), "a") as file:
        del file["trX"]
        file.create_dataset("trX", data=np.ones((7, 4, 2)), chunks=(7, 4, 2), compression="gzip")
        place = file["trX"].id.get_chunk_info(0)
    content = bytearray(path.read_bytes())
    content[place.byte_offset : place.byte_offset + place.size] = b"\xff" * place.size
    path.write_bytes(content)


def without_names(path: Path) -> None:
    write(path, {"x": 1, "y": 2, "trX": 3})


def without_anything(path: Path) -> None:
    write(path, {})


def soft_link(path: Path) -> None:
    with h5py.File(write(path, course() | {"real": 1}), "a") as file:
        del file["trX"]
        file["trX"] = h5py.SoftLink("/real")


def external_link(path: Path) -> None:
    write(path.with_name("secret.h5"), course())
    with h5py.File(write(path, course()), "a") as file:
        del file["trX"]
        file["trX"] = h5py.ExternalLink("secret.h5", "/trX")


def virtual(path: Path) -> None:
    secret = write(path.with_name("secret.h5"), course())
    with h5py.File(write(path, course()), "a") as file:
        del file["trX"]
        layout = h5py.VirtualLayout((7, 4, 2), "f8")
        layout[:] = h5py.VirtualSource(secret, "trX", (7, 4, 2))
        file.create_virtual_dataset("trX", layout)


def stored_elsewhere(path: Path) -> None:
    secret = path.with_name("secret.bin")
    secret.write_bytes(bytes(448))
    with h5py.File(write(path, course()), "a") as file:
        del file["trX"]
        file.create_dataset("trX", (7, 4, 2), "f8", external=[(str(secret), 0, 448)])


def a_group(path: Path) -> None:
    with h5py.File(write(path, course()), "a") as file:
        del file["trX"]
        file.create_group("trX")


def huge(path: Path) -> None:
    """A file of a few kilobytes that claims 8 TB."""
    with h5py.File(write(path, course()), "a") as file:
        del file["trX"]
        file.create_dataset("trX", (10**9, 100, 10), "f8", chunks=(1000, 10, 1))


def bomb(path: Path) -> None:
    """A chunk that says it has 448 bytes, and unpacks to a million: HDF5 would unpack it all."""
    with h5py.File(write(path, course()), "a") as file:
        del file["trX"]
        packed = file.create_dataset("trX", (7, 4, 2), "f8", chunks=(7, 4, 2), compression="gzip")
        packed.id.write_direct_chunk((0, 0, 0), zlib.compress(bytes(10**6)))


def declared(path: Path) -> None:
    """A file of a few kilobytes that claims no more than is allowed, and has none of it."""
    with h5py.File(write(path, course()), "a") as file:
        del file["trX"]
        file.create_dataset("trX", (10**6, 10, 10), "f8", chunks=(10**4, 10, 10))


def from_the_future(path: Path) -> None:
    with h5py.File(write(path, course()), "a") as file:
        file.attrs["format"] = np.bytes_("unrolled data set 4")


def from_the_past(path: Path) -> None:
    with h5py.File(write(path, course()), "a") as file:
        file.attrs.update({"format": "unrolled data set 1", "classes": ["a", "b"], "provenance": "made"})


def our_scaling_without_its_half(path: Path) -> None:
    with h5py.File(write(path, course()), "a") as file:
        file.attrs["format"] = np.bytes_("unrolled data set 2")
        file["scaling_mean"] = [0.0, 0.0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda _: None, "there is no such file"),
        (Path.mkdir, "expected an HDF5 file, found a folder"),
        (a_zip, r"expected an HDF5 file, but it begins with b'PK\\x03\\x04 and'"),
        (nothing, "the file is empty"),
        (cut_short, "OSError from HDF5 or the file system: .*truncated"),
        (damaged, r"trX, the chunk at \(0, 0, 0\): it is damaged: Error -3 while decompressing"),
        (without_names, "trY, tstX, tstY missing: expected trX, trY, tstX, tstY, found trX, x, y"),
        (without_anything, "found nothing"),
        (soft_link, "trX is a link to elsewhere"),
        (external_link, "trX is a link to elsewhere"),
        (virtual, "trX keeps its numbers in other files"),
        (stored_elsewhere, "trX keeps its numbers in other files"),
        (a_group, "trX is a group, expected a data set"),
        (huge, "trX .1000000000, 100, 10.*need 80000.* bytes, expected at most 4294967296: pass max_bytes"),
        (bomb, r"trX, the chunk at \(0, 0, 0\): it is cut short, or unpacks to more than 453 bytes"),
        (declared, "trX .1000000, 10, 10. has 0 of its 100 chunks in the file"),
        (from_the_future, "it has the format 'unrolled data set 4', expected 'unrolled data set 3'"),
        (from_the_past, "its texts have variable length, as early versions of unrolled wrote them, expected"),
        (our_scaling_without_its_half, "KeyError from HDF5"),
    ],
)
def test_refuses_a_file(tmp_path: Path, make: Callable[[Path], object], message: str) -> None:
    path = tmp_path / "bad.h5"
    make(path)
    with pytest.raises(DataError, match=f"bad.h5: .*{message}"):
        load_h5(path)


def test_class_names_must_fit_the_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5", course())
    with pytest.raises(DataError, match="trY has 3 columns and there are 2 class names"):
        load_h5(path, classes=["a", "b"])
    with pytest.raises(DataError, match=r"a.h5: classes have 'a' twice"):
        load_h5(path, classes=["a", "b", "a"])


@pytest.mark.parametrize("load", [load_h5, open_h5])
def test_more_one_hot_columns_than_there_are_classes_are_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, load: Callable[[Path], object]
) -> None:
    path, columns = tmp_path / "a.h5", 65_537
    with h5py.File(write(path, course(n=1, n_test=1)), "a") as file:
        for name in ("trY", "tstY"):
            del file[name]
            file.create_dataset(name, data=np.arange(columns)[np.newaxis] == 0, compression="gzip")

    def unread(*_: object) -> None:
        raise AssertionError("it was unpacked")

    monkeypatch.setattr(hdf5, "check_unpacking", unread)
    with pytest.raises(DataError, match=r"a.h5: trY has shape \(1, 65537\), expected at most 65536 classes"):
        load(path)


def test_max_bytes_can_be_raised_and_lowered(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5", course())
    size = sum(values.nbytes for values in course().values()) + 8 * (7 + 5)  # labels become int64
    assert len(load_h5(path, max_bytes=size).train) == 7
    with pytest.raises(DataError, match=f"need {size} bytes, expected at most {size - 1}"):
        load_h5(path, max_bytes=size - 1)


def test_max_bytes_counts_what_small_numbers_become(tmp_path: Path) -> None:
    arrays = {name: values.astype(np.uint8) for name, values in course().items()}
    size = 4 * (7 + 5) * 4 * 2 + (7 + 5) * 3 + 8 * (7 + 5)
    path = write(tmp_path / "a.h5", arrays)
    loaded = load_h5(path, max_bytes=size)
    kept = sum(part.X.nbytes + part.y.nbytes for part in (loaded.train, loaded.test))
    assert kept == size - (7 + 5) * 3  # one-hot labels are let go
    with pytest.raises(DataError, match=f"need {size} bytes, expected at most {size - 1}"):
        load_h5(path, max_bytes=size - 1)


names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=6)


@st.composite
def datasets(draw: st.DrawFn) -> Dataset:
    classes = tuple(draw(st.lists(names, min_size=1, max_size=4, unique=True)))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    d, dtype = draw(st.integers(1, 3)), draw(st.sampled_from([np.float32, np.float64]))

    def part() -> Samples:
        n, t = draw(st.integers(1, 5)), draw(st.integers(1, 4))
        person, trial = (rng.integers(-5, 99, n) if draw(st.booleans()) else None for _ in range(2))
        lengths = rng.integers(1, t + 1, n) if draw(st.booleans()) else None
        X = rng.normal(size=(n, t, d)).astype(dtype)
        return Samples(X, rng.integers(0, len(classes), n), person, trial, lengths)

    scaling = Scaling(rng.normal(size=d), rng.uniform(0.1, 9, d)) if draw(st.booleans()) else None
    rate = draw(st.none() | st.floats(1e-3, 1e4))
    provenance = draw(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
    return Dataset(part(), part(), classes, rate, provenance, scaling)


def assert_same(one: object, other: object) -> None:
    """Equal in every field, arrays also in dtype."""
    assert type(one) is type(other)
    if dataclasses.is_dataclass(one):
        for field in dataclasses.fields(one):
            assert_same(getattr(one, field.name), getattr(other, field.name))
    elif isinstance(one, np.ndarray):
        np.testing.assert_array_equal(one, other, strict=True)
    else:
        assert one == other


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(dataset=datasets())
def test_what_is_saved_is_loaded(tmp_path: Path, dataset: Dataset) -> None:
    path = tmp_path / "saved.h5"
    save_h5(path, dataset)
    assert_same(load_h5(path), dataset)


def a_dataset(n: int = 3) -> Dataset:
    return Dataset(Samples(np.ones((n, 4, 2)), np.zeros(n)), Samples(np.ones((2, 4, 2)), np.ones(2)), ("a", "b"))


def test_others_can_read_what_is_saved(tmp_path: Path) -> None:
    save_h5(tmp_path / "a.h5", a_dataset())
    with h5py.File(tmp_path / "a.h5") as file:
        assert {name: file[name].shape for name in file} == {
            "trX": (3, 4, 2),
            "trY": (3, 2),
            "tstX": (2, 4, 2),
            "tstY": (2, 2),
            "classes": (10,),
            "provenance": (0,),
        }
        assert file["trY"][...].tolist() == [[1, 0]] * 3
        assert file["classes"][...].tobytes() == b'["a", "b"]'


def test_lengths_are_kept_under_names_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    train = dataclasses.replace(a_dataset().train, lengths=np.array([4, 1, 2]))
    save_h5(path, dataclasses.replace(a_dataset(), train=train))
    with h5py.File(path, "a") as file:
        assert file["trLengths"][...].tolist() == [4, 1, 2]
        assert "tstLengths" not in file
        file["trLengths"][1] = 5
    with pytest.raises(DataError, match=r"a.h5: lengths has 5 at row 1, expected 1 to 4, the steps of X"):
        load_h5(path)


def test_what_is_written_is_read_back_however_much_it_is(tmp_path: Path) -> None:
    classes = tuple(f"class {i}, whose name is long enough" for i in range(4100))
    scaling = Scaling(np.arange(20_000.0), np.ones(20_000))
    part = Samples(np.ones((2, 1, 20_000)), np.array([0, 4099]))
    whole = Dataset(part, part, classes, provenance="é" * 2**20, scaling=scaling)
    save_h5(tmp_path / "a.h5", whole)
    again = load_h5(tmp_path / "a.h5")
    assert (again.classes, again.provenance) == (classes, whole.provenance)
    assert again.scaling is not None
    np.testing.assert_array_equal(again.scaling.mean, scaling.mean)


def test_saving_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    save_h5(tmp_path / "a.h5", a_dataset())
    save_h5(tmp_path / "b.h5", a_dataset())
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    save_h5(path, a_dataset(3))
    save_h5(path, a_dataset(4))
    assert len(load_h5(path).train) == 4
    unwritable = dataclasses.replace(a_dataset(5), provenance="\ud800")
    with pytest.raises(DataError, match=r"a.h5: provenance cannot be written in UTF-8"):
        save_h5(path, unwritable)
    assert len(load_h5(path).train) == 4
    assert [file.name for file in tmp_path.iterdir()] == ["a.h5"]


def test_saving_needs_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no folder"):
        save_h5(tmp_path / "missing" / "a.h5", a_dataset())
    with pytest.raises(DataError, match="not a regular file"):
        save_h5(tmp_path, a_dataset())


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_what_a_tool_copied_comes_back_or_is_refused(tmp_path: Path, libver: str) -> None:
    """Attributes in another form, many more of them, or none: lengths, people and scaling are never lost in silence."""
    rng = np.random.default_rng(0)
    part = Samples(
        rng.normal(size=(6, 5, 2)), np.arange(6) % 3, np.arange(6), np.arange(6), np.array([5, 3, 4, 5, 1, 2])
    )
    dataset = Dataset(part, part, ("a", "b", "c"), 50.0, "made", Scaling(np.zeros(2), np.ones(2)))
    saved, copied = tmp_path / "a.h5", tmp_path / "b.h5"
    save_h5(saved, dataset)

    def copy(
        attributes: bool = True, text: type | None = None, more: int = 0, packing: dict[str, Any] | None = None
    ) -> Path:
        with h5py.File(saved) as one, h5py.File(copied, "w", libver=libver) as other:
            for name in one:
                if packing is None:
                    one.copy(name, other)
                else:  # as h5repack does
                    other.create_dataset(name, data=one[name][...], chunks=True, **packing)
            for name in one.attrs if attributes else ():
                value = one.attrs[name]
                other.attrs[name] = text(value.decode()) if text and isinstance(value, bytes) else value
            for i in range(more):
                other.attrs[f"another {i}"] = i
        return copied

    packings: list[dict[str, Any]] = [{"compression": "gzip"}, {"shuffle": True, "fletcher32": True}]
    for made in (partial(copy), partial(copy, more=20), *(partial(copy, packing=each) for each in packings)):
        found = load_h5(made())
        assert found.classes == dataset.classes
        assert (found.rate, found.provenance) == (50.0, "made")
        for name in ("X", "y", "person", "trial", "lengths"):
            np.testing.assert_array_equal(getattr(found.train, name), getattr(part, name))
        assert found.scaling is not None
    for path in (copy(attributes=False), copy(text=str)):
        for read in (load_h5, open_h5):
            with pytest.raises(
                DataError, match=r"b.h5: it has trPerson, trTrial, trLengths, .*as files of save_h5 have"
            ):
                read(path)


def test_a_copy_that_lost_any_one_thing_is_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    part = Samples(rng.normal(size=(4, 5, 3)), np.arange(4) % 2, np.arange(4), np.arange(4), np.array([5, 3, 4, 1]))
    dataset = Dataset(part, part, ("a", "b"), 50.0, "made").with_channels([Axes(), Magnitude()]).standardized()
    saved, copied = tmp_path / "a.h5", tmp_path / "b.h5"
    save_h5(saved, dataset)
    with h5py.File(saved) as file:
        names = {*file, *file.attrs} - {"format"}
    assert {"rate", "channels", "scaling_mean", "provenance", "tstLengths"} < names
    for name in names:
        copied.write_bytes(saved.read_bytes())
        with h5py.File(copied, "a") as file:
            del (file.attrs if name in file.attrs else file)[name]
        for read in (load_h5, open_h5):
            with pytest.raises(DataError, match=f"b.h5: {name} was written to it and is not there any more"):
                read(copied)


def test_a_file_of_the_former_format_without_a_list_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    part = Samples(np.ones((2, 3, 1)), np.array([0, 1]))
    save_h5(path, Dataset(part, part, ("a", "b"), 50.0))
    with h5py.File(path, "a") as file:
        file.attrs["format"] = np.bytes_("unrolled data set 2")
    assert load_h5(path).rate == 50


def test_many_classes_and_a_long_provenance_come_back(tmp_path: Path) -> None:
    names = tuple(f"class number {i}" for i in range(4100))
    part = Samples(np.ones((2, 3, 1)), np.array([0, 4099]))
    save_h5(tmp_path / "a.h5", Dataset(part, part, names, provenance="x" * 2**20))
    found = load_h5(tmp_path / "a.h5")
    assert found.classes == names
    assert len(found.provenance) == 2**20


@pytest.mark.parametrize("read", [load_h5, open_h5])
def test_axes_in_reverse_and_what_was_found_are_told(tmp_path: Path, read: Callable[[Path], object]) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["trX"], file["trY"] = np.zeros((3, 20, 60)), np.zeros((7, 60))
        file["tstX"] = np.zeros((3, 20, 10))
    with pytest.raises(DataError, match="tstY missing: expected trX, trY, tstX, tstY, found "):
        read(path)
    with h5py.File(path, "a") as file:
        file["tstY"] = np.zeros((7, 10))
    with pytest.raises(DataError, match=r"trX has shape \(3, 20, 60\) and trY \(7, 60\): the axes stand in reverse"):
        read(path)


@pytest.mark.parametrize(("labels", "fits"), [([0, 65_535], True), ([0, 65_536], False)])
def test_there_are_so_many_classes_at_most(labels: list[int], fits: bool) -> None:
    arrays = {"trY": np.array(labels), "tstY": np.array([1])}
    if fits:
        assert labels_from_zero(arrays, None, None, ours=False)[1] == 65_536
        return
    with pytest.raises(DataError, match="the labels run up to 65536, expected at most 65536 classes"):
        labels_from_zero(arrays, None, None, ours=False)
