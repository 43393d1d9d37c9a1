"""Data sets of the UEA and UCR archive of time series classification, in its `.ts` layout.

Bagnall et al., The UEA multivariate time series classification archive, 2018, arXiv:1811.00075.
The data sets are at https://www.timeseriesclassification.com, each as X_TRAIN.ts and X_TEST.ts.
"""

import os
from pathlib import Path

import numpy as np

from unrolled._support.validation import one_of
from unrolled.data.checks import IntArray
from unrolled.data.dataset import Dataset, warn_of_leakage
from unrolled.data.errors import DataError
from unrolled.data.loaders.ts_files import Missing, TsFile, read_ts
from unrolled.data.samples import Samples
from unrolled.data.summary import Summary, Tally


def load_ts(
    train: str | os.PathLike[str],
    test: str | os.PathLike[str],
    *,
    missing: Missing = "refuse",
    scale: bool = True,
    rate: float | None = None,
    max_bytes: int = 2**30,
) -> Dataset:
    """Load a data set of the UEA and UCR archive: series of one or more dimensions, of equal or different lengths.

    Where lengths differ, every series is padded behind with zeros to the longest of both parts, and `lengths`
    of either part has how many steps are its own.

    Parameters
    ----------
    train, test : str or path-like
        The two files, such as JapaneseVowels_TRAIN.ts and JapaneseVowels_TEST.ts, unpacked.
    missing : {"refuse", "interpolate"}
        What becomes of missing values (``?`` or NaN): "refuse" raises a DataError that names the first;
        "interpolate" draws a straight line between the neighbours in the same dimension of the same series,
        and before the first value or after the last holds that value. `summary` of the data set says how many.
    scale : bool
        Bring each dimension to mean 0 and standard deviation 1, as measured on the steps of the training part.
    rate : float, optional
        Steps a second (Hz), which the files do not say.
    max_bytes : int
        The most that either file may have, that its series may take in memory, and that those of both may
        take there once they are padded.

    Returns
    -------
    Dataset
        float32; classes are the labels that `train` declares, in their order.

    Raises
    ------
    DataError
        If a file cannot be read, is not in this layout, contradicts its own header, has time stamps or no
        class labels, or does not fit the other file: the message names file and line.
    """
    one_of(missing, ("refuse", "interpolate"), "missing", error=DataError)
    paths = Path(train), Path(test)
    files = [read_ts(path, missing, max_bytes) for path in paths]
    classes = files[0].header.classes
    known = set(classes)
    if unknown := [label for label in files[1].header.classes if label not in known]:
        raise DataError(
            f"{paths[1]}, line {files[1].header.line}: the label {unknown[0]!r} is declared, expected only labels "
            f"declared in {paths[0].name}"
        )
    dimensions = [file.cases[0].shape[1] for file in files]
    if dimensions[0] != dimensions[1]:
        raise DataError(
            f"{paths[1]}: the series have {dimensions[1]} dimensions, expected {dimensions[0]} as in {paths[0].name}"
        )
    steps = max(len(case) for file in files for case in file.cases)
    size = sum(len(file.cases) for file in files) * steps * dimensions[0] * 4
    if size > max_bytes:
        raise DataError(
            f"{paths[0]} and {paths[1].name}: padded to {steps} steps, the series need {size} bytes, "
            f"expected at most {max_bytes}: raise max_bytes to allow it"
        )
    equal = all(len(case) == steps for file in files for case in file.cases)
    train_part, test_part = (_padded(file, classes, steps, equal) for file in files)
    dataset = Dataset(
        train_part,
        test_part,
        classes,
        rate,
        f"{files[0].header.problem or paths[0].stem} (the UEA and UCR archive's layout), its own split: "
        f"{paths[0].name} and {paths[1].name}",
        summary=sum((_summary(file, path) for file, path in zip(files, paths, strict=True)), Summary()),
    )
    warn_of_leakage(dataset, str(paths[0]))
    return dataset.standardised() if scale else dataset


def _padded(file: TsFile, classes: tuple[str, ...], steps: int, equal: bool) -> Samples:
    lengths: IntArray = np.array([len(case) for case in file.cases], np.int64)
    X = np.zeros((len(lengths), steps, file.cases[0].shape[1]), np.float32)
    for x, case in zip(X, file.cases, strict=True):
        x[: len(case)] = case
    numbers = {label: number for number, label in enumerate(classes)}
    y: IntArray = np.array([numbers[label] for label in file.labels], np.int64)
    return Samples(X, y, lengths=None if equal else lengths)


def _summary(file: TsFile, path: Path) -> Summary:
    tally = Tally()
    tally.keep("series", len(file.cases))
    tally.keep("values", sum(case.size for case in file.cases) - file.interpolated)
    tally.drop("values", "missing, interpolated", file.interpolated)
    return tally.report(str(path))
