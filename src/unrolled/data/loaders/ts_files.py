"""Reading one file of the UEA and UCR archive: `.ts`, a header of tags and a case a line, or `.tsv`, cases alone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from unrolled.data.errors import DataError
from unrolled.data.labels import MAX_CLASSES
from unrolled.data.loaders.text import LARGEST, lines_of, number, short
from unrolled.data.loaders.ts_values import Case, Cases, Line, read_cases
from unrolled.data.windows.tables import number_texts

TAGS = (
    "problemname",
    "timestamps",
    "missing",
    "univariate",
    "dimensions",
    "equallength",
    "serieslength",
    "classlabel",
    "targetlabel",
)

Missing = Literal["refuse", "interpolate"]


@dataclass(frozen=True)
class Header:
    """What stands above the cases.

    Attributes
    ----------
    problem : str
        The name of the problem, "" if it has none.
    classes : tuple of str
        The class labels declared, in their order; none where the targets are numbers.
    line : int
        Where they are.
    dimensions : int or None
        How many a case has, if that is said.
    equal_length : bool
        Whether all series are to have the same length.
    length : int or None
        Which, if that is said.
    """

    problem: str
    classes: tuple[str, ...]
    line: int
    dimensions: int | None
    equal_length: bool
    length: int | None


@dataclass(frozen=True)
class TsFile:
    """What one file holds.

    Attributes
    ----------
    where : str
        The file, for messages.
    header : Header
    cases : Cases
        With targets that are the places of labels in ``header.classes``, or numbers.
    """

    where: str
    header: Header
    cases: Cases


def read_ts(content: bytes, where: str, missing: Missing, max_bytes: int) -> TsFile:
    """Read a `.ts` file; parameters and errors are as of `load_ts`."""
    lines = lines_of(content, where, (b"#", b"%"))
    header = _header(lines, where)
    cases = read_cases(_cases(lines, header, where), where, missing, max_bytes)
    if not cases.lengths:
        raise DataError(f"{where}: there is no case below @data")
    return TsFile(where, header, cases)


def read_tsv(content: bytes, where: str, missing: Missing, max_bytes: int) -> TsFile:
    """Read a `.tsv` file: a case a line, its label and then its values, with tabs between.

    Classes are the labels there are, in numerical order if all are numbers.
    """
    met: dict[str, int] = {}
    cases = read_cases(_tabbed(lines_of(content, where, (b"#", b"%")), where, met), where, missing, max_bytes)
    if not cases.lengths:
        raise DataError(f"{where}: there is no case in it")
    numbers = number_texts(list(met))
    met_names = list(met)
    cases.targets = [numbers[met_names[int(label)]] for label in cases.targets]
    return TsFile(where, Header("", tuple(numbers), 0, 1, False, None), cases)


def _tabbed(lines: Iterator[Line], where: str, met: dict[str, int]) -> Iterator[Case]:
    for line, text in lines:
        label, tab, values = text.partition("\t")
        if not tab or "," in values:
            raise DataError(f"{where}, line {line}: expected a label and values with tabs between, found {short(text)}")
        code = met.setdefault(label.strip(), len(met))
        if code >= MAX_CLASSES:
            raise DataError(f"{where}, line {line}: there are over {MAX_CLASSES} different labels")
        yield line, code, [values.replace("\t", ",")]


def _cases(lines: Iterator[Line], header: Header, where: str) -> Iterator[Case]:
    """Yield the cases once their form is checked: the label or target, the number of dimensions and of steps."""
    codes = {label: code for code, label in enumerate(header.classes)}
    first, dimensions, steps = 0, header.dimensions, header.length
    for line, text in lines:
        *cells, label = text.split(":")
        if not cells:
            what = "a class label" if header.classes else "a target"
            raise DataError(
                f"{where}, line {line}: expected dimensions and {what} with ':' between, found {short(text)}"
            )
        target = codes.get(label, codes.get(label.strip())) if header.classes else _number(label)
        if target is None:
            label = short(label.strip())
            raise DataError(
                f"{where}, line {line}: the class label is {label}, expected one of those declared on line "
                f"{header.line}: {_some(header.classes)}"
                if header.classes
                else f"{where}, line {line}: the target is {label}, expected a finite number"
            )
        if dimensions not in (None, len(cells)):
            source = "declared" if header.dimensions else f"on line {first}"
            raise DataError(
                f"{where}, line {line}: there are {len(cells)} dimensions, expected {dimensions} as {source}"
            )
        length = cells[0].count(",") + 1
        for d, other in enumerate(cells[1:], start=2):
            if other.count(",") + 1 != length:
                raise DataError(
                    f"{where}, line {line}: dimension {d} has {other.count(',') + 1} values and dimension 1 has "
                    f"{length}, expected as many in each"
                )
        if header.equal_length and steps not in (None, length):
            source = "declared" if header.length else f"on line {first}: equal lengths are declared"
            raise DataError(f"{where}, line {line}: the series has {length} steps, expected {steps} as {source}")
        first, dimensions, steps = first or line, len(cells), steps or length
        yield line, target, cells


def _number(cell: str) -> float | None:
    value = number(cell)
    return None if value is None or not abs(value) <= LARGEST else value


def _header(lines: Iterator[Line], where: str) -> Header:
    """Read the tags down to @data. Those unknown here say nothing of the numbers and are passed over."""
    tags: dict[str, Line] = {}
    line = 0
    for line, text in lines:
        tag, value = [*text.split(maxsplit=1), ""][:2]
        if not tag.startswith("@"):
            raise DataError(f"{where}, line {line}: expected a tag such as @univariate, or @data, found {short(text)}")
        name = tag[1:].lower()
        if name == "data" and value:
            raise DataError(f"{where}, line {line}: expected the cases below @data, found {short(value)} beside it")
        if name == "data":
            return _understood(tags, where)
        name = "dimensions" if name == "dimension" else name
        if name in tags and name != "problemname" and tags[name][1] != value:
            raise DataError(f"{where}, line {line}: {tag} is there twice and says different things, expected it once")
        if name in TAGS and name not in tags:
            tags[name] = line, value
    raise DataError(f"{where}: " + ("there is no @data line" if line else "there is nothing but comments in it"))


def _understood(tags: dict[str, Line], where: str) -> Header:
    if _flag(tags, "timestamps", where):
        raise DataError(
            f"{where}, line {tags['timestamps'][0]}: the values carry time stamps, expected steps at a steady rate"
        )
    _flag(tags, "missing", where)  # what is missing is seen in the cases
    line, classes = _targets(tags, where)
    univariate, dimensions = _flag(tags, "univariate", where), _count(tags, "dimensions", where)
    if univariate and dimensions not in (None, 1):
        raise DataError(
            f"{where}, line {tags['dimensions'][0]}: there are {dimensions} dimensions, but @univariate is true"
        )
    equal_length, length = _flag(tags, "equallength", where), _count(tags, "serieslength", where)
    equal_length = length is not None if equal_length is None else equal_length
    problem = tags.get("problemname", (0, ""))[1]
    return Header(problem, classes, line, 1 if univariate else dimensions, equal_length, length)


def _targets(tags: dict[str, Line], where: str) -> tuple[int, tuple[str, ...]]:
    """Return the line that says what each case is known by, and the class labels, none where it is a number."""
    line, value = tags.get("classlabel", (0, ""))
    has_labels, *classes = value.split() or [""]
    if _flag(tags, "targetlabel", where):
        number_line = tags["targetlabel"][0]
        if line and (has_labels.lower() != "false" or classes):
            raise DataError(
                f"{where}, line {line}: @classLabel is {short(value)} and @targetLabel is true on line {number_line}, "
                "expected one of them"
            )
        return number_line, ()
    if not line:
        raise DataError(f"{where}: there is no line @classLabel true and the labels, or @targetLabel true, above @data")
    if has_labels.lower() != "true" or not classes:
        raise DataError(
            f"{where}, line {line}: @classLabel is {short(value)}, expected true and the labels, or a line "
            "@targetLabel true for targets that are numbers"
        )
    if len(set(classes)) < len(classes):
        twice = next(label for label in classes if classes.count(label) > 1)
        raise DataError(f"{where}, line {line}: the label {short(twice)} is declared twice, expected different labels")
    if len(classes) > MAX_CLASSES:
        raise DataError(f"{where}, line {line}: {len(classes)} labels are declared, expected at most {MAX_CLASSES}")
    return line, tuple(classes)


def _flag(tags: dict[str, Line], name: str, where: str) -> bool | None:
    if name not in tags:
        return None
    line, value = tags[name]
    if value.lower() not in ("true", "false"):
        raise DataError(f"{where}, line {line}: @{name} is {short(value)}, expected true or false")
    return value.lower() == "true"


def _count(tags: dict[str, Line], name: str, where: str) -> int | None:
    if name not in tags:
        return None
    line, value = tags[name]
    if not re.fullmatch("[1-9][0-9]{0,8}", value):
        raise DataError(f"{where}, line {line}: @{name} is {short(value)}, expected a whole number from 1 to 999999999")
    return int(value)


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(map(short, names[:20])) + (", ..." if names[20:] else "")
