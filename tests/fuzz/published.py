"""Small valid files of the field's public formats, in the layouts that the tests of data imitate."""

from pathlib import Path

from data.ts_files import made_up_cases, write_ts
from data.uci_har_files import uci_har_files, write_uci_har
from data.wisdm_files import write_csv, write_wisdm_2019, write_wisdm_v1

from unrolled import data


def write_wisdm_text(folder: Path, variant: int) -> None:
    """Write the one file of WISDM v1.1, of two people."""
    write_wisdm_v1(folder / "WISDM_ar_v1.1_raw.txt", (1, 2), 4 + variant, seed=variant)


def write_wisdm_folder(folder: Path, variant: int) -> None:
    """Write WISDM 2019, two people's telephones."""
    write_wisdm_2019(folder, (1600, 1601), 4 + variant, devices=("phone",), sensors=("accel",), seed=variant)


def load_wisdm(path: Path) -> object:
    """Read every window there is."""
    return data.load_wisdm(path, window=2, stride=1, max_gap=10.0)


def write_table(folder: Path, variant: int) -> None:
    """Write a table of one's own."""
    write_csv(folder / "a.csv", steps=5 + variant, seed=variant)


def load_table(path: Path) -> object:
    """Read every window there is."""
    return data.load_csv(path, signal=("ax", "ay", "az"), label="what", person="who", time="time", window=2, stride=1)


def write_har(folder: Path, variant: int) -> None:
    """Write UCI HAR, a handful of windows."""
    write_uci_har(folder, uci_har_files(6 + variant, 6, seed=variant))


def write_ts_file(folder: Path, variant: int) -> None:
    """Write series of the UEA and UCR archive, of equal lengths or of different ones."""
    cases, labels = made_up_cases(((5, 5, 5, 5), (3, 5, 4))[variant], seed=variant)
    write_ts(folder / "a.ts", cases, labels)


def write_ts_numbers(folder: Path, variant: int) -> None:
    """Write series whose targets are numbers, of equal lengths or of different ones."""
    cases, _ = made_up_cases(((5, 5, 5, 5), (3, 5, 4))[variant], seed=variant)
    targets = ("61.5", "-2", "7.5e-1", "80")[: len(cases)]
    write_ts(folder / "a.ts", cases, targets, tags={"classLabel": (None, "false")[variant], "targetLabel": "true"})


def load_ts(path: Path) -> object:
    """Read the file as both parts."""
    return data.load_ts(path, path, missing="interpolate")


def write_dated(folder: Path, variant: int) -> None:
    """Write tables with dates, decimal commas, units and missing cells, person and label in their names."""
    for person in ("ann", "bob"):
        for label in ("nod", "wave"):
            rows = [f"2020-01-01 10:00:00,{i * 20:03};{i},5;{'' if i == 3 else -i}" for i in range(8 + variant)]
            (folder / f"{label}_{person}.csv").write_text("\n".join(["made by hand", "time;ax;ay", "-;g;g", *rows, ""]))


def load_dated(path: Path) -> object:
    """Read every window there is."""
    return data.load_csv(
        path,
        pattern="{label}_{person}.csv",
        signal=("ax", "ay"),
        time="time",
        delimiter=";",
        decimal=",",
        skip_lines=1,
        units_row=True,
        missing="interpolate",
        window=2,
        stride=1,
    )


def write_pamap2(folder: Path, variant: int) -> None:
    """Write PAMAP2, two people and two activities."""
    (folder / "Protocol").mkdir()
    for person in (101, 102):
        rows = [
            " ".join([f"{5 + i / 100:.2f}", str((1, 0, 24)[i // 6]), "NaN", *(f"{i * j % 7:.1f}" for j in range(51))])
            for i in range(18 - variant)
        ]
        (folder / "Protocol" / f"subject{person}.dat").write_text("\n".join(rows) + "\n")


def load_pamap2(path: Path) -> object:
    """Read every window there is."""
    return data.load_pamap2(path, window=2, stride=1)


def write_mhealth(folder: Path, variant: int) -> None:
    """Write MHEALTH, two people and two activities."""
    for person in (1, 2):
        rows = [
            "\t".join([*(f"{i * j % 7:.1f}" for j in range(23)), str((1, 0, 12)[i // 6])]) for i in range(18 - variant)
        ]
        (folder / f"mHealth_subject{person}.log").write_text("\n".join(rows) + "\n")


def load_mhealth(path: Path) -> object:
    """Read every window there is."""
    return data.load_mhealth(path, window=2, stride=1)


def write_archive(folder: Path, variant: int) -> None:
    """Write a data set of the archive, in one layout or the other."""
    for part in ("TRAIN", "TEST"):
        if variant:
            write_ts(folder / f"A_{part}.ts", *made_up_cases((3, 5, 4), seed=variant))
        else:
            (folder / f"A_{part}.tsv").write_text("1\t2.5\t-3\t4\n10\t1e-3\t2\tNaN\n")


def load_archive(path: Path) -> object:
    """Read the pair of files."""
    return data.load_ts(path, missing="interpolate")
