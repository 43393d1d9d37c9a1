"""`load_pamap2` and `load_mhealth`, and public layouts by one call of `load_csv`, on imitations of them."""

import datetime
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from documentation.pages import DOCS, blocks
from scipy.io import loadmat, savemat

from unrolled import data
from unrolled.data import DataError, load_csv, load_mhealth, load_pamap2


def write_pamap2(folder: Path, people: tuple[int, ...] = (101, 102), steps: int = 300) -> dict[int, np.ndarray]:
    """Write 54 columns: time, activity, heart rate, three times 17; a transient between two activities; lost values."""
    (folder / "Protocol").mkdir(parents=True)
    tables = {}
    for person in people:
        rng = np.random.default_rng(person)
        table = rng.normal(size=(3 * steps, 54)).round(5)
        table[:, 0] = 8.38 + 0.01 * np.arange(3 * steps)
        table[:, 1] = np.repeat([4, 0, 24], steps)
        table[10, 3:20] = np.nan
        lines = [
            " ".join([f"{row[0]:.2f}", f"{row[1]:.0f}", "NaN" if i % 11 else "104", *(f"{x:.5f}" for x in row[3:])])
            for i, row in enumerate(table)
        ]
        path = folder / "Protocol" / f"subject{person}.dat"
        path.write_text("\n".join(lines).replace("nan", "NaN") + "\n")
        tables[person] = table
    return tables


def test_pamap2(tmp_path: Path) -> None:
    tables = write_pamap2(tmp_path / "PAMAP2_Dataset")
    packed = Path(shutil.make_archive(str(tmp_path / "PAMAP2_Dataset"), "zip", tmp_path, "PAMAP2_Dataset"))
    outer = tmp_path / "outer" / "pamap2+physical+activity+monitoring.zip"
    outer.parent.mkdir()
    with zipfile.ZipFile(outer, "w") as archive:
        archive.write(packed, "PAMAP2_Dataset.zip")
    for path in (packed, outer, tmp_path / "PAMAP2_Dataset"):
        dataset = load_pamap2(path, test_people=[102], window=100, stride=100, scale=False)
        assert dataset.rate == 100
        assert [dataset.classes[y] for y in dataset.test.y] == ["walking"] * 3 + ["rope jumping"] * 3
        columns = tables[102][:, 4:7].astype(np.float32)
        np.testing.assert_array_equal(dataset.test.X[1:3].reshape(-1, 3), columns[100:300])
        np.testing.assert_array_equal(dataset.test.X[3:].reshape(-1, 3), columns[600:900])
        np.testing.assert_allclose(dataset.test.X[0, 10], (columns[9] + columns[11]) / 2, rtol=1e-5)
        assert dataset.summary.changed["values"] == {"interpolated": 6}
        assert dataset.summary.dropped["rows"] == {"unlabeled": 600}
    both = load_pamap2(
        packed, place=["chest", "ankle"], signal=["rotation_rate", "magnetic_field"], test_people=[102], window=100
    )
    assert both.train.X.shape[2] == 12
    assert both.scaling is not None
    row = both.scaling.invert(both.test.X)[0, 0]
    np.testing.assert_allclose(row, tables[102][0, [*range(27, 33), *range(44, 50)]], rtol=1e-4, atol=1e-5)
    assert both.provenance.startswith("PAMAP2 (Reiss and Stricker 2012, doi:10.24432/C5NW2H), chest, ankle, rot")
    with pytest.raises(DataError, match="place is 'foot', expected one of 'hand', 'chest', 'ankle'"):
        load_pamap2(packed, place="foot")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="there is no file like"):
        load_pamap2(packed, part="Optional")


def test_mhealth(tmp_path: Path) -> None:
    folder = tmp_path / "MHEALTHDATASET"
    folder.mkdir()
    tables = {}
    for person in (1, 2, 10):
        table = np.random.default_rng(person).normal(size=(600, 24)).round(4)
        table[:, 23] = np.repeat([0, 1, 12], 200)
        tables[person] = table
        lines = ["\t".join([*(f"{x:.4f}" for x in row[:23]), f"{row[23]:.0f}"]) for row in table]
        (folder / f"mHealth_subject{person}.log").write_text("\n".join(lines) + "\n")
    packed = Path(shutil.make_archive(str(tmp_path / "MHEALTHDATASET"), "zip", tmp_path, "MHEALTHDATASET"))
    for path in (packed, folder):
        dataset = load_mhealth(path, test_people=[10], window=50, stride=50, scale=False)
        assert [dataset.classes[y] for y in dataset.test.y] == ["standing"] * 4 + ["jumping"] * 4
        np.testing.assert_array_equal(dataset.test.X.reshape(-1, 3), tables[10][200:, 14:17].astype(np.float32))
        assert dataset.rate == 50
    assert load_mhealth(packed, place=["ankle", "arm"], test_people=[2], window=50).train.X.shape[2] == 6
    with pytest.raises(DataError, match="signal of the chest is 'rotation_rate', expected one of 'acceleration'"):
        load_mhealth(packed, place="chest", signal="rotation_rate")


def test_opportunity_by_one_call(tmp_path: Path) -> None:
    for person in (1, 2):
        for run in ("ADL1", "Drill"):
            rng = np.random.default_rng([person, len(run)])
            lines = []
            for i in range(400):
                values = ["NaN" if x > 2.5 else f"{x:.3f}" for x in rng.normal(size=242)]
                lines.append(" ".join([str(33 * i), *values, "0" if i < 100 else str(1 + i // 200)] + ["0"] * 6))
            (tmp_path / f"S{person}-{run}.dat").write_text("\n".join(lines) + "\n")
    dataset = load_csv(
        tmp_path,
        pattern="S{person}-{}.dat",
        delimiter=" ",
        header=False,
        signal=range(1, 46),
        label=243,
        time=0,
        time_unit="ms",
        unlabeled=["0"],
        missing="interpolate",
        test_people=[2],
        window=30,
        stride=30,
    )
    assert dataset.rate == 30.303
    assert dataset.classes == ("1", "2")
    assert dataset.train.X.shape == (2 * (3 + 6), 30, 45)


def test_hapt_by_one_call(tmp_path: Path) -> None:
    """Files of blanks without labels, and a table that says which lines, from 1, are of which activity."""
    rng = np.random.default_rng(0)
    rows = []
    for experiment, user in ((1, 1), (2, 1), (3, 2)):
        np.savetxt(tmp_path / f"acc_exp{experiment:02}_user{user:02}.txt", rng.normal(size=(900, 3)), fmt="%.16e")
        rows += [(experiment, user, 5, 101, 400), (experiment, user, 7, 401, 450), (experiment, user, 4, 501, 800)]
    np.savetxt(tmp_path / "labels.txt", rows, fmt="%d")

    labels = np.loadtxt(tmp_path / "labels.txt", dtype=int)
    signal = {(e, u): np.loadtxt(tmp_path / f"acc_exp{e:02}_user{u:02}.txt") for e, u in labels[:, :2].tolist()}
    dataset = load_csv(
        [dict(zip("xyz", signal[e, u][first - 1 : last].T, strict=True)) for e, u, _, first, last in labels.tolist()],
        signal=["x", "y", "z"],
        label=labels[:, 2].tolist(),
        person=labels[:, 1].tolist(),
        rate=50,
        window=100,
        stride=100,
        test_people=[2],
        scale=False,
    )
    assert dataset.classes == ("4", "5", "7")
    assert dataset.test.y.tolist() == [1] * 3 + [0] * 3
    np.testing.assert_array_equal(dataset.test.X[0], signal[3, 2][100:200].astype(np.float32))
    assert dataset.summary.dropped["recordings"] == {"shorter than 100 steps": 3}  # the transitions


def test_unimib_by_one_call(tmp_path: Path) -> None:
    """Windows of 151 steps, axis behind axis in a row of 453 numbers; label, person and trial in a second file."""
    rng = np.random.default_rng(0)
    savemat(tmp_path / "acc_data.mat", {"acc_data": rng.normal(size=(40, 453))})
    described = np.stack([np.arange(40) % 9 + 1, np.arange(40) // 10 + 1, np.arange(40) % 2 + 1], axis=1)
    savemat(tmp_path / "acc_labels.mat", {"acc_labels": described})

    windows = loadmat(tmp_path / "acc_data.mat")["acc_data"].reshape(-1, 3, 151)
    labels = loadmat(tmp_path / "acc_labels.mat")["acc_labels"]
    dataset = load_csv(
        [dict(zip("xyz", each, strict=True)) for each in windows],
        signal=["x", "y", "z"],
        label=labels[:, 0],
        person=labels[:, 1],
        rate=50,
        window=151,
        stride=151,
        test_people=[4],
        scale=False,
    )
    assert dataset.classes == tuple("123456789")
    assert (len(dataset.train), len(dataset.test)) == (30, 10)
    np.testing.assert_array_equal(dataset.test.X, windows[30:].transpose(0, 2, 1).astype(np.float32))
    np.testing.assert_array_equal(dataset.test.y, described[30:, 0] - 1)


def test_three_public_layouts_by_one_call_each(tmp_path: Path) -> None:
    """Files by activity in folders; one table of all; a table with a units row, semicolons and dates."""
    rng = np.random.default_rng(0)
    for label in ("Walk", "Climb_stairs"):  # as the ADL wrist data set: a folder a movement, blanks, no header
        (tmp_path / "HMP" / label).mkdir(parents=True)
        for person in ("f1", "m1", "m2"):
            rows = "\n".join(" ".join(map(str, row)) for row in rng.integers(0, 64, (90, 3)).tolist())
            (tmp_path / "HMP" / label / f"Accelerometer-2011-03-24-10-24-39-{label.lower()}-{person}.txt").write_text(
                rows
            )
    wrist = load_csv(
        tmp_path / "HMP",
        pattern="{label}/Accelerometer-{}-{person}.txt",
        delimiter=" ",
        header=False,
        signal=[0, 1, 2],
        rate=32,
        window=30,
        test_people=["m2"],
    )
    assert wrist.classes == ("Climb_stairs", "Walk")
    assert len(wrist.test) == 2

    lines = [f"{i},{i % 7},0.5,{'bike' if i < 300 else 'sit'},{'a' if i % 300 < 150 else 'b'}" for i in range(600)]
    (tmp_path / "one.csv").write_text("Index,x,y,gt,User\n" + "\n".join(lines))
    one = load_csv(tmp_path / "one.csv", signal=["x", "y"], label="gt", person="User", window=50, test_people=["b"])
    assert one.classes == ("bike", "sit")

    stamps = [f"2019-10-12 13:{i // 3000:02}:{i // 50 % 60:02}.{i % 50 * 20:03}" for i in range(400)]
    body = "\n".join(f"{t};{i / 10:.1f};{'lie' if i < 200 else 'run'}".replace(".", ",") for i, t in enumerate(stamps))
    (tmp_path / "units.csv").write_text("exported\nTime;Back x;Label\n-;g;-\n" + body.replace(",0;", ",0;"))
    units = load_csv(
        tmp_path / "units.csv",
        signal=["Back x"],
        label="Label",
        time="Time",
        delimiter=";",
        decimal=",",
        skip_lines=1,
        units_row=True,
        split="random",
        window=50,
    )
    assert units.rate == 50


def write_lines(path: Path, head: str, rows: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*([head] if head else []), *rows]) + "\n")


def write_as_published(folder: Path) -> None:
    """Write HHAR, HARTH, RealWorld and Daily and Sports Activities, a few seconds of a few people each."""
    rng = np.random.default_rng(0)

    def numbers(n: int) -> str:
        return ",".join(f"{x:.4f}" for x in rng.normal(size=n))

    rows, time = [], 1_424_696_633_908.0
    for device, rate in (("nexus4_1", 200), ("s3_1", 150)):
        for person in "abc":
            for label in ("stand", "null", "walk"):
                behind = f"{person},{device[:-2]},{device},{label}"
                for i in range(5 * rate):
                    time += 1000 / rate
                    rows.append(f"{i},{int(time)},{int(time * 1e6)},{numbers(3)},{behind}")
            time += 1e6
    head = "Index,Arrival_Time,Creation_Time,x,y,z,User,Model,Device,gt"
    write_lines(folder / "Activity recognition exp" / "Phones_accelerometer.csv", head, rows)
    for subject in ("006", "008", "009"):
        start = datetime.datetime(2019, 1, 12)
        stamps = [f"{start + datetime.timedelta(milliseconds=20 * i)}"[:26] for i in range(900)]
        rows = [f"{stamp},{numbers(6)},{(1, 6, 130)[i // 300]}" for i, stamp in enumerate(stamps)]
        head = "timestamp,back_x,back_y,back_z,thigh_x,thigh_y,thigh_z,label"
        write_lines(folder / "harth" / f"S{subject}.csv", head, rows)
    for proband in (1, 2, 3):
        for label in ("walking", "sitting"):
            for place in ("chest", "head"):
                rows = [f"{i},{1_435_993_000_000 + 20 * i + int(rng.integers(-3, 4))},{numbers(3)}" for i in range(400)]
                path = folder / "realworld2016_dataset" / f"proband{proband}" / "data" / f"acc_{label}_csv"
                write_lines(path / f"acc_{label}_{place}.csv", "id,attr_time,attr_x,attr_y,attr_z", rows)
        for label in ("01", "02"):
            for segment in ("01", "02"):
                path = folder / "data" / f"a{label}" / f"p{proband}" / f"s{segment}.txt"
                write_lines(path, "", [numbers(45) for _ in range(125)])


def test_the_calls_that_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = blocks((DOCS / "how-to" / "own_data.md").read_text(encoding="utf-8"))
    (calls,) = (block.code for block in page if block.not_run == "the data sets have to be downloaded")
    write_as_published(tmp_path)
    monkeypatch.chdir(tmp_path)
    found: dict[str, Any] = {"data": data}
    exec(calls, found)
    expected = {
        "hhar": (50, ("stand", "walk"), 3, 12 * 2),  # of each five seconds of two devices two windows
        "harth": (50, ("1", "6", "130"), 6, 9 * 3),
        "real_world": (50, ("sitting", "walking"), 3, 6 * 4),
        "daily_and_sports": (25, ("01", "02"), 9, 12),
    }
    for name, (rate, classes, axes, n) in expected.items():
        dataset = found[name]
        assert (dataset.rate, dataset.classes, dataset.train.X.shape[2]) == (rate, classes, axes)
        assert len(dataset.train) + len(dataset.test) == n
        assert not set(dataset.train.person) & set(dataset.test.person)
