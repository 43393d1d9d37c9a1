"""Data sets of the UEA and UCR archives of time series classification and regression, in their `.ts` layout.

Bagnall et al., The UEA multivariate time series classification archive, 2018, arXiv:1811.00075. Tan et al., Time
series extrinsic regression, Data Mining and Knowledge Discovery 35 (2021), doi:10.1007/s10618-021-00745-9.
The data sets are at https://www.timeseriesclassification.com and http://tseregression.org, each with X_TRAIN.ts and
X_TEST.ts.
"""

import functools
import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from unrolled._support.validation import one_of
from unrolled.data.dataset import Dataset, warn_of_leakage
from unrolled.data.errors import DataError
from unrolled.data.loaders.archive import members
from unrolled.data.loaders.place import found_at, is_folder, is_zip
from unrolled.data.loaders.text import read_file, short
from unrolled.data.loaders.ts_files import Missing, TsFile, read_ts, read_tsv
from unrolled.data.samples import Samples
from unrolled.data.summary import Summary, Tally

EXPECTED = "a data set of the archive as a zip or a folder"
_NAME = re.compile(r"(?:[^/]+/)*([^/]+)_(TRAIN|TEST)\.(tsv?)", re.IGNORECASE)


def load_ts(
    train: str | os.PathLike[str],
    test: str | os.PathLike[str] | None = None,
    *,
    missing: Missing = "refuse",
    scale: bool = True,
    rate: float | None = None,
    max_bytes: int = 2**30,
) -> Dataset:
    r"""Load a data set of the UEA and UCR archives: series of one or more dimensions, of equal or different lengths.

    Where lengths differ, every series is padded behind with zeros to the longest of both parts, and `lengths`
    of either part has how many steps each has. Missing values at the end of a series (``1,2,?,?``) are padding too.

    Parameters
    ----------
    train, test : str or path-like
        The two files, such as JapaneseVowels_TRAIN.ts and JapaneseVowels_TEST.ts, or Coffee_TRAIN.tsv and
        Coffee_TEST.tsv. Or only one path: the zip as downloaded, or a folder, with one such pair in it.
    missing : {"refuse", "interpolate"}
        What becomes of other missing values (``?`` or NaN): "refuse" raises a DataError that names the first;
        "interpolate" draws a straight line between the neighbors in the same dimension of the same series,
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
        float32; classes are the labels that `train` declares, in their order; of `.tsv` files those there are, in
        numerical order. Where the files have numbers as targets (``@targetLabel true``: extrinsic regression),
        these are `y`, float64 and never scaled, and there are no classes. Series that are in both files are warned of,
        through the logger "unrolled.data".

    Raises
    ------
    DataError
        If a file cannot be read, is not in this layout, contradicts its own header, has time stamps or neither
        class labels nor targets, or does not fit the other file: the message names file and line.

    See Also
    --------
    load_csv : Tables of one's own.
    pad : Series of different lengths in one array.

    Examples
    --------
    >>> from pathlib import Path
    >>> for part, line in (("TRAIN", "1,2,3:5,6,7:a"), ("TEST", "2,1,?:0,0,?:b")):
    ...     text = f"@problemName Made\n@univariate false\n@classLabel true a b\n@data\n{line}\n"
    ...     _ = Path(f"Made_{part}.ts").write_text(text)
    >>> load_ts("Made_TRAIN.ts", "Made_TEST.ts", scale=False).test.lengths
    array([2])

    Targets that are numbers, for a network with one output:

    >>> from unrolled import rnn
    >>> for part in ("TRAIN", "TEST"):
    ...     text = "@problemName Pulse\n@univariate true\n@targetLabel true\n@data\n1,2,3:61.5\n3,1,2:80\n"
    ...     _ = Path(f"Pulse_{part}.ts").write_text(text)
    >>> pulse = load_ts("Pulse_TRAIN.ts", "Pulse_TEST.ts")
    >>> pulse.train.y, pulse.classes
    (array([61.5, 80. ]), ())
    >>> net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=1, n_outputs=1, head=rnn.Linear(), rng=0)
    >>> history = rnn.train(net, pulse.train, optimizer=rnn.Adam(0.01), epochs=2, rng=0, progress=False)
    """
    one_of(missing, ("refuse", "interpolate"), "missing", error=DataError)
    found = _pair(Path(train), None if test is None else Path(test), max_bytes)
    files = []
    for name, content in found:
        read = read_tsv if name.lower().endswith(".tsv") else read_ts
        files.append(read(content(), name, missing, max_bytes))
    first, second = files
    numbers = not first.header.classes
    if numbers != (not second.header.classes):
        kinds = ["numbers" if not file.header.classes else "class labels" for file in files]
        raise DataError(f"{second.where}: its targets are {kinds[1]} and those of {first.where} {kinds[0]}")
    known = {label: code for code, label in enumerate(first.header.classes)}
    if unknown := [label for label in second.header.classes if label not in known]:
        line = f", line {second.header.line}" if second.header.line else ""
        raise DataError(
            f"{second.where}{line}: the label {short(unknown[0])} is declared, expected only labels "
            f"declared in {Path(first.where).name}"
        )
    if not numbers:
        second.cases.targets = [known[second.header.classes[int(label)]] for label in second.cases.targets]
    _fit(first, second, max_bytes)
    steps = max(max(file.cases.lengths) for file in files)
    equal = all(min(file.cases.lengths) == steps for file in files)
    train_part, test_part = (
        Samples(
            file.cases.series(steps),
            np.array(file.cases.targets, np.float64 if numbers else np.int64),
            lengths=None if equal else np.array(file.cases.lengths, np.int64),
            numbers=numbers,
        )
        for file in files
    )
    names = [Path(file.where).name.split(", ")[-1] for file in files]
    dataset = Dataset(
        train_part,
        test_part,
        first.header.classes,
        rate,
        f"{first.header.problem or Path(first.where).stem} (the UEA and UCR archive's layout), its own split: "
        f"{names[0]} and {names[1]}",
        summary=sum(map(_summary, files), Summary()),
    )
    warn_of_leakage(dataset, f"{names[0]} and {names[1]}")
    return dataset.standardized() if scale else dataset


def _pair(train: Path, test: Path | None, max_bytes: int) -> list[tuple[str, Callable[[], bytes]]]:
    """Return the names of the two files, and what reads them."""
    if test is not None:
        for path in (train, test):
            if is_folder(path) or is_zip(path):
                raise DataError(f"{path}: expected a .ts or .tsv file, found a folder or a zip: pass it alone")
        return [(str(path), functools.partial(read_file, path, max_bytes)) for path in (train, test)]
    if not is_folder(train) and not is_zip(train):
        raise DataError(f"{train}: expected a zip or a folder, or the test file as second, found {found_at(train)}")
    with members(train, _NAME, EXPECTED, max_bytes=2 * max_bytes, max_member=max_bytes) as found:
        kinds = {member.match[3].lower() for member in found}
        chosen = [member for member in found if member.match[3].lower() == ("ts" if "ts" in kinds else "tsv")]
        pairs = [[m for m in chosen if m.match[2].upper() == part] for part in ("TRAIN", "TEST")]
        if any(len(part) != 1 for part in pairs) or pairs[0][0].match[1] != pairs[1][0].match[1]:
            names = ", ".join(member.name for member in chosen[:9]) or "none"
            raise DataError(f"{train}: expected one X_TRAIN.ts and one X_TEST.ts, found {names}")
        contents = [(member.where, member.read()) for (member,) in pairs]
    return [(name, functools.partial(bytes, content)) for name, content in contents]


def _fit(train: TsFile, test: TsFile, max_bytes: int) -> None:
    """Refuse two files that are not of one data set, or too large together."""
    if train.cases.axes != test.cases.axes:
        raise DataError(
            f"{test.where}: the series have {test.cases.axes} dimensions, expected {train.cases.axes} as in "
            f"{Path(train.where).name}"
        )
    longest = [max(file.cases.lengths) for file in (train, test)]
    if train.header.equal_length and test.header.equal_length and longest[0] != longest[1]:
        raise DataError(
            f"{test.where}: its series have {longest[1]} steps and those of {Path(train.where).name} {longest[0]}, "
            "expected as many: both declare equal lengths"
        )
    size = sum(len(file.cases.lengths) for file in (train, test)) * max(longest) * train.cases.axes * 4
    if size > max_bytes:
        raise DataError(
            f"{train.where} and {Path(test.where).name}: padded to {max(longest)} steps, the series need {size} bytes, "
            f"expected at most {max_bytes}: raise max_bytes to allow it"
        )


def _summary(file: TsFile) -> Summary:
    tally, cases = Tally(), file.cases
    tally.keep("series", len(cases.lengths))
    tally.change("series", "that end before their last, missing values", cases.padded)
    tally.keep("values", sum(cases.lengths) * cases.axes)
    tally.change("values", "interpolated", cases.interpolated)
    return tally.report(file.where)
