"""Small files in the `.ts` layout of the UEA and UCR archive, written exactly as published ones are."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

COMMENTS = "# A data set made up for the tests\n#\n# The second line of its description: @data, 1,2:3\n"


def ts_text(
    cases: Sequence[np.ndarray],
    labels: Sequence[str],
    classes: Sequence[str],
    *,
    tags: Mapping[str, str | None] | None = None,
    comments: str = COMMENTS,
) -> str:
    """Return the text of a file: cases (L, D), NaN for what is missing; `tags` replaces, adds or (None) leaves out."""
    lengths = {len(case) for case in cases}
    d = cases[0].shape[1]
    written: dict[str, str | None] = {
        "problemName": "MadeUp",
        "timeStamps": "false",
        "missing": str(any(np.isnan(case).any() for case in cases)).lower(),
        "univariate": str(d == 1).lower(),
        "dimensions": str(d) if d > 1 else None,
        "equalLength": str(len(lengths) == 1).lower(),
        "seriesLength": str(*lengths) if len(lengths) == 1 else None,
        "classLabel": " ".join(["true", *classes]),
    }
    written.update(tags or {})
    head = "".join(f"@{tag} {value}\n" for tag, value in written.items() if value is not None)
    return comments + head + "@data\n" + "".join(map(ts_line, cases, labels))


def ts_line(case: np.ndarray, label: str) -> str:
    """Return a case (L, D) as its line."""
    dimensions = (",".join("?" if np.isnan(value) else repr(float(value)) for value in column) for column in case.T)
    return ":".join([*dimensions, label]) + "\n"


def made_up_cases(
    lengths: Sequence[int], d: int = 2, classes: Sequence[str] = ("a", "b", "c"), seed: int = 0
) -> tuple[list[np.ndarray], list[str]]:
    """Return cases (L, D) of float32 numbers, and a label for each."""
    rng = np.random.default_rng(seed)
    cases = [rng.normal(2, 3, (length, d)).astype(np.float32) for length in lengths]
    return cases, [classes[n % len(classes)] for n in range(len(lengths))]


def write_ts(
    path: Path,
    cases: Sequence[np.ndarray],
    labels: Sequence[str],
    classes: Sequence[str] = ("a", "b", "c"),
    *,
    tags: Mapping[str, str | None] | None = None,
) -> Path:
    """Write a file and return its path; arguments are as for `ts_text`."""
    path.write_text(ts_text(cases, labels, classes, tags=tags), encoding="utf-8")
    return path
