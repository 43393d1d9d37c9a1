"""The cases of a `.ts` or `.tsv` file: lines of numbers, read a block of lines at a time into one flat array."""

import itertools
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from unrolled.data.checks import FloatArray, IntArray
from unrolled.data.errors import DataError
from unrolled.data.loaders.text import LARGEST, number, short

BLOCK = 2**18  # characters, about, that are parsed at a time
A_CASE = 24  # bytes that a case takes besides its values

Line = tuple[int, str]  # its number, from 1, and what stands on it
Case = tuple[int, float, list[str]]  # the line, the label's number or the target, and the cells of each dimension


@dataclass
class Cases:
    """Series of different lengths with D axes each, and what is known of each, as they are read.

    Attributes
    ----------
    lengths : list of int
        One for each series.
    targets : list of int or of float
        One for each series: its label's number, or the number that is to be predicted.
    axes : int
        D; 0 before there is any.
    interpolated : int
        How many values were missing and are interpolated.
    padded : int
        How many series had missing values for their last steps, which are not theirs.
    """

    lengths: list[int] = field(default_factory=list)
    targets: list[float] = field(default_factory=list)
    axes: int = 0
    interpolated: int = 0
    padded: int = 0
    blocks: list[NDArray[np.float32]] = field(default_factory=list)  # axis after axis of case after case

    @property
    def size(self) -> int:
        """Bytes taken."""
        return sum(block.nbytes for block in self.blocks) + A_CASE * len(self.lengths)

    def series(self, steps: int) -> FloatArray:
        """Return the series, padded with zeros behind: (N, steps, D)."""
        n, d = len(self.lengths), self.axes
        lengths: IntArray = np.array(self.lengths, np.int64)
        X = np.zeros((n, steps, d), np.float32)
        first = 0
        for values in self.blocks:
            last, total = first, 0
            while total < len(values):
                total += self.lengths[last] * d
                last += 1
            if (lengths[first:last] == lengths[first]).all():
                X[first:last, : lengths[first]] = values.reshape(last - first, d, -1).transpose(0, 2, 1)
            else:
                start = 0
                for i in range(first, last):
                    stop = start + self.lengths[i] * d
                    X[i, : self.lengths[i]] = values[start:stop].reshape(d, -1).T
                    start = stop
            first = last
        return X


def read_cases(cases: Iterable[Case], where: str, missing: str, max_bytes: int) -> Cases:
    """Parse cases, each with as many cells in every dimension; `where` is the file, for messages."""
    found = Cases()
    for block in _blocks(cases):
        found.axes = len(block[0][2])
        _read_block(block, found, where, missing)
        if found.size > max_bytes:
            raise DataError(
                f"{where}, line {block[-1][0]}: the series so far take {found.size} bytes, expected at most "
                f"{max_bytes}: raise max_bytes to allow more"
            )
    return found


def _blocks(cases: Iterable[Case]) -> Iterator[list[Case]]:
    block: list[Case] = []
    size = 0
    for case in cases:
        block.append(case)
        size += sum(map(len, case[2]))
        if size > BLOCK:
            yield block
            block, size = [], 0
    if block:
        yield block


def _read_block(block: list[Case], found: Cases, where: str, missing: str) -> None:
    lengths = [cells[0].count(",") + 1 for _, _, cells in block]
    values = _values(",".join(itertools.chain.from_iterable(cells for _, _, cells in block)))
    if values is None or len(values) != sum(lengths) * found.axes:
        _complain(block, where)
    assert values is not None
    found.targets.extend(target for _, target, _ in block)
    if not np.isnan(values).any():
        found.lengths.extend(lengths)
        found.blocks.append(values.astype(np.float32))
        return
    start = 0
    for (line, _, _), length in zip(block, lengths, strict=True):
        stop = start + length * found.axes
        case = _complete(values[start:stop].reshape(found.axes, length), f"{where}, line {line}", missing, found)
        found.lengths.append(case.shape[1])
        found.blocks.append(case.astype(np.float32).reshape(-1))
        start = stop


def _values(text: str) -> NDArray[np.float64] | None:
    """Return the numbers of cells with commas between, NaN for what is missing; None if one is no number."""
    if not text.isascii() or "_" in text:  # float() also takes 1_0 and the digits of other scripts
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of what cannot be read to its end
        try:
            values: NDArray[np.float64] = np.fromstring(text.replace("?", "nan"), sep=",")
        except (DeprecationWarning, ValueError):
            return None
    return None if (np.abs(values) > LARGEST).any() else values  # of NaN, False


def _complete(case: NDArray[np.float64], where: str, missing: str, found: Cases) -> NDArray[np.float64]:
    """Return a case (D, L) without what is missing: its end cut off, and gaps interpolated if that is asked for."""
    gaps = np.isnan(case)
    if not gaps.any():
        return case
    there = np.flatnonzero(~gaps.all(axis=0))
    last = int(there[-1]) + 1 if len(there) else case.shape[1]
    found.padded += last < case.shape[1]
    case, gaps = case[:, :last].copy(), gaps[:, :last]
    for d, (values, holes) in enumerate(zip(case, gaps, strict=True), start=1):
        if holes.all():
            raise DataError(f"{where}, dimension {d}: every value is missing, expected at least one")
        if holes.any() and missing == "refuse":
            raise DataError(
                f"{where}, dimension {d}: value {int(holes.argmax()) + 1} is missing, expected a number: "
                "missing='interpolate' fills such gaps from their neighbors"
            )
        values[holes] = np.interp(np.flatnonzero(holes), np.flatnonzero(~holes), values[~holes])
        found.interpolated += int(holes.sum())
    return case


def _complain(block: list[Case], where: str) -> None:
    """Name the first cell that is no number; slow, so only once something is known to be wrong."""
    for line, _, dimensions in block:
        for d, text in enumerate(dimensions, start=1):
            for place, cell in enumerate(_cells(text), start=1):
                value = number(cell)
                if cell.strip() != "?" and (value is None or abs(value) > LARGEST):
                    raise DataError(
                        f"{where}, line {line}, dimension {d}: expected a finite number as value {place}, "
                        f"found {short(cell)}"
                    )
    raise DataError(f"{where}, lines {block[0][0]} to {block[-1][0]}: its numbers cannot be read")


def _cells(text: str) -> Iterator[str]:
    start = 0
    while (stop := text.find(",", start)) >= 0:
        yield text[start:stop]
        start = stop + 1
    yield text[start:]
