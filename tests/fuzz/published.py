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


def load_ts(path: Path) -> object:
    """Read the file as both parts."""
    return data.load_ts(path, path, missing="interpolate")
