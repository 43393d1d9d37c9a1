"""Small valid HDF5 files of data sets, what reads them, and how what stands in them is damaged."""

import io
import json
from pathlib import Path
from random import Random
from typing import Any

import h5py
import numpy as np
from fuzz.structures import other_hdf5
from fuzz.values import other_value

from unrolled import data
from unrolled.data import channels


def arrays(variant: int) -> tuple[data.Samples, data.Samples]:
    """Make a training and a test part."""
    rng = np.random.default_rng(variant)
    dtype = (np.float32, np.float64)[variant]
    train, test = (
        data.Samples(rng.normal(size=(n, 4, 2)).astype(dtype), np.arange(n) % 3, np.arange(n), np.arange(n))
        for n in (7, 5)
    )
    return train, test


def write_saved(folder: Path, variant: int) -> None:
    """Write what `save_h5` writes."""
    train, test = arrays(variant)
    scaling = data.Scaling(np.zeros(2), np.ones(2))
    data.save_h5(folder / "a.h5", data.Dataset(train, test, ("a", "b", "c"), 50.0, "made", scaling))


def write_saved_numbers(folder: Path, variant: int) -> None:
    """Write what `save_h5` writes of targets that are numbers."""
    train, test = (
        data.Samples(part.X, part.y - 0.5, part.person, lengths=part.y + 2, numbers=True) for part in arrays(variant)
    )
    data.save_h5(folder / "a.h5", data.Dataset(train, test, (), 50.0, "made"))


def write_foreign(folder: Path, variant: int) -> None:
    """Write the course layout in gzip chunks, in the old or the new form of HDF5."""
    how: dict[str, Any] = {"compression": "gzip", "shuffle": True, "fletcher32": not variant, "track_times": False}
    with h5py.File(folder / "a.h5", "w", libver=("latest", "earliest")[variant]) as file:
        for prefix, part in zip(("tr", "tst"), arrays(variant), strict=True):
            file.create_dataset(prefix + "X", data=part.X, chunks=(3, 2, 2), **how)
            file.create_dataset(prefix + "Y", data=part.y[:, np.newaxis], chunks=(4, 1), **how)


def load_stored(path: Path) -> object:
    """Read both parts as a training does, block by block; what is refused once must be refused again."""
    with data.open_h5(path, memory=2**16) as file:

        def read(part: data.StoredSamples) -> data.Samples:
            try:
                blocks = list(part.blocks(3))
            except data.DataError:
                for _ in part.blocks(3):
                    pass
                raise AssertionError("what was refused at first is read the second time") from None
            X, y = (np.concatenate([block[i] for block in blocks]) for i in (0, 1))
            return data.Samples(X, y, numbers=part.numbers)

        return data.Dataset(read(file.train), read(file.test), file.classes, file.rate)


ODD_VALUES: tuple[Any, ...] = (
    *(
        "",
        "text",
        np.bytes_("unrolled data set 9"),
        np.bytes_("unrolled network 1"),
        b"\xff\xfe",
        -1,
        2**63,
        float("nan"),
        1e308,
        1e-320,
    ),
    *(np.zeros(0), np.zeros((2, 2)), np.array(["a", "a"], object), np.array([b"a", b"\xff"]), [1.5, -1], True, 1j),
    *(h5py.Empty("f4"), np.array([(1, 2.0)], [("a", "i4"), ("b", "f8")])),
)


def other_attribute_or_array(content: bytes, rng: Random) -> bytes:
    """Replace an attribute or a data set by another, by way of HDF5 itself."""
    memory = io.BytesIO(content)
    with h5py.File(memory, "r+") as file, np.errstate(all="ignore"):
        if file.attrs and rng.random() < 0.5:
            name = rng.choice(list(file.attrs))
            del file.attrs[name]
            if rng.random() < 0.9:
                file.attrs[name] = rng.choice((*ODD_VALUES, file.ref))
        else:
            where = file.get("parameters", file.get("0", file))  # of a network, of an ensemble's first
            name = rng.choice([name for name in where if where[name].shape != (0,)])
            old = where[name][...]
            del where[name]
            changed = (old[:-1], old[..., :1], old.T, old.astype("S3"), old * 1e300, -old, old + 0.5, old[0])
            odd = (h5py.SoftLink("/x"), h5py.ExternalLink("b", "/x"), *ODD_VALUES)
            where[name] = rng.choice((*changed, rng.choice(odd)))
    return memory.getvalue()


def other_content(content: bytes, rng: Random) -> bytes:
    """Replace what stands in a file, or the feature of HDF5 by which it does."""
    return rng.choice((other_attribute_or_array, other_hdf5))(content, rng)


def write_series(folder: Path, variant: int) -> None:
    """Write series of different lengths, of known people, with derived channels."""

    def apart(part: data.Samples) -> data.Samples:
        n = len(part)
        return data.Samples(part.X, part.y, np.arange(n) // 2, np.arange(n) % 3, np.arange(n) % 3 + 2)

    train, test = map(apart, arrays(variant))
    derived: list[channels.Channel] = [channels.Axes(), channels.Jerk()]
    if variant:
        derived = [channels.Axes((1, 0)), channels.LowPass(2.0, 50.0)]
    dataset = data.Dataset(train, test, ("a", "b", "\u00e7"), 50.0, "made").with_channels(derived)
    data.save_h5(folder / "a.h5", dataset.standardized())


def load_series(path: Path) -> object:
    """Read both parts at once and then block by block, which must be the same, and derive its channels."""
    found = data.load_h5(path)
    with data.open_h5(path) as file:
        for part, stored in ((found.train, file.train), (found.test, file.test)):
            blocks = [np.concatenate(arrays) for arrays in zip(*stored.blocks(3), strict=True)]
            expected = [part.X, part.y, *([] if part.lengths is None else [part.lengths])]
            same = [np.array_equal(*pair) for pair in zip(blocks, expected, strict=True)]
            assert all(same), "in blocks it is another"
    if found.channels is not None:
        found.channels(np.ones((1, 5, found.channels.n_axes)))
    return found


def other_text(content: bytes, rng: Random) -> bytes:
    """Change one value in what a data set says of itself in JSON."""
    memory = io.BytesIO(content)
    with h5py.File(memory, "r+") as file:
        name = rng.choice(("classes", "channels"))
        if name in file:
            value = other_value(json.loads(file[name][...].tobytes()), rng)
            del file[name]
            file[name] = np.frombuffer(json.dumps(value).encode(), np.uint8)
    return memory.getvalue()


def other_series(content: bytes, rng: Random) -> bytes:
    """Change what stands in a file of series, or what it says of itself."""
    return rng.choice((other_content, other_text))(content, rng)
