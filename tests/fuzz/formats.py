"""What is fuzzed: for each format a valid small example, how it is damaged, and what reads it.

To add a format, write an entry of `FORMATS`: a name; `write(folder, variant)`, which puts a valid small example
into an empty folder (two variants, 0 and 1, so that they can be mixed); the kinds of damage; and `load(path)`.
`path` is the one file written, the folder if `container` is "folder", or a zip of the folder if it is "zip".
"""

import contextlib
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Literal

import h5py
import numpy as np
from fuzz.hdf5_files import (
    arrays,
    load_series,
    load_stored,
    other_content,
    other_series,
    write_foreign,
    write_saved,
    write_saved_numbers,
    write_series,
)
from fuzz.lines import check_results, load_lines, other_line, write_lines
from fuzz.mutations import BINARY, TEXT, Mutation, mutate
from fuzz.published import (
    load_archive,
    load_dated,
    load_mhealth,
    load_pamap2,
    load_table,
    load_ts,
    load_wisdm,
    write_archive,
    write_dated,
    write_har,
    write_mhealth,
    write_pamap2,
    write_table,
    write_ts_file,
    write_ts_numbers,
    write_wisdm_folder,
    write_wisdm_text,
)
from fuzz.structures import lying_zip
from fuzz.values import other_value

from unrolled import data, rnn, sweep
from unrolled.rnn import storage
from unrolled.sweep.tables import TableError

Files = dict[str, bytes]  # names with forward slashes


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes
    ----------
    name : str
    write : callable
        Called with an empty folder and a variant, 0 or 1.
    load : callable
        Called with the path of a mutant.
    error : type
        What `load` may raise, and nothing else.
    kinds : tuple of Mutation
        How the bytes of a file are damaged.
    container : {"file", "folder", "zip"}
        What `load` is given. A zip is damaged as well in what it holds before it is packed.
    inside : callable, optional
        Damage that only someone who knows the format can do: called with the file's bytes and a generator.
    """

    name: str
    write: Callable[[Path, int], None]
    load: Callable[[Path], object]
    error: type[Exception] = data.DataError
    kinds: tuple[Mutation, ...] = BINARY
    container: Literal["file", "folder", "zip"] = "file"
    inside: Callable[[bytes, Random], bytes] | None = None

    def example(self, folder: Path, variant: int) -> Files:
        """Write a valid example to an empty folder and return its files."""
        self.write(folder, variant)
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    def mutant(self, one: Files, other: Files, rng: Random) -> Files:
        """Return a damaged copy of `one`; of a zip, its one packed file."""
        name = rng.choice(list(one))
        if self.container == "zip":
            if rng.random() < 0.25:
                return {"a.zip": lying_zip(one, rng)}
            if rng.random() < 0.4:
                packed = pack(one)
                return {"a.zip": mutate(packed, pack(other), BINARY, rng)}
            return {"a.zip": pack(self._damaged(one, other, name, rng))}
        return self._damaged(one, other, name, rng)

    def _damaged(self, one: Files, other: Files, name: str, rng: Random) -> Files:
        if len(one) > 1 and rng.random() < 0.05:  # a file is missing, or another stands in its place
            rest = {key: content for key, content in one.items() if key != name}
            return rest if rng.random() < 0.5 else rest | {name: one[rng.choice(list(rest))]}
        content = one[name]
        if self.inside and rng.random() < 0.4:
            return one | {name: self.inside(content, rng)}
        return one | {name: mutate(content, other.get(name, content), self.kinds, rng)}


def pack(files: Files) -> bytes:
    """Zip files, always to the same bytes."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return memory.getvalue()


def check(loaded: object) -> None:
    """Raise an AssertionError unless what a mutant was read as is a correct data set, recordings or a network."""
    if isinstance(loaded, data.Dataset):
        assert bool(loaded.classes) != loaded.train.numbers
        assert len(repr(loaded)) + len(str(loaded)) + len(loaded._repr_html_()) < 10**5
        for part in (loaded.train, loaded.test):
            assert part.X.ndim == 3
            assert part.X.dtype in (np.float32, np.float64)
            assert part.X.size
            assert np.isfinite(part.X).all()
            assert part.y.shape == part.X.shape[:1]
            assert part.numbers == loaded.train.numbers
            if part.numbers:
                assert part.y.dtype == np.float64
                assert np.isfinite(part.y).all()
            else:
                assert part.y.dtype == np.int64
                assert 0 <= part.y.min() <= part.y.max() < len(loaded.classes)
    elif isinstance(loaded, rnn.Ensemble):
        assert 1 <= len(loaded) <= 64
        for net in loaded:
            check(net)
    elif isinstance(loaded, rnn.ManyToOne):
        loaded.check_parameters()
        assert loaded.dtype in (np.float32, np.float64)
        assert repr(loaded)  # weights need not be finite: a network whose training diverged can be saved and looked at
    elif isinstance(loaded, sweep.Results):
        check_results(loaded)
    else:
        assert isinstance(loaded, list)
        assert loaded
        for recording in loaded:
            assert isinstance(recording, data.Recording)
            assert recording.signal.ndim == 2
            assert np.isfinite(recording.signal).all()


# MotionSense


def write_motionsense(folder: Path, variant: int) -> None:
    """Write six movements, a long and a short trial of each."""
    rng = np.random.default_rng(variant)
    names = [f"{kind}.{axis}" for kind in ("gravity", "rotationRate", "userAcceleration") for axis in "xyz"]
    header = ",attitude.roll,attitude.pitch,attitude.yaw," + ",".join(names)
    for movement in ("dws", "jog", "sit", "std", "ups", "wlk"):
        for trial in (1, 11):
            rows = [f"{i}," + ",".join(f"{x:.6f}" for x in rng.normal(size=12)) for i in range(3 + variant)]
            path = folder / "A_DeviceMotion_data" / f"{movement}_{trial}" / "sub_1.csv"
            path.parent.mkdir(parents=True)
            path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")


def load_motionsense(path: Path) -> object:
    """Read every window there is."""
    return data.load_motionsense(path, n_train=None, n_test=None, window=2, stride=1)


# networks and checkpoints


def write_network(folder: Path, variant: int) -> None:
    """Write a network of many parts, or a plain one."""
    cells: Any = ([rnn.Bidirectional(rnn.LSTM(2, forget_bias=0.5)), rnn.GRU(2)], rnn.Tanh(3))[variant]
    head = (rnn.Softmax(class_weights=(1, 2, 3), label_smoothing=0.1), rnn.Sigmoid())[variant]
    readout = (rnn.EveryStep((0, 1, 2)), rnn.Last())[variant]
    rnn.ManyToOne(cells, 2, 3, readout=readout, head=head, rng=0).save(folder / "net.h5")


def write_ensemble(folder: Path, variant: int) -> None:
    """Write an ensemble of two networks, or of one."""
    nets = [rnn.ManyToOne(cell, 2, 3, rng=0) for cell in (rnn.GRU(2), rnn.Tanh(3))]
    rnn.Ensemble(nets[variant:]).save(folder / "nets.h5")


class Enough(Exception):
    """Ends a training."""


def after(epochs: int) -> Callable[[int, rnn.History, rnn.ManyToOne], None]:
    """Return what ends a training after so many epochs, in place of a power cut."""

    def stop(epoch: int, history: rnn.History, net: rnn.ManyToOne) -> None:  # noqa: ARG001 - what train calls it with
        if epoch >= epochs:
            raise Enough

    return stop


def write_checkpoint(folder: Path, variant: int) -> None:
    """Write the checkpoint of a training that has ended, or that of one that was stopped in the middle."""
    net = rnn.ManyToOne((rnn.Tanh(2), rnn.GRU(2))[variant], 2, 3, rng=0)
    samples, others = arrays(0)
    with contextlib.suppress(Enough):
        rnn.train(
            net,
            samples,
            optimizer=rnn.Adam(0.01),
            batch_size=3,
            epochs=3,
            validation=others,
            early_stopping=rnn.EarlyStopping(2),
            schedule=rnn.WarmUp(1, then=rnn.ReduceOnPlateau(patience=1)),
            clip=rnn.ClipNorm(0.5),
            dropout=rnn.Dropout(layers=0.2),
            rng=np.random.Generator((np.random.PCG64, np.random.MT19937)[variant](5)),
            checkpoint=folder / "run.h5",
            on_epoch=after((9, 2)[variant]),
            progress=False,
        )


def load_checkpoint(path: Path) -> object:
    """Go on for an epoch: a checkpoint may say that there are many, or that the learning rate is enormous."""
    samples, others = arrays(0)
    try:
        return rnn.resume(path, samples, validation=others, on_epoch=after(0), progress=False)[0]
    except (Enough, ArithmeticError):
        return rnn.ManyToOne(rnn.Tanh(2), 2, 3, rng=0)


def other_description(content: bytes, rng: Random) -> bytes:
    """Damage the description, a text of JSON, or else an attribute or an array, below a checksum that is right."""
    if rng.random() < 0.3:
        return storage.sealed(other_content(content, rng))
    memory = io.BytesIO(content)
    with h5py.File(memory, "r+") as file:
        text = file["description"][...].tobytes()
        if rng.random() < 0.6:
            text = json.dumps(other_value(json.loads(text), rng)).encode()
        else:
            text = mutate(text, text[::-1], TEXT, rng)
        del file["description"]
        file["description"] = np.frombuffer(text or b" ", np.uint8)
    return storage.sealed(memory.getvalue())


FORMATS = (
    Format("MotionSense zip", write_motionsense, load_motionsense, kinds=TEXT, container="zip"),
    Format("MotionSense folder", write_motionsense, load_motionsense, kinds=TEXT, container="folder"),
    Format("WISDM v1.1", write_wisdm_text, load_wisdm, kinds=TEXT),
    Format("WISDM 2019 folder", write_wisdm_folder, load_wisdm, kinds=TEXT, container="folder"),
    Format("WISDM 2019 zip", write_wisdm_folder, load_wisdm, kinds=TEXT, container="zip"),
    Format("CSV", write_table, load_table, kinds=TEXT),
    Format("CSV as people have them", write_dated, load_dated, kinds=TEXT, container="folder"),
    Format("PAMAP2 zip", write_pamap2, load_pamap2, kinds=TEXT, container="zip"),
    Format("MHEALTH zip", write_mhealth, load_mhealth, kinds=TEXT, container="zip"),
    Format(".ts and .tsv folder", write_archive, load_archive, kinds=TEXT, container="folder"),
    Format(".ts and .tsv zip", write_archive, load_archive, kinds=TEXT, container="zip"),
    Format("UCI HAR folder", write_har, data.load_uci_har, kinds=TEXT, container="folder"),
    Format("UCI HAR zip", write_har, data.load_uci_har, kinds=TEXT, container="zip"),
    Format(".ts", write_ts_file, load_ts, kinds=TEXT),
    Format(".ts of numbers", write_ts_numbers, load_ts, kinds=TEXT),
    Format("HDF5 as saved", write_saved, data.load_h5, inside=other_content),
    Format("HDF5 of numbers", write_saved_numbers, data.load_h5, inside=other_content),
    Format("HDF5 of numbers, open", write_saved_numbers, load_stored, inside=other_content),
    Format("HDF5 in chunks", write_foreign, data.load_h5, inside=other_content),
    Format("HDF5 larger than memory", write_foreign, load_stored, inside=other_content),
    Format("HDF5 of series", write_series, load_series, inside=other_series),
    Format("checkpoint", write_checkpoint, load_checkpoint, error=ValueError, inside=other_description),
    Format("network", write_network, rnn.load, error=rnn.StorageError, inside=other_description),
    Format("ensemble", write_ensemble, rnn.Ensemble.load, error=rnn.StorageError, inside=other_description),
    Format("table of a search", write_lines, load_lines, error=TableError, kinds=TEXT, inside=other_line),
)
